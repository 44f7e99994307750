"""The history: what a recording says is what stands there, whatever happens to the program."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from simulator.engine.recorder import Entry
from simulator.engine.recording import Practice
from simulator.engine.session import Session
from simulator.errors import RecordingError, UsageError
from simulator.records import database
from simulator.records.history import History, begin
from simulator.records.learning import learn
from simulator.records.runs import Kind, Status, now, run_of
from simulator.records.trainees import Trainee, Trainees
from simulator.world.action import Action, Do
from simulator.world.case import Case
from tests.records.made import ANN, BOB, recording, report

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[History]:
    """An empty history in `tmp_path`."""
    with History(tmp_path) as history:
        yield history


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


# -- the file -------------------------------------------------------------------------------------


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def _scribbled(path: Path) -> None:
    data = bytearray(path.read_bytes())
    for at in range(4096, len(data), 512):
        data[at : at + 64] = b"\xff" * 64
    path.write_bytes(bytes(data))


def _foreign(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE recipes (name TEXT)")
        db.commit()


def _orphaned(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("DELETE FROM run")
        db.commit()


@pytest.mark.parametrize(
    "damage", [_cut, _scribbled, _foreign, _orphaned, lambda p: p.write_text("hello" * 99)],
    ids=["cut", "scribbled", "foreign", "orphaned", "text"],
)  # fmt: skip
def test_a_damaged_index_is_set_aside_and_built_again(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    for n in range(40):
        recording(tmp_path, n)
    with History(tmp_path) as history:
        before = history.runs()
    path = tmp_path / "history.sqlite"
    damage(path)
    broken = path.read_bytes()
    with History(tmp_path) as history:
        assert history.runs() == before
        (notice,) = history.notices
    (aside,) = tmp_path.glob("history-damaged-*.sqlite")
    assert aside.read_bytes() == broken
    assert aside.name in notice
    with History(tmp_path) as history:
        assert history.notices == ()


def test_a_newer_index_is_refused_and_left_alone(tmp_path: Path) -> None:
    History(tmp_path).close()
    path = tmp_path / "history.sqlite"
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(RecordingError, match="version 99, this program reads up to 2"):
        History(tmp_path)
    assert path.exists()
    assert not list(tmp_path.glob("*damaged*"))


def test_a_migration_keeps_the_rows_and_a_failing_one_changes_nothing(tmp_path: Path) -> None:
    recording(tmp_path, 1)
    History(tmp_path).close()
    path = tmp_path / "history.sqlite"
    bad = (*database.MIGRATIONS, ("ALTER TABLE run ADD COLUMN mood TEXT", "NOT SQL"))
    with pytest.raises(RecordingError, match="syntax error"):
        database.open_database(path, "x", bad)
    good = (*database.MIGRATIONS, ("ALTER TABLE run ADD COLUMN mood TEXT",))
    connection, word = database.open_database(path, "x", good)
    with closing(connection) as db:
        assert word == ""
        assert db.execute("SELECT count(*), max(mood) FROM run").fetchone() == (1, None)
        assert db.execute("PRAGMA user_version").fetchone() == (len(good),)


def _copied(source: Path, target: Path) -> None:
    """Write the rows of an index into one of the first version, without what it did not have."""
    old, _ = database.open_database(target, "x", database.MIGRATIONS[:1])
    with closing(old) as db, closing(sqlite3.connect(source)) as new:
        for table in ("run", "domain", "critical", "metric"):
            columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
            names = ", ".join(f'"{name}"' for name in columns)
            marks = ", ".join("?" * len(columns))
            rows = new.execute(f"SELECT {names} FROM {table}").fetchall()
            db.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)


def test_an_index_of_the_first_version_is_upgraded_and_nothing_is_lost(tmp_path: Path) -> None:
    """No recording lies beside it: what stands there afterwards comes from its own rows."""
    for number, asked in enumerate(
        ({}, {"ended": False}, {"over": False}, {"critical": ("canal_breach",), "total": 61.25}), 1
    ):
        recording(tmp_path / "new", number, **asked)
    with History(tmp_path / "new") as history:
        before = history.runs()
    (tmp_path / "old").mkdir()
    _copied(tmp_path / "new" / "history.sqlite", tmp_path / "old" / "history.sqlite")
    with History(tmp_path / "old") as history:
        assert history.notices == ()
        assert history.runs() == before
        assert len(before) == 4
        history.enter(recording(tmp_path / "old", 9, practice=TAKEN))
        assert [run.kind for run in history.runs()] == [*[Kind.RUN] * 4, Kind.PRACTICE]
    assert not list((tmp_path / "old").glob("*damaged*"))


TAKEN = {"tick": 1200, "of": f"{1:032x}", "phase": "tamp"}


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


def test_the_index_is_written_ahead(kept: History, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "history.sqlite")) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_many_open_and_enter_at_once(tmp_path: Path) -> None:
    def one(number: int) -> None:
        with History(tmp_path) as history:
            history.enter(paths[number])

    # The files are there first: whoever opens finds them all, and enters one of them again.
    paths = [recording(tmp_path, number) for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(8)))
    with History(tmp_path) as history:
        assert [int(run.id, 16) for run in history.runs()] == list(range(8))
        assert history.notices == ()


def test_a_place_that_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "wall").write_text("")
    with pytest.raises(RecordingError, match="cannot be"):
        History(tmp_path / "wall" / "data")
    monkeypatch.setenv("KYPHOSIM_HOME", str(tmp_path / "wall"))
    with pytest.raises(RecordingError, match="cannot be written"):
        begin("l1-wedge", ANN)


# -- kill -9 --------------------------------------------------------------------------------------

_NURSERY = """
import os, signal, sys, time
from pathlib import Path
from simulator.records.history import History
from tests.records.made import recording

