"""Run cement into drawn patients and hold leaks and pressures against published series.

python docs/make_calibration.py [--patients 20] [--seeds 1] [--jobs 2] [--arms vp_low kp]
                                [--set threshold_defect_kpa=2.0 ...] [--out FILE.json] [--page]

From the prepared moment (see calibration_patients) each arm and seed goes its own way: pores, small
vessels, and what breaks off, differ by seed. Cement is given at a steady flow under both required
views, a look a second, as a careful surgeon does: a leak that shows is given a minute once, cement
in the back quarter ends it. `--set` tries another constant; `--page` writes docs/calibration.md.
What `--out` already holds with the same constants is not run again.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import numpy as np
from calibration_page import page, summary
from calibration_patients import ARMS, Arm, case_of, drawn, prepared

from simulator import rng
from simulator.anatomy.spec import Cleft
from simulator.anatomy.volume import BoneField, Tissue
from simulator.imaging.cells import brought, voxel_points_mm
from simulator.imaging.visibility import Look, required_looks, visible_routes
from simulator.physics import cementing
from simulator.physics.embolus import carried
from simulator.physics.injection import inject
from simulator.physics.outlet import Outlet
from simulator.physics.permeability import FlowField
from simulator.scenario.assets import physics
from simulator.units import MM3_PER_ML, TICKS_PER_S, ticks
from simulator.world.bearings import wall_point
from simulator.world.case import Case, Procedure
from simulator.world.cement import ROUTES, Cement, Filling, Route
from simulator.world.state import State

_RATE_UL_S, _STEPS, _PRIMING_N = 50.0, 6000, 20.0
_PLAIN_ML, _BEYOND_ML = 4.0, 1.2
"""Given without a pocket (mean of a large series), and beyond the volume of one (the expert)."""
_START_SPREAD_S, _TIP_SPREAD_MM = (-60.0, 60.0), (0.0, 8.0)
"""The surgeons of a series differ: when they begin without a pocket, and how far behind the front
quarter their needles end (design)."""
_LOOK_TICKS = TICKS_PER_S
_PAUSE_S, _AFTER_LEAK_ML = 60.0, 1.0
_BACK_MM, _EDGE_SHARE = 8.0, 0.05
"""Where the back quarter begins, in front of the posterior wall; outliers the eye leaves out."""
_SHOWS_UL = 0.5
"""Less than this is not looked for."""


@dataclass(frozen=True, slots=True)
class Given:
    """What became of the cement."""

    state: State
    syringe_kpa: float
    """Highest."""
    bone_kpa: float
    """Highest at the tip."""
    seen: frozenset[Route]
    """Ways out on which a required view showed cement."""
    ended: str


@dataclass(slots=True)
class _Eye:
    """Both required views, live."""

    case: Case
    state: State
    """Before cement; brightness is that of then."""
    looks: tuple[Look, Look] | None = None

    def leaks(self, cement: Cement) -> frozenset[Route]:
        """Return the ways out on which cement stands out in either."""
        if sum(cement.cloud.leak_ul) < _SHOWS_UL:
            return frozenset()
        state = replace(self.state, cement=cement)
        if self.looks is None:
            self.looks = required_looks(self.case, self.state)
        live = (replace(by, brought=brought(by.g, state)) for by in self.looks)
        return frozenset[Route]().union(*(visible_routes(self.case, by) for by in live))

    def at_the_back(self, cement: Cement) -> bool:
        """Return whether cement lies in the back quarter of the body."""
        cloud, marks = cement.cloud, self.case.patient.target.landmarks
        inside = (cloud.route < 0) & (cloud.fill > 0.5)
        points = voxel_points_mm(self.state.body.bone, cloud.voxel[inside])
        past = (np.array(wall_point(marks)) - points) @ np.array(marks.axes[1])
        past = past[past > 0.0]
        return bool(past.size) and float(np.quantile(past, _EDGE_SHARE)) < _BACK_MM


@dataclass(slots=True)
class _Hand:
    """The thumb that keeps a flow."""

    case: Case
    field: FlowField
    outlet: Outlet
    rate_ul_s: float
    force_n: float = 1.0

    def press(self, cement: Cement, tick: int) -> Cement:
        """Press for one period that ends at `tick`, then adapt the force."""
        case, filler = self.case, self.case.filler
        after = inject(
            case.cement, case.physics["cement"], self.field, cement, self.outlet, filler,
            self.force_n, tick, cementing.PERIOD_TICKS / TICKS_PER_S,
        )  # fmt: skip
        after, _ = carried(case, cement, after, tick)
        most = filler.hand_limit_n if after.injected_ml > 0.0 else _PRIMING_N
        slow = after.flow_ul_s < self.rate_ul_s
        self.force_n = min(self.force_n * 1.1, most) if slow else self.force_n * 0.9
        return after


def given(
    case: Case, state: State, start_s: float, ml: float, *, back_mm: float = 0.0,
    rate_ul_s: float = _RATE_UL_S, heeded: bool = True, short: bool = False,
) -> Given:  # fmt: skip
    """Give cement at a steady flow, as far as a hand goes, heeding the pictures or not.

    The needle is drawn back by `back_mm` first; if `short`, it never went deeper.
    """
    tool = state.cannulas[state.side]
    if tool is None:
        raise RuntimeError("no cannula")
    if short:
        tool = replace(tool, deepest_mm=tool.depth_mm - back_mm)
    tool = replace(tool, depth_mm=tool.depth_mm - back_mm)
    outlet = cementing.outlet_of(case, tool, case.filler.volume_ml)
    hand = _Hand(case, cementing.flow_field(case, state.body.bone), outlet, rate_ul_s)
    eye, seen, ended = _Eye(case, state), frozenset[Route](), "given"
    tick, next_look, syringe, bone = ticks(start_s), 0, 0.0, 0.0
    cement = Cement(mixed_tick=0, batches=1).with_filling(tool.side, Filling(ml=20.0))
    for _ in range(_STEPS):
        if cement.injected_ml >= ml:
            break
        tick += cementing.PERIOD_TICKS
        cement = hand.press(cement, tick)
        syringe, bone = max(syringe, cement.syringe_kpa), max(bone, cement.tip_kpa)
        if not heeded or tick < next_look or cement.injected_ml == 0.0:
            continue
        next_look = tick + _LOOK_TICKS
        if eye.at_the_back(cement):
            ended = "back quarter"
            break
        if not seen and (seen := eye.leaks(cement)):
            ended, hand.force_n = "leak", 1.0
            filling = replace(cement.fillings[tool.side], kpa=0.0, flow_ul_s=0.0)
            cement = replace(cement.with_filling(tool.side, filling), flow_smooth_ul_s=0.0)
            tick, ml = tick + ticks(_PAUSE_S), min(ml, cement.injected_ml + _AFTER_LEAK_ML)
    else:
        ended = "stiff"
    seen |= eye.leaks(cement)
    return Given(replace(state, cement=cement), syringe, bone, seen, ended)


def _pocket_ml(bone: BoneField) -> float:
    return float((bone.tissue == Tissue.CAVITY).sum()) * bone.spacing_mm**3 / MM3_PER_ML


def _wanted_ml(number: int, arm: Arm, state: State) -> float:
    if arm.as_pocket:
        state = prepared(number, ARMS["kp"])
    elif arm.procedure is Procedure.VERTEBROPLASTY:
        return _PLAIN_ML
    return _pocket_ml(state.body.bone) + _BEYOND_ML


def filled(job: tuple[int, str, int, dict[str, float]]) -> dict[str, Any]:
    """Fill one patient and return what became of the cement."""
    number, name, seed, tried = job
    arm = ARMS[name]
    case = replace(case_of(number, arm), seed=1000 * seed + number)
    constants = {**case.physics, "cement": {**case.physics["cement"], **tried}}
    case = replace(case, physics=constants)
    state = prepared(number, arm)
    draw = rng.stream(number, "calibration.hand")
    late_s, back_mm = draw.uniform(*_START_SPREAD_S), draw.uniform(*_TIP_SPREAD_MM)
    free = arm.procedure is Procedure.VERTEBROPLASTY and not arm.as_pocket
    done = given(
        case, state, arm.start_s + (late_s if free else 0.0), _wanted_ml(number, arm, state),
        back_mm=back_mm if free else 0.0, short=free,
    )  # fmt: skip
    cement, spec = done.state.cement, drawn(number).fracture
    leaks = {r.value: v / MM3_PER_ML for r, v in zip(ROUTES, cement.cloud.leak_ul, strict=True)}
    return {
        "patient": number, "seed": seed, "arm": name, "injected_ml": cement.injected_ml,
        "leaks": leaks, "leak_ml": sum(leaks.values()), "ended": done.ended,
        "seen": sorted(route.value for route in done.seen),
        "lung_ml": cement.lung_ml, "beyond_ml": cement.cloud.embolised_ul / MM3_PER_ML,
        "cleft": spec is not None and spec.cleft is not Cleft.NONE,
        "syringe_kpa": done.syringe_kpa, "bone_kpa": done.bone_kpa,
    }  # fmt: skip


def _setting(text: str) -> tuple[str, float]:
    name, value = text.split("=")
    return name, float(value)


def _kept(file: Path | None, constants: Mapping[str, float]) -> list[dict[str, Any]]:
    """Return what an earlier call has found with the same constants."""
    if file is None or not file.exists():
        return []
    found = json.loads(file.read_text())
    rows: list[dict[str, Any]] = found["rows"] if found["constants"] == constants else []
    return rows


def main(args: Sequence[str] | None = None) -> None:
    """Run the arms and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=20)
    parser.add_argument("--first", type=int, default=0, help="number of the first patient")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--arms", nargs="*", default=list(ARMS), choices=list(ARMS))
    parser.add_argument("--set", nargs="*", default=[], type=_setting, dest="tried")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--page", action="store_true")
    asked = parser.parse_args(args)
    numbers = range(asked.first, asked.first + asked.patients)
    jobs = [(n, arm, s, dict(asked.tried)) for n in numbers for arm in asked.arms
            for s in range(asked.seeds)]  # fmt: skip
    constants = {**physics()["cement"], **dict(asked.tried)}
    rows = _kept(asked.out, constants)
    done = {(r["patient"], r["arm"], r["seed"]) for r in rows}
    with multiprocessing.get_context("fork").Pool(asked.jobs) as pool:
        for row in pool.imap(filled, [j for j in jobs if j[:3] not in done]):
            rows.append(row)
            if asked.out:
                asked.out.write_text(json.dumps({"constants": constants, "rows": rows}) + "\n")
    rows = [r for r in rows if (r["patient"], r["arm"], r["seed"]) in {j[:3] for j in jobs}]
    by_arm = {arm: [r for r in rows if r["arm"] == arm] for arm in asked.arms}
    for arm, own in by_arm.items():
        print(arm, " ".join(f"{k}={v:.3g}" for k, v in summary(own).items()))
    if asked.page:
        words = {arm: ARMS[arm].words for arm in by_arm}
        (HERE / "calibration.md").write_text(page(by_arm, words), encoding="utf-8")


if __name__ == "__main__":
    main()
