"""Pass ``markup``."""

from __future__ import annotations

import html
from bisect import bisect_left
from collections.abc import Iterator

import numpy as np
import regex

from restore.correction import Batch, Certainty, Delete, Draft, Edit, Replace
from restore.pipeline import Tools, repair_pass
from restore.source import Span
from restore.view import View

_CJK = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}"
_BOLD = regex.compile(r"(\*\*\*|\*\*|__|~~)(?=[^\s*_~])([^\n*]{1,200}?)(?<=[^\s*_~])\1")
_HEADING = regex.compile(r"(?m)^[ \t]{0,3}(#{1,6}[ \t]+)(?=\S)")
_TAG = regex.compile(r"(?i)</?(?:b|i|u|em|strong|sup|sub|span|font|p|div)>|(<br[ \t]*/?>)")
_ENTITY = regex.compile(r"&(?:[A-Za-z][A-Za-z0-9]{1,30}|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});")
_LETTER = regex.compile(rf"[{_CJK}]")
_ROW = regex.compile(r"(?m)^[ \t]{0,3}\|")  # one pattern for the whole line takes quadratic time
_RULE = regex.compile(r"[ \t]*\|(?:[ \t]*:?-+:?[ \t]*\|)+[ \t\r]*")
_BAR = regex.compile(r"(?<!\\)\|")
_FENCE = regex.compile(r"(?m)^[ \t]{0,3}(?:```|~~~)")
_GUTTER = 3  # spaces that the line model takes for a gutter
_LONGEST_COMMENT = 300  # characters; what a converter notes is short


@repair_pass(after=["encoding"])
def markup(view: View, tools: Tools) -> Iterator[Draft | Batch]:
    """Markup that a converter left in the text.

    Repairs: Markdown bold and strike-through around words (``**700**``), headings' ``#``, simple HTML tags,
    comments (``<!-- End of picture text -->``) and character entities (``&nbsp;``, ``&#12298;``), the bars
    and rules of pipe tables (they become gutters between columns), page breaks.
    Why it happens: converters write Markdown or HTML, and guess bold from a digit's other font, a table from columns.
    Example: ``党员 **700** 多名`` becomes ``党员 700 多名``.
    When it is wrong: where the text is about markup; lines without CJK letters (code) are left alone, and so are
    comments that no line of such letters stands beside. A comment amid a sentence is only shown. Bars stay without
    a rule below a head (``| --- |``) and in fenced code.
    """
    signs = view.ascii_signs
    if signs.isdisjoint("*_~#|<&\f"):
        return
    text = view.text
    in_cjk = _Lines(text)
    pairs = [at for mark in "*_~" if mark in signs and (at := text.find(mark * 2, text.find(mark))) >= 0]
    if pairs:
        for found in _BOLD.finditer(text, min(pairs)):
            if in_cjk(found.start(), found.end()):
                a, b, width = found.start(), found.end(), len(found[1])
                yield Draft(
                    (Delete(Span(a, a + width)), Delete(Span(b - width, b))),
                    "Markdown emphasis left by a converter",
                )
    if "#" in signs:
        for found in _HEADING.finditer(text):
            if in_cjk(found.start(1), found.end(1)):
                yield Draft((Delete(Span(*found.span(1))),), "Markdown heading mark left by a converter")
    if "|" in signs:
        yield from _tables(text)
    if "<" in signs and "<!--" in text:
        yield from _comments(text, in_cjk)
    if "<" in signs:
        yield from _tags(text, in_cjk)
    if "&" in signs:
        for found in _ENTITY.finditer(text):
            plain = html.unescape(found[0])
            if plain != found[0] and in_cjk(found.start(), found.end()):
                plain = " " if plain == "\xa0" else plain
                yield Draft((Replace(Span(*found.span()), plain),), "HTML entity left by a converter")
    at = text.find("\f") if "\f" in signs else -1
    while at >= 0:
        yield Draft((Replace(Span(at, at + 1), "\n\n"),), "page break", Certainty.HIGH)
        at = text.find("\f", at + 1)


