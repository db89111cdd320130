"""A static map from 64-bit hashes to small integers, read without probing.

A key has three places in a table, and its entry is the exclusive or of the three words there: a fingerprint
of the key and its value. A key that was not stored meets a fingerprint of its own with probability ``2 **
-fingerprint bits`` and then reads a random value; a stored key is always read right. Three gathers and no
branch suit arrays. Places are chosen as in binary fuse filters, which need 1.13 words per key: Graf and
Lemire, "Binary Fuse Filters: Fast and Smaller Than Xor Filters", ACM JEA 27 (2022); values beside the
fingerprint as in Chazelle et al., "The Bloomier Filter", SODA 2004.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["FuseMap", "build_words", "geometry"]

Hashes = NDArray[np.uint64]

# numbers are kept as arrays of no dimension: NumPy takes longer over scalars, and most look-ups are of few keys
_FINGER = np.array(
    0x9E3779B97F4A7C15, dtype=np.uint64
)  # odd, near 2**64 / golden ratio: spreads the hash anew
_HALF = np.array(32, dtype=np.uint64)
_MIDDLE = np.array(16, dtype=np.uint64)
_FEW = 256  # hashes below which it does not pay to look for runs
_RUNS = 0.7  # share of first ones of a run above which the runs are too short to pay


def geometry(size: int) -> tuple[int, int]:
    """Length of a segment, a power of two up to 2**16, and how many segments hold a key's first place."""
    n = max(size, 2)
    length = min(1 << int(math.log(n) / math.log(3.33) + 2.25), 1 << 16)
    factor = max(1.125, 0.875 + 0.25 * math.log(1e6) / math.log(n))
    return length, max(1, math.ceil(n * factor / length) - 2)


@dataclass(frozen=True)
class _Slots:
    """Where keys are in a table of a geometry; numbers of the shape ``()``.

    Attributes:
        step: length of a segment. mask: that less one. span: slots that hold a key's first place.
    """

    step: Hashes
    mask: Hashes
    span: Hashes

    @classmethod
    def of(cls, length: int, count: int) -> Self:
        """Those of a table with this `geometry`."""
        return cls(*(np.array(number, dtype=np.uint64) for number in (length, length - 1, length * count)))

    def places(self, hashes: Hashes) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """The three places of each key, shape ``(n,)`` each."""
        first = hashes >> _HALF
        first *= self.span
        first >>= _HALF
        second = hashes >> _MIDDLE
        second &= self.mask
        moved = first + self.step
        second ^= moved
        moved += self.step
        third = hashes & self.mask
        third ^= moved
        return first.view(np.int64), second.view(np.int64), third.view(np.int64)


def _fingers(hashes: Hashes, beyond: Hashes) -> NDArray[np.uint32]:
    """Fingerprints; ``beyond``: how many bits of 64 they have not, shape ``()``."""
    fingers = hashes * _FINGER
    fingers >>= beyond
    return fingers.astype(np.uint32)


