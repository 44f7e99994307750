"""What a tool meets where it stands, in whatever vertebra that is.

Nothing here knows of pedicles: bone is bone, on every level that has a `BoneField`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from simulator.anatomy.volume import BoneField, Tissue
from simulator.kernels import needle as kernel
from simulator.units import FloatArray, Vec3
from simulator.world.case import Case
from simulator.world.tamp import Body
from simulator.world.tools import Cannula, Inside, Passed

Path = tuple[Vec3, ...]

_grounds: deque[tuple[BoneField, kernel.Ground]] = deque(maxlen=16)
"""Pure function values, kept for speed; never part of a state."""
_LEAST_MM = 0.01
"""What stands out of a cannula by less than this meets nothing of its own."""
_POINT = {Inside.WIRE: "wire", Inside.DRILL: "drill", Inside.CURVED: "curved"}


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


_met_before: deque[tuple[Case, BoneField, tuple[object, ...], Contact]] = deque(maxlen=4)
"""Likewise: a tick begins where the last one ended."""


def contact(case: Case, body: Body, cannula: Cannula) -> Contact:
    """Return what `cannula` meets where it stands."""
    where = (
        cannula.side, cannula.skin_mm, cannula.direction, cannula.depth_mm, cannula.deepest_mm,
        cannula.outer_mm, cannula.length_mm, cannula.dock_mm, cannula.bow, cannula.lean_deg,
        cannula.tracts, body.tracts,
    )  # fmt: skip
    for known, bone, place, met in _met_before:
        if known is case and bone is body.bone and place == where:
            return met
    met = _contact(case, body, cannula)
    _met_before.append((case, body.bone, where, met))
    return met


def _contact(case: Case, body: Body, cannula: Cannula) -> Contact:
    open_mm = cannula.deepest_mm - cannula.depth_mm
    path = np.array(cannula.shaft_mm()[::-1])
    watched = 0.0 if cannula.dock_mm is None else abs(cannula.depth_mm - cannula.dock_depth_mm)
    tool = kernel.Tool(
        path=path,
        radius_mm=cannula.outer_mm / 2.0,
        depth_mm=max(cannula.depth_mm, 0.0),
        watched_mm=watched,
        open_mm=open_mm,
        bore_mm=case.needle.outer_mm / 2.0 if open_mm > 0.0 else 0.0,
        medial_sign=float(-cannula.side.sign),
    )
    holes = _holes((*cannula.tracts, *body.tracts), case.needle.outer_mm / 2.0)
    return _met(case, body, tool, _law(case, case.physics["insertion"]["cone_mm"], 1.0), holes)


def contact_of(case: Case, body: Body, cannula: Cannula, passed: Passed) -> Contact:
    """Return what a wire, drill or curved needle meets outside the tip of its cannula."""
    if passed.reach_mm < _LEAST_MM:
        return Contact(0.0, 0.0, 0.0, kernel.FAR_MM, cannula.tissue, "", 0.0, 0.0)
    constants = case.physics["insertion"]
    point = _POINT[passed.kind]
    open_mm = passed.deepest_mm - passed.reach_mm
    tool = kernel.Tool(
        path=np.array(passed.shaft_mm()[::-1]),
        radius_mm=passed.outer_mm / 2.0,
        depth_mm=passed.reach_mm,
        watched_mm=0.0,
        open_mm=open_mm,
        bore_mm=passed.outer_mm / 2.0 if open_mm > 0.0 else 0.0,
        medial_sign=float(-cannula.side.sign),
    )
    own = (cannula.tip_mm, cannula.channel_end_mm)
    tracts: tuple[Path, ...] = (*cannula.tracts, *body.tracts)
    if cannula.deepest_mm > cannula.depth_mm:
        tracts = (own, *tracts)
    law = _law(case, constants[f"{point}_cone_mm"], constants[f"{point}_cut_share"])
    return _met(case, body, tool, law, _holes(tracts, case.needle.outer_mm / 2.0))


def _law(case: Case, cone_mm: float, cut_share: float) -> kernel.Law:
    constants = case.physics["insertion"]
    return kernel.Law(
        cone_mm,
        constants["cortical_strength_mpa"],
        constants["cancellous_strength_mpa"],
        constants["cancellous_exponent"],
        constants["cancellous_friction_n_per_mm"],
        constants["cortical_friction_n_per_mm"],
        cut_share,
    )


def _holes(tracts: Sequence[Path], radius_mm: float) -> FloatArray:
    rows = [(*a, *b, radius_mm) for path in tracts for a, b in pairwise(path) if a != b]
    return np.array(rows).reshape(-1, 7)


def _ground(bone: BoneField) -> kernel.Ground:
    for known, ground in _grounds:
        if known is bone:
            return ground
    ground = kernel.Ground(
        bone.distance_mm, bone.shell_mm, bone.bv_tv, bone.tissue,
        np.array(bone.origin_mm), bone.spacing_mm,
    )  # fmt: skip
    _grounds.append((bone, ground))
    return ground


def _near(case: Case, body: Body, tool: kernel.Tool) -> Iterator[tuple[str, kernel.Ground]]:
    """Yield every vertebra whose grid the part in the patient reaches."""
    tail = np.array(kernel.behind(tool.path, tool.depth_mm))
    inner = tool.path[:-1]
    low, high = np.minimum(tail, inner.min(axis=0)), np.maximum(tail, inner.max(axis=0))
    for i, vertebra in enumerate(case.patient.vertebrae):
        bone = body.bone if i == case.patient.index else vertebra.bone
        if bone is None:
            continue
        ground = _ground(bone)
        end = ground.origin + ground.spacing * (np.array(bone.shape) - 1.0)
        if (high >= ground.origin).all() and (low <= end).all():
            yield vertebra.level, ground


def _met(case: Case, body: Body, tool: kernel.Tool, law: kernel.Law, holes: FloatArray) -> Contact:
    cut = friction = bone_mm = breach = ahead = 0.0
    nearest, tissue, level = kernel.FAR_MM, Tissue.SOFT, ""
    for name, ground in _near(case, body, tool):
        met = kernel.probe(ground, tool, law, holes)
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
