"""Digital subtraction: what a picture shows that its mask did not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulator.imaging import machine
from simulator.imaging.settings import Mode, Settings
from simulator.imaging.taps import gauss_taps
from simulator.imaging.windowing import (
    FLOOR,
    Window,
    logarithmic,
    reference,
    tone_curve,
    windowed,
)
from simulator.kernels.coarse import COARSE, widen
from simulator.kernels.monitor import grey, logarithm
from simulator.units import AnyArray, ByteArray, Float32Array, frozen

if TYPE_CHECKING:
    from simulator.imaging.render import Radiograph
    from simulator.world.arm import Pose

_LIMIT = 20.0
"""No logarithm of quanta is larger; a difference is clipped by the tone curve alone."""


@dataclass(frozen=True, slots=True)
class Mask:
    """The mean of some frames of one view, to be taken off later ones."""

    signal: Float32Array
    """(n, n) quanta."""
    aside: AnyArray | None
    """(n, n) bool, what does not count for its brightness: devices, and behind the blades."""
    shut: AnyArray | None
    """(n, n) bool, what of it lay behind the blades: nothing can be taken off there."""
    pose: Pose
    frames: int
    """How many were averaged; noise of the difference grows by sqrt(1 + 1 / frames)."""


def joined(a: AnyArray | None, b: AnyArray | None) -> AnyArray | None:
    """Return where either mask holds; None if there is none."""
    if a is None or b is None:
        return b if a is None else a
    return frozen(a | b)


def fits(mask: Mask, frame: Radiograph) -> bool:
    """Return whether the arm stands as it did when the mask was taken."""
    return mask.pose == frame.pose and mask.signal.shape == frame.signal.shape


def difference(mask: Mask, signal: Float32Array, aside: AnyArray | None) -> Float32Array:
    """Return ln S - ln S_mask, (n, n): negative where something has come into the beam.

    Both signals count relative to their middles, so that a change of tube output cancels.

    Args:
        mask: What is taken off.
        signal: (n, n) quanta.
        aside: (n, n) bool, what of the signal does not count for its brightness.
    """
    aside = joined(aside, mask.aside)
    now, then = np.empty_like(signal), np.empty_like(signal)
    for image, out in ((signal, now), (mask.signal, then)):
        logarithm(image, reference(image, aside), -_LIMIT, _LIMIT, FLOOR, out)
    now -= then
    return frozen(now)


def subtracted(
    mask: Mask, signal: Float32Array, frame: Radiograph, window: Window, settings: Settings
) -> ByteArray:
    """Return the grey picture of a difference, over the mask's anatomy if it is a roadmap.

    D = gain (ln S - ln S_mask), shown in a window of its own. No edges are enhanced: noise alone
    would gain.

    Args:
        mask: What is taken off.
        signal: (n, n) quanta, filtered.
        frame: The newest frame in it.
        window: The live picture's.
        settings: What the viewer turned.
    """
    d = machine.display()
    n = signal.shape[0]
    shown = difference(mask, signal, frame.device) * np.float32(
        d.subtraction_gain * window.half / d.subtraction_half
    )
    away = np.zeros((COARSE, COARSE), np.float32)
    if settings.mode is Mode.ROADMAP:
        log, part = logarithmic(mask.signal, mask.aside), np.float32(d.subtraction_landmark)
        _, slow = windowed(log, mask.aside, frame.pitch_mm, window, 0.0)
        shown += part * log
        away = part * (slow + np.float32(window.level))
    out = np.empty(shown.shape, np.uint8)
    tone = tone_curve(settings.contrast, settings.brightness, invert=settings.invert)
    core = gauss_taps(d.noise_sigma_mm / frame.pitch_mm)
    grey(frozen(shown), widen(away, n), core, core, 0.0, 0.0, window.half, tone, out)
    return frozen(out)
