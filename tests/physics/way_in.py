"""Needles brought into bone by hand, for tests of what comes after."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from simulator.engine.start import first_state
from simulator.frames import Side, minus, norm
from simulator.physics import insertion, passing
from simulator.world.action import Action
from simulator.world.case import Case
from simulator.world.tools import Cannula, Inside, Passed

PUSH = Action(push_n=110.0, brace=True)


def on_plan(case: Case, side: Side = Side.LEFT, before_mm: float = 2.0) -> Cannula:
    """Return the needle on its planned line, its tip just before the bone."""
    plan = case.plans[side]
    tool = insertion.place(case, side, plan.skin_mm, plan.direction)
    depth = norm(minus(plan.entry_mm, plan.skin_mm)) - before_mm
    return replace(tool, depth_mm=depth, deepest_mm=depth)


def worked(
    case: Case, tool: Cannula, action: Action, until: Callable[[Cannula], bool], ticks: int = 6000
) -> Cannula:
    """Repeat an action until something holds, or time is up."""
    body = first_state(case).body
    for _ in range(ticks):
        if until(tool):
            break
        tool, _ = insertion.advance(case, body, tool, action)
    return tool


def past_wall(case: Case, mm: float, side: Side = Side.LEFT) -> Cannula:
    """Return an open needle brought `mm` beyond the posterior wall, tapped where it sticks."""
    tool, push, tap = on_plan(case, side), replace(PUSH, side=side), Action(side=side, tap=1)
    for _ in range(60):
        before_mm = tool.depth_mm
        tool = worked(case, tool, push, lambda t: t.past_wall_mm >= mm, ticks=120)
        if tool.past_wall_mm >= mm:
            break
        if tool.depth_mm - before_mm < 0.1:
            tool = worked(case, tool, tap, lambda _: False, ticks=1)
    return replace(tool, inside=Inside.EMPTY, force_n=0.0, speed_mm_s=0.0)


def holding(tool: Cannula, passed: Passed) -> Cannula:
    """Return a cannula with something in its bore."""
    return replace(tool, passed=passed, inside=passed.kind)


def curve_to(
    case: Case, tool: Cannula, target: tuple[float, float, float]
) -> tuple[float, float, float, float]:
    """Return miss, radius, roll and arc length of the curve that ends nearest to a point.

    A search over what knob, roll and deployment can do, apart from the code under test only in
    that it does not care how the needle gets there.
    """
    best = (99.0, 0.0, 0.0, 0.0)
    for radius in (15.0, 17.5, 20.0, 22.5, 25.0):
        for roll in range(-90, 91, 5):
            curve = replace(passing.curved(case, tool), radius_mm=radius, roll_deg=roll % 360.0)
            curve = passing.rooted(tool, curve)
            for step in range(8, 79):
                reach = 0.5 * step
                if reach > radius * 1.5707:
                    break
                miss = norm(minus(curve.at(reach), target))
                best = min(best, (miss, radius, float(roll), reach))
    return best
