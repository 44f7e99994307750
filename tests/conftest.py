"""What several test folders share."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from simulator.engine.runner import Outcome, run_case
from simulator.scenario.load import load_case
from simulator.world.case import Case

# The first call of a kernel compiles it, so a deadline would judge the compiler.
settings.register_profile("kyphosim", deadline=None, derandomize=True, max_examples=30)
settings.load_profile("kyphosim")


@pytest.fixture(scope="session")
def case() -> Case:
    """The kyphoplasty case, seed 1."""
    return load_case("l1-wedge", 1)


@pytest.fixture(scope="session")
def mild_case() -> Case:
    """The vertebroplasty case, seed 1."""
    return load_case("l1-vertebroplasty", 1)


@pytest.fixture(scope="session")
def expert_recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where `expert_run` is recorded."""
    return tmp_path_factory.mktemp("runs") / "expert.simrec"


@pytest.fixture(scope="session")
def expert_run(case: Case, expert_recording: Path) -> Outcome:
    """One whole kyphoplasty by the expert, recorded."""
    return run_case(case, "expert", expert_recording)


@pytest.fixture(scope="session")
def clumsy_run(case: Case) -> Outcome:
    """The same case in clumsy hands."""
    return run_case(case, "clumsy")
