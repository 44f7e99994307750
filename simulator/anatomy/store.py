"""Built patients on disk, found again by the content of everything they depend on."""

from __future__ import annotations

import contextlib
import hashlib
import json
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

from simulator.anatomy.build import Progress, build_patient
from simulator.anatomy.hinge import Follow, Fragment, Hinge, Plate
from simulator.anatomy.landmarks import Landmarks, Pedicle
from simulator.anatomy.patient import Patient, Vertebra
from simulator.anatomy.spec import PatientSpec
from simulator.anatomy.tables import ASSETS
from simulator.anatomy.volume import BoneField, Volume
from simulator.kernels import blend, body, crush, grain, posterior, shapes
from simulator.paths import asset, cache_dir
from simulator.units import AnyArray, frozen

FORMAT = 1
KEPT = 12
"""Patients kept on disk."""
_NOUNS = {
    c.__name__: c
    for c in (Patient, Vertebra, Volume, BoneField, Landmarks, Pedicle, Hinge, Plate, Follow,
              Fragment)
}  # fmt: skip


_KERNELS = (blend, body, crush, grain, posterior, shapes)


def key(spec: PatientSpec) -> str:
    """Return the name of this patient's file: a hash of spec, numbers and source."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update(json.dumps([FORMAT, asdict(spec)], sort_keys=True).encode())
    package = sorted(Path(__file__).parent.glob("*.py"))
    kernels = [Path(str(module.__file__)) for module in _KERNELS]
    for path in [*package, *kernels, *(asset(name) for name in ASSETS)]:
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def patient(
    spec: PatientSpec,
    progress: Progress | None = None,
    build: Callable[[PatientSpec, Progress | None], Patient] = build_patient,
) -> Patient:
    """Return the patient from disk, or build and keep it; a damaged file is built again."""
    path = cache_dir() / "patients" / f"{key(spec)}.npz"
    found = load(path)
    if found is not None:
        return found
    made = build(spec, progress)
    # The cache saves seconds, no more: where it cannot be written, nothing is kept.
    with contextlib.suppress(OSError):
        save(made, path)
        _trim(path.parent)
    return made


def _trim(folder: Path) -> None:
    """Drop the oldest patients: each takes a tenth of a gigabyte."""
    files = sorted(folder.glob("*.npz"), key=lambda path: (path.stat().st_mtime_ns, path.name))
    for path in files[:-KEPT]:
        path.unlink(missing_ok=True)


def save(made: Patient, path: Path) -> None:
    """Write a patient in one step: a reader never sees half a file."""
    arrays: list[AnyArray] = []
    tree = json.dumps(_packed(made, arrays))
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
        try:
            named = {f"a{n}": array for n, array in enumerate(arrays)}
            np.savez(file, allow_pickle=False, tree=np.array(tree), **named)
        except BaseException:
            Path(file.name).unlink()
            raise
    Path(file.name).replace(path)


def load(path: Path) -> Patient | None:
    """Return the patient in a file, or None if there is none that can be read."""
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            tree = json.loads(str(file["tree"]))
            found = _unpacked(tree, lambda n: frozen(file[f"a{n}"]))
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
        return None
    return found if isinstance(found, Patient) else None


def _packed(value: Any, arrays: list[AnyArray]) -> Any:
    """Turn nouns into JSON; arrays are put aside and numbered."""
    if is_dataclass(value):
        parts = {f.name: _packed(getattr(value, f.name), arrays) for f in fields(value)}
        return {"noun": type(value).__name__, **parts}
    if isinstance(value, np.ndarray):
        arrays.append(value)
        return {"array": len(arrays) - 1}
    if isinstance(value, tuple):
        return [_packed(item, arrays) for item in value]
    return value


def _unpacked(value: Any, array: Callable[[int], AnyArray]) -> Any:
    if isinstance(value, list):
        return tuple(_unpacked(item, array) for item in value)
    if not isinstance(value, dict):
        return value
    if "array" in value:
        return array(value["array"])
    parts = {name: _unpacked(item, array) for name, item in value.items() if name != "noun"}
    return _NOUNS[value["noun"]](**parts)
