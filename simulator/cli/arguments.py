"""The words of the command line."""

from __future__ import annotations

import argparse
from pathlib import Path


def seeds(text: str) -> tuple[int, int]:
    """Read "3-7" as (3, 7)."""
    first, _, last = text.partition("-")
    try:
        pair = int(first), int(last or first)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: write the seeds as 1-20") from error
    if not 0 <= pair[0] <= pair[1]:
        raise argparse.ArgumentTypeError(f"{text!r}: the first seed must not exceed the last")
    return pair


def count(text: str) -> int:
    """Read a number of at least 1."""
    try:
        value = int(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from error
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is too small; at least 1")
    return value


def parser(version: str) -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    root = argparse.ArgumentParser(
        prog="run_sim.py",
        description="Kyphosim: practise kyphoplasty and vertebroplasty under simulated X-ray. "
        "Without a command the window opens. For education only; not a medical device.",
    )
    root.add_argument("--version", action="version", version=f"kyphosim {version}")
    commands = root.add_subparsers(dest="command", metavar="COMMAND")

    play = commands.add_parser("play", help="open one case in the window")
    play.add_argument("case", help="a case's id, or the path of its file")
    play.add_argument("--phase", help="begin with this phase already reached by an expert")

    run = commands.add_parser("run", help="play a case without a window")
    run.add_argument("case", help="a case's id, or the path of its file")
    run.add_argument("--operator", default="expert", help="name, or a stage script (.toml)")
    which = run.add_mutually_exclusive_group()
    which.add_argument("--seed", type=int, default=1)
    which.add_argument("--seeds", type=seeds, metavar="A-B", help="several runs")
    run.add_argument("--jobs", type=count, default=1, help="processes for --seeds")
    run.add_argument("--threads", type=count, default=None, help="threads of the kernels")
    run.add_argument("--json", type=Path, metavar="FILE", help="write the result here")
    run.add_argument("--record", type=Path, metavar="FILE.simrec", help="keep the recording here")
    run.add_argument("--frames", type=Path, metavar="DIR", help="write the X-ray pictures here")
    run.add_argument("--require-pass", action="store_true", help="exit 1 if not passed")

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

    replay = commands.add_parser("replay", help="run a recording again")
    replay.add_argument("recording", type=Path, metavar="FILE.simrec")
    replay.add_argument("--verify", action="store_true", help="compare every hash")
    replay.add_argument("--json", type=Path, metavar="FILE", help="write the result here")

    report = commands.add_parser("report", help="write the debrief of a recording")
    report.add_argument("recording", type=Path, metavar="FILE.simrec")
    report.add_argument("-o", "--output", type=Path, required=True, metavar="HTML")

    cases = commands.add_parser("list", help="list the cases")
    cases.add_argument("--json", action="store_true")

    bench = commands.add_parser("bench", help="measure the program's speed")
    bench.add_argument("--json", type=Path, metavar="FILE", help="write the figures here")
    return root
