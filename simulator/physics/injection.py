"""Cement into the bone: the thumb drives it through the cannula, the bone lets it spread.

One-phase Darcy flow of the cement alone, with pressure thresholds at its front (kernels/flow).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from simulator.errors import PhysicsError
from simulator.frames import Side
from simulator.kernels.cement import Drive, Grid, Ground, Law
from simulator.kernels.flow import advance
from simulator.physics import column, marrow
from simulator.physics.channel import index_of, voids_at
from simulator.physics.cloud import aged, cloud_of, lists, medium, scratch
from simulator.physics.constants import Constants
from simulator.physics.permeability import FlowField
from simulator.physics.setting import cannula_conductance, is_set, viscosity_table, yield_table
from simulator.units import MM3_PER_ML, TICKS_PER_S, Vec3
from simulator.world.cement import Bore, Cement, Cloud, Portion
from simulator.world.instruments import CementSpec, Filler

_SPARE = 8192
"""Room for new voxels in one step; doubled and tried again if it does not do."""
_SLACK_KPA = 2.5
"""A syringe with less than this is at rest."""
_FULL_UL = 1e-6
"""A bore with less room than this is full."""


@dataclass(frozen=True, slots=True)
class Outlet:
    """Where cement comes out, and which holes stand open in the bone."""

    side: Side
    tip_mm: Vec3
    channel_end_mm: Vec3
    """End of the open channel in front of the tip (the tip itself if there is none)."""
    bore_mm: float
    """Inner diameter of the cannula."""
    length_mm: float
    tracts: tuple[tuple[Vec3, Vec3], ...] = ()
    """Other open channels: old paths, and cannulas that were pulled out."""
    by_filler: bool = False
    """A bone filler reaches the tip itself: nothing stands in the cannula."""


@dataclass(frozen=True, slots=True)
class _Push:
    """The hand at the plunger, and what it pushes."""

    hand_kpa: float
    resistance: float
    """kPa per uL/s that the hand gives up when it moves."""
    syringe_kpa: float
    age_s: float
    """Of the cement in the filler."""
    row: Bore
    """What stands between plunger and tip."""


def dead_volume_ml(outlet: Outlet) -> float:
    """Return what the cannula's bore holds."""
    return math.pi / 4.0 * outlet.bore_mm**2 * outlet.length_mm / MM3_PER_ML


def hand_kpa(hand_n: float, filler: Filler, constants: Constants) -> float:
    """Return the pressure that a resting plunger makes of the hand's force."""
    area = math.pi / 4.0 * filler.bore_mm**2
    force = constants["friction"] * max(hand_n, 0.0) * filler.advantage
    return min(force / area * 1e3, filler.limit_kpa)


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
    """Press on the plunger for one step that ends at `tick`.

    Leaks of the step are the differences of `cloud.leak_ul`. A step without force or pressure
    returns at once; ages in the cloud are brought up to date only when it flows. Cement that has
    set anywhere between plunger and tip lets nothing through.

    Args:
        spec: the cement.
        constants: section "cement".
        field: see `flow_field`.
        cement: as it was.
        outlet: the cannula in use.
        filler: the syringe in use.
        thumb_n: force of the hand; negative releases the syringe's pressure.
        tick: end of the step.
        dt_s: length of the step, 4 ticks as a rule.
    """
    warm = constants["ageing_cannula"]
    push = _push(cement, outlet, filler, thumb_n, tick, constants)
    stuck = is_set(spec, push.age_s) or column.is_plugged(spec, push.row, tick, warm)
    calm = max(push.syringe_kpa, push.hand_kpa) < _SLACK_KPA
    if cement.filler_ml <= 0.0 or stuck or calm:
        return _at_rest(cement, thumb_n)
    cement = replace(cement, thumb_n=thumb_n)
    if not outlet.by_filler:
        room = (dead_volume_ml(outlet) - column.volume_ml(push.row)) * MM3_PER_ML
        if room > _FULL_UL:
            return _prime(spec, constants, cement, outlet, push, room, tick, dt_s)
    if cement.marrow_kpa_s_ul == 0.0 or tick % TICKS_PER_S < round(dt_s * TICKS_PER_S):
        open_now = marrow.resistance(field.ways_out, cement.cloud)
        cement = replace(cement, marrow_kpa_s_ul=open_now)
    cloud, moved, syringe, tip = _spread(spec, constants, field, cement, outlet, push, tick, dt_s)
    cement = replace(cement, cloud=cloud, syringe_kpa=syringe, tip_kpa=tip)
    return _booked(cement, constants, outlet, push, moved, tick, dt_s)


def _push(
    cement: Cement, outlet: Outlet, filler: Filler, thumb_n: float, tick: int, constants: Constants
) -> _Push:
    rate = constants["ageing_cannula"] if outlet.by_filler else 1.0
    age_s = column.filler_age_s(cement, tick, rate)
    own = (Portion(cement.filler_ml, age_s, tick),)
    # a free plunger moves in proportion to the force; what a screw gains in force it loses in speed
    free_ul_s = constants["hand_mm_s_n"] / filler.advantage * math.pi / 4.0 * filler.bore_mm**2
    return _Push(
        hand_kpa=hand_kpa(thumb_n, filler, constants),
        resistance=hand_kpa(1.0, filler, constants) / free_ul_s,
        syringe_kpa=cement.syringe_kpa if thumb_n >= 0.0 else 0.0,
        age_s=age_s,
        row=own if outlet.by_filler else cement.bores[outlet.side],
    )


def _at_rest(cement: Cement, thumb_n: float) -> Cement:
    calm = cement.flow_ul_s == cement.flow_smooth_ul_s == cement.syringe_kpa == 0.0
    if calm and cement.thumb_n == thumb_n:
        return cement
    return replace(
        cement, thumb_n=thumb_n, syringe_kpa=0.0, flow_ul_s=0.0, flow_smooth_ul_s=0.0, tip_kpa=0.0
    )


