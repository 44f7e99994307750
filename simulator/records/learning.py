"""What a series of runs shows: smoothed totals, LC-CUSUM until competence, CUSUM after it.

LC-CUSUM adds evidence that the failure rate is acceptable; at its limit competence is taken as
shown. From the next run on a standard CUSUM adds evidence of decline; at its limit the proof has
to be given again. A run fails where the judge did not pass it: a sentinel error, fewer points than
the pass mark, or fewer than the mark of the access.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from typing import Any

from simulator.paths import asset
from simulator.records.runs import Run


@dataclass(frozen=True, slots=True)
class Scheme:
    """A sequential test between two failure rates."""

    acceptable: float
    unacceptable: float
    limit: float

    @property
    def for_success(self) -> float:
        """Evidence of one success for the acceptable rate; positive."""
        return math.log((1.0 - self.acceptable) / (1.0 - self.unacceptable))

    @property
    def for_failure(self) -> float:
        """Evidence of one failure for the acceptable rate; negative."""
        return math.log(self.acceptable / self.unacceptable)

    def weight(self, *, success: bool) -> float:
        """Return the evidence of one run for the acceptable rate."""
        return self.for_success if success else self.for_failure


@cache
def settings() -> dict[str, Any]:
    """Return assets/learning.toml."""
    return tomllib.loads(asset("learning.toml").read_text(encoding="utf-8"))


def scheme(name: str) -> Scheme:
    """Return the scheme "lc_cusum" or "cusum" of the asset."""
    row = settings()[name]
    return Scheme(row["acceptable"], row["unacceptable"], row["limit"])


def lc_cusum(successes: Iterable[bool], test: Scheme) -> tuple[float, ...]:
    """Return the learning-curve CUSUM after each run; it goes on past its limit."""
    return _held(test.weight(success=s) for s in successes)


def cusum(successes: Iterable[bool], test: Scheme) -> tuple[float, ...]:
    """Return the standard CUSUM after each run: evidence of the unacceptable rate."""
    return _held(-test.weight(success=s) for s in successes)


def _held(weights: Iterable[float]) -> tuple[float, ...]:
    """Sum up, never below zero."""
    return tuple(accumulate(weights, lambda s, w: max(0.0, s + w), initial=0.0))[1:]


@dataclass(frozen=True, slots=True)
class Step:
    """One run in the test that was on."""

    success: bool
    watching: bool
    """False: LC-CUSUM, competence is being shown. True: CUSUM, decline is being watched for."""
    value: float
    reached: bool
    """The limit was reached with this run; the other test begins with the next one."""


def course(successes: Iterable[bool], proof: Scheme, watch: Scheme) -> tuple[Step, ...]:
    """Return the two tests in turn."""
    out: list[Step] = []
    watching, value = False, 0.0
    for success in successes:
        test = watch if watching else proof
        sign = -1.0 if watching else 1.0
        value = max(0.0, value + sign * test.weight(success=success))
        reached = value >= test.limit
        out.append(Step(success, watching, value, reached))
        if reached:
            watching, value = not watching, 0.0
    return tuple(out)


@dataclass(frozen=True, slots=True)
class Learning:
    """What the counted runs of one person show, over all cases or for one."""

    runs: tuple[Run, ...]
    """Counted runs, oldest first."""
    smoothed: tuple[float, ...]
    """Totals, exponentially smoothed."""
    steps: tuple[Step, ...]
    clean_runs_left: int
    """Straight passes that would still show competence; 0 while it is shown."""

    @property
    def passed(self) -> int:
        """How many were passed."""
        return sum(run.passed for run in self.runs)

    @property
    def shown(self) -> bool:
        """Competence is shown and no decline was seen since."""
        return bool(self.steps) and self.steps[-1].watching != self.steps[-1].reached

    @property
    def shown_at(self) -> int | None:
        """Number, from 1, of the run that last showed competence."""
        return _last(self.steps, watching=False)

    @property
    def declined_at(self) -> int | None:
        """Number, from 1, of the run that last showed decline."""
        return _last(self.steps, watching=True)

    def domains(self) -> dict[str, float]:
        """Return each domain's mean share of its points, 0..1, over the recent runs."""
        shares: dict[str, list[float]] = {}
        for run in self.recent():
            for domain in run.domains:
                if domain.max > 0.0:
                    shares.setdefault(domain.name, []).append(domain.score / domain.max)
        return {name: sum(values) / len(values) for name, values in shares.items()}

    def recent(self) -> tuple[Run, ...]:
        """Return the last runs, those that still say something about today."""
        return self.runs[-settings()["curve"]["recent_runs"] :]


def _last(steps: Sequence[Step], *, watching: bool) -> int | None:
    found = [n for n, step in enumerate(steps, 1) if step.reached and step.watching == watching]
    return found[-1] if found else None


def learn(runs: Iterable[Run], case: str | None = None) -> Learning:
    """Return what `runs` of one person show, over all cases or for one.

    Args:
        runs: Of one person, oldest first; those that do not count are left out.
        case: Id of the only case to look at.
    """
    counted = tuple(r for r in runs if r.counts and (case is None or r.case == case))
    proof, watch = scheme("lc_cusum"), scheme("cusum")
    steps = course((r.passed for r in counted), proof, watch)
    left = 0
    if not steps or steps[-1].watching == steps[-1].reached:
        value = steps[-1].value if steps and not steps[-1].watching else 0.0
        left = math.ceil((proof.limit - value) / proof.for_success)
    return Learning(counted, smoothed([r.total or 0.0 for r in counted]), steps, left)


def smoothed(totals: Sequence[float]) -> tuple[float, ...]:
    """Return totals smoothed exponentially, beginning at the first."""
    share = settings()["curve"]["smoothing"]
    return tuple(accumulate(totals, lambda level, total: level + share * (total - level)))
