"""Reading scenario tests: both kinds of file become one noun; a wrong test file is told by line."""

from pathlib import Path

import pytest

from simulator.errors import ScenarioError
from simulator.testing.trial import read_trials

CASE = """\
format = 1
id = "tiny"
title = "Tiny"
procedure = "kyphoplasty"
[[test]]
operator = "expert"
seeds = [1, 2]
expect = ["total >= 10"]
expect_passed = true
[[test]]
operator = "ways/careless.toml"
expect_critical = ["canal_breach"]
"""
SIMTEST = """\
id = "steps"
scenario = "tiny.toml"
determinism = true
[patch]
fracture.genant = 3
[[step]]
wait_s = 1
expect = ["medial_breach_mm == 0"]
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("ways").mkdir()
    Path("ways/careless.toml").write_text("[[step]]\nwait_s = 1\n", encoding="utf-8")
    Path("tiny.toml").write_text(CASE, encoding="utf-8")
    Path("steps.simtest.toml").write_text(SIMTEST, encoding="utf-8")


@pytest.mark.usefixtures("folder")
def test_the_tests_of_a_case():
    expert, careless = read_trials(Path("tiny.toml"))
    assert (expert.name, expert.line, expert.operator, expert.seeds) == (
        "expert",
        5,
        "expert",
        (1, 2),
    )
    assert expert.expect == ((8, "total >= 10"),)
    assert expert.passed == (9, True)
    assert careless.operator == Path("ways/careless.toml")
    assert careless.critical == ((12, "canal_breach"),)
    assert careless.replay(1) == (
        "python run_sim.py run tiny.toml --operator ways/careless.toml --seed 1"
    )


@pytest.mark.usefixtures("folder")
def test_a_simtest_is_its_own_operator():
    (trial,) = read_trials(Path("steps.simtest.toml"))
    assert trial.operator == trial.file == Path("steps.simtest.toml")
    assert trial.patch == {"fracture.genant": 3}
    assert trial.determinism
    assert trial.replay(1) == "python run_sim.py test steps.simtest.toml"


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "tiny.toml",
            "l1-wegde",
            "steps.simtest.toml:2: scenario: no case 'l1-wegde', did you mean 'l1-wedge'?",
        ),
        (
            '"steps"',
            '"other"',
            "steps.simtest.toml:1: id: got 'other'; must equal the file name, 'steps'",
        ),
        (
            "= 3",
            "= 7",
            "steps.simtest.toml:5: tiny.toml: patch: fracture.genant: got 7; allowed: 1 to 3",
        ),
        (
            "genant",
            "grade",
            "steps.simtest.toml:5: tiny.toml: patch: fracture.grade: unknown key 'grade'; "
            "allowed: ",
        ),
        (
            "determinism = true",
            'operator = "expert"',
            "steps.simtest.toml:1: give either operator or [[step]]",
        ),
        (
            "determinism",
            "determinsm",
            "steps.simtest.toml:3: determinsm: unknown key 'determinsm', did you mean "
            "'determinism'?",
        ),
        (
            "determinism = true",
            "seeds = []",
            "steps.simtest.toml:3: seeds: got 0 values; allowed: at least 1",
        ),
    ],
)  # fmt: skip
def test_wrong_simtests(old, new, told):
    Path("steps.simtest.toml").write_text(SIMTEST.replace(old, new), encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        read_trials(Path("steps.simtest.toml"))
    assert str(caught.value).startswith(told)


@pytest.mark.usefixtures("folder")
def test_a_wrong_script_is_told_where_it_is():
    Path("ways/careless.toml").write_text("[[step]]\nwait_m = 1\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"^ways/careless.toml:2: step.1.wait_m: unknown key"):
        read_trials(Path("tiny.toml"))
