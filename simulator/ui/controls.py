"""The human operator: keys, wheel and drags become wishes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pygame

from simulator.imaging.positioner import geometry
from simulator.ui import arm, hand
from simulator.ui.console import PAIRS, Console
from simulator.ui.keys import BY_CODE
from simulator.ui.wishes import ARROWS, REPEAT_S, TABLE, TRIMS, Wishes
from simulator.world.action import Do
from simulator.world.arm import CArm, Pose
from simulator.world.state import State

TOOLS = ("needle", "tamp", "cement", "drugs", "plan")
FAST = 8
"""Ticks run for each real one while time is fast."""

_BLADES = tuple(name for pair in PAIRS.values() for name in pair)
_HELD = ("beam", "both", "push", "back", "left", "right", "press", "unload", *_BLADES)

_SWITCHES: dict[str, Callable[[Console, CArm], None]] = {
    "plane": Console.other_plane,
    "field": Console.next_field,
    "rate": Console.next_rate,
    "grid": Console.switch_grid,
    "curve": Console.next_curve,
    "stand": Console.next_stand,
}


class HumanOperator(Wishes):
    """Turns events into wishes; `next_action` makes one action of them per tick."""

    def event(self, event: Any, state: State) -> bool:
        """Use a keyboard or wheel event; tell whether it meant something."""
        if event.type == pygame.MOUSEWHEEL:
            self.hurry()
            if self._ctrl:
                self.console.turn_blades(state.c_arm, int(event.y))
            else:
                self.turn_wheel(int(event.y))
            return True
        if event.type == pygame.KEYUP:
            self._shift = bool(event.mod & pygame.KMOD_SHIFT)
            self._ctrl = bool(event.mod & pygame.KMOD_CTRL)
            self._codes.discard(event.key)
            self._held.discard(BY_CODE.get(event.key, ""))
            return True
        if event.type != pygame.KEYDOWN:
            return False
        self._shift = bool(event.mod & pygame.KMOD_SHIFT)
        self._ctrl = bool(event.mod & pygame.KMOD_CTRL)
        return self._key(event.key, state)

    def _key(self, code: int, state: State) -> bool:
        name = BY_CODE.get(code, "")
        if name != "faster":
            self.hurry()
        if code in TRIMS or code in TABLE:
            self._codes.add(code)
            if code in TRIMS and not (self._ctrl and code in ARROWS):
                self._trim(code, state)
                self._repeat[code] = REPEAT_S[0]
            return True
        if name in _HELD:
            if name == "beam" and self._ctrl:
                self.latched = not self.latched
            else:
                self._press(name)
            return True
        if name in TOOLS:
            self.tool = name
            return True
        if name in arm.SLOTS:
            self.console.go(state.c_arm, name)
            return True
        return self._once(name, state) or self._at_console(name, state)

    def _once(self, name: str, state: State) -> bool:
        if name == "tap":
            if self.tool == "cement":
                self.ask(Do.STRAND_TEST)
            else:
                self.tap()
        elif name == "hold":
            self.hand.holding = not self.hand.holding
        elif name in ("less", "more"):
            self.turn_wheel(1 if name == "more" else -1)
        elif name == "inner":
            self.change_hand()
        elif name == "side":
            self.other_side()
        elif name == "next":
            self._ask_next(state)
        elif name == "level":
            self.ask(Do.NEXT_LEVEL)
        elif name == "faster":
            self._faster()
        else:
            return False
        return True

    def _at_console(self, name: str, state: State) -> bool:
        console, c_arm = self.console, state.c_arm
        if name == "open":
            console.blades[console.plane].open()
        elif name == "store_view":
            console.drive.keep(console.pose(c_arm))
        elif name in _SWITCHES:
            _SWITCHES[name](console, c_arm)
        else:
            return False
        return True

    def _ask_next(self, state: State) -> None:
        act = self.next_act(state)
        if act is not Do.NONE:
            self.ask(act)

    def _faster(self) -> None:
        if self._shift:
            self.wait(60.0)
        else:
            self.fast = not self.fast

    def drag(self, pixels: tuple[float, float], state: State, pose: Pose, image_px: int) -> None:
        """Take a drag over a picture as the detector sees it.

        Args:
            pixels: To the right and down on a picture that is neither turned nor flipped.
            state: For the tool in use.
            pose: Of the arm when the picture was taken: the hand follows what is seen.
            image_px: Pixels per side of the picture.
        """
        self.hurry()
        g = geometry(self.case.c_arm, pose, max(image_px, 1))
        if self._free(state):
            per_pixel = g.pitch_mm * self.case.c_arm.sad_mm / self.case.c_arm.sdd_mm
        else:
            per_pixel = hand.DRAG_DEG_FINE if self._shift else hand.DRAG_DEG
        self.hand.drag.pull(pixels, g.right, g.up, per_pixel)

    def drag_arm(self, pixels: tuple[float, float], state: State) -> None:
        """Turn the arm by a drag over its drawing: across orbit (swivel with Shift), up tilt."""
        self.hurry()
        step = arm.DRAG_FINE_DEG if self._ctrl else arm.DRAG_DEG
        right, down = pixels
        if self._shift:
            self.console.trim(state.c_arm, (0.0, 0.0, right * step))
        else:
            self.console.trim(state.c_arm, (-right * step, -down * step, 0.0))
