"""The plan of a case in words and numbers."""

from __future__ import annotations

from simulator.anatomy.plan import Route
from simulator.frames import Side
from simulator.ui.scene import number
from simulator.ui.table_pane import tilt_deg
from simulator.world.case import Case, Procedure


def plan_rows(case: Case) -> list[tuple[str, str]]:
    """Return the plan in words and numbers."""
    ways = " and ".join("right" if Side(s) else "left" for s in case.sides)
    ways += " pedicles" if len(case.sides) > 1 else " pedicle"
    if case.plans[case.sides[0]].route is Route.EXTRAPEDICULAR:
        ways = f"beside the {ways}"
    rows = [("Way in", ways.capitalize())]
    for index in case.sides:
        plan = case.plans[index]
        side = "right" if Side(index) else "left"
        out, up = tilt_deg(plan.direction, Side(index))
        words = f"hub {number(out)}° out, {number(abs(up))}° {'up' if up >= 0 else 'down'}"
        rows.append((f"Path {side}", f"{words}, {number(plan.length)} mm deep"))
        if plan.fit is not None:
            spare = (
                f"{number(plan.fit.clear_mm, 1)} mm to its wall" if plan.fit.fits else "too narrow"
            )
            rows.append((f"Pedicle {side}", f"{number(plan.fit.pedicle_mm, 1)} mm, {spare}"))
    needle, tube = case.needle, case.working_cannula
    rows.append(("Needle", f"{needle.name}, {needle.length_mm:.0f} mm"))
    if case.procedure is Procedure.KYPHOPLASTY:
        rows.append(("Working cannula", f"{tube.name}, {tube.length_mm:.0f} mm"))
        tamp = case.tamp
        rows.append(
            (
                "Tamp",
                f"{tamp.length_mm:.0f} mm, {tamp.max_volume_ml:.0f} mL, "
                f"{tamp.max_pressure_psi:.0f} psi",
            )
        )
    rows.append(("Cement", f"{case.cement.name}, {case.cement.batch_ml:.0f} mL"))
    rows.append(("Filler", case.filler.name))
    return rows
