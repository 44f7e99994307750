"""The JSON Schemas in the repository are the ones this version would write."""

import json

import pytest

from simulator.paths import scenarios
from simulator.scenario.export import FILES, schema_text

FOLDER = scenarios().parent / "schemas"


@pytest.mark.parametrize("kind", FILES)
def test_the_checked_in_schema_is_current(kind):
    written = (FOLDER / FILES[kind]).read_text(encoding="utf-8")
    assert written == schema_text(kind), (
        f"out of date: python run_sim.py schema {kind} > schemas/{FILES[kind]}"
    )


def test_every_key_is_described_and_no_other_is_allowed():
    for kind in FILES:
        schema = json.loads(schema_text(kind))
        for table in [schema, *schema["$defs"].values()]:
            assert table["additionalProperties"] is False
            for key, form in table["properties"].items():
                assert form.get("description"), (table["title"], key)


def test_an_editor_completes_the_names_of_the_trolley():
    tables = json.loads(schema_text("scenario"))["$defs"]
    assert "tamp_15" in tables["EquipmentBlock"]["properties"]["tamp"]["enum"]
    assert "leak" in tables["ScoringBlock"]["properties"]["bands"]["propertyNames"]["enum"]


def test_cases_name_their_schema():
    for path in scenarios().glob("*.toml"):
        first = path.read_text(encoding="utf-8").splitlines()[0]
        kind = "test" if path.name.endswith(".simtest.toml") else "scenario"
        assert first == f"#:schema ../schemas/{FILES[kind]}"
