"""Digests of case and state: equal bits, equal digest; on any machine, in any process.

Arrays are hashed once and remembered by identity, because states share them while unchanged.
"""

from __future__ import annotations

import hashlib
import struct
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import Field, fields, is_dataclass
from enum import Enum
from typing import Any

import numpy as np

from simulator.units import AnyArray
from simulator.world.case import Case
from simulator.world.state import State

_REMEMBERED = 512
_arrays: OrderedDict[int, tuple[AnyArray, bytes]] = OrderedDict()


def _array(array: AnyArray) -> bytes:
    known = _arrays.get(id(array))
    if known is not None and known[0] is array:
        return known[1]
    digest = hashlib.blake2b(digest_size=16)
    digest.update(f"{array.dtype.str}{array.shape}".encode())
    digest.update(np.ascontiguousarray(array).data)
    value = digest.digest()
    if not array.flags.writeable:
        # The reference kept here makes sure that the id is not given to another array.
        _arrays[id(array)] = (array, value)
        if len(_arrays) > _REMEMBERED:
            _arrays.popitem(last=False)
    return value


def _feed(digest: Any, value: Any) -> None:
    """Write one value with its kind, so that 1, 1.0, True and "1" differ."""
    if value is None:
        digest.update(b"n")
    elif isinstance(value, bool | np.bool_):
        digest.update(b"b1" if value else b"b0")
    elif isinstance(value, Enum):
        digest.update(f"e{value.value}".encode())
    elif isinstance(value, int | np.integer):
        digest.update(b"i" + str(int(value)).encode() + b";")
    elif isinstance(value, float | np.floating):
        digest.update(b"f" + struct.pack("<d", float(value)))
    elif isinstance(value, str):
        digest.update(b"s" + value.encode() + b"\0")
    elif isinstance(value, np.ndarray):
        digest.update(b"a" + _array(value))
    else:
        _feed_many(digest, value)


def told(value: Any) -> Iterator[Field[Any]]:
    """Yield the fields of a dataclass but those that are quiet while they have their default."""
    for field in fields(value):
        if "quiet" not in field.metadata or getattr(value, field.name) != field.default:
            yield field


def _feed_many(digest: Any, value: Any) -> None:
    """Write a value that is made of others, in an order that does not depend on chance."""
    if is_dataclass(value):
        digest.update(b"d" + type(value).__name__.encode())
        for field in told(value):
            _feed(digest, getattr(value, field.name))
    elif isinstance(value, Mapping):
        digest.update(b"m" + str(len(value)).encode() + b";")
        for key in sorted(value):
            digest.update(str(key).encode() + b"\0")
            _feed(digest, value[key])
    elif isinstance(value, tuple | frozenset):
        items = sorted(value) if isinstance(value, frozenset) else value
        digest.update(b"t" + str(len(items)).encode() + b";")
        for item in items:
            _feed(digest, item)
    else:
        raise TypeError(f"a state cannot hold {type(value).__name__}")


def digest(value: Any) -> str:
    """Return the hexadecimal digest of any value that a `Case` or `State` can hold."""
    out = hashlib.blake2b(digest_size=16)
    _feed(out, value)
    return out.hexdigest()


def parts(state: State) -> dict[str, str]:
    """Return a short digest per field of the state, to name what diverged."""
    return {f.name: digest(getattr(state, f.name))[:12] for f in told(state)}


def state_hash(case: Case, state: State) -> str:
    """Return the digest of a run's end: the case (its seed included) and everything in it."""
    return digest((digest(case.facing(0)), digest(state)))
