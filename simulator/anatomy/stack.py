"""How vertebrae stand on each other: kyphosis, lordosis, scoliosis and axial rotation."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from simulator.anatomy.form import intact_shape
from simulator.anatomy.fracture import fractured
from simulator.anatomy.osteophytes import with_osteophytes
from simulator.anatomy.shape import NO_CRUSH, Crush, Pose, Shape
from simulator.anatomy.spec import FractureSpec, PatientSpec
from simulator.anatomy.tables import COLUMN, LEVELS, Sizes, sizes, table, tilt_below_deg
from simulator.errors import UsageError
from simulator.units import FloatArray

_SIDE = 3
"""At least so many levels are seen above and below the index, and a curve's ends lie there."""
_SACRUM = COLUMN.index("S1")
_WHOLE: Mapping[str, Crush] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Stance:
    """How a level stands: sagittal, then frontal, then axial turn in the patient frame."""

    sagittal_deg: float
    frontal_deg: float
    axial_deg: float

    def turn(self) -> FloatArray:
        """Return the (3, 3) rotation.

        The axial turn comes last, so that a film along y shows the frontal angle as it is.
        """
        a, b, c = (math.radians(v) for v in (self.sagittal_deg, self.frontal_deg, self.axial_deg))
        about_x = [[1, 0, 0], [0, math.cos(a), -math.sin(a)], [0, math.sin(a), math.cos(a)]]
        about_y = [[math.cos(b), 0, math.sin(b)], [0, 1, 0], [-math.sin(b), 0, math.cos(b)]]
        about_z = [[math.cos(c), -math.sin(c), 0], [math.sin(c), math.cos(c), 0], [0, 0, 1]]
        return np.asarray(np.array(about_z) @ np.array(about_y) @ np.array(about_x), dtype=float)

    def half_way(self, other: Stance) -> Stance:
        """Return the stance of the disc between two levels."""
        return Stance(
            0.5 * (self.sagittal_deg + other.sagittal_deg),
            0.5 * (self.frontal_deg + other.frontal_deg),
            0.5 * (self.axial_deg + other.axial_deg),
        )


def _descent(own: Sizes, stance: Stance, below: Sizes, below_stance: Stance,
             disc_change_mm: float = 0.0) -> FloatArray:  # fmt: skip
    """Return the way from the centre of a level to the centre of the one below it."""
    disc = table("vertebra_shape.toml")["stack"]["disc_fill"] * own.disc + disc_change_mm
    half, half_below = 0.25 * (own.hp + own.ha), 0.25 * (below.hp + below.ha)
    return np.asarray(
        stance.turn() @ np.array([0.0, 0.2, -half])
        + stance.half_way(below_stance).turn() @ np.array([0.0, 0.3, -disc])
        - below_stance.turn() @ np.array([0.0, 0.0, half_below])
    )


def to_below(own: Sizes, below: Sizes, tilt_deg: float) -> Pose:
    """Return the pose of the level below in this level's frame, in a straight spine."""
    here, there = Stance(0.0, 0.0, 0.0), Stance(tilt_deg, 0.0, 0.0)
    return Pose(there.turn(), _descent(own, here, below, there))


def _neighbours(spec: PatientSpec) -> tuple[str, ...]:
    """Levels that fill a film of the index, without the sacrum."""
    if spec.level not in LEVELS:
        raise UsageError(f"no level {spec.level!r}; known are {', '.join(LEVELS)}")
    film = table("vertebra_shape.toml")["stack"]["film_mm"]
    rise = {name: 0.5 * (size.hp + size.ha) + size.disc
            for name, size in ((name, sizes(name, spec)) for name in COLUMN)}  # fmt: skip
    at = COLUMN.index(spec.level)
    own = 0.5 * rise[spec.level]
    high, low = at - _SIDE, at + _SIDE + 1
    while high > 0 and sum(rise[name] for name in COLUMN[high:at]) + own < film:
        high -= 1
    while low < _SACRUM and sum(rise[name] for name in COLUMN[at + 1 : low]) + own < film:
        low += 1
    return COLUMN[high : min(low, _SACRUM)]


def curve(spec: PatientSpec, step: int) -> tuple[float, float]:
    """Return the frontal and axial angle in degrees of the level `step` below (+) the index.

    One curve: half a sine whose end vertebrae lie three levels from its apex, or at the sacrum if
    that is nearer; then the upper end takes the larger share of the Cobb angle. The apex turns
    its front to the convex side against both ends; `rotation_deg` turns the whole column.
    """
    down = min(_SIDE, _SACRUM - COLUMN.index(spec.level))
    reach = down if step > 0 else _SIDE
    phase = 0.5 * math.pi * abs(step) / reach
    # convex to the left: the axes lean to the right above the apex and to the left below it
    lean = math.copysign(reach / (_SIDE + down), step) * math.sin(phase)
    coupling = table("vertebra_shape.toml")["stack"]["axial_per_cobb"]
    untwist = coupling * (1.0 - math.cos(min(phase, 0.5 * math.pi)))
    return spec.scoliosis_deg * lean, spec.rotation_deg - spec.scoliosis_deg * untwist


