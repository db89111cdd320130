"""Ideographs that a common engine as good as never reads right, and what that says about a page.

The small Tesseract model for Simplified Chinese has not learnt some fifteen hundred ideographs: where 袭 or 柬 was
printed it gives another, however good the print. A page on which such ideographs are missing was more likely read by it,
and on such a page they are the likelier readings of glyphs that make no sense. ``unread.tsv`` is counted by
``dictionaries/build/unread.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Self

import numpy as np
from numpy.typing import NDArray

from restore.characters import among
from restore.data import path
from restore.language.scorer import Ids, Scorer
from restore.source import Codes

__all__ = ["Unread"]

Floats = NDArray[np.float64]

_PRIOR = -2.0  # log-odds that a page was read by the engine, when nothing is known
_MOST = 3.0  # nats that missing or present ideographs say, at most
_DEPENDENT = 0.5  # worth of their likelihood ratio: what a page is about decides on many of them at once
_FITS = 1.5  # nats that one ideograph which fits where a glyph makes no sense says
_COUNTED = 3  # such ideographs, at most


@dataclass(frozen=True)
class Unread:
    """The list.

    Attributes:
        codes: code points, sorted, shape ``(n,)``.
        misread: P(read wrong by the engine), shape ``(n,)``.
        share: how often each is printed, among all ideographs, shape ``(n,)``.
    """

    codes: Codes
    misread: Floats
    share: Floats

    @classmethod
    @cache
    def load(cls) -> Self:
        """Read the shipped list; the same object each time.

        Raises:
            DataError: when the file is missing.
        """
        rows = [line.split("\t") for line in path("unread.tsv").read_text("utf-8").splitlines()[1:]]
        rows.sort()
        codes = np.array([ord(row[0]) for row in rows], dtype=np.uint32)
        misread, share = (np.array([float(row[k]) for row in rows]) for k in (1, 2))
        return cls(codes, misread, share / 1e6)

    def ids(self, model: Scorer) -> Ids:
        """What the model calls each, shape ``(n,)``."""
        return model.encode(self.codes.astype("<u4").tobytes().decode("utf-32-le")).astype(np.int64)

    def rate(self, codes: Codes) -> Floats:
        """P(read wrong by the engine) of each of some characters; 0 for those that are not listed."""
        out = np.zeros(len(codes))
        listed = among(codes, self.codes).nonzero()[0]  # few are
        out[listed] = self.misread[self.codes.searchsorted(codes[listed])]
        return out

    def log_odds(self, page: Codes, ideographs: int, fitting: Codes, codes: Codes) -> Floats:
        """Log-odds that the engine read a page, for what each of some readings is to be judged by.

        Of the listed ideographs it counts how many are missing, how many there, and how many other than the reading
        itself fit where a glyph makes no sense.

        Args:
            page: code points of the page.
            ideographs: how many of them are ideographs.
            fitting: listed ideographs that fit somewhere instead of what was read, distinct.
            codes: the readings, shape ``(m,)``.

        Returns:
            Shape ``(m,)``.
        """
        here = float(np.isin(self.codes, page, kind="table") @ np.log1p(-np.minimum(self.misread, 0.95)))
        missing = ideographs * float(self.share @ self.misread)
        ratio = float(np.clip(_DEPENDENT * (here + missing), -_MOST, _MOST))
        others = len(fitting) - np.isin(codes, fitting).astype(np.float64)
        out: Floats = _PRIOR + ratio + _FITS * np.minimum(others, _COUNTED)
        return out
