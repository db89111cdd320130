"""Pass ``encoding``."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray

from restore.correction import Batch
from restore.data import path
from restore.language.forms import load_forms
from restore.pipeline import Tools, repair_pass
from restore.view import View

_MESSAGES = {
    "kangxi": "a Kangxi radical stands for the ideograph",
    "radical": "a CJK radical stands for the ideograph",
    "stroke": "a CJK stroke stands for the ideograph",
    "compat": "a compatibility ideograph stands for the ordinary one",
    "canonical": "another code point of the same character",
    "vertical": "the presentation form for vertical text stands for the mark",
    "small": "a small form stands for the mark",
    "ligature": "a ligature stands for its letters",
    "halfwidth": "a half-width letter stands for the ordinary one",
}


@cache
def _tables() -> tuple[NDArray[np.uint16], tuple[str, ...], NDArray[np.int64], tuple[str, ...]]:
    """Row of each code point (0: nothing to do), and per row the new text and the message."""
    row = np.zeros(0x110000, dtype=np.uint16)
    texts, messages = [""], [""]

    def add(code: int, text: str, message: str) -> None:
        row[code] = len(texts)
        texts.append(text)
        messages.append(message)

    for char, (plain, kind) in load_forms("hans").items():
        # a page of Simplified text prints ⼾ as 户; Traditional pages get theirs back by the script pass
        if len(char) == 1 and kind in _MESSAGES and kind not in ("canonical", "ligature"):
            add(ord(char), plain, _MESSAGES[kind])
    for line in path("invisible.tsv").read_text("utf-8").splitlines()[2:]:
        first, last, fate, what = line.split("\t")
        for code in range(int(first, 16), int(last, 16) + 1):
            add(code, "\n" if fate == "newline" else "", f"{what} left over by a file or converter")
    pool = tuple(dict.fromkeys(messages))
    index = np.array([pool.index(m) for m in messages], dtype=np.int64)
    return row, tuple(texts), index, pool


@repair_pass()
def encoding(view: View, tools: Tools) -> Iterator[Batch]:
    """Code points that stand for something else, or for nothing.

    Repairs: byte order marks, zero-width and control characters, bidirectional overrides; Kangxi and CJK radicals,
    compatibility ideographs, vertical, small and half-width presentation forms.
    Why it happens: a PDF stores glyphs, and a converter that maps them back picks another code point with the same
    glyph (⼈ U+2F08 for 人, ⺠ for 民); files carry marks that programs write for each other.
    Example: ``⼈⺠⽇报`` becomes ``人民日报``.
    When it is wrong: in a text about radicals themselves (the radical ⼈), where the form is the content.
    """
    row, texts, message, messages = _tables()
    codes = view.codes
    if view.text.isascii() and view.text.isprintable():
        return
    rows = row.take(codes, mode="clip")
    at = (rows > 0).nonzero()[0]  # of truth values they are found many times faster
    if not len(at):
        return
    # CR before LF is a line end of another system; a CR alone is a line end itself
    which = rows[at].astype(np.int64)
    text = which
    lone = (codes[at] == 13) & (codes[np.minimum(at + 1, len(codes) - 1)] != 10)
    if lone.any():
        texts = (*texts, "\n")
        text = np.where(lone, len(texts) - 1, which)
    yield Batch(at, at + 1, text, texts, messages, message[which])
