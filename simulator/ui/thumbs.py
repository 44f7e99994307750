"""AP and lateral thumbnails of the cases: rendered once beside the window, then kept on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pygame

from simulator.engine.start import first_state
from simulator.imaging.positioner import preset
from simulator.imaging.projector import PatientProjector
from simulator.paths import cache_dir
from simulator.scenario.load import CaseCard, load_case
from simulator.ui.chain import grey_surface
from simulator.ui.films import film
from simulator.ui.work import Report, Work

VIEWS = ("ap", "lateral")
_SIDE = 320
_FIELD_MM = 150.0


def _file(card: CaseCard, view: str) -> Path:
    digest = hashlib.sha256(card.path.read_bytes()).hexdigest()[:12]
    return cache_dir() / "thumbs" / f"{card.id}-{digest}-{view}.png"


class Thumbs:
    """Hands out what is on disk, and makes what is missing one case after the other."""

    def __init__(self, cards: Sequence[CaseCard]) -> None:
        """Start making the missing ones."""
        self._surfaces: dict[tuple[str, str], Any] = {}
        self._cards = [card for card in cards if not card.fault]
        missing = [c for c in self._cards if not all(_file(c, v).exists() for v in VIEWS)]
        self._work = Work(lambda report: _make(missing, report)) if missing else None

    def get(self, card: CaseCard, view: str) -> Any | None:
        """Return the thumbnail, or None while it is not there."""
        key = (card.id, view)
        if key not in self._surfaces:
            path = _file(card, view)
            if not path.exists():
                return None
            try:
                self._surfaces[key] = pygame.image.load(str(path)).convert()
            except pygame.error:
                return None
        return self._surfaces[key]

    def stop(self) -> None:
        """Leave the processor to the theatre."""
        if self._work is not None:
            self._work.cancel()


def _make(cards: Sequence[CaseCard], report: Report) -> None:
    for i, card in enumerate(cards):
        case = load_case(card.path, 1, lambda words, share: report(words, share))
        projector = PatientProjector(case.patient)
        state = first_state(case)
        for view in VIEWS:
            report(card.title, i / len(cards))
            pose = replace(preset(state.c_arm.pose, view), field_mm=_FIELD_MM)
            pixels = film(case, state, pose, _SIDE, projector)
            path = _file(card, view)
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part.png")
            pygame.image.save(grey_surface(pixels), str(part))
            part.replace(path)  # a half-written picture is never seen
