"""What the resident decides in the briefing: questions, picks, what is still to be chosen."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

from simulator.frames import Side
from simulator.procedure.selection import RULES
from simulator.scenario import assets, ways
from simulator.world.action import Do
from simulator.world.case import Case, Procedure
from simulator.world.clinic import Choice
from simulator.world.instruments import CementSpec, Needle

TREAT, DECLINE = "treat", "decline"
MODERATE = "moderate"

REASONS: dict[Do, str] = {
    Do.DECLINE_INFECTION: "Active infection",
    Do.DECLINE_BLEEDING: "Uncorrected coagulopathy",
    Do.DECLINE_ALLERGY: "Allergy to bone cement",
    Do.DECLINE_NEUROLOGY: "Neurological deficit",
    Do.DECLINE_UNSTABLE: "Unstable fracture",
    Do.DECLINE_NO_INDICATION: "No indication",
}
"""What a colleague would write in the notes."""


@dataclass(frozen=True, slots=True)
class Picks(Choice):
    """One answer per question; None is open."""

    decision: str | None = None
    """"treat" or "decline"."""
    reason: Do | None = None
    """Why the case is declined."""


@dataclass(frozen=True, slots=True)
class Option:
    """One answer."""

    value: Any
    label: str
    below: str = ""
    why_not: str = ""
    """Why it cannot be chosen here; empty if it can."""


@dataclass(frozen=True, slots=True)
class Question:
    """One row of the plan."""

    key: str
    """Field of `Picks`."""
    title: str
    options: tuple[Option, ...]

    def label(self, value: Any) -> str:
        """Return the words of an answer."""
        return next((o.label for o in self.options if o.value == value), "")


_USUAL_MM = 125.0
"""Longer needles lie on the tray only where the author's ends before a target."""
_DECISION = Question(
    "decision",
    "Decision",
    (Option(TREAT, "Treat today"), Option(DECLINE, "Do not treat")),
)
_SEDATION = Question(
    "sedation",
    "Sedation",
    (Option("none", "None"), Option("light", "Light"), Option(MODERATE, "Moderate")),
)
_REASON = Question(
    "reason",
    "Reason",
    tuple(Option(rule.decline, REASONS[rule.decline], rule.text) for rule in RULES),
)


def _open(question: Question, value: Any) -> bool:
    """True if an answer may be given."""
    return any(o.value == value and not o.why_not for o in question.options)


def _way(choice: Choice) -> dict[str, Any]:
    """Return what goes into a case, by name."""
    return {f.name: getattr(choice, f.name) for f in fields(Choice)}


