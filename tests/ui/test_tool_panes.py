"""The panes of tamp and cement: what they say and offer in each state, and that it has room."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pygame
import pytest

from simulator.engine.session import Caption, Session
from simulator.frames import Side
from simulator.physics.cement_acts import mix
from simulator.physics.exchange import stylet_in, tamp_in, tamp_out
from simulator.physics.insertion import place
from simulator.ui import layout
from simulator.ui.canvas import Canvas
from simulator.ui.exchanges import exchanges
from simulator.ui.sound import Sound
from simulator.ui.theatre import Theatre
from simulator.ui.tool_cement import graduations
from simulator.ui.tool_tamp import stops
from simulator.units import PSI_PER_MPA, ticks
from simulator.world.action import Action, Do
from simulator.world.arm import Pose, Shot, View
from simulator.world.case import Case
from simulator.world.cement import Cement, Filling, Portion, Route
from simulator.world.events import Exposed
from simulator.world.seen import Seen
from simulator.world.shown import Shown
from simulator.world.state import State
from simulator.world.tamp import Tamp
from simulator.world.tools import Inside
from tests.ui.test_layout import Written, overlaps

_NOW = ticks(900.0)
_MIXED = Cement(mixed_tick=ticks(600.0), batches=1, batch_left_ml=20.0)
_FULL = Filling(
    ml=1.37, age_s=200.0, tick=_NOW - 600, kpa=1234.0, thumb_n=99.0, tip_kpa=18.0, given_ml=11.2
)
_GIVING = replace(
    _MIXED, batch_left_ml=14.0, fillings=(_FULL, Filling()), fillers_used=4,
    bores=((Portion(0.52, 240.0, _NOW),), ()), flow_smooth_ul_s=100.0,
)  # fmt: skip
_LAST = replace(_GIVING, batch_left_ml=0.0)
_OUT = replace(_LAST, fillings=(replace(_FULL, ml=0.0), Filling()), bores=((), ()))
_SET = replace(
    _GIVING,
    mixed_tick=-ticks(1200.0),
    fillings=(replace(_FULL, age_s=2100.0), Filling()),
)
_PLUGGED = replace(_GIVING, bores=((Portion(0.52, 2400.0, _NOW),), ()))
_FILLING = replace(_GIVING, fillings=(replace(_FULL, ready_tick=_NOW + ticks(9.0)), Filling()))
CEMENTS = {
    "packet": Cement(), "mixed": _MIXED, "giving": _GIVING, "last": _LAST, "out": _OUT,
    "set": _SET, "plugged": _PLUGGED, "filling": _FILLING,
}  # fmt: skip


@pytest.fixture(scope="module")
def session(case: Case) -> Session:
    session = Session(case, "human")
    for act in (Do.TIME_OUT, Do.LOCAL, Do.PLACE_NEEDLE, Do.STYLET_OUT):
        session.advance(Action(do=act))
    return session


def shown(session: Session, state: State, tool: str) -> Theatre:
    """A theatre with this tool in hand; the session goes back to where it was."""
    session.state = state
    theatre = Theatre(session, lambda ended: None, Sound())
    theatre.operator.tool = tool
    return theatre


def read(theatre: Theatre, canvas: Canvas, written: Written) -> list[str]:
    """Draw, hold every line against its room, and return the lines of the tool's pane."""
    theatre.draw(canvas)
    pane = layout.theatre(canvas.theme, biplane=False).tool
    lines = written.inside(pane)
    assert [words for words, _ in lines if "…" in words] == []
    assert all(pane.contains(rect) for _, rect in lines)
    assert overlaps([rect for _, rect in lines]) == []
    assert overlaps([hot.rect for hot in theatre.hots.items]) == []
    return [words for words, _ in lines]


