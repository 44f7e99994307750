"""The pictures of the two monitors: rendered when a pulse was taken, held until the next one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pygame

from simulator.imaging import display, projector, render
from simulator.units import ByteArray, FloatArray
from simulator.world.arm import Shot, View
from simulator.world.case import Case
from simulator.world.events import Event, Exposed
from simulator.world.state import State

_BLADE = 0.455
_TUBE = 0.515
"""Half side of the blades and radius of the image circle, in sides of the picture."""

_OTHER = {View.AP: View.LATERAL, View.LATERAL: View.AP}

_GREYS = [(i, i, i) for i in range(256)]


@dataclass(frozen=True, slots=True)
class Film:
    """One developed picture with what is written in its corners."""

    pixels: ByteArray
    surface: Any
    shot: Shot
    kvp: float
    ma: float
    pulses_per_s: float
    _scaled: dict[int, Any] = field(default_factory=dict)

    def sized(self, side: int) -> Any:
        """Return the picture with `side` pixels; scaled once, a held image is drawn often."""
        if side == self.surface.get_width():
            return self.surface
        if side not in self._scaled:
            self._scaled.clear()
            whole = self.surface.convert(24)
            self._scaled[side] = pygame.transform.smoothscale(whole, (side, side))
        return self._scaled[side]


_STEP_PX = 64


def rendered_px(side: int) -> int:
    """Return the size to render for a monitor of `side` pixels: the detector bins in 64ths."""
    return max(round(side / _STEP_PX), 4) * _STEP_PX


def mask(n: int) -> FloatArray:
    """Return the (n, n) collimator mask: square blades in a round field, edges soft."""
    at = np.abs(np.arange(n) - (n - 1) / 2)
    soft = max(n / 250.0, 1.5)
    square = np.clip((_BLADE * n - at) / soft, 0.0, 1.0)
    radius = np.hypot(*np.meshgrid(at, at))
    circle = np.clip((_TUBE * n - radius) / soft, 0.0, 1.0)
    return np.asarray(square[:, None] * square[None, :] * circle)


def grey_surface(pixels: ByteArray) -> Any:
    """Return an 8-bit grey surface that shares nothing with `pixels`."""
    h, w = pixels.shape
    surface = pygame.image.frombuffer(pixels.tobytes(), (w, h), "P")
    surface.set_palette(_GREYS)
    return surface


class Pictures:
    """Develops pulses into films and remembers the last film of each view."""

    def __init__(self, case: Case, n: int) -> None:
        """Prepare a picture chain of n x n pixels."""
        self.case = case
        self.live: Film | None = None
        self.pinned: Film | None = None
        self.swapped = False
        self._by_view: dict[View, Film] = {}
        self._projector = projector.PatientProjector(case.patient)
        self._display = display.DisplayState()
        self._settings = display.Settings()
        self.resize(n)

    def resize(self, n: int) -> None:
        """Render the next pictures with n pixels per side."""
        self.n = n
        self._mask = mask(n)

    def see(self, state: State, events: Sequence[Event]) -> bool:
        """Develop the last pulse among the events; tell whether there was one."""
        pulses = [e for e in events if isinstance(e, Exposed)]
        if not pulses:
            return False
        self.live = self._develop(state, pulses[-1])
        if not state.c_arm.moving:  # a picture of a passing arm is nobody's reference
            self._by_view[self.live.shot.view] = self.live
        return True

    def recall(self, state: State) -> None:
        """Put the last AP and lateral on the monitors: a run that begins in its middle had them."""
        shots = [s for s in (state.c_arm.last_ap, state.c_arm.last_lateral) if s is not None]
        for shot in sorted(shots, key=lambda s: s.tick):
            then = replace(state, c_arm=replace(state.c_arm, pose=shot.pose))
            self.live = self._develop(then, Exposed(shot, state.c_arm.kvp, hand_in_beam=False))
            self._by_view[shot.view] = self.live

    def _develop(self, state: State, pulse: Exposed) -> Film:
        radiograph = render.render(self.case, state, self.n, self._projector)
        self._display, pixels = display.develop(self._display, radiograph, self._settings)
        shown = self._masked(pixels)
        arm = state.c_arm
        return Film(
            shown,
            grey_surface(shown),
            pulse.shot,
            pulse.kvp,
            arm.mas_pulse * arm.pulses_per_s,
            arm.pulses_per_s,
        )

    @property
    def reference(self) -> Film | None:
        """The stored picture, or the last one of another view than the live one."""
        if self.pinned is not None:
            return self.pinned
        other = _OTHER.get(self.live.shot.view) if self.live is not None else None
        if other in self._by_view:
            return self._by_view[other]
        others = [
            f for v, f in self._by_view.items() if self.live is None or v is not self.live.shot.view
        ]
        return max(others, key=lambda f: f.shot.tick, default=None)

    def adjust(self, brighter: float, steeper: float) -> None:
        """Change brightness (in window widths) and contrast (as a factor) by a drag."""
        old = self._settings
        self._apply(
            replace(
                old,
                brightness=min(max(old.brightness + brighter, -1.5), 1.5),
                contrast=min(max(old.contrast * steeper, 0.4), 3.0),
            )
        )

    def invert(self) -> None:
        """Show bone bright, or dark again."""
        self._apply(replace(self._settings, invert=not self._settings.invert))

    def _apply(self, settings: display.Settings) -> None:
        """Show the held picture with other settings; nothing is exposed for it."""
        self._settings = settings
        pixels = display.held(self._display, settings)
        if self.live is None or pixels is None:
            return
        shown = self._masked(pixels)
        self.live = replace(self.live, pixels=shown, surface=grey_surface(shown), _scaled={})

    def _masked(self, pixels: ByteArray) -> ByteArray:
        return np.ascontiguousarray((pixels * self._mask).astype(np.uint8))

    def store(self) -> None:
        """Pin the live picture as reference, or let the pinned one go."""
        self.pinned = None if self.pinned is self.live else self.live
