"""From frames to grey: recursion, logarithm, range compression, edges, window, tone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from simulator.frames import minus, norm
from simulator.imaging import blades, machine
from simulator.imaging.orientation import oriented, oriented_point, plain_point
from simulator.imaging.projector import PatientProjector
from simulator.imaging.render import Radiograph, expose_scene, scene
from simulator.imaging.settings import (
    PLAIN,
    Mode,
    Settings,
    mirrored_x,
    mirrored_y,
    signed_deg,
    turned,
)
from simulator.imaging.subtraction import Mask, fits, joined, subtracted
from simulator.imaging.taps import gauss_taps
from simulator.imaging.windowing import Window, logarithmic, tone_curve, windowed
from simulator.kernels.coarse import widen
from simulator.kernels.monitor import grey, recurse
from simulator.units import AnyArray, ByteArray, Float32Array, frozen

if TYPE_CHECKING:
    from simulator.world.arm import Pose
    from simulator.world.case import Case
    from simulator.world.state import State

__all__ = [
    "PLAIN",
    "DisplayState",
    "Mask",
    "Mode",
    "Settings",
    "Window",
    "develop",
    "held",
    "mirrored_x",
    "mirrored_y",
    "notice",
    "oriented",
    "oriented_point",
    "picture",
    "plain_point",
    "signed_deg",
    "take_mask",
    "turned",
]

_PAUSE_TICKS = 30
"""After a longer pause of the beam the recursive filter begins afresh."""
_TURN_DEG = 6.0
_SHIFT_MM = 15.0
"""Further than the arm goes between two pulses at full speed."""


@dataclass(frozen=True, slots=True)
class DisplayState:
    """The monitor's memory."""

    mean: Float32Array | None = None
    """(n, n) recursive mean of frames."""
    recent: tuple[Radiograph, ...] = ()
    """Last frames of the same pose behind the same blades, newest last."""
    window: Window | None = None
    frames: int = 0
    """Since the C-arm last moved."""
    mask: Mask | None = None
    """For subtraction; kept until another one is taken."""


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
        return DisplayState(frame.signal, (frame,), frames=1, mask=display.mask)
    moved = last.pose != frame.pose
    # What a blade has just uncovered is dark in the frames before: they are no part of the hold.
    same = not moved and last.collimator == frame.collimator
    if frame.tick - last.tick > _PAUSE_TICKS:
        frames = 1 if moved else display.frames + 1
        return replace(display, mean=frame.signal, recent=(frame,), frames=frames)
    alpha = d.recursive_alpha_motion if moved else d.recursive_alpha
    shut = None if last.collimator == frame.collimator else _shut(last)
    if shut is not None:
        old = frozen(np.where(shut, frame.signal, old))
    mean = np.empty_like(old)
    recurse(old, last.signal, frame.signal, d.recursive_lag, alpha, d.recursive_alpha_motion,
            d.recursive_motion_sigma, mean)  # fmt: skip
    recent = (*display.recent, frame)[-d.recursive_hold_frames :] if same else (frame,)
    return replace(
        display, mean=frozen(mean), recent=recent, frames=1 if moved else display.frames + 1
    )


def _developed(
    mean: Float32Array, frame: Radiograph, window: Window | None, settings: Settings, share: float
) -> tuple[Window, ByteArray]:
    """Return the window in use and the grey picture of a (filtered) signal."""
    d = machine.display()
    n = mean.shape[0]
    log = logarithmic(mean, frame.device)
    window, away = windowed(log, frame.device, frame.pitch_mm, window, share)
    out = np.empty((n, n), np.uint8)
    tone = tone_curve(settings.contrast, settings.brightness, invert=settings.invert)
    core, taps = (gauss_taps(x / frame.pitch_mm) for x in (d.noise_sigma_mm, d.edge_sigma_mm))
    grey(log, widen(away, n), core, taps, settings.edge * d.edge_gain, window.level, window.half,
         tone, out)  # fmt: skip
    return window, frozen(out)


