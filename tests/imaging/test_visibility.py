"""What stands out: against the noise of rendered frames, the laws of counting, and shadows."""

import math
from dataclasses import replace

import numpy as np
import pytest

from simulator.engine import room
from simulator.engine.reading import read_picture, show
from simulator.engine.start import first_state
from simulator.frames import Side, unit
from simulator.imaging.cells import around, brought, cells
from simulator.imaging.projector import PatientProjector
from simulator.imaging.render import expose_scene, scene
from simulator.imaging.tools import CEMENT
from simulator.imaging.visibility import (
    look,
    required_looks,
    signal_to_noise,
    tip_seen,
    visible_routes,
)
from simulator.scenario.assets import chosen
from simulator.units import frozen
from simulator.world.action import Action
from simulator.world.arm import CArm, Pose, Shot, View
from simulator.world.cement import ROUTES, Cement, Cloud, Route
from simulator.world.collimator import Collimator
from simulator.world.events import Exposed
from simulator.world.filling_events import CementLeaked
from simulator.world.tools import Cannula, Inside
from tests.imaging import phantom

CANAL = ROUTES.index(Route.CANAL)
LATERAL = Pose(90.0)


def slab_case():
    """A block of 200 mm with nothing in it."""
    nothing = [phantom.ball((0.0, 0.0, 0.0), 3.0, soft=0.0)]
    case = phantom.case(phantom.patient(nothing, phantom.slab(200.0, 200.0)))
    case.cement = chosen("cement", "hv_r")
    return case


CASE = slab_case()


def block(low, high, route=-1, fill=1.0):
    """A block of cement: whole voxels of 1 mm from corner to corner; voxel, fill, volume, route."""
    bone = phantom.bone_field()
    axes = [
        np.flatnonzero((a >= lo) & (a < hi))
        for a, lo, hi in zip(
            [o + np.arange(n) for o, n in zip(bone.origin_mm, bone.shape, strict=True)],
            low, high, strict=True,
        )
    ]  # fmt: skip
    voxel = np.ravel_multi_index(np.meshgrid(*axes, indexing="ij"), bone.shape).ravel()
    return voxel, np.full(voxel.size, fill), np.ones(voxel.size), np.full(voxel.size, route)


def cement(*blocks):
    columns = [np.concatenate(column) for column in zip(*blocks, strict=True)]
    voxel, fill, volume, route = (frozen(c) for c in columns)
    return Cement(cloud=Cloud(voxel=voxel, fill=fill, volume_ul=volume, route=route))


def state(pose=phantom.AP, kvp=80.0, mas=0.18, **parts):
    made = phantom.state(pose, **parts)
    made.c_arm = CArm(pose=pose, kvp=kvp, mas_pulse=mas)
    return made


def bladed(by, collimator):
    """The same picture with other blades."""
    return replace(by, setting=replace(by.setting, collimator=collimator))


def whole(by):
    """The signal over noise of everything that leaked, before nothing else."""
    there = by.brought
    box = around(there.g, there.spots[:, there.route >= 0])
    own = np.zeros_like(there.all_but(box))
    own[CEMENT] = there.of_route(box, CANAL)
    return signal_to_noise(CASE, by, box, own, np.zeros_like(own))


def test_signal_over_noise_is_that_of_rendered_frames() -> None:
    """A square of cement, summed up in noisy frames: its mean change over the spread of the sum.

    A plain sum is the best weighting of a uniform square. 300 frames tell a spread to 4 %; the
    square's soft rim, scatter under a finite slab and ground that changes along the field add
    some: 12 % in all.
    """
    n, fill = 128, 0.6
    square = block((-6, 0, -6), (6, 1, 6), CANAL, fill)
    pose = Pose(field_mm=150.0)
    bare, dark = state(pose), state(pose, cement=cement(square))
    still = [scene(CASE, s, n, PatientProjector(CASE.patient)) for s in (bare, dark)]
    half = 6.0 * phantom.SPEC.sdd_mm / phantom.SPEC.sad_mm / (150.0 / n)
    inside = slice(round(n / 2 - half), round(n / 2 + half))
    sums = np.array([
        [expose_scene(CASE, bare.c_arm, s, tick).signal[inside, inside].sum(dtype=float)
         for tick in range(150)]
        for s in still
    ])  # fmt: skip
    # Both scenes get the same noise at a tick: the spread is taken over ticks, not differences.
    measured = (sums[0].mean() - sums[1].mean()) / sums[1].std(ddof=1)
    assert whole(look(CASE, dark)) == pytest.approx(measured, rel=0.12)


