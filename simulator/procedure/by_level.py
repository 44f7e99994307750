"""Several levels in one session: whose account is whose, and what is reported of all together.

What belongs to the patient or the room (dose, drugs, vitals, time, batches) is of the run; what
was counted with tools or cement belongs to the level. Of several levels a metric is the sum of
them, or the one that earns least, as the tables here say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from simulator.frames import Side
from simulator.procedure.decisions import supported
from simulator.procedure.metrics import measure
from simulator.procedure.tamp_account import ENDPOINTS
from simulator.world.action import DECLINES, Do
from simulator.world.case import Case
from simulator.world.cement import Cement
from simulator.world.report import Metric
from simulator.world.rubric import Criterion
from simulator.world.state import State
from simulator.world.tally import Finding, Tally
from simulator.world.tamp import Body
from simulator.world.worked import Worked

Share = Callable[[Criterion, Mapping[str, Metric]], float]

_ACTS_OF_THE_RUN = DECLINES | {
    Do.POSITION, Do.ANTIBIOTIC, Do.TIME_OUT, Do.SEDATE, Do.TALK, Do.OXYGEN, Do.FLUID, Do.ATROPINE,
    Do.PRESSOR, Do.REVERSE, Do.LIPID, Do.PURGE, Do.MIX, Do.STRAND_TEST, Do.DRESS, Do.NEURO_CHECK,
    Do.ORDERS, Do.DISCHARGE, Do.ABORT, Do.NEXT_LEVEL,
}  # fmt: skip
_VALUES_OF_THE_RUN = (
    "pain_peak", "map_min", "spo2_min", "low_", "helped_", "trouble_", "late_", "done_",
    "dressed_s", "pulses_rate_sum", "flowing_s", "watched_s",
)  # fmt: skip
"""Beginnings of the names of the tally's values that do not belong to one level."""

_FINDINGS_OF_THE_RUN = (
    "lidocaine_over", "lasting_deficit", "left_", "no_antibiotic", "not_positioned", "late_",
    "instability_ignored", "declined_wrongly", "contraindication_ignored", "dressed_soft",
    "level_left",
)  # fmt: skip
"""Beginnings of the names of findings that belong to no level."""

SUMS = frozenset(
    {
        "blind_advance_mm", "redirections", "tamp_steps", "contrast_spilled_ml", "leak_ml",
        "leak_visible_ml", "leak_shown_ml", "kyphotic_angle_change_deg", "tamp_breaches",
        *(f"leak_{name}_ml" for name in ("basivertebral", "segmental", "cortical", "disc", "canal",
                                         "foramen", "tract")),
    }
)  # fmt: skip
"""Metrics that are added up over the levels."""
LEAST = frozenset(
    {
        "anterior_clearance_mm", "height_before_mm", "height_inflated_mm", "height_after_mm",
        "height_gain_mm", "lost_height_gain_mm", "fill_fraction", "strength_regained",
        "stiffness_regained", "cement_supports", "tamp_worked",
        "crosses_midline", "body_entered", "looked_well", "tamp_used", "tamp_inflated",
        "cement_given", "local_before_bone", "tamp_purged", "tamp_held_while_filling",
        "cement_age_score", "tamp_steps_seen_fraction", "tamp_steps_paused_fraction",
        "tamp_outside_cannula", "local_well_given", "medial_rule_kept",
    }
)  # fmt: skip
"""Metrics of which the least is reported where no criterion tells which is worse; of a question
the answer no. Of the others it is the greatest."""
_WORDS = ("none", "one", "both")


def put_away(state: State) -> Worked:
    """Return what stays at the level in work when it is left."""
    tally = state.tally
    values = {k: v for k, v in tally.values.items() if not k.startswith(_VALUES_OF_THE_RUN)}
    return Worked(
        phase=state.phase,
        ways=state.ways,
        body=state.body,
        cannulas=state.cannulas,
        cement=state.cement,
        local_ticks=state.vitals.local_ticks,
        tally=Tally(values=MappingProxyType(values), done=tally.done - _ACTS_OF_THE_RUN),
    )


def _untouched(case: Case) -> Worked:
    """Return what a level is before anything was done there."""
    bone = case.patient.target.bone
    if bone is None:
        raise ValueError("the target vertebra has no bone field")
    return Worked(
        phase="set_up", ways=("entry", "entry"), body=Body(bone=bone), cannulas=(None, None),
        cement=Cement(),
        local_ticks=(None, None), tally=Tally(),
    )  # fmt: skip


def taken_up(case: Case, state: State, level: int) -> State:
    """Return `state` at another level: patient, room and cement go on, the level is its own."""
    if level == state.level:
        return state
    kept = [*(state.worked or (None,) * len(case.levels))]
    there = kept[level] or _untouched(case.facing(level))
    kept[state.level], kept[level] = put_away(state), None
    tally = state.tally
    shared = {k: v for k, v in tally.values.items() if k.startswith(_VALUES_OF_THE_RUN)}
    values = MappingProxyType({**shared, **there.tally.values})
    done = (tally.done & _ACTS_OF_THE_RUN) | there.tally.done
    return replace(
        state,
        level=level,
        worked=tuple(kept),
        phase=there.phase,
        ways=there.ways,
        body=there.body,
        cannulas=there.cannulas,
        tamps=(None, None),
        side=Side(case.facing(level).sides[0]),
        vitals=replace(state.vitals, local_ticks=there.local_ticks),
        cement=_relieved(there.cement, state.cement),
        tally=replace(tally, values=values, done=done),
    )  # fmt: skip