def _shown(
    display: DisplayState, mean: Float32Array, frame: Radiograph, settings: Settings, share: float
) -> tuple[Window, ByteArray]:
    """Return the window in use and the picture on the screen, in the mode that is possible.

    Behind the blades it is black.
    """
    window, plain = _developed(mean, frame, display.window, settings, share)
    mask, shut = display.mask, _shut(frame)
    if mask is not None and settings.mode is not Mode.LIVE and fits(mask, frame):
        plain = subtracted(mask, mean, frame, window, settings)
        shut = joined(shut, mask.shut)
    return window, oriented(_shuttered(plain, shut), settings)


def _shut(frame: Radiograph) -> AnyArray | None:
    """Return what the blades blank of a frame, their soft edges too; the machine knows it."""
    return blades.shaded(frame.signal.shape[0], frame.pose.field_mm, frame.collimator)


def _shuttered(plain: ByteArray, shut: AnyArray | None) -> ByteArray:
    return plain if shut is None else frozen(np.where(shut, np.uint8(0), plain))


def develop(
    display: DisplayState, frame: Radiograph, settings: Settings = PLAIN
) -> tuple[DisplayState, ByteArray]:
    """Return the monitor's new memory and the live picture (n, n) as it lies on the screen.

    Bone is dark. A mode that wants a mask shows the plain picture if the mask does not fit;
    `notice` says so.
    """
    d = machine.display()
    display = _filtered(display, frame)
    assert display.mean is not None
    # The window settles over the first frames of a view and then stays, lest metal, contrast
    # or cement flatten the bone.
    share = d.window_follow if display.frames <= d.window_settle_frames else 0.0
    window, picture = _shown(display, display.mean, frame, settings, share)
    return replace(display, window=window), picture


def held(display: DisplayState, settings: Settings = PLAIN) -> ByteArray | None:
    """Return the last-image hold: the mean of the last frames of one view; None before any.

    Where those are too few to be quieter than the live picture, that is held.
    """
    if not display.recent or display.mean is None:
        return None
    alpha = machine.display().recursive_alpha
    many = len(display.recent) * alpha >= 2.0 - alpha
    mean = _mean_of(display.recent) if many else display.mean
    return _shown(display, mean, display.recent[-1], settings, 0.0)[1]


def take_mask(display: DisplayState) -> DisplayState:
    """Return the memory with the mean of the last frames as mask; as it was before any frame."""
    if not display.recent:
        return display
    last = display.recent[-1]
    mask = Mask(_mean_of(display.recent), last.device, _shut(last), last.pose, len(display.recent))
    return replace(display, mask=mask)


def notice(display: DisplayState, settings: Settings = PLAIN) -> str:
    """Return why the monitor does not show the mode that was asked for, or nothing."""
    if settings.mode is Mode.LIVE or not display.recent:
        return ""
    if display.mask is None:
        return "no mask"
    return "" if fits(display.mask, display.recent[-1]) else "view changed since mask"


def _mean_of(frames: Sequence[Radiograph]) -> Float32Array:
    total = frames[0].signal.copy()
    for frame in frames[1:]:
        total += frame.signal
    total /= np.float32(len(frames))
    return frozen(total)


def picture(
    case: Case,
    state: State,
    n: int = 512,
    frames: int = 8,
    projector: PatientProjector | None = None,
    settings: Settings = PLAIN,
) -> ByteArray:
    """Return a still last-image hold of `state` for reports and files: mean of noise draws."""
    still = scene(case, state, n, projector or PatientProjector(case.patient))
    shots = [expose_scene(case, state.c_arm, still, state.tick + k) for k in range(frames)]
    plain = _developed(_mean_of(shots), shots[-1], None, settings, 1.0)[1]
    return oriented(_shuttered(plain, _shut(shots[-1])), settings)
