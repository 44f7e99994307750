"""Runs killed at random moments: whole in the history, and gone on with from their recording."""

from __future__ import annotations

import gzip
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from simulator import rng
from simulator.engine import recording, runner
from simulator.engine.resume import brought_back
from simulator.errors import RecordingError
from simulator.records.history import History
from simulator.records.runs import Status, now, run_of
from simulator.world.action import IDLE
from simulator.world.case import Case

ROOT = Path(__file__).resolve().parents[2]
KILLS = 50

_NURSERY = """
import os, sys, time, uuid
from pathlib import Path
from simulator.engine.recorder import Entry
from simulator.engine.session import Session
from simulator.records.history import History
from simulator.records.runs import now
from simulator.scenario.load import load_case
from tests.engine.test_resume import ASKED

folder, case = Path(sys.argv[1]), load_case("l1-wedge", 1)
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        path = folder / "recordings" / f"{int(line)}.simrec"
        path.parent.mkdir(parents=True, exist_ok=True)
        entry = Entry(uuid.uuid4().hex, "", now)
        session = Session(case, "test", path, scenario="l1-wedge.toml", entry=entry)
        for action in ASKED * 2:
            session.advance(action)
            time.sleep(0.002)  # a person is slower, and would be met in mid run
        session.close()
        with History(folder) as history:
            history.enter(path)
        os._exit(0)
    print(child, flush=True)
    os.waitpid(child, 0)
    print("gone", flush=True)
"""


def sure_tick(path: Path) -> int:
    """Return the last moment whose state a recording tells, in whole lines."""
    lines = path.read_bytes().split(b"\n")[:-1]
    return max((json.loads(x)["t"] for x in lines if x.startswith(b'{"k":"hash"')), default=0)


def gone_on_with(case: Case, path: Path) -> None:
    """Bring a broken run back, let it go on for a second and end; it replays bit for bit."""
    sure = sure_tick(path)
    session = brought_back(path, now)
    assert session.state.tick == sure
    for _ in range(60):
        session.advance(IDLE)
    session.close()
    again = runner.replay(case, recording.read(path), verify=True)
    assert again.state_hash == session.state_hash()
    assert again.state.tick == sure + 60


def kill_at(nursery: subprocess.Popen[str], path: Path, size: int, wait_s: float) -> None:
    """Begin a run and kill it so long after its recording has grown to `size` bytes."""
    assert nursery.stdin is not None
    assert nursery.stdout is not None
    nursery.stdin.write(f"{path.stem}\n")
    nursery.stdin.flush()
    child = int(nursery.stdout.readline())
    for _ in range(60_000):
        grown = path.stat().st_size if path.exists() else 0
        if grown >= size or (grown and path.read_bytes()[:1] != b"{"):  # packed: it has ended
            break
        time.sleep(0.001)
    time.sleep(wait_s)
    os.kill(child, signal.SIGKILL)
    assert nursery.stdout.readline() == "gone\n"


def after_the_kill(case: Case, folder: Path, path: Path) -> str:
    """Check what is left of one run, and return what it was."""
    with History(folder) as history:
        assert not [n for n in history.notices if "set aside" in n]
        runs = {run.recording: run for run in history.runs()}
    with closing(sqlite3.connect(folder / "history.sqlite")) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    name = f"recordings/{path.name}"
    try:
        read = run_of(path)
    except (RecordingError, FileNotFoundError):
        assert name not in runs
        return "not begun"
    assert runs[name].shared() == read.shared()
    if recording.read(path).end is not None:
        return "ended"
    assert read.status is Status.UNFINISHED
    gone_on_with(case, path)
    return "gone on with"


@pytest.mark.long  # half a minute of CPU
@pytest.mark.skipif(os.name == "nt", reason="kill -9 and fork belong to POSIX")
def test_runs_killed_at_fifty_random_moments(case: Case, tmp_path: Path) -> None:
    nursery = subprocess.Popen(
        [sys.executable, "-c", _NURSERY, str(tmp_path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert nursery.stdin is not None
    ends: Counter[str] = Counter()
    with nursery:
        first = tmp_path / "recordings" / "0.simrec"
        kill_at(nursery, first, 10**9, 0.0)
        whole = gzip.decompress(first.read_bytes())
        # From the first line to the last action; the report behind it is as long as both.
        head, size = whole.index(b"\n"), whole.rindex(b'\n{"k":"end"')
        draws = rng.stream(0, "kill -9").random((KILLS, 2))
        for number, (share, late) in enumerate(draws.tolist(), 1):
            path = first.with_name(f"{number}.simrec")
            kill_at(nursery, path, round(head + share * (size - head)), 0.02 * late)
            ends[after_the_kill(case, tmp_path, path)] += 1
        nursery.stdin.close()
    # Some fall into a run's first or last moment.
    assert ends.total() == KILLS
    assert ends["gone on with"] > KILLS // 2, ends
