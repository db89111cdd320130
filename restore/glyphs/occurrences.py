"""How often glyphs, words and stretches occur: on the page, in the lexicon, in the language."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from restore import characters as ch
from restore.characters import classify
from restore.language.context import REACH, RunningText
from restore.language.fold import fold_codes
from restore.language.lexicon import Lexicon
from restore.source import Codes

__all__ = ["grams", "log_rate", "times_around", "times_of", "words_around"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_RARE = 10  # occurrences below which a listed word tells nothing


def words_around(lexicon: Lexicon, window: Codes) -> Floats:
    """How common the commonest word of 2 to 4 characters around the middle of each window is; 0: none."""
    folded = fold_codes(window)
    middle = window.shape[1] // 2
    best = np.zeros(len(window))
    for size in (2, 3, 4):
        around = folded[:, middle - size + 1 : middle + size]
        parts = np.lib.stride_tricks.sliding_window_view(around, size, axis=1)
        freq = lexicon.freq_codes(parts.reshape(-1, size)).reshape(-1, size).max(axis=1)
        best = np.maximum(best, np.where(freq >= _RARE, np.log(freq + 1.0) + 2.0 * (size - 2), 0.0))
    return best


def log_rate(text: RunningText, ids: Ints) -> Floats:
    """Log of how common characters are, whatever stands before."""
    unknown = np.full((1, REACH), getattr(text.model, "unknown", text.model.bos))
    kinds, which = np.unique(ids, return_inverse=True)
    rates: Floats = text.model.seam_matrix(unknown, kinds[:, None])[0].astype(np.float64)
    return rates[which]


def times_of(page: Codes, wanted: Codes) -> Ints:
    """How often the page has each of the glyphs."""
    ordered = np.sort(page)
    return np.searchsorted(ordered, wanted, side="right") - np.searchsorted(ordered, wanted)


def grams(codes: Codes, size: int) -> NDArray[np.uint64]:
    """Every stretch of so many characters on the page, sorted."""
    return np.sort(_keys(codes, size))


def times_around(grams: NDArray[np.uint64], window: Codes, size: int) -> Ints:
    """How often the page has the commonest ``size`` ideographs around the middle of each window."""
    middle = window.shape[1] // 2
    best = np.zeros(len(window), dtype=np.int64)
    han = (classify(window) & ch.HAN) > 0
    for start in range(middle - size + 1, middle + 1):
        key = np.zeros(len(window), dtype=np.uint64)
        for k in range(start, start + size):
            key = (key << np.uint64(21)) | window[:, k].astype(np.uint64)
        count = np.searchsorted(grams, key, side="right") - np.searchsorted(grams, key, side="left")
        best = np.maximum(best, np.where(han[:, start : start + size].all(axis=1), count, 0))
    return best


def _keys(codes: Codes, size: int) -> NDArray[np.uint64]:
    key = np.zeros(len(codes) - size + 1, dtype=np.uint64)
    for k in range(size):
        key = (key << np.uint64(21)) | codes[k : len(codes) - size + 1 + k].astype(np.uint64)
    return key
