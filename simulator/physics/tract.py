"""Channels that tools leave in bone: what was cut stays cut."""

from __future__ import annotations

from itertools import pairwise

from simulator.frames import minus, norm
from simulator.units import Vec3
from simulator.world.tools import Cannula

Path = tuple[Vec3, ...]

_PARTS = 6
_SHORT_MM = 3.0
"""A dent in the cortex is no channel."""
_SAME_MM = 2.0
"""Channels that end nearer to each other than this are one."""
_MOST = 8


def channel(cannula: Cannula) -> Path:
    """Return the channel of the present path, from the dock to its end; empty without one."""
    if cannula.dock_mm is None:
        return ()
    start, end = cannula.dock_depth_mm, max(cannula.depth_mm, cannula.deepest_mm)
    if end - start < _SHORT_MM:
        return ()
    parts = 1 if cannula.bow is None else _PARTS
    return tuple(cannula.axis_at(start + (end - start) * k / parts)[0] for k in range(parts + 1))


def kept(tracts: tuple[Path, ...], path: Path) -> tuple[Path, ...]:
    """Return `tracts` with one more channel; a few hundredths of the same swing are one."""
    if len(path) < 2 or norm(minus(path[-1], path[0])) < _SHORT_MM:
        return tracts
    if any(norm(minus(old[-1], path[-1])) < _SAME_MM for old in tracts):
        return tracts
    return (*tracts, path)[-_MOST:]


def segments(tracts: tuple[Path, ...]) -> tuple[tuple[Vec3, Vec3], ...]:
    """Return straight pieces, start and end."""
    return tuple(pair for path in tracts for pair in pairwise(path))
