"""Tables of figures stay as they are: their rows are no printed lines, and the spaces in them part their columns."""

from __future__ import annotations

import numpy as np
import pytest

from restore import Source, View, clean
from restore.layout.tables import inside_tables
from restore.layout.tokens import tokens_of

RESULTS = """排名 队名 胜 平 负 积分
1 青石队 10 2 1 32
2 柳溪队 9 3 1 30
3 石桥队 8 2 3 26
4 山口队 7 1 5 22
5 河东队 5 3 5 18
6 河西队 4 2 7 14"""
PHONES = """姓名 年龄 电话
王小明 34 0571-87654321
李大山 51 0571-87654322
赵一平 47 0571-87654323
孙文 29 0571-87654324
周立 33 0571-87654325
吴天 60 0571-87654326"""
PRICES = """大白菜 公斤 1.20 1.15
黄瓜 公斤 3.60 3.50
西红柿 公斤 4.20 —
土豆 公斤 2.10 2.10
鲤鱼 公斤 13.00 12.80"""
PRIZES = """一等奖 王小明 李大山 赵一平
二等奖 孙文 周立新 吴天
三等奖 郑好 钱一民 冯远
鼓励奖 沈阳 韩梅 杨光
杨柳 秦岭"""
MEMBERS = """王小明\u3000李\u3000明\u3000赵一平\u3000孙\u3000文
吴\u3000天\u3000郑\u3000好\u3000钱一民\u3000冯\u3000远
褚卫国\u3000蒋\u3000力\u3000沈\u3000阳\u3000韩\u3000梅
朱\u3000红"""
BEFORE = """入秋以来，青石镇的三
座水库陆续开闸放水，下游
两万亩晚稻及时得到灌溉。
镇党委书记介绍，今年全镇
把水利建设放在农业工作的
首位，先后投入资金三百万
元，整修渠道四十公里，解
决了六个村的用水困难。"""
BEHIND = """县文化馆举办的农民摄
影展昨天开幕，展览共展出
四十名农民拍摄的一百二十
幅作品，其中既有丰收的田
野，也有放学的孩子。展览
将持续到本月底，群众可以
免费参观，不用提前预约，
也不用排队。"""


@pytest.mark.parametrize("table", [RESULTS, PHONES, PRICES])
@pytest.mark.parametrize(("row_end", "column"), [("\n", " "), ("\n\n", " "), ("\n", "    "), ("\n", "\t")])
def test_a_table_stays_as_it_is(table: str, row_end: str, column: str) -> None:
    text = table.replace("\n", row_end).replace(" ", column)
    assert clean(text).text == text
    assert clean(text, preset="formatting").text == text


@pytest.mark.parametrize("table", [RESULTS, PHONES, PRICES, PRIZES, MEMBERS])
def test_so_does_one_among_articles(table: str) -> None:
    page = clean(f"{BEFORE}\n\n{table}\n\n{BEHIND}")
    assert page.text.split("\n\n") == [BEFORE.replace("\n", ""), table, BEHIND.replace("\n", "")]
    assert page.revert() == f"{BEFORE}\n\n{table}\n\n{BEHIND}"
    assert not clean(page.text).changed


@pytest.mark.parametrize(
    "text",
    [
        BEFORE,
        "\n".join(RESULTS.splitlines()[:4]),  # three rows of figures
        "1998 年 3 月\n1999 年 4 月\n他 说 了 话\n2001 年 6 月",  # not one below the other
        "从 1998 年\n到 1999 年\n共 2000 个\n在 2001 年",  # figures in one column of three
        "王小明 李大山 赵一平\n孙文 周立新 吴天",  # two rows of names
        "今天 我们 学习\n大家 一起 讨论\n水渠 通水 以后",  # words, no names
        "1 2 3\n4 5 6\n7 8 9\n10 11 12",  # no words
        "这是一个很长的分句没有标点 12 30\n" * 5,  # a line of text
        "",
    ],
)
def test_other_lines_are_no_table(text: str) -> None:
    assert not inside_tables(tokens_of(View.of(Source(text)))).any()


def test_the_head_belongs_to_it_and_what_stands_around_does_not() -> None:
    tokens = tokens_of(View.of(Source(f"积分榜\n{RESULTS}\n（未完）")))
    found = inside_tables(tokens)
    inside = np.flatnonzero(found)
    assert tokens.text(int(inside[0])) == "排名"
    assert tokens.text(int(inside[-1]) + 1) == "14"
    assert len(inside) == 7 * 6 - 1
