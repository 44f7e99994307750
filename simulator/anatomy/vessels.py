"""The great vessels before the spine and the segmental ones around each body."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simulator import rng
from simulator.anatomy.shape import Shape
from simulator.anatomy.spec import PatientSpec
from simulator.anatomy.tables import table
from simulator.anatomy.torso import Trunk
from simulator.anatomy.volume import Volume
from simulator.units import AnyArray, FloatArray, frozen

_SEEN_MM = 120.0


def _course(body: Trunk, name: str, z: AnyArray) -> tuple[AnyArray, AnyArray, AnyArray]:
    """Return x, y and radius of a vessel that follows the fronts of the bodies."""
    data = table("surroundings.toml")[name]
    at = np.asarray(z)
    radius = body.vessel_scale * np.interp(at, data["z"], data["radius"])
    deep = np.interp(at + body.l1_z, body.curve_z, body.body_depth)
    x = np.interp(at, data["z"], data["x"]) + 0.8 * body.ripple(at, 0.0, 2)
    y = -0.5 * deep - np.interp(at, data["z"], data["gap"]) - radius
    return x, y, radius


def aorta_at(body: Trunk, z: AnyArray) -> tuple[AnyArray, AnyArray, AnyArray]:
    """Return x and y from the spine, and radius, of the aorta at heights `z` above L1, mm."""
    return _course(body, "aorta", z)


def cava_at(body: Trunk, z: AnyArray) -> tuple[AnyArray, AnyArray, AnyArray]:
    """Return x and y from the spine, and radius, of the vena cava at heights `z` above L1, mm."""
    return _course(body, "cava", z)


def great_gap(body: Trunk, x: AnyArray, y: AnyArray, z: AnyArray) -> AnyArray:
    """Return the distance to the wall of the nearest great vessel, mm, negative inside.

    Args:
        body: The trunk.
        x: To the left of the spine, mm; all three broadcast.
        y: Behind the spine, mm.
        z: Above L1, mm.
    """
    data = table("surroundings.toml")
    aorta, cava = data["aorta"], data["cava"]
    ax, ay, radius = aorta_at(body, z)
    gap = np.sqrt((x - ax) ** 2 + (y - ay) ** 2) - radius
    gap = np.maximum(gap, np.maximum(aorta["z"][0] - z, z - aorta["z"][-1]))
    r, wide, end = aorta["iliac"]
    run = (aorta["z"][0] - z) / (aorta["z"][0] - end)
    ilium = np.sqrt((np.abs(x - 4.0) - 3.0 - (wide - 3.0) * run) ** 2 + (y - ay) ** 2) - r
    gap = np.minimum(gap, np.maximum(ilium, 110.0 * np.maximum(run - 1.0, -run)))
    vx, vy, radius = cava_at(body, z)
    vein = np.sqrt((x - vx) ** 2 + (y - vy) ** 2) - radius
    vein = np.maximum(vein, np.maximum(cava["z"][0] - z, z - cava["z"][-1]))
    return np.asarray(np.minimum(gap, vein))


def in_vessel(body: Trunk, shapes: Sequence[Shape], points: FloatArray) -> AnyArray:
    """Return which of (n, 3) points of the patient frame (mm) lie in a vessel that bleeds, (n,).

    Aorta, common iliac arteries, vena cava, and the segmental vessels of the vertebrae `shapes`.
    """
    inside = great_gap(body, *body.own(points)) < 0.0
    for shape in shapes:
        inside |= _segmental(shape, points)
    return np.asarray(inside)


def _segmental(shape: Shape, points: FloatArray) -> AnyArray:
    """Points in the pair that runs around the waist of a body to the foramina."""
    data, f = table("surroundings.toml")["segmental"], shape.form
    near = np.abs(points - shape.pose.shift).max(axis=1) < f.W
    inside = np.zeros(len(points), dtype=bool)
    x, y, z = ((points[near] - shape.pose.shift) @ shape.pose.turn).T
    off = data["stand_off"] + data["radius"]
    # the outline of the waist, as the body's shape has it: deeper behind its widest line
    v = y - 0.07 * f.D
    a = 0.5 * f.Wi - f.wl + off
    b = np.where(v > 0.0, 0.60 * f.D, 0.57 * f.D - f.wa) + off
    q = (np.abs(x / a) ** f.n + np.abs(v / b) ** f.n) ** (1.0 / f.n)
    beside = np.sqrt(x * x + v * v) * (1.0 - 1.0 / np.maximum(q, 0.2))
    # it climbs a little on its way to the foramen under the pedicle
    rise = z - data["height"] * f.Hm / 20.0 + 0.08 * y
    inside[near] = (beside**2 + rise**2 < data["radius"] ** 2) & (y < 0.5 * f.D)
    return inside


def plaques(body: Trunk, spec: PatientSpec) -> tuple[Volume, ...]:
    """Return calcium in the wall of the aorta as age brings it; nothing in the young."""
    data = table("surroundings.toml")["calcium"]
    draw = rng.stream(spec.seed, "anatomy.calcium")
    count = round(
        data["per_year"] * max(spec.age_years - data["from_age"], 0.0) * draw.uniform(0.3, 1.4)
    )
    heights = table("surroundings.toml")["aorta"]["z"]
    z = heights[0] + (heights[-2] - heights[0]) * draw.uniform(0.0, 1.0, count) ** 1.6
    seen = np.abs(z + body.l1_z) < _SEEN_MM
    if not seen.any():
        return ()
    return (_wall_calcium(body, z[seen], draw, float(data["grid_mm"])),)


def _wall_calcium(body: Trunk, z: FloatArray, draw: np.random.Generator, h: float) -> Volume:
    """Thin curved flakes of calcium; each keeps its mass on the grid."""
    data = table("surroundings.toml")["calcium"]
    points, mass = [], []
    for height in z:
        length, half = draw.uniform(*data["length"]), draw.uniform(*data["half_width"])
        thick, turn = draw.uniform(*data["thickness"]), draw.uniform(0.0, 2.0 * np.pi)
        n = int(length * half * 24.0) + 8
        u, v = draw.uniform(-1.0, 1.0, (2, n))
        kept = u * u + v * v < 1.0 + 0.4 * draw.standard_normal(n)
        up, across = 0.5 * length * u[kept], half * v[kept]
        x, y, radius = aorta_at(body, height + up)
        angle = turn + across / radius
        points.append(np.column_stack([x + radius * np.cos(angle), y + radius * np.sin(angle),
                                       height + up]))  # fmt: skip
        mass.append(np.full(len(up), np.pi * 0.5 * length * half * thick / max(len(up), 1)))
    at = np.concatenate(points)
    at[:, 2] += body.l1_z
    at[:, 0] += np.interp(at[:, 2], body.curve_z, body.curve_x)
    at[:, 1] += body.shift(at[:, 2])
    low = at.min(axis=0) - 2.0 * h
    count = tuple(np.ceil((at.max(axis=0) + 3.0 * h - low) / h).astype(int))
    share = np.zeros(count, dtype=np.float32)
    np.add.at(share, tuple(np.rint((at - low) / h).astype(int).T),
              (np.concatenate(mass) / h**3).astype(np.float32))  # fmt: skip
    hard = share.clip(0.0, 1.0) * np.float32(data["cortical"])
    return Volume((float(low[0]), float(low[1]), float(low[2])), h, frozen(-hard), frozen(hard))
