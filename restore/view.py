"""The text as restored so far, mapped back to the source.

A pass reads a :class:`View` and yields drafts in view coordinates; :func:`restore.recorder.record` maps them to the source.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restore import characters as ch
from restore.ledger import (
    Bools,
    Ints,
    Ledger,
    Rendering,
    render,
    rendered_on,
)
from restore.source import Codes, Source, codes_to_text

__all__ = ["View"]


_NOWHERE = np.empty(0, dtype=np.int64)


@dataclass(frozen=True)
class View:
    """Text of a source under some corrections.

    ``text`` and ``codes`` are the text; ``origin`` gives the source offset of every character (for a supplied one, of
    the character that carries it) and ``owner`` the edit that supplied it, -1 for the source's own characters.
    """

    source: Source
    rendering: Rendering = field(repr=False)
    carried: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """As `kept`, of the views of one restoration: what does not depend on where anything stands."""

    @classmethod
    def of(cls, source: Source, ledger: Ledger | None = None, accepted: Bools | None = None) -> View:
        """View of ``source`` under the accepted corrections of ``ledger`` (none by default)."""
        ledger = ledger or Ledger()
        if accepted is None:
            accepted = np.zeros(ledger.n_corrections, dtype=np.bool_)
        return cls(source, render(source.codes, ledger, accepted))

    def after(self, ledger: Ledger, first: int, accepted: Bools, places: Ints | None = None) -> View:
        """View under the accepted corrections of ``ledger``, where this one is that under those before ``first``.

        ``places`` says where in this view their edits begin, where that is known.
        """
        rendering = rendered_on(self.rendering, self.source.codes, ledger, first, accepted, places)
        return View(self.source, rendering, self.carried)

    @classmethod
    def of_text(cls, text: str) -> View:
        """View of bare text."""
        return cls.of(Source(text))

    def __len__(self) -> int:
        return len(self.rendering.codes)

    @property
    def codes(self) -> Codes:
        """Code points, shape ``(n,)``."""
        return self.rendering.codes

    @property
    def origin(self) -> Ints:
        """Source offsets, shape ``(n,)``."""
        return self.rendering.origin

    @property
    def owner(self) -> Ints:
        """Edit rows that supplied characters, -1 for the source's own, shape ``(n,)``."""
        return self.rendering.owner

    @cached_property
    def text(self) -> str:
        """The text."""
        if (
            len(self.codes) == len(self.source.codes)
            and self.rendering.key_to is None
            and not self.has_supplied
        ):
            return self.source.text
        return codes_to_text(self.codes)

    @cached_property
    def kept(self) -> dict[str, Any]:
        """What passes have worked out about this very text and others may want again, by name.

        Nothing in it may refer to the view, so that a view goes when its last pass is done.
        """
        return {}

    @property
    def own(self) -> Bools:
        """Whether each character is the source's own, shape ``(n,)``."""
        return self.rendering.own

    @property
    def has_supplied(self) -> bool:
        """Whether any character is not the source's own."""
        return self.rendering.has_supplied

    @cached_property
    def classes(self) -> NDArray[np.uint16]:
        """Character classes (:mod:`restore.characters`), shape ``(n,)``."""
        return ch.classify(self.codes)

    @cached_property
    def ascii(self) -> Ints:
        """Positions of ASCII characters, ascending: few in CJK text, so that what is sought among them is found sooner."""
        return (self.codes < 0x80).nonzero()[0]

    @cached_property
    def ascii_signs(self) -> frozenset[str]:
        """The ASCII characters that the text has: quicker to ask than the text itself, where many are asked for."""
        return frozenset(map(chr, np.bincount(self.codes.take(self.ascii)).nonzero()[0].tolist()))

    @cached_property
    def wide_spaces(self) -> Ints:
        """Positions of ideographic spaces and tabs, ascending."""
        found: Ints = ((self.codes == 0x3000) | (self.codes == 9)).nonzero()[0]
        return found

    @cached_property
    def framed(self) -> NDArray[np.uint16]:
        """The classes with a line break behind the last: what stands before (-1) and behind (n) the text. Shape ``(n + 1,)``."""
        return np.append(self.classes, ch.NEWLINE)

    @cached_property
    def marks(self) -> Ints:
        """Positions of punctuation and symbols, ascending."""
        return ((self.classes & ch.PUNCT) > 0).nonzero()[0]

    @cached_property
    def breaks(self) -> Ints:
        """Positions of line breaks, ascending."""
        return ((self.classes & ch.NEWLINE) > 0).nonzero()[0]

    @cached_property
    def letters(self) -> Ints:
        """Positions of CJK letters, ascending."""
        return ((self.classes & ch.CJK) > 0).nonzero()[0]

    @cached_property
    def cjk_lines(self) -> Bools:
        """Whether each line has CJK letters, shape ``(breaks + 1,)``."""
        before = np.zeros(len(self.breaks) + 2, dtype=np.int64)
        before[1:-1] = self.letters.searchsorted(self.breaks)
        before[-1] = len(self.letters)
        return before[1:] > before[:-1]

    @cached_property
    def _jump(self) -> Bools:
        """Whether the step into character k is not one to the next source character. Shape ``(n + 1,)``."""
        n = len(self)
        jump = np.zeros(n + 1, dtype=np.bool_)
        if n > 1:
            own = self.own
            jump[1:n] = ~((self.origin[1:] - self.origin[:-1] == 1) & own[1:] & own[:-1])
        return jump

    @cached_property
    def jumps(self) -> Ints:
        """Positions of jumps, ascending."""
        return self._jump.nonzero()[0]

    @cached_property
    def seams(self) -> Ints:
        """Positions k where moves made characters k-1 and k neighbours, ascending."""
        r = self.rendering
        if r.key_to is None or r.mover is None or r.key_rank is None or not len(self):
            return _NOWHERE
        at = np.minimum(self.origin, len(r.mover) - 1)
        left, right = at[:-1], at[1:]
        apart = (r.key_to[right] != r.key_to[left]) | (r.key_rank[right] != r.key_rank[left])
        moved = (r.mover[left] >= 0) | (r.mover[right] >= 0)
        # unmoved on both sides: a seam when something between them was moved away
        gone = np.concatenate(([0], (r.mover >= 0).cumsum()))
        between = (right > left) & (gone[right] - gone[np.minimum(left + 1, len(r.mover))] > 0)
        seams: Ints = np.where(moved, apart, between).nonzero()[0] + 1
        return seams

    def movers_at(self, start: int, end: int) -> tuple[int, ...]:
        """Corrections whose moves made the neighbourhoods inside and at the ends of view span ``[start, end]``."""
        r = self.rendering
        if r.mover is None:
            return ()
        found: set[int] = set()
        lo, hi = self.seams.searchsorted((start, end + 1))
        for k in self.seams[lo:hi]:
            p, q = (min(int(self.origin[i]), len(r.mover) - 1) for i in (k - 1, k))
            here = {int(r.mover[p]), int(r.mover[q])} - {-1}
            if not here and q > p:
                here = {int(m) for m in np.unique(r.mover[p + 1 : q])} - {-1}
            found |= here
        return tuple(sorted(found))
