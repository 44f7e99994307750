import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from simulator import rng
from simulator.anatomy.hinge import Fragment, Hinge, Lift, Plate
from simulator.anatomy.volume import Volume
from simulator.anatomy.warp import inferior_pose, superior_pose, warped
from simulator.imaging.blocks import (
    Quality,
    first_pixel,
    project_block,
    project_blocks,
    project_bundle,
    seen_from,
)
from simulator.imaging.positioner import geometry, project
from simulator.imaging.projector import PatientProjector
from simulator.imaging.voxels import Block, bundle_of
from simulator.kernels import raycast
from simulator.units import frozen
from simulator.world.arm import Pose
from simulator.world.cement import Cloud
from simulator.world.tamp import Body, Tamp
from tests.imaging import phantom
from tests.imaging.phantom import SPEC, ball


def rays(g):
    """Unit directions (n, n, 3) of all rays and the source, in mm."""
    right, up = np.array(g.right) * g.pitch_mm, np.array(g.up) * g.pitch_mm
    i = np.arange(g.n)
    points = np.array(first_pixel(g)) - i[:, None, None] * up + i[None, :, None] * right
    d = points - np.array(g.source_mm)
    return np.array(g.source_mm), d / np.linalg.norm(d, axis=-1, keepdims=True)


def plain(field, volume, g, step=0.2):
    """The readable twin: march every ray in small steps and interpolate trilinearly."""
    source, d = rays(g)
    out = np.zeros((g.n, g.n))
    for t in np.arange(540.0, 700.0, step):
        at = (source + d * t - np.array(volume.origin_mm)) / volume.spacing_mm
        out += map_coordinates(field, at.transpose(2, 0, 1), order=1) * step / 10.0
    return out


def full(patch, n):
    out = np.zeros((2, n, n))
    if patch is not None:
        h, w = patch.first.shape
        out[0, patch.row : patch.row + h, patch.col : patch.col + w] = patch.first
        out[1, patch.row : patch.row + h, patch.col : patch.col + w] = patch.second
    return out


def block_of(v):
    return Block(v.soft, v.cortical, v.origin_mm, v.spacing_mm)


def shell():
    """An egg with a thin shell, off centre, as hard as a vertebra."""
    x = (np.arange(60) - 29.5) * 0.8
    r = np.sqrt(
        (x[:, None, None] / 21) ** 2 + (x[None, :, None] / 16) ** 2 + (x[None, None, :] / 12) ** 2
    )
    soft = np.clip((1.0 - r) * 8, 0, 1).astype(np.float32)
    rim = np.clip(1.0 - np.abs(r - 0.95) * 14, 0, 1).astype(np.float32)
    return Volume((x[0] + 4.0, x[0] - 6.0, x[0] + 9.0), 0.8, frozen(soft), frozen(rim))


@pytest.mark.parametrize(("orbit", "tilt"), [(0, 0), (90, 0), (44, 20), (60, -30), (-35, 10)])
def test_shear_warp_is_a_trilinear_march(orbit, tilt):
    v, g = shell(), geometry(SPEC, Pose(orbit, tilt, field_mm=150.0), 64)
    got = full(project_block(block_of(v), g), 64)
    for image, field in zip(got, (v.soft, v.cortical), strict=True):
        truth = plain(field, v, g)
        assert np.sqrt(np.mean((image - truth) ** 2)) < 0.003 * truth.max()


def zncc(a, b):
    a, b = a - a.mean(), b - b.mean()
    return (a * b).sum() / math.sqrt((a * a).sum() * (b * b).sum())


@pytest.mark.parametrize(("orbit", "tilt"), [(0, 0), (90, 0), (25, 10), (44, 20)])
def test_several_blocks_on_one_base_plane_are_a_trilinear_march(orbit, tilt):
    """Blocks of several voxel sizes, added up before one homography, and soft as a real patient."""
    a, b = ball((-9.0, 6.0, 14.0), 14.0, spacing=0.6), ball((8.0, -4.0, -15.0), 11.0, spacing=0.9)
    g = geometry(SPEC, Pose(orbit, tilt, field_mm=150.0), 96)
    got = full(project_blocks([block_of(v) for v in (a, b, shell())], g), 96)
    # Full bodies: measured 0.01 to 0.02 %. The rim of the egg is as thin as a voxel is wide, and
    # there slices a voxel apart are no march in steps of a third of that: 0.08 to 0.19 %.
    for k, least, most in ((0, 0.9999, 0.0005), (1, 0.9999, 0.0022)):
        truth = sum(plain((v.soft, v.cortical)[k], v, g, step=0.25) for v in (a, b, shell()))
        assert zncc(got[k], truth) > least
        assert np.sqrt(np.mean((got[k] - truth) ** 2)) < most * truth.max()


