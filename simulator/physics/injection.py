"""Cement into the bone: thumbs drive it through cannulas, the bone lets it spread.

One-phase Darcy flow of the cement alone, with pressure thresholds at its front (kernels/flow).
Both sides may be pressed at the same time; a cannula that stands open is a way back out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from simulator.errors import PhysicsError
from simulator.frames import Side
from simulator.kernels.cement import Grid, Ground, Law
from simulator.kernels.injection import advance
from simulator.physics import column, marrow, ports
from simulator.physics.channel import voids_at
from simulator.physics.cloud import aged, cloud_of, lists, medium, scratch
from simulator.physics.constants import Constants
from simulator.physics.outlet import Outlet, Pressed, Push, dead_volume_ml, push_of, room_ul
from simulator.physics.permeability import FlowField
from simulator.physics.ports import Vent
from simulator.physics.setting import cannula_conductance, is_set, viscosity_table, yield_table
from simulator.units import MM3_PER_ML, TICKS_PER_S, FloatArray
from simulator.world.cement import Cement, Cloud, Portion
from simulator.world.instruments import CementSpec, Filler

_SPARE = 8192
"""Least room for new voxels in one step, else as many as there are; doubled if it does not do."""
_FULL_UL = 1e-6
"""A bore with less room than this is full."""


def inject(
    spec: CementSpec,
    constants: Constants,
    field: FlowField,
    cement: Cement,
    outlet: Outlet,
    filler: Filler,
    thumb_n: float,
    tick: int,
    dt_s: float,
) -> Cement:
    """Press on one plunger for one step that ends at `tick`; see `press`."""
    pressed = (Pressed(outlet, filler, thumb_n),)
    return press(spec, constants, field, cement, pressed, (), tick, dt_s)


def press(
    spec: CementSpec,
    constants: Constants,
    field: FlowField,
    cement: Cement,
    pressed: Sequence[Pressed],
    opened: Sequence[Outlet],
    tick: int,
    dt_s: float,
) -> Cement:
    """Press on the plungers for one step that ends at `tick`.

    Leaks of the step are the differences of `cloud.leak_ul`. A step without force or pressure
    returns at once; ages in the cloud are brought up to date only when it flows. Cement that has
    set anywhere between plunger and tip lets nothing through.

    Args:
        spec: the cement.
        constants: section "cement".
        field: see `flow_field`.
        cement: as it was.
        pressed: the fillers on the cannulas, at most one per side.
        opened: cannulas that stand open in the bone.
        tick: end of the step.
        dt_s: length of the step, 4 ticks as a rule.
    """
    warm = constants["ageing_cannula"]
    pushes: list[Push] = []
    for one in pressed:
        side = one.outlet.side
        push = push_of(cement, one, tick, constants)
        stuck = is_set(spec, push.age_s) or column.is_plugged(spec, push.row, tick, warm)
        calm = max(push.syringe_kpa, push.hand_kpa) < ports.SLACK_KPA
        filling = cement.fillings[side]
        if filling.ml <= 0.0 or stuck or calm:
            cement = at_rest(cement, side, one.thumb_n)
            continue
        if filling.thumb_n != one.thumb_n:
            cement = cement.with_filling(side, replace(filling, thumb_n=one.thumb_n))
        if not one.outlet.by_filler and room_ul(one.outlet, push.row) > _FULL_UL:
            cement = _prime(spec, constants, cement, push, tick, dt_s)
        else:
            pushes.append(push)
    if not pushes:
        return _still(cement, opened)
    if cement.marrow_kpa_s_ul == 0.0 or tick % TICKS_PER_S < round(dt_s * TICKS_PER_S):
        open_now = marrow.resistance(field.ways_out, cement.cloud)
        cement = replace(cement, marrow_kpa_s_ul=open_now)
    cloud = aged(cement.cloud, field, tick)
    vents = ports.vents_of(spec, constants, field, cement, cloud, opened, tick)
    flow = _spread(spec, constants, field, cement, cloud, pushes, vents, tick, dt_s)
    return _booked(cement, constants, pushes, vents, flow, tick, dt_s)


def at_rest(cement: Cement, side: Side, thumb_n: float) -> Cement:
    """Return `cement` with one side's plunger at rest; itself if nothing changes."""
    filling = cement.fillings[side]
    if filling.flow_ul_s == filling.kpa == 0.0 and filling.thumb_n == thumb_n:
        return cement
    rest = replace(filling, thumb_n=thumb_n, kpa=0.0, flow_ul_s=0.0, tip_kpa=0.0)
    return cement.with_filling(side, rest)


def _still(cement: Cement, opened: Sequence[Outlet]) -> Cement:
    """Nothing flows in the bone."""
    for outlet in opened:
        cement = at_rest(cement, outlet.side, 0.0)
    return replace(cement, flow_smooth_ul_s=0.0) if cement.flow_smooth_ul_s else cement


def _prime(
    spec: CementSpec,
    constants: Constants,
    cement: Cement,
    push: Push,
    tick: int,
    dt_s: float,
) -> Cement:
    """Fill the empty part of the cannula; nothing leaves its tip yet."""
    outlet, filling = push.outlet, cement.fillings[push.outlet.side]
    room = room_ul(outlet, push.row)
    filled_mm = outlet.length_mm * (1.0 - room / MM3_PER_ML / dead_volume_ml(outlet))
    row = push.row or (Portion(1.0, push.age_s, tick),)
    eta = column.viscosity_of(spec, row, tick, constants["ageing_cannula"])
    g = cannula_conductance(spec, eta, push.hand_kpa, push.resistance, outlet.bore_mm, filled_mm)
    flow = push.hand_kpa / (1.0 / g + push.resistance)
    moved = min(flow * dt_s, room, filling.ml * MM3_PER_ML)
    bore = column.added(push.row, moved / MM3_PER_ML, push.age_s, tick, constants)
    filling = replace(
        filling,
        ml=filling.ml - moved / MM3_PER_ML,
        kpa=push.hand_kpa - push.resistance * moved / dt_s,
        flow_ul_s=0.0,
        tip_kpa=0.0,
    )
    return cement.with_filling(outlet.side, filling).with_bore(outlet.side, bore)


