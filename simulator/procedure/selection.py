"""Whether to treat, and how: what history, laboratory and imaging say about a case.

The rules are those that an interventionist answers for; the numbers stand in assets/selection.toml.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from simulator.anatomy.plan import Route
from simulator.world.action import DECLINES, Do
from simulator.world.case import Case, Procedure
from simulator.world.clinic import Clinical
from simulator.world.state import State

Limits = Mapping[str, float]
"""Table `selection` of assets/selection.toml."""


@dataclass(frozen=True, slots=True)
class Contraindication:
    """One reason not to treat."""

    decline: Do
    """The act that says it."""
    text: str
    holds: Callable[[Clinical, Limits], bool]
    source: str


def _bleeds(known: Clinical, rules: Limits) -> bool:
    return known.inr > rules["most_inr"] or known.platelets_g_l < rules["least_platelets_g_l"]


def _nothing_to_treat(known: Clinical, rules: Limits) -> bool:
    return not (known.oedema and known.tender)


RULES: tuple[Contraindication, ...] = (
    Contraindication(
        Do.DECLINE_INFECTION, "An infection: cement would seal it in.",
        lambda known, rules: known.infection, "SIR and CIRSE, absolute (recalled)",
    ),
    Contraindication(
        Do.DECLINE_BLEEDING, "Clotting is not corrected.", _bleeds,
        "IBT instructions for use; INR above 1.5 or platelets below 50 corrected first (recalled)",
    ),
    Contraindication(
        Do.DECLINE_ALLERGY, "The patient does not tolerate bone cement.",
        lambda known, rules: "cement" in known.allergies, "IBT instructions for use",
    ),
    Contraindication(
        Do.DECLINE_NEUROLOGY, "Cord or root is compressed: this is for a surgeon.",
        lambda known, rules: known.neurology != "normal", "VERTOS II exclusion",
    ),
    Contraindication(
        Do.DECLINE_UNSTABLE, "The spine is unstable: this is for a surgeon.",
        lambda known, rules: known.unstable, "SIR and CIRSE, absolute (recalled)",
    ),
    Contraindication(
        Do.DECLINE_NO_INDICATION, "The fracture has healed, or the pain is not there.",
        _nothing_to_treat, "NICE TA279: recent, unhealed, pain confirmed at the level",
    ),
)  # fmt: skip
"""The gravest first."""


def reasons(known: Clinical, rules: Limits) -> tuple[Contraindication, ...]:
    """Return every reason not to treat a patient of whom so much is known."""
    return tuple(rule for rule in RULES if rule.holds(known, rules))


def contraindications(case: Case) -> tuple[Contraindication, ...]:
    """Return every reason not to treat this patient today."""
    return reasons(case.clinical, case.physics["selection"])


def declined(state: State) -> Do | None:
    """Return the act by which the case was declined, if it was."""
    said = state.tally.done & DECLINES
    return Do(min(said)) if said else None


def rightly_declined(case: Case, state: State) -> bool:
    """True if the case was declined for a reason that is true of this patient."""
    act = declined(state)
    return act is not None and any(rule.decline is act for rule in contraindications(case))


def suited(known: Clinical, rules: Limits, room_mm: float) -> Procedure:
    """Return the procedure that suits a fracture by history and imaging.

    A balloon is for what has sunk, is recent, and has a way wide enough for its cannula.

    Args:
        room_mm: beside the working cannula in the wider pedicle.
    """
    sunk = known.lost >= rules["lift_lost"]
    recent = known.age_weeks <= rules["lift_weeks"]
    tolerates = "contrast" not in known.allergies
    wide = room_mm >= rules["lift_clear_mm"]
    lift = sunk and recent and tolerates and wide
    return Procedure.KYPHOPLASTY if lift else Procedure.VERTEBROPLASTY


def advised(case: Case) -> Procedure:
    """Return the procedure that suits this case."""
    widest_mm = max(p.width_mm for p in case.patient.target.landmarks.pedicles)
    room_mm = (widest_mm - case.working_cannula.outer_mm) / 2.0
    return suited(case.clinical, case.physics["selection"], room_mm)


def selection_fits(case: Case) -> bool:
    """True if the procedure in hand is one that suits this fracture."""
    return case.procedure.value in case.advice.procedures


def clearance_mm(case: Case) -> float:
    """Return the room beside the widest tool on its way, mm; least of the sides in use.

    Through a pedicle it is that of the planned path; beside it, that to canal and pleura.
    """
    rooms = []
    for side in case.sides:
        plan = case.plans[side]
        if plan.route is Route.EXTRAPEDICULAR and plan.beside is not None:
            found = (plan.beside.canal_mm, plan.beside.pleura_mm)
            rooms.append(min(room for room in found if room is not None))
        else:
            width = case.patient.target.landmarks.pedicles[side].width_mm
            kyphoplasty = case.procedure is Procedure.KYPHOPLASTY
            tool = case.working_cannula if kyphoplasty else case.needle
            rooms.append((width - tool.outer_mm) / 2.0)
    return min(rooms)
