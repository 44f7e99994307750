"""The questions that a move of the table, or the staff, ask of the world."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from simulator.frames import Side
from simulator.world.action import DECLINES, Do
from simulator.world.arm import View
from simulator.world.case import Case
from simulator.world.state import State

PAST_WALL_MM = 2.0
"""Instruments are exchanged 1-2 mm beyond the posterior wall (recalled)."""
FILLED_ML = 0.1
_EMPTY_ML = 0.05

Guard = Callable[[Case, State, Side], bool]


def both_views(case: Case, state: State, side: Side) -> bool:
    """An adequate AP and an adequate lateral have been seen."""
    values = state.tally.values
    return bool(values.get("ap_before") and values.get("lateral_before"))


def tip_in_body(case: Case, state: State, side: Side) -> bool:
    """The tip is in front of the posterior wall."""
    tool = state.cannulas[side]
    return tool is not None and tool.past_wall_mm > 0.0


def wall_imaged(case: Case, state: State, side: Side) -> bool:
    """This side's tip is 2 mm past the wall, and was seen about there in both planes."""
    tool, seen = state.cannulas[side], state.tally.values
    if tool is None or tool.past_wall_mm < PAST_WALL_MM or tool.blind_moved_mm != (None, None):
        return False
    return all(f"seen_wall_{view}_{side}" in seen for view in (View.AP, View.LATERAL))


def tamp_filled(case: Case, state: State, side: Side) -> bool:
    """The balloon holds a tenth of a millilitre."""
    tamp = state.tamps[side]
    return tamp is not None and tamp.volume_ml >= FILLED_ML


def tamp_emptied(case: Case, state: State, side: Side) -> bool:
    """The balloon is empty."""
    tamp = state.tamps[side]
    return tamp is not None and tamp.volume_ml <= _EMPTY_ML


GUARDS: Mapping[str, Guard] = MappingProxyType(
    {g.__name__: g for g in (both_views, tip_in_body, wall_imaged, tamp_filled, tamp_emptied)}
)


def _leaving(case: Case, state: State) -> str | None:
    rules, vitals = case.physics["recovery"], state.vitals
    if vitals.spo2_pct < rules["least_spo2_pct"] or vitals.map_mmhg < rules["least_map_mmhg"]:
        return "The monitor is not right yet. The patient cannot leave."
    if vitals.sedation > rules["most_sedation"]:
        return "The patient is still too drowsy to leave."
    return None


def _dressing(case: Case, state: State) -> str | None:
    """Name a level in which a needle still stands while another one is worked on."""
    for level, left in zip(case.levels, state.worked, strict=False):
        if left is not None and left.cannulas != (None, None):
            return f"A needle still stands in {level.name}. Take it out first."
    return None


def _declining(case: Case, state: State) -> str | None:
    begun = any(left is not None and "place_needle" in left.tally.done for left in state.worked)
    return "Another level has been begun. Stop the case, or close." if begun else None


def _ordered(case: Case, state: State) -> str | None:
    if case.choice.sedation == "none":
        return "No sedation was ordered. Talk to the patient, or numb more."
    light = case.physics["physiology"]["light_steps"]
    # A whole step fits under the order only if what is left of the last ones is under it.
    if case.choice.sedation == "light" and state.vitals.drug_steps > light - 0.5:
        return "That was the light sedation you ordered. Talk to the patient, or numb more."
    return None


CONDITIONS: Mapping[Do, Callable[[Case, State], str | None]] = MappingProxyType(
    {
        Do.DISCHARGE: _leaving,
        Do.DRESS: _dressing,
        Do.SEDATE: _ordered,
        **dict.fromkeys(DECLINES, _declining),
    }
)
"""Acts that the staff refuse in their own phase too, while something is not right."""
