"""Make the needle sheets: what a viewer sees of tools in bone, where physics has put them.

python docs/make_needles.py [sheet ...]

Every needle is pushed by hand force through `simulator.physics` until it stands where its label
says. The one that only looks right is found by a search over paths and angles of the arm.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import numpy as np
from hidden_breach import trap
from make_anatomy import AP, LATERAL, Angles, Row, asked, theatre, write

from simulator.anatomy import store
from simulator.anatomy.approach import plan_beside
from simulator.anatomy.plan import Plan, plan_path
from simulator.anatomy.probe import vec
from simulator.anatomy.spec import PatientSpec
from simulator.engine.start import first_state
from simulator.frames import Side, minus, norm
from simulator.physics import insertion, passing
from simulator.physics.sides import with_cannula
from simulator.scenario.assets import chosen
from simulator.units import Vec3
from simulator.world.action import Action
from simulator.world.case import Case
from simulator.world.state import State
from simulator.world.tools import Cannula, Inside, Passed

_FIELD_MM = 200.0
_CLOSE_MM = 150.0
_L1 = PatientSpec(level="L1", seed=5)
_NARROW = replace(_L1, pedicle_scale_left=0.65, pedicle_scale_right=0.65)
_T6 = PatientSpec(level="T6", seed=606, variation=0.2, bmi=21.0, t_score=-3.6,
                  pedicle_scale_left=0.85, pedicle_scale_right=0.85)  # fmt: skip
_PUSH = Action(push_n=110.0, brace=True)
_SHORT_MM = 2.0
"""Needles begin this far in front of the bone: muscle does not turn them."""
_MOST_TICKS = 9000
_TAP = 1
"""A light blow of the mallet where the hand alone does not get through."""
_FRONT_MM = 8.0
"""Bone that wire and drill leave in front of them."""


@cache
def case_of(spec: PatientSpec, needle: str = "11G") -> Case:
    """Return the theatre with this patient, this needle and the computed path of either side."""
    patient, tool = store.patient(spec), chosen("needle", needle)
    plans = [plan_path(patient.target, side, 0.5 * tool.outer_mm) for side in Side]
    return replace(theatre(), patient=patient, needle=tool, plans=(plans[0], plans[1]))


def pushed(case: Case, tool: Cannula, action: Action, until: Callable[[Cannula], bool]) -> Cannula:
    """Repeat an action until something holds.

    Raises:
        RuntimeError: it never does: bone is stronger than the hand.
    """
    body = first_state(case).body
    for _ in range(_MOST_TICKS):
        if until(tool):
            return replace(tool, force_n=0.0, speed_mm_s=0.0)
        before = tool
        tool, _events = insertion.advance(case, body, tool, replace(action, side=tool.side))
        if action.push_n and tool.depth_mm <= before.depth_mm:
            blow = Action(side=tool.side, tap=_TAP)
            tool, _events = insertion.advance(case, body, tool, blow)
    raise RuntimeError(f"the needle stopped {tool.past_wall_mm:.1f} mm past the posterior wall")


def on_line(case: Case, plan: Plan, bevel_deg: float = 0.0) -> Cannula:
    """Return the needle on a path, just in front of the bone."""
    tool = insertion.place(case, plan.side, plan.skin_mm, plan.direction)
    depth = norm(minus(plan.entry_mm, plan.skin_mm)) - _SHORT_MM
    return replace(tool, depth_mm=depth, deepest_mm=depth, bevel_deg=bevel_deg % 360.0)


def past_wall(case: Case, plan: Plan, mm: float, bevel_deg: float = 0.0) -> Cannula:
    """Return the needle pushed along a path to `mm` beyond the posterior wall."""
    return pushed(case, on_line(case, plan, bevel_deg), _PUSH, lambda t: t.past_wall_mm >= mm)


def shown(name: str, case: Case, tools: Sequence[Cannula],
          views: Sequence[Angles] = (AP, LATERAL), field_mm: float = _FIELD_MM) -> Row:  # fmt: skip
    """Return the row that shows these needles."""
    state: State = first_state(case)
    for tool in tools:
        state = with_cannula(state, tool, tool.side)
    return Row(name, _L1, views, field_mm, case, state)


def _target_mm(case: Case, plan: Plan) -> float:
    return case.patient.target.landmarks.posterior_wall_y_mm - plan.target_mm[1]


def way_in() -> list[Row]:
    """Return the four moments of a path through the left pedicle of L1."""
    case = case_of(_L1)
    plan, marks = case.plans[Side.LEFT], case.patient.target.landmarks
    isthmus = marks.posterior_wall_y_mm - marks.pedicles[Side.LEFT].centre_mm[1]
    docked = pushed(case, on_line(case, plan), _PUSH, lambda t: t.dock_mm is not None)
    return [
        shown("L1 docked at the entry", case, [docked]),
        shown("L1 middle of the pedicle", case, [past_wall(case, plan, isthmus)]),
        shown("L1 at the posterior wall", case, [past_wall(case, plan, 0.0)]),
        shown("L1 at the target", case, [past_wall(case, plan, _target_mm(case, plan))]),
    ]


def _holding(case: Case, tool: Cannula, pick: Callable[[Case, Cannula], Passed]) -> Cannula:
    """Return the cannula without its stylet and with a tool in its bore."""
    empty = replace(tool, inside=Inside.EMPTY)
    passed = pick(case, empty)
    return replace(empty, passed=passed, inside=passed.kind)


def _out(tool: Cannula) -> Passed:
    assert tool.passed is not None
    return tool.passed


def ahead(case: Case, pick: Callable[[Case, Cannula], Passed], force_n: float) -> Cannula:
    """Return a wire or drill pushed out of a needle just past the wall, bone left in front."""
    tool = _holding(case, past_wall(case, case.plans[Side.LEFT], 4.0), pick)
    push = Action(inner_n=force_n, brace=True)
    front = case.patient.target.landmarks.anterior_wall_y_mm + _FRONT_MM
    return pushed(case, tool, push, lambda t: _out(t).tip_mm[1] <= front)


def curve_to(case: Case, tool: Cannula, goal: Vec3) -> tuple[Passed, float]:
    """Return the curved needle set so that its arc comes nearest to `goal`, and that arc, mm."""
    spec = case.catheter
    best = (np.inf, passing.curved(case, tool), 0.0)
    for radius in np.linspace(spec.least_radius_mm, spec.most_radius_mm, 5).tolist():
        most = radius * np.radians(spec.most_deg)
        for roll in range(-60, 61, 5):
            curve = replace(passing.curved(case, tool), radius_mm=radius, most_mm=most,
                            roll_deg=roll % 360.0)  # fmt: skip
            curve = passing.rooted(tool, curve)
            for reach in np.arange(4.0, most, 0.5).tolist():
                miss = norm(minus(curve.at(reach), goal))
                if miss < best[0]:
                    best = (miss, curve, reach)
    return best[1], best[2]


def across(case: Case) -> Cannula:
    """Return the left needle with a curved one out of it, over the midline."""
    marks, plan = case.patient.target.landmarks, case.plans[Side.LEFT]
    tool = replace(past_wall(case, plan, 5.0), inside=Inside.EMPTY)
    goal = vec(0.5 * (np.array(marks.midline_mm) + np.array(marks.anterior_third_mm[Side.RIGHT])))
    curve, reach = curve_to(case, tool, goal)
    tool = replace(tool, passed=curve, inside=Inside.CURVED)
    return pushed(case, tool, Action(inner_n=60.0, brace=True), lambda t: _out(t).reach_mm >= reach)


def tools() -> list[Row]:
    """Return what goes through a needle or steers it."""
    case, bevel = case_of(_L1), case_of(_L1, "11G-bevel")
    bent = [
        past_wall(bevel, plan, _target_mm(bevel, plan), angle)
        for plan, angle in zip(bevel.plans, (0.0, 180.0), strict=True)
    ]
    return [
        shown("L1 bevels: left to the midline, right away", bevel, bent),
        shown("L1 K-wire", case, [ahead(case, passing.wire, 60.0)]),
        shown("L1 drill", case, [ahead(case, passing.drill, 60.0)]),
        shown("L1 curved needle over the midline", case, [across(case)]),
    ]


def beside() -> list[Row]:
    """Return the path between rib and pedicle of T6."""
    case = case_of(_T6, "13G")
    patient = case.patient
    plan = plan_beside(patient.target, Side.LEFT, 0.5 * case.needle.outer_mm, patient.extras)
    docked = pushed(case, on_line(case, plan), _PUSH, lambda t: t.dock_mm is not None)
    return [
        shown("T6 beside the pedicle, docked", case, [docked]),
        shown("T6 beside the pedicle, at the target", case,
              [past_wall(case, plan, _target_mm(case, plan))]),
    ]  # fmt: skip


def breach() -> list[Row]:
    """Return a good needle and one that only looks good, on the same three pictures."""
    case = case_of(_NARROW)
    found = trap(case)
    views = ((found.turn_deg, 0.0), AP, LATERAL)
    good = past_wall(case, case.plans[Side.LEFT], found.past_wall_mm)
    bad = past_wall(case, found.plan, found.past_wall_mm)
    turned = f"AP turned {abs(found.turn_deg):.0f}"
    return [
        shown(f"L1 along the plan: {turned}, true AP, lateral", case, [good], views, _CLOSE_MM),
        shown(
            f"L1 {bad.canal_breach_mm:.1f} mm in the canal: the same views",
            case,
            [bad],
            views,
            _CLOSE_MM,
        ),
    ]


SHEETS: Mapping[str, Callable[[], Sequence[Row]]] = {
    "way": way_in,
    "tools": tools,
    "beside": beside,
    "breach": breach,
}


def main() -> None:
    """Write the sheets that are named, or all."""
    write("needle", {name: SHEETS[name] for name in asked(__doc__, SHEETS)})


if __name__ == "__main__":
    main()