def test_counting_statistics() -> None:
    """Four times the dose, or four times the area, doubles signal over noise."""
    small = cement(block((-3, 0, -3), (3, 1, 3), CANAL, 0.6))
    large = cement(block((-6, 0, -6), (6, 1, 6), CANAL, 0.6))
    once = whole(look(CASE, state(cement=small)))
    # Electronic noise and the soft rims of a square leave 5 %.
    assert whole(look(CASE, state(mas=0.72, cement=small))) / once == pytest.approx(2.0, rel=0.05)
    assert whole(look(CASE, state(cement=large))) / once == pytest.approx(2.0, rel=0.05)


def test_rose_decides() -> None:
    """Where nothing else hides it, a spot is seen from a signal of five times the noise on."""
    spot = cement(block((-1, 0, -1), (1, 1, 1), CANAL))
    told = set()
    for mas in np.geomspace(0.003, 1.0, 24):
        by = look(CASE, state(mas=float(mas), cement=spot))
        seen = bool(visible_routes(CASE, by))
        assert seen is (whole(by) >= 5.0)
        told.add(seen)
    assert told == {False, True}


def test_no_dose_shows_what_is_fainter_than_the_anatomy() -> None:
    film = cement(block((-8, 0, -8), (8, 1, 8), CANAL, 0.05))
    assert not visible_routes(CASE, look(CASE, state(mas=100.0, cement=film)))
    thick = cement(block((-8, 0, -8), (8, 1, 8), CANAL, 0.5))
    assert visible_routes(CASE, look(CASE, state(mas=100.0, cement=thick))) == {Route.CANAL}


def test_a_leak_is_lost_in_the_shadow_of_the_body() -> None:
    """Cement behind the wall: the AP looks through the body's, the lateral past it."""
    body = block((-8, -10, -8), (8, 4, 8))
    leak = block((-2, 8, -2), (2, 11, 2), CANAL)
    both = cement(body, leak)
    assert not visible_routes(CASE, look(CASE, state(cement=both)))
    assert visible_routes(CASE, look(CASE, state(LATERAL, cement=both))) == {Route.CANAL}
    assert visible_routes(CASE, look(CASE, state(cement=cement(leak)))) == {Route.CANAL}


def rod(side=Side.LEFT, at=(0.0, 0.0, 0.0), way=(0.0, 0.0, -1.0), inside=Inside.STYLET):
    """A needle that comes from above to a point: across the beam of AP and lateral."""
    skin = tuple(p - 60.0 * w for p, w in zip(at, unit(way), strict=True))
    return Cannula(side, skin, unit(way), 60.0, 3.05, 2.4, 125.0, inside)


def test_a_leak_is_lost_behind_steel() -> None:
    leak = cement(block((-1, 8, -1), (1, 10, 1), CANAL))
    needle = (rod(at=(0.0, 0.0, -15.0)), None)
    assert not visible_routes(CASE, look(CASE, state(cement=leak, cannulas=needle)))
    assert visible_routes(CASE, look(CASE, state(LATERAL, cement=leak, cannulas=needle)))
    # No dose lifts a faint step out of a dark shadow: 6 mm of cement make 0.065 behind steel.
    deep = cement(block((-1, 5, -1), (1, 11, 1), CANAL))
    assert not visible_routes(CASE, look(CASE, state(mas=100.0, cement=deep, cannulas=needle)))


def test_outside_field_and_blades_nothing_is_seen() -> None:
    leak = cement(block((-11, 0, -3), (-6, 3, 3), CANAL))
    plain = look(CASE, state(cement=leak))
    assert visible_routes(CASE, plain)
    # The leak lies at the patient's right: 10 to 18 mm to the right on the detector.
    for blades, seen in (
        (Collimator(width_mm=15.0), False),
        (Collimator(width_mm=45.0), True),
        (Collimator(width_mm=15.0, turn_deg=90.0), True),
        (Collimator(iris_mm=15.0), False),
    ):
        assert bool(visible_routes(CASE, bladed(plain, blades))) is seen, blades
    away = state(Pose(isocentre_mm=(120.0, 0.0, 0.0)), cement=leak)
    assert not visible_routes(CASE, look(CASE, away))


