"""Cement in levels that were augmented before."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import gaussian_filter

from simulator import rng
from simulator.anatomy.shape import Shape, values
from simulator.anatomy.spec import PatientSpec
from simulator.anatomy.tables import table
from simulator.anatomy.volume import Volume
from simulator.units import AnyArray, frozen


def old_cement(shapes: Sequence[Shape], spec: PatientSpec) -> tuple[Volume, ...]:
    """Return one volume per treated level in view, two lumps in each."""
    return tuple(_lumps(s, spec) for s in shapes if s.level in spec.treated)


def volume_ml(shape: Shape) -> float:
    """Return how much cement a treated level holds."""
    f = shape.form
    body_ml = 0.25 * np.pi * f.W * f.D * f.Hm / 1000.0
    return float(table("surroundings.toml")["old_cement"]["share"] * body_ml)


def _lumps(shape: Shape, spec: PatientSpec) -> Volume:
    """Two uneven lumps inside the body, as much of them as the volume asks for."""
    data, f = table("surroundings.toml")["old_cement"], shape.form
    h = float(data["grid_mm"])
    draw = rng.stream(spec.seed, f"anatomy.old_cement.{shape.level}")
    reach = 0.5 * np.array([f.W, f.D, f.Hm]) + 2.0
    spread = np.abs(shape.pose.turn) @ reach
    low = shape.pose.shift - spread
    count = tuple(np.ceil(2.0 * spread / h).astype(int))
    at = low + h * np.moveaxis(np.indices(count), 0, -1).reshape(-1, 3)
    own = (at - shape.pose.shift) @ shape.pose.turn
    rough = gaussian_filter(draw.standard_normal(count), 2.2 / h)
    level = _field(shape, own, draw) + data["rough_mm"] * (rough / rough.std()).ravel()
    near = np.flatnonzero(level < 6.0)
    inner = np.full(len(own), 9.0)
    inner[near] = values(shape, own[near])[:, 3] + 2.0
    level = np.maximum(level, inner)
    share = _filled(level, h, 1000.0 * volume_ml(shape)).reshape(count).astype(np.float32)
    fill = float(data["fill"])
    return Volume(
        (float(low[0]), float(low[1]), float(low[2])),
        h,
        frozen(share * np.float32(fill * (data["soft"] - 1.0))),
        frozen(share * np.float32(fill * data["cortical"])),
    )


def _field(shape: Shape, own: AnyArray, draw: np.random.Generator) -> AnyArray:
    """Distance to the nearer of two ellipsoids, left and right, at body points."""
    f = shape.form
    gaps = []
    for side in (1.0, -1.0):
        centre = np.array([side * 0.20 * f.W, -0.12 * f.D, 0.0]) + draw.normal(0.0, 1.2, 3)
        half = np.array([0.19 * f.W, 0.25 * f.D, 0.27 * f.Hm]) * draw.uniform(0.85, 1.15)
        u = own - centre
        q = np.sqrt(((u / half) ** 2).sum(axis=1)).clip(0.05, None)
        gaps.append(np.sqrt((u * u).sum(axis=1)) * (1.0 - 1.0 / q))
    return np.asarray(np.minimum(*gaps))


def _filled(level: AnyArray, h: float, wanted_mm3: float) -> AnyArray:
    """Return coverage of {level < c} with c chosen so that the volume is the wanted one."""
    low, high = -12.0, 6.0
    for _ in range(24):
        c = 0.5 * (low + high)
        share = (0.5 + (c - level) / h).clip(0.0, 1.0)
        low, high = (c, high) if share.sum() * h**3 < wanted_mm3 else (low, c)
    return np.asarray(share)
