"""What lies between two neighbouring lines: nothing, a new paragraph, or text that was lost."""

from __future__ import annotations

import importlib
import time

import numpy as np
import pytest

from restore import clean
from restore.language import shared
from restore.language.marks import MARKS
from restore.layout.segments import Segments, segments_of
from restore.order.boundaries import (
    BREAK,
    BREAKS,
    FILE,
    KEEP,
    LIKELY_OF_COMMAS,
    LIKELY_OF_MARKS,
    Boundaries,
    boundaries_of,
    decide,
    in_mid_sentence,
    with_neighbours,
)
from restore.order.lacunae import stumps
from restore.order.losses import BEFORE, BEHIND, Losses, loss_features, lost_text, marks_between, torn
from restore.order.network import Network
from restore.order.seams import Seams
from restore.passes import gaps, lost_marks
from restore.pipeline import Pipeline, Tools
from restore.source import Source
from restore.view import View

FIRST = [
    "入秋以来，青石镇的三座",
    "水库陆续开闸放水，下游的两",
    "万亩晚稻及时得到了灌溉，镇",
    "里的老农说，这样的年景十年",
    "也遇不到几回。",
]
SECOND = [
    "镇党委书记介绍，今年全",
    "镇把水利建设放在农业工作的",
    "首位，先后投入资金三百万元",
    "，整修渠道四十公里，解决了",
    "六个村的用水困难。",
]
THIRD = [
    "县文化馆举办的农民摄影",
    "展昨天开幕，展览共展出四十",
    "名农民拍摄的一百二十幅作品",
    "，将持续到本月底，群众可以",
    "免费参观。",
]


def page(lines: list[str]) -> str:
    """A dump with its line ends as spaces, a blank line before each paragraph."""
    return "".join(
        ("\n\n" if k and line in (SECOND[0], THIRD[0]) else " " if k else "") + line
        for k, line in enumerate(lines)
    )


def judged(lines: list[str]) -> tuple[Segments, Boundaries]:
    segments = segments_of(View.of(Source(page(lines))))
    return segments, boundaries_of(segments, shared())


def test_paragraphs_begin_where_lines_are_indented_and_the_last_one_ended() -> None:
    _, found = judged(FIRST + SECOND + THIRD)
    assert np.flatnonzero(found.fate == BREAK).tolist() == [4, 9]


def _with_gap(lines: list[str], k: int) -> Segments:
    """A page with a blank line before line ``k``."""
    text = page(lines)
    at = text.index(lines[k])
    return segments_of(View.of(Source(text[: at - 1] + "\n\n" + text[at:])))


@pytest.mark.parametrize(
    ("k", "stop", "least"),
    [
        (8, False, LIKELY_OF_MARKS),  # ，整修渠道四十公里，解决了
        (8, True, LIKELY_OF_COMMAS),
        (7, False, -np.inf),
        (5, False, -np.inf),
    ],
)
def test_no_paragraph_begins_with_a_mark(k: int, stop: bool, least: float) -> None:
    lines = FIRST + SECOND + THIRD
    if stop:
        lines = [*lines[: k - 1], lines[k - 1][:-1] + "。", "”" + lines[k][1:], *lines[k + 1 :]]
    segments = _with_gap(lines, k) if k != 5 else segments_of(View.of(Source(page(lines))))
    found = boundaries_of(segments, shared())
    needed = in_mid_sentence(segments, found.evidence, found.features)
    assert needed[k - 1] == least
    # whatever the networks make of the text, such a line goes on where the odds are not overwhelming
    odds = found.odds.copy()
    odds[k - 1] = 1.0
    fate = decide(segments, found.evidence, found.features, odds).fate
    assert (fate[k - 1] == BREAK) == (least < LIKELY_OF_MARKS)


def test_a_mark_of_another_column_is_not_joined() -> None:
    segments = _with_gap(FIRST + SECOND + THIRD, 8)
    found = boundaries_of(segments, shared())
    features = {name: np.asarray(column) for name, column in found.features}
    features["link: known"] = np.ones(len(found.fate), dtype=np.bool_)
    features["link: odds"] = np.full(len(found.fate), -6.0)
    assert in_mid_sentence(segments, found.evidence, list(features.items()))[7] == -np.inf


def test_features_are_finite_and_those_that_the_networks_know() -> None:
    segments, found = judged(FIRST + SECOND + THIRD)
    assert tuple(name for name, _ in with_neighbours(found.features)) == Network.load(FILE, BREAKS).names
    features = list(loss_features(segments, found))
    for name in (BEHIND, BEFORE):
        assert tuple(key for key, _ in features) == Network.load(FILE, name).names
    assert all(np.isfinite(np.asarray(v, dtype=float)).all() for _, v in features)
    assert {np.asarray(v).shape for _, v in features} == {(len(segments) - 1,)}


