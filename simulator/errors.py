"""Whose mistake it was: the author's, the file's, or ours. A trainee's mistake is an event."""

from __future__ import annotations


class SimulatorError(Exception):
    """A mistake that the program can explain in its own words; shown without a traceback."""


class ScenarioError(SimulatorError):
    """An authored file (case, test or stage script) is wrong; the text lists every fault."""


class AssetError(SimulatorError):
    """A data file of the program is missing or damaged."""


class RecordingError(SimulatorError):
    """A recording cannot be read, or a replay of it diverged."""


class UsageError(SimulatorError):
    """The command line asks for something that does not exist."""


class PhysicsError(Exception):
    """A bug of ours: a quantity left its possible range. Carries the tick."""

    def __init__(self, what: str, tick: int) -> None:
        """Remember what failed and when."""
        super().__init__(f"{what} at tick {tick} ({tick / 60:.2f} s)")
        self.what = what
        self.tick = tick
