"""What cement may meet around a vertebra: ways out where the fracture has them, and only there."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy import ndimage

from simulator.anatomy.mechanics import field
from simulator.anatomy.spec import Cleft, DefectSite, FractureShape, FractureSpec, PatientSpec
from simulator.anatomy.stack import spine
from simulator.anatomy.volume import Tissue

PLAIN = PatientSpec(variation=0.0, seed=3)
HOLE = FractureSpec(depth_mm=4.0, cortical_defect_mm=3.0)
CASES = {
    "none": FractureSpec(depth_mm=4.0),
    "crushed": FractureSpec(FractureShape.CRUSH, anterior_height_fraction=0.6),
    "endplate": FractureSpec(depth_mm=4.0, endplate_defect_mm=1.5),
    "anterior": HOLE,
    "posterior": replace(HOLE, cortical_defect_site=DefectSite.POSTERIOR),
    "right": replace(HOLE, cortical_defect_site=DefectSite.RIGHT),
    "fragment": FractureSpec(depth_mm=6.0, retropulsion_mm=4.0, cleft=Cleft.FLUID),
}


@cache
def made(name):
    spec = replace(PLAIN, fracture=CASES[name])
    shapes, _ = spine(spec)
    return field(next(s for s in shapes if s.level == spec.level), spec, None, shapes)


def flooded(bone, *closed):
    """Tissues that a flood through faces from the lower half of the body reaches."""
    labels, _ = ndimage.label(~np.isin(bone.tissue, closed))
    at = np.rint((np.array((0.0, 2.0, -6.0)) - bone.origin_mm) / bone.spacing_mm).astype(int)
    assert bone.tissue[tuple(at)] == Tissue.CANCELLOUS
    return {Tissue(int(t)) for t in np.unique(bone.tissue[labels == labels[tuple(at)]])}


@pytest.mark.parametrize(
    ("name", "reached"),
    [("endplate", {Tissue.DISC}), ("anterior", {Tissue.SOFT}), ("right", {Tissue.SOFT}),
     ("posterior", {Tissue.EPIDURAL, Tissue.CANAL}),
     ("fragment", {Tissue.EPIDURAL, Tissue.CANAL, Tissue.CLEFT})],
)  # fmt: skip
def test_every_gap_leads_out_of_the_body(name, reached):
    bone = made(name)
    assert reached <= flooded(bone, Tissue.CORTICAL, Tissue.VEIN)
    inside = {Tissue.CANCELLOUS} | ({Tissue.CLEFT} & reached)
    assert flooded(bone, Tissue.CORTICAL, Tissue.VEIN, Tissue.DEFECT) == inside


@pytest.mark.parametrize("name", ["none", "crushed"])
def test_without_a_gap_the_shell_is_closed(name):
    assert flooded(made(name), Tissue.CORTICAL, Tissue.VEIN) == {Tissue.CANCELLOUS}


def test_gaps_hold_no_bone_and_no_strength():
    bone = made("fragment")
    empty = (bone.tissue == Tissue.DEFECT) | (bone.tissue == Tissue.CLEFT)
    assert bone.bv_tv[empty].max() == 0.0
    assert bone.shell_mm[bone.tissue == Tissue.DEFECT].max() == 0.0
    assert bone.distance_mm[bone.tissue == Tissue.CLEFT].max() < -1.0
    cleft_ml = (bone.tissue == Tissue.CLEFT).sum() * bone.spacing_mm**3 / 1e3
    assert 0.3 < cleft_ml < 1.2


def test_the_disc_ends_at_the_next_bone():
    bone = made("none")
    i, j = (round(-o / bone.spacing_mm) for o in bone.origin_mm[:2])
    for di in (-8, 0, 8):
        for dj in (-8, 0, 8):
            column = bone.tissue[i + di, j + dj]
            middle = round(-bone.origin_mm[2] / bone.spacing_mm)
            for part in (column[middle:], column[middle::-1]):
                disc = np.flatnonzero(part == Tissue.DISC)
                assert len(disc) >= 4
                assert (np.diff(disc) == 1).all()
                if disc[-1] + 1 < len(part):
                    assert part[disc[-1] + 1] == Tissue.CORTICAL


def test_the_next_bone_stops_cement():
    bone = made("none")
    other = (bone.tissue == Tissue.CORTICAL) & (bone.distance_mm > 0.0)
    z = bone.origin_mm[2] + bone.spacing_mm * np.nonzero(other)[2]
    assert (z > 12.0).sum() > 1000
    assert (z < -12.0).sum() > 1000


def test_veins_are_labelled_where_they_have_a_share():
    bone = made("none")
    vein = bone.tissue == Tissue.VEIN
    assert (bone.vein_share[vein] > 0.0).all()
    assert (bone.vein_radius_mm[vein] >= 0.5).all()
    assert bone.vein_share[~vein].max() == 0.0


def test_density_is_that_of_osteoporosis():
    """Trabecular bv/tv of the osteoporotic spine 0.04-0.10, of the healthy one to 0.20: the
    T-score moves it; a fracture's band is denser, and no voxel is solid."""
    bone = made("none")
    body = bone.tissue == Tissue.CANCELLOUS
    y = bone.origin_mm[1] + bone.spacing_mm * np.arange(bone.shape[1])
    calm = body & (bone.distance_mm < -3.0) & (y < 0.0)[None, :, None]
    calm[:, :, bone.shape[2] // 2 :] = False
    assert 0.05 < np.median(bone.bv_tv[calm]) < 0.10
    weak, strong = np.percentile(bone.bv_tv[calm], [2, 98])
    assert weak > 0.01
    assert strong < 0.30
    assert strong > 3.0 * weak
    assert bone.bv_tv.max() < 0.40
