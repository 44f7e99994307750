"""All randomness: one counter-based stream per seed, purpose and tick.

Because a stream is a pure function of its three keys, drawing or not drawing somewhere
(for example rendering a frame or not) can never change anything elsewhere.
"""

from __future__ import annotations

import hashlib

import numpy as np


def stream(seed: int, purpose: str, tick: int = 0) -> np.random.Generator:
    """Return the generator for `purpose` at `tick`.

    The purpose is hashed into the Philox key; the tick goes into a high counter word, so
    that two ticks can never overlap however many numbers each of them draws.
    """
    digest = hashlib.blake2b(f"{seed}/{purpose}".encode(), digest_size=16).digest()
    key = np.frombuffer(digest, dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=[0, 0, 0, tick]))
