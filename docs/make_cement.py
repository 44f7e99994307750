"""Make the cement sheet: how cement looks on films, and how one injection goes on.

python docs/make_cement.py

Each film is a still of the program's own chain: lateral unless it says AP, blades closed to the
crop. Cement is pressed in along the planned path at a steady flow, as far as a thumb goes, wherever
it runs.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import numpy as np
from make_anatomy import AP, LATERAL, SHEETS, Angles, label, packed, theatre
from make_tamp import films

from simulator.anatomy import store
from simulator.anatomy.plan import plan_path
from simulator.anatomy.spec import PatientSpec
from simulator.engine.start import first_state
from simulator.frames import Side
from simulator.imaging.projector import PatientProjector
from simulator.physics import cementing
from simulator.physics.injection import inject
from simulator.physics.outlet import Outlet
from simulator.records.frames import film
from simulator.scenario.assets import chosen
from simulator.units import MM3_PER_ML, TICKS_PER_S, ByteArray, ticks
from simulator.world.case import Case
from simulator.world.cement import ROUTES, Cement, Filling, Route
from simulator.world.collimator import Collimator
from simulator.world.state import State
from simulator.world.tools import Cannula, Inside

_N, _FIELD_MM, _SHRINK = 1024, 130.0, 2
"""Films are rendered finer than shown and binned, as on the other sheets."""
_CROP_MM = (58.0, 46.0)
"""Width and height of a crop at the patient."""
_STEPS, _PRIMING_N = 4000, 20.0
_BACK_MM = 11.0
"""A posterior tip is drawn back so far from the planned one."""
_MOST_BYTES = 400_000


@dataclass(frozen=True, slots=True)
class Push:
    """One injection."""

    start_s: float
    ml: float = 3.5
    back_mm: float = 0.0
    rate_ul_s: float = 100.0
    cement: str = "hv_r"
    seed: int = 1
    before_wall_mm: float | None = None
    """The tip stands in the midline, so far in front of the posterior wall, and not on the plan."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One film of the sheet."""

    name: str
    case: Case
    state: State
    view: Angles = LATERAL


def needle(case: Case, back_mm: float) -> Cannula:
    """Return an open needle on the plan of the left side."""
    plan, tool = case.plans[Side.LEFT], chosen("needle", "11G")
    gap = np.subtract(plan.target_mm, plan.skin_mm)
    return Cannula(
        Side.LEFT, plan.skin_mm, plan.direction, float(np.linalg.norm(gap)) - back_mm,
        tool.outer_mm, tool.inner_mm, tool.length_mm, Inside.EMPTY,
    )  # fmt: skip


def pressed(case: Case, state: State, push: Push) -> Iterator[State]:
    """Yield the states of an injection, step by step."""
    case = replace(case, seed=push.seed, cement=chosen("cement", push.cement))
    filler = chosen("filler", "syringe_1")
    tool = needle(case, push.back_mm)
    tip = tool.tip_mm
    if push.before_wall_mm is not None:
        marks = case.patient.target.landmarks
        tip = (0.0, marks.posterior_wall_y_mm - push.before_wall_mm, tip[2])
    outlet = Outlet(Side.LEFT, tip, tip, tool.inner_mm, tool.length_mm)
    field = cementing.flow_field(case, state.body.bone)
    tick, force = ticks(push.start_s), 1.0
    cement = Cement(mixed_tick=0, batches=1, fillings=(Filling(ml=20.0), Filling()))
    for _ in range(_STEPS):
        if cement.injected_ml >= push.ml:
            return
        tick += cementing.PERIOD_TICKS
        cement = inject(case.cement, case.physics["cement"], field, cement, outlet, filler,
                        force, tick, cementing.PERIOD_TICKS / TICKS_PER_S)  # fmt: skip
        most = filler.hand_limit_n if cement.injected_ml > 0.0 else _PRIMING_N
        slow = cement.flow_ul_s < push.rate_ul_s
        force = min(force * 1.1, most) if slow else force * 0.9
        yield replace(state, tick=tick, cement=cement, cannulas=(tool, None))


def looked(name: str, case: Case, state: State, push: Push, view: Angles = LATERAL,
           told: Sequence[Route] = ()) -> Shot:  # fmt: skip
    """Return the film at the end of an injection, its needle out of the way.

    Args:
        name: what stands above it.
        case: whose cement is another.
        state: before.
        push: the injection.
        view: of the film.
        told: routes whose leak stands above it too.
    """
    *_, last = pressed(case, state, push)
    leaks = {r: ul / MM3_PER_ML for r, ul in zip(ROUTES, last.cement.cloud.leak_ul, strict=True)}
    words = ", ".join(f"{r.value} {ml:.2f}" for r, ml in leaks.items() if ml >= 0.005)
    print(f"{name}: {last.cement.injected_ml:.2f} mL; {words}", flush=True)
    if told:
        name = f"{name} {sum(leaks[r] for r in told):.2f} mL"
    return Shot(name, case, replace(last, cannulas=(None, None)), view)