def test_a_boundary_knows_those_around_it() -> None:
    own = [("stop", np.array([True, False, True])), ("page: linked", np.full(3, 0.5))]
    found = dict(with_neighbours(own))
    assert found["before: stop"].tolist() == [False, True, False]
    assert found["behind: stop"].tolist() == [False, True, False]
    assert found["before: there"].tolist() == [False, True, True]
    assert found["behind: there"].tolist() == [True, True, False]
    assert "before: page: linked" not in found


def test_losses_are_known_by_the_source() -> None:
    segments, found = judged(FIRST + SECOND)
    losses = lost_text(segments, found)
    text = segments.view.text
    assert [text[k] for k in losses.last] == [t[-1] for t in segments.texts[:-1]]
    assert [text[k] for k in losses.first] == [t[0] for t in segments.texts[1:]]
    assert losses.within.tolist() == (found.fate != BREAK).tolist()


@pytest.mark.parametrize("gone", [len(FIRST) - 1, len(FIRST) + len(SECOND) - 1])
def test_a_lost_last_line_is_marked(gone: int) -> None:
    lines = FIRST + SECOND + THIRD
    before = lines[gone - 1]
    text = clean(page(lines[:gone] + lines[gone + 1 :])).text
    assert text.count("〔…〕") == 1
    assert f"{before[-4:]}〔…〕" in text


def test_nothing_is_marked_where_nothing_is_lost() -> None:
    result = clean(page(FIRST + SECOND + THIRD))
    assert "〔" not in result.text


@pytest.mark.parametrize(
    ("left", "right", "mark"),
    [
        ("全乡主要种植水稻", "玉米、棉花和油菜。", "、"),
        ("兄弟市县的来宾来自北京", "上海、天津等地。", "、"),
        ("全乡的老农都说今年的收", "入比去年增加了一成。", ""),
        ("乡里还要再修三座小水", "得到了省里专家的好评。", ""),
    ],
)
def test_a_lost_mark_is_told_from_a_lost_line(left: str, right: str, mark: str) -> None:
    view, tools = View.of(Source(f"{left} {right}")), Tools()
    k = len(left)
    odds = np.array([3.0])
    tools.memo["losses"] = Losses(np.array([k - 1]), np.array([k + 1]), np.array([True]), odds, -odds)
    at, best, _ = marks_between(tools.memo["losses"], view, shared().model)
    assert [MARKS[b] for b in best] == [mark] * bool(mark)
    marked = [draft for draft in gaps.find(view, tools) if "do not follow" in draft.message]
    assert len(marked) == (not mark)
    assert len(at) == bool(mark)
    supplied = [edit.text for draft in lost_marks.find(view, tools) for edit in draft.edits]
    assert supplied == [mark] * bool(mark)


def test_lost_marks_of_other_scripts_are_not_judged() -> None:
    text = "この村では水稻 玉米、棉花をつくっています。"
    view, tools = View.of(Source(text)), Tools()
    k = text.index(" ")
    odds = np.array([3.0])
    tools.memo["losses"] = Losses(np.array([k - 1]), np.array([k + 1]), np.array([True]), odds, -odds)
    assert list(lost_marks.find(view, tools)) == []


def test_lines_far_apart_in_the_dump_with_lost_text_between_are_torn() -> None:
    segments, _ = judged(FIRST + SECOND + THIRD)
    n = len(segments)
    order = np.array([*range(5), 10, 11, 12, 13, 14, *range(5, 10)])
    moved = segments.taken(order, segments.newlines[order])
    assert moved.texts == FIRST + THIRD + SECOND
    sure = np.full(n - 1, 2.0)
    losses = Losses(order[:-1], order[1:], sure > 0, sure, -sure)
    assert np.flatnonzero(torn(moved, losses)).tolist() == [4, 9]
    assert not torn(moved, Losses(order[:-1], order[1:], sure > 0, -sure, -sure)).any()


def test_a_line_knows_the_best_one_that_nothing_holds() -> None:
    odds = np.full((4, 4), -12, dtype=np.float32)
    odds[0, 1], odds[0, 3], odds[2, 1], odds[2, 3] = 4, 1, 5, -2
    at = np.array([0, 10, 20, 30])
    seams = Seams.of(odds, np.arange(4), at, at + 9)
    link, onward, inward, free_onward, free_inward = seams.between(at[:-1] + 9, at[1:])
    assert link.tolist() == [4, -12, -2]
    assert onward.tolist() == [4, -12, 5]
    assert inward.tolist() == [5, -12, 1]
    assert free_onward[0] == 1  # the second is held by the first
    assert free_inward[0] == 5  # the third is followed by nothing that fits


