"""Dumps whose blocks are sorted by height: the columns come back from how many lines each block has."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from restore import clean
from restore.evaluation import PageTruth, evaluate
from restore.order.heights import Page, Placed, page_of
from restore.order.sheet import reading_order_of
from restore.order.sorted_blocks import out_of_order
from restore.order.stacked import GUTTER, NONE, Pieces

PAGES = sorted((Path(__file__).resolve().parent.parent / "fixtures" / "pages").iterdir())
MESSAGE = "columns taken apart: the dump has blocks in order of height"
MEASURE = 18.0


def pieces(lines: list[int], onward: dict[int, int], headlines: int = 1) -> Pieces:
    """Pieces of one measure; ``onward`` says which read on in which, the first ``headlines`` are such."""
    m = len(lines)
    to, back = np.full(m, NONE), np.full(m, NONE)
    for a, b in onward.items():
        to[a], back[b] = b, a
    off = to != NONE
    headline = np.arange(m) < headlines
    below = np.ones((m, m))
    below[off, :] = below[:, back != NONE] = -5.0
    below[off, to[off]] = 3.0
    below[headline, :] -= 2.5
    measure = np.where(headline, np.nan, MEASURE)
    flat = np.zeros(m)
    index = np.arange(m)
    return Pieces(
        index,
        index,
        np.array(lines),
        np.full(m, MEASURE + GUTTER),
        measure,
        off,
        headline,
        headline,
        to,
        back,
        below,
        flat,
        flat,
        np.zeros((m, m), dtype=np.bool_),
    )


def columns(page: Page) -> list[list[int]]:
    out: list[list[int]] = []
    for one in page.placed:
        if one.above == NONE:
            out.append([one.piece])
        else:
            next(column for column in out if column[-1] == one.above).append(one.piece)
    return out


#: two columns of 20 lines under a headline; the paragraph at the foot of the first goes on at the head of the second
TWO = [1, 4, 2, 6, 5, 3, 7, 5, 6, 2]
TIED = {8: 2}
LEFT, RIGHT = [1, 4, 6, 8], [2, 3, 5, 7, 9]


def test_the_column_that_ends_highest_gets_the_next_block() -> None:
    page = page_of(pieces(TWO, TIED))
    assert columns(page) == [[0], LEFT, RIGHT]


def test_columns_are_read_one_after_the_other() -> None:
    found = pieces(TWO, TIED)
    page = page_of(found)
    assert reading_order_of(found, page.placed, page.down, [""] * len(found)) == [0, *LEFT, *RIGHT]


def test_every_piece_is_placed_once() -> None:
    rng = np.random.default_rng(5)
    for _ in range(20):
        found = pieces([1, *rng.integers(1, 12, size=14).tolist()], {})
        page = page_of(found)
        assert [one.piece for one in page.placed] == list(range(len(found)))
        order = reading_order_of(found, page.placed, page.down, [""] * len(found))
        assert sorted(order) == list(range(len(found)))


def test_articles_side_by_side_are_read_one_by_one() -> None:
    """Two headlines, two columns; the words of each headline recur in one of them."""
    found = pieces([1, 1, 5, 5, 5, 5], {}, headlines=2)
    placed = [
        Placed(0, NONE, 0, NONE, True),
        Placed(1, NONE, 1, NONE, True),
        Placed(2, NONE, 2, NONE, False),
        Placed(3, NONE, 2, NONE, False),
        Placed(4, 2, 2, NONE, False),
        Placed(5, 3, 2, NONE, False),
    ]
    texts = ["秋粮入库", "渡口通车", "今年秋粮丰收", "渡口今日通车", "入库顺利", "行人称便"]
    assert reading_order_of(found, placed, [0.0, 0.0, 1.0], texts) == [0, 2, 4, 1, 3, 5]


def test_many_headlines_over_many_columns() -> None:
    """Not all ways to share columns are tried."""
    found = pieces([1] * 12 + [4] * 40, {}, headlines=12)
    placed = [Placed(k, NONE, k, NONE, True) for k in range(12)]
    placed += [Placed(k, NONE, 12, NONE, False) for k in range(12, 52)]
    texts = [f"第{k}条" for k in range(52)]
    order = reading_order_of(found, placed, [0.0] * 12 + [1.0], texts)
    assert sorted(order) == list(range(52))


def restored(page: Path, dump: str) -> tuple[bool, float]:
    """Whether the columns were rebuilt, and the order-sensitive error inside articles."""
    source = (page / "dump" / dump).read_text("utf-8")
    result = clean(source)
    rebuilt = any(one.message == MESSAGE for one in result.corrections)
    return rebuilt, evaluate(PageTruth.load(page / "truth.json"), result.text, source).cer_ordered


def test_a_page_of_the_project() -> None:
    rebuilt, error = restored(next(page for page in PAGES if page.name == "05-lichen"), "by-height.txt")
    assert rebuilt
    assert error < 0.05


def test_whole_blocks_that_read_on_further_up_are_out_of_order() -> None:
    found = pieces(TWO, TIED)
    assert out_of_order(found, len(TWO))
    assert not out_of_order(found, len(TWO) - 1)  # a block is cut: lines of others stand in it
    assert not out_of_order(pieces(TWO, {2: 8}), len(TWO))
    assert not out_of_order(pieces(TWO, {8: 2, 3: 4, 5: 6}), len(TWO))  # more read on in the next block


@pytest.mark.parametrize("name", ["13-valley", "14-harvest"])
def test_nothing_is_lost_where_whole_blocks_are_out_of_order(name: str) -> None:
    page = next(page for page in PAGES if page.name == name)
    result = clean((page / "dump" / "by-height.txt").read_text("utf-8"))
    assert not [one for one in result.corrections if one.pass_name == "gaps" and one.applied]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_other_dumps_are_none(page: Path) -> None:
    for name in ("inorder-blank.txt", "stolen-1.txt"):
        text = (page / "dump" / name).read_text("utf-8")
        assert all(one.message != MESSAGE for one in clean(text).corrections), name
