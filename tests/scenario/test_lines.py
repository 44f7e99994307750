"""The line scanner agrees with tomllib about what is in a file, and knows where."""

import tomllib

import pytest

from simulator.paths import scenarios
from simulator.scenario.lines import line_of, scan

TRICKY = '''\
# [not.a.table]
"quoted key" = "a # no comment [x] \\" y"
dotted . inner = 1
text = """
[looks.like]
a = "table" \\
""""
literal = \'\'\'
it's = 1\'\'\'
[[row]]
cells = [
  [1, 2], # two
  [ { a = 1, b = [ "}" ] } ],
]
[row.sub]
x = 1979-05-27 07:32:00
[[row]]
cells = []
  [[row.deep]]
  y = { p.q = 1 }
'''


def places(value, at=()):
    """Every path of a document."""
    yield at
    inner = {dict: dict.items, list: enumerate}.get(type(value), lambda _: ())(value)
    for key, item in inner:
        yield from places(item, (*at, key))


@pytest.mark.parametrize("name", ["tricky", *(p.name for p in scenarios().glob("*.toml"))])
def test_every_value_has_a_line_that_shows_it(name):
    text = TRICKY if name == "tricky" else (scenarios() / name).read_text(encoding="utf-8")
    lines = scan(text)
    found = set(places(tomllib.loads(text)))
    assert found == set(lines)
    written = text.splitlines()
    for path in found - {()}:
        if isinstance(path[-1], str):
            assert path[-1] in written[lines[path] - 1], path


def test_lines_of_the_tricky_file():
    lines = scan(TRICKY)
    assert lines["row", 0, "cells", 1, 0, "b"] == 13
    assert lines["row", 1, "deep", 0, "y", "p", "q"] == 20
    assert lines["row", 1] == 17
    assert line_of(lines, ("row", 1, "gone", "further")) == 17
    assert line_of(lines, ("gone",)) == 1


def test_windows_line_ends_count_once():
    assert scan("a = 1\r\nb = 2\r\n")[("b",)] == 2
