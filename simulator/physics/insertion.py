"""How a needle or cannula moves: pushed, tapped, resisted by what it met.

Resistance is cutting at the cone plus friction along the shaft, from the bone actually met:
it rises before a cortex and drops behind it. The hand gives force, not motion: a wall that is
stronger than the hand stops the needle, and a hand that still pushes when the wall gives way
overshoots. Equations in docs/physics.md; constants in assets/physics.toml [insertion].
"""

from __future__ import annotations

from dataclasses import replace

from simulator.frames import Side, unit
from simulator.physics import passing, steering, tract
from simulator.physics.contact import Contact, contact
from simulator.physics.hand import moved_by
from simulator.units import Vec3
from simulator.world.action import Action
from simulator.world.bearings import past_wall_mm
from simulator.world.case import Case
from simulator.world.events import Event
from simulator.world.steel_events import Redirected, Tapped
from simulator.world.tamp import Body
from simulator.world.tools import Cannula, Inside

_TAP_STEP_MM = 0.2
_HOVER_MM = 5.0
_FREE_REDIRECT_MM = 5.0
"""Giving up a path that went no deeper than this into bone is no redirection."""
_UNDOCKED_MM = 0.3


def advance(
    case: Case, body: Body, cannula: Cannula, action: Action
) -> tuple[Cannula, tuple[Event, ...]]:
    """Aim, push, pull, tap and twist one cannula, and what is in it, for one tick.

    Returns:
        The moved cannula with its force, and `Tapped`, `Redirected` or `PedicleCracked` events.
        Which walls it passed is told by `simulator.physics.walls.report`.
    """
    if passing.holds(cannula.passed):
        # A curve out in the bone holds its cannula as a hook does; the hand feels that.
        held = replace(cannula, force_n=action.push_n, speed_mm_s=0.0)
        return passing.worked(case, body, held, action), ()
    moved, events = steering.aimed(case, cannula, action)
    if action.tap:
        moved, step = _tapped(case, body, moved, action.tap)
        events += (Tapped(moved.side, step),)
    elif action.push_n:
        moved = _pushed(case, moved, contact(case, body, moved), action)
    elif moved.speed_mm_s or moved.force_n:
        moved = replace(moved, speed_mm_s=0.0, force_n=0.0)
    moved = settled(case, body, moved)
    if moved.passed is not None:
        moved = passing.carried(case, body, cannula, moved, held=action.hold)
        moved = passing.worked(case, body, moved, action)
    if cannula.dock_mm is not None and moved.dock_mm is None:
        moved, told = _given_up(cannula, moved)
        events += told
    return moved, events


def _given_up(before: Cannula, after: Cannula) -> tuple[Cannula, tuple[Event, ...]]:
    """Leave a path behind: its channel stays in the bone."""
    tracts = tract.kept(after.tracts, tract.channel(before))
    after = replace(after, tracts=tracts, bow=None, lean_deg=(0.0, 0.0), pry_n=0.0, cracked=False)
    if not before.was_in_bone:
        return after, ()
    return replace(after, was_in_bone=False, breach_mm=0.0), (Redirected(after.side),)


def _pushed(case: Case, cannula: Cannula, met: Contact, action: Action) -> Cannula:
    constants = case.physics["insertion"]
    soft = constants["soft_friction_n_per_mm"] * max(cannula.depth_mm, 0.0)
    skin = constants["skin_puncture_n"] if cannula.depth_mm <= 0.0 else 0.0
    by_mm, force, speed = moved_by(
        constants,
        action.push_n,
        met.resistance_n + soft + skin,
        met.friction_n + soft,
        bony=met.bone_mm > 0.0,
        brace=action.brace,
    )
    return _moved_to(case, cannula, by_mm, (force, speed), met.cut_n)


def _moved_to(
    case: Case, cannula: Cannula, by_mm: float, feel: tuple[float, float], cut_n: float
) -> Cannula:
    """Move along the path; `feel` is force and speed."""
    depth = max(-_HOVER_MM, min(cannula.depth_mm + by_mm, cannula.length_mm))
    moved = replace(cannula, depth_mm=depth, force_n=feel[0], speed_mm_s=feel[1])
    if depth <= cannula.deepest_mm:
        return moved
    bow = steering.bowed(case, cannula, depth, cut_n)
    return replace(moved, deepest_mm=depth, bored=cannula.direction, bow=bow)


def _tapped(case: Case, body: Body, cannula: Cannula, strength: int) -> tuple[Cannula, float]:
    """Spend the energy of one mallet blow against the resistance met on the way."""
    constants = case.physics["insertion"]
    energy = constants["tap_energy_nmm"] * 2.0 ** (strength - 1)
    gone, peak, now = 0.0, 0.0, cannula
    while gone < constants["tap_limit_mm"]:
        met = contact(case, body, now)
        soft = constants["soft_friction_n_per_mm"] * max(now.depth_mm, 0.0)
        resistance = max(met.resistance_n + soft, 1.0)
        peak = max(peak, resistance)
        step = min(_TAP_STEP_MM, energy / resistance)
        energy -= step * resistance
        gone += step
        now = _moved_to(case, now, step, (peak, 0.0), met.cut_n)
        if step < _TAP_STEP_MM:
            break
    return replace(now, force_n=peak), gone


def settled(case: Case, body: Body, cannula: Cannula) -> Cannula:
    """Update everything that follows from where the tip now is."""
    met = contact(case, body, cannula)
    docked = met.bone_mm >= case.physics["insertion"]["dock_depth_mm"]
    dock = cannula.dock_mm
    if docked and dock is None:
        dock = cannula.tip_mm
    elif not docked and met.bone_mm < _UNDOCKED_MM:
        dock = None
    return replace(
        cannula,
        dock_mm=dock,
        tissue=met.tissue,
        bone_mm=met.bone_mm,
        ahead_mm=met.ahead_mm,
        past_wall_mm=past_wall_mm(case.patient.target.landmarks, cannula.tip_mm),
        was_in_bone=cannula.was_in_bone or met.bone_mm >= _FREE_REDIRECT_MM,
        breach_mm=max(met.distance_mm, 0.0) if cannula.was_in_bone else 0.0,
        canal_breach_mm=met.canal_breach_mm,
    )


def place(case: Case, side: Side, skin_mm: Vec3, direction: Vec3) -> Cannula:
    """Return the access needle of `side`, its tip on the skin."""
    needle = case.needle
    return Cannula(
        side=side,
        skin_mm=skin_mm,
        direction=unit(direction),
        depth_mm=0.0,
        outer_mm=needle.outer_mm,
        inner_mm=needle.inner_mm,
        length_mm=needle.length_mm,
        inside=Inside.STYLET,
        past_wall_mm=past_wall_mm(case.patient.target.landmarks, skin_mm),
    )