def _relieved(there: Cement, run: Cement) -> Cement:
    """Return the cement of a level with no thumb on it; the bowl and the lungs are the run's."""
    left, right = (
        replace(f, kpa=0.0, thumb_n=0.0, flow_ul_s=0.0, tip_kpa=0.0) for f in there.fillings
    )
    return replace(
        there, fillings=(left, right), flow_smooth_ul_s=0.0, marrow_kpa_s_ul=0.0,
        mixed_tick=run.mixed_tick, batches=run.batches, fillers_used=run.fillers_used,
        batch_left_ml=run.batch_left_ml, dripped_ml=run.dripped_ml, lung_ml=run.lung_ml,
        lung_tick=run.lung_tick,
    )  # fmt: skip


def seen_from_each(case: Case, state: State) -> list[tuple[Case, State]]:
    """Return the run as it stands, told from every level in turn."""
    if not case.levels:
        return [(case, state)]
    phase = state.phase
    every = range(len(case.levels))
    return [(case.facing(n), replace(taken_up(case, state, n), phase=phase)) for n in every]


def measured(case: Case, state: State, share: Share) -> dict[str, Metric]:
    """Return every metric of a run; of several levels the sum or the worst.

    Args:
        case: Facing any of its levels.
        state: As it stands.
        share: What part of a criterion's points metrics earn; tells which is worse.
    """
    each = [measure(*view) for view in seen_from_each(case, state)]
    if len(each) == 1:
        return each[0]
    judged = {c.metric: c for c in case.rubric.criteria}
    return {name: _together(name, each, judged.get(name), share) for name in each[0]}


def _together(
    name: str, each: Sequence[Mapping[str, Metric]], judged: Criterion | None, share: Share
) -> Metric:
    found = [metrics[name] for metrics in each]
    if all(value == found[0] for value in found) and name not in SUMS:
        return found[0]
    there = [value for value in found if value is not None]
    if name in SUMS:
        numbers = [value for value in there if not isinstance(value, str)]
        return sum(numbers) if numbers else None
    if judged is not None:
        plain = replace(judged, gate="")
        return min(found, key=lambda value: share(plain, {name: value}))
    return (min if name in LEAST else max)(there, key=_rank)


def _rank(value: Metric) -> float:
    if isinstance(value, str):
        order = ENDPOINTS if value in ENDPOINTS else _WORDS
        return float(order.index(value)) if value in order else float(ord(value[0]))
    return float(value or 0.0)


def untreated(case: Case, state: State) -> tuple[str, ...]:
    """Return the levels of the session that got no cement."""
    if not case.levels:
        return ()
    views = seen_from_each(case, state)
    return tuple(c.patient.target.level for c, s in views if s.cement.started_tick is None)


def unsupported(case: Case, state: State) -> tuple[str, ...]:
    """Return the levels whose cement cannot bear load, though nothing told to stop."""
    views = seen_from_each(case, state)
    return tuple(c.patient.target.level for c, s in views if supported(c, s) is False)


def waiting(case: Case, state: State) -> tuple[str, ...]:
    """Return the other levels that still hold a needle or got no cement."""
    if not case.levels:
        return ()
    return tuple(
        c.patient.target.level
        for c, s in seen_from_each(case, state)
        if s.level != state.level and (s.cannulas != (None, None) or s.cement.started_tick is None)
    )


def without_needle(case: Case, state: State) -> tuple[str, ...]:
    """Return the other levels in which no needle stands and no cement is."""
    if not case.levels:
        return ()
    return tuple(
        c.patient.target.level
        for c, s in seen_from_each(case, state)
        if s.level != state.level and s.cannulas == (None, None) and s.cement.started_tick is None
    )


def left_out(case: Case, state: State, act: str) -> list[Finding]:
    """Return what is to be said of levels that were forgotten when the patient is dressed."""
    if act != Do.DRESS or not case.levels:
        return []
    out = untreated(case, state)
    if not out or len(out) == len(case.levels):
        return []
    return [Finding(
        "level_left", "major", state.tick, f"Dressed without cement in {' and '.join(out)}.",
        "The briefing named every level.", "Turn to the next level before you dress.", 5.0,
    )]  # fmt: skip


def named(case: Case, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Return findings that say at which of several levels they were made."""
    if not case.levels:
        return findings
    level = case.patient.target.level
    return tuple(
        f
        if level in f.text or f.id.startswith(_FINDINGS_OF_THE_RUN)
        else replace(f, text=f"{level}: {f.text}")
        for f in findings
    )
