"""The front door is exactly what is listed, and opens without a window."""

from __future__ import annotations

import simulator


def test_all_is_what_is_there() -> None:
    for name in simulator.__all__:
        assert getattr(simulator, name) is not None
    assert sorted(simulator.__all__) == list(simulator.__all__)


def test_the_door_has_the_five_nouns_and_the_verbs() -> None:
    assert {"Action", "Case", "Event", "Scenario", "State"} <= set(simulator.__all__)
    assert {"load_case", "render", "run", "score", "step"} <= set(simulator.__all__)