@dataclass(frozen=True, slots=True)
class _Flow:
    """What one step moved; arrays (p,), the pushes first, then the vents."""

    cloud: Cloud
    out_ul: FloatArray
    """Out of each tip; negative up a vent."""
    syringe_kpa: FloatArray
    tip_kpa: FloatArray


def _spread(
    spec: CementSpec,
    constants: Constants,
    field: FlowField,
    cement: Cement,
    cloud: Cloud,
    pushes: Sequence[Push],
    vents: Sequence[Vent],
    tick: int,
    dt_s: float,
) -> _Flow:
    """Run the front."""
    outlets = [p.outlet for p in pushes] + [v.outlet for v in vents]
    where = (field.origin_mm, field.spacing_mm, field.shape)
    voids, balls = voids_at(
        [o.tip_mm for o in outlets], constants["ball_mm"],
        [hole for o in outlets for hole in ((o.tip_mm, o.channel_end_mm), *o.tracts)],
        constants["channel_mm"], where, field.permeability, constants["wall_k"],
    )  # fmt: skip
    ground = Ground(
        medium(field),
        Grid(*field.shape, field.spacing_mm),
        _law(spec, constants, cement),
        viscosity_table(spec),
        yield_table(spec),
        *scratch(field.permeability.size),
    )
    books = np.array([cloud.inside_ul, *cloud.leak_ul, cloud.embolised_ul])
    n, spare = -1, max(_SPARE, cloud.voxel.size)
    while n < 0:
        work, now = lists(cloud, spare), books.copy()
        row = ports.ports_of(spec, constants, field, cement, pushes, vents, balls, tick)
        n, out, tips, _, _ = advance(cloud.voxel.size, row, voids, dt_s, ground, work, now)
        spare *= 2
    if not np.isfinite(out + tips).all():
        raise PhysicsError("cement pressure", tick)
    made = cloud_of(work, n, now, tick, cloud.revision + 1)
    return _Flow(made, out, row.syringe_kpa, tips)


def _booked(
    cement: Cement,
    constants: Constants,
    pushes: Sequence[Push],
    vents: Sequence[Vent],
    flow: _Flow,
    tick: int,
    dt_s: float,
) -> Cement:
    """Write what passed the tips into the books of fillers and cannulas."""
    for i, push in enumerate(pushes):
        cement = _out_of(cement, constants, push, float(flow.out_ul[i]), tick, dt_s)
        side = push.outlet.side
        filling = replace(
            cement.fillings[side],
            kpa=float(flow.syringe_kpa[i]),
            tip_kpa=float(flow.tip_kpa[i]),
        )
        cement = cement.with_filling(side, filling)
    for i, vent in enumerate(vents, len(pushes)):
        tip_kpa = float(flow.tip_kpa[i])
        cement = ports.run_up(cement, vent, -float(flow.out_ul[i]), tip_kpa, tick, dt_s)
    net = float(flow.out_ul.sum()) / dt_s
    blend = 1.0 - math.exp(-dt_s / constants["flow_smoothing_s"])
    first = cement.started_tick is None and bool(flow.out_ul.max() > 0.0)
    return replace(
        cement,
        cloud=flow.cloud,
        flow_smooth_ul_s=cement.flow_smooth_ul_s + blend * (net - cement.flow_smooth_ul_s),
        started_tick=tick if first else cement.started_tick,
    )


def _out_of(
    cement: Cement, constants: Constants, push: Push, moved_ul: float, tick: int, dt_s: float
) -> Cement:
    """Take what left one tip from its filler and its cannula."""
    side, moved = push.outlet.side, moved_ul / MM3_PER_ML
    filling = cement.fillings[side]
    from_filler = min(moved, filling.ml)
    if not push.outlet.by_filler and moved > 0.0:
        # the last bit of a filler that ran dry comes out of the bore
        bore = column.drawn(push.row, moved)
        if from_filler > 0.0:
            bore = column.added(bore, from_filler, push.age_s, tick, constants)
        cement = cement.with_bore(side, bore)
    filling = replace(
        filling,
        ml=filling.ml - from_filler,
        flow_ul_s=moved_ul / dt_s,
        given_ml=filling.given_ml + moved,
    )
    return cement.with_filling(side, filling)


def _law(spec: CementSpec, constants: Constants, cement: Cement) -> Law:
    return Law(
        wall_k=constants["wall_k"],
        void_k=constants["k_channel"],
        ambient_kpa=constants["ambient_kpa"],
        shear_n=spec.shear_exponent,
        flow_smooth=cement.flow_smooth_ul_s,
        tolerance=constants["solver_tolerance"],
        marrow=cement.marrow_kpa_s_ul,
        # the mean over all directions stays: two of them lie across
        across=constants["grain"] ** (-1.0 / 3.0),
        along=constants["grain"] ** (2.0 / 3.0),
        still_rate=constants["still_rate_per_s"],
    )
