"""From words to the nouns of anatomy and to the judge's book."""

from types import SimpleNamespace

import numpy as np
import pytest

from simulator.anatomy.plan import Plan
from simulator.anatomy.spec import Cleft, DefectSite, FractureShape, PatientSpec
from simulator.anatomy.tables import sizes
from simulator.errors import ScenarioError
from simulator.frames import Side
from simulator.scenario import assets, build, person
from simulator.scenario.load import find_case, list_cases, load_case, load_scenario
from simulator.world.case import Procedure
from simulator.world.placement import between


def wedge(**patch):
    patched = {key.replace("__", "."): value for key, value in patch.items()}
    return load_scenario(find_case("l1-wedge"), patched)


def test_both_shipped_cases_treat_the_same_person():
    one = person.patient_spec(load_scenario(find_case("l1-wedge")))
    other = person.patient_spec(load_scenario(find_case("l1-vertebroplasty")))
    assert one.seed == other.seed == 76
    assert one.fracture.anterior_height_fraction < other.fracture.anterior_height_fraction
    assert {one.level, one.t_score, one.bmi} == {other.level, other.t_score, other.bmi}


@pytest.mark.parametrize(
    ("grade", "low", "high"), [(1, 0.75, 0.80), (2, 0.60, 0.75), (3, 0.3, 0.60)]
)
def test_a_genant_grade_is_a_height(grade, low, high):
    fracture = person.patient_spec(wedge(fracture__genant=grade)).fracture
    assert fracture.shape is FractureShape.WEDGE
    assert low <= fracture.anterior_height_fraction <= high


def test_a_height_in_millimetres_is_what_is_left():
    spec = person.patient_spec(wedge(fracture__genant=None, fracture__anterior_height_mm=15.0))
    assert sizes("L1", spec).ha - spec.fracture.depth_mm == pytest.approx(15.0)
    with pytest.raises(ScenarioError) as caught:
        person.patient_spec(wedge(fracture__genant=None, fracture__anterior_height_mm=40.0))
    assert "patch: fracture.anterior_height_mm: got 40; this patient's L1 is only " in str(
        caught.value
    )


def test_no_fracture_and_defaults():
    spec = person.patient_spec(
        wedge(fracture__shape="none", fracture__genant=None, patient__seed=None)
    )
    assert spec.fracture is None
    assert spec.basivertebral_mm == PatientSpec().basivertebral_mm
    assert spec.height_scale == PatientSpec().height_scale
    assert spec.seed == person.patient_spec(wedge(patient__seed=None)).seed != 76


def test_a_warm_theatre_shortens_the_cements_clock_and_cooled_cement_lengthens_it():
    def clock(**patch):
        cement, physics = build.cement_of(wedge(**patch).case)
        return cement.set_s, physics["cement"]["ageing_bone"]

    set_s, in_bone = clock()
    warm_s, in_bone_of_warm = clock(theatre__temperature_c=26.0)
    cool_s, _ = clock(theatre__temperature_c=26.0, theatre__cement_c=10.0)
    assert set_s == assets.chosen("cement", "hv_r").set_s
    assert warm_s == pytest.approx(set_s * 2.0 ** (-4.0 / 12.0))
    assert cool_s == pytest.approx(2.0 * set_s)
    assert in_bone_of_warm / warm_s == pytest.approx(in_bone / set_s)
    for patch in ({"theatre__temperature_c": 27.0}, {"theatre__temperature_c": 17.0}):
        with pytest.raises(ScenarioError, match="temperature_c"):
            wedge(**patch)


def test_what_is_unusual_about_spine_and_fracture_reaches_anatomy():
    spec = person.patient_spec(
        wedge(
            spine__scoliosis_deg=-18.0,
            spine__rotation_deg=6.0,
            spine__curvature=1.3,
            spine__osteophytes=0.5,
            spine__treated=["T12"],
            fracture__cleft="gas",
            fracture__mobility=0.8,
            fracture__retropulsion_mm=3.0,
            fracture__cortical_defect_site="posterior",
        )
    )
    assert (spec.scoliosis_deg, spec.rotation_deg, spec.curvature) == (-18.0, 6.0, 1.3)
    assert (spec.osteophytes, spec.treated) == (0.5, ("T12",))
    broken = spec.fracture
    assert (broken.cleft, broken.cortical_defect_site) == (Cleft.GAS, DefectSite.POSTERIOR)
    assert (broken.mobility, broken.retropulsion_mm) == (0.8, 3.0)


def test_the_level_to_treat_cannot_be_treated_already():
    with pytest.raises(ScenarioError, match="cannot hold cement already"):
        wedge(spine__treated=["L1"])


def points(book, domain, procedure="kyphoplasty"):
    counted = (c for c in book.criteria if c.procedure in ("both", procedure))
    return {c.id: c.points for c in counted if c.domain == domain}


