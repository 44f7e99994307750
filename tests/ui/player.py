"""A resident who plays one kyphoplasty in the open window.

The player knows the window only by looking: it reads attributes of what stands on the screen and
acts by `Hands`, which press keys, turn the wheel and move the mouse. It calls nothing of the
simulator.
"""

from __future__ import annotations

from tests.ui.player_cement import Filling


class Player(Filling):
    """Plays a whole case, from the library to the debrief."""

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
        self.ask("orders")
        self.press("r")
