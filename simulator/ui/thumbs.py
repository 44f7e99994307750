"""AP and lateral thumbnails of the cases: rendered once beside the window, then kept on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pygame

from simulator.engine.start import first_state
from simulator.imaging.display import picture
from simulator.imaging.positioner import preset
from simulator.imaging.projector import PatientProjector
from simulator.paths import cache_dir
from simulator.scenario.load import CaseCard, load_case
from simulator.ui.pictures import grey_surface
from simulator.ui.work import Report, Work
from simulator.units import ByteArray
from simulator.world.arm import Pose
from simulator.world.case import Case
from simulator.world.state import State

VIEWS = ("ap", "lateral")
_SIDE = 320
_FIELD_MM = 150.0
_FILM_KVP = 80.0
_FILM_MAS = 4.0


def _file(card: CaseCard, view: str) -> Path:
    digest = hashlib.sha256(card.path.read_bytes()).hexdigest()[:12]
    return cache_dir() / "thumbs" / f"{card.id}-{digest}-{view}.png"


def film(case: Case, state: State, pose: Pose, n: int, projector: PatientProjector) -> ByteArray:
    """Return a plain radiograph: one strong exposure instead of a weak pulse."""
    arm = replace(state.c_arm, pose=pose, kvp=_FILM_KVP, mas_pulse=_FILM_MAS)
    return picture(case, replace(state, c_arm=arm), n, 6, projector)


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
