"""Start Kyphosim: `python run_sim.py` opens the window, `python run_sim.py --help` lists the rest."""

import sys

from simulator.cli import main

if __name__ == "__main__":
    sys.exit(main())
