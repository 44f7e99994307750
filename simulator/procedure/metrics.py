"""Every metric of the contract: what it means, its unit, and how it follows from a run's end.

A metric that does not apply, or whose moment never came, is None. Of two sides the worse one is
reported, volumes are summed. Anyone may add one with `register`; it is then measured in every run
and may be named by rubric, bands and expectations like those that are shipped.
"""

from __future__ import annotations

import math

from simulator.anatomy.plan import Route as PathRoute
from simulator.procedure import care_metrics, cement_heat, cement_shape, selection
from simulator.procedure.registry import METRICS, TABLE, Definition, Fold, register
from simulator.procedure.tamp_account import ENDPOINTS
from simulator.units import KPA_PER_MPA, MM3_PER_ML, PSI_PER_MPA, TICKS_PER_S, seconds
from simulator.world.case import Case, Procedure
from simulator.world.cement import ROUTES, Route
from simulator.world.report import Metric
from simulator.world.state import State

__all__ = ["METRICS", "Definition", "care_metrics", "measure", "register"]

_INFLATED_ML = 0.5
_GRADES = ((0.0, "A"), (2.0, "B"), (4.0, "C"), (6.0, "D"))


def _value(name: str, scale: float = 1.0) -> Fold:
    def read(case: Case, state: State) -> Metric:
        found = state.tally.values.get(name)
        return None if found is None else found * scale

    return read


def _zero(name: str, scale: float = 1.0) -> Fold:
    def read(case: Case, state: State) -> Metric:
        return state.tally.values.get(name, 0.0) * scale

    return read


def _flag(name: str) -> Fold:
    def read(case: Case, state: State) -> Metric:
        return bool(state.tally.values.get(name, 0.0))

    return read


def _acted(act: str) -> Fold:
    def read(case: Case, state: State) -> Metric:
        return act in state.tally.done

    return read


def _worst(prefix: str) -> Fold:
    def read(case: Case, state: State) -> Metric:
        values = [v for k, v in state.tally.values.items() if k.startswith(prefix)]
        return max(values) if values else None

    return read


def _entered(fold: Fold) -> Fold:
    """Only meaningful once bone was entered."""

    def read(case: Case, state: State) -> Metric:
        return fold(case, state) if state.tally.values.get("bone_entered") else None

    return read


def _tamped(fold: Fold) -> Fold:
    def read(case: Case, state: State) -> Metric:
        if case.procedure is not Procedure.KYPHOPLASTY:
            return None
        return fold(case, state) if "tamp_in" in state.tally.done else None

    return read


def _cemented(fold: Fold) -> Fold:
    def read(case: Case, state: State) -> Metric:
        return fold(case, state) if state.cement.started_tick is not None else None

    return read


def _mean(total: str, count: str) -> Fold:
    def read(case: Case, state: State) -> Metric:
        n = state.tally.values.get(count, 0.0)
        return state.tally.values.get(total, 0.0) / n if n else None

    return read


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


def height_before_mm(case: Case, state: State) -> Metric:
    """Height of the fractured body where it lost most: in front, or in the middle of a dish."""
    return case.patient.target.landmarks.heights_mm[case.patient.lost_at]


def height_after_mm(case: Case, state: State) -> Metric:
    """The same height at the end."""
    marks = case.patient.target.landmarks
    return marks.heights_mm[case.patient.lost_at] + case.patient.gain_mm(state.body.lift)


def _height_inflated_mm(case: Case, state: State) -> Metric:
    gained = state.tally.values.get("gain_peak_mm", 0.0)
    return case.patient.target.landmarks.heights_mm[case.patient.lost_at] + gained


def _height_gain_mm(case: Case, state: State) -> Metric:
    return case.patient.gain_mm(state.body.lift)


def _angle_change_deg(case: Case, state: State) -> Metric:
    lift = state.body.lift
    return -math.degrees(lift.superior_rad + lift.inferior_rad)


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
    return state.cement.injected_ml / flowing * 60.0 if flowing > 0.0 else None


