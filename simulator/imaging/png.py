"""Grey pictures as PNG bytes, without any imaging library."""

from __future__ import annotations

import struct
import zlib

import numpy as np

from simulator.units import ByteArray


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(image: ByteArray) -> bytes:
    """Return `image` (rows, columns), uint8 grey, as a PNG file."""
    rows, cols = image.shape
    lines = np.zeros((rows, cols + 1), np.uint8)  # each line begins with filter type 0
    lines[:, 1:] = image
    head = struct.pack(">IIBBBBB", cols, rows, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", head)
        + _chunk(b"IDAT", zlib.compress(lines.tobytes(), 6))
        + _chunk(b"IEND", b"")
    )
