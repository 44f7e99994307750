"""A recording belongs to the one program that is writing it."""

from __future__ import annotations

import sys
from typing import TextIO

if sys.platform == "win32":
    import msvcrt
    import os

    _BYTE = 1 << 40
    """Far behind any end of file: locks bind there, and this one keeps nobody from reading."""

    def _lock(file: TextIO) -> None:
        file.seek(_BYTE)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        finally:
            file.seek(0, os.SEEK_END)
else:
    import fcntl

    def _lock(file: TextIO) -> None:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)


def locked(file: TextIO) -> bool:
    """Lock an open file until it is closed; tell whether nobody else has it.

    Where a file system knows no locks the file counts as nobody's.
    """
    try:
        _lock(file)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return True
    return True
