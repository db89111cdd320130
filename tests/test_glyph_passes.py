"""The glyph passes: repeated lines, doubled glyphs, strays, confusables, script."""

from __future__ import annotations

import importlib
import importlib.util
import itertools
import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from restore import Certainty, Pipeline, Restoration, Settings, Tools, View, clean
from restore.correction import Batch
from restore.glyphs.numbers import drafts as number_drafts
from restore.glyphs.numbers import misread_numbers
from restore.glyphs.proposed import Fits, Proposed
from restore.glyphs.protected import in_title
from restore.language import shared
from restore.language.context import REACH, RunningText
from restore.language.glyphs import Confusables, Kind
from restore.language.opencc import OpenCCError, converter
from restore.passes import BUILT_IN
from restore.passes.confusables import confusables
from restore.passes.doubles import doubles
from restore.passes.duplicates import duplicates
from restore.passes.lost_marks import lost_marks
from restore.passes.script import script
from restore.passes.strays import strays
from restore.pipeline import repair_pass

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
PASSES: dict[str, Any] = dict(BUILT_IN) | {
    p.name: p for p in (duplicates, doubles, strays, confusables, script)
}


FALSE_CHANGES = 2
FLOORS = {"double": 0.7, "stray": 0.05, "confuse": 0.15}
STRAYS_FOUND, FALSE_SHARE = 0.7, 0.15


def cases(kind: str) -> list[Any]:
    found = json.loads((FIXTURES / kind / "glyphs.json").read_text("utf-8"))
    return [pytest.param(case, id=case["id"]) for case in found]


def run(case: dict[str, Any]) -> Restoration:
    return Pipeline([PASSES[name] for name in case["passes"]]).run(case["text"])


@pytest.mark.parametrize("case", cases("wild"))
def test_damage_seen_in_the_wild_is_repaired(case: dict[str, Any]) -> None:
    done = run(case)
    assert done.text == case["expect"], case["why"]
    assert done.revert() == case["text"]
    assert case["text"] != case["expect"]


@pytest.mark.parametrize("case", cases("wild"))
def test_repaired_text_is_left_alone(case: dict[str, Any]) -> None:
    again = run(case | {"text": case["expect"]})
    assert again.text == case["expect"]


@pytest.mark.parametrize("case", cases("negative"))
def test_what_is_right_stays(case: dict[str, Any]) -> None:
    done = run(case)
    assert done.text == case["text"], case["why"]


@pytest.mark.parametrize("name", ["duplicates", "doubles", "strays", "confusables", "script"])
@pytest.mark.parametrize(
    "text",
    ["", "\n", "a", "人", "人人", "  \n\n ", "12:30", "hello world\n", "，，", "a人", "|", "\U00020000b人"],
)
def test_no_text_is_too_short(name: str, text: str) -> None:
    done = PASSES[name](text)
    assert done.revert() == text


@pytest.mark.parametrize("name", ["duplicates", "doubles", "strays", "confusables", "script"])
def test_the_manual_has_four_parts(name: str) -> None:
    manual = PASSES[name].__doc__
    for part in ("Repairs:", "Why it happens:", "Example:", "When it is wrong:"):
        assert part in manual


def test_corrections_carry_alternatives_with_odds() -> None:
    wanted = {
        confusables: "今年以来，全县农民收人稳步增加，村里的道路也修好了。",
        strays: "村里请来技术员，带b周边农户发展生产，增加收入。",
        doubles: "全县农业生产取得更大发发展成就，群众十分高兴。",
    }
    for one, text in wanted.items():
        (correction,) = one(text).corrections
        odds = correction.evidence["alternatives"]
        assert len(odds) >= 2
        assert sum(odds.values()) <= 1.0 + 1e-3
        assert list(odds.values()) == sorted(odds.values(), reverse=True)
        assert "alternatives" in correction.explain()


