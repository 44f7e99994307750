"""Scatter, noise and sharpness of the panel, and the display's filters, against closed forms."""

import csv
import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from simulator import rng
from simulator.imaging import beam
from simulator.imaging.display import DisplayState, develop
from simulator.imaging.machine import display, machine
from simulator.imaging.plate import focal_blur
from simulator.imaging.render import Radiograph, exposed, scattered
from simulator.imaging.taps import gauss_taps, pixel_taps
from simulator.kernels import coarse, detector, monitor
from simulator.paths import asset
from simulator.world.arm import Pose
from tests.imaging.phantom import SPEC, set_up

N = 128
C = coarse.COARSE


def flat(value, n=N):
    return np.full((n, n), value, np.float32)


# ------------------------------------------------------------------------------ scatter


def spr_rows():
    with asset("beam/scatter_broadbeam.csv").open() as file:
        rows = csv.DictReader(line for line in file if not line.startswith("#"))
        return [r for r in rows if r["gap_mm"] == "100" and r["kVp"] == "80"]


def ratio(thickness_cm, field_mm, grid, kvp=80.0, cell=(32, 32)):
    depth = np.full((C, C), float(thickness_cm))
    got = scattered(flat(0.01, C), depth, kvp, field_mm / C, grid) / 0.01
    return got[cell[0] - 1 : cell[0] + 1, cell[1] - 1 : cell[1] + 1].mean()


@pytest.mark.parametrize("row", spr_rows(), ids=lambda r: f"{r['T_mm']}-{r['field_mm']}")
def test_scatter_of_a_slab_is_that_of_the_monte_carlo(row):
    m = machine()
    t, field = float(row["T_mm"]) / 10.0, float(row["field_mm"])
    # The fits' own largest errors over all slabs: 2.5 % without and 8.7 % with a grid, and the
    # Monte Carlo's 1 to 2 %.
    assert ratio(t, field, m.no_grid) == pytest.approx(float(row["SPR"]), rel=0.05)
    if row["SPR_grid"]:
        assert ratio(t, field, m.grid) == pytest.approx(float(row["SPR_grid"]), rel=0.10)
    if row["SPR_half"]:
        # Half way to the edge, which was not fitted: 5 to 6 % rms.
        half = ratio(t, field, m.no_grid, cell=(32, 48))
        assert half == pytest.approx(float(row["SPR_half"]), rel=0.12)


def test_scatter_grows_with_voltage_as_in_the_monte_carlo():
    m = machine()
    for grid, values in ((m.no_grid, (2.77, 3.01, 3.18, 3.30)), (m.grid, (0.41, 0.59, 0.74, 0.79))):
        base = ratio(20.0, 300.0, grid)
        for kvp, value in zip((60.0, 80.0, 100.0, 120.0), values, strict=True):
            assert ratio(20.0, 300.0, grid, kvp) / base == pytest.approx(
                value / values[1], rel=0.03
            )


def trunk(half_width_mm, thickness_cm):
    """Thickness and primary behind an elliptic trunk standing in a 300 mm field at the panel."""
    x = (np.arange(C) - 31.5) * 300.0 / C / half_width_mm
    depth = np.tile(thickness_cm * np.sqrt(np.clip(1.0 - x * x, 0.0, None)), (C, 1))
    direct = np.exp(-0.2 * depth).astype(np.float32)  # 0.2 / cm: soft tissue at 65 keV
    return direct, depth


@pytest.mark.parametrize(("half_width_mm", "thickness_cm"), [(110.0, 28.0), (140.0, 28.0),
                                                             (90.0, 20.0)])  # fmt: skip
def test_air_beside_the_patient_does_not_light_up_his_middle(half_width_mm, thickness_cm):
    """Each kernel alone, fed with the open beam, doubles the scatter and more."""
    direct, depth = trunk(half_width_mm, thickness_cm)
    grid = machine().grid
    got = scattered(direct, depth, 80.0, 300.0 / C, grid)[31:33, 31:33].mean()
    slab = ratio(thickness_cm, 300.0, grid)
    assert 0.6 * slab < got / direct[32, 32] < 1.35 * slab
    mirrored = scattered(direct[:, ::-1].copy(), depth[:, ::-1].copy(), 80.0, 300.0 / C, grid)
    assert np.allclose(
        mirrored[:, ::-1], scattered(direct, depth, 80.0, 300.0 / C, grid), rtol=1e-4
    )


# ------------------------------------------------------------------------- noise and blur