def test_weights_move_points_inside_their_domain():
    shipped = points(assets.rubric(), "outcome")
    book = build.rubric_for(wedge(scoring__weights={"leak": 3.0}))
    changed = points(book, "outcome")
    assert changed["leak"] > shipped["leak"]
    assert sum(changed.values()) == pytest.approx(sum(shipped.values()))
    assert points(book, "access") == points(assets.rubric(), "access")


def test_a_domain_cannot_be_emptied():
    nothing = dict.fromkeys(points(assets.rubric(), "outcome"), 0.0)
    with pytest.raises(
        ScenarioError, match=r"scoring.weights: nothing is left of the domain 'outcome'"
    ):
        build.rubric_for(wedge(scoring__weights=nothing))


def test_bands_sentinels_and_pass_mark():
    book = build.rubric_for(
        wedge(
            scoring__bands={"leak": {"good": [0.0, 0.5]}},
            scoring__sentinels=["canal_breach"],
            scoring__pass_mark=60.0,
        )
    )
    before = next(c for c in assets.rubric().criteria if c.id == "leak")
    leak = next(c for c in book.criteria if c.id == "leak")
    assert (leak.low, leak.high, leak.margin) == (0.0, 0.5, before.margin)
    assert book.sentinels == ("canal_breach",)
    assert book.pass_mark == 60.0
    assert build.rubric_for(wedge()) == assets.rubric()


def test_an_authored_target_keeps_the_entry_and_the_skin_plane(monkeypatch):
    found = Plan(Side.LEFT, (40.0, 90.0, 5.0), (20.0, 30.0, 2.0), (5.0, -8.0, -2.0))
    monkeypatch.setattr(build, "plan_path", lambda *_: found)

    class Nobody:
        target = SimpleNamespace(bone=None)

    asked = wedge(plan__target_mm=[0.0, -10.0, 2.0]).case.plan
    plan = build._plan(asked, Procedure.KYPHOPLASTY, Nobody, Side.LEFT, 2.0)
    assert plan.entry_mm == found.entry_mm
    assert plan.target_mm == (0.0, -10.0, 2.0)
    assert plan.skin_mm == pytest.approx((50.0, 90.0, 2.0))
    assert build._plan(asked, Procedure.KYPHOPLASTY, Nobody, Side.RIGHT, 2.0) == found


@pytest.mark.slow
@pytest.mark.parametrize("card", list_cases(), ids=lambda card: card.id)
def test_every_shipped_case_can_be_built(card):
    case = load_case(card.id, 3)
    assert (case.id, case.seed) == (card.id, 3)
    if card.procedure != "choose":  # else what the notes advise
        assert case.procedure is Procedure(card.procedure)
    assert ", ".join(case.level_names) == card.level
    assert {"insertion", "cement", "tamp"} <= set(case.physics)


@pytest.mark.slow
def test_the_frames_of_two_levels_show_one_spine():
    case = load_case("t12-l1-two-levels")
    first, second = (level.patient for level in case.levels)
    for here, there, old, new in ((0, 1, first, second), (1, 0, second, first)):
        way = between(case, here, there)
        assert np.linalg.norm(way.shift) > 20.0
        seen = {v.level: v.landmarks for v in new.vertebrae}
        for vertebra in old.vertebrae:
            if vertebra.level not in seen:
                continue
            marks, same = vertebra.landmarks, seen[vertebra.level]
            # The same shapes in two frames; sums of a few angles round far below this.
            found = way.out(np.array(marks.centre_mm))
            np.testing.assert_allclose(found, same.centre_mm, atol=1e-6)
            np.testing.assert_allclose(marks.heights_mm, same.heights_mm, atol=1e-6)


def test_a_case_told_from_each_of_its_levels():
    scenario = load_scenario(find_case("t12-l1-two-levels"))
    first, second = scenario.levels
    assert (first.case.spine.level, second.case.spine.level) == ("T12", "L1")
    assert [block.level for block in second.case.next_level] == ["T12"]
    specs = [person.patient_spec(each) for each in (first, second)]
    assert specs[0].fracture == specs[1].others[0][1]
    assert specs[1].fracture == specs[0].others[0][1]
    assert specs[0].seed == specs[1].seed


@pytest.mark.parametrize(
    ("patch", "words"),
    [
        ({"next_level": [{"level": "L1"}]}, "each level can be named once"),
        ({"next_level": [{"level": "L5"}]}, "at most 3 apart"),
        ({"next_level": [{"level": "L2"}], "spine.scoliosis_deg": 20.0}, "one level only"),
        ({"next_level": [{"level": "L2"}], "spine.treated": ["L2"]}, "cement already"),
    ],
)
def test_levels_that_are_none_of_one_session(patch, words):
    with pytest.raises(ScenarioError, match=words):
        load_scenario(find_case("l1-wedge"), patch)