@repair_pass()
def closed_up(view: View, tools: Tools) -> Iterator[Batch]:
    """Takes out every space, as joining lines does on a page of printed lines.

    Repairs: nothing. Why it happens: for tests. Example: none. When it is wrong: elsewhere.
    """
    space = np.flatnonzero(view.codes == 0x20)
    if len(space):
        yield Batch.deletions(space, space + 1, "taken out")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("合作社为社员 修水渠 通水渠 清水渠30多里，", "合作社为社员修水渠、通水渠、清水渠30多里，"),
        ("为群众做好事 办实事 解难事\n", "为群众做好事、办实事、解难事\n"),
        ("今年修好了 东河桥 西河桥和通往山里的路。", None),  # two may be alike by chance
        ("今年修好了 东河桥 西河桥\n又修好了山路。", None),
        ("责任编辑马军 版式梁军 校对张强敏", None),
        ("要 尽心 尽力 出力 为", None),  # too short to tell
        ("事 事 事", None),
        ("", None),
        (" ", None),
    ],
)
def test_phrases_alike_get_their_marks(text: str, expected: str | None) -> None:
    done = Pipeline([closed_up, lost_marks]).run(text)
    assert done.text == (text.replace(" ", "") if expected is None else expected)
    assert done.revert() == text


@pytest.mark.parametrize(
    ("text", "expected", "shown"),
    [
        ("党员干部走村入户，为群众做好事 办实事 解难事，大家都说好。", "做好事、办实事、解难事，", 0),
        ("为群众做好事 办实事 解难事", None, 2),  # a headline, perhaps
        ("今年村里的合作社又有了新的打算，他们种植的苹果 梨 桃远销各地。", None, 2),
        ("县里昨天召开了全体干部会议，会议指出 当前的形势很好，大家要好好工作。", None, 1),
        ("本报讯 县第一小学的运动会昨天上午举行，全校一千多名学生参加了比赛。", None, 0),
        ("新华社北京8月1日电 记者王小明 李大力报道，国务院今天召开会议，讨论今年的工作。", None, 0),
        ("出席的有县委书记王小明 县长李大力等人，大家讨论了全县的农业生产。", None, 0),
    ],
)
def test_spaces_that_stay_may_be_marks_too(text: str, expected: str | None, shown: int) -> None:
    done = clean(text)
    assert done.text == text if expected is None else expected in done.text
    marks = [one for one in done.corrections if one.pass_name == "lost_marks"]
    assert sum(not one.applied for one in marks) == shown
    for one in marks:
        assert sum(one.evidence["alternatives"].values()) == pytest.approx(1.0, abs=1e-3)
        assert "language_nats" in one.explain()


@pytest.mark.parametrize(
    ("seen", "true"),
    [
        ("全市共完成投资3O亿元，比去年多。", "30亿"),
        ("农业产值比去年增长1〇%，农民都说好。", "10%"),
        ("其中工业投资l5亿元，农业投资少一些。", "15亿"),
        ("会议定于8月l日召开，大家都来参加。", "8月1日"),
        ("二O一九年的工作得到了群众的肯定。", "二〇一九年"),
        ("我们县从20一9年起种植水稻和棉花。", "2019年"),
        ("农民的收入比去年增长3。5%，粮食也丰收。", "3.5%"),
        ("每户平均收入达到1、200元，比去年多。", "1,200元"),
    ],
)
def test_what_was_read_for_a_figure_is_shown_and_changed_where_the_page_has_the_number(
    seen: str, true: str
) -> None:
    told = [one for one in clean(seen).corrections if one.pass_name == "confusables"]
    assert [one.certainty for one in told] == [Certainty.LOW]
    assert "alternatives" in told[0].explain()
    assert clean(f"记者了解到，去年的数字是{true}。{seen}").text.count(true) == 2


