"""The human operator: keys, wheel and drags become wishes."""

from __future__ import annotations

from typing import Any

import pygame

from simulator.imaging.positioner import geometry
from simulator.ui import arm, hand
from simulator.ui.keys import BY_CODE
from simulator.ui.wishes import ARROWS, REPEAT_S, TABLE, Wishes
from simulator.world.action import Do
from simulator.world.state import State

TOOLS = ("needle", "tamp", "cement", "drugs", "plan")
FAST = 8
"""Ticks run for each real one while time is fast."""

_HELD = ("beam", "push", "back", "left", "right", "press", "unload")


class HumanOperator(Wishes):
    """Turns events into wishes; `next_action` makes one action of them per tick."""

    def event(self, event: Any, state: State) -> bool:
        """Use a keyboard or wheel event; tell whether it meant something."""
        if event.type == pygame.MOUSEWHEEL:
            self.hurry()
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
        if code in ARROWS or code in TABLE:
            self._codes.add(code)
            if code in ARROWS and not self._ctrl:
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
            self.drive.to(name)
            return True
        return self._once(name, state)

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
        elif name == "store_view":
            self.drive.keep(state.c_arm.pose)
        elif name == "field":
            self.next_field(state)
        elif name == "rate":
            self.next_rate(state)
        elif name == "next":
            self._ask_next(state)
        elif name == "faster":
            self._faster()
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

    def drag(self, pixels: tuple[float, float], state: State, image_px: int) -> None:
        """Take a drag of `pixels` on a live picture of `image_px` pixels per side."""
        self.hurry()
        g = geometry(self.case.c_arm, state.c_arm.pose, max(image_px, 1))
        if self._free(state):
            per_pixel = g.pitch_mm * self.case.c_arm.sad_mm / self.case.c_arm.sdd_mm
        else:
            per_pixel = hand.DRAG_DEG_FINE if self._shift else hand.DRAG_DEG
        self.hand.drag.pull(pixels, g.right, g.up, per_pixel)
