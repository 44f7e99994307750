"""Merging: the laws of a join, the round trip, and what a file from elsewhere may not do."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.errors import RecordingError, UsageError
from simulator.procedure.metrics import METRICS
from simulator.records.history import History
from simulator.records.merge import merge, pack
from simulator.records.parcel import MANIFEST
from simulator.records.runs import better
from simulator.records.table import COLUMNS, csv_text
from tests.records.made import ANN, BOB, recording

ACCOUNTS: tuple[dict[str, Any], ...] = (
    {"ended": False, "ticks": 600},
    {"ended": False, "ticks": 1200},
    {"over": False, "ticks": 1800},
    {"over": True, "ticks": 3600},
    {"over": True, "ticks": 3600, "total": 91.0, "trainee": BOB},
)
"""What two machines may know of one run, from little to all (the last one is a lie of somebody)."""

MACHINE = st.dictionaries(st.integers(0, 5), st.sampled_from(range(len(ACCOUNTS))), max_size=5)


def machine(folder: Path, runs: dict[int, int]) -> Path:
    """Make a data folder with these accounts of these runs, and return its zip."""
    for number, account in runs.items():
        recording(folder, number, **ACCOUNTS[account])
    with History(folder) as history:
        path = folder / "runs.zip"
        path.write_bytes(pack(history, history.runs()).data)
    return path


def known(folder: Path) -> list[dict[str, Any]]:
    with History(folder) as history:
        assert history.notices == ()
        return [run.shared() for run in history.runs()]


def merged(folder: Path, *zips: Path) -> list[dict[str, Any]]:
    with History(folder) as history:
        for path in zips:
            merge(history, path)
    return known(folder)


@settings(max_examples=6)
@given(MACHINE, MACHINE, MACHINE)
def test_merging_is_a_join(
    tmp_path_factory: pytest.TempPathFactory,
    a: dict[int, int], b: dict[int, int], c: dict[int, int],
) -> None:  # fmt: skip
    root = tmp_path_factory.mktemp("machines")
    one, *others = joined(root, a, b, c)
    assert others == [one] * len(others)
    assert {int(run["id"], 16) for run in one} == {*a, *b, *c}
    assert read_again(root) == one


@pytest.mark.slow
@settings(max_examples=60)
@given(MACHINE, MACHINE, MACHINE)
def test_merging_many_machines_is_a_join(
    tmp_path_factory: pytest.TempPathFactory,
    a: dict[int, int], b: dict[int, int], c: dict[int, int],
) -> None:  # fmt: skip
    root = tmp_path_factory.mktemp("machines")
    one, *others = joined(root, a, b, c)
    assert others == [one] * len(others)
    assert {int(run["id"], 16) for run in one} == {*a, *b, *c}
    assert read_again(root) == one


def joined(root: Path, a: dict[int, int], b: dict[int, int], c: dict[int, int]) -> list[Any]:
    """Return the account of three machines: in order, turned about, with repeats, by a pair."""
    x, y, z = (machine(root / n, runs) for n, runs in (("a", a), ("b", b), ("c", c)))
    one = merged(root / "xyz", x, y, z)
    turned = merged(root / "zyx", z, y, x)
    again = merged(root / "again", x, x, y, z, y, x)
    with History(root / "xy") as history:
        merge(history, x)
        merge(history, y)
        pair = root / "pair.zip"
        pair.write_bytes(pack(history, history.runs()).data)
    return [one, turned, again, merged(root / "x(yz)", z, pair)]


def read_again(root: Path) -> Any:
    """Return the account once more, from the recordings that came along."""
    (root / "xyz" / "history.sqlite").unlink()
    return known(root / "xyz")


def test_the_account_that_tells_more_stays(tmp_path: Path) -> None:
    less, more = (machine(tmp_path / n, {1: i}) for n, i in (("a", 1), ("b", 3)))
    with History(tmp_path / "a") as history:
        assert merge(history, more).changed == 1
        assert merge(history, more).changed == 0
        assert merge(history, less).changed == 0
        (run,) = history.runs()
        assert (run.status, run.ticks) == ("finished", 3600)
        # It stands in the file that was there, so that the torn one is not found again.
        assert run.recording == "recordings/run-1.simrec"
        digest = hashlib.sha256((tmp_path / "a" / run.recording).read_bytes()).hexdigest()
        assert digest == run.recording_sha256
        assert better(run, run) == run


def test_export_and_import_return_the_same_bytes(tmp_path: Path) -> None:
    path = machine(tmp_path / "a", {1: 0, 2: 2, 3: 3})
    with History(tmp_path / "b") as history:
        merge(history, path)
        assert pack(history, history.runs()).data == path.read_bytes()


def test_names_travel_and_the_later_one_holds(tmp_path: Path) -> None:
    recording(tmp_path / "a", 1)
    for folder, when in (
        ("a", "2026-01-02T00:00:00.000+00:00"),
        ("b", "2026-01-01T00:00:00.000+00:00"),
    ):
        person = {"id": ANN, "name": f"Ann {folder}", "named": when}
        text = json.dumps({"current": ANN, "trainees": [person]})
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / "trainees.json").write_text(text)
    path = machine(tmp_path / "a", {})
    with History(tmp_path / "b") as history:
        merge(history, path)
        assert history.trainees.find("Ann a").id == ANN


def test_a_lost_recording_comes_back(tmp_path: Path) -> None:
    path = machine(tmp_path / "a", {1: 3})
    file = tmp_path / "a" / "recordings" / "run-1.simrec"
    data = file.read_bytes()
    file.unlink()
    with History(tmp_path / "a") as history:
        packed = pack(history, history.runs())
        assert packed.recordings == 0
        assert "not here any more" in packed.notices[0]
        merge(history, path)
    assert file.read_bytes() == data


def test_a_changed_recording_is_not_passed_on(tmp_path: Path) -> None:
    machine(tmp_path, {1: 3, 2: 3})
    file = tmp_path / "recordings" / "run-1.simrec"
    with History(tmp_path) as history:
        size = file.stat().st_size
        file.write_bytes(b"x" * size)
        packed = pack(history, history.runs())
    assert (packed.runs, packed.recordings) == (2, 1)
    assert "changed since it was entered" in packed.notices[0]


def test_one_recording_can_be_taken_in(tmp_path: Path) -> None:
    path = recording(tmp_path / "a", 1, ended=False)
    with History(tmp_path / "b") as history:
        assert merge(history, path).changed == 1
        assert history.runs()[0].recording == f"recordings/{1:032x}.simrec"
        assert merge(history, path).changed == 0


# -- files from elsewhere -------------------------------------------------------------------------

Files = dict[str, bytes]


def _manifest(files: Files, change: Callable[[dict[str, Any]], None]) -> Files:
    content = json.loads(files[MANIFEST])
    change(content)
    return files | {MANIFEST: json.dumps(content).encode()}


def _more_points(files: Files) -> Files:
    return _manifest(files, lambda m: m["runs"][0].update(total=99.0))


def _other_digest(files: Files) -> Files:
    return _manifest(files, lambda m: m["runs"][0].update(recording_sha256="0" * 64))


def _other_recording(files: Files) -> Files:
    name = f"recordings/{1:032x}.simrec"
    return files | {name: files[name] + b"\0"}


def _bomb(files: Files) -> Files:
    name = f"recordings/{1:032x}.simrec"
    data = gzip.compress(b"0" * (65 * 2**20))
    digest = hashlib.sha256(data).hexdigest()
    changed = _manifest(files, lambda m: m["runs"][0].update(recording_sha256=digest))
    return changed | {name: data}


def _no_list(files: Files) -> Files:
    return {name: data for name, data in files.items() if name != MANIFEST}


def _extra(name: str) -> Callable[[Files], Files]:
    return lambda files: files | {name: b"x"}


def _set(**values: Any) -> Callable[[Files], Files]:
    return lambda files: _manifest(
        {k: v for k, v in files.items() if k == MANIFEST}, lambda m: m["runs"][0].update(values)
    )


ATTACKS: dict[str, tuple[Callable[[Files], Files], str]] = {
    "up": (_extra("../evil.simrec"), "got a file '../evil.simrec'"),
    "up inside": (_extra("recordings/../../evil.simrec"), "got a file"),
    "absolute": (_extra("/tmp/evil.simrec"), "got a file"),
    "drive": (_extra("C:/evil.simrec"), "got a file"),
    "backslash": (_extra("recordings\\..\\evil.simrec"), "got a file"),
    "folder": (_extra("recordings/"), "got a file"),
    "history": (_extra("history.sqlite"), "got a file"),
    "no run's": (_extra(f"recordings/{9:032x}.simrec"), "belongs to no run"),
    "no list": (_no_list, "not a zip of runs"),
    "points": (_more_points, "another total than the recording"),
    "digest": (_other_digest, "digest differs"),
    "recording": (_other_recording, "digest differs"),
    "bomb": (_bomb, "too large when unpacked"),
    "format": (lambda f: _manifest(f, lambda m: m.update(format=3)), "format 3, this version"),
    "extra": (lambda f: _manifest(f, lambda m: m.update(x=2)), "Extra inputs"),
    "twice": (lambda f: _manifest(f, lambda m: m["runs"].append(m["runs"][0])), "twice"),
    "id": (_set(id="../x"), "run id"),
    "seed": (_set(seed=2**70), "too large"),
    "text": (_set(seed="1"), "seed"),
    "no number": (_set(total=float("nan")), "runs.0.total|JSON"),
    "time": (_set(started="2031-01-01"), "time"),
    "status": (_set(status="unfinished"), "unfinished, total"),
    "person": (lambda f: _manifest(f, lambda m: m["trainees"][0].update(id="x")), "12 hex"),
    "for ever": (
        lambda f: _manifest(f, lambda m: m["trainees"][0].update(name="A", named="9999")), "9999"
    ),
    "formula": (
        lambda f: _manifest(f, lambda m: m["trainees"][0].update(name="=1+1")), "got '=1"
    ),
}  # fmt: skip


def test_practice_goes_to_another_machine_as_practice(tmp_path: Path) -> None:
    taken = {"tick": 600, "of": f"{1:032x}", "phase": ""}
    recording(tmp_path / "a", 1)
    recording(tmp_path / "a", 2, practice=taken)
    path = machine(tmp_path / "a", {})
    one, two = merged(tmp_path / "b", path)
    assert (one["practice"], two["practice"]) == (None, taken)
    with zipfile.ZipFile(path) as box:
        files = {name: box.read(name) for name in box.namelist()}
    lie = _manifest(files, lambda m: m["runs"][1].update(practice=None))
    with zipfile.ZipFile(path, "w") as box:
        for name, data in lie.items():
            box.writestr(name, data)
    words = "another practice than the recording"
    with History(tmp_path / "c") as history, pytest.raises(RecordingError, match=words):
        merge(history, path)


def test_a_zip_of_the_first_format_is_read(tmp_path: Path) -> None:
    path = machine(tmp_path / "a", {1: 2})
    with zipfile.ZipFile(path) as box:
        files = {name: box.read(name) for name in box.namelist()}

    def older(manifest: dict[str, Any]) -> None:
        manifest["format"] = 1
        for run in manifest["runs"]:
            del run["practice"]

    with zipfile.ZipFile(path, "w") as box:
        for name, data in _manifest(files, older).items():
            box.writestr(name, data)
    assert merged(tmp_path / "b", path) == known(tmp_path / "a")


@pytest.mark.parametrize(("attack", "words"), ATTACKS.values(), ids=ATTACKS)
def test_a_file_with_one_fault_changes_nothing(
    tmp_path: Path, attack: Callable[[Files], Files], words: str
) -> None:
    path = machine(tmp_path / "a", {1: 3, 2: 3})
    with zipfile.ZipFile(path) as box:
        files = {name: box.read(name) for name in box.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as box:
        for name, data in attack(files).items():
            box.writestr(zipfile.ZipInfo(name), data)
    folder = tmp_path / "b"
    before = known(folder)
    around = {p for p in tmp_path.rglob("*") if "history" not in p.name}
    with History(folder) as history, pytest.raises(RecordingError, match=words) as e:
        merge(history, path)
    assert str(path) in str(e.value)
    assert "\n" not in str(e.value)
    assert known(folder) == before == []
    assert {p for p in tmp_path.rglob("*") if "history" not in p.name} == around


@pytest.mark.parametrize("cut", [0.2, 0.6, 0.98])
def test_a_broken_zip_is_told_in_one_line(tmp_path: Path, cut: float) -> None:
    path = machine(tmp_path / "a", {1: 3})
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * cut)])
    with History(tmp_path / "b") as history, pytest.raises(RecordingError, match="damaged"):
        merge(history, path)


def test_a_flipped_byte_never_gets_in(tmp_path: Path) -> None:
    path = machine(tmp_path / "a", {1: 3})
    data = path.read_bytes()
    right = known(tmp_path / "a")
    for at in range(0, len(data), max(len(data) // 25, 1)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :])
        with History(tmp_path / f"b{at}") as history:
            try:
                merge(history, path)
            except (RecordingError, UsageError):
                assert history.runs() == ()
            else:  # a byte that nobody reads, a date for example
                assert [run.shared() for run in history.runs()] == right


def test_no_such_file_is_told(tmp_path: Path) -> None:
    with History(tmp_path) as history, pytest.raises(UsageError, match="no such file"):
        merge(history, tmp_path / "none.zip")


# -- the table ------------------------------------------------------------------------------------


def test_the_table_reads_back_and_its_columns_are_stable(tmp_path: Path) -> None:
    recording(tmp_path, 1, total=81.25, critical=("canal_breach", "blind_advance"))
    recording(tmp_path, 2, ended=False)
    recording(tmp_path, 3, practice={"tick": 630, "of": f"{1:032x}", "phase": ""})
    with History(tmp_path) as history:
        runs = history.runs()
    text = csv_text(runs, {ANN: 'Ann "the needle", Dr.'})
    assert text.count("\r\n") == 4
    assert "\n" not in text.replace("\r\n", "")
    first, second, third = csv.DictReader(io.StringIO(text, newline=""))
    assert list(first) == list(COLUMNS)
    assert len(set(COLUMNS)) == len(COLUMNS)
    assert set(METRICS) <= set(COLUMNS)
    assert csv_text((), {}) == ",".join(COLUMNS) + "\r\n"
    assert first["trainee_name"] == 'Ann "the needle", Dr.'
    assert (float(first["total_points"]), first["passed"]) == (81.25, "false")
    assert float(first["imaging_points"]) == 12.0 * 0.8125
    assert first["critical_errors"] == "canal_breach blind_advance"
    assert (first["fluoro_s"], first["looked_well"], first["leak_reaction_s"]) == (
        "200.5", "true", ""
    )  # fmt: skip
    assert (first["kind"], first["practice_from_s"]) == ("run", "")
    assert (third["kind"], third["practice_from_s"]) == ("practice", "10.5")
    assert third["practice_of_run"] == first["run_id"]
    assert (second["status"], second["total_points"], second["fluoro_s"]) == ("unfinished", "", "")


def test_what_only_older_versions_counted_follows_in_columns_after_the_others(
    tmp_path: Path,
) -> None:
    recording(tmp_path, 1, metrics={"zeal_pct": 7.0, "fluoro_s": 1.0})
    with History(tmp_path) as history:
        text = csv_text(history.runs(), {})
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert list(row) == [*COLUMNS, "zeal_pct"]
    assert row["zeal_pct"] == "7.0"
