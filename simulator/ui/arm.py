"""Driving the C-arm: a wish for an angle becomes rates at the arm's real speed."""

from __future__ import annotations

from dataclasses import dataclass, field

from simulator.imaging.positioner import PRESETS
from simulator.units import TICKS_PER_S
from simulator.world.arm import Pose
from simulator.world.instruments import CArmSpec

SLOTS = ("ap", "lateral", "en_face_left", "en_face_right")
TRIM_DEG = 1.0
TRIM_FINE_DEG = 0.2
FIELDS_MM = (300.0, 200.0, 150.0)

_NEAR = 1e-6


def _rate(now: float, wish: float, fastest: float) -> float:
    """Return the speed that reaches `wish` as fast as the motor can, and stops on it."""
    return min(max((wish - now) * TICKS_PER_S, -fastest), fastest)


@dataclass(slots=True)
class Drive:
    """Where the arm is asked to go."""

    slots: dict[str, tuple[float, float]] = field(default_factory=lambda: dict(PRESETS))
    slot: str = "ap"
    """The preset that was asked for last."""
    target: tuple[float, float] | None = None

    def to(self, slot: str) -> None:
        """Drive to a preset."""
        self.slot = slot
        self.target = self.slots[slot]

    def trim(self, pose: Pose, orbit_deg: float, tilt_deg: float) -> None:
        """Change the wished angles."""
        orbit, tilt = self.target or (pose.orbit_deg, pose.tilt_deg)
        self.target = (round(orbit + orbit_deg, 4), round(tilt + tilt_deg, 4))

    def keep(self, pose: Pose) -> None:
        """Store the present angles in the slot in use."""
        self.slots[self.slot] = (pose.orbit_deg, pose.tilt_deg)

    def rates(self, spec: CArmSpec, pose: Pose) -> tuple[float, float]:
        """Return orbit and tilt speeds of this tick."""
        if self.target is None:
            return 0.0, 0.0
        orbit = min(max(self.target[0], spec.orbit_range_deg[0]), spec.orbit_range_deg[1])
        tilt = min(max(self.target[1], spec.tilt_range_deg[0]), spec.tilt_range_deg[1])
        if abs(orbit - pose.orbit_deg) < _NEAR and abs(tilt - pose.tilt_deg) < _NEAR:
            self.target = None
            return 0.0, 0.0
        return (
            _rate(pose.orbit_deg, orbit, spec.orbit_deg_s),
            _rate(pose.tilt_deg, tilt, spec.tilt_deg_s),
        )


def next_of(values: tuple[float, ...], now: float) -> float:
    """Return the value after `now`, round again at the end."""
    later = [i for i, v in enumerate(values) if abs(v - now) < _NEAR]
    return values[(later[0] + 1) % len(values)] if later else values[0]
