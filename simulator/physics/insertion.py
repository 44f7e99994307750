"""How a straight needle or cannula moves: aimed, pushed, tapped, resisted by what it meets.

Resistance is cutting at the cone plus friction along the shaft, from the bone actually met:
it rises before a cortex and drops behind it. The hand gives force, not motion: a wall that is
stronger than the hand stops the needle, and a hand that still pushes when the wall gives way
overshoots. Equations in docs/physics.md; constants in assets/physics.toml [insertion].
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from simulator.anatomy.volume import BoneField, Tissue
from simulator.frames import Side, along, cross, dot, minus, norm, rotated, unit
from simulator.kernels import needle as kernel
from simulator.units import TICKS_PER_S, FloatArray, Vec3
from simulator.world.action import Action
from simulator.world.case import Case
from simulator.world.events import Event, Redirected, Tapped
from simulator.world.tamp import Body
from simulator.world.tools import Cannula, Inside

_DT = 1.0 / TICKS_PER_S
_TAP_STEP_MM = 0.2
_STICTION_MM_S = 0.01
"""A shaft that would creep more slowly than this sticks."""
_SWING_LIMIT_DEG = 55.0
_SAME_CHANNEL = math.cos(math.radians(1.5))
"""A shaft turned by less than this still finds the channel that it made."""
_FREE_REDIRECT_MM = 5.0
"""Giving up a path that went no deeper than this into bone is no redirection."""


@dataclass(frozen=True, slots=True)
class Contact:
    """What a tool meets where it stands, summed over all vertebrae."""

    cut_n: float
    friction_n: float
    bone_mm: float
    distance_mm: float
    """Signed distance of the tip to the nearest bone surface, negative inside."""
    tissue: Tissue
    level: str
    """Vertebra nearest to the tip."""
    ahead_mm: float
    canal_breach_mm: float

    @property
    def resistance_n(self) -> float:
        """Force that a slow advance needs, in bone."""
        return self.cut_n + self.friction_n


def _law(constants: Mapping[str, float]) -> FloatArray:
    return np.array(
        [
            constants["cone_mm"],
            constants["cortical_strength_mpa"],
            constants["cancellous_strength_mpa"],
            constants["cancellous_exponent"],
            constants["cancellous_friction_n_per_mm"],
            constants["cortical_friction_n_per_mm"],
        ]
    )


def _bones(case: Case, body: Body) -> list[tuple[str, BoneField]]:
    bones = []
    for i, vertebra in enumerate(case.patient.vertebrae):
        if i == case.patient.index:
            bones.append((vertebra.level, body.bone))
        elif vertebra.bone is not None:
            bones.append((vertebra.level, vertebra.bone))
    return bones


def contact(case: Case, body: Body, cannula: Cannula) -> Contact:
    """Return what `cannula` meets where it stands."""
    constants = case.physics["insertion"]
    law = _law(constants)
    tip = np.array(cannula.tip_mm)
    direction = np.array(cannula.direction)
    open_mm = cannula.deepest_mm - cannula.depth_mm
    bore_mm = case.needle.outer_mm / 2.0 if open_mm > 0.0 else 0.0
    path_mm = 0.0 if cannula.dock_mm is None else norm(minus(cannula.tip_mm, cannula.dock_mm))
    cut = friction = bone_mm = breach = ahead = 0.0
    nearest, tissue, level = 99.0, Tissue.SOFT, ""
    for name, bone in _bones(case, body):
        met = kernel.probe(
            bone.distance_mm,
            bone.shell_mm,
            bone.bv_tv,
            bone.tissue,
            np.array(bone.origin_mm),
            bone.spacing_mm,
            tip,
            direction,
            max(cannula.depth_mm, 0.0),
            path_mm,
            open_mm,
            cannula.outer_mm / 2.0,
            bore_mm,
            float(-cannula.side.sign),
            law,
        )
        cut += float(met[kernel.CUT])
        friction += float(met[kernel.FRICTION])
        bone_mm += float(met[kernel.IN_BONE])
        if met[kernel.TIP_DISTANCE] < nearest:
            nearest, level = float(met[kernel.TIP_DISTANCE]), name
            ahead = float(met[kernel.AHEAD])
            breach = float(met[kernel.CANAL_BREACH])
            tissue = _tip_tissue(met)
    return Contact(cut, friction, bone_mm, nearest, tissue, level, ahead, breach)


def _tip_tissue(met: FloatArray) -> Tissue:
    """Name the tissue at the tip: inside bone the distance decides, outside it the label."""
    distance = met[kernel.TIP_DISTANCE]
    if distance < 0.0:
        return Tissue.CORTICAL if -distance < met[kernel.TIP_SHELL] else Tissue.CANCELLOUS
    label = Tissue(int(met[kernel.TIP_TISSUE]))
    return Tissue.SOFT if label in (Tissue.CANCELLOUS, Tissue.CORTICAL) else label


def advance(
    case: Case, body: Body, cannula: Cannula, action: Action
) -> tuple[Cannula, tuple[Event, ...]]:
    """Aim, push, pull, tap and twist one cannula for one tick.

    Returns:
        The moved cannula with its force, and `Tapped` or `Redirected` events. Which walls it
        passed is told by `simulator.physics.walls.report`.
    """
    events: list[Event] = []
    moved = _aimed(case, cannula, action)
    met = contact(case, body, moved)
    if action.tap:
        moved, step = _tapped(case, body, moved, action.tap)
        events.append(Tapped(moved.side, step))
    elif action.push_n:
        moved = _pushed(case, moved, met, action)
    elif moved.speed_mm_s or moved.force_n:
        moved = replace(moved, speed_mm_s=0.0, force_n=0.0)
    if action.twist_deg_s:
        bevel = (moved.bevel_deg + action.twist_deg_s * _DT) % 360.0
        moved = replace(moved, bevel_deg=bevel)
    moved = settled(case, body, moved)
    if cannula.dock_mm is not None and moved.dock_mm is None and cannula.was_in_bone:
        events.append(Redirected(moved.side))
        moved = replace(moved, was_in_bone=False, breach_mm=0.0)
    return moved, tuple(events)


def _aimed(case: Case, cannula: Cannula, action: Action) -> Cannula:
    """Slide over the skin, swing about the skin, or pry about the cortex."""
    slide = (action.skin_x_mm_s * _DT, action.skin_z_mm_s * _DT)
    if any(slide) and cannula.depth_mm <= 0.0:
        x, y, z = cannula.skin_mm
        skin_mm = (x + slide[0], y, z + slide[1])
        cannula = replace(cannula, skin_mm=skin_mm, deepest_mm=cannula.depth_mm, bored=None)
    medial, caudal = action.medial_deg_s * _DT, action.caudal_deg_s * _DT
    if not (medial or caudal):
        return replace(cannula, pry_n=0.0) if cannula.pry_n else cannula
    constants = case.physics["insertion"]
    give = 1.0
    if cannula.dock_mm is not None:
        give = 0.5 ** (cannula.bone_mm / constants["swing_half_depth_mm"])
    turned = swung(cannula.direction, cannula.side, medial * give, caudal * give)
    pry = constants["pry_n_per_deg"] * (1.0 - give) * TICKS_PER_S * math.hypot(medial, caudal)
    if cannula.dock_mm is None:
        return replace(cannula, direction=turned, deepest_mm=cannula.depth_mm, bored=None)
    reach = norm(minus(cannula.dock_mm, cannula.skin_mm))
    skin = along(cannula.dock_mm, turned, -reach)
    swung_tool = replace(cannula, direction=turned, skin_mm=skin, pry_n=pry)
    if cannula.bored is None or dot(turned, cannula.bored) >= _SAME_CHANNEL:
        return swung_tool
    return replace(swung_tool, deepest_mm=cannula.depth_mm, bored=turned)


def swung(direction: Vec3, side: Side, medial_deg: float, caudal_deg: float) -> Vec3:
    """Turn a needle's direction towards the midline and the feet, within reach of a hub."""
    turned = rotated(direction, (0.0, 0.0, 1.0), math.radians(-side.sign * medial_deg))
    across = unit(cross((0.0, 0.0, 1.0), turned))
    turned = unit(rotated(turned, across, math.radians(caudal_deg)))
    tilt = math.degrees(math.acos(max(-1.0, min(1.0, -turned[1]))))
    return turned if tilt < _SWING_LIMIT_DEG else direction


