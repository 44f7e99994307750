"""The file of the index: damaged, older, newer, shared, or in a place that cannot be written."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from simulator.errors import RecordingError
from simulator.records import database
from simulator.records.history import History, begin
from simulator.records.runs import Kind
from tests.records.made import ANN, TAKEN, recording


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