@pytest.mark.parametrize("name", CEMENTS)
def test_each_state_of_the_cement_has_room_for_its_words(
    canvas: Canvas, session: Session, name: str, monkeypatch: Any
) -> None:
    before = session.state
    state = replace(before, tick=_NOW, phase="inject", cement=CEMENTS[name])
    said = read(shown(session, state, "cement"), canvas, Written(canvas, monkeypatch))
    session.state = before
    if name == "giving":
        assert "14.0 mL, 10 fillers" in said
        assert {"1234 kPa", "18 kPa", "Syringe", "in bone"} <= set(said)
    assert ("hard in the cannula, 0.5 mL" in said) == (name == "plugged")


def test_an_old_strand_test_says_how_old_it_is(
    canvas: Canvas, session: Session, monkeypatch: Any
) -> None:
    before = session.state
    theatre = shown(session, replace(before, tick=_NOW, phase="inject", cement=_GIVING), "cement")
    theatre.scene.strand = ("It still sticks and drips.", _NOW - ticks(314.0))
    said = read(theatre, canvas, Written(canvas, monkeypatch))
    session.state = before
    assert {"It still sticks and drips.", "5:14 ago"} <= set(said)


@pytest.mark.parametrize("volume_ml", [1.0, 1.5, 2.0, 3.0, 10.0])
def test_a_filler_is_marked_as_a_syringe_is(volume_ml: float) -> None:
    marks = graduations(volume_ml)
    assert marks[0] == 0.0
    assert marks[-1] == volume_ml
    assert 3 <= len(marks) <= 7
    assert [m for m in marks if round(4 * m) != 4 * m] == []  # none of its figures is rounded


@pytest.mark.parametrize("name", CEMENTS)
def test_more_is_mixed_when_the_bowl_gives_nothing_and_never_before(
    canvas: Canvas, session: Session, name: str
) -> None:
    before = session.state
    state = replace(before, tick=_NOW, phase="inject", cement=CEMENTS[name])
    theatre = shown(session, state, "cement")
    theatre.draw(canvas)
    offered = {hot.name for hot in theatre.hots.items if hot.enabled}
    next_act = exchanges(session.case, state, "cement", Side.LEFT)
    session.state = before
    mixes = not isinstance(mix(session.case, state, Side.LEFT), str)
    assert ("do.mix" in offered) == mixes == (name in ("packet", "last", "out", "set"))
    assert (next_act == (Do.MIX,)) == (name in ("packet", "out", "set"))


def test_a_dressing_is_never_the_next_act_before_there_was_cement(session: Session) -> None:
    before = session.state
    numb = replace(
        before,
        phase="entry",
        cannulas=(None, None),
        tally=replace(
            before.tally, done=frozenset({"position", "antibiotic", "time_out", "local"})
        ),
    )
    operator = shown(session, numb, "drugs").operator
    assert operator.next_act(numb) is Do.NONE  # R once too often would have ended the case

    given = replace(numb, phase="set", cement=replace(numb.cement, started_tick=1))
    assert operator.next_act(given) is Do.DRESS
    standing = replace(given, cannulas=before.cannulas)
    assert operator.next_act(standing) is Do.NONE
    session.state = before


def held(session: Session, psi: float, share: float, rest_s: float, **told: float) -> State:
    tamp = Tamp(Side.LEFT, "", (0, 0, 0), (0, 0, 1), volume_ml=2.9, pressure_mpa=psi / PSI_PER_MPA,
                peak_mpa=psi / share / PSI_PER_MPA)  # fmt: skip
    state = session.state
    values = {
        "tamp_step_mpa_0": tamp.peak_mpa, "inflated_tick_0": float(_NOW - ticks(rest_s)), **told
    }  # fmt: skip
    tally = replace(state.tally, values=MappingProxyType({**state.tally.values, **values}))
    return replace(state, tick=_NOW, tamps=(tamp, None), tally=tally)


