"""Speed of batches: one worker process beside two, or the cost of a page in small and large batches.

    python benchmarks/bench_batch.py FOLDER [--pairs 3] [--megabytes 20] [--preset default] [--match GLOB]
    python benchmarks/bench_batch.py FOLDER --flat 100,1000,20000 [--preset formatting] [--jobs 2] [--input jsonl]

Runs take turns, each worker has one BLAS thread, and every run is a process of its own. What counts is the ratio of
two runs beside each other; processor time (of all processes of a run) says what the work costs when the machine is
busy with something else as well. The text files of FOLDER are repeated under new names until there is enough; with
``--input jsonl`` they are lines of one file. What a batch of one page costs (starting processes, loading the model) is
taken off in a column of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path


def copies(files: list[Path], folder: Path) -> Iterator[int]:
    """Copy files under new names, again and again; the bytes so far."""
    total = 0
    for n in count():
        source = files[n % len(files)]
        target = folder / str(n // 1000) / f"{n}.txt"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        total += source.stat().st_size
        yield total


def rows(files: list[Path], target: Path, pages: int) -> None:
    """The same as lines of one JSONL file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        json.dumps({"text": file.read_text("utf-8", "replace")}, ensure_ascii=False) + "\n" for file in files
    ]
    with target.open("w", encoding="utf-8") as out:
        out.writelines(lines[n % len(lines)] for n in range(pages))


PROBE = """
import resource, sys
from restore.cli import main
try:
    main()
finally:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
"""


def run(source: Path, work: Path, jobs: int, options: list[str]) -> tuple[float, float, float]:
    """Seconds, processor seconds, and megabytes of the leading process at most."""
    out = work / "out"
    command = [
        sys.executable,
        "-c",
        PROBE,
        "batch",
        str(source),
        "-o",
        str(out),
        "-j",
        str(jobs),
        "-q",
        *options,
    ]
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    took, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr)
    shutil.rmtree(out)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return took, cpu, int(done.stderr.split()[-1]) / 1024


def flat(files: list[Path], work: Path, args: argparse.Namespace, options: list[str]) -> None:
    """What a page costs in batches of different sizes."""
    base = 0.0
    for pages in [1, *map(int, args.flat.split(","))]:
        source = work / str(pages)
        if args.input == "jsonl":
            rows(files, source / "pages.jsonl", pages)
        else:
            for n, _ in enumerate(copies(files, source), 1):
                if n == pages:
                    break
        took, cpu, memory = run(source, work, args.jobs, options)
        if pages == 1:
            base = cpu
        print(
            f"{pages:6} pages: {took:7.1f} s, {1000 * took / pages:7.2f} ms a page, processor "
            f"{1000 * cpu / pages:7.2f} ms a page, beyond the start {1000 * (cpu - base) / max(pages - 1, 1):6.2f}, "
            f"leader {memory:.0f} MB, load {os.getloadavg()[0]:.1f}",
            flush=True,
        )
        shutil.rmtree(source)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--match", default="**/*.txt")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--megabytes", type=float, default=20.0)
    parser.add_argument("--preset", default="default")
    parser.add_argument("--report", default="none")
    parser.add_argument("--flat", help="numbers of pages, such as 100,1000,20000")
    parser.add_argument("--jobs", type=int, default=1, help="worker processes, with --flat")
    parser.add_argument("--input", choices=("folder", "jsonl"), default="folder", help="with --flat")
    args = parser.parse_args()
    files = sorted(p for p in args.folder.glob(args.match) if p.stat().st_size)
    options = ["--select", args.preset, "--report", args.report]
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        if args.flat:
            flat(files, work, args, options)
            return
        source = work / "in"
        for size in copies(files, source):
            if size >= args.megabytes * 1e6:
                break
        characters = sum(len(p.read_text("utf-8", "replace")) for p in source.rglob("*.txt"))
        ratios = []
        for _ in range(args.pairs):
            one, two = run(source, work, 1, options), run(source, work, 2, options)
            ratios.append(one[0] / two[0])
            print(
                f"one process {one[0]:.1f} s (processor {one[1]:.1f}), two {two[0]:.1f} s (processor {two[1]:.1f}): "
                f"{ratios[-1]:.2f} times; {characters / one[0]:,.0f} and {characters / two[0]:,.0f} characters/s, "
                f"load {os.getloadavg()[0]:.1f}",
                flush=True,
            )
        print(f"{size / 1e6:.1f} MB, {characters:,} characters; median {statistics.median(ratios):.2f} times")


if __name__ == "__main__":
    main()
