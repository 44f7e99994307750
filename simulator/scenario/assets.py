"""Reading the shipped data: catalogues, constants and the rubric."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from simulator.errors import AssetError
from simulator.paths import asset
from simulator.scenario.words import listed
from simulator.world.instruments import (
    CementSpec,
    CurvedSpec,
    Filler,
    Needle,
    RodSpec,
    TampSpec,
)
from simulator.world.rubric import Criterion, Rubric
from simulator.world.vitals import TroubleSpec

Noun = TypeVar("Noun")
_PLACE: Mapping[str, tuple[str, type]] = {
    "needle": ("instruments.toml", Needle),
    "working_cannula": ("instruments.toml", Needle),
    "filler": ("instruments.toml", Filler),
    "tamp": ("tamps.toml", TampSpec),
    "cement": ("cements.toml", CementSpec),
}
_ALWAYS: Mapping[str, tuple[str, type]] = {
    "wire": ("wires.toml", RodSpec),
    "drill": ("wires.toml", RodSpec),
    "catheter": ("catheters.toml", CurvedSpec),
}
"""On every trolley; an author does not choose them."""


@cache
def read_asset(name: str) -> Mapping[str, Any]:
    """Return the content of ``assets/name``."""
    path = asset(name)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise AssetError(f"assets/{name} is damaged: {fault}") from fault
    except OSError as fault:
        raise AssetError(f"assets/{name} cannot be read: {fault.strerror or fault}") from fault


@cache
def _catalogue(name: str, kind: type[Noun]) -> dict[str, Noun]:
    entries = {}
    for key, table in _tables(read_asset(name)):
        if _looks_like(table, kind):
            entries[key] = noun(kind, {"name": key, **table}, f"assets/{name}: [{key}]")
    if not entries:
        raise AssetError(f"assets/{name} has no entry with the values of a {kind.__name__}")
    return entries


def catalogue(key: str) -> Mapping[str, Any]:
    """Return what an [equipment] key may name, in the order of the asset."""
    name, kind = {**_PLACE, **_ALWAYS}[key]
    return _catalogue(name, kind)


def chosen(key: str, name: str) -> Any:
    """Return one entry; authored names are checked before, so only a default can be missing."""
    entries = catalogue(key)
    if name not in entries:
        file = {**_PLACE, **_ALWAYS}[key][0]
        raise AssetError(f"assets/{file}: no entry [{name}]; there are {listed(entries)}")
    return entries[name]


def given_with(cement: str) -> str | None:
    """Return the only filler that a cement goes through, if it does not go through any."""
    found = read_asset("cements.toml")[cement].get("given_with")
    return None if found is None else str(found)


def catalogues() -> dict[str, tuple[str, ...]]:
    """Return the names for every [equipment] key."""
    return {key: tuple(catalogue(key)) for key in _PLACE}


def _tables(content: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every table of a file with the last part of its name, outer ones first."""
    for key, value in content.items():
        for table in value if isinstance(value, list) else [value]:
            if isinstance(table, dict):
                yield key, table
                yield from _tables(table)


def _looks_like(table: Mapping[str, Any], kind: type) -> bool:
    """Most of the fields are there: an entry (a damaged one is reported), not some other table."""
    names = {f.name for f in dataclasses.fields(kind)} - {"name"}
    return len(names & set(table)) * 2 > len(names)


def plain(value: Any) -> Any:
    """Return the number of ``{ value = 1.0, unit = "...", source = "..." }``, else `value`."""
    return value["value"] if isinstance(value, dict) and "value" in value else value


def noun(kind: type[Noun], table: Mapping[str, Any], where: str) -> Noun:
    """Build a frozen dataclass from a table; keys it does not have (source, notes) are left out."""
    hints = get_type_hints(kind)
    missing = [n for n in hints if n not in table]
    if missing:
        raise AssetError(f"{where}: {listed(missing)} missing")
    return kind(**{n: _typed(hint, plain(table[n]), f"{where}: {n}") for n, hint in hints.items()})


