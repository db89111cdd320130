"""One character for each character: what the character model makes no difference between.

Traditional characters and variants count as Simplified (OpenCC, character by character), radicals and
presentation forms as the ideograph they look like, every digit as ``0``, every Latin letter as ``a``,
half-width marks as full-width ones, and all double (single) quotation marks as one. The length never
changes, so offsets into a folded text are offsets into the text. The table, ``dictionaries/fold.tsv``, is
built by ``dictionaries/build/fold.py``.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restore.data import DataError, path

__all__ = ["FILE", "HEADER", "Fold", "code_points", "fold_codes", "fold_text"]

FILE = "fold.tsv"
HEADER = ["code", "to"]

_BMP = 0x10000


def code_points(text: str) -> NDArray[np.uint32]:
    """Code points of a text, shape ``(len(text),)``; lone surrogates are allowed."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint32, copy=False)


@cache
def _tables() -> tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.uint32]]:
    """Fold of every code point of the BMP, then the others that change and what they become."""
    file = path(FILE)
    words = file.read_text("utf-8").split()
    damaged = DataError(
        f"{file} is damaged or not a table of characters; rebuild it with dictionaries/build/fold.py"
    )
    if words[:2] != HEADER or len(words) % 2:
        raise damaged
    try:
        pairs = np.array([int(word[2:], 16) for word in words[2:]], dtype=np.uint32).reshape(-1, 2)
    except (ValueError, OverflowError) as error:
        raise damaged from error
    if not len(pairs) or pairs.max() > 0x10FFFF or not (np.diff(pairs[:, 0].astype(np.int64)) > 0).all():
        raise damaged
    split = int(np.searchsorted(pairs[:, 0], _BMP))
    plane = np.arange(_BMP, dtype=np.uint32)
    plane[pairs[:split, 0]] = pairs[:split, 1]
    return plane, pairs[split:, 0].copy(), pairs[split:, 1].copy()


def fold_codes(codes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Fold code points; same shape.

    Raises:
        DataError: when the table is missing or damaged.
    """
    plane, beyond, to = _tables()
    if not codes.size or int(codes.max()) < _BMP:
        return plane[codes]
    high = codes >= _BMP
    folded = plane[np.where(high, 0, codes)]
    rare = codes[high]
    at = np.minimum(np.searchsorted(beyond, rare), len(beyond) - 1)
    folded[high] = np.where(beyond[at] == rare, to[at], rare)
    return folded


def fold_text(text: str) -> str:
    """Fold a text; the result has the same length.

    >>> fold_text("⼈民銀行 2015年,GDP")
    '人民银行 0000年，aaa'
    """
    return fold_codes(code_points(text)).astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")


class Fold:
    """From characters to the ids of a model, one for one: folding and numbering in one gather.

    Ids are places in the vocabulary given; characters outside it get ``unknown``.
    """

    def __init__(self, vocabulary: NDArray[Any], unknown: int) -> None:
        """Number the code points of a vocabulary, shape ``(size,)``; entries 0 stand for no character."""
        self._unknown = unknown
        self._plane = np.full(_BMP, unknown, dtype=np.uint16)
        known = np.flatnonzero(vocabulary)
        codes = vocabulary[known].astype(np.int64)
        low = codes < _BMP
        numbers = np.full(_BMP, unknown, dtype=np.uint16)
        numbers[codes[low]] = known[low]
        order = np.argsort(codes[~low], kind="stable")
        self._beyond = codes[~low][order].astype(np.uint32)
        self._beyond_ids = known[~low][order].astype(np.uint16)
        self._numbers = numbers
        plane = _tables()[0]
        inside = plane < _BMP
        self._plane[inside] = numbers[plane[inside]]

    def encode(self, text: str) -> NDArray[np.uint16]:
        """Ids of a text, one per code point, shape ``(len(text),)``."""
        codes = code_points(text)
        if not codes.size or int(codes.max()) < _BMP:
            return self._plane[codes]
        high = codes >= _BMP
        ids = self._plane[np.where(high, 0, codes)]
        ids[high] = self._number(fold_codes(codes[high]))
        return ids

    def _number(self, folded: NDArray[np.uint32]) -> NDArray[np.uint16]:
        ids = np.where(folded < _BMP, self._numbers[np.minimum(folded, _BMP - 1)], np.uint16(self._unknown))
        if len(self._beyond):
            at = np.minimum(np.searchsorted(self._beyond, folded), len(self._beyond) - 1)
            ids = np.where(self._beyond[at] == folded, self._beyond_ids[at], ids)
        return ids.astype(np.uint16)
