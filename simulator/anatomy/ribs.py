"""Ribs of the thoracic levels, as far as they lie in the field."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.spatial import cKDTree

from simulator.anatomy.shape import Shape
from simulator.anatomy.tables import table
from simulator.anatomy.torso import Trunk
from simulator.anatomy.volume import Volume
from simulator.units import FloatArray, frozen

_SQUASH = 0.55
"""A rib is taller than thick: its height is squeezed to a round section of 6 mm."""


def ribs(shapes: Sequence[Shape], body: Trunk) -> tuple[Volume, ...]:
    """Return one volume per rib."""
    return tuple(
        _voxels(_centreline(shape, body, side))
        for shape in shapes
        if shape.level.startswith("T")
        for side in (1.0, -1.0)
    )


def _centreline(shape: Shape, body: Trunk, side: float) -> FloatArray:
    """Head, neck, tubercle and arch of one rib in the patient frame, (n, 3)."""
    f, data = shape.form, table("morphometry.toml")["ribs"]
    half, yt = 0.5 * f.D, 0.5 * f.D + f.lp + 10.0
    low = 0.25 if shape.level == "T12" else 0.42
    start = np.array([
        [0.44 * f.W, 0.36 * f.D, low * f.Hm],
        [0.5 * f.W + 3.0, half + 3.0, 0.5 * (low * f.Hm + f.zp)],
        [f.tph - 6.0, yt - 9.0, f.zp + 1.0],
        [f.tph, yt - 6.5, f.zp],
        [f.tph + 14.0, yt + 8.0, f.zp - 6.0],
    ])  # fmt: skip
    start[:, 0] *= side
    start = shape.pose.out(start)
    a, b, centre = body.ribcage()
    a *= float(body.narrowing(shape.pose.shift[2] - body.l1_z - 25.0))
    centre += float(body.shift(shape.pose.shift[2]))
    # the arch follows the ribcage's outline forward from where the neck reaches it
    n = body.rib_exponent
    angle = math.acos(min(abs(start[-1][0]) / a + 0.17, 0.95) ** (0.5 * n))
    sweep = np.arange(angle, -1.2, -0.02)
    power = np.where(sweep > 0.0, 2.0 / n, 1.0)
    arch = np.column_stack([side * a * np.cos(sweep) ** power,
                            centre + b * np.sign(sweep) * np.abs(np.sin(sweep)) ** power,
                            np.zeros(len(sweep))])  # fmt: skip
    run = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(arch, axis=0), axis=1))])
    arch[:, 2] = start[-1][2] - data["descent"] * run - data["droop"] * run**2 - 4.0
    length = data["length"].get(shape.level, data["other_length"])
    points = np.concatenate([start, arch[run < length - 60.0]])
    at = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    fine = np.arange(0.0, at[-1], 1.0)
    line = np.column_stack([np.interp(fine, at, points[:, q]) for q in range(3)])
    return np.asarray(gaussian_filter1d(line, 5.0, axis=0, mode="nearest"))


def _voxels(line: FloatArray) -> Volume:
    """Cortex of full thickness around a nearly empty core, by coverage."""
    data, h = table("morphometry.toml")["ribs"], float(table("bone.toml")["grid"]["rib_mm"])
    low, high = line.min(axis=0) - 9.0, line.max(axis=0) + 9.0
    count = np.ceil((high - low) / h).astype(int)
    squeeze = np.array([1.0, 1.0, _SQUASH])
    tree = cKDTree(line * squeeze)
    axes = [low[q] + h * np.arange(count[q]) for q in range(3)]
    near = np.zeros(tuple(count), dtype=bool)
    at = np.rint((line - low) / h).astype(int)
    span = math.ceil(7.0 / h)
    for i, j, k in np.unique(at[::3], axis=0):
        near[max(i - span, 0) : i + span, max(j - span, 0) : j + span,
             max(k - span, 0) : k + span] = True  # fmt: skip
    where = np.nonzero(near)
    points = np.column_stack([axes[q][where[q]] for q in range(3)])
    gap, nearest = tree.query(points * squeeze, workers=1)
    s = nearest.astype(float)
    taper = 1.0 - 0.55 * np.exp(-(len(line) - s) / 7.0)
    radius = (
        3.0 * taper + 1.0 * np.exp(-((s / 7.0) ** 2)) - 0.3 * np.exp(-(((s - 18.0) / 8.0) ** 2))
    )
    dz = np.abs(points[:, 2] - line[nearest, 2]) * _SQUASH / np.maximum(gap, 0.3)
    d = (gap - radius) / np.sqrt(1.0 - (1.0 - _SQUASH**2) * dz.clip(0.0, 1.0) ** 2)
    # the lower border is a thin dense edge beside the groove, the upper one is blunt
    down = ((line[nearest, 2] - points[:, 2]) * _SQUASH / np.maximum(gap, 0.3)).clip(0.0, 1.0)
    neck = np.exp(-((s / 26.0) ** 4))
    wall = data["cortex"] + data["cortex_lower"] * down**4
    wall += neck * (data["cortex_neck"] - wall)
    inside = (0.5 - d / h).clip(0.0, 1.0)
    core = (0.5 - (d + wall) / h).clip(0.0, 1.0)
    soft, hard = (np.zeros(tuple(count), dtype=np.float32) for _ in range(2))
    soft[where] = core * -data["cortical_fraction"] - (inside - core)
    hard[where] = core * data["cortical_fraction"] + (inside - core)
    return Volume((float(low[0]), float(low[1]), float(low[2])), h, frozen(soft), frozen(hard))
