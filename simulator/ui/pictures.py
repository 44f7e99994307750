"""The pictures of the two monitors, and the strip of stored films."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from simulator.imaging import display, exposure
from simulator.ui.chain import Chain, Film
from simulator.world.arm import View
from simulator.world.case import Case
from simulator.world.events import Event, Exposed
from simulator.world.state import State

KEPT = 8
"""Films in the strip; the oldest makes room."""

EDGES = (0.0, 0.5, 1.0, 1.5, 2.0)
TURN_DEG = 15.0

_OTHER = {View.AP: View.LATERAL, View.LATERAL: View.AP}
_STEP_PX = 64
_MODES = tuple(display.Mode)

Change = Callable[[display.Settings], display.Settings]


def rendered_px(side: int) -> int:
    """Return the size to render for a monitor of `side` pixels: the detector bins in 64ths."""
    return max(round(side / _STEP_PX), 4) * _STEP_PX


def windowed(brighter: float, steeper: float) -> Change:
    """Return a change of brightness (in half window widths) and contrast (as a factor)."""

    def change(old: display.Settings) -> display.Settings:
        return replace(
            old,
            brightness=min(max(old.brightness + brighter, -1.5), 1.5),
            contrast=min(max(old.contrast * steeper, 0.4), 3.0),
        )

    return change


def inverted(old: display.Settings) -> display.Settings:
    """Show bone bright, or dark again."""
    return replace(old, invert=not old.invert)


def sharper(old: display.Settings, by: int = 1) -> display.Settings:
    """Take the next strength of edge enhancement, from the strongest back to none."""
    at = min(range(len(EDGES)), key=lambda i: abs(EDGES[i] - old.edge))
    return replace(old, edge=EDGES[(at + by) % len(EDGES)])


def rotated(by_deg: float) -> Change:
    """Return a turn of what is on the screen, clockwise."""
    return lambda old: display.turned(old, by_deg)


def in_mode(mode: display.Mode) -> Change:
    """Return a change to live, subtraction or roadmap."""
    return lambda old: replace(old, mode=mode)


def next_mode(old: display.Settings) -> display.Settings:
    """Take the next of live, subtraction and roadmap."""
    return replace(old, mode=_MODES[(_MODES.index(old.mode) + 1) % len(_MODES)])


def plain(old: display.Settings) -> display.Settings:
    """Take back everything but the mode."""
    return display.Settings(mode=old.mode)


class Pictures:
    """Develops pulses into films, remembers the last film of each view, keeps the stored ones."""

    def __init__(self, case: Case, n: int) -> None:
        """Prepare picture chains of n x n pixels; that of a second plane when it is used."""
        self.case = case
        self.n = n
        self.stored: list[Film] = []
        self.shown: int | None = None
        """The stored film on the reference monitor."""
        self.swapped = False
        self._by_view: dict[View, Film] = {}
        self._chains = {0: Chain(case, 0)}

    def resize(self, n: int) -> None:
        """Render the next pictures with n pixels per side."""
        self.n = n

    def chain(self, plane: int) -> Chain:
        """Return the chain of a plane."""
        if plane not in self._chains:
            self._chains[plane] = Chain(self.case, plane)
        return self._chains[plane]

    @property
    def live(self) -> Film | None:
        """The last picture of the first plane."""
        return self._chains[0].live

    @property
    def reference(self) -> Film | None:
        """The recalled film, the second plane, or the last picture of another view."""
        if self.shown is not None:
            return self.stored[self.shown]
        if 1 in self._chains:
            return self._chains[1].live
        live = self.live
        other = _OTHER.get(live.shot.view) if live is not None else None
        if other in self._by_view:
            return self._by_view[other]
        others = [f for v, f in self._by_view.items() if live is None or v is not live.shot.view]
        return max(others, key=lambda f: f.shot.tick, default=None)

    def main(self) -> Film | None:
        """Return what the large monitor shows."""
        return self.reference if self.swapped else self.live

    def beside(self) -> Film | None:
        """Return what the other monitor shows."""
        return self.live if self.swapped else self.reference

    def is_live(self, film: Film) -> bool:
        """Tell whether a film is the last picture of its plane."""
        return film is self.chain(film.shot.plane).live

    def see(self, state: State, events: Sequence[Event]) -> bool:
        """Develop the last pulse of each plane among the events; tell whether there was one.

        What a plane showed last is held as soon as its pedal is up.
        """
        last = {e.shot.plane: e for e in events if isinstance(e, Exposed)}
        for plane, pulse in last.items():
            film = self.chain(plane).develop(state, pulse, self.n)
            if plane == 1:
                self.shown = None  # a recalled film gives way to the beam
            if not state.c_arm.through(plane).moving:  # a passing arm's is nobody's reference
                self._by_view[film.shot.view] = film
        for plane, chain in self._chains.items():
            if chain.running and not state.c_arm.through(plane).beam:
                self._refreshed(plane, Chain.hold)
        return bool(last)

    def restore(self, state: State) -> None:
        """Put the last AP and lateral on the monitors: a run that begins in its middle had them.

        With the technique at which the brightness control rests there: that of then is not kept.
        """
        shots = [s for s in (state.c_arm.last_ap, state.c_arm.last_lateral) if s is not None]
        for shot in sorted(shots, key=lambda s: s.tick):
            own = state.c_arm.through(shot.plane)
            arm = replace(own, pose=shot.pose, collimator=shot.collimator, second=None)
            arm = exposure.run_in(self.case, arm)
            pulse = Exposed(shot, arm.kvp, arm.mas_pulse, hand_in_beam=False)
            then = replace(state, c_arm=arm)
            self._by_view[shot.view] = self.chain(shot.plane).develop(then, pulse, self.n)

    def turn(self) -> None:
        """Clear the monitors: films of another level are no views of the one now in work."""
        self._by_view.clear()
        for chain in self._chains.values():
            chain.live, chain.running = None, False

    def change(self, how: Change, plane: int = 0) -> None:
        """Change what the viewer has turned at a plane."""
        self._refreshed(plane, lambda chain: chain.change(how(chain.settings)))

    def take_mask(self, plane: int = 0) -> None:
        """Keep the last frames of a plane as its mask."""
        self._refreshed(plane, Chain.take_mask)

    def _refreshed(self, plane: int, act: Callable[[Chain], None]) -> None:
        chain = self.chain(plane)
        before = chain.live
        act(chain)
        if before is None or chain.live is None:
            return
        if self._by_view.get(before.shot.view) is before:
            self._by_view[before.shot.view] = chain.live

    def store(self, plane: int = 0) -> None:
        """Keep the live picture in the strip and on the reference; take it out when it is there."""
        film = self.chain(plane).live
        if film is None:
            return
        if film in self.stored:
            self.stored.remove(film)
            self.shown = None
            return
        self.stored = [*self.stored, film][-KEPT:]
        self.shown = len(self.stored) - 1

    def show(self, index: int) -> None:
        """Recall a stored film to the reference, or let it go again."""
        self.shown = None if self.shown == index else index

    def step(self) -> None:
        """Recall the next stored film; after the last one none."""
        after = 0 if self.shown is None else self.shown + 1
        self.shown = after if after < len(self.stored) else None