def vertebra():
    """A barrel with a wall of two voxels that displaces soft tissue, and faint marrow within."""
    x = (np.arange(56) - 27.5) * 0.7
    r = np.hypot(x[:, None, None] / 17.0, x[None, :, None] / 13.0)
    z = np.abs(x)[None, None, :] / 12.0
    out = np.maximum(r, z)
    wall = np.clip(1.0 - np.abs(out - 0.93) * 9.0, 0.0, 1.0)
    marrow = 0.10 * np.clip((0.9 - out) * 8.0, 0.0, 1.0)
    bone, fat = (wall + marrow).astype(np.float32), (0.2 * marrow).astype(np.float32)
    origin = (x[0] + 5.0, x[0] - 3.0, x[0] + 7.0)
    return Volume(origin, 0.7, frozen(-bone + fat), frozen(bone))


VIEWS = [(0, 0), (90, 0), (25, 10), (44, 20), (60, -30)]


@pytest.mark.parametrize(("orbit", "tilt"), VIEWS)
def test_bone_in_soft_tissue_is_a_trilinear_march(orbit, tilt):
    """At rest ZNCC 0.9999 and 0.15 % of the greatest path; what is faint has larger voxels."""
    v = vertebra()
    block = block_of(v)
    assert [part.spacing_mm for part in block.parts] == [0.7, 1.4]
    g = geometry(SPEC, Pose(orbit, tilt, field_mm=150.0), 96)
    got = full(project_block(block, g), 96)
    for image, field in zip(got, (v.soft, v.cortical), strict=True):
        truth = plain(field, v, g)
        assert zncc(image, truth) > 0.9999
        assert np.sqrt(np.mean((image - truth) ** 2)) < 0.0015 * np.abs(truth).max()


MOVED = Hinge(
    Plate(9.0, -2.0, 4.0, 0.3, 3.0, 0.4, (-3.0, 12.0, 10.0)),
    Plate(9.0, -4.0, -1.0, 0.3, 3.0, 0.4, (-3.0, 12.0, 10.0)),
    Fragment(8.0, 2.0, 12.0, 8.0, 12.0, 1.0),
)
"""Both plates and the rear wall of `vertebra` give way."""


@pytest.mark.parametrize(("orbit", "tilt"), [(90, 0), (25, 10)])
@pytest.mark.parametrize("lift", [Lift(0.1), Lift(0.08, 1.4, 0.05, 0.9, 2.5), Lift(-0.03)])
def test_a_vertebra_taken_apart_and_lifted_is_a_march_through_the_lifted_one(orbit, tilt, lift):
    """As exact as at rest; the faint part is lifted on larger voxels, and that is not seen."""
    v, g = vertebra(), geometry(SPEC, Pose(orbit, tilt, field_mm=150.0), 64)
    got = full(project_bundle(bundle_of([block_of(v)]).lifted(MOVED, lift), g), 64)
    exact = warped(v, MOVED, lift)
    rest = full(project_block(block_of(v), g), 64)
    for image, still, field in zip(got, rest, (exact.soft, exact.cortical), strict=True):
        truth = plain(field, exact, g)
        assert zncc(image, truth) > 0.9999
        assert np.sqrt(np.mean((image - truth) ** 2)) < 0.0015 * np.abs(truth).max()
        assert zncc(still, truth) < 0.999  # it has moved


