"""Progress on the terminal, and files that are never half written."""

from __future__ import annotations

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


def write(path: Path, content: str | bytes) -> None:
    """Write a whole file or nothing.

    Raises:
        UsageError: the place cannot be written.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    temporary = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise UsageError(f"{path}: cannot be written ({error.strerror})") from error


def write_json(path: Path, value: Any) -> None:
    """Write JSON, readable."""
    write(path, json.dumps(value, indent=2) + "\n")
