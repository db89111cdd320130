"""Readings that the language alone proposes for glyphs that make no sense."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from restore.language.context import REACH, RunningText
from restore.language.repertoire import common_ideographs
from restore.language.unread import Unread
from restore.source import Codes

__all__ = ["Closest", "Fits", "Proposed"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_AHEAD, _CLOSE = 120, 12  # readings in common use that fit what stands before, and both sides
_LISTED, _FITTING = 40, 4  # the same of ideographs that an engine never reads
_FITS = 12.0  # nats by which the text reads better with such an ideograph where one was likely misread
_BLOCK = 64  # glyphs tried at once
_ID_BITS = 32  # of a character, in a model


class Closest:
    """The readings of a list that fit places best.

    A page is weighed several times, and most of it is the same each time: they are kept by what stands around a place.
    """

    def __init__(self, ids: Ints, ahead: int, both: int) -> None:
        """Take a list.

        Args:
            ids: of the readings. ahead: how many that fit what stands before are asked about both sides. both: how many
                of these are kept.
        """
        self._ids, self._ahead, self._both = ids, ahead, both
        self._row: dict[bytes, int] = {}
        self._close: Ints = np.empty((0, both), dtype=np.int64)
        self._fit: Floats = np.empty((0, both))

    def at(self, text: RunningText, place: Ints) -> tuple[Ints, Floats]:
        """Indices of the readings at each place, and ln P of the text with them up to the next character; ``(m, both)``."""
        around = np.concatenate((text.left(place), text.right(place)[:, :1]), axis=1)
        keys = [row.tobytes() for row in around]
        new = []
        for number, key in enumerate(keys):
            if key not in self._row:
                self._row[key] = len(self._row)
                new.append(number)
        found = [self._found(text, place[new[a : a + _BLOCK]]) for a in range(0, len(new), _BLOCK)]
        if found:
            self._close = np.concatenate((self._close, *(close for close, _ in found)))
            self._fit = np.concatenate((self._fit, *(fit for _, fit in found)))
        rows = np.array([self._row[key] for key in keys], dtype=np.int64)
        return self._close[rows], self._fit[rows]

    def _found(self, text: RunningText, place: Ints) -> tuple[Ints, Floats]:
        before = text.model.seam_matrix(text.left(place), self._ids[:, None])
        best = np.argpartition(-before, self._ahead, axis=1)[:, : self._ahead]
        fit = text.instead(np.repeat(place, self._ahead), self._ids[best.ravel()], reach=1).reshape(
            best.shape
        )
        at = np.argpartition(-fit, self._both, axis=1)[:, : self._both]
        return np.take_along_axis(best, at, axis=1), np.take_along_axis(fit, at, axis=1)


class Fits:
    """How well readings fit their places: kept while a page is weighed several times, as of most places it is the same."""

    def __init__(self, reach: int) -> None:
        """Keep nothing yet; ``reach``: how many of the characters behind a place count."""
        self._reach = reach
        self._ids: Ints = np.empty(0, dtype=np.int64)  # of the page as it was
        self._keys: Ints = np.empty(0, dtype=np.int64)
        self._fit: Floats = np.empty(0)

    def at(self, text: RunningText, place: Ints, ids: Ints) -> Floats:
        """ln P of each reading in its place and of the characters behind it, shape ``(m,)``."""
        self._forget(text.ids)
        keys = (place << _ID_BITS) | ids
        new, fit = np.ones(len(keys), dtype=np.bool_), np.empty(len(keys))
        if len(self._keys):
            at = np.minimum(self._keys.searchsorted(keys), len(self._keys) - 1)
            new, fit = self._keys.take(at) != keys, self._fit.take(at)
        fit[new] = text.instead(place[new], ids[new], reach=self._reach)
        self._keys, self._fit = np.append(self._keys, keys[new]), np.append(self._fit, fit[new])
        return fit

    def _forget(self, ids: Ints) -> None:
        """Drop what is kept of places near which the page has other characters than before; sort the rest."""
        if len(self._keys):
            changed = np.append(0, np.cumsum(self._ids != ids))
            place = self._keys >> _ID_BITS
            same = (changed[place + 2 * REACH + 1] == changed[place]).nonzero()[0]
            same = same[np.argsort(self._keys[same])]
            self._keys, self._fit = self._keys[same], self._fit[same]
        self._ids = ids


@dataclass(frozen=True)
class Proposed:
    """The readings that the language alone proposes for glyphs of a page that make no sense, and what is kept of any.

    Attributes:
        codes, common: ideographs in common use.
        unread, seldom: ideographs that an engine never reads.
        soon, late: how well readings fit, with the next character and with all that they matter to.
    """

    codes: Codes
    common: Closest
    unread: Unread
    seldom: Closest
    soon: Fits
    late: Fits

    @classmethod
    def of(cls, text: RunningText, script: int) -> Self:
        """What there is for texts of a script, given as its bit in the table of scripts."""
        codes, ids = common_ideographs(text.model, script)
        unread = Unread.load()
        seldom = Closest(unread.ids(text.model), _LISTED, _FITTING)
        return cls(codes, Closest(ids, _AHEAD, _CLOSE), unread, seldom, Fits(1), Fits(REACH))

    def unlisted(self, text: RunningText, place: Ints) -> tuple[Ints, Ints]:
        """Ideographs in common use for each place: (place, code point), each of shape ``(m,)``.

        On bad print engines give glyphs that look nothing like what was printed.
        """
        close, _ = self.common.at(text, place)
        return np.repeat(place, _CLOSE), self.codes[close.ravel()].astype(np.int64)

    def never_read(self, text: RunningText, place: Ints) -> tuple[Ints, Ints, Codes]:
        """Ideographs that an engine never reads, where they fit: (place, code point); and those that fit very well."""
        codes = self.unread.codes
        close, fit = self.seldom.at(text, place)
        gain = fit - text.stands(place, reach=1)[:, None]
        return (
            np.repeat(place, _FITTING),
            codes[close.ravel()].astype(np.int64),
            np.unique(codes[close[gain > _FITS]]),
        )
