"""The patient's part of a step: answer, move, or collapse."""

from __future__ import annotations

from dataclasses import replace

from simulator.physics import movement, physiology
from simulator.world.arm import Pose
from simulator.world.case import Case
from simulator.world.events import Collapsed, Event, Said
from simulator.world.state import State


def answer(case: Case, state: State, span_s: float) -> tuple[State, tuple[Event, ...]]:
    """Let the patient answer for `span_s` seconds; a collapse ends the run."""
    vitals, events = physiology.follow(case, state, span_s)
    vitals, moved = movement.started(case, state, vitals)
    state = replace(state, vitals=vitals)
    if moved is not None:
        # The frame is the patient's: when the patient goes one way, the machine goes the other.
        arm = state.c_arm
        second = arm.second
        if second is not None:
            second = replace(second, pose=_left_behind(second.pose, moved.shift_mm))
        arm = replace(arm, pose=_left_behind(arm.pose, moved.shift_mm), second=second)
        words = Said("nurse", "The patient moved.", alarm=True)
        state, events = replace(state, c_arm=arm), (*events, moved, words)
    if any(isinstance(event, Collapsed) for event in events):
        state = replace(state, over=True)
    return state, events


def _left_behind(pose: Pose, shift_mm: tuple[float, float, float]) -> Pose:
    x, y, z = (a - b for a, b in zip(pose.isocentre_mm, shift_mm, strict=True))
    return replace(pose, isocentre_mm=(x, y, z))
