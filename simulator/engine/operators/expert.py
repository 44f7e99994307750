"""A careful surgeon: knows the plan, looks before each critical depth, stops at the first endpoint.

The same routine with a drift is the clumsy one, who takes the pictures and does not heed them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

from simulator.anatomy.plan import Route
from simulator.engine.operators import eyes, filling, hands, levels
from simulator.engine.operators.attention import attended
from simulator.engine.operators.hands import Move
from simulator.engine.sight import Observation
from simulator.frames import Side, along
from simulator.procedure.selection import reasons
from simulator.units import Vec3
from simulator.world.action import Action, Do
from simulator.world.case import Procedure
from simulator.world.collimator import Collimator

_ENTRY_N = 110.0
_ENTRY_DRIFT_SHARE = 0.65
_TO_ISTHMUS_MM = 12.0
_BESIDE_MM = 36.0
"""Before the entry beside a pedicle, the needle has passed the ribs' necks from here on."""
_BONE_N = 70.0
_SEAT_PAST_WALL_MM = 3.0
_PEDICLE_STEP_MM = 3.0
_BODY_STEP_MM = 6.0
_FRONT_STEP_MM = 2.0
_FRONT_ZONE_MM = 19.0
_STOP_SHORT_MM = 3.5
_ONSET_S = 125.0
_SEDATION_STEPS = 2
_HOUR_S = 3600.0
_OPENING = Collimator(width_mm=200.0, height_mm=150.0)
"""The treated body, half of its neighbours, and the needle's way from the spinous process on."""
_OXYGEN_BELOW_PCT = 96.0
"""At rest: who starts lower gets oxygen before the sedation."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How an operator of this routine works."""

    drift: float = 0.0
    """Crosses the pedicle so far medially of the plan, in half widths of the pedicle; sets the
    needle down too medially in proportion, and aims too medially for the rest."""


def decide(obs: Observation, manner: Manner) -> Move:
    """Read the notes; decline for the gravest reason there is, or treat and stay attentive."""
    found = reasons(obs.clinical, obs.textbook)
    if found:
        return (yield from hands.do(obs, found[0].decline, obs.sides[0]))
    return (yield from attended(obs, treat(obs, manner)))


def treat(obs: Observation, manner: Manner) -> Move:
    """Do the whole case, every level of it."""
    obs = yield from prepare(obs, obs.sides[0])
    if obs.procedure is Procedure.KYPHOPLASTY:  # no tamp may be left behind: level by level
        obs = yield from levels.each(obs, partial(_one_level, manner=manner), meet)
    else:  # needles may wait in every level for one batch
        obs = yield from levels.each(obs, partial(reach, manner=manner), meet)
        obs = yield from levels.each(obs, fill, eyes.centre)
        obs = yield from levels.each(obs, take_out, eyes.centre)
    return (yield from leave(obs))


def _one_level(obs: Observation, manner: Manner) -> Move:
    """Do everything at the level in work."""
    obs = yield from reach(obs, manner)
    obs = yield from fill(obs)
    return (yield from take_out(obs))


def reach(obs: Observation, manner: Manner) -> Move:
    """Bring needles, and tamps where they are used, into the level in work."""
    for side in obs.sides:
        obs = yield from access(obs, side, manner)
        if obs.procedure is Procedure.KYPHOPLASTY:
            obs = yield from hands.do(obs, Do.STYLET_OUT, side)
            obs = yield from exchange(obs, side, manner)
    return obs


def fill(obs: Observation) -> Move:
    """Lift the level in work where that is to be done, and give it its cement."""
    if obs.procedure is Procedure.KYPHOPLASTY:
        obs = yield from filling.inflate(obs, obs.sides)
    for side in obs.sides:
        if obs.procedure is Procedure.KYPHOPLASTY:
            obs = yield from filling.empty_tamp(obs, side)
        else:  # a needle that is not in use keeps its stylet: cement would run up it
            obs = yield from hands.do(obs, Do.STYLET_OUT, side)
        obs = yield from filling.fill(obs, side)
    return obs


def meet(obs: Observation) -> Move:
    """Bring a level into the middle of the field, look in both planes, numb it, and wait."""
    obs = yield from eyes.centre(obs)
    obs = yield from eyes.look_both(obs, obs.sides[0], last="ap")
    obs = yield from hands.do_sides(obs, Do.LOCAL)
    return (yield from hands.wait(obs, _ONSET_S))


def prepare(obs: Observation, side: Side) -> Move:
    """Position, antibiotic, time-out; look in both planes; numb every side, and sedate."""
    obs = yield Action(side=side, pulses_per_s=7.5)
    for act in (Do.POSITION, Do.ANTIBIOTIC, Do.TIME_OUT):
        obs = yield from hands.do(obs, act, side)
    if obs.vitals.spo2_pct < _OXYGEN_BELOW_PCT:
        obs = yield from hands.do(obs, Do.OXYGEN, side)
    obs = yield from eyes.collimate(obs, _OPENING, side)
    obs = yield from eyes.look_both(obs, side, last="ap")
    obs = yield from hands.do_sides(obs, Do.LOCAL)
    if obs.procedure is Procedure.KYPHOPLASTY:
        obs = yield from hands.do(obs, Do.PURGE, side)
    for _ in range(_SEDATION_STEPS):
        obs = yield from hands.do(obs, Do.SEDATE, side)
    return (yield from hands.wait(obs, _ONSET_S))


