"""What goes wrong with a patient: cause, latency, sign, answer, and how it ends.

Every trouble is a row of assets/physiology.toml; here are the causes, all of them physics of the
run, and the one equation that they share.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from simulator.anatomy.volume import Tissue
from simulator.physics.constants import Constants
from simulator.units import MM3_PER_ML
from simulator.world.case import Case
from simulator.world.cement import ROUTES, Cloud, Route
from simulator.world.events import Collapsed, Event, Said, TroubleBegan, TroubleOver
from simulator.world.state import State
from simulator.world.tamp import Body
from simulator.world.tools import Cannula
from simulator.world.vitals import Trouble, TroubleSpec, Vitals

_MOST_CAUSE = 2.0
_MOST_RELIEF = 2.0
_GONE = 1e-6


def nerve_irritated(case: Case, state: State) -> bool:
    """A tool or a fragment in the canal, or cement behind the wall or in a foramen."""
    constants = case.physics["physiology"]
    here = (state.body, state.cannulas, state.cement.cloud)
    left = ((w.body, w.cannulas, w.cement.cloud) for w in state.worked if w is not None)
    return any(_irritates(constants, *place) for place in (here, *left))


def _irritates(
    constants: Constants, body: Body, cannulas: tuple[Cannula | None, ...], cloud: Cloud
) -> bool:
    """Whether what is at one level touches cord or root."""
    if body.lift.wall_mm >= constants["nerve_fragment_mm"]:
        return True
    for cannula in cannulas:
        if cannula is not None and (
            cannula.canal_breach_mm >= constants["nerve_breach_mm"]
            or cannula.tissue is Tissue.CANAL
        ):
            return True
    leak = cloud.leak_ul
    behind = leak[ROUTES.index(Route.CANAL)] + leak[ROUTES.index(Route.FORAMEN)]
    return behind > constants["nerve_leak_ml"] * MM3_PER_ML


def _toxic(case: Case, state: State, vitals: Vitals) -> float:
    toxic_mg = case.physics["physiology"]["lidocaine_toxic_share"] * case.lidocaine_limit_mg
    return 3.0 * (case.person.lidocaine_gain * vitals.blood_mg / toxic_mg - 1.0)


def _too_deep(case: Case, state: State, vitals: Vitals) -> float:
    return (vitals.sedation - case.physics["physiology"]["sedation_safe"]) / 0.3


def _embolised(case: Case, state: State, vitals: Vitals) -> float:
    return 2.0 * (vitals.embolus_ml - case.physics["physiology"]["embolus_safe_ml"])


Cause = Callable[[Case, State, Vitals], float]
CAUSES: Mapping[str, Cause] = MappingProxyType(
    {
        "vasovagal": lambda case, state, vitals: vitals.pain_vas - case.person.vagal_vas,
        "movement": lambda case, state, vitals: (
            vitals.pain_vas - case.person.move_vas if vitals.sedation < 1.0 else 0.0
        ),
        "toxicity": _toxic,
        "desaturation": _too_deep,
        "embolism": _embolised,
        "nerve": lambda case, state, vitals: float(vitals.nerve_pain),
        "rupture": lambda case, state, vitals: float(
            any(tamp is not None and tamp.ruptured for tamp in state.tamps)
        ),
    }
)
"""Strength of each cause; nothing at or below 0, about 1 where it is serious."""


def follow(
    case: Case, state: State, vitals: Vitals, dt_s: float
) -> tuple[tuple[Trouble, ...], tuple[Event, ...]]:
    """Let every trouble go on for `dt_s` seconds, from the vitals of this moment."""
    before = {t.kind: t for t in vitals.troubles} if vitals.troubles else {}
    after: list[Trouble] = []
    events: list[Event] = []
    for spec in case.troubles:
        cause = CAUSES[spec.kind](case, state, vitals)
        old = before.get(spec.kind)
        if old is None:
            if cause <= 0.0:
                continue
            old = Trouble(spec.kind)
        new = _gone_on(spec, old, min(max(cause, 0.0), _MOST_CAUSE), dt_s)
        events += _told(spec, old, new)
        if new.cause_s > 0.0 or new.level > _GONE:
            after.append(new)
    return tuple(after), tuple(events)


def _gone_on(spec: TroubleSpec, old: Trouble, cause: float, dt_s: float) -> Trouble:
    cause_s = old.cause_s + dt_s if cause > 0.0 else 0.0
    late = cause_s > spec.latency_s or old.level > 0.0
    rate = spec.rise_per_min * cause if late else 0.0
    if old.level >= spec.holds_at:
        rate += spec.own_per_min
    elif cause <= 0.0:
        rate -= spec.calm_per_min
    rate -= spec.relief_per_min * old.relief
    level = min(1.0, max(0.0, old.level + rate * dt_s / 60.0))
    shows = level >= spec.sign_at or old.shown_s > 0.0
    return replace(old, cause_s=cause_s, level=level, shown_s=old.shown_s + dt_s if shows else 0.0)


def _told(spec: TroubleSpec, old: Trouble, new: Trouble) -> list[Event]:
    """Return the sign, the collapse or the all-clear; each is told once."""
    if old.shown_s <= 0.0 < new.shown_s:
        return [TroubleBegan(spec.kind), Said(spec.speaker, spec.sign, alarm=True)]
    if spec.deadly and old.level < 1.0 <= new.level:
        words = Said("nurse", "No pulse. We start resuscitation.", alarm=True)
        return [Collapsed(spec.kind), words]
    if new.shown_s > 0.0 and new.level <= _GONE and new.cause_s <= 0.0:
        return [TroubleOver(spec.kind)]
    return []


def answered(case: Case, vitals: Vitals, act: str) -> Vitals:
    """Count `act` as an answer to every trouble that shows and that it helps against."""
    if not any(t.shown_s > 0.0 for t in vitals.troubles):
        return vitals
    specs = {spec.kind: spec for spec in case.troubles}
    out = []
    for trouble in vitals.troubles:
        spec = specs[trouble.kind]
        if trouble.shown_s > 0.0 and act in spec.answers:
            relief = trouble.relief + spec.strengths[spec.answers.index(act)]
            trouble = replace(trouble, relief=min(relief, _MOST_RELIEF), answered=True)
        out.append(trouble)
    return replace(vitals, troubles=tuple(out))
