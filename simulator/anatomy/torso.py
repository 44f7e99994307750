"""Soft tissue of the trunk on a coarse grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from simulator import rng
from simulator.anatomy.shape import Shape
from simulator.anatomy.spec import PatientSpec
from simulator.anatomy.tables import LEVELS, sizes, table
from simulator.units import AnyArray, Float32Array, FloatArray


@dataclass(frozen=True, slots=True)
class Trunk:
    """Outline of the trunk; everything shifts in y with the spine."""

    half_width: float
    half_depth: float
    back_y: float
    """y of the skin behind a straight spine, beside the median groove."""
    curve_z: FloatArray
    curve_y: FloatArray
    l1_z: float
    """Height of L1's centre, from which organs are measured."""

    def shift(self, z: AnyArray | float) -> AnyArray:
        """Return how far the spine lies behind its middle, at heights z."""
        return np.asarray(np.interp(z, self.curve_z, self.curve_y))


def _height_of(level: str, spec: PatientSpec) -> float:
    """Distance of a level's centre above L1, from the sizes alone."""
    at, l1 = LEVELS.index(level), LEVELS.index("L1")
    total = 0.0
    for i in range(min(at, l1), max(at, l1)):
        a, b = sizes(LEVELS[i], spec), sizes(LEVELS[i + 1], spec)
        total += 0.25 * (a.hp + a.ha + b.hp + b.ha) + a.disc
    return total if at < l1 else -total


def trunk(shapes: list[Shape], spec: PatientSpec) -> Trunk:
    """Return the outline of this patient around these vertebrae."""
    data = table("morphometry.toml")["torso"]
    z = np.array([s.pose.shift[2] for s in shapes])[::-1]
    y = np.array([s.pose.shift[1] for s in shapes])[::-1]
    fine = np.linspace(-160.0, 160.0, 161)
    curve = gaussian_filter(np.interp(fine, z, y), 8.0, mode="nearest")
    above = _height_of(spec.level, spec)
    chest = min(max(above / 135.0, 0.0), 1.0)
    size = 1.0 - data["thoracic_shrink"] * chest
    extra = spec.bmi - 25.0
    return Trunk(
        half_width=data["half_width"] * size + data["bmi_girth"] * extra,
        half_depth=data["half_depth"] * size + data["bmi_girth"] * extra,
        back_y=data["skin_behind"] - 10.0 * chest + data["bmi_depth"] * extra,
        curve_z=fine,
        curve_y=curve,
        l1_z=-above,
    )


def skin_y(body: Trunk, x: float, z: float) -> float:
    """Return y of the back's skin."""
    data = table("morphometry.toml")["torso"]
    n = data["exponent_back"]
    flat = (1.0 - min(abs(x) / body.half_width, 0.99) ** n) ** (1.0 / n)
    groove = data["groove"] * np.exp(-0.5 * (x / data["groove_sigma"]) ** 2)
    centre = body.back_y - body.half_depth
    return float(centre + body.half_depth * flat - groove + body.shift(z))


class Paint:
    """The two coefficient grids while they are painted, organ over organ."""

    def __init__(self, body: Trunk, h: float) -> None:
        data = table("morphometry.toml")["torso"]
        top = float(data["half_height"])
        reach = float(np.abs(body.curve_y).max()) + 4.0
        front = body.back_y - 2.0 * body.half_depth
        axes = [np.arange(-body.half_width - 4.0, body.half_width + 4.0, h),
                np.arange(front - reach, body.back_y + reach, h),
                np.arange(-top, top + h, h)]  # fmt: skip
        self.h = h
        self.origin = (float(axes[0][0]), float(axes[1][0]), float(axes[2][0]))
        self.x, y, z = (a.astype(np.float32) for a in np.ix_(*axes))
        self.z = z - np.float32(body.l1_z)
        self.y = y - body.shift(axes[2]).astype(np.float32)[None, None, :]
        self.shape = tuple(len(a) for a in axes)
        self.soft = np.zeros(self.shape, dtype=np.float32)
        self.hard = np.zeros(self.shape, dtype=np.float32)
        self.tissue = data["tissue"]

    def over(self, share: AnyArray, tissue: str) -> None:
        """Lay a tissue over what is there; share 0..1 is its coverage."""
        soft, hard = self.tissue[tissue]
        share = share.astype(np.float32)
        self.soft += share * (np.float32(soft) - self.soft)
        self.hard += share * (np.float32(hard) - self.hard)

    def blob(self, centre: tuple[float, float, float], half: tuple[float, float, float],
             tissue: str, noise: AnyArray | float = 0.0, edge_mm: float = 3.0) -> None:  # fmt: skip
        """Lay an ellipsoid with a soft, perhaps uneven edge; only its own box is touched."""
        box, parts = [], []
        for q, grid in enumerate((self.x, self.y, self.z)):
            u = np.abs(grid - np.float32(centre[q])) / np.float32(half[q])
            near = (u < 1.5).any(axis=tuple(a for a in range(3) if a != q))
            found = np.flatnonzero(near)
            if not len(found):
                return
            box.append(slice(int(found[0]), int(found[-1]) + 1))
            parts.append(u)
        cut = [p[tuple(b if p.shape[a] > 1 else slice(None) for a, b in enumerate(box))]
               for p in parts]  # fmt: skip
        where = tuple(box)
        r = np.sqrt(cut[0] ** 2 + cut[1] ** 2 + cut[2] ** 2)
        rough = noise[where] if isinstance(noise, np.ndarray) else noise
        share = (0.5 + (1.0 + rough - r) * min(half) / edge_mm).clip(0.0, 1.0)
        soft, hard = self.tissue[tissue]
        self.soft[where] += (share * (soft - self.soft[where])).astype(np.float32)
        self.hard[where] += (share * (hard - self.hard[where])).astype(np.float32)


def noise(paint: Paint, seed: int, name: str, length_mm: float) -> Float32Array:
    """Unit noise of one length, drawn on a coarse grid and interpolated."""
    coarse = max(0.6 * length_mm / paint.h, 1.0)
    count = tuple(int(n / coarse) + 3 for n in paint.shape)
    white = rng.stream(seed, f"anatomy.torso.{name}").standard_normal(count, dtype=np.float32)
    smooth = gaussian_filter(white, length_mm / paint.h / coarse, mode="nearest")
    smooth /= smooth.std()
    axes = [np.arange(n, dtype=np.float32) / coarse for n in paint.shape]
    for axis, at in enumerate(axes):  # separable, hence cheap, linear interpolation
        low = np.floor(at).astype(int)
        w = (at - low).reshape([-1 if a == axis else 1 for a in range(3)])
        smooth = smooth.take(low, axis) * (1.0 - w) + smooth.take(low + 1, axis) * w
    return np.asarray(smooth, dtype=np.float32)
