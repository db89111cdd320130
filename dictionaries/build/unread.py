"""Write ``unread.tsv``: ideographs that an engine as good as never reads right, however good the print.

A small model has not learnt them; where one was printed the engine gives something else. Counted in the trials of
``ocr_trials.py``. Run::

    python dictionaries/build/unread.py --corpus CORPUS --engine tesseract dictionaries/unread.tsv trials.tsv ...

Columns: the ideograph, P(read wrong) in the trials (smoothed), how often it is printed among a million ideographs.
CORPUS is the folder with the ``.txt.xz`` corpora.
"""

from __future__ import annotations

import argparse
import lzma
from collections import Counter
from pathlib import Path

CORPORA = ("news_2012_2024", "people_daily_199801")
SMOOTHING = 2
"""Times set, misread as often as the average ideograph, added to those counted."""
LEAST = 0.5
"""P(read wrong) from which an ideograph is listed."""


def read_trials(files: list[Path], engine: str) -> tuple[Counter[str], Counter[str]]:
    """How often each ideograph was set, and (sum of weights) read as another."""
    given: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for file in files:
        for row in file.read_text("utf-8").splitlines()[1:]:
            name, seen, true, weight = row.split("\t")
            if name == engine:
                (wrong if seen else given)[true] += float(weight)  # type: ignore[assignment]
    return given, wrong


def read_frequency(folder: Path) -> dict[str, float]:
    """Relative frequency among the ideographs of the corpora, each corpus weighing the same."""
    found: dict[str, float] = {}
    for name in CORPORA:
        with lzma.open(folder / f"{name}.txt.xz", "rt", encoding="utf-8") as file:
            count = Counter(file.read())
        count = Counter({c: n for c, n in count.items() if "\u4e00" <= c <= "\u9fff"})
        total = count.total() * len(CORPORA)
        for char, n in count.items():
            found[char] = found.get(char, 0.0) + n / total
    return found


def main() -> None:
    """Count and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--engine", default="tesseract")
    parser.add_argument("out", type=Path)
    parser.add_argument("trials", type=Path, nargs="+")
    arguments = parser.parse_args()
    given, wrong = read_trials(arguments.trials, arguments.engine)
    mean = wrong.total() / given.total()
    frequency = read_frequency(arguments.corpus)
    rows = []
    for char in sorted(given):
        share = (wrong[char] + SMOOTHING * mean) / (given[char] + SMOOTHING)
        if share >= LEAST and char in frequency:
            rows.append(f"{char}\t{share:.2f}\t{frequency[char] * 1e6:.3g}\n")
    text = "glyph\tmisread\tper_million\n" + "".join(rows)
    arguments.out.write_text(text, "utf-8")
    print(f"{len(rows)} ideographs of {len(given)}")


if __name__ == "__main__":
    main()
