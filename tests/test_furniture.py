"""Which lines are page furniture: by their words, and by the lines around them."""

from __future__ import annotations

import pytest

from restore import clean
from restore.layout.furniture import furniture_lines

COLUMN = [
    "入秋以来青石镇的三座水库",
    "陆续开闸放水，下游两万亩",
    "晚稻喝足了水。镇里的老农",
    "说，这样的年景十年里也遇",
    "不到几回。县文化馆的摄影",
    "展昨天开幕，一楼的长廊里",
    "展出四十幅当地农民拍的照",
    "片。展览到月底结束。",
]


@pytest.mark.parametrize(
    "text",
    [
        "2019年8月1日 星期一",
        "2019年8月1日星期一",
        "二〇一九年八月一日 星期四",
        "2019年8月1日 星期一 农历七月初一",
        "2019年8月1日 星期一 水乡纪事",
        "2019年8月1日 星期一 | 国际",
        "2019年8月1日星期一要闻",
        "2019年8月1日 星期一 国际 第04版",
        "要闻 2019年8月1日",
        "版2019年8月1日 星期四",
        "星期四",
    ],
)
def test_a_running_head_is_furniture(text: str) -> None:
    assert furniture_lines([*COLUMN, text, *COLUMN])[len(COLUMN)]


@pytest.mark.parametrize(
    "text",
    [
        "2019年8月1日，老",
        "2019年8月1日至12",
        "2019年8月1日、12",
        "2019年8月1日上午",
        "2019年8月1日星期一早上",
    ],
)
def test_a_sentence_that_begins_with_a_date_is_none(text: str) -> None:
    assert not furniture_lines([*COLUMN, text, *COLUMN]).any()


def test_a_bare_date_is_furniture_where_no_sentence_goes_through_it() -> None:
    date = "2019年8月1日"
    assert furniture_lines([*COLUMN, date])[-1]
    assert furniture_lines([*COLUMN, "第4版", date, *COLUMN])[len(COLUMN) + 1]
    assert not furniture_lines([*COLUMN[:4], date, *COLUMN[4:]]).any()
    assert not furniture_lines([*COLUMN, date, "，青石镇的三座水库"]).any()
    assert not furniture_lines([*COLUMN, date, *COLUMN]).any()  # with its indent as wide as the column


@pytest.mark.parametrize("name", ["要闻", "國際", "理论", "水乡周刊", "图片新闻"])
def test_a_section_is_furniture_beside_furniture_or_within_a_sentence(name: str) -> None:
    assert furniture_lines(["第4版", name, *COLUMN]).tolist()[:3] == [True, True, False]
    assert furniture_lines([*COLUMN, name, "2019年8月1日 星期一"]).tolist()[-3:] == [False, True, True]
    cut = [*COLUMN[:2], name, *COLUMN[2:]]
    assert furniture_lines(cut, in_order=True).tolist()[1:4] == [False, True, False]
    assert not furniture_lines(cut).any()  # the lines around it may be of other columns


def test_a_headline_or_subhead_worded_like_a_section_stays() -> None:
    assert not furniture_lines([*COLUMN, "教育", *COLUMN], in_order=True).any()  # after a sentence's end
    assert not furniture_lines(["部门", "经济", "文化", "教育", *COLUMN], in_order=True).any()  # a list
    assert not furniture_lines(["第4版", "水到田头", *COLUMN])[1]  # not the name of a section
    assert not furniture_lines([COLUMN[0], "文化", "馆"], in_order=True).any()  # the end of a short column


def test_a_section_leaves_the_middle_of_an_article() -> None:
    dump = "\n".join([*COLUMN[:4], "要闻", *COLUMN[4:]])
    page = clean(dump)
    assert page.text.endswith("展览到月底结束。\n\n要闻")
    assert page.revert() == dump


def test_a_telephone_number_beside_whom_to_ask_is_part_of_a_notice() -> None:
    notice = ["联系人：王小明", "电话：0571-87654321", "地址：青石镇中山路18号"]
    assert not furniture_lines([*COLUMN, *notice, *COLUMN]).any()
    assert furniture_lines([*COLUMN, "责任编辑：王小明", "电话：0571-87654321", *COLUMN]).sum() == 2