def test_the_tamp_says_what_a_pause_leaves_of_the_pressure(
    canvas: Canvas, session: Session, monkeypatch: Any
) -> None:
    before = session.state
    theatre = shown(session, held(session, 250.0, 0.80, 12.0), "tamp")
    said = read(theatre, canvas, Written(canvas, monkeypatch))
    session.state = before
    full = session.case.tamp.max_volume_ml
    assert "80 % of 312 psi after 12 s" in said
    assert f"{full - 2.9:.2f} left of {full:.1f}" in said


@pytest.mark.parametrize(("share", "rest_s", "psi"), [(0.95, 5.0, 300.0)])
def test_a_high_pressure_that_holds_is_a_sign_to_stop(
    session: Session, share: float, rest_s: float, psi: float
) -> None:
    before = session.state

    def told(psi: float, share: float, rest_s: float) -> bool:
        theatre = shown(session, held(session, psi, share, rest_s), "tamp")
        return dict(stops(theatre.scene, session.state.tamps[0]))["No decay"]

    met = told(psi, share, rest_s)
    less = [told(psi, 0.8, rest_s), told(psi, share, 2.0), told(100.0, share, rest_s)]
    session.state = before
    assert met
    assert less == [False, False, False]


def test_what_only_the_eye_finds_is_marked_by_the_coach_from_the_picture(session: Session) -> None:
    before = session.state, session.lateral
    theatre = shown(session, held(session, 200.0, 0.8, 1.0), "tamp")
    marks = []
    for coach, touching in ((True, False), (True, True), (False, True)):
        theatre.scene.coach = coach
        told = {"tamp_ml": (2.9, None), "tamp_at_wall": (touching, False)}
        session.lateral = replace(Seen(_NOW, View.LATERAL, 0.0), **told)
        marks.append(dict(stops(theatre.scene, session.state.tamps[0]))["Wall or plate"])
    session.state, session.lateral = before
    assert marks == [False, True, False]


def test_r_says_why_a_filled_tamp_stays_in(room: Any) -> None:
    """What physics refuses is not offered; R says so instead of asking for it."""
    session, theatre = room.session, room.theatre
    operator = theatre.operator
    full = replace(held(session, 150.0, 0.8, 9.0), phase="inflate", ways=("inflate", "entry"))
    tube = place(session.case, Side.LEFT, (30.0, 90.0, 0.0), (0.0, -1.0, 0.0))
    tube = replace(tube, working=True, inside=Inside.TAMP)
    full = replace(full, cannulas=(tube, None), purged=True)
    session.state, operator.tool, operator.side = full, "tamp", Side.LEFT
    physics = tamp_out(session.case, full, Side.LEFT)
    assert isinstance(physics, str)
    act, why = operator.next_or_why(full)
    assert (act, operator.next_act(full)) == (Do.TAMP_OUT, Do.NONE)
    assert why.startswith(physics.rstrip("."))
    room.draw()
    (button,) = [hot for hot in theatre.hots.items if hot.name == "next"]
    assert not button.enabled
    room.key(pygame.K_r)
    assert operator.next_action(full).do is Do.NONE
    assert theatre.scene.refused == (why, full.tick)
    empty = replace(full, tamps=(replace(full.tamps[0], volume_ml=0.0, pressure_mpa=0.0), None))
    assert operator.next_act(empty) is Do.TAMP_OUT
    operator.tool = "needle"
    assert isinstance(stylet_in(session.case, empty, Side.LEFT), str)
    assert operator.next_act(empty) is Do.NONE


@pytest.mark.parametrize("inside", [Inside.STYLET, Inside.EMPTY])
@pytest.mark.parametrize("working", [False, True])
def test_a_tamp_is_offered_where_it_goes_in(room: Any, inside: Inside, working: bool) -> None:
    session, operator = room.session, room.theatre.operator
    tube = place(session.case, Side.LEFT, (30.0, 90.0, 0.0), (0.0, -1.0, 0.0))
    tube = replace(tube, working=working, inside=inside)
    state = replace(
        session.state, phase="exchange", ways=("exchange", "entry"), purged=True,
        cannulas=(tube, None),
    )  # fmt: skip
    operator.tool, operator.side = "tamp", Side.LEFT
    refused = isinstance(tamp_in(session.case, state, Side.LEFT), str)
    assert refused == (not working or inside is Inside.STYLET)
    assert (operator.next_act(state) is Do.NONE) == refused


