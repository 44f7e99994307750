"""Veins where they pass the shell: as wide as their exit, closed beside it, shut by a balloon."""

from dataclasses import replace

import numpy as np
import pytest

from simulator.anatomy.volume import Tissue
from simulator.physics.foramina import narrowed
from simulator.physics.permeability import flow_field
from simulator.units import frozen
from tests.physics import phantoms
from tests.physics.syringes import CONSTANTS

WALL_Y = phantoms.POSTERIOR_Y
RADIUS, SHARE = 0.7, 0.6
"""mm; of the voxels on the way of a vein through the left wall."""


def places(bone):
    axes = [
        o + bone.spacing_mm * np.arange(n) for o, n in zip(bone.origin_mm, bone.shape, strict=True)
    ]
    return np.meshgrid(*axes, indexing="ij")


def with_side_vein():
    """The box body with one thin vein straight to the left, from the middle to the outside."""
    bone = phantoms.body(vein=False)
    x, y, z = places(bone)
    vein = (x > 2.0) & (x < phantoms.HALF[0] + 4.0) & (abs(y + 5.0) < 0.8) & (abs(z - 2.0) < 0.8)
    return replace(
        bone,
        tissue=frozen(np.where(vein, np.uint8(Tissue.VEIN), bone.tissue)),
        vein_share=frozen(np.where(vein, np.float32(SHARE), np.float32(0.0))),
        vein_radius_mm=frozen(np.where(vein, np.float32(RADIUS), np.float32(0.0))),
    )


@pytest.mark.parametrize("radius", [0.2, 0.4, 0.6])
def test_the_end_of_a_vein_conducts_as_its_exit(radius):
    """Poiseuille: over a section, share times r^2 / 8 falls with the fourth power of the radius.

    Through the shell nothing else conducts: what is left of the voxel is cortex (to 1e-4, the
    permeability of the shell).
    """
    bone = with_side_vein()
    exact = CONSTANTS | {"foramen_least_mm": radius, "foramen_most_mm": radius}
    field = flow_field(bone, exact, 1, WALL_Y)
    depth = -bone.distance_mm
    shell = (bone.tissue == Tissue.VEIN) & (depth >= 0.0) & (depth < bone.spacing_mm)
    found = field.permeability.reshape(bone.shape)[shell]
    # 1e-9 m2 are 1e-3 mm2
    goal = SHARE * (radius / RADIUS) ** 4 * RADIUS**2 / 8.0 * 1e3
    assert shell.any()
    assert found == pytest.approx(np.full(found.size, goal), rel=1e-4)


def test_deep_in_the_body_a_vein_keeps_its_calibre():
    bone = with_side_vein()
    after = narrowed(bone, CONSTANTS, 1, WALL_Y)
    changed = after.vein_radius_mm != bone.vein_radius_mm
    x, _, _ = places(bone)
    reach = CONSTANTS["tributary_mm"]
    assert changed.any()
    assert x[changed].min() > phantoms.HALF[0] - reach - bone.spacing_mm
    least, most = CONSTANTS["foramen_least_mm"], CONSTANTS["foramen_most_mm"]
    assert least <= after.vein_radius_mm[changed].min() <= after.vein_radius_mm[changed].max()
    assert after.vein_radius_mm[changed].max() <= min(most, RADIUS)


def test_the_basivertebral_trunk_is_never_narrowed():
    bone = phantoms.body()
    after = narrowed(bone, CONSTANTS, 1, WALL_Y)
    assert np.array_equal(after.vein_radius_mm, bone.vein_radius_mm)
    assert np.array_equal(after.tissue, bone.tissue)


def test_a_pocket_shuts_small_veins_beside_it_and_no_others():
    bone = with_side_vein()
    x, y, z = places(bone)
    pocket = ((x - 8.0) ** 2 + (y + 5.0) ** 2 + (z - 2.0) ** 2 < 5.0**2) & (
        bone.tissue != Tissue.CORTICAL
    )
    bone = replace(bone, tissue=frozen(np.where(pocket, np.uint8(Tissue.CAVITY), bone.tissue)))
    field = flow_field(bone, CONSTANTS, 1, WALL_Y)
    vein = bone.tissue == Tissue.VEIN
    blocked = field.permeability.reshape(bone.shape) <= CONSTANTS["wall_k"]
    rim = 13.0 + CONSTANTS["crushed_mm"]
    assert blocked[vein & (x > 13.0) & (x < rim - bone.spacing_mm)].all()
    assert not blocked[vein & (x > rim + bone.spacing_mm)].any()
