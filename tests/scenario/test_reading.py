"""What an author is told: every fault at once, each with its line, in words that help."""

from pathlib import Path

import pytest

from simulator.errors import ScenarioError, UsageError
from simulator.scenario.load import find_case, list_cases, load_scenario

HEAD = """\
format = 1
id = "trial"
title = "A trial"
procedure = "kyphoplasty"
"""


@pytest.fixture
def case(tmp_path, monkeypatch):
    """Write a case beside the test and return its faults, or [] when it is right."""
    monkeypatch.chdir(tmp_path)

    def faults(text: str, name: str = "trial.toml", **patch: object) -> list[str]:
        Path(name).write_text(text, encoding="utf-8")
        try:
            load_scenario(Path(name), {k.replace("__", "."): v for k, v in patch.items()})
        except ScenarioError as error:
            return str(error).splitlines()
        return []

    return faults


def test_four_keys_make_a_case(case):
    assert case(HEAD) == []


def test_all_faults_come_at_once_in_the_order_of_the_file(case):
    told = case(
        "format = 1\n"  # 1
        'id = "trial"\n'
        'procedure = "kyphoplasti"\n'  # 3 wrong enum
        "[patient]\n"
        "age = 76\n"  # 5 wrong key
        "bmi = 240\n"  # 6 out of range
        "[fracture]\n"
        "endplate_defect_cm = 0.2\n"  # 8 wrong unit
        "[[test]]\n"  # 9 missing key
        'expect = ["total >= 75"]\n'
    )
    assert told == [
        "trial.toml:1: title: required key 'title' is missing: One line for the menu",
        "trial.toml:3: procedure: got 'kyphoplasti'; allowed: 'kyphoplasty', 'vertebroplasty' or "
        "'choose', did you mean 'kyphoplasty'?",
        "trial.toml:5: patient.age: unknown key 'age', did you mean 'age_years'?",
        "trial.toml:6: patient.bmi: got 240; allowed: 13 to 60",
        "trial.toml:8: fracture.endplate_defect_cm: unknown key 'endplate_defect_cm', "
        "did you mean 'endplate_defect_mm'?",
        "trial.toml:9: test.1.operator: required key 'operator' is missing: Built-in operator, or "
        "the file of a stage script",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "[patient]\nweight_lb = 130",
            "patient.weight_lb: unknown key 'weight_lb', did you mean 'weight_kg'?",
        ),
        (
            "[patient]\ngenant = 2",
            "patient.genant: unknown key 'genant' here; it belongs in [fracture]",
        ),
        (
            "[patient]\nage_years = '76'",
            "patient.age_years: got '76'; allowed: a whole number (18 to 110)",
        ),
        (
            "[patient]\nage_years = true",
            "patient.age_years: got true; allowed: a whole number (18 to 110)",
        ),
        ("[patient]\nbmi = nan", "patient.bmi: got nan; allowed: 13 to 60"),
        ("[patient]\nseed = -1", "patient.seed: got -1; allowed: 0 to 2147483647"),
        ("patient = 3", "patient: got 3; allowed: a table"),
        (
            "[fracture]\ngenant = 2\nanterior_height_mm = 18",
            "fracture.anterior_height_mm: give either genant or anterior_height_mm, not both",
        ),
        (
            "[fracture]\nshape = 'none'\ngenant = 2",
            "fracture.genant: shape 'none' has no genant and no anterior_height_mm",
        ),
        (
            "[equipment]\nneedle = '12G'",
            "equipment.needle: got '12G'; allowed: '11G', '11G-bevel', '11G-long', '13G', '10G' or "
            "'8G', did you mean '13G'?",
        ),
        ("[plan]\nsides = ['left', 'left']", "plan.sides: each side can be named once"),
        ("[plan]\nsides = []", "plan.sides: got 0 values; allowed: at least 1"),
        ("[coach]\nhints = ['']", "coach.hints.1: got ''; string should have at least 1 character"),
        (
            "[equipment]\nworking_cannula = '13G'",
            "equipment.tamp: tamp_15 is 2.6 mm thick and does not pass a working cannula 13G of "
            "1.8 mm",
        ),
        ("[plan]\nsides = ['left', 'up']", "plan.sides.2: got 'up'; allowed: 'left' or 'right'"),
        ("[plan]\ntarget_mm = [1, 2]", "plan.target_mm.3: missing: the list needs 3 values"),
        (
            "[scoring]\nsentinels = ['canal_breech']",
            "scoring.sentinels.1: got 'canal_breech'; allowed: ",
        ),
        (
            "[scoring.bands]\ntip_eror = { good = [0, 3] }",
            "scoring.bands.tip_eror: got 'tip_eror'; allowed: ",
        ),
        (
            "[scoring.bands]\nleak = { good = [3, 0] }",
            "scoring.bands.leak.good: good is [lowest, highest], got [3.0, 0.0]",
        ),
        (
            "[[test]]\noperator = 'expret'\nexpect_passed = true",
            "test.1.operator: got 'expret'; allowed: 'expert', ",
        ),
        (
            "[[test]]\noperator = 'expert'",
            "test.1: expects nothing: give expect, expect_passed or expect_critical",
        ),
        (
            "[[test]]\noperator = 'expert'\nexpect = ['totl > 1']",
            "test.1.expect.1: got 'totl > 1'; unknown metric 'totl', did you mean 'total'?",
        ),
        (
            "[[test]]\noperator = 'gone.toml'\nexpect_passed = true",
            "test.1.operator: no such script 'gone.toml' (looked at gone.toml)",
        ),
    ],
)
def test_each_kind_of_fault_has_its_words(case, text, told):
    (row,) = case(HEAD + text)
    assert row.split(": ", 1)[1].startswith(told), row


