"""What the operator wishes for right now, whatever device asked for it, as one action per tick."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

import pygame

from simulator.frames import Side
from simulator.procedure.phases import refusal
from simulator.ui import arm, hand
from simulator.ui.console import Console
from simulator.ui.exchanges import exchanges, hindrance
from simulator.ui.keys import KEYS
from simulator.units import Vec3
from simulator.world.action import Action, Do
from simulator.world.case import Case
from simulator.world.state import State

ARROWS = {
    pygame.K_LEFT: (1.0, 0.0),
    pygame.K_RIGHT: (-1.0, 0.0),
    pygame.K_UP: (0.0, 1.0),
    pygame.K_DOWN: (0.0, -1.0),
}
"""Detector towards the patient's left, right, head and feet; the same for the hub."""

TRIMS: dict[int, arm.Aim] = {code: (*by, 0.0) for code, by in ARROWS.items()} | {
    KEYS["swivel_less"].code: (0.0, 0.0, -1.0),
    KEYS["swivel_more"].code: (0.0, 0.0, 1.0),
}
"""Steps of orbit, tilt and swivel."""

TABLE = {
    pygame.K_HOME: (1.0, 0.0),
    pygame.K_END: (-1.0, 0.0),
    pygame.K_PAGEUP: (0.0, 1.0),
    pygame.K_PAGEDOWN: (0.0, -1.0),
}
"""The field towards the patient's left, right, head and feet; with Ctrl the last two mean back
and belly."""

REPEAT_S = (0.35, 0.12)
"""A held arrow trims again after the first time, then every second time."""

WAIT_STEP_S = 20.0
"""A long wait is made in steps, so that the window stays alive and an alarm can end it."""

_UNLOAD_N = -60.0
_TWIST_DEG = 15.0
_TWIST_DEG_S = 60.0


