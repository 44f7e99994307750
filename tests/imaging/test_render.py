import math
import zlib
from dataclasses import replace

import numba
import numpy as np
import pytest

from simulator import rng
from simulator.anatomy.hinge import Hinge, Lift, Plate
from simulator.engine.session import Session
from simulator.frames import Side
from simulator.imaging import beam, display
from simulator.imaging.display import DisplayState, Settings, develop, held, picture
from simulator.imaging.machine import machine, setting
from simulator.imaging.plate import focal_blur, plate, primary
from simulator.imaging.png import png
from simulator.imaging.positioner import geometry, project
from simulator.imaging.projector import Paths, PatientProjector
from simulator.imaging.render import Radiograph, render, scattered, scene
from simulator.imaging.tools import Devices, devices
from simulator.kernels import coarse
from simulator.kernels.threads import use_threads
from simulator.units import frozen
from simulator.world.action import IDLE
from simulator.world.arm import Pose
from simulator.world.cement import Cement, Cloud, Portion
from simulator.world.tamp import Body, Tamp
from simulator.world.tools import Cannula, Inside
from tests.imaging import phantom
from tests.imaging.phantom import NORMAL, SPEC, set_up

N = 128


def flat(value, n=N):
    return np.full((n, n), value, np.float32)


def test_every_pixel_obeys_the_beam():
    gen = rng.stream(1, "test")
    paths = Paths(*(gen.uniform(0, b, (N, N)).astype(np.float32) for b in (30.0, 4.0)))
    thick = np.stack([gen.uniform(0, b, (N, N)).astype(np.float32) for b in (2.0, 2.0, 0.3)])
    thick[:, :5] = 0.0
    b = beam.nodes(87.0, 0.1)
    got = primary(b, None, paths, Devices(thick, (5, N)))
    # Devices push soft tissue aside, and the balloon's contrast is 1.2 of the basis.
    lengths = np.stack(
        [paths.soft - thick.sum(0), paths.cortical, thick[0], 1.2 * thick[1], thick[2]], axis=-1
    )
    want = beam.signals(b, lengths)
    assert np.abs(got / want - 1.0).max() < 2e-3
    assert np.array_equal(got[:5], primary(b, None, paths, None)[:5])


def needle(z=60.0):
    return Cannula(Side.LEFT, (0.0, 0.0, z), (0.3, 0.4, -math.sqrt(0.75)), 60.0, 6.0, 5.0, 125.0,
                   Inside.STYLET)  # fmt: skip


