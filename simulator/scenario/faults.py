"""From pydantic's errors to what an author can act on: what came, what is allowed, did you mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import ErrorDetails

from simulator.scenario.lines import Place
from simulator.scenario.words import did_you_mean, listed, nearest, refusal, stem

_KINDS = {
    "str": "text in quotes",
    "string": "text in quotes",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "tuple": "a list [..., ...]",
    "list": "a list [..., ...]",
    "dict": "a table",
    "model": "a table",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, and where."""

    path: Place
    text: str


class Form:
    """The JSON Schema of a model, to be asked what is allowed at a path."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        """Keep the schema and its definitions."""
        self.root = schema
        self.definitions: Mapping[str, Any] = schema.get("$defs", {})

    def at(self, path: Sequence[str | int]) -> Mapping[str, Any]:
        """Return the schema of the value at `path`; empty when it has none."""
        node: Mapping[str, Any] = self.root
        for part in path:
            node = self._child(self.plain(node), part)
        return self.plain(node)

    def plain(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        """Follow a reference, and leave out the null of an optional value."""
        if "$ref" in node:
            return self.plain(self.definitions[node["$ref"].rsplit("/", 1)[1]])
        if "anyOf" in node:
            kinds = [k for k in node["anyOf"] if k.get("type") != "null"]
            return self.plain(kinds[0]) if len(kinds) == 1 else node
        return node

    def _child(self, node: Mapping[str, Any], part: str | int) -> Mapping[str, Any]:
        if "oneOf" in node and isinstance(part, str):
            return self._variant(node["oneOf"], part)
        if isinstance(part, int):
            several: Sequence[Mapping[str, Any]] = node.get("prefixItems", ())
            inner = several[part] if part < len(several) else node.get("items", {})
        else:
            inner = node.get("properties", {}).get(part, node.get("additionalProperties", {}))
        return inner if isinstance(inner, Mapping) else {}

    def _variant(self, kinds: Sequence[Mapping[str, Any]], tag: str) -> Mapping[str, Any]:
        return next((kind for kind in map(self.plain, kinds) if _tag(kind) == tag), {})

    def tags(self, path: Sequence[str | int]) -> list[str]:
        """Return what `do` may be at `path`."""
        return [str(_tag(self.plain(kind))) for kind in self.at(path).get("oneOf", ())]

    def home_of(self, key: str) -> str | None:
        """Return the table of the root that has `key`, if exactly one has."""
        homes = [
            name
            for name, node in self.root.get("properties", {}).items()
            if key in self.plain(node).get("properties", {})
        ]
        return homes[0] if len(homes) == 1 else None


def _tag(kind: Mapping[str, Any]) -> object:
    return kind.get("properties", {}).get("do", {}).get("const")


def explain_all(errors: Sequence[ErrorDetails], form: Form) -> list[Fault]:
    """Turn pydantic's errors into faults; a list is not called short for its wrong elements."""
    return [
        explain(error, form)
        for error in errors
        if not (error["type"] == "too_short" and _has_wrong_elements(error, errors))
    ]


def _has_wrong_elements(short: ErrorDetails, errors: Sequence[ErrorDetails]) -> bool:
    loc = short["loc"]
    return any(len(e["loc"]) > len(loc) and e["loc"][: len(loc)] == loc for e in errors)


def explain(error: ErrorDetails, form: Form) -> Fault:
    """Turn one pydantic error into a fault with path and text."""
    loc = tuple(error["loc"])
    if error["type"] == "union_tag_invalid":
        choice = {"enum": form.tags(loc)}
        return Fault((*_written(loc, form), "do"), _not_listed(error["input"]["do"], choice))
    return Fault(_written(loc, form), _text(error, loc, form))


def _written(loc: Place, form: Form) -> Place:
    """Leave out what pydantic adds to a path: the tag of a variant, the key of a table's key."""
    return tuple(
        part
        for n, part in enumerate(loc)
        if not (isinstance(part, str) and ("oneOf" in form.at(loc[:n]) or part == "[key]"))
    )


