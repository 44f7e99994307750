"""From a state to what the panel reads out: one noisy frame, or none of it changes anything."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from simulator import rng
from simulator.imaging import beam, blades
from simulator.imaging.blocks import Quality
from simulator.imaging.machine import Grid, Setting, machine, setting
from simulator.imaging.positioner import Geometry, geometry
from simulator.imaging.projector import Paths, PatientProjector
from simulator.imaging.taps import gauss_taps, pixel_taps, spread
from simulator.imaging.tools import CONTRAST_GAIN, Devices, devices
from simulator.kernels.detector import (
    COARSE,
    blur,
    enlarge,
    occupied,
    read_out,
    shrink,
    spectrum,
    widen,
)
from simulator.units import AnyArray, Float32Array, FloatArray, frozen
from simulator.world.collimator import OPEN, Collimator

if TYPE_CHECKING:
    from simulator.world.arm import CArm, Pose
    from simulator.world.case import Case
    from simulator.world.instruments import CArmSpec, CementSpec
    from simulator.world.state import State

_NORMALS = 1 << 20
"""Length of the row of normal numbers that every frame reads at its own random places."""
_SEEN_CM = 0.02
"""More device than this hides the patient from the automatic window."""
_THIRD = slice(COARSE // 3, COARSE - COARSE // 3)
_LIT = 0.99
"""Cells of the middle third that get so much of the beam tell its brightness."""
_HALVED_PX = 512
"""Smaller pictures are not made coarser while the arm moves."""
_NONE = frozen(np.zeros((3, 0, 0), np.float32))
_SHARP = frozen(np.ones(1, np.float32))
_FOCAL_SHARE = 0.5
"""Half of the focal spot's output comes from its sharp rim, half is spread: own choice."""


@dataclass(frozen=True, slots=True)
class Radiograph:
    """One frame as the panel reads it out."""

    signal: Float32Array
    """(n, n) detected quanta per pixel, noise included."""
    device: AnyArray | None
    """(n, n) bool, True behind metal, contrast, cement or the blades; None if there is none."""
    pose: Pose
    pitch_mm: float
    kvp: float
    dose_ngy: float
    """Receptor dose in the middle of the field."""
    tick: int
    collimator: Collimator = OPEN


@lru_cache(maxsize=1)
def _normals() -> Float32Array:
    numbers = rng.stream(0, "noise tile").standard_normal(_NORMALS, dtype=np.float32)
    return frozen(numbers)


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


def scattered(
    direct: Float32Array,
    depth_cm: FloatArray,
    kvp: float,
    cell_mm: float,
    grid: Grid,
    opening: Float32Array | None = None,
) -> Float32Array:
    """Return scatter on the coarse grid, on the scale of `direct`.

    Made in one column, scatter leaves through another. The kernels are those of slabs, where all
    columns are alike; elsewhere half of the way lies in either column, so that the amount is
    drawn from the geometric mean of both primaries. Without that the bright rim beside a patient
    would light up its middle.

    Args:
        direct: (COARSE, COARSE) primary before the blades, relative to the open field.
        depth_cm: The same shape, from `beam.scattering_cm`.
        kvp: Tube voltage.
        cell_mm: Side of a cell at the detector.
        grid: In or out.
        opening: (COARSE, COARSE) share of the beam that the blades let through; None for all.
    """
    outline = spread(machine().scatter.outline_mm / cell_mm)
    weight = outline.sum(1)
    logs = np.log(np.maximum(direct, np.float32(1e-6)))
    leaving = np.exp(0.5 * (outline @ logs @ outline.T) / np.outer(weight, weight))
    made = direct / leaving if opening is None else direct * opening / leaving
    out = np.zeros_like(direct)
    for amount, sigma_mm in beam.scatter_parts(grid, kvp, depth_cm):
        blurring = spread(sigma_mm / cell_mm)
        out += blurring @ (made * amount.astype(np.float32)) @ blurring.T
    result: Float32Array = out * leaving
    return result


