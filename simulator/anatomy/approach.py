"""The path beside a pedicle that is too narrow: between rib and pedicle into the body."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulator.anatomy.clearance import rib_room, tissue_room
from simulator.anatomy.landmarks import Landmarks
from simulator.anatomy.patient import Vertebra
from simulator.anatomy.plan import Beside, Plan, Route
from simulator.anatomy.probe import field_of, inside_mm, skin_above, surface, vec, walls_y
from simulator.anatomy.tables import table
from simulator.anatomy.volume import BoneField, Tissue, Volume
from simulator.frames import Side
from simulator.units import AnyArray, FloatArray

_ALONG_MM = (-2.0, 0.0, 2.0, 4.0)
"""Entries that are tried: this far in front of the junction of pedicle and body ..."""
_RISE = (-0.30, -0.15, 0.0, 0.15, 0.30, 0.45)
"""... and this far above the pedicle's axis, of its height."""
_SHARES = np.linspace(-0.15, 0.60, 9)
"""Distances of the target from the midline, of the half width."""
_DEPTHS = (0.25, 0.40)
"""Depths of the target behind the anterior wall, of the body's."""
_HEIGHTS_MM = (-4.0, -2.0, 0.0, 2.0, 4.0)
_FINER = (0.5, 0.25)
"""Then about the best one, in steps of these shares of the first ones."""
_BEHIND_MM = np.arange(2.0, 46.0, 1.0)
"""Where the path is looked at before it meets bone."""
_INTO_MM = np.arange(3.0, 20.0, 1.0)
"""Where it is looked at inside the body."""


@dataclass(frozen=True, slots=True)
class _Fan:
    """Paths from (n,) entries to (m,) targets: how good they are, and the room around them."""

    entries: FloatArray
    targets: FloatArray
    score: FloatArray
    canal: FloatArray
    rib: FloatArray
    lung: FloatArray


def plan_beside(
    vertebra: Vertebra,
    side: Side,
    radius_mm: float = 1.6,
    ribs: Sequence[Volume] = (),
    skin_y_mm: float | None = None,
) -> Plan:
    """Return the best of a fan of straight paths that enter the body beside one pedicle.

    The path stays lateral of the pedicle until it is past the posterior wall, and meets bone at
    the junction of pedicle and body.

    Args:
        vertebra: The level to treat; needs its mechanics.
        side: Beside which pedicle.
        radius_mm: Outer radius of the tool.
        ribs: Further bone in the field (`Patient.extras`).
        skin_y_mm: Where the skin is pierced; the landmark's skin if not given.

    Raises:
        UsageError: the level has no mechanics.
    """
    marks = vertebra.landmarks
    entries = np.array([[a, r] for a in _ALONG_MM for r in _RISE])
    targets = np.array([[s, d, z] for s in _SHARES for d in _DEPTHS for z in _HEIGHTS_MM])
    fan = _weighed(vertebra, side, radius_mm, ribs, entries, targets)
    for share in _FINER:
        e, t = _best(fan)
        entries = entries[e] + share * _about((2.0, 0.15))
        targets = targets[t] + share * _about((0.09, 0.15, 2.0))
        fan = _weighed(vertebra, side, radius_mm, ribs, entries, targets)
    e, t = _best(fan)
    entry, way = fan.entries[e], fan.targets[t] - fan.entries[e]
    return Plan(
        side,
        skin_above(entry, way, marks.skin_y_mm if skin_y_mm is None else skin_y_mm),
        vec(entry),
        vec(fan.targets[t]),
        route=Route.EXTRAPEDICULAR,
        beside=Beside(float(fan.canal[e, t]), _known(fan.rib[e, t]), _known(fan.lung[e, t])),
    )


def _about(steps: Sequence[float]) -> FloatArray:
    """Return every combination of -1, 0 and 1 steps, (3^n, n)."""
    each = np.meshgrid(*((-s, 0.0, s) for s in steps), indexing="ij")
    return np.stack([axis.ravel() for axis in each], axis=-1)


def _best(fan: _Fan) -> tuple[int, int]:
    e, t = np.unravel_index(int(np.argmax(fan.score)), fan.score.shape)
    return int(e), int(t)


