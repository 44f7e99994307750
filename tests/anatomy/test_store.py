"""Patients on disk."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simulator.anatomy import store
from simulator.anatomy.spec import FractureSpec, PatientSpec


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("KYPHOSIM_HOME", str(tmp_path))
    return tmp_path


def test_a_patient_comes_back_from_disk_as_it_was(home, built):
    spec, calls = PatientSpec(), []

    def build(asked, progress):
        calls.append(asked)
        return built

    assert store.patient(spec, build=build) is built
    again = store.patient(spec, build=build)
    assert calls == [spec]
    assert again.hinge == built.hinge
    assert [v.landmarks for v in again.vertebrae] == [v.landmarks for v in built.vertebrae]
    assert np.array_equal(again.target.bone.tissue, built.target.bone.tissue)
    assert np.array_equal(again.target.volume.cortical, built.target.volume.cortical)
    assert np.array_equal(again.torso.soft, built.torso.soft)
    assert again.vertebrae[0].bone is None
    assert not again.torso.soft.flags.writeable


@pytest.mark.parametrize("damage", ["cut", "rubbish", "flipped"])
def test_a_damaged_file_is_built_again(home, built, damage):
    small = replace(built, vertebrae=built.vertebrae[:1], index=0, extras=())
    path = home / "cache" / "patients" / f"{store.key(PatientSpec())}.npz"
    store.save(small, path)
    whole = bytearray(path.read_bytes())
    if damage == "cut":
        path.write_bytes(whole[: len(whole) // 2])
    elif damage == "rubbish":
        path.write_bytes(b"rubbish")
    else:
        whole[len(whole) // 2] ^= 0xFF
        path.write_bytes(whole)
    assert store.load(path) is None
    calls = []
    store.patient(PatientSpec(), build=lambda s, p: calls.append(s) or small)
    assert len(calls) == 1
    assert store.load(path) is not None
    assert not list(path.parent.glob("*.part"))


def test_only_the_newest_patients_are_kept(home, built, monkeypatch):
    small = replace(built, vertebrae=built.vertebrae[:1], index=0, extras=())
    monkeypatch.setattr(store, "KEPT", 2)
    for seed in (1, 2, 3):
        store.patient(PatientSpec(seed=seed), build=lambda s, p: small)
    kept = {path.stem for path in (home / "cache" / "patients").glob("*.npz")}
    assert kept == {store.key(PatientSpec(seed=seed)) for seed in (2, 3)}


def test_each_spec_has_its_own_file():
    base = PatientSpec()
    others = [
        replace(base, seed=2),
        replace(base, bmi=30.0),
        replace(base, fracture=FractureSpec()),
        replace(base, fracture=FractureSpec(endplate_defect_mm=1.0)),
    ]
    assert len({store.key(s) for s in [base, *others]}) == 5
    assert store.key(PatientSpec()) == store.key(base)
