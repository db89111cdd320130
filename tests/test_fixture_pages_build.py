"""The fixture pages are what `fixtures/build/pages.py` makes, and what it makes is a consistent page."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from restore.evaluation import PageTruth, evaluate, read_lost

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
PAGES = sorted((FIXTURES / "pages").iterdir())
NAMES = [p.name for p in PAGES]
SPACE = re.compile(r"\s")


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("pages")
    script = FIXTURES / "build" / "pages.py"
    subprocess.run([sys.executable, str(script), "--out", str(out)], check=True, timeout=120)
    return out


def load(page: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((page / "truth.json").read_text(encoding="utf-8"))
    return data


def text_of(page: Path, dump: str) -> str:
    return (page / "dump" / f"{dump}.txt").read_text(encoding="utf-8")


def without_space(text: str) -> str:
    return SPACE.sub("", text)


def test_the_script_makes_the_same_bytes(rebuilt: Path) -> None:
    made = {p.relative_to(rebuilt): p.read_bytes() for p in rebuilt.rglob("*") if p.is_file()}
    kept = {
        p.relative_to(FIXTURES / "pages"): p.read_bytes()
        for page in PAGES
        for p in page.rglob("*.*")
        if p.parent.name != "scan"  # made by fixtures/build/scans.py, which needs more
    }
    assert made.keys() == kept.keys()
    assert [str(name) for name in made if made[name] != kept[name]] == []


def test_the_pages_cover_what_newspapers_do() -> None:
    pages = [load(p) for p in PAGES]
    assert len(pages) >= 12
    assert {p["layout"] for p in pages} >= {
        "solo",
        "pair",
        "seedlike",
        "wrap",
        "boxed",
        "mixed",
        "briefs",
        "vertical",
    }
    assert {p["script"] for p in pages} == {"hans", "hant"}
    assert {p["punct"] for p in pages} == {"full", "half"}
    roles = {b["role"] for p in pages for b in p["blocks"]}
    assert roles == {"kicker", "headline", "byline", "subhead", "p", "caption", "furniture"}
    assert sum((p / "dump" / "spaced.txt").exists() for p in PAGES) >= 3


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_lines_are_stretches_of_their_blocks(page: Path) -> None:
    data = load(page)
    blocks = {b["id"]: b["text"] for b in data["blocks"]}
    covered = dict.fromkeys(blocks, "")
    for line in data["lines"]:
        assert blocks[line["block"]][line["start"] :].startswith(line["text"])
        left, top, right, bottom = line["bbox"]
        assert 0 <= left < right <= 1 and 0 <= top < bottom <= 1
        covered[line["block"]] += line["text"]
    assert {b: without_space(t) for b, t in covered.items()} == {
        b: without_space(t) for b, t in blocks.items()
    }
    vertical = any(line.get("vertical") for line in data["lines"])  # large type, one article
    assert (700 if vertical else 900) <= sum(map(len, blocks.values())) <= 2200


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_no_line_breaks_a_rule(page: Path) -> None:
    for line in load(page)["lines"]:
        assert line["text"][0] not in "。，、；：？！）》”’…,;:?!)"
        assert line["text"][-1] not in "（《“‘("


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_columns_do_not_overlap(page: Path) -> None:
    """Two lines at one height stand side by side, a hanging mark apart."""
    lines = sorted(load(page)["lines"], key=lambda x: x["bbox"][0])
    for i, a in enumerate(lines):
        for b in lines[i + 1 :]:
            same_height = min(a["bbox"][3], b["bbox"][3]) - max(a["bbox"][1], b["bbox"][1]) > 1e-4
            assert not same_height or b["bbox"][0] >= a["bbox"][2] - 1e-4


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_nothing_is_lost_but_in_the_stolen_dumps(page: Path) -> None:
    data = load(page)
    every = sorted(without_space("".join(b["text"] for b in data["blocks"])))
    for name in ("rows-wide", "rows-narrow", "rows-glued", "robin", "inorder", "inorder-blank"):
        assert sorted(without_space(text_of(page, name))) == every, name


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_the_truth_and_the_ordered_dumps_score_as_they_should(page: Path) -> None:
    data = load(page)
    truth = PageTruth.from_dict(data)
    perfect = evaluate(truth, (page / "truth.txt").read_text(encoding="utf-8"))
    assert (perfect.cer_strict, perfect.adjacency_f1, perfect.paragraph_f1, perfect.kendall_tau) == (
        0,
        1,
        1,
        1,
    )
    for name in ("inorder", "inorder-blank"):
        assert evaluate(truth, text_of(page, name)).adjacency_f1 == 1
    for name in ("rows-wide", "rows-narrow", "robin"):
        scores = evaluate(truth, text_of(page, name), blocks="newline")
        assert scores.adjacency_f1 < 0.4
        assert scores.cer_free < 0.02 or data["layout"] == "vertical"  # read across glyph by glyph


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_rows_hold_a_segment_of_every_column(page: Path) -> None:
    wide = text_of(page, "rows-wide").splitlines()
    narrow = text_of(page, "rows-narrow").splitlines()
    assert [without_space(x) for x in wide] == [without_space(x) for x in narrow]
    assert without_space("".join(text_of(page, "robin").splitlines())) == without_space("".join(wide))
    assert sum("  " in x.strip() for x in wide) > 8


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_the_account_of_a_stolen_dump_is_true(page: Path, number: int) -> None:
    file = page / "dump" / f"stolen-{number}.json"
    account = json.loads(file.read_text(encoding="utf-8"))
    text = text_of(page, f"stolen-{number}")
    data = load(page)
    blocks = {b["id"]: b["text"] for b in data["blocks"]}
    fold = str.maketrans("，：；？！（）“”‘’％", ",:;?!()\"\"''%")
    assert account["text"] == text
    assert account["moves"]
    assert not set("，：；？！（）“”‘’") & set(text)
    wrong = {(e["block"], e["off"]) for e in account["errors"] if e["got"]}
    seen: dict[str, set[int]] = {b: set() for b in blocks}
    owned = 0
    for a, z, block, start, end in account["spans"]:
        seen[block].update(range(start, end))
        owned += z - a
        for got, offset in zip(text[a:z], range(start, end), strict=True):
            assert got == blocks[block][offset].translate(fold) or (block, offset) in wrong
    lost = {b: set[int]() for b in blocks}
    for block, start, end, _ in account["lost"]:
        lost[block].update(range(start, end))
    for block in data["blocks"]:
        name, whole = block["id"], block["text"]
        if block["role"] == "furniture" and not seen[name]:
            continue
        here = {i for i, c in enumerate(whole) if not c.isspace()}
        assert here == (seen[name] | lost[name]) & here
    surplus = sum(len(without_space(text[i["pos"] : i["pos"] + i["len"]])) for i in account["inserted"])
    printed = sum(not text[k].isspace() for a, z, *_ in account["spans"] for k in range(a, z))
    assert len(without_space(text)) == printed + surplus
    scores = evaluate(
        PageTruth.load(page / "truth.json"), text, source=text, lost=read_lost(file), blocks="blank"
    )
    assert 0.3 < scores.adjacency_f1 < 1
    assert scores.false_change == 0
