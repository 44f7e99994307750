"""Long work in a thread, with its progress and a way to stop it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

Report = Callable[[str, float], None]


class CancelledError(Exception):
    """The user did not want to wait."""


class Work:
    """Runs a function beside the window."""

    def __init__(self, task: Callable[[Report], Any]) -> None:
        """Start at once; `task` is given a function to report its progress with."""
        self.words = ""
        self.share = 0.0
        self.result: Any = None
        self.error: BaseException | None = None
        self._stop = threading.Event()
        self._task = task
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def done(self) -> bool:
        """Tell whether it has ended, well or not."""
        return not self._thread.is_alive()

    def cancel(self) -> None:
        """Ask it to stop at its next report."""
        self._stop.set()

    def _report(self, words: str, share: float) -> None:
        if self._stop.is_set():
            raise CancelledError
        self.words, self.share = words, share

    def _run(self) -> None:
        try:
            self.result = self._task(self._report)
        except BaseException as error:  # whatever it is, the window must show it
            self.error = error
