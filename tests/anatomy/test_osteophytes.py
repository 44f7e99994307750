"""Spurs on the rims of worn discs."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from scipy import ndimage

from simulator.anatomy.form import heights
from simulator.anatomy.osteophytes import with_osteophytes
from simulator.anatomy.shape import Shape, values
from simulator.anatomy.stack import poses
from tests.anatomy.bones import MEANS, alone


def worn(level: str, share: float) -> Shape:
    """One level of the same person with these osteophytes, where it stands."""
    spec = replace(MEANS, seed=9, osteophytes=share)
    bare = alone(level, replace(spec, osteophytes=0.0))
    return replace(with_osteophytes(bare, spec), pose=poses(spec)[level])


def joined(share: float) -> list[bool]:
    """Whether bone bridges the discs beside L1 and L2 in front of the canal."""
    shapes = [worn(level, share) for level in ("T12", "L1", "L2", "L3")]
    out = []
    for upper, lower in pairwise(shapes):
        f = lower.form
        axes = (np.arange(-0.7 * f.W, 0.7 * f.W, 0.8), np.arange(-0.9 * f.D, 0.25 * f.D, 0.8),
                np.arange(0.2 * f.Hm, 1.1 * f.Hm + lower.sizes.disc, 0.8))  # fmt: skip
        grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
        there = lower.pose.out(grid)
        back = there @ upper.pose.matrix_in()[:, :3].T + upper.pose.matrix_in()[:, 3]
        low, high = (values(s, p)[:, 0].reshape([len(a) for a in axes]) < 0.0
                     for s, p in ((lower, grid), (upper, back)))  # fmt: skip
        parts, _ = ndimage.label(low | high)
        out.append(bool(np.intersect1d(parts[low], parts[high & ~low]).size))
    return out


def test_spurs_grow_from_nothing_to_bridges():
    assert not any(joined(0.0))
    assert sum(joined(1.0)) >= 2
    shapes = [worn("L1", share) for share in (0.0, 0.3, 0.6, 1.0)]
    draw = np.random.default_rng(1).uniform([-32, -30, -20], [32, 10, 20], (40_000, 3))
    found = [values(shape, draw) for shape in shapes]
    bone = [int((v[:, 0] < 0.0).sum()) for v in found]
    assert bone[0] < bone[1] < bone[2] < bone[3]
    assert np.array_equal(found[0], values(alone("L1", replace(MEANS, seed=9)), draw))
    # spurs stand on the rims: what a radiologist measures of the body stays, within 0.3 mm
    (top, low), (top1, low1) = heights(shapes[0]), heights(shapes[3])
    assert np.allclose(np.subtract(top1, low1), np.subtract(top, low), atol=0.3)
