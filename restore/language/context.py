"""Running text as the character model sees it, and what a change of one place is worth there.

White space was no part of the text the model was made from: it is left out; a line break counts as the boundary
of a paragraph. Places below count the characters that remain.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restore import characters as ch
from restore.language.scorer import Ids, Scorer
from restore.source import Codes
from restore.view import View

__all__ = ["REACH", "RunningText"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

REACH = 3
"""Characters on each side that a change of one can matter to: the order of the model less one."""

_MANY, _SEVERAL = 3000, 50  # readings, and readings a place, from which places are looked up by themselves
_GOOD = 3e-4  # alien glyphs per character on a good page
_ODD = np.array([ord(c) for c in "|'`^~_\\<>{}[]#$*="], dtype=np.uint32)


class RunningText:
    """A view without its spaces, scored by the model.

    Attributes:
        at: view offset of every character, shape ``(n,)``.
        codes, classes: its code point and class bits, shape ``(n,)``.
    """

    def __init__(self, view: View, model: Scorer) -> None:
        """Take the text of a view."""
        self.view = view
        self.model = model
        solid = (view.classes & ch.SPACE) == 0
        self.at: Ints = np.flatnonzero(solid)
        self.codes: Codes = view.codes[self.at]
        self.classes: NDArray[np.uint16] = view.classes[self.at]

    @classmethod
    def shared(cls, view: View, model: Scorer, memo: dict[str, Any]) -> RunningText:
        """The running text of a view; the one that an earlier pass left in ``memo`` where the text is still the same."""
        known = memo.get("running_text")
        if isinstance(known, cls) and known.model is model and np.array_equal(known.view.codes, view.codes):
            return known
        memo["running_text"] = made = cls(view, model)
        return made

    def __len__(self) -> int:
        """Count the characters."""
        return len(self.at)

    @cached_property
    def text(self) -> str:
        """The characters."""
        return self.codes.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")

    @cached_property
    def ids(self) -> Ids:
        """Ids of the characters, `REACH` boundaries before and after: shape ``(n + 2 * REACH,)``."""
        edge = np.full(REACH, self.model.bos)
        return np.concatenate((edge, self.model.encode(self.text), edge)).astype(np.int64)

    @cached_property
    def logp(self) -> Floats:
        """ln P of every character, then of `REACH` boundaries; shape ``(n + REACH,)``."""
        return self.model.logp(self.ids[REACH:]).astype(np.float64)

    @cached_property
    def _sums(self) -> Floats:
        return np.concatenate(([0.0], np.cumsum(self.logp)))

    def stands(self, place: Ints, size: int = 1, reach: int = REACH) -> Floats:
        """ln P of ``size`` characters from each place on and of the ``reach`` behind them, as they stand."""
        stop = np.minimum(place + size + reach, len(self._sums) - 1)
        out: Floats = self._sums[stop] - self._sums[place]
        return out

    def left(self, place: Ints) -> Ids:
        """Ids of the `REACH` characters before each place, shape ``(m, REACH)``."""
        return np.asarray(self.ids.take(place[:, None] + np.arange(REACH)))

    def right(self, place: Ints, size: int = 1) -> Ids:
        """Ids of the `REACH` characters behind ``size`` characters from each place, shape ``(m, REACH)``."""
        at = place[:, None] + size + REACH + np.arange(REACH)
        return np.asarray(self.ids.take(at, mode="clip"))

    def without(self, place: Ints, size: int = 1) -> Floats:
        """ln P of the `REACH` characters behind, when ``size`` characters from each place are taken out."""
        if not len(place):
            return np.empty(0)
        return self.model.seams(self.left(place), self.right(place, size)).astype(np.float64)

    def instead(self, place: Ints, ids: Ids, size: int = 1, reach: int = REACH) -> Floats:
        """ln P of ``ids`` (one each, shape ``(m,)``), when it stands there, and of ``reach`` behind it."""
        if not len(place):
            return np.empty(0)
        heads = ids[:, None].astype(np.int64)
        if not reach and len(place) > 1 and (place == place[0]).all():  # many readings of one place
            row: Floats = self.model.seam_matrix(self.left(place[:1]), heads)[0].astype(np.float64)
            return row
        replaced = getattr(self.model, "replaced", None)
        if reach and replaced is not None and len(place) >= _MANY:  # n-gram models have a shorter way
            begins = np.append(True, place[1:] != place[:-1])
            each = place[begins]
            if len(each) * _SEVERAL <= len(place):
                found: NDArray[np.float32] = replaced(
                    self.left(each), np.cumsum(begins) - 1, heads[:, 0], self.right(each, size)[:, :reach]
                )
                return found.astype(np.float64)
        if reach:
            heads = np.concatenate((heads, self.right(place, size)[:, :reach]), axis=1)
        return self.model.seams(self.left(place), heads).astype(np.float64)

    @cached_property
    def aliens(self) -> Ints:
        """Places of single letters and marks that stand between two ideographs where print has none."""
        n = len(self)
        if n < 3:
            return np.empty(0, dtype=np.int64)
        han = (self.classes & ch.HAN) > 0
        small = (self.codes >= ord("a")) & (self.codes <= ord("z"))
        odd = small | ch.among(self.codes, _ODD)
        return np.flatnonzero(odd[1:-1] & han[:-2] & han[2:]) + 1

    @cached_property
    def damage(self) -> float:
        """How much oftener than on a good page glyphs are alien, as log odds from 0 to 2.5.

        A glyph of a page that shows such errors is the more likely to be another one.
        """
        expected = _GOOD * len(self) + 1.0
        return float(np.clip(np.log((len(self.aliens) + 1.0) / expected), 0.0, 2.5))

    def excerpt(self, place: int, size: int = 1, width: int = 6) -> str:
        """The neighbourhood of a place, for the record."""
        return self.text[max(0, place - width) : place + size + width].replace("\n", "⏎")
