"""Parts of the debrief page: what was true, what to learn, how the expert did."""

from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from simulator.engine.runner import Outcome
from simulator.engine.session import Sample
from simulator.frames import Side
from simulator.records import bands, charts, measured, sides, teaching, timeline
from simulator.world.case import Case
from simulator.world.cement import ROUTES
from simulator.world.report import DomainScore, Report
from simulator.world.tally import Finding


def row(tick: int, **more: Any) -> Sample:
    made = Sample(tick, "entry", 0, 0.0, 5.0, 0.0, 0.0, 0.0, 0.0, 90.0, 97.0, 0.0, False, 0.0)
    return replace(made, **more)


def report(
    *found: str, domains: dict[str, tuple[float, float]] | None = None, **metrics: Any
) -> Report:
    made = {n: DomainScore(*v) for n, v in (domains or {"access": (28.0, 28.0)}).items()}
    errors = tuple(Finding(name, "major", 0, "") for name in found)
    whole = SimpleNamespace(
        critical=(), errors=errors, domains=made, procedure="kyphoplasty", metrics=metrics
    )
    return cast(Report, whole)


def test_a_path_holds_the_tips_of_one_side_inside_the_patient() -> None:
    trace = [
        row(0, tip_mm=(0.0, 0.0, 0.0), depth_mm=-5.0),
        row(4, tip_mm=(0.0, 0.0, 0.0)),
        row(8, tip_mm=(0.0, 0.1, 0.0)),  # hardly moved
        row(12, tip_mm=(0.0, -3.0, 0.0)),
        row(16, tip_mm=(9.0, 9.0, 9.0), side=1),
        row(20),
    ]
    way = sides.tip_path(trace, Side.LEFT)
    assert np.array_equal(way, [(0.0, 0.0, 0.0), (0.0, -3.0, 0.0)])
    assert len(sides.tip_path(trace, Side.RIGHT)) == 1


def test_a_phase_lasts_through_a_wait() -> None:
    trace = [row(0), row(60), row(3600, phase="inflate"), row(7200, phase="inflate")]
    assert timeline.spans(trace) == [("access", 0.0, 1.0), ("tamp", 1.0, 2.0)]


def test_what_went_wrong_is_taught_first_and_the_evidence_always() -> None:
    clean = teaching.points(report())
    assert len(clean) == 1
    assert "kyphoplasty" in clean[0].when
    wrong = teaching.points(report("tamp_misuse", domains={"imaging": (2.0, 12.0)}))
    assert ["tamp_misuse" in p.when for p in wrong] == [True, False, False]
    assert "imaging" in wrong[1].when
    many = dict.fromkeys(("imaging", "radiation", "care", "outcome"), (0.0, 10.0))
    full = teaching.points(report("tamp_misuse", "blind_advance", domains=many))
    assert len(full) == 5
    assert "kyphoplasty" in full[-1].when


@pytest.mark.parametrize("procedure", ["kyphoplasty", "vertebroplasty"])
def test_each_procedure_is_told_with_its_evidence(procedure: str) -> None:
    points = [p for p in teaching._book()[1] if procedure in p.when]
    assert len(points) == 1
    assert "sham" in points[0].text


def test_a_band_spans_what_the_runs_reached(clumsy_run: Outcome, expert_run: Outcome) -> None:
    found = bands.of_rows(map(bands.row, (clumsy_run.report, expert_run.report)))
    totals = sorted((clumsy_run.report.total, expert_run.report.total))
    assert found["total"] == tuple(totals)
    assert found["access"][0] == clumsy_run.report.domains["access"].score


def test_who_declines_is_taught_when_to_decline() -> None:
    told = teaching.points(report(declined=True))
    assert ["declined" in p.when for p in told] == [True, False]


