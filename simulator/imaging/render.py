"""From a state to what the panel reads out: one noisy frame, or none of it changes anything."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from simulator import rng
from simulator.imaging import beam
from simulator.imaging.machine import machine
from simulator.imaging.positioner import Geometry, geometry
from simulator.imaging.projector import Paths, PatientProjector
from simulator.imaging.tools import CONTRAST_GAIN, Devices, devices
from simulator.kernels.detector import COARSE, add_noise, blur, count, shrink, spectrum
from simulator.units import AnyArray, Float32Array, FloatArray, frozen

if TYPE_CHECKING:
    from simulator.world.arm import CArm, Pose
    from simulator.world.case import Case
    from simulator.world.instruments import CArmSpec, CementSpec
    from simulator.world.state import State

_NORMALS = 1 << 20
"""Length of the row of normal numbers that every frame reads at its own random places."""
_SEEN_CM = 0.02
"""More device than this hides the patient from the automatic window."""


@dataclass(frozen=True, slots=True)
class Radiograph:
    """One frame as the panel reads it out."""

    signal: Float32Array
    """(n, n) detected quanta per pixel, noise included."""
    device: AnyArray | None
    """(n, n) bool, True behind metal, contrast or cement; None if there is none."""
    pose: Pose
    pitch_mm: float
    kvp: float
    dose_ngy: float
    """Receptor dose in the middle of the field."""
    tick: int


@lru_cache(maxsize=1)
def _normals() -> Float32Array:
    numbers = rng.stream(0, "noise tile").standard_normal(_NORMALS, dtype=np.float32)
    return frozen(numbers)


@lru_cache(maxsize=32)
def gauss_taps(sigma_px: float) -> Float32Array:
    """Return a Gaussian integrated over pixels, summing to 1; odd length."""
    reach = max(math.ceil(3.0 * sigma_px), 1)
    edges = (np.arange(-reach, reach + 2) - 0.5) / (math.sqrt(2.0) * max(sigma_px, 1e-3))
    taps = np.diff([math.erf(x) for x in edges])
    return frozen((taps / taps.sum()).astype(np.float32))


@lru_cache(maxsize=32)
def spread(sigma_cells: float) -> Float32Array:
    """Return the (COARSE, COARSE) matrix that blurs a coarse column; nothing lies outside."""
    cells = np.arange(COARSE)
    d = (cells[:, None] - cells[None, :]) / sigma_cells
    kernel = np.exp(-0.5 * d * d) / (sigma_cells * math.sqrt(2.0 * math.pi))
    return frozen(kernel.astype(np.float32))


def _device_nodes(b: beam.Nodes, cement: CementSpec | None) -> FloatArray:
    """Return the node table with what each device displaces taken off, (2, 4, 5)."""
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
    lengths, rows = (tools.lengths_cm, tools.rows) if tools else (np.zeros((3, 1, 1), "f4"), (0, 0))
    mu = _device_nodes(b, cement)
    spectrum(paths.soft, paths.cortical, lengths, rows, b.weights, mu, b.share, out)
    return out


def scattered(direct: Float32Array, paths: Paths, pitch_mm: float) -> Float32Array:
    """Return scatter on the coarse grid, on the scale of `direct`.

    The kernel was fitted to wide slabs, where every pixel is as dark as the centre. The bright
    rim beside a patient would feed it beyond measure, so `direct` is clamped.
    """
    grid = machine().grid
    size = direct.shape[0] // COARSE
    low = shrink(direct, size)
    depth = shrink(paths.soft, size) + grid.cortical_equivalent * shrink(paths.cortical, size)
    third = slice(COARSE // 3, COARSE - COARSE // 3)
    limit = grid.direct_limit * beam.trimmed_mean(low[third, third])
    made = np.minimum(low, limit) * beam.scatter_ratio(grid, depth).astype(np.float32)
    blurring = spread(grid.scatter_sigma_mm / (size * pitch_mm))
    out: Float32Array = blurring @ made @ blurring.T
    return out


def exposed(
    spec: CArmSpec,
    kvp: float,
    mas: float,
    g: Geometry,
    direct: Float32Array,
    scatter: Float32Array,
    noise: np.random.Generator,
) -> tuple[Float32Array, float]:
    """Return (n, n) detected quanta of one pulse and the central receptor dose in nGy."""
    d = machine().detector
    third = slice(COARSE // 3, COARSE - COARSE // 3)
    size = g.n // COARSE
    low = shrink(direct, size)[third, third]
    middle = beam.trimmed_mean(low)
    p = -math.log(max(middle, 1e-6))
    open_ngy = beam.open_dose_ngy(spec, kvp, mas, p)
    quanta = d.dqe * d.photons_mm2_ugy * open_ngy / 1000.0 * g.pitch_mm**2
    starts = noise.integers(0, _NORMALS - g.n, (2, g.n))
    counted, out = np.empty((2, g.n, g.n), np.float32)
    count(direct, scatter, quanta, _normals(), starts[0], counted)
    # Noise is made before the scintillator blurs it; that of the electronics comes after.
    blur(counted, gauss_taps(d.psf_wide_mm / g.pitch_mm), 1.0 - d.psf_narrow_weight, out)
    electronic = d.electronic_quanta * math.sqrt(d.dqe) * g.pitch_mm / d.electronic_pixel_mm
    add_noise(out, electronic, _normals(), starts[1])
    return out, open_ngy * (middle + beam.trimmed_mean(scatter[third, third]))


@dataclass(frozen=True, slots=True)
class Scene:
    """What does not change between the pulses of one moment: everything but noise."""

    g: Geometry
    direct: Float32Array
    scatter: Float32Array
    device: AnyArray | None


def scene(case: Case, state: State, n: int, projector: PatientProjector) -> Scene:
    """Return the noise-free picture of `state`; `n` must be a multiple of COARSE."""
    if n % COARSE:
        raise ValueError(f"{n} pixels per side is no multiple of {COARSE}")
    arm = state.c_arm
    g = geometry(case.c_arm, arm.pose, n)
    paths = projector.with_body(g, state.body)
    fill = projector.fill(g, state.body, state.cement.cloud, state.tamps)
    tools = devices(g, state.cannulas, state.tamps, state.cement, fill)
    sharp = primary(beam.nodes(arm.kvp, case.c_arm.copper_mm), case.cement, paths, tools)
    direct = np.empty_like(sharp)
    d = machine().detector
    blur(sharp, gauss_taps(d.focal_mm / g.pitch_mm), 0.5, direct)
    return Scene(g, direct, scattered(direct, paths, g.pitch_mm), _hidden(tools))


def _hidden(tools: Devices | None) -> AnyArray | None:
    if tools is None:
        return None
    out = np.zeros(tools.lengths_cm.shape[1:], bool)
    rows = slice(*tools.rows)
    out[rows] = (tools.lengths_cm[:, rows] > _SEEN_CM).any(axis=0)
    return out


def expose_scene(case: Case, arm: CArm, still: Scene, tick: int) -> Radiograph:
    """Return one noisy frame of a scene; noise depends on the case's seed and the tick alone."""
    noise = rng.stream(case.seed, "quantum", tick)
    signal, dose = exposed(
        case.c_arm, arm.kvp, arm.mas_pulse, still.g, still.direct, still.scatter, noise
    )
    return Radiograph(frozen(signal), still.device, arm.pose, still.g.pitch_mm, arm.kvp, dose, tick)


def render(
    case: Case, state: State, n: int = 512, projector: PatientProjector | None = None
) -> Radiograph:
    """Return the frame that the panel reads out for `state`.

    Give the same `projector` again and again: it remembers what did not change.
    """
    projector = projector or PatientProjector(case.patient)
    return expose_scene(case, state.c_arm, scene(case, state, n, projector), state.tick)
