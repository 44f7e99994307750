"""The pytest plugin: scenario tests are collected from TOML, one item per seed.

Collected are ``*.simtest.toml`` anywhere, every ``*.toml`` that lies in a folder `scenarios`, and
files named on the command line. Imports next to nothing: every pytest run in the environment
loads this file.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from simulator.testing.trial import Trial

_NOT_CASES = ("pyproject.toml", "uv.lock")


class ScenarioTestError(Exception):
    """A run was not as expected; the text says where and why."""


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> ScenarioFile | None:
    """Collect scenario files."""
    name = file_path.name
    if not name.endswith(".toml") or name in _NOT_CASES:
        return None
    here = name.endswith(".simtest.toml") or file_path.parent.name == "scenarios"
    if here or parent.session.isinitpath(file_path):
        return ScenarioFile.from_parent(parent, path=file_path)
    return None


class ScenarioFile(pytest.File):
    """A case or a scenario test."""

    def collect(self) -> Iterator[ScenarioItem]:
        """Yield one item per test and seed; a fault of the file is told without a traceback."""
        from simulator.errors import SimulatorError
        from simulator.testing.trial import read_trials

        try:
            trials = read_trials(self.path)
        except SimulatorError as fault:
            raise self.CollectError(str(fault)) from None
        for trial in trials:
            for seed in trial.seeds:
                yield self._item(trial, seed)

    def _item(self, trial: Trial, seed: int) -> ScenarioItem:
        name = f"{trial.name}[seed{seed}]"
        item: ScenarioItem = ScenarioItem.from_parent(self, name=name, trial=trial, seed=seed)
        for mark in trial.marks:
            try:
                item.add_marker(mark)
            except (pytest.fail.Exception, ValueError, AttributeError) as fault:
                where = f"{self.path.name}: marks: got '{mark}'"
                raise self.CollectError(f"{where}; {fault}") from None
        return item


class ScenarioItem(pytest.Item):
    """One run of one scenario test."""

    def __init__(self, *, trial: Trial, seed: int, **rest: Any) -> None:
        """Keep what is to be run."""
        super().__init__(**rest)
        self.trial = trial
        self.seed = seed

    def runtest(self) -> None:
        """Run headless and compare."""
        from simulator.errors import SimulatorError
        from simulator.testing.play import play

        try:
            failure = play(self.trial, self.seed)
        except SimulatorError as fault:
            failure = str(fault)
        if failure:
            raise ScenarioTestError(failure)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Tell a failed expectation in its own words, anything else as pytest does."""
        if isinstance(excinfo.value, ScenarioTestError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Name the file, the line (from 0) and the test."""
        return self.path, self.trial.line - 1, f"{self.path.stem}: {self.name}"
