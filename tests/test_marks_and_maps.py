"""Marks taken for others, garbled character maps, and the trees that weigh evidence."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from restore import clean
from restore.language.trees import Trees
from restore.passes import bylines, charmap, mistaken_marks

PAGES = Path(__file__).resolve().parent.parent / "fixtures" / "pages"
TRUTHS = sorted(PAGES.glob("*/truth.txt"))
CIPHER = {
    "。": "ÿ",
    "的": "ß",
    "一": "\x80",
    "在": "ñ",
    "有": "à",
    "人": "û",
    "年": "þ",
    "水": "ø",
    "村": "Ā",
}


@pytest.mark.parametrize(
    ("seen", "printed"),
    [
        (
            "全县农村工作会议昨天召开·会议强调，要把水利建设放在首位。",
            "全县农村工作会议昨天召开。会议强调，要把水利建设放在首位。",
        ),
        (
            "本报北京五月三日电〈记者王明）今天上午天气很好。",
            "本报北京五月三日电（记者王明）今天上午天气很好。",
        ),
        ("奋进新征程一一农村见闻之三。", "奋进新征程——农村见闻之三。"),
        (
            "本报北京五月三日电《记者王明）水渠修好了。\n〈赵山 李大山）\n代表【女)也来了。",
            "本报北京五月三日电（记者王明）水渠修好了。\n（赵山 李大山）\n代表（女)也来了。",
        ),
        (
            "本报北京五月三日电（记者王明》水渠修好了。\n(赵山 李大山〉\n代表（女》也来了。",
            "本报北京五月三日电（记者王明）水渠修好了。\n(赵山 李大山）\n代表（女）也来了。",
        ),
    ],
)
def test_a_mistaken_mark_is_mended(seen: str, printed: str) -> None:
    done = mistaken_marks(seen)
    assert done.text == printed
    assert all(one.evidence["alternatives"] for one in done.corrections)
    assert done.revert() == seen


@pytest.mark.parametrize(
    "text",
    [
        "作家卡莱斯·奥尔特加和翻译家玛丽亚·科斯塔出席了见面会。",
        "圆周率约为3.14，比分是2:1，会议9:30开始。",
        "他说〈水渠〉是一首歌；大家都会唱，老人也会。",
        "双方签署了合作协议·会谈以后，他们出席了记者会。",
        "图书馆是老人的课堂，也是孩子的乐园、青年的去处。",
        "这件事（见《人民日报）大家都知道。",
        "大家都读过《人民日报），都说写得好。",
        "大家都读过（人民日报》，都说写得好。",
        "《关于修改〈城市供水条例）的决定》今天公布。",
        "随机数取自区间[0,1)和[10,20）。",
        "会议讨论了以下问题：[一是水利，\n二是道路)",
    ],
)
def test_marks_that_are_right_stay(text: str) -> None:
    assert mistaken_marks(text).text == text


@pytest.mark.parametrize(
    ("seen", "printed"),
    [
        ('收入翻了一番。（王小明"李大山）', "收入翻了一番。（王小明 李大山）"),
        ("收入翻了一番。(王小明 ”李大山)", "收入翻了一番。(王小明 李大山)"),
        ("收入翻了一番。（记者王小明“”李大\n山）", "收入翻了一番。（记者王小明 李大\n山）"),
        ('责任编辑:王小明"版式:李大山"校对:赵山', "责任编辑:王小明 版式:李大山 校对:赵山"),
        ("本报记者“王小明", "本报记者 王小明"),
    ],
)
def test_a_space_between_names_is_no_quotation_mark(seen: str, printed: str) -> None:
    result = bylines(seen)
    assert result.text == printed
    assert all(c.applied for c in result.corrections)


@pytest.mark.parametrize(
    "text",
    [
        "这个规定（以下简称“办法”）从今天起施行。",
        "这个规定（以下简称“办法）从今天起施行。",
        "会上讨论了“三农”问题（主持人说：“很好”）。",
        "记者“王小明”的书出版了。",
        "他问记者：“王小明来了吗？”",
        "（“白杨”“红柳”）",
    ],
)
def test_quotation_marks_stay(text: str) -> None:
    assert bylines(text).text == text


def test_marks_of_the_fixture_pages_stay() -> None:
    for path in TRUTHS:
        text = path.read_text("utf-8")
        assert mistaken_marks(text).text == text, path


def garbled() -> tuple[str, str]:
    plain = "\n\n".join(path.read_text("utf-8") for path in TRUTHS[:4])
    return plain, plain.translate(str.maketrans(CIPHER))


def test_a_garbled_map_is_said_and_deciphered() -> None:
    plain, dump = garbled()
    done = charmap(dump)
    assert any("character map" in note for note in done.notes)
    assert done.revert() == dump
    wrong = sum(a != b for a, b in zip(plain, dump, strict=True))
    left = sum(a != b for a, b in zip(plain, done.text, strict=True))
    applied = [one for one in done.corrections if one.applied]
    right = sum(one.after == plain[one.span.start] for one in applied)
    assert left < 0.6 * wrong
    assert right >= 0.95 * len(applied)


def test_figures_for_marks_are_read_and_numbers_stay() -> None:
    plain, _ = garbled()
    signs = {key: sign for key, sign in CIPHER.items() if key != "。"}
    dump = plain.translate(str.maketrans({**signs, "。": "2", "、": "1"}))
    done = charmap(dump)
    stops = [at for at, sign in enumerate(plain) if sign == "。"]
    assert sum(done.text[at] == "。" for at in stops) >= 0.8 * len(stops)
    assert all(done.text[at] == sign for at, sign in enumerate(plain) if sign.isascii() and sign.isdigit())


def test_a_plain_page_has_no_garbled_map() -> None:
    plain, _ = garbled()
    done = charmap(plain)
    assert done.notes == ()
    assert not len(done.corrections)


def test_the_note_reaches_the_result() -> None:
    _, dump = garbled()
    assert any("garbled" in note for note in clean(dump[:2500]).notes)


def test_trees_add_their_leaves() -> None:
    data = {
        "features": ["a", "b"],
        "roots": [0, -3, 1],
        "feature": [0, 1],
        "threshold": [1.0, 0.5],
        "left": [~0, ~3],
        "right": [~1, ~4],
        "values": [1.0, 2.0, 10.0, 100.0, 200.0],
        "bias": 0.5,
    }
    odds = Trees(data).log_odds({"a": np.array([1.0, 2.0]), "b": np.array([0.0, 1.0])})
    assert odds.tolist() == [111.5, 212.5]


def test_trees_take_many_rows_in_little_memory() -> None:
    """A page that says one word thousands of times must not cost gigabytes."""
    trees = 200
    data = {
        "features": ["a"],
        "roots": list(range(trees)),
        "feature": [0] * trees,
        "threshold": [k / trees for k in range(trees)],
        "left": [-1] * trees,
        "right": [-2] * trees,
        "values": [0.0, 1.0],
        "bias": 0.0,
    }
    rows = np.arange(10_001) / 10_000
    made = Trees(data)
    tracemalloc.start()
    odds = made.log_odds({"a": rows})
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert odds.tolist() == [float((row > np.arange(trees) / trees).sum()) for row in rows]
    assert peak < len(rows) * trees * 8  # less than one table of where each row is in each tree
    assert made.log_odds({"a": rows[:0]}).shape == (0,)


def test_the_dots_of_a_quoted_slogan_stay() -> None:
    text = "本次大会以“新技术·新产品·新市场”为主题，各地代表都来参加，会议还将持续三天。"
    assert mistaken_marks(text).text == text