def test_mirrored_leak_and_arm() -> None:
    left = cement(block((3, 2, -4), (8, 4, 1), CANAL, 0.8))
    right = cement(block((-8, 2, -4), (-3, 4, 1), CANAL, 0.8))
    for orbit in (0.0, 25.0, 70.0):
        here = whole(look(CASE, state(Pose(orbit, 5.0), cement=left)))
        there = whole(look(CASE, state(Pose(-orbit, 5.0), cement=right)))
        assert here == pytest.approx(there, rel=1e-9)


def test_cells_hold_the_cement_that_falls_on_them() -> None:
    """Volume = thickness times the area of a cell at the depth of the cement, to rounding."""
    made = cement(block((-4, -6, -5), (6, 8, 3), CANAL, 0.3))
    g = cells(CASE.c_arm, Pose(35.0, 12.0))
    there = brought(g, state(cement=made))
    box = around(g, there.spots)
    top, bottom, first, last = box
    wide = (top - 1, bottom + 1, first - 1, last + 1)
    held = there.of_route(wide, CANAL)
    # The magnification of each voxel differs; weighted with it the sum is exact.
    scale = (there.spots[2] / g.pitch_mm) ** 2
    assert held.sum() == pytest.approx(0.1 * 0.3 * scale.sum(), rel=1e-12)
    # The frame's own projection of the same cement has the same mass and place within a cell.
    patch = PatientProjector(CASE.patient).fill(g, phantom.state().body, made.cloud, (None, None))
    assert patch is not None
    assert patch.first.sum() == pytest.approx(held.sum(), rel=0.02)

    def middle(image, row, col):
        rows, cols = np.indices(image.shape)
        total = image.sum()
        return ((rows + row) * image).sum() / total, ((cols + col) * image).sum() / total

    mine = middle(held, wide[0], wide[2])
    assert mine == pytest.approx(middle(patch.first, patch.row, patch.col), abs=0.1)


@pytest.mark.parametrize("inside", [Inside.STYLET, Inside.EMPTY])
def test_a_tip_is_seen_unless_it_is_hidden(inside) -> None:
    def seen(by_state, point=(0.0, 0.0, 0.0)):
        return tip_seen(CASE, look(CASE, by_state), Side.LEFT, point)

    tool = rod(inside=inside)
    assert seen(state(cannulas=(tool, None)))
    # The other cannula in the same line of sight; in the other plane it lies beside. A ground
    # point is lost in its shadow, the wall of an open tube shows there as a step.
    other = rod(Side.RIGHT, at=(0.0, -20.0, -20.0))
    assert seen(state(cannulas=(tool, other))) is (inside is Inside.EMPTY)
    assert seen(state(LATERAL, cannulas=(tool, other)))
    # Much cement before it.
    mass = cement(block((-10, -11, -10), (10, 11, 10)))
    assert not seen(state(cannulas=(tool, None), cement=mass, mas=0.02))
    # Outside the field, behind a blade, or with no tool.
    assert not seen(state(Pose(isocentre_mm=(0.0, 0.0, 150.0)), cannulas=(tool, None)))
    narrow = bladed(look(CASE, state(cannulas=(tool, None))), Collimator(iris_mm=20.0))
    assert tip_seen(CASE, narrow, Side.LEFT, (0.0, 0.0, 0.0))
    lower = state(Pose(isocentre_mm=(0.0, 0.0, 30.0)), cannulas=(tool, None))
    far = bladed(look(CASE, lower), narrow.setting.collimator)
    assert not tip_seen(CASE, far, Side.LEFT, (0.0, 0.0, 0.0))
    # The edge of a blade 48 mm below the middle covers the point, not the shaft above it.
    for height_mm, shown in ((95.0, False), (99.0, True)):
        cut = bladed(far, Collimator(height_mm=height_mm))
        assert tip_seen(CASE, cut, Side.LEFT, (0.0, 0.0, 0.0)) is shown
    assert not seen(state())


def test_a_starved_picture_shows_no_tip() -> None:
    thin = (replace(rod(), outer_mm=1.0, inner_mm=0.6), None)
    assert tip_seen(CASE, look(CASE, state(cannulas=thin)), Side.LEFT, (0.0, 0.0, 0.0))
    dark = look(CASE, state(cannulas=thin, mas=0.0003))
    assert not tip_seen(CASE, dark, Side.LEFT, (0.0, 0.0, 0.0))


