"""The theatre: the screen in which the case is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pygame

from simulator.engine.pace import Pacer
from simulator.engine.session import Session
from simulator.procedure.phases import chapter
from simulator.ui import (
    carm_pane,
    filmstrip,
    layout,
    monitors,
    patient_pane,
    table_pane,
    talk,
    tool_care,
    tool_cement,
    tool_needle,
    tool_tamp,
    top_bar,
    viewer,
)
from simulator.ui.canvas import Canvas
from simulator.ui.controls import FAST, TOOLS, HumanOperator
from simulator.ui.grabs import Grabs
from simulator.ui.hots import Hots
from simulator.ui.keys import BY_CODE, cap
from simulator.ui.kit import Kit
from simulator.ui.overlays import Help, Menu
from simulator.ui.pictures import Pictures, rendered_px
from simulator.ui.scene import Scene
from simulator.ui.screens import Change, Pop, Push, Replace, as_change
from simulator.ui.sound import Sound
from simulator.world.action import Do
from simulator.world.events import Done, Event, LevelTaken, PhaseChanged, Refused, Said

Finish = Callable[[Session], Any]

_PANES = {
    "needle": (tool_needle.draw, tool_needle.acts),
    "tamp": (tool_tamp.draw, tool_tamp.acts),
    "cement": (tool_cement.draw, tool_cement.acts),
    "drugs": (tool_care.draw_drugs, tool_care.acts_care),
    "plan": (tool_care.draw_plan, tool_care.acts_care),
}

_TAB_OF_PHASE = {
    "position": "drugs",
    "local": "drugs",
    "access": "needle",
    "tamp": "tamp",
    "mix": "cement",
    "inject": "cement",
    "recover": "drugs",
}


_FIRST_PX = 640
"""Until the first frame is laid out."""


class Theatre:
    """One run: events to the operator, actions to the session, pictures and panes to the window."""

    overlay = False
    frames_per_s = 60

    def __init__(
        self,
        session: Session,
        finish: Finish,
        sound: Sound,
        pacer: Callable[[], Pacer] = Pacer,
        save: Callable[[], Any] | None = None,
    ) -> None:
        """Begin the run; `finish` makes the screen that follows it, `pacer` says what is due.

        `save` puts a recorded run aside, to go on another day.
        """
        self._save = save
        self.operator = HumanOperator(session.case)
        self.operator.tool = _TAB_OF_PHASE.get(chapter(session.state.phase), "needle")
        self.scene = Scene(session, self.operator, Pictures(session.case, _FIRST_PX))
        self.scene.pictures.restore(session.state)
        self.hots = Hots(space_acts=False)
        self.pacer = pacer()
        self._finish = finish
        self._sound = sound
        self.grabs = Grabs(self.scene)

    # -- events -------------------------------------------------------------------------------

    def handle(self, event: Any) -> Change:
        """Give an event to the controls, the live image or the operator."""
        if event.type == pygame.WINDOWFOCUSLOST:
            self.operator.release()
            return None
        taken = self.hots.handle(event)
        if taken is not None:
            return as_change(taken.result)
        if event.type in (pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP, pygame.MOUSEMOTION):
            self.grabs.handle(event)
            return None
        if event.type == pygame.KEYDOWN:
            self.hots.focus_seen = False
            change = self._own_key(event)
            if change is not None:
                return change
        self.operator.event(event, self.scene.state)
        return None

    def _own_key(self, event: Any) -> Change:
        """Use the keys that mean something to the window, not to the world."""
        name = BY_CODE.get(event.key, "")
        if name == "pause":
            return self._pause()
        if name == "help":
            return Push(Help())
        if name == "coach":
            self.scene.coach = not self.scene.coach
        elif name == "mute":
            self.scene.sound = not self.scene.sound
        elif name == "next":
            _, why = self.operator.next_or_why(self.scene.state)
            if why:
                self.scene.refused = (why, self.scene.state.tick)
        else:
            back = bool(event.mod & pygame.KMOD_SHIFT)
            viewer.use(self.scene, name, back=back)
        return None

    def _pause(self) -> Change:
        lines: list[tuple[str, str, Callable[[], Any]]] = [
            ("Go on", "Esc", Pop),
            ("Keys", "F1", lambda: Push(Help())),
            ("Stop the case and see the debrief", "", self._stop),
        ]
        if self._save is not None:
            lines.append(("Save, and go on another day", "", self._saved))
        lines.append(("Leave without a debrief", "", self._left))
        return Push(Menu("Paused", "Time stands still.", lines))

    def _stop(self) -> Change:
        self.operator.ask(Do.ABORT)
        return Pop()

    def _saved(self) -> Pop:
        """Put the run aside."""
        assert self._save is not None
        self._save()
        return Pop(2)

    def _left(self) -> Pop:
        """End the recording of a run that is left behind."""
        self.scene.session.close()
        return Pop(2)

    def leave(self) -> None:
        """Let go of everything while another screen has the keyboard."""
        self.operator.release()
        self.hots.drop()
        self.grabs.drop()
        self._sound.quiet()

    # -- time ---------------------------------------------------------------------------------

    def update(self) -> Change:
        """Run the ticks that are due, then develop at most one picture."""
        scene = self.scene
        events: list[Event] = []
        speed = float(FAST) if self.operator.fast else 1.0
        for _ in range(self.pacer.due(speed)):
            step = scene.session.advance(self.operator.next_action(scene.state))
            events += step
            self._note(step)
            if scene.state.over or self.operator.waiting:
                break  # one step of a wait is enough for a frame
        if scene.pictures.see(scene.state, events) and not self.operator.stepping:
            self.pacer.rest()  # a first picture may take long; the world waits for it
        scene.follow()
        self._sound.follow(scene, events)
        if scene.state.over:
            self._sound.quiet()
            return Replace(self._finish(scene.session))
        return None

    def _note(self, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, Refused):
                self.scene.refused = (event.reason, self.scene.state.tick)
            elif isinstance(event, Done) and event.act == Do.STRAND_TEST.value:
                said = [e.text for e in events if isinstance(e, Said)]
                self.scene.strand = (said[-1] if said else "done", self.scene.state.tick)
            elif isinstance(event, LevelTaken):
                self.operator.case = self.scene.case
                self.scene.pictures.turn()
            elif isinstance(event, PhaseChanged):
                self.operator.hurry()
                part = chapter(event.after)
                if part != chapter(event.before):
                    self.operator.tool = _TAB_OF_PHASE.get(part, self.operator.tool)
            elif isinstance(event, Said) and event.alarm:
                self.operator.hurry()

    # -- drawing ------------------------------------------------------------------------------

    def draw(self, canvas: Canvas) -> None:
        """Draw every pane."""
        scene = self.scene
        places = layout.theatre(canvas.theme, biplane=scene.state.c_arm.second is not None)
        image = layout.image(canvas.theme, places.live)
        if scene.pictures.n != rendered_px(image.w):
            scene.pictures.resize(rendered_px(image.w))
        self.hots.clear()
        self.grabs.clear()
        kit = Kit(canvas, self.hots)
        canvas.surface.fill(canvas.colour.bg)
        top_bar.draw(kit, places.top, scene, lambda: Push(Help()), self._pause)
        for rect, large in ((places.live, True), (places.reference, False)):
            monitor = monitors.draw(kit, rect, scene, large=large)
            if monitor is not None:
                self.grabs.monitors.append(monitor)
        filmstrip.draw(kit, places.films, scene)
        self.grabs.stage = carm_pane.draw(kit, places.arm, scene)
        table_pane.draw(kit, places.table, scene)
        self._tabs(kit, places.tabs)
        pane, acts = _PANES[self.operator.tool]
        pane(kit, places.tool, scene)
        acts(kit, places.acts, scene)
        patient_pane.draw(kit, places.patient, scene)
        talk.captions(kit, places.captions, scene)
        talk.coach(kit, places.coach, scene)
        talk.strip(kit, places.strip, scene)
        kit.finish()

    def _tabs(self, kit: Kit, rect: Any) -> None:
        gap = kit.px(0.75)
        wide = (rect.w - gap * (len(TOOLS) - 1)) / len(TOOLS)
        for i, tool in enumerate(TOOLS):
            box = pygame.Rect(round(rect.x + i * (wide + gap)), rect.y, round(wide), rect.h)

            def pick(tool: str = tool) -> None:
                self.operator.tool = tool

            kind = "on" if tool == self.operator.tool else "ghost"
            kit.button(f"tab.{tool}", box, tool.capitalize(), cap(tool), pick, kind=kind)
