"""Pass ``vertical_glyphs``."""

from __future__ import annotations

from collections.abc import Iterator

from restore import characters as ch
from restore.correction import Certainty, Delete, Draft, Edit, Replace
from restore.layout.glyph_lines import GlyphLines, glyph_lines
from restore.order.running import paragraphs_of, reads_on
from restore.pipeline import Tools, repair_pass
from restore.source import Span
from restore.view import View

_SURE = 2.0  # log-odds above which a paragraph is certain
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
    for stretch in glyph_lines(view):
        if not stretch.blank.any():
            yield from _running(view, stretch, tools)


def _running(view: View, stretch: GlyphLines, tools: Tools) -> Iterator[Draft]:
    """The paragraphs of a stretch without blank lines."""
    text, classes = view.text, view.classes
    at = [k for a, b in zip(stretch.start.tolist(), stretch.end.tolist(), strict=True) for k in range(a, b)]
    at = [k for k in at if not classes[k] & ch.BLANK]
    bare = "".join(text[k] for k in at)
    if not reads_on(bare, tools.language.model):
        return
    found = paragraphs_of(bare, tools.language.model)
    tools.memo["vertical_glyphs"] = True
    number = {offset: k for k, offset in enumerate(at)}
    lines = [number[int(a)] for a in stretch.start.tolist()]  # place in the bare text of the first glyph of each line
    line_of = dict(zip(lines, range(len(lines)), strict=True))
    begins = {0: 0.0} | {place: odds for place, odds in found if place in line_of}
    order = sorted(begins)
    for place, follow in zip(order, [*order[1:], len(bare)], strict=True):
        first = line_of[place]
        last = line_of[follow] - 1 if follow < len(bare) else len(stretch) - 1
        if place:
            yield _break(view, stretch, first, begins[place])
        edits = [_joined(view, int(stretch.end[k]), int(stretch.start[k + 1])) for k in range(first, last)]
        if edits:
            yield Draft(
                tuple(edits),
                f"vertical text, a glyph on each line: {last - first + 1} lines are one paragraph",
                Certainty.HIGH,
                evidence={"lines": last - first + 1, "text": bare[place : min(follow, place + _SHOWN)]},
            )
    for a, b in ((_before(view, int(stretch.start[0])), int(stretch.start[0])), (int(stretch.end[-1]), _behind(view, int(stretch.end[-1])))):
        if text[a:b].count("\n") == 1:
            yield Draft((Replace(Span(a, b), "\n\n"),), "the vertical text is a block of its own", Certainty.HIGH)


def _break(view: View, stretch: GlyphLines, line: int, odds: float) -> Draft:
    """A new paragraph begins with this line."""
    a, b = int(stretch.end[line - 1]), int(stretch.start[line])
    return Draft(
        (Replace(Span(a, b), "\n\n"),),
        "a new paragraph of vertical text, by its words",
        Certainty.HIGH if odds > _SURE else Certainty.MEDIUM,
        float(1 / (1 + 2.718281828 ** -min(odds, 30.0))),
        {"log_odds": round(odds, 2), "begins_with": "".join(view.text[b : b + 24].split())[:8]},
    )


def _joined(view: View, start: int, end: int) -> Edit:
    """What becomes of the line end between two glyphs: nothing, or a space between two Latin words."""
    left, right = view.text[max(0, start - 2) : start], view.text[end : end + 2]
    words = len(left) == len(right) == 2 and all(c.isascii() and c.isalpha() for c in left + right)
    return Replace(Span(start, end), " ") if words else Delete(Span(start, end))


def _before(view: View, at: int) -> int:
    while at > 0 and view.classes[at - 1] & ch.BLANK:
        at -= 1
    return at


def _behind(view: View, at: int) -> int:
    while at < len(view) and view.classes[at] & ch.BLANK:
        at += 1
    return at
