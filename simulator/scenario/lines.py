"""Where in a TOML file each value stands. `tomllib` has proved the syntax before this looks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

Place = tuple[str | int, ...]
"""Keys and list positions from the root, e.g. ``("test", 0, "seeds", 1)``."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'|[A-Za-z0-9_-]+")
_DOT = re.compile(r"[ \t]*\.[ \t]*")
_STRING = re.compile(
    r"\"\"\"(?:[^\\]|\\.)*?\"{3,5}(?!\")|'''.*?'{3,5}(?!')|\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'",
    re.DOTALL,
)
_BARE = re.compile(r"[^,\]}\n#]+")


class _Scan:
    """One walk through the text, noting the line of every table, key and element."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[Place, int] = {(): 1}
        self.table: Place = ()
        self.tables: dict[Place, int] = {}
        """How many elements each [[array]] has so far."""

    def run(self) -> dict[Place, int]:
        self.skip()
        while self.at < len(self.text):
            if self.text.startswith("[[", self.at):
                self.array_header()
            elif self.text[self.at] == "[":
                self.table_header()
            else:
                self.pair(self.table)
            self.skip()
        return self.lines

    def skip(self) -> None:
        match = _BLANK.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def mark(self, path: Place) -> None:
        line = self.text.count("\n", 0, self.at) + 1
        for n in range(1, len(path) + 1):
            self.lines.setdefault(path[:n], line)

    def key(self) -> Iterator[str]:
        while True:
            self.skip()
            match = _KEY.match(self.text, self.at)
            if match is None:
                return
            self.at = match.end()
            yield match[0].strip("\"'")
            dot = _DOT.match(self.text, self.at)
            if dot is None:
                return
            self.at = dot.end()

    def inside(self, keys: list[str]) -> Place:
        """Resolve a header: a name that is an [[array]] means its newest element."""
        path: Place = ()
        for name in keys:
            path = (*path, name)
            if path in self.tables:
                path = (*path, self.tables[path] - 1)
        return path

    def table_header(self) -> None:
        start, self.at = self.at, self.at + 1
        path = self.inside(list(self.key()))
        self.table = path
        self.header_line(start, path)
        self.at = self.text.index("]", self.at) + 1

    def array_header(self) -> None:
        start, self.at = self.at, self.at + 2
        keys = list(self.key())
        array = (*self.inside(keys[:-1]), keys[-1])
        self.tables[array] = self.tables.get(array, 0) + 1
        self.table = (*array, self.tables[array] - 1)
        self.header_line(start, self.table)
        self.at = self.text.index("]]", self.at) + 2

    def header_line(self, start: int, path: Place) -> None:
        after, self.at = self.at, start
        self.mark(path)
        self.at = after

    def pair(self, table: Place) -> None:
        start = self.at
        path = (*table, *self.key())
        self.header_line(start, path)
        self.at = self.text.index("=", self.at) + 1
        self.value(path)

    def value(self, path: Place) -> None:
        self.skip()
        self.mark(path)
        if self.text[self.at] == "[":
            self.elements(path)
        elif self.text[self.at] == "{":
            self.inline(path)
        else:
            match = _STRING.match(self.text, self.at) or _BARE.match(self.text, self.at)
            self.at = match.end() if match else self.at + 1

    def elements(self, path: Place) -> None:
        self.at += 1
        n = 0
        while self.more("]"):
            self.value((*path, n))
            n += 1

    def inline(self, path: Place) -> None:
        self.at += 1
        while self.more("}"):
            self.pair(path)

    def more(self, end: str) -> bool:
        """Step over blanks and one comma; tell whether another element follows."""
        self.skip()
        if self.text[self.at] == ",":
            self.at += 1
            self.skip()
        if self.text[self.at] == end:
            self.at += 1
            return False
        return True


def scan(text: str) -> dict[Place, int]:
    """Return the line (from 1) of every table, key and list element of valid TOML."""
    return _Scan(text).run()


def line_of(lines: Mapping[Place, int], path: Place) -> int:
    """Return the line of `path`, or of the nearest table around it."""
    for n in range(len(path), -1, -1):
        if path[:n] in lines:
            return lines[path[:n]]
    return 1
