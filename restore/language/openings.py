"""Where a paragraph of running text begins: a sum of weights of the characters around a place.

One weight for each string of 1 to 6 characters that opens what follows, for each pair and triple in it, for each string
that closes what stands before, and for what meets at the place; the weights of all strings share one table by their hash
(Weinberger et al. 2009), so no string can be read back. Built by ``dictionaries/build/openings.py``; the file is
memory-mapped, so processes share it.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from restore.data import path as data_path
from restore.language.arrays import open_arrays
from restore.language.fold import code_points, fold_codes

__all__ = ["BITS", "FILE", "HEADS", "VERSION", "openings", "strings_around"]

FILE = "openings"
VERSION = 1
HEADS = ("sentence", "headline")
"""The tables: a paragraph begins behind the end of a sentence; a headline ends in mid-air and its text begins."""
BITS = 16  # of a hash
_BEFORE, _BEHIND = 10, 12  # characters that are looked at
_PREFIX, _SUFFIX = 6, 4
_CHUNK = 4096

_ODD, _MIX = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]


def openings(text: str, places: Ints, head: str) -> Floats:
    """Log-odds, in nats, that a paragraph begins at each place of a text without white space; shape ``(m,)``.

    Args:
        text: the text.
        places: offsets into it, shape ``(m,)``.
        head: one of `HEADS`.

    Raises:
        restore.data.DataError: when the file is missing or damaged.
    """
    weights, unit, base = _table(head)
    codes = fold_codes(code_points(text))
    out = np.empty(len(places), dtype=np.float32)
    for begin in range(0, len(places), _CHUNK):
        part = strings_around(codes, places[begin : begin + _CHUNK])
        out[begin : begin + _CHUNK] = weights[part].sum(axis=1, dtype=np.int32) * unit + base
    return out


@cache
def _table(head: str) -> tuple[NDArray[np.int8], float, float]:
    arrays = open_arrays(data_path(f"{FILE}.bin"), FILE, VERSION, f"dictionaries/build/{FILE}.py")
    unit, base = arrays[f"{head}.scale"].tolist()
    return arrays[f"{head}.weights"], unit, base


def strings_around(codes: NDArray[np.uint32], places: Ints) -> NDArray[np.int32]:
    """Hashes of the strings around places of a folded text, shape ``(m, strings)``.

    Args:
        codes: folded code points, shape ``(n,)``.
        places: shape ``(m,)``.
    """
    padded = np.zeros(len(codes) + _BEFORE + _BEHIND, dtype=np.uint64)
    padded[_BEFORE : _BEFORE + len(codes)] = codes
    around = padded[places[:, None] + np.arange(_BEFORE + _BEHIND)].T
    left, right = around[:_BEFORE][::-1], around[_BEFORE:]  # both counted from the place
    strings: list[tuple[int, list[NDArray[np.uint64]]]] = []
    strings += [(10 + k, list(right[:k])) for k in range(1, _PREFIX + 1)]
    strings += [(1, list(right[k : k + 2])) for k in range(1, _BEHIND - 1)]
    strings += [(2, list(right[k : k + 3])) for k in range(1, _BEHIND - 2)]
    strings += [(30 + k, list(left[:k])) for k in range(1, _SUFFIX + 1)]
    strings += [(3, [left[k + 1], left[k]]) for k in range(_BEFORE - 1)]
    strings += [(40, [left[0], right[0]]), (41, [left[1], left[0], right[0], right[1]])]
    out = np.empty((len(places), len(strings)), dtype=np.int32)
    for column, (kind, characters) in enumerate(strings):
        hashed = np.full(len(places), kind * 7919 + 13, dtype=np.uint64) * _ODD
        for one in characters:
            hashed = _mixed(hashed * _ODD + one + np.uint64(1))
        out[:, column] = _mixed(hashed) >> np.uint64(64 - BITS)
    return out


def _mixed(hashed: NDArray[np.uint64]) -> NDArray[np.uint64]:
    mixed: NDArray[np.uint64] = (hashed ^ (hashed >> np.uint64(29))) * _MIX
    return mixed ^ (mixed >> np.uint64(32))
