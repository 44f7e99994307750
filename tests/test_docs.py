"""The documentation says what the program is: generated parts, lists and links are current."""

from __future__ import annotations

import importlib.util
import re
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simulator.procedure.metrics import METRICS
from simulator.scenario.assets import rubric
from simulator.scenario.schema import scenario_schema
from simulator.scenario.script import ScriptFile
from simulator.scenario.simtest import simtest_schema
from simulator.scenario.steps import ACTS
from simulator.scenario.words import SENTINELS

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("README.md"), *DOCS.glob("*.md")])
FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
CODE = re.compile(r"`[^`\n]*`")
COUNTS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
          "eleven", "twelve")  # fmt: skip
LINK = re.compile(r"\]\(([^)\s]+)\)")


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def rows(text: str) -> list[list[str]]:
    """Return the cells of every table row."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[c.strip() for c in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def section(text: str, title: str) -> str:
    """Return what stands under the heading `## title`."""
    found = re.search(rf"^## {re.escape(title)}$(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    assert found, f"no section '{title}'"
    return found[1]


def keys(text: str) -> set[str]:
    """Return the first cells of all tables, without their marks."""
    return {row[0].strip("`") for row in rows(text)}


def definition(schema: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the schema of a table of the file, a list of tables included."""
    node = schema["properties"][name]
    node = node.get("items", node)
    return schema["$defs"][node["$ref"].rsplit("/", 1)[1]] if "$ref" in node else node


def test_the_page_of_phases_is_that_of_the_table() -> None:
    spec = importlib.util.spec_from_file_location("make_phases", DOCS / "make_phases.py")
    assert spec is not None
    assert spec.loader is not None
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    text = page("phases.md")
    assert maker.written(text) == text, "out of date: python docs/make_phases.py"
    assert set(maker.parts()) == set(re.findall(r"<!-- ([\w-]+): begin -->", text))
    assert all(f"| `{act}`" in text for act in ACTS)


@pytest.mark.parametrize("path", sorted(DOCS.glob("*.py")), ids=lambda p: p.stem)
def test_a_script_loads_and_tells_what_it_takes(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(DOCS)  # as Python does for a script
    monkeypatch.setattr(sys, "argv", [path.name, "--help"])
    for name in ("SDL_VIDEODRIVER", "SDL_AUDIODRIVER"):
        monkeypatch.setenv(name, "dummy")  # scripts set them too; this takes it back
    if "__main__" not in path.read_text(encoding="utf-8"):
        runpy.run_path(str(path))  # others take things from it
        return
    with pytest.raises(SystemExit) as end:
        runpy.run_path(str(path), run_name="__main__")
    assert end.value.code == 0
    assert f"usage: {path.name}" in capsys.readouterr().out


def test_every_metric_is_defined_with_its_meaning() -> None:
    told = {r[0].strip("`"): r[1] for r in rows(section(page("scoring.md"), "Metrics"))[1:]}
    assert told == {name: metric.meaning for name, metric in METRICS.items()}


def test_every_criterion_stands_there_as_the_rubric_has_it() -> None:
    told = {r[1].strip("`"): r for r in rows(section(page("scoring.md"), "Criteria"))[1:]}
    assert set(told) == {c.id for c in rubric().criteria}
    for c in rubric().criteria:
        domain, _, text, metric, points, band, margin, _, gate, source = told[c.id]
        assert (domain, text, metric, source) == (c.domain, c.text, f"`{c.metric}`", c.source)
        assert (float(points), float(margin)) == (c.points, c.margin)
        assert gate == (f"`{c.gate}`" if c.gate else "–")
        ends = {c.low, c.high} - ({0.0} if c.low == 0.0 != c.high else set()) - {99.0}
        assert {float(n) for n in re.findall(r"\d+(?:\.\d+)?", band)} == ends, c.id


def test_every_sentinel_is_explained_and_can_be_triggered() -> None:
    errors = section(page("scoring.md"), "Errors")
    told = {r[0].strip("`") for r in rows(errors) if len(r) == 2}
    assert set(SENTINELS) <= told
    # What the judge's source never names as a sentinel cannot be found.
    judges = sorted((ROOT / "simulator/procedure").glob("*.py"))
    source = "".join(path.read_text(encoding="utf-8") for path in judges)
    assert {n for n in SENTINELS if f'"{n}", "sentinel"' not in source} == set()


def test_the_sentinels_are_counted_as_the_rubric_lists_them() -> None:
    errors = section(page("scoring.md"), "Errors")
    names = rubric().sentinels
    count = COUNTS[len(names)]
    listed = re.search(r"the (\w+) names are\s+(`[^|]*?`)\.\n", errors)
    assert listed is not None
    assert listed[1] == count
    assert CODE.findall(listed[2]) == [f"`{name}`" for name in names]
    assert re.findall(r"All (\w+) can be triggered", errors) == [count]


def test_every_field_of_a_case_is_named_under_its_block() -> None:
    text, schema = page("authoring.md"), scenario_schema()
    top = section(text, "The top of the file")
    for name in schema["properties"]:
        assert f"`{name}`" in top, name
        if "properties" in definition(schema, name):
            title = "Tests inside a case" if name == "test" else name
            missing = set(definition(schema, name)["properties"]) - keys(section(text, title))
            assert not missing, f"{name}: {sorted(missing)}"
    assert set(schema["$defs"]["Band"]["properties"]) <= keys(section(text, "scoring"))


def test_every_field_of_a_scenario_test_and_every_step_is_named() -> None:
    text, schema = page("authoring.md"), simtest_schema()
    assert set(schema["properties"]) <= keys(section(text, "A test in a file of its own"))
    scripts = section(text, "Stage scripts")
    for name in ScriptFile.model_fields:
        assert f"`{name}`" in scripts or f"`[[{name}]]`" in scripts, name
    assert all(f"`{act}`" in scripts for act in ACTS)
    told = {row[0].strip("`"): " ".join(row) for row in rows(scripts)}
    for step in schema["$defs"].values():
        fields = set(step["properties"])
        common = {"do", "expect", "until", "max_s"}
        assert fields >= common
        row = told[step["properties"]["do"]["const"]]
        assert all(f"`{field}`" in row for field in fields - common), row
    assert {"expect", "until", "max_s"} <= set(told)


def anchors(path: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", FENCE.sub("", path.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def broken(path: Path) -> Iterator[str]:
    """Yield the relative links of a page that lead nowhere."""
    text = CODE.sub("", FENCE.sub("", path.read_text(encoding="utf-8")))
    for link in LINK.findall(text):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        there = path.parent / name if name else path
        if not there.exists() or (anchor and anchor not in anchors(there)):
            yield link


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.name)
def test_relative_links_lead_somewhere(path: Path) -> None:
    assert list(broken(path)) == []


def test_every_code_of_a_source_is_listed_and_every_listed_one_is_used() -> None:
    code = re.compile(r"\bS\d{2,3}\b")  # S1 is the sacrum
    files = [*(ROOT / "assets").glob("*.toml"), *(ROOT / "simulator").rglob("*.py"), *PAGES]
    told = DOCS / "sources.md"
    used = {c for f in files if f != told for c in code.findall(f.read_text(encoding="utf-8"))}
    assert used == keys(page("sources.md")) - {"Code", "---"}
