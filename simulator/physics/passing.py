"""K-wire, drill and curved needle in a cannula: pushed, turned, carried along, held.

A wire is blunt and presses bone aside, a drill turns as it is pushed and takes bone away, a
curved needle springs into its circle as it leaves the cannula. Each has its own tip, its own
force and its own way to do harm.
"""

from __future__ import annotations

import math
from dataclasses import replace

from simulator.frames import minus, norm
from simulator.physics import steering, tract
from simulator.physics.contact import contact_of
from simulator.physics.hand import moved_by
from simulator.units import TICKS_PER_S
from simulator.world.action import Action
from simulator.world.case import Case
from simulator.world.shaft import turned_to
from simulator.world.tamp import Body
from simulator.world.tools import Cannula, Inside, Passed

_DT = 1.0 / TICKS_PER_S
_HELD_MM = 1.0
"""A curve that stands out by more than this can neither be turned nor let its cannula move."""
_WITHDRAWN_MM = 5.0
"""An instrument is pulled back into the bore by this much; to leave it, it is taken out."""
_CARRY_STEP_MM = 0.5


def holds(passed: Passed | None) -> bool:
    """True while a curved needle hooks the cannula to the bone."""
    return passed is not None and passed.radius_mm > 0.0 and passed.reach_mm > _HELD_MM


def wire(case: Case, cannula: Cannula) -> Passed:
    """Return the K-wire in the bore, its tip at the end of the channel."""
    spec = case.wire
    at = max(cannula.deepest_mm - cannula.depth_mm, 0.0)
    return _straight(Inside.WIRE, spec.name, spec.diameter_mm, spec.length_mm, cannula, at)


def drill(case: Case, cannula: Cannula) -> Passed:
    """Return the hand drill in the bore, its tip at the end of the channel."""
    spec = case.drill
    at = max(cannula.deepest_mm - cannula.depth_mm, 0.0)
    return _straight(Inside.DRILL, spec.name, spec.diameter_mm, spec.length_mm, cannula, at)


def _straight(
    kind: Inside, name: str, outer_mm: float, length_mm: float, cannula: Cannula, at_mm: float
) -> Passed:
    return Passed(
        kind, name, cannula.tip_mm, cannula.heading,
        turned_to(cannula.heading, cannula.side, 0.0), outer_mm, 0.0, length_mm,
        most_mm=length_mm - cannula.length_mm, reach_mm=at_mm, deepest_mm=at_mm,
    )  # fmt: skip


def curved(case: Case, cannula: Cannula) -> Passed:
    """Return the curved needle in the bore, its tip at the tip of the cannula."""
    spec = case.catheter
    return Passed(
        Inside.CURVED, spec.name, cannula.tip_mm, cannula.heading,
        turned_to(cannula.heading, cannula.side, 0.0), spec.diameter_mm, spec.bore_mm,
        spec.length_mm, most_mm=spec.radius_mm * math.radians(spec.most_deg),
        radius_mm=spec.radius_mm,
    )  # fmt: skip


def rooted(cannula: Cannula, passed: Passed) -> Passed:
    """Return `passed` leaving its cannula where that now ends."""
    plane = turned_to(cannula.heading, cannula.side, passed.roll_deg)
    return replace(passed, root_mm=cannula.tip_mm, axis=cannula.heading, plane=plane)


def settled(case: Case, body: Body, cannula: Cannula, passed: Passed) -> Passed:
    """Update everything that follows from where the tip now is."""
    met = contact_of(case, body, cannula, passed)
    inside = passed.was_in_bone or (passed.reach_mm > 0.0 and met.distance_mm < 0.0)
    return replace(
        passed,
        tissue=met.tissue,
        bone_mm=met.bone_mm,
        ahead_mm=met.ahead_mm,
        was_in_bone=inside,
        breach_mm=max(met.distance_mm, 0.0) if inside and passed.reach_mm > 0.0 else 0.0,
    )


def worked(case: Case, body: Body, cannula: Cannula, action: Action) -> Cannula:
    """Turn, bend and push what is in the cannula for one tick."""
    passed = cannula.passed
    if passed is None:
        return cannula
    passed = _set(case, cannula, passed, action)
    if action.inner_n:
        passed = _pushed(case, body, cannula, passed, action)
    elif passed.force_n or passed.speed_mm_s:
        passed = replace(passed, force_n=0.0, speed_mm_s=0.0)
    if passed is cannula.passed:
        return cannula
    passed = settled(case, body, cannula, passed)
    return _opened(replace(cannula, passed=passed))


