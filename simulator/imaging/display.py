"""From frames to grey: recursion, logarithm, range compression, edges, window, tone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from simulator.frames import minus, norm
from simulator.imaging import machine
from simulator.imaging.beam import trimmed_mean
from simulator.imaging.projector import PatientProjector
from simulator.imaging.render import Radiograph, expose_scene, scene
from simulator.imaging.taps import gauss_taps, spread
from simulator.kernels.detector import COARSE, blur, shrink, widen
from simulator.kernels.monitor import grey, logarithm, recurse, shrink_seen
from simulator.units import AnyArray, ByteArray, Float32Array, frozen

if TYPE_CHECKING:
    from simulator.world.arm import Pose
    from simulator.world.case import Case
    from simulator.world.state import State

_TONES = 4096
_FLOOR = 0.25
"""Quanta; keeps the logarithm finite behind metal."""
_WINDOW_PX = 256
"""The automatic window is chosen on a picture of so many pixels per side."""
_PAUSE_TICKS = 30
"""After a longer pause of the beam the recursive filter begins afresh."""
_TURN_DEG = 6.0
_SHIFT_MM = 15.0
"""Further than the arm goes between two pulses at full speed."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the viewer turns: added to the automatic window."""

    brightness: float = 0.0
    """In half window widths; positive is brighter."""
    contrast: float = 1.0
    edge: float = 1.0
    """Multiplies the edge gain."""
    invert: bool = False
    """Bone bright."""


@dataclass(frozen=True, slots=True)
class Window:
    """The automatic window, all in ln units."""

    level: float
    half: float
    pivot: float
    """b0: the base value that compression leaves alone."""


@dataclass(frozen=True, slots=True)
class DisplayState:
    """The monitor's memory."""

    mean: Float32Array | None = None
    """(n, n) recursive mean of frames."""
    recent: tuple[Radiograph, ...] = ()
    """Last frames of the same pose, newest last."""
    window: Window | None = None
    frames: int = 0
    """Since the C-arm last moved."""


@lru_cache(maxsize=8)
def tone_curve(contrast: float, brightness: float, *, invert: bool) -> ByteArray:
    """Return grey by q = -4 .. 4: straight in the middle, bending softly to black and white."""
    d = machine.display()
    q = np.linspace(-4.0, 4.0, _TONES) * contrast + brightness
    knee = np.where(q < 0.0, d.tone_knee_dark, d.tone_knee)
    value = 0.5 + 0.5 * q / (1.0 + np.abs(q) ** knee) ** (1.0 / knee)
    out = np.round(255.0 * (1.0 - value if invert else value)).astype(np.uint8)
    return frozen(out)


def _elsewhere(a: Pose, b: Pose) -> bool:
    """Return whether the C-arm has gone so far that nothing of the old picture is of use."""
    turned = max(abs(a.orbit_deg - b.orbit_deg), abs(a.tilt_deg - b.tilt_deg))
    shifted = norm(minus(a.isocentre_mm, b.isocentre_mm))
    return a.field_mm != b.field_mm or turned > _TURN_DEG or shifted > _SHIFT_MM


def _filtered(display: DisplayState, frame: Radiograph) -> DisplayState:
    """Take a frame into the recursive mean; a picture of another kind starts afresh."""
    d = machine.display()
    old = display.mean
    last = display.recent[-1] if display.recent else None
    if (
        old is None
        or last is None
        or old.shape != frame.signal.shape
        or _elsewhere(last.pose, frame.pose)
    ):
        return DisplayState(mean=frame.signal, recent=(frame,), frames=1)
    moved = last.pose != frame.pose
    if frame.tick - last.tick > _PAUSE_TICKS:
        frames = 1 if moved else display.frames + 1
        return replace(display, mean=frame.signal, recent=(frame,), frames=frames)
    alpha = d.recursive_alpha_motion if moved else d.recursive_alpha
    mean = np.empty_like(old)
    recurse(old, last.signal, frame.signal, d.recursive_lag, alpha, d.recursive_alpha_motion,
            d.recursive_motion_sigma, mean)  # fmt: skip
    recent = (frame,) if moved else (*display.recent, frame)[-d.recursive_hold_frames :]
    return replace(
        display, mean=frozen(mean), recent=recent, frames=1 if moved else display.frames + 1
    )


