"""The needle: from the first look to the target in the body."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from tests.ui.player_moves import TICKS_PER_S, Moves, StuckError, Vec, dot, minus, unit

_DRAG_DEG, _DRAG_FINE_DEG = 0.1, 0.02
"""Turn of the hub per pixel, without and with Shift."""

_SOFT_N, BONE_N = 30.0, 110.0
PEDICLE_STEP_MM = 2.8
_BODY_STEP_MM, _FRONT_STEP_MM = 5.0, 2.0
_FRONT_ZONE_MM = 18.0


class Access(Moves):
    """Prepares the patient and brings the needle in."""

    def prepare(self) -> None:
        """Look in both planes, lay the patient, say the time-out, numb and sedate."""
        self.look_both(last="ap")
        for act in ("position", "antibiotic", "time_out"):
            self.ask(act)
        self.tool_of("v", "drugs")
        self.ask("local")
        self.tool_of("v", "drugs")
        for _ in range(2):
            self.button("do.sedate")
            self.frames(3)
        self.wait(125.0)

    def access(self) -> None:
        """Bring the needle through the pedicle to the target, in imaged steps."""
        self.tool_of("z", "needle")
        self.press("r")
        self.until(lambda: self.tool is not None, "the needle on the skin", 600)
        self.press("k")  # the middle field: the level, its neighbours and the entry
        self.slide()
        self.push_to(2.0, _SOFT_N)
        self.swing()
        self.look_both(last="ap")
        to_bone = self.depth_of(self.plan.entry_mm)
        self.push_to(to_bone - 14.0, _SOFT_N, brace=False)
        self.swing()
        self.look_both()
        self.push_to(to_bone + 4.0, BONE_N, enough=lambda: self.tool.dock_mm is not None)
        goal = self.depth_of(self.plan.target_mm)
        self.look_both(last="ap")
        last = "lateral"
        while self.tool.depth_mm < goal - 0.15:
            step = self.step_mm(goal - self.tool.depth_mm)
            self.push_to(min(goal, self.tool.depth_mm + step), BONE_N)
            self.look_both(last)
            if last == "ap" and -8.0 < self.tool.past_wall_mm < 0.0:
                self.seen("needle")
            last = "ap" if last == "lateral" else "lateral"
        self.look_both()
        self.button("do.stylet_out")
        self.until(lambda: self.tool.inside == "empty", "the stylet out", 600)

    def slide(self) -> None:
        """Drag the tip over the skin to where the planned path meets it, in the AP."""
        self.view("ap")
        self.look()
        for _ in range(8):
            way = self.plan.direction
            entry, skin = self.plan.entry_mm, self.tool.skin_mm
            part = (skin[1] - entry[1]) / way[1]
            off_x = entry[0] + way[0] * part - skin[0]
            off_z = entry[2] + way[2] * part - skin[2]
            spec, image = self.case.c_arm, self.image()
            per_px = self.state.c_arm.pose.field_mm / image.w * spec.sad_mm / spec.sdd_mm
            if not self.pull(-off_x / per_px, -off_z / per_px):
                return
            self.look()

    def image(self) -> Any:
        """Return the rectangle of the live picture, from the monitor's buttons and the window."""
        return self.top.grabs.monitors[0].image

    def pull(self, dx: float, dy: float) -> bool:
        """Drag by rounded pixels, and wait until the hand has made it; tell if there was any."""
        px, py = round(dx), round(dy)
        if not (px or py):
            return False
        room = self.image().w // 3
        px, py = max(-room, min(room, px)), max(-room, min(room, py))
        self.hands.drag(self.image().center, px, py)
        self.frames(2)
        drag = self.top.operator.hand.drag
        self.until(lambda: abs(drag.left) + abs(drag.head) < 1e-9, "the hand to follow", 2000)
        self.frames(2)
        return True

    def swing(self) -> None:
        """Drag the hub until the shaft points through the planned entry to the target."""
        for _ in range(12):
            now = self.tool.direction
            way = unit(minus(self.plan.target_mm, self.tool.skin_mm))
            sign = 1 if self.side == 0 else -1
            medial = math.degrees(
                math.atan2(-sign * way[0], -way[1]) - math.atan2(-sign * now[0], -now[1])
            )
            caudal = math.degrees(math.asin(-way[2]) - math.asin(-now[2]))
            if max(abs(medial), abs(caudal)) < _DRAG_FINE_DEG:
                return
            fine = max(abs(medial), abs(caudal)) < 1.5
            per_px = _DRAG_FINE_DEG if fine else _DRAG_DEG
            if fine:
                self.hands.key_down("shift")
                self.frames(1)
            moved = self.pull(-medial * sign / per_px, -caudal / per_px)
            if fine:
                self.hands.key_up("shift")
                self.frames(1)
            if not moved:
                return

    def depth_of(self, point: Vec) -> float:
        """Return how deep a point of the plan lies along the shaft."""
        return dot(minus(point, self.tool.skin_mm), self.tool.direction)

    def step_mm(self, left_mm: float) -> float:
        """Return how far to go before the next pictures, from what the last lateral showed."""
        seen = self.session.lateral
        past, front = seen.tip_past_wall_mm[self.side], seen.tip_to_front_mm[self.side]
        if past is None or past < 1.0:
            return PEDICLE_STEP_MM
        if front is not None and front < _FRONT_ZONE_MM:
            return _FRONT_STEP_MM
        return min(_BODY_STEP_MM, left_mm)

    def ceiling(self, newtons: float) -> None:
        """Turn the wheel to a ceiling of the push."""
        wheel = self.top.operator.hand.wheel
        for _ in range(20):
            if abs(wheel.ceiling_n - newtons) <= 2.5:
                return
            self.hands.wheel(round((newtons - wheel.ceiling_n) / 5))
            self.frames(8)
        raise StuckError("the wheel does not reach the ceiling")

    def push_to(
        self,
        depth_mm: float,
        newtons: float,
        *,
        brace: bool = True,
        enough: Callable[[], bool] = lambda: False,
    ) -> None:
        """Push until the tip is deep enough; where it is stuck the mallet helps."""
        self.ceiling(newtons)
        while self.tool.depth_mm < depth_mm and not enough():
            if brace:
                self.hands.key_down("shift")
            self.hold("w")
            stuck_since = self.state.tick
            while self.tool.depth_mm < depth_mm and not enough():
                self.hands.frame()
                self.held("w")
                climbing = self.top.operator.hand.push.force_n < newtons - 2.5
                if self.tool.speed_mm_s > 0.1 or climbing:
                    stuck_since = self.state.tick
                if self.state.tick - stuck_since > 2 * TICKS_PER_S:
                    break
            self.let_go("w")
            if brace:
                self.hands.key_up("shift")
            self.frames(2)
            if self.tool.depth_mm < depth_mm and not enough():
                self.press("t")
                self.frames(4)