def still(value, n):
    return SimpleNamespace(
        direct=flat(value, n),
        low=flat(value, C),
        scatter=np.zeros((C, C), np.float32),
        opening=None,
    )


def read(value, n, mas, pitch_mm, seed=3):
    noise = rng.stream(seed, "test")
    return exposed(SPEC, set_up(), 80.0, mas, pitch_mm, still(value, n), noise)[0]


def panel_psf(pitch_mm):
    d = machine().detector
    wide, core = (pixel_taps(s / pitch_mm) for s in (d.psf_wide_mm, d.psf_narrow_mm))
    psf = (1.0 - d.psf_narrow_weight) * np.outer(wide, wide)
    near, reach = core.size // 2, wide.size // 2
    middle = slice(reach - near, reach + near + 1)
    psf[middle, middle] += d.psf_narrow_weight * np.outer(core, core)
    return psf


def electronic(pitch_mm):
    d = machine().detector
    return d.electronic_quanta * math.sqrt(d.dqe) * pitch_mm / d.electronic_pixel_mm


def test_noise_variance_is_the_mean_of_the_quanta():
    pitch = 300.0 / 256
    means, variances = [], []
    for mas in (0.05, 0.2, 0.8, 3.2):
        out = read(0.01, 256, mas, pitch)
        means.append(out.mean())
        variances.append(out.var() - electronic(pitch) ** 2)
    slope = np.polyfit(means, variances, 1)[0] / (panel_psf(pitch) ** 2).sum()
    assert slope == pytest.approx(1.0, abs=0.03)  # 65 000 pixels, correlated: 1 %


def test_few_quanta_keep_their_mean_and_variance():
    """Behind metal a handful arrives; a clipped Gaussian would be too bright by a tenth."""
    pitch, n = 0.3, 256
    for want in (2.0, 5.0, 20.0):
        mas = 0.2 * want / float(read(0.01, n, 0.2, pitch).mean())
        counted = np.empty((n, n), np.float32)
        gen = rng.stream(5, "test")
        normals = gen.standard_normal(1 << 17, dtype=np.float32)
        starts = gen.integers(0, (1 << 17) - n, (2, n))
        one = np.ones(1, np.float32)
        detector.read_out(flat(1.0, n), np.zeros((C, n), np.float32), want, normals, starts, one,
                          one, 0.0, 0.0, counted)  # fmt: skip
        assert counted.mean() == pytest.approx(want, rel=0.02)
        assert counted.var() == pytest.approx(want, rel=0.08)
        assert mas > 0.0


@pytest.mark.parametrize(("pitch_mm", "share"), [(0.2, 0.42), (0.29, 0.53), (0.388, 0.61)])
def test_the_scintillator_quietens_noise(pitch_mm, share):
    """The reference integrates the same spread on a fine grid; frequencies above half a cycle per
    pixel, which it folds back, are left out here."""
    got = math.sqrt((panel_psf(pitch_mm) ** 2).sum())
    assert got == pytest.approx(share, rel=0.05)


