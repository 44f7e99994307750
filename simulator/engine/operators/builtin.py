"""The operators by name."""

from __future__ import annotations

import difflib
from pathlib import Path

from simulator.engine.operators import blind, greedy, hands, hurried
from simulator.engine.operators.expert import Manner, decide
from simulator.engine.operators.hands import Move, Operator, Routine
from simulator.engine.operators.scripted import Scripted
from simulator.engine.sight import Observation
from simulator.errors import UsageError
from simulator.scenario.script import read_script
from simulator.world.case import Case

NAMES = ("expert", "hurried", "blind", "clumsy", "greedy", "hands-off")
"""Built-in operators of this version."""

_DRIFT = 1.4
"""Half widths of the pedicle: its medial wall is broken by any needle that fits it."""


def _hands_off(obs: Observation) -> Move:
    """Do nothing until the time is up."""
    while not obs.over:
        obs = yield from hands.wait(obs, 60.0)
    return obs


def make_operator(name: str, case: Case, first: Observation) -> Operator:
    """Return the operator `name`: a built-in one, or a stage script (path ending in .toml).

    Args:
        first: the observation at tick 0, where a routine begins.
    """
    if name == "expert":
        return Routine(decide(first, Manner()))
    if name == "greedy":
        return Routine(greedy.treat(first))
    if name == "clumsy":
        return Routine(decide(first, Manner(drift=_DRIFT)))
    if name == "hurried":
        return Routine(hurried.treat(first))
    if name == "blind":
        return Routine(blind.treat(first))
    if name == "hands-off":
        return Routine(_hands_off(first))
    if name.endswith(".toml"):
        return Scripted(read_script(Path(name)), case)
    raise UsageError(_unknown(name))


def _unknown(name: str) -> str:
    close = difflib.get_close_matches(name, NAMES, 1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return f"no operator {name!r}; there are {', '.join(NAMES)} or a stage script (.toml).{hint}"