@pytest.mark.parametrize(
    "text",
    [
        "他坐的是D2O次列车，用的是CO2灭火器，参加了B2B和G2O的会议。",
        "全县共有3O。5月份又有了新的变化。",
        "一、二、三、200多人参加了会议，大家都说好。",
        "如l2所说，共有12件。",
        "他买了iPhone l3，很高兴。",
        "line l0 of the program has 3O items.",
        "水的化学式是H2O，车牌是A1O23B，卖货用O2O模式。",
        "来信请寄邮箱a.b@c.com，谢谢；网址是x.y.com/a，请看。",
    ],
)
def test_letters_that_belong_to_codes_stay(text: str) -> None:
    assert not [one for one in clean(text).corrections if one.applied and one.pass_name == "confusables"]
    assert not [one for one in clean(text).corrections if one.pass_name == "strays"]
    assert not [one for one in misread_numbers(text) if one.seen not in ("3O", "l2")]


def test_a_form_that_the_page_repeats_is_its_own() -> None:
    once = "合作社卖出的山货都用竹匣装好，客人很喜欢。"
    page = "".join(f"第{n}天，村里的匠工坊来了客人，匠工坊的师傅做了木匣。" for n in "一二三四五六")
    assert confusables(page + once).text == page + once


FIELDS = "今年春天，全县干部群众一起修路治水，发展生产，农民的生活一天天好起来，城里的工厂也增加了产量。" * 12


def test_a_page_shows_what_it_takes_a_glyph_for() -> None:
    alone = FIELDS + "河水流人大海。"
    assert confusables(alone).text == alone
    others = "农民收人稳步增加。改革进人新的阶段。群众积极投人建设。他等人会合。"
    mended = others.replace("人", "入").replace("等入", "等人")
    assert confusables(alone + others).text == FIELDS + "河水流入大海。" + mended


@pytest.mark.parametrize(
    ("before", "title", "behind", "expect"),
    [
        ("他翻开《", "山河、故人", "》，", True),
        ("“", "青鸟一号", "”升空，", True),
        ("『", "青鸟", "』号，", True),
        ("他说：“", "青鸟，一号", "”。", False),
        ("他说：“", "青鸟一号明天升空", "”。", False),
        ("他翻开《山河》，又读", "故人", "《青鸟》。", False),
        ("", "青鸟", "", False),
    ],
)
def test_titles_are_told_by_their_marks(before: str, title: str, behind: str, expect: bool) -> None:
    text = RunningText(View.of_text(before + title + behind), shared().model)
    place = np.arange(len(before), len(before) + len(title))
    assert in_title(text, place).tolist() == [expect] * len(title)


def test_what_is_read_in_a_title_is_shown_only() -> None:
    text = "全县各级领导干部要认真学习有关文件，切实把思想统一到会议精神上来，做好当前各项工作。"
    broken = text.replace("领导干部", "领异干部")
    (applied,) = [c for c in confusables(broken).corrections if c.applied]
    assert applied.explain()
    quoted = broken.replace("领异干部", "《领异干部》")
    assert not [c for c in confusables(quoted).corrections if c.applied]


def test_common_words_are_no_name() -> None:
    assert (
        confusables(FIELDS + "我们要，堵塞洞洞，加强管理。").text == FIELDS + "我们要，堵塞漏洞，加强管理。"
    )
    for name in ("作者，欧阳洞洞，也来了。", "会上，县文化馆馆长季文华见人见事地指出了问题。"):
        assert confusables(FIELDS + name).text == FIELDS + name


def test_a_digit_is_not_taken_for_an_ideograph() -> None:
    text = "比赛共有3个组别，第1名得到奖杯，其余2人得到奖状，时间是6月1日。"
    assert strays(text).text == text


@pytest.mark.parametrize("wanted", ["keep", "hant", "jp"])
def test_bytes_that_are_no_text_in_a_page_to_convert(wanted: str) -> None:
    text = "县里新修的水渠通水，沿线三个村的田都能浇上\udcff\udc80水，村民们说，今年發展好，收成有着落。" * 2
    done = script(text, script=wanted)
    assert done.revert() == text
    assert done.text.count("\udcff\udc80") == 2
    assert ("縣" in done.text) == (wanted == "hant")
    assert "發" not in done.text or wanted == "hant"


