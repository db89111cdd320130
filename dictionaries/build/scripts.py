"""Build ``scripts.tsv``: which of Simplified, Traditional and Japanese text use a character.

Input: OpenCC's own character tables, as they come with the ``opencc`` package (read with its
``opencc_dict``); the national character sets GB 2312, Big5 and JIS X 0208 through Python's codecs; and two
lists of standard characters from Unihan (kTGH: China 2013, kHKGlyph: Hong Kong; Debian: package
``unicode-data``). Characters that all three scripts use, and those outside the BMP, are left out. Run::

    python dictionaries/build/scripts.py /usr/share/unicode dictionaries/scripts.tsv
"""

from __future__ import annotations

import argparse
import bz2
import subprocess
import tempfile
from pathlib import Path

import opencc

HEADER = "code\tchar\tscripts"


def table(name: str) -> dict[str, list[str]]:
    """Read one of OpenCC's character tables: character -> its counterparts, the usual one first."""
    package = Path(opencc.__file__).parent / "clib"
    source = package / "share" / "opencc" / f"{name}.ocd2"
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder) / "table.txt"
        tool = package / "bin" / "opencc_dict"
        subprocess.run([tool, "-i", source, "-o", text, "-f", "ocd2", "-t", "text"], check=True)
        rows = (line.split("\t") for line in text.read_text("utf-8").splitlines())
        return {key: values.split(" ") for key, values in rows if len(key) == 1}


def values_of(table: dict[str, list[str]]) -> set[str]:
    """All counterparts in a table."""
    return {value for row in table.values() for value in row}


def charset(codec: str) -> set[str]:
    """Ideographs of a national character set."""
    found = set()
    for code in range(0x4E00, 0xA000):
        try:
            chr(code).encode(codec)
        except UnicodeEncodeError:
            continue
        found.add(chr(code))
    return found


def listed(folder: Path, name: str, wanted: str) -> set[str]:
    """Characters that have a certain field in one of Unihan's files."""
    plain = folder / name
    raw = plain.read_bytes() if plain.exists() else bz2.decompress((folder / f"{name}.bz2").read_bytes())
    rows = (line.split("\t") for line in raw.decode("utf-8").splitlines() if line.startswith("U+"))
    return {chr(int(code[2:], 16)) for code, field, _ in rows if field == wanted}


def memberships(unihan: Path) -> dict[str, str]:
    """Character -> the letters of the scripts that use it: ``s``, ``t``, ``j``."""
    simplify, traditionalise = table("TSCharacters"), table("STCharacters")
    for key, values in table("TSCharactersExt").items():
        simplify.setdefault(key, values)
    modernise = table("JPShinjitaiCharactersRev")
    new_japanese = table("JPShinjitaiCharacters")
    regional = values_of(table("TWVariants")) | values_of(table("HKVariants"))

    simplified = charset("gb2312") | values_of(simplify) | set(traditionalise)
    simplified -= {char for char, row in simplify.items() if char not in row}
    simplified |= listed(unihan, "Unihan_OtherMappings.txt", "kTGH")
    traditional = charset("big5") | values_of(traditionalise) | set(simplify) | regional
    traditional -= {char for char, row in traditionalise.items() if char not in row} - regional
    traditional |= listed(unihan, "Unihan_DictionaryLikeData.txt", "kHKGlyph")
    # what has no other form in the other script is common to both, however rare
    simplified |= {char for char in traditional if char not in simplify}
    traditional |= {char for char in simplified if char not in traditionalise}
    japanese = charset("iso2022_jp") | set(new_japanese)
    japanese -= {char for char, row in modernise.items() if char not in row}
    return {
        char: "".join(
            letter
            for letter, members in (("s", simplified), ("t", traditional), ("j", japanese))
            if char in members
        )
        for char in simplified | traditional | japanese
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("ucd", type=Path, help="folder with the Unihan files, plain or .bz2")
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    with arguments.out.open("w", encoding="utf-8", newline="\n") as out:
        print(HEADER, file=out)
        for char, scripts in sorted(memberships(arguments.ucd).items()):
            if scripts != "stj" and char <= "\uffff":
                print(f"U+{ord(char):04X}", char, scripts, sep="\t", file=out)


if __name__ == "__main__":
    main()
