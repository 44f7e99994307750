"""Short ways to inject into phantoms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from simulator.frames import Side
from simulator.physics.injection import inject
from simulator.physics.outlet import Outlet
from simulator.physics.permeability import flow_field
from simulator.scenario import assets
from simulator.world.cement import Cement, Filling, Portion
from simulator.world.instruments import Filler

CONSTANTS = assets.physics()["cement"] | {
    "foramina_per_cm2": 0.0, "endplate_pores_per_cm2": 0.0, "funnel_wide_mm": 0.0,
}  # fmt: skip
"""Phantoms have the holes that a test gives them."""
PLAIN = CONSTANTS | {
    "threshold_spread": 0.0, "threshold_trabecular_kpa": 0.0, "ageing_bone": 0.0,
    "ageing_vein": 0.0, "ageing_void": 0.0, "ageing_cannula": 1.0, "grain": 1.0,
}  # fmt: skip
"""No thresholds, no ageing: what has closed forms."""
HV_R = assets.chosen("cement", "hv_r")
FILLER = Filler("test", volume_ml=20.0, bore_mm=4.5, hand_limit_n=120.0, advantage=1.0,
                limit_kpa=1e5, fill_s=0.0)  # fmt: skip
DT = 4.0 / 60.0


def steady(eta, n=1.0):
    """Return a cement that does not age."""
    return replace(
        HV_R, eta_initial_pa_s=eta, tau_s=1e12, set_s=4000.0, shape_m=0.0, shear_exponent=n,
        yield_per_s=0.0,
    )  # fmt: skip


def full(ml, bore_ml=0.5655):
    """Return cement mixed at tick 0, in the filler and in the left bore."""
    return Cement(
        mixed_tick=0, fillings=(Filling(ml), Filling()), bores=((Portion(bore_ml, 0.0, 0),), ())
    )


def push(bone, tip, ml, start_s=0.0, thumb=20.0, spec=HV_R, constants=CONSTANTS, seconds=120.0,
         end=None, wall_y=17.5, seed=1, tracts=(), cement=None, field=None, bore=2.4, length=125.0,
         ticks=4):  # fmt: skip
    """Inject until `ml` is out or `seconds` are over; return the cement and the field."""
    field = field or flow_field(bone, constants, seed, wall_y)
    outlet = Outlet(Side.LEFT, tip, end or tip, bore, length, tracts)
    cement = cement or full(20.0)
    tick = round(60 * start_s)
    last = tick + round(60 * seconds)
    while cement.injected_ml < ml and tick < last:
        tick += ticks
        cement = inject(spec, constants, field, cement, outlet, FILLER, thumb, tick, ticks / 60.0)
    return cement, field


def places(cloud, bone):
    """Return (n, 3) millimetres."""
    index = np.array(np.unravel_index(cloud.voxel, bone.shape)).T
    return index * bone.spacing_mm + np.array(bone.origin_mm)


def in_patient_ul(cloud):
    """Return what the voxels hold, and what left with the blood."""
    return float((cloud.fill * cloud.volume_ul).sum()) + cloud.embolised_ul
