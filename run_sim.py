"""Start Kyphosim: without a word the window opens; `--help` lists the commands."""

import sys

from simulator.cli import main

if __name__ == "__main__":
    sys.exit(main())
