"""Deliberate acts with instruments: what may be put into what, and what becomes of it.

Each act is a pure function of the state. It returns the new state with the events that follow,
or, where physics refuses, the reason as a sentence. Whether an act is wise, or permitted in
this phase, is not asked here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from simulator.anatomy.hinge import Lift
from simulator.frames import Side, minus, needle_direction, norm
from simulator.physics import (
    cement_acts,
    cementing,
    inflation,
    insertion,
    passages,
    passing,
    reduction,
    tamping,
)
from simulator.physics.sides import Act, Outcome, with_cannula, with_tamp
from simulator.world.action import Do
from simulator.world.case import Case
from simulator.world.cement import Cement
from simulator.world.events import Event
from simulator.world.state import State
from simulator.world.tools import Cannula, Inside

_START_LATERAL_MM = 20.0
_START_MEDIAL_DEG = 15.0
EMPTY_TAMP_ML = 0.05
"""A tamp with less than this left in it slips through its cannula."""
_DRAG_MM = 2.0
"""A cannula that nobody holds follows the instrument that is pulled out of it."""


def place_needle(case: Case, state: State, side: Side) -> Outcome:
    """Put the access needle on the skin of one side, somewhere lateral of the pedicle."""
    if state.cannulas[side] is not None:
        return "This side already has its needle. Move it, or take it out."
    marks = case.patient.target.landmarks
    pedicle = marks.pedicles[side]
    x = pedicle.lateral_border_x_mm + side.sign * _START_LATERAL_MM
    skin = (x, marks.skin_y_mm, pedicle.centre_mm[2])
    needle = insertion.place(case, side, skin, needle_direction(side, _START_MEDIAL_DEG, 0.0))
    return with_cannula(state, needle, side), ()


def stylet_out(case: Case, state: State, side: Side) -> Outcome:
    """Open the bore."""
    cannula = state.cannulas[side]
    if cannula is None:
        return passages.NO_CANNULA
    if cannula.inside is not Inside.STYLET:
        return "The stylet is already out."
    return with_cannula(state, replace(cannula, inside=Inside.EMPTY), side), ()


def stylet_in(case: Case, state: State, side: Side) -> Outcome:
    """Close the bore again; what cement stands in it goes into the patient."""
    cannula = state.cannulas[side]
    if cannula is None:
        return passages.NO_CANNULA
    if cannula.inside is Inside.STYLET:
        return "The stylet is already in."
    if cannula.passed is not None:
        return passages.occupied(cannula.passed.kind)
    if cannula.inside is Inside.TAMP:
        return passages.occupied(cannula.inside)
    events: tuple[Event, ...] = ()
    if state.cement.bores[side]:
        pushed = cement_acts.expelled(case, state, cannula)
        if isinstance(pushed, str):
            return pushed
        events = cementing.leaks(state.cement, pushed.cement)
        state = pushed
    return with_cannula(state, replace(cannula, inside=Inside.STYLET), side), events


def seat_cannula(case: Case, state: State, side: Side) -> Outcome:
    """Exchange the needle over a wire for the working cannula, its tip on the entry cortex.

    The channel that the needle made stays open in front of it; the wider cannula has still to
    be pushed in. A wire that is already in place stays where it is; otherwise one is used for
    the exchange and taken out again.
    """
    cannula = state.cannulas[side]
    if cannula is None:
        return passages.NO_CANNULA
    if cannula.working:
        return "The working cannula is already in."
    if cannula.dock_mm is None:
        return "The needle does not hold in bone yet. The wire would slip out."
    if cannula.inside is Inside.STYLET:
        return "The stylet is in the way of the wire. Take the stylet out first."
    if cannula.inside not in (Inside.EMPTY, Inside.WIRE):
        return passages.occupied(cannula.inside)
    tube = case.working_cannula
    seated = replace(
        cannula,
        depth_mm=norm(minus(cannula.dock_mm, cannula.skin_mm)),
        outer_mm=tube.outer_mm,
        inner_mm=tube.inner_mm,
        length_mm=tube.length_mm,
        working=True,
        force_n=0.0,
        speed_mm_s=0.0,
    )
    seated = passing.reseated(insertion.settled(case, state.body, seated))
    return with_cannula(state, seated, side), ()


def passage(change: Callable[[Case, State, Side], Cannula | str]) -> Act:
    """Return the act that passes something down a bore or draws it out again."""

    def act(case: Case, state: State, side: Side) -> Outcome:
        cannula = change(case, state, side)
        if isinstance(cannula, str):
            return cannula
        old = state.cannulas[side]
        if cannula.passed is None and old is not None and old.outlet_is_curved:
            # What stands in a curved needle goes out with it.
            state = replace(state, cement=state.cement.with_bore(side, ()))
        return with_cannula(state, cannula, side), ()

    return act


def purge(case: Case, state: State, side: Side) -> Outcome:
    """Fill the inflators with contrast medium and drive the air out of both tamps."""
    if state.purged:
        return "The tamps are purged already."
    if any(tamp is not None and tamp.volume_ml > 0.0 for tamp in state.tamps):
        return "A tamp is filled. Deflate it first."
    left, right = (None if t is None else replace(t, air_ml=0.0) for t in state.tamps)
    return replace(state, purged=True, tamps=(left, right)), ()


def tamp_in(case: Case, state: State, side: Side) -> Outcome:
    """Slide the deflated tamp down the cannula to the end of the channel."""
    cannula = state.cannulas[side]
    if cannula is None:
        return passages.NO_CANNULA
    if not cannula.working:
        return "The tamp does not fit the needle. Seat the working cannula first."
    if cannula.inside is not Inside.EMPTY:
        return passages.occupied(cannula.inside)
    if state.cement.cloud.inside_ul > 0.0 and state.cement.bores[side]:
        return "There is cement in this cannula."
    tamp = inflation.insert(
        case.tamp, case.physics["tamp"], state.body.bone, side, cannula.tip_mm,
        cannula.direction, cannula.channel_end_mm,
        air_ml=0.0 if state.purged else case.physics["tamp"]["air_ml"],
    )  # fmt: skip
    state = with_cannula(state, replace(cannula, inside=Inside.TAMP), side)
    return with_tamp(state, tamp, side), ()


def tamp_out(case: Case, state: State, side: Side) -> Outcome:
    """Pull the deflated tamp; the pocket it pressed stays behind."""
    cannula, tamp = state.cannulas[side], state.tamps[side]
    if cannula is None or tamp is None:
        return "There is no tamp on this side."
    if tamp.volume_ml > EMPTY_TAMP_ML and not tamp.ruptured:
        return "The tamp is still filled. Deflate it first."
    last = state.tamps[1 - side] is None
    body = tamping.at_rest(case, state) if last else state.body
    before = body.baked
    body = reduction.bake(case.physics["tamp"], case.patient.hinge, body, tamp, last=last)
    state = with_cannula(state, replace(cannula, inside=Inside.EMPTY), side)
    cement = _carried(case, state, body.baked.minus(before))
    return with_tamp(replace(state, body=body, cement=cement), None, side), ()


def _carried(case: Case, state: State, lift: Lift) -> Cement:
    """Return the cement of the other side, moved with the bone that a lift has moved."""
    cloud = state.cement.cloud
    if not lift or not cloud.voxel.size:
        return state.cement
    voxels = reduction.carried(state.body.bone, case.patient.hinge, lift, cloud.voxel)
    if np.unique(voxels).size < voxels.size:
        return state.cement  # a wall that was pushed closes voxels up: leave cement where it is
    cloud = replace(cloud, voxel=voxels, revision=cloud.revision + 1)
    return replace(state.cement, cloud=cloud)


EXCHANGES = frozenset(
    {
        Do.STYLET_OUT, Do.STYLET_IN, Do.SEAT_CANNULA, Do.WIRE_IN, Do.WIRE_OUT, Do.DRILL_IN,
        Do.DRILL_OUT, Do.CURVED_IN, Do.CURVED_OUT, Do.TAMP_IN, Do.TAMP_OUT, Do.LOAD,
    }
)  # fmt: skip
"""Acts that pull at the cannula."""


def dragged(case: Case, state: State, side: Side) -> State:
    """Let things slip, because nobody held them during an exchange.

    A wire with a cannula slid over it migrates forward; a cannula follows what is pulled.
    """
    cannula = state.cannulas[side]
    if cannula is None or cannula.dock_mm is None:
        return state
    if cannula.inside is Inside.WIRE and cannula.working:
        return with_cannula(state, passing.driven(case, state.body, cannula), side)
    if passing.holds(cannula.passed):
        return state
    slipped = replace(cannula, depth_mm=cannula.depth_mm - _DRAG_MM)
    return with_cannula(state, insertion.settled(case, state.body, slipped), side)


ACTS: Mapping[Do, Act] = MappingProxyType(
    {
        Do.PLACE_NEEDLE: place_needle,
        Do.STYLET_OUT: stylet_out,
        Do.STYLET_IN: stylet_in,
        Do.SEAT_CANNULA: seat_cannula,
        Do.WIRE_IN: passage(passages.wire_in),
        Do.WIRE_OUT: passage(passages.wire_out),
        Do.DRILL_IN: passage(passages.drill_in),
        Do.DRILL_OUT: passage(passages.drill_out),
        Do.CURVED_IN: passage(passages.curved_in),
        Do.CURVED_OUT: passage(passages.curved_out),
        Do.PURGE: purge,
        Do.TAMP_IN: tamp_in,
        Do.TAMP_OUT: tamp_out,
        Do.MIX: cement_acts.mix,
        Do.LOAD: cement_acts.load,
        Do.STRAND_TEST: cement_acts.strand_test,
        Do.TURN_CANNULA: cement_acts.turn_cannula,
        Do.CANNULA_OUT: cement_acts.cannula_out,
    }
)
"""Acts that change instruments or cement. Words to the patient and staff are in `care`."""
