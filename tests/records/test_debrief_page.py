"""The debrief page: whole, self-contained, readable without pictures."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from html import escape, unescape
from html.parser import HTMLParser

import pytest

from simulator.engine.recording import Practice
from simulator.engine.runner import Outcome
from simulator.engine.session import Session
from simulator.records import bands, html, measured
from simulator.records.frames import KeyFrames
from simulator.records.moments import Pictures, rule_words
from simulator.records.spoken import told
from simulator.world.action import Action, Do
from simulator.world.case import Case
from simulator.world.report import DomainScore

_VOID = {"meta", "img", "br", "link", "path", "use", "rect"}


class Reader(HTMLParser):
    """Collects headings, pictures and addresses, and checks that tags close."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.headings: list[str] = []
        self.without_alt = self.pictures = self.figures = 0
        self.outside: list[str] = []

    def handle_starttag(self, tag, attrs) -> None:
        names = dict(attrs)
        if tag == "img" and not names.get("alt"):
            self.without_alt += 1
        for key in ("src", "href"):
            if (names.get(key) or "").startswith(("http:", "https:", "//")):
                self.outside.append(names[key])
        if tag in ("h1", "h2", "h3", "h4"):
            self.headings.append(tag)
        self.pictures += tag == "img"
        self.figures += tag == "svg" and names.get("class") != "bar"
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs) -> None:
        pass

    def handle_endtag(self, tag) -> None:
        assert self.open, tag
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def text(case: Case, clumsy_run: Outcome) -> str:
    films = KeyFrames(case)
    for state in clumsy_run.session.snapshots[::30]:
        clumsy_run.session.state, kept = state, clumsy_run.session.state
        films.look(clumsy_run.session, ())
        clumsy_run.session.state = kept
    return html.page(clumsy_run.session, films.pictures())


def test_the_page_is_whole_and_needs_no_network(text: str) -> None:
    reader = Reader()
    reader.feed(text)
    assert reader.open == []
    assert reader.outside == []
    assert reader.without_alt == 0
    assert "<script" not in text
    assert len(text.encode()) < 3_000_000


def test_headings_lead_through_the_page(text: str) -> None:
    reader = Reader()
    reader.feed(text)
    assert reader.headings[0] == "h1"
    assert reader.headings.count("h1") == 1
    for before, after in itertools.pairwise(reader.headings):
        assert int(after[1]) <= int(before[1]) + 1


def test_the_page_can_be_heard(text: str) -> None:
    """Landmarks, named parts, and tables whose cells know their row and column."""
    for mark in ("header", "main", "footer"):
        assert text.count(f"<{mark}>") == 1
    names = re.findall(r'aria-labelledby="(\w+)"', text)
    assert names
    for name in names:
        assert text.count(f'<h2 id="{name}">') == 1
    cells = re.findall(r"<th\b[^>]*>", text)
    assert cells
    assert all(re.search(r'scope="(col|row|rowgroup)"', cell) for cell in cells)
    # A picture's inner words are not heard: no heading stands inside one.
    drawn = re.findall(
        r'<div(?: class="line")? role="img" aria-label="[^"]+">(.*?)</div>', text, re.S
    )
    assert len(drawn) == text.count('role="img"') > 5
    assert not any(re.search(r"<h\d", inside) for inside in drawn)


def test_the_page_tells_what_was_wrong_and_what_to_do(text: str, clumsy_run: Outcome) -> None:
    assert "Not passed" in text
    worst = clumsy_run.report.moments[0]
    assert escape(worst.instead) in text
    assert escape(rule_words(worst)) in text
    assert "not a medical device" in text


def test_every_pictured_moment_has_its_own_picture(text: str) -> None:
    shown = re.findall(r'src="(data:image/png;base64,[^"]+)"', text)
    assert len(shown) == len(set(shown)) > 2


def test_a_run_that_was_declined_has_no_empty_part(case: Case) -> None:
    session = Session(case, "human")
    films = KeyFrames(case)
    films.look(session, session.advance(Action(do=Do.DECLINE_INFECTION)))
    page = html.page(session, films.pictures())
    reader = Reader()
    reader.feed(page)
    assert (reader.pictures, reader.figures) == (0, 0)
    for heading in (
        "Timeline",
        "Skin dose",
        "What was true",
        "Plots",
        "At the end",
        "Time and dose",
    ):
        assert f">{heading}</h2>" not in page
    assert "are reasons not to" in page


