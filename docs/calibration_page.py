"""Figures of make_calibration as series report them, and the page that sets them side by side."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
CT_ML = 0.002
"""CT shows a leak from this volume on: a bead of 1.6 mm (design)."""
_CLASS = {
    "basivertebral": "B", "canal": "B", "foramen": "S", "segmental": "S", "cortical": "C",
    "disc": "D", "tract": "T",
}  # fmt: skip
"""Types of leak as CT series name them; T along the needle."""


def summary(rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return the figures of one arm as series report them; types are shares of vertebrae."""
    leak = np.array([r["leak_ml"] for r in rows])
    kinds = dict.fromkeys("BSCDT", 0)
    for row in rows:
        for kind in {_CLASS[k] for k, v in row["leaks"].items() if v > CT_ML}:
            kinds[kind] += 1
    bone = np.array([r["bone_kpa"] for r in rows])
    syringe = np.array([r["syringe_kpa"] for r in rows]) / 1e3
    share = 100.0 / len(rows)
    return {
        "n": len(rows),
        "injected_ml": float(np.mean([r["injected_ml"] for r in rows])),
        "any_leak_pct": share * float((leak > CT_ML).sum()),
        "seen_pct": share * float(sum(r["seen"] for r in rows)),
        "leak_median_ml": float(np.median(leak)),
        "leak_p90_ml": float(np.quantile(leak, 0.9)),
        **{f"type_{k}_pct": share * v for k, v in kinds.items()},
        "lung_pct": share * float(sum(r["lung_ml"] > 0.0 for r in rows)),
        "syringe_mpa": float(syringe.mean()),
        "syringe_max_mpa": float(syringe.max()),
        "bone_kpa": float(np.median(bone)),
        "bone_p90_kpa": float(np.quantile(bone, 0.9)),
    }


_HEAD = """# Leaks and pressures beside published series

Made by `python docs/make_calibration.py --page` (here with `--patients 16 --arms vp_low kp`); do
not edit. Drawn patients with osteoporotic
fractures are brought to the moment before cement by the careful operator; then cement is given
through one cannula at 50 uL/s under both required views: a leak that shows is given a minute once
and at most 1 mL after it, cement in the back quarter ends it. Without a pocket needles end up to
6 mm behind the front quarter and cement is begun up to a minute early or late, by chance.

"On CT" means above {ct:g} uL here. What is seen follows from projected contrast
([what stands out](physics.md#what-stands-out)). Brackets are 95 % intervals (Wilson) of so few
patients. Published figures were read mostly in abstracts.

Fitted by hand on these series, in [physics_cement.toml](../assets/physics_cement.toml): number of
foramina and endplate pores, thresholds of cracks and disc. Not fitted: calibre of the exits
(recalled from anatomy), Poiseuille's law in them, how a tamp shuts them, what can be seen. The
limit of CT, the spread of needles and starts, and what is given beyond a pocket were chosen while
fitting. The patients are those that were fitted on: this is no independent validation.

What does not fit: leaks of type B are missing without a misplaced needle, because the trunk fills
so slowly from the front of the body that cement stiffens in it; those of type S are more frequent
than on CT; those of type C are too rare, because a crack has to stay shut under a
gentle hand; beside a pocket leaks lie at the low end, and the highest pressure in bone (dough,
beyond the pocket's volume) is no lower than without one (toothpaste).
"""


def _wilson(pct: float, n: float) -> tuple[float, float]:
    """Return the 95 % interval of a share, both in per cent."""
    p, z = pct / 100.0, 1.96
    middle = (p + z * z / (2.0 * n)) / (1.0 + z * z / n)
    half = z / (1.0 + z * z / n) * float(np.sqrt(p * (1.0 - p) / n + z * z / (4.0 * n * n)))
    return 100.0 * max(middle - half, 0.0), 100.0 * min(middle + half, 100.0)


def _here(figure: str, found: Mapping[str, float]) -> str:
    value = found[figure]
    if not figure.endswith("_pct"):
        return f"{value:.1f}"
    low, high = _wilson(value, found["n"])
    return f"{value:.0f} ({low:.0f} to {high:.0f})"


def page(figures: Mapping[str, Mapping[str, float]], words: Mapping[str, str]) -> str:
    """Return the page: per arm one table, here beside published.

    Args:
        figures: of `summary` per arm.
        words: what each arm is called.
    """
    rows = tomllib.loads((HERE / "leak_series.toml").read_text(encoding="utf-8"))["row"]
    out = [_HEAD.format(ct=1e3 * CT_ML)]
    for arm, found in figures.items():
        out.append(f"\n## {words[arm].capitalize()}\n")
        out.append(
            f"{found['n']:.0f} patients, {found['injected_ml']:.1f} mL given, leak "
            f"{1e3 * found['leak_median_ml']:.0f} uL (median), {1e3 * found['leak_p90_ml']:.0f} uL "
            f"(nine of ten), tip {found['bone_kpa']:.1f} kPa, "
            f"syringe {found['syringe_mpa']:.1f} MPa.\n"
        )
        own = [row for row in rows if row["arm"] == arm]
        if own:
            out.append("| | here | published | source |\n| --- | --- | --- | --- |")
        for row in own:
            links = " ".join(f"<{a}>" for a in row["address"].split())
            out.append(
                f"| {row['words']} | {_here(row['figure'], found)} | {row['published']} "
                f"| {row['source']} {links} |"
            )
    return "\n".join(out) + "\n"