@pytest.mark.parametrize("sign", ["b", "ab", "3", "|", "`"])
def test_a_stray_at_the_end_of_a_text(sign: str) -> None:
    """Text layers and boxes give texts without a line break at their end."""
    text = "村里请来技术员，带动周边农户发展生产，增加收入"
    assert strays(text + sign).revert() == text + sign
    assert strays(sign + text).revert() == sign + text
    for one in strays(text + sign).corrections:
        assert one.span.start >= len(text)


def test_readings_of_the_page_count_for_strays() -> None:
    from restore.passes.strays import _Between
    from restore.source import text_to_codes

    between = _Between(text_to_codes("带动周带动周\n带b周"))
    assert between.count(7, text_to_codes("动b周")).tolist() == [0, 0, 0]  # after the line break
    assert between.count(8, text_to_codes("动b周")).tolist() == [2, 1, 0]
    assert between.count(9, text_to_codes("周带")).tolist() == [1, 0]  # its end is a line break


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "我们要坚持—切从实际出发，实事求是，—切为了群众。",
            "我们要坚持一切从实际出发，实事求是，一切为了群众。",
        ),
        ("这是—个好办法，学校的第—批学生毕业了。", "这是一个好办法，学校的第一批学生毕业了。"),
        ("我们要坚持实事求是，ー切为了群众。", "我们要坚持实事求是，一切为了群众。"),
        ("北京—上海的列车今天开通，京—沪高速公路也通车了。", None),
        ("县里的干部说——这是好事，大家都要支持。", None),
        ("记者—一个年轻人—来到村里，他说：“我—我不知道。”", None),
    ],
)
def test_a_single_dash_may_be_a_stroke(text: str, expected: str | None) -> None:
    assert clean(text).text == (expected or text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("全县总数达到二二三人，比去年多。", None),
        ("今年一一月的工作很好，大家都满意。", None),
        ("第二二届运动会昨天开幕，大家都来参加。", None),
        (
            "第二届运动会昨天开幕。第二二届运动会的奖牌发完了。",
            "第二届运动会昨天开幕。第二届运动会的奖牌发完了。",
        ),
        ("这是一一个很好的办法，大家都满意。", "这是一个很好的办法，大家都满意。"),
    ],
)
def test_numerals_of_a_number_stay(text: str, expected: str | None) -> None:
    done = clean(text)
    assert done.text == (expected or text)
    told = [one for one in done.corrections if one.pass_name == "doubles"]
    assert all("alternatives" in one.explain() for one in told)
    assert all(one.certainty == Certainty.LOW for one in told) or expected


@pytest.mark.parametrize("sign", "¤©¶†■□◆♦«＿가α")
def test_any_sign_that_is_no_part_of_the_script_may_be_a_stray(sign: str) -> None:
    text = "今年以来，县里的干部认真学{}贯彻会议精神，农民的收入有了较大提高，大家都很高兴。"
    assert clean(text.format(sign)).text == text.format("习")


@pytest.mark.parametrize(
    "text",
    [
        "图为新修的水渠。■王小明摄",
        "记者■王小明报道，大家都很高兴。□本报记者李大山",
        "王明◆李力◆张三",
        "要闻■国际■体育",
        "每张票价￥五十元，大家都说不贵。",
        "苹果®手机和©县报",
    ],
)
def test_ornaments_are_no_strays(text: str) -> None:
    assert not [one for one in clean(text).corrections if one.pass_name == "strays"]


def test_a_letter_nobody_can_read_is_shown_only() -> None:
    text = "他蹲下来，找到`家门前那块石板，坐了很久。"
    done = strays(text)
    assert done.text == text
    assert [c.certainty for c in done.corrections] == [Certainty.LOW]


def _stair(line: str) -> str:
    return "".join(line[k:] for k in range(len(line)))


def test_stairs_of_stairs_are_one_repetition() -> None:
    line = "新渠昨天放满了清水，全镇的"
    nested = _stair(line) + "".join(_stair(line[k:]) for k in range(1, len(line)))
    found = duplicates(f"昨天通水。\n\n{nested}\n\n天有上万人。")
    assert found.text == f"昨天通水。\n\n{line}\n\n天有上万人。"
    assert all(c.evidence["line"] in line for c in found.corrections)


