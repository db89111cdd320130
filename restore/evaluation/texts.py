"""Texts as they are compared: without white space and gap marks, one form for what is printed alike."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from restore.language.forms import load_forms
from restore.source import codes_to_text, text_to_codes

__all__ = ["STAND_IN", "Blocks", "Bools", "Document", "Ints", "counted", "fold", "is_space", "pick", "shapes"]

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Blocks = Literal["auto", "blank", "newline"]

STAND_IN = "\ufdd0"
"""What stands for a gap mark, or for a character that is taken, while a text is taken apart: no character, so in no text."""
_WORD_FOR_LOST = r"(?:…+|\.{3,}|缺[^\]】⟧]{0,8}|gap[^\]】⟧]{0,8}|lacuna[^\]】⟧]{0,8})"
_GAP = re.compile(
    rf"""
      〔[^〔〕\n]{{0,12}}[…缺?？□]+[^〔〕\n]{{0,12}}〕       # 〔…〕 〔缺3行〕 〔?〕
    | [\[【⟦]{_WORD_FOR_LOST}[\]】⟧]                      # [...] 【缺】 [gap 3]
    | [□▢〓]+(?!\s*(?:本[报報]|[记記]者|通[讯訊][员員]))    # boxes, but not those before a byline
    """,
    re.VERBOSE | re.IGNORECASE,
)
_ALIKE = {"'": "‘’′", '"': "“”„″", "·": "・•‧∙", "—": "―─⸺", "…": "⋯", "~": "〜"}
_ALIKE |= {",": "﹐", ";": "﹔", ":": "﹕", "?": "﹖", "!": "﹗", "。": "｡", "、": "､"}
_FOLD = {ord(x): ord(to) for to, xs in _ALIKE.items() for x in xs} | {
    c: c - 0xFEE0 for c in range(0xFF01, 0xFF5F)
}
_INVISIBLE = [0x00AD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF]


@cache
def _space_table() -> Bools:
    """Which code points are white space or invisible, shape ``(0x110000,)``."""
    table = np.zeros(0x110000, dtype=np.bool_)
    table[[c for c in range(0x3001) if chr(c).isspace()]] = True
    table[_INVISIBLE] = True
    return table


def is_space(text: str) -> Bools:
    """Which characters are white space or invisible, shape ``(len(text),)``."""
    return _space_table()[text_to_codes(text)]


def pick(text: str, keep: Bools) -> str:
    """The characters where ``keep``, of shape ``(len(text),)``, is true."""
    return codes_to_text(text_to_codes(text)[keep])


def counted(text: str) -> Bools:
    """Which characters count: neither white space nor part of a gap mark. Shape ``(len(text),)``."""
    mask = ~is_space(text)
    for mark in _GAP.finditer(text):
        mask[mark.start() : mark.end()] = False
    return mask


def fold(text: str) -> str:
    """The text as it is compared: one form for full and half width, for straight and curly quotes."""
    return text.translate(_FOLD)


@cache
def shapes() -> dict[int, str]:
    """The plain form of every radical code point: the alignment looks through them."""
    forms = load_forms("hans").items()
    return {ord(c): to for c, (to, kind) in forms if kind in ("kangxi", "radical") and len(to) == 1}


@dataclass(frozen=True, eq=False)
class Document:
    """A text without white space and gap marks.

    Attributes:
        raw: the characters that count, as they are.
        text: the same, folded for comparison; as long as `raw`.
        breaks: positions in `text` before which a block begins (never 0), ascending.
        gaps: positions in `text` before which a gap mark stands, ascending; one entry for each mark.
    """

    raw: str
    text: str
    breaks: Ints
    gaps: Ints

    @classmethod
    def read(cls, text: str, blocks: Blocks = "blank") -> Self:
        """Takes a text apart.

        `blocks` says what parts blocks: a blank line, any line end, or (``auto``) blank lines when they are
        at least 15 in 100 of the line ends. A form feed always does.
        """
        text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n\n")
        text = _GAP.sub(STAND_IN, text)
        if blocks == "auto":
            body = text.strip()
            ends = len(re.findall(r"\n+", body))
            blank = len(re.findall(r"\n[ \t\u3000]*\n", body))
            blocks = "blank" if blank and blank >= 0.15 * ends else "newline"
        codes = text_to_codes(text)
        items = np.flatnonzero(~_space_table()[codes])
        is_mark = codes[items] == ord(STAND_IN)
        position = np.cumsum(~is_mark) - ~is_mark
        line_ends = np.diff(np.cumsum(codes == 10)[items], prepend=0)
        begins = (line_ends >= (2 if blocks == "blank" else 1)) & (position > 0)
        raw = codes_to_text(codes[items[~is_mark]])
        return cls(raw, fold(raw), np.unique(position[begins]), position[is_mark])