class FuseMap:
    """Read a table; `build_words` makes its words.

    Args:
        words: the table: one array of uint16 or uint32, or a uint16 array and a uint8 array with the higher
            bits.
        size: number of keys it was built from.
        value_bits: bits of a value; the rest of a word is the fingerprint.
    """

    def __init__(self, words: tuple[NDArray[Any], ...], size: int, value_bits: int) -> None:
        """Wrap the words."""
        self._words = words
        self._slots = _Slots.of(*geometry(size))
        self.finger_bits = sum(8 * part.itemsize for part in words) - value_bits
        if len(words) > 1 and value_bits > 16:
            raise ValueError(f"values of {value_bits} bits do not fit into the lower 16 bits of a word")
        self._beyond = np.array(64 - self.finger_bits, dtype=np.uint64)
        self._value_bits = np.array(value_bits, dtype=np.uint32)
        self._value_mask = np.array((1 << value_bits) - 1, dtype=np.uint32)
        # of a fingerprint, where words are in two arrays: those have values of at most 16 bits
        below = max(16 - value_bits, 0)
        self._lower_bits = np.array(below, dtype=np.uint32)
        self._lower_mask = np.array((1 << below) - 1, dtype=np.uint32)

    def get(self, hashes: Hashes) -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
        """Values and whether the keys are stored, both shaped like ``hashes``, shape ``(n,)``."""
        if not len(hashes):
            return np.zeros(0, dtype=np.uint32), np.zeros(0, dtype=np.bool_)
        one, two, three = self._slots.places(hashes)
        low = self._words[0]
        read = low.take(one, mode="clip")
        read ^= low.take(two, mode="clip")
        read ^= low.take(three, mode="clip")
        word: NDArray[np.uint32] = read.astype(np.uint32, copy=False)
        fingers = _fingers(hashes, self._beyond)
        seen = word >> self._value_bits
        word &= self._value_mask
        if len(self._words) == 1:
            return word, seen == fingers
        # most keys that are not stored are told by the lower bits of their fingerprints already
        stored = seen == (fingers & self._lower_mask)
        some = stored.nonzero()[0]
        top = self._words[1]
        more = top.take(one.take(some), mode="clip")
        more ^= top.take(two.take(some), mode="clip")
        more ^= top.take(three.take(some), mode="clip")
        stored[some] = more == (fingers.take(some) >> self._lower_bits)
        return word, stored

    def get_runs(self, hashes: Hashes) -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
        """As `get`, for hashes of which the same often stand behind each other: these are looked up once."""
        if len(hashes) < _FEW:
            return self.get(hashes)
        new = np.empty(len(hashes), dtype=np.bool_)
        new[0] = True
        np.not_equal(hashes[1:], hashes[:-1], out=new[1:])
        first = new.nonzero()[0]
        if len(first) > _RUNS * len(hashes):
            return self.get(hashes)
        value, stored = self.get(hashes.take(first))
        size = np.empty_like(first)
        np.subtract(first[1:], first[:-1], out=size[:-1])
        size[-1] = len(hashes) - first[-1]
        return value.repeat(size), stored.repeat(size)


def build_words(
    hashes: Hashes, values: NDArray[np.uint32], value_bits: int, width: int
) -> tuple[NDArray[Any], ...] | None:
    """Words of a table of ``width`` 16, 24 or 32 bits for distinct hashes and their values, both shape
    ``(n,)``.

    Returns:
        What `FuseMap` takes, or None when these hashes cannot be placed (rare): choose another hash function.

    Keys are peeled off in rounds: all that are alone in a place at once, in NumPy.
    """
    length, count = geometry(len(hashes))
    slots = (count + 2) * length
    places = np.stack(_Slots.of(length, count).places(hashes), axis=1)
    load = np.bincount(places.ravel(), minlength=slots).astype(np.int32)
    lone = np.zeros(slots, dtype=np.int64)  # exclusive or of the keys in each place
    keys = np.arange(len(hashes), dtype=np.int64)
    for column in range(3):
        np.bitwise_xor.at(lone, places[:, column], keys)
    rounds: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
    frontier = np.flatnonzero(load == 1)
    placed = 0
    while len(frontier):
        peeled, first = np.unique(lone[frontier], return_index=True)
        rounds.append((peeled, frontier[first]))
        placed += len(peeled)
        touched = places[peeled].ravel()
        np.subtract.at(load, touched, 1)
        np.bitwise_xor.at(lone, touched, np.repeat(peeled, 3))
        touched = np.unique(touched)
        frontier = touched[load[touched] == 1]
    if placed < len(hashes):
        return None
    words = np.zeros(slots, dtype=np.uint32)
    beyond = np.array(64 - (width - value_bits), dtype=np.uint64)
    entries = _fingers(hashes, beyond) << np.uint32(value_bits)
    entries |= values.astype(np.uint32)
    for peeled, own in reversed(rounds):
        words[own] = 0
        around = places[peeled]
        words[own] = entries[peeled] ^ words[around[:, 0]] ^ words[around[:, 1]] ^ words[around[:, 2]]
    if width == 32:
        return (words,)
    low = (words & np.uint32(0xFFFF)).astype(np.uint16)
    return (low,) if width == 16 else (low, (words >> np.uint32(16)).astype(np.uint8))
