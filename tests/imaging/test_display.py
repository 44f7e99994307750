"""Closed forms of what a viewer may do with a picture: turns, masks, subtraction, edges."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator import rng
from simulator.imaging.blades import mask, shaded
from simulator.imaging.display import (
    PLAIN,
    DisplayState,
    Mode,
    Settings,
    develop,
    held,
    mirrored_x,
    mirrored_y,
    notice,
    oriented,
    oriented_point,
    plain_point,
    take_mask,
    turned,
)
from simulator.imaging.machine import display as figures
from simulator.imaging.render import Radiograph
from simulator.imaging.subtraction import difference
from simulator.imaging.taps import gauss_taps
from simulator.world.arm import Pose
from simulator.world.collimator import Collimator

N = 128
SUBTRACT = Settings(mode=Mode.SUBTRACT)


AP = Pose()


def frame(signal, tick=0, pose=AP):
    return Radiograph(np.asarray(signal, np.float32), None, pose, 2.3, 80.0, 20.0, tick)


def quiet(value=1000.0, n=N):
    return np.full((n, n), value, np.float32)


def noisy(count, first=0, mean=1000.0, sigma=30.0):
    gen = rng.stream(11 + first, "test")
    return [frame(mean + sigma * gen.standard_normal((N, N)), first + k) for k in range(count)]


def grain(n=96):
    return rng.stream(3, "test").integers(0, 256, (n, n)).astype(np.uint8)


def blob(n=97):
    """A smooth picture: interpolation between four pixels is nearly exact."""
    y, x = np.mgrid[:n, :n] - (n - 1) / 2
    value = 40 + 160 * np.exp(-((x - 14) ** 2 + (y + 9) ** 2) / 200.0) * (np.hypot(x, y) < 45)
    return value.astype(np.uint8)


# ---------------------------------------------------------------------------- orientation


angles = st.floats(-720.0, 720.0, allow_nan=False)
options = st.builds(Settings, rotate_deg=angles, flip_x=st.booleans(), flip_y=st.booleans())


def test_nothing_turned_is_the_same_picture():
    image = grain()
    assert oriented(image, PLAIN) is image


@pytest.mark.parametrize("option", [Settings(flip_x=True), Settings(flip_y=True),
                                    Settings(rotate_deg=180.0)])  # fmt: skip
def test_flips_and_half_turns_undo_themselves(option):
    image = grain()
    once = oriented(image, option)
    assert not np.array_equal(once, image)
    assert np.array_equal(oriented(once, option), image)


def test_flips_and_quarter_turns_go_where_they_should():
    image = np.zeros((4, 4), np.uint8)
    image[0, 1] = 9
    for option, place in (
        (Settings(flip_x=True), (0, 2)),
        (Settings(flip_y=True), (3, 1)),
        (Settings(rotate_deg=90.0), (1, 3)),
        (Settings(rotate_deg=-90.0), (2, 0)),
        (Settings(rotate_deg=90.0, flip_x=True), (2, 3)),
    ):
        assert np.argwhere(oriented(image, option)).tolist() == [list(place)]


@given(options, st.floats(0, 511), st.floats(0, 511))
def test_points_come_back(option, col, row):
    there = oriented_point(col, row, 512, option)
    assert plain_point(*there, 512, option) == pytest.approx((col, row), abs=1e-9)


@given(options)
def test_a_point_goes_where_the_picture_takes_it(option):
    image = np.zeros((65, 65), np.uint8)
    col, row = 41, 22  # stays inside whatever the angle
    image[row - 1 : row + 2, col - 1 : col + 2] = 200
    shown = oriented(image, option).astype(float)
    rows, cols = np.indices(shown.shape)
    centre = (shown * cols).sum() / shown.sum(), (shown * rows).sum() / shown.sum()
    # Greys are rounded to whole numbers and pixels are squares.
    assert oriented_point(col, row, 65, option) == pytest.approx(centre, abs=0.05)


def test_turning_keeps_the_middle_and_blackens_the_corners():
    image = blob()
    shown = oriented(image, Settings(rotate_deg=45.0))
    assert shown[0, 0] == shown[-1, -1] == 0
    assert abs(int(shown[48, 48]) - int(image[48, 48])) <= 1
    back = oriented(shown, Settings(rotate_deg=-45.0)).astype(float)
    rows, cols = np.indices(image.shape)
    inner = np.hypot(rows - 48, cols - 48) < 40
    # Two interpolations of a blob of sigma 10 lose less than its curvature 160 / 100 / 4 each.
    assert np.abs(back - image)[inner].max() <= 2.0


@given(options, angles)
@settings(max_examples=30)
def test_what_is_on_the_screen_is_what_is_mirrored_and_turned(option, by_deg):
    point = 20.0, 7.0
    at = oriented_point(*point, 101, option)
    assert oriented_point(*point, 101, mirrored_x(option)) == pytest.approx(
        (100.0 - at[0], at[1]), abs=1e-9
    )
    assert oriented_point(*point, 101, mirrored_y(option)) == pytest.approx(
        (at[0], 100.0 - at[1]), abs=1e-9
    )
    both = oriented_point(*at, 101, Settings(rotate_deg=by_deg))
    assert oriented_point(*point, 101, turned(option, by_deg)) == pytest.approx(both, abs=1e-6)


def test_live_and_held_pictures_are_oriented():
    option = Settings(rotate_deg=90.0, flip_x=True)
    state, live = develop(DisplayState(), frame(np.tile(np.linspace(500, 1500, N), (N, 1))))
    _, turned_live = develop(DisplayState(), state.recent[0], option)
    assert np.array_equal(turned_live, oriented(live, option))
    assert np.array_equal(held(state, option), oriented(held(state), option))
    assert not np.array_equal(turned_live, live)


# ---------------------------------------------------------------------------- subtraction


def masked(frames):
    state = DisplayState()
    for shot in frames:
        state, _ = develop(state, shot)
    return take_mask(state)


def test_no_mask_before_the_first_frame():
    assert take_mask(DisplayState()) == DisplayState()
    state, plain = develop(DisplayState(), frame(quiet()))
    assert notice(state, SUBTRACT) == "no mask"
    assert notice(state) == ""
    assert np.array_equal(held(state, SUBTRACT), plain)


def test_the_mask_is_the_mean_of_the_last_eight_frames():
    frames = noisy(11)
    state = masked(frames)
    assert state.mask.frames == 8 == figures().recursive_hold_frames
    assert np.allclose(state.mask.signal, np.mean([f.signal for f in frames[-8:]], axis=0))


def test_noise_of_a_difference_grows_as_the_mask_says():
    """sqrt(1 + 1/8) times that of one frame; the frame is not one of the mask's."""
    state = masked(noisy(8))
    later = noisy(1, first=500)[0]
    got = difference(state.mask, later.signal, None).std()
    # 16 000 pixels know their deviation within 0.6 %; ln x is 3 % bent at sigma = 0.03.
    assert got == pytest.approx(0.03 * math.sqrt(1.0 + 1.0 / 8.0), rel=0.02)