@pytest.mark.parametrize(("orbit", "tilt"), VIEWS)
def test_while_the_arm_moves_the_error_is_bounded(orbit, tilt):
    v, g = vertebra(), geometry(SPEC, Pose(orbit, tilt, field_mm=150.0), 256)
    still, moving = (
        full(project_blocks([block_of(v)], g, None, q), 256)
        for q in (Quality.STILL, Quality.MOVING)
    )
    off = np.abs(moving - still) / np.abs(still).max((1, 2), keepdims=True)
    # Measured 0.16 to 0.24 % rms and 2.0 to 3.6 % at rims; of a real vertebra, whose walls are
    # thinner, 0.3 to 0.7 and 4 to 12 %.
    assert np.sqrt(np.mean(off**2)) < 0.003
    assert off.max() < 0.05
    assert off.max() > 0.01  # it is another quality
    # No matter gets lost and none is shifted: half a slice would be 0.35 mm.
    rows, cols = np.indices((256, 256))
    for a, b in zip(still, moving, strict=True):
        # The base points' bilinear sum of a picture has its integral only to their spacing.
        assert b.sum() == pytest.approx(a.sum(), rel=5e-3)
        for where in (rows, cols):
            shift = (b * where).sum() / b.sum() - (a * where).sum() / a.sum()
            assert abs(shift) * g.pitch_mm * SPEC.sad_mm / SPEC.sdd_mm < 0.05


def test_a_block_of_one_material_has_one_part_and_any_other_loses_nothing():
    bone = ball((2.0, 0.0, 0.0), 9.0, soft=-0.8, cortical=0.8)
    assert len(block_of(bone).parts) == 1
    v, g = shell(), geometry(SPEC, Pose(35.0, 10.0, field_mm=150.0), 96)
    empty = np.zeros_like(v.soft)
    got = full(project_block(block_of(v), g), 96)
    for image, field in zip(got, (v.soft, v.cortical), strict=True):
        alone = full(project_block(Block(field, empty, v.origin_mm, v.spacing_mm), g), 96)[0]
        # Both base planes begin at corners of their own: the same to the bilinear step of one.
        assert np.sqrt(np.mean((image - alone) ** 2)) < 0.002 * alone.max()


@pytest.mark.parametrize("count", [9, 10])
def test_slices_of_any_pace_keep_mass_and_place(count):
    gen = rng.stream(3, "test")
    field = gen.uniform(0.1, 1.0, (count, 7, 8)).astype(np.float32)
    part = Block(field, np.zeros_like(field), (0.0, 0.0, 0.0), 1.0).parts[0]
    for axis in range(3):
        thin, thick, fine = (part.stack(axis, pace) for pace in (1.0, 2.0, 0.5))
        assert 0.5 * fine.voxels.sum() == pytest.approx(thin.voxels.sum(), rel=1e-5)
        assert np.array_equal(fine.voxels[::2], thin.voxels)
        assert 2.0 * thick.voxels.sum() == pytest.approx(thin.voxels.sum(), rel=1e-5)
        at, twice = np.arange(len(thin.voxels)), 2 * np.arange(len(thick.voxels)) + 0.5
        place = (thin.voxels.sum((1, 2)) * at).sum() / thin.voxels.sum()
        where = (thick.voxels.sum((1, 2)) * twice).sum() / thick.voxels.sum()
        assert where == pytest.approx(place, abs=0.1)  # within a pair mass may be uneven


def test_shear_is_its_plain_twin():
    """Every base point sums, over slices, the bilinear value where its ray meets them."""
    gen = rng.stream(4, "test")
    voxels = np.zeros((5, 9, 11), np.float32)
    voxels[1:-1, 2:-2, 1:-1] = gen.uniform(-1.0, 1.0, (3, 5, 9))
    source, base, start, step = np.array([-40.0, 5.0, 3.0]), 2.2, np.array([-1.0, -2.0]), 0.37
    for pace, first in ((0.5, 0.0), (1.0, 0.0), (2.0, 0.5)):
        out = np.zeros((32, 40), np.float32)
        used = np.full((32, 2), (40, 0), np.int32)
        raycast.shear(voxels, raycast.row_spans(voxels), pace, source, base, start, step, 0.5,
                      out, used)  # fmt: skip
        want = np.zeros_like(out)
        i, j = np.indices(out.shape)
        for a in range(5):
            scale = (first + pace * a - source[0]) / (base - source[0])
            at = [
                s + (b + step * k - s) * scale
                for s, b, k in zip(source[1:], start, (i, j), strict=True)
            ]
            want += 0.5 * pace * map_coordinates(voxels[a], at, order=1)
        assert np.abs(out - want).max() < 2e-5  # float32 sums of five
        seen = out != 0.0
        for row, (first, last) in zip(seen, used, strict=True):
            assert not row[:first].any()
            assert not row[last:].any()


