"""Build ``lexicon.bin``: the words of jieba's dictionary with their frequencies.

The input is ``dict.txt`` of the PyPI package ``jieba`` (MIT): word, frequency, part of speech. Run::

    python dictionaries/build/lexicon.py .../jieba/dict.txt dictionaries/lexicon.bin
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import opencc
from numpy.typing import NDArray

from restore.language.arrays import write_arrays
from restore.language.lexicon import MAX_LEN, TABLE, VERSION, pack_freq, pack_key

LEAST_NAME = 5
"""Names of persons counted more rarely are left out: most are characters of novels."""


def read_words(file: Path) -> dict[str, int]:
    """Word -> frequency, without rare names and words in Traditional characters."""
    fold = opencc.OpenCC("t2s")
    words: dict[str, int] = {}
    for line in file.read_text("utf-8").splitlines():
        word, freq, *tag = line.split(" ")
        rare_name = tag and tag[0].startswith("nr") and int(freq) < LEAST_NAME and len(word) > 1
        if rare_name or len(word) > MAX_LEN or max(word) > "\uffff":
            continue
        if len(word) > 1 and any(fold.convert(char) != char for char in word if char > "\u2e80"):
            continue
        words[word] = words.get(word, 0) + int(freq)
    return words


def character_totals(words: dict[str, int]) -> NDArray[np.uint64]:
    """How often each character of the BMP occurs in the words, weighted by frequency; shape (65536,)."""
    totals = np.zeros(0x10000, dtype=np.uint64)
    for word, freq in words.items():
        np.add.at(totals, [ord(char) for char in word], np.uint64(freq))
    return totals


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("dictionary", type=Path, help="jieba's dict.txt")
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    words = read_words(arguments.dictionary)
    totals = character_totals(words)
    used = np.flatnonzero(totals)
    arrays: dict[str, NDArray[np.generic]] = {
        "chars": used.astype(np.uint16),
        "char_totals": totals[used].astype(np.uint32),
    }
    for length in range(1, MAX_LEN + 1):
        group = sorted(word for word in words if len(word) == length)
        codes = np.array([list(map(ord, word)) for word in group], dtype=np.uint16).reshape(-1, length)
        if length <= 4:
            arrays[f"keys{length}"] = pack_key(codes)
        else:
            arrays[f"codes{length}"] = codes
        arrays[f"freq{length}"] = pack_freq(np.array([words[word] for word in group], dtype=np.int64))
    write_arrays(arguments.out, TABLE, VERSION, arrays)
    print(f"{len(words)} words, {arguments.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
