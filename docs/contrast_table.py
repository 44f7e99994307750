"""Print how plainly the lines of single vertebrae stand out in uniform tissue.

python docs/contrast_table.py

Nothing overlies them, so that shapes can be compared with other models' figures.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import numpy as np
from gallery import AP, LATERAL, Cell, posed
from make_gallery import patient_case

from simulator.anatomy.spec import PatientSpec
from simulator.anatomy.volume import Volume
from simulator.engine.start import first_state
from simulator.imaging import contrast
from simulator.imaging.projector import PatientProjector
from simulator.imaging.render import scene
from simulator.units import frozen

_N = 768


def slab(thick_mm: float, axis: int) -> Volume:
    """Return uniform soft tissue, thick along one axis (x 0, y 1) and wide along the others."""
    side, wide = 4.0, 105
    count = [wide, wide, wide]
    count[axis] = round(thick_mm / side)
    field = frozen(np.ones(count, np.float32))
    x, y, z = (-0.5 * (n - 1) * side for n in count)
    return Volume((x, y, z), side, field, frozen(np.zeros_like(field)))


def main() -> None:
    """Print the contrasts of single levels in uniform tissue at 80 kVp."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    print("| level | view | line | without scatter | with | width mm |")
    print("|---|---|---|---|---|---|")
    for name in ("L1", "L4", "T8"):
        case = patient_case(PatientSpec(level=name, seed=5))
        whole = case.patient
        for view, angles, thick_mm, lines in (
            ("AP", AP, 205.0, contrast.ap_lines),
            ("lateral", LATERAL, 285.0, contrast.lateral_lines),
        ):
            alone = replace(whole, vertebrae=(whole.target,), index=0, extras=(),
                            torso=slab(thick_mm, 0 if angles == LATERAL else 1))  # fmt: skip
            lone = replace(case, patient=alone)
            state = posed(Cell(name, lone, first_state(case), angles), first_state(case))
            state = replace(state, c_arm=replace(state.c_arm, kvp=80.0))
            seen = contrast.logs(scene(lone, state, _N, PatientProjector(alone)))
            for line, where in lines(whole.target.landmarks).items():
                both = contrast.both(seen, where)
                width = contrast.line(seen.primary, seen.g, where).fwhm_mm
                print(f"| {name} | {view} | {line} | {both.primary:.2f} | {both.detected:.2f} "
                      f"| {width:.1f} |")  # fmt: skip


if __name__ == "__main__":
    main()
