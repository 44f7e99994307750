"""Where a fold writes what it counts during one tick."""

from __future__ import annotations

from simulator.world.tally import Tally


class Account:
    """Collects changes to a tally's values, and is thrown away with the tick."""

    __slots__ = ("new", "old")

    def __init__(self, tally: Tally) -> None:
        self.old = tally.values
        self.new: dict[str, float] = {}

    def get(self, name: str, default: float = 0.0) -> float:
        """Return a value as it stands now."""
        return self.new.get(name, self.old.get(name, default))

    def put(self, name: str, value: float) -> None:
        """Set a value."""
        if self.new.get(name, self.old.get(name)) != value:
            self.new[name] = value

    def most(self, name: str, value: float) -> None:
        """Keep the greater one."""
        if value > self.get(name, -1e30):
            self.new[name] = value

    def least(self, name: str, value: float) -> None:
        """Keep the smaller one."""
        if value < self.get(name, 1e30):
            self.new[name] = value

    def add(self, name: str, value: float) -> None:
        """Add to a sum."""
        if value:
            self.new[name] = self.get(name) + value

    def once(self, name: str, value: float) -> None:
        """Set a value the first time only."""
        if name not in self.new and name not in self.old:
            self.new[name] = value
