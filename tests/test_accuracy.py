"""Accuracy floors on the project's own pages and on the seed. Floors only rise."""

from __future__ import annotations

import json
import re
import statistics
from pathlib import Path

import pytest

from restore import clean
from restore.evaluation import PageTruth, Scores, evaluate, read_lost

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted((ROOT / "fixtures" / "pages").glob("*/truth.json"))
SEED = ROOT / "seeds" / "000_3beea0aa8b224972.txt"
GOLD = ROOT / "fixtures" / "000_3beea0aa8b224972.gold.json"

# dump: adjacency F1, paragraph F1, both means over the horizontal pages, and over the vertical ones
FLOORS = json.loads((ROOT / "tests" / "floors.json").read_text("utf-8"))


def horizontal(file: Path) -> bool:
    return not any(line["vertical"] for line in json.loads(file.read_text("utf-8"))["lines"])


def scored(dump: str, vertical: bool = False) -> list[Scores]:
    out = []
    for file in PAGES:
        if horizontal(file) == vertical:
            continue
        path = file.parent / "dump" / dump
        if path.exists():
            text = path.read_text("utf-8")
            damage = path.with_suffix(".json")
            lost = read_lost(damage) if damage.exists() else None
            # of a dump read across nothing can be told apart in the source
            source = None if vertical else text
            out.append(evaluate(PageTruth.load(file), clean(text).text, source, lost))
    return out


@pytest.mark.parametrize(
    ("dump", "kind"), [(dump, kind) for kind in ("pages", "vertical") for dump in FLOORS[kind]]
)
def test_pages(dump: str, kind: str) -> None:
    floor = FLOORS[kind][dump]
    scores = scored(dump, kind == "vertical")
    adjacency = statistics.fmean(s.adjacency_f1 for s in scores)
    paragraphs = statistics.fmean(s.paragraph_f1 for s in scores)
    assert adjacency >= floor["adjacency"], (
        f"{dump}: adjacency F1 {adjacency:.4f} fell below {floor['adjacency']}"
    )
    assert paragraphs >= floor["paragraphs"], (
        f"{dump}: paragraph F1 {paragraphs:.4f} fell below {floor['paragraphs']}"
    )


@pytest.mark.parametrize("file", PAGES, ids=lambda f: f.parent.name)
def test_truth_is_left_alone(file: Path) -> None:
    text = file.with_suffix(".txt").read_text("utf-8")
    assert clean(text, punctuation="keep").text == text


def flat(text: str) -> str:
    table = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'"})
    text = "".join(chr(ord(c) - 0xFEE0) if 0xFF01 <= ord(c) <= 0xFF5E else c for c in text)
    return re.sub(r"\s+", "", text.translate(table))


def test_seed_joins() -> None:
    """Share of the seed's true joins that the restored text has, eight characters on each side."""
    out = flat(re.sub(r"〔…〕", "", clean(SEED.read_text("utf-8")).text))
    hits = total = 0
    for unit in json.loads(GOLD.read_text("utf-8"))["units"]:
        parts = unit["fragments"]
        for a, b in zip(parts, parts[1:], strict=False):
            if a.get("gap") or b.get("gap"):
                continue
            total += 1
            left = {flat(a["source"])[-8:], flat(a.get("truth", a["source"]))[-8:]}
            right = {flat(b["source"])[:8], flat(b.get("truth", b["source"]))[:8]}
            between = {"", flat(a.get("supplied_after", ""))}
            hits += any(x + s + y in out for x in left for y in right for s in between)
    assert hits / total >= FLOORS["seed"]["joins"]


def test_gold_is_left_alone() -> None:
    gold = GOLD.with_suffix(".txt").read_text("utf-8")
    assert clean(gold).text == gold


def test_gold_without_its_marks_only_gets_marks() -> None:
    bare = GOLD.with_suffix(".txt").read_text("utf-8").replace("〔…〕", "")
    assert clean(bare).text.replace("〔…〕", "") == bare
