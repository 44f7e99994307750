"""Contrast and type."""

from __future__ import annotations

import pytest

from simulator.ui.theme import FACES, FLOORS, SIZES, Rgb, Theme, colours


def _luminance(colour: Rgb) -> float:
    parts = [c / 255 for c in colour]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: Rgb, b: Rgb) -> float:
    """WCAG 2 contrast ratio."""
    light, dark = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_measure_knows_black_on_white() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21.0)


@pytest.mark.parametrize(
    "ink", ["hi", "mid", "low", "acc", "beam", "ok", "warn", "alarm", "right", "press"]
)
@pytest.mark.parametrize("ground", ["bg", "black", "pane", "card", "raised"])
def test_words_can_be_read_on_every_ground(ink: str, ground: str) -> None:
    col = colours()
    assert contrast(getattr(col, ink), getattr(col, ground)) >= 4.45


@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        ("ink", "acc"),
        ("ink", "beam"),
        ("hi", "accd"),
        ("hi", "warnd"),
        ("warn", "warnd"),
        ("alarm", "alarmd"),
        ("ok", "okd"),
        ("acc", "accd"),
    ],
)
def test_words_can_be_read_on_tinted_grounds(ink: str, ground: str) -> None:
    col = colours()
    assert contrast(getattr(col, ink), getattr(col, ground)) >= 4.5


@pytest.mark.parametrize("size", [(1280, 720), (1366, 768), (1600, 900), (2560, 1440)], ids=str)
def test_no_text_is_smaller_than_its_floor(size: tuple[int, int]) -> None:
    theme = Theme(size)
    for name in SIZES:
        assert theme.type_px(name) >= FLOORS.get(name, 12)


def test_at_900_lines_all_text_has_14_pixels() -> None:
    theme = Theme((1600, 900))
    assert min(theme.type_px(name) for name in SIZES) >= 14


def test_every_face_is_shipped() -> None:
    theme = Theme((1600, 900))
    for face in FACES:
        assert theme.font(face, "sm").size("0")[0] > 0
