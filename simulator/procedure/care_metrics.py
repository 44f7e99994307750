"""Metrics of choosing, of care, and of time and dose against what the case needs."""

from __future__ import annotations

from simulator.procedure import decisions, selection
from simulator.procedure.registry import register
from simulator.units import TICKS_PER_S, seconds
from simulator.world.case import Case
from simulator.world.report import Metric
from simulator.world.state import State


@register("selection_fits", "the procedure in hand suits the fracture", "NICE TA279; the author")
def selection_fits(case: Case, state: State) -> Metric:
    """Of a case that is not to be treated: declined for a true reason. Null while idle.

    To stop before the needle for a good reason is the right choice too.
    """
    if selection.declined(state) is None and "place_needle" not in state.tally.done:
        return True if decisions.justified(case, state) else None
    if selection.contraindications(case):
        return selection.rightly_declined(case, state)
    return selection.declined(state) is None and selection.selection_fits(case)


@register("declined", "not treated, by decision", "counted in the run")
def declined(case: Case, state: State) -> Metric:
    """Whether any of the acts of declining was carried out."""
    return selection.declined(state) is not None


@register("access_begun", "a needle was put on the skin", "counted in the run")
def access_begun(case: Case, state: State) -> Metric:
    """Whether the procedure went beyond talking and imaging."""
    return "place_needle" in state.tally.done


@register("antibiotic_before_bone", "prophylaxis in before bone was met", "IR practice, design")
def antibiotic_before_bone(case: Case, state: State) -> Metric:
    """Null before bone contact."""
    if not state.tally.values.get("bone_entered"):
        return None
    return not any(f.id == "no_antibiotic" for f in state.tally.findings)


@register(
    "local_well_given", "numb before bone, dose within the limit", "4.5 mg/kg or 300 mg (S71)"
)
def local_well_given(case: Case, state: State) -> Metric:
    """Null before bone contact."""
    numb = state.tally.values.get("local_before_bone")
    if numb is None:
        return None
    return bool(numb) and state.vitals.lidocaine_mg <= case.lidocaine_limit_mg


@register("troubles", "troubles that showed themselves", "counted in the run")
def troubles(case: Case, state: State) -> Metric:
    """Number of times that a trouble began."""
    return int(state.tally.counts.get("TroubleBegan", 0))


@register("troubles_late", "kinds of trouble without an answer for a minute", "design")
def troubles_late(case: Case, state: State) -> Metric:
    """Number of kinds."""
    return sum(name.startswith("late_") for name in state.tally.values)


@register("alarms_answered", "every trouble answered within a minute", "action within 60 s, design")
def alarms_answered(case: Case, state: State) -> Metric:
    """True too where nothing happened."""
    ignored = any(f.id == "instability_ignored" for f in state.tally.findings)
    return not ignored and not troubles_late(case, state)


@register("patient_moves", "movements of the patient", "counted in the run")
def patient_moves(case: Case, state: State) -> Metric:
    """Number of movements."""
    return int(state.tally.counts.get("Moved", 0))


@register("orders_written", "orders for the time after", "post-procedure care, design")
def orders_written(case: Case, state: State) -> Metric:
    """Whether the act was carried out."""
    return state.vitals.ordered


@register("supine_s", "flat after the dressing", "bed rest 1-2 h (S85)")
def supine_s(case: Case, state: State) -> Metric:
    """Time in the recovery."""
    return state.vitals.supine_s


@register("deficit", "a nerve was hurt for good", "counted in the run")
def deficit(case: Case, state: State) -> Metric:
    """Whether the nerve's trouble went too far."""
    return state.vitals.deficit


def _against_par(case: Case, value: float, name: str) -> Metric:
    return value / case.par[name] if case.par.get(name) else None


@register("fluoro_ratio", "beam time against the expert's in this case", "full to 1.5, none from 4")
def fluoro_ratio(case: Case, state: State) -> Metric:
    """1 is as much as the built-in expert needs."""
    return _against_par(case, state.c_arm.fluoro_ticks / TICKS_PER_S, "fluoro_s")


@register("kerma_ratio", "air kerma against the expert's in this case", "full to 1.5, none from 4")
def kerma_ratio(case: Case, state: State) -> Metric:
    """1 is as much as the built-in expert needs."""
    return _against_par(case, state.c_arm.air_kerma_mgy, "air_kerma_mgy")


@register("duration_ratio", "time to the dressing against the expert's", "told, not judged")
def duration_ratio(case: Case, state: State) -> Metric:
    """1 is as long as the built-in expert needs."""
    return _against_par(
        case, state.tally.values.get("dressed_s", seconds(state.tick)), "duration_s"
    )
