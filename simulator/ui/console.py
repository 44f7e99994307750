"""The console of the C-arm: angles, blades and switches of the plane in hand."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from simulator.imaging.blades import iris_edge_mm, shutter_edge_mm
from simulator.imaging.machine import machine
from simulator.ui import arm, hand
from simulator.units import TICKS_PER_S, Vec3
from simulator.world.action import Action
from simulator.world.arm import CArm, Curve, Pose, Stand
from simulator.world.collimator import OPEN, WIDE_MM, Collimator
from simulator.world.instruments import CArmSpec

PAIRS = {
    "iris_mm": ("iris_less", "iris_more"),
    "width_mm": ("width_less", "width_more"),
    "height_mm": ("height_less", "height_more"),
    "turn_deg": ("turn_less", "turn_more"),
}
"""What the blades do -> the two keys that are held for it."""

TURN_NOTCH_DEG = 5.0
"""Turn of the blades by one notch of the wheel."""

_E = TypeVar("_E", bound=StrEnum)


def _after(kind: type[_E], now: _E) -> _E:
    values = list(kind)
    return values[(values.index(now) + 1) % len(values)]


def _fastest(name: str) -> float:
    m = machine().collimator
    speeds = {"iris_mm": m.iris_mm_s, "turn_deg": m.turn_deg_s}
    return speeds.get(name, m.shutter_mm_s)


def least_mm(name: str) -> float:
    """Return how far a blade closes, mm."""
    m = machine().collimator
    return m.iris_least_mm if name == "iris_mm" else m.shutter_least_mm


def _parked(name: str, wish: float, now: Collimator, field_mm: float) -> float:
    """Return where the machine takes a wish: a blade beyond the field is parked wide open."""
    if name == "turn_deg":
        return (wish + 90.0) % 180.0 - 90.0
    edge = iris_edge_mm(field_mm) if name == "iris_mm" else shutter_edge_mm(field_mm, now.turn_deg)
    return WIDE_MM if wish >= edge else wish


@dataclass(slots=True)
class Blades:
    """Where the blades are asked to go by the mouse; keys move them while they are held."""

    target: dict[str, float] = field(default_factory=dict)

    def to(self, name: str, value: float) -> None:
        """Ask for an opening in mm, or for a turn in degrees."""
        self.target[name] = value

    def open(self) -> None:
        """Ask for everything to be opened and the turn to be taken back."""
        self.target = {name: getattr(OPEN, name) for name in PAIRS}

    def rates(
        self, now: Collimator, field_mm: float, held: Collection[str], share: float
    ) -> dict[str, float]:
        """Return the speed of each movement; a held key takes over from the mouse."""
        out = {}
        for name, (less, more) in PAIRS.items():
            by = (more in held) - (less in held)
            at = getattr(now, name)
            out[name] = 0.0
            if by:
                self.target.pop(name, None)
                out[name] = by * _fastest(name) * share
            elif name in self.target:
                wish = _parked(name, self.target[name], now, field_mm)
                out[name] = arm.rate(at, wish, _fastest(name))
                if abs(wish - at) < arm.NEAR:
                    del self.target[name]
        return out


@dataclass(slots=True)
class Console:
    """What is set at the machine; the pose and the blades themselves belong to the world."""

    spec: CArmSpec
    plane: int = 0
    """The plane in hand: 0, or 1 where there are two."""
    drives: tuple[arm.Drive, arm.Drive] = field(
        default_factory=lambda: (arm.Drive(), arm.Drive(1, slot="lateral"))
    )
    blades: tuple[Blades, Blades] = field(default_factory=lambda: (Blades(), Blades()))
    pan_mm: Vec3 = (0.0, 0.0, 0.0)
    """Way of the field over the patient that a drag has asked for and that is still to be made."""
    _rate: float = 0.0
    _field: float = 0.0
    _grid: bool | None = None
    _curve: Curve | None = None
    _stand: Stand | None = None

    @property
    def drive(self) -> arm.Drive:
        """The drive of the plane in hand."""
        return self.drives[self.plane]

    def pose(self, c_arm: CArm) -> Pose:
        """Return where the plane in hand stands."""
        return c_arm.through(self.plane).pose

    def other_plane(self, c_arm: CArm) -> None:
        """Take the other plane in hand, where there is one; the first one stops."""
        if c_arm.second is not None:
            self.take(1 - self.plane)

    def take(self, plane: int) -> None:
        """Take a plane in hand."""
        if plane != self.plane:
            self.drive.target = None
            self.stop()
            self.plane = plane

    def go(self, c_arm: CArm, slot: str) -> None:
        """Drive to a preset; one that only the other plane reaches takes that plane in hand."""
        low, high = self.spec.orbits_deg(self.plane)
        if c_arm.second is not None and not low <= self.drive.slots[slot][0] <= high:
            self.take(1 - self.plane)
        self.drive.to(slot)

    def trim(self, c_arm: CArm, by: arm.Aim) -> None:
        """Ask for other angles by so many degrees."""
        self.drive.trim(self.spec, self.pose(c_arm), by)

    def next_field(self, c_arm: CArm) -> None:
        """Change the magnification."""
        sizes = tuple(sorted(machine().fields.sizes_mm, reverse=True))
        self._field = arm.next_of(sizes, self.pose(c_arm).field_mm)

    def next_rate(self, c_arm: CArm) -> None:
        """Change the pulse rate."""
        self._rate = arm.next_of(self.spec.pulse_rates, c_arm.pulses_per_s)

    def switch_grid(self, c_arm: CArm) -> None:
        """Take the grid out, or put it in."""
        self._grid = not c_arm.grid_in

    def set_curve(self, curve: Curve) -> None:
        """Choose the curve of the brightness control."""
        self._curve = curve

    def next_curve(self, c_arm: CArm) -> None:
        """Choose the next curve."""
        self._curve = _after(Curve, c_arm.curve)

    def stand_at(self, stand: Stand) -> None:
        """Go to another place."""
        self._stand = stand

    def next_stand(self, c_arm: CArm) -> None:
        """Go to the next place."""
        self._stand = _after(Stand, c_arm.stand)

    def turn_blades(self, c_arm: CArm, notches: int) -> None:
        """Turn both pairs of shutters."""
        blades = self.blades[self.plane]
        now = blades.target.get("turn_deg", c_arm.through(self.plane).collimator.turn_deg)
        blades.to("turn_deg", now + notches * TURN_NOTCH_DEG)

    def pan(self, by_mm: Vec3) -> None:
        """Ask for the field to be moved over the patient."""
        x, y, z = self.pan_mm
        self.pan_mm = (x + by_mm[0], y + by_mm[1], z + by_mm[2])

    def _panning(self) -> Vec3:
        """Return the speeds of this tick and keep what is left of the way."""
        most = self.spec.travel_mm_s / TICKS_PER_S
        part = [min(max(v, -most), most) for v in self.pan_mm]
        x, y, z = (v - p for v, p in zip(self.pan_mm, part, strict=True))
        self.pan_mm = (x, y, z)
        return part[0] * TICKS_PER_S, part[1] * TICKS_PER_S, part[2] * TICKS_PER_S

    def stop(self) -> None:
        """Let go of what still moves by itself."""
        self.pan_mm = (0.0, 0.0, 0.0)
        for blades in self.blades:
            blades.target.clear()

    def wish(self, c_arm: CArm, held: Collection[str], *, fine: bool) -> Action:
        """Return what is asked of the machine in this tick; switches are asked for once."""
        own = c_arm.through(self.plane)
        orbit, tilt, swivel = self.drive.rates(self.spec, own.pose)
        share = hand.FINE if fine else 1.0
        blades = self.blades[self.plane].rates(own.collimator, own.pose.field_mm, held, share)
        panned = self._panning()
        out = Action(
            plane=self.plane,
            table_x_mm_s=panned[0],
            table_y_mm_s=panned[1],
            table_z_mm_s=panned[2],
            orbit_deg_s=orbit,
            tilt_deg_s=tilt,
            swivel_deg_s=swivel,
            iris_mm_s=blades["iris_mm"],
            width_mm_s=blades["width_mm"],
            height_mm_s=blades["height_mm"],
            blades_deg_s=blades["turn_deg"],
            pulses_per_s=self._rate,
            field_mm=self._field,
            grid_in=self._grid,
            curve=self._curve,
            stand=self._stand,
        )
        self._rate = self._field = 0.0
        self._grid = self._curve = self._stand = None
        return out
