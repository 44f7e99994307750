"""Turning from one level of the session to the next: the same patient, room and batch of cement.

The table is tilted about the isocentre until the next level lies as flat as the first one did. In
the frame of that level the arm therefore keeps its angles, and the isocentre stays where it was in
the patient.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from simulator.anatomy.shape import Pose as Way
from simulator.engine import room
from simulator.frames import Side
from simulator.imaging import skin
from simulator.physics.sides import Outcome
from simulator.procedure import by_level
from simulator.units import frozen
from simulator.world.arm import CArm, Pose
from simulator.world.case import Case
from simulator.world.events import Event, LevelTaken, PhaseChanged, Said
from simulator.world.placement import between, tilt_deg
from simulator.world.state import State
from simulator.world.tools import Inside

_TOLD_DEG = 0.5


def next_level(case: Case, state: State, side: Side) -> Outcome:
    """Turn to the next level of the session, round and round; needles may stay where they are."""
    if len(case.levels) < 2:
        return "There is only one level to treat."
    inside = [tool.inside for tool in state.cannulas if tool is not None]
    if Inside.TAMP in inside:
        return "A tamp is still in. Take it out before you turn to another level."
    there = (state.level + 1) % len(case.levels)
    way = between(case, state.level, there)
    turned = by_level.taken_up(case, room.hands_off(state), there)
    arm = _carried(case, state.level, there, room.at_rest(turned.c_arm))
    name = case.levels[there].name
    words = f"Now {name}."
    if abs(tilt_deg(way)) >= _TOLD_DEG:
        words += f" The table is tilted by {abs(tilt_deg(way)):.0f} degrees."
    events: tuple[Event, ...] = (LevelTaken(name), Said("assistant", words))
    if turned.phase != state.phase:
        events += (PhaseChanged(state.phase, turned.phase),)
    return replace(turned, c_arm=arm), events


def _carried(case: Case, here: int, there: int, arm: CArm) -> CArm:
    """Return the arm as the next level sees it; pictures of the last one are no views of this."""
    way, back = between(case, here, there), between(case, there, here)
    second = arm.second
    if second is not None:
        second = replace(second, pose=_moved(second.pose, way))
    torsos = [case.levels[n].patient.torso for n in (here, there)]
    skin_mgy = arm.skin_mgy
    if skin_mgy is not None:
        old, new = (skin.surface_of(torso) for torso in torsos)
        skin_mgy = _on_skin(skin_mgy, old, new, back)
    return replace(
        arm, pose=_moved(arm.pose, way), second=second, skin_mgy=skin_mgy,
        last=None, last_ap=None, last_lateral=None,
    )  # fmt: skip


def _moved(pose: Pose, way: Way) -> Pose:
    x, y, z = way.out(np.asarray(pose.isocentre_mm)).tolist()
    return replace(pose, isocentre_mm=(x, y, z))


def _on_skin(dose: np.ndarray, old: skin.Skin, new: skin.Skin, back: Way) -> np.ndarray:
    """Return a map of the skin dose on the trunk as the next level's frame has it."""
    out = np.zeros(new.points_mm.shape[:2])
    for angle, row in enumerate(dose):
        z = back.out(new.points_mm[angle])[:, 2]
        out[angle] = np.interp(z, old.points_mm[angle, :, 2], row)
    return frozen(out)
