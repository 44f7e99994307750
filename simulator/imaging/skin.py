"""Where on the skin the dose lies: a map over the trunk, added to pulse by pulse."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulator.imaging.machine import machine
from simulator.imaging.positioner import geometry
from simulator.imaging.spectra import kerma_per_mas
from simulator.units import FloatArray, frozen

if TYPE_CHECKING:
    from simulator.anatomy.volume import Volume
    from simulator.world.arm import Pose
    from simulator.world.instruments import CArmSpec

_TISSUE = 0.3
"""Coefficient of soft tissue from which on a voxel belongs to the body (fat 0.97, lung 0.25)."""
_ANGLES = 120
_HEIGHT_MM = 10.0


@dataclass(frozen=True, slots=True)
class Skin:
    """The trunk's skin by angle around the body and height."""

    points_mm: FloatArray
    """(angles, heights, 3) patient frame."""
    outward: FloatArray
    """(angles, heights, 3) unit vectors away from the middle of the trunk."""


def surface(torso: Volume) -> Skin:
    """Return the skin of a trunk: the outermost tissue on rays from its middle."""
    side, origin = torso.spacing_mm, np.array(torso.origin_mm)
    nx, ny, nz = torso.soft.shape
    inside = torso.soft > _TISSUE
    angle = (np.arange(_ANGLES) + 0.5) * (2.0 * math.pi / _ANGLES)
    way = np.stack([np.sin(angle), np.cos(angle)], axis=-1)
    heights = np.arange(0.5 * _HEIGHT_MM, nz * side, _HEIGHT_MM)
    radius = np.arange(0.0, 0.5 * math.hypot(nx, ny) * side, 0.5 * side)
    points = np.zeros((_ANGLES, len(heights), 3))
    for h, z in enumerate(heights):
        k = min(int(z / side), nz - 1)
        plane = inside[:, :, k]
        occupied = np.argwhere(plane)
        middle = occupied.mean(0) if len(occupied) else np.array([0.5 * nx, 0.5 * ny])
        at = middle + way[:, None, :] * (radius[None, :, None] / side)
        i, j = np.rint(at[..., 0]).astype(int), np.rint(at[..., 1]).astype(int)
        there = (i >= 0) & (i < nx) & (j >= 0) & (j < ny)
        tissue = there & plane[np.where(there, i, 0), np.where(there, j, 0)]
        last = (tissue * np.arange(1, len(radius) + 1)).max(axis=1)
        reach = radius[np.maximum(last - 1, 0)]
        points[:, h, :2] = origin[:2] + (middle * side + way * reach[:, None])
        points[:, h, 2] = origin[2] + k * side
    outward = np.zeros_like(points)
    outward[..., :2] = way[:, None, :]
    return Skin(frozen(points), frozen(outward))


def exposed(
    skin: Skin, dose_mgy: FloatArray, spec: CArmSpec, pose: Pose, kvp: float, mas: float
) -> FloatArray:
    """Return the map after one pulse: air kerma with backscatter where the beam enters.

    Args:
        skin: From `surface`.
        dose_mgy: (angles, heights) so far; not written.
        spec: The machine.
        pose: Where it stands.
        kvp: Tube voltage.
        mas: Of the pulse.
    """
    g = geometry(spec, pose, 2)
    ray = skin.points_mm - np.array(g.source_mm)
    depth = ray @ np.array(g.direction)
    half = 0.5 * pose.field_mm * np.maximum(depth, 1.0) / g.sdd_mm
    in_field = (np.abs(ray @ np.array(g.right)) <= half) & (np.abs(ray @ np.array(g.up)) <= half)
    entering = (ray * skin.outward).sum(-1) < 0.0
    kerma = kerma_per_mas(kvp, spec.copper_mm) * mas * 1e3 / (ray * ray).sum(-1)
    added = np.where(in_field & entering & (depth > 0.0), kerma * machine().dose.backscatter, 0.0)
    return frozen(dose_mgy + added)