def leaked(case, at_mm, radius_mm, route=CANAL):
    """A first state with a ball of cement at a place of the patient."""
    start = first_state(case)
    bone = start.body.bone
    grid = [o + bone.spacing_mm * np.arange(n)
            for o, n in zip(bone.origin_mm, bone.shape, strict=True)]  # fmt: skip
    x, y, z = np.meshgrid(*grid, indexing="ij", sparse=True)
    d = (x - at_mm[0]) ** 2 + (y - at_mm[1]) ** 2 + (z - at_mm[2]) ** 2
    voxel = np.flatnonzero(d <= radius_mm**2)
    cloud = Cloud(
        voxel=frozen(voxel), fill=frozen(np.ones(voxel.size)),
        volume_ul=frozen(np.full(voxel.size, bone.spacing_mm**3)),
        route=frozen(np.full(voxel.size, route)),
    )  # fmt: skip
    return replace(start, cement=replace(start.cement, cloud=cloud))


def test_required_views_are_true_and_rightly_exposed(case) -> None:
    behind = leaked(case, (0.0, 18.0, 0.0), 1.5)
    ap, lateral = required_looks(case, behind)
    assert lateral.kvp > ap.kvp  # more tissue across than through
    assert visible_routes(case, lateral) == {Route.CANAL}
    told = (CementLeaked(Route.CANAL, 0.01, visible=False),)
    (event,) = room.see_leaks(case, behind, told)
    assert event.visible
    speck = leaked(case, (0.0, 18.0, 0.0), 0.5)
    (event,) = room.see_leaks(case, speck, told)
    assert not event.visible


def test_a_picture_reports_what_it_shows(case) -> None:
    """The pedal makes one event that holds what the operator then reads from it."""
    behind = leaked(case, (0.0, 18.0, 0.0), 3.0)
    arm = replace(behind.c_arm, pose=Pose(90.0), kvp=88.0, mas_pulse=0.22)
    behind = replace(behind, c_arm=arm)
    after, (event,) = room.expose(case, behind, Action(beam=True))
    assert isinstance(event, Exposed)
    assert event.shown == show(case, behind)
    assert event.shown.leaks == (Route.CANAL,)
    assert event.shown.contours.wall_mm is not None
    seen = read_picture(case, after, event.shot, event.shown)
    assert seen.leak
    assert seen.contours == event.shown.contours


@pytest.mark.parametrize(("orbit", "spinous", "wall"), [
    (9.0, True, False), (13.0, False, False), (83.0, False, True), (45.0, False, False),
])  # fmt: skip
def test_outlines_are_read_where_the_clocks_take_a_view(case, orbit, spinous, wall) -> None:
    """At 9 degrees an L1 is nearer to a look down its pedicle, but clocks count it as an AP."""
    start = first_state(case)
    arm = replace(start.c_arm, pose=Pose(orbit))
    found = show(case, replace(start, c_arm=arm)).contours
    assert (found.spinous_mm is not None, found.wall_mm is not None) == (spinous, wall)


def test_a_hidden_tip_is_not_read(case) -> None:
    start = first_state(case)
    tool = rod(at=case.plans[0].target_mm)
    held = replace(start, cannulas=(tool, None))
    shot = Shot(0, View.LATERAL, LATERAL, 0.0, (True, False))
    shown = show(case, replace(held, c_arm=replace(held.c_arm, pose=LATERAL)))
    assert shown.tips == (True, False)
    assert read_picture(case, held, shot, shown).tip_to_front_mm[0] is not None
    hidden = replace(shown, tips=(False, False))
    assert read_picture(case, held, shot, hidden).tip_to_front_mm == (None, None)


def test_tiles_do_not_change_the_verdict_by_history() -> None:
    """Remembered grounds and tools are those of the picture, whatever was looked at before."""
    leak = cement(block((-3, 0, -3), (3, 1, 3), CANAL, 0.6))
    first = whole(look(CASE, state(cement=leak, cannulas=(rod(), None))))
    for orbit in range(20):
        whole(look(CASE, state(Pose(float(orbit)), cement=leak, cannulas=(None, rod(Side.RIGHT)))))
    assert whole(look(CASE, state(cement=leak, cannulas=(rod(), None)))) == first
    assert math.isfinite(first)
