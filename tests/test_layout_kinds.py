"""Kinds of dumps that are recognised before lines are ordered."""

from __future__ import annotations

import pytest

from restore import clean
from restore.language import shared
from restore.layout.segments import segments_of
from restore.layout.structure import structure
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


def test_a_vertical_page_read_across_is_turned() -> None:
    rows = ["  ".join(column[k] for column in reversed(COLUMNS)) for k in range(12)]
    page = clean("\n".join(rows))
    assert page.text.startswith("入秋以来青石镇的三座水库陆续开闸放水")
    assert page.revert() == "\n".join(rows)


def test_a_page_that_reads_on_is_not_taken_for_one() -> None:
    page = clean("\n".join(" ".join(column) for column in COLUMNS))
    assert not page.notes
    assert page.text.startswith("入秋以来青石镇的三座水库陆续开闸放水")


def test_vertical_lines_written_a_character_a_line_are_put_together() -> None:
    page = clean("\n\n".join("\n".join(column) for column in COLUMNS))
    assert "入秋以来青石镇的三座水库陆续开闸放水下游两万亩晚稻" in page.text
    assert page.revert() == "\n\n".join("\n".join(column) for column in COLUMNS)


def test_a_headline_that_a_blank_line_parts_from_a_glyph_a_line_is_put_together_too() -> None:
    glyphs = "\n".join("\n".join(column) for column in COLUMNS)
    page = clean("三\n库\n放\n水\n\n" + glyphs)
    assert page.text.startswith("三库放水\n\n入秋以来青石镇的三座水库陆续开闸放水下游两万亩晚稻")


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


NARROW = [  # columns of 8 ems, side by side, beside one of 17 or 18 ems
    ("今年春天青石镇，", "2004年新修的水库", "全镇种下桃树一千多亩山坡上开满了花"),
    ("又开了三座水闸，", "“一库清水”进了田", "县里的客人一车一车开来看花买桃酒吃"),
    ("下游两万亩晚稻3", "月里喝足了头一道", "农家菜村口的停车场周末总是停得满满"),
    ("渠水老农们都说，", "15年没有这样的春", "当的镇上的民宿从三家添到了二十多家"),
    ("大家忙着修渠，清", "“三沟五渠”的淤泥", "游客说这里的空气比城里好得多住下来"),
    ("准备早稻的秧田，", "2月底就能全部插完", "就不想走镇长说明年还要再种五百亩梨"),
]


def test_two_narrow_lines_are_not_taken_for_a_wide_one() -> None:
    wide = [
        "镇里的三座水库陆续开闸放水下游的晚稻",
        *(COLUMNS[k] + COLUMNS[k + 1][:5] for k in range(0, 10, 2)),
    ]
    rows = [(*row, wide[k]) for k, row in enumerate(NARROW)]
    segments = segments_of(View.of(Source("\n".join(f"{a} {b}  {c}  {d}" for a, b, c, d in rows))))
    assert segments.texts == [line for row in rows for line in row]


def test_a_letter_spaced_line_among_columns_is_one_segment() -> None:
    rows = [" ".join((" ".join(a) if k == 2 else a, b, c)) for k, (a, b, c) in enumerate(NARROW)]
    segments = segments_of(View.of(Source("\n".join(rows))))
    assert NARROW[2][0] in segments.texts


@pytest.mark.parametrize(
    ("line", "role"),
    [
        ("本刊特派记者 王小明", "byline"),
        ("◎本报见习記者 王小明 李大山", "byline"),
        ("■首席评论员 王小明", "byline"),
        ("文／王小明", "byline"),
        ("圖為新修的水渠。王小明", "caption"),
        ("记者在新修的水渠边", "headline"),
    ],
)
def test_words_of_bylines_and_captions(line: str, role: str) -> None:
    text = f"水渠通到了村口\n\n{line}\n\n入秋以来，青石镇的三座水库陆续开闸放水，村民都说好。"
    assert [one.role for one in structure(text)][1:] == [role, "p"]
