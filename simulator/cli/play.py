"""Commands that make time pass: window, run, replay."""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from simulator import cli
from simulator.cli import history, output
from simulator.engine import recording as recordings
from simulator.engine import runner
from simulator.engine.resume import case_of
from simulator.engine.session import Session
from simulator.errors import RecordingError, UsageError
from simulator.kernels.threads import use_threads
from simulator.procedure.phases import PHASES
from simulator.records import frames, html
from simulator.scenario.load import find_case, list_cases, load_case, load_scenario
from simulator.scenario.scenario import Scenario
from simulator.scenario.words import refusal
from simulator.world.case import Procedure
from simulator.world.report import Report


def default(given: argparse.Namespace) -> int:
    """Open the window, or without a display play the first case headless."""
    if not cli.no_display():
        return _window(None, None)
    first = list_cases()[0]
    print(f"No display here: playing {first.id} without a window, with the expert operator.")
    case = load_case(first.id, 1, progress=output.progress())
    films = frames.KeyFrames(case)
    outcome = runner.run_case(case, "expert", hook=films.look)
    folder = Path.cwd()
    page = folder / "debrief.html"
    output.write(page, html.page(outcome.session, films.pictures()))
    written = [page]
    for name, png in films.last_two().items():
        output.write(folder / name, png)
        written.append(folder / name)
    print(_line(outcome.report))
    print("Written: " + ", ".join(str(path) for path in written))
    return cli.OK


def play(given: argparse.Namespace) -> int:
    """Open one case in the window."""
    _known(given.phase, load_scenario(find_case(given.case)))
    if cli.no_display():
        raise UsageError("no display here; `run_sim.py run CASE` plays without a window")
    return _window(given.case, given.phase)


def _known(phase: str | None, scenario: Scenario) -> None:
    """Raise `UsageError` where the case has no such phase; an open choice has all of them."""
    planned = scenario.case.procedure
    ways = tuple(Procedure) if planned == "choose" else (Procedure(planned),)
    phases = tuple(dict.fromkeys(name for way in ways for name in PHASES[way]))
    if phase is not None and phase not in phases:
        raise UsageError(f"--phase: {refusal(phase, phases)}")


def resume(given: argparse.Namespace) -> int:
    """Open a saved or broken-off run in the window where it stopped."""
    path = given.recording or history.latest_unfinished()
    recordings.broken_off(path)
    if cli.no_display():
        raise UsageError("no display here; a saved run goes on in the window")
    from simulator.ui.app import run_window

    return run_window(resume=path)


def _window(case: str | None, phase: str | None) -> int:
    from simulator.ui.app import run_window

    return run_window(case, phase)


def run(given: argparse.Namespace) -> int:
    """Play one case, or one case over many seeds, without a window."""
    if given.threads is not None:
        use_threads(given.threads)
    if given.seeds is not None:
        return _cohort(given)
    case = load_case(given.case, given.seed, progress=output.progress())
    films = frames.Writer(case, given.frames) if given.frames else None
    path = find_case(given.case)
    record, kept = given.record, None
    if given.history:
        record, kept = history.recorded(case.id, given.record)
    outcome = runner.run_case(
        case,
        given.operator,
        record,
        hook=films.look if films else None,
        source=path.read_text(encoding="utf-8"),
        scenario=path.name,
        entry=kept.entry if kept else None,
    )
    if kept is not None and record is not None:
        kept.enter(record)
    if given.json:
        output.write_json(given.json, outcome.to_json())
    print(_line(outcome.report))
    for finding in outcome.report.critical:
        print(f"  sentinel {finding.id} at {finding.t_s:.0f} s: {finding.text}")
    for miss in outcome.misses:
        print(f"  line {miss.line}: expected {miss.expectation}, got {miss.value}")
    failed = bool(outcome.misses) or (given.require_pass and not outcome.report.passed)
    return cli.FAILED if failed else cli.OK


def _line(report: Report) -> str:
    word = "passed" if report.passed else "not passed"
    return (
        f"{report.scenario} seed {report.seed} {report.operator}: {word}, "
        f"{report.total:.1f} points. {report.reason}"
    )


def _cohort(given: argparse.Namespace) -> int:
    """Play the seeds in processes; each worker reads the case for itself."""
    if given.record or given.frames:
        raise UsageError("--record and --frames belong to a single --seed")
    load_case(given.case, given.seeds[0], progress=output.progress())
    numbers = range(given.seeds[0], given.seeds[1] + 1)
    threads = given.threads or 1
    jobs = [(given.case, given.operator, seed, threads) for seed in numbers]
    results: list[dict[str, Any]] = []
    if given.jobs == 1:
        done = map(_one, jobs)
        results.extend(_told(done))
    else:
        with ProcessPoolExecutor(given.jobs, mp_context=get_context("spawn")) as pool:
            results.extend(_told(pool.map(_one, jobs)))
    passed = sum(bool(r["passed"]) for r in results)
    print(f"{passed} of {len(results)} passed.")
    missed = any(r.pop("_misses") for r in results)
    if given.json:
        output.write_json(given.json, results)
    unmet = given.require_pass and passed < len(results)
    return cli.FAILED if missed or unmet else cli.OK


def _told(results: Any) -> Any:
    for result in results:
        word = "passed" if result["passed"] else "not passed"
        print(f"seed {result['seed']}: {word}, {result['total']:.1f}")
        for miss in result["_misses"]:
            print(f"  {miss}")
        yield result


def _one(job: tuple[str, str, int, int]) -> dict[str, Any]:
    case, operator, seed, threads = job
    use_threads(threads)
    outcome = runner.run_case(load_case(case, seed), operator)
    misses = [f"line {m.line}: expected {m.expectation}, got {m.value}" for m in outcome.misses]
    return {**outcome.to_json(), "_misses": misses}


def replay(given: argparse.Namespace) -> int:
    """Run a recording again; with --verify a divergence is exit 1."""
    recording = recordings.read(given.recording)
    case = case_of(recording, output.progress())
    try:
        end = runner.replay(case, recording, verify=given.verify)
    except RecordingError as error:
        if not given.verify:
            raise
        print(error)
        return cli.FAILED
    if given.json:
        session = Session(case, end.report.operator)
        outcome = runner.Outcome(end.report, end.state_hash, (), (), session)
        output.write_json(given.json, outcome.to_json())
    words = [_line(end.report)]
    if given.verify:
        words.append(f"{end.checked} hashes agree.")
    if end.torn:
        words.append("The recording breaks off before its end.")
    print(" ".join(words))
    return cli.OK