class _Lines:
    """Whether the line around ``[start, end)`` has CJK letters; the last line asked about is remembered."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.start, self.end, self.cjk = 0, -1, False

    def __call__(self, start: int, end: int) -> bool:
        if not self.start <= start <= end <= self.end:
            self.start = self.text.rfind("\n", 0, start) + 1
            stop = self.text.find("\n", end)
            self.end = stop if stop >= 0 else len(self.text)
            self.cjk = _LETTER.search(self.text, self.start, self.end) is not None
        return self.cjk


def _tags(text: str, in_cjk: _Lines) -> Iterator[Batch]:
    """HTML tags: a line break becomes one, others go. In columns, as there may be one behind every character."""
    tags = [(*found.span(), found.lastindex is not None) for found in _TAG.finditer(text)]
    # one pair alone may be what the text is about
    sure = Certainty.HIGH if len(tags) > 2 or any(is_break for _, _, is_break in tags) else Certainty.LOW
    rows = [tag for tag in tags if in_cjk(tag[0], tag[1])]
    if rows:
        start, end, which = np.array(rows, dtype=np.int64).T
        texts = ("", "\n") if which.any() else ("",)
        yield Batch(start, end, which, texts, ("HTML tag left by a converter",), 0, sure)


def _comments(text: str, in_cjk: _Lines) -> Iterator[Draft]:
    """HTML comments; one that a line has to itself goes with its line end."""
    at, close = text.find("<!--"), -1
    while at >= 0:
        if close < at + 4:
            close = text.find("-->", at + 4)
            if close < 0:
                return
        end = close + 3
        if end - at > _LONGEST_COMMENT or "\n\n" in text[at:end]:
            at = text.find("<!--", at + 4)
            continue
        before = text[max(at - 200, 0) : at].rpartition("\n")[2].strip()
        after = text[end : end + 200].partition("\n")[0].strip()
        alone = not before and not after
        near = in_cjk(at, end) if not alone else _beside_cjk(text, at, end)
        if near:
            stop = end
            if alone:
                line_end = text.find("\n", end, end + 201)
                stop = line_end + 1 if line_end >= 0 else end
            # inside a sentence it may be what the sentence is about
            edge = not before or not after or before[-1] == ">" or after[0] == "<"
            sure = Certainty.HIGH if edge else Certainty.LOW
            yield Draft((Delete(Span(at, stop)),), "HTML comment left by a converter", sure)
        at = text.find("<!--", end)


def _tables(text: str) -> Iterator[Draft]:
    """Pipe tables: the rule below the head goes, bars between cells become gutters."""
    fences = [found.start() for found in _FENCE.finditer(text)]
    rows: list[tuple[int, int]] = []
    for found in _ROW.finditer(text):
        start, end = found.start(), text.find("\n", found.end())
        end = end if end >= 0 else len(text)
        if not text[found.end() : end].rstrip(" \t\r").endswith("|"):
            continue
        if rows and start != rows[-1][1] + 1:
            yield from _table(text, rows, fences)
            rows = []
        rows.append((start, end))
    yield from _table(text, rows, fences)


def _table(text: str, rows: list[tuple[int, int]], fences: list[int]) -> Iterator[Draft]:
    rules = {row for row in rows if _RULE.fullmatch(text, *row)}
    if len(rows) < 2 or not rules or not _LETTER.search(text, rows[0][0], rows[-1][1]):
        return
    if bisect_left(fences, rows[0][0]) % 2:
        return  # code
    edits: list[Edit] = []
    for start, end in rows:
        if (start, end) in rules:
            edits.append(Delete(Span(start, min(end + 1, len(text)))))
            continue
        first = text.index("|", start) + 1
        first += text[first] == " "
        last = max(start + len(text[start:end].rstrip("| \t\r")), first)  # empty cells at the end are none
        edits.append(Delete(Span(start, first)))
        for found in _BAR.finditer(text, first, last):
            bar = found.start()
            spaces = (text[bar - 1] == " ") + (text[bar + 1] == " ")
            edits.append(Replace(Span(bar, bar + 1), " " * (_GUTTER - spaces)))
        edits.append(Delete(Span(last, end)))
    yield Draft(
        tuple(edits),
        "table's bars left by a converter: gutters",
        Certainty.HIGH,
        evidence={"rows": len(rows)},
    )


def _beside_cjk(text: str, start: int, end: int) -> bool:
    """Whether the nearest line before or after (within 400 characters) that is not blank has CJK letters."""
    before = text[max(start - 400, 0) : start].rstrip().rpartition("\n")[2]
    after = text[end : end + 400].lstrip().partition("\n")[0]
    return bool(_LETTER.search(before) or _LETTER.search(after))