def _age_score(case: Case, state: State) -> Metric:
    """1 within the working time, less the further outside it (half a minute is a half)."""
    age = state.tally.values.get("age_at_start_s")
    if age is None:
        return None
    outside = max(case.cement.wait_s - age, age - case.cement.work_until_s, 0.0)
    return max(0.0, 1.0 - outside / 60.0)


def _outside_cannula(case: Case, state: State) -> Metric:
    inside = state.tally.values.get("tamp_started_in_cannula_mm")
    return None if inside is None else inside <= 0.5


def _endpoint(case: Case, state: State) -> Metric:
    values = state.tally.values
    first = [f"endpoint_{s}" for s in sorted(case.sides) if f"endpoint_{s}" in values]
    return ENDPOINTS[int(max(values[name] for name in first))] if first else "none"


def _held(case: Case, state: State) -> Metric:
    held = state.tally.values.get("tamp_held")
    return None if held is None else bool(held)


def _purged(case: Case, state: State) -> Metric:
    air = state.tally.values.get("tamp_air_ml")
    return None if air is None else air == 0.0


def _spilled_ml(case: Case, state: State) -> Metric:
    h = state.body.bone.spacing_mm
    return float(state.body.spill_fill.sum(dtype=float)) * h**3 / MM3_PER_ML


def _way_points(case: Case, state: State) -> Metric:
    seen = state.tally.values
    beside = all(case.plans[s].route is PathRoute.EXTRAPEDICULAR for s in case.sides)
    points = ("entry", "wall", "target") if beside else ("entry", "pedicle", "wall", "target")
    both = sum(f"seen_{p}_ap" in seen and f"seen_{p}_lateral" in seen for p in points)
    return 4.0 * both / len(points)


def _looked_well(case: Case, state: State) -> Metric:
    values = state.tally.values
    return bool(values.get("body_entered")) and values.get("blind_mm", 0.0) == 0.0


def _rule_kept(case: Case, state: State) -> Metric:
    if not state.tally.values.get("body_entered"):
        return None
    return not any(f.id == "medial_rule_broken" for f in state.tally.findings)


def _of(
    name: str, meaning: str, value: Fold, source: str = "counted in the run"
) -> tuple[str, Definition]:
    return name, Definition(name, meaning, value, source)


def _views_before(case: Case, state: State) -> Metric:
    values = state.tally.values
    return values.get("ap_before", 0.0) + values.get("lateral_before", 0.0)