def test_what_came_is_dark_by_its_own_thickness_and_the_rest_is_grey():
    state = masked([frame(quiet(), k) for k in range(8)])
    come = quiet()
    come[40:50, 40:50] *= math.exp(-0.1)
    d = figures()
    state, shown = develop(state, frame(come, 100), SUBTRACT)
    assert notice(state, SUBTRACT) == ""
    assert abs(int(shown[5, 5]) - 128) <= 1
    q = -d.subtraction_gain * 0.1 / d.subtraction_half
    want = 127.5 * (1.0 + q / (1.0 + abs(q) ** d.tone_knee_dark) ** (1.0 / d.tone_knee_dark))
    assert shown[45, 45] == pytest.approx(want, abs=1.5)
    assert np.array_equal(held(state, SUBTRACT), shown)


def test_a_change_of_tube_output_cancels():
    scene = 1000.0 * np.exp(-rng.stream(5, "test").random((N, N)))
    state = masked([frame(scene, k) for k in range(8)])
    got = difference(state.mask, np.asarray(scene * 1.7, np.float32), None)
    assert np.abs(got).max() < 1e-5  # float32, and the logarithm's own 2e-6


def test_a_roadmap_lays_the_change_over_the_masks_anatomy():
    anatomy = quiet()
    anatomy[:, 60:68] *= math.exp(-0.15)
    come = anatomy.copy()
    come[20:30, 20:30] *= math.exp(-0.15)
    state = masked([frame(anatomy, k) for k in range(8)])
    state, plain = develop(state, frame(anatomy, 100))
    for mode in (Mode.SUBTRACT, Mode.ROADMAP):
        _, shown = develop(state, frame(come, 200), Settings(mode=mode))
        bone = float(shown[100, 40]) - shown[100, 64]
        new = float(shown[25, 40]) - shown[25, 25]
        if mode is Mode.SUBTRACT:
            assert abs(bone) <= 1
        else:
            assert 15 < bone < float(plain[100, 40]) - plain[100, 64]
        assert new > 50


