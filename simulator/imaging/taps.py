"""Blurs as weights: Gaussians on pixels and on the coarse grid."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from simulator.kernels.coarse import COARSE
from simulator.units import Float32Array, frozen


@lru_cache(maxsize=32)
def gauss_taps(sigma_px: float) -> Float32Array:
    """Return a Gaussian averaged over pixels, summing to 1; odd length.

    It holds the aperture of the pixel: its transform is the Gaussian's times a sinc.
    """
    reach = max(math.ceil(3.0 * sigma_px), 1)
    edges = (np.arange(-reach, reach + 2) - 0.5) / (math.sqrt(2.0) * max(sigma_px, 1e-3))
    taps = np.diff([math.erf(x) for x in edges])
    return frozen((taps / taps.sum()).astype(np.float32))


@lru_cache(maxsize=32)
def pixel_taps(sigma_px: float) -> Float32Array:
    """Return the taps whose transform up to half a cycle per pixel is a Gaussian's times a sinc.

    That is what light spread by `sigma_px` keeps of each frequency when pixels collect it.
    """
    reach = max(math.ceil(3.0 * sigma_px), 2)
    f = (np.arange(400) + 0.5) / 800.0
    passed = np.exp(-2.0 * (math.pi * sigma_px * f) ** 2) * np.sinc(f)
    taps = np.cos(2.0 * math.pi * np.outer(np.arange(-reach, reach + 1), f)) @ passed
    return frozen((taps / taps.sum()).astype(np.float32))


@lru_cache(maxsize=32)
def spread(sigma_cells: float) -> Float32Array:
    """Return the (COARSE, COARSE) matrix that blurs a coarse column; nothing lies outside."""
    cells = np.arange(COARSE)
    d = (cells[:, None] - cells[None, :]) / sigma_cells
    kernel = np.exp(-0.5 * d * d) / (sigma_cells * math.sqrt(2.0 * math.pi))
    return frozen(kernel.astype(np.float32))
