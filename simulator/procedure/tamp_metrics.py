"""What is measured of the tamp and of the height it gave back: folds and their rows."""

from __future__ import annotations

import math

from simulator.procedure.readings import mean, tamped, value, zero
from simulator.procedure.registry import Definition, defined
from simulator.procedure.tamp_account import ENDPOINTS
from simulator.units import MM3_PER_ML, PSI_PER_MPA
from simulator.world.case import Case
from simulator.world.report import Metric
from simulator.world.state import State


def _height_before_mm(case: Case, state: State) -> Metric:
    return case.patient.target.landmarks.heights_mm[0]


def _height_after_mm(case: Case, state: State) -> Metric:
    before = case.patient.target.landmarks.heights_mm[0]
    return before + case.patient.anterior_gain_mm(state.body.lift)


def _height_inflated_mm(case: Case, state: State) -> Metric:
    gained = state.tally.values.get("gain_peak_mm", 0.0)
    return case.patient.target.landmarks.heights_mm[0] + gained


def _height_gain_mm(case: Case, state: State) -> Metric:
    return case.patient.anterior_gain_mm(state.body.lift)


def _lost_height_gain_mm(case: Case, state: State) -> Metric:
    return case.patient.gain_mm(state.body.lift)


def _angle_change_deg(case: Case, state: State) -> Metric:
    lift = state.body.lift
    return -math.degrees(lift.superior_rad + lift.inferior_rad)


def _outside_cannula(case: Case, state: State) -> Metric:
    inside = state.tally.values.get("tamp_started_in_cannula_mm")
    return None if inside is None else inside <= 0.5


def _endpoint(case: Case, state: State) -> Metric:
    values = state.tally.values
    first = [f"endpoint_{s}" for s in sorted(case.sides) if f"endpoint_{s}" in values]
    return ENDPOINTS[int(max(values[name] for name in first))] if first else "none"


def _worked(case: Case, state: State) -> Metric:
    """A tamp that was given up before any sign to stop has made neither room nor height."""
    enough = state.tally.values.get("tamp_volume_ml", 0.0) >= case.rubric.working_tamp_ml
    return enough or _endpoint(case, state) != "none"


def _held(case: Case, state: State) -> Metric:
    held = state.tally.values.get("tamp_held")
    return None if held is None else bool(held)


def _purged(case: Case, state: State) -> Metric:
    air = state.tally.values.get("tamp_air_ml")
    return None if air is None else air == 0.0


def _spilled_ml(case: Case, state: State) -> Metric:
    h = state.body.bone.spacing_mm
    return float(state.body.spill_fill.sum(dtype=float)) * h**3 / MM3_PER_ML


ROWS: list[tuple[str, Definition]] = [
    defined("tamp_volume_ml", "largest filling, both sides", tamped(zero("tamp_volume_ml"))),
    defined("tamp_pressure_peak_psi", "highest manometer reading",
        tamped(zero("tamp_pressure_mpa", PSI_PER_MPA))),
    defined("tamp_step_max_ml", "largest single inflation step",
        tamped(value("tamp_step_max_ml"))),
    defined("tamp_start_psi", "highest pressure of the first step",
        tamped(value("tamp_start_mpa", PSI_PER_MPA))),
    defined("tamp_steps", "inflation steps, both sides", tamped(zero("tamp_steps"))),
    defined("tamp_steps_seen_fraction", "steps with an adequate picture",
        tamped(mean("tamp_steps_seen", "tamp_steps"))),
    defined("tamp_steps_paused_fraction", "steps after a rest that let the pressure fall",
        tamped(mean("tamp_steps_paused", "tamp_steps"))),
    defined("tamp_imbalance_ml", "largest difference of both tamps while filling",
        tamped(value("tamp_imbalance_ml"))),
    defined("tamp_endpoint", "first sign to stop; of two sides the later in the list",
        tamped(_endpoint)),
    defined("tamp_worked", "went on to a sign to stop, or took its volume", tamped(_worked)),
    defined("tamp_past_endpoint_ml", "pushed in after the first sign to stop",
        tamped(zero("tamp_past_endpoint_ml"))),
    defined("tamp_held_while_filling", "one tamp held while the other side was filled",
        tamped(_held)),
    defined("tamp_purged", "no air in the balloon at the first step", tamped(_purged)),
    defined("tamp_breaches", "walls that a tamp broke",
        tamped(lambda c, s: int(s.tally.counts.get("TampBreached", 0)))),
    defined("contrast_spilled_ml", "out of burst or weeping tamps", tamped(_spilled_ml)),
    defined("posterior_wall_moved_mm", "fragment pushed into the canal by the tamp",
        tamped(zero("wall_moved_mm"))),
    defined("tamp_outside_cannula", "markers out of the cannula", tamped(_outside_cannula)),
    defined("tamp_ruptures", "balloons burst",
        tamped(lambda c, s: int(s.tally.counts.get("TampRuptured", 0)))),
    defined("height_before_mm", "anterior, fractured", _height_before_mm),
    defined("height_inflated_mm", "anterior, highest", tamped(_height_inflated_mm)),
    defined("height_after_mm", "anterior, at the end", _height_after_mm),
    defined("height_gain_mm", "anterior, kept", _height_gain_mm),
    defined("lost_height_gain_mm", "kept where most was lost: in front, or in a dish's middle",
        _lost_height_gain_mm),
    defined("kyphotic_angle_change_deg", "negative is straighter", _angle_change_deg),
]  # fmt: skip
"""In the order of the report."""
