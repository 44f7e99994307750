"""The primary picture: patient before one beam, what was brought into him, the focal blur."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulator.imaging import beam
from simulator.imaging.machine import machine
from simulator.imaging.projector import Paths
from simulator.imaging.taps import gauss_taps
from simulator.imaging.tools import CONTRAST_GAIN, Devices
from simulator.kernels.coarse import COARSE, shrink
from simulator.kernels.detector import blur, occupied, spectrum
from simulator.units import AnyArray, Float32Array, FloatArray, frozen

if TYPE_CHECKING:
    from simulator.world.case import Case
    from simulator.world.instruments import CArmSpec, CementSpec

_SEEN_CM = 0.02
"""More device than this hides the patient from the automatic window."""
_NONE = frozen(np.zeros((3, 0, 0), np.float32))
_SHARP = frozen(np.ones(1, np.float32))
_FOCAL_SHARE = 0.5
"""Half of the focal spot's output comes from its sharp rim, half is spread: own choice."""


def _device_nodes(b: beam.Nodes, cement: CementSpec | None) -> FloatArray:
    """Return the node table with what each device displaces taken off, (4, 5)."""
    mu = b.mu.copy()
    soft = b.mu[..., 0]
    gain, with_soft = (
        (1.0, 0.0)
        if cement is None
        else (
            cement.attenuation_cement,
            cement.attenuation_soft,
        )
    )
    mu[..., 2] = gain * b.mu[..., 2] + (with_soft - 1.0) * soft
    mu[..., 3] = CONTRAST_GAIN * b.mu[..., 3] - soft
    mu[..., 4] = b.mu[..., 4] - soft
    return mu


def primary(
    b: beam.Nodes,
    cement: CementSpec | None,
    paths: Paths,
    tools: Devices | None,
) -> Float32Array:
    """Return the primary signal relative to the open field, sharp and without noise."""
    out = np.empty_like(paths.soft)
    lengths = tools.lengths_cm if tools else _NONE
    spectrum(paths.soft, paths.cortical, lengths, b.weights, _device_nodes(b, cement), out)
    return out


def focal_blur(image: Float32Array, spec: CArmSpec, pitch_mm: float) -> Float32Array:
    """Return `image` as the finite focal spot draws what lies at the isocentre."""
    spread_mm = machine().detector.focal_spot_mm * (spec.sdd_mm - spec.sad_mm) / spec.sad_mm
    out = np.empty(image.shape, np.float32)
    blur(image, _SHARP, gauss_taps(spread_mm / pitch_mm), _FOCAL_SHARE, out)
    return out


@dataclass(frozen=True, slots=True)
class Plate:
    """The patient alone before one beam: what stays while only tools and cement change."""

    sharp: Float32Array
    """(n, n) primary relative to the open field."""
    direct: Float32Array
    """(n, n) the same as the focal spot draws it."""
    low: Float32Array
    """(COARSE, COARSE) means of `direct`."""
    depth_cm: FloatArray
    """(COARSE, COARSE) thickness that scatters."""


def plate(spec: CArmSpec, b: beam.Nodes, paths: Paths, pitch_mm: float) -> Plate:
    """Return the picture of the patient alone."""
    sharp = frozen(primary(b, None, paths, None))
    direct = frozen(focal_blur(sharp, spec, pitch_mm))
    size = sharp.shape[0] // COARSE
    depth = beam.scattering_cm(shrink(paths.soft, size), shrink(paths.cortical, size))
    return Plate(sharp, direct, shrink(direct, size), depth)


@dataclass(frozen=True, slots=True)
class Bare:
    """What devices come into: a plate without any, and the blades."""

    plate: Plate
    lit: Float32Array
    """(n, n) its direct part behind the blades."""
    mask: Float32Array | None
    """(n, n) from `blades.mask`; None if all is open."""


