"""One plane's picture chain in the window: pulses become films, the last one is held."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pygame

from simulator.imaging import display, projector, render
from simulator.units import ByteArray
from simulator.world.arm import Curve, Shot
from simulator.world.case import Case
from simulator.world.cement import Route
from simulator.world.events import Exposed
from simulator.world.state import State

_GREYS = [(i, i, i) for i in range(256)]

_SIZES = 3
"""A film is shown on a monitor, in the strip, and while a window is resized."""


@dataclass(frozen=True, slots=True, eq=False)
class Film:
    """One developed picture with what is written in its corners; equal only to itself."""

    pixels: ByteArray
    surface: Any
    shot: Shot
    kvp: float
    ma: float
    pulses_per_s: float
    curve: Curve = Curve.NORMAL
    grid_in: bool = True
    settings: display.Settings = display.PLAIN
    """As the viewer had turned it."""
    notice: str = ""
    """Why it does not show the mode that was asked for."""
    leaks: tuple[Route, ...] = ()
    """Ways out by which cement stands out in it."""
    _scaled: dict[int, Any] = field(default_factory=dict)

    def sized(self, side: int) -> Any:
        """Return the picture with `side` pixels; scaled once, a held image is drawn often."""
        if side == self.surface.get_width():
            return self.surface
        if side not in self._scaled:
            if len(self._scaled) >= _SIZES:
                self._scaled.clear()
            whole = self.surface.convert(24)
            self._scaled[side] = pygame.transform.smoothscale(whole, (side, side))
        return self._scaled[side]


def grey_surface(pixels: ByteArray) -> Any:
    """Return an 8-bit grey surface that shares nothing with `pixels`."""
    h, w = pixels.shape
    surface = pygame.image.frombuffer(pixels.tobytes(), (w, h), "P")
    surface.set_palette(_GREYS)
    return surface


class Chain:
    """Develops the pulses of one plane."""

    def __init__(self, case: Case, plane: int) -> None:
        """Begin without a picture."""
        self.case = case
        self.plane = plane
        self.live: Film | None = None
        self.settings = display.Settings()
        self.running = False
        """The picture is of the live chain, not a hold yet."""
        self._projector = projector.PatientProjector(case.patient)
        self._memory = display.DisplayState()

    def develop(self, state: State, pulse: Exposed, n: int) -> Film:
        """Develop a pulse with n x n pixels and show it."""
        arm = pulse.arm(state.c_arm)
        own = replace(state, c_arm=arm)
        radiograph = render.render(self.case, own, n, self._projector)
        self._memory, pixels = display.develop(self._memory, radiograph, self.settings)
        self.running = True
        self.live = Film(
            pixels,
            grey_surface(pixels),
            pulse.shot,
            pulse.kvp,
            arm.mas_pulse * arm.pulses_per_s,
            arm.pulses_per_s,
            arm.curve,
            arm.grid_in,
            self.settings,
            display.notice(self._memory, self.settings),
            pulse.shown.leaks,
        )
        return self.live

    def forget(self) -> None:
        """Forget what was seen, as after a long pause."""
        self._memory = display.DisplayState()

    def hold(self) -> None:
        """Show the last-image hold: the pedal is up."""
        self.change(self.settings)

    def change(self, settings: display.Settings) -> None:
        """Show the held picture with other settings; nothing is exposed for it."""
        self.settings = settings
        self.running = False
        pixels = display.held(self._memory, settings)
        if self.live is None or pixels is None:
            return
        self.live = replace(
            self.live,
            pixels=pixels,
            surface=grey_surface(pixels),
            settings=settings,
            notice=display.notice(self._memory, settings),
            _scaled={},
        )

    def take_mask(self) -> None:
        """Keep the last frames as the mask of subtraction and roadmap."""
        self._memory = display.take_mask(self._memory)
        self.change(self.settings)

    @property
    def masked(self) -> bool:
        """Tell whether there is a mask."""
        return self._memory.mask is not None
