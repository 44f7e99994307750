"""A resident who plays one kyphoplasty in the open window.

The player knows the window only by looking: it reads attributes of what stands on the screen and
acts by `Hands`, which press keys, turn the wheel and move the mouse. It calls nothing of the
simulator.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol

Vec = tuple[float, float, float]

_TICKS_PER_S = 60
_PATIENCE = 60_000
"""Frames after which a wait has failed."""

_HELD = {"w": "push", "f": "press", "g": "unload", "space": "beam"}
"""Keys that are held, and what the window calls them."""

_DRAG_DEG, _DRAG_FINE_DEG = 0.1, 0.02
"""Turn of the hub per pixel, without and with Shift."""

_SOFT_N, _BONE_N = 30.0, 110.0
_PEDICLE_STEP_MM, _BODY_STEP_MM, _FRONT_STEP_MM = 2.8, 5.0, 2.0
_FRONT_ZONE_MM = 18.0
_SEAT_PAST_WALL_MM = 3.0
_STEP_ML, _PAUSE_S = 0.25, 5.0
_CAUTION_PSI = 280.0
_PSI_PER_MPA = 145.0377
_STALLED_MM, _STALLED_STEPS, _LIFT_WORTH_MM = 0.08, 4, 1.0
_SLOW_UL_S, _QUICK_UL_S = 22.0, 50.0
_BACK_QUARTER_MM = 8.0
_BEYOND_POCKET_ML = 1.2


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


class Player:
    """Plays by looking at `window.stack.top`; `seen` is told the name of each great moment."""

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
        return (self.state.tick - self.state.cement.mixed_tick) / _TICKS_PER_S

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
        end = self.state.tick + seconds * _TICKS_PER_S
        while self.state.tick < end - 2 and not self.state.over:
            if not self.top.operator.fast:
                self.press("period")
            self.hands.frame()
        if self.top.operator.fast:
            self.press("period")

    def wait(self, seconds: float) -> None:
        """Wait whole minutes in one go, and the rest in fast time."""
        end = self.state.tick + seconds * _TICKS_PER_S
        while self.state.tick < end - 60 * _TICKS_PER_S:
            self.hands.key_down("shift")
            self.hands.tap("period")
            self.hands.key_up("shift")
            self.frames(2)
            self.until(lambda: not self.top.operator.waiting, "the end of a minute", 600)
        if self.state.tick < end:
            self.rest((end - self.state.tick) / _TICKS_PER_S)

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

    # -- before the theatre -------------------------------------------------------------------

    def enter(self, case: str) -> None:
        """Read the notice, find the case by keyboard, read the briefing, go in."""
        self.frames(3)
        if self.screen == "Menu":
            self.press("return")
        self.until(lambda: self.screen == "Library", "the library", 600)
        for _ in range(40):
            if self.top.hots.focus == f"card.{case}":
                break
            self.press("right")
        self.seen("menu")
        self.press("return")
        self.until(lambda: self.screen == "Briefing", "the briefing", 20_000)
        self.frames(5)
        self.seen("briefing")
        self.press("return")
        self.until(lambda: self.screen == "Theatre", "the theatre", 600)
        self.frames(2)

    # -- the case -----------------------------------------------------------------------------

    def play(self, case: str) -> None:
        """Do the whole case, from the first screen to the debrief."""
        self.enter(case)
        self.prepare()
        self.access()
        self.exchange()
        self.inflate()
        self.fill()
        self.finish()
        self.until(lambda: self.screen == "Debrief", "the debrief", 600)
        self.frames(30)
        self.seen("debrief")

    def prepare(self) -> None:
        """Look in both planes, say the time-out, numb and sedate."""
        self.look_both(last="ap")
        self.ask("time_out")
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
        self.push_to(to_bone + 4.0, _BONE_N, enough=lambda: self.tool.dock_mm is not None)
        goal = self.depth_of(self.plan.target_mm)
        self.look_both(last="ap")
        last = "lateral"
        while self.tool.depth_mm < goal - 0.15:
            step = self.step_mm(goal - self.tool.depth_mm)
            self.push_to(min(goal, self.tool.depth_mm + step), _BONE_N)
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
        return self.top._image

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
            return _PEDICLE_STEP_MM
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
                if self.state.tick - stuck_since > 2 * _TICKS_PER_S:
                    break
            self.let_go("w")
            if brace:
                self.hands.key_up("shift")
            self.frames(2)
            if self.tool.depth_mm < depth_mm and not enough():
                self.press("t")
                self.frames(4)

    def exchange(self) -> None:
        """Seat the working cannula just past the posterior wall, then slide the tamp in."""
        self.press("r")
        self.until(lambda: self.tool.working, "the working cannula", 600)
        self.press("k")
        self.press("k")  # round again to the large field
        self.view("lateral")
        self.look()
        for _ in range(14):
            past = self.session.lateral.tip_past_wall_mm[self.side]
            if past is None or past >= _SEAT_PAST_WALL_MM - 0.3:
                break
            left = (_SEAT_PAST_WALL_MM - past) / -self.tool.direction[1]
            self.push_to(self.tool.depth_mm + min(_PEDICLE_STEP_MM, left), _BONE_N)
            self.look_both()
        self.tool_of("x", "tamp")
        self.ask("purge")
        self.press("r")
        self.until(lambda: self.tamp is not None, "the tamp", 600)

    def inflate(self) -> None:
        """Fill the tamp in imaged steps until the first endpoint; mix while it holds."""
        self.tool_of("x", "tamp")
        self.view("lateral")
        self.look()
        most = self.case.tamp.max_volume_ml - 0.07
        last_rise, stalled, shown = 0.0, 0, False
        while self.tamp.volume_ml < most - 0.5 * _STEP_ML:
            self.turn_to(min(self.tamp.volume_ml + _STEP_ML, most))
            show = self.tamp.volume_ml > 2.4 and not shown
            self.look(6 if show else 3, "tamp" if show else "")
            shown = shown or show
            self.rest(_PAUSE_S)
            if self.tamp.pressure_mpa * _PSI_PER_MPA > _CAUTION_PSI:
                break
            rise = self.session.lateral.plate_rise_mm or 0.0
            still = rise > _LIFT_WORTH_MM and rise - last_rise < _STALLED_MM
            stalled, last_rise = (stalled + 1 if still else 0), rise
            if stalled >= _STALLED_STEPS:
                break
        self.look_both()
        self.tool_of("c", "cement")
        self.press("r")
        self.until(lambda: self.state.cement.mixed_tick is not None, "the mixing", 600)

    def turn_to(self, goal_ml: float) -> None:
        """Turn the inflator to a volume, or until the manometer says stop."""
        self.hold("f")
        while (
            self.tamp.volume_ml < goal_ml - 0.005
            and self.tamp.pressure_mpa * _PSI_PER_MPA < _CAUTION_PSI + 20
        ):
            self.hands.frame()
            self.held("f")
        self.let_go("f")
        self.frames(2)

    def fill(self) -> None:
        """Wait for dough, take the tamp out, give cement under a live lateral until a stop rule."""
        start = self.case.cement.wait_s + 10.0
        while self.cement_age_s() < start:
            self.wait(start - self.cement_age_s())
        self.tool_of("x", "tamp")
        self.hands.wheel(5)
        self.hold("g")
        self.until(lambda: self.tamp.volume_ml <= 0.0, "the empty tamp", 3000)
        self.let_go("g")
        self.frames(2)
        self.press("r")
        self.until(lambda: self.tamp is None, "the tamp out", 600)
        self.tool_of("c", "cement")
        self.press("t")
        self.view("lateral")
        self.load()
        wheel = self.top.operator.hand.wheel
        while wheel.thumb_n > 6.0:
            self.hands.wheel(-1)
            self.frames(2)
        self.inject()
        self.look_both()

    def load(self) -> None:
        """Draw a filler."""
        used = self.state.cement.fillers_used
        self.press("r")
        self.until(lambda: self.state.cement.fillers_used > used, "a filler", 600)

    def inject(self) -> None:
        """Hold pedal and plunger, and let the wheel follow the flow."""
        cement = self.state.cement
        pocket = self.state.tally.values.get("tamp_volume_ml", 0.0)
        enough = cement.injected_ml + pocket + _BEYOND_POCKET_ML
        leaks, shown = 0, False
        mark_ml, mark_tick = cement.injected_ml, self.state.tick
        self.hold("space")
        self.hold("f")
        while True:
            self.hands.frame()
            self.held("space")
            self.held("f")
            cement, lateral = self.state.cement, self.session.lateral
            if cement.injected_ml >= enough or self.must_stop():
                break
            if cement.injected_ml > 2.2 and not shown:
                shown = True
                self.seen("cement")
            if cement.filler_ml <= 0.0:
                if cement.batch_left_ml <= 0.0:
                    break
                self.let_go("f")
                self.load()
                self.hold("f")
                mark_ml, mark_tick = self.state.cement.injected_ml, self.state.tick
            elif lateral.leak and leaks == 0:
                leaks = 1
                self.unload()
                self.look_both()
                self.wait(60.0)
                enough = min(enough, self.state.cement.injected_ml + 0.5)
                self.hold("space")
                self.hold("f")
                mark_ml, mark_tick = self.state.cement.injected_ml, self.state.tick
            elif self.state.tick - mark_tick >= _TICKS_PER_S:
                given = cement.injected_ml - mark_ml
                rate = given * 1000.0 * _TICKS_PER_S / (self.state.tick - mark_tick)
                if rate < _SLOW_UL_S:
                    self.hands.wheel(1)
                elif rate > _QUICK_UL_S:
                    self.hands.wheel(-1)
                mark_ml, mark_tick = cement.injected_ml, self.state.tick
        self.unload()

    def must_stop(self) -> bool:
        """Tell whether cement stands in the back quarter, or is past its working time."""
        back = self.session.lateral.cement_to_wall_mm
        late = self.cement_age_s() > self.case.cement.work_until_s
        return late or (back is not None and back < _BACK_QUARTER_MM)

    def unload(self) -> None:
        """Let go of plunger and pedal, and pull the plunger back."""
        self.let_go("f", "space")
        self.hold("g")
        self.frames(4)
        self.let_go("g")
        self.frames(2)

    def finish(self) -> None:
        """Wait until the cement is hard, take everything out, look once more, and care."""
        hard = self.case.cement.set_s + 5.0
        while self.cement_age_s() < hard:
            self.wait(hard - self.cement_age_s())
        self.look_both(last="ap")
        self.tool_of("z", "needle")
        self.button("do.cannula_out")
        self.until(lambda: self.tool is None, "the cannula out", 600)
        self.tool_of("v", "drugs")
        self.ask("dress")
        self.button("wait.3")
        self.until(lambda: not self.top.operator.waiting, "the hour", 3000)
        self.ask("neuro_check")
        self.press("r")
