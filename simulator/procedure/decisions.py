"""Whether stopping was right: enough was done, or the run itself or the author gives a reason."""

from __future__ import annotations

from simulator.procedure import selection
from simulator.procedure.leak_account import BEHIND_THE_WALL
from simulator.units import MM3_PER_ML
from simulator.world.case import Case
from simulator.world.state import State

_REASONS = {
    "medial_breach": "the path had left the pedicle",
    "foramen_entered": "a root was touched",
    "pleura_entered": "the pleura was opened",
    "vessel_entered": "a vessel was pierced",
    "pedicle_cracked": "the pedicle was cracked",
    "lasting_deficit": "a root was hurt",
}
"""Findings after which it is right to stop."""
_GRAVE = 0.3
"""Level of a trouble from which on nobody goes on."""


def abort_reason(case: Case, state: State) -> str:
    """Return why stopping here is right, or nothing if nobody would have."""
    if case.advice.decision == "abort":
        return case.advice.reason or "this case is one to stop"
    for rule in selection.contraindications(case):
        return rule.text
    for finding in state.tally.findings:
        if finding.id in _REASONS:
            return _REASONS[finding.id]
    kind = _failing(case, state)
    if kind:
        return f"the patient could not go on: {kind}"
    if state.tally.counts.get("TampRuptured"):
        return "the balloon had burst"
    if any(f"visible_{route}" in state.tally.values for route in BEHIND_THE_WALL):
        return "cement was behind the posterior wall"
    return ""


def _failing(case: Case, state: State) -> str:
    """Return the trouble that nobody goes on with, "" if there was none."""
    deadly = sorted(spec.kind for spec in case.troubles if spec.deadly)
    grave = (k for k in deadly if state.tally.values.get(f"trouble_{k}", 0.0) >= _GRAVE)
    return next(grave, "")


def supported(case: Case, state: State) -> bool | None:
    """Return whether the cement can bear load, or the run told to stop; None without any.

    The least is `supporting_ml`, and after tamps `supporting_share` of their largest volume
    (assets/rubric.toml). What tells to stop is a leak at this level that could be known, or a
    patient who could not go on.
    """
    if state.cement.started_tick is None:
        return None
    rubric, values = case.rubric, state.tally.values
    least_ml = max(rubric.supporting_ml, rubric.supporting_share * values.get("tamp_volume_ml", 0))
    enough = state.cement.cloud.inside_ul >= least_ml * MM3_PER_ML
    return enough or "told_to_stop_s" in values or bool(_failing(case, state))


def justified(case: Case, state: State) -> str:
    """Return why ending without treatment was right: declined or stopped; else nothing.

    Who has dressed the patient has treated him: stopping then is no decision.
    """
    act = selection.declined(state)
    if act is not None:
        rules = (r for r in selection.contraindications(case) if r.decline is act)
        return next((rule.text for rule in rules), "")
    if "abort" in state.tally.done and "dress" not in state.tally.done:
        return abort_reason(case, state)
    return ""
