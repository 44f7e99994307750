"""The history: what a recording says is what stands there."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from simulator.engine.recorder import Entry
from simulator.engine.recording import Practice
from simulator.engine.session import Session
from simulator.errors import RecordingError
from simulator.records.history import History
from simulator.records.learning import learn
from simulator.records.runs import Kind, Status, now, run_of
from simulator.records.trainees import Trainee
from simulator.world.action import Action, Do
from simulator.world.case import Case
from tests.records.made import ANN, BOB, TAKEN, recording, report


def test_a_run_stands_there_as_its_recording_tells_it(kept: History, tmp_path: Path) -> None:
    path = recording(tmp_path, 7, total=66.5, critical=("canal_breach", "blind_advance"))
    kept.enter(path)
    (run,) = kept.runs()
    told = report(66.5, ("canal_breach", "blind_advance"))
    assert (run.id, run.trainee, run.case, run.seed) == (f"{7:032x}", ANN, "l1-wedge", 1)
    assert (run.status, run.phase, run.ticks) == (Status.FINISHED, "local", 3600)
    assert (run.total, run.passed) == (66.5, False)
    assert {d.name: (d.score, d.max) for d in run.domains} == {
        name: (d["score"], d["max"]) for name, d in told["domains"].items()
    }
    assert [(c.id, c.t_s) for c in run.critical] == [
        ("canal_breach", 10.0), ("blind_advance", 601 / 60)
    ]  # fmt: skip
    metrics = dict(run.metrics)
    assert metrics == told["metrics"]
    assert {k: type(v) for k, v in metrics.items()} == {
        k: type(v) for k, v in told["metrics"].items()
    }
    assert run.recording == "recordings/run-7.simrec"
    assert run.started < run.ended


def test_a_played_run_is_entered_with_what_the_judge_said(
    case: Case, kept: History, tmp_path: Path
) -> None:
    path = tmp_path / "recordings" / "played.simrec"
    session = Session(case, "human", path, entry=Entry("d" * 32, ANN, now))
    session.advance(Action(do=Do.TIME_OUT))
    session.advance(Action(do=Do.ABORT))
    session.close()
    run = kept.enter(path)
    judged = session.report()
    assert kept.runs() == (run,)
    assert run.status is Status.FINISHED
    assert (run.case_sha256, run.total, run.title) == (case.sha256, judged.total, judged.title)
    assert dict(run.metrics) == dict(judged.metrics)
    assert run.phase == session.state.phase == "aborted"


def test_units_stand_in_the_rows(kept: History, tmp_path: Path) -> None:
    kept.enter(recording(tmp_path, 1))
    with closing(sqlite3.connect(tmp_path / "history.sqlite")) as db:
        rows = dict(db.execute("SELECT name, unit FROM metric"))
    assert rows["fluoro_s"] == "s"
    assert rows["looked_well"] == "yes/no"
    assert rows["exposures"] == ""


def test_a_broken_off_run_is_found_and_its_end_replaces_it(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "recordings" / "live.simrec"
    session = Session(case, "human", path, entry=Entry("e" * 32, ANN, now))
    for _ in range(200):
        session.advance(Action(beam=True, pulses_per_s=15.0))
    with History(tmp_path) as history:
        (run,) = history.runs()
    # The recorder flushes every simulated second: of 200 ticks the first 180 are safe.
    assert (run.status, run.total, run.ticks) == (Status.UNFINISHED, None, 180)
    assert not run.counts
    session.close()
    with History(tmp_path) as history:
        (run,) = history.runs()
    assert (run.status, run.ticks) == (Status.LEFT, 200)
    assert run.total is not None
    assert not run.counts


def test_leaving_does_not_undo_a_sentinel_error(kept: History, tmp_path: Path) -> None:
    left = kept.enter(recording(tmp_path, 1, over=False))
    fled = kept.enter(recording(tmp_path, 2, over=False, critical=("canal_breach",)))
    assert (left.counts, fled.counts) == (False, True)


def test_nothing_is_entered_twice(kept: History, tmp_path: Path) -> None:
    path = recording(tmp_path, 1)
    for _ in range(2):
        kept.enter(path)
    with History(tmp_path) as again:
        assert len(again.runs()) == 1
    shutil.copy(path, path.with_name("copy.simrec"))
    with History(tmp_path) as again:
        assert len(again.runs()) == 1


def test_runs_are_chosen_by_person_and_case(tmp_path: Path) -> None:
    recording(tmp_path, 3)
    recording(tmp_path, 1, trainee=BOB)
    recording(tmp_path, 2, case="l1-vertebroplasty")
    with History(tmp_path) as history:
        assert [int(r.id, 16) for r in history.runs()] == [1, 2, 3]
        assert [int(r.id, 16) for r in history.runs(ANN)] == [2, 3]
        assert [int(r.id, 16) for r in history.runs(ANN, "l1-wedge")] == [3]


def test_a_recording_of_an_older_version_belongs_to_who_practises_here(tmp_path: Path) -> None:
    path = recording(tmp_path, 1, ended=False)
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    for name in ("run", "trainee", "started"):
        del rows[0][name]
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n")
    with History(tmp_path) as history:
        (run,) = history.runs()
        assert run.trainee == history.trainees.current().id
    with History(tmp_path) as history:
        assert history.runs() == (run,)


@pytest.mark.parametrize(
    ("where", "key", "value"),
    [
        (0, "run", "../../etc/passwd"), (0, "trainee", "Ann"), (0, "started", "yesterday"),
        (0, "started", "2031-01-01T00:00:00.000+00:00"), (0, "seed", 10**30),
        (0, "operator", "\ud800"), (0, "operator", "expert"), (4, "t", "x"),
        (4, "report", {"total": 1}),
    ],
)  # fmt: skip
def test_a_recording_that_makes_no_sense_is_told_and_passed_over(
    tmp_path: Path, where: int, key: str, value: object
) -> None:
    recording(tmp_path, 2)
    path = recording(tmp_path, 1, ended=True)
    import gzip

    rows = [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
    rows[where][key] = value
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n")
    with History(tmp_path) as history:
        assert [int(run.id, 16) for run in history.runs()] == [2]
        assert len(history.notices) == 1
        assert "run-1.simrec" in history.notices[0]


def test_practice_is_kept_as_such_and_never_counts(kept: History, tmp_path: Path) -> None:
    kept.enter(recording(tmp_path, 1))
    one = kept.enter(recording(tmp_path, 2, practice=TAKEN, critical=("canal_breach",)))
    assert (one.kind, one.practice) == (Kind.PRACTICE, Practice(**TAKEN))
    assert not one.counts
    assert kept.runs()[1] == one
    assert [run.id for run in learn(kept.runs()).runs] == [f"{1:032x}"]
    with closing(sqlite3.connect(tmp_path / "history.sqlite")) as db:
        assert db.execute("SELECT kind FROM run ORDER BY started").fetchall() == [
            ("run",), ("practice",)
        ]  # fmt: skip
        with pytest.raises(sqlite3.IntegrityError):
            db.execute("UPDATE run SET kind = 'run'")
        with pytest.raises(sqlite3.IntegrityError):
            db.execute("UPDATE run SET kind = 'other'")


def test_practice_that_broke_off_is_not_offered_to_go_on_with(tmp_path: Path) -> None:
    with History(tmp_path) as history:
        history.trainees.use(Trainee(ANN))
        history.enter(recording(tmp_path, 1, ended=False))
        history.enter(recording(tmp_path, 2, ended=False, practice=TAKEN))
        assert [run.id for run in history.to_go_on()] == [f"{1:032x}"]


@pytest.mark.parametrize(
    "taken", [{"tick": -1}, {"tick": 99999}, {"of": "../x"}, {"tick": "soon"}, {"tick": None}]
)
def test_practice_that_makes_no_sense_is_refused(tmp_path: Path, taken: dict[str, Any]) -> None:
    path = recording(tmp_path, 1, practice=TAKEN | taken)
    with pytest.raises(RecordingError, match="practice"):
        run_of(path)
