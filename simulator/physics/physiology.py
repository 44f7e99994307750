"""How the patient answers: pain, circulation and breathing as a few first-order followers.

Causes are always physics of the run: tools in bone, pressure of the tamp, cement and emboli,
drugs. Constants in assets/physics.toml [physiology].
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from simulator.anatomy.volume import Tissue
from simulator.frames import Side
from simulator.physics.constants import Constants
from simulator.units import PSI_PER_MPA, seconds
from simulator.world.case import Case
from simulator.world.cement import ROUTES, Route
from simulator.world.events import Event, Said
from simulator.world.state import State
from simulator.world.tools import Cannula
from simulator.world.vitals import Vitals

PERIOD_TICKS = 15
"""Physiology runs at 4 Hz."""

_REST_HR, _REST_MAP, _REST_SPO2, _REST_RESP = 76.0, 95.0, 97.0, 15.0
_STABBING_VAS = 6.5
_DEEPEST = 2.0
"""Twice the sedation at which nobody answers any more; deeper is not told apart."""
_NERVE_VAS = 8.0
_LOW_SPO2_PCT, _LOW_MAP_MMHG = 90.0, 60.0


def follow(case: Case, state: State, dt_s: float) -> tuple[Vitals, tuple[Event, ...]]:
    """Let the patient answer for `dt_s` seconds."""
    constants = case.physics["physiology"]
    before = state.vitals
    nerve = _nerve_irritated(state)
    pain = _toward(before.pain_vas, _pain(case, state, nerve=nerve), dt_s, constants["pain_tau_s"])
    steps = before.midazolam_mg / constants["midazolam_mg_per_act"]
    asleep = min(_DEEPEST, steps * constants["sedation_per_step"])
    sedation = _toward(before.sedation, asleep, dt_s, constants["sedation_tau_s"])
    given_ml = state.cement.injected_ml
    embolus_ml = state.cement.lung_ml
    pressure = (
        _REST_MAP
        + constants["map_per_pain"] * (pain - 3.0)
        + constants["map_per_sedation"] * sedation
        + constants["map_per_cement_ml"] * given_ml
        + constants["map_per_embolus_ml"] * embolus_ml * _shock(state, constants)
    )
    oxygen = (
        _REST_SPO2
        + constants["spo2_per_sedation"] * sedation
        + constants["spo2_per_embolus_ml"] * embolus_ml
    )
    tau = constants["circulation_tau_s"]
    after = replace(
        before,
        pain_vas=pain,
        sedation=sedation,
        heart_rate_min=_toward(
            before.heart_rate_min, _REST_HR + constants["hr_per_pain"] * (pain - 3.0), dt_s, tau
        ),
        map_mmhg=max(20.0, _toward(before.map_mmhg, pressure, dt_s, tau)),
        spo2_pct=min(100.0, max(50.0, _toward(before.spo2_pct, oxygen, dt_s, tau))),
        resp_rate_min=_toward(before.resp_rate_min, _REST_RESP - 5.0 * sedation, dt_s, tau),
        embolus_ml=embolus_ml,
        nerve_pain=nerve,
        supine_s=before.supine_s + (dt_s if state.phase == "recover" else 0.0),
    )
    return after, _heard(before, after)


def _shock(state: State, constants: Constants) -> float:
    """Return how much of an embolus the pressure still feels: it falls, and recovers in minutes."""
    if state.cement.lung_tick is None:
        return 0.0
    since = seconds(state.tick - state.cement.lung_tick)
    late = max(since - constants["embolus_peak_s"], 0.0)
    return math.exp(-late / constants["embolus_recovery_s"])


def _toward(value: float, target: float, dt_s: float, tau_s: float) -> float:
    return target + (value - target) * math.exp(-dt_s / tau_s)


def _pain(case: Case, state: State, *, nerve: bool) -> float:
    constants = case.physics["physiology"]
    pain = case.notes.pain_vas * 0.7
    numb = is_numb(constants, state)
    for side, cannula in zip(Side, state.cannulas, strict=True):
        if cannula is not None:
            pain += _tool_pain(constants, state, cannula, numb=numb)
        tamp = state.tamps[side]
        if tamp is not None:
            psi = tamp.pressure_mpa * PSI_PER_MPA
            pain += constants["pain_per_100_psi"] * max(0.0, psi - 100.0) / 100.0
    if state.cement.flow_ul_s > 1.0:
        pain += constants["cement_pain"]
    relief = constants["sedation_relief"] * state.vitals.sedation / constants["sedation_per_step"]
    pain = max(0.5, pain - relief)
    return min(10.0, max(pain, _NERVE_VAS if nerve else 0.0))


def _tool_pain(
    constants: Mapping[str, float], state: State, cannula: Cannula, *, numb: bool
) -> float:
    moving = abs(cannula.speed_mm_s) > 0.05 or cannula.force_n > 5.0
    if not moving or cannula.depth_mm <= 0.0:
        return 0.0
    if cannula.tissue is Tissue.CORTICAL:
        return constants["periosteum_pain_numb" if numb else "periosteum_pain"]
    if cannula.bone_mm > 0.0:
        return constants["pedicle_pain"]
    return 0.5 if numb else 2.0


def is_numb(constants: Mapping[str, float], state: State) -> bool:
    """True once the local anaesthetic has had its time."""
    given = state.vitals.local_tick
    return given is not None and seconds(state.tick - given) >= constants["lidocaine_onset_s"]


def _nerve_irritated(state: State) -> bool:
    """A tool in the canal, or cement behind the wall or in a foramen."""
    for cannula in state.cannulas:
        if cannula is not None and (
            cannula.canal_breach_mm >= 1.5 or cannula.tissue is Tissue.CANAL
        ):
            return True
    leak = state.cement.cloud.leak_ul
    behind = leak[ROUTES.index(Route.CANAL)] + leak[ROUTES.index(Route.FORAMEN)]
    return behind > 150.0


def _heard(before: Vitals, after: Vitals) -> tuple[Event, ...]:
    """Return what patient and nurse say because of the change; each crossing is said once."""
    said: list[Event] = []
    if after.nerve_pain and not before.nerve_pain:
        said.append(Said("patient", "Sharp pain down my leg!", alarm=True))
    elif before.pain_vas < _STABBING_VAS <= after.pain_vas:
        said.append(Said("patient", "That hurts a lot."))
    if before.spo2_pct >= _LOW_SPO2_PCT > after.spo2_pct:
        said.append(Said("nurse", f"Saturation {after.spo2_pct:.0f} per cent.", alarm=True))
    if before.map_mmhg >= _LOW_MAP_MMHG > after.map_mmhg:
        said.append(Said("nurse", f"Mean pressure {after.map_mmhg:.0f}.", alarm=True))
    return tuple(said)
