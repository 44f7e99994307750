"""Viscosity against age, and the pressure a cannula costs."""

from dataclasses import replace

import pytest

from simulator.physics import setting
from simulator.scenario import assets

HV_R = assets.chosen("cement", "hv_r")
FLOW = 4000.0 / 60.0  # 4 mL/min
ETA = setting.viscosity_pa_s(HV_R, 400.0)


def constant(eta, n=1.0):
    """Return a cement that does not age."""
    return replace(
        HV_R, eta_initial_pa_s=eta, tau_s=1e12, set_s=4000.0, shape_m=0.0, shear_exponent=n,
        yield_per_s=0.0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("minutes", "pa_s"), [(2, 21), (4, 45), (6, 97), (8, 213), (10, 486), (12, 1172)]
)
def test_kyphoplasty_cement_has_its_calibrated_viscosity(minutes, pa_s):
    assert setting.viscosity_pa_s(HV_R, 60.0 * minutes) == pytest.approx(pa_s, rel=0.01)


def test_low_viscosity_cement_is_anchored_at_three_and_a_half_minutes():
    low = assets.chosen("cement", "low_viscosity")
    assert setting.viscosity_pa_s(low, 210.0) == pytest.approx(20.0, rel=0.15)
    assert setting.viscosity_pa_s(low, 360.0) < 0.8 * setting.viscosity_pa_s(HV_R, 360.0)


@pytest.mark.parametrize("name", sorted(assets.catalogue("cement")))
def test_viscosity_never_falls_with_age_and_work_ends_before_setting(name):
    spec = assets.chosen("cement", name)
    table = setting.viscosity_table(spec)
    assert (table[1:] >= table[:-1]).all()
    assert spec.wait_s < spec.work_until_s < spec.set_s
    assert setting.is_set(spec, spec.set_s)
    assert not setting.is_set(spec, spec.work_until_s)


def test_body_warmth_doubles_the_clock():
    assert setting.ageing_factor(22.0) == 1.0
    assert setting.ageing_factor(37.0) == pytest.approx(2.0 * setting.ageing_factor(25.0))


@pytest.mark.parametrize(
    ("bore", "newton", "power"),
    [(3.43, 0.235, 0.128), (2.69, 0.623, 0.236), (2.39, 0.999, 0.317), (1.80, 3.105, 0.643)],
    ids=["8G", "10G", "11G", "13G"],
)
def test_pressure_of_standard_cannulas_is_analytic(bore, newton, power):
    """Hagen-Poiseuille at 100 Pa.s, and a power law K 200, n 0.5; MPa at 4 mL/min over 120 mm."""
    thick = setting.cannula_kpa(constant(100.0), 100.0, FLOW, bore, 120.0)
    thin = setting.cannula_kpa(constant(200.0, 0.5), 200.0, FLOW, bore, 120.0)
    assert thick == pytest.approx(1e3 * newton, rel=0.005)
    assert thin == pytest.approx(1e3 * power, rel=0.005)


@pytest.mark.parametrize("kpa", [50.0, 400.0, 2500.0])
def test_conductance_meets_the_drive_with_a_hand_in_series(kpa):
    g = setting.cannula_conductance(HV_R, ETA, kpa, 1.7, 2.4, 120.0)
    flow = kpa / (1.0 / g + 1.7)
    lost = setting.cannula_kpa(HV_R, ETA, flow, 2.4, 120.0)
    assert lost + 1.7 * flow == pytest.approx(kpa, rel=1e-9)
