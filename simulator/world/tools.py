"""Needles, working cannulas and what is passed through them, as they stand in one tick."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from simulator.anatomy.volume import Tissue
from simulator.frames import Side, along, minus, norm, unit
from simulator.units import Vec3
from simulator.world.shaft import Bow, across

_ARC_STEP_MM = 1.5
"""A bent shaft is told as chords of about this length; at 15 mm radius they sag 0.02 mm."""
_BOW_PARTS = 8
_SLACK_MM = 0.05
_NOZZLE_BACK_MM = 4.0
"""A bone filler's nozzle stops this far short of the end of the channel."""


class Inside(StrEnum):
    """What the bore of a cannula holds."""

    STYLET = "stylet"
    EMPTY = "empty"
    TAMP = "tamp"
    FILLER = "filler"
    WIRE = "wire"
    DRILL = "drill"
    CURVED = "curved needle"


class Wall(StrEnum):
    """A bony wall that a tool can break, named as a surgeon names it."""

    MEDIAL = "medial"
    LATERAL = "lateral"
    SUPERIOR = "superior"
    INFERIOR = "inferior"
    ANTERIOR = "anterior"
    POSTERIOR = "posterior"
    LATERAL_BODY = "lateral body"
    SUPERIOR_ENDPLATE = "superior endplate"
    INFERIOR_ENDPLATE = "inferior endplate"


@dataclass(frozen=True, slots=True)
class Passed:
    """A K-wire, drill or curved needle in the bore of a cannula, from the cannula's tip on.

    It leaves at `root_mm` along `axis`; a curved one bends towards `plane` on a circle of
    `radius_mm` (0: straight).
    """

    kind: Inside
    """WIRE, DRILL or CURVED."""
    name: str
    root_mm: Vec3
    """The tip of the cannula."""
    axis: Vec3
    plane: Vec3
    """Unit, square to `axis`."""
    outer_mm: float
    inner_mm: float
    length_mm: float
    most_mm: float
    """How far it can stand out of the cannula."""
    radius_mm: float = 0.0
    roll_deg: float = 0.0
    """Where the curve points: 0 to the midline, 90 to the feet."""
    reach_mm: float = 0.0
    """Length outside the cannula's tip; negative while still in the bore."""
    deepest_mm: float = 0.0
    """Greatest reach: beyond the tip an open channel leads there."""
    force_n: float = 0.0
    """Axial force felt by the hand that pushes it, positive when pushing."""
    speed_mm_s: float = 0.0
    tissue: Tissue = Tissue.SOFT
    bone_mm: float = 0.0
    """Length outside the cannula that is inside bone."""
    ahead_mm: float = 0.0
    was_in_bone: bool = False
    """Its tip has been inside bone."""
    breach_mm: float = 0.0
    """How far the tip is outside bone, after it was inside."""

    def at(self, run_mm: float) -> Vec3:
        """Return the point `run_mm` beyond the cannula's tip."""
        if self.radius_mm <= 0.0 or run_mm <= 0.0:
            return along(self.root_mm, self.axis, run_mm)
        a = run_mm / self.radius_mm
        onward = along(self.root_mm, self.axis, self.radius_mm * math.sin(a))
        return along(onward, self.plane, self.radius_mm * (1.0 - math.cos(a)))

    @property
    def tip_mm(self) -> Vec3:
        """The point of the instrument."""
        return self.at(self.reach_mm)

    @property
    def heading(self) -> Vec3:
        """Unit direction at the tip."""
        if self.radius_mm <= 0.0 or self.reach_mm <= 0.0:
            return self.axis
        a = self.reach_mm / self.radius_mm
        return along(along((0.0, 0.0, 0.0), self.axis, math.cos(a)), self.plane, math.sin(a))

    def path_mm(self, to_mm: float) -> tuple[Vec3, ...]:
        """Return the polyline from the cannula's tip to `to_mm` beyond it."""
        parts = 1 if self.radius_mm <= 0.0 else max(1, math.ceil(to_mm / _ARC_STEP_MM))
        return tuple(self.at(to_mm * k / parts) for k in range(parts + 1))

    def shaft_mm(self) -> tuple[Vec3, ...]:
        """Return the polyline from the cannula's tip to its own tip; empty inside the bore."""
        return self.path_mm(self.reach_mm) if self.reach_mm > 0.0 else ()


