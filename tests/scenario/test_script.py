"""Stage scripts: the closed set of steps, and what an author is told about a wrong one."""

from pathlib import Path

import pytest

from simulator.errors import ScenarioError
from simulator.scenario.expectation import Expectation
from simulator.scenario.script import read_script
from simulator.scenario.steps import ACTS, AdvanceNeedle, SetView, Wait
from simulator.world.action import Do


@pytest.fixture
def script(tmp_path, monkeypatch):
    """Write a script and read it; return it or its faults."""
    monkeypatch.chdir(tmp_path)

    def read(text, name="way.toml"):
        Path(name).write_text(text, encoding="utf-8")
        try:
            return read_script(Path(name))
        except ScenarioError as error:
            return str(error).splitlines()

    return read


def test_a_script_becomes_steps(script):
    made = script("""\
[[step]]
do = "carm.view"
view = "lateral"
[[step]]
do = "needle.advance"
to = "posterior_wall"
until = "medial_breach_mm > 1"
max_s = 30
expect = ["medial_breach_mm == 0"]
[[step]]
wait_s = 180
""")
    assert made.name == "way"
    assert [step.line for step in made.steps] == [1, 4, 10]
    view, advance, wait = (step.ask for step in made.steps)
    assert isinstance(view, SetView)
    assert isinstance(advance, AdvanceNeedle)
    assert (view.view, advance.to, advance.force_n) == ("lateral", "posterior_wall", 40.0)
    assert isinstance(wait, Wait)
    assert made.steps[1].until == Expectation("medial_breach_mm", ">", 1.0)
    assert made.steps[1].expect == (Expectation("medial_breach_mm", "==", 0.0),)
    assert made.steps[2].max_s == 181.0, "a wait is not cut short by the usual limit"
    assert (made.steps[1].until.line, made.steps[1].expect[0].line) == (7, 9)
    assert made.steps[0].told == "carm.view view=lateral"
    assert made.steps[2].told == "wait wait_s=180.0"


def test_all_faults_of_a_script_at_once(script):
    assert script("""\
[[step]]
do = "carm.vew"
[[step]]
do = "carm.view"
view = "laterl"
[[step]]
do = "needle.advance"
to_depth_cm = 3
expect = ["medial_breach_mm = 0"]
[[step]]
wait_s = -1
[[step]]
do = 3
""") == [
        "way.toml:2: step.1.do: got 'carm.vew'; allowed: 'carm.view', 'carm.set', 'beam', "
        "'needle.place', 'needle.aim', 'needle.advance', 'needle.withdraw', 'tap', 'act', "
        "'tamp.inflate', 'tamp.deflate', 'cement.inject' or 'wait', did you mean 'carm.view'?",
        "way.toml:5: step.2.view: got 'laterl'; allowed: 'ap', 'lateral', 'en_face_left' or "
        "'en_face_right', did you mean 'lateral'?",
        "way.toml:8: step.3.to_depth_cm: unknown key 'to_depth_cm', did you mean 'to_depth_mm'?",
        "way.toml:9: step.3.expect.1: got 'medial_breach_mm = 0'; did you mean "
        "'medial_breach_mm == 0'?",
        "way.toml:11: step.4.wait_s: got -1; allowed: 0 to 7200",
        "way.toml:13: step.5.do: got 3; allowed: 'carm.view' or 'carm.set' or 'beam' or "
        "'needle.place' or 'needle.aim' or 'needle.advance' or 'needle.withdraw' or 'tap' or "
        "'act' or 'tamp.inflate' or 'tamp.deflate' or 'cement.inject' or 'wait'",
    ]


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ('do = "carm.view"', "give either view, or orbit_deg and tilt_deg"),
        ('do = "needle.advance"', "goes nowhere: give to, to_depth_mm or until"),
        (
            'do = "needle.advance"\nto = "entry"\nto_depth_mm = 3',
            "give either to or to_depth_mm, not both",
        ),
        ('do = "needle.withdraw"', "give either by_mm or to_depth_mm"),
        (
            'do = "cement.inject"\nforce_n = 10\nrate_ml_min = 2',
            "give either force_n or rate_ml_min",
        ),
        (
            'do = "carm.set"\nplane = "second"',
            "sets nothing: give field_mm, iris_mm, width_mm, height_mm, turn_deg, pulses_per_s, "
            "grid, curve or stand",
        ),
        ('do = "carm.set"\npulses_per_s = 8', "got 8; allowed: 3.75 or 7.5 or 15 or 30"),
        ('do = "carm.set"\nfield_mm = 250', "got 250; allowed: 300 or 200 or 150"),
        (
            'do = "carm.set"\ncurve = "high"',
            "got 'high'; allowed: 'low_dose', 'normal' or 'high_contrast'",
        ),
        ('do = "act"\nname = "stylet_ot"', "did you mean 'stylet_out'?"),
        ('do = "tamp.inflate"', "required key 'to_ml' is missing: Volume in the balloon"),
    ],
)
def test_steps_that_contradict_themselves(script, step, told):
    (row,) = script("[[step]]\n" + step)
    assert row.endswith(told)


def test_every_act_of_the_world_can_be_asked_for():
    assert set(ACTS) == {act.value for act in Do} - {""}


def test_a_script_needs_steps(script):
    assert script("") == [
        "way.toml:1: step: required key 'step' is missing: What is done, in order"
    ]


def test_a_simtest_with_steps_is_a_script_too(script):
    made = script(
        'id = "t"\nscenario = "l1-wedge"\ndeterminism = true\n[[step]]\nwait_s = 1\n',
        "t.simtest.toml",
    )
    assert [step.ask.do for step in made.steps] == ["wait"]
