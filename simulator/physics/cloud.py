"""The cement in the bone between two steps of flow: its age, and its way into the kernel."""

from __future__ import annotations

from dataclasses import replace
from threading import local

import numpy as np

from simulator.kernels.cement import Lists, Medium
from simulator.physics.permeability import FlowField
from simulator.units import AnyArray, FloatArray, frozen, seconds
from simulator.world.cement import Cloud
from simulator.world.instruments import CementSpec

_mine = local()


def aged(cloud: Cloud, field: FlowField, tick: int) -> Cloud:
    """Bring the ages up to `tick`. A cloud at rest may wait with this as long as it likes."""
    if tick == cloud.age_tick or cloud.voxel.size == 0:
        return replace(cloud, age_tick=tick)
    age = cloud.age_s + field.ageing[cloud.voxel] * seconds(tick - cloud.age_tick)
    return replace(cloud, age_s=frozen(age), age_tick=tick)


def set_share(cloud: Cloud, field: FlowField, spec: CementSpec, tick: int) -> float:
    """Return which share of the cement in the patient has hardened, 0..1; 1 if there is none."""
    volume = cloud.fill * cloud.volume_ul
    total = float(volume.sum())
    if total == 0.0:
        return 1.0
    return float(volume[aged(cloud, field, tick).age_s >= spec.set_s].sum()) / total


def lists(cloud: Cloud, spare: int) -> Lists:
    """Return copies of the cloud's arrays with room for `spare` more voxels."""

    def roomy(values: AnyArray) -> AnyArray:
        out = np.zeros(values.size + spare, values.dtype)
        out[: values.size] = values
        return out

    return Lists(
        roomy(cloud.voxel),
        roomy(cloud.fill),
        roomy(cloud.volume_ul),
        roomy(cloud.age_s),
        roomy(cloud.pressure_kpa),
        roomy(cloud.mobility),
        roomy(cloud.route),
    )


def cloud_of(c: Lists, n: int, books: FloatArray, tick: int, revision: int) -> Cloud:
    """Return the first `n` entries and the books [inside, each route, embolised] as a cloud."""
    return Cloud(
        voxel=frozen(c.voxel[:n].copy()),
        fill=frozen(c.fill[:n].copy()),
        volume_ul=frozen(c.volume[:n].copy()),
        age_s=frozen(c.age[:n].copy()),
        pressure_kpa=frozen(c.p[:n].copy()),
        mobility=frozen(c.lam[:n].copy()),
        route=frozen(c.route[:n].copy()),
        embolised_ul=float(books[-1]),
        leak_ul=tuple(float(v) for v in books[1:-1]),
        inside_ul=float(books[0]),
        revision=revision,
        age_tick=tick,
    )


def medium(field: FlowField) -> Medium:
    """Return the field as the kernel takes it."""
    return Medium(
        field.permeability,
        field.volume_ul,
        field.threshold_kpa,
        field.drag_kpa_s_ul,
        field.zone,
        field.sink,
        field.routes,
    )


def scratch(voxels: int) -> tuple[AnyArray, AnyArray]:
    """Return (slot, mark): full-grid work space that every kernel leaves clean.

    Each thread has its own: kernels run without the interpreter's lock.
    """
    kept: dict[int, tuple[AnyArray, AnyArray]] = _mine.__dict__.setdefault("kept", {})
    if voxels not in kept:
        while len(kept) > 1:
            kept.pop(next(iter(kept)))
        kept[voxels] = (np.full(voxels, -1, np.int32), np.zeros(voxels, np.uint8))
    return kept[voxels]
