"""Words with frequencies, and whether a boundary between two lines cuts one.

The words are those of jieba's dictionary (MIT), packed by ``dictionaries/build/lexicon.py`` into sorted
arrays: a word of up to four characters is one integer (16 bits a character), longer ones are rows of
characters. Looking up many words is one binary search per word length. Text is Simplified; fold it first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from restore.data import DataError, path
from restore.language.arrays import open_arrays

__all__ = ["Lexicon", "word_list"]

FILE = "lexicon.bin"
TABLE = "lexicon"
VERSION = 1
MAX_LEN = 16
REACH = 4
"""How many characters on each side of a boundary `Lexicon.cuts` looks at."""

_EXACT = 1 << 15
_COARSE = 32
_HASH = np.uint64(0x9E3779B97F4A7C15)  # odd, near 2**64 / golden ratio: multiplicative hashing (Knuth 6.4)

Codes = NDArray[np.unsignedinteger[Any]]


def pack_freq(freq: NDArray[np.int64]) -> NDArray[np.uint16]:
    """Frequencies in 16 bits: exact below 32768, in steps of 32 above, at most 1,081,311."""
    coarse = _EXACT + np.minimum((freq - _EXACT) // _COARSE, _EXACT - 1)
    return np.where(freq < _EXACT, freq, coarse).astype(np.uint16)


def unpack_freq(packed: NDArray[np.uint16]) -> NDArray[np.int64]:
    """Inverse of `pack_freq`, up to its steps."""
    wide = packed.astype(np.int64)
    return np.where(wide < _EXACT, wide, _EXACT + (wide - _EXACT) * _COARSE)


def pack_key(codes: Codes) -> NDArray[np.uint64] | NDArray[np.uint32] | NDArray[np.uint16]:
    """One integer per row of up to 4 characters of the BMP, order-preserving: ``(n, length)`` -> ``(n,)``."""
    length = codes.shape[1]
    dtype: Any = np.uint16 if length == 1 else np.uint32 if length == 2 else np.uint64
    key = np.zeros(len(codes), dtype=dtype)
    for column in range(length):
        key = (key << dtype(16)) | codes[:, column].astype(dtype) if column else codes[:, 0].astype(dtype)
    return key


def _hash_rows(codes: Codes) -> NDArray[np.uint64]:
    """A 64-bit hash of each row of characters."""
    value = np.zeros(len(codes), dtype=np.uint64)
    for column in range(codes.shape[1]):
        value = (value ^ codes[:, column].astype(np.uint64)) * _HASH
        value ^= value >> np.uint64(29)
    return value


def _find(keys: NDArray[Any], wanted: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Index of each wanted key in sorted keys and whether it is there."""
    if not len(keys):
        return np.zeros(len(wanted), dtype=np.intp), np.zeros(len(wanted), dtype=np.bool_)
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return at, keys[at] == wanted


