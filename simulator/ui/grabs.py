"""What the mouse drags: the hub and the blades on a picture, its window, the arm on its drawing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pygame

from simulator.frames import along
from simulator.imaging import display
from simulator.imaging.positioner import geometry
from simulator.ui import blades
from simulator.ui.chain import Film
from simulator.ui.pictures import windowed
from simulator.ui.scene import Scene

LEFT, MIDDLE, RIGHT = 1, 2, 3
"""Mouse buttons."""

_WINDOW_PX = 300.0
"""A right-drag this long changes brightness by a window width, or doubles the contrast."""

Pull = Callable[[Any], None]


@dataclass(frozen=True, slots=True)
class Monitor:
    """A picture that can be dragged on."""

    image: Any
    film: Film | None
    plane: int


class Grabs:
    """Where a drag can begin in the last drawn frame, and the one that is being made."""

    def __init__(self, scene: Scene) -> None:
        """Begin without places."""
        self.scene = scene
        self.monitors: list[Monitor] = []
        self.stage = pygame.Rect(0, 0, 0, 0)
        """The drawing of the arm."""
        self._pull: Pull | None = None

    def clear(self) -> None:
        """Forget the places before a frame is drawn."""
        self.monitors = []
        self.stage = pygame.Rect(0, 0, 0, 0)

    def drop(self) -> None:
        """Let go."""
        self._pull = None

    def handle(self, event: Any) -> None:
        """Use a mouse event that no control wanted."""
        if event.type == pygame.MOUSEMOTION:
            if self._pull is not None:
                self._pull(event)
        elif event.button in (
            LEFT,
            MIDDLE,
            RIGHT,
        ):
            down = event.type == pygame.MOUSEBUTTONDOWN
            self._pull = self._begun(event) if down else None

    def _begun(self, event: Any) -> Pull | None:
        if event.button == LEFT and self.stage.collidepoint(event.pos):
            scene = self.scene
            return lambda motion: scene.operator.drag_arm(motion.rel, scene.state)
        for monitor in self.monitors:
            if monitor.image.collidepoint(event.pos):
                control = self.scene.operator.control
                if event.button == MIDDLE or (event.button == RIGHT and control):
                    return self._field(monitor)
                if event.button == RIGHT:
                    return self._window(monitor.plane)
                return self._blade(monitor, event.pos) or self._hub(monitor)
        return None

    def _window(self, plane: int) -> Pull:
        def pull(motion: Any) -> None:
            dx, dy = motion.rel
            change = windowed(-dy / _WINDOW_PX, 2.0 ** (dx / _WINDOW_PX))
            self.scene.pictures.change(change, plane)

        return pull

    def _field(self, monitor: Monitor) -> Pull:
        """Return the drag that moves the field: what is held goes along with the pointer."""

        def pull(motion: Any) -> None:
            scene, film = self.scene, monitor.film
            own = scene.state.c_arm.through(monitor.plane)
            pose = own.pose if film is None else film.shot.pose
            right, down = motion.rel
            if film is not None:
                right, down = display.plain_point(right, down, 1, film.settings)
            spec = scene.case.c_arm
            g = geometry(spec, pose, monitor.image.w)
            per_px = g.pitch_mm * spec.sad_mm / spec.sdd_mm
            way = along(along((0.0, 0.0, 0.0), g.right, -right * per_px), g.up, down * per_px)
            scene.operator.hurry()
            scene.operator.console.take(monitor.plane)
            scene.operator.console.pan(way)

        return pull

    def _blade(self, monitor: Monitor, at: tuple[int, int]) -> Pull | None:
        """Return the drag of a blade: of one whose edge is caught, or of any with Ctrl."""
        film, operator = monitor.film, self.scene.operator
        if film is None:
            return None

        def now() -> Any:
            return self.scene.state.c_arm.through(monitor.plane).collimator

        place = blades.under(monitor.image, film, at)
        if operator.control:
            name = "iris_mm" if operator.braced else blades.nearest(now(), place)
        else:
            grip = blades.GRIP_PX * film.shot.pose.field_mm / monitor.image.w
            name = blades.edge_at(now(), place, grip) or ""
        if not name:
            return None

        def pull(motion: Any) -> None:
            operator.hurry()
            operator.console.take(monitor.plane)
            spot = blades.under(monitor.image, film, motion.pos)
            opening = blades.opening_at(now(), name, spot)
            operator.console.blades[monitor.plane].to(name, opening)

        return pull

    def _hub(self, monitor: Monitor) -> Pull:
        def pull(motion: Any) -> None:
            scene, film = self.scene, monitor.film
            pose = scene.state.c_arm.through(monitor.plane).pose
            right, down = motion.rel
            if film is not None:
                pose = film.shot.pose
                right, down = display.plain_point(right, down, 1, film.settings)
            scene.operator.drag((right, down), scene.state, pose, monitor.image.w)

        return pull
