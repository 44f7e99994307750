"""Kyphosim: an open simulator of percutaneous vertebral augmentation.

>>> import simulator
>>> case = simulator.load_case("l1-wedge", seed=1)  # doctest: +SKIP
>>> simulator.run(case, "expert").report.passed  # doctest: +SKIP
True
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.engine.runner import run_case as run
    from simulator.engine.step import step
    from simulator.imaging.render import render
    from simulator.procedure.score import score
    from simulator.scenario.load import load_case
    from simulator.scenario.scenario import Scenario
    from simulator.world.action import Action
    from simulator.world.case import Case
    from simulator.world.events import Event
    from simulator.world.state import State

__all__ = [
    "Action",
    "Case",
    "Event",
    "Scenario",
    "State",
    "load_case",
    "render",
    "run",
    "score",
    "step",
]

_HOME = {
    "Action": ("simulator.world.action", "Action"),
    "Case": ("simulator.world.case", "Case"),
    "Event": ("simulator.world.events", "Event"),
    "Scenario": ("simulator.scenario.scenario", "Scenario"),
    "State": ("simulator.world.state", "State"),
    "load_case": ("simulator.scenario.load", "load_case"),
    "render": ("simulator.imaging.render", "render"),
    "run": ("simulator.engine.runner", "run_case"),
    "score": ("simulator.procedure.score", "score"),
    "step": ("simulator.engine.step", "step"),
}


def __getattr__(name: str) -> Any:
    """Load a name of the front door when it is first asked for: importing costs nothing."""
    if name not in _HOME:
        raise AttributeError(f"module 'simulator' has no attribute {name!r}")
    module, attribute = _HOME[name]
    return getattr(importlib.import_module(module), attribute)
