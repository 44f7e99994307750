"""The tunable numbers of one phenomenon by name, as the assets' `physics*.toml` hold them."""

from __future__ import annotations

from collections.abc import Mapping

Constants = Mapping[str, float]