def _line(obs: Observation, side: Side, manner: Manner) -> tuple[Vec3, Vec3]:
    """Return where on the skin to begin and along which direction."""
    plan = obs.plans[side]
    entry, direction = plan.entry_mm, plan.direction
    if manner.drift:
        midline = (-float(side.sign), 0.0, 0.0)
        off_mm = manner.drift * obs.pedicle_mm[side] / 2.0
        turned_mm = off_mm * (1.0 - _ENTRY_DRIFT_SHARE)
        angle = math.degrees(math.atan2(turned_mm, _TO_ISTHMUS_MM))
        direction = hands.tilted(direction, midline, angle)
        entry = along(entry, midline, off_mm - turned_mm)
    tool = obs.tools[side]
    y = tool.skin_mm[1] if tool is not None else plan.skin_mm[1]
    return hands.foot_on_line(entry, direction, y), direction


def access(obs: Observation, side: Side, manner: Manner) -> Move:
    """Bring the needle to the target along its line, in imaged steps."""
    obs = yield from hands.do(obs, Do.PLACE_NEEDLE, side)
    skin, direction = _line(obs, side, manner)
    obs = yield from hands.aim(obs, side, skin, direction)
    obs = yield from eyes.look_both(obs, side)
    obs = yield from _to_bone(obs, side, skin, direction)
    obs = yield from eyes.look_both(obs, side, last="ap")
    goal = hands.depth_of(skin, direction, obs.plans[side].target_mm)
    last = "lateral"
    while not obs.over:
        obs = yield from _looked_again(obs, side)
        tool = obs.tools[side]
        if tool is None or tool.depth_mm >= goal - 0.1 or _enough(obs, side):
            break
        depth = min(goal, tool.depth_mm + _step_mm(obs, side, goal - tool.depth_mm))
        obs = yield from hands.push_to(obs, side, depth, _ENTRY_N)
        obs = yield from eyes.look_both(obs, side, last=last)
        last = "ap" if last == "lateral" else "lateral"
    return (yield from eyes.look_both(obs, side))


def _looked_again(obs: Observation, side: Side) -> Move:
    """Look in both planes if the patient has moved since the last pictures."""
    if obs.ap is not None and obs.lateral is not None:
        return obs
    return (yield from eyes.look_both(obs, side))


def _to_bone(obs: Observation, side: Side, skin: Vec3, direction: Vec3) -> Move:
    """Go through muscle; beside the pedicle lie lung and vessels, so there it goes in steps."""
    plan = obs.plans[side]
    if plan.route is not Route.EXTRAPEDICULAR:
        return (yield from hands.push_until_bone(obs, side))
    entry = hands.depth_of(skin, direction, plan.entry_mm)
    depth = max(entry - _BESIDE_MM, 0.0)
    while not obs.over and depth < entry + _PEDICLE_STEP_MM:
        obs = yield from hands.push_to(obs, side, depth, _ENTRY_N)
        obs = yield from eyes.look_both(obs, side)
        tool = obs.tools[side]
        if tool is None or (tool.grips and tool.depth_mm > entry - _PEDICLE_STEP_MM):
            break
        depth += _PEDICLE_STEP_MM
    return obs


def _enough(obs: Observation, side: Side) -> bool:
    """True if the lateral shows the tip as near to the front as it may come."""
    front = obs.lateral.tip_to_front_mm[side] if obs.lateral is not None else None
    return front is not None and front < _STOP_SHORT_MM


def _step_mm(obs: Observation, side: Side, left_mm: float) -> float:
    """Return how far to go before the next pictures, from what the last lateral showed."""
    seen = obs.lateral
    past = seen.tip_past_wall_mm[side] if seen is not None else None
    front = seen.tip_to_front_mm[side] if seen is not None else None
    if seen is not None and past is None:
        return _FRONT_STEP_MM  # the other needle hides the tip: as carefully as at the front
    if past is None or past < 1.0:
        return _PEDICLE_STEP_MM
    if front is not None and front < _FRONT_ZONE_MM:
        return _FRONT_STEP_MM
    return _BODY_STEP_MM if left_mm > _BODY_STEP_MM else max(left_mm, 0.5)


def exchange(obs: Observation, side: Side, manner: Manner) -> Move:
    """Seat the working cannula just past the posterior wall, then slide the tamp in."""
    obs = yield from hands.do(obs, Do.SEAT_CANNULA, side)
    obs = yield from eyes.lateral_view(obs, side)
    obs = yield from eyes.look(obs, side)
    for _ in range(12):
        obs = yield from _looked_again(obs, side)
        tool, seen = obs.tools[side], obs.lateral
        past = seen.tip_past_wall_mm[side] if seen is not None else None
        if tool is None or past is None or past >= _SEAT_PAST_WALL_MM - 0.3 or obs.over:
            break
        step = min(_PEDICLE_STEP_MM, (_SEAT_PAST_WALL_MM - past) / max(-tool.direction[1], 0.3))
        obs = yield from hands.push_to(obs, side, tool.depth_mm + step, _ENTRY_N)
        obs = yield from eyes.look_both(obs, side)
    return (yield from hands.do(obs, Do.TAMP_IN, side))


def take_out(obs: Observation) -> Move:
    """Wait until the cement is hard, look once more, and take everything out of the level."""
    obs = yield from hands.until_aged(obs, obs.cement_spec.set_s + 5.0)
    obs = yield from eyes.look_both(obs, obs.sides[0], last="ap")
    for side in obs.sides:
        obs = yield from hands.do(obs, Do.TURN_CANNULA, side)
        obs = yield from hands.do(obs, Do.CANNULA_OUT, side)
    return obs


def leave(obs: Observation) -> Move:
    """Dress, and care for the patient until he goes."""
    obs = yield from hands.do(obs, Do.DRESS, obs.sides[0])
    obs = yield from hands.wait(obs, _HOUR_S)
    obs = yield from hands.do(obs, Do.NEURO_CHECK, obs.sides[0])
    obs = yield from hands.do(obs, Do.ORDERS, obs.sides[0])
    return (yield from hands.leave(obs, obs.sides[0]))