def test_the_halves_of_a_headline_keep_their_space() -> None:
    head = "渠水绕田滋沃土 书声伴月润乡邻"
    text = "\n\n".join([head, page(FIRST + SECOND + THIRD)])
    assert clean(text).text.startswith(head + "\n\n")


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("□本报记者 周小兰 □本报记者 何青山", ["□本报记者", "周小兰", "□本报记者", "何青山"]),
        ("本报记者 周小兰 2018年12月18", ["本报记者", "周小兰", "2018年12月18"]),
        ("据本报记者 周小兰报道，2018年", ["据本报记者", "周小兰报道，2018年"]),
    ],
)
def test_a_byline_is_cut_from_what_stands_beside_it(line: str, parts: list[str]) -> None:
    text = "".join(FIRST + SECOND + THIRD)
    lines = [text[k : k + 9] for k in range(0, 135, 9)]
    view = View.of(Source("\n".join([*lines[:8], line, *lines[8:]])))
    assert [one for one in segments_of(view).texts if one not in lines] == parts


def _fate_with(line: str, odds: float) -> int:
    """What becomes of the first space of a physical line among others, where the text gives it these log-odds."""
    segments = segments_of(View.of(Source("\n".join([*FIRST, line, *SECOND, *THIRD]))))
    found = boundaries_of(segments, shared())
    k = segments.texts.index(line.split()[0])
    text = np.array(found.odds)
    text[k] = odds
    return int(decide(segments, found.evidence, found.features, text).fate[k])


def test_a_space_on_one_line_stays_unless_a_new_paragraph_is_far_likelier() -> None:
    line = "山里书屋开门 今年修渠三十里 县城老桥"
    assert _fate_with(line, 2.0) == KEEP
    assert _fate_with(line, 12.0) == BREAK


def test_the_halves_of_a_headline_on_one_line_stay_together() -> None:
    assert _fate_with("山里书屋昨天开门 今年修渠三十里", 12.0) == KEEP


WHOLE = "镇上的三家船厂日夜开工，老船长们把积攒多年的修船手艺一样一样教给年轻人。"


@pytest.mark.parametrize(
    ("stump", "end", "found"),
    [
        (WHOLE[:-8], True, True),
        (WHOLE[:-8].replace("积攒", "多年"), True, False),  # said otherwise there
        (WHOLE[-20:], True, False),  # the end of the other too
        (WHOLE[8:-1], False, True),
        (WHOLE[:12], False, False),  # the beginning of the other too
        (WHOLE[4:14], True, False),  # so few characters may recur by chance
    ],
)
def test_what_stands_on_the_page_again_and_goes_on_there_is_a_stump(
    stump: str, end: bool, found: bool
) -> None:
    texts = [stump, "山里的茶农也没有闲着。", WHOLE]
    assert (0 in stumps(texts, np.arange(3), end)) is found


def test_stumps_are_looked_for_in_time_that_grows_with_the_paragraphs() -> None:
    def seconds(many: int) -> float:
        texts = [f"第{i}村今年修渠{i * 7}里，{i % 97}户都通了水" for i in range(many)]
        texts[70] = texts[900][:-3]
        begin = time.process_time()
        assert stumps(texts, np.arange(len(texts)), True) == {70}
        return time.process_time() - begin

    few, many = (min(seconds(number) for _ in range(3)) for number in (3_500, 28_000))
    assert many < 24 * few  # eight times as many; with the square of their number it would be 64 times


def test_no_gap_is_marked_behind_a_stump(monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module("restore.passes.gaps")
    monkeypatch.setattr(module, "_LIKELY", -50.0)  # a mark wherever one is thinkable
    cut = WHOLE[:-8]
    marks = {one.evidence.get("ends_with") for one in gaps(f"{cut}\n\n{WHOLE}").corrections}
    assert cut[-8:] not in marks
    marks = {one.evidence.get("ends_with") for one in gaps(f"{cut}\n\n山里的茶农也没有闲着。").corrections}
    assert cut[-8:] in marks


def test_no_gap_is_marked_in_a_text_without_punctuation(monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module("restore.passes.gaps")
    monkeypatch.setattr(module, "_LIKELY", -50.0)  # a mark wherever one is thinkable
    paragraphs = ("".join(lines) for lines in (FIRST, SECOND, THIRD, FIRST[:4], SECOND[:3]))
    text = "\n\n".join(paragraphs)
    assert gaps(text).corrections
    bare = text.translate(dict.fromkeys(map(ord, "，。")))
    found = gaps(bare)
    assert not found.corrections
    assert any("stops and commas" in note for note in found.notes)
    short = gaps(bare[:100])  # a headline has none either
    assert not any("stops and commas" in note for note in short.notes)


def test_what_a_converter_calls_a_heading_breaks_off_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.import_module("restore.passes.gaps"), "_LIKELY", -50.0)
    line = "镇上的三家船厂日夜开工"
    pipeline = Pipeline(["markup", "gaps"])

    def broken_off(text: str) -> set[str]:
        return {one.evidence.get("ends_with", "") for one in pipeline.run(text).corrections}

    assert line[-8:] in broken_off(f"{line}\n\n{WHOLE}")
    assert line[-8:] not in broken_off(f"## **{line}**\n\n{WHOLE}")
