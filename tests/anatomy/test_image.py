"""What X-rays meet of one vertebra: texture and mass, in any pose and on any grid."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from simulator.anatomy import texture
from simulator.anatomy.image import imaged, texture_at
from simulator.anatomy.shape import Shape
from simulator.anatomy.stack import poses
from simulator.anatomy.tables import table
from simulator.units import FloatArray
from tests.anatomy.bones import MEANS, alone


def test_texture_turns_with_the_bone():
    """The kernel against plain arithmetic, in a pose turned about all three axes."""
    spec = replace(MEANS, scoliosis_deg=25.0, rotation_deg=9.0)
    shape = replace(alone("T12", MEANS), pose=poses(spec)["T12"])
    low, h, count = shape.pose.shift - 3.0, 0.7, (9, 8, 7)
    found = texture_at(shape, low, count, h, 3)
    cube = texture.tile(3)
    way = shape.pose.matrix_in()
    cells = low + h * np.indices(count).reshape(3, -1).T
    cells = cells @ way[:, :3].T + way[:, 3] + texture.offset(3, shape.level)
    at = np.floor(cells / table("bone.toml")["texture"]["tile_mm"] + 0.5).astype(int) % len(cube)
    assert np.array_equal(found.ravel(), cube[at[:, 0], at[:, 1], at[:, 2]])


def mineral(shape: Shape, h: float) -> float:
    return float(imaged(shape, h, 75.0, 3).cortical.sum(dtype=float)) * h**3


@pytest.mark.parametrize("level", ["T5", "L5"])
def test_the_shell_keeps_its_mass_whatever_the_voxel(level):
    shape = alone(level, MEANS)
    mass = np.array([mineral(shape, h) for h in (0.5, 0.6, 0.7, 0.8)])
    assert np.ptp(mass) / mass.mean() < 0.02


def turned(points: FloatArray, deg: float) -> FloatArray:
    c, s = math.cos(math.radians(deg)), math.sin(math.radians(deg))
    return points @ np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]]).T


def test_a_turned_bone_keeps_its_mass_and_place():
    stand = [poses(replace(MEANS, rotation_deg=a))["L1"] for a in (0.0, 12.0)]
    parts = [imaged(replace(alone("L1", MEANS), pose=pose), 0.7, 75.0, 3) for pose in stand]
    mass = [float(v.cortical.sum(dtype=float)) for v in parts]
    # texture is sampled at other points: its mean over a bone differs by less than 1 %
    assert mass[1] == pytest.approx(mass[0], rel=0.015)
    centre = []
    for v, m in zip(parts, mass, strict=True):
        axes = [v.origin_mm[q] + v.spacing_mm * np.arange(v.cortical.shape[q]) for q in range(3)]
        other = [tuple(a for a in range(3) if a != q) for q in range(3)]
        centre.append([float((v.cortical.sum(axis=o, dtype=float) * x).sum()) / m
                       for o, x in zip(other, axes, strict=True)])  # fmt: skip
    assert np.allclose(turned(np.array(centre[0]), 12.0), centre[1], atol=0.15)