def other(spec: PatientSpec) -> tuple[Case, State]:
    """Return the theatre with another patient."""
    patient = store.patient(spec)
    plans = [plan_path(patient.target, side, 1.6) for side in Side]
    case = replace(theatre(), patient=patient, plans=(plans[0], plans[1]))
    return case, first_state(case)


def looks() -> list[Shot]:
    """Return one patient with the same volume at five ages and places."""
    case = theatre()
    state = first_state(case)
    return [
        looked(f"{minutes} min, tip {'behind' if back else 'in front'}", case, state,
               Push(60.0 * minutes, back_mm=back))
        for minutes, back in ((2, _BACK_MM), (4, _BACK_MM), (8, _BACK_MM), (4, 0.0), (9, 0.0))
    ]  # fmt: skip


def ways() -> list[Shot]:
    """Return a filled pocket and the ways out."""
    walls = {row.name: row.spec for row in SHEETS["walls"]}
    hole, crack = (next(s for n, s in walls.items() if word in n) for word in ("hole", "disc"))
    low = films()[-1]
    assert low.case is not None
    assert low.state is not None
    pocket = float(low.state.body.cavity_ml)
    case, state = theatre(), first_state(theatre())
    runny = Push(150.0, 3.5, _BACK_MM, cement="low_viscosity")
    behind = Push(300.0, 4.0, 22.0)
    veins = (Route.SEGMENTAL,)
    return [
        looked("Pocket and 0.5 mL, dough", low.case, low.state, Push(420.0, pocket + 0.5)),
        looked("Crack, disc", *other(crack), replace(runny, back_mm=0.0), told=(Route.DISC,)),
        looked(
            "Tip too far back, basivertebral vein",
            *other(hole),
            behind,
            told=(Route.CANAL, Route.BASIVERTEBRAL),
        ),
        looked("Segmental veins", case, state, runny, told=veins),
        looked("AP, segmental veins", case, state, runny, AP, told=veins),
    ]


def strip() -> list[Shot]:
    """Return one injection as the films of it follow."""
    case = theatre()
    push = Push(360.0, 4.0, 4.0, rate_ul_s=60.0)
    shots = []
    due = [0.3, 0.8, 1.5, 2.5, 3.95]
    begun = ticks(push.start_s)
    for state in pressed(case, first_state(case), push):
        ml = state.cement.injected_ml
        if due and ml >= due[0]:
            due.pop(0)
            after = (state.tick - begun) / TICKS_PER_S
            shots.append(Shot(f"6 min + {after:.0f} s: {ml:.1f} mL", case, state))
    return shots


def crop(shot: Shot, projectors: dict[int, PatientProjector]) -> ByteArray:
    """Return the film of one shot under its name, cut to what the blades leave."""
    patient = shot.case.patient
    projector = projectors.setdefault(id(patient), PatientProjector(patient))
    arm = shot.state.c_arm
    pose = replace(arm.pose, field_mm=_FIELD_MM)
    spec = shot.case.c_arm
    larger = spec.sdd_mm / spec.sad_mm
    wide, high = (mm * larger for mm in _CROP_MM)
    blades = Collimator(width_mm=wide + 2.0, height_mm=high + 2.0)
    state = replace(shot.state, c_arm=replace(arm, pose=pose, collimator=blades))
    image = film(shot.case, state, *shot.view, _N, projector).astype(np.float32)
    side = _N // _SHRINK
    small = image.reshape(side, _SHRINK, side, _SHRINK).mean(axis=(1, 3)).astype(np.uint8)
    w, h = (2 * round(0.5 * mm * side / _FIELD_MM) for mm in (wide, high))
    top, left = (side - h) // 2, (side - w) // 2
    cut = small[top : top + h, left : left + w]
    words = label(shot.name)[:, :w]
    return np.pad(np.concatenate([np.pad(words, ((0, 0), (0, w - words.shape[1]))), cut]), 2)


def main() -> None:
    """Fill and write the sheet."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    projectors: dict[int, PatientProjector] = {}
    rows: list[ByteArray] = []
    for shots in (looks(), ways(), strip()):
        rows.append(np.concatenate([crop(s, projectors) for s in shots], axis=1))
    path = HERE / "pictures" / "cement-looks.png"
    path.write_bytes(packed(np.concatenate(rows), _MOST_BYTES))
    print(path.name, path.stat().st_size // 1000, "kB")


if __name__ == "__main__":
    main()
