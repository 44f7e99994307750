"""Computed sounds: beam tone, tap, heartbeat. Without an audio device all of it is silence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pygame

from simulator.ui.scene import Scene
from simulator.world.events import Event, Said
from simulator.world.steel_events import Tapped

_RATE = 22050
_TAP_HZ = (700.0, 950.0, 1250.0, 1600.0)
_SOFT_MM = 3.0
"""The less a blow achieves, the higher it rings; this much or more sounds soft."""


def _tone(hz: float, seconds: float, volume: float, decay: float = 0.0) -> Any:
    t = np.arange(round(_RATE * seconds)) / _RATE
    wave = np.sin(2 * np.pi * hz * t) * np.exp(-decay * t)
    if decay == 0.0:  # a loop must close without a click
        wave *= np.minimum(1.0, np.minimum(t, t[::-1]) / 0.01) if seconds < 0.5 else 1.0
    mono = (wave * volume * 32767).astype(np.int16)
    return pygame.mixer.Sound(buffer=np.repeat(mono, 2).tobytes())


class Sound:
    """Plays what the scene does."""

    def __init__(self) -> None:
        """Open the mixer if there is one."""
        self.works = False
        self._sounds: dict[str, Any] = {}
        self._taps: list[Any] = []
        self._beam = False
        self._beat = 0
        try:
            pygame.mixer.init(_RATE, -16, 2, 512)
        except pygame.error:
            return
        self.works = True
        self._taps = [_tone(hz, 0.12, 0.3, 45.0) for hz in _TAP_HZ]
        self._sounds = {
            "beam": _tone(440.0, 1.0, 0.05),
            "beat": _tone(880.0, 0.07, 0.05, 12.0),
            "alarm": _tone(620.0, 0.35, 0.18, 3.0),
        }

    def follow(self, scene: Scene, events: Sequence[Event]) -> None:
        """Sound what happened in this frame."""
        if not self.works:
            return
        if not scene.sound:
            self.quiet()
            return
        beam = scene.state.c_arm.beam_on
        if beam != self._beam:
            self._beam = beam
            if beam:
                self._sounds["beam"].play(-1)
            else:
                self._sounds["beam"].stop()
        beat = int(scene.state.tick / 3600.0 * scene.state.vitals.heart_rate_min)
        if beat != self._beat and not scene.operator.fast:
            self._sounds["beat"].play()
        self._beat = beat
        for event in events:
            if isinstance(event, Tapped):
                soft = min(max(event.advance_mm / _SOFT_MM, 0.0), 1.0)
                self._taps[round((1.0 - soft) * (len(self._taps) - 1))].play()
            elif isinstance(event, Said) and event.alarm:
                self._sounds["alarm"].play(1)

    def quiet(self) -> None:
        """Stop everything."""
        if self.works:
            pygame.mixer.stop()
        self._beam = False
