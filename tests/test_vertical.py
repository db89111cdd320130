"""Vertical pages as converters write them that know only horizontal lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from restore import Pipeline, clean
from restore.language import shared
from restore.layout.glyph_lines import glyph_lines
from restore.order.turned import Glyph, turned
from restore.passes import vertical_glyphs, vertical_rows
from restore.record import dumps, loads
from restore.view import View

PAGES = Path(__file__).parent.parent / "fixtures" / "pages"
VERTICAL = ["15-lantern", "16-tramline", "17-reservoir"]
NEWS = (
    "鹿鳴市第二條電車線昨天上午通車。市長羅清和在通車儀式上表示，新線全長十一公里，設十四個車站，每天運送旅客三萬人次。"
    "市交通局局長韓敬堂介紹，工程用了三年零四個月，比計劃提前兩個月完工。"
)


def dump(page: str, name: str) -> str:
    return (PAGES / page / "dump" / f"{name}.txt").read_text("utf-8")


def bare(text: str) -> str:
    return "".join(text.split())


def test_a_glyph_a_line_is_running_text() -> None:
    source = "\n".join(NEWS)
    page = clean(source)
    assert bare(page.text) == NEWS
    assert "\n" not in page.text.replace("\n\n", "")
    assert max(map(len, page.text.split("\n\n"))) > 20
    assert page.revert() == source
    assert loads(dumps(page)).text == page.text
    assert clean(page.text).text == page.text


def test_every_paragraph_is_a_correction_with_its_lines() -> None:
    page = clean("\n".join(NEWS))
    joined = [c for c in page.corrections.by_pass("vertical_glyphs") if "lines" in c.evidence]
    assert joined
    assert sum(c.evidence["lines"] for c in joined) == len(NEWS)
    first = joined[0]
    assert "one paragraph" in first.message
    without = page.reject(first)
    assert without.text.startswith("鹿\n鳴\n市")
    assert without.accept(first).text == page.text


@pytest.mark.parametrize("page", VERTICAL)
def test_no_glyph_is_lost(page: str) -> None:
    for name in ("glyphs", "glyphs-blank", "rows-wide", "robin"):
        out = Pipeline(["vertical_rows", "vertical_glyphs"]).run(dump(page, name))
        assert sorted(bare(out.text)) == sorted(bare(dump(page, name))), name
        assert out.revert() == dump(page, name)


@pytest.mark.parametrize("page", VERTICAL)
def test_rows_are_turned_as_one_correction(page: str) -> None:
    out = vertical_rows(dump(page, "rows-wide"))
    (turn,) = out.corrections
    lines = turn.evidence["lines"]
    assert "read across" in turn.message
    assert bare("".join(lines)) in bare(out.text)
    assert out.reject(turn).text == dump(page, "rows-wide")


@pytest.mark.parametrize("page", VERTICAL)
def test_what_was_read_across_a_glyph_a_line_stays(page: str) -> None:
    """The order of height: it does not read on, and no places tell where the columns are."""
    assert vertical_glyphs(dump(page, "robin")).text == dump(page, "robin")


NOT_VERTICAL = {
    "a headline that stands upright": "\n".join("一條水渠改變了三個村莊的面貌"),
    "a list of names": "\n".join(["趙甲", "錢乙", "孫丙", "李丁", "周戊", "吳己", "鄭庚", "王辛"] * 4),
    "a table of weather": "\n".join(["晴", "陰", "雨", "雪", "風", "晴", "多雲", "陰", "小雨", "霧"] * 4),
    "figures": "\n".join("3141592653589793238462643383279502884197"),
    "letters": "\n".join("restorationofthetextofanewspaperpage"),
    "glyphs that do not read on": "\n".join(NEWS[::7] + NEWS[3::7] + NEWS[5::7]),
}


@pytest.mark.parametrize("text", NOT_VERTICAL.values(), ids=list(NOT_VERTICAL))
def test_what_only_looks_vertical_stays(text: str) -> None:
    assert vertical_glyphs(text).text == text
    assert vertical_rows(text).text == text


def test_stretches_end_at_whole_lines_and_running_heads() -> None:
    text = (
        "2016年4月9日 星期六\n" + "\n".join(NEWS[:40]) + "\n圖為新線的電車駛過舊城。\n" + "\n".join(NEWS[40:])
    )
    stretches, heads = glyph_lines(View.of_text(text))
    assert [len(one) for one in stretches] == [40, len(NEWS) - 40]
    assert len(heads) == 1


def test_a_stop_beside_the_next_column_goes_back() -> None:
    """The last glyph of a short column stands in the row of the first of the next."""
    at = NEWS.index("市交通局")
    lines = [*NEWS[: at - 1], "市 。", *NEWS[at + 1 :]]
    page = clean("\n".join(lines))
    assert "三萬人次。\n\n市交通局" in page.text
    assert page.revert() == "\n".join(lines)


def test_columns_of_two_tiers() -> None:
    columns = [NEWS[k : k + 12] for k in range(0, 84, 12)]
    rows = [
        [Glyph(0, column[k], float(-x)) for x, column in reversed(list(enumerate(tier)))]
        for tier in (columns[:4], columns[4:])
        for k in range(12)
    ]
    number = iter(range(1000))
    rows = [[Glyph(next(number), g.text, g.x) for g in row] for row in rows]
    found = turned(rows, 10.0, shared().model)
    assert found is not None
    assert ["".join(g.text for g in column) for tier in found.tiers for column in tier] == columns


def test_the_formatting_preset_moves_nothing() -> None:
    assert "vertical_rows" not in Pipeline.preset("formatting").names


def test_vertical_lines_put_in_order_are_running_text() -> None:
    """What reading order makes of vertical lines: one glyph a line, many times as many as a column has."""
    source = "經濟\n\n第三版\n\n" + "\n".join(NEWS * 2)
    page = Pipeline(["paragraphs", "join_lines"]).run(source)
    assert bare(page.text) == bare(source)
    assert page.text.startswith("經濟\n\n第三版\n\n鹿鳴市第二條電車線昨天上午通車。")
    assert "\n" not in page.text.replace("\n\n", "")
    assert page.text.count("\n\n") <= 6
    assert page.text.count("\n\n鹿鳴市") == 2  # the second report begins a paragraph
    assert page.revert() == source
    assert loads(dumps(page)).text == page.text


def test_a_list_of_single_characters_stays_one() -> None:
    surnames = "趙錢孫李周吳鄭王馮陳褚衛蔣沈韓楊朱秦尤許何呂施張孔曹嚴華金魏陶姜"[::-3] * 2
    for source in ("\n".join(surnames[::2] + surnames[1::2]), "\n".join("甲乙丙丁戊己庚辛壬癸"[::-1] * 4)):
        assert Pipeline(["paragraphs", "join_lines"]).run(source).text == source
