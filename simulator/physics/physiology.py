"""How the patient answers: pain, circulation and breathing as a few first-order followers.

Causes are always physics of the run: tools in bone, pressure of the tamp, cement and emboli,
drugs. Constants in assets/physiology.toml; what goes wrong is in `simulator.physics.troubles`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from simulator.anatomy.volume import Tissue
from simulator.frames import Side
from simulator.physics import troubles
from simulator.physics.constants import Constants
from simulator.units import PSI_PER_MPA, seconds
from simulator.world.case import Case
from simulator.world.events import Event, Said
from simulator.world.state import State
from simulator.world.tools import Cannula
from simulator.world.vitals import Vitals

PERIOD_TICKS = 15
"""Physiology runs at 4 Hz."""

_REST_RESP = 15.0
_REST_VAS = 3.0
_STABBING_VAS = 6.5
_DEEPEST = 2.0
"""Twice the sedation at which nobody answers any more; deeper is not told apart."""
_FLAT_PHASE = "recover"


def at_rest(case: Case) -> Vitals:
    """Return the vitals of the patient before anything is done."""
    who = case.person
    return Vitals(
        heart_rate_min=who.heart_rate_min,
        map_mmhg=who.map_mmhg,
        spo2_pct=who.spo2_pct,
        pain_vas=case.notes.pain_vas,
    )


def follow(case: Case, state: State, dt_s: float) -> tuple[Vitals, tuple[Event, ...]]:
    """Let the patient answer for `dt_s` seconds."""
    before = state.vitals
    felt = _felt(case, state, dt_s)
    found, events = troubles.follow(case, state, felt, dt_s)
    after = _monitor(case, replace(felt, troubles=found), dt_s)
    return after, events + _heard(case, before, after)


def _felt(case: Case, state: State, dt_s: float) -> Vitals:
    """Return the vitals with drugs, cement and pain a moment later."""
    constants, before = case.physics["physiology"], state.vitals
    taken_mg = before.depot_mg * -math.expm1(-dt_s / constants["lidocaine_uptake_s"])
    free_mg = taken_mg * (constants["lidocaine_bound"] if before.lipid else 1.0)
    blood_mg = before.blood_mg * math.exp(-dt_s / constants["lidocaine_loss_s"]) + free_mg
    steps = before.drug_steps * math.exp(-dt_s / constants["sedation_loss_s"])
    asleep = min(_DEEPEST, steps * constants["sedation_per_step"] * case.person.sedation_gain)
    new_ml = state.given_ml - before.cement_felt_ml
    nerve = troubles.nerve_irritated(case, state)
    pain = _pain(case, state, nerve=nerve)
    return replace(
        before,
        depot_mg=before.depot_mg - taken_mg,
        blood_mg=blood_mg,
        drug_steps=steps,
        sedation=_toward(before.sedation, asleep, dt_s, constants["sedation_tau_s"]),
        cement_ml=(before.cement_ml + new_ml) * math.exp(-dt_s / constants["cement_tau_s"]),
        cement_felt_ml=state.given_ml,
        embolus_ml=state.cement.lung_ml,
        shock_ml=state.cement.lung_ml * _shock(state, constants),
        nerve_pain=nerve,
        pain_vas=_toward(before.pain_vas, pain, dt_s, constants["pain_tau_s"]),
        supine_s=before.supine_s + (dt_s if state.phase == _FLAT_PHASE else 0.0),
    )


def _monitor(case: Case, now: Vitals, dt_s: float) -> Vitals:
    """Let heart, pressure, saturation and breathing follow."""
    constants, who = case.physics["physiology"], case.person
    hurt = now.pain_vas - _REST_VAS
    heart = who.heart_rate_min + constants["hr_per_pain"] * hurt
    pressure = (
        who.map_mmhg
        + constants["map_per_pain"] * hurt
        + constants["map_per_sedation"] * now.sedation
        + who.map_per_cement_ml * now.cement_ml
        + constants["map_per_embolus_ml"] * now.shock_ml
    )
    oxygen = (
        who.spo2_pct
        + constants["spo2_per_sedation"] * now.sedation
        + constants["spo2_per_cement_ml"] * now.cement_ml
        + constants["spo2_per_embolus_ml"] * now.embolus_ml
        + (constants["spo2_oxygen"] if now.oxygen else 0.0)
        + (0.0 if now.supported else constants["spo2_unsupported"])
    )
    breathing = _REST_RESP - 5.0 * now.sedation
    deficit = now.deficit
    if now.troubles:
        for spec in case.troubles:
            for trouble in now.troubles:
                if trouble.kind == spec.kind:
                    heart += spec.heart_rate_min * trouble.level
                    pressure += spec.map_mmhg * trouble.level
                    oxygen += spec.spo2_pct * trouble.level
                    breathing += spec.resp_rate_min * trouble.level
                    lasting = spec.kind == "nerve" and trouble.level >= spec.holds_at
                    deficit = deficit or lasting
    tau = constants["circulation_tau_s"]
    return replace(
        now,
        heart_rate_min=max(20.0, _toward(now.heart_rate_min, heart, dt_s, tau)),
        map_mmhg=max(20.0, _toward(now.map_mmhg, pressure, dt_s, tau)),
        spo2_pct=min(100.0, max(50.0, _toward(now.spo2_pct, oxygen, dt_s, tau))),
        resp_rate_min=max(2.0, _toward(now.resp_rate_min, breathing, dt_s, tau)),
        deficit=deficit,
    )


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
    constants, vitals = case.physics["physiology"], state.vitals
    pain = case.notes.pain_vas * constants["rest_share"]
    if not vitals.supported:
        pain += constants["unsupported_pain"]
    for side, cannula in zip(Side, state.cannulas, strict=True):
        if cannula is not None:
            numb = is_numb(constants, state, side)
            pain += _tool_pain(constants, cannula, numb=numb)
        tamp = state.tamps[side]
        if tamp is not None:
            psi = tamp.pressure_mpa * PSI_PER_MPA
            pain += constants["pain_per_100_psi"] * max(0.0, psi - 100.0) / 100.0
    if state.cement.flow_ul_s > 1.0:
        pain += constants["cement_pain"]
    talked = vitals.talked_tick
    if talked is not None and seconds(state.tick - talked) < constants["talk_s"]:
        pain -= constants["talk_relief"]
    pain -= constants["sedation_relief"] * vitals.sedation / constants["sedation_per_step"]
    return min(10.0, max(0.5, pain, constants["nerve_pain"] if nerve else 0.0))


def _tool_pain(constants: Mapping[str, float], cannula: Cannula, *, numb: bool) -> float:
    moving = abs(cannula.speed_mm_s) > 0.05 or cannula.force_n > 5.0
    if not moving or cannula.depth_mm <= 0.0:
        return 0.0
    if cannula.tissue is Tissue.CORTICAL:
        return constants["periosteum_pain_numb" if numb else "periosteum_pain"]
    if cannula.bone_mm > 0.0:
        return constants["pedicle_pain"]
    return constants["skin_pain_numb" if numb else "skin_pain"]


def is_numb(constants: Mapping[str, float], state: State, side: Side) -> bool:
    """True once the local anaesthetic of a side has had its time."""
    given = state.vitals.local_ticks[side]
    return given is not None and seconds(state.tick - given) >= constants["lidocaine_onset_s"]


def _heard(case: Case, before: Vitals, after: Vitals) -> tuple[Event, ...]:
    """Return what patient and nurse say because of the change; each crossing is said once."""
    constants = case.physics["physiology"]
    low_pct, low_mmhg = constants["low_spo2_pct"], constants["low_map_mmhg"]
    said: list[Event] = []
    hurts = before.pain_vas < _STABBING_VAS <= after.pain_vas
    if hurts and not (after.nerve_pain and not before.nerve_pain):
        said.append(Said("patient", "That hurts a lot."))
    if before.spo2_pct >= low_pct > after.spo2_pct:
        said.append(Said("nurse", f"Saturation {after.spo2_pct:.0f} per cent.", alarm=True))
    if before.map_mmhg >= low_mmhg > after.map_mmhg:
        said.append(Said("nurse", f"Mean pressure {after.map_mmhg:.0f}.", alarm=True))
    return tuple(said)