def _weighed(vertebra: Vertebra, side: Side, radius: float, ribs: Sequence[Volume],
             at_entry: FloatArray, at_target: FloatArray) -> _Fan:  # fmt: skip
    """Weigh all paths between entries (n, 2) and targets (m, 3) of the fan's own coordinates."""
    bone, marks, data = field_of(vertebra), vertebra.landmarks, table("plan.toml")["beside"]
    entries, targets = _entries(bone, marks, side, at_entry), _targets(marks, side, at_target)
    way = targets[None] - entries[:, None]
    way /= np.linalg.norm(way, axis=-1, keepdims=True)
    before = entries[:, None, None] - _BEHIND_MM[:, None] * way[:, :, None]
    within = entries[:, None, None] + _INTO_MM[:, None] * way[:, :, None]
    whole = np.concatenate([before, within], axis=2)
    canal = tissue_room(bone, (Tissue.CANAL, Tissue.EPIDURAL), whole) - radius
    lung = tissue_room(bone, (Tissue.LUNG,), whole) - radius
    rib = rib_room(ribs, before) - radius
    root = np.linalg.norm(before - np.asarray(marks.foramina_mm[side]), axis=-1).min(axis=-1)
    score = data["room"] * np.minimum(root - radius - data["root_mm"], 0.0)
    for room in (canal, lung, rib):
        score = score + data["room"] * np.minimum(room - data["enough_mm"], 0.0)
        score = score + data["touch"] * np.minimum(room, 0.0)
    free = -inside_mm(bone, before).max(axis=-1) - radius
    core = inside_mm(bone, within).min(axis=-1) - radius
    score = score + data["core"] * np.minimum(core, 0.0) + data["free"] * np.minimum(free, 0.0)
    score = score - _inside_pedicle(marks, side, before) - _slant(bone, marks, entries, way)
    score = score + _wishes(bone, marks, targets)[None]
    return _Fan(entries, targets, score, canal, rib, lung)


def _slant(bone: BoneField, marks: Landmarks, entries: FloatArray, way: FloatArray) -> FloatArray:
    """Fault of paths that graze the cortex, come from far out or from below."""
    data = table("plan.toml")["beside"]
    steep = np.abs(np.sum(way * _inward(bone, entries)[:, None], axis=-1))
    aside = np.abs(way @ np.asarray(marks.axes[0]))
    rising = (way @ np.asarray(marks.axes[2])).clip(0.0, None)
    far = (aside - math.sin(math.radians(data["most_oblique_deg"]))).clip(0.0, None)
    skid = (data["graze"] - steep).clip(0.0, None)
    return np.asarray(data["skid"] * skid + data["oblique"] * far + data["rising"] * rising)


def _known(room: float) -> float | None:
    return float(room) if np.isfinite(room) else None


def _entries(bone: BoneField, marks: Landmarks, side: Side, at: FloatArray) -> FloatArray:
    """Points of the lateral cortex about the junction of pedicle and body, (n, 3).

    `at` (n, 2): millimetres in front of the junction, and above the axis in pedicle heights.
    """
    pedicle = marks.pedicles[side]
    centre, axis = marks.own(np.asarray(pedicle.centre_mm)), np.asarray(pedicle.axis)
    own_axis = np.asarray(marks.axes) @ axis
    base = centre + own_axis * (walls_y(marks)[1] - centre[1]) / own_axis[1]
    outward = np.asarray(marks.axes[0]) * side.sign
    rise = at[:, 1:] * pedicle.height_mm * np.array([0.0, 0.0, 1.0])
    starts = marks.out(base + at[:, :1] * own_axis + rise)
    return np.array([surface(bone, start, outward) for start in starts])


def _targets(marks: Landmarks, side: Side, at: FloatArray) -> FloatArray:
    """Points of the front half near the midline, (n, 3), patient frame.

    `at` (n, 3): share of the half width, depth behind the anterior wall as a share, height.
    """
    front, back = walls_y(marks)
    middle = marks.own(np.asarray(marks.midline_mm))[2]
    scale = np.array([side.sign * marks.half_width_mm, back - front, 1.0])
    return marks.out(at * scale + np.array([0.0, front, middle]))


def _inward(bone: BoneField, points: FloatArray) -> FloatArray:
    """Unit normals into the bone, (n, 3)."""
    h = bone.spacing_mm
    steps = h * np.eye(3)
    slope = np.stack([inside_mm(bone, points + s) - inside_mm(bone, points - s) for s in steps], -1)
    return np.asarray(slope / np.linalg.norm(slope, axis=-1, keepdims=True))


def _inside_pedicle(marks: Landmarks, side: Side, before: FloatArray) -> AnyArray:
    """Fault of paths that are medial of the lateral border while behind the posterior wall."""
    own = marks.own(before)
    border = side.sign * marks.own(np.asarray(marks.pedicles[side].lateral_mm))[0]
    behind = own[..., 1] > walls_y(marks)[1]
    short = np.where(behind, border - side.sign * own[..., 0], 0.0).clip(0.0, None)
    return np.asarray(table("plan.toml")["beside"]["inside"] * short.max(axis=-1))


def _wishes(bone: BoneField, marks: Landmarks, targets: FloatArray) -> FloatArray:
    """A target in the midline, at mid height, off the endplates."""
    data = table("plan.toml")["beside"]
    plate = np.minimum(inside_mm(bone, targets) - data["plate_mm"], 0.0)
    own = marks.own(targets)
    high = np.abs(own[:, 2] - marks.own(np.asarray(marks.midline_mm))[2])
    wish = data["plate"] * plate - data["aside"] * np.abs(own[:, 0]) - data["height"] * high
    return np.asarray(wish)