def test_a_centred_ball_looks_alike_from_everywhere():
    """Off the rim: there the voxels' own stairs show (1.5 pixels)."""
    volume = ball((0.0, 0.0, 0.0), 15.0, spacing=0.6)
    views = [(0, 0), (30, 0), (44, 20), (60, -30), (90, 0), (90, 35)]
    images = []
    for orbit, tilt in views:
        g = geometry(SPEC, Pose(orbit, tilt, field_mm=150.0), 128)
        images.append(full(project_block(block_of(volume), g), 128)[0])
    rows, cols = np.indices((128, 128)) - 63.5
    edge_px = 15.0 * SPEC.sdd_mm / SPEC.sad_mm / g.pitch_mm
    inside = np.hypot(rows, cols) < edge_px - 1.5
    for image in images[1:]:
        off = (image - images[0])[inside]
        assert np.sqrt(np.mean(off**2)) < 0.005 * images[0].max()


def test_a_mirrored_patient_gives_the_mirrored_picture():
    v = shell()
    mirrored = Volume((-v.origin_mm[0] - 59 * 0.8, *v.origin_mm[1:]), 0.8,
                      frozen(v.soft[::-1].copy()), frozen(v.cortical[::-1].copy()))  # fmt: skip
    for orbit in (0.0, 35.0):
        one, other = (
            full(project_block(block_of(x), geometry(SPEC, Pose(o, 10.0, field_mm=150.0), 96)), 96)
            for x, o in ((v, orbit), (mirrored, -orbit))
        )
        # Both base planes begin at their own corner: the same to the bilinear step of one.
        assert np.sqrt(np.mean((one - other[:, :, ::-1]) ** 2)) < 0.002 * one.max()


@pytest.mark.parametrize("orbit", [0.0, 52.0, 90.0])
def test_ball_has_the_chord_of_a_ball(orbit):
    centre, radius = (6.0, -4.0, 8.0), 11.0
    g = geometry(SPEC, Pose(orbit, 15.0, field_mm=150.0), 128)
    image = full(project_block(block_of(ball(centre, radius)), g), 128)[0]
    source, d = rays(g)
    m = source - np.array(centre)
    along = (d * m).sum(-1)
    depth = radius**2 - (m @ m - along**2)
    chord = 0.2 * np.sqrt(np.maximum(depth, 0.0))
    inside = depth > (3.0 * radius)
    assert np.sqrt(np.mean((image - chord)[inside] ** 2)) < 0.005 * chord.max()
    rows, cols = np.indices(image.shape)
    col, row, _ = project(g, centre)
    assert (image * cols).sum() / image.sum() == pytest.approx(col, abs=0.25)
    assert (image * rows).sum() / image.sum() == pytest.approx(row, abs=0.25)


def test_a_block_outside_the_field_is_not_projected():
    g = geometry(SPEC, Pose(field_mm=150.0), 64)
    assert project_block(block_of(ball((120.0, 0.0, 0.0), 5.0)), g) is None


def test_a_turned_block_is_the_block_turned():
    angle = 0.3
    c, s = math.cos(angle), math.sin(angle)
    turn = np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])
    shift = np.array([2.0, -3.0, 4.0])
    g = geometry(SPEC, Pose(20.0, 5.0, field_mm=150.0), 64)
    a, b = (3.0, 9.0, -5.0), tuple((turn @ np.array((3.0, 9.0, -5.0)) + shift).tolist())
    got = full(project_block(block_of(ball(a, 8.0)), g, (turn, shift)), 64)[0]
    want = full(project_block(block_of(ball(b, 8.0)), g), 64)[0]
    assert np.abs(got - want).max() < 0.04 * want.max()
    assert project(seen_from(g, (turn, shift)), a) == pytest.approx(project(g, b))


