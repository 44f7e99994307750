"""A process that is killed leaves whole runs in the index, or none."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from simulator.errors import RecordingError
from simulator.records.history import History
from simulator.records.runs import Status, run_of

ROOT = Path(__file__).resolve().parents[2]


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