def _set(case: Case, cannula: Cannula, passed: Passed, action: Action) -> Passed:
    """Turn a curved needle and set its bend, which only works while it is in the bore."""
    if passed.kind is not Inside.CURVED or passed.reach_mm > _HELD_MM:
        return passed
    spec = case.catheter
    if action.bend_mm:
        radius = min(max(action.bend_mm, spec.least_radius_mm), spec.most_radius_mm)
        most = radius * math.radians(spec.most_deg)
        passed = replace(passed, radius_mm=radius, most_mm=most, deepest_mm=passed.reach_mm)
    if action.twist_deg_s:
        roll = (passed.roll_deg + action.twist_deg_s * _DT) % 360.0
        passed = rooted(cannula, replace(passed, roll_deg=roll, deepest_mm=passed.reach_mm))
    return passed


def _pushed(case: Case, body: Body, cannula: Cannula, passed: Passed, action: Action) -> Passed:
    constants = case.physics["insertion"]
    met = contact_of(case, body, cannula, passed)
    bore = constants["bore_friction_n"]
    if passed.radius_mm > 0.0:
        bore += constants["curve_friction_n_mm2"] / passed.radius_mm**2
    by_mm, force, speed = moved_by(
        constants,
        action.inner_n,
        met.resistance_n + bore,
        met.friction_n + bore,
        bony=met.bone_mm > 0.0,
        brace=action.brace,
    )
    reach = max(-_WITHDRAWN_MM, min(passed.reach_mm + by_mm, passed.most_mm))
    deepest = max(passed.deepest_mm, reach)
    return replace(passed, reach_mm=reach, deepest_mm=deepest, force_n=force, speed_mm_s=speed)


def _opened(cannula: Cannula) -> Cannula:
    """A drill leaves a channel as wide as the cannula's; it goes straight on from the tip."""
    passed = cannula.passed
    if passed is None or passed.kind is not Inside.DRILL:
        return cannula
    end = cannula.depth_mm + passed.reach_mm
    if end <= cannula.deepest_mm:
        return cannula
    bow = steering.cut_off(cannula)
    return replace(cannula, deepest_mm=end, bored=cannula.direction, bow=bow)


def carried(case: Case, body: Body, before: Cannula, after: Cannula, *, held: bool) -> Cannula:
    """Let wire or drill follow a cannula that was moved over it, unless a hand holds it.

    Friction carries an unheld rod forward as long as bone resists it less than that.
    """
    passed = after.passed
    if passed is None:
        return after
    by_mm = after.depth_mm - before.depth_mm
    if not by_mm and after.direction == before.direction:
        return after
    passed = rooted(after, passed)
    if by_mm and passed.radius_mm <= 0.0:
        met = contact_of(case, body, after, passed)
        if held or met.resistance_n > case.physics["insertion"]["wire_drag_n"]:
            passed = replace(
                passed, reach_mm=passed.reach_mm - by_mm, deepest_mm=passed.deepest_mm - by_mm
            )
    return _opened(replace(after, passed=settled(case, body, after, passed)))


def driven(case: Case, body: Body, cannula: Cannula) -> Cannula:
    """Let a wire that nobody holds migrate forward while a cannula is exchanged over it."""
    constants, passed = case.physics["insertion"], cannula.passed
    if passed is None:
        return cannula
    gone = 0.0
    while gone < constants["wire_carry_mm"]:
        met = contact_of(case, body, cannula, passed)
        if met.resistance_n > constants["wire_drag_n"]:
            break
        gone += _CARRY_STEP_MM
        reach = passed.reach_mm + _CARRY_STEP_MM
        passed = replace(passed, reach_mm=reach, deepest_mm=max(passed.deepest_mm, reach))
        passed = settled(case, body, cannula, passed)
    return replace(cannula, passed=passed)


def taken_out(cannula: Cannula) -> Cannula:
    """Return the cannula with an open bore; a curved channel stays in the bone."""
    passed = cannula.passed
    tracts = cannula.tracts
    if passed is not None and passed.radius_mm > 0.0 and passed.deepest_mm > 0.0:
        tracts = tract.kept(tracts, passed.path_mm(passed.deepest_mm))
    return replace(cannula, passed=None, inside=Inside.EMPTY, tracts=tracts)


def reseated(cannula: Cannula) -> Cannula:
    """Return a cannula that was changed over its wire, the wire's tip where it was."""
    passed = cannula.passed
    if passed is None:
        return cannula
    reach = norm(minus(passed.tip_mm, cannula.tip_mm))
    moved = replace(rooted(cannula, passed), reach_mm=reach, deepest_mm=reach)
    return replace(cannula, passed=replace(moved, most_mm=passed.length_mm - cannula.length_mm))