def _pushed(case: Case, cannula: Cannula, met: Contact, action: Action) -> Cannula:
    """Move by force for one tick: quasi-static, speed from the force left over."""
    constants = case.physics["insertion"]
    soft = constants["soft_friction_n_per_mm"] * max(cannula.depth_mm, 0.0)
    if action.push_n > 0.0:
        resistance = met.resistance_n + soft
        if cannula.depth_mm <= 0.0:
            resistance += constants["skin_puncture_n"]
    else:
        resistance = met.friction_n + soft
    damping = (
        constants["bone_damping_n_s_per_mm"]
        if met.bone_mm > 0.0
        else constants["soft_damping_n_s_per_mm"]
    )
    force = abs(action.push_n)
    if force <= resistance + damping * _STICTION_MM_S:
        return replace(cannula, force_n=action.push_n, speed_mm_s=0.0)
    limit = constants["braced_speed_mm_s"] if action.brace else constants["hand_speed_mm_s"]
    speed = min((force - resistance) / damping, limit)
    # A braced hand gives no more than it needs; a free hand puts all it has into the shaft.
    felt = min(force, resistance + damping * speed)
    sign = 1.0 if action.push_n > 0.0 else -1.0
    depth = cannula.depth_mm + sign * speed * _DT
    return _moved_to(cannula, depth, sign * felt, sign * speed)


def _moved_to(cannula: Cannula, depth_mm: float, force_n: float, speed_mm_s: float) -> Cannula:
    depth = max(-5.0, min(depth_mm, cannula.length_mm))
    moved = replace(cannula, depth_mm=depth, force_n=force_n, speed_mm_s=speed_mm_s)
    if depth <= cannula.deepest_mm:
        return moved
    return replace(moved, deepest_mm=depth, bored=cannula.direction)


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
        now = _moved_to(now, now.depth_mm + step, peak, 0.0)
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
    elif not docked and met.bone_mm < 0.3:
        dock = None
    wall_y = case.patient.target.landmarks.posterior_wall_y_mm
    return replace(
        cannula,
        dock_mm=dock,
        tissue=met.tissue,
        bone_mm=met.bone_mm,
        ahead_mm=met.ahead_mm,
        past_wall_mm=wall_y - cannula.tip_mm[1],
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
        past_wall_mm=case.patient.target.landmarks.posterior_wall_y_mm - skin_mm[1],
    )
