"""Panes and controls keep out of each other's way, at every size."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import pygame
import pytest

from simulator.engine.session import Session
from simulator.physics.exchange import with_cannula
from simulator.ui import layout
from simulator.ui.canvas import Canvas
from simulator.ui.controls import TOOLS
from simulator.ui.keys import CHORDS, KEYS
from simulator.ui.kit import Kit
from simulator.ui.overlays import Help
from simulator.ui.sound import Sound
from simulator.ui.theatre import Theatre
from simulator.world.action import Action, Do
from simulator.world.arm import Plane, Pose
from simulator.world.case import Case
from simulator.world.collimator import Collimator
from simulator.world.tools import Inside, Passed


def overlaps(rects: list[Any]) -> list[tuple[Any, Any]]:
    """Pairs that share more than the pixel of rounding."""
    return [(a, b) for a, b in combinations(rects, 2) if a.inflate(-2, -2).colliderect(b)]


@pytest.mark.parametrize("biplane", [False, True])
def test_no_pane_lies_on_another(canvas: Canvas, biplane: bool) -> None:
    assert overlaps(list(layout.theatre(canvas.theme, biplane=biplane).panes())) == []


@pytest.mark.parametrize("biplane", [False, True])
def test_every_pane_is_in_the_window(canvas: Canvas, biplane: bool) -> None:
    window = pygame.Rect(0, 0, *canvas.theme.size).inflate(2, 2)
    places = layout.theatre(canvas.theme, biplane=biplane)
    assert all(window.contains(pane) for pane in places.panes())


@pytest.mark.parametrize("biplane", [False, True])
def test_the_live_picture_is_square_and_the_larger_one(canvas: Canvas, biplane: bool) -> None:
    places = layout.theatre(canvas.theme, biplane=biplane)
    live = layout.image(canvas.theme, places.live)
    reference = layout.image(canvas.theme, places.reference)
    assert live.w == live.h >= reference.w == reference.h


@pytest.fixture(scope="module")
def session(case: Case) -> Session:
    session = Session(case, "human")
    for act in (Do.TIME_OUT, Do.LOCAL, Do.PLACE_NEEDLE):
        session.advance(Action(do=act))
    return session


@pytest.mark.parametrize("tool", TOOLS)
def test_no_control_lies_on_another_and_all_can_be_hit(
    canvas: Canvas, session: Session, tool: str
) -> None:
    theatre = Theatre(session, lambda ended: None, Sound())
    theatre.operator.tool = tool
    theatre.draw(canvas)
    rects = [hot.rect for hot in theatre.hots.items]
    assert overlaps(rects) == []
    window = pygame.Rect(0, 0, *canvas.theme.size)
    assert all(window.contains(rect) for rect in rects)
    assert min(rect.h for rect in rects) >= 2.9 * canvas.theme.u
    names = [hot.name for hot in theatre.hots.items]
    assert len(names) == len(set(names))


class Written:
    """Every line that a canvas writes, with the pixels its capitals take."""

    def __init__(self, canvas: Canvas, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lines: list[tuple[str, Any]] = []
        write = Canvas.text

        def text(c: Canvas, words: str, at: Any, size: str = "sm", *rest: Any, **more: Any) -> int:
            w = write(c, words, at, size, *rest, **more)
            align = more.get("align", rest[2] if len(rest) > 2 else "l")
            x = at[0] - (w if align == "r" else w / 2 if align == "c" else 0)
            high = round(0.7 * c.theme.type_px(size))
            top = at[1] - (high if more.get("baseline") else high / 2)
            self.lines.append((words, pygame.Rect(round(x), round(top), w, high)))
            return w

        monkeypatch.setattr(Canvas, "text", text)

    def inside(self, pane: Any) -> list[tuple[str, Any]]:
        return [(words, rect) for words, rect in self.lines if pane.collidepoint(rect.center)]


@pytest.mark.parametrize("biplane", [False, True])
@pytest.mark.parametrize("face", ["arm", "beam", "image"])
def test_every_face_of_the_c_arm_has_room_for_its_words_and_controls(
    canvas: Canvas, session: Session, face: str, biplane: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = session.state
    pose = Pose(-39.9, -39.9, swivel_deg=-11.9)
    blades = Collimator(256.0, 256.0, 256.0, -88.0)
    arm = replace(before.c_arm, pose=pose, collimator=blades, skin_peak_mgy=1888.8, kvp=109.0)
    plane = Plane(pose=pose, collimator=blades)
    session.state = replace(before, c_arm=replace(arm, second=plane if biplane else None))
    theatre = Theatre(session, lambda ended: None, Sound())
    theatre.scene.face = face
    written = Written(canvas, monkeypatch)
    theatre.draw(canvas)
    session.state = before
    pane = layout.theatre(canvas.theme, biplane=biplane).arm
    lines = written.inside(pane)
    assert len(lines) > 10
    assert [words for words, _ in lines if "…" in words] == []
    assert all(pane.contains(rect) for _, rect in lines)
    assert overlaps([rect for _, rect in lines]) == []
    hots = [hot for hot in theatre.hots.items if pane.collidepoint(hot.rect.center)]
    assert all(pane.contains(hot.rect) for hot in hots)
    assert overlaps([hot.rect for hot in theatre.hots.items]) == []
    assert min(hot.rect.h for hot in hots) >= 2.9 * canvas.theme.u


def test_the_list_of_keys_has_room_for_every_key(
    canvas: Canvas, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = Written(canvas, monkeypatch)
    Help().draw(canvas)
    window = pygame.Rect(0, 0, *canvas.theme.size)
    assert [words for words, _ in written.lines if "…" in words] == []
    assert all(window.contains(rect) for _, rect in written.lines)
    assert overlaps([rect for _, rect in written.lines]) == []
    said = {words for words, _ in written.lines}
    assert {key.does for key in KEYS.values()} <= said
    assert {does for _, does, _ in CHORDS} <= said


@pytest.mark.parametrize("kind", [Inside.WIRE, Inside.DRILL, Inside.CURVED])
def test_what_is_in_the_bore_has_its_way_out_and_a_hand(
    canvas: Canvas, session: Session, kind: Inside
) -> None:
    theatre = Theatre(session, lambda ended: None, Sound())
    before = session.state
    tool = before.cannulas[before.side]
    assert tool is not None
    inner = Passed(kind, "x", tool.tip_mm, tool.direction, (0.0, 0.0, 1.0), 1.6, 0.0, 280.0, 155.0)
    session.state = with_cannula(before, replace(tool, inside=kind, passed=inner), before.side)
    theatre.draw(canvas)
    rects = [hot.rect for hot in theatre.hots.items]
    names = {hot.name for hot in theatre.hots.items}
    session.state = before
    assert overlaps(rects) == []
    assert min(rect.h for rect in rects) >= 2.9 * canvas.theme.u
    out = {Inside.WIRE: Do.WIRE_OUT, Inside.DRILL: Do.DRILL_OUT, Inside.CURVED: Do.CURVED_OUT}
    assert {f"do.{out[kind].value}", "inner"} <= names
    assert ("radius.0" in names) == (kind is Inside.CURVED)


def test_every_act_has_a_button_in_some_pane(case: Case, session: Session, canvas: Canvas) -> None:
    theatre = Theatre(session, lambda ended: None, Sound())
    seen: set[str] = set()
    for tool in TOOLS:
        theatre.operator.tool = tool
        theatre.draw(canvas)
        seen |= {hot.name for hot in theatre.hots.items}
    before, theatre.operator.tool = session.state, "needle"
    tool = before.cannulas[theatre.operator.side]
    assert tool is not None
    docked = replace(tool, dock_mm=tool.tip_mm)
    for cannula in (None, docked):  # one button: a needle is placed, and turned once it holds
        session.state = with_cannula(before, cannula, tool.side)
        theatre.draw(canvas)
        seen |= {hot.name for hot in theatre.hots.items}
    session.state = before
    by_r = {Do.PURGE, Do.TAMP_IN, Do.TAMP_OUT, Do.LOAD}  # the button of R changes its word
    in_pause = {Do.ABORT, Do.NONE}
    from_bore = {Do.WIRE_OUT, Do.DRILL_OUT, Do.CURVED_OUT}  # only with such a thing in it
    of_several = {Do.NEXT_LEVEL}  # tests/ui/test_levels.py
    for act in set(Do) - by_r - in_pause - from_bore - of_several:
        assert f"do.{act.value}" in seen, act
    assert "next" in seen


def test_the_picture_changes_only_with_a_pulse(case: Case) -> None:
    session = Session(case, "human")
    theatre = Theatre(session, lambda ended: None, Sound())
    pictures = theatre.scene.pictures
    pictures.resize(128)
    for _ in range(10):
        pictures.see(session.state, session.advance(Action(orbit_deg_s=10.0)))
    assert pictures.live is None
    for _ in range(12):
        pictures.see(session.state, session.advance(Action(beam=True)))
    up = session.advance(Action())
    pictures.see(session.state, up)  # what was live is held now
    held = pictures.live
    assert held is not None
    for _ in range(12):
        pictures.see(session.state, session.advance(Action(orbit_deg_s=10.0)))
    assert pictures.live is held


def test_the_list_of_keys_stays_on_its_card(canvas: Canvas, monkeypatch: Any) -> None:
    """Each row has its line: none lies on the edge of the card or on another."""
    rows: list[tuple[float, float]] = []
    cap = Kit.cap

    def noted(kit: Kit, words: str, at: Any) -> Any:
        rows.append(at)
        return cap(kit, words, at)

    monkeypatch.setattr(Kit, "cap", noted)
    Help().draw(canvas)
    foot = 0.5 * (canvas.theme.size[1] + canvas.px(90.0))
    assert max(y for _, y in rows) + canvas.px(1.8) <= foot
    assert len(set(rows)) == len(rows)
