"""Build ``parts.tsv``: ideographs that are another one with one part more, as 便 is 更 with a part before it.

A part that is lost in print or in recognition leaves the other: 更于 for 便于. Which is part of which follows from the
Cangjie codes of Unihan (kCangjie): the code of the whole is the code of what remains with one or two letters before or
behind. Only ideographs of the character model's vocabulary are listed. Run::

    python dictionaries/build/parts.py /usr/share/unicode dictionaries/parts.tsv
"""

from __future__ import annotations

import argparse
import bz2
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from restore.language.fold import fold_text
from restore.language.ngram import NgramModel

SHORTEST = 2
"""Letters that the code of the part has at least: shorter ones are in too many."""
LONGEST_BODY = 3
"""Letters that the code of a part keeps inside a whole."""


def unihan_lines(folder: Path) -> Iterator[str]:
    """All lines of Unihan, packed with bzip2 or not."""
    for file in sorted(folder.glob("Unihan_*.txt*")):
        data = bz2.decompress(file.read_bytes()) if file.suffix == ".bz2" else file.read_bytes()
        yield from data.decode("utf-8").splitlines()


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("unicode", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    known = {chr(int(c)) for c in NgramModel.load().vocabulary if c}
    codes: dict[str, str] = {}
    for line in unihan_lines(args.unicode):
        if "\tkCangjie\t" in line:
            point, _, code = line.strip().split("\t")
            char = chr(int(point[2:], 16))
            if fold_text(char) in known:
                codes[char] = code.split()[0]
    whole_of: defaultdict[str, list[str]] = defaultdict(list)
    for char, code in codes.items():
        whole_of[code].append(char)
        if len(code) > LONGEST_BODY:  # behind a head, a body keeps its first, second and last letter
            whole_of[code[:2] + code[-1]].append(char)
    rows = set()
    for char, code in codes.items():
        for rest in (code[1:], code[2:], code[:-1], code[:-2]):
            if len(rest) >= SHORTEST:
                rows.update((part, char) for part in whole_of.get(rest, ()) if part != char)
    body = "".join(f"{part}\t{whole}\n" for part, whole in sorted(rows))
    args.out.write_text("part\twhole\n" + body, "utf-8")
    print(len(rows), "pairs")


if __name__ == "__main__":
    main()
