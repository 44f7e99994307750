"""Randomness in space: the deformation lattice and the density texture."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import scipy.fft
from scipy.ndimage import gaussian_filter

from simulator import rng
from simulator.anatomy.tables import table
from simulator.units import Float32Array, FloatArray

_LATTICE = 20


def lattice(seed: int, level: str) -> Float32Array:
    """Return (n, n, n, 4): smooth periodic displacement in mm and one channel of unit noise."""
    warp = table("vertebra_shape.toml")["warp"]
    white = rng.stream(seed, f"anatomy.lattice.{level}").standard_normal((4, *3 * (_LATTICE,)))
    smooth = np.stack([gaussian_filter(c, warp["smooth_cells"], mode="wrap") for c in white])
    smooth /= smooth.std(axis=(1, 2, 3), keepdims=True)
    smooth[:3] *= warp["rms_mm"]
    return np.ascontiguousarray(np.moveaxis(smooth, 0, -1), dtype=np.float32)


def _gain(length_mm: list[float], cells: int, tile_mm: float) -> FloatArray:
    """Fourier gain of a Gaussian with these standard deviations (x, y, z)."""
    full = 2.0 * np.pi * scipy.fft.fftfreq(cells, tile_mm)
    half = 2.0 * np.pi * scipy.fft.rfftfreq(cells, tile_mm)
    gx, gy = (np.exp(-0.5 * (full * s) ** 2) for s in length_mm[:2])
    gz = np.exp(-0.5 * (half * length_mm[2]) ** 2)
    return np.asarray(gx[:, None, None] * gy[None, :, None] * gz, dtype=np.float32)


@lru_cache(maxsize=2)
def tile(seed: int) -> Float32Array:
    """Return a periodic cube of log-normal density factors with mean one."""
    data = table("bone.toml")["texture"]
    cells, tile_mm = int(data["tile_cells"]), float(data["tile_mm"])
    total = np.zeros(3 * (cells,), dtype=np.float32)
    for name in ("vertical", "horizontal", "patches"):
        gain = _gain(data[name]["length"], cells, tile_mm)
        white = rng.stream(seed, f"anatomy.texture.{name}").standard_normal(
            3 * (cells,), dtype=np.float32
        )
        noise = scipy.fft.irfftn(scipy.fft.rfftn(white) * gain, s=white.shape)
        total += data[name]["spread"] * noise / noise.std()
    out = np.exp(total)
    out /= out.mean()
    out.setflags(write=False)
    return np.asarray(out, dtype=np.float32)


def offset(seed: int, level: str) -> FloatArray:
    """Return where in the tile this vertebra begins, mm."""
    data = table("bone.toml")["texture"]
    size = float(data["tile_cells"]) * float(data["tile_mm"])
    return rng.stream(seed, f"anatomy.texture.offset.{level}").uniform(0.0, size, 3)
