"""How right are the glyph passes on dumps of pages whose truth is known?

For every kind of dump: the order-free character error of the dump and of its restoration, and the verdicts on the
applied glyph corrections (`restore.verdicts`). For damage that was planted (``NAME.json`` beside ``NAME.txt`` with
``errors``: pos, kind, truth, got; and ``inserted``: pos, len, kind) the share that was found and that was put right. For
the truths themselves the characters that were changed. PAGES holds folders with ``truth.json`` and dumps. Run::

    python benchmarks/glyph_accuracy.py PAGES [--split a|b|all] [--dumps 'dump/tess3@mid200.txt,sim/seed-*.txt'] [--list]
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np

from restore import Restoration, clean
from restore.correction import EditKind
from restore.evaluation import PageTruth, cer_free, compare, fold
from restore.verdicts import GLYPH_PASSES, Judged, Verdict, judge, tally

DUMPS = (
    "dump/tess3@mid200.txt,dump/tess3@low150.txt,dump/rapid3@low150.txt,dump/rapid1@low150.txt,dump/pdfplumber.txt,"
    "dump/pypdf-layout.txt,sim/seed-*.txt,sim/heavy-*.txt,truth.txt"
)


def touched(result: Restoration) -> tuple[np.ndarray, np.ndarray]:
    """Source characters that a glyph correction or gap mark is about: proposed at all, applied; shape ``(n + 1,)``."""
    ledger, size = result.ledger, len(result.source.text) + 1
    edits = ledger.edits
    glyph = np.isin(
        ledger.corrs["pass"], [k for k, p in enumerate(ledger.passes) if p in (*GLYPH_PASSES, "gaps")]
    )
    out = []
    for mask in (glyph, glyph & result.accepted):
        rows = np.flatnonzero(mask[edits["corr"]] & (edits["kind"] != EditKind.MOVE))
        delta = np.zeros(size + 1, dtype=np.int64)
        np.add.at(delta, edits["start"][rows], 1)
        np.add.at(delta, np.maximum(edits["end"][rows], edits["start"][rows] + 1), -1)
        out.append(np.cumsum(delta)[:size] > 0)
    return out[0], out[1]


def planted(result: Restoration, damage: dict[str, list[dict[str, object]]]) -> Counter[tuple[str, str]]:
    """Counts (kind, "all" | "found" | "right") of planted errors."""
    counts: Counter[tuple[str, str]] = Counter()
    proposed, _ = touched(result)
    rendering, text = result.rendering, result.text
    shown: dict[int, str] = {}
    for at, (origin, owner) in enumerate(
        zip(rendering.origin.tolist(), rendering.owner.tolist(), strict=True)
    ):
        if owner < 0 or not rendering.hidden[origin] or origin not in shown:
            shown[origin] = shown.get(origin, "") + text[at] if rendering.hidden[origin] else text[at]
    for error in damage["errors"]:
        kind, at, true, got = (error[name] for name in ("kind", "pos", "truth", "got"))
        if kind in ("double", "lostglyph", "lostmark") or not isinstance(at, int):
            continue
        if result.source.text[at : at + 1] != got:
            continue
        counts[str(kind), "all"] += 1
        counts[str(kind), "found"] += bool(proposed[at])
        counts[str(kind), "right"] += fold(shown.get(at, "")) == fold(str(true))
    for insert in damage["inserted"]:
        kind, at, size = (insert[name] for name in ("kind", "pos", "len"))
        if kind != "double" or not isinstance(at, int) or not isinstance(size, int):
            continue
        counts["double", "all"] += 1
        near = [k for k in range(at - size, at + size) if k >= 0]
        counts["double", "found"] += bool(proposed[near].any())
        counts["double", "right"] += bool(rendering.hidden[near].any())
    return counts


def main() -> None:
    """Print the tables."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("pages", type=Path)
    parser.add_argument("--dumps", default=DUMPS)
    parser.add_argument("--split", choices=["all", "a", "b"], default="all")
    parser.add_argument("--list", action="store_true", help="every correction that was not right")
    parser.add_argument("--vertical", action="store_true", help="vertical pages too")
    arguments = parser.parse_args()
    errors: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    verdicts: defaultdict[str, list[Judged]] = defaultdict(list)
    plants: defaultdict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    unchanged: Counter[str] = Counter()
    for number, path in enumerate(sorted(arguments.pages.glob("*/truth.json"))):
        if arguments.split != "all" and number % 2 != "ab".index(arguments.split):
            continue
        page = json.loads(path.read_text("utf-8"))
        if not arguments.vertical and any(line.get("vertical") for line in page["lines"]):
            continue
        truth = PageTruth.from_dict(page)
        for pattern in arguments.dumps.split(","):
            for file in sorted(path.parent.glob(pattern)):
                kind = f"{file.parent.name}/{file.stem}".rsplit("-", 1)[0] if "sim" in pattern else file.stem
                dump = file.read_text("utf-8")
                result = clean(dump)
                if file.name == "truth.txt":
                    unchanged["characters"] += len(dump)
                    found = [one for one in judge(truth, result) if one.verdict != Verdict.FORM]
                    unchanged["changed"] += len(found)
                    for one in found:
                        print("truth changed:", path.parent.name, one)
                    continue
                errors[kind].append((cer_free(compare(truth, dump)), cer_free(compare(truth, result.text))))
                found = judge(truth, result)
                verdicts[kind].extend(found)
                if arguments.list:
                    for one in found:
                        if one.verdict in (Verdict.NEITHER, Verdict.HARM):
                            print(path.parent.name[:5], kind, one.verdict.name, one.pass_name, one.certainty.label,
                                  repr(one.before), repr(one.after), one.context, one.truth)  # fmt: skip
                beside = file.with_suffix(".json")
                if "sim" in pattern and beside.exists():
                    plants[kind].update(planted(result, json.loads(beside.read_text("utf-8"))))
    print(f"{'dump':22s} {'error':>7s} {'after':>7s} {'falls':>6s}   changes  right   harm")
    for kind, pairs in errors.items():
        before, after = (float(np.mean([pair[k] for pair in pairs])) for k in (0, 1))
        total = tally(verdicts[kind])[-1]
        print(f"{kind:22s} {before:7.4f} {after:7.4f} {1 - after / before:6.1%}", end="")
        print(f" {total.changes:9d} {total.precision or 0:6.3f} {total.harm_share or 0:6.3f}")
    print("by pass, all dumps:")
    every = [one for kind in verdicts for one in verdicts[kind]]
    ocr = [one for kind in verdicts if kind[:4] in ("tess", "rapi") for one in verdicts[kind]]
    for name, some in (("", every), ("OCR ", ocr)):
        for one in tally(some):
            if one.changes:
                print(
                    f"  {name}{one.pass_name:12s} {one.certainty:7s} {one.changes:6d} {one.precision:6.3f} {one.harm_share:6.3f}"
                )
    pooled: Counter[tuple[str, str]] = Counter()
    for one_kind in plants.values():
        pooled.update(one_kind)
    for kind in sorted({k for k, _ in pooled}):
        size = pooled[kind, "all"]
        print(
            f"planted {kind:10s} {size:5d} found {pooled[kind, 'found'] / size:.3f} right {pooled[kind, 'right'] / size:.3f}"
        )
    if unchanged:
        print(f"truth texts: {unchanged['changed']} changes in {unchanged['characters']} characters")


if __name__ == "__main__":
    main()
