"""The command line: words in, exit code out.

Heavy parts load only for the command that needs them.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib import metadata

from simulator.cli import arguments, output
from simulator.errors import SimulatorError

OK, FAILED, WRONG_INPUT, BUG = 0, 1, 2, 3


def no_display() -> bool:
    """True where no window can be opened."""
    driver = os.environ.get("SDL_VIDEODRIVER", "")
    if driver in ("dummy", "offscreen"):
        return True
    if not sys.platform.startswith("linux"):
        return False
    return not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or driver)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    0 done; 1 a failed test, a replay that diverges, or `--require-pass` not met; 2 the input is
    wrong; 3 a bug of ours.
    """
    _prepare()
    parser = arguments.parser(_version())
    given = parser.parse_args(argv)
    try:
        output.check_places(given)
        return _command(given)(given)
    except SimulatorError as error:
        print(error, file=sys.stderr)
        return WRONG_INPUT
    except BrokenPipeError:
        return OK
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    except Exception as error:
        _tell_bug(error)
        return BUG


def _prepare() -> None:
    """Point the compiled kernels' cache to a folder that can be written."""
    from simulator.paths import kernel_cache_dir

    os.environ.setdefault("NUMBA_CACHE_DIR", str(kernel_cache_dir()))
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    logging.basicConfig(level=logging.WARNING, format="%(message)s")


def _version() -> str:
    try:
        return metadata.version("kyphosim")
    except metadata.PackageNotFoundError:
        return "not installed"


def _command(given: argparse.Namespace) -> Callable[[argparse.Namespace], int]:
    from simulator.cli import author, history, judge, play

    return {
        None: play.default,
        "play": play.play,
        "resume": play.resume,
        "run": play.run,
        "replay": play.replay,
        "list": author.list_cases,
        "check": author.check,
        "preview": author.preview,
        "schema": author.schema,
        "test": author.test,
        "report": judge.report,
        "bench": judge.bench,
        "history": history.history,
        "export": history.export,
        "import": history.import_runs,
        "trainee": history.trainee,
    }[given.command]


def _tell_bug(error: Exception) -> None:
    """One message for a bug of ours, with the trace in a file and the recording's place."""
    from simulator.paths import data_dir

    trace = data_dir() / "crash.txt"
    folder = data_dir() / "recordings"
    kept = f"Recordings are kept in {folder}, those of `run` also where --record says."
    try:
        trace.parent.mkdir(parents=True, exist_ok=True)
        trace.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
        where = f"The details are in {trace}."
    except OSError:
        where = f"The details could not be kept ({trace} cannot be written)."
    print(f"A fault of the program: {error}. {where} {kept}", file=sys.stderr)
