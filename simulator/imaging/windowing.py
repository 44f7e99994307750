"""From a logarithmic picture to window and tone: compression, automatic window, grey values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from simulator.imaging import machine
from simulator.imaging.beam import trimmed_mean
from simulator.imaging.taps import gauss_taps, spread
from simulator.kernels.coarse import COARSE, shrink, widen
from simulator.kernels.detector import blur
from simulator.kernels.monitor import logarithm, shrink_seen
from simulator.units import AnyArray, ByteArray, Float32Array, frozen

_TONES = 4096
FLOOR = 0.25
"""Quanta; keeps the logarithm finite behind metal."""
_WINDOW_PX = 256
"""The automatic window is chosen on a picture of so many pixels per side."""


@dataclass(frozen=True, slots=True)
class Window:
    """The automatic window, all in ln units."""

    level: float
    half: float
    pivot: float
    """b0: the base value that compression leaves alone."""


@lru_cache(maxsize=8)
def tone_curve(contrast: float, brightness: float, *, invert: bool) -> ByteArray:
    """Return grey by q = -4 .. 4: straight in the middle, bending softly to black and white."""
    d = machine.display()
    q = np.linspace(-4.0, 4.0, _TONES) * contrast + brightness
    knee = np.where(q < 0.0, d.tone_knee_dark, d.tone_knee)
    value = 0.5 + 0.5 * q / (1.0 + np.abs(q) ** knee) ** (1.0 / knee)
    out = np.round(255.0 * (1.0 - value if invert else value)).astype(np.uint8)
    return frozen(out)


def reference(mean: Float32Array, aside: AnyArray | None) -> float:
    """Return the mean brightness of the middle third, devices, blades and extremes left out."""
    n = mean.shape[0]
    third = slice(n // 3, n - n // 3, max(n // 256, 1))
    middle = mean[third, third]
    if aside is not None:
        kept = middle[~aside[third, third]]
        middle = kept if kept.size > 16 else middle
    return max(trimmed_mean(middle), FLOOR)


def logarithmic(mean: Float32Array, aside: AnyArray | None) -> Float32Array:
    """Return ln(signal / reference) of a (filtered) signal, (n, n)."""
    d = machine.display()
    log = np.empty(mean.shape, np.float32)
    logarithm(mean, reference(mean, aside), d.log_low, d.log_high, FLOOR, log)
    return frozen(log)


def _base(log: Float32Array, aside: AnyArray | None, pitch_mm: float) -> tuple[AnyArray, AnyArray]:
    """Return the slow part of a picture on the coarse grid and what counted for it."""
    size = log.shape[0] // COARSE
    if aside is None:
        clear = np.ones((COARSE, COARSE), np.float32)
        value = shrink(log, size)
    else:
        value, clear = shrink_seen(log, aside, size)
    blurring = spread(machine.display().compression_sigma_mm / (size * pitch_mm))
    weight = blurring @ clear @ blurring.T
    return (blurring @ value @ blurring.T) / np.maximum(weight, 1e-3), clear


def _auto_window(
    log: Float32Array, away: AnyArray, clear: AnyArray, pivot: float, pitch_mm: float
) -> Window:
    """Choose level and width from the middle of a compressed picture, devices left out.

    Percentiles want less noise and no detail: block means do, blurred by what blocks lack.
    """
    d = machine.display()
    n = log.shape[0]
    block = max(n // _WINDOW_PX, 1)
    side = n // block
    flat = shrink(log, block) - widen(widen(away, side).T.copy(), side).T
    lacking = (d.window_smooth_mm / pitch_mm) ** 2 - (block**2 - 1) / 12.0
    taps = gauss_taps(max(lacking, 0.0) ** 0.5 / block)
    smooth = np.empty(flat.shape, np.float32)
    blur(frozen(np.ascontiguousarray(flat)), taps, taps, 1.0, smooth)
    cell = np.arange(side) * COARSE // side
    seen = (clear > 0.99)[np.ix_(cell, cell)]
    wide, core = slice(side // 6, side - side // 6), slice(3 * side // 10, side - 3 * side // 10)
    middle = smooth[core, core][seen[core, core]]
    if middle.size < 16:
        return Window(pivot, d.window_half_max, pivot)
    low, high = np.percentile(
        smooth[wide, wide][seen[wide, wide]],
        (d.window_low_percentile, d.window_high_percentile),
    )
    half = min(max(d.window_gain * float(high - low), d.window_half_min), d.window_half_max)
    return Window(float(np.median(middle)) + d.window_level_offset, half, pivot)


def _towards(old: Window | None, new: Window, share: float) -> Window:
    if old is None:
        return new
    return Window(
        old.level + share * (new.level - old.level),
        old.half + share * (new.half - old.half),
        old.pivot + share * (new.pivot - old.pivot),
    )


def windowed(
    log: Float32Array,
    aside: AnyArray | None,
    pitch_mm: float,
    window: Window | None,
    share: float,
) -> tuple[Window, Float32Array]:
    """Return the window in use and what compression takes off, both of a logarithmic picture.

    Args:
        log: (n, n) from `logarithmic`.
        aside: (n, n) bool, devices and what the blades cover, or None.
        pitch_mm: Side of a pixel at the detector.
        window: The window so far, or None.
        share: How far it goes towards the one this picture asks for, 0 .. 1.

    Returns:
        The window, and (COARSE, COARSE) float32.
    """
    d = machine.display()
    base, clear = _base(log, aside, pitch_mm)
    third = slice(COARSE // 3, COARSE - COARSE // 3)
    pivot = float(np.median(base[third, third]))
    used = pivot if window is None or share > 0.0 else window.pivot
    a, s = d.compression_amplitude, d.compression_slope
    away = (base - a * np.tanh(s * (base - used) / a)).astype(np.float32)
    if window is None or share > 0.0:
        window = _towards(window, _auto_window(log, away, clear, used, pitch_mm), share)
    return window, frozen(away)
