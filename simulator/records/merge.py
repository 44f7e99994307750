"""Histories of several machines as one: a zip with every run and its recording.

    kyphosim-runs.json        {"format": 2, "trainees": [...], "runs": [...]}
    recordings/<run id>.simrec

To merge is to keep, of each run, the account that tells most; so the order of merging and doing
it twice change nothing.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from simulator.errors import RecordingError, UsageError
from simulator.records.history import History
from simulator.records.parcel import (
    FORMAT,
    MANIFEST,
    RECORDING_BYTES,
    bounded,
    place_of,
    unpacked,
)
from simulator.records.runs import Run, better, run_of, timestamp
from simulator.records.trainees import Trainee

_DATE = (1980, 1, 1, 0, 0, 0)
"""Of every file in the zip, so that equal histories give equal zips."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A zip of runs, and what could not be taken along."""

    data: bytes
    runs: int
    recordings: int
    notices: tuple[str, ...]


def pack(history: History, runs: Sequence[Run]) -> Packed:
    """Return `runs` with their recordings and the people who played them as a zip."""
    files: dict[str, bytes] = {}
    notices = []
    for run in runs:
        path = history.folder / run.recording
        if not run.recording or not path.is_file():
            notices.append(f"run {run.id}: its recording is not here any more")
            continue
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != run.recording_sha256:
            notices.append(f"{path}: changed since it was entered, left out")
            continue
        files[place_of(run)] = data
    people = {run.trainee for run in runs if run.trainee}
    manifest = {
        "format": FORMAT,
        "trainees": [asdict(t) for t in history.trainees.all(people) if t.id in people],
        "runs": [run.shared() for run in sorted(runs, key=lambda run: run.id)],
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as box:
        text = json.dumps(manifest, indent=1, sort_keys=True) + "\n"
        for name, data in sorted({MANIFEST: text.encode(), **files}.items()):
            info = zipfile.ZipInfo(name, _DATE)
            info.external_attr = 0o644 << 16
            method = zipfile.ZIP_DEFLATED if name == MANIFEST else zipfile.ZIP_STORED
            box.writestr(info, data, method)
    return Packed(out.getvalue(), len(runs), len(files), tuple(notices))


@dataclass(frozen=True, slots=True)
class Merged:
    """What an import brought."""

    runs: int
    """In the file."""
    changed: int
    """New here, or told more than what was known."""


def merge(history: History, path: Path) -> Merged:
    """Add the runs of a zip, or of a single recording, to `history`; all or none.

    Raises:
        UsageError: no such file, or neither a zip nor a recording.
        RecordingError: the file has a fault, and nothing was changed; or a place cannot be written.
    """
    if not path.is_file():
        raise UsageError(f"{path}: no such file")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if path.suffix == ".simrec":
            people: tuple[Trainee, ...] = ()
            runs = {(folder / "one.simrec"): _single(history, path, folder / "one.simrec")}
            bare: list[Run] = []
        else:
            people, runs, bare = unpacked(path, folder)
        known = {run.id: run for run in history.runs()}
        entered = [_settled(history, known.get(r.id), r, file) for file, r in runs.items()]
        history.trainees.join(people)
        changed = history.join([*entered, *bare])
    return Merged(len(runs) + len(bare), changed)


def _single(history: History, path: Path, copy: Path) -> Run:
    if path.stat().st_size > RECORDING_BYTES:
        raise RecordingError(f"{path}: too large for a recording")
    data = path.read_bytes()
    bounded(data, str(path))
    copy.write_bytes(data)
    os.utime(copy, (path.stat().st_atime, path.stat().st_mtime))
    try:
        return history.owned(run_of(copy))
    except RecordingError as error:
        raise RecordingError(str(error).replace(str(copy), str(path))) from error


def _settled(history: History, known: Run | None, run: Run, file: Path) -> Run:
    """Put the recording of a run in its place if it tells more than the one there."""
    place = known.recording if known and known.recording else place_of(run)
    target = history.folder / place
    if (
        known is not None
        and target.is_file()
        and better(known, replace(run, recording="")) == known
    ):
        return run
    if known is not None and better(replace(known, recording=""), run) != run:
        return run
    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(file.read_bytes())
        # Recordings of older versions and broken ones tell their end only by the file's time.
        ended = timestamp(run.ended)
        os.utime(part, (ended, ended))
        part.replace(target)
    except OSError as error:
        raise RecordingError(f"{target}: cannot be written ({error.strerror})") from error
    return replace(run, recording=place)