def test_an_element_of_a_long_list_has_its_own_line(case):
    (row,) = case(HEAD + 'objectives = [\n  "one",  # [not] a table\n  2,\n]\n')
    assert row == "trial.toml:7: objectives.2: got 2; allowed: text in quotes"


def test_the_id_is_the_file_name(case):
    assert case(HEAD, "other.toml") == [
        "other.toml:2: id: got 'trial'; must equal the file name, 'other'"
    ]


def test_a_file_from_the_future_is_refused_in_one_line(case):
    assert case("format = 2\nwhatever = 1\n") == [
        "trial.toml:1: format: got 2; this version reads format 1: a newer Kyphosim is needed for "
        "this file"
    ]


def test_a_patch_is_named_instead_of_a_line(case):
    assert case(HEAD, fracture__genant=3) == []
    assert case(HEAD, fracture__genant=7) == [
        "trial.toml: patch: fracture.genant: got 7; allowed: 1 to 3"
    ]
    assert case(HEAD, title__x=1) == ["trial.toml: patch 'title.x': 'title' is not a table"]


def test_a_patch_of_none_removes_a_value(case):
    assert case(HEAD + "[patient]\nbmi = 1\n", patient__bmi=None) == []
    text = HEAD + "[fracture]\ngenant = 2\n"
    assert case(text, fracture__anterior_height_mm=18.0) != []
    assert case(text, fracture__anterior_height_mm=18.0, fracture__genant=None) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x =\n", "trial.toml:1: not valid TOML: invalid value in 'x ='"),
        ("a = 1\na = 2\n", "trial.toml:2: not valid TOML: cannot overwrite a value in 'a = 2'"),
    ],
)
def test_a_slip_of_syntax_has_its_line(case, text, told):
    assert case(text) == [told]


def test_files_that_cannot_be_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("folder.toml").mkdir()
    Path("latin.toml").write_bytes(b'format = 1\ntitle = "f\xfcr"\n')
    told = {}
    for name in ("folder.toml", "latin.toml", "latim.toml", "nowhere/x.toml"):
        with pytest.raises(ScenarioError) as caught:
            load_scenario(Path(name))
        told[name] = str(caught.value)
    assert told == {
        "folder.toml": "folder.toml: is a folder, not a file",
        "latin.toml": "latin.toml:2: is not UTF-8 text (byte 0xfc); save it as UTF-8",
        "latim.toml": "latim.toml: no such file, did you mean 'latin.toml'?",
        "nowhere/x.toml": "nowhere/x.toml: no such file (there is no folder nowhere)",
    }


def test_shipped_cases_are_found_by_id():
    ids = [card.id for card in list_cases()]
    assert {"l1-wedge", "l1-vertebroplasty"} <= set(ids)
    assert all(card.fault == "" for card in list_cases())
    assert find_case("l1-wedge").name == "l1-wedge.toml"
    assert find_case("somewhere/own.toml") == Path("somewhere/own.toml")
    with pytest.raises(UsageError, match=r"no case 'l1-wegde', did you mean 'l1-wedge'\?"):
        find_case("l1-wegde")


def test_the_digest_is_of_the_content_without_its_tests(tmp_path):
    file = tmp_path / "trial.toml"
    digests = []
    for more in (
        "",
        "# a remark\n",
        "[[test]]\noperator='blind'\nexpect_passed=false\n",
        "difficulty = 3\n",
    ):
        file.write_text(HEAD + more, encoding="utf-8")
        digests.append(load_scenario(file).sha256)
    assert digests[0] == digests[1] == digests[2] != digests[3]
