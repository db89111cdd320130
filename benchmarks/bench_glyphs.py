"""The glyph passes on clean text: characters per second, one by one and together, against autocorrect-py.

``autocorrect-py`` (PyPI) only mends spacing and width, by rules; it is the peer whose speed users know. All see the same
pages of the same text in one run, models loaded before. Run::

    python benchmarks/bench_glyphs.py TEXT [--page 10000]
"""

from __future__ import annotations

import argparse
import importlib
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

from restore import Tools, View
from restore.pipeline import Pass

PASSES = ("charmap", "bylines", "duplicates", "mistaken_marks", "doubles", "strays", "confusables", "script")
ROUNDS = 3


def best(work: Callable[[str], object], pages: Sequence[str]) -> float:
    """CPU seconds of the fastest round over all pages."""
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        for page in pages:
            work(page)
        times.append(time.process_time() - start)
    return min(times)


def finder(one: Pass) -> Callable[[str], object]:
    """What a pass proposes for a page; the view's character classes are made outside the passes."""

    def work(page: str) -> object:
        return list(one.find(View.of_text(page), Tools()))

    return work


def together(passes: Sequence[Pass]) -> Callable[[str], object]:
    """What all passes propose for a page; what one learns of the text serves the next, as in a pipeline."""

    def work(page: str) -> object:
        view, tools = View.of_text(page), Tools()
        return [list(one.find(view, tools)) for one in passes]

    return work


def main() -> None:
    """Print a table."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("text", type=Path)
    parser.add_argument("--page", type=int, default=10_000)
    parser.add_argument("--characters", type=int, default=300_000)
    arguments = parser.parse_args()
    text = arguments.text.read_text("utf-8")[: arguments.characters]
    pages = [text[k : k + arguments.page] for k in range(0, len(text), arguments.page)]
    size = sum(map(len, pages))
    print(f"{size} characters in {len(pages)} pages")
    for name in PASSES:
        one: Pass = getattr(import_module(f"restore.passes.{name}"), name)
        finder(one)(pages[0])
        seconds = best(finder(one), pages)
        print(f"{name:14s} {size / seconds:12,.0f} characters/s")
    total = best(together([getattr(import_module(f"restore.passes.{name}"), name) for name in PASSES]), pages)
    print(f"{'together':14s} {size / total:12,.0f} characters/s")
    try:
        peer = importlib.import_module("autocorrect_py")
    except ImportError:
        print("autocorrect-py is not installed: pip install autocorrect-py")
        return
    seconds = best(peer.format, pages)
    print(f"{'autocorrect-py':14s} {size / seconds:12,.0f} characters/s, {total / seconds:.1f} times as fast")


if __name__ == "__main__":
    main()
