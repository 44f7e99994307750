"""Cannulas as the flow in the bone meets them: pressed ones feed it, open ones drain it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from simulator.kernels.cement import Ports
from simulator.physics import column
from simulator.physics.channel import index_of
from simulator.physics.constants import Constants
from simulator.physics.outlet import Outlet, Push, dead_volume_ml
from simulator.physics.permeability import FlowField
from simulator.physics.setting import cannula_conductance, is_set, viscosity_pa_s
from simulator.units import MM3_PER_ML, IntArray
from simulator.world.cement import Cement, Cloud
from simulator.world.instruments import CementSpec

SLACK_KPA = 2.5
"""A syringe with less than this is at rest."""


@dataclass(frozen=True, slots=True)
class Vent:
    """An open cannula with cement at its tip."""

    outlet: Outlet
    age_s: float
    """Of the cement at its tip."""
    conductance: float
    """uL/s per kPa of what stands in it."""
    rate: float
    """Seconds of effective age per second in the steel."""


def vents_of(
    spec: CementSpec,
    constants: Constants,
    field: FlowField,
    cement: Cement,
    cloud: Cloud,
    opened: Sequence[Outlet],
    tick: int,
) -> tuple[Vent, ...]:
    """Return the open cannulas that cement has reached and that nothing plugs.

    What stands in such a bore is a tube of that length: nearly nothing at first, and more and
    more resistance as the cement climbs.
    """
    warm, found = constants["ageing_cannula"], []
    for outlet in opened:
        there = np.flatnonzero(cloud.voxel == _source(outlet, field))
        row = cement.bores[outlet.side]
        if not there.size or column.is_plugged(spec, row, tick, warm):
            continue
        age = float(cloud.age_s[there[0]])
        if is_set(spec, age):
            continue
        standing = column.volume_ml(row)
        eta = viscosity_pa_s(spec, age)
        if standing > 0.0:
            eta = column.viscosity_of(spec, row, tick, warm)
        length_mm = outlet.length_mm * standing / dead_volume_ml(outlet)
        above = cement.fillings[outlet.side].tip_kpa - constants["ambient_kpa"]
        g = cannula_conductance(spec, eta, max(above, 0.0), 0.0, outlet.bore_mm, length_mm)
        found.append(Vent(outlet, age, g, warm))
    return tuple(found)


def _source(outlet: Outlet, field: FlowField) -> int:
    i, j, k = index_of(outlet.tip_mm, field.origin_mm, field.spacing_mm, field.shape)
    return (i * field.shape[1] + j) * field.shape[2] + k


def ports_of(
    spec: CementSpec,
    constants: Constants,
    field: FlowField,
    cement: Cement,
    pushes: Sequence[Push],
    vents: Sequence[Vent],
    balls: IntArray,
    tick: int,
) -> Ports:
    """Return pushes, then vents, as the kernel takes them; pressures in fresh arrays."""
    ambient, warm = constants["ambient_kpa"], constants["ageing_cannula"]
    outlets = [p.outlet for p in pushes] + [v.outlet for v in vents]
    none = [0.0] * len(vents)
    return Ports(
        source=np.array([_source(outlet, field) for outlet in outlets], np.int32),
        vent=np.array([0] * len(pushes) + [1] * len(vents), np.uint8),
        syringe_kpa=np.array([p.syringe_kpa for p in pushes] + [ambient] * len(vents)),
        hand_kpa=np.array([p.hand_kpa for p in pushes] + none),
        hand_resistance=np.array([p.resistance for p in pushes] + none),
        compliance=np.full(len(outlets), constants["compliance_ul_kpa"]),
        conductance=np.array(
            [_conductance(spec, constants, cement, p, tick) for p in pushes]
            + [v.conductance for v in vents]
        ),
        age_s=np.array([p.row[0].at(tick, warm) for p in pushes] + [v.age_s for v in vents]),
        ball=balls,
    )


def _conductance(
    spec: CementSpec, constants: Constants, cement: Cement, push: Push, tick: int
) -> float:
    """Return uL/s per kPa between plunger and tip, at the flow of the last pressure."""
    back = max(cement.fillings[push.outlet.side].tip_kpa, constants["ambient_kpa"])
    top = max(push.hand_kpa, push.syringe_kpa) - back
    eta = column.viscosity_of(spec, push.row, tick, constants["ageing_cannula"])
    series = push.resistance if push.hand_kpa > push.syringe_kpa else 0.0
    return cannula_conductance(
        spec, eta, max(top, SLACK_KPA), series, push.outlet.bore_mm, push.outlet.length_mm
    )


def run_up(
    cement: Cement, vent: Vent, moved_ul: float, tip_kpa: float, tick: int, dt_s: float
) -> Cement:
    """Let cement rise in an open cannula; what the bore cannot hold drips from its hub."""
    side, moved = vent.outlet.side, moved_ul / MM3_PER_ML
    filling = cement.fillings[side]
    filling = replace(
        filling,
        flow_ul_s=-moved_ul / dt_s,
        tip_kpa=tip_kpa,
        run_up_ml=filling.run_up_ml + moved,
    )
    cement = cement.with_filling(side, filling)
    if moved <= 0.0:
        return cement
    bore = column.raised(cement.bores[side], moved, vent.age_s, tick, vent.rate)
    over = max(column.volume_ml(bore) - dead_volume_ml(vent.outlet), 0.0)
    bore = column.drawn(bore[::-1], over)[::-1]
    return replace(cement.with_bore(side, bore), dripped_ml=cement.dripped_ml + over)
