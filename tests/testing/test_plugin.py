"""The pytest plugin: what is collected, and what a person reads when it fails."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

CASE = """\
format = 1
id = "tiny"
title = "Tiny"
procedure = "kyphoplasty"
[[test]]
operator = "expert"
seeds = [1, 2]
expect = [
    "total >= 10",
    "leak_ml < 0.1",
]
"""

# Stands in for the engine and the patient: this room is tested without a run of minutes.
CONFTEST = """\
import sys
from types import ModuleType, SimpleNamespace

engine = sys.modules["simulator.engine.runner"] = ModuleType("simulator.engine.runner")
engine.Outcome = engine.run_case = None

import simulator.testing.play as play
from simulator.scenario.expectation import parse
from simulator.scenario.script import Miss
from simulator.world.report import Report

def run(case, operator, record=None):
    missed = str(operator).endswith(".toml")
    report = Report("tiny", "Tiny", case, str(operator), "kyphoplasty", True, 80.0, "", {}, (), (),
                    (), (), (), {"leak_ml": 0.05 * case}, {}, 900.0)
    misses = (Miss(7, 1, parse("medial_breach_mm == 0", 8), 1.5, 12.0),) if missed else ()
    hashes.append(0)
    return SimpleNamespace(report=report, state_hash=str(len(hashes)), misses=misses,
                           trail=[f"t={n}.0 s  act {n}" for n in range(20)])

hashes = []
play.run_case = run
play.load_case = lambda case, seed, patch=None: seed
"""


@pytest.fixture
def run(tmp_path):
    """Write files and run pytest with the plugin on them; return its output."""

    def pytest_on(files, *arguments, stub=True):
        if stub:
            files = {**files, "conftest.py": CONFTEST, "pytest.ini": "[pytest]\n"}
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "simulator.testing.plugin", "-p",
             "no:cacheprovider", "--import-mode=importlib", *arguments],
            cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120,
            env={**os.environ, "PYTHONPATH": str(ROOT), "KYPHOSIM_HOME": str(tmp_path / "home")},
        )  # fmt: skip
        return done.stdout + done.stderr

    return pytest_on


def test_one_item_per_seed_and_a_failure_that_can_be_acted_on(run):
    out = run({"scenarios/tiny.toml": CASE}, "-v")
    assert "scenarios/tiny.toml::expert[seed1] PASSED" in out
    assert "scenarios/tiny.toml::expert[seed2] FAILED" in out
    assert (
        "scenarios/tiny.toml:10: expected leak_ml < 0.1\n"
        "    got leak_ml = 0.1\n"
        "  expert, seed 2: 80.0 points, passed; sentinel errors: none\n"
        "  last actions:\n"
        "    t=12.0 s  act 12\n"
    ) in out
    assert (
        "    t=19.0 s  act 19\n"
        "  replay: python run_sim.py run scenarios/tiny.toml --operator expert --seed 2\n"
    ) in out
    assert "Traceback" not in out
    assert "plugin.py" not in out


def test_a_wrong_file_is_a_collection_error_without_traceback(run):
    out = run({"scenarios/tiny.toml": CASE.replace("title", "titel").replace("leak_ml", "leek_ml")})
    assert "ERROR scenarios/tiny.toml" in out
    assert "scenarios/tiny.toml:1: title: required key 'title' is missing" in out
    assert "scenarios/tiny.toml:3: titel: unknown key 'titel', did you mean 'title'?" in out
    assert (
        "scenarios/tiny.toml:10: test.1.expect.2: got 'leek_ml < 0.1'; unknown metric 'leek_ml',"
        in out
    )
    assert "Traceback" not in out
    assert ".py:" not in out


SIMTEST = """\
id = "steps"
scenario = "../scenarios/tiny.toml"
determinism = true
[patch]
"fracture.genant" = 3
[[step]]
wait_s = 1
expect = ["medial_breach_mm == 0"]
"""


def test_steps_patch_and_determinism(run):
    out = run({"scenarios/tiny.toml": CASE, "tests/steps.simtest.toml": SIMTEST}, "tests")
    assert (
        "tests/steps.simtest.toml:8: step 1: expected medial_breach_mm == 0\n"
        "    got medial_breach_mm = 1.5 at 12.0 s\n"
        "tests/steps.simtest.toml:1: the same seed gave another result: state hash\n"
    ) in out
    assert "  replay: python run_sim.py test tests/steps.simtest.toml\n" in out


def test_other_toml_files_are_left_alone(run):
    out = run({"pyproject.toml": "", "more/x.toml": "broken ["}, stub=False)
    assert "no tests ran" in out


def test_the_plugin_loads_next_to_nothing():
    code = (
        "import sys, simulator.testing.plugin; "
        "print(sorted(m for m in sys.modules if m.split('.')[0] in "
        "('numpy', 'numba', 'scipy', 'pydantic', 'pygame') and '.' not in m))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
