"""Settings for every test run, installed or not.

A user's settings, history and caches are never touched: `KYPHOSIM_HOME` points elsewhere, and
`KYPHOSIM_HISTORY=off` keeps the runs of tests out of any history. The
caches of compiled kernels and built patients are shared between runs, because they are keyed by
the content they were made of.
"""

import os
import tempfile
from pathlib import Path

_HOME = Path(tempfile.gettempdir()) / f"kyphosim-tests-{os.environ.get('USER', 'user')}"
os.environ.setdefault("KYPHOSIM_HOME", str(_HOME))
os.environ.setdefault("KYPHOSIM_HISTORY", "off")
os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
os.environ.setdefault("SDL_AUDIODRIVER", "dummy")
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

from simulator.paths import kernel_cache_dir  # noqa: E402

os.environ.setdefault("NUMBA_CACHE_DIR", str(kernel_cache_dir()))

pytest_plugins = ["simulator.testing.plugin"]
