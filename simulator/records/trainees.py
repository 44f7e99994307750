"""Who practises on this machine: random ids, and a name only where one was typed.

A small text file beside the recordings, written whole or not at all.
"""

from __future__ import annotations

import json
import secrets
import unicodedata
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from simulator.errors import RecordingError, UsageError
from simulator.records.runs import TRAINEE_ID, now
from simulator.scenario.words import listed, refusal

_LONGEST = 60
_FORMULA = "=+-@"
"""A name that begins so would be a formula in a spreadsheet that opens an export."""


@dataclass(frozen=True, slots=True)
class Trainee:
    """One person."""

    id: str
    name: str = ""
    """Empty: anonymous."""
    named: str = ""
    """When the name was typed, ISO time, UTC: of two names the later one holds."""

    @property
    def shown(self) -> str:
        """The name, or the first half of the id."""
        return self.name or f"anonymous {self.id[:6]}"


def checked_name(name: str) -> str:
    """Return `name` without spaces around it.

    Raises:
        UsageError: it is too long, cannot be printed, or would be taken for something else.
    """
    name = unicodedata.normalize("NFC", name.strip())
    limits = f"a name has 1 to {_LONGEST} printable characters and begins with none of {_FORMULA}"
    if not 1 <= len(name) <= _LONGEST or not name.isprintable() or name[0] in _FORMULA:
        raise UsageError(f"name: got {name!r}; {limits}")
    return name


def later(a: Trainee, b: Trainee) -> Trainee:
    """Return the account of a person whose name was typed last; a total order."""
    return max(a, b, key=lambda t: (t.named, t.name))


class Trainees:
    """The people of one machine, and who practises now."""

    def __init__(self, folder: Path) -> None:
        """Read the file in `folder`; one that cannot be read is set aside."""
        self._path = folder / "trainees.json"
        self._known: dict[str, Trainee] = {}
        self._current = ""
        try:
            self._read()
        except FileNotFoundError:
            return
        except OSError as error:
            raise RecordingError(f"{self._path}: cannot be read ({error.strerror})") from error
        except (ValueError, TypeError, KeyError, AttributeError):
            self._known, self._current = {}, ""
            self._path.replace(self._path.with_suffix(".damaged.json"))

    def _read(self) -> None:
        values = json.loads(self._path.read_text(encoding="utf-8"))
        for row in values["trainees"]:
            one = Trainee(str(row["id"]), str(row["name"]), str(row["named"]))
            if TRAINEE_ID.fullmatch(one.id):
                self._known[one.id] = one
        current = str(values["current"])
        self._current = current if current in self._known else ""

    def _write(self) -> None:
        values = {"current": self._current, "trainees": [asdict(t) for t in self.all()]}
        part = self._path.with_name(self._path.name + ".part")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
            part.replace(self._path)
        except OSError as error:
            raise RecordingError(f"{self._path}: cannot be written ({error.strerror})") from error

    def all(self, seen: Iterable[str] = ()) -> tuple[Trainee, ...]:
        """Return everybody, by id; `seen` are ids of runs whose person may not be known here."""
        ids = {*self._known, *(one for one in seen if one)}
        return tuple(self._known.get(one, Trainee(one)) for one in sorted(ids))

    def current(self) -> Trainee:
        """Return who practises now; the first time somebody anonymous is made up."""
        return self._known[self._current] if self._current else self.begin()

    def begin(self, name: str = "") -> Trainee:
        """Add a person, anonymous unless named, who practises from now on."""
        one = Trainee(secrets.token_hex(6))
        if name:
            one = replace(one, name=self._free(checked_name(name)), named=now())
        self._known[one.id] = one
        self._current = one.id
        self._write()
        return one

    def _free(self, name: str) -> str:
        if any(t.name.casefold() == name.casefold() for t in self._known.values()):
            raise UsageError(f"name: got {name!r}; somebody here is already called so")
        return name

    def rename(self, name: str) -> Trainee:
        """Give the current person a name; an empty one makes them anonymous again."""
        one = self.current()
        if name and name.strip().casefold() != one.name.casefold():
            name = self._free(checked_name(name))
        one = replace(one, name=name.strip(), named=now())
        self._known[one.id] = one
        self._write()
        return one

    def use(self, one: Trainee) -> None:
        """Let `one` practise from now on."""
        self._known.setdefault(one.id, one)
        self._current = one.id
        self._write()

    def find(self, word: str, seen: Iterable[str] = ()) -> Trainee:
        """Return the person of this name, id, or beginning of an id (at least four signs).

        Raises:
            UsageError: nobody or more than one person is meant.
        """
        everybody = self.all(seen)
        if everybody and not word.strip():  # else it would be the one whose name is empty
            allowed = [t.name or t.id for t in everybody]
            raise UsageError(f"trainee: got an empty word; allowed: {listed(allowed)}")
        found = [t for t in everybody if word.casefold() in (t.name.casefold(), t.id)]
        if not found and len(word) >= 4:
            found = [t for t in everybody if t.id.startswith(word.casefold())]
        if len(found) != 1:
            allowed = [t.name or t.id for t in everybody]
            words = (
                refusal(word, allowed) if allowed else f"got '{word}'; nobody practised here yet"
            )
            raise UsageError(f"trainee: {words}")
        return found[0]

    def join(self, others: Iterable[Trainee]) -> None:
        """Add people of another machine; of two names of one person the later one holds."""
        for other in others:
            known = self._known.get(other.id)
            self._known[other.id] = later(known, other) if known else other
        self._write()
