"""Vertical text as converters write it that know only horizontal lines: a line for every glyph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import regex
from numpy.typing import NDArray

from restore import characters as ch
from restore.layout.furniture import furniture_lines
from restore.view import View

__all__ = ["FEWEST", "GlyphLines", "glyph_lines"]

FEWEST = 24  # lines of a stretch: more than a headline has that stands upright on a horizontal page
_SINGLE = 0.6  # share of its lines that are one ideograph and nothing else
_RUN = 2  # ideographs side by side: a thin one (一) stands so low that it shares a line with the next
_LONGEST = 12  # characters of a line: glyphs with the figures or marks that stick to them
_WIDE_RUN = regex.compile(rf"[\p{{Han}}\p{{Hiragana}}\p{{Katakana}}]{{{_RUN + 1},}}")
_WORDS = regex.compile(r"\p{Latin}{3,}[^\p{Latin}]+\p{Latin}{3,}")
_SECTION = regex.compile(r"[^\P{Han}一二三]{2}")
_FIGURES = regex.compile(r"[\d.,:%·\-+/]{1,8}|\p{Latin}{1,8}")


@dataclass(frozen=True)
class GlyphLines:
    """A stretch of lines of a glyph or two each, blank lines between them allowed.

    Attributes:
        start, end: view offsets of the content of each line, shape ``(n,)``.
        blank: whether a blank line stands before each, shape ``(n,)``; False for the first.
    """

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    blank: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.start)


def glyph_lines(view: View) -> tuple[list[GlyphLines], list[int]]:
    """The stretches of a text that are written with a glyph a line, and where running heads and the like end."""
    edges = np.concatenate(([-1], view.breaks, [len(view)]))
    if int((np.diff(edges) <= _RUN + 1).sum()) < FEWEST:
        return [], []
    classes = view.classes
    solid = ((classes & ch.BLANK) == 0).nonzero()[0]
    first = solid.searchsorted(edges[:-1] + 1)
    last = solid.searchsorted(edges[1:]) - 1
    found: list[GlyphLines] = []
    run: list[tuple[int, int, bool]] = []
    single = 0
    filled = (last >= first).nonzero()[0]
    spans = [(int(solid[first[k]]), int(solid[last[k]]) + 1) for k in filled.tolist()]
    texts = [view.text[a:b] for a, b in spans]
    apart = furniture_lines(["".join(text.split()) for text in texts])
    # the name of the section, in letters of its own size, beside the running head
    beside = np.append(apart[1:], False) | np.append(False, apart[:-1])
    apart |= beside & np.array([_SECTION.fullmatch(text) is not None for text in texts], dtype=np.bool_)
    after_blank = np.diff(filled, prepend=-1) > 1
    for (start, end), text, head, blank in zip(
        spans, texts, apart.tolist(), after_blank.tolist(), strict=True
    ):
        if not head and _is_glyph(text):
            run.append((start, end, blank and bool(run)))
            single += int(end - start == 1 and (int(classes[start]) & (ch.HAN | ch.KANA)) > 0)
        else:
            _keep(found, run, single)
            run, single = [], 0
    _keep(found, run, single)
    return found, [end for (_, end), head in zip(spans, apart.tolist(), strict=True) if head]


def _keep(found: list[GlyphLines], run: list[tuple[int, int, bool]], single: int) -> None:
    if len(run) >= FEWEST and single >= _SINGLE * len(run):
        start, end, blank = (np.array(column) for column in zip(*run, strict=True))
        found.append(GlyphLines(start, end, blank))


def _is_glyph(text: str) -> bool:
    """Whether a line holds a glyph or two, with the figures and marks that may stick to them."""
    if len(text) <= _RUN:
        return True
    if len(text) > _LONGEST or _WIDE_RUN.search(text) or _WORDS.search(text):
        return False
    return regex.search(r"[\p{Han}\p{Hiragana}\p{Katakana}]", text) is not None or bool(
        _FIGURES.fullmatch(text)
    )