@dataclass(frozen=True, slots=True)
class Cannula:
    """A needle or working cannula held on one side: a steel tube, straight unless it was bent.

    The shaft passes `skin_mm` and points along `direction` (unit, towards the patient);
    `depth_mm` is how far the tip is beyond the skin (negative: hovering in front of it). A
    bevel that steered (`bow`) bends the part beyond the dock; a pried hub (`lean_deg`) bends
    the part before it.
    """

    side: Side
    skin_mm: Vec3
    direction: Vec3
    depth_mm: float
    outer_mm: float
    inner_mm: float
    length_mm: float
    inside: Inside = Inside.STYLET
    working: bool = False
    """The needle was exchanged for the working cannula."""
    dock_mm: Vec3 | None = None
    """Where the tip entered bone; the shaft turns about this point from then on."""
    tissue: Tissue = Tissue.SOFT
    """What the tip is in."""
    bone_mm: float = 0.0
    """Length of shaft inside bone."""
    deepest_mm: float = 0.0
    """Greatest depth of a tip on this path: beyond the tip an open channel leads there."""
    bored: Vec3 | None = None
    """Direction in which that channel was made."""
    bow: Bow | None = None
    """How that channel bends; None while it is straight."""
    tracts: tuple[tuple[Vec3, ...], ...] = ()
    """Other channels that this tool left in bone, polylines from their mouth to their end."""
    passed: Passed | None = None
    """Wire, drill or curved needle in the bore."""
    past_wall_mm: float = 0.0
    """How far the tip is anterior of the posterior wall; negative behind it."""
    force_n: float = 0.0
    """Axial force felt by the hand, positive when pushing."""
    pry_n: float = 0.0
    """Sideways force at the hub."""
    lean_deg: tuple[float, float] = (0.0, 0.0)
    """Elastic swing of the hub that a held shaft did not follow: (medial, caudal)."""
    cracked: bool = False
    """The bone about the shaft gave way to prying."""
    speed_mm_s: float = 0.0
    bevel_deg: float = 0.0
    """Where a bevel steers to: 0 to the midline, 90 to the feet."""
    turned_deg: float = 0.0
    """Turned about its shaft, either way, since cement last moved through its tip."""
    ahead_mm: float = 0.0
    """Bone straight ahead of the tip, to the first surface."""
    was_in_bone: bool = False
    """This path has been at least 5 mm inside bone."""
    breach_mm: float = 0.0
    """How far the tip is outside bone, on a path that had been inside."""
    canal_breach_mm: float = 0.0
    """How far the shaft's medial surface stands out of the bone into the canal."""
    blind_medial_mm: float = 0.0
    """Advance since the last adequate AP with the tip in the field."""
    blind_depth_mm: float = 0.0
    """Advance since the last adequate lateral with the tip in the field."""
    blind_told: tuple[bool, bool] = (False, False)
    """Medial and depth clock: passed its limit since it was last set back."""
    blind_moved_mm: tuple[float | None, float | None] = (None, None)
    """What the clocks read when the patient moved; None if a picture was taken since."""

    @property
    def dock_depth_mm(self) -> float:
        """Depth at which bone was entered; 0 before."""
        return 0.0 if self.dock_mm is None else norm(minus(self.dock_mm, self.skin_mm))

    def axis_at(self, depth_mm: float) -> tuple[Vec3, Vec3]:
        """Return the shaft's point at a depth, and its unit direction there."""
        point = along(self.skin_mm, self.direction, depth_mm)
        if self.bow is None or self.dock_mm is None:
            return point, self.direction
        (a, b), (u, v) = self.bow.at(depth_mm - self.dock_depth_mm)
        medial, caudal = across(self.direction, self.side)
        heading = unit(along(along(self.direction, medial, u), caudal, v))
        return along(along(point, medial, a), caudal, b), heading

    @property
    def tip_mm(self) -> Vec3:
        """The point of the tool."""
        return self.axis_at(self.depth_mm)[0]

    @property
    def heading(self) -> Vec3:
        """Unit direction at the tip."""
        return self.axis_at(self.depth_mm)[1]

    @property
    def hub_mm(self) -> Vec3:
        """The end in the surgeon's hand."""
        return self._leant(self.depth_mm - self.length_mm)

    @property
    def channel_end_mm(self) -> Vec3:
        """The end of the open channel in front of the tip."""
        return self.axis_at(max(self.depth_mm, self.deepest_mm))[0]

    @property
    def front_mm(self) -> Vec3:
        """The foremost point of the tool and of what stands out of it."""
        if self.passed is None or self.passed.reach_mm <= 0.0:
            return self.tip_mm
        return self.passed.tip_mm

    @property
    def outlet_mm(self) -> Vec3:
        """Where cement leaves: the tip of a curved needle that stands out, or the own tip."""
        return self.front_mm if self.outlet_is_curved else self.tip_mm

    @property
    def outlet_is_curved(self) -> bool:
        """Cement goes through a curved needle in the bore."""
        return self.passed is not None and self.passed.inner_mm > 0.0

    @property
    def takes_nozzle(self) -> bool:
        """A bone filler is passed through it; a needle or a curved one is filled itself."""
        return self.working and self.passed is None

    @property
    def nozzle_mm(self) -> Vec3:
        """The open end of a bone filler that is passed as far as it should go."""
        front = max(self.depth_mm, self.deepest_mm) - _NOZZLE_BACK_MM
        return self.axis_at(max(front, self.depth_mm))[0]

    def shaft_mm(self) -> tuple[Vec3, ...]:
        """Return the polyline of the axis from hub to tip; two points when straight."""
        start, pivot = self.depth_mm - self.length_mm, self.dock_depth_mm
        points = [self.hub_mm]
        if any(self.lean_deg) and start < pivot:
            points += [
                self._leant(start + (pivot - start) * k / _BOW_PARTS) for k in range(1, _BOW_PARTS)
            ]
        if self.bow is not None and self.dock_mm is not None and self.depth_mm > pivot:
            run = self.depth_mm - pivot
            points += [self.axis_at(pivot + run * k / _BOW_PARTS)[0] for k in range(_BOW_PARTS)]
        elif any(self.lean_deg) and self.depth_mm - pivot > _SLACK_MM:
            points.append(self.axis_at(pivot)[0])
        return (*points, self.tip_mm)

    def _leant(self, depth_mm: float) -> Vec3:
        """Return a point before the dock: a beam clamped in the bone, pushed at its hub."""
        point = along(self.skin_mm, self.direction, depth_mm)
        free = self.length_mm - self.depth_mm + self.dock_depth_mm
        back = self.dock_depth_mm - depth_mm
        if not any(self.lean_deg) or free <= 0.0 or back <= 0.0:
            return point
        t = min(back / free, 1.0)
        way = free * t * t * (3.0 - t) / 2.0
        medial, caudal = across(self.direction, self.side)
        # The hub goes the other way than the tip would.
        inward, down = (math.radians(a) for a in self.lean_deg)
        return along(along(point, medial, -way * inward), caudal, -way * down)