class Wishes:
    """Settings of hands and C-arm and what is held; never the state of the world."""

    def __init__(self, case: Case) -> None:
        """Start with the needle in hand on the first side of the plan."""
        self.case = case
        self.hand = hand.Hand()
        self.console = Console(case.c_arm)
        self.tool = "needle"
        self.side = Side(case.sides[0])
        self.inner = True
        """The hand is on the wire, drill or curved needle while there is one."""
        self.fast = False
        self.latched = False
        self._held: set[str] = set()
        self._codes: set[int] = set()
        self._acts: deque[Do] = deque()
        self._frames = 0
        """Pulses that a tap on a pedal still asks for."""
        self._both = False
        """The tap was on the pedal of both planes."""
        self._seen = 0
        self._tap = 0
        self._twist = 0.0
        self._wait_s = 0.0
        self._bend_mm = 0.0
        self._shift = False
        self._ctrl = False
        self._repeat: dict[int, float] = {}

    def ask(self, act: Do) -> None:
        """Ask for a deliberate act in the next tick."""
        self.hurry()
        self._acts.append(act)

    def hold(self, name: str, *, down: bool) -> None:
        """Hold or release one of the continuous wishes by a button."""
        if down:
            self._press(name)
        else:
            self._held.discard(name)

    def _press(self, name: str) -> None:
        self.hurry()
        self._held.add(name)
        if name in ("beam", "both"):
            self._both = name == "both"
            self._frames = max(self._frames, 2 if self._both else 1)
        elif name in ("left", "right"):
            self._twist += _TWIST_DEG if name == "right" else -_TWIST_DEG

    def holding(self, name: str) -> bool:
        """Tell whether a wish is held now."""
        return name in self._held

    @property
    def stepping(self) -> bool:
        """Tell whether a foot is on a pedal."""
        return bool(self._held & {"beam", "both"})

    @property
    def waiting(self) -> bool:
        """Tell whether a wait is not over yet."""
        return self._wait_s > 0.0

    @property
    def braced(self) -> bool:
        """Tell whether Shift braces the hand."""
        return self._shift

    @property
    def control(self) -> bool:
        """Tell whether Ctrl is held."""
        return self._ctrl

    def wait(self, seconds: float) -> None:
        """Ask for a wait in one go: hands off, beam off."""
        self._wait_s = seconds

    def hurry(self) -> None:
        """End fast time and waiting: something needs hands."""
        self.fast = False
        self._wait_s = 0.0

    def tap(self) -> None:
        """Strike once with the chosen mallet."""
        self.hurry()
        self._tap = self.hand.mallet

    def other_side(self) -> None:
        """Take the tool of the other side."""
        self.side = Side(1 - self.side)
        self.hand.drag.drop()

    def on_inner(self, state: State) -> bool:
        """Tell whether pushing moves what is in the cannula, not the cannula."""
        cannula = state.cannulas[self.side]
        return self.inner and cannula is not None and cannula.passed is not None

    def change_hand(self) -> None:
        """Take the cannula instead of what is in it, or the other way round."""
        self.inner = not self.inner

    def bend(self, radius_mm: float) -> None:
        """Set the radius of the curved needle in the next tick."""
        self._bend_mm = radius_mm

    def turn_wheel(self, notches: int) -> None:
        """Turn the wheel for the tool in use."""
        self.hand.wheel.turn(self.tool, notches)

    def next_act(self, state: State) -> Do:
        """Return the exchange that R asks for with the tool in use."""
        act, why = self.next_or_why(state)
        return Do.NONE if why else act

    def next_or_why(self, state: State) -> tuple[Do, str]:
        """Return the next exchange, and why it cannot be made now; "" if it can."""
        acts = exchanges(self.case, state, self.tool, self.side)
        if not acts:
            return Do.NONE, "Nothing to exchange here now."
        why = [refusal(self.case, state, act) for act in acts]
        if None in why:
            return acts[why.index(None)], hindrance(state, self.tool, self.side)
        return acts[0], why[0] or ""

    def release(self) -> None:
        """Let go of everything: the window lost the keyboard, or a menu opened."""
        self._held.clear()
        self._codes.clear()
        self._frames = 0
        self.latched = self.fast = self._shift = self._ctrl = False
        self._wait_s = 0.0
        self.hand.drag.drop()
        self.console.stop()

    def _free(self, state: State) -> bool:
        """Tell whether the tip is still in front of the skin."""
        cannula = state.cannulas[self.side]
        return cannula is not None and cannula.depth_mm <= 0.0

    def _trim(self, code: int, state: State) -> None:
        step = arm.TRIM_FINE_DEG if self._shift else arm.TRIM_DEG
        orbit, tilt, swivel = TRIMS[code]
        self.console.trim(state.c_arm, (orbit * step, tilt * step, swivel * step))

    def next_action(self, state: State) -> Action:
        """Return what is asked for in this tick."""
        if self._wait_s > 0.0:
            wait = min(self._wait_s, WAIT_STEP_S)
            self._wait_s -= wait
            return Action(side=self.side, wait_s=wait)
        self._repeat_trims(state)
        asked = self.console.wish(state.c_arm, self._held, fine=self._shift)
        first, second = self._pedals(state)
        table = self._table()
        swing, slide = self._move(state)
        tap, self._tap = self._tap, 0
        tamp, cement = self.tool == "tamp", self.tool == "cement"
        push_n = self.hand.push.step(
            push="push" in self._held,
            back="back" in self._held,
            ceiling_n=self.hand.wheel.ceiling_n,
        )
        inner = self.on_inner(state)
        bend_mm, self._bend_mm = self._bend_mm, 0.0
        return replace(
            asked,
            beam=first,
            beam_second=second,
            table_x_mm_s=asked.table_x_mm_s + table[0],
            table_y_mm_s=asked.table_y_mm_s + table[1],
            table_z_mm_s=asked.table_z_mm_s + table[2],
            side=self.side,
            skin_x_mm_s=slide[0],
            skin_z_mm_s=slide[1],
            medial_deg_s=swing[0] * self.side.sign,
            caudal_deg_s=swing[1],
            push_n=0.0 if inner else push_n,
            inner_n=push_n if inner else 0.0,
            bend_mm=bend_mm,
            brace=self._shift and "push" in self._held,
            tap=tap,
            twist_deg_s=self._twisting(),
            hold=self.hand.holding,
            inflate_ml_s=self._turning(self.hand.wheel.inflate_ml_s) if tamp else 0.0,
            press_n=self._pressing() if cement else 0.0,
            do=self._acts.popleft() if self._acts else Do.NONE,
        )

    def _pedals(self, state: State) -> tuple[bool, bool]:
        """Return the pedals of the two planes; a tap asks on until its pulses were taken."""
        fired = state.c_arm.exposures - self._seen
        self._seen = state.c_arm.exposures
        two = state.c_arm.second is not None
        if fired > 0:
            self._frames = max(self._frames - (fired if two and self._both else self._frames), 0)
        down = self.latched or self.stepping or self._frames > 0
        if self.fast or not down:
            return False, False
        if two and (self._both or "both" in self._held):
            return True, True
        return self.console.plane == 0, self.console.plane == 1

    def _repeat_trims(self, state: State) -> None:
        for code in [c for c in self._codes if c in TRIMS and not (self._ctrl and c in ARROWS)]:
            left = self._repeat.get(code, REPEAT_S[0]) - 1.0 / 60.0
            if left <= 0.0:
                self._trim(code, state)
                left = REPEAT_S[1]
            self._repeat[code] = left

    def _keys(self, table: dict[int, tuple[float, float]]) -> tuple[float, float]:
        held = [table[c] for c in self._codes if c in table]
        return sum(h[0] for h in held), sum(h[1] for h in held)

    def _table(self) -> Vec3:
        speed = self.case.c_arm.travel_mm_s * (hand.FINE if self._shift else 1.0)
        left, head = self._keys(TABLE)
        back = 0.0
        if self._ctrl:
            head, back = 0.0, head
        return left * speed, back * speed, head * speed

    def _move(self, state: State) -> tuple[tuple[float, float], tuple[float, float]]:
        """Return (swing, slide): one of them is what drag and keys ask for."""
        free = self._free(state)
        left, head = self.hand.drag.take(hand.SLIDE_MM_S if free else hand.SWING_DEG_S)
        if self._ctrl:
            key = hand.KEY_SLIDE_MM_S if free else hand.KEY_SWING_DEG_S
            key *= hand.FINE if self._shift else 1.0
            by = self._keys(ARROWS)
            left, head = left + by[0] * key, head + by[1] * key
        still = (0.0, 0.0)
        return (still, (left, head)) if free else ((left, head), still)

    def _twisting(self) -> float:
        if self._twist == 0.0:  # a key that stays down turns on
            return _TWIST_DEG_S * (("right" in self._held) - ("left" in self._held))
        part = min(max(self._twist, -_TWIST_DEG_S / 60.0), _TWIST_DEG_S / 60.0)
        self._twist -= part
        return part * 60.0

    def _turning(self, speed: float) -> float:
        return speed * (("press" in self._held) - ("unload" in self._held))

    def _pressing(self) -> float:
        if "unload" in self._held:
            return _UNLOAD_N
        return self.hand.wheel.thumb_n if "press" in self._held else 0.0
