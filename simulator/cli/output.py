"""Progress on the terminal, and files that are never half written."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from simulator.errors import UsageError

Progress = Callable[[str, float], None]


def progress() -> Progress:
    """Return a reporter that redraws one line on a terminal and is silent elsewhere."""
    shown = [0]

    def tell(what: str, done: float) -> None:
        if not sys.stderr.isatty():
            return
        line = f"{what} {100.0 * done:3.0f} %" if done < 1.0 else ""
        print("\r" + line.ljust(shown[0]), end="\n" if done >= 1.0 else "", file=sys.stderr)
        shown[0] = len(line)

    return tell


_FILES, _FOLDERS = ("json", "record", "output", "csv", "runs"), ("frames",)
"""Arguments that say where to write; `--json` of some commands is a yes or no."""


def check_places(given: argparse.Namespace) -> None:
    """Refuse a place that cannot take what a command will write, before any work is done.

    A file goes into a folder that is there: a mistyped name makes no new one. Only the folder of
    `--frames` is made.

    Raises:
        UsageError: the folder is missing, or a file and a folder are mistaken for each other.
    """
    for name in (*_FILES, *_FOLDERS):
        path = getattr(given, name, None)
        if not isinstance(path, Path):
            continue
        if not path.parent.exists():
            raise UsageError(f"{path}: cannot be written (there is no folder {path.parent})")
        if not path.parent.is_dir():
            raise UsageError(f"{path}: cannot be written ({path.parent} is no folder)")
        if name in _FILES and path.is_dir():
            raise UsageError(f"{path}: cannot be written (it is a folder)")


def write(path: Path, content: str | bytes) -> None:
    """Write a whole file or nothing.

    Raises:
        UsageError: the place cannot be written.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    temporary = path.with_name(path.name + ".part")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise UsageError(f"{path}: cannot be written ({error.strerror})") from error


def write_json(path: Path, value: Any) -> None:
    """Write JSON, readable."""
    write(path, json.dumps(value, indent=2) + "\n")
