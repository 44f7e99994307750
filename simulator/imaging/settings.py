"""What a viewer may turn on the monitor; no setting costs an exposure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class Mode(StrEnum):
    """What of a picture is shown."""

    LIVE = "live"
    SUBTRACT = "subtract"
    """Only what has changed since the mask was taken, on plain grey."""
    ROADMAP = "roadmap"
    """The same over the anatomy of the mask, which stays faint and quiet."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the viewer turns: added to the automatic window."""

    brightness: float = 0.0
    """In half window widths; positive is brighter."""
    contrast: float = 1.0
    edge: float = 1.0
    """Multiplies the edge gain."""
    invert: bool = False
    """Bone bright."""
    rotate_deg: float = 0.0
    """Turns the picture clockwise about its centre, after the flips."""
    flip_x: bool = False
    """Left and right change places."""
    flip_y: bool = False
    """Top and bottom change places."""
    mode: Mode = Mode.LIVE


PLAIN = Settings()
"""Nothing turned."""


def turned(settings: Settings, by_deg: float) -> Settings:
    """Return settings that turn the picture on the screen by so much more, clockwise."""
    return replace(settings, rotate_deg=(settings.rotate_deg + by_deg) % 360.0)


def signed_deg(turn_deg: float) -> float:
    """Return a turn as it is told, from -180 to 180 degrees."""
    return (turn_deg + 180.0) % 360.0 - 180.0


def mirrored_x(settings: Settings) -> Settings:
    """Return settings that mirror what is on the screen left to right, turned or not."""
    angle = -settings.rotate_deg % 360.0
    return replace(settings, flip_x=not settings.flip_x, rotate_deg=angle)


def mirrored_y(settings: Settings) -> Settings:
    """Return settings that mirror what is on the screen top to bottom, turned or not."""
    angle = -settings.rotate_deg % 360.0
    return replace(settings, flip_y=not settings.flip_y, rotate_deg=angle)