def _typed(hint: Any, value: Any, where: str) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if hint is float and number:
        return float(value)
    if hint is str and isinstance(value, str):
        return value
    if isinstance(hint, type) and issubclass(hint, StrEnum) and value in list(hint):
        return hint(value)
    if get_origin(hint) is tuple and isinstance(value, list):
        inner = get_args(hint)[0]
        return tuple(_typed(inner, plain(v), where) for v in value)
    wanted = listed(hint) if isinstance(hint, type) and issubclass(hint, StrEnum) else hint
    raise AssetError(f"{where}: got {value!r}, wanted {getattr(wanted, '__name__', wanted)}")


@cache
def _physics() -> Mapping[str, Mapping[str, float]]:
    tables: dict[str, Mapping[str, float]] = {}
    folder = asset("physics.toml").parent
    others = [folder / name for name in ("physiology.toml", "selection.toml")]
    for path in [*sorted(folder.glob("physics*.toml")), *others]:
        for name, table in _phenomena(path.stem, read_asset(path.name)):
            if name in tables:
                raise AssetError(f"assets/{path.name}: [{name}] stands in another physics file too")
            tables[name] = dict(_numbers(table, f"assets/{path.name}: [{name}]"))
    return tables


def _phenomena(file: str, content: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Tables of constants; constants that stand alone belong to what the file is named after."""
    own = {k: v for k, v in content.items() if isinstance(v, dict) and "value" in v}
    if own:
        yield file.removeprefix("physics_"), own
    yield from ((k, v) for k, v in content.items() if isinstance(v, dict) and k not in own)


def _numbers(table: Mapping[str, Any], where: str) -> Iterator[tuple[str, float]]:
    for key, entry in table.items():
        value = plain(entry)
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise AssetError(f"{where} {key}: got {value!r}, wanted a number")
        if not isinstance(value, str):
            yield key, float(value)
        elif isinstance(entry, dict):
            raise AssetError(f"{where} {key}: got {value!r}, wanted a number")


def physics() -> dict[str, dict[str, float]]:
    """Return every table of numbers in the assets of constants, each a fresh copy.

    A key holds a number or ``{ value, unit, source }``; plain text (a source) is passed over.
    """
    return {name: dict(table) for name, table in _physics().items()}


@cache
def troubles() -> tuple[TroubleSpec, ...]:
    """Return the table of what goes wrong with a patient, assets/physiology.toml."""
    rows = read_asset("physiology.toml").get("trouble", [])
    found = tuple(
        noun(TroubleSpec, row, f"assets/physiology.toml: trouble {row.get('kind', n)}")
        for n, row in enumerate(rows)
    )
    for spec in found:
        if len(spec.answers) != len(spec.strengths):
            text = "answers and strengths differ in number"
            raise AssetError(f"assets/physiology.toml: trouble {spec.kind}: {text}")
    return found


def par(case: str) -> dict[str, float]:
    """Return what a careful operator needs of time and dose in a case, assets/par.toml."""
    content = read_asset("par.toml")
    return {k: float(v) for k, v in content.get(case, content["default"]).items()}


@cache
def rubric() -> Rubric:
    """Return the judge's book, assets/rubric.toml."""
    content = read_asset("rubric.toml")
    rows = _criterion_tables(content)
    criteria = tuple(noun(Criterion, row, f"assets/rubric.toml: {row['id']}") for row in rows)
    if not criteria:
        raise AssetError("assets/rubric.toml has no criterion")
    flat = {k: v for k, v in content.items() if not isinstance(v, dict)}
    for table in content.values():
        if isinstance(table, dict):
            flat |= {k: v for k, v in table.items() if k not in flat}
    ordered = list(dict.fromkeys(c.domain for c in criteria))
    domains = flat.get("domains", ordered)
    names = list(domains) if isinstance(domains, dict) else domains
    whole = {**flat, "domains": names, "criteria": []}
    return dataclasses.replace(noun(Rubric, whole, "assets/rubric.toml"), criteria=criteria)


def _criterion_tables(content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    defaults = {"procedure": "both", "text": "", "source": "", "gate": "", "reached": ""}
    return [
        {"id": key, **defaults, **_band(table)}
        for key, table in _tables(content)
        if "metric" in table
    ]


def _band(table: Mapping[str, Any]) -> dict[str, Any]:
    """Let ``good = [low, high]`` stand for both ends."""
    row = {k: plain(v) for k, v in table.items()}
    if "good" in row:
        row["low"], row["high"] = row.pop("good")
    return row