def test_the_page_of_practice_says_that_it_was_practice(case: Case) -> None:
    session = Session(case, "human")
    session.advance(Action(do=Do.DECLINE_ALLERGY))
    whole = html.page(session, Pictures({}, {}))
    assert "learning curve" not in whole
    session.practice = Practice(24120, phase="tamp")
    text = html.page(session, Pictures({}, {}))
    assert "Practice of tamp from 06:42." in text
    assert "It counts in no learning curve." in text


def test_a_domain_without_points_is_not_told(clumsy_run: Outcome) -> None:
    """After a right decision not to treat most domains are worth nothing."""
    domains = {"planning": DomainScore(3.0, 3.0), "imaging": DomainScore(0.0, 0.0)}
    rows = html._domains(replace(clumsy_run.report, domains=domains))
    assert [row[0] for row in rows] == ["planning"]


def test_the_expert_stands_as_a_frame(clumsy_run: Outcome, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bands, "_book", dict)
    plain = html.page(clumsy_run.session, Pictures({}, {}))
    assert measured.FRAME not in plain
    made = {"l1-wedge": {"total": [91.0, 97.5], "access": [7.0, 14.0], "fluoro_s": [60.0, 90.0]}}
    monkeypatch.setattr(bands, "_book", lambda: made)
    framed = html.page(clumsy_run.session, Pictures({}, {}))
    assert "Built-in expert: 91.0 – 97.5" in framed
    # Access is worth 28: from a quarter to a half of a bar of 200.
    assert '<rect x="50.0" y="1" width="50.0"' in framed
    assert framed.count('stroke="#1a2129"') == 2
    assert "60 – 90 s" in framed
    made["l1-wedge"]["total"] = [98.48, 98.48]
    assert "Built-in expert: 98.5<" in html.page(clumsy_run.session, Pictures({}, {}))


def test_a_scaled_total_is_explained_and_has_no_expert_beside_it(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the expert reaches is of a whole run."""
    made = {case.id: {"total": [91.0, 97.5], "planning": [9.0, 10.0], "fluoro_s": [60.0, 90.0]}}
    monkeypatch.setattr(bands, "_book", lambda: made)
    session = Session(case, "human")
    whole = html.page(session, Pictures({}, {}))
    assert measured.SCALED not in whole
    assert "Built-in expert" in whole
    # What a right decision leaves of the criteria.
    report = session.report()
    few = tuple(line for line in report.lines if line[0] == "planning")
    monkeypatch.setattr(session, "report", lambda: replace(report, lines=few))
    text = html.page(session, Pictures({}, {}))
    assert text.index(measured.SCALED) < text.index('id="domains"')
    for words in (measured.FRAME, "Built-in expert", ">Expert<", 'stroke="#1a2129"'):
        assert words not in text


def test_a_run_counts_whole_where_its_criteria_are_worth_a_hundred(clumsy_run: Outcome) -> None:
    assert measured.whole(clumsy_run.report)
    assert not measured.whole(replace(clumsy_run.report, lines=clumsy_run.report.lines[1:]))


def test_what_a_fault_looks_like_is_not_told_as_seen(text: str, clumsy_run: Outcome) -> None:
    """A fixed sentence may tell what a picture would have shown; nobody may have taken one."""
    assert "<dt>Seen</dt>" not in text
    worst = clumsy_run.report.moments[0]
    assert f"<dt>To be seen</dt><dd>{worst.seen}</dd>" in unescape(text)
    assert f"{worst.text} To be seen: {worst.seen}" in unescape(text)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("fluoro_s", 12.5, "12.5 s"),
        ("injection_rate_mean_ml_min", 2.0, "2 mL/min"),
        ("air_kerma_mgy", None, "–"),
        ("kyphotic_angle_change_deg", -0.001, "0 °"),
        ("crosses_midline", True, "yes"),
        ("breach_grade", "A", "A"),
        ("body_peak_c", 68.68, "68.68 °C"),
        ("exposures", 12, "12"),
    ],
)
def test_values_are_told_with_their_unit(name: str, value, words: str) -> None:
    assert told(name, value) == words