folder, runs = Path(sys.argv[1]), 400
for line in sys.stdin:
    first, wait_s = int(line.split()[0]), float(line.split()[1])
    child = os.fork()
    if child == 0:
        with History(folder) as history:
            for n in range(first, first + runs):
                history.enter(recording(folder, n, critical=("canal_breach",)))
        os._exit(0)
    time.sleep(wait_s)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    print("killed", flush=True)
"""


def _killed_and_whole(folder: Path, moments: int) -> int:
    """Kill a process that enters runs at many moments; return how many runs were entered."""
    nursery = subprocess.Popen(
        [sys.executable, "-c", _NURSERY, str(folder)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert nursery.stdin is not None
    assert nursery.stdout is not None
    entered = 0
    with nursery:
        for moment in range(moments):
            # From before the database is opened to some way into the writing, never twice alike.
            wait_s = 0.002 + 0.12 * (moment * 0.381966 % 1.0)
            nursery.stdin.write(f"{1000 * moment} {wait_s}\n")
            nursery.stdin.flush()
            assert nursery.stdout.readline() == "killed\n"
            path = folder / "history.sqlite"
            if path.exists():
                with closing(sqlite3.connect(path)) as db:
                    assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
                    assert db.execute("PRAGMA foreign_key_check").fetchall() == []
                    tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
                    if tables:
                        _whole_or_none(db)
            with History(folder) as history:
                assert not [n for n in history.notices if "set aside" in n]
                runs = {run.recording: run for run in history.runs()}
                for file in (folder / "recordings").glob("*.simrec"):
                    try:
                        read = run_of(file)
                    except RecordingError:
                        continue  # its writer was killed; it was never a whole file
                    assert runs[f"recordings/{file.name}"].shared() == read.shared()
            entered = len(runs)
            shutil.rmtree(folder / "recordings", ignore_errors=True)
        nursery.stdin.close()
    return entered


def _whole_or_none(db: sqlite3.Connection) -> None:
    """Every run has all its parts, and no part is without its run."""
    counts = "SELECT (SELECT count(*) FROM {t} WHERE run = run.id) FROM run"
    for table, parts in (("domain", 8), ("critical", 1), ("metric", 7)):
        found = {row[0] for row in db.execute(counts.format(t=table))}
        assert found <= {parts}, table


@pytest.mark.skipif(os.name == "nt", reason="kill -9 and fork belong to POSIX")
def test_a_killed_process_leaves_whole_runs_or_none(tmp_path: Path) -> None:
    assert _killed_and_whole(tmp_path, 6) > 0


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="kill -9 and fork belong to POSIX")
def test_a_process_killed_at_fifty_moments_leaves_whole_runs_or_none(tmp_path: Path) -> None:
    assert _killed_and_whole(tmp_path, 50) > 50


@pytest.mark.slow
def test_a_killed_run_of_the_program_is_entered_as_unfinished(tmp_path: Path) -> None:
    own = os.environ | {"KYPHOSIM_HOME": str(tmp_path), "KYPHOSIM_HISTORY": "on"}
    # The patient is built once, by a run that ends.
    words = [sys.executable, "run_sim.py", "run", "l1-wedge", "--operator"]
    subprocess.run([*words, "hands-off"], cwd=ROOT, env=own, check=True, capture_output=True)
    process = subprocess.Popen([*words, "expert"], cwd=ROOT, env=own, stdout=subprocess.DEVNULL)
    files = tmp_path / "data" / "recordings"
    for _ in range(600):
        time.sleep(0.1)
        live = [p for p in files.glob("*.simrec") if p.read_bytes()[:1] == b"{"]
        if live and live[0].stat().st_size > 20_000:
            break
    process.kill()
    process.wait()
    with History(tmp_path / "data") as history:
        first, killed = history.runs()
    assert first.status is Status.FINISHED
    assert (killed.status, killed.operator, killed.trainee) == (Status.UNFINISHED, "expert", "")
    assert killed.ticks > 60


# -- people ---------------------------------------------------------------------------------------


def test_the_first_person_is_anonymous_and_stays_the_same(tmp_path: Path) -> None:
    first = Trainees(tmp_path).current()
    assert first.name == ""
    assert Trainees(tmp_path).current() == first
    assert Trainees(tmp_path / "other").current().id != first.id


def test_people_are_named_chosen_and_found(tmp_path: Path) -> None:
    people = Trainees(tmp_path)
    one = people.current()
    two = people.begin("Ann")
    assert Trainees(tmp_path).current() == two
    people.use(one)
    assert people.rename("Zoë").id == one.id
    assert people.find("zoë").id == people.find(one.id[:4]).id == one.id
    with pytest.raises(UsageError, match=r"got 'Anne'; allowed: .*did you mean 'Ann'"):
        people.find("Anne")
    with pytest.raises(UsageError, match="already called so"):
        people.rename("ANN")
    assert people.rename("").name == ""


@pytest.mark.parametrize("name", [" ", "x" * 61, "a\nb", "=cmd", "\x1b[31m"])
def test_a_name_that_cannot_be_one_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="a name has 1 to 60"):
        Trainees(tmp_path).begin(name)


def test_a_damaged_list_of_people_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / "trainees.json").write_text('{"current"')
    assert Trainees(tmp_path).current().name == ""
    assert (tmp_path / "trainees.damaged.json").read_text() == '{"current"'
