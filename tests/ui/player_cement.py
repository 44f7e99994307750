"""The cement: waiting for dough, and filling under a live lateral until a stop rule."""

from __future__ import annotations

from tests.ui.player_moves import TICKS_PER_S
from tests.ui.player_tamp import Tamping

_SLOW_UL_S, _QUICK_UL_S = 22.0, 50.0
_BACK_QUARTER_MM = 8.0
_BEYOND_POCKET_ML = 1.2


class Filling(Tamping):
    """Gives the cement."""

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
        side = self.top.operator.side
        ready = self.state.cement.fillings[side].ready_tick
        self.until(lambda: self.state.tick >= ready, "it filled", 1800)

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
            if cement.fillings[self.top.operator.side].ml <= 0.0:
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
            elif self.state.tick - mark_tick >= TICKS_PER_S:
                given = cement.injected_ml - mark_ml
                rate = given * 1000.0 * TICKS_PER_S / (self.state.tick - mark_tick)
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
