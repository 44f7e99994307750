"""Expectations: one comparison, ``name op number``. No code, so that files are safe to share."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import get_args

from simulator.procedure.metrics import METRICS
from simulator.scenario.words import DOMAINS, did_you_mean
from simulator.world.events import Event
from simulator.world.report import Metric, Report

EVENTS = tuple(sorted(kind.__name__ for kind in get_args(Event)))


_OTHERS = (
    *(f"domains.{name}" for name in DOMAINS),
    *(f"events.{name}" for name in EVENTS),
)


def names() -> tuple[str, ...]:
    """Return everything that an expectation may name; a registered metric is one of them."""
    return ("total", "passed", *METRICS, *_OTHERS)


_COMPARE: Mapping[str, Callable[[float, float], bool]] = MappingProxyType(
    {
        "==": operator.eq,
        "!=": operator.ne,
        "<": operator.lt,
        "<=": operator.le,
        ">": operator.gt,
        ">=": operator.ge,
    }
)
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_FORM = re.compile(r"\s*([A-Za-z_][\w.]*)\s*(==|!=|<=|>=|<|>|=)\s*(\S+)\s*")
_GRADES = ("A", "B", "C", "D", "E")
_FORM_TEXT = "an expectation is 'name op number' with == != < <= > or >=, e.g. 'total >= 75'"


@dataclass(frozen=True, slots=True)
class Expectation:
    """One comparison of a metric with a number, a truth, a grade ("A") or a word ("both").

    `limit` None stands for null.
    """

    name: str
    op: str
    limit: float | bool | str | None
    line: int = field(default=0, compare=False)
    """Where it is written; 0 when it did not come from a file."""

    def __str__(self) -> str:
        """Return the comparison as an author writes it."""
        return f"{self.name} {self.op} {shown(self.limit)}"

    def holds(self, value: Metric) -> bool:
        """Compare. Null (not applicable) fulfils ``== null`` and ``!= 3``, nothing else."""
        if self.limit is None or value is None:
            same = self.limit is None and value is None
            return same if self.op == "==" else (not same if self.op == "!=" else False)
        if isinstance(value, str) or isinstance(self.limit, str):
            return _same_kind(self.op, value, self.limit)
        return _COMPARE[self.op](float(value), float(self.limit))


def _same_kind(op: str, value: float | str, limit: float | str) -> bool:
    """Compare two words by the alphabet; a word and a number fulfil nothing."""
    if not (isinstance(value, str) and isinstance(limit, str)):
        return False
    return _COMPARE[op]((value > limit) - (value < limit), 0)


def shown(value: Metric) -> str:
    """Return a value as a report writes it: ``null``, ``true``, ``12.5``."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def parse(text: str, line: int = 0) -> Expectation:
    """Read one expectation.

    Raises:
        ValueError: with what came, what is allowed and what was probably meant.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        raise ValueError(f"got '{text}'; {_FORM_TEXT}")
    name, op, right = match.groups()
    if op == "=":
        raise ValueError(f"got '{text}'; did you mean '{name} == {right}'?")
    if name not in names():
        raise ValueError(f"got '{text}'; unknown metric '{name}'{_help(name)}")
    limit = _limit(text, right)
    ordered = isinstance(limit, float) or right in _GRADES
    if not ordered and op not in ("==", "!="):
        raise ValueError(f"got '{text}'; {right} can only be compared with == or !=")
    return Expectation(name, op, limit, line)


def _help(name: str) -> str:
    return did_you_mean(name, names()) or "; run 'run_sim.py schema test' for the list"


def _limit(text: str, right: str) -> float | bool | str | None:
    if right in ("true", "false"):
        return right == "true"
    if right == "null":
        return None
    if re.fullmatch("[A-Za-z_]+", right):
        return right
    if re.fullmatch(_NUMBER, right) is None:
        raise ValueError(f"got '{text}'; '{right}' is no number; {_FORM_TEXT}")
    return float(right)


def value_of(report: Report, name: str) -> Metric:
    """Return what an expectation names: a metric, a domain's score, a count, the total."""
    if name in ("total", "passed"):
        return report.total if name == "total" else report.passed
    kind, _, inner = name.partition(".")
    if kind == "domains":
        return report.domains[inner].score if inner in report.domains else None
    if kind == "events":
        return report.events.get(inner, 0)
    return report.metrics.get(name)