@pytest.mark.parametrize("pose", [Pose(1.0), Pose(isocentre_mm=(0.0, 0.0, 2.0)),
                                  Pose(field_mm=200.0)])  # fmt: skip
def test_a_moved_arm_shows_the_plain_picture_and_says_so(pose):
    state = masked([frame(quiet(), k) for k in range(8)])
    new = frame(np.tile(np.linspace(500, 1500, N), (N, 1)), 9, pose)
    there, shown = develop(state, new, SUBTRACT)
    assert notice(there, SUBTRACT) == "view changed since mask"
    assert there.mask is state.mask
    plain, want = develop(state, new)
    assert np.array_equal(shown, want)
    assert notice(plain) == ""
    back, _ = develop(there, frame(quiet(), 200), SUBTRACT)
    assert notice(back, SUBTRACT) == ""  # the arm stands again where it stood


# ---------------------------------------------------------------------------- edge, window


def test_edges_gain_what_the_setting_says():
    """Next to a step of 1, a blur with middle tap t has reached (1 +- t) / 2."""
    step = quiet()
    step[:, N // 2 :] *= math.exp(-0.2)
    shot = replace(frame(step), pitch_mm=0.3)
    state, _ = develop(DisplayState(), shot)
    window = replace(state.window, level=-0.1, half=1.0)  # the middle of the step, nothing bends
    state = replace(state, window=window)
    around = np.s_[N // 2, N // 2 - 1 : N // 2 + 1]
    d = figures()
    core, wide = (middle(gauss_taps(s / 0.3)) for s in (d.noise_sigma_mm, d.edge_sigma_mm))
    for edge in (0.0, 1.0, 2.0):
        left, right = held(state, Settings(edge=edge))[around].astype(float)
        gain = edge * d.edge_gain
        want = 0.2 * ((1.0 + gain) * core - gain * wide)
        assert (left - right) / 127.5 == pytest.approx(want, abs=2 / 255)  # whole greys


def middle(taps):
    return taps[taps.size // 2]


def test_the_spatial_filter_halves_the_grain():
    """White noise through a Gaussian of s pixels keeps sum(taps^2) of its deviation."""
    shot = replace(noisy(1)[0], pitch_mm=0.26)
    log = 0.03 * rng.stream(11, "test").standard_normal((N, N))
    state, _ = develop(DisplayState(), shot)
    state = replace(state, window=replace(state.window, level=0.0, half=0.2))
    shown = held(state, Settings(edge=0.0)).astype(float)
    taps = gauss_taps(figures().noise_sigma_mm / 0.26)
    want = log.std() * float((taps**2).sum()) / 0.2 * 127.5
    # 16 000 pixels blurred to some 2000 independent ones know their deviation within 2 %.
    assert shown.std() == pytest.approx(want, rel=0.05)
    assert (taps**2).sum() < 0.5


def test_brightness_and_contrast_are_half_windows():
    ramp = np.exp(np.linspace(-0.2, 0.2, N))[None, :] * quiet()
    state, _ = develop(DisplayState(), frame(ramp))
    a = held(state).astype(float)
    bright = held(state, Settings(brightness=0.2)).astype(float)
    steep = held(state, Settings(contrast=1.5)).astype(float)
    inner = np.abs(a - 127.5) < 30
    assert (bright - a)[inner].mean() == pytest.approx(0.2 * 127.5, rel=0.1)  # the curve bends
    slope = np.polyfit(a[inner], steep[inner], 1)[0]
    assert slope == pytest.approx(1.5, rel=0.1)


# ---------------------------------------------------------------------------- blades


def behind(image, blades, tick=0):
    """A frame behind blades: `device` names what they shade, as `render` does."""
    shut = shaded(N, 300.0, blades)
    return replace(frame(image, tick), device=shut, collimator=blades)


def test_behind_the_blades_it_is_black_and_counts_for_nothing():
    """The same picture with and without blades is the same inside the opening."""
    gen = rng.stream(21, "test")
    image = 1000.0 * np.exp(0.2 * gen.standard_normal((N, N)))
    blades = Collimator(width_mm=200.0, height_mm=150.0)
    shut = shaded(N, 300.0, blades)
    dark = np.where(shut, 3.0, image)
    _, bare = develop(DisplayState(), frame(image))
    state, shown = develop(DisplayState(), behind(dark, blades))
    _, flooded = develop(DisplayState(), behind(np.where(shut, 9e4, image), blades))
    assert not shown[shut].any()
    _, bright = develop(DisplayState(), behind(dark, blades), Settings(invert=True))
    assert not bright[shut].any()
    # What the covered part would have added to base and window is a few greys of noise.
    deep = ~shaded(N, 300.0, Collimator(width_mm=180.0, height_mm=130.0))
    assert np.abs(shown.astype(int) - bare)[deep].mean() < 8.0
    assert np.array_equal(shown[deep], flooded[deep])
    assert held(state)[N // 2, N // 2] == shown[N // 2, N // 2]


def test_no_bright_line_runs_along_a_blade_when_bone_is_bright():
    """The soft edge of a blade is dark in the signal; inverted it must not glare."""
    blades = Collimator(width_mm=120.0, height_mm=90.0, turn_deg=20.0)
    image = 1000.0 * mask(512, 300.0, blades) + 2.0
    shut = shaded(512, 300.0, blades)
    shot = replace(frame(image), device=shut, collimator=blades, pitch_mm=300.0 / 512)
    _, got = develop(DisplayState(), shot, Settings(invert=True))
    middle = int(got[256, 256])
    # Blur and edges work across the border: one part in eight of the scale.
    assert got.max() <= middle + 32


def test_the_hold_forgets_what_was_behind_a_blade_that_opens():
    blades = Collimator(width_mm=120.0)
    dark = np.where(shaded(N, 300.0, blades), 5.0, 1000.0)
    state = DisplayState()
    for k in range(8):
        state, _ = develop(state, behind(dark, blades, k))
    state, _ = develop(state, frame(quiet(), 8))
    assert len(state.recent) == 1
    got = held(state).astype(int)
    # The panel's lag alone: ln 0.97 in a window of 0.3 to each side of 127 greys.
    assert np.ptp(got) <= 13


def test_a_mask_taken_behind_blades_serves_the_open_part_alone():
    blades = Collimator(width_mm=200.0)
    shut = shaded(N, 300.0, blades)
    state = masked([behind(np.where(shut, 2.0, 1000.0), blades, k) for k in range(8)])
    got = difference(state.mask, np.where(shut, 2.0, 1500.0).astype(np.float32), shut)
    assert np.abs(got[~shut]).max() < 1e-5
    state, opened = develop(state, frame(quiet(), 8), SUBTRACT)
    assert notice(state, SUBTRACT) == ""
    assert not opened[shut].any()
    assert opened[~shut].min() > 100


def test_the_live_picture_forgets_the_blade_that_opens_at_once():
    blades = Collimator(width_mm=120.0)
    shut = shaded(N, 300.0, blades)
    state = DisplayState()
    for k in range(6):
        state, _ = develop(state, behind(np.where(shut, 5.0, 1000.0), blades, k))
    state, _ = develop(state, frame(quiet(), 6))
    # What may stay is the panel's own lag.
    assert state.mean.min() >= 1000.0 - figures().recursive_lag * 995.0


@pytest.mark.parametrize("count", [1, 3, 5, 6, 8])
def test_the_hold_is_never_grainier_than_what_was_live(count):
    """1/k of the variance of one frame against a / (2 - a) of it."""
    state = DisplayState()
    for shot in noisy(20):  # the recursion has settled
        state, live = develop(state, shot)
    state = replace(state, recent=state.recent[-count:])
    # The mean of 128 x 128 pixels' variance is known to a per cent.
    assert held(state).std() <= 1.02 * live.std()
