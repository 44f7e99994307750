"""Where cement goes: cavity first, ways out by name, less leak with older cement."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from simulator.anatomy.volume import Tissue
from simulator.frames import Side
from simulator.physics import injection
from simulator.physics.cloud import aged, set_share
from simulator.physics.outlet import Outlet
from simulator.physics.permeability import flow_field
from simulator.units import frozen
from simulator.world.cement import ROUTES, Cement, Filling, Route
from tests.physics import phantoms
from tests.physics.syringes import CONSTANTS, DT, FILLER, HV_R, push

CENTRAL = (0.0, 7.0, 0.0)
ANTERIOR = (0.0, -9.0, 0.0)


def leaked(cement, route=None):
    """Return millilitres."""
    if route is None:
        return sum(cement.cloud.leak_ul) / 1e3
    return cement.cloud.leak_ul[ROUTES.index(route)] / 1e3


@cache
def central(start_s, thumb):
    """Two millilitres next to the basivertebral vein."""
    return push(phantoms.body(), CENTRAL, 2.0, start_s=start_s, thumb=thumb)[0]


@cache
def with_cavity():
    """The box body after a tamp: a ball of 2 mL in front of the middle."""
    bone = phantoms.body()
    axes = [o + phantoms.H * np.arange(n) for o, n in zip(bone.origin_mm, bone.shape, strict=True)]
    x, y, z = np.meshgrid(*axes, indexing="ij")
    tissue, bv = bone.tissue.copy(), bone.bv_tv.copy()
    ball = x**2 + (y + 5.0) ** 2 + z**2 < 7.8**2
    tissue[ball] = Tissue.CAVITY
    bv[ball] = 0.0
    return replace(bone, tissue=frozen(tissue), bv_tv=frozen(bv))


@pytest.mark.parametrize(("start", "thumb"), [(240.0, 20.0), (480.0, 33.0)])
def test_cement_fills_the_cavity_before_the_bone(start, thumb):
    bone = with_cavity()
    cavity_ml = float((bone.tissue == Tissue.CAVITY).sum()) * phantoms.H**3 / 1e3
    cement, _ = push(bone, (0.0, 1.0, 0.0), 0.96 * cavity_ml, start_s=start, thumb=thumb,
                     end=(0.0, -8.0, 0.0))  # fmt: skip
    volume = cement.cloud.fill * cement.cloud.volume_ul / 1e3
    kind = bone.tissue.ravel()[cement.cloud.voxel]
    assert volume[kind == Tissue.CAVITY].sum() > 0.95 * 0.96 * cavity_ml
    assert volume[kind == Tissue.CANCELLOUS].sum() < 0.02 * cement.injected_ml


def test_tip_pressure_with_a_cavity_is_less_than_half():
    pocket, _ = push(with_cavity(), (0.0, 1.0, 0.0), 1.5, start_s=300.0, end=(0.0, -8.0, 0.0))
    plain, _ = push(phantoms.body(), (0.0, 1.0, 0.0), 1.5, start_s=300.0)
    base = CONSTANTS["ambient_kpa"]
    assert pocket.tip_kpa - base < 0.5 * (plain.tip_kpa - base)


def test_older_cement_leaks_less():
    early, late = central(150.0, 20.0), central(480.0, 33.0)
    assert leaked(early) > 0.02
    assert leaked(late) < 0.7 * leaked(early)


def test_the_basivertebral_vein_gives_its_name_to_what_it_carries():
    cement = central(150.0, 20.0)
    assert leaked(cement, Route.BASIVERTEBRAL) == pytest.approx(leaked(cement))


def test_an_anterior_tip_leaks_less_than_one_at_the_vein():
    anterior, _ = push(phantoms.body(), ANTERIOR, 2.0, start_s=150.0)
    assert leaked(anterior) < 0.1 * leaked(central(150.0, 20.0))


def test_intact_cortex_is_never_passed():
    bone = phantoms.body(vein=False)
    cement, _ = push(bone, ANTERIOR, 3.0, start_s=540.0, thumb=80.0)
    assert cement.injected_ml > 2.9
    assert leaked(cement) == 0.0
    kinds = set(bone.tissue.ravel()[cement.cloud.voxel].tolist())
    assert kinds == {int(Tissue.CANCELLOUS)}


def test_a_crack_in_the_wall_opens_only_under_pressure():
    bone = phantoms.body(vein=False, defect=True)
    near = (0.0, -12.0, 0.0)
    gentle, _ = push(bone, near, 1.0, start_s=240.0, thumb=1.0)
    forced, _ = push(bone, near, 1.0, start_s=560.0, thumb=100.0)
    assert leaked(gentle) == 0.0
    assert leaked(forced, Route.CORTICAL) > 0.002
    assert leaked(forced, Route.CORTICAL) == pytest.approx(leaked(forced))


def test_a_hole_in_the_endplate_leads_into_the_disc():
    tissue = phantoms.body(vein=False).tissue.copy()
    tissue[43:46, 25:28, 46:48][tissue[43:46, 25:28, 46:48] == Tissue.CORTICAL] = Tissue.DEFECT
    bone = replace(phantoms.body(vein=False), tissue=frozen(tissue))
    i, j, k = np.argwhere(tissue == Tissue.DEFECT)[0]
    tip = tuple(o + phantoms.H * n for o, n in zip(bone.origin_mm, (i, j, k - 5), strict=True))
    cement, _ = push(bone, tip, 1.0, start_s=560.0, thumb=100.0)
    assert leaked(cement, Route.DISC) > 0.001
    assert leaked(cement, Route.DISC) == pytest.approx(leaked(cement))


@pytest.mark.parametrize(
    ("tip", "route"),
    [((0.0, 21.5, 3.0), Route.CANAL), ((0.0, -19.5, 3.0), Route.TRACT),
     ((0.0, 0.0, 16.5), Route.DISC)],
    ids=["canal", "in front of the body", "disc"],
)  # fmt: skip
def test_a_misplaced_tip_leaks_where_it_lies(tip, route):
    cement, _ = push(phantoms.body(vein=False), tip, 0.1, start_s=300.0)
    assert leaked(cement, route) == pytest.approx(cement.injected_ml)


def test_an_old_needle_path_through_the_wall_is_a_way_out():
    bone = phantoms.body(vein=False)
    hole = ((0.0, -9.0, 5.0), (0.0, -19.0, 5.0))
    cement, _ = push(bone, ANTERIOR, 1.5, start_s=240.0, tracts=(hole,))
    assert leaked(cement, Route.TRACT) > 0.01
    assert leaked(cement, Route.TRACT) == pytest.approx(leaked(cement))


def test_the_cannula_fills_before_anything_leaves_it():
    dry = Cement(mixed_tick=0, fillings=(Filling(1.5), Filling()))
    cement, field = push(phantoms.body(), ANTERIOR, 9.0, seconds=3.0, start_s=240.0, cement=dry)
    assert 0.0 < cement.cannula_ml[Side.LEFT] < 0.566
    assert cement.injected_ml == 0.0
    assert cement.started_tick is None
    cement, _ = push(phantoms.body(), ANTERIOR, 9.0, seconds=30.0, start_s=243.0, cement=cement,
                     field=field)  # fmt: skip
    assert cement.started_tick is not None
    assert cement.fillings[Side.LEFT].ml == 0.0
    total = sum(cement.cannula_ml) + cement.injected_ml
    assert total == pytest.approx(1.5)


def test_set_cement_does_not_flow():
    bone = phantoms.body()
    cement, field = push(bone, ANTERIOR, 0.3, start_s=990.0, thumb=80.0, seconds=30.0)
    assert cement.injected_ml < 0.1
    after, _ = push(bone, ANTERIOR, 1.0, start_s=HV_R.set_s, thumb=80.0, seconds=1.0,
                    cement=cement, field=field)  # fmt: skip
    assert after.injected_ml == cement.injected_ml


def test_flow_oozes_on_when_the_thumb_lets_go_and_then_rests():
    bone = phantoms.body()
    cement, field = push(bone, ANTERIOR, 0.5, start_s=480.0, thumb=40.0)
    ooze, _ = push(bone, ANTERIOR, 9.0, start_s=490.0, thumb=0.0, seconds=20.0, cement=cement,
                   field=field)  # fmt: skip
    assert 0.001 < ooze.injected_ml - cement.injected_ml < 0.1
    released, _ = push(bone, ANTERIOR, 9.0, start_s=490.0, thumb=-1.0, seconds=1.0, cement=cement,
                       field=field)  # fmt: skip
    assert released.injected_ml == cement.injected_ml
    assert released.syringe_kpa == 0.0


def test_a_resting_syringe_hands_on_the_same_object():
    field = flow_field(phantoms.body(), CONSTANTS, 1, 17.5)
    outlet = Outlet(Side.LEFT, ANTERIOR, ANTERIOR, 2.4, 125.0)
    cement = Cement(mixed_tick=0, fillings=(Filling(1.0), Filling()))
    assert injection.inject(HV_R, CONSTANTS, field, cement, outlet, FILLER, 0.0, 600, DT) is cement


def test_waiting_seals_a_leaking_vein():
    """After 90 s of rest the vein is plugged: cement ages faster there than in bone."""
    bone = phantoms.body()
    begun, field = push(bone, CENTRAL, 0.8, start_s=150.0)
    straight, _ = push(bone, CENTRAL, 2.5, start_s=160.0, cement=begun, field=field)
    waited, _ = push(bone, CENTRAL, 2.5, start_s=250.0, cement=begun, field=field)
    before = leaked(begun)
    assert leaked(waited) - before < 0.25 * (leaked(straight) - before)


def test_ages_wait_until_they_are_needed():
    bone = phantoms.body()
    cement, field = push(bone, ANTERIOR, 0.2, start_s=300.0)
    cloud = cement.cloud
    later = aged(cloud, field, cloud.age_tick + 600)
    kind = bone.tissue.ravel()[cloud.voxel]
    gain = later.age_s - cloud.age_s
    assert gain[kind == Tissue.CANCELLOUS] == pytest.approx(10.0 * CONSTANTS["ageing_bone"])
    assert set_share(cloud, field, HV_R, cloud.age_tick) == 0.0
    assert set_share(cloud, field, HV_R, cloud.age_tick + 60 * 1000) == 1.0
