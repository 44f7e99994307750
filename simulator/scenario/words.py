"""The closed lists of words that authored files may use, and help for a word that is not there."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Literal, get_args

Level = Literal["T5", "T6", "T7", "T8", "T9", "T10", "T11", "T12", "L1", "L2", "L3", "L4", "L5"]
ProcedureName = Literal["kyphoplasty", "vertebroplasty"]
ProcedureWord = Literal["kyphoplasty", "vertebroplasty", "choose"]
SideName = Literal["left", "right"]
AllergyName = Literal["cement", "contrast", "cephalosporin"]
Sentinel = Literal[
    "wrong_level",
    "medial_rule_broken",
    "canal_breach",
    "anterior_perforation",
    "blind_advance",
    "tamp_misuse",
    "posterior_wall_pushed",
    "canal_leak_ignored",
    "instability_ignored",
    "contraindication_ignored",
]
SENTINELS: tuple[str, ...] = get_args(Sentinel)
OPERATORS = ("expert", "hurried", "blind", "clumsy", "greedy", "hands-off")
DOMAINS = (
    "planning",
    "imaging",
    "access",
    "target",
    "augmentation",
    "radiation",
    "care",
    "outcome",
)
_UNIT = re.compile(
    r"_(mm_s|mm|cm|m|um|ml_s|ml_min|ml|l|ul|s|min|h|weeks|years|months|days|deg_s|deg|rad|kg|g|lb"
    r"|n|kn|kpa|mpa|pa|psi|bar|mmhg|mgy|gy|gycm2|pct|percent|vas)$"
)


def stem(word: str) -> str:
    """Return a key without its unit: ``stem("tip_cm") == "tip"``."""
    return _UNIT.sub("", word.lower())


def nearest(word: str, allowed: Iterable[str]) -> str | None:
    """Return the allowed word that was probably meant: same name in another unit, or a slip."""
    candidates = list(allowed)
    same = [c for c in candidates if stem(c) == stem(word)]
    if same:
        return same[0]
    by_lower = {c.lower(): c for c in candidates}
    close = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[close[0]] if close else None


def did_you_mean(word: str, allowed: Iterable[str]) -> str:
    """Return ``", did you mean 'x'?"``, or nothing when no allowed word is close."""
    found = nearest(word, allowed)
    return f", did you mean '{found}'?" if found else ""


def listed(words: Iterable[str]) -> str:
    """Return ``'a', 'b' or 'c'``."""
    quoted = [f"'{w}'" for w in words]
    return " or ".join([", ".join(quoted[:-1]), quoted[-1]]) if len(quoted) > 1 else "".join(quoted)


def refusal(word: str, allowed: Iterable[str]) -> str:
    """Return what came, what is allowed and what was probably meant."""
    allowed = tuple(allowed)
    return f"got '{word}'; allowed: {listed(allowed)}{did_you_mean(word, allowed)}"
