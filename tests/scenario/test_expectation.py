"""The grammar of expectations: one comparison, checked names, and what null means."""

import pytest

from simulator.scenario.assets import rubric
from simulator.scenario.expectation import Expectation, names, parse


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("total >= 75", Expectation("total", ">=", 75.0)),
        ("  medial_breach_mm==0 ", Expectation("medial_breach_mm", "==", 0.0)),
        ("leak_ml < 5e-2", Expectation("leak_ml", "<", 0.05)),
        ("height_gain_mm > -.5", Expectation("height_gain_mm", ">", -0.5)),
        ("crosses_midline == true", Expectation("crosses_midline", "==", True)),
        ("tamp_volume_ml != null", Expectation("tamp_volume_ml", "!=", None)),
        ("domains.access >= 20", Expectation("domains.access", ">=", 20.0)),
        ("events.CementLeaked == 0", Expectation("events.CementLeaked", "==", 0.0)),
    ],
)
def test_what_can_be_written(text, read):
    assert parse(text) == read
    assert parse(str(read)) == read


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "total => 75",
            "got 'total => 75'; an expectation is 'name op number' with == != < <= > or "
            ">=, e.g. 'total >= 75'",
        ),
        ("total = 75", "got 'total = 75'; did you mean 'total == 75'?"),
        ("total >= 75 and passed == true", "an expectation is 'name op number'"),
        ("__import__('os') == 1", "an expectation is 'name op number'"),
        ("total >= high", "high can only be compared with == or !="),
        ("medial_breach == 0", "unknown metric 'medial_breach', did you mean 'medial_breach_mm'?"),
        ("tip_error_cm < 3", "unknown metric 'tip_error_cm', did you mean 'tip_error_mm'?"),
        ("xyzzy < 3", "unknown metric 'xyzzy'; run 'run_sim.py schema test' for the list"),
        ("total >= 7O", "'7O' is no number"),
        ("crosses_midline > true", "true can only be compared with == or !="),
    ],
)
def test_what_cannot_be_written(text, told):
    with pytest.raises(ValueError, match="got") as caught:
        parse(text)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("text", "value", "holds"),
    [
        ("leak_ml < 0.2", 0.1, True),
        ("leak_ml < 0.2", 0.2, False),
        ("leak_ml < 0.2", None, False),
        ("leak_ml >= 0", None, False),
        ("leak_ml == null", None, True),
        ("leak_ml == null", 0.0, False),
        ("leak_ml != null", 0.0, True),
        ("leak_ml != null", None, False),
        ("leak_ml != 0", None, True),
        ("crosses_midline == true", True, True),
        ("crosses_midline == 1", True, True),
        ("crosses_midline != true", True, False),
        ("breach_grade == A", "A", True),
        ("endplate_contact != none", "both", True),
        ("endplate_contact == both", None, False),
        ("breach_grade <= B", "A", True),
        ("breach_grade <= B", "C", False),
        ("breach_grade <= B", None, False),
        ("leak_ml <= B", 0.1, False),
        ("breach_grade == 0", "A", False),
        ("breach_grade != 0", "A", False),
    ],
)
def test_null_fulfils_nothing_but_null(text, value, holds):
    assert parse(text).holds(value) is holds


def test_every_metric_that_the_rubric_judges_can_be_named():
    judged = {criterion.metric for criterion in rubric().criteria}
    assert {"total", "passed", "leak_canal_ml", *judged} <= set(names())