def _base(log: Float32Array, device: AnyArray | None, pitch_mm: float) -> tuple[AnyArray, AnyArray]:
    """Return the slow part of a picture on the coarse grid, devices left out, and their mask."""
    size = log.shape[0] // COARSE
    if device is None:
        clear = np.ones((COARSE, COARSE), np.float32)
        value = shrink(log, size)
    else:
        value, clear = shrink_seen(log, device, size)
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


def _developed(
    mean: Float32Array, frame: Radiograph, window: Window | None, settings: Settings, share: float
) -> tuple[Window, ByteArray]:
    """Return the window in use and the grey picture of a (filtered) signal."""
    d = machine.display()
    n = mean.shape[0]
    log = np.empty((n, n), np.float32)
    reference = _reference(mean, frame.device)
    logarithm(mean, reference, d.log_low, d.log_high, _FLOOR, log)
    log = frozen(log)

    base, clear = _base(log, frame.device, frame.pitch_mm)
    third = slice(COARSE // 3, COARSE - COARSE // 3)
    pivot = float(np.median(base[third, third]))
    used = pivot if window is None or share > 0.0 else window.pivot
    a, s = d.compression_amplitude, d.compression_slope
    away = (base - a * np.tanh(s * (base - used) / a)).astype(np.float32)
    if window is None or share > 0.0:
        fresh = _auto_window(log, away, clear, used, frame.pitch_mm)
        window = _towards(window, fresh, share)
    out = np.empty((n, n), np.uint8)
    tone = tone_curve(settings.contrast, settings.brightness, invert=settings.invert)
    taps = gauss_taps(d.edge_sigma_mm / frame.pitch_mm)
    grey(
        log, widen(away, n), taps, settings.edge * d.edge_gain, window.level, window.half, tone, out
    )
    return window, frozen(out)


def _reference(mean: Float32Array, device: AnyArray | None) -> float:
    """Return the mean brightness of the middle third, devices and extremes left out."""
    n = mean.shape[0]
    third = slice(n // 3, n - n // 3, max(n // 256, 1))
    middle = mean[third, third]
    if device is not None:
        kept = middle[~device[third, third]]
        middle = kept if kept.size > 16 else middle
    return max(trimmed_mean(middle), _FLOOR)


def develop(
    display: DisplayState, frame: Radiograph, settings: Settings = Settings()
) -> tuple[DisplayState, ByteArray]:
    """Return the monitor's new memory and the live picture (n, n), bone dark."""
    d = machine.display()
    display = _filtered(display, frame)
    assert display.mean is not None
    # The window settles over the first frames of a view and then stays, lest metal, contrast
    # or cement flatten the bone.
    share = d.window_follow if display.frames <= d.window_settle_frames else 0.0
    window, picture = _developed(display.mean, frame, display.window, settings, share)
    return replace(display, window=window), picture


def held(display: DisplayState, settings: Settings = Settings()) -> ByteArray | None:
    """Return the last-image hold: the mean of the last frames of one view; None before any."""
    if not display.recent:
        return None
    mean = frozen(_mean([frame.signal for frame in display.recent]))
    return _developed(mean, display.recent[-1], display.window, settings, 0.0)[1]


def _mean(signals: Sequence[Float32Array]) -> Float32Array:
    total = signals[0].copy()
    for signal in signals[1:]:
        total += signal
    total /= np.float32(len(signals))
    return total


def picture(
    case: Case,
    state: State,
    n: int = 512,
    frames: int = 8,
    projector: PatientProjector | None = None,
    settings: Settings = Settings(),
) -> ByteArray:
    """Return a still last-image hold of `state` for reports and files: mean of noise draws."""
    still = scene(case, state, n, projector or PatientProjector(case.patient))
    shots = [expose_scene(case, state.c_arm, still, state.tick + k) for k in range(frames)]
    mean = frozen(_mean([shot.signal for shot in shots]))
    return _developed(mean, shots[-1], None, settings, 1.0)[1]