class Desk:
    """The picks of one briefing, over what the author suggests in guided mode."""

    def __init__(self, case: Case, planned: Choice, *, guided: bool) -> None:
        """Begin with nothing picked by hand.

        Args:
            case: The patient and what lies on the trolley.
            planned: The author's plan; empty where the author leaves the choice open.
            guided: The author's plan is shown and stands until something else is picked.
        """
        self.case, self.planned, self.guided = case, planned, guided
        self._hand = Picks()

    @property
    def left_open(self) -> bool:
        """True if the author says nothing of what is to be done."""
        return self.planned.procedure is None

    @property
    def suggested(self) -> Picks:
        """The author's plan, where it may be shown."""
        if not self.guided or self.left_open:
            return Picks()
        return Picks(**_way(self.planned), decision=TREAT)

    @property
    def picks(self) -> Picks:
        """What stands: picked by hand, else suggested; nothing that the trolley cannot do."""
        hand, book = self._hand, self.suggested
        answers = (getattr(hand, f.name) or getattr(book, f.name) for f in fields(Picks))
        picks = Picks(*answers)
        if not _open(self._needles(picks.procedure), picks.needle):
            picks = replace(picks, needle=None)
        if picks.approach is not None and not _open(self._approaches(picks), picks.approach):
            picks = replace(picks, approach=None)
        return picks

    @property
    def needle(self) -> Needle | None:
        """The access needle that stands."""
        name = self.picks.needle
        needle: Needle | None = None if name is None else assets.chosen("needle", name)
        return needle

    @property
    def cement(self) -> CementSpec | None:
        """The cement that stands."""
        name = self.picks.cement
        spec: CementSpec | None = None if name is None else assets.chosen("cement", name)
        return spec

    def pick(self, key: str, value: Any) -> None:
        """Answer one question by hand."""
        self._hand = replace(self._hand, **{key: value})

    def questions(self) -> tuple[Question, ...]:
        """Return what is to be decided as things stand."""
        if self.picks.decision == DECLINE:
            return _DECISION, _REASON
        picks = self.picks
        needles, approaches = self._needles(picks.procedure), self._approaches(picks)
        lifts = picks.procedure != Procedure.VERTEBROPLASTY
        tamp = (self._tamps(),) if lifts else ()
        ways = (_DECISION, self._procedures(), approaches, self._sides(), needles)
        return *ways, *tamp, self._cements(), _SEDATION

    def missing(self) -> tuple[Question, ...]:
        """Return what is still to be decided."""
        picks = self.picks
        return tuple(q for q in self.questions() if getattr(picks, q.key) is None)

    def choice(self) -> Choice:
        """Return what goes into the case; the author's own plan is no choice."""
        picks = self.picks
        wanted = Choice(**_way(picks))
        if picks.procedure != Procedure.KYPHOPLASTY:
            wanted = replace(wanted, tamp=self.planned.tamp)
        return Choice() if wanted == self.planned else wanted

    @staticmethod
    def _cements() -> Question:
        """Return the products by viscosity, with the minutes in which they can be given."""

        def option(key: str, spec: CementSpec) -> Option:
            word = spec.name.split(" type")[0].removesuffix(" viscosity")
            work = f"{spec.wait_s / 60:g}–{spec.work_until_s / 60:g} min"
            return Option(key, word, work)

        shelf = assets.catalogue("cement").items()
        return Question("cement", "Cement", tuple(option(k, spec) for k, spec in shelf))

    def _tamps(self) -> Question:
        bore_mm = self.case.working_cannula.inner_mm
        why = f"Does not pass {self.case.working_cannula.name}"
        options = tuple(
            Option(
                key,
                f"{tamp.length_mm:.0f} mm, {tamp.max_volume_ml:.0f} mL",
                why_not="" if tamp.diameter_mm < bore_mm else why,
            )
            for key, tamp in assets.catalogue("tamp").items()
        )
        return Question("tamp", "Tamp", options)

    def _procedures(self) -> Question:
        case = self.case
        passes = case.tamp.diameter_mm < case.working_cannula.inner_mm
        why = "" if passes else f"The tamp does not pass {case.working_cannula.name}"
        options = (
            Option(Procedure.VERTEBROPLASTY.value, "Vertebroplasty"),
            Option(Procedure.KYPHOPLASTY.value, "Kyphoplasty", why_not=why),
        )
        return Question("procedure", "Procedure", options)

    def _approaches(self, picks: Picks) -> Question:
        """Beside the pedicle only where the needle in hand, or the author's, reaches."""
        case, patient = self.case, self.case.patient
        needle = case.needle
        if picks.needle is not None:
            needle = assets.chosen("needle", picks.needle)
        sides = [Side[name.upper()] for name in picks.sides or ("left", "right")]
        paths = [ways.beside(patient, side, case.needle.outer_mm / 2.0) for side in sides]
        options = (
            Option("transpedicular", "Transpedicular"),
            Option("extrapedicular", "Extrapedicular", why_not=ways.too_short(needle, paths)),
        )
        return Question("approach", "Approach", options)

    def _sides(self) -> Question:
        both = self.planned.sides or ()
        both = both if len(both) > 1 else ("left", "right")
        options = (Option(("left",), "Left"), Option(both, "Both"), Option(("right",), "Right"))
        return Question("sides", "Side", options)

    def _needles(self, procedure: str | None) -> Question:
        cannula = self.case.working_cannula

        def option(key: str, needle: Needle) -> Option:
            thick = procedure == Procedure.KYPHOPLASTY and needle.outer_mm >= cannula.outer_mm
            why = f"Not thinner than the working cannula, {cannula.name}" if thick else ""
            return Option(key, needle.name, f"{needle.outer_mm:.2f} mm", why)

        own = self.case.needle
        deep = own.length_mm > _USUAL_MM or ways.too_short(own, self.case.plans)
        tray = assets.catalogue("needle").items()
        found = [(key, needle) for key, needle in tray if deep or needle.length_mm <= _USUAL_MM]
        found.sort(key=lambda item: (item[1].outer_mm, item[0]))
        return Question("needle", "Access needle", tuple(option(k, n) for k, n in found))
