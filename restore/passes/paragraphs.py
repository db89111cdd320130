"""Pass ``paragraphs``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from restore import characters as ch
from restore.correction import Batch, Certainty
from restore.layout.segments import Segments, printed_lines, segments_of
from restore.layout.tables import inside_tables
from restore.layout.tokens import Tokens, one_a_line, tokens_of
from restore.order.boundaries import BREAK, JOIN, boundaries_of, column_width
from restore.order.losses import lost_text, torn
from restore.order.running import how_it_reads, paragraphs_of
from restore.order.stubs import whole_lines
from restore.pipeline import Tools, repair_pass
from restore.view import View

_MESSAGES = (
    "a new paragraph begins: the line before ended one",
    "no paragraph ends here: the sentence goes on in the next line",
    "one blank line between blocks",
    "a new paragraph: what stood between these lines is not in the dump",
)
_LOST = 3  # of the messages
_STUBS = "no paragraph ends here: the next words stand in the same printed line"
_VERTICAL = "a new paragraph of vertical text, by its words"
_READS = -5.9  # ln P per character of vertical lines that were put in order
_LONG = 24  # characters of a run of vertical lines, fewer than a paragraph has
_PIECES = 0.05  # share of the lines from which some are pieces of one, and a short line says little


@repair_pass(after=["encoding", "markup", "printed_lines", "reading_order"])
def paragraphs(view: View, tools: Tools) -> Iterator[Batch]:
    """Paragraphs that ran together or were cut.

    Repairs: puts one blank line between blocks, where a line ended its paragraph (short, at a full stop, before an
    indent), and takes blank lines away where a sentence runs on.
    Why it happens: converters write every printed line alike, or let a block end with its box.
    Vertical lines that a dump writes with one character a line, and that reading order put behind each other, have no
    measure: their paragraphs are told by their sentences.
    Example: a dump with one printed line a row becomes one paragraph a row with blank lines between.
    When it is wrong: where a paragraph's last line is as wide as the column and the next begins without an indent.
    """
    if not (view.classes & ch.CJK).any() or tools.read_across(view):
        return
    segments = segments_of(view)
    n = len(segments)
    if n < 2:
        return
    if not printed_lines(segments):
        start, end = segments.end[:-1], segments.start[1:]
        # no printed lines to judge: only tidy what is there
        wide = segments.newlines[:-1] > 2
        odd = wide | ((segments.newlines[:-1] == 2) & (end - start != 2))
        if odd.any():
            yield Batch(start[odd], end[odd], 1, ("", "\n\n"), _MESSAGES, 2, Certainty.HIGH)
        yield from _vertical(view, segments, tools)
        return
    strayed = tools.memo.get("line_pieces", 0)
    whole = whole_lines(segments, tools.language, strayed > 0) if tools.memo.get("set_apart") else segments
    # boundaries inside a printed line, those that order made neighbours
    stubs = np.isin(segments.end[:-1], np.setdiff1d(segments.end, whole.end))
    cut = np.flatnonzero(stubs & (segments.newlines[:-1] >= 2))
    if len(cut):
        yield Batch(segments.end[cut], segments.start[cut + 1], 0, ("\n",), (_STUBS,), 0, Certainty.MEDIUM)
    inner = segments.end[:-1][stubs]
    pieces = strayed + len(inner) > _PIECES * n
    segments = whole
    if len(segments) < 2:
        return
    start, end = segments.end[:-1], segments.start[1:]
    apart = np.isin(view.origin[segments.end[:-1] - 1], tools.memo.get("apart", ()))
    judged = boundaries_of(segments, tools.language, apart, tools.memo.get("seams"), pieces)
    losses = lost_text(segments, judged, tools.memo.get("seams"))
    fate = np.where(torn(segments, losses), BREAK, judged.fate)
    tokens = tokens_of(view)
    tables = inside_tables(tokens)
    tools.memo["tables"] = bool(tables.any())
    # line breaks inside segments are those of vertical lines
    inside = tokens.end[(tokens.newlines == 1) & ~np.isin(tokens.end, segments.end) & ~tables]
    tools.memo["paragraphs"] = view.origin[
        np.concatenate((segments.end[:-1][fate == JOIN], inside, inner)) - 1
    ]
    # what the gaps pass needs to know about the printed lines
    tools.memo["lines"] = (view.origin[segments.end - 1], segments.width, column_width(segments.width))
    tools.memo["losses"] = replace(losses, within=fate != BREAK)
    text = view.text
    have = [text[a:b] for a, b in zip(start.tolist(), end.tolist(), strict=True)]
    blank = segments.newlines[:-1] >= 2
    exact = np.array([h == "\n\n" for h in have])
    breaks = (fate == BREAK) & ~exact
    joins = (fate == JOIN) & blank
    take = breaks | joins
    if not take.any():
        return
    sure = (np.abs(judged.odds) > 2) & (fate == judged.fate)
    certainty = np.where(sure, Certainty.HIGH, Certainty.MEDIUM).astype(np.int8)
    message = np.where(joins, 1, np.where(blank, 2, np.where(fate == judged.fate, 0, _LOST)))
    yield Batch(
        start[take],
        end[take],
        np.where(joins, 2, 1)[take],
        ("", "\n\n", "\n"),
        _MESSAGES,
        message[take],
        certainty[take],
        (1 / (1 + np.exp(-np.abs(judged.odds)))).astype(np.float32)[take],
    )


def _vertical(view: View, segments: Segments, tools: Tools) -> Iterator[Batch]:
    """Paragraphs of vertical lines with one character a line, which are as long as what reading order put together."""
    tokens = tokens_of(view)
    inside = one_a_line(tokens)
    if not inside.any():
        return
    runs = [text for text in segments.texts if len(text) >= _LONG]
    if not runs or how_it_reads("".join(runs), tools.language.model) < _READS:
        return  # a list whose entries are single characters
    begins, odds = _beginnings(segments, tokens, inside, tools)
    inside[begins] = False
    tools.memo["paragraphs"] = view.origin[tokens.end[inside] - 1]
    if len(begins):
        start, end = tokens.end[begins], tokens.start[begins + 1]
        probability = (1 / (1 + np.exp(-odds))).astype(np.float32)
        yield Batch(start, end, 0, ("\n\n",), (_VERTICAL,), 0, Certainty.MEDIUM, probability)


def _beginnings(
    segments: Segments, tokens: Tokens, inside: NDArray[np.bool_], tools: Tools
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Tokens behind which a paragraph of vertical text begins, and the log-odds; both of shape ``(k,)``."""
    at: list[int] = []
    odds: list[float] = []
    size = np.cumsum(np.append(0, tokens.end - tokens.start))  # characters before each token
    first = np.searchsorted(tokens.start, segments.start)
    for number, text in enumerate(segments.texts):
        if len(text) < _LONG:
            continue
        for place, likely in paragraphs_of(text, tools.language):
            behind = int(np.searchsorted(size, size[first[number]] + place))
            if size[behind] == size[first[number]] + place and inside[behind - 1]:
                at.append(behind - 1)
                odds.append(likely)
    return np.array(at, dtype=np.int64), np.array(odds)
