"""One plane's picture chain in the window: pulses become films, the last one is held."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np
import pygame

from simulator.imaging import blades, display, projector, render
from simulator.units import ByteArray, frozen
from simulator.world.arm import Shot
from simulator.world.case import Case
from simulator.world.collimator import Collimator
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
    settings: display.Settings = display.PLAIN
    """As the viewer had turned it."""
    notice: str = ""
    """Why it does not show the mode that was asked for."""
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


@lru_cache(maxsize=4)
def _shutter(
    n: int, field_mm: float, collimator: Collimator, turned: display.Settings
) -> ByteArray | None:
    """Return the blades as 0 .. 255 on the picture as it lies on the screen; None: all open."""
    opening = blades.mask(n, field_mm, collimator)
    if float(opening.min()) >= 1.0:
        return None
    plain = frozen(np.rint(255.0 * opening).astype(np.uint8))
    return display.oriented(plain, turned)


def shuttered(pixels: ByteArray, shot: Shot, settings: display.Settings) -> ByteArray:
    """Return a picture with black where the blades were: a monitor shows no scatter there."""
    turned = display.Settings(
        rotate_deg=settings.rotate_deg, flip_x=settings.flip_x, flip_y=settings.flip_y
    )
    veil = _shutter(len(pixels), shot.pose.field_mm, shot.collimator, turned)
    if veil is None:
        return pixels
    return frozen((pixels.astype(np.uint16) * veil // 255).astype(np.uint8))


class Chain:
    """Develops the pulses of one plane."""

    def __init__(self, case: Case, plane: int) -> None:
        """Begin without a picture."""
        self.case = case
        self.plane = plane
        self.live: Film | None = None
        self.settings = display.Settings()
        self._projector = projector.PatientProjector(case.patient)
        self._memory = display.DisplayState()

    def develop(self, state: State, pulse: Exposed, n: int) -> Film:
        """Develop a pulse with n x n pixels and show it."""
        arm = state.c_arm.through(self.plane)
        own = replace(state, c_arm=arm)
        radiograph = render.render(self.case, own, n, self._projector)
        self._memory, pixels = display.develop(self._memory, radiograph, self.settings)
        shown = shuttered(pixels, pulse.shot, self.settings)
        self.live = Film(
            shown,
            grey_surface(shown),
            pulse.shot,
            pulse.kvp,
            arm.mas_pulse * arm.pulses_per_s,
            arm.pulses_per_s,
            self.settings,
            display.notice(self._memory, self.settings),
        )
        return self.live

    def change(self, settings: display.Settings) -> None:
        """Show the held picture with other settings; nothing is exposed for it."""
        self.settings = settings
        pixels = display.held(self._memory, settings)
        if self.live is None or pixels is None:
            return
        shown = shuttered(pixels, self.live.shot, settings)
        self.live = replace(
            self.live,
            pixels=shown,
            surface=grey_surface(shown),
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
