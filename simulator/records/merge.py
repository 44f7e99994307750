"""Histories of several machines as one: a zip with every run and its recording.

    kyphosim-runs.json        {"format": 1, "trainees": [...], "runs": [...]}
    recordings/<run id>.simrec

A file that comes from elsewhere is not believed: names, sizes and digests are checked, and a run
must be what its own recording says. Nothing is kept of a file with one fault. To merge is to keep,
of each run, the account that tells most; so the order of merging and doing it twice change nothing.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from simulator.errors import RecordingError, UsageError
from simulator.records.history import RECORDINGS, History
from simulator.records.runs import RUN_ID, TRAINEE_ID, Run, better, check, run_of, timestamp
from simulator.records.trainees import Trainee, checked_name

FORMAT = 1
MANIFEST = "kyphosim-runs.json"
_DATE = (1980, 1, 1, 0, 0, 0)
"""Of every file in the zip, so that equal histories give equal zips."""

_RECORDING_BYTES = 64 * 2**20
_MANIFEST_BYTES = 256 * 2**20
_TOTAL_BYTES = 4 * 2**30
_CHUNK = 2**20


class _Manifest(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    format: int
    trainees: tuple[Trainee, ...]
    runs: tuple[Run, ...]


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
        files[_name(run)] = data
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


def _name(run: Run) -> str:
    return f"{RECORDINGS}/{run.id}.simrec"


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
        RecordingError: one of the checks failed; nothing was changed.
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
            people, runs, bare = _unpacked(path, folder)
        known = {run.id: run for run in history.runs()}
        entered = [_settled(history, known.get(r.id), r, file) for file, r in runs.items()]
        history.trainees.join(people)
        changed = history.join([*entered, *bare])
    return Merged(len(runs) + len(bare), changed)


def _single(history: History, path: Path, copy: Path) -> Run:
    if path.stat().st_size > _RECORDING_BYTES:
        raise RecordingError(f"{path}: too large for a recording")
    data = path.read_bytes()
    _bounded(data, str(path))
    copy.write_bytes(data)
    os.utime(copy, (path.stat().st_atime, path.stat().st_mtime))
    try:
        return history.owned(run_of(copy))
    except RecordingError as error:
        raise RecordingError(str(error).replace(str(copy), str(path))) from error


def _settled(history: History, known: Run | None, run: Run, file: Path) -> Run:
    """Put the recording of a run in its place if it tells more than the one there."""
    place = known.recording if known and known.recording else _name(run)
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


def _unpacked(path: Path, folder: Path) -> tuple[tuple[Trainee, ...], dict[Path, Run], list[Run]]:
    """Return the people, the runs by the file of their recording, and the runs without one."""
    try:
        with zipfile.ZipFile(path) as box:
            names = _checked_names(box, path)
            manifest = _manifest(path, box.read(MANIFEST))
            runs = {_name(run): run for run in _checked_runs(path, manifest)}
            extra = sorted(names - set(runs) - {MANIFEST})
            if extra:
                raise RecordingError(f"{path}: {extra[0]} belongs to no run of the list")
            found = {}
            for name in sorted(names - {MANIFEST}):
                run = runs.pop(name)
                file = folder / f"{run.id}.simrec"
                _extract(box.read(name), f"{path}: {name}", run, file)
                found[file] = run
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise RecordingError(f"{path}: not a zip of runs, or damaged ({error})") from error
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read ({error.strerror})") from error
    return manifest.trainees, found, list(runs.values())


def _checked_names(box: zipfile.ZipFile, path: Path) -> set[str]:
    """Return the names in the zip.

    A name is never made into a path: it is one of those that `pack` writes, or the whole file is
    refused.
    """
    names: set[str] = set()
    total = 0
    for info in box.infolist():
        name = info.filename
        stem = name.removeprefix(f"{RECORDINGS}/").removesuffix(".simrec")
        known = RUN_ID.fullmatch(stem) and name == f"{RECORDINGS}/{stem}.simrec"
        if name != MANIFEST and not known:
            allowed = f"{MANIFEST} and {RECORDINGS}/<run id>.simrec"
            raise RecordingError(f"{path}: got a file {name!r}; allowed: {allowed}")
        if name in names:
            raise RecordingError(f"{path}: {name} stands there twice")
        most = _MANIFEST_BYTES if name == MANIFEST else _RECORDING_BYTES
        total += info.file_size
        if info.file_size > most or total > _TOTAL_BYTES:
            raise RecordingError(f"{path}: {name} is too large ({info.file_size} bytes)")
        names.add(name)
    if MANIFEST not in names:
        raise RecordingError(f"{path}: not a zip of runs (no {MANIFEST})")
    return names


def _manifest(path: Path, data: bytes) -> _Manifest:
    where = f"{path}: {MANIFEST}"
    try:
        head = json.loads(data)
        if isinstance(head, dict) and head.get("format") != FORMAT:
            text = f"format {head.get('format')!r}, this version reads {FORMAT}"
            raise RecordingError(f"{where}: {text}")
        manifest = _Manifest.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise RecordingError(f"{where}: {place}: {first['msg']}") from error
    except (ValueError, RecursionError) as error:
        raise RecordingError(f"{where}: not JSON ({error})") from error
    for one in manifest.trainees:
        if not TRAINEE_ID.fullmatch(one.id):
            raise RecordingError(f"{where}: got trainee id {one.id!r}; 12 hexadecimal digits")
        if one.name and checked_name(one.name) != one.name:
            raise RecordingError(f"{where}: got the name {one.name!r}")
    return manifest


def _checked_runs(path: Path, manifest: _Manifest) -> Iterator[Run]:
    """Yield the runs of the list, each sound in itself and no id twice."""
    seen: set[str] = set()
    for run in manifest.runs:
        try:
            check(run)
            if run.id in seen:
                raise ValueError("stands there twice")
        except (ValueError, TypeError, RecursionError) as error:
            raise RecordingError(f"{path}: {MANIFEST}: run {run.id[:40]!r}: {error}") from error
        seen.add(run.id)
        yield replace(run, recording="")


def _extract(data: bytes, where: str, run: Run, file: Path) -> None:
    """Write a recording of the zip to `file` if it is the one that `run` was read from."""
    if hashlib.sha256(data).hexdigest() != run.recording_sha256:
        raise RecordingError(f"{where}: digest differs from the list's")
    _bounded(data, where)
    file.write_bytes(data)
    try:
        read = run_of(file, silent=run)
    except RecordingError as error:
        raise RecordingError(str(error).replace(str(file), where)) from error
    wrong = _differing(read, run)
    if wrong:
        raise RecordingError(f"{where}: the list says another {wrong[0]} than the recording")


def _differing(a: Run, b: Run) -> list[str]:
    left, right = a.shared(), b.shared()
    # As JSON: the list has been text, where 2.0 and 2 are alike.
    return [name for name in left if json.dumps(left[name]) != json.dumps(right[name])]


def _bounded(data: bytes, where: str) -> None:
    """Refuse a compressed recording that would grow beyond all measure."""
    if data[:2] != b"\x1f\x8b":
        return
    if sum(_sizes(data, where)) > _RECORDING_BYTES:
        raise RecordingError(f"{where}: too large when unpacked")


def _sizes(data: bytes, where: str) -> Iterable[int]:
    """Yield the sizes of the unpacked pieces until they are too many."""
    total, rest = 0, data
    while rest and total <= _RECORDING_BYTES:
        stream = zlib.decompressobj(wbits=31)
        try:
            while not stream.eof and total <= _RECORDING_BYTES:
                piece = stream.decompress(rest, _CHUNK)
                rest = stream.unconsumed_tail
                if not piece and not rest:
                    break
                total += len(piece)
                yield len(piece)
        except zlib.error as error:
            raise RecordingError(f"{where}: compressed recording is damaged") from error
        rest = stream.unused_data
