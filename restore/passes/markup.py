"""Pass ``markup``."""

from __future__ import annotations

import html
from collections.abc import Iterator

import regex

from restore.correction import Certainty, Delete, Draft, Replace
from restore.pipeline import Tools, repair_pass
from restore.source import Span
from restore.view import View

_CJK = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}"
_BOLD = regex.compile(r"(\*\*\*|\*\*|__|~~)(?=[^\s*_~])([^\n*]{1,200}?)(?<=[^\s*_~])\1")
_HEADING = regex.compile(r"(?m)^[ \t]{0,3}(#{1,6}[ \t]+)(?=\S)")
_TAG = regex.compile(r"(?i)</?(?:b|i|u|em|strong|sup|sub|span|font|p|div)>|<br[ \t]*/?>")
_ENTITY = regex.compile(r"&(?:[A-Za-z][A-Za-z0-9]{1,30}|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});")
_LINE = regex.compile(rf"[^\n]*[{_CJK}][^\n]*")


@repair_pass(after=["encoding"])
def markup(view: View, tools: Tools) -> Iterator[Draft]:
    """Markup that a converter left in the text.

    Repairs: Markdown bold and strike-through around words (``**700**``), headings' ``#``, simple HTML tags and
    character entities (``&nbsp;``, ``&#12298;``), page breaks.
    Why it happens: converters write Markdown or HTML, and guess bold from a digit's other font.
    Example: ``党员 **700** 多名`` becomes ``党员 700 多名``.
    When it is wrong: where the text is about markup; lines without CJK letters (code) are left alone.
    """
    text = view.text
    pairs = [at for pair in ("**", "__", "~~") if (at := text.find(pair)) >= 0]
    if pairs:
        for found in _BOLD.finditer(text, min(pairs)):
            if _in_cjk(text, found.start(), found.end()):
                a, b, width = found.start(), found.end(), len(found[1])
                yield Draft(
                    (Delete(Span(a, a + width)), Delete(Span(b - width, b))),
                    "Markdown emphasis left by a converter",
                )
    if "#" in text:
        for found in _HEADING.finditer(text):
            if _in_cjk(text, found.start(1), found.end(1)):
                yield Draft((Delete(Span(*found.span(1))),), "Markdown heading mark left by a converter")
    if "<" in text:
        tags = list(_TAG.finditer(text))
        # one pair alone may be what the text is about
        sure = (
            Certainty.HIGH if len(tags) > 2 or any(t[0][:3].lower() == "<br" for t in tags) else Certainty.LOW
        )
        for found in tags:
            if _in_cjk(text, found.start(), found.end()):
                edit = (
                    Replace(Span(*found.span()), "\n")
                    if found[0][:3].lower() == "<br"
                    else Delete(Span(*found.span()))
                )
                yield Draft((edit,), "HTML tag left by a converter", sure)
    if "&" in text:
        for found in _ENTITY.finditer(text):
            plain = html.unescape(found[0])
            if plain != found[0] and _in_cjk(text, found.start(), found.end()):
                plain = " " if plain == "\xa0" else plain
                yield Draft((Replace(Span(*found.span()), plain),), "HTML entity left by a converter")
    at = text.find("\f")
    while at >= 0:
        yield Draft((Replace(Span(at, at + 1), "\n\n"),), "page break", Certainty.HIGH)
        at = text.find("\f", at + 1)


def _in_cjk(text: str, start: int, end: int) -> bool:
    """Whether the line around has CJK letters."""
    a = text.rfind("\n", 0, start) + 1
    b = text.find("\n", end)
    return _LINE.match(text, a, b if b >= 0 else len(text)) is not None
