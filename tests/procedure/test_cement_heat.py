"""Warmth of setting cement against closed forms and measured bodies."""

import math
from dataclasses import replace

import numpy as np
import pytest

from simulator.engine.start import first_state
from simulator.procedure.cement_heat import body_peak_c, canal_peak_c, heat_j_ul, warming_k
from simulator.scenario import assets
from simulator.units import frozen
from simulator.world.bearings import wall_point
from simulator.world.cement import Cloud

C = assets.physics()["cement"]
STILL = C | {"perfusion_per_s": 0.0}
HV_R = assets.chosen("cement", "hv_r")


def test_far_from_a_small_bolus_the_peak_is_that_of_a_point_source():
    """Instant point source: (Q / rho c) (3 / (2 pi e))^1.5 / r^3, after r^2 / (6 a)."""
    at, joules = np.zeros((1, 3)), np.array([200.0])
    r = 16.0  # its peak comes after 300 s, setting takes 120 s about an earlier middle
    rise = warming_k((r, 0.0, 0.0), at, joules, np.zeros(1), STILL)
    exact = 200.0 / C["heat_capacity_j_mm3_k"] * (3.0 / (2.0 * math.pi * math.e)) ** 1.5 / r**3
    # 5 %: the source lasts two minutes and is 3 mm wide
    assert rise.max() == pytest.approx(exact, rel=0.05)


def test_heat_is_neither_lost_nor_made():
    """Over all space the rise holds the heat that was given off, once all of it was."""
    at, joules = np.zeros((1, 3)), np.array([100.0])
    radius = np.arange(0.25, 90.0, 0.5)
    held = np.zeros(60)
    for r in radius:
        rise = warming_k((float(r), 0.0, 0.0), at, joules, np.zeros(1), STILL)
        held += 4.0 * math.pi * r**2 * 0.5 * rise * C["heat_capacity_j_mm3_k"]
    late = np.linspace(0.0, 900.0, 61)[1:] > C["setting_s"]
    assert held[late] == pytest.approx(100.0, rel=0.01)


def test_heat_of_a_product_is_that_of_its_monomer():
    """9 g of 29 g are monomer, 57 kJ/mol: 169 J per gram of cement."""
    assert heat_j_ul(HV_R) == pytest.approx(0.169 * HV_R.density_g_ml, rel=0.01)


@pytest.fixture
def filled(case):
    """Return 4.2 mL as a ball in the middle of the body."""
    state = first_state(case)
    bone = state.body.bone
    axes = [o + bone.spacing_mm * np.arange(n)
            for o, n in zip(bone.origin_mm, bone.shape, strict=True)]  # fmt: skip
    x, y, z = np.meshgrid(*axes, indexing="ij")
    voxel = np.nonzero((x**2 + y**2 + z**2 < 10.6**2).ravel())[0].astype(np.int32)
    n = voxel.size
    cloud = Cloud(
        voxel=frozen(voxel), fill=frozen(np.ones(n)), age_s=frozen(np.full(n, 300.0)),
        volume_ul=frozen(np.full(n, 4200.0 / n)), route=frozen(np.full(n, -1, np.int32)),
    )  # fmt: skip
    return replace(state, cement=replace(state.cement, cloud=cloud))


def test_body_and_canal_are_as_warm_as_measured(case, filled):
    """Cadaver bodies 49-112 C in the middle, canal 39-57 C (Belkoff and Molloy 2003); in patients
    45-87 C inside (Anselmetti 2009), the canal at most 43 C without a leak."""
    assert 49.0 < body_peak_c(case, filled) < 100.0
    assert 37.5 < canal_peak_c(case, filled) < 43.5


def test_cement_in_the_canal_makes_it_hot(case, filled):
    """Pigs: posterior cortex 40 C without and 59 C with a leak into the canal."""
    bone = filled.body.bone
    wall = np.array(wall_point(case.patient.target.landmarks))
    at = np.round((wall + np.array((0.0, 3.0, 0.0)) - bone.origin_mm) / bone.spacing_mm)
    i, j, k = (int(v) for v in at)
    near = [np.ravel_multi_index((i + a, j + b, k + c), bone.shape)
            for a in range(-5, 6) for b in range(-1, 2) for c in range(-5, 6)]  # fmt: skip
    extra = np.array(near, np.int32)
    cloud = filled.cement.cloud
    n = extra.size

    def joined(name, values):
        return frozen(np.concatenate([getattr(cloud, name), values]))

    leak = replace(
        cloud, voxel=joined("voxel", extra), fill=joined("fill", np.ones(n)),
        volume_ul=joined("volume_ul", np.full(n, 0.39)), age_s=joined("age_s", np.full(n, 300.0)),
        route=joined("route", np.full(n, 4, np.int32)),
    )  # fmt: skip
    state = replace(filled, cement=replace(filled.cement, cloud=leak))
    assert canal_peak_c(case, state) > canal_peak_c(case, filled) + 5.0