def lifted_plate(
    spec: CArmSpec, b: beam.Nodes, firm: Plate, paths: Paths, pitch_mm: float
) -> Plate:
    """Return the picture of a patient whose fracture was lifted: what stays is not made anew.

    Args:
        spec: The X-ray machine.
        b: The beam.
        firm: Plate of `paths.still`.
        paths: Path lengths through all of the patient.
        pitch_mm: Side of a pixel.
    """
    box = slice(*paths.box[0]), slice(*paths.box[1])
    if box[0].start >= box[0].stop:
        return firm
    part = primary(b, None, Paths(_part(paths.soft, box), _part(paths.cortical, box)), None)
    direct, low = _redrawn(spec, Bare(firm, firm.direct, None), box, part, pitch_mm)
    sharp, depth = firm.sharp.copy(), firm.depth_cm.copy()
    sharp[box] = part
    n = sharp.shape[0]
    size = n // COARSE
    whole = tuple(_cells(x.start, x.stop, size, n) for x in box)
    depth[_coarse(whole, size)] = beam.scattering_cm(
        shrink(_part(paths.soft, whole), size), shrink(_part(paths.cortical, whole), size)
    )
    return Plate(frozen(sharp), direct, low, depth)


def with_devices(
    case: Case, b: beam.Nodes, before: Bare, paths: Paths, tools: Devices, pitch_mm: float
) -> tuple[Float32Array, Float32Array, AnyArray]:
    """Return direct, low and hidden of a plate behind devices; only their box is made anew."""
    bare = before.plate
    n = bare.sharp.shape[0]
    hidden = np.zeros((n, n), bool)
    first, last = (int(x) for x in occupied(tools.lengths_cm, tools.rows, _SEEN_CM, hidden))
    top, bottom = tools.rows
    if last <= first or bottom <= top:
        return before.lit, bare.low, frozen(hidden)
    box = slice(top, bottom), slice(first, last)
    part = Paths(_part(paths.soft, box), _part(paths.cortical, box))
    lengths = _part(tools.lengths_cm, (slice(None), *box))
    drawn = primary(b, case.cement, part, Devices(lengths, tools.rows))
    direct, low = _redrawn(case.c_arm, before, box, drawn, pitch_mm)
    return direct, low, frozen(hidden)


def _redrawn(
    spec: CArmSpec, before: Bare, box: tuple[slice, slice], part: Float32Array, pitch_mm: float
) -> tuple[Float32Array, Float32Array]:
    """Return direct behind the blades and low of a plate in whose `box` the primary is `part`."""
    bare = before.plate
    n = bare.sharp.shape[0]
    size = n // COARSE
    # Twice the reach of the blur around, to whole cells.
    rim = 2 * size * math.ceil(_reach_px(spec, pitch_mm) / size)
    around = tuple(_cells(x.start - rim, x.stop + rim, size, n) for x in box)
    inner = tuple(_cells(x.start - rim // 2, x.stop + rim // 2, size, n) for x in box)
    sharp = bare.sharp[around].copy()
    sharp[_within(around, box)] = part
    drawn = focal_blur(frozen(sharp), spec, pitch_mm)
    direct, low = before.lit.copy(), bare.low.copy()
    fresh = drawn[_within(around, inner)]
    direct[inner] = fresh if before.mask is None else fresh * before.mask[inner]
    low[_coarse(inner, size)] = shrink(np.ascontiguousarray(fresh), size)
    return frozen(direct), low


def _coarse(whole: tuple[slice, ...], size: int) -> tuple[slice, ...]:
    """Return the coarse cells of a part of the picture that is made of whole ones."""
    return tuple(slice(x.start // size, x.stop // size) for x in whole)


def _within(outer: tuple[slice, ...], inner: tuple[slice, ...]) -> tuple[slice, ...]:
    """Return where `inner` lies in a cut-out of `outer`."""
    pairs = zip(outer, inner, strict=True)
    return tuple(slice(b.start - a.start, b.stop - a.start) for a, b in pairs)


def _part(image: AnyArray, where: tuple[slice, ...]) -> AnyArray:
    return frozen(np.ascontiguousarray(image[where]))


def _reach_px(spec: CArmSpec, pitch_mm: float) -> int:
    spread_mm = machine().detector.focal_spot_mm * (spec.sdd_mm - spec.sad_mm) / spec.sad_mm
    return gauss_taps(spread_mm / pitch_mm).size // 2


def _cells(first: int, last: int, size: int, n: int) -> slice:
    """Return first .. last widened to whole coarse cells within the picture."""
    return slice(max(first // size, 0) * size, min(-(-last // size), n // size) * size)
