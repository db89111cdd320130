"""Pass ``vertical_glyphs``."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import regex

from restore import characters as ch
from restore.correction import Certainty, Delete, Draft, Edit, Insert, Move, Replace
from restore.layout.glyph_lines import FEWEST, GlyphLines, glyph_lines
from restore.order.running import paragraphs_of, reads_on
from restore.pipeline import Tools, repair_pass
from restore.source import Span
from restore.view import View

_SURE = 2.0  # log-odds above which a paragraph is certain
_CROSSED = 99.0  # log-odds of a paragraph that the crossing of two columns gives away
_CROSSED_LINE = regex.compile(r"\p{Han} +[。！？…」』）]")
_SCARCE = 100  # lines for each blank one; columns are shorter
_SHOWN = 24  # characters of a paragraph that the evidence quotes


@repair_pass(after=["encoding", "markup"])
def vertical_glyphs(view: View, tools: Tools) -> Iterator[Draft]:
    """Vertical text with a line for every glyph.

    Repairs: puts the glyphs of a vertical page together to running text. Where its paragraphs begin, only the sentences
    tell: how a sentence opens, how long it is, whether a headline may end in mid-air.
    Why it happens: a converter that knows only horizontal lines writes each glyph of a vertical column as a line.
    Example: ``新``, ``渠``, ``通``, ``水``, ``了``, ``。``, each on a line of its own.
    When it is wrong: paragraphs are told from the text alone, and of those that a sentence does not give away many are
    missed.
    """
    if not (view.classes & (ch.HAN | ch.KANA)).any():
        return
    stretches, heads = glyph_lines(view)
    vertical: list[tuple[GlyphLines, list[Draft]]] = []
    for stretch in stretches:
        pieces = _pieces(stretch)
        longest = max(pieces, key=len)
        if sure := list(_running(view, longest, tools)):
            for one in pieces:
                # a headline is too short to say whether it reads on
                drafts = sure if one is longest else list(_running(view, one, tools, len(one) < FEWEST))
                vertical += [(one, drafts)] if drafts else []
    for _, drafts in vertical:
        yield from drafts
    edges = {int(edge) for one, _ in vertical for edge in (_before(view, int(one.start[0])), one.end[-1])}
    for edge in sorted(edges.union(heads) if vertical else ()):
        yield from _apart(view, edge)


def _pieces(stretch: GlyphLines) -> list[GlyphLines]:
    """A stretch cut at its blank lines where these are too scarce to stand between columns."""
    blanks = np.flatnonzero(stretch.blank).tolist()
    if len(stretch) < _SCARCE * len(blanks):
        return [stretch]
    return [
        GlyphLines(stretch.start[a:b], stretch.end[a:b], np.zeros(b - a, dtype=np.bool_))
        for a, b in zip([0, *blanks], [*blanks, len(stretch)], strict=True)
    ]


def _running(view: View, stretch: GlyphLines, tools: Tools, trusted: bool = False) -> Iterator[Draft]:
    """The paragraphs of a stretch without blank lines; none where it has some, or does not read on (unless trusted)."""
    if stretch.blank.any():
        return
    crossed = _crossed(view, stretch)
    at: list[int] = []  # view offsets of the glyphs, as they read on
    lines: list[int] = []  # place of the first glyph of each line among them
    for number, (a, b) in enumerate(zip(stretch.start.tolist(), stretch.end.tolist(), strict=True)):
        lines.append(len(at))
        glyphs = [k for k in range(a, b) if not view.classes[k] & ch.BLANK]
        at += glyphs[::-1] if number in crossed else glyphs
    bare = "".join(view.text[k] for k in at)
    if not trusted and not reads_on(bare, tools.language.model):
        return
    tools.memo["vertical_glyphs"] = True
    begins = {0: 0.0} | dict(paragraphs_of(bare, tools.language))
    line_of = {place: number for number, place in enumerate(lines)}
    for number in crossed:  # the second glyph of the pair begins a paragraph
        begins[lines[number] + 1] = _CROSSED
        line_of[lines[number] + 1] = number + 1
        yield _uncrossed(int(stretch.start[number]), int(stretch.end[number]))
    order = sorted(place for place in begins if place in line_of)
    for place, follow in zip(order, [*order[1:], len(bare)], strict=True):
        first = line_of[place]
        last = line_of[follow] - 1 if follow < len(bare) else len(stretch) - 1
        if place and begins[place] < _CROSSED:
            yield _break(view, stretch, first, begins[place])
        joins = [*([first - 1] if begins[place] == _CROSSED else []), *range(first, last)]
        edits = [_joined(view, int(stretch.end[k]), int(stretch.start[k + 1])) for k in joins]
        if edits:
            yield Draft(
                tuple(edits),
                f"vertical text, a glyph on each line: {len(joins) + 1} lines are one paragraph",
                Certainty.HIGH,
                evidence={"lines": len(joins) + 1, "text": bare[place : min(follow, place + _SHOWN)]},
            )


def _crossed(view: View, stretch: GlyphLines) -> frozenset[int]:
    """Lines in which the end of a short column stands behind the first glyph of the next, which begins so much lower."""
    pairs = zip(stretch.start.tolist(), stretch.end.tolist(), strict=True)
    return frozenset(
        k
        for k, (a, b) in enumerate(pairs)
        if 0 < k < len(stretch) - 1 and _CROSSED_LINE.fullmatch(view.text[a:b])
    )


def _uncrossed(start: int, end: int) -> Draft:
    """The stop goes to the column that it ends."""
    return Draft(
        (Move(Span(start, start + 1), end), Delete(Span(start + 1, end - 1)), Insert(end, "\n\n")),
        "the stop ends one vertical column, the glyph beside it begins the next",
        Certainty.HIGH,
    )


def _break(view: View, stretch: GlyphLines, line: int, odds: float) -> Draft:
    """A new paragraph begins with this line."""
    a, b = int(stretch.end[line - 1]), int(stretch.start[line])
    return Draft(
        (Replace(Span(a, b), "\n\n"),),
        "a new paragraph of vertical text, by its words",
        Certainty.HIGH if odds > _SURE else Certainty.MEDIUM,
        1 / (1 + math.exp(-odds)),
        {"log_odds": round(odds, 2), "begins_with": "".join(view.text[b : b + 24].split())[:8]},
    )


def _joined(view: View, start: int, end: int) -> Edit:
    """What becomes of the line end between two glyphs: nothing, or a space between two Latin words."""
    left, right = view.text[max(0, start - 2) : start], view.text[end : end + 2]
    words = len(left) == len(right) == 2 and all(c.isascii() and c.isalpha() for c in left + right)
    return Replace(Span(start, end), " ") if words else Delete(Span(start, end))


def _apart(view: View, at: int) -> Iterator[Draft]:
    """A blank line at the line end at ``at``, if there is none."""
    end = at
    while end < len(view) and view.classes[end] & ch.BLANK:
        end += 1
    if 0 < at < end < len(view) and view.text.count("\n", at, end) == 1:
        yield Draft(
            (Replace(Span(at, end), "\n\n"),), "beside vertical text, a block of its own", Certainty.HIGH
        )


def _before(view: View, at: int) -> int:
    """Where the white space before ``at`` begins."""
    while at > 0 and view.classes[at - 1] & ch.BLANK:
        at -= 1
    return at
