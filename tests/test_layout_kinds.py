"""Kinds of dumps that are recognised before lines are ordered."""

from __future__ import annotations

from restore import clean
from restore.language import shared
from restore.layout.segments import segments_of
from restore.order.glued import unglued
from restore.source import Source
from restore.view import View

COLUMNS = [
    "入秋以来青石镇的三座水库",
    "陆续开闸放水下游两万亩晚",
    "稻喝足了水镇里的老农说这",
    "样的年景十年里也遇不到几",
    "回今年的收成差不了大家都",
    "忙着修渠清淤准备来年春耕",
    "县文化馆的摄影展昨天开幕",
    "一楼的长廊里展出四十幅当",
    "地农民拍的照片其中有晒谷",
    "的老人也有放学的孩子展览",
    "到月底结束不用买票每天上",
    "午九点开门下午五点半闭馆",
]


def test_a_vertical_page_read_across_is_left_alone_and_said() -> None:
    rows = ["  ".join(column[k] for column in reversed(COLUMNS)) for k in range(12)]
    page = clean("\n".join(rows))
    assert page.text.split() == "\n".join(rows).split()
    assert "\n".join(line.strip() for line in page.text.splitlines()) == "\n".join(rows)
    assert any("read across" in note for note in page.notes)


def test_a_page_that_reads_on_is_not_taken_for_one() -> None:
    page = clean("\n".join(" ".join(column) for column in COLUMNS))
    assert not page.notes
    assert page.text.startswith("入秋以来青石镇的三座水库陆续开闸放水")


def test_vertical_lines_written_a_character_a_line_are_put_together() -> None:
    page = clean("\n\n".join("\n".join(column) for column in COLUMNS))
    assert "入秋以来青石镇的三座水库陆续开闸放水下游两万亩晚稻" in page.text
    assert page.revert() == "\n\n".join("\n".join(column) for column in COLUMNS)


def test_lines_of_two_columns_that_were_glued_are_cut() -> None:
    left, right = COLUMNS[:6], COLUMNS[6:]
    glued = [a + b for a, b in zip(left, right, strict=True)]
    alone = COLUMNS * 2  # the page has lines of the measure too
    segments = segments_of(View.of(Source("\n".join(glued + alone))))
    cut = unglued(segments, shared().model)
    assert cut.texts[:12] == [line for pair in zip(left, right, strict=True) for line in pair]
    assert cut.texts[12:] == alone


def test_lines_that_were_printed_so_wide_are_not_cut() -> None:
    wide = [COLUMNS[k] + COLUMNS[k + 1] for k in range(0, 12, 2)]
    segments = segments_of(View.of(Source("\n".join(wide + COLUMNS * 2))))
    assert unglued(segments, shared().model).texts == segments.texts


def test_a_long_text_is_cut_at_a_blank_line() -> None:
    text = "\n\n".join("\n".join(COLUMNS) for _ in range(10))
    segments = segments_of(View.of(Source(text)))
    parts = segments.windows(50)
    assert [len(p) for p in parts] == [48, 48, 24]
    assert [t for p in parts for t in p.texts] == segments.texts
    assert all(p.row[0] == p.block[0] == 0 for p in parts)
