"""The passes: one file, one kind of damage. Each can be used alone.

>>> from restore.passes import join_lines
>>> text = "新修的灌溉渠从水库 一直通到村口,沿线的 三十户人家今年都用 上了干净的自来水,又 省了挑水的工夫。"
>>> join_lines(text).text
'新修的灌溉渠从水库一直通到村口,沿线的三十户人家今年都用上了干净的自来水,又省了挑水的工夫。'
"""

from __future__ import annotations

from collections.abc import Mapping

from restore.passes.bylines import bylines
from restore.passes.charmap import charmap
from restore.passes.confusables import confusables
from restore.passes.doubles import doubles
from restore.passes.duplicates import duplicates
from restore.passes.encoding import encoding
from restore.passes.furniture import furniture
from restore.passes.gaps import gaps
from restore.passes.join_lines import join_lines
from restore.passes.korean_words import korean_words
from restore.passes.line_pieces import line_pieces
from restore.passes.lost_marks import lost_marks
from restore.passes.markup import markup
from restore.passes.mistaken_marks import mistaken_marks
from restore.passes.paragraphs import paragraphs
from restore.passes.printed_lines import printed_lines
from restore.passes.punctuation import punctuation
from restore.passes.reading_order import reading_order
from restore.passes.script import script
from restore.passes.spaces import spaces
from restore.passes.strays import strays
from restore.passes.vertical_glyphs import vertical_glyphs
from restore.passes.vertical_rows import vertical_rows
from restore.pipeline import RepairPass

_ALL: tuple[RepairPass, ...] = (
    charmap,
    encoding,
    markup,
    vertical_rows,
    vertical_glyphs,
    bylines,
    duplicates,
    printed_lines,
    line_pieces,
    reading_order,
    paragraphs,
    furniture,
    join_lines,
    korean_words,
    gaps,
    lost_marks,
    spaces,
    punctuation,
    mistaken_marks,
    doubles,
    strays,
    confusables,
    script,
)
BUILT_IN: Mapping[str, RepairPass] = {one.name: one for one in _ALL}

__all__ = [
    "BUILT_IN",
    "bylines",
    "charmap",
    "confusables",
    "doubles",
    "duplicates",
    "encoding",
    "furniture",
    "gaps",
    "join_lines",
    "korean_words",
    "line_pieces",
    "lost_marks",
    "markup",
    "mistaken_marks",
    "paragraphs",
    "printed_lines",
    "punctuation",
    "reading_order",
    "script",
    "spaces",
    "strays",
    "vertical_glyphs",
    "vertical_rows",
]