def test_the_short_end_of_a_line_is_a_stair_beside_others() -> None:
    long, short = "新渠昨天放满了清水，全镇的", "天晴。天晴。晴。。"
    assert duplicates(f"{_stair(long)}\n一连十{short}").text == f"{long}\n一连十天晴。"
    assert duplicates(f"{long}\n一连十{short}").text == f"{long}\n一连十{short}"


def test_what_two_blocks_share_at_their_border_stands_once() -> None:
    shared_lines = "全镇三座水库陆续开闸放水\n下游两万亩晚稻及时灌溉，\n今年三座水库的水位最高，"
    text = f"入秋以来雨水偏少，青石镇\n{shared_lines}\n\n{shared_lines}\n比去年同期多蓄了一成。"
    assert duplicates(text).text == f"入秋以来雨水偏少，青石镇\n{shared_lines}\n比去年同期多蓄了一成。"


def test_labels_abreast_are_no_repetition() -> None:
    assert duplicates("今日县里新闻 今日县里新闻\n今年秋收全面展开。\n新桥昨日通车。").text.count("新闻") == 2
    rows = [
        "入秋以来，青石镇的三 县文化馆举办的农民摄",
        "座水库陆续开闸放水下 影展昨天开幕展览共展",
        "游两万亩晚稻及时灌溉 出四十名农民拍摄的一",
        "县里新闻各村都在秋收 县里新闻各村都在秋收",
        "镇党委书记介绍说今年 百二十幅作品，其中既",
        "全镇把水利建设放在农 有丰收的田野，也有放",
        "业工作的首位投入资金 学的孩子。展览将持续",
    ]
    text = "\n".join(rows)
    assert duplicates(text).text == text


def test_a_lead_that_takes_up_its_headline_stays() -> None:
    text = "全县水库除险加固工程完工\n本报记者王小明\n全县水库除险加固工程完工后，"
    assert duplicates(text).text == text


def test_a_lead_that_is_its_headline_stays() -> None:
    headline = "省政府日前印发关于深入推进水库除险加固工作的意见"
    for text in (f"{headline}\n\n{headline}。\n\n意见提出，", f"{headline}\n\n{headline}，提出十条举措。"):
        assert duplicates(text).text == text
    assert duplicates(f"{headline}\n\n{headline}\n\n意见提出，").text == f"{headline}\n\n意见提出，"


def test_drafts_never_overlap() -> None:
    rng = random.Random(5)
    lines = ["全县水库除险", "全县水库除险加固", "固工程完工", "县水库除险加", "今年", "全县水库院险加固"]
    for _ in range(300):
        text = "".join(
            rng.choice(lines) + rng.choice([" ", "\n", "\n\n", "  ", ""]) for _ in range(rng.randint(4, 24))
        )
        duplicates(text).text.encode()


def test_lines_twice_but_with_other_figures_stay() -> None:
    text = "三月份全镇收购春茶 12吨 三月份全镇收购春茶 15吨 比去年同期有所增加。"
    assert duplicates(text).text == text


def test_two_lines_each_printed_twice() -> None:
    text = "新修的水渠通到了山脚下 新修的水渠通到了山脚下 村民们放起鞭炮来庆祝了 村民们放起鞭炮来庆祝了 直到天黑。"
    assert duplicates(text).text == "新修的水渠通到了山脚下 村民们放起鞭炮来庆祝了 直到天黑。"


@pytest.mark.parametrize(
    ("wanted", "source", "expect"),
    [
        ("tw", "头发发展，公里之外的面条店后面有皇后饭店。", "頭髮發展，公里之外的麵條店後面有皇后飯店。"),
        ("hans", "我們的頭髮與發展，皇后在後面。", "我们的头发与发展，皇后在后面。"),
        ("hk", "里面的台湾群众", "裏面的台灣羣眾"),
        ("jp", "学校的图书馆发展了", "学校的図書館発展了"),
    ],
)
def test_conversion_goes_by_phrases_and_can_be_undone(wanted: str, source: str, expect: str) -> None:
    done = script(source, script=wanted)
    assert done.text == expect
    assert done.revert() == source
    assert len(done.corrections) >= 1