def test_lengths_of_overlapping_blocks_add():
    volumes = [ball((0.0, 0.0, 0.0), 12.0, cortical=0.3), ball((4.0, 5.0, -9.0), 9.0, soft=-0.2)]
    patient = phantom.patient(volumes)
    g = geometry(SPEC, Pose(30.0, 10.0), 64)
    every = PatientProjector(patient).paths(g)
    parts = [full(project_block(block_of(v), g), 64) for v in (*volumes, patient.torso)]
    assert np.allclose(every.soft, sum(p[0] for p in parts), atol=1e-4)
    assert np.allclose(every.cortical, sum(p[1] for p in parts), atol=1e-5)
    middle = every.soft[20:44, 20:44]
    assert middle.min() > 19.0


def test_cached_is_uncached():
    hinge = Hinge(Plate(10.0, -8.0, 8.0, 0.3))
    patient = phantom.patient([ball((0.0, 0.0, 30.0), 9.0), ball((0.0, 0.0, 0.0), 12.0)],
                              index=1, hinge=hinge)  # fmt: skip
    kept = PatientProjector(patient)
    for orbit, lift in ((0.0, 0.0), (90.0, 0.0), (90.0, 0.1), (0.0, 0.0), (90.0, 0.1)):
        g = geometry(SPEC, Pose(orbit), 64)
        fresh = PatientProjector(patient).paths(g, Lift(lift))
        again = kept.paths(g, Lift(lift))
        assert np.array_equal(again.soft, fresh.soft)
        assert np.array_equal(again.cortical, fresh.cortical)
        moving = kept.paths(g, Lift(lift), Quality.MOVING)
        assert np.array_equal(
            moving.soft, PatientProjector(patient).paths(g, Lift(lift), Quality.MOVING).soft
        )
        assert not np.array_equal(moving.soft, fresh.soft)
    assert kept.paths(g, Lift(0.1)) is again


def test_lift_moves_what_lies_above_and_nothing_below():
    hinge = Hinge(Plate(20.0, -8.0, 8.0, 0.3))
    volumes = [ball((0.0, 0.0, z), 6.0, soft=0.0, cortical=1.0) for z in (30.0, 0.0, -30.0)]
    air = phantom.slab(4.0, soft=0.0)
    patient = phantom.patient(volumes, torso=air, index=1, hinge=hinge)
    g = geometry(SPEC, Pose(90.0), 128)
    still, lifted = (PatientProjector(patient).paths(g, Lift(a)).cortical for a in (0.0, 0.2))
    below = math.ceil(project(g, (0.0, 0.0, -20.0))[1])
    above = math.floor(project(g, (0.0, 0.0, 16.0))[1])
    assert np.array_equal(still[below:], lifted[below:])
    rows = np.arange(above)[:, None]
    before, after = ((rows * p[:above]).sum() / p[:above].sum() for p in (still, lifted))
    turn, shift = superior_pose(hinge, Lift(0.2))
    risen = tuple((turn @ np.array((0.0, 0.0, 30.0)) + shift).tolist())
    want = project(g, (0.0, 0.0, 30.0))[1] - project(g, risen)[1]
    assert want > 2.0
    assert before - after == pytest.approx(want, rel=0.03)


def test_an_inferior_plate_moves_what_lies_below_and_nothing_above():
    hinge = Hinge(Plate(), Plate(20.0, -8.0, 8.0, 0.3))
    volumes = [ball((0.0, 0.0, z), 6.0, soft=0.0, cortical=1.0) for z in (30.0, 0.0, -30.0)]
    air = phantom.slab(4.0, soft=0.0)
    patient = phantom.patient(volumes, torso=air, index=1, hinge=hinge)
    g = geometry(SPEC, Pose(90.0), 128)
    lift = Lift(inferior_rad=0.2)
    still, moved = (PatientProjector(patient).paths(g, a).cortical for a in (Lift(), lift))
    above = math.floor(project(g, (0.0, 0.0, 20.0))[1])
    below = math.ceil(project(g, (0.0, 0.0, -16.0))[1])
    assert np.array_equal(still[:above], moved[:above])
    rows = np.arange(below, 128)[:, None]
    before, after = ((rows * p[below:]).sum() / p[below:].sum() for p in (still, moved))
    turn, shift = inferior_pose(hinge, lift)
    sunk = tuple((turn @ np.array((0.0, 0.0, -30.0)) + shift).tolist())
    want = project(g, sunk)[1] - project(g, (0.0, 0.0, -30.0))[1]
    assert want > 2.0
    assert after - before == pytest.approx(want, rel=0.03)


