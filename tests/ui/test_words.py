"""Nothing that can be shown falls out of the typeface: a missing glyph is an empty box."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from simulator.paths import asset
from simulator.ui.canvas import PLAIN
from simulator.ui.keys import CHORDS, KEYS
from simulator.ui.theme import FACES

ROOT = Path(__file__).parents[2]
ROOMS = ("ui", "procedure", "physics", "engine", "scenario", "world")


def _literals(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.value


def _shown() -> set[str]:
    letters: set[str] = set()
    for room in ROOMS:
        for path in (ROOT / "simulator" / room).rglob("*.py"):
            for text in _literals(path):
                letters |= set(text)
    for folder, pattern in (("scenarios", "*.toml"), ("assets", "*.toml")):
        for path in (ROOT / folder).glob(pattern):
            lines = path.read_text(encoding="utf-8").splitlines()
            letters |= set("".join(line for line in lines if not line.lstrip().startswith("#")))
    return {letter for letter in letters if letter.isprintable()}


def _glyphs(face: str) -> set[str]:
    with TTFont(asset("fonts") / f"{FACES[face]}.ttf") as font:
        return {chr(code) for code in font.getBestCmap()}


@pytest.mark.parametrize("face", sorted(FACES))
def test_every_letter_is_in_the_subset(face: str) -> None:
    shown = _shown()
    assert {"µ", "°", "–", "×", "₂", "²", "’"} <= shown
    assert not {letter for letter in shown if ord(letter) not in PLAIN} - _glyphs(face)
    assert set("".join(PLAIN.values())) <= _glyphs(face)


def test_the_manual_lists_every_key() -> None:
    page = (ROOT / "docs" / "window.md").read_text(encoding="utf-8")
    rows = {line for line in page.splitlines() if line.startswith("| ")}
    listed = {f"| {key.cap} | {key.does} |" for key in KEYS.values()}
    listed |= {f"| {caps} | {does} |" for caps, does, _ in CHORDS}
    assert rows - {"| key | |", "| --- | --- |"} == listed
