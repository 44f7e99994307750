"""Recordings: replay equals run, a torn line is tolerated, a lie is named."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.engine import recording, runner
from simulator.engine.recording import action_from_json, action_to_json
from simulator.engine.session import Session
from simulator.errors import RecordingError
from simulator.frames import Side
from simulator.world.action import Action, Do
from simulator.world.arm import Curve, Stand
from simulator.world.case import Case


def small_run(case: Case, path: Path, *, close: bool = True) -> Session:
    session = Session(case, "test", path)
    asked = [
        Action(beam=True, pulses_per_s=15.0),
        Action(orbit_deg_s=10.0),
        Action(do=Do.TIME_OUT),
        Action(do=Do.LOCAL),
        Action(wait_s=2.5),
        Action(do=Do.PLACE_NEEDLE),
        Action(push_n=9.0),
        Action(medial_deg_s=3.0, side=Side.LEFT),
    ]
    for action in asked:
        for _ in range(1 if action.do or action.wait_s else 50):
            session.advance(action)
    if close:
        session.close()
    return session


def test_replay_equals_run(case: Case, tmp_path: Path) -> None:
    session = small_run(case, tmp_path / "a.simrec")
    read = recording.read(tmp_path / "a.simrec")
    end = runner.replay(case, read, verify=True)
    assert end.state_hash == session.state_hash()
    assert end.checked >= 4
    assert not end.torn


def test_the_whole_kyphoplasty_replays(
    case: Case, expert_run: runner.Outcome, expert_recording: Path
) -> None:
    end = runner.replay(case, recording.read(expert_recording), verify=True)
    assert end.state_hash == expert_run.state_hash
    assert end.report.metrics == expert_run.report.metrics


def test_a_killed_run_verifies_up_to_its_end(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "k.simrec"
    session = small_run(case, path, close=False)
    text = path.read_text()  # what the killed program had flushed
    session.close()
    killed = tmp_path / "killed.simrec"
    killed.write_text(text + '{"k":"act","t":99')
    read = recording.read(killed)
    assert read.torn
    end = runner.replay(case, read, verify=True)
    assert end.checked >= 3


def test_a_divergence_names_time_and_part(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "a.simrec"
    small_run(case, path)
    lines = gzip.decompress(path.read_bytes()).decode().split("\n")
    at = next(i for i, line in enumerate(lines) if '"push_n":9.0' in line)
    lines[at] = lines[at].replace(":9.0", ":9.5")
    forged = tmp_path / "forged.simrec"
    forged.write_text("\n".join(lines))
    with pytest.raises(RecordingError, match=r"diverged at tick \d+ \(.* s\): "):
        runner.replay(case, recording.read(forged), verify=True)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no head line"),
        (b"hello\nworld\n", "not a line of a recording"),
        (b'{"k":"act"}\n', "no head line"),
        (b'{"k":"head","format":99}\n', "format 99"),
        (b"\x1f\x8b\x08\x00broken", "damaged"),
    ],
    ids=["empty", "text", "headless", "newer", "gzip"],
)
def test_a_broken_recording_is_told_in_one_line(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "b.simrec"
    path.write_bytes(content)
    with pytest.raises(RecordingError) as caught:
        recording.read(path)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_recording_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="no such file"):
        recording.read(tmp_path / "none.simrec")


@given(
    push=st.floats(-200, 200),
    beam=st.booleans(),
    side=st.sampled_from(list(Side)),
    do=st.sampled_from(list(Do)),
    tap=st.integers(0, 3),
    wait=st.floats(0, 1e4),
    curve=st.sampled_from([None, *Curve]),
    stand=st.sampled_from([None, *Stand]),
    grid=st.sampled_from([None, True, False]),
    plane=st.integers(0, 1),
)
def test_actions_survive_json(push, beam, side, do, tap, wait, curve, stand, grid, plane) -> None:
    action = Action(
        push_n=push, beam=beam, side=side, do=do, tap=tap, wait_s=wait,
        curve=curve, stand=stand, grid_in=grid, plane=plane,
    )  # fmt: skip
    assert action_from_json(action_to_json(action)) == action
