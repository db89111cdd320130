"""Script detection and lone characters of another script."""

from __future__ import annotations

import pytest

from restore.language.scripts import (
    JAPANESE,
    SIMPLIFIED,
    TRADITIONAL,
    detect_script,
    lone_other_script,
    script_bits,
    script_counts,
)

S, T, J = SIMPLIFIED, TRADITIONAL, JAPANESE


@pytest.mark.parametrize(
    ("char", "bits"),
    [
        ("国", S | J),
        ("國", T),
        ("发", S),
        ("發", T),
        ("発", J),
        ("沢", J),
        ("気", J),
        ("這", T | J),
        ("们", S),
        ("你", S | T),
        ("人", S | T | J),
        ("后", S | T | J),
        ("里", S | T | J),
        ("台", S | T | J),
        ("着", S | T | J),
        ("裡", T | J),
        ("鿐", S | T | J),
        ("a", 0),
        ("。", 0),
        ("の", 0),
        ("한", 0),
    ],
)
def test_bits(char: str, bits: int) -> None:
    assert script_bits()[ord(char)] == bits


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("", "none"),
        ("1998-01-03 abc,.", "none"),
        ("一二三上下", "none"),
        ("国务院总理在人民大会堂会见了来访的客人，双方就两国关系交换了意见。", "hans"),
        ("行政院長在立法院會見來訪的客人，雙方就兩國關係交換了意見。", "hant"),
        ("政府は五日、経済対策を閣議決定した。", "jp"),
        ("カタカナ", "jp"),
        ("정부는 5일 경제 대책을 발표했다. 國會는 반대했다.", "ko"),
        ("国务院发布通知。國務院發布通知。", "mixed"),
        ("他说优の良品店开业了，我们去买东西，还买了书，国产的也很多。", "hans"),
        ("정부는 発表した。これは経済の問題だ。대책을", "mixed"),
    ],
)
def test_detection(text: str, script: str) -> None:
    assert detect_script(text) == script


def test_counts() -> None:
    assert script_counts("国發沢们人の한a。") == {
        "han": 5,
        "kana": 1,
        "hangul": 1,
        "hans": 1,
        "hant": 1,
        "jp": 1,
        "hans_hant": 0,
        "hans_jp": 1,
        "hant_jp": 0,
    }


HANS = "国务院总理会见了來访的客人，双方就两国关系交换了意见"


def test_a_lone_traditional_character_is_found() -> None:
    assert [HANS[i] for i in lone_other_script(HANS)] == ["來"]


def test_a_lone_simplified_character_is_found() -> None:
    text = "行政院長在立法院会見來訪的客人，雙方就兩國關係交換了意見。"
    assert [text[i] for i in lone_other_script(text)] == ["会"]


def test_a_lone_japanese_character_is_found() -> None:
    text = "他们说这个问题已经解决，沢东同志的书也出版了，发行很广。"
    assert [text[i] for i in lone_other_script(text)] == ["沢"]


def test_a_quotation_is_left_alone() -> None:
    text = "国务院总理会见了来访的客人，匾上写着「為人民服務」五个字，双方交换了意见，还参观了书画展览。"
    assert lone_other_script(text).size == 0


def test_two_far_slips_are_two() -> None:
    text = HANS + "。" + HANS
    assert len(lone_other_script(text)) == 2


@pytest.mark.parametrize("text", ["", "abc", "政府は五日、経済対策を決定した。", "정부는 國會"])
def test_nothing_to_find(text: str) -> None:
    assert lone_other_script(text).size == 0


def test_the_script_can_be_given() -> None:
    assert lone_other_script("一会兒", "hans").tolist() == [2]
    assert lone_other_script("一会兒", "hant").tolist() == [1]
    assert lone_other_script("一会兒", "ko").size == 0


def test_surrogates_do_not_raise() -> None:
    assert detect_script("国\ud800务院发布") == "hans"
