"""The pictures of a run, developed again for any moment beside the window."""

from __future__ import annotations

import bisect
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from simulator.engine.session import Session
from simulator.records.charts import lateral
from simulator.ui.chain import Chain, Film
from simulator.units import TICKS_PER_S
from simulator.world.events import Exposed
from simulator.world.state import State

SLOTS = ("AP", "Lateral")
"""The two monitors; what is nearer to an AP stands on the first."""
FILM_PX = 512
_GAP_TICKS = TICKS_PER_S // 2
"""Pulses further apart belong to two pictures."""
_DEEP = 8
"""Pulses that the picture chain is given before the one that is shown: its mean is steady then."""
_KEPT = 48
"""Films and states kept, the latest used."""


@dataclass(frozen=True, slots=True)
class Burst:
    """Pulses of one slot on end: what one tread of the pedal shows."""

    slot: int
    pulses: tuple[Exposed, ...]

    @property
    def first(self) -> int:
        """Tick of its first pulse."""
        return self.pulses[0].shot.tick

    @property
    def last(self) -> int:
        """Tick of its last pulse."""
        return self.pulses[-1].shot.tick


def slot_of(pulse: Exposed) -> int:
    """Return the monitor of a pulse."""
    return int(bool(pulse.shot.plane) or lateral(pulse.shot.pose.orbit_deg))


def bursts(pulses: Sequence[Exposed]) -> tuple[Burst, ...]:
    """Return the pictures of a run in the order of their beginning."""
    out: list[Burst] = []
    for slot in range(len(SLOTS)):
        mine = [pulse for pulse in pulses if slot_of(pulse) == slot]
        cuts = [
            i
            for i, (a, b) in enumerate(pairwise(mine), 1)
            if b.shot.tick - a.shot.tick > _GAP_TICKS or a.shot.plane != b.shot.plane
        ]
        for start, end in pairwise([0, *cuts, len(mine)]):
            if end > start:
                out.append(Burst(slot, tuple(mine[start:end])))
    return tuple(sorted(out, key=lambda burst: burst.first))


@dataclass(frozen=True, slots=True)
class Held:
    """What a monitor shows at one moment."""

    film: Film | None
    """None while it is developed for the first time."""
    pulse: Exposed
    on: bool
    """The beam was on."""
    fresh: bool
    """It is the film of this moment; else an older one stands in while it is developed."""


class Reel:
    """Finds the pulses of a moment and develops them in a thread of its own (a lifetime)."""

    def __init__(self, session: Session) -> None:
        """Look at a run that is over."""
        self.session = session
        self.bursts = bursts(session.tape.pulses)
        self._by_slot = [[b for b in self.bursts if b.slot == slot] for slot in range(len(SLOTS))]
        self._films: OrderedDict[tuple[int, int], Film] = OrderedDict()
        self._shown: list[Film | None] = [None] * len(SLOTS)
        self._states: OrderedDict[int, State] = OrderedDict()
        self._chains: dict[int, Chain] = {}
        self._wanted: list[tuple[int, int]] = []
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def look(self, tick: int) -> tuple[Held | None, ...]:
        """Return what each monitor shows at `tick`, and have developed what is missing."""
        out: list[Held | None] = []
        wanted = []
        for slot in range(len(SLOTS)):
            found = self._pulse(slot, tick)
            if found is None:
                out.append(None)
                continue
            burst, at = found
            pulse = burst.pulses[at]
            key = (slot, pulse.shot.tick)
            film = self._films.get(key)
            if film is None:
                wanted.append(key)
            else:
                self._shown[slot] = film
            on = tick <= burst.last and tick - pulse.shot.tick <= _GAP_TICKS
            out.append(Held(film or self._shown[slot], pulse, on, film is not None))
        # What the beam was on for last comes first.
        self._wanted = sorted(wanted, key=lambda key: -key[1])
        if self._wanted and not self.busy:
            self._stop.clear()
            self._thread = threading.Thread(target=self._work, daemon=True)
            self._thread.start()
        return tuple(out)

    @property
    def busy(self) -> bool:
        """Tell whether something is being developed."""
        return self._thread is not None and self._thread.is_alive()

    def stop(self) -> None:
        """Stop what is being developed, and wait for that: a tick or a picture at the most."""
        self._wanted = []
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def state(self, tick: int) -> State | None:
        """Return the state at `tick`, from the nearest one that is kept; None once stopped."""
        state = self.session.state_at(tick)
        near = [t for t in self._states if state.tick < t <= tick]
        if near:
            state = self._states[max(near)]
        found = self.session.walk(tick, self._stop.is_set, state)
        if found is not None:
            self._states[found.tick] = found
            while len(self._states) > _KEPT:
                self._states.popitem(last=False)
        return found

    def _pulse(self, slot: int, tick: int) -> tuple[Burst, int] | None:
        rows = self._by_slot[slot]
        at = bisect.bisect_right(rows, tick, key=lambda burst: burst.first) - 1
        if at < 0:
            return None
        ticks = [pulse.shot.tick for pulse in rows[at].pulses]
        return rows[at], bisect.bisect_right(ticks, tick) - 1

    # -- beside the window ----------------------------------------------------------------------

    def _work(self) -> None:
        """Develop what is wanted until nothing is, or somebody says stop."""
        while self._wanted and not self._stop.is_set():
            key = self._wanted[0]
            film = self._developed(*key)
            if film is None:
                return
            self._films[key] = film
            while len(self._films) > _KEPT:
                self._films.popitem(last=False)
            self._wanted = [other for other in self._wanted if other != key]

    def _developed(self, slot: int, tick: int) -> Film | None:
        found = self._pulse(slot, tick)
        assert found is not None
        burst, at = found
        film: Film | None = None
        chain = self._chain(burst.pulses[at].shot.plane, slot)
        chain.forget()
        for pulse in burst.pulses[max(at + 1 - _DEEP, 0) : at + 1]:
            state = self.state(pulse.shot.tick)
            if state is None or self._stop.is_set():
                return None
            film = chain.develop(state, pulse, FILM_PX)
        if at == len(burst.pulses) - 1:
            chain.hold()
            film = chain.live
        return film

    def _chain(self, plane: int, slot: int) -> Chain:
        """Return the chain of a monitor: one each, so that both remember their projections."""
        if slot not in self._chains:
            self._chains[slot] = Chain(self.session.case, plane)
        return self._chains[slot]
