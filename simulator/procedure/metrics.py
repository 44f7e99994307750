"""Every metric of the contract: what it means, its unit, and how it follows from a run's end.

A metric that does not apply, or whose moment never came, is None. Of two sides the worse one is
reported, volumes are summed. Anyone may add one with `register`; it is then measured in every run
and may be named by rubric, bands and expectations like those that are shipped.
"""

from __future__ import annotations

import math

from simulator.anatomy.plan import Route as PathRoute
from simulator.procedure import (
    care_metrics,
    cement_heat,
    cement_shape,
    decisions,
    selection,
    tamp_metrics,
)
from simulator.procedure.readings import acted, cemented, entered, flag, mean, value, worst, zero
from simulator.procedure.registry import METRICS, TABLE, Definition, Fold, defined, register
from simulator.units import KPA_PER_MPA, MM3_PER_ML, TICKS_PER_S, seconds
from simulator.world.arm import View
from simulator.world.case import Case
from simulator.world.cement import ROUTES, Route
from simulator.world.report import Metric
from simulator.world.state import State

__all__ = ["METRICS", "Definition", "care_metrics", "measure", "register"]

_INFLATED_ML = 0.5
_GRADES = ((0.0, "A"), (2.0, "B"), (4.0, "C"), (6.0, "D"))


def duration_s(case: Case, state: State) -> Metric:
    """Seconds to the dressing, or to the end without one."""
    return state.tally.values.get("dressed_s", seconds(state.tick))


def _trajectory_error_deg(case: Case, state: State) -> Metric:
    cosines = [v for k, v in state.tally.values.items() if k.startswith("trajectory_cos_")]
    return math.degrees(math.acos(min(cosines))) if cosines else None


def _breach_grade(case: Case, state: State) -> Metric:
    if not state.tally.values.get("bone_entered"):
        return None
    depth = state.tally.values.get("medial_breach_mm", 0.0)
    for limit, grade in _GRADES:
        if depth <= limit:
            return grade
    return "E"


def _route_ml(route: Route) -> Fold:
    def read(case: Case, state: State) -> Metric:
        ul = state.cement.cloud.leak_ul[ROUTES.index(route)]
        tail = state.cement.tail_ml if route is Route.TRACT else 0.0
        return ul / MM3_PER_ML + tail

    return read


def leak_ml(case: Case, state: State) -> Metric:
    """All cement outside the bone, whatever its route."""
    return sum(state.cement.cloud.leak_ul) / MM3_PER_ML + state.cement.tail_ml


def _leak_reaction_s(case: Case, state: State) -> Metric:
    values = state.tally.values
    if "leak_seen_s" not in values or "leak_reacted_s" not in values:
        return None
    return max(0.0, values["leak_reacted_s"] - values["leak_seen_s"])


def _rate_ml_min(case: Case, state: State) -> Metric:
    flowing = state.tally.values.get("flowing_s", 0.0)
    return state.given_ml / flowing * 60.0 if flowing > 0.0 else None


def _time_out(case: Case, state: State) -> Metric:
    """Whoever is sedated confirms neither name nor side."""
    said = state.tally.values.get("done_time_out_s")
    return said is not None and said <= state.tally.values.get("done_sedate_s", math.inf)


def _age_score(case: Case, state: State) -> Metric:
    """1 within the working time, less the further outside it (half a minute is a half)."""
    age = state.tally.values.get("age_at_start_s")
    if age is None:
        return None
    outside = max(case.cement.wait_s - age, age - case.cement.work_until_s, 0.0)
    return max(0.0, 1.0 - outside / 60.0)


def _way_points(case: Case, state: State) -> Metric:
    seen = state.tally.values
    beside = all(case.plans[s].route is PathRoute.EXTRAPEDICULAR for s in case.sides)
    points = ("entry", "wall", "target") if beside else ("entry", "pedicle", "wall", "target")
    planes = (View.AP, View.LATERAL)
    both = [
        sum(all(f"seen_{point}_{view}_{side}" in seen for view in planes) for point in points)
        for side in case.sides
        if f"entry_error_{side}" in seen
    ]
    return 4.0 * min(both, default=0) / len(points)


