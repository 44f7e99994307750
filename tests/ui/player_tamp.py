"""The tamp: exchange for the working cannula, and inflation to the first endpoint."""

from __future__ import annotations

from tests.ui.player_access import BONE_N, PEDICLE_STEP_MM, Access

_SEAT_PAST_WALL_MM = 3.0
_STEP_ML, _PAUSE_S = 0.25, 5.0
_CAUTION_PSI = 280.0
_PSI_PER_MPA = 145.0377
_STALLED_MM, _STALLED_STEPS, _LIFT_WORTH_MM = 0.08, 4, 1.0


class Tamping(Access):
    """Seats the cannula and inflates."""

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
            self.push_to(self.tool.depth_mm + min(PEDICLE_STEP_MM, left), BONE_N)
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
