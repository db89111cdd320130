"""Links that the whole order speaks against once it stands: between the two, text is lost.

The looks of :mod:`restore.order.links` judge which line a line goes with best; whether any does is judged better with
the paragraphs around (:mod:`restore.order.losses`). A line is not moved far to stand beside a gap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from restore.order.boundaries import boundaries_of
from restore.order.losses import lost_text, torn
from restore.order.seams import Seams

if TYPE_CHECKING:
    from restore.language import Language
    from restore.layout.segments import Segments
    from restore.order.successors import Judgement

__all__ = ["torn_links"]

Ints = NDArray[np.int64]


def torn_links(judged: Judgement, segments: Segments, order: Ints, language: Language) -> Ints:
    """Segments linked to one that stood far away, where text is more likely lost between the two than not.

    Args:
        order: segments as the links put them, shape ``(n,)``.

    Returns:
        Indices of the first of the two, shape ``(k,)``.
    """
    new = np.flatnonzero(np.diff(order) != 1)
    if not len(new):
        return new
    one, two = order[:-1], order[1:]
    linked = judged.successor[one] == two
    same = judged.first.continues[one, two] > judged.first.follows[one, two]
    newlines = segments.newlines[order]
    newlines[new] = np.where((linked & same)[new], 0, 2)
    moved = segments.taken(order, newlines)
    origin = segments.view.origin
    seams = Seams.of(judged.odds, order, origin[segments.start], origin[segments.end - 1])
    found = boundaries_of(moved, language, seams=seams)
    apart = torn(moved, lost_text(moved, found, seams))
    return np.asarray(one[apart & linked])