def _share(crush: Crush) -> float:
    """Return a wedge in units of the one that the table's tilt belongs to."""
    at = float(table("vertebra_shape.toml")["stack"]["wedge_tilt_at_mm"])
    return crush.wedge * (1.0 - crush.rear) / at


def _stances(spec: PatientSpec, crushes: Mapping[str, Crush]) -> dict[str, Stance]:
    """How all levels of the column stand; those above a broken one follow its wedge."""
    tilt_deg = table("vertebra_shape.toml")["stack"]["wedge_tilt_deg"]
    at = COLUMN.index(spec.level)
    wedges = {COLUMN.index(name): _share(crush) * tilt_deg for name, crush in crushes.items()}
    tilts = [tilt_below_deg(name, spec) for name in COLUMN]
    found = {}
    for n, name in enumerate(COLUMN):
        if n >= at:
            sagittal = sum(tilts[at:n]) + sum(w for k, w in wedges.items() if at < k <= n)
        else:
            sagittal = -sum(tilts[n:at]) - sum(w for k, w in wedges.items() if n < k <= at)
        found[name] = Stance(sagittal, *curve(spec, n - at))
    return found


def _opened_mm(crushes: Mapping[str, Crush], above: str, below: str) -> float:
    """Return by how much the disc between two levels is higher for what was broken."""
    data = table("vertebra_shape.toml")["stack"]
    upper, lower = crushes.get(above, NO_CRUSH), crushes.get(below, NO_CRUSH)
    opened_mm, dish = float(data["wedge_disc_mm"]), float(data["dish_disc"])
    wedge_mm = _share(lower) * opened_mm - lower.rear * lower.wedge
    return wedge_mm - dish * (lower.top + upper.bottom)


def poses(spec: PatientSpec, crushes: Mapping[str, Crush] = _WHOLE) -> dict[str, Pose]:
    """Return the poses of all levels of `COLUMN` in the patient frame.

    The index lies at the origin; the crush of a level tilts and lowers what is above it. Into a
    dish the disc sinks, and the level behind it comes closer by a share of it (design).
    """
    stand, at = _stances(spec, crushes), COLUMN.index(spec.level)
    size = {name: sizes(name, spec) for name in COLUMN}
    centre = {spec.level: np.zeros(3)}
    for n in range(at + 1, len(COLUMN)):
        above, name = COLUMN[n - 1], COLUMN[n]
        change = _opened_mm(crushes, above, name)
        way = _descent(size[above], stand[above], size[name], stand[name], change)
        centre[name] = centre[above] + way
    for n in range(at - 1, -1, -1):
        name, below = COLUMN[n], COLUMN[n + 1]
        change = _opened_mm(crushes, name, below)
        way = _descent(size[name], stand[name], size[below], stand[below], change)
        centre[name] = centre[below] - way
    return {name: Pose(stand[name].turn(), centre[name]) for name in COLUMN}


def fractures(spec: PatientSpec) -> dict[str, FractureSpec]:
    """Return the fracture of every broken level."""
    own = {} if spec.fracture is None else {spec.level: spec.fracture}
    return own | dict(spec.others)


def spine(spec: PatientSpec) -> tuple[list[Shape], Shape]:
    """Return the shapes in view from above, posed in the patient frame, and the index intact.

    Raises:
        UsageError: the level is unknown or the fracture impossible.
    """
    shapes: dict[str, Shape] = {}
    for name in _neighbours(spec):
        own, below = sizes(name, spec), sizes(COLUMN[COLUMN.index(name) + 1], spec)
        relative = to_below(own, below, tilt_below_deg(name, spec))
        shapes[name] = with_osteophytes(intact_shape(own, below, relative, spec), spec)
    intact = shapes[spec.level]
    for name, fracture in fractures(spec).items():
        if name in shapes:
            shapes[name] = fractured(shapes[name], fracture)
    pose = poses(spec, {name: shape.crush for name, shape in shapes.items()})
    posed = [replace(shape, pose=pose[name]) for name, shape in shapes.items()]
    return posed, replace(intact, pose=pose[spec.level])


def sacral_pose(shapes: Sequence[Shape], spec: PatientSpec) -> Pose | None:
    """Return the pose of the centre of S1's endplate (its z axis is the normal, upwards).

    None where L5 is not in view: then nothing of the sacrum is.
    """
    if not any(shape.level == "L5" for shape in shapes):
        return None
    return poses(spec, {shape.level: shape.crush for shape in shapes})["S1"]
