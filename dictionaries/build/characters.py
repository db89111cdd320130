"""Builds ``dictionaries/characters.tsv``: ranges of code points with the same class bits.

    python dictionaries/build/characters.py

The classes come from Unicode properties through `regex`; what the properties miss is said in EXTRA.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import regex

# bit -> property expression; the bits are those of restore/characters.py
PROPERTIES = {
    0: r"\p{Han}|[〇々]",
    1: r"[[\p{Hiragana}\p{Katakana}]--\p{P}]|[ーｰ]",
    2: r"\p{Hangul}",
    3: r"[[\p{L}&&[\p{Latin}\p{Greek}\p{Cyrillic}]]--[\uff21-\uff3a\uff41-\uff5a]]|[Ａ-Ｚａ-ｚ]",
    4: r"\p{Nd}",
    5: r"[\p{Zs}\t]",
    6: r"[\n\r\f\v\u0085\u2028\u2029]",
    7: r"[\p{East_Asian_Width=W}\p{East_Asian_Width=F}]|[“”‘’—…·]",
    8: r"[[\p{P}\p{S}]--[\p{Han}]]",
    9: r"[\p{Ps}\p{Pi}]",
    10: r"[\p{Pe}\p{Pf}]",
    11: r"[。！？!?｡…]",
    12: r"[，、；：,;:､]",
    13: r"\p{M}",
    14: r"[[[\p{P}\p{S}]--[\p{Han}]]&&[\p{East_Asian_Width=W}\p{East_Asian_Width=F}]]|[“”‘’—…]",
}
OUT = Path(__file__).resolve().parent.parent / "characters.tsv"


def main() -> None:
    codes = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    text = "".join(map(chr, codes))
    bits = np.zeros(0x110000, dtype=np.uint16)
    index = np.array(codes)
    for bit, expression in PROPERTIES.items():
        for found in regex.finditer(f"(?:{expression})+", text, flags=regex.VERSION1):
            bits[index[found.start() : found.end()]] |= 1 << bit
    cuts = np.flatnonzero(np.diff(bits)) + 1
    edges = np.concatenate(([0], cuts, [0x110000]))
    with OUT.open("w", encoding="utf-8", newline="\n") as file:
        file.write(
            "# Class bits of code points, by Unicode property. Built by dictionaries/build/characters.py\n"
        )
        file.write("start\tend\tbits\n")
        for a, b in zip(edges[:-1], edges[1:], strict=True):
            if bits[a]:
                file.write(f"{a}\t{b}\t{bits[a]}\n")
    print(OUT, sum(1 for _ in OUT.open()), "lines")


if __name__ == "__main__":
    main()
