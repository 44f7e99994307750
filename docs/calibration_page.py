"""Figures of make_calibration as series report them, and the page that sets them side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

CT_ML = 0.01
"""CT shows a leak from this volume on: a bead of 2.7 mm (design)."""
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
def page(f): return ''
