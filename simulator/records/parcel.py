"""A zip of runs that comes from elsewhere: checked, and unpacked if it has no fault.

A name in it is never made into a path, a size is never believed, and a run must be what its own
recording says.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from simulator.errors import RecordingError, UsageError
from simulator.records.history import RECORDINGS
from simulator.records.runs import RUN_ID, TRAINEE_ID, Run, check, check_time, run_of
from simulator.records.trainees import Trainee, checked_name

FORMAT = 2
"""Written; since the second a run may say that it was practice."""
_READ = (1, 2)
MANIFEST = "kyphosim-runs.json"
RECORDING_BYTES = 64 * 2**20
"""Packed or unpacked; a long run has a tenth of a megabyte packed."""

_MANIFEST_BYTES = 256 * 2**20
_TOTAL_BYTES = 4 * 2**30
_CHUNK = 2**20


class _Manifest(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    format: int
    trainees: tuple[Trainee, ...]
    runs: tuple[Run, ...]


def place_of(run: Run) -> str:
    """Return where the recording of a run stands in a zip, and in a data folder it is new to."""
    return f"{RECORDINGS}/{run.id}.simrec"


def unpacked(path: Path, folder: Path) -> tuple[tuple[Trainee, ...], dict[Path, Run], list[Run]]:
    """Return the people, the runs by the file of their recording, and the runs without one."""
    try:
        with zipfile.ZipFile(path) as box:
            names = _checked_names(box, path)
            manifest = _manifest(path, box.read(MANIFEST))
            runs = {place_of(run): run for run in _checked_runs(path, manifest)}
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
        most = _MANIFEST_BYTES if name == MANIFEST else RECORDING_BYTES
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
        if isinstance(head, dict) and head.get("format") not in _READ:
            text = f"format {head.get('format')!r}, this version reads up to {FORMAT}"
            raise RecordingError(f"{where}: {text}")
        manifest = _Manifest.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise RecordingError(f"{where}: {place}: {first['msg']}") from error
    except (ValueError, RecursionError) as error:
        raise RecordingError(f"{where}: not JSON ({error})") from error
    for one in manifest.trainees:
        try:
            _check_person(one)
        except (ValueError, UsageError) as error:
            raise RecordingError(f"{where}: trainee {one.id[:40]!r}: {error}") from error
    return manifest


def _check_person(one: Trainee) -> None:
    if not TRAINEE_ID.fullmatch(one.id):
        raise ValueError("an id has 12 hexadecimal digits")
    if one.name and checked_name(one.name) != one.name:
        raise ValueError(f"name: got {one.name!r}")
    if one.name or one.named:
        check_time(one.named)


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
    bounded(data, where)
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


def bounded(data: bytes, where: str) -> None:
    """Refuse a compressed recording that would grow beyond all measure."""
    if data[:2] != b"\x1f\x8b":
        return
    if sum(_sizes(data, where)) > RECORDING_BYTES:
        raise RecordingError(f"{where}: too large when unpacked")


def _sizes(data: bytes, where: str) -> Iterable[int]:
    """Yield the sizes of the unpacked pieces until they are too many."""
    total, rest = 0, data
    while rest and total <= RECORDING_BYTES:
        stream = zlib.decompressobj(wbits=31)
        try:
            while not stream.eof and total <= RECORDING_BYTES:
                piece = stream.decompress(rest, _CHUNK)
                rest = stream.unconsumed_tail
                if not piece and not rest:
                    break
                total += len(piece)
                yield len(piece)
        except zlib.error as error:
            raise RecordingError(f"{where}: compressed recording is damaged") from error
        rest = stream.unused_data
