"""The player's eyes and hands: what is looked at, and the small moves made of keys and mouse."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol

Vec = tuple[float, float, float]

TICKS_PER_S = 60
_PATIENCE = 60_000
"""Frames after which a wait has failed."""

_HELD = {"w": "push", "f": "press", "g": "unload", "space": "beam"}
"""Keys that are held, and what the window calls them."""


class Hands(Protocol):
    """Keyboard, wheel and mouse, and the patience to let the window run a frame."""

    def key_down(self, key: str) -> None:
        """Press a key and keep it down."""

    def key_up(self, key: str) -> None:
        """Let a key go."""

    def tap(self, key: str) -> None:
        """Press and let go."""

    def wheel(self, notches: int) -> None:
        """Turn the wheel, positive away from the hand."""

    def drag(self, start: tuple[int, int], dx: int, dy: int) -> None:
        """Drag with the left button."""

    def click(self, place: tuple[int, int]) -> None:
        """Click with the left button."""

    def frame(self) -> None:
        """Let the window handle what was done and run one frame."""


class StuckError(Exception):
    """What the player waited for did not come."""


def minus(a: Vec, b: Vec) -> Vec:
    """Return a - b."""
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]


def dot(a: Vec, b: Vec) -> float:
    """Return the scalar product."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def unit(a: Vec) -> Vec:
    """Return `a` with length 1."""
    n = math.sqrt(dot(a, a))
    return a[0] / n, a[1] / n, a[2] / n


class Moves:
    """Looks at `window.stack.top`; `seen` is told the name of each great moment."""

    def __init__(self, window: Any, hands: Hands, seen: Callable[[str], None]) -> None:
        self.window = window
        self.hands = hands
        self.seen = seen
        self.slips: list[str] = []
        """Keys that had to be pressed again, as a person does when nothing happens."""

    # -- what is looked at --------------------------------------------------------------------

    @property
    def top(self) -> Any:
        """The screen in front."""
        return self.window.stack.top

    @property
    def screen(self) -> str:
        """The name of the screen in front."""
        return type(self.top).__name__

    @property
    def session(self) -> Any:
        """The run on the screen."""
        return self.top.scene.session

    @property
    def state(self) -> Any:
        """The world as it stands."""
        return self.session.state

    @property
    def case(self) -> Any:
        """What never changes."""
        return self.session.case

    @property
    def side(self) -> int:
        """The side in work."""
        return int(self.top.operator.side)

    @property
    def tool(self) -> Any:
        """The needle or cannula of this side."""
        return self.state.cannulas[self.side]

    @property
    def tamp(self) -> Any:
        """The tamp of this side."""
        return self.state.tamps[self.side]

    @property
    def plan(self) -> Any:
        """The planned path of this side."""
        return self.case.plans[self.side]

    def cement_age_s(self) -> float:
        """Seconds since the cement was mixed."""
        return (self.state.tick - self.state.cement.mixed_tick) / TICKS_PER_S

    # -- small moves --------------------------------------------------------------------------

    def frames(self, count: int) -> None:
        """Let some frames pass."""
        for _ in range(count):
            self.hands.frame()

    def until(self, met: Callable[[], bool], what: str, most: int = _PATIENCE) -> None:
        """Let frames pass until something is seen."""
        for _ in range(most):
            if met():
                return
            self.hands.frame()
        raise StuckError(f"waited in vain: {what} (screen {self.screen})")

    def press(self, key: str) -> None:
        """Tap a key and let the window use it."""
        self.hands.tap(key)
        self.frames(2)

    def button(self, name: str) -> None:
        """Click the button of that name with the mouse."""
        for hot in self.top.hots.items:
            if hot.name == name and hot.enabled:
                self.hands.click(hot.rect.center)
                self.frames(2)
                return
        raise StuckError(f"there is no button {name} to click")

    def ask(self, act: str) -> None:
        """Ask for the next exchange by its key and see that it was the wanted act."""
        self.press("r")
        self.until(lambda: act in self.state.tally.done, act, 600)

    def tool_of(self, key: str, name: str) -> None:
        """Take the tool of a tab in hand."""
        self.press(key)
        self.until(lambda: self.top.operator.tool == name, f"the {name} tab", 600)

    def hold(self, key: str) -> None:
        """Press a key that is to be held, and see that the window knows."""
        name = _HELD[key]
        for _ in range(5):
            self.hands.key_down(key)
            for _ in range(30):
                self.hands.frame()
                if self.top.operator.holding(name):
                    return
            self.slips.append(f"{key} at tick {self.state.tick}")
            self.hands.key_up(key)
            self.frames(5)
        raise StuckError(f"{key} cannot be held")

    def held(self, key: str) -> None:
        """Press a held key again if it slipped."""
        if not self.top.operator.holding(_HELD[key]):
            self.slips.append(f"{key} slipped at tick {self.state.tick}")
            self.hands.key_up(key)
            self.frames(2)
            self.hold(key)

    def let_go(self, *keys: str) -> None:
        """Let held keys go, and see that the window knows."""
        for key in keys:
            self.hands.key_up(key)
        for key in keys:
            name = _HELD[key]
            self.until(lambda name=name: not self.top.operator.holding(name), f"{key} up", 600)

    def rest(self, seconds: float) -> None:
        """Let time pass eight times as fast, hands off."""
        end = self.state.tick + seconds * TICKS_PER_S
        while self.state.tick < end - 2 and not self.state.over:
            if not self.top.operator.fast:
                self.press("period")
            self.hands.frame()
        if self.top.operator.fast:
            self.press("period")

    def wait(self, seconds: float) -> None:
        """Wait whole minutes in one go, and the rest in fast time."""
        end = self.state.tick + seconds * TICKS_PER_S
        while self.state.tick < end - 60 * TICKS_PER_S:
            self.hands.key_down("shift")
            self.hands.tap("period")
            self.hands.key_up("shift")
            self.frames(2)
            self.until(lambda: not self.top.operator.waiting, "the end of a minute", 600)
        if self.state.tick < end:
            self.rest((end - self.state.tick) / TICKS_PER_S)

    def view(self, name: str) -> None:
        """Drive the arm to a plane, in fast time."""
        key, orbit = {"ap": ("1", 0.0), "lateral": ("2", 90.0)}[name]

        def there() -> bool:
            pose = self.state.c_arm.pose
            return abs(pose.orbit_deg - orbit) < 0.01 and abs(pose.tilt_deg) < 0.01

        if there():
            return
        self.press(key)
        self.press("period")
        self.until(there, f"the {name} view", 3000)
        if self.top.operator.fast:
            self.press("period")

    def look(self, shots: int = 3, show: str = "") -> None:
        """Step on the pedal until the picture is quiet; `show` it while the beam is on."""
        goal = self.state.c_arm.exposures + shots
        self.hold("space")
        self.until(lambda: self.state.c_arm.exposures >= goal, "a picture", 600)
        if show:
            self.seen(show)
        self.let_go("space")
        self.until(lambda: not self.state.c_arm.beam, "the beam to go off", 600)

    def look_both(self, last: str = "lateral") -> None:
        """Take both planes and stay in the `last` one."""
        for name in ("ap", "lateral") if last == "lateral" else ("lateral", "ap"):
            self.view(name)
            self.look()