def _text(error: ErrorDetails, loc: Place, form: Form) -> str:
    kind, given = error["type"], error["input"]
    if kind == "extra_forbidden":
        return _unknown_key(str(loc[-1]), loc, form)
    if kind == "missing":
        return _missing(loc, form)
    if kind in ("literal_error", "enum"):
        return _not_listed(given, form.at(loc))
    if kind in ("value_error", "word", "twice"):
        return error["msg"].removeprefix("Value error, ")
    if kind.startswith(("greater_than", "less_than", "finite")):
        return f"got {_shown(given)}; allowed: {_range(form.at(loc))}"
    if kind.endswith("_type") or kind.startswith(("int_", "float_", "bool_")):
        return f"got {_shown(given)}; allowed: {_wanted(kind, form.at(loc))}"
    got = f"{len(given)} values" if isinstance(given, list) else _shown(given)
    return f"got {got}; {_other(error)}"


def _unknown_key(key: str, loc: Place, form: Form) -> str:
    allowed = list(form.at(loc[:-1]).get("properties", {}))
    home = form.home_of(key)
    if nearest(key, allowed) is None and home is not None:
        return f"unknown key '{key}' here; it belongs in [{home}]"
    same_name = [a for a in allowed if stem(a) == stem(key)]
    help_text = did_you_mean(key, same_name or allowed)
    return f"unknown key '{key}'{help_text or '; allowed: ' + listed(allowed)}"


def _missing(loc: Place, form: Form) -> str:
    if isinstance(loc[-1], int):
        size = form.at(loc[:-1]).get("minItems", loc[-1] + 1)
        return f"missing: the list needs {size} values"
    about = _about(form, loc)
    return f"required key '{loc[-1]}' is missing" + (f": {about}" if about else "")


def _about(form: Form, loc: Place) -> str:
    raw = form.at(loc[:-1]).get("properties", {}).get(loc[-1], {})
    words = raw.get("description", "").rstrip(".")
    choice = form.at(loc).get("enum")
    return f"{words} ({listed(choice)})" if choice else words


def _not_listed(given: object, node: Mapping[str, Any]) -> str:
    allowed = node.get("enum") or [node.get("const")]
    if isinstance(given, str) and all(isinstance(a, str) for a in allowed):
        return refusal(given, allowed)
    return f"got {_shown(given)}; allowed: {' or '.join(_shown(a) for a in allowed)}"


def _range(node: Mapping[str, Any]) -> str:
    low, high = node.get("minimum"), node.get("maximum")
    above = node.get("exclusiveMinimum")
    if low is not None and high is not None:
        return f"{_number(low)} to {_number(high)}"
    if above is not None:
        return f"above {_number(above)}" + ("" if high is None else f", at most {_number(high)}")
    if low is not None:
        return f"at least {_number(low)}"
    return "a finite number" if high is None else f"at most {_number(high)}"


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:g}"


def _wanted(kind: str, node: Mapping[str, Any]) -> str:
    what = _KINDS.get(kind.split("_")[0], kind)
    bounds = _range(node) if {"minimum", "maximum"} & set(node) else ""
    return f"{what} ({bounds})" if bounds else what


def _other(error: ErrorDetails) -> str:
    kind, limits = error["type"], error.get("ctx", {})
    if kind in ("too_short", "too_long"):
        low, high = limits.get("min_length"), limits.get("max_length")
        return f"allowed: at least {low}" if high is None else f"allowed: at most {high}"
    if kind == "string_pattern_mismatch":
        return "allowed: small letters, digits and single dashes, e.g. 'l1-wedge'"
    return error["msg"][0].lower() + error["msg"][1:]


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"'{value}'" if len(value) <= 60 else f"'{value[:57]}...'"
    if isinstance(value, Mapping):
        return "a table"
    return str(value) if len(str(value)) <= 60 else "a list"
