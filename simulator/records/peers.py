"""The same line integrals by DiffDRR, where it is installed: how fast, and how much alike."""

from __future__ import annotations

import importlib
import statistics
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.ndimage import map_coordinates

from simulator.imaging.blocks import first_pixel, project_block
from simulator.imaging.positioner import Geometry, geometry
from simulator.imaging.voxels import Block
from simulator.units import AnyArray, Float32Array, FloatArray, frozen
from simulator.world.arm import Pose
from simulator.world.case import Case

_N = 512
_SIDE_MM = 0.7
_SHAPE = (192, 160, 224)
_POINTS = 500
"""Samples per ray: DiffDRR's own default."""
_ROWS = 16
"""Rows of the picture per batch, so that memory suffices."""
_FRAMES = 2
_POSE = Pose(12.0, 6.0)


def diffdrr(
    case: Case,
    tell: Callable[[str, float], None],
    cpu_s: Callable[[Callable[[], object]], float],
) -> dict[str, dict[str, float | str]]:
    """Project three vertebrae with both; returns nothing if torch or DiffDRR is missing.

    Args:
        case: Whose vertebrae.
        tell: Told what is done, or why it is not.
        cpu_s: Runs a piece of work and returns its CPU time.
    """
    try:
        torch, renderers = (importlib.import_module(m) for m in ("torch", "diffdrr.renderers"))
    except ImportError as error:
        tell(f"skipped the comparison with DiffDRR: {error}", 0.98)
        return {}
    volume, origin = _three(case)
    g = geometry(case.c_arm, _POSE, _N)
    block = Block(volume, np.zeros_like(volume), origin, _SIDE_MM)
    image = _full(block, g)
    ours_s = statistics.median(cpu_s(lambda: _full(block, g)) for _ in range(15))
    theirs = np.zeros_like(image)

    def peer() -> None:
        theirs[:] = _trilinear(torch, renderers, volume, np.array(origin), g)

    theirs_s = statistics.median(cpu_s(peer) for _ in range(_FRAMES))
    a, b = image - image.mean(), theirs - theirs.mean()
    zncc = float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum()))
    rms = float(np.sqrt(np.mean((image - theirs) ** 2)) / theirs.max())
    return {
        "diffdrr_512_cpu_s": {"value": theirs_s, "unit": "s, trilinear, 500 points, one thread"},
        "diffdrr_ours_512_cpu_ms": {"value": 1000.0 * ours_s, "unit": "ms, the same volume"},
        "diffdrr_ratio": {"value": theirs_s / ours_s, "unit": "times less CPU"},
        "diffdrr_zncc": {"value": zncc, "unit": ""},
        "diffdrr_rms_pct": {"value": 100.0 * rms, "unit": "% of the greatest value"},
    }


def _three(case: Case) -> tuple[Float32Array, tuple[float, float, float]]:
    """Return the target and its neighbours on one grid around the isocentre, cortical part."""
    x, y, z = (-0.5 * (n - 1) * _SIDE_MM for n in _SHAPE)
    out = np.zeros(_SHAPE, np.float32)
    index = case.patient.index
    for vertebra in case.patient.vertebrae[max(index - 1, 0) : index + 2]:
        v = vertebra.volume
        starts = zip((x, y, z), v.origin_mm, _SHAPE, strict=True)
        axes = [(s + np.arange(n) * _SIDE_MM - o) / v.spacing_mm for s, o, n in starts]
        grid = np.meshgrid(*axes, indexing="ij")
        out += map_coordinates(v.cortical, grid, order=1).astype(np.float32)
    for axis in range(3):  # rays of both end in air
        out[tuple(slice(None) if a != axis else [0, -1] for a in range(3))] = 0.0
    return frozen(out), (x, y, z)


def _full(block: Block, g: Geometry) -> Float32Array:
    out = np.zeros((g.n, g.n), np.float32)
    patch = project_block(block, g)
    if patch is not None:
        rows, cols = patch.first.shape
        out[patch.row : patch.row + rows, patch.col : patch.col + cols] = patch.first
    return out


def _trilinear(
    torch: Any, renderers: Any, volume: Float32Array, origin: FloatArray, g: Geometry
) -> AnyArray:
    """Return DiffDRR's line integrals in cm; it works in voxel indices."""
    torch.set_num_threads(1)
    render = renderers.Trilinear()
    density = torch.from_numpy(volume.copy())
    right, up = np.array(g.right) * g.pitch_mm, np.array(g.up) * g.pitch_mm
    cols = np.arange(g.n)[None, :, None]
    source_mm = np.array(g.source_mm)
    source = torch.from_numpy(((source_mm - origin) / _SIDE_MM).astype(np.float32))[None, None]
    out = []
    with torch.no_grad():
        for first in range(0, g.n, _ROWS):
            rows = np.arange(first, first + _ROWS)[:, None, None]
            ends = (np.array(first_pixel(g)) + cols * right - rows * up).reshape(-1, 3)
            target = torch.from_numpy(((ends - origin) / _SIDE_MM).astype(np.float32))[None]
            length = np.linalg.norm(ends - source_mm, axis=1).astype(np.float32) / 10.0
            image = render(density, source, target, torch.from_numpy(length)[None, None],
                           n_points=_POINTS)  # fmt: skip
            out.append(image.numpy().reshape(_ROWS, g.n))
    return np.concatenate(out)