def test_cement_and_contrast_keep_their_volume_on_the_picture():
    bone = phantom.bone_field()
    voxels = frozen(np.arange(3000, 3400, dtype=np.int32))
    cloud = Cloud(voxel=voxels, fill=frozen(np.full(400, 0.5)),
                  volume_ul=frozen(np.full(400, 0.8)),
                  route=frozen(np.full(400, -1, np.int32)), revision=1)  # fmt: skip
    tamp = Tamp(0, "", (0, 0, 0), (0, 0, 1), voxels=voxels,
                fill=frozen(np.full(400, 0.25, np.float32)), revision=1)  # fmt: skip
    projector = PatientProjector(phantom.patient())
    g = geometry(SPEC, Pose(25.0), 128)
    patch = projector.fill(g, Body(bone=bone), cloud, (tamp, None))
    area = (g.pitch_mm * SPEC.sad_mm / SPEC.sdd_mm) ** 2
    # At the isocentre a pixel covers `area`; the box lies within 10 mm of it.
    assert patch.first.sum() * 10.0 * area == pytest.approx(400 * 0.5 * 0.8, rel=0.05)
    assert patch.second.sum() * 10.0 * area == pytest.approx(400 * 0.25, rel=0.05)
    assert projector.fill(g, Body(bone=bone), cloud, (tamp, None)) is patch
    more = replace(cloud, fill=frozen(np.full(400, 1.0)))
    fuller = projector.fill(g, Body(bone=bone), more, (tamp, None))
    assert fuller.first.sum() == pytest.approx(2.0 * patch.first.sum(), rel=1e-4)
    assert projector.fill(g, Body(bone=bone), Cloud(), (None, None)) is None


def test_balloon_rides_on_the_lift_that_the_bone_field_does_not_hold_yet():
    hinge = Hinge(Plate(20.0, -20.0, -10.0, 0.3))
    patient = phantom.patient(hinge=hinge)
    voxels = frozen(np.arange(6000, 7000, dtype=np.int32))
    tamp = Tamp(0, "", (0, 0, 0), (0, 0, 1), voxels=voxels,
                fill=frozen(np.ones(1000, np.float32)), revision=1)  # fmt: skip
    g = geometry(SPEC, Pose(90.0), 128)

    def height(lift, baked):
        body = Body(bone=phantom.bone_field(), lift=Lift(lift), baked=Lift(baked))
        image = full(PatientProjector(patient).fill(g, body, Cloud(), (tamp, None)), 128)[1]
        return (image * np.arange(128)[:, None]).sum() / image.sum()

    assert height(0.1, 0.1) == pytest.approx(height(0.0, 0.0))
    assert height(0.1, 0.0) < height(0.0, 0.0) - 1.0


def test_a_cavity_lets_more_through_and_its_rim_less():
    bone = phantom.bone_field()
    bv = np.zeros(bone.shape, np.float32)
    bv[8:16, 8:16, 8:16] = -0.1
    bv[8:16, 8:16, 16:18] = 0.3
    patient = phantom.patient(hinge=Hinge(Plate(20.0, -20.0, -10.0, 0.3)))
    g = geometry(SPEC, Pose(90.0), 128)
    kept = PatientProjector(patient)
    plain_paths = kept.with_body(g, Body(bone=bone))
    body = Body(bone=replace(bone, bv_tv=frozen(bv)), bone_revision=1)
    made = kept.with_body(g, body)
    hole, rim = (round(project(g, (0.0, 0.0, z))[1]) for z in (0.0, 5.0))
    delta = made.cortical - plain_paths.cortical
    assert delta[hole, 63] == pytest.approx(-0.1 * 1.034 * 0.8, rel=0.05)
    assert delta[rim, 63] > 0.1
    assert kept.with_body(g, body) is made
    assert kept.with_body(g, Body(bone=bone)) is plain_paths
