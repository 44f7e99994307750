"""How a shaft turns: about the skin while it is loose, against the bone once it is held.

A bevel bends its path to the side it faces by the sideways force of the bone it cuts, so it
steers in bone and not in muscle. What bends is the channel; the shaft lies in it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from simulator.frames import Side, along, cross, dot, rotated, unit
from simulator.physics import tract
from simulator.units import TICKS_PER_S, Vec3
from simulator.world.action import Action
from simulator.world.case import Case
from simulator.world.events import Event
from simulator.world.instruments import Tip
from simulator.world.shaft import Bow
from simulator.world.steel_events import PedicleCracked
from simulator.world.tools import Cannula, Inside

_DT = 1.0 / TICKS_PER_S
_SWING_LIMIT_DEG = 55.0
_SAME_CHANNEL = math.cos(math.radians(1.5))
"""A shaft turned by less than this still finds the channel that it made."""


def swung(direction: Vec3, side: Side, medial_deg: float, caudal_deg: float) -> Vec3:
    """Turn a needle's direction towards the midline and the feet, within reach of a hub."""
    turned = rotated(direction, (0.0, 0.0, 1.0), math.radians(-side.sign * medial_deg))
    sideways = unit(cross((0.0, 0.0, 1.0), turned))
    turned = unit(rotated(turned, sideways, math.radians(caudal_deg)))
    tilt = math.degrees(math.acos(max(-1.0, min(1.0, -turned[1]))))
    return turned if tilt < _SWING_LIMIT_DEG else direction


def aimed(case: Case, cannula: Cannula, action: Action) -> tuple[Cannula, tuple[Event, ...]]:
    """Slide over the skin, swing about the skin, or pry about the cortex; turn the bevel."""
    slide = (action.skin_x_mm_s * _DT, action.skin_z_mm_s * _DT)
    if any(slide) and cannula.depth_mm <= 0.0:
        x, y, z = cannula.skin_mm
        skin_mm = (x + slide[0], y, z + slide[1])
        cannula = _fresh(replace(cannula, skin_mm=skin_mm))
    if action.twist_deg_s and cannula.passed is None:
        bevel = (cannula.bevel_deg + action.twist_deg_s * _DT) % 360.0
        round_deg = cannula.turned_deg + abs(action.twist_deg_s) * _DT
        cannula = replace(cannula, bevel_deg=bevel, turned_deg=round_deg)
    medial, caudal = action.medial_deg_s * _DT, action.caudal_deg_s * _DT
    if not (medial or caudal):
        let_go = cannula.pry_n or any(cannula.lean_deg)
        return (replace(cannula, pry_n=0.0, lean_deg=(0.0, 0.0)) if let_go else cannula), ()
    if cannula.dock_mm is None:
        turned = swung(cannula.direction, cannula.side, medial, caudal)
        return _fresh(replace(cannula, direction=turned)), ()
    return _pried(case.physics["insertion"], cannula, medial, caudal)


def _fresh(cannula: Cannula) -> Cannula:
    """Forget the channel of another path."""
    return replace(cannula, deepest_mm=cannula.depth_mm, bored=None, bow=None)


def _pried(
    constants: Mapping[str, float], cannula: Cannula, medial: float, caudal: float
) -> tuple[Cannula, tuple[Event, ...]]:
    """Swing a hub whose shaft is held: the bone yields a little, the shaft bends for the rest."""
    assert cannula.dock_mm is not None
    give = 0.5 ** (cannula.bone_mm / constants["swing_half_depth_mm"])
    if cannula.cracked:
        give = max(give, constants["cracked_give"])
    reach = cannula.dock_depth_mm
    turned = swung(cannula.direction, cannula.side, medial * give, caudal * give)
    skin = along(cannula.dock_mm, turned, -reach)
    lean = _leant(constants["lean_limit_deg"], cannula.lean_deg, medial, caudal, 1.0 - give)
    pry = constants["pry_n_per_deg"] * math.hypot(*lean)
    moved = replace(cannula, direction=turned, skin_mm=skin, lean_deg=lean, pry_n=pry)
    if cannula.bored is not None and dot(turned, cannula.bored) < _SAME_CHANNEL:
        old = tract.kept(cannula.tracts, tract.channel(replace(cannula, direction=cannula.bored)))
        bow = cut_off(cannula)
        moved = replace(moved, deepest_mm=cannula.depth_mm, bored=turned, bow=bow, tracts=old)
    if pry > constants["pry_crack_n"] and not cannula.cracked:
        return replace(moved, cracked=True), (PedicleCracked(cannula.side, pry),)
    return moved, ()


def _leant(
    limit_deg: float, lean: tuple[float, float], medial: float, caudal: float, share: float
) -> tuple[float, float]:
    a, b = lean[0] + share * medial, lean[1] + share * caudal
    size = math.hypot(a, b)
    scale = min(1.0, limit_deg / size) if size > 0.0 else 1.0
    return a * scale, b * scale


def cut_off(cannula: Cannula) -> Bow | None:
    """Return the bent channel only as far as the tip lies in it."""
    run = cannula.depth_mm - cannula.dock_depth_mm
    if cannula.bow is None or cannula.dock_mm is None or run <= 0.0:
        return None
    if run >= cannula.bow.length_mm:
        return cannula.bow
    offset, slope = cannula.bow.at(run)
    return Bow(run, offset, slope)


def bowed(case: Case, cannula: Cannula, depth_mm: float, cut_n: float) -> Bow | None:
    """Return the channel's bend after the tip cut its way on to `depth_mm`.

    The curvature grows with the cutting force and saturates:
    k = k_max * F / (F + F_half), towards the side that the bevel faces.
    """
    old = cannula.bow
    steers = case.needle.tip is Tip.BEVEL and cannula.inside is Inside.STYLET
    if not steers or cannula.working or cannula.dock_mm is None:
        return old
    start = max(cannula.deepest_mm, cannula.dock_depth_mm) - cannula.dock_depth_mm
    ds = depth_mm - cannula.dock_depth_mm - start
    if ds <= 0.0:
        return old
    constants = case.physics["insertion"]
    k = constants["bevel_curve_per_mm"] * cut_n / (cut_n + constants["bevel_half_n"])
    bend, veer = ((0.0, 0.0), (0.0, 0.0)) if old is None else old.at(start)
    a = math.radians(cannula.bevel_deg)
    way = (math.cos(a), math.sin(a))
    return Bow(
        start + ds,
        (
            bend[0] + ds * veer[0] + 0.5 * k * ds * ds * way[0],
            bend[1] + ds * veer[1] + 0.5 * k * ds * ds * way[1],
        ),
        (veer[0] + k * ds * way[0], veer[1] + k * ds * way[1]),
    )
