"""What every tool pane shares: the act buttons under it and the buttons for deliberate acts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pygame

from simulator.ui.hots import Act, Hold
from simulator.ui.keys import cap
from simulator.ui.kit import Kit
from simulator.ui.scene import Scene
from simulator.world.action import Do

WORDS: dict[Do, str] = {
    Do.DECLINE_BLEEDING: "Bleeding",
    Do.DECLINE_INFECTION: "Infection",
    Do.DECLINE_ALLERGY: "Allergy",
    Do.DECLINE_NEUROLOGY: "Neurology",
    Do.DECLINE_UNSTABLE: "Unstable",
    Do.DECLINE_NO_INDICATION: "No indication",
    Do.POSITION: "Position",
    Do.ANTIBIOTIC: "Antibiotic",
    Do.TIME_OUT: "Time-out",
    Do.LOCAL: "Local",
    Do.SEDATE: "Sedate",
    Do.TALK: "Talk",
    Do.OXYGEN: "Oxygen",
    Do.FLUID: "Fluid",
    Do.ATROPINE: "Atropine",
    Do.PRESSOR: "Pressor",
    Do.REVERSE: "Reverse",
    Do.LIPID: "Lipid",
    Do.PLACE_NEEDLE: "Place needle",
    Do.STYLET_OUT: "Stylet out",
    Do.STYLET_IN: "Stylet in",
    Do.SEAT_CANNULA: "Seat cannula",
    Do.WIRE_IN: "Wire in",
    Do.WIRE_OUT: "Wire out",
    Do.DRILL_IN: "Drill in",
    Do.DRILL_OUT: "Drill out",
    Do.CURVED_IN: "Curved in",
    Do.CURVED_OUT: "Curved out",
    Do.PURGE: "Purge tamps",
    Do.TAMP_IN: "Tamp in",
    Do.TAMP_OUT: "Tamp out",
    Do.MIX: "Mix",
    Do.LOAD: "Load filler",
    Do.STRAND_TEST: "Strand test",
    Do.TURN_CANNULA: "Turn cannula",
    Do.CANNULA_OUT: "Cannula out",
    Do.NEXT_LEVEL: "Next level",
    Do.DRESS: "Dress",
    Do.NEURO_CHECK: "Neuro check",
    Do.ORDERS: "Orders",
    Do.DISCHARGE: "Discharge",
    Do.ABORT: "Stop the case",
}


@dataclass(frozen=True, slots=True)
class Deed:
    """One button of the row under a tool pane."""

    name: str
    label: str
    key: str = ""
    act: Act | None = None
    hold: Hold | None = None
    on: bool = False
    why_not: str | None = None


def holder(scene: Scene, name: str) -> Hold:
    """Return what a hold button tells the operator."""
    return lambda down: scene.operator.hold(name, down=down)


def asker(scene: Scene, act: Do) -> Callable[[], None]:
    """Return a click that asks for an act."""
    return lambda: scene.operator.ask(act)


def held(scene: Scene, name: str, label: str) -> Deed:
    """Return a hold button with its own key."""
    return Deed(name, label, cap(name), hold=holder(scene, name), on=scene.operator.holding(name))


def exchange(scene: Scene) -> Deed:
    """Return the button of R: the next sensible act of this tool, off with the reason why."""
    act, why = scene.operator.next_or_why(scene.state)
    if why:
        return Deed("next", WORDS.get(act, "Nothing next"), why_not=why)
    return Deed("next", WORDS[act], cap("next"), asker(scene, act))


def other_side(scene: Scene) -> Deed:
    """Return the button that changes the side."""
    now = "R" if scene.operator.side else "L"
    return Deed("side", f"Side {now}", cap("side"), scene.operator.other_side)


def row(kit: Kit, rect: Any, deeds: Sequence[Deed]) -> None:
    """Draw a row of buttons whose widths follow their words."""
    c = kit.canvas
    gap = c.px(0.75)
    needs = [c.width(d.label) + c.width(d.key, "xs", "sc") + c.px(3.2) for d in deeds]
    spare = rect.w - gap * (len(deeds) - 1) - sum(needs)
    x = float(rect.x)
    for deed, need in zip(deeds, needs, strict=True):
        w = need + spare / len(deeds)
        box = pygame.Rect(round(x), rect.y, round(x + w) - round(x), rect.h)
        kind = "off" if deed.why_not else "on" if deed.on else ""
        kit.button(deed.name, box, deed.label, deed.key, deed.act, deed.hold, kind)
        if deed.why_not:
            kit.tip(deed.name, box, deed.why_not)
        x += w + gap


def act_button(
    kit: Kit, scene: Scene, rect: Any, act: Do, key: str = "", kind: str = "", size: str = "sm"
) -> None:
    """Draw the button of a deliberate act; the refusal stands beside it when it is off."""
    why = scene.why_not(act)
    kit.button(
        f"do.{act.value}",
        rect,
        WORDS[act],
        key,
        asker(scene, act),
        kind="off" if why else kind,
        size=size,
    )
    if why:
        kit.tip(f"do.{act.value}", rect, why)
