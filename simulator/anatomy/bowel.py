"""Colon: gas above stool as gravity wants it in a prone patient, and the folds."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

from simulator import rng
from simulator.anatomy.blades import near, smooth_curve
from simulator.anatomy.spec import PatientSpec
from simulator.anatomy.tables import table
from simulator.anatomy.torso import Trunk
from simulator.anatomy.volume import Volume
from simulator.units import AnyArray, FloatArray, frozen

_PARTS = ("ascending", "transverse", "descending")


def bowel(body: Trunk, spec: PatientSpec) -> tuple[Volume, ...]:
    """Return what gas takes away, one volume per part of the colon that comes into the field."""
    found = []
    for part in _PARTS:
        line, s = _centreline(body, spec, part)
        seen = np.abs(line[:, 2]) < 120.0
        if seen.sum() > 25:
            found.append(_gas(line[seen], s[seen], spec, part))
    return tuple(found)


def _centreline(body: Trunk, spec: PatientSpec, part: str) -> tuple[FloatArray, FloatArray]:
    """Return (n, 3) points a millimetre apart in the patient frame and (n,) their run, mm."""
    data = table("surroundings.toml")["bowel"]
    draw = rng.stream(spec.seed, f"anatomy.colon.{part}")
    knots = np.array(data[part]) + draw.normal(0.0, 1.0, (len(data[part]), 3)) * [6.0, 4.0, 12.0]
    knots[:, 1] -= 0.35 * body.girth * (part == "transverse")
    knots[:, :2] *= [1.0 + 0.002 * body.girth, 1.0]
    line = smooth_curve(knots, np.linspace(0.0, 1.0, 800))
    run = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    s = np.arange(0.0, run[-1], 1.0)
    line = np.column_stack([np.interp(s, run, line[:, q]) for q in range(3)])
    line[:, 2] += body.l1_z
    line[:, 0] += np.interp(line[:, 2], body.curve_z, body.curve_x)
    line[:, 1] += body.shift(line[:, 2])
    return line, s


def _gas(line: FloatArray, s: FloatArray, spec: PatientSpec, part: str) -> Volume:
    """What a stretch of colon lacks against the viscera around it."""
    data = table("surroundings.toml")["bowel"]
    h, radius = float(data["grid_mm"]), float(data["radius"][part])
    draw = rng.stream(spec.seed, f"anatomy.gas.{part}")
    low, mask = near(line, radius * 1.15, h)
    where = np.nonzero(mask)
    at = low + h * np.column_stack(where)
    gap, nearest = cKDTree(line).query(at, workers=1)
    rough = gaussian_filter(draw.standard_normal(mask.shape, dtype=np.float32), 2.0 / h)
    rough /= rough.std()
    edge = _lumen(at, line, s, nearest, radius, draw)
    inside = (0.5 + (edge + 0.5 * rough[where] - gap) / h).clip(0.0, 1.0)
    level = float(line[:, 1].mean()) + radius * draw.uniform(-0.6, 0.4)
    heap = gaussian_filter(rough, 5.0 / h)
    heap *= 4.0 / heap.std()
    free = (0.5 + (at[:, 1] - level + heap[where]) / 2.0).clip(0.0, 1.0)
    # stool holds bubbles; how much of it there is changes along the bowel
    stretch = np.interp(
        s, np.linspace(0.0, s[-1] + 1.0, 7), draw.normal(data["empty"][part], 1.0, 7)
    )
    bubbles = ((rough[where] - 1.3) * 2.0).clip(0.0, 0.8) * (stretch[nearest] < 0.6)
    empty = (0.5 + 1.2 * stretch[nearest]).clip(0.0, 1.0)
    share = inside * np.maximum(free * empty, bubbles)
    soft, hard = (np.zeros(mask.shape, dtype=np.float32) for _ in range(2))
    tissue = table("surroundings.toml")["tissue"]["viscera"]
    soft[where], hard[where] = -share * tissue[0], -share * tissue[1]
    return Volume((float(low[0]), float(low[1]), float(low[2])), h, frozen(soft), frozen(hard))


def _lumen(at: FloatArray, line: FloatArray, s: FloatArray, nearest: AnyArray, radius: float,
           draw: np.random.Generator) -> AnyArray:  # fmt: skip
    """Radius of the lumen at each voxel: sacs between thin folds that do not go all around."""
    data = table("surroundings.toml")["bowel"]
    count = int(s[-1] / data["haustrum"]) + 2
    folds = (np.arange(count) + 0.5 + draw.uniform(-0.18, 0.18, count)) * data["haustrum"]
    turn = draw.uniform(0.0, 2.0 * np.pi, count)
    away = s[:, None] - folds
    which = np.abs(away).argmin(axis=1)
    off = away[np.arange(len(s)), which][nearest]
    u = at - line[nearest]
    angle = np.arctan2(u[:, 1], u[:, 0] + 1e-9) + turn[which[nearest]]
    crescent = (0.35 + 0.9 * np.cos(angle)).clip(0.0, 1.0)
    sac = 1.0 - 0.13 * (np.abs(off) < 30.0) * np.exp(-((off / 7.0) ** 2))
    width = np.interp(s, np.linspace(0.0, s[-1] + 1.0, 9), draw.uniform(0.72, 1.12, 9))[nearest]
    ends = np.minimum(s - s[0], s[-1] - s)[nearest]
    taper = np.sqrt((ends / radius).clip(0.0, 1.0))
    fold = data["fold"] * crescent * np.exp(-((off / 1.3) ** 2))
    return np.asarray(radius * width * taper * (sac - fold))
