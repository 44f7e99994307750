"""The history's SQLite file: opened, checked, brought up to date, set aside when damaged.

The file is an index: every run in it was read from a recording, so a lost index is built again.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from simulator.errors import RecordingError

APPLICATION = 0x4B595048
"""Marks the file as ours: "KYPH"."""

_WAIT_S = 10.0
"""Another process of the program writes for milliseconds; so long is a fault."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE run (
            id TEXT PRIMARY KEY, "case" TEXT NOT NULL, case_sha256 TEXT NOT NULL,
            title TEXT NOT NULL, procedure TEXT NOT NULL, seed INTEGER NOT NULL,
            trainee TEXT NOT NULL, operator TEXT NOT NULL,
            started TEXT NOT NULL, ended TEXT NOT NULL,
            status TEXT NOT NULL CHECK (status IN ('finished', 'left', 'unfinished')),
            phase TEXT NOT NULL, ticks INTEGER NOT NULL,
            total REAL, passed INTEGER NOT NULL CHECK (passed IN (0, 1)),
            recording_sha256 TEXT NOT NULL, recording TEXT NOT NULL,
            recording_bytes INTEGER NOT NULL
        ) STRICT""",
        """CREATE TABLE domain (
            run TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE, place INTEGER NOT NULL,
            name TEXT NOT NULL, score REAL NOT NULL, max REAL NOT NULL, PRIMARY KEY (run, place)
        ) STRICT""",
        """CREATE TABLE critical (
            run TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE, place INTEGER NOT NULL,
            id TEXT NOT NULL, t_s REAL NOT NULL, PRIMARY KEY (run, place)
        ) STRICT""",
        """CREATE TABLE metric (
            run TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE, place INTEGER NOT NULL,
            name TEXT NOT NULL, value ANY, unit TEXT NOT NULL, PRIMARY KEY (run, place)
        ) STRICT""",
        "CREATE INDEX run_by_time ON run (started, id)",
    ),
    # Until then no practice was kept: every run that stands there is one from its beginning.
    (
        """ALTER TABLE run ADD COLUMN kind TEXT NOT NULL DEFAULT 'run'
            CHECK (kind IN ('run', 'practice'))""",
        """ALTER TABLE run ADD COLUMN practice_tick INTEGER
            CHECK ((kind = 'practice') = (practice_tick IS NOT NULL))""",
        "ALTER TABLE run ADD COLUMN practice_of TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE run ADD COLUMN practice_phase TEXT NOT NULL DEFAULT ''",
    ),
)
"""The statements that lead from version n to version n + 1 (`PRAGMA user_version`)."""


def open_database(
    path: Path, stamp: str, migrations: Sequence[Sequence[str]] = MIGRATIONS
) -> tuple[sqlite3.Connection, str]:
    """Open `path` or make it; return the connection and a sentence if a file was set aside.

    Args:
        path: The database.
        stamp: Goes into the name of a damaged file that is set aside.
        migrations: Statements per version.

    Raises:
        RecordingError: The place cannot be written, or the file was made by a newer version.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return _ready(path, migrations), ""
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            kept = _set_aside(path, stamp)
        word = f"{path}: damaged, set aside as {kept.name}; a new history was begun"
        return _ready(path, migrations), word
    except sqlite3.Error as error:
        raise RecordingError(f"{path}: the history cannot be used ({error})") from error
    except OSError as error:
        raise RecordingError(f"{path}: cannot be written ({error.strerror})") from error


def _ready(path: Path, migrations: Sequence[Sequence[str]]) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None)
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        _check(connection, path, len(migrations))
        # WAL: readers never wait. After a kill a transaction is there or not; after a loss of
        # power the last ones may be missing, and the recordings bring them back.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        _migrate(connection, migrations)
    except BaseException:
        connection.close()
        raise
    return connection


def _check(connection: sqlite3.Connection, path: Path, newest: int) -> None:
    version = _pragma(connection, "user_version")
    application = _pragma(connection, "application_id")
    empty = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
    if application != APPLICATION and not (application == 0 and empty):
        raise sqlite3.DatabaseError("not a history")
    if version > newest:
        raise RecordingError(
            f"{path}: history of version {version}, this program reads up to {newest}; "
            "use the newer program, or move the file away"
        )
    found = [row[0] for row in connection.execute("PRAGMA integrity_check")]
    if found != ["ok"] or connection.execute("PRAGMA foreign_key_check").fetchone():
        raise sqlite3.DatabaseError("integrity check failed")


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _migrate(connection: sqlite3.Connection, migrations: Sequence[Sequence[str]]) -> None:
    """Bring the tables up to date; all steps happen or none."""
    if _pragma(connection, "user_version") == len(migrations):
        return
    with transaction(connection):
        # Another process may have been quicker.
        for version in range(_pragma(connection, "user_version"), len(migrations)):
            for statement in migrations[version]:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {len(migrations)}")


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Do everything inside or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _set_aside(path: Path, stamp: str) -> Path:
    """Move a damaged file and what belongs to it out of the way, under a name not yet used."""
    n = 0
    while (
        kept := path.with_name(f"{path.stem}-damaged-{stamp}{f'-{n}' * (n > 0)}.sqlite")
    ).exists():
        n += 1
    # The file itself last: a log left beside a new file would be taken for the new one's.
    for suffix in ("-wal", "-shm", ""):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.replace(kept.with_name(kept.name + suffix))
    return kept
