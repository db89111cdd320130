"""Build ``radicals.tsv``: characters that only look like an ordinary one, with the ordinary one.

Input is a folder with the Unicode Character Database and Unihan (Debian: package ``unicode-data``,
``/usr/share/unicode``). Run::

    python dictionaries/build/radicals.py /usr/share/unicode dictionaries/radicals.tsv
"""

from __future__ import annotations

import argparse
import bz2
import re
from collections.abc import Iterator
from pathlib import Path

HEADER = "code\tchar\tto\thans\tkind"


def lines(folder: Path, name: str) -> Iterator[str]:
    """Lines of a UCD file, plain or bzip2, without comments."""
    plain = folder / name
    raw = plain.read_bytes() if plain.exists() else bz2.decompress((folder / f"{name}.bz2").read_bytes())
    for line in raw.decode("utf-8").splitlines():
        line = line.split("#", 1)[0] if not name.startswith("Unihan") else line
        if line.strip() and not line.startswith("#"):
            yield line


def decompositions(folder: Path) -> dict[int, tuple[str, tuple[int, ...]]]:
    """Code point -> (tag, one step of decomposition); the tag of a canonical one is empty."""
    found = {}
    for line in lines(folder, "UnicodeData.txt"):
        fields = line.split(";")
        parts = fields[5].split()
        if not parts:
            continue
        tag = parts.pop(0) if parts[0].startswith("<") else ""
        found[int(fields[0], 16)] = (tag.strip("<>"), tuple(int(p, 16) for p in parts))
    return found


def equivalents(folder: Path) -> dict[int, int]:
    """Radical or stroke -> the unified ideograph that looks the same (Equivalent_Unified_Ideograph)."""
    found = {}
    for line in lines(folder, "EquivalentUnifiedIdeograph.txt"):
        match = re.match(r"([0-9A-F]+)(?:\.\.([0-9A-F]+))?\s*;\s*([0-9A-F]+)", line)
        if match:
            first, last = int(match[1], 16), int(match[2] or match[1], 16)
            found.update(dict.fromkeys(range(first, last + 1), int(match[3], 16)))
    return found


def simplified_twins(folder: Path) -> dict[str, str]:
    """Traditional or old form -> Simplified form drawn almost alike.

    Fonts for Simplified Chinese draw the radical with the Simplified outline in these cases (戶 and 户,
    黃 and 黄, 靑 and 青), so a dump of such a page means the latter. The old form is one that GB 2312
    lacks, the new one its variant in Unihan, in GB 2312, with at most one stroke more or less.
    """
    strokes: dict[str, int] = {}
    for line in lines(folder, "Unihan_IRGSources.txt"):
        code, field, value = line.split("\t")
        if field == "kTotalStrokes":
            strokes[chr(int(code[2:], 16))] = int(value.split()[0])
    found = {"靑": "青"}  # the one such pair that Unihan does not join
    for line in lines(folder, "Unihan_Variants.txt"):
        code, field, value = line.split("\t")
        if field not in ("kSimplifiedVariant", "kZVariant"):
            continue
        old = chr(int(code[2:], 16))
        for target in value.split():
            new = chr(int(target.split("<")[0][2:], 16))
            close = abs(strokes.get(old, 0) - strokes.get(new, 99)) <= 1
            if close and not in_gb2312(old) and in_gb2312(new):
                found.setdefault(old, new)
    return found


def in_gb2312(char: str) -> bool:
    """Whether the national standard of 1980 for Simplified text has the character."""
    try:
        return bool(char.encode("gb2312"))
    except UnicodeEncodeError:
        return False


def is_singleton(steps: dict[int, tuple[str, tuple[int, ...]]], code: int) -> bool:
    """Whether the character is canonically nothing but another one."""
    tag, parts = steps.get(code, ("-", ()))
    return tag == "" and len(parts) == 1


def full_width(char: str) -> str:
    """Full-width counterpart of a printable ASCII character, else the character itself."""
    return chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char


def rows(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Yield (character or pair, plain form, kind) in no particular order."""
    steps, equal = decompositions(folder), equivalents(folder)

    for code in range(0x2F00, 0x2FD6):
        yield chr(code), chr(steps[code][1][0]), "kangxi"
    for code, plain in equal.items():
        if 0x2E80 <= code < 0x2F00:
            yield chr(code), chr(plain), "radical"
        elif 0x31C0 <= code < 0x31F0:
            yield chr(code), chr(plain), "stroke"

    for code, (tag, parts) in steps.items():
        char, to = chr(code), "".join(map(chr, parts))
        while len(to) == 1 and is_singleton(steps, ord(to)):
            to = chr(steps[ord(to)][1][0])
        if 0xF900 <= code < 0xFB00 or 0x2F800 <= code < 0x2FA20:
            yield char, to, "compat"
        elif is_singleton(steps, code) and code >= 0x2000 and not to.isspace():
            yield char, to, "canonical"
        elif tag == "vertical" and code >= 0xFE10:
            # a vertical form fills a whole em, so it stands for the full-width mark
            yield char, full_width(to), "vertical"
        elif tag == "small":
            yield char, full_width(to), "small"
        elif 0xFB00 <= code < 0xFB07:
            yield char, {"\u017ft": "st"}.get(to, to), "ligature"
        elif 0xFF66 <= code <= 0xFFDC and to != "\u3164":
            # one step only: the full NFKC of half-width Hangul is a conjoining letter
            yield char, {"\u3099": "\u309b", "\u309a": "\u309c"}.get(to, to), "halfwidth"
        elif 0xFFE8 <= code <= 0xFFEE:
            yield char, to, "halfwidth"

    # voiced half-width kana are two characters: ｶ + ﾞ = ガ
    composed: dict[tuple[int, ...], int] = {
        parts: code for code, (tag, parts) in steps.items() if tag == "" and len(parts) == 2
    }
    for code in range(0xFF66, 0xFF9E):
        base = steps[code][1][0]
        for mark, combining in ((0xFF9E, 0x3099), (0xFF9F, 0x309A)):
            if (base, combining) in composed:
                yield chr(code) + chr(mark), chr(composed[base, combining]), "halfwidth"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("ucd", type=Path, help="folder with UnicodeData.txt, Unihan_Variants.txt(.bz2), ...")
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    twins = simplified_twins(arguments.ucd)
    table = sorted(set(rows(arguments.ucd)))
    with arguments.out.open("w", encoding="utf-8", newline="\n") as out:
        print(HEADER, file=out)
        for chars, to, kind in table:
            code = " ".join(f"U+{ord(c):04X}" for c in chars)
            hans = twins.get(to, "") if kind == "kangxi" else ""
            print(code, chars, to, hans, kind, sep="\t", file=out)


if __name__ == "__main__":
    main()
