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
from simulator.imaging.elsewhere import elsewhere
from simulator.imaging.machine import Grid, Setting, machine, setting
from simulator.imaging.memory import Memory
from simulator.imaging.plate import Bare, Plate, lifted_plate, plate, with_devices
from simulator.imaging.positioner import Geometry, geometry
from simulator.imaging.projector import Paths, PatientProjector
from simulator.imaging.taps import pixel_taps, spread
from simulator.imaging.tools import devices
from simulator.kernels.coarse import COARSE, enlarge, shrink, widen
from simulator.kernels.detector import read_out
from simulator.units import AnyArray, Float32Array, FloatArray, frozen
from simulator.world.collimator import OPEN, Collimator

if TYPE_CHECKING:
    from simulator.world.arm import CArm, Pose
    from simulator.world.case import Case
    from simulator.world.instruments import CArmSpec
    from simulator.world.state import State

_NORMALS = 1 << 20
"""Length of the row of normal numbers that every frame reads at its own random places."""
_KVP_DIGITS = 2
"""Brightness control comes ever closer to its goal: a hundredth of a kilovolt is no new picture of
the patient (under 0.05 % of the signal), and what was made of it stays."""
_THIRD = slice(COARSE // 3, COARSE - COARSE // 3)
_LIT = 0.99
"""Cells of the middle third that get so much of the beam tell its brightness."""
_HALVED_PX = 512
"""Smaller pictures are not made coarser while the arm moves."""


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
    case = case.facing(state.level)
    projector, there = projector.of(case.patient), elsewhere(case, state)
    g = geometry(case.c_arm, arm.pose, n)
    paths = projector.with_more(projector.with_body(g, state.body, quality), g, there.bone)
    cloud, memory = state.cement.cloud, projector.memory
    fill = projector.fill(g, state.body, cloud, state.tamps, quality, there.fill)
    once = memory.once
    tools = devices(g, state.cannulas, state.tamps, state.cement, fill, memory, there.rods)
    set_ = setting(case.c_arm, arm)
    b = beam.nodes(round(arm.kvp, _KVP_DIGITS), set_.curve.copper_mm)
    bare = _plate(case.c_arm, b, paths, g.pitch_mm, projector.memory)
    shaded = blades.shaded(n, set_.field_mm, set_.collimator)
    open_, lit, opening = None, bare.direct, None
    if shaded is not None:
        open_ = mask = blades.mask(n, set_.field_mm, set_.collimator)
        lit = once("lit", (bare, mask), lambda: frozen(bare.direct * mask))
        opening = once("opening", (mask,), lambda: frozen(shrink(mask, n // COARSE)))
    direct, low, hidden = lit, bare.low, None
    if tools is not None:
        direct, low, hidden = once(
            "tools",
            (bare, lit, tools),
            lambda: with_devices(case, b, Bare(bare, lit, open_), paths, tools, g.pitch_mm),
        )
    if shaded is not None:
        hidden = shaded if hidden is None else _either(projector.memory, hidden, shaded)
    cell_mm = g.pitch_mm * (n // COARSE)
    scatter = scattered(low, bare.depth_cm, arm.kvp, cell_mm, set_.grid, opening)
    return Scene(g, direct, low, scatter, hidden, opening)


def _plate(spec: CArmSpec, b: beam.Nodes, paths: Paths, pitch_mm: float, memory: Memory) -> Plate:
    """Return the patient before one beam, as far as possible from what was made before."""
    still = paths.still
    if still is None:
        return memory.once("plate", (paths, b), lambda: plate(spec, b, paths, pitch_mm))
    firm = memory.once("firm plate", (still, b), lambda: plate(spec, b, still, pitch_mm))
    return memory.once("plate", (paths, b), lambda: lifted_plate(spec, b, firm, paths, pitch_mm))


def _either(memory: Memory, a: AnyArray, b: AnyArray) -> AnyArray:
    return memory.once("hidden", (a, b), lambda: frozen(a | b))


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
