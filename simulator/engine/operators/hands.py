"""The small moves of the hands that every built-in operator is made of; `eyes` has the others.

A move is a generator: it yields one `Action` a tick and is sent the next `Observation`; it
returns the last observation when it is done. Moves are composed with ``yield from``.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Protocol

from simulator.engine.sight import Observation
from simulator.frames import Side, along, cross, dot, minus, norm, unit
from simulator.units import TICKS_PER_S, Vec3
from simulator.world.action import Action, Do

Move = Generator[Action, Observation, Observation]

_SWING_DEG_S = 12.0
_SLIDE_MM_S = 25.0
_UNLOAD_TICKS = 8
_BEFORE_TAP_MM = 1.0
_ASKED, _AGAIN_S = 8, 900.0
"""How often, and after how long, leaving is asked for again."""
_CREEP_MM_S = 0.1
"""Slower than this the tip is as good as stuck."""


class Operator(Protocol):
    """Anything that can choose the next action."""

    def next_action(self, observation: Observation) -> Action | None:
        """Return what to ask for in the next tick, or None to stop."""


class Routine:
    """Runs one `Move` as an operator (a lifetime: the generator's place)."""

    def __init__(self, move: Move) -> None:
        self._move = move
        self._started = False

    def next_action(self, observation: Observation) -> Action | None:
        """Return the next action of the move, or None when it has ended."""
        try:
            if self._started:
                return self._move.send(observation)
            self._started = True
            return next(self._move)
        except StopIteration:
            return None


def rest(obs: Observation, seconds: float, side: Side = Side.LEFT) -> Move:
    """Keep hands off for a while, tick by tick."""
    for _ in range(max(1, round(seconds * TICKS_PER_S))):
        obs = yield Action(side=side)
    return obs


def wait(obs: Observation, seconds: float) -> Move:
    """Let time pass in one go; goes on waiting if something interrupted."""
    end = obs.t_s + seconds
    while not obs.over and obs.t_s < end - 0.5 / TICKS_PER_S:
        obs = yield Action(wait_s=end - obs.t_s, side=Side.LEFT)
    return obs


def do(obs: Observation, act: Do, side: Side) -> Move:
    """Ask once."""
    return (yield Action(do=act, side=side))


def do_sides(obs: Observation, act: Do) -> Move:
    """Ask once for every side that is treated."""
    for side in obs.sides:
        obs = yield from do(obs, act, side)
    return obs


def load(obs: Observation, side: Side) -> Move:
    """Ask for a filler, and wait until it is filled and in hand."""
    obs = yield from do(obs, Do.LOAD, side)
    while not obs.over and not obs.filler_ready:
        obs = yield Action(side=side)
    return obs


def until_aged(obs: Observation, age_s: float) -> Move:
    """Wait until the cement is so old; not at all where none was mixed."""
    if obs.cement_age_s is None:
        return obs
    return (yield from wait(obs, age_s - obs.cement_age_s))


def leave(obs: Observation, side: Side) -> Move:
    """Discharge; where the staff will not let the patient go yet, wait and ask again."""
    for _ in range(_ASKED):
        obs = yield from do(obs, Do.DISCHARGE, side)
        if obs.over:
            break
        obs = yield from wait(obs, _AGAIN_S)
    return obs


def rate(left: float, fastest: float) -> float:
    """Return the speed that covers what is left within a tick, or the fastest there is."""
    return max(-fastest, min(fastest, left * TICKS_PER_S))


def turn_inflator(
    obs: Observation,
    side: Side,
    goal_ml: float,
    rate_ml_s: float,
    *,
    seconds: float,
    most_psi: float = math.inf,
) -> Move:
    """Turn until the scale shows `goal_ml` or the manometer more than `most_psi`; then let go."""
    for _ in range(round(seconds * TICKS_PER_S)):
        tamp = obs.tamps[side]
        if tamp is None or (goal_ml - tamp.volume_ml) * rate_ml_s <= 0.0:
            break
        if tamp.pressure_psi > most_psi:
            break
        obs = yield Action(side=side, inflate_ml_s=rate_ml_s)
    return (yield Action(side=side))


def unload(obs: Observation, side: Side) -> Move:
    """Let the plunger go and draw it back a little, long enough for the syringe to notice."""
    for _ in range(_UNLOAD_TICKS):
        obs = yield Action(side=side, press_n=-1.0)
    return obs


def aim(obs: Observation, side: Side, skin_mm: Vec3, direction: Vec3) -> Move:
    """Slide the tip over the skin and swing the hub until the shaft lies along a line."""
    for _ in range(60 * TICKS_PER_S):
        tool = obs.tools[side]
        if tool is None:
            return obs
        off = minus(skin_mm, tool.skin_mm)
        medial, caudal = turn_needed(tool.direction, direction, side)
        if max(abs(off[0]), abs(off[2])) < 0.02 and max(abs(medial), abs(caudal)) < 0.02:
            return obs
        obs = yield Action(
            side=side,
            skin_x_mm_s=rate(off[0], _SLIDE_MM_S),
            skin_z_mm_s=rate(off[2], _SLIDE_MM_S),
            medial_deg_s=rate(medial, _SWING_DEG_S),
            caudal_deg_s=rate(caudal, _SWING_DEG_S),
        )
    return obs


def turn_needed(now: Vec3, wanted: Vec3, side: Side) -> tuple[float, float]:
    """Return the medial and caudal angles in degrees that lead from one direction to another."""
    medial_now = math.atan2(-side.sign * now[0], -now[1])
    medial_wanted = math.atan2(-side.sign * wanted[0], -wanted[1])
    caudal_now = math.asin(max(-1.0, min(1.0, -now[2])))
    caudal_wanted = math.asin(max(-1.0, min(1.0, -wanted[2])))
    return math.degrees(medial_wanted - medial_now), math.degrees(caudal_wanted - caudal_now)


def push_to(
    obs: Observation,
    side: Side,
    depth_mm: float,
    ceiling_n: float,
    *,
    brace: bool = True,
    seconds: float = 30.0,
) -> Move:
    """Push with a force that rises to `ceiling_n` until the tip is `depth_mm` below the skin.

    Where the ceiling does not move the tip for two seconds the mallet helps with one light tap,
    and then it is time to look again: nobody knows how far a tap will go. So it is when the
    patient moves.
    """
    force, stuck, start_mm, looked = 5.0, 0, 0.0, _looked(obs)
    for held in range(round(seconds * TICKS_PER_S)):
        tool = obs.tools[side]
        if tool is None or tool.depth_mm >= depth_mm or (looked and not _looked(obs)):
            break
        start_mm = tool.depth_mm if held == 0 else start_mm
        force = min(force + 40.0 / TICKS_PER_S, ceiling_n)
        stuck = stuck + 1 if tool.speed_mm_s < _CREEP_MM_S and force >= ceiling_n else 0
        if stuck > 2 * TICKS_PER_S:
            if tool.depth_mm - start_mm < _BEFORE_TAP_MM:
                obs = yield Action(side=side, tap=1)
            break
        obs = yield Action(side=side, push_n=force, brace=brace)
    return (yield Action(side=side))


def _looked(obs: Observation) -> bool:
    """True if there is a picture; a patient who moves takes them all away."""
    return obs.ap is not None or obs.lateral is not None


def pull_to(obs: Observation, side: Side, depth_mm: float, force_n: float = 60.0) -> Move:
    """Pull back until the tip is `depth_mm` below the skin."""
    for _ in range(30 * TICKS_PER_S):
        tool = obs.tools[side]
        if tool is None or tool.depth_mm <= depth_mm:
            break
        obs = yield Action(side=side, push_n=-force_n, brace=tool.depth_mm - depth_mm < 3.0)
    return (yield Action(side=side))


def push_until_bone(obs: Observation, side: Side, ceiling_n: float = 60.0) -> Move:
    """Go through the soft parts until the tip grips bone."""
    force = 5.0
    for _ in range(60 * TICKS_PER_S):
        tool = obs.tools[side]
        if tool is None or tool.grips:
            break
        force = min(force + 40.0 / TICKS_PER_S, ceiling_n)
        obs = yield Action(side=side, push_n=force, brace=tool.depth_mm > 25.0 and force > 12.0)
    return (yield Action(side=side))


def foot_on_line(point: Vec3, direction: Vec3, y_mm: float) -> Vec3:
    """Return where a line through `point` crosses the plane y = `y_mm`."""
    return along(point, direction, (y_mm - point[1]) / direction[1])


def tilted(direction: Vec3, about: Vec3, angle_deg: float) -> Vec3:
    """Return `direction` turned by a small angle towards `about` (both unit vectors)."""
    across = unit(cross(cross(direction, about), direction))
    c, s = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    turned = tuple(c * d + s * a for d, a in zip(direction, across, strict=True))
    return unit((turned[0], turned[1], turned[2]))


def depth_of(skin_mm: Vec3, direction: Vec3, point: Vec3) -> float:
    """Return how deep `point` lies along a shaft from the skin, mm."""
    return dot(minus(point, skin_mm), direction)


def distance(a: Vec3, b: Vec3) -> float:
    """Return the distance of two points, mm."""
    return norm(minus(a, b))