def test_devices_make_anew_only_what_they_change():
    """The picture of patient and devices, all in one, is the plate with a box made anew."""
    case, kept = phantom.case(), PatientProjector(phantom.patient())
    state = phantom.state(Pose(30.0, 10.0), cannulas=(needle(), None))
    got = scene(case, state, N, kept)
    g = got.g
    tools = devices(g, state.cannulas, state.tamps, state.cement, None)
    paths = kept.with_body(g, state.body)
    sharp = primary(beam.nodes(80.0, NORMAL.copper_mm), None, paths, tools)
    want = focal_blur(sharp, SPEC, g.pitch_mm)
    # Float32 sums in another order.
    assert np.abs(got.direct / want - 1.0).max() < 1e-4
    assert np.allclose(got.low, coarse.shrink(want, N // 64), rtol=1e-5)
    assert np.array_equal(got.device, (tools.lengths_cm > 0.02).any(0))
    assert got.device.any()


def lifted(rad):
    """A body whose upper plate has risen, below a second one that goes along."""
    hinge = Hinge(Plate(20.0, -8.0, 8.0, 0.3))
    volumes = [phantom.ball((0.0, 0.0, z), 9.0, soft=0.0, cortical=0.6) for z in (24.0, 0.0, -24.0)]
    return phantom.patient(volumes, index=1, hinge=hinge), Body(phantom.bone_field(), 0, Lift(rad))


@pytest.mark.parametrize("pose", [Pose(90.0), Pose(20.0, 5.0, field_mm=150.0)])
def test_a_rising_plate_makes_anew_only_what_it_moves(pose):
    """The picture of the lifted patient, all in one, is what stays with a box made anew."""
    patient, body = lifted(0.12)
    case, kept = phantom.case(patient), PatientProjector(patient)
    scene(case, phantom.state(pose, body=replace(body, lift=Lift(0.1))), N, kept)
    got = scene(case, phantom.state(pose, body=body), N, kept)
    paths = PatientProjector(patient).with_body(got.g, body)
    want = plate(SPEC, beam.nodes(80.0, NORMAL.copper_mm), replace(paths, still=None),
                 got.g.pitch_mm)  # fmt: skip
    # Float32 sums in another order.
    assert np.abs(got.direct / want.direct - 1.0).max() < 1e-5
    assert np.allclose(got.low, want.low, rtol=1e-5)
    cell_mm = got.g.pitch_mm * (N // 64)
    grid = setting(SPEC, phantom.state(pose).c_arm).grid
    assert np.allclose(got.scatter, scattered(want.low, want.depth_cm, 80.0, cell_mm, grid),
                       rtol=1e-4)  # fmt: skip
    still = scene(case, phantom.state(pose), N, kept)
    assert np.abs(got.direct / still.direct - 1.0).max() > 0.05


def test_cached_pictures_are_fresh_pictures():
    case = phantom.case()
    kept = PatientProjector(case.patient)
    poses = (Pose(), Pose(), Pose(40.0, 5.0), Pose())
    for tick, (pose, tool) in enumerate(
        zip(poses, (None, needle(), needle(50.0), None), strict=True)
    ):
        state = phantom.state(pose, tick=tick, cannulas=(tool, None))
        a, b = (render(case, state, N, p) for p in (kept, PatientProjector(case.patient)))
        assert np.array_equal(a.signal, b.signal)


def flowing():
    """A state with everything in it, the same with more cement, and with a fuller balloon."""
    voxels = frozen(np.arange(3000, 3400, dtype=np.int32))
    cloud = Cloud(voxel=voxels, fill=frozen(np.full(400, 0.5)),
                  volume_ul=frozen(np.full(400, 0.8)),
                  route=frozen(np.full(400, -1, np.int32)), revision=1)  # fmt: skip
    tamp = Tamp(0, "", (0, 0, 0), (0, 0, 1), voxels=frozen(np.arange(6000, 6500, dtype=np.int32)),
                fill=frozen(np.full(500, 0.25, np.float32)), revision=1)  # fmt: skip
    cement = Cement(cloud=cloud, bores=((Portion(0.1, 300.0, 0),), ()))
    hollow = replace(needle(), inside=Inside.EMPTY)
    parts = {"cannulas": (hollow, None), "tamps": (None, tamp), "cement": cement}
    more = replace(cement, cloud=replace(cloud, fill=frozen(np.full(400, 0.9))))
    higher = replace(cement, bores=((Portion(0.2, 300.0, 0),), ()))
    fuller = replace(tamp, fill=frozen(np.full(500, 0.75, np.float32)))
    return [parts, parts | {"cement": more}, parts | {"cement": higher},
            parts | {"tamps": (None, fuller)}, parts | {"cannulas": (None, None)}]  # fmt: skip


@pytest.mark.parametrize("moving", [False, True])
def test_what_is_remembered_is_what_is_made_anew(moving):
    """At one quality, in any order: each scene equals that of a projector which knows nothing."""
    case = phantom.case()
    kept = PatientProjector(case.patient)
    states = flowing()
    seen = []
    for k in (0, 0, 1, 0, 2, 3, 4, 0):
        state = phantom.state(Pose(30.0, 10.0), **states[k])
        state.c_arm = replace(state.c_arm, moving=moving)
        a, b = (scene(case, state, 512, p) for p in (kept, PatientProjector(case.patient)))
        for name in ("direct", "low", "scatter", "device"):
            assert np.array_equal(getattr(a, name), getattr(b, name)), (k, name)
        seen.append(a)
    if not moving:
        assert seen[1].direct is seen[0].direct
    for other in (2, 4, 5, 6):
        assert not np.array_equal(seen[other].direct, seen[0].direct)


def test_drawing_changes_no_state(case):
    """The same seconds, watched and unwatched, leave the same hash."""
    hashes = []
    for watched in (False, True):
        session, kept = Session(case, "test"), PatientProjector(case.patient)
        for _ in range(3):
            session.advance(IDLE)
            if watched:
                develop(DisplayState(), render(case, session.state, 64, kept))
        hashes.append(session.state_hash())
    assert hashes[0] == hashes[1]


def test_threads_change_no_picture():
    case, before = phantom.case(), numba.get_num_threads()
    shots = []
    try:
        for threads in (1, 2):
            use_threads(threads)
            shots.append(render(case, phantom.state(Pose(50.0, -20.0), **flowing()[0]), 256))
    finally:
        use_threads(before)
    assert np.array_equal(shots[0].signal, shots[1].signal)


def test_a_moving_arm_draws_half_the_pixels():
    case, kept = phantom.case(), PatientProjector(phantom.patient())
    still = phantom.state(Pose(20.0), cannulas=(needle(), None))
    moving = phantom.state(Pose(20.0), cannulas=(needle(), None))
    moving.c_arm = replace(moving.c_arm, moving=True)
    sharp, soft = (scene(case, s, 512, kept) for s in (still, moving))
    half = scene(case, still, 256, kept)
    assert np.allclose(soft.direct[100, 101], np.average(
        half.direct[49:51, 50:52], weights=[[0.75 * 0.25, 0.25 * 0.25], [0.75 * 0.75, 0.25 * 0.75]]
    ))  # fmt: skip
    assert soft.direct.shape == sharp.direct.shape
    away = ~sharp.device
    off = np.abs(np.log(soft.direct[away] / sharp.direct[away]))
    assert np.percentile(off, 95) < 0.02  # a phantom without fine detail
    assert scene(case, moving, N, kept).direct.shape == (N, N)


def test_quanta_follow_the_receptor_dose():
    d = machine().detector
    case = phantom.case()
    arm = phantom.state().c_arm
    lengths = beam.path_lengths(SPEC, case.patient, arm.pose)
    kvp, mas = beam.settled(SPEC, set_up(), lengths)
    state = phantom.state(c_arm=replace(arm, kvp=kvp, mas_pulse=mas))
    shot = render(case, state, N)
    assert shot.dose_ngy == pytest.approx(NORMAL.receptor_dose_ngy, rel=0.1)
    want = d.dqe * d.photons_mm2_ugy * 0.020 * (300.0 / N) ** 2
    assert np.median(shot.signal[50:78, 50:78]) == pytest.approx(want, rel=0.12)


def test_rendering_is_a_function_of_seed_and_tick():
    case, kept = phantom.case(), PatientProjector(phantom.patient())
    a = render(case, phantom.state(tick=9), N)
    b = render(case, phantom.state(tick=9), N, kept)
    render(case, phantom.state(Pose(40.0), tick=9), N, kept)
    c = render(case, phantom.state(tick=9), N, kept)
    assert np.array_equal(a.signal, b.signal)
    assert np.array_equal(a.signal, c.signal)
    other = render(case, phantom.state(tick=17), N, kept)
    assert not np.array_equal(a.signal, other.signal)
    grain = [np.diff(x.signal[5:40, 5:40]).ravel() for x in (a, other)]
    assert abs(np.corrcoef(*grain)[0, 1]) < 0.15
    seeded = render(phantom.case(seed=6), phantom.state(tick=9), N)
    assert not np.array_equal(a.signal, seeded.signal)
    with pytest.raises(ValueError, match="64"):
        render(case, phantom.state(), 100)


def test_the_hold_is_the_mean_of_the_last_frames():
    case, kept = phantom.case(), PatientProjector(phantom.patient())
    state = DisplayState()
    assert held(state) is None
    for tick in range(12):
        state, live = develop(state, render(case, phantom.state(tick=tick), N, kept))
    assert len(state.recent) == 8
    still = held(state)
    corner = np.s_[5:40, 5:40]
    assert still[corner].std() < live[corner].std()
    state, _ = develop(state, render(case, phantom.state(Pose(20.0)), N, kept))
    assert len(state.recent) == 1


def test_bone_is_dark_and_can_be_inverted():
    ball = phantom.ball((0.0, 0.0, 0.0), 12.0, soft=0.0, cortical=0.6)
    case = phantom.case(phantom.patient([ball]))
    grey = picture(case, phantom.state(), N, 8)
    assert grey.dtype == np.uint8
    inner, outer = grey[60:68, 60:68].mean(), grey[60:68, 5:20].mean()
    assert inner < outer - 30
    flipped = picture(case, phantom.state(), N, 8, settings=Settings(invert=True))
    assert flipped[60:68, 60:68].mean() > flipped[60:68, 5:20].mean() + 30


def test_the_patients_left_is_on_the_left_of_the_picture():
    ball = phantom.ball((30.0, 0.0, 20.0), 10.0, soft=0.0, cortical=1.0)
    grey = picture(phantom.case(phantom.patient([ball])), phantom.state(), N, 4)
    col, row, _ = project(geometry(SPEC, Pose(), N), (30.0, 0.0, 20.0))
    i, j = round(row), round(col)
    assert (i, j) < (50, 50)
    dark = grey[i - 3 : i + 4, j - 3 : j + 4].mean()
    for r, c in ((i, N - 1 - j), (N - 1 - i, j), (N - 1 - i, N - 1 - j)):
        assert dark < grey[r - 3 : r + 4, c - 3 : c + 4].mean() - 40


def test_metal_is_nearly_black_and_does_not_flatten_the_bone():
    ball = phantom.ball((0.0, 0.0, 0.0), 25.0, soft=0.0, cortical=0.15)
    case, kept = phantom.case(phantom.patient([ball])), PatientProjector(phantom.patient([ball]))
    needle = Cannula(Side.LEFT, (0.0, 0.0, 60.0), (0.0, 0.0, -1.0), 60.0, 6.0, 5.0, 125.0,
                     Inside.STYLET)  # fmt: skip
    bare = picture(case, phantom.state(), N, 8, kept).astype(float)
    metal = picture(case, phantom.state(cannulas=(needle, None)), N, 8, kept).astype(float)
    assert metal[20:50, 63:65].mean() < 12
    away = np.abs(np.arange(N) - 63.5) > 8
    assert np.abs(metal - bare)[:, away].mean() < 8.0


def test_windows_stay_once_settled():
    case, kept = phantom.case(), PatientProjector(phantom.patient())
    state = DisplayState()
    settle = machine_display().window_settle_frames
    for tick in range(settle + 1):
        state, _ = develop(state, render(case, phantom.state(tick=tick), N, kept))
    before = state.window
    state, _ = develop(state, render(case, phantom.state(tick=99), N, kept))
    assert state.window == before


def machine_display():
    return display.machine.display()


def test_scene_is_what_all_pulses_share():
    case, kept = phantom.case(), PatientProjector(phantom.patient())
    a, b = (scene(case, phantom.state(tick=t), N, kept) for t in (1, 2))
    assert np.array_equal(a.direct, b.direct)
    assert a.device is None


def test_a_brightness_control_that_settles_makes_no_new_scene():
    """It comes ever closer to its goal; a tenth of a kilovolt on is another beam."""
    case = phantom.case()
    kept = PatientProjector(case.patient)

    def seen(more_kv):
        state = phantom.state()
        state.c_arm = replace(state.c_arm, kvp=80.0 + more_kv)
        return scene(case, state, N, kept).direct

    before = seen(0.0)
    assert seen(1e-9) is before
    # A hundredth of a kilovolt is worth under 0.05 % of the signal (the tenth of a tenth's).
    change = np.abs(np.log(seen(0.1) / before)).max()
    assert 0.0 < 0.1 * change < 5e-4


def test_png_holds_the_pixels():
    image = np.arange(12, dtype=np.uint8).reshape(3, 4)
    data = png(image)
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(data[16:20], "big") == 4
    size = int.from_bytes(data[33:37], "big")
    lines = np.frombuffer(zlib.decompress(data[41 : 41 + size]), np.uint8).reshape(3, 5)
    assert np.array_equal(lines[:, 1:], image)


def test_no_ghost_of_another_view_or_of_a_picture_long_ago():
    old = Radiograph(flat(100.0), None, Pose(), 2.3, 80.0, 20.0, 0)
    for pose, tick, kept in (
        (Pose(90.0), 8, False),
        (Pose(), 200, False),
        (Pose(field_mm=150.0), 8, False),
        (Pose(2.0), 8, True),
    ):
        state, _ = develop(DisplayState(), old)
        state, _ = develop(state, replace(old, signal=flat(102.0), pose=pose, tick=tick))
        assert bool(state.mean.mean() < 101.99) is kept