class Lexicon:
    """A list of Simplified words with frequencies; `load` gives the one that ships."""

    max_len = MAX_LEN
    """Length of the longest word there can be, in characters."""

    def __init__(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Wrap the arrays of a lexicon file; use `load`."""
        self._arrays = arrays

    @classmethod
    @cache
    def load(cls) -> Self:
        """Map the shipped lexicon; the same object each time.

        Raises:
            DataError: when the file is missing, truncated or something else.
        """
        return cls(open_arrays(path(FILE), TABLE, VERSION, "dictionaries/build/lexicon.py"))

    def __len__(self) -> int:
        """Count the words."""
        return sum(len(self._arrays[f"freq{length}"]) for length in range(1, MAX_LEN + 1))

    def __contains__(self, word: object) -> bool:
        """Whether a word is listed."""
        return isinstance(word, str) and bool(self.freq([word])[0])

    def __iter__(self) -> Iterator[str]:
        """Words by length, then by code point."""
        for length in range(1, MAX_LEN + 1):
            for row in self._codes(length):
                yield "".join(map(chr, row))

    @cached_property
    def total(self) -> int:
        """Sum of all frequencies."""
        return int(sum(unpack_freq(self._arrays[f"freq{n}"]).sum() for n in range(1, MAX_LEN + 1)))

    def freq(self, words: Sequence[str]) -> NDArray[np.int64]:
        """Frequency of each word, 0 if it is not listed; shape ``(len(words),)``."""
        found = np.zeros(len(words), dtype=np.int64)
        lengths = np.fromiter(map(len, words), dtype=np.intp, count=len(words))
        for length in np.unique(lengths):
            if 1 <= length <= MAX_LEN:
                index = np.flatnonzero(lengths == length)
                text = "".join(words[int(i)] for i in index)
                codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
                found[index] = self.freq_codes(codes.reshape(-1, int(length)))
        return found

    def freq_codes(self, codes: NDArray[np.uint32]) -> NDArray[np.int64]:
        """Frequencies of words of one length given as code points, ``(n, length)`` -> ``(n,)``."""
        length = codes.shape[1]
        if not 1 <= length <= MAX_LEN:
            return np.zeros(len(codes), dtype=np.int64)
        outside = (codes > 0xFFFF).any(axis=1)
        if length <= 4:
            at, hit = _find(self._arrays[f"keys{length}"], pack_key(codes))
        else:
            order, keys = self._hashes(length)
            place, hit = _find(keys, _hash_rows(codes))
            at = order[place] if len(order) else place
            if hit.any():  # the hash only proposes
                rows = np.flatnonzero(hit)
                hit[rows] = (self._arrays[f"codes{length}"][at[rows]] == codes[rows]).all(axis=1)
        found = np.zeros(len(codes), dtype=np.int64)
        hit &= ~outside
        found[hit] = unpack_freq(self._arrays[f"freq{length}"][at[hit]])
        return found

    def cuts(self, left: Sequence[str], right: Sequence[str]) -> NDArray[np.float64]:
        """Evidence that each boundary cuts a word, in nats; shape ``(len(left),)``.

        ``left[i]`` ends and ``right[i]`` begins at boundary i; at most 4 characters of each are looked at.
        The evidence is the largest, over listed words w = x + y that lie across the boundary, of
        ``log P(w) - log P(x) - log P(y)``: how much oftener the two parts stand together in this word than
        chance would bring them together. P of a part is its frequency as a word, or that of its characters
        in a row if that is larger. 0 where no word lies across, never negative.
        """
        if len(left) != len(right):
            raise ValueError(f"{len(left)} left sides, {len(right)} right sides")
        return self.cuts_codes(
            _codes_of([text[-REACH:].rjust(REACH, "\0") for text in left]),
            _codes_of([text[:REACH].ljust(REACH, "\0") for text in right]),
        )

    def cuts_codes(self, left: NDArray[np.uint32], right: NDArray[np.uint32]) -> NDArray[np.float64]:
        """`cuts` for code points: both ``(n, 4)``, left padded with 0 before, right after."""
        best = np.zeros(len(left), dtype=np.float64)
        for _, _, (rows, values) in self._crossings(left, right):
            best[rows] = np.maximum(best[rows], values)  # rows are distinct
        return best

    def cut_words(self, left: str, right: str) -> list[tuple[str, float]]:
        """List words that lie across one boundary with their evidence in nats, strongest first."""
        tail = _codes_of([left[-REACH:].rjust(REACH, "\0")])
        head = _codes_of([right[:REACH].ljust(REACH, "\0")])
        found = [
            (left[-first:] + right[:last], float(values[0]))
            for first, last, (_, values) in self._crossings(tail, head)
            if len(values)
        ]
        return sorted(found, key=lambda item: -item[1])

    def _crossings(
        self, left: NDArray[np.uint32], right: NDArray[np.uint32]
    ) -> Iterator[tuple[int, int, tuple[NDArray[np.intp], NDArray[np.float64]]]]:
        """For each split (characters before, after): rows with a word across, and its evidence."""
        log_total = float(np.log(self.total))
        before = [self._part_logp(left[:, REACH - n :]) for n in range(1, REACH + 1)]
        after = [self._part_logp(right[:, :n]) for n in range(1, REACH + 1)]
        both = np.concatenate([left, right], axis=1)
        for first in range(1, REACH + 1):
            for last in range(1, REACH + 1):
                rows = np.flatnonzero((left[:, REACH - first] != 0) & (right[:, last - 1] != 0))
                freq = self.freq_codes(both[rows, REACH - first : REACH + last])
                rows, freq = rows[freq > 0], freq[freq > 0]
                gain = np.log(freq) - log_total - before[first - 1][rows] - after[last - 1][rows]
                keep = gain > 0
                yield first, last, (rows[keep], gain[keep])

    def _part_logp(self, codes: NDArray[np.uint32]) -> NDArray[np.float64]:
        """Log probability of a string as a word or as its characters in a row, whichever is larger."""
        chance = self._char_logp[np.minimum(codes, 0xFFFF)].sum(axis=1)
        freq = self.freq_codes(codes)
        word = np.log(np.maximum(freq, 1)) - float(np.log(self.total))
        logp: NDArray[np.float64] = np.where(freq > 0, np.maximum(chance, word), chance)
        return logp

    @cached_property
    def _char_logp(self) -> NDArray[np.float64]:
        """Log probability of each character of the BMP in the words, weighted by frequency."""
        totals = np.full(0x10000, 0.5)
        totals[self._arrays["chars"]] += self._arrays["char_totals"]
        logp: NDArray[np.float64] = np.log(totals / totals.sum())
        logp[0] = 0.0  # padding
        return logp

    def _codes(self, length: int) -> NDArray[Any]:
        """Characters of all words of a length, ``(n, length)``."""
        if length > 4:
            return self._arrays[f"codes{length}"]
        keys = self._arrays[f"keys{length}"].astype(np.uint64)
        shifts = np.arange(16 * (length - 1), -1, -16, dtype=np.uint64)
        codes: NDArray[Any] = (keys[:, None] >> shifts) & np.uint64(0xFFFF)
        return codes

    def _hashes(self, length: int) -> tuple[NDArray[np.intp], NDArray[np.uint64]]:
        """Order and sorted hashes of the words of a length above 4."""
        if length not in self._hash_cache:
            values = _hash_rows(self._arrays[f"codes{length}"])
            order = np.argsort(values, kind="stable")
            self._hash_cache[length] = (order, values[order])
        return self._hash_cache[length]

    @cached_property
    def _hash_cache(self) -> dict[int, tuple[NDArray[np.intp], NDArray[np.uint64]]]:
        return {}


def _codes_of(texts: list[str]) -> NDArray[np.uint32]:
    """Code points of strings of `REACH` characters, ``(n, REACH)``."""
    data = "".join(texts).encode("utf-32-le", "surrogatepass")
    return np.frombuffer(data, dtype="<u4").astype(np.uint32, copy=False).reshape(-1, REACH)


@cache
def word_list(name: str) -> tuple[tuple[str, ...], ...]:
    """Rows of a small word list ``dictionaries/<name>.tsv`` without its header, in the order of the file.

    Names: ``surnames`` (surname, kind), ``suffixes`` (suffix, kind), ``measures`` (word, kind),
    ``number_patterns`` (kind, pattern), ``korean_endings`` (ending, kind), ``bylines`` (word, kind).

    Raises:
        DataError: when there is no such list or a row has not as many fields as the header.
    """
    file = path(f"{name}.tsv")
    header, *rows = (tuple(line.split("\t")) for line in file.read_text("utf-8").splitlines())
    for number, row in enumerate(rows, 2):
        if len(row) != len(header):
            raise DataError(f"{file}:{number}: {len(row)} fields where {len(header)} belong")
    return tuple(rows)
