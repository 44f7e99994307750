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
from simulator.physics.channel import index_of, voxels_along
from simulator.physics.cloud import aged, cloud_of, lists, medium, scratch
from simulator.physics.constants import Constants
from simulator.physics.permeability import FlowField
from simulator.physics.setting import cannula_conductance, is_set, viscosity_table
from simulator.units import MM3_PER_ML, IntArray, Vec3, seconds
from simulator.world.cement import Cement, Cloud
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


@dataclass(frozen=True, slots=True)
class _Push:
    """The hand at the plunger."""

    hand_kpa: float
    resistance: float
    """kPa per uL/s that the hand gives up when it moves."""
    syringe_kpa: float


def dead_volume_ml(outlet: Outlet) -> float:
    """Return what the cannula's bore holds."""
    return math.pi / 4.0 * outlet.bore_mm**2 * outlet.length_mm / MM3_PER_ML


def hand_kpa(thumb_n: float, filler: Filler, constants: Constants) -> float:
    """Return the pressure that a resting plunger makes of the thumb's force."""
    area = math.pi / 4.0 * filler.bore_mm**2
    return constants["friction"] * max(thumb_n, 0.0) / area * 1e3


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
    returns at once; ages in the cloud are brought up to date only when it flows.

    Args:
        spec: the cement.
        constants: section "cement".
        field: see `flow_field`.
        cement: as it was.
        outlet: the cannula in use.
        filler: the syringe in use.
        thumb_n: force; negative releases the syringe's pressure.
        tick: end of the step.
        dt_s: length of the step, 4 ticks as a rule.
    """
    age = 0.0 if cement.mixed_tick is None else seconds(tick - cement.mixed_tick)
    push = _push(cement, filler, thumb_n, constants)
    empty = cement.mixed_tick is None or cement.filler_ml <= 0.0
    if empty or is_set(spec, age) or max(push.syringe_kpa, push.hand_kpa) < _SLACK_KPA:
        return _at_rest(cement, thumb_n)
    cement = replace(cement, thumb_n=thumb_n)
    room = (dead_volume_ml(outlet) - cement.cannula_ml[outlet.side]) * MM3_PER_ML
    if room > _FULL_UL:
        return _prime(spec, cement, outlet, push, age, room, dt_s)
    cloud, moved, syringe, tip = _spread(
        spec, constants, field, cement, outlet, push, age, tick, dt_s
    )
    cement = replace(cement, cloud=cloud, syringe_kpa=syringe, tip_kpa=tip)
    return _booked(cement, constants, outlet, moved, tick, dt_s)


def _push(cement: Cement, filler: Filler, thumb_n: float, constants: Constants) -> _Push:
    return _Push(
        hand_kpa=hand_kpa(thumb_n, filler, constants),
        # a free plunger moves in proportion to the force: the flow of 1 N against 1 N's pressure
        resistance=hand_kpa(1.0, filler, constants) / constants["hand_flow_ul_s_n"],
        syringe_kpa=cement.syringe_kpa if thumb_n >= 0.0 else 0.0,
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
    cement: Cement,
    outlet: Outlet,
    push: _Push,
    age_s: float,
    room_ul: float,
    dt_s: float,
) -> Cement:
    """Fill the empty part of the cannula; nothing leaves its tip yet."""
    filled_mm = outlet.length_mm * (1.0 - room_ul / MM3_PER_ML / dead_volume_ml(outlet))
    g = cannula_conductance(spec, age_s, push.hand_kpa, push.resistance, outlet.bore_mm, filled_mm)
    flow = push.hand_kpa / (1.0 / g + push.resistance)
    moved = min(flow * dt_s, room_ul, cement.filler_ml * MM3_PER_ML)
    bores = list(cement.cannula_ml)
    bores[outlet.side] += moved / MM3_PER_ML
    return replace(
        cement,
        filler_ml=cement.filler_ml - moved / MM3_PER_ML,
        cannula_ml=(bores[0], bores[1]),
        syringe_kpa=push.hand_kpa - push.resistance * moved / dt_s,
        flow_ul_s=0.0,
        flow_smooth_ul_s=0.0,
        tip_kpa=0.0,
    )


def _booked(
    cement: Cement, constants: Constants, outlet: Outlet, moved_ul: float, tick: int, dt_s: float
) -> Cement:
    """Write what left the tip into the books of filler and cannula."""
    moved = moved_ul / MM3_PER_ML
    from_filler = min(moved, cement.filler_ml)
    bores = list(cement.cannula_ml)
    # the last bit of a filler that ran dry comes out of the bore
    bores[outlet.side] -= moved - from_filler
    flow = moved_ul / dt_s
    blend = 1.0 - math.exp(-dt_s / constants["flow_smoothing_s"])
    first = cement.started_tick is None and moved > 0.0
    return replace(
        cement,
        filler_ml=cement.filler_ml - from_filler,
        cannula_ml=(bores[0], bores[1]),
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
    age_s: float,
    tick: int,
    dt_s: float,
) -> tuple[Cloud, float, float, float]:
    """Run the front; return the cloud, uL out of the tip, syringe and tip pressure."""
    drive = _drive(spec, constants, field, cement, outlet, push, age_s)
    voids, ball = _voids(field, outlet, constants)
    ground = Ground(
        medium(field),
        Grid(*field.shape, field.spacing_mm),
        _law(spec, constants, cement),
        viscosity_table(spec),
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
    age_s: float,
) -> Drive:
    i, j, k = index_of(outlet.tip_mm, field.origin_mm, field.spacing_mm, field.shape)
    top = max(push.hand_kpa, push.syringe_kpa) - max(cement.tip_kpa, constants["ambient_kpa"])
    pushed = push.hand_kpa > push.syringe_kpa
    g = cannula_conductance(
        spec, age_s, max(top, _SLACK_KPA), push.resistance if pushed else 0.0,
        outlet.bore_mm, outlet.length_mm,
    )  # fmt: skip
    return Drive(
        source=(i * field.shape[1] + j) * field.shape[2] + k,
        syringe_kpa=push.syringe_kpa,
        hand_kpa=push.hand_kpa,
        hand_resistance=push.resistance,
        compliance=constants["compliance_ul_kpa"],
        conductance=g,
        age_s=age_s,
    )


def _law(spec: CementSpec, constants: Constants, cement: Cement) -> Law:
    return Law(
        wall_k=constants["wall_k"],
        void_k=constants["k_channel"],
        ambient_kpa=constants["ambient_kpa"],
        shear_n=spec.shear_exponent,
        flow_smooth=cement.flow_smooth_ul_s,
        tolerance=constants["solver_tolerance"],
    )


def _voids(field: FlowField, outlet: Outlet, constants: Constants) -> tuple[IntArray, int]:
    """Return flat indices of voxels without bone, and how many of them lie at the tip.

    The ball at the tip does not reach through a wall: it is the part of the sphere that is
    connected with the tip, or that the cannula has drilled.
    """
    where = (field.origin_mm, field.spacing_mm, field.shape)
    ball = voxels_along(outlet.tip_mm, outlet.tip_mm, constants["ball_mm"], *where)
    drilled = [
        voxels_along(a, b, constants["channel_mm"], *where)
        for a, b in ((outlet.tip_mm, outlet.channel_end_mm), *outlet.tracts)
    ]
    i, j, k = index_of(outlet.tip_mm, *where)
    source = (i * field.shape[1] + j) * field.shape[2] + k
    open_voxel = field.permeability[ball] > constants["wall_k"]
    free = _connected(ball[open_voxel | (ball == source)], source, field.shape)
    channel = np.setdiff1d(np.concatenate(drilled), free)
    return np.concatenate([free, channel]).astype(np.int32), free.size


def _connected(voxels: IntArray, source: int, shape: tuple[int, int, int]) -> IntArray:
    """Return those of a few `voxels` that faces connect with `source`, nearest first."""
    steps = (shape[1] * shape[2], shape[2], 1)
    rest = {int(v) for v in voxels} - {source}
    found = [source]
    for voxel in found:  # grows while it is walked
        for step in (*steps, *(-s for s in steps)):
            if voxel + step in rest:
                rest.remove(voxel + step)
                found.append(voxel + step)
    return np.array(found, np.int32)