@pytest.mark.parametrize(
    ("text", "expected", "shown"),
    [
        (
            "県の図書館は新しくなった。休日に家族で图書館を訪れる人が増えている。",
            "県の図書館は新しくなった。休日に家族で図書館を訪れる人が増えている。",
            0,
        ),
        ("休日に家族で图書館を訪れる人が増えていると館長は話した。", None, 1),
        ("休日に家族で図書館を訪れる人が増えていると館長は話した。", None, 0),
        ("中国語の「图书馆」は日本語の図書館のことだと先生は話した。", None, 0),
    ],
)
def test_a_chinese_form_on_a_japanese_page(text: str, expected: str | None, shown: int) -> None:
    done = clean(text)
    assert done.text == (expected or text)
    told = [one for one in done.corrections if one.pass_name == "script"]
    assert [one.applied for one in told] == [False] * shown + [True] * (expected is not None)
    assert all(one.evidence["alternatives"] for one in told)


def test_conversion_happens_after_joining() -> None:
    lines = "他每天走两公 里路去学校，翻过一座小 山，蹚过一条小河，十年如 一日，从来没有迟到过一 次，学生们都很敬佩他，乡 亲们也都很喜欢这位老师。"
    pipeline = Pipeline([BUILT_IN["join_lines"], script])
    done = pipeline.run(lines, Settings(script="tw"))
    assert "兩公里路" in done.text
    assert "公裏" not in done.text


def test_keep_converts_nothing() -> None:
    text = "我們的頭髮與發展，皇后在後面，里長在裏面。"
    assert script(text).text == text


def test_the_other_opencc_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec

    def without_clib(name: str, package: str | None = None) -> Any:
        return None if name.startswith("opencc.") else real(name, package)

    converter.cache_clear()
    monkeypatch.setattr(importlib.util, "find_spec", without_clib)
    with pytest.raises(OpenCCError, match="pure-Python"):
        converter("s2t")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, package=None: None)
    with pytest.raises(OpenCCError, match="pip install opencc"):
        converter("s2t")
    monkeypatch.undo()
    assert converter("s2t")("龙") == "龍"


def test_running_text_scores_changes_like_the_model_scores_the_changed_text() -> None:
    model = shared().model
    text = "全县农民收人 稳步增加，\n村里的路修好了。"
    running = RunningText(View.of_text(text), model)
    plain = "".join(text.split(" "))
    assert running.text == plain
    place = plain.index("人")
    changed = plain[:place] + "入" + plain[place + 1 :]
    window = slice(place, place + 1 + REACH)
    expect = float(model.logp(model.encode(changed))[window].sum())
    found = running.instead(np.array([place]), model.encode("入"))[0]
    assert found == pytest.approx(expect, abs=1e-3)
    stands = running.stands(np.array([place]))[0]
    assert stands == pytest.approx(float(model.logp(model.encode(plain))[window].sum()), abs=1e-3)
    shorter = plain[:place] + plain[place + 1 :]
    expect = float(model.logp(model.encode(shorter))[place : place + REACH].sum())
    assert running.without(np.array([place]))[0] == pytest.approx(expect, abs=1e-3)


def articles() -> list[str]:
    return [file.read_text("utf-8") for file in sorted((FIXTURES / "build" / "articles").glob("*.txt"))]


def test_clean_news_is_left_alone() -> None:
    own = Pipeline([duplicates, doubles, strays, confusables, script])
    changes = sum(c.applied for text in articles() for c in own.run(text).corrections)
    assert changes <= FALSE_CHANGES


def likeliest(table: Confusables, char: str) -> list[str]:
    """The three ideographs that a character is oftenest taken for."""
    rows = np.flatnonzero((table.true == ord(char)) & (table.kind == Kind.HAN))
    return [chr(int(table.seen[k])) for k in rows[np.argsort(-table.logp[rows], kind="stable")][:3]]