_LONGEST = (
    ("Stop here, other side next", "The pressure does not fall any more. Bring the other tamp as "
     "far; this one holds."),
    ("Deflate", "The cement has had its wait. Empty this one, then tamp out. The other one holds."),
    ("Is it past the wall?", "12.3 mm deeper since the last lateral, which had it behind. Take "
     "one."),
)  # fmt: skip


@pytest.mark.parametrize("hint", _LONGEST)
def test_a_hint_is_read_to_its_end_and_the_strip_tells_what_comes_next(
    canvas: Canvas, session: Session, monkeypatch: Any, hint: tuple[str, str]
) -> None:
    before = session.state
    theatre = shown(session, held(session, 150.0, 0.8, 9.0), "tamp")
    session.state = replace(session.state, phase="inflate", ways=("inflate", "entry"))
    monkeypatch.setattr("simulator.ui.talk.next_hint", lambda *_: hint)
    written = Written(canvas, monkeypatch)
    theatre.draw(canvas)
    session.state = before
    places = layout.theatre(canvas.theme, biplane=False)
    said = [text for text, _ in written.inside(places.coach)]
    assert said[0] == hint[0]
    assert " ".join(said[1:]) == hint[1]
    strip = [text for text, _ in written.inside(places.strip)]
    assert strip[strip.index("Next") + 1 :] == ["mixing the cement"]


def test_a_leak_is_told_while_a_picture_that_shows_it_is_seen(
    room: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = room.session.state
    shot = Shot(state.tick, View.LATERAL, Pose(90.0), 0.0, (False, False))
    said: list[list[str]] = []
    for routes in ((), (Route.SEGMENTAL, Route.DISC)):
        pulse = Exposed(shot, 80.0, 0.2, hand_in_beam=False, shown=Shown(leaks=routes))
        room.theatre.scene.pictures.see(state, (pulse,))
        written = Written(room.canvas, monkeypatch)
        room.draw()
        said.append([words for words, _ in written.lines if "Cement in" in words])
        monkeypatch.undo()
    assert said[0] == []
    assert " ".join(said[1]).startswith("Cement in a segmental vein and the disc.")


_LONG = "Time-out: right patient, L1, kyphoplasty. INR 1.0, platelets 220, no allergies."


@pytest.mark.parametrize(
    ("said", "whole"),
    [
        ([("Now L1. The table is tilted by 4 degrees.", True)], [0]),
        ([("Prone on bolsters, arms up, all points padded.", True)], [0]),
        # What came before is read to its end too, where the newest leaves it the room.
        ([("Cefazolin.", False), (_LONG, False)], [1]),
        ([("Cefazolin.", False), ("All points padded, arms up, on bolsters.", False),
          ("100 mg.", False)], [1, 2]),
        # An alarm keeps its row, however much is said after it.
        ([("Stop.", True), (_LONG, False), ("100 mg.", False)], [0, 2]),
    ],
)  # fmt: skip
def test_what_is_said_is_read_to_its_end(
    canvas: Canvas,
    session: Session,
    monkeypatch: Any,
    said: list[tuple[str, bool]],
    whole: list[int],
) -> None:
    kept = list(session.captions)
    session.captions[:] = [*kept, *(Caption(600, "nurse", text, alarm=bad) for text, bad in said)]
    theatre = Theatre(session, lambda ended: None, Sound())
    written = Written(canvas, monkeypatch)
    theatre.draw(canvas)
    session.captions[:] = kept
    lines = written.inside(layout.theatre(canvas.theme, biplane=False).captions)
    heard = " ".join(text for text, _ in lines)
    for i in whole:
        assert said[i][0] in heard
    assert overlaps([rect for _, rect in lines]) == []
