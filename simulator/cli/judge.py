"""Commands that look back or measure: report, bench."""

from __future__ import annotations

import argparse

from simulator import cli
from simulator.cli import output
from simulator.engine import recording as recordings
from simulator.engine.resume import case_of
from simulator.engine.session import Session
from simulator.records import bench as benchmark
from simulator.records import frames, html


def report(given: argparse.Namespace) -> int:
    """Replay a recording and write its debrief page."""
    recording = recordings.read(given.recording)
    case = case_of(recording, output.progress())
    session = Session(case, str(recording.head.get("operator", "")))
    session.practice = recordings.practice_in(recording)
    films = frames.KeyFrames(case)
    for _, action in recording.each():
        films.look(session, session.advance(action))
    output.write(given.output, html.page(session, films.pictures()))
    print(f"{given.output}: debrief of {recording.path.name}")
    return cli.OK


def bench(given: argparse.Namespace) -> int:
    """Measure and print; CPU time with one kernel thread."""
    figures = benchmark.measure(output.progress(), given.seconds)
    for name, row in figures.items():
        print(f"{name:32} {row['value']:12.3f} {row['unit']}")
    if given.json:
        output.write_json(given.json, figures)
    return cli.OK
