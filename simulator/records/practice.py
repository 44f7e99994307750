"""What to practise next: what goes wrong most, and the case that trains it.

The rule, in this order, over the recent runs of one person:

1. each sentinel error, the most frequent first;
2. each domain below the good share of its points, the weakest first;
3. cases not passed yet, the easiest first;
4. the case that was played longest ago.

For 1 and 2 the case is the one whose skill and objectives speak most of it; of equals a case not
passed yet, then the easier one, then the one played less. If no case speaks of it, it is the case
where it happened most.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from simulator.records.learning import Learning, settings
from simulator.scenario.load import CaseCard

_SKILL, _OBJECTIVE = 3, 1
"""A word in the skill of a case says more about it than one in an objective."""


@dataclass(frozen=True, slots=True)
class Advice:
    """One case to practise, and why."""

    case: str
    title: str
    about: str
    """Id of the sentinel error or domain; empty where nothing special is wrong."""
    reason: str


def advise(learning: Learning, cards: Sequence[CaseCard], most: int = 3) -> tuple[Advice, ...]:
    """Return at most `most` cases to practise, the most useful first.

    Args:
        learning: All counted runs of one person.
        cards: The cases that can be played; those with a fault are passed over.
    """
    sound = [card for card in cards if not card.fault]
    out: dict[str, Advice] = {}
    for advice in _wishes(learning, sound):
        out.setdefault(advice.case, advice)
    return tuple(out.values())[:most]


def _wishes(learning: Learning, cards: Sequence[CaseCard]) -> Iterator[Advice]:
    count = len(learning.recent())
    for about, times in _errors(learning):
        card = _trainer(about, learning, cards) or _scene(about, learning, cards)
        if card is not None:
            name = about.replace("_", " ")
            yield Advice(card.id, card.title, about, f"{name}: {times} of {_last(count)}.")
    for about, share in _weak(learning):
        card = _trainer(about, learning, cards) or _scene(about, learning, cards)
        if card is not None:
            reason = f"{about}: {100.0 * share:.0f} % of its points in {_last(count)}."
            yield Advice(card.id, card.title, about, reason)
    played = {run.case: run.started for run in learning.runs}
    passed = {run.case for run in learning.runs if run.passed}
    for card in sorted(cards, key=lambda c: (c.difficulty, c.id)):
        if card.id not in passed:
            word = "Not passed yet." if card.id in played else "Not tried yet."
            yield Advice(card.id, card.title, "", word)
    for card in sorted(cards, key=lambda c: (played.get(c.id, ""), c.id)):
        yield Advice(card.id, card.title, "", "Passed; keep it up.")


def _last(count: int) -> str:
    return "your last run" if count == 1 else f"your last {count} runs"


def _errors(learning: Learning) -> list[tuple[str, int]]:
    """Return sentinel errors and in how many recent runs they happened, the most frequent first."""
    counts = Counter(one for run in learning.recent() for one in {c.id for c in run.critical})
    return sorted(counts.items(), key=lambda row: (-row[1], row[0]))


def _weak(learning: Learning) -> list[tuple[str, float]]:
    good = settings()["practice"]["good_share"]
    shares = [(name, share) for name, share in learning.domains().items() if share < good]
    return sorted(shares, key=lambda row: (row[1], row[0]))


def _trainer(about: str, learning: Learning, cards: Sequence[CaseCard]) -> CaseCard | None:
    """Return the case that trains `about` best, if any does."""
    fit = {card.id: relevance(card, about) for card in cards}
    able = [card for card in cards if fit[card.id] > 0]
    passed = {run.case for run in learning.runs if run.passed}
    times = Counter(run.case for run in learning.runs)
    return min(
        able,
        key=lambda c: (-fit[c.id], c.id in passed, c.difficulty, times[c.id], c.id),
        default=None,
    )


def _scene(about: str, learning: Learning, cards: Sequence[CaseCard]) -> CaseCard | None:
    """Return the case in which most was lost to an error or in a domain, over the recent runs."""
    lost: dict[str, float] = defaultdict(float)
    for run in learning.recent():
        lost[run.case] += sum(c.id == about for c in run.critical)
        lost[run.case] += sum(d.max - d.score for d in run.domains if d.name == about)
    able = [card for card in cards if lost[card.id] > 0]
    return min(able, key=lambda c: (-lost[c.id], c.id), default=None)


def relevance(card: CaseCard, about: str) -> int:
    """Return how much the skill and objectives of a case speak of an error or a domain."""
    words = settings()["trains"].get(about, [about.replace("_", " ")])
    return _SKILL * _mentions(card.skill, words) + _OBJECTIVE * sum(
        _mentions(text, words) for text in card.objectives
    )


def _mentions(text: str, words: Sequence[str]) -> int:
    """Return how many of `words` begin a word of `text`."""
    padded = " " + text.lower()
    return sum(" " + word in padded for word in words)