def _looked_well(case: Case, state: State) -> Metric:
    values = state.tally.values
    return bool(values.get("body_entered")) and values.get("blind_mm", 0.0) == 0.0


def _rule_kept(case: Case, state: State) -> Metric:
    if not state.tally.values.get("body_entered"):
        return None
    return not any(f.id == "medial_rule_broken" for f in state.tally.findings)


def _views_before(case: Case, state: State) -> Metric:
    values = state.tally.values
    return values.get("ap_before", 0.0) + values.get("lateral_before", 0.0)


TABLE.update([
    defined("duration_s", "start to dressing", duration_s),
    defined("fluoro_s", "pedal time, summed over planes",
        lambda c, s: s.c_arm.fluoro_ticks / TICKS_PER_S),
    defined("exposures", "X-ray pulses", lambda c, s: s.c_arm.exposures),
    defined("air_kerma_mgy", "at the reference point", lambda c, s: s.c_arm.air_kerma_mgy),
    defined("kap_gycm2", "kerma-area product", lambda c, s: s.c_arm.kap_gycm2),
    defined("skin_dose_peak_mgy", "highest dose of any spot of the trunk's skin, backscatter "
        "included", lambda c, s: s.c_arm.skin_peak_mgy),
    defined("operator_dose_usv", "scatter at the operator's place, unshielded",
        lambda c, s: s.c_arm.operator_dose_usv),
    defined("hand_in_beam_s", "a hand on the hub inside the opening, beam on",
        lambda c, s: s.c_arm.hand_in_beam_ticks / TICKS_PER_S),
    defined("hand_dose_mgy", "air kerma at a hand on the hub inside the opening",
        lambda c, s: s.c_arm.hand_mgy),
    defined("view_error_ap_deg", "mean angle off the true AP, needle in bone",
        mean("view_ap_deg_sum", "view_ap_n")),
    defined("view_error_lateral_deg", "mean angle off the true lateral, needle in bone",
        mean("view_lateral_deg_sum", "view_lateral_n")),
    defined("spinous_offset_mm", "AP: spinous process off the midline of the pedicles",
        worst("spinous_off_")),
    defined("endplate_double_contour_mm", "sounder endplate, AP and lateral",
        worst("endplate_double_")),
    defined("posterior_wall_double_contour_mm", "lateral", worst("wall_double_")),
    defined("pedicle_superposition_mm", "lateral: one pedicle from the other",
        worst("pedicles_apart_")),
    defined("entry_error_mm", "bone entry to planned entry", worst("entry_error_")),
    defined("trajectory_error_deg", "direction at the posterior wall", _trajectory_error_deg),
    defined("tip_error_mm", "end of the path to planned target", worst("tip_error_")),
    defined("midline_distance_mm", "end of the path to the midline", worst("midline_")),
    defined("medial_breach_mm", "shaft out of the bone into the canal",
        entered(zero("medial_breach_mm"))),
    defined("breach_mm", "out of the bone, any wall", entered(zero("breach_mm"))),
    defined("breach_grade", "Gertzbein-Robbins", _breach_grade,
        "Gertzbein and Robbins 1990"),
    defined("anterior_clearance_mm", "least bone ahead of the tip",
        value("anterior_clearance_mm")),
    defined("blind_advance_mm", "advanced past a clock's limit", zero("blind_mm")),
    defined("blind_advance_max_mm", "longest advance between pictures of one plane",
        value("blind_max_mm")),
    defined("redirections", "paths in bone given up", zero("redirections")),
    defined("needle_force_peak_n", "highest axial force", value("needle_force_peak_n")),
    defined("pedicle_clearance_mm", "room beside the widest tool on its way",
        lambda c, s: selection.clearance_mm(c)),
    *tamp_metrics.ROWS,
    defined("cement_age_at_start_s", "mixing to first cement out of the tip",
        value("age_at_start_s")),
    defined("cement_age_score", "1 within the working time", _age_score),
    defined("cement_injected_ml", "out of the tip", lambda c, s: s.given_ml),
    defined("cement_filled_ml", "inside the body",
        lambda c, s: s.cement.cloud.inside_ul / MM3_PER_ML),
    defined("fill_fraction", "of the body's volume", cemented(cement_shape.fill_fraction)),
    defined("strength_regained", "share of what the fracture took, by fill",
        cemented(cement_shape.strength_regained)),
    defined("stiffness_regained", "share of what the fracture took, by fill",
        cemented(cement_shape.stiffness_regained)),
    defined("body_peak_c", "hottest middle of the setting cement",
        cemented(cement_heat.body_peak_c)),
    defined("canal_peak_c", "hottest front of the canal",
        cemented(cement_heat.canal_peak_c)),
    defined("crosses_midline", "cement on both sides", cemented(cement_shape.crosses_midline)),
    defined("endplate_contact", "none, one or both", cemented(cement_shape.endplate_contact)),
    defined("syringe_pressure_peak_mpa", "under the plunger",
        cemented(zero("syringe_kpa", 1.0 / KPA_PER_MPA))),
    defined("bone_pressure_peak_kpa", "at the tip", cemented(zero("bone_kpa"))),
    defined("injection_rate_mean_ml_min", "while it flowed", _rate_ml_min),
    defined("injection_watched_fraction", "of flowing time under a live lateral",
        mean("watched_s", "flowing_s")),
    defined("leak_ml", "sum of the routes", leak_ml),
    *(
        defined(f"leak_{route.value}_ml", "first barrier crossed", _route_ml(route))
        for route in ROUTES
    ),
    defined("leak_visible_ml", "of leaks that the required view could show",
        lambda c, s: sum(
            v for k, v in s.tally.values.items() if k.startswith("visible_")
        )),
    defined("leak_shown_ml", "of leaks that stood out in a picture taken",
        lambda c, s: sum(
            v for k, v in s.tally.values.items() if k.startswith("shown_")
        )),
    defined("leak_reaction_s", "first visible leak to unloading", _leak_reaction_s),
    defined("embolus_ml", "lodged in the lungs", lambda c, s: s.cement.lung_ml),
    defined("map_min_mmhg", "lowest mean pressure", value("map_min")),
    defined("spo2_min_pct", "lowest saturation", value("spo2_min")),
    defined("pain_peak_vas", "worst pain from the needle on", value("pain_peak")),
    defined("lidocaine_mg", "given", lambda c, s: s.vitals.lidocaine_mg),
    defined("pulse_rate_mean", "pulses per second in use", lambda c, s: (
        s.tally.values["pulses_rate_sum"] / s.c_arm.exposures
        if s.c_arm.exposures else None)),
    defined("time_out_done", "checklist said while the patient could answer", _time_out),
    defined("views_before_access", "0 to 2: AP and lateral before the needle", _views_before),
    defined("way_points_imaged", "0 to 4, each in both planes", _way_points),
    defined("medial_rule_kept", "never medial behind the wall", _rule_kept),
    defined("bone_entered", "a tool reached bone", flag("bone_entered")),
    defined("body_entered", "a tool passed the posterior wall", flag("body_entered")),
    defined("looked_well", "body entered, no blind advance", _looked_well),
    defined("tamp_used", "a tamp was placed", acted("tamp_in")),
    defined("tamp_inflated", "a tamp took at least half a millilitre", lambda c, s: (
        s.tally.values.get("tamp_volume_ml", 0.0) >= _INFLATED_ML)),
    defined("cement_given", "cement left a tip",
        lambda c, s: s.cement.started_tick is not None),
    defined("cement_supports", "enough to bear load, or stopped for a leak", decisions.supported),
    defined("local_before_bone", "periosteum numb at first bone contact",
        value("local_before_bone")),
    defined("neuro_checked", "feet asked for in the recovery",
        lambda c, s: s.vitals.neuro_checked),
])  # fmt: skip


def measure(case: Case, state: State) -> dict[str, Metric]:
    """Return every metric of a run as it stands in `state`."""
    return {name: definition.value(case, state) for name, definition in METRICS.items()}
