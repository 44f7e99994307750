"""A run that was saved or killed goes on as if nothing had happened."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simulator import rng
from simulator.engine import recording, runner
from simulator.engine.recorder import Entry
from simulator.engine.recording import Practice
from simulator.engine.resume import brought_back, seen_again
from simulator.engine.session import Session
from simulator.errors import RecordingError
from simulator.frames import Side
from simulator.world.action import IDLE, Action, Do
from simulator.world.case import Case

ENTRY = Entry("0" * 32, "1" * 32, lambda: "2026-01-01T00:00:00.000+00:00")
ASKED = (
    [Action(beam=True, pulses_per_s=15.0)] * 70
    + [Action(orbit_deg_s=10.0)] * 40
    + [Action(do=Do.TIME_OUT), Action(do=Do.LOCAL), Action(wait_s=2.5), Action(do=Do.PLACE_NEEDLE)]
    + [Action(push_n=9.0)] * 60
    + [Action(medial_deg_s=3.0, side=Side.LEFT, beam=True)] * 60
)


def later() -> str:
    return "2026-01-02T00:00:00.000+00:00"


def begun(case: Case, path: Path) -> Session:
    return Session(case, "test", path, scenario="l1-wedge.toml", entry=ENTRY)


def play(session: Session) -> Session:
    """Ask for what is not asked yet; the wait counts as one."""
    at = 0
    tick = 0
    for action in ASKED:
        if tick >= session.state.tick:
            break
        tick += round(action.wait_s * 60) or 1
        at += 1
    for action in ASKED[at:]:
        session.advance(action)
    return session


@pytest.fixture(scope="module")
def whole(case: Case, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, bytes]:
    """The state hash of a run without a break, and what a kill before its end leaves."""
    path = tmp_path_factory.mktemp("whole") / "w.simrec"
    session = play(begun(case, path))
    left = path.read_bytes()
    session.close()
    return session.state_hash(), left


def test_a_saved_run_goes_on_and_ends_like_one_without_a_break(
    case: Case, tmp_path: Path, whole: tuple[str, bytes]
) -> None:
    path = tmp_path / "s.simrec"
    first = begun(case, path)
    for action in ASKED[:95]:
        first.advance(action)
    first.suspend()
    second = brought_back(path, later)
    assert second.state.tick == 95
    assert second.state_hash() == first.state_hash()
    assert [c.text for c in second.captions] == [c.text for c in first.captions]
    assert len(second.trace) == len(first.trace)
    play(second)
    assert second.state_hash() == whole[0]
    second.close()
    read = recording.read(path)
    assert runner.replay(case, read, verify=True).state_hash == whole[0]
    assert (read.head["run"], read.head["trainee"]) == (ENTRY.run, ENTRY.trainee)
    assert read.end is not None
    assert read.end["ended"] == later()


def test_a_killed_run_goes_on_from_its_last_second(
    case: Case, tmp_path: Path, whole: tuple[str, bytes]
) -> None:
    """Cut anywhere, nothing but the last second is lost, and the run ends as it would have."""
    end_hash, left = whole
    head = left.index(b"\n") + 1
    cuts = rng.stream(0, "kill").integers(head, len(left), 3)
    for n, cut in enumerate(sorted({head, len(left), *cuts.tolist()})):
        path = tmp_path / f"{n}.simrec"
        path.write_bytes(left[:cut])
        whole_lines = left[:cut].split(b"\n")[:-1]
        sure = [json.loads(x)["t"] for x in whole_lines if x.startswith(b'{"k":"hash"')]
        session = brought_back(path, later)
        assert session.state.tick == max(sure, default=0)
        play(session)
        assert session.state_hash() == end_hash
        session.close()
        assert runner.replay(case, recording.read(path), verify=True).state_hash == end_hash


def test_a_run_is_brought_back_once(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "s.simrec"
    session = begun(case, path)
    for _ in range(70):
        session.advance(IDLE)
    with pytest.raises(RecordingError, match="open in another window"):
        brought_back(path, later)
    before = path.read_bytes()
    with pytest.raises(RecordingError, match="open in another window"):
        begun(case, path)
    assert path.read_bytes() == before
    session.suspend()
    brought_back(path, later).suspend()


def test_an_ended_run_is_not_gone_on_with(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "e.simrec"
    session = begun(case, path)
    session.advance(IDLE)
    session.close()
    with pytest.raises(RecordingError, match="came to its end"):
        brought_back(path, later)


def test_another_program_does_not_go_on_with_it(tmp_path: Path, whole: tuple[str, bytes]) -> None:
    lines = whole[1].split(b"\n")
    at = next(i for i, line in enumerate(lines) if line.startswith(b'{"k":"hash"'))
    told = json.loads(lines[at])
    told["h"]["c_arm"] = "0" * 12
    lines[at] = json.dumps(told, separators=(",", ":")).encode()
    path = tmp_path / "other.simrec"
    path.write_bytes(b"\n".join(lines))
    with pytest.raises(RecordingError, match="this version of the program"):
        brought_back(path, later)
    assert path.read_bytes() == b"\n".join(lines)


def test_practice_is_recorded_with_its_past_and_replays_by_itself(
    case: Case, tmp_path: Path
) -> None:
    first = begun(case, tmp_path / "first.simrec")
    for action in ASKED:
        first.advance(action)
    first.close()
    start = first.walk(300)
    assert start is not None
    practice = first.forked(start, "human")
    path = tmp_path / "practice.simrec"
    entry = Entry("2" * 32, "1" * 12, later, practice.practice)
    practice.record(path, source="", scenario="l1-wedge.toml", entry=entry)
    for action in [Action(orbit_deg_s=-6.0)] * 70:
        practice.advance(action)
    left = path.read_bytes()
    practice.close()
    read = recording.read(path)
    assert recording.practice_in(read) == Practice(300, ENTRY.run)
    end = runner.replay(case, read, verify=True)
    assert (end.state_hash, end.checked) == (practice.state_hash(), 3)
    again = seen_again(read)
    assert (again.practice, again.run) == (practice.practice, entry.run)
    assert again.state_hash() == practice.state_hash()
    assert [c.text for c in again.captions] == [c.text for c in practice.captions]
    led = [row for row in recording.read(tmp_path / "first.simrec").events if row["t"] <= 300]
    assert [row for row in read.events if row["t"] <= 300] == led != []
    # Killed: it goes on as what it was.
    path.write_bytes(left)
    back = brought_back(path, later)
    assert back.practice == practice.practice
    back.close()
    assert recording.practice_in(recording.read(path)) == practice.practice


def test_a_run_is_seen_again_as_it_ended(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "w.simrec"
    session = play(begun(case, path))
    session.close()
    before, told = path.read_bytes(), list[tuple[str, float]]()
    again = seen_again(recording.read(path), lambda words, share: told.append((words, share)))
    assert again.state_hash() == session.state_hash()
    assert (again.trace, again.captions) == (session.trace, session.captions)
    assert (again.tape.stretches(), again.run) == (session.tape.stretches(), ENTRY.run)
    assert again.practice is None
    assert again.recording is None
    assert path.read_bytes() == before
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert shares[-1] <= 1.0


def test_a_run_that_this_version_plays_differently_is_not_shown(
    tmp_path: Path, whole: tuple[str, bytes]
) -> None:
    path = tmp_path / "other.simrec"
    path.write_bytes(whole[1].replace(b'"tick":"', b'"tick":"0', 1))
    with pytest.raises(RecordingError, match="after 1 s; it cannot be shown again"):
        seen_again(recording.read(path))


def test_a_case_that_is_nowhere_else_is_taken_out_of_the_recording(
    case: Case, tmp_path: Path
) -> None:
    from simulator.scenario.load import find_case, load_case

    text = find_case("l1-wedge").read_text(encoding="utf-8").split("[[test]]")[0]
    mine = tmp_path / "mine.toml"
    mine.write_text(text.replace("l1-wedge", "mine", 1), encoding="utf-8")
    own = load_case(mine)
    source = mine.read_text(encoding="utf-8")
    path = tmp_path / "elsewhere" / "m.simrec"
    session = Session(own, "test", path, source=source, scenario=mine.name)
    session.advance(IDLE)
    session.suspend()
    mine.unlink()
    back = brought_back(path, later)
    assert back.case.id == "mine"
    back.suspend()
