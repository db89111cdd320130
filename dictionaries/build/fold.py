"""Build ``fold.tsv``: what each character counts as for the character model.

Inputs are OpenCC's table of characters (``t2s``, of the installed package), ``radicals.tsv`` and the Unicode
Character Database of the running Python. Run::

    python dictionaries/build/fold.py dictionaries/fold.tsv
"""

from __future__ import annotations

import argparse
import unicodedata
from pathlib import Path

import opencc

from restore.language.fold import HEADER
from restore.language.forms import load_forms

FULL_WIDTH = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
ALIKE = {
    "“": '”„‟"＂〝〞〟「」﹁﹂｢｣«»',
    "‘": "’‚‛'＇`´『』﹃﹄",
    "，": ",",
    "：": ":︰",
    "；": ";",
    "？": "?",
    "！": "!",
    "（": "(",
    "）": ")",
    "。": "｡",
    "、": "､",
    "—": "―–─━‐‑‒",
    "…": "⋯",
    "·": "•‧∙⋅・･",
    "～": "~〜∼",
    "%": "％﹪",
}
"""Marks that dumps use for one another, so that a half-width dump scores as the print would."""
LATIN, DIGIT = "a", "0"


def fold_char(
    char: str, forms: dict[str, tuple[str, str]], simplify: opencc.OpenCC, marks: dict[str, str]
) -> str:
    """One character for one character; itself when nothing applies."""
    plain = forms.get(char, (char, ""))[0]
    char = plain if len(plain) == 1 else char
    char = FULL_WIDTH.get(char, char)
    char = marks.get(char, char)
    if char.isspace():
        return char if char == "\n" else " "
    category = unicodedata.category(char)
    if category == "Nd":
        return DIGIT
    if category[0] == "L" and unicodedata.name(char, "").startswith("LATIN "):
        return LATIN
    if category == "Lo" and unicodedata.name(char, "").startswith("CJK "):
        simple: str = simplify.convert(char)
        return simple if len(simple) == 1 else char
    return char


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    forms = load_forms("hans")
    simplify = opencc.OpenCC("t2s")
    marks = {other: mark for mark, others in ALIKE.items() for other in others}
    rows = ["\t".join(HEADER)]
    for code in [*range(0xD800), *range(0xE000, 0x110000)]:
        char = chr(code)
        if unicodedata.category(char) in ("Cn", "Co"):
            continue
        to = fold_char(char, forms, simplify, marks)
        while (further := fold_char(to, forms, simplify, marks)) != to:  # 薴 gives 苧, and 苧 gives 苎
            to = further
        if to != char:
            rows.append(f"U+{code:04X}\tU+{ord(to):04X}")
    arguments.out.write_text("\n".join(rows) + "\n", "utf-8")
    print(f"{len(rows) - 1} characters")


if __name__ == "__main__":
    main()
