"""The words of the command line."""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path
from typing import Any, NoReturn

MOST_SEED = 2**31 - 1
"""The largest seed that a case or a test may name."""


class Parser(argparse.ArgumentParser):
    """Tells a wrong input in one line."""

    def error(self, message: str) -> NoReturn:
        """End with exit code 2."""
        self.exit(2, f"{self.prog}: {message}\n")


def seed(text: str) -> int:
    """Read the seed of a run."""
    return _whole(text, 0, MOST_SEED, f"a whole number from 0 to {MOST_SEED}")


def seeds(text: str) -> tuple[int, int]:
    """Read "3-7" as (3, 7)."""
    first, _, last = text.partition("-")
    allowed = f"seeds as 1-20, each from 0 to {MOST_SEED}"
    pair = tuple(_whole(end, 0, MOST_SEED, allowed, text) for end in (first, last or first))
    if pair[0] > pair[1]:
        raise _refused(text, f"{allowed}; the first must not exceed the last")
    return pair[0], pair[1]


def count(text: str) -> int:
    """Read a number of at least 1."""
    return _whole(text, 1, sys.maxsize, "a whole number of at least 1")


def length_s(text: str) -> float:
    """Read a length of time, which is finite and not nothing."""
    allowed = "seconds, a finite number above 0"
    try:
        value = float(text)
    except ValueError as error:
        raise _refused(text, allowed) from error
    if not (math.isfinite(value) and value > 0.0):
        raise _refused(text, allowed)
    return value


def _whole(text: str, least: int, most: int, allowed: str, whole: str | None = None) -> int:
    """Read a whole number; `whole` is what was typed, if `text` is a part of it."""
    try:
        value = int(text)
    except ValueError as error:
        raise _refused(whole or text, allowed) from error
    if not least <= value <= most:
        raise _refused(whole or text, allowed)
    return value


def _refused(text: str, allowed: str) -> argparse.ArgumentTypeError:
    return argparse.ArgumentTypeError(f"got '{text}'; allowed: {allowed}")


def parser(version: str) -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    root = Parser(
        prog="run_sim.py",
        description="Kyphosim: practise kyphoplasty and vertebroplasty under simulated X-ray. "
        "Without a command the window opens. For education only; not a medical device.",
    )
    root.add_argument("--version", action="version", version=f"kyphosim {version}")
    commands = root.add_subparsers(dest="command", metavar="COMMAND")
    _play(commands)
    _author(commands)
    _recorded(commands)

    cases = commands.add_parser("list", help="list the cases")
    cases.add_argument("--json", action="store_true")

    _history(commands)

    bench = commands.add_parser("bench", help="measure the program's speed")
    bench.add_argument("--json", type=Path, metavar="FILE", help="write the figures here")
    bench.add_argument("--seconds", type=length_s, default=6.0, metavar="S",
                       help="length of the sustained run at 15 pulses/s, e.g. 60")  # fmt: skip
    return root


def _play(commands: Any) -> None:
    """Add the commands that play a case."""
    play = commands.add_parser("play", help="open one case in the window")
    play.add_argument("case", help="a case's id, or the path of its file")
    play.add_argument(
        "--phase",
        help="begin where an expert has reached this phase: position, local, access, tamp, mix, "
        "inject, set or recover",
    )

    resume = commands.add_parser("resume", help="go on with a run that was saved or broken off")
    resume.add_argument(
        "recording", nargs="?", type=Path, metavar="FILE.simrec", help="default: your latest one"
    )

    run = commands.add_parser("run", help="play a case without a window")
    run.add_argument("case", help="a case's id, or the path of its file")
    run.add_argument("--operator", default="expert", help="name, or a stage script (.toml)")
    which = run.add_mutually_exclusive_group()
    which.add_argument("--seed", type=seed, default=1, metavar="N", help="of the run, default 1")
    which.add_argument("--seeds", type=seeds, metavar="A-B", help="several runs")
    run.add_argument("--jobs", type=count, default=1, help="processes for --seeds")
    run.add_argument("--threads", type=count, default=None, help="threads of the kernels")
    run.add_argument("--json", type=Path, metavar="FILE", help="write the result here")
    run.add_argument("--record", type=Path, metavar="FILE.simrec", help="keep the recording here")
    run.add_argument("--frames", type=Path, metavar="DIR", help="write the X-ray pictures here")
    run.add_argument("--require-pass", action="store_true", help="exit 1 if not passed")
    run.add_argument(
        "--no-history", dest="history", action="store_false", help="do not keep the run"
    )


def _author(commands: Any) -> None:
    """Add the commands for who writes cases."""
    test = commands.add_parser("test", help="run scenario tests")
    test.add_argument("paths", nargs="*", type=Path, metavar="PATH")

    check = commands.add_parser("check", help="validate case and test files")
    check.add_argument("--solve", action="store_true", help="also play each case with the expert")
    check.add_argument("paths", nargs="*", type=Path, metavar="PATH")

    preview = commands.add_parser("preview", help="picture a case as AP and lateral film")
    preview.add_argument("case")
    preview.add_argument("-o", "--output", type=Path, required=True, metavar="PNG")

    schema = commands.add_parser("schema", help="print the JSON schema of authored files")
    schema.add_argument("kind", nargs="?", choices=("scenario", "test"), default="scenario")


def _recorded(commands: Any) -> None:
    """Add the commands about a recording."""
    replay = commands.add_parser("replay", help="run a recording again")
    replay.add_argument("recording", type=Path, metavar="FILE.simrec")
    replay.add_argument("--verify", action="store_true", help="compare every hash")
    replay.add_argument("--json", type=Path, metavar="FILE", help="write the result here")
    replay.add_argument("--window", action="store_true", help="show it in the window, to walk in")

    report = commands.add_parser("report", help="write the debrief of a recording")
    report.add_argument("recording", type=Path, metavar="FILE.simrec")
    report.add_argument("-o", "--output", type=Path, required=True, metavar="HTML")


def _history(commands: Any) -> None:
    """Add the commands about the runs of trainees."""
    history = commands.add_parser("history", help="runs, learning curves, what to practise next")
    history.add_argument("--json", action="store_true")
    export = commands.add_parser("export", help="write runs for a spreadsheet or another machine")
    what = export.add_mutually_exclusive_group(required=True)
    what.add_argument("--csv", type=Path, metavar="FILE|-", help="a table, one row per run")
    what.add_argument("--runs", type=Path, metavar="FILE.zip", help="runs with their recordings")
    for command in (history, export):
        command.add_argument("--trainee", metavar="NAME|ID", help="only this person")
        command.add_argument("--case", metavar="ID", help="only this case")

    merge = commands.add_parser("import", help="add the runs of another machine")
    merge.add_argument("file", type=Path, metavar="FILE.zip|FILE.simrec")

    trainee = commands.add_parser("trainee", help="who practises here, or change it")
    change = trainee.add_mutually_exclusive_group()
    change.add_argument("--new", nargs="?", const="", metavar="NAME", help="somebody new")
    change.add_argument("--use", metavar="NAME|ID", help="somebody who practised here before")
    change.add_argument("--name", metavar="NAME", help="name who practises now; '' removes it")
