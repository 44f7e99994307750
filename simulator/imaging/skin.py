"""Where on the skin the dose lies: a map over the trunk, added to pulse by pulse."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulator.imaging.dose import kerma_mgy
from simulator.imaging.machine import machine
from simulator.imaging.positioner import geometry
from simulator.units import FloatArray, Vec3, frozen

if TYPE_CHECKING:
    from simulator.anatomy.volume import Volume
    from simulator.world.arm import CArm, Pose
    from simulator.world.collimator import Collimator
    from simulator.world.instruments import CArmSpec

_TISSUE = 0.3
"""Coefficient of soft tissue from which on a voxel belongs to the body (fat 0.97, lung 0.25)."""
_ANGLES = 120
_HEIGHT_MM = 10.0
ERYTHEMA_MGY = 2000.0
"""From here on early transient erythema is possible (ICRP publication 85)."""


@dataclass(frozen=True, slots=True)
class Skin:
    """The trunk's skin by angle around the body and height."""

    points_mm: FloatArray
    """(angles, heights, 3) patient frame."""
    outward: FloatArray
    """(angles, heights, 3) unit vectors away from the middle of the trunk."""


_surfaces: deque[tuple[Volume, Skin]] = deque(maxlen=4)
_footprints: deque[tuple[Volume, tuple[Pose, Collimator, CArmSpec], FloatArray]] = deque(maxlen=32)
"""Pure function values, kept for speed; never part of a state."""


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


def footprint(skin: Skin, spec: CArmSpec, pose: Pose, collimator: Collimator) -> FloatArray:
    """Return the skin dose per air kerma 1 m from the source: where and how the beam enters.

    Args:
        skin: From `surface`.
        spec: The machine.
        pose: Where it stands.
        collimator: What the blades leave open.

    Returns:
        (angles, heights) inverse square with backscatter; 0 where the beam does not enter.
    """
    g = geometry(spec, pose, 2)
    ray = tuple(skin.points_mm[..., k] - g.source_mm[k] for k in range(3))
    depth = _along(ray, g.direction)
    enlarged = g.sdd_mm / np.maximum(depth, 1.0)
    right, up = _along(ray, g.right) * enlarged, _along(ray, g.up) * enlarged
    across, along = collimator.turned(right, up)
    half = 0.5 * pose.field_mm
    hit = (depth > 1.0) & (np.abs(right) <= half) & (np.abs(up) <= half)
    hit &= np.abs(across) <= 0.5 * collimator.width_mm
    hit &= np.abs(along) <= 0.5 * collimator.height_mm
    hit &= right * right + up * up <= 0.25 * collimator.iris_mm**2
    hit &= ray[0] * skin.outward[..., 0] + ray[1] * skin.outward[..., 1] < 0.0
    square = ray[0] * ray[0] + ray[1] * ray[1] + ray[2] * ray[2]
    return frozen(np.where(hit, machine().dose.backscatter * 1e6 / square, 0.0))


def _along(ray: tuple[FloatArray, ...], axis: Vec3) -> FloatArray:
    """Return scalar products in one order of summing, whatever library multiplies matrices."""
    return ray[0] * axis[0] + ray[1] * axis[1] + ray[2] * axis[2]


def exposed(torso: Volume, before_mgy: FloatArray | None, arm: CArm, spec: CArmSpec) -> FloatArray:
    """Return the map (angles, heights) after one pulse of `arm`; `before_mgy` is not written."""
    where = _footprint_of(torso, spec, arm.pose, arm.collimator)
    kerma = kerma_mgy(spec.curve(arm.curve), arm.kvp, arm.mas_pulse, 1000.0)
    return frozen(where * kerma if before_mgy is None else before_mgy + where * kerma)


def _footprint_of(torso: Volume, spec: CArmSpec, pose: Pose, collimator: Collimator) -> FloatArray:
    """Return the footprint; remembered, because poses come back."""
    key = (pose, collimator, spec)
    for known, at, where in _footprints:
        if known is torso and at == key:
            return where
    where = footprint(surface_of(torso), spec, pose, collimator)
    _footprints.append((torso, key, where))
    return where


def surface_of(torso: Volume) -> Skin:
    """Return the skin of a trunk; made once."""
    for known, skin in _surfaces:
        if known is torso:
            return skin
    skin = surface(torso)
    _surfaces.append((torso, skin))
    return skin


def unrolled(skin_mgy: FloatArray) -> FloatArray:
    """Return the map as it is drawn: (heights, angles), head up, back in the middle.

    Angles of the map begin at the back and go round by the patient's left; on the drawing the
    patient's left is on the left, as in an AP.
    """
    count = len(skin_mgy)
    turned = np.roll(skin_mgy, count // 2, axis=0)[::-1]
    return np.asarray(turned.T[::-1])
