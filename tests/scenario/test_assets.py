"""Shipped data are read by their form; a damaged file is one clear line."""

import pytest

from simulator.errors import AssetError
from simulator.scenario import assets
from simulator.world.instruments import Needle, Tip
from simulator.world.rubric import Criterion


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """Put files in place of the shipped ones."""
    monkeypatch.setattr(assets, "asset", lambda name: tmp_path / name)
    caches = (assets.read_asset, assets._catalogue, assets._physics, assets.rubric)
    for cached in caches:
        cached.cache_clear()
    yield lambda name, text: (tmp_path / name).write_text(text, encoding="utf-8")
    for cached in caches:
        cached.cache_clear()


def test_every_key_of_the_trolley_has_a_catalogue():
    for key, names in assets.catalogues().items():
        assert names, key
        assert assets.chosen(key, names[0]).name


def test_gauges_are_ordered_as_steel_is():
    needles = assets.catalogue("needle")
    widths = [needles[g].outer_mm for g in ("13G", "11G", "10G", "8G")]
    assert widths == sorted(widths)
    assert all(n.inner_mm < n.outer_mm for n in needles.values())


def test_a_tamp_passes_the_working_cannula():
    cannula = assets.chosen("working_cannula", "8G")
    assert all(t.diameter_mm < cannula.inner_mm for t in assets.catalogue("tamp").values())
    assert assets.chosen("filler", "bone_filler").bore_mm < cannula.inner_mm


def test_the_rubric_is_worth_a_hundred_points_for_each_procedure():
    for procedure in ("kyphoplasty", "vertebroplasty"):
        counted = [c for c in assets.rubric().criteria if c.procedure in ("both", procedure)]
        assert sum(c.points for c in counted) == pytest.approx(100.0)


def test_constants_of_all_physics_files(shipped):
    shipped(
        "physics.toml",
        'source = "x"\n[a]\none = 1\ntwo = { value = 2, unit = "mm", source = "y" }\n',
    )
    shipped("physiology.toml", "[b]\nthree = 3\n[[trouble]]\nkind = 'x'\n")
    shipped("selection.toml", "[c]\nfour = 4\n")
    shipped("physics_tamp.toml", '[three]\nvalue = 3.0\nunit = "N"\nsource = "z"\n')
    assert assets.physics() == {
        "a": {"one": 1.0, "two": 2.0},
        "tamp": {"three": 3.0},
        "b": {"three": 3.0},
        "c": {"four": 4.0},
    }
    assets.physics()["a"]["one"] = 9.0
    assert assets.physics()["a"]["one"] == 1.0


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (
            {"physics.toml": "[a]\none = [1]\n"},
            "assets/physics.toml: [a] one: got [1], wanted a number",
        ),
        (
            {"physics.toml": "[a]\none = { value = 'x' }\n"},
            "assets/physics.toml: [a] one: got 'x', wanted a number",
        ),
        (
            {"physics.toml": "[a]\n", "physics_b.toml": "[a]\n"},
            "assets/physics_b.toml: [a] stands in another physics file too",
        ),
        ({"physics.toml": "[a\n"}, "assets/physics.toml is damaged: Expected ']'"),
        ({"physics.toml": "[a]\n"}, "assets/physiology.toml cannot be read"),
    ],
)
def test_damaged_constants(shipped, files, told):
    for name, text in files.items():
        shipped(name, text)
    with pytest.raises(AssetError) as caught:
        assets.physics()
    assert str(caught.value).startswith(told)


NEEDLE = '[needle.11G]\nouter_mm = 3.05\ninner_mm = 2\nlength_mm = 125.0\ntip = "diamond"\n'


def test_a_catalogue_entry_is_named_by_its_table(shipped):
    shipped("instruments.toml", NEEDLE)
    assert assets.catalogue("needle") == {"11G": Needle("11G", 3.05, 2.0, 125.0, Tip.DIAMOND)}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (NEEDLE.replace("tip", "top"), "assets/instruments.toml: [11G]: 'tip' missing"),
        (
            NEEDLE.replace("125.0", "'x'"),
            "assets/instruments.toml: [11G]: length_mm: got 'x', wanted float",
        ),
        (
            NEEDLE.replace("diamond", "blunt"),
            "assets/instruments.toml: [11G]: tip: got 'blunt', wanted 'diamond' or 'bevel'",
        ),
        ("", "assets/instruments.toml has no entry with the values of a Needle"),
    ],
)
def test_damaged_catalogue(shipped, text, told):
    shipped("instruments.toml", text)
    with pytest.raises(AssetError) as caught:
        assets.catalogue("needle")
    assert str(caught.value) == told


def test_a_missing_file_and_a_missing_default(shipped):
    with pytest.raises(AssetError, match=r"^assets/tamps.toml cannot be read: No such file"):
        assets.catalogue("tamp")
    shipped("instruments.toml", NEEDLE)
    with pytest.raises(
        AssetError, match=r"^assets/instruments.toml: no entry \[8G\]; there are '11G'$"
    ):
        assets.chosen("working_cannula", "8G")


def test_a_rubric_of_two_lines(shipped):
    shipped(
        "rubric.toml",
        """\
pass_mark = 75
access_mark = 20
major_points = 5
minor_points = 1
working_tamp_ml = 2
supporting_ml = 1
supporting_share = 0.5
sentinels = ["canal_breach"]
[[criterion]]
id = "leak"
domain = "outcome"
metric = "leak_ml"
points = 3
good = [0, 0.2]
margin = 0.5
""",
    )
    book = assets.rubric()
    assert book.domains == ("outcome",)
    assert book.criteria == (
        Criterion("leak", "outcome", "leak_ml", 3.0, 0.0, 0.2, 0.5, "both", "", ""),
    )
