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


Row = Mapping[str, Any]


def summary(rows: Sequence[Row]) -> dict[str, float]:
    """Return the figures of one arm as series report them; types are shares of vertebrae."""
    leak = np.array([r["leak_ml"] for r in rows])
    kinds, seen = dict.fromkeys("BSCDT", 0), dict.fromkeys("BSCDT", 0)
    for row in rows:
        for kind in {_CLASS[k] for k, v in row["leaks"].items() if v > CT_ML}:
            kinds[kind] += 1
        for kind in {_CLASS[k] for k in row["seen"]}:
            seen[kind] += 1
    bone = np.array([r["bone_kpa"] for r in rows])
    syringe = np.array([r["syringe_kpa"] for r in rows]) / 1e3
    share = 100.0 / len(rows)
    return {
        "n": len(rows),
        "injected_ml": float(np.mean([r["injected_ml"] for r in rows])),
        "any_leak_pct": share * float((leak > CT_ML).sum()),
        "seen_pct": share * float(sum(bool(r["seen"]) for r in rows)),
        "leak_median_ml": float(np.median(leak)),
        "leak_p90_ml": float(np.quantile(leak, 0.9)),
        **{f"type_{k}_pct": share * v for k, v in kinds.items()},
        **{f"seen_{k}_pct": share * v for k, v in seen.items()},
        "lung_pct": share * float(sum(r["lung_ml"] > 0.0 for r in rows)),
        "syringe_mpa": float(syringe.mean()),
        "syringe_max_mpa": float(syringe.max()),
        "bone_kpa": float(np.median(bone)),
        "bone_p90_kpa": float(np.quantile(bone, 0.9)),
    }


_HEAD = """# Leaks and pressures beside published series

Made by `python docs/make_calibration.py --page` (here with
`--first 16 --patients 100 --arms vp_low kp vp_high`); do not
edit. Drawn patients with osteoporotic fractures are brought to the moment before cement by the
careful operator; then cement is given through one cannula at 50 uL/s under both required views: a
leak that shows is given a minute once and at most 1 mL after it, cement in the back quarter ends
it. Without a pocket needles end up to 8 mm behind the front quarter and cement is begun up to a
minute early or late, by chance.

"On CT" means above {ct:g} uL here. What is seen follows from projected contrast in the required
views ([what stands out](physics.md#what-stands-out)). Brackets are 95 % intervals (Wilson).
Published figures were read mostly in abstracts.

Fitted by hand on these series with patients 0 to 15, in
[physics_cement.toml](../assets/physics_cement.toml): number and calibre of foramina, number of
endplate pores, thresholds of cracks and disc. Chosen while fitting: the limit of CT, how often
walls are broken, the spread of needles and starts, what is given beyond a pocket. Not fitted:
permeability (measured on human bodies), Poiseuille's law in veins, how a tamp shuts them, what can
be seen. The patients of this page were not used for any of that; the series are the same.

The last column says whether the interval, or the figure where there is none, meets the published
range; [why some do not](physics.md#routes).
"""

_CLEFT = {"B": (31.7, 20.9), "S": (52.5, 24.5), "C": (12.2, 25.9), "D": (6.5, 16.5)}
"""Per cent of 139 vertebrae without and 139 with a cleft, PMC8449924."""


def _wilson(pct: float, n: float) -> tuple[float, float]:
    """Return the 95 % interval of a share, both in per cent."""
    p, z = pct / 100.0, 1.96
    middle = (p + z * z / (2.0 * n)) / (1.0 + z * z / n)
    half = z / (1.0 + z * z / n) * float(np.sqrt(p * (1.0 - p) / n + z * z / (4.0 * n * n)))
    return 100.0 * max(middle - half, 0.0), 100.0 * min(middle + half, 100.0)


def _share(pct: float, n: float) -> str:
    low, high = _wilson(pct, n)
    return f"{pct:.0f} ({low:.0f} to {high:.0f})"


def _here(figure: str, found: Mapping[str, float]) -> tuple[str, str]:
    """Return what was found here: truly or on CT, and what a required view showed of it."""
    if not figure.endswith("_pct"):
        return f"{found[figure]:.1f}", ""
    seen = figure.replace("type_", "seen_")
    shown = _share(found[seen], found["n"]) if seen != figure else ""
    return _share(found[figure], found["n"]), shown


def _fits(figure: str, found: Mapping[str, float], published: Sequence[float]) -> str:
    """Return "yes", or on which side of the published range it lies."""
    low = high = found[figure]
    if figure.endswith("_pct"):
        low, high = _wilson(found[figure], found["n"])
    least, most = published
    return "low" if high < least else "high" if low > most else "yes"


def page(rows: Mapping[str, Sequence[Row]], words: Mapping[str, str]) -> str:
    """Return the page: per arm one table, here beside published.

    Args:
        rows: of `make_calibration.filled`, per arm.
        words: what each arm is called.
    """
    series = tomllib.loads((HERE / "leak_series.toml").read_text(encoding="utf-8"))["row"]
    out = [_HEAD.format(ct=1e3 * CT_ML)]
    for arm, own in rows.items():
        found = summary(own)
        out.append(f"\n## {words[arm].capitalize()}\n")
        out.append(
            f"{found['n']:.0f} patients, {found['injected_ml']:.1f} mL given, leak "
            f"{1e3 * found['leak_median_ml']:.0f} uL (median), {1e3 * found['leak_p90_ml']:.0f} uL "
            f"(nine of ten), tip {found['bone_kpa']:.1f} kPa, "
            f"syringe {found['syringe_mpa']:.1f} MPa.\n"
        )
        head = ("", "here", "seen", "published", "source", "fits")
        out += [f"| {' | '.join(head)} |", "| --- " * len(head) + "|"]
        told = [row for row in series if row["arm"] == arm] or [
            {**row, "published": "", "source": "", "address": "", "range": None}
            for row in series
            if row["arm"] == "vp_low"
        ]
        for row in told:
            links = " ".join(f"<{a}>" for a in row["address"].split())
            here, seen = _here(row["figure"], found)
            published = f"{row['published']} | {row['source']} {links}"
            fits = _fits(row["figure"], found, row["range"]) if row.get("range") else ""
            out.append(f"| {row['words']} | {here} | {seen} | {published} | {fits} |")
    if "vp_low" in rows:
        out.append(_by_cleft(rows["vp_low"]))
    return "\n".join(out) + "\n"


def _by_cleft(rows: Sequence[Row]) -> str:
    """Return the table of types with and without a cleft."""
    groups = [summary([r for r in rows if r["cleft"] is cleft]) for cleft in (False, True)]
    sizes = [f"{group['n']:.0f}" for group in groups]
    out = [
        "\n## A cleft, without a pocket\n",
        f"| type, % of vertebrae | no cleft, here ({sizes[0]}) | published (139) "
        f"| cleft, here ({sizes[1]}) | published (139) |",
        "| --- | --- | --- | --- | --- |",
    ]
    for kind, published in _CLEFT.items():
        cells = [_share(group[f"type_{kind}_pct"], group["n"]) for group in groups]
        out.append(f"| {kind} | {cells[0]} | {published[0]} | {cells[1]} | {published[1]} |")
    return "\n".join(out)
