"""Reads the shipped cements, tamps and constants of cement and tamp."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from simulator.errors import AssetError
from simulator.paths import asset
from simulator.world.instruments import CementSpec, TampSpec

Constants = Mapping[str, float]


def _table(name: str) -> dict[str, dict[str, Any]]:
    with asset(name).open("rb") as file:
        return tomllib.load(file)


@cache
def constants(section: str) -> Constants:
    """Return the constants of `section` ("cement" or "tamp") by name, in their files' units."""
    rows = _table(f"physics_{section}.toml")
    for name, row in rows.items():
        if set(row) != {"value", "unit", "source"}:
            raise AssetError(f"assets/physics_{section}.toml: [{name}] needs value, unit, source")
    return MappingProxyType({name: float(row["value"]) for name, row in rows.items()})


@cache
def cements() -> Mapping[str, CementSpec]:
    """Return the shipped cements by id."""
    return MappingProxyType(
        {
            key: CementSpec(**{k: v for k, v in row.items() if k != "source"})
            for key, row in _table("cements.toml").items()
        }
    )


@cache
def tamps() -> Mapping[str, TampSpec]:
    """Return the shipped tamps by id."""
    return MappingProxyType(
        {
            key: TampSpec(**{k: v for k, v in row.items() if k != "source"})
            for key, row in _table("tamps.toml").items()
        }
    )