TABLE.update(
    dict(
        [
            _of("duration_s", "start to dressing", duration_s),
            _of("fluoro_s", "pedal time, summed over planes",
                lambda c, s: s.c_arm.fluoro_ticks / TICKS_PER_S),
            _of("exposures", "X-ray pulses", lambda c, s: s.c_arm.exposures),
            _of("air_kerma_mgy", "at the reference point", lambda c, s: s.c_arm.air_kerma_mgy),
            _of("kap_gycm2", "kerma-area product", lambda c, s: s.c_arm.kap_gycm2),
            _of("skin_dose_peak_mgy", "highest dose of any spot of the trunk's skin, backscatter "
                "included", lambda c, s: s.c_arm.skin_peak_mgy),
            _of("operator_dose_usv", "scatter at the operator's place, unshielded",
                lambda c, s: s.c_arm.operator_dose_usv),
            _of("hand_in_beam_s", "a hand on the hub inside the opening, beam on",
                lambda c, s: s.c_arm.hand_in_beam_ticks / TICKS_PER_S),
            _of("hand_dose_mgy", "air kerma at a hand on the hub inside the opening",
                lambda c, s: s.c_arm.hand_mgy),
            _of("view_error_ap_deg", "mean angle off the true AP, needle in bone",
                _mean("view_ap_deg_sum", "view_ap_n")),
            _of("view_error_lateral_deg", "mean angle off the true lateral, needle in bone",
                _mean("view_lateral_deg_sum", "view_lateral_n")),
            _of("spinous_offset_mm", "AP: spinous process off the midline of the pedicles",
                _worst("spinous_off_")),
            _of("endplate_double_contour_mm", "sounder endplate, AP and lateral",
                _worst("endplate_double_")),
            _of("posterior_wall_double_contour_mm", "lateral", _worst("wall_double_")),
            _of("pedicle_superposition_mm", "lateral: one pedicle from the other",
                _worst("pedicles_apart_")),
            _of("entry_error_mm", "bone entry to planned entry", _worst("entry_error_")),
            _of("trajectory_error_deg", "direction at the posterior wall", _trajectory_error_deg),
            _of("tip_error_mm", "end of the path to planned target", _worst("tip_error_")),
            _of("midline_distance_mm", "end of the path to the midline", _worst("midline_")),
            _of("medial_breach_mm", "shaft out of the bone into the canal",
                _entered(_zero("medial_breach_mm"))),
            _of("breach_mm", "out of the bone, any wall", _entered(_zero("breach_mm"))),
            _of("breach_grade", "Gertzbein-Robbins", _breach_grade,
                "Gertzbein and Robbins 1990"),
            _of("anterior_clearance_mm", "least bone ahead of the tip",
                _value("anterior_clearance_mm")),
            _of("blind_advance_mm", "advanced past a clock's limit", _zero("blind_mm")),
            _of("blind_advance_max_mm", "longest advance between pictures of one plane",
                _value("blind_max_mm")),
            _of("redirections", "paths in bone given up", _zero("redirections")),
            _of("needle_force_peak_n", "highest axial force", _value("needle_force_peak_n")),
            _of("pedicle_clearance_mm", "room beside the widest tool on its way",
                lambda c, s: selection.clearance_mm(c)),
            _of("tamp_volume_ml", "largest filling, both sides", _tamped(_zero("tamp_volume_ml"))),
            _of("tamp_pressure_peak_psi", "highest manometer reading",
                _tamped(_zero("tamp_pressure_mpa", PSI_PER_MPA))),
            _of("tamp_step_max_ml", "largest single inflation step",
                _tamped(_value("tamp_step_max_ml"))),
            _of("tamp_start_psi", "highest pressure of the first step",
                _tamped(_value("tamp_start_mpa", PSI_PER_MPA))),
            _of("tamp_steps", "inflation steps, both sides", _tamped(_zero("tamp_steps"))),
            _of("tamp_steps_seen_fraction", "steps with an adequate picture",
                _tamped(_mean("tamp_steps_seen", "tamp_steps"))),
            _of("tamp_steps_paused_fraction", "steps after a rest that let the pressure fall",
                _tamped(_mean("tamp_steps_paused", "tamp_steps"))),
            _of("tamp_imbalance_ml", "largest difference of both tamps while filling",
                _tamped(_value("tamp_imbalance_ml"))),
            _of("tamp_endpoint", "first sign to stop; of two sides the later in the list",
                _tamped(_endpoint)),
            _of("tamp_past_endpoint_ml", "pushed in after the first sign to stop",
                _tamped(_zero("tamp_past_endpoint_ml"))),
            _of("tamp_held_while_filling", "one tamp held while the other side was filled",
                _tamped(_held)),
            _of("tamp_purged", "no air in the balloon at the first step", _tamped(_purged)),
            _of("tamp_breaches", "walls that a tamp broke",
                _tamped(lambda c, s: int(s.tally.counts.get("TampBreached", 0)))),
            _of("contrast_spilled_ml", "out of burst or weeping tamps", _tamped(_spilled_ml)),
            _of("posterior_wall_moved_mm", "fragment pushed into the canal by the tamp",
                _tamped(_zero("wall_moved_mm"))),
            _of("tamp_outside_cannula", "markers out of the cannula", _tamped(_outside_cannula)),
            _of("tamp_ruptures", "balloons burst",
                _tamped(lambda c, s: int(s.tally.counts.get("TampRuptured", 0)))),
            _of("height_before_mm", "where most is lost, fractured", height_before_mm),
            _of("height_inflated_mm", "the same, highest", _tamped(_height_inflated_mm)),
            _of("height_after_mm", "the same, at the end", height_after_mm),
            _of("height_gain_mm", "the same, kept", _height_gain_mm),
            _of("kyphotic_angle_change_deg", "negative is straighter", _angle_change_deg),
            _of("cement_age_at_start_s", "mixing to first cement out of the tip",
                _value("age_at_start_s")),
            _of("cement_age_score", "1 within the working time", _age_score),
            _of("cement_injected_ml", "out of the tip", lambda c, s: s.cement.injected_ml),
            _of("cement_filled_ml", "inside the body",
                lambda c, s: s.cement.cloud.inside_ul / MM3_PER_ML),
            _of("fill_fraction", "of the body's volume", _cemented(cement_shape.fill_fraction)),
            _of("strength_regained", "share of what the fracture took, by fill",
                _cemented(cement_shape.strength_regained)),
            _of("stiffness_regained", "share of what the fracture took, by fill",
                _cemented(cement_shape.stiffness_regained)),
            _of("body_peak_c", "hottest middle of the setting cement",
                _cemented(cement_heat.body_peak_c)),
            _of("canal_peak_c", "hottest front of the canal",
                _cemented(cement_heat.canal_peak_c)),
            _of("crosses_midline", "cement on both sides", _cemented(cement_shape.crosses_midline)),
            _of("endplate_contact", "none, one or both", _cemented(cement_shape.endplate_contact)),
            _of("syringe_pressure_peak_mpa", "under the plunger",
                _cemented(_zero("syringe_kpa", 1.0 / KPA_PER_MPA))),
            _of("bone_pressure_peak_kpa", "at the tip", _cemented(_zero("bone_kpa"))),
            _of("injection_rate_mean_ml_min", "while it flowed", _rate_ml_min),
            _of("injection_watched_fraction", "of flowing time under a live lateral",
                _mean("watched_s", "flowing_s")),
            _of("leak_ml", "sum of the routes", leak_ml),
            *(
                _of(f"leak_{route.value}_ml", "first barrier crossed", _route_ml(route))
                for route in ROUTES
            ),
            _of("leak_visible_ml", "of leaks that the required view could show",
                lambda c, s: sum(
                    v for k, v in s.tally.values.items() if k.startswith("visible_")
                )),
            _of("leak_shown_ml", "of leaks that stood out in a picture taken",
                lambda c, s: sum(
                    v for k, v in s.tally.values.items() if k.startswith("shown_")
                )),
            _of("leak_reaction_s", "first visible leak to unloading", _leak_reaction_s),
            _of("embolus_ml", "lodged in the lungs", lambda c, s: s.cement.lung_ml),
            _of("map_min_mmhg", "lowest mean pressure", _value("map_min")),
            _of("spo2_min_pct", "lowest saturation", _value("spo2_min")),
            _of("pain_peak_vas", "worst pain from the needle on", _value("pain_peak")),
            _of("lidocaine_mg", "given", lambda c, s: s.vitals.lidocaine_mg),
            _of("pulse_rate_mean", "pulses per second in use", lambda c, s: (
                s.tally.values["pulses_rate_sum"] / s.c_arm.exposures
                if s.c_arm.exposures else None)),
            _of("time_out_done", "checklist said", _acted("time_out")),
            _of("views_before_access", "0 to 2: AP and lateral before the needle", _views_before),
            _of("way_points_imaged", "0 to 4, each in both planes", _way_points),
            _of("medial_rule_kept", "never medial behind the wall", _rule_kept),
            _of("bone_entered", "a tool reached bone", _flag("bone_entered")),
            _of("body_entered", "a tool passed the posterior wall", _flag("body_entered")),
            _of("looked_well", "body entered, no blind advance", _looked_well),
            _of("tamp_used", "a tamp was placed", _acted("tamp_in")),
            _of("tamp_inflated", "a tamp took at least half a millilitre", lambda c, s: (
                s.tally.values.get("tamp_volume_ml", 0.0) >= _INFLATED_ML)),
            _of("cement_given", "cement left a tip",
                lambda c, s: s.cement.started_tick is not None),
            _of("local_before_bone", "periosteum numb at first bone contact",
                _value("local_before_bone")),
            _of("neuro_checked", "feet asked for in the recovery",
                lambda c, s: s.vitals.neuro_checked),
        ]
    )
)  # fmt: skip


def measure(case: Case, state: State) -> dict[str, Metric]:
    """Return every metric of a run as it stands in `state`."""
    return {name: definition.value(case, state) for name, definition in METRICS.items()}
