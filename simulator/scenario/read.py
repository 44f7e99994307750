"""Reading an authored file: every mistake at once, each with its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from simulator.errors import ScenarioError
from simulator.scenario.block import Vocabulary
from simulator.scenario.faults import Fault, Form, explain_all
from simulator.scenario.lines import Place, line_of, scan
from simulator.scenario.words import did_you_mean

Model = TypeVar("Model", bound=BaseModel)
_SYNTAX = re.compile(
    r"^(?P<what>.*?)(?: \(at (?:line (?P<line>\d+), column \d+|end of document)\))$"
)


@dataclass(frozen=True, slots=True)
class Document:
    """A TOML file: its content, still unchecked, and where everything stands."""

    path: Path
    content: Mapping[str, Any]
    lines: Mapping[Place, int]
    patched: tuple[Place, ...] = ()
    """Values that came from a patch, not from the file."""

    @property
    def shown(self) -> str:
        """The path as messages print it: short when it lies under the working folder."""
        return shown_path(self.path)

    def line(self, *path: str | int) -> int:
        """Return the line of a value, or of the nearest table around it."""
        return line_of(self.lines, path)


@dataclass(frozen=True, slots=True)
class Reading(Generic[Model]):
    """A checked document."""

    document: Document
    model: Model


def shown_path(path: Path) -> str:
    """Return `path` relative to the working folder where that is shorter."""
    full = path.resolve()
    here = Path.cwd()
    return full.relative_to(here).as_posix() if full.is_relative_to(here) else str(path)


def read_text(path: Path) -> str:
    """Return the text of an authored file."""
    name = shown_path(path)
    if path.is_dir():
        raise ScenarioError(f"{name}: is a folder, not a file")
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise ScenarioError(f"{name}: no such file{_neighbour(path)}") from None
    except OSError as fault:
        raise ScenarioError(f"{name}: cannot be read: {fault.strerror or fault}") from None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as fault:
        line = data.count(b"\n", 0, fault.start) + 1
        raise ScenarioError(
            f"{name}:{line}: is not UTF-8 text (byte 0x{data[fault.start]:02x}); save it as UTF-8"
        ) from None


def _neighbour(path: Path) -> str:
    if not path.parent.is_dir():
        return f" (there is no folder {shown_path(path.parent)})"
    return did_you_mean(path.name, sorted(p.name for p in path.parent.glob("*.toml")))


def read_document(path: Path) -> Document:
    """Read the syntax of a TOML file."""
    text = read_text(path)
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise ScenarioError(_syntax(path, text, str(fault))) from None
    return Document(path, content, scan(text))


def _syntax(path: Path, text: str, message: str) -> str:
    match = _SYNTAX.match(message)
    what = match["what"] if match else message
    number = int(match["line"]) if match and match["line"] else max(1, len(text.splitlines()))
    written = text.splitlines()[number - 1].strip() if text.strip() else ""
    seen = f" in '{written[:60]}'" if written else ""
    return f"{shown_path(path)}:{number}: not valid TOML: {what[:1].lower()}{what[1:]}{seen}"


def patched(document: Document, patch: Mapping[str, object] | None) -> Document:
    """Return the document with values replaced; keys like ``"fracture.genant"``, None removes."""
    if not patch:
        return document
    content = _copied(document.content)
    for key, value in patch.items():
        *tables, last = key.split(".")
        table = content
        for name in tables:
            table = table.setdefault(name, {})
            if not isinstance(table, dict):
                raise ScenarioError(f"{document.shown}: patch '{key}': '{name}' is not a table")
        if value is None:
            table.pop(last, None)
        else:
            table[last] = value
    paths = tuple(tuple(key.split(".")) for key in patch)
    return Document(document.path, content, document.lines, paths)


def _copied(table: Mapping[str, Any]) -> dict[str, Any]:
    return {k: _copied(v) if isinstance(v, dict) else v for k, v in table.items()}


@cache
def _form(model: type[BaseModel]) -> Form:
    return Form(model.model_json_schema())


def check(
    document: Document,
    model: type[Model],
    vocabulary: Vocabulary | None = None,
    also: Iterable[Fault] = (),
) -> Reading[Model]:
    """Validate a document.

    Args:
        document: What was read.
        model: The form it must have.
        vocabulary: Names that stand in assets; None checks the form only.
        also: Faults the caller has found, to be reported with the others.

    Raises:
        ScenarioError: one line per fault, in the order of the file.
    """
    _refuse_other_formats(document, model)
    faults = list(also)
    try:
        found = model.model_validate(document.content, context=vocabulary)
    except ValidationError as error:
        faults += explain_all(error.errors(include_url=False), _form(model))
    if faults:
        raise ScenarioError(report(document, faults))
    return Reading(document, found)


def _refuse_other_formats(document: Document, model: type[BaseModel]) -> None:
    number = document.content.get("format")
    if "format" not in model.model_fields or isinstance(number, bool):
        return
    if isinstance(number, int) and number != 1:
        raise ScenarioError(
            f"{document.shown}:{document.line('format')}: format: got {number}; this version reads "
            "format 1" + (": a newer Kyphosim is needed for this file" if number > 1 else "")
        )


def report(document: Document, faults: Iterable[Fault]) -> str:
    """Return one line per fault, sorted by line."""
    rows = sorted((document.line(*f.path), n, f) for n, f in enumerate(faults))
    return "\n".join(dict.fromkeys(_row(document, line, fault) for line, _, fault in rows))


def _row(document: Document, line: int, fault: Fault) -> str:
    dotted = ".".join(str(part + 1) if isinstance(part, int) else part for part in fault.path)
    from_patch = any(fault.path[: len(p)] == p for p in document.patched)
    where = f"{document.shown}: patch" if from_patch else f"{document.shown}:{line}"
    return f"{where}: {dotted}: {fault.text}" if dotted else f"{where}: {fault.text}"
