"""The commands about trainees' runs as typed: what they print, write and refuse."""

from __future__ import annotations

import csv
import io
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from simulator.cli import OK, WRONG_INPUT, main
from simulator.records.history import History
from tests.records.made import ANN, BOB, recording


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of its own; built patients are shared, they take seconds."""
    shared = Path(os.environ["KYPHOSIM_HOME"]) / "cache"
    monkeypatch.setenv("KYPHOSIM_HOME", str(tmp_path))
    monkeypatch.setattr("simulator.paths.cache_dir", lambda: shared)
    monkeypatch.setattr("simulator.anatomy.store.cache_dir", lambda: shared, raising=False)
    monkeypatch.delenv("KYPHOSIM_HISTORY", raising=False)
    return tmp_path / "data"


@pytest.fixture
def filled(home: Path) -> Path:
    """Two people and three runs."""
    home.mkdir()
    people = [{"id": ANN, "name": "Ann", "named": "2026-01-01T00:00:00.000+00:00"}]
    (home / "trainees.json").write_text(json.dumps({"current": ANN, "trainees": people}))
    recording(home, 1, total=60.0, critical=("medial_rule_broken",))
    recording(home, 2, total=82.0)
    recording(home, 3, trainee=BOB, case="l1-vertebroplasty", ended=False)
    return home


def told(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(words) == OK
    return capsys.readouterr().out


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(words) == WRONG_INPUT
    out = capsys.readouterr()
    assert out.out == ""
    assert len(out.err.strip().splitlines()) == 1
    return out.err


def test_an_empty_history_says_so(home: Path, capsys) -> None:
    assert told(capsys, "history") == "No runs yet.\n"
    assert json.loads(told(capsys, "history", "--json")) == {"runs": [], "trainees": []}


def test_history_tells_runs_curves_and_what_to_practise(filled: Path, capsys) -> None:
    text = told(capsys, "history")
    assert "sentinel medial_rule_broken" in text
    assert "unfinished, in phase local" in text
    assert "all cases: 2 runs, 1 passed; total first 60, best 82, last 82" in text
    # Failure then success: max(0, -0.916) + 0.182; 17 more reach 3.11.
    assert "not shown yet: LC-CUSUM 0.18 of 3.11; 17 straight passes to go" in text
    assert "practise next: l1-wedge. medial rule broken: 1 of your last 2 runs." in text
    assert f"anonymous {BOB[:6]}" in text


def test_practice_is_told_as_such_and_changes_no_curve(filled: Path, capsys) -> None:
    before = told(capsys, "history", "--trainee", "ann").splitlines()
    recording(filled, 4, practice={"tick": 600, "of": "", "phase": "tamp"}, total=10.0)
    after = told(capsys, "history", "--trainee", "ann").splitlines()
    (row,) = [line for line in after if line not in before]
    assert row.endswith("practice of tamp from 00:10, not passed; does not count")
    assert "Ann, 2 runs" in told(capsys, "trainee")
    runs = json.loads(told(capsys, "history", "--json", "--trainee", "ann"))["runs"]
    assert [run["kind"] for run in runs] == ["run", "run", "practice"]


def test_a_replay_in_the_window_needs_one(filled: Path, capsys) -> None:
    path = str(filled / "recordings" / "run-1.simrec")
    assert "no display here" in refused(capsys, "replay", path, "--window")
    assert "without it" in refused(capsys, "replay", path, "--window", "--verify")


def test_history_as_json(filled: Path, capsys) -> None:
    content = json.loads(told(capsys, "history", "--json", "--trainee", "ann"))
    assert [int(run["id"], 16) for run in content["runs"]] == [1, 2]
    assert content["runs"][0]["metrics"]["fluoro_s"] == 200.5
    (person,) = content["trainees"]
    assert (person["id"], person["name"]) == (ANN, "Ann")
    assert person["all"]["totals"] == [60.0, 82.0]
    assert person["all"]["straight_passes_to_go"] == 17
    assert person["practise_next"][0]["about"] == "medial_rule_broken"


def test_history_of_one_case(filled: Path, capsys) -> None:
    content = json.loads(told(capsys, "history", "--json", "--case", "l1-vertebroplasty"))
    assert [run["trainee"] for run in content["runs"]] == [BOB]


def test_wrong_words_are_told_with_what_is_allowed(filled: Path, capsys) -> None:
    text = refused(capsys, "history", "--trainee", "An")
    assert "trainee: got 'An'; allowed: " in text
    assert "did you mean 'Ann'?" in text
    for words in (["history", "--trainee", ""], ["trainee", "--use", " "]):
        assert "trainee: got an empty word; allowed: " in refused(capsys, *words)
    text = refused(capsys, "export", "--csv", "-", "--case", "l1-wege")
    assert "--case: got 'l1-wege'; allowed: " in text
    assert "did you mean 'l1-wedge'?" in text


@pytest.mark.parametrize("words", [["export"], ["export", "--csv", "-", "--runs", "x.zip"]])
def test_export_wants_one_of_its_forms(home: Path, words: list[str], capsys) -> None:
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == WRONG_INPUT


def test_the_table_goes_to_a_file_or_to_the_terminal(filled: Path, tmp_path, capsysbinary) -> None:
    file = tmp_path / "runs.csv"
    assert main(["export", "--csv", str(file)]) == OK
    assert b"3 runs" in capsysbinary.readouterr().out
    assert main(["export", "--csv", "-"]) == OK
    data = capsysbinary.readouterr().out
    assert file.read_bytes() == data
    rows = list(csv.DictReader(io.StringIO(data.decode(), newline="")))
    assert [row["trainee_name"] for row in rows] == ["Ann", "Ann", ""]
    assert not list(tmp_path.rglob("*.part"))


def test_a_table_that_cannot_be_written_leaves_nothing(filled: Path, tmp_path, capsys) -> None:
    (tmp_path / "wall").write_text("")
    for words in (
        ["--csv", str(tmp_path / "wall" / "x.csv")],
        ["--runs", str(tmp_path / "wall" / "x.zip")],
    ):
        assert "cannot be written" in refused(capsys, "export", *words)
    assert not list(tmp_path.rglob("*.part"))


def test_runs_go_to_another_machine(filled: Path, tmp_path, capsys, monkeypatch) -> None:
    file = tmp_path / "runs.zip"
    assert "3 runs, 3 with a recording" in told(capsys, "export", "--runs", str(file))
    before = json.loads(told(capsys, "history", "--json"))
    monkeypatch.setenv("KYPHOSIM_HOME", str(tmp_path / "other"))
    assert "3 runs, 3 of them new here" in told(capsys, "import", str(file))
    assert "3 runs, 0 of them new here" in told(capsys, "import", str(file))
    after = json.loads(told(capsys, "history", "--json"))
    for run in [*before["runs"], *after["runs"]]:
        del run["recording"]
    assert after == before


def test_an_import_that_is_none_is_told(home: Path, tmp_path, capsys) -> None:
    assert "no such file" in refused(capsys, "import", str(tmp_path / "none.zip"))
    (tmp_path / "x.zip").write_text("no zip")
    assert "x.zip: not a zip of runs" in refused(capsys, "import", str(tmp_path / "x.zip"))
    with zipfile.ZipFile(tmp_path / "y.zip", "w") as box:
        box.writestr("../../x", "")
    assert "got a file '../../x'; allowed: " in refused(capsys, "import", str(tmp_path / "y.zip"))


def test_a_damaged_index_is_told_once_and_goes_on(filled: Path, capsys) -> None:
    told(capsys, "history")
    (filled / "history.sqlite").write_bytes(b"x" * 9999)
    assert main(["history"]) == OK
    out = capsys.readouterr()
    assert "damaged, set aside as history-damaged-" in out.err
    assert "all cases: 2 runs" in out.out
    assert main(["history"]) == OK
    assert capsys.readouterr().err == ""


def test_people_of_one_machine(home: Path, capsys) -> None:
    first = told(capsys, "trainee")
    assert first.startswith("* ")
    assert "anonymous" in first
    text = told(capsys, "trainee", "--new", "Ann")
    assert [line[0] for line in sorted(text.splitlines(), key=lambda x: "Ann" in x)] == [" ", "*"]
    assert "already called so" in refused(capsys, "trainee", "--new", "ann")
    other = first.split()[1]
    assert f"* {other}" in told(capsys, "trainee", "--use", other)
    assert f"* {other}  Bob, 0 runs" in told(capsys, "trainee", "--name", "Bob")


# -- which runs are kept --------------------------------------------------------------------------

PLAY = ["run", "l1-wedge", "--operator", "hands-off"]


def kept(home: Path) -> list[Any]:
    with History(home) as history:
        assert history.notices == ()
        return list(history.runs())


def test_a_run_is_kept_with_its_recording(home: Path, capsys) -> None:
    told(capsys, *PLAY, "--seed", "4")
    (run,) = kept(home)
    assert (run.case, run.seed, run.operator, run.trainee) == ("l1-wedge", 4, "hands-off", "")
    assert run.status == "finished"
    assert "hash" in told(capsys, "replay", str(home / run.recording), "--verify")


def test_a_recording_that_was_asked_for_is_kept_as_well(home: Path, tmp_path, capsys) -> None:
    file = tmp_path / "own.simrec"
    told(capsys, *PLAY, "--record", str(file))
    (run,) = kept(home)
    assert (home / run.recording).read_bytes() == file.read_bytes()


@pytest.mark.slow
def test_what_is_not_practice_is_not_kept(home: Path, monkeypatch, capsys) -> None:
    told(capsys, *PLAY, "--no-history")
    told(capsys, *PLAY[:2], "--operator", "hands-off", "--seeds", "1-2")
    monkeypatch.setenv("KYPHOSIM_HISTORY", "off")
    told(capsys, *PLAY)
    assert not (home / "recordings").exists()


def test_a_run_that_could_not_begin_is_not_kept(home: Path, capsys) -> None:
    refused(capsys, "run", "l1-wedge", "--operator", "exprt")
    assert kept(home) == []


def test_a_history_that_cannot_be_written_stops_no_run(home: Path, capsys) -> None:
    home.write_text("a file where the folder should be")
    assert main(PLAY) == OK
    out = capsys.readouterr()
    assert "Not kept in the history: " in out.err
    assert "hands-off: not passed" in out.out
