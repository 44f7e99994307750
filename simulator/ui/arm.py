"""Driving the C-arm: a wish for an angle becomes rates at the machine's real speed."""

from __future__ import annotations

from dataclasses import dataclass, field

from simulator.imaging.positioner import PRESETS
from simulator.units import TICKS_PER_S
from simulator.world.arm import Pose
from simulator.world.instruments import CArmSpec

SLOTS = ("ap", "lateral", "en_face_left", "en_face_right")
TRIM_DEG = 1.0
TRIM_FINE_DEG = 0.2
DRAG_DEG = 0.4
DRAG_FINE_DEG = 0.05
"""Turn of the arm per pixel of a drag on its drawing."""

NEAR = 1e-6

Aim = tuple[float, float, float]
"""Orbit, tilt and swivel, degrees."""


def rate(now: float, wish: float, fastest: float) -> float:
    """Return the speed that reaches `wish` as fast as the motor can, and stops on it."""
    return min(max((wish - now) * TICKS_PER_S, -fastest), fastest)


def aim_of(pose: Pose) -> Aim:
    """Return the angles of a pose."""
    return pose.orbit_deg, pose.tilt_deg, pose.swivel_deg


def ranges(spec: CArmSpec, plane: int) -> tuple[tuple[float, float], ...]:
    """Return how far a plane goes in orbit, tilt and swivel, degrees."""
    return spec.orbits_deg(plane), spec.tilt_range_deg, spec.swivel_range_deg


def _slots() -> dict[str, Aim]:
    return {name: (orbit, tilt, 0.0) for name, (orbit, tilt) in PRESETS.items()}


@dataclass(slots=True)
class Drive:
    """Where the arm of one plane is asked to go."""

    plane: int = 0
    slots: dict[str, Aim] = field(default_factory=_slots)
    slot: str = "ap"
    """The preset that was asked for last."""
    target: Aim | None = None

    def to(self, slot: str) -> None:
        """Drive to a preset."""
        self.slot = slot
        self.target = self.slots[slot]

    def trim(self, spec: CArmSpec, pose: Pose, by: Aim) -> None:
        """Change the wished angles, inside what the arm can do."""
        wish = []
        for now, step, (low, high) in zip(
            self.target or aim_of(pose), by, ranges(spec, self.plane), strict=True
        ):
            wish.append(round(min(max(now + step, low), high), 4))
        self.target = (wish[0], wish[1], wish[2])

    def keep(self, pose: Pose) -> None:
        """Store the present angles in the slot in use."""
        self.slots[self.slot] = aim_of(pose)

    def rates(self, spec: CArmSpec, pose: Pose) -> Aim:
        """Return orbit, tilt and swivel speeds of this tick."""
        if self.target is None:
            return 0.0, 0.0, 0.0
        limits = ranges(spec, self.plane)
        wish = [min(max(w, lo), hi) for w, (lo, hi) in zip(self.target, limits, strict=True)]
        now = aim_of(pose)
        if all(abs(w - n) < NEAR for w, n in zip(wish, now, strict=True)):
            self.target = None
            return 0.0, 0.0, 0.0
        return (
            rate(now[0], wish[0], spec.orbit_deg_s),
            rate(now[1], wish[1], spec.tilt_deg_s),
            rate(now[2], wish[2], spec.swivel_deg_s),
        )


def next_of(values: tuple[float, ...], now: float) -> float:
    """Return the value after `now`, round again at the end."""
    later = [i for i, v in enumerate(values) if abs(v - now) < NEAR]
    return values[(later[0] + 1) % len(values)] if later else values[0]
