"""Text layers of recognised pages: characters set apart, printed lines in pieces, two columns on one line."""

from __future__ import annotations

import pytest

from restore import clean
from restore.layout.segments import segments_of
from restore.order.abreast import set_apart
from restore.source import Source
from restore.view import View

LIBRARY = (
    "市图书馆本周起延长开放时间，每天晚上十点才闭馆。馆长说，许多读者白天上班，只有晚上能来看书。"
    "新的安排先试行三个月，到年底再听取大家的意见，决定是否长期实行下去。馆里还增加了座位和台灯，"
    "并且准备了热水，方便学生和老人使用。"
)
ORCHARD = (
    "郊区的果园今年丰收，农民忙着采摘苹果和梨子。村里新修的公路已经通车，卡车可以直接开到地头装货。"
    "合作社还办起了网上商店，把水果卖到全国各地，收入比去年增加了两成。明年他们打算再种一百亩葡萄，"
    "请专家来指导技术。"
)


def printed(text: str, measure: int) -> list[str]:
    """The text in lines of so many ems."""
    return [text[k : k + measure] for k in range(0, len(text), measure)]


def apart(line: str) -> str:
    """All characters of a line with spaces between them."""
    return " ".join(line)


def test_two_columns_on_one_line_are_cut_and_put_behind_each_other() -> None:
    rows = zip(printed(LIBRARY, 12), printed(ORCHARD, 12), strict=False)
    out = clean("\n".join(apart(a + b) for a, b in rows)).text
    solid = "".join(out.split())
    # what the shorter of the two left over is the last row
    assert LIBRARY[:96] in solid
    assert ORCHARD[:96] in solid


def test_one_wide_column_is_not_cut() -> None:
    text = LIBRARY + ORCHARD
    out = clean("\n".join(apart(line) for line in printed(text, 24))).text
    assert "".join(out.split()) == text


@pytest.mark.parametrize("blank", ["\n", "\n\n"])
def test_pieces_of_one_printed_line_are_no_paragraphs(blank: str) -> None:
    lines = []
    for number, line in enumerate(printed(LIBRARY, 14)):
        lines.append(apart(line[:6]) + blank + apart(line[6:]) if number in (2, 5) else apart(line))
    assert clean("\n".join(lines)).text.strip() == LIBRARY


def test_lines_that_are_not_set_apart_are_left_to_other_steps() -> None:
    lines = printed(LIBRARY, 12)
    assert set_apart(segments_of(View.of(Source("\n".join(map(apart, lines))))))
    assert not set_apart(segments_of(View.of(Source("\n".join(lines)))))


def test_pieces_of_one_printed_line_are_put_in_the_order_of_print() -> None:
    lines = []
    for number, line in enumerate(printed(LIBRARY, 14)):
        parts = [line[5:], line[:5]] if number in (1, 4) else [line]
        lines.extend(apart(part) for part in parts)
    restored = clean("\n".join(lines))
    assert restored.text.strip() == LIBRARY
    assert {c.pass_name for c in restored.corrections} >= {"line_pieces"}
    assert restored.revert() == "\n".join(lines)


def test_several_columns_on_one_line_are_cut() -> None:
    school = (
        "山区小学的孩子们第一次走进科技馆，看见了会说话的机器人，围着它问个不停。老师介绍，这次活动由县里的"
        "青年志愿者发起，来回的路费和午饭都由他们承担。下个月还要请几位退休教师到学校里上课，教孩子们画画和唱歌。"
    )
    texts = (LIBRARY, ORCHARD, school)
    rows = zip(*(printed(text, 12) for text in texts), strict=False)
    solid = "".join(clean("\n".join(apart("".join(row)) for row in rows)).text.split())
    for text in texts:
        assert text[:84] in solid
