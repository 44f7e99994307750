"""The same veins on voxels of 0.6 and 0.75 mm let the same cement out."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from simulator.anatomy.veins import Tube, filled
from simulator.anatomy.volume import Tissue
from simulator.frames import Side
from simulator.physics.injection import inject
from simulator.physics.outlet import Outlet
from simulator.physics.permeability import flow_field
from simulator.units import frozen
from simulator.world.cement import Cement, Filling, Portion
from tests.physics import phantoms
from tests.physics.syringes import CONSTANTS, DT, FILLER, HV_R

TIP, ML, START_S, RATE = (0.0, 6.0, 0.0), 3.0, 240.0, 100.0


@cache
def body(h):
    """The box body on voxels of `h` mm, its basivertebral veins told by shares of voxels."""
    span = [a + 4.0 for a in phantoms.HALF]
    axes = [h * (np.arange(round(2.0 * s / h)) - 0.5 * (round(2.0 * s / h) - 1)) for s in span]
    x, y, z = np.meshgrid(*axes, indexing="ij")
    ax, ay, az = phantoms.HALF
    deep = np.minimum(np.minimum(ax - abs(x), ay - abs(y)), az - abs(z))
    tissue = np.full(x.shape, Tissue.SOFT)
    tissue[(abs(z) >= az) & (abs(x) < ax) & (abs(y) < ay)] = Tissue.DISC
    tissue[(y >= ay) & (abs(x) < 11.0)] = Tissue.EPIDURAL
    tissue[deep > 0.0] = Tissue.CORTICAL
    tissue[deep > h] = Tissue.CANCELLOUS
    z0 = 0.2
    trunk = Tube(np.array([[0.0, 4.0, z0], [0.0, ay + 1.0, z0]]), 1.5)
    arms = [Tube(np.array([[0.0, 4.0, z0], [s * 10.0, -6.0, z0]]), 0.75) for s in (-1.0, 1.0)]
    share, radius = filled([trunk, *arms], tuple(axes), h, (-deep).astype(np.float32))
    tissue[share > 0.0] = Tissue.VEIN
    origin = tuple(float(a[0]) for a in axes)
    bone = phantoms.bone_of(tissue, np.full(x.shape, 0.1), h, origin, deep > 0.0)
    return replace(bone, vein_share=frozen(share), vein_radius_mm=frozen(radius))


def leak_ul(h, seed):
    """Give `ML` next to the trunk and return what has left the body."""
    bone = body(h)
    field = flow_field(bone, CONSTANTS, seed, phantoms.POSTERIOR_Y)
    outlet = Outlet(Side.LEFT, TIP, TIP, 2.4, 125.0)
    tick, force = round(60 * START_S), 2.0
    standing = Portion(0.566, START_S, tick)
    cement = Cement(mixed_tick=0, fillings=(Filling(ml=20.0), Filling()), bores=((standing,), ()))
    while cement.injected_ml < ML:
        tick += 4
        cement = inject(HV_R, CONSTANTS, field, cement, outlet, FILLER, force, tick, DT)
        force = min(force * 1.15, 44.0) if cement.flow_ul_s < RATE else force * 0.87
    return sum(cement.cloud.leak_ul)


@pytest.mark.long
def test_the_leak_does_not_hang_on_the_voxels():
    """The mean leaks of ten seeds differ by less than a quarter, the goal of the design."""
    coarse, fine = (np.mean([leak_ul(h, s) for s in range(10)]) for h in (0.75, 0.6))
    assert coarse > 20.0
    assert fine == pytest.approx(coarse, rel=0.25)
