"""The debrief page: whole, self-contained, readable without pictures."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from simulator.engine.runner import Outcome
from simulator.records import html
from simulator.records.frames import KeyFrames
from simulator.world.case import Case

_VOID = {"meta", "img", "br", "link", "path", "use", "rect"}


class Reader(HTMLParser):
    """Collects headings, pictures and addresses, and checks that tags close."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.headings: list[str] = []
        self.without_alt = 0
        self.outside: list[str] = []

    def handle_starttag(self, tag, attrs) -> None:
        names = dict(attrs)
        if tag == "img" and not names.get("alt"):
            self.without_alt += 1
        for key in ("src", "href"):
            if (names.get(key) or "").startswith(("http:", "https:", "//")):
                self.outside.append(names[key])
        if tag in ("h1", "h2", "h3"):
            self.headings.append(tag)
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


def test_the_page_tells_what_was_wrong_and_what_to_do(text: str, clumsy_run: Outcome) -> None:
    assert "Not passed" in text
    worst = clumsy_run.report.moments[0]
    assert worst.instead in text
    assert "not a medical device" in text


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("fluoro_s", 12.5, "12.5 s"),
        ("injection_rate_mean_ml_min", 2.0, "2 mL/min"),
        ("air_kerma_mgy", None, "–"),
        ("crosses_midline", True, "yes"),
        ("breach_grade", "A", "A"),
        ("exposures", 12, "12"),
    ],
)
def test_values_are_told_with_their_unit(name: str, value, words: str) -> None:
    assert html.told(name, value) == words