def test_noise_power_follows_the_mtf():
    """NPS(f) / NPS(0) = MTF^2, with the electronics' white noise under both; 0.2 mm pixels."""
    pitch, n, d = 0.2, 512, machine().detector
    power = np.zeros(n // 4 + 1)
    for seed in range(4):
        out = read(0.01, n, 0.4, pitch, seed)
        strips = (out - out.mean()).reshape(n, 2, n // 2)
        # Averaging rows first leaves the power along the columns' frequency axis alone.
        lines = strips.reshape(n // 16, 16, 2, n // 2).mean(1)
        power += (np.abs(np.fft.rfft(lines)) ** 2).mean((0, 1))
    f = np.fft.rfftfreq(n // 2, pitch)
    mean = float(read(0.01, n, 0.4, pitch).mean())
    spread = [np.exp(-2.0 * (math.pi * s * f) ** 2) for s in (d.psf_narrow_mm, d.psf_wide_mm)]
    mtf = (d.psf_narrow_weight * spread[0] + (1.0 - d.psf_narrow_weight) * spread[1]) * np.sinc(
        f * pitch
    )
    expected = mean * mtf**2 + electronic(pitch) ** 2
    bands = [slice(2, 10), slice(10, 25), slice(25, 45), slice(45, 75), slice(75, 105)]
    got = np.array([power[b].mean() for b in bands])
    want = np.array([expected[b].mean() for b in bands])
    # Averaging 16 rows mixes vertical frequencies, on which both factors hardly depend.
    assert got / got[0] == pytest.approx(want / want[0], rel=0.05)


def test_slanted_edge_mtf():
    """Presampled MTF of a 0.2 mm panel: 0.88 / 0.62 / 0.41 / 0.28 at 0.5 / 1 / 1.5 / 2 per mm."""
    pitch, n, slope = 0.2, 256, 0.05
    rows, cols = np.indices((n, n))
    place = cols - 0.5 * n - slope * (rows - 0.5 * n)
    d = machine().detector
    out = np.empty((n, n), np.float32)
    core, taps = (pixel_taps(s / pitch) for s in (d.psf_narrow_mm, d.psf_wide_mm))
    zeros, starts = np.zeros(2 * n, np.float32), np.zeros((2, n), np.int64)
    edge = np.where(place > 0.0, np.float32(200.0), np.float32(100.0))
    detector.read_out(edge, np.zeros((C, n), np.float32), 1.0, zeros, starts, core, taps,
                      1.0 - d.psf_narrow_weight, 0.0, out)  # fmt: skip
    inner = slice(20, n - 20)
    at, value = place[inner, inner].ravel(), out[inner, inner].ravel()
    bins = np.round(at[np.abs(at) < 20] * 8).astype(int) + 160
    esf = np.bincount(bins, value[np.abs(at) < 20]) / np.bincount(bins)
    lsf = np.diff(esf)
    x = (np.arange(lsf.size) - 159.5) / 8.0 * pitch
    got = [
        abs((lsf * np.exp(-2j * math.pi * f * x)).sum()) / lsf.sum() for f in (0.5, 1.0, 1.5, 2.0)
    ]
    assert got == pytest.approx([0.88, 0.62, 0.41, 0.28], abs=0.02)


def test_the_focal_spot_blurs_by_its_magnified_size():
    d = machine().detector
    pitch = 0.1
    point = np.zeros((81, 81), np.float32)
    point[40, 40] = 1.0
    out = focal_blur(point, SPEC, pitch)
    x = (np.arange(81) - 40) * pitch
    variance = (out.sum(0) * x * x).sum() / out.sum()
    spread_mm = d.focal_spot_mm * (SPEC.sdd_mm - SPEC.sad_mm) / SPEC.sad_mm
    assert spread_mm == pytest.approx(0.30, abs=0.005)
    # Half of it; the pixel adds its own twelfth to that half. Cut off at three sigma: 3 %.
    assert variance == pytest.approx(0.5 * (spread_mm**2 + pitch**2 / 12.0), rel=0.03)


def test_blur_is_the_plain_convolution():
    gen = rng.stream(2, "test")
    image = gen.uniform(0, 1, (40, 50)).astype(np.float32)
    taps, core = gauss_taps(1.3), gauss_taps(0.3)
    out = np.empty_like(image)
    detector.blur(image, core, taps, 0.7, out)

    def plain(t):
        reach = t.size // 2
        padded = np.pad(image, reach, mode="edge")
        return sum(t[i] * t[j] * padded[i : i + 40, j : j + 50]
                   for i in range(t.size) for j in range(t.size))  # fmt: skip

    assert np.allclose(out, 0.3 * plain(core) + 0.7 * plain(taps), atol=1e-5)
    assert taps.sum() == pytest.approx(1.0)


def test_coarse_grids_are_enlarged_linearly():
    gen = rng.stream(6, "test")
    cells = gen.uniform(0, 1, (C, C)).astype(np.float32)
    out = flat(2.0, 256)
    coarse.enlarge(cells, out)
    at = np.clip((np.arange(256) + 0.5) / 4.0 - 0.5, 0, C - 1.0)
    i = np.minimum(at.astype(int), C - 2)
    f = at - i
    rows = cells[i] + f[:, None] * (cells[i + 1] - cells[i])
    want = rows[:, i] + f * (rows[:, i + 1] - rows[:, i])
    assert np.allclose(out, want, atol=2e-3)  # the last column is a thousandth short
    assert np.allclose(coarse.shrink(out, 4)[1:-1, 1:-1].mean(), want.mean(), rtol=0.01)


# --------------------------------------------------------------------------------- monitor


def shots(signals, device=None):
    return [Radiograph(s, device, Pose(), 2.3, 80.0, 20.0, k) for k, s in enumerate(signals)]


def test_recursion_and_lag_quieten_noise_as_their_transfer_says():
    d = display()
    gen = rng.stream(4, "test")
    state = DisplayState()
    noise = [(1000.0 + 30.0 * gen.standard_normal((N, N))).astype(np.float32) for _ in range(40)]
    for frame in shots(noise):
        state, _ = develop(state, frame)
    a, lag = d.recursive_alpha, d.recursive_lag
    b = 1.0 - a
    closed = a * math.sqrt(((1 - lag) ** 2 + lag**2 + 2 * lag * (1 - lag) * b) / (1 - b * b))
    assert closed == pytest.approx(math.sqrt(a / (2 - a)), rel=0.03)  # the filter alone: 0.445
    # 16 000 pixels know their deviation within 0.6 %.
    assert state.mean.std() / 30.0 == pytest.approx(closed, rel=0.02)
    assert state.mean.mean() == pytest.approx(1000.0, rel=1e-3)


def test_a_step_decays_and_motion_is_followed_at_once():
    d = display()
    state = DisplayState()
    for frame in shots([flat(1000.0)] * 3 + [flat(1040.0)] * 5):
        state, _ = develop(state, frame)
    # 40 is within four standard deviations of noise: the slow filter; the first frame lags.
    old, left = 1000.0, 1000.0
    for new in [1040.0] * 5:
        x = new + d.recursive_lag * (old - new)
        left, old = left + d.recursive_alpha * (x - left), new
    assert state.mean.mean() == pytest.approx(left, rel=1e-5)
    jump = replace(shots([flat(400.0)])[0], tick=9)
    after, _ = develop(state, jump)
    x = 400.0 + d.recursive_lag * (1040.0 - 400.0)
    want = state.mean.mean() + d.recursive_alpha_motion * (x - state.mean.mean())
    assert after.mean.mean() == pytest.approx(want, rel=1e-5)


def test_logarithm_is_one():
    gen = rng.stream(7, "test")
    image = np.exp(gen.uniform(-3, 12, (64, 70))).astype(np.float32)
    image[0, :5] = (0.0, -4.0, 1.0, 2.0, 0.5)
    out = np.empty_like(image)
    monitor.logarithm(image, 20.0, -6.0, 5.0, 0.25, out)
    want = np.clip(np.log(np.maximum(image, 0.25) / 20.0), -6.0, 5.0)
    assert np.abs(out - want).max() < 3e-6


def test_hidden_pixels_do_not_count():
    gen = rng.stream(8, "test")
    image = gen.uniform(0, 1, (C, C)).astype(np.float32)
    hidden = gen.random((C, C)) > 0.7
    value, seen = monitor.shrink_seen(image, hidden, 8)
    blocks = np.where(hidden, 0.0, image).reshape(8, 8, 8, 8).mean((1, 3))
    assert np.allclose(value, blocks, atol=1e-6)
    assert np.allclose(seen, (~hidden).reshape(8, 8, 8, 8).mean((1, 3)), atol=1e-6)


def test_grey_is_its_plain_twin():
    gen = rng.stream(9, "test")
    log = gen.uniform(-1, 1, (96, 80)).astype(np.float32)
    away = coarse.widen(gen.uniform(-0.5, 0.5, (C, C)).astype(np.float32), 80)
    core, taps, tone = gauss_taps(0.6), gauss_taps(1.1), np.arange(256, dtype=np.uint8)
    out = np.empty(log.shape, np.uint8)
    monitor.grey(log, away, core, taps, 0.6, 0.1, 0.4, tone, out)
    at = np.clip((np.arange(96) + 0.5) * C / 96 - 0.5, 0, C - 1.0)
    i = np.minimum(at.astype(int), C - 2)
    slow = away[i] + (at - i)[:, None] * (away[i + 1] - away[i])
    base = log - slow
    quiet, smooth = np.empty_like(log), np.empty_like(log)
    for t, blurred in ((core, quiet), (taps, smooth)):
        detector.blur(np.ascontiguousarray(base.astype(np.float32)), t, t, 1.0, blurred)
    q = (quiet + 0.6 * (quiet - smooth) - 0.1) / 0.4
    want = np.clip(255.0 * (q / 8.0 + 0.5), 0, 255).astype(int)
    assert np.abs(out - want).max() <= 1  # the last bit of a float at a step
    assert (out != want).mean() < 0.01


def test_scattering_thickness_keeps_to_the_fitted_range():
    got = beam.scattering_cm(np.array([-1.0, 20.0, 60.0]), np.array([0.0, 2.0, 1.0]))
    assert got == pytest.approx([0.0, 23.6, 35.0])