def exposed(
    spec: CArmSpec,
    set_: Setting,
    kvp: float,
    mas: float,
    pitch_mm: float,
    still: Scene,
    noise: np.random.Generator,
) -> tuple[Float32Array, float]:
    """Return (n, n) detected quanta of one pulse and the central receptor dose in nGy."""
    d = machine().detector
    n = still.direct.shape[0]
    lit = slice(None) if still.opening is None else still.opening[_THIRD, _THIRD] > _LIT
    middle = beam.trimmed_mean(still.low[_THIRD, _THIRD][lit])
    open_ngy = beam.open_dose_ngy(spec, set_, kvp, mas, -math.log(max(middle, 1e-6)))
    quanta = d.dqe * d.photons_mm2_ugy * open_ngy / 1000.0 * pitch_mm**2
    starts = noise.integers(0, _NORMALS - n, (2, n))
    out = np.empty((n, n), np.float32)
    # Quantum noise is made before the scintillator blurs it; that of the electronics comes after.
    electronic = d.electronic_quanta * math.sqrt(d.dqe) * pitch_mm / d.electronic_pixel_mm
    core, taps = (pixel_taps(x / pitch_mm) for x in (d.psf_narrow_mm, d.psf_wide_mm))
    read_out(still.direct, widen(still.scatter, n), quanta, _normals(), starts, core, taps,
             1.0 - d.psf_narrow_weight, electronic, out)  # fmt: skip
    return out, open_ngy * (middle + beam.trimmed_mean(still.scatter[_THIRD, _THIRD][lit]))


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


@dataclass(frozen=True, slots=True)
class Scene:
    """What does not change between the pulses of one moment: everything but noise."""

    g: Geometry
    direct: Float32Array
    """(n, n) primary relative to the open field."""
    low: Float32Array
    """(COARSE, COARSE) its means before the blades."""
    scatter: Float32Array
    """(COARSE, COARSE) on the same scale."""
    device: AnyArray | None
    opening: Float32Array | None = None
    """(COARSE, COARSE) share of the beam that the blades let through; None for all."""


def plate(spec: CArmSpec, b: beam.Nodes, paths: Paths, pitch_mm: float) -> Plate:
    """Return the picture of the patient alone."""
    sharp = frozen(primary(b, None, paths, None))
    direct = frozen(focal_blur(sharp, spec, pitch_mm))
    size = sharp.shape[0] // COARSE
    depth = beam.scattering_cm(shrink(paths.soft, size), shrink(paths.cortical, size))
    return Plate(sharp, direct, shrink(direct, size), depth)


