"""Cement on the picture below the size of a voxel: where it may stray, and what it keeps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simulator.anatomy.volume import Tissue
from simulator.imaging.mottle import fine_cement, taut
from simulator.kernels.splat import raggedness
from simulator.units import frozen
from simulator.world.cement import Cloud
from tests.imaging import phantom

_N = 24


def bone(tissue):
    field = phantom.bone_field(_N)
    return replace(field, tissue=frozen(np.full((_N, _N, _N), tissue, np.uint8)))


def cloud(where, route=-1, fill=1.0):
    """Cement in all voxels of a mask."""
    voxel = np.flatnonzero(where).astype(np.int32)
    n = voxel.size
    return Cloud(voxel=voxel, fill=np.full(n, fill), volume_ul=np.full(n, 0.8),
                 route=np.full(n, route, np.int32))  # fmt: skip


def runny():
    """Half of all pores of a cube taken, the others left out."""
    where = np.zeros((_N, _N, _N), bool)
    where[5:18, 5:18, 5:18] = np.random.default_rng(3).random((13, 13, 13)) < 0.5
    return where


def lump():
    x, y, z = np.mgrid[:_N, :_N, :_N] - 11
    return x**2 + y**2 + z**2 < 64


def on_lattice(volume):
    """What a fine field holds in the voxels' own centres."""
    return volume.soft[::2, ::2, ::2]


@pytest.mark.parametrize("where", [runny(), lump()])
def test_no_cement_is_added_or_lost(where):
    some = cloud(where, fill=0.7)
    fine = fine_cement(bone(Tissue.CANCELLOUS), some)
    total = fine.soft.sum(dtype=np.float64) * fine.spacing_mm**3
    assert total == pytest.approx((some.fill * some.volume_ul).sum(), rel=1e-5)  # of float32


@pytest.mark.parametrize(
    ("tissue", "where", "route"),
    [
        (Tissue.CAVITY, runny(), -1),
        (Tissue.VEIN, runny(), -1),
        (Tissue.CANCELLOUS, runny(), 2),
        (Tissue.CANCELLOUS, np.ones((_N, _N, _N), bool) & (np.indices((_N,) * 3).min(0) > 3), -1),
    ],
)
def test_cement_stays_in_its_place_where_no_pores_lead_it_astray(tissue, where, route):
    """What is drawn then lies linearly between the voxels; of the solid lump, inside it."""
    fine = fine_cement(bone(tissue), cloud(where, route))
    low = np.argwhere(where).min(0) - 2
    there = on_lattice(fine)
    want = np.zeros_like(there)
    for spot in np.argwhere(where) - low:
        want[tuple(spot)] = 0.8
    deep = np.s_[6:12, 6:12, 6:12]
    assert there[deep] == pytest.approx(want[deep], abs=1e-6)
    between = 0.5 * (want[6:12, 6:12, 6:12] + want[7:13, 6:12, 6:12])
    assert fine.soft[13:25:2, 12:24:2, 12:24:2] == pytest.approx(between, abs=1e-6)


def test_runny_cement_leaves_the_lattice_and_a_lump_keeps_its_surface():
    strayed = []
    for where in (runny(), lump()):
        seen = [fine_cement(bone(t), cloud(where)).soft for t in (Tissue.CANCELLOUS, Tissue.CAVITY)]
        strayed.append(np.abs(seen[0] - seen[1]).sum() / seen[1].sum())
    assert strayed[0] > 0.4
    assert strayed[1] < 0.3 * strayed[0]  # every third voxel of this lump lies near its surface


def test_raggedness_of_known_forms():
    def of(where):
        at = np.array(np.nonzero(where), np.int32)
        return raggedness(at, np.ones(at.shape[1]), where.shape), at

    solid, at = of(np.pad(np.ones((12, 12, 12), bool), 2))
    assert (solid[(np.abs(at - 7.5).max(0) < 3.0)] == 0.0).all()
    middle_of_a_face = (at == np.array([[2], [8], [8]])).all(0)
    assert solid[middle_of_a_face] == pytest.approx(0.5)  # 9 faces of 18 voxels
    lone = np.zeros((9, 9, 9), bool)
    lone[4, 4, 4] = True
    assert of(lone)[0] == pytest.approx(6.0)


def test_a_membrane_bridges_steps_and_pits_and_keeps_the_volume():
    x, y, z = np.mgrid[:_N, :_N, :_N] - 11.5
    far = np.sqrt(x**2 + y**2 + z**2)
    ball = np.clip(7.5 - far, 0.0, 1.0).astype(np.float32)
    rough = ball.copy()
    rough[5:7, 11, 11] = 0.0  # a pit two deep
    rough[19, 11, 11] = 1.0  # a spike of one voxel
    drawn = taut(rough)
    assert drawn.sum(dtype=np.float64) == pytest.approx(rough.sum(dtype=np.float64), rel=1e-5)
    assert drawn[6, 11, 11] > 0.5
    assert drawn[19, 11, 11] < 0.3
    smooth = taut(ball)
    assert np.abs(smooth - ball).max() < 0.35  # the edge stays within half a voxel of its place
    assert np.abs(smooth - ball).sum() < 0.06 * ball.sum()