def test_what_was_not_done_leaves_no_plot() -> None:
    trace = [row(t) for t in range(0, 7200, 600)]
    idle = [replace(r, force_n=0.0) for r in trace]
    assert set(charts.charts(idle, 400.0)) == {"Mean arterial pressure", "Oxygen saturation"}
    busy = [replace(r, force_n=8.0, cement_ml=1.0) for r in trace]
    assert {"Push on the needle", "Cement given"} <= set(charts.charts(busy, 400.0))
    assert charts.charts(trace[:1], 400.0) == {}
    assert timeline.timeline(trace[:1], ()) is None


def test_a_single_pulse_shows_on_the_timeline() -> None:
    """A tap shorter than the time between two rows of the history is known by its kerma."""
    trace = [row(0), row(4, kerma_mgy=0.1, orbit_deg=90.0)]
    trace += [row(8, kerma_mgy=0.1, beam=True), row(12, kerma_mgy=0.2, beam=True)]
    trace += [row(16, kerma_mgy=0.3), row(7200, kerma_mgy=0.3)]
    minute = 1.0 / 3600.0
    assert timeline.pulses(trace, sideways=True) == [(0.0, 4 * minute)]
    assert timeline.pulses(trace, sideways=False) == [(8 * minute, 16 * minute)]
    drawn = timeline.timeline(trace, ())
    assert drawn is not None
    # The outline makes the narrowest at least two pixels wide.
    assert drawn.svg.count('stroke-width="2"><rect') == 2


def test_numbers_of_moments_close_together_stand_below_each_other() -> None:
    trace = [row(0), row(36000)]
    found = [Finding("a", "major", t, "") for t in (9000, 9060, 30000)]
    drawn = timeline.timeline(trace, found)
    assert drawn is not None
    numbers = re.findall(r'svg x="([\d.]+)%".*?<text y="(\d+)"', drawn.svg)
    assert numbers == [("25.00", "19"), ("25.17", "30"), ("83.33", "19")]


def test_a_way_back_is_no_push() -> None:
    rows = [(10.0, 5.0), (12.0, 6.0), (11.5, 5.0), (4.0, 3.0), (5.0, 4.0)]
    assert charts.forward(rows) == [rows[:3], rows[3:]]


def test_time_and_dose_stand_beside_the_expert(
    clumsy_run: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = {"l1-wedge": {"duration_s": [90.0, 125.5], "air_kerma_mgy": [10.0, 20.5]}}
    monkeypatch.setattr(bands, "_book", lambda: made)
    found = {m.name: m for m in measured.measures(clumsy_run.report)}
    assert found["duration_s"].band_words == "1:30 – 2:05 min"
    assert found["air_kerma_mgy"].band_words == "10 – 20.5 mGy"
    assert found["exposures"].band is None
    # Ends that read the same are one figure.
    made["l1-wedge"] = {"fluoro_s": [98.48, 98.52], "total": [98.48, 98.48]}
    alike = {m.name: m for m in measured.measures(clumsy_run.report)}
    assert alike["fluoro_s"].band_words == "98.5 s"
    assert measured.reached(clumsy_run.report, "total") == "98.5"
    for measure in found.values():
        assert measure.top >= max(measure.value, measure.band[1] if measure.band else 0.0)


def test_an_own_case_has_no_band() -> None:
    assert bands.bands("somebody's own") == {}


def test_cement_is_drawn_by_route(case: Case, clumsy_run: Outcome) -> None:
    shown = sides.cement(clumsy_run.session.state)
    assert [title for title, _ in shown.figures] == ["From behind", "From the left", "From above"]
    assert all(svg.startswith("<svg") for _, svg in shown.figures)
    words = [key.words for key in shown.keys]
    assert "cement in the body" in words
    for route, ml in sides.leaks(clumsy_run.session.state):
        assert f"{ROUTES[route].value} {ml:.2f} mL" in words
    path = sides.paths(case, clumsy_run.session.state, clumsy_run.session.trace)
    assert [key.words for key in path.keys] == ["left tip", "planned", "canal"]
