"""What tests of the records share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.records.history import History


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[History]:
    """An empty history in `tmp_path`."""
    with History(tmp_path) as history:
        yield history