def _prime(
    spec: CementSpec,
    constants: Constants,
    cement: Cement,
    outlet: Outlet,
    push: _Push,
    room_ul: float,
    tick: int,
    dt_s: float,
) -> Cement:
    """Fill the empty part of the cannula; nothing leaves its tip yet."""
    filled_mm = outlet.length_mm * (1.0 - room_ul / MM3_PER_ML / dead_volume_ml(outlet))
    row = push.row or (Portion(1.0, push.age_s, tick),)
    eta = column.viscosity_of(spec, row, tick, constants["ageing_cannula"])
    g = cannula_conductance(spec, eta, push.hand_kpa, push.resistance, outlet.bore_mm, filled_mm)
    flow = push.hand_kpa / (1.0 / g + push.resistance)
    moved = min(flow * dt_s, room_ul, cement.filler_ml * MM3_PER_ML)
    bore = column.added(push.row, moved / MM3_PER_ML, push.age_s, tick, constants)
    return replace(
        cement,
        filler_ml=cement.filler_ml - moved / MM3_PER_ML,
        bores=with_bore(cement, outlet.side, bore),
        syringe_kpa=push.hand_kpa - push.resistance * moved / dt_s,
        flow_ul_s=0.0,
        flow_smooth_ul_s=0.0,
        tip_kpa=0.0,
    )


def with_bore(cement: Cement, side: Side, bore: Bore) -> tuple[Bore, Bore]:
    """Return both bores, one of them replaced."""
    left, right = cement.bores
    return (bore, right) if side is Side.LEFT else (left, bore)


def _booked(
    cement: Cement,
    constants: Constants,
    outlet: Outlet,
    push: _Push,
    moved_ul: float,
    tick: int,
    dt_s: float,
) -> Cement:
    """Write what left the tip into the books of filler and cannula."""
    moved = moved_ul / MM3_PER_ML
    from_filler = min(moved, cement.filler_ml)
    bores = cement.bores
    if not outlet.by_filler and moved > 0.0:
        # the last bit of a filler that ran dry comes out of the bore
        bore = column.drawn(push.row, moved)
        if from_filler > 0.0:
            bore = column.added(bore, from_filler, push.age_s, tick, constants)
        bores = with_bore(cement, outlet.side, bore)
    flow = moved_ul / dt_s
    blend = 1.0 - math.exp(-dt_s / constants["flow_smoothing_s"])
    first = cement.started_tick is None and moved > 0.0
    return replace(
        cement,
        filler_ml=cement.filler_ml - from_filler,
        bores=bores,
        flow_ul_s=flow,
        flow_smooth_ul_s=cement.flow_smooth_ul_s + blend * (flow - cement.flow_smooth_ul_s),
        injected_ml=cement.injected_ml + moved,
        started_tick=tick if first else cement.started_tick,
    )


def _spread(
    spec: CementSpec,
    constants: Constants,
    field: FlowField,
    cement: Cement,
    outlet: Outlet,
    push: _Push,
    tick: int,
    dt_s: float,
) -> tuple[Cloud, float, float, float]:
    """Run the front; return the cloud, uL out of the tip, syringe and tip pressure."""
    drive = _drive(spec, constants, field, cement, outlet, push, tick)
    drilled = ((outlet.tip_mm, outlet.channel_end_mm), *outlet.tracts)
    where = (field.origin_mm, field.spacing_mm, field.shape)
    voids, ball = voids_at(
        outlet.tip_mm, constants["ball_mm"], drilled, constants["channel_mm"], where,
        field.permeability, constants["wall_k"],
    )  # fmt: skip
    ground = Ground(
        medium(field),
        Grid(*field.shape, field.spacing_mm),
        _law(spec, constants, cement),
        viscosity_table(spec),
        yield_table(spec),
        *scratch(field.permeability.size),
    )
    cloud = aged(cement.cloud, field, tick)
    books = np.array([cloud.inside_ul, *cloud.leak_ul, cloud.embolised_ul])
    n, spare = -1, _SPARE
    while n < 0:
        work, now = lists(cloud, spare), books.copy()
        n, moved, syringe, tip, _, _ = advance(
            cloud.voxel.size, drive, voids, ball, dt_s, ground, work, now
        )
        spare *= 2
    if not math.isfinite(moved + tip):
        raise PhysicsError("cement pressure", tick)
    return cloud_of(work, n, now, tick, cloud.revision + 1), moved, syringe, tip


def _drive(
    spec: CementSpec,
    constants: Constants,
    field: FlowField,
    cement: Cement,
    outlet: Outlet,
    push: _Push,
    tick: int,
) -> Drive:
    i, j, k = index_of(outlet.tip_mm, field.origin_mm, field.spacing_mm, field.shape)
    top = max(push.hand_kpa, push.syringe_kpa) - max(cement.tip_kpa, constants["ambient_kpa"])
    pushed = push.hand_kpa > push.syringe_kpa
    warm = constants["ageing_cannula"]
    g = cannula_conductance(
        spec, column.viscosity_of(spec, push.row, tick, warm), max(top, _SLACK_KPA),
        push.resistance if pushed else 0.0, outlet.bore_mm, outlet.length_mm,
    )  # fmt: skip
    return Drive(
        source=(i * field.shape[1] + j) * field.shape[2] + k,
        syringe_kpa=push.syringe_kpa,
        hand_kpa=push.hand_kpa,
        hand_resistance=push.resistance,
        compliance=constants["compliance_ul_kpa"],
        conductance=g,
        age_s=push.row[0].at(tick, warm),
    )


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
