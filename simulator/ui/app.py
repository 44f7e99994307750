"""The window: opens, runs the stack of screens, closes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pygame

from simulator.engine.pace import Pacer
from simulator.errors import SimulatorError
from simulator.ui.canvas import Canvas
from simulator.ui.flow import Flow
from simulator.ui.memory import load_settings, save_settings
from simulator.ui.overlays import Menu
from simulator.ui.screens import Home, Pop, Push, Quit, Screen, Stack
from simulator.ui.sound import Sound
from simulator.ui.theme import Theme

DESIGN = (1600, 900)
SMALLEST = (1280, 720)

_NOTICE = (
    "Kyphosim is for education only. It is not a medical device, and it must not be used to plan "
    "or rehearse the treatment of a real patient."
)


def _open() -> Any:
    """Open the window at the design size or the largest that fits."""
    if "SDL_WINDOWS_DPI_AWARENESS" not in os.environ:
        os.environ["SDL_WINDOWS_DPI_AWARENESS"] = "permonitorv2"
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    pygame.display.init()
    pygame.font.init()
    pygame.display.set_caption("Kyphosim")
    return pygame.display.set_mode(_fitting(), pygame.RESIZABLE)


def _fitting() -> tuple[int, int]:
    """Return the design size, smaller where the screen is."""
    sizes = pygame.display.get_desktop_sizes()
    wide, high = sizes[0] if sizes else DESIGN
    if wide >= DESIGN[0] and high >= DESIGN[1]:
        return DESIGN
    share = min(wide / DESIGN[0], high / DESIGN[1])
    return (
        max(round(DESIGN[0] * share), min(SMALLEST[0], wide)),
        max(round(DESIGN[1] * share), min(SMALLEST[1], high)),
    )


class Window:
    """The main loop."""

    def __init__(self, stack: Stack, scale: float = 1.0) -> None:
        """Show `stack` in the window that is open."""
        self.stack = stack
        self.scale = scale
        self._clock = pygame.time.Clock()
        self._canvas = self._fresh()

    def _fresh(self) -> Canvas:
        surface = pygame.display.get_surface()
        return Canvas(surface, Theme(surface.get_size(), self.scale))

    def run(self) -> int:
        """Run until a screen quits; return the exit code."""
        while self.stack.code is None:
            self.frame()
            self._clock.tick(self.stack.top.frames_per_s if self.stack.screens else 60)
        return self.stack.code

    def frame(self) -> None:
        """Handle what happened, let time pass, draw."""
        for event in pygame.event.get():
            if event.type == pygame.QUIT:
                self.stack.apply(Quit(0))
                return
            if event.type == pygame.KEYDOWN and event.key == pygame.K_F11:
                pygame.display.toggle_fullscreen()
                continue
            self.stack.handle(event)
            if self.stack.code is not None:
                return
        self.stack.update()
        if self.stack.code is not None:
            return
        surface = pygame.display.get_surface()
        if surface is not self._canvas.surface or surface.get_size() != self._canvas.theme.size:
            self._canvas = self._fresh()
        self.stack.draw(self._canvas)
        pygame.display.flip()


def run_window(
    start_case: str | None = None,
    phase: str | None = None,
    resume: Path | None = None,
    watch: Path | None = None,
) -> int:
    """Open the window and run it until it is closed; return the exit code.

    Args:
        start_case: Id or path of a case to open at once.
        phase: Phase of that case to begin in, its earlier steps done by the expert.
        resume: Recording of a run to go on with.
        watch: Recording of a run to play again and show.
    """
    _open()
    try:
        flow = Flow(Sound())
        stack = Stack(flow.library())
        if start_case is not None:
            stack.apply(flow.opening(start_case, phase))
        if resume is not None:
            stack.apply(Push(flow.resuming(resume)))
        if watch is not None:
            stack.apply(Push(flow.watching(watch)))
        _notice_once(stack)
        return _guarded(stack, flow)
    finally:
        pygame.quit()


def make_window(pacer: Callable[[], Pacer] = Pacer) -> Window:
    """Open the window as the program starts it, for whoever runs its frames one by one."""
    _open()
    stack = Stack(Flow(Sound(), pacer).library())
    _notice_once(stack)
    return Window(stack)


def _notice_once(stack: Stack) -> None:
    settings = load_settings()
    if settings.get("notice_read"):
        return

    def read() -> Pop:
        save_settings({**settings, "notice_read": True})
        return Pop()

    stack.screens.append(Menu("Before you start", _NOTICE, [("I understand", "Enter", read)]))


def _guarded(stack: Stack, flow: Flow) -> int:
    """Run; a bug of ours becomes one message, and the recording is closed, never a traceback."""
    window = Window(stack)
    try:
        return window.run()
    except KeyboardInterrupt:
        return 0
    except SimulatorError as error:
        return _tell(stack, "This cannot go on", str(error), 2)
    except Exception as error:  # the last line of defence; the text says where the run is kept
        kept = flow.save()
        text = f"A fault of the program: {type(error).__name__}: {error}\n{kept}"
        return _tell(stack, "The run was stopped", text, 3)
    finally:
        flow.save()  # who closes the window in the middle of a run can go on with it


def _tell(stack: Stack, title: str, text: str, code: int) -> int:
    """Show the message alone until it is read."""

    def leave() -> Quit:
        return Quit(code)

    message: Screen = Menu(title, text, [("Close", "Esc", leave)])
    stack.apply(Home(message))
    return Window(stack).run()
