"""Moves of arm, table, blades and pedals: all that a built-in operator does in order to see."""

from __future__ import annotations

from simulator.engine.operators.hands import Move, rate
from simulator.engine.sight import Observation
from simulator.frames import Side
from simulator.imaging import blades
from simulator.units import TICKS_PER_S
from simulator.world.action import Action
from simulator.world.collimator import Collimator

_ARM_DEG_S = 15.0
_ARM_STOP_DEG = 0.05
_TABLE_MM_S = 20.0
_TABLE_STOP_MM = 0.2
_BLADE_MM_S = 1000.0
"""The machine's motors are slower."""
_BLADE_STOP_MM = 1e-6
_BLADES_S = 60


def view(
    obs: Observation,
    orbit_deg: float,
    tilt_deg: float,
    side: Side,
    *,
    swivel_deg: float = 0.0,
    plane: int = 0,
) -> Move:
    """Drive the C-arm, or one of its planes, to machine angles, beam off."""
    while True:
        pose = obs.c_arm.through(plane).pose
        off = (
            orbit_deg - pose.orbit_deg,
            tilt_deg - pose.tilt_deg,
            swivel_deg - pose.swivel_deg,
        )
        if max(map(abs, off)) < _ARM_STOP_DEG:
            return obs
        orbit, tilt, swivel = (rate(x, _ARM_DEG_S) for x in off)
        moved = yield Action(
            orbit_deg_s=orbit, tilt_deg_s=tilt, swivel_deg_s=swivel, plane=plane, side=side
        )
        if moved.c_arm.through(plane).pose == pose:
            return moved
        obs = moved


def centre(obs: Observation) -> Move:
    """Move the table until the middle of the vertebra stands in the middle of the field."""
    while True:
        pose = obs.c_arm.pose
        x, y, z = (-a for a in pose.isocentre_mm)
        if max(abs(x), abs(y), abs(z)) < _TABLE_STOP_MM:
            return obs
        moved = yield Action(
            table_x_mm_s=rate(x, _TABLE_MM_S), table_y_mm_s=rate(y, _TABLE_MM_S),
            table_z_mm_s=rate(z, _TABLE_MM_S), side=obs.sides[0],
        )  # fmt: skip
        if moved.c_arm.pose == pose:
            return moved
        obs = moved


def collimate(obs: Observation, goal: Collimator, side: Side, plane: int = 0) -> Move:
    """Run the blades to an opening; where they would leave the field free they end wide open."""
    for _ in range(_BLADES_S * TICKS_PER_S):
        arm = obs.c_arm.through(plane)
        now, wish = arm.collimator, blades.parked(goal, arm.pose.field_mm)
        turn = blades.half_turn_deg(wish.turn_deg - now.turn_deg)
        off = (wish.iris_mm - now.iris_mm, wish.width_mm - now.width_mm,
               wish.height_mm - now.height_mm, turn)  # fmt: skip
        if max(map(abs, off)) < _BLADE_STOP_MM:
            return obs
        iris, width, height, turn = (rate(x, _BLADE_MM_S) for x in off)
        obs = yield Action(
            iris_mm_s=iris, width_mm_s=width, height_mm_s=height, blades_deg_s=turn,
            plane=plane, side=side,
        )  # fmt: skip
    return obs


def look(
    obs: Observation, side: Side, seconds: float = 0.3, pedals: tuple[bool, bool] = (True, False)
) -> Move:
    """Step on the pedals until at least one pulse was taken; a mobile C-arm has but one."""
    shots = obs.c_arm.exposures
    first, second = pedals if obs.c_arm.second is not None else (True, False)
    held = 0
    while held < round(seconds * TICKS_PER_S) or obs.c_arm.exposures == shots:
        obs = yield Action(beam=first, beam_second=second, side=side)
        held += 1
    return (yield Action(side=side))


def ap_view(obs: Observation, side: Side) -> Move:
    """Drive the arm to the true AP of the vertebra."""
    return (yield from view(obs, *obs.true_ap_deg, side))


def lateral_view(obs: Observation, side: Side) -> Move:
    """Drive the arm to the true lateral of the vertebra."""
    return (yield from view(obs, *obs.true_lateral_deg, side))


def look_both(obs: Observation, side: Side, last: str = "lateral") -> Move:
    """Take a true AP and a true lateral, and stay in the `last` one."""
    order = (ap_view, lateral_view) if last == "lateral" else (lateral_view, ap_view)
    for turn in order:
        obs = yield from turn(obs, side)
        obs = yield from look(obs, side)
    return obs
