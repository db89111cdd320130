"""Who mends what engines misread: the glyph passes beside pycorrector and autocorrect, on the same lines in one run.

The lines are those of ``lines_*.tsv`` (observed, truth) of a folder; every program gets the same ones, pycorrector and
autocorrect line by line, as they are made to be used, the glyph passes in documents of `DOCUMENT` lines, each a paragraph of its
own. An edit is right when the truth has the same one in the same place. Width of marks, kinds of quotes and spaces
count for nothing. Run::

    python benchmarks/bench_glyph_peers.py OCR --arpa FILE [--lines 300]

``pip install autocorrect-py pycorrector kenlm pyahocorasick jieba pypinyin loguru torch transformers``; of pycorrector its
statistical corrector runs, with the model FILE that ``dictionaries/build/ngram.py --arpa`` wrote from the project's own
corpora, or a kenlm binary of it. What is not installed is left out.
"""

from __future__ import annotations

import argparse
import importlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from rapidfuzz.distance import Levenshtein

from restore import Pipeline, Settings, Source
from restore.evaluation import counted, fold

Lines = Sequence[tuple[str, str]]
Edit = tuple[str, int, str]

PASSES = ("encoding", "bylines", "doubles", "strays", "confusables", "mistaken_marks", "script")
DOCUMENT = 60
"""Lines given to the glyph passes together: how readily they doubt a glyph follows from the page."""


def plain(text: str) -> str:
    """What counts of a text, in one form."""
    return fold("".join(char for char, here in zip(text, counted(text).tolist(), strict=True) if here))


def edits(before: str, after: str) -> set[Edit]:
    """Single-character edits that lead from one text to the other."""
    steps = Levenshtein.editops(before, after)
    return {(s.tag, s.src_pos, "" if s.tag == "delete" else after[s.dest_pos]) for s in steps}


def is_han(char: str) -> bool:
    """Whether a character is an ideograph of the basic block."""
    return "\u4e00" <= char <= "\u9fff"


def mended(lines: Lines) -> list[str]:
    """The lines by the glyph passes."""
    pipeline = Pipeline.preset().enable(*PASSES)
    out: list[str] = []
    for start in range(0, len(lines), DOCUMENT):
        some = [seen for seen, _ in lines[start : start + DOCUMENT]]
        out += pipeline.run(Source("\n\n".join(some)), Settings()).text.split("\n\n")
    return out


def autocorrected(lines: Lines) -> list[str]:
    """The lines by autocorrect."""
    peer = importlib.import_module("autocorrect_py")
    return [peer.format(seen) for seen, _ in lines]


def pycorrector(arpa: Path) -> Callable[[Lines], list[str]]:
    """What corrects lines by pycorrector with a model."""
    peer = importlib.import_module("pycorrector").Corrector(language_model_path=str(arpa))
    peer.correct("预热一下")

    def corrected(lines: Lines) -> list[str]:
        return [peer.correct(seen)["target"] for seen, _ in lines]

    return corrected


def row(name: str, lines: Lines, work: Callable[[Lines], list[str]]) -> None:
    """Print precision, recall and speed of one program."""
    start = time.process_time()
    results = work(lines)
    seconds = time.process_time() - start
    made = right = wanted = han_right = han_wanted = 0
    for (seen, truth), result in zip(lines, results, strict=True):
        before, true = plain(seen), plain(truth)
        needed, done = edits(before, true), edits(before, plain(result))
        han = {e for e in needed if e[0] == "replace" and is_han(e[2]) and is_han(before[e[1]])}
        made += len(done)
        right += len(done & needed)
        wanted += len(needed)
        han_right += len(done & han)
        han_wanted += len(han)
    speed = sum(len(seen) for seen, _ in lines) / seconds
    share = f"{right / made:.3f}" if made else "-"
    print(
        f"| {name} | {made} | {share} | {right / wanted:.3f} | {han_right / han_wanted:.3f} | {speed:,.0f} |",
        flush=True,
    )


def main() -> None:
    """Print the table."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--arpa", type=Path)
    parser.add_argument("--lines", type=int, default=300, help="of each file, spread evenly")
    arguments = parser.parse_args()
    programs: dict[str, Callable[[Lines], list[str]]] = {"glyph passes": mended}
    try:
        importlib.import_module("autocorrect_py")
        programs["autocorrect"] = autocorrected
        if arguments.arpa:
            programs["pycorrector"] = pycorrector(arguments.arpa)
    except ImportError as error:
        print(f"left out: {error}")
    for file in sorted(arguments.folder.glob("lines_*.tsv")):
        rows = [line.split("\t") for line in file.read_text("utf-8").splitlines()[1:]]
        step = max(1, len(rows) // arguments.lines)
        lines = [(seen, truth) for seen, truth in rows[::step][: arguments.lines] if seen and truth]
        print(f"{file.stem}: {len(lines)} lines, {sum(len(seen) for seen, _ in lines)} characters")
        print("| program | edits | right | of all errors | of ideographs for ideographs | characters/s |")
        print("|---|---|---|---|---|---|")
        for name, work in programs.items():
            row(name, lines, work)


if __name__ == "__main__":
    main()
