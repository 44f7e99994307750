"""What fills the trunk: fat, muscles, lungs, kidneys, bowel gas."""

from __future__ import annotations

import numpy as np

from simulator import rng
from simulator.anatomy.shape import Shape
from simulator.anatomy.spec import PatientSpec
from simulator.anatomy.tables import table
from simulator.anatomy.torso import Paint, Trunk, noise
from simulator.anatomy.volume import Volume
from simulator.units import AnyArray, frozen


def torso_volume(body: Trunk, shapes: list[Shape], spec: PatientSpec) -> Volume:
    """Return absolute coefficients of the trunk, without bone."""
    paint = Paint(body, float(table("bone.toml")["grid"]["torso_mm"]))
    seed = spec.seed
    rough = noise(paint, seed, "wide", 7.0)
    fine = noise(paint, seed, "fine", 3.5)
    depth = _skin_depth(paint, body)
    _walls(paint, depth)
    _muscles(paint)
    for side in (-1.0, 1.0):
        paint.blob((side * 68.0, 18.0, -15.0), (33.0, 29.0, 62.0), "fat")
        paint.blob((side * 68.0, 18.0, -15.0), (26.0, 22.0, 55.0), "kidney")
    _lungs(paint, body, depth, rough)
    _gas(paint, seed, fine)
    _column(paint, shapes)
    speckle = float(table("morphometry.toml")["torso"]["speckle"])
    paint.soft *= 1.0 + speckle * 0.7 * (rough + fine)
    outside = (0.5 + depth / paint.h).clip(0.0, 1.0)
    return Volume(paint.origin, paint.h, frozen(paint.soft * outside), frozen(paint.hard * outside))


def _skin_depth(paint: Paint, body: Trunk) -> AnyArray:
    """Depth below the skin, mm, negative outside."""
    data = table("morphometry.toml")["torso"]
    a, b = body.half_width, body.half_depth
    groove = data["groove"] * np.exp(-0.5 * (paint.x / data["groove_sigma"]) ** 2)
    v = (paint.y - (body.back_y - b)) / b
    v = np.where(v > 0.0, v * b / (b - groove), v)
    n = np.where(v > 0.0, data["exponent_back"], data["exponent_front"]).astype(np.float32)
    q = (np.abs(paint.x / a) ** n + np.abs(v) ** n) ** (1.0 / n)
    return np.asarray((1.0 - q) * 0.9 * b, dtype=np.float32)


def _walls(paint: Paint, depth: AnyArray) -> None:
    data = table("morphometry.toml")["torso"]
    paint.over(np.ones(1), "fat")
    fat = np.where(paint.y > 0.0, data["fat_back"], data["fat_front"])
    paint.over((0.5 + (depth - fat) / 6.0).clip(0.0, 1.0), "viscera")


def _muscles(paint: Paint) -> None:
    x, y, z = np.abs(paint.x), paint.y, paint.z
    back = np.sqrt(((x - 34.0) / 30.0) ** 2 + ((y - 48.0) / 24.0) ** 2)
    paint.over((0.5 + (1.0 - back) * 8.0).clip(0.0, 1.0), "muscle")
    f = ((35.0 - z) / 120.0).clip(0.0, 1.3)
    radius = 5.0 + 26.0 * f
    r = np.sqrt((x - 27.0 - 20.0 * f - 0.2 * radius) ** 2 + (y - 4.0) ** 2) / radius
    present = (z < 35.0).astype(np.float32)
    paint.over((0.5 + (1.16 - r) * radius / 4.0).clip(0.0, 1.0) * present, "fat")
    paint.over((0.5 + (1.0 - r) * radius / 4.0).clip(0.0, 1.0) * present, "psoas")


def _lungs(paint: Paint, body: Trunk, depth: AnyArray, rough: AnyArray) -> None:
    data = table("morphometry.toml")["torso"]
    a, b = body.half_width, body.half_depth
    y = paint.y - (body.back_y - b)
    side = np.where(paint.x > 0.0, 0.02 * a, -0.02 * a)  # the two are never quite alike
    lx = (np.abs(paint.x) - 0.53 * a + side + 2.5 * rough) / (0.38 * a)
    inside = 1.0 - (np.abs(lx) ** 2.3 + np.abs(y / (0.80 * b)) ** 2.3) ** (1.0 / 2.3)
    dome = data["lung_base"] + 42.0 * np.exp(-(((y + 25.0) / 60.0) ** 2) - (lx / 1.1) ** 2)
    # behind, the diaphragm falls away ever more steeply into the recess
    above = paint.z - dome + 0.0058 * (y + 12.0).clip(0.0, None) ** 2
    gap = np.minimum(np.minimum(inside * 0.38 * a, above), depth - 25.0)
    share = (0.5 + gap / 6.0).clip(0.0, 1.0)
    paint.over(share, "lung")
    paint.soft += share * 0.05 * rough


def _gas(paint: Paint, seed: int, fine: AnyArray) -> None:
    draw = rng.stream(seed, "anatomy.gas")
    for _ in range(8):
        x = draw.uniform(45.0, 110.0) * draw.choice([-1.0, 1.0])
        centre = (x, draw.uniform(-105.0, -60.0), draw.uniform(-130.0, 15.0))
        half = (draw.uniform(7.0, 17.0), draw.uniform(5.0, 10.0), draw.uniform(6.0, 12.0))
        paint.blob(centre, half, "gas", 0.28 * fine)
    side, level = draw.choice([-1.0, 1.0]), draw.uniform(-70.0, -40.0)
    for n in range(5):
        centre = (side * (58.0 + 10.0 * n), -88.0 + draw.uniform(-8.0, 8.0), level + 9.0 * (n % 2))
        paint.blob(centre, (8.0, 8.0, 9.0), "gas", 0.20 * fine)


def _column(paint: Paint, shapes: list[Shape]) -> None:
    """Bodies and discs lie in a column of their own; bone comes on top of it."""
    width = float(np.mean([s.form.W for s in shapes]))
    depth = float(np.mean([s.form.D for s in shapes]))
    r = np.sqrt((paint.x / (0.46 * width)) ** 2 + (paint.y / (0.46 * depth)) ** 2)
    paint.over((0.5 + (1.0 - r) * 0.4 * depth / 4.0).clip(0.0, 1.0), "column")
