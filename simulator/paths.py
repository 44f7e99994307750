"""Where the program's own data lie and where a user's files go.

`KYPHOSIM_HOME` overrides the three user folders (tests use it to stay out of a user's files).
"""

from __future__ import annotations

import hashlib
import os
from importlib import resources
from pathlib import Path

import platformdirs

from simulator.errors import AssetError

_APP = "kyphosim"


def _shipped(name: str) -> Path:
    beside = Path(__file__).resolve().parent.parent / name
    if beside.is_dir():
        return beside
    return Path(str(resources.files("simulator"))) / "_data" / name


def asset(name: str) -> Path:
    """Return the path of a shipped data file, e.g. ``asset("tissues.toml")``."""
    path = _shipped("assets") / name
    if not path.exists():
        raise AssetError(f"assets/{name} is missing from this installation ({path})")
    return path


def scenarios() -> Path:
    """Return the folder of the shipped cases."""
    return _shipped("scenarios")


def _home(kind: str, default: Path) -> Path:
    override = os.environ.get("KYPHOSIM_HOME")
    return Path(override) / kind if override else default


def data_dir() -> Path:
    """Return the folder of recordings and history."""
    return _home("data", platformdirs.user_data_path(_APP, appauthor=False))


def config_dir() -> Path:
    """Return the folder of settings."""
    return _home("config", platformdirs.user_config_path(_APP, appauthor=False))


def cache_dir() -> Path:
    """Return the folder of compiled kernels and built patients."""
    return _home("cache", platformdirs.user_cache_path(_APP, appauthor=False))


def kernel_cache_dir() -> Path:
    """Return the folder of the kernels compiled from exactly this source.

    numba notices a change of the file that holds a kernel, not of a kernel that it calls; so
    kernels of another version must not share a folder.
    """
    digest = hashlib.blake2b(digest_size=6)
    for path in sorted((Path(__file__).parent / "kernels").glob("*.py")):
        digest.update(path.read_bytes())
    return cache_dir() / f"kernels-{digest.hexdigest()}"