def _with_devices(
    case: Case, b: beam.Nodes, bare: Plate, paths: Paths, tools: Devices, pitch_mm: float
) -> tuple[Float32Array, Float32Array, AnyArray]:
    """Return direct, low and hidden of a plate behind devices; only their box is made anew."""
    n = bare.sharp.shape[0]
    hidden = np.zeros((n, n), bool)
    first, last = (int(x) for x in occupied(tools.lengths_cm, tools.rows, _SEEN_CM, hidden))
    top, bottom = tools.rows
    if last <= first or bottom <= top:
        return bare.direct, bare.low, hidden
    size = n // COARSE
    # Twice the reach of the blur around, to whole cells.
    rim = 2 * size * math.ceil(_reach_px(case.c_arm, pitch_mm) / size)
    around = _cells(top - rim, bottom + rim, size, n), _cells(first - rim, last + rim, size, n)
    inner = (
        _cells(top - rim // 2, bottom + rim // 2, size, n),
        _cells(first - rim // 2, last + rim // 2, size, n),
    )
    sharp = bare.sharp[around].copy()
    box = slice(top, bottom), slice(first, last)
    part = Paths(_part(paths.soft, box), _part(paths.cortical, box))
    lengths = _part(tools.lengths_cm, (slice(None), *box))
    sharp[_within(around, box)] = primary(b, case.cement, part, Devices(lengths, tools.rows))
    drawn = focal_blur(frozen(sharp), case.c_arm, pitch_mm)
    direct, low = bare.direct.copy(), bare.low.copy()
    direct[inner] = drawn[_within(around, inner)]
    cells = tuple(slice(x.start // size, x.stop // size) for x in inner)
    low[cells] = shrink(_part(direct, inner), size)
    return frozen(direct), low, hidden


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


def scene(case: Case, state: State, n: int, projector: PatientProjector) -> Scene:
    """Return the noise-free picture of `state`; `n` must be a multiple of COARSE.

    While the arm moves, everything but noise is made on half the pixels.
    """
    if n % COARSE:
        raise ValueError(f"{n} pixels per side is no multiple of {COARSE}")
    arm = state.c_arm
    if arm.moving and n >= _HALVED_PX and n % (2 * COARSE) == 0:
        half = _scene(case, state, n // 2, projector, Quality.MOVING)
        direct = np.empty((n, n), np.float32)
        enlarge(half.direct, direct)
        hidden = None if half.device is None else _doubled(half.device)
        g = geometry(case.c_arm, arm.pose, n)
        return replace(half, g=g, direct=frozen(direct), device=hidden)
    return _scene(case, state, n, projector, Quality.STILL)


def _doubled(mask: AnyArray) -> AnyArray:
    """Return a mask with each cell as 2 x 2; two equal bytes are one number of 16 bits."""
    wide = (mask.view(np.uint8) * np.uint16(257)).view(bool)
    return frozen(wide.repeat(2, 0))


def _scene(
    case: Case, state: State, n: int, projector: PatientProjector, quality: Quality
) -> Scene:
    arm = state.c_arm
    g = geometry(case.c_arm, arm.pose, n)
    paths = projector.with_body(g, state.body, quality)
    fill = projector.fill(g, state.body, state.cement.cloud, state.tamps, quality)
    once = projector.memory.once
    tools = devices(g, state.cannulas, state.tamps, state.cement, fill, projector.memory)
    set_ = setting(case.c_arm, arm)
    b = beam.nodes(arm.kvp, set_.curve.copper_mm)
    bare = once("plate", (paths, b), lambda: plate(case.c_arm, b, paths, g.pitch_mm))
    if tools is None:
        direct, low, hidden = bare.direct, bare.low, None
    else:
        direct, low, hidden = once(
            "tools", (bare, tools), lambda: _with_devices(case, b, bare, paths, tools, g.pitch_mm)
        )
    cell_mm = g.pitch_mm * (n // COARSE)
    opening = None
    if blades.covered(set_.field_mm, set_.collimator):
        mask = blades.mask(n, set_.field_mm, set_.collimator)
        direct, opening = frozen(direct * mask), shrink(mask, n // COARSE)
        shaded = blades.shaded(n, set_.field_mm, set_.collimator)
        hidden = shaded if hidden is None else hidden | shaded
    scatter = scattered(low, bare.depth_cm, arm.kvp, cell_mm, set_.grid, opening)
    return Scene(g, direct, low, scatter, hidden, opening)


def expose_scene(case: Case, arm: CArm, still: Scene, tick: int) -> Radiograph:
    """Return one noisy frame of a scene; noise depends on the case's seed and the tick alone."""
    noise = rng.stream(case.seed, "quantum", tick)
    pitch_mm = still.g.pitch_mm
    set_ = setting(case.c_arm, arm)
    signal, dose = exposed(case.c_arm, set_, arm.kvp, arm.mas_pulse, pitch_mm, still, noise)
    return Radiograph(
        frozen(signal), still.device, arm.pose, pitch_mm, arm.kvp, dose, tick, arm.collimator
    )


def render(
    case: Case, state: State, n: int = 512, projector: PatientProjector | None = None
) -> Radiograph:
    """Return the frame that the panel reads out for `state`.

    Give the same `projector` again and again: it remembers what did not change. While the arm
    moves, the patient is projected more coarsely. The second plane's frame is that of the state
    with the C-arm `through(1)`.
    """
    projector = projector or PatientProjector(case.patient)
    return expose_scene(case, state.c_arm, scene(case, state, n, projector), state.tick)
