"""What fills the trunk: fat, muscles, lungs, great vessels, organs of the belly."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import gaussian_filter

from simulator import rng
from simulator.anatomy.chest import lung_gap
from simulator.anatomy.shape import Shape
from simulator.anatomy.spec import PatientSpec, Sex
from simulator.anatomy.tables import table
from simulator.anatomy.torso import Box, Paint, Trunk, noise
from simulator.anatomy.vessels import great_gap
from simulator.anatomy.volume import Volume
from simulator.units import AnyArray, FloatArray, frozen


def in_lung(body: Trunk, points: FloatArray) -> AnyArray:
    """Return which of (n, 3) points of the patient frame (mm) lie behind the pleura, (n,) bool."""
    return np.asarray(lung_gap(body, *body.own(points)) > 0.0)


def torso_volume(body: Trunk, shapes: Sequence[Shape], spec: PatientSpec) -> Volume:
    """Return absolute coefficients of the trunk, without bone."""
    paint = Paint(body, float(table("bone.toml")["grid"]["torso_mm"]))
    rough = noise(paint, spec.seed, "wide", 7.0)
    fine = noise(paint, spec.seed, "fine", 3.5)
    depth = _skin_depth(paint, body)
    _walls(paint, depth, spec, rough)
    _organs(paint, rough)
    _muscles(paint, spec, rough)
    _vessels(paint, body)
    _chest(paint, body, depth, spec, rough)
    _column(paint, shapes, rough)
    speckle = float(table("morphometry.toml")["torso"]["speckle"])
    paint.soft *= 1.0 + speckle * 0.7 * (rough + fine)
    outside = (0.5 + depth / paint.h).clip(0.0, 1.0)
    return Volume(paint.origin, paint.h, frozen(paint.soft * outside), frozen(paint.hard * outside))


def _skin_depth(paint: Paint, body: Trunk) -> AnyArray:
    """Depth below the skin, mm, negative outside."""
    data = table("morphometry.toml")["torso"]
    a, b = body.half_width, body.half_depth
    groove = data["groove"] * np.exp(-0.5 * (paint.x / data["groove_sigma"]) ** 2)
    back = body.back_at(paint.z + body.l1_z).astype(np.float32)
    v = (paint.y - (back - b)) / b
    v = np.where(v > 0.0, v * b / (b - groove), v)
    n = np.where(v > 0.0, body.back_exponent, data["exponent_front"]).astype(np.float32)
    q = (np.abs(paint.skin_x / a) ** n + np.abs(v) ** n) ** (1.0 / n)
    return np.asarray((1.0 - q) * 0.9 * b, dtype=np.float32)


def _walls(paint: Paint, depth: AnyArray, spec: PatientSpec, rough: AnyArray) -> None:
    """Fat under the skin, the muscle of the wall under it, and what lies between the organs."""
    data, more = table("surroundings.toml")["habitus"], spec.bmi - 25.0
    female = data["female"] if spec.sex == Sex.FEMALE else 1.0
    back = max(data["fat_back"] + data["fat_back_per_bmi"] * more, 4.0) * female
    front = max(data["fat_front"] + data["fat_front_per_bmi"] * more, 4.0) * female
    chest = (paint.z / 120.0).clip(0.0, 1.0)
    share = (0.5 + (paint.y + 20.0) / 80.0).clip(0.0, 1.0)
    fat = (front + (back - front) * share) * (1.0 - (1.0 - data["fat_chest"]) * chest) + rough
    paint.over(np.ones(1), "fat")
    paint.over((0.5 + (depth - fat) / 3.0).clip(0.0, 1.0), "muscle")
    inner = (0.5 + (depth - fat - 13.0) / 5.0).clip(0.0, 1.0)
    paint.over(inner, "viscera")
    fatty = float(np.clip((spec.bmi - 22.0) / (data["visceral"] - 22.0), 0.0, 1.5)) * 0.6
    paint.over(inner * np.clip(fatty + 0.25 * rough, 0.0, 1.0), "fat")


def _organs(paint: Paint, rough: AnyArray) -> None:
    data = table("surroundings.toml")["organ"]
    paint.blob(data["liver"][:3], data["liver"][3:], "liver", 0.02 * rough)
    paint.blob(data["spleen"][:3], data["spleen"][3:], "liver", 0.02 * rough)
    for name in ("kidney_left", "kidney_right"):
        x, y, z, a, b, c = data[name]
        lean = -np.sign(x) * data["lean"]
        paint.blob((x, y, z), (a + 9.0, b + 8.0, c + 8.0), "fat", 0.05 * rough, lean=lean)
        paint.blob((x, y, z), (a, b, c), "kidney", 0.02 * rough, lean=lean)
        hilum = (x - np.sign(x) * 0.75 * a, y - 6.0, z)
        paint.blob(hilum, (8.0, 9.0, 18.0), "fat", 0.10 * rough, lean=lean)


def _muscles(paint: Paint, spec: PatientSpec, rough: AnyArray) -> None:
    """Muscles beside the spine; the same left and right but for a few percent."""
    data = table("surroundings.toml")["muscle"]
    draw = rng.stream(spec.seed, "anatomy.muscle").standard_normal(4).clip(-1.5, 1.5)
    lost = data["age"] * max(spec.age_years - 60.0, 0.0)
    for side, own in ((1.0, draw[0]), (-1.0, draw[1])):
        here = (paint.x * side > 0.0).astype(np.float32)
        size = 1.0 + spec.variation * data["side"] * own
        for name in ("erector", "multifidus", "quadratus"):
            x, y, a, b = data[name]
            r = np.sqrt(((paint.x * side - x) / (a * size)) ** 2 + ((paint.y - y) / b) ** 2)
            share = (0.5 + (1.0 + 0.03 * rough - r) * b / 3.0).clip(0.0, 1.0) * here
            if name == "quadratus":
                share = share * (0.5 - (paint.z - 12.0) / 10.0).clip(0.0, 1.0)
            paint.over(share, "muscle")
            # old muscle is streaked with fat, most beside the spinous processes
            streaks = lost * (2.2 if name == "multifidus" else 1.0)
            paint.over(share * np.clip(streaks * (1.0 + 1.2 * rough), 0.0, 0.9), "fat")
        _psoas(paint, side, size, rough)


def _psoas(paint: Paint, side: float, size: float, rough: AnyArray) -> None:
    data = table("surroundings.toml")["muscle"]
    f = ((data["psoas_top"] - paint.z) / data["psoas_grow"]).clip(0.0, 1.35)
    radius = (4.0 + data["psoas_radius"] * f) * size
    away = paint.x * side - 25.0 - 20.0 * f - 0.2 * radius
    r = np.sqrt(away**2 + (paint.y - 3.0 + 8.0 * f) ** 2) / radius + 0.025 * rough
    here = (0.5 + (data["psoas_top"] - paint.z) / 12.0).clip(0.0, 1.0) * (paint.x * side > 0.0)
    paint.over((0.5 + (1.0 + 2.5 / radius - r) * radius / 3.0).clip(0.0, 1.0) * here, "fat")
    paint.over((0.5 + (1.0 - r) * radius / 3.0).clip(0.0, 1.0) * here, "psoas")


def _vessels(paint: Paint, body: Trunk) -> None:
    columns, rows = paint.near(60.0, -75.0, 12.0)
    box = (columns, rows, slice(None))
    gap = great_gap(body, paint.x[columns], paint.y[:, rows], paint.z)
    paint.over_in(box, (0.5 - gap / 2.5).clip(0.0, 1.0), "blood")


def _chest(paint: Paint, body: Trunk, depth: AnyArray, spec: PatientSpec, rough: AnyArray) -> None:
    """Lungs with their vessels, the heart between them and the airways."""
    top = paint.z.ravel() > 0.0
    if not top.any():
        return
    box = (slice(None), slice(None), slice(int(np.argmax(top)), None))
    data = table("surroundings.toml")["lung"]
    x, y, z = paint.x[:, :, box[2]], paint.y[:, :, box[2]], paint.z[:, :, box[2]]
    gap = np.minimum(lung_gap(body, x, y, z), depth[box] - data["skin"])
    share = (0.5 + gap / data["edge"]).clip(0.0, 1.0).astype(np.float32)
    hx, hy, hz, a, b, c = data["solids"]["heart"]
    up = z - hz + 0.35 * (x - hx)
    q = np.sqrt(((x - hx) / a) ** 2 + ((y - hy) / b) ** 2 + (up / c) ** 2)
    heart = (0.5 + (1.0 - q) * b / 4.0).clip(0.0, 1.0)
    paint.over_in(box, heart, "blood")
    sunk = data["gradient"] * (data["level"] - y)  # prone: what lies in front is denser
    soft = data["density"] * (1.0 + 0.10 * rough[box]) + sunk + _markings(body, spec, paint, box)
    paint.soft[box] += share * (soft - paint.soft[box])
    paint.hard[box] *= 1.0 - share
    paint.over_in(box, _airway(body, x, y, z), "gas")


def _airway(body: Trunk, x: AnyArray, y: AnyArray, z: AnyArray) -> AnyArray:
    """Coverage of trachea and main bronchi."""
    data = table("surroundings.toml")["airway"]
    tx, ty, radius = data["trachea"]
    above = z - data["carina"]
    gap = np.sqrt((x - tx) ** 2 + (y - ty + 0.12 * above) ** 2) - radius
    gap = np.maximum(gap, -above)
    thin, out, down = data["bronchus"]
    run = (-above / down).clip(0.0, 1.0)
    wide = out * run * np.where(x > 0.0, 1.35, 1.0)
    tube = np.sqrt(((np.abs(x - tx) - wide) * 0.8) ** 2 + (y - ty) ** 2) - thin
    tube = np.maximum(tube, np.maximum(above, -above - down))
    return np.asarray((0.5 - np.minimum(gap, tube) / 2.5).clip(0.0, 1.0))


def _markings(body: Trunk, spec: PatientSpec, paint: Paint, box: Box) -> AnyArray:
    """Share of soft tissue that pulmonary vessels add to the lung, branching from the hila."""
    data = table("surroundings.toml")["airway"]
    draw = rng.stream(spec.seed, "anatomy.lung")
    points: list[FloatArray] = []
    mass: list[FloatArray] = []
    for side in (1.0, -1.0):
        for _ in range(int(data["branches"])):
            start = np.array(data["hilum"]) * [side, 1.0, 1.0] + draw.normal(0.0, 7.0, 3)
            way = draw.normal(0.0, [0.25, 0.55, 0.8]) + np.array([0.75 * side, 0.0, -0.25])
            _branch(draw, start, way / np.linalg.norm(way), 2.6, points, mass)
    at, volume = np.concatenate(points), np.concatenate(mass)
    at[:, 2] += body.l1_z
    at[:, 0] += np.interp(at[:, 2], body.curve_z, body.curve_x)
    at[:, 1] += body.shift(at[:, 2])
    cell = np.rint((at - np.array(paint.origin)) / paint.h).astype(int)
    cell[:, 2] -= box[2].start or 0
    shape = paint.soft[box].shape
    kept = ((cell >= 0) & (cell < shape)).all(axis=1)
    out = np.zeros(shape, dtype=np.float32)
    np.add.at(out, tuple(cell[kept].T), (volume[kept] / paint.h**3).astype(np.float32))
    return np.asarray(gaussian_filter(out, 0.8, truncate=2.5).clip(0.0, 0.9))


def _branch(draw: np.random.Generator, start: FloatArray, way: FloatArray, radius: float,
            points: list[FloatArray], mass: list[FloatArray]) -> None:  # fmt: skip
    """One vessel and, from its end, two thinner ones."""
    length = draw.uniform(9.0, 13.0) * radius**0.75
    step = 1.0
    s = np.arange(0.0, length, step)[:, None]
    bend = draw.normal(0.0, 0.006, 3)
    run = start + s * way + s * s * bend
    points.append(run)
    mass.append(np.full(len(run), np.pi * radius**2 * step))
    if radius < 0.75:
        return
    for share in (0.82, 0.68):
        turned = way + 2.0 * length * bend + draw.normal(0.0, 0.33, 3)
        _branch(draw, run[-1], turned / np.linalg.norm(turned), share * radius, points, mass)


def _column(paint: Paint, shapes: Sequence[Shape], rough: AnyArray) -> None:
    """Bodies and discs: a column of their own; bone comes on top of it.

    It bulges at the discs and its edge is as uneven as that of an old annulus, so that no
    straight line stands between two bodies.
    """
    z = np.array([s.pose.shift[2] for s in shapes])[::-1]
    height = paint.z.ravel() + paint.l1_z
    wide = np.interp(height, z, np.array([s.form.W for s in shapes])[::-1])
    deep = np.interp(height, z, np.array([s.form.D for s in shapes])[::-1])
    tall = np.interp(height, z, np.array([s.form.Hm for s in shapes])[::-1])
    gap = np.abs(height[:, None] - z).min(axis=1) / (0.5 * tall)
    bulge = 0.42 + 0.06 * ((gap - 0.6) / 0.5).clip(0.0, 1.0)
    a, b = (bulge * wide).astype(np.float32), (bulge * deep).astype(np.float32)
    r = np.sqrt((paint.x / a) ** 2 + (paint.y / b) ** 2)
    share = (0.5 + (1.0 + 0.03 * rough - r) * b / 5.0).clip(0.0, 1.0)
    inside = (height < z[-1] + tall[-1]) & (height > z[0] - tall[0])
    paint.over(share * inside.astype(np.float32), "disc")