def test_planted_errors_are_found() -> None:
    """Floors over the project's own articles; they only rise."""
    right = dict.fromkeys(("double", "stray", "confuse"), 0)
    planted = dict(right)
    false = shown = 0
    table = shared().confusables
    for draw, text in itertools.product(range(7, 10), articles()):
        rng = random.Random(f"{draw} {text[:9]}")
        out: list[str] = []
        wanted: dict[int, tuple[str, str]] = {}
        for char in text:
            kind = rng.random() * 60 if "\u4e00" <= char <= "\u9fff" else 9.0
            looks = likeliest(table, char) if kind < 0.7 else []
            if kind < 0.3 and char not in "〇一二三四五六七八九十百千万亿":  # of a number nobody can tell
                wanted[len(out) + 1] = ("double", "")
                out.append(char)
            elif kind < 0.5:
                wanted[len(out)] = ("stray", char)
                char = rng.choice("bdehu|`")
            elif kind < 0.7 and looks:
                wanted[len(out)] = ("confuse", char)
                char = rng.choice(looks)
            out.append(char)
        for kind, _ in wanted.values():
            planted[kind] += 1
        done = Pipeline([doubles, strays, confusables]).run("".join(out))
        for correction in done.corrections:
            if correction.applied:
                kind, true = wanted.get(correction.span.start, ("", None))
                if true is not None and correction.after == true:
                    right[kind] += 1
                else:
                    false += 1
            elif wanted.get(correction.span.start, ("",))[0] == "stray":
                shown += 1
    assert min(planted.values()) >= 30
    for kind, floor in FLOORS.items():
        assert right[kind] >= floor * planted[kind], (kind, right, planted)
    assert right["stray"] + shown >= STRAYS_FOUND * planted["stray"], (right, shown, planted)
    assert false <= FALSE_SHARE * sum(right.values()), (false, right)


def test_readings_kept_from_another_weighing_are_those_found_anew() -> None:
    model = shared().model
    text = "今年以来，全县农民收人稳步增加，村里的追路也修好了。群众郜说，日子越过越好。"
    before, after = (RunningText(View.of_text(one), model) for one in (text, text.replace("收人", "收入")))
    kept = Proposed.of(before, 1).common
    place = np.arange(len(before))
    kept.at(before, place)
    found, fresh = kept.at(after, place), Proposed.of(after, 1).common.at(after, place)
    for one, other in zip(found, fresh, strict=True):
        assert np.array_equal(np.sort(one, axis=1), np.sort(other, axis=1))


@pytest.mark.parametrize("reach", [1, REACH])
def test_how_readings_fit_is_kept_only_where_the_page_is_the_same(reach: int) -> None:
    model = shared().model
    text = "今年以来，全县农民收人稳步增加，村里的追路也修好了。群众郜说，日子越过越好。"
    kept = Fits(reach)
    readings = model.encode("入道都大土未日").astype(np.int64)
    for page in (
        text,
        text,
        text.replace("收人", "收入"),
        text.replace("追路", "道路").replace("郜", "都"),
        text,
    ):
        running = RunningText(View.of_text(page), model)
        place = np.repeat(np.arange(len(running)), len(readings))
        ids = np.tile(readings, len(running))
        some = np.arange(len(ids)) % 3 > 0 if page == text else np.ones(len(ids), dtype=np.bool_)
        expected = running.instead(place[some], ids[some], reach=reach)
        assert np.array_equal(kept.at(running, place[some], ids[some]), expected)


def test_misread_numbers_take_time_that_grows_with_the_text() -> None:
    def seconds(many: int) -> float:
        text = "".join(f"投资{number}O亿元，" for number in range(1, many + 1))
        begin = time.process_time()
        assert sum(1 for _ in number_drafts(text)) == many
        return time.process_time() - begin

    few, many = (min(seconds(number) for _ in range(3)) for number in (1_000, 16_000))
    assert many < 48 * few  # sixteen times as many; with the square of their number it would be 256 times
