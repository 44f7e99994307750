"""The JSON Schemas as files, for editors that complete and check TOML."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from simulator.scenario.schema import scenario_schema
from simulator.scenario.simtest import simtest_schema

_MAKE: Mapping[str, Callable[[], dict[str, Any]]] = MappingProxyType(
    {"scenario": scenario_schema, "test": simtest_schema}
)
FILES: Mapping[str, str] = MappingProxyType(
    {"scenario": "scenario.schema.json", "test": "simtest.schema.json"}
)
"""Name in the folder `schemas` of each kind."""


def schema_text(kind: str) -> str:
    """Return the JSON Schema of ``"scenario"`` or ``"test"`` as the text of its file."""
    return json.dumps(_MAKE[kind](), indent=2, ensure_ascii=False) + "\n"
