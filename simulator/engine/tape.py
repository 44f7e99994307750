"""What was asked and what was told in a run, kept while it is played so that it can be walked."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterator

from simulator.engine.step import step
from simulator.world.action import Action
from simulator.world.case import Case
from simulator.world.events import Event, Exposed
from simulator.world.state import State

Stretch = tuple[int, int, Action]
"""(first tick, count, action): an action asked for in so many steps on end."""

Told = tuple[int, Event]
"""(tick after the step, what happened)."""


class Tape:
    """The actions of a run, its X-ray pulses, and everything else that happened."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.pulses: list[Exposed] = []
        self.told: list[Told] = []
        """Events but pulses."""
        self._asked: list[Stretch] = []

    def ask(self, tick: int, action: Action) -> None:
        """Keep the action of the step that starts at `tick`."""
        if self._asked:
            first, count, same = self._asked[-1]
            if same == action and first + count == tick and not action.wait_s:
                self._asked[-1] = (first, count + 1, same)
                return
        self._asked.append((tick, 1, action))

    def tell(self, tick: int, events: tuple[Event, ...]) -> None:
        """Keep what a step reported."""
        for event in events:
            if isinstance(event, Exposed):
                self.pulses.append(event)
            else:
                self.told.append((tick, event))

    def stretches(self) -> tuple[Stretch, ...]:
        """Return all that was asked for, in its order."""
        return tuple(self._asked)

    def asked(self, start: int, end: int) -> Iterator[tuple[int, Action]]:
        """Yield (tick, action) of the steps that start at `start` or later and before `end`."""
        at = bisect.bisect_right(self._asked, start, key=lambda row: row[0])
        for first, count, action in self._asked[max(at - 1, 0) :]:
            if first >= end:
                return
            for tick in range(max(first, start), min(first + count, end)):
                yield tick, action

    def until(self, tick: int) -> Tape:
        """Return what there is of the steps that lead to `tick`."""
        out = Tape()
        out.pulses = [pulse for pulse in self.pulses if pulse.shot.tick <= tick]
        out.told = [row for row in self.told if row[0] <= tick]
        for first, count, action in self._asked:
            if first < tick:
                out._asked.append((first, min(count, tick - first), action))
        return out


def walked(
    case: Case, state: State, tape: Tape, tick: int, stop: Callable[[], bool] = lambda: False
) -> State | None:
    """Go from a state of a run to a later moment of it, by the actions of then and the same step.

    Args:
        case: The case of the run.
        state: Where to begin, at `tick` or before.
        tape: What was asked for in the run.
        tick: Where to go. A moment inside a wait that was taken in one step is not there by
            itself: the state before the wait is.
        stop: Asked before every step; if it says yes, nothing is returned.
    """
    for start, action in tape.asked(state.tick, tick):
        if stop():
            return None
        if start != state.tick:  # what was left out is before the run that this one came from
            break
        after, _ = step(case, state, action)
        if after.tick > tick:
            break
        state = after
    return state
