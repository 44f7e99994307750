"""Which walls of one vertebra a tool stands out of, and how far.

The depth is that of Gertzbein and Robbins: how far the tool's outer surface lies outside bone,
at its tip or along its shaft. A wall is named by the normal of the bone surface nearest to the
place, in the vertebra's own axes. Only what a tool broke from inside counts: a path that comes
from outside breaks nothing until it has been in bone with its whole girth.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from simulator.anatomy.landmarks import Landmarks
from simulator.anatomy.volume import BoneField, Tissue
from simulator.frames import Side
from simulator.physics.surface import STEP_MM, Rings, surface_out
from simulator.units import AnyArray, FloatArray
from simulator.world.bearings import pedicle_axes, wall_point
from simulator.world.tools import Wall

_GRIP_MM = 4.0
"""A tool wider than its pedicle never is wholly inside; after so much of its axis it counts."""
_PEDICLE_BACK_MM = 7.0
"""Further behind the isthmus a path is in laminae and processes, not in the pedicle."""
_STEEP = math.sqrt(0.5)

_BODY_WALLS = (
    Wall.ANTERIOR, Wall.POSTERIOR, Wall.LATERAL_BODY,
    Wall.SUPERIOR_ENDPLATE, Wall.INFERIOR_ENDPLATE,
)  # fmt: skip
_PEDICLE_WALLS = (Wall.MEDIAL, Wall.LATERAL, Wall.SUPERIOR, Wall.INFERIOR)
_WALLS = (*_PEDICLE_WALLS, *_BODY_WALLS)
_NONE = -1


@dataclass(frozen=True, slots=True)
class Core:
    """Where pedicles and body of a vertebra lie among its points."""

    marks: Landmarks

    def past_wall(self, points: FloatArray) -> FloatArray:
        """Return (n,) mm anterior of the posterior wall line."""
        behind = (points - np.array(wall_point(self.marks))) @ np.array(self.marks.axes[1])
        return np.asarray(-behind)

    def sides(self, points: FloatArray) -> AnyArray:
        """Return (n,) `Side` of the vertebra's midline that each point lies on."""
        offset = (points - np.array(self.marks.centre_mm)) @ np.array(self.marks.axes[0])
        return np.where(offset >= 0.0, int(Side.LEFT), int(Side.RIGHT))

    def in_pedicle(self, points: FloatArray) -> AnyArray:
        """Return (n,) True beside or in a pedicle: behind the body, not in the arch."""
        sides = self.sides(points)
        centre = np.array([p.centre_mm for p in self.marks.pedicles])[sides]
        axis = np.array([p.axis for p in self.marks.pedicles])[sides]
        ahead = np.einsum("ij,ij->i", points - centre, axis)
        return np.asarray((self.past_wall(points) < 0.0) & (ahead > -_PEDICLE_BACK_MM))

    def holds(self, points: FloatArray) -> AnyArray:
        """Return (n,) True in or beside a pedicle or the body."""
        return np.asarray((self.past_wall(points) >= 0.0) | self.in_pedicle(points))


def breaches(
    bone: BoneField, marks: Landmarks, rings: Rings, depth_mm: FloatArray, *, beside: bool
) -> dict[Wall, tuple[float, int]]:
    """Return by wall how far the tool stands out, mm, and at which ring.

    Args:
        depth_mm: (n,) signed distance of each ring's centre to this bone, negative inside.
        beside: An extrapedicular path is planned: what it passes before it is in the pedicle or
            body, and the lateral wall of the pedicle along which it goes, are not broken.
    """
    inside = depth_mm < 0.0
    if not inside.any():
        return {}
    first = int(np.argmax(inside))
    samples = surface_out(bone, rings, first)
    core = Core(marks)
    counts = _entered(core, rings.points[first:], depth_mm[first:], samples, beside=beside)
    label = samples[..., 4]
    canal = (label == Tissue.CANAL) | (label == Tissue.EPIDURAL)
    out = samples[..., 3]
    ring, spot = np.nonzero((out > 0.0) & (counts[:, None] | canal))
    if not len(ring):
        return {}
    chosen = samples[ring, spot]
    names = _names(core, chosen, canal[ring, spot])
    if beside:
        names[names == _WALLS.index(Wall.LATERAL)] = _NONE
    _inherit(core, names, chosen, ring, depth_mm[first:][ring] >= 0.0)
    return _deepest(names, chosen[:, 3], ring, first)


