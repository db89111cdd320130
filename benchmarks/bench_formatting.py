"""Speed of the formatting preset: documents one after another in one process, beside a peer in the same run.

    python benchmarks/bench_formatting.py [FILE] [--documents 288] [--rounds 5]

The peer is `autocorrect-py` (``pip install autocorrect-py``), a formatter of CJK text written in Rust; it changes less
and keeps no record of what it changed. Figures are the best of several rounds that take turns, in megabytes of UTF-8 a
second of one core; what counts is the ratio.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from restore import Pipeline, Settings, Source

SEEDS = Path(__file__).resolve().parent.parent / "seeds"


def seconds(work: Callable[[], object], documents: int) -> float:
    """Processor time for so many documents."""
    begin = time.process_time()
    for _ in range(documents):
        work()
    return time.process_time() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("file", nargs="?", type=Path, default=next(iter(sorted(SEEDS.glob("*.txt")))))
    parser.add_argument("--documents", type=int, default=288)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    raw = args.file.read_bytes()
    text = raw.decode("utf-8")
    pipeline = Pipeline.preset("formatting")
    runs: dict[str, Callable[[], object]] = {
        "restore, invariants checked": lambda: pipeline.run(Source.from_bytes(raw)),
        "restore --fast": lambda: pipeline.run(Source.from_bytes(raw), Settings(fast=True)),
    }
    try:
        import autocorrect_py

        runs["autocorrect-py"] = lambda: autocorrect_py.format(text)
    except ImportError:
        print("autocorrect-py is not installed: no ratio")
    best = dict.fromkeys(runs, float("inf"))
    for work in runs.values():
        work()
    for _ in range(args.rounds):
        for name, work in runs.items():
            best[name] = min(best[name], seconds(work, args.documents))
    print(f"{args.documents} documents of {len(raw)} bytes, best of {args.rounds} rounds")
    for name, took in best.items():
        speed = len(raw) * args.documents / took / 1e6
        ratio = best.get("autocorrect-py", float("nan")) / took
        print(f"{name:30} {speed:6.2f} MB/s   {ratio:5.2f} of autocorrect-py")


if __name__ == "__main__":
    main()