def _entered(
    core: Core, points: FloatArray, depth: FloatArray, samples: FloatArray, *, beside: bool
) -> AnyArray:
    """Return (n,) True from the ring on at which the tool is wholly in bone."""
    whole = (samples[..., 3] <= 0.0).all(axis=1) & (depth < 0.0)
    held = np.cumsum(depth < 0.0) * STEP_MM >= _GRIP_MM
    within = (whole | held) & (depth < 0.0)
    if beside:
        within &= core.holds(points)
    return np.asarray(np.maximum.accumulate(within))


def _names(core: Core, chosen: FloatArray, canal: AnyArray) -> AnyArray:
    """Return (m,) indices into `_WALLS` of the wall nearest to each point outside; or none."""
    marks = core.marks
    points, normal = chosen[:, :3], chosen[:, 5:8]
    left, posterior, up = (np.array(a) for a in marks.axes)
    back, high = normal @ posterior, normal @ up
    faces = np.column_stack([-back, back, np.abs(normal @ left), high, -high])
    body = np.array([_WALLS.index(w) for w in _BODY_WALLS])[np.argmax(faces, axis=1)]
    frames = np.array([pedicle_axes(marks, side) for side in Side])[core.sides(points)]
    inward = np.einsum("ij,ij->i", normal, frames[:, 0])
    above = np.einsum("ij,ij->i", normal, frames[:, 1])
    sides = np.argmax(np.column_stack([inward, -inward, above, -above]), axis=1)
    # From bone into the canal: forward of it lies the body's posterior wall, beside it a pedicle.
    canalward = np.where(back > _STEEP, _WALLS.index(Wall.POSTERIOR), _WALLS.index(Wall.MEDIAL))
    pedicle = np.where(canal, canalward, sides)
    arch = np.where(canal, canalward, _NONE)
    behind = np.where(core.in_pedicle(points), pedicle, arch)
    return np.asarray(np.where(core.past_wall(points) >= 0.0, body, behind))


def _inherit(
    core: Core, names: AnyArray, chosen: FloatArray, ring: AnyArray, axis_out: AnyArray
) -> None:
    """Give what belongs to one way out the name of the place where it came out.

    Once its axis is out, the surface nearest to a tool may be another; and a tool that left a
    pedicle and goes into the body does not break the body's wall from inside.
    """
    way = np.cumsum(np.concatenate([[0], np.diff(ring) > 1]))
    past = core.past_wall(chosen[:, :3]) >= 0.0
    for each in range(int(way[-1]) + 1):
        here = np.nonzero(way == each)[0]
        left = here[axis_out[here]]
        if len(left):
            names[left] = names[_onset(chosen, ring, left)]
        onset = _onset(chosen, ring, here)
        if not past[onset]:
            back = past[here] | (names[here] == _WALLS.index(Wall.POSTERIOR))
            names[here[back]] = names[onset]


def _onset(chosen: FloatArray, ring: AnyArray, here: AnyArray) -> int:
    """Return which of the points in the first of their rings stands out most."""
    first = here[ring[here] == ring[here[0]]]
    return int(first[np.argmax(chosen[first, 3])])


def _deepest(
    names: AnyArray, out: FloatArray, ring: AnyArray, first: int
) -> dict[Wall, tuple[float, int]]:
    """Return the greatest depth by wall, and the ring where it is."""
    deepest = {}
    for name in np.unique(names[names != _NONE]):
        mine = np.nonzero(names == name)[0]
        worst = mine[np.argmax(out[mine])]
        deepest[_WALLS[name]] = (float(out[worst]), first + int(ring[worst]))
    return deepest
