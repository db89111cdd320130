"""The diff report as text: escaping, policy, its data. What it does in a browser: test_report_browser.py."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from restore import (
    Certainty,
    Correction,
    Delete,
    Draft,
    Gap,
    Insert,
    Move,
    Pipeline,
    Replace,
    Restoration,
    Source,
    Span,
    Tools,
    View,
    clean,
    repair_pass,
)
from restore.passes import BUILT_IN
from restore.record import dumps, loads
from restore.report.html import render_report
from restore.report.model import KINDS, build_model, kinds_of, manual, to_json
from restore.report.terminal import summary_lines

SEED = Path(__file__).parent.parent / "seeds" / "000_3beea0aa8b224972.txt"


@repair_pass()
def shuffle(view: View, tools: Tools) -> Iterator[Draft]:
    """Moves, gaps and guesses at places drawn by lot, so that a report has every kind of correction to show.

    Repairs: nothing; it is a test's.
    Why it happens: a ``report`` must show what passes may do.
    Example: ``甲乙`` becomes ``乙甲``.
    When it is wrong: always.
    """
    lots = random.Random(len(view))
    lines = [m.span() for m in re.finditer(r"[^\n]{12,}", view.text)]
    lots.shuffle(lines)
    for number, (a, b) in enumerate(lines[:24]):
        if number % 6 == 0:
            to = lots.choice(lines)[0]
            cut = min(b, a + lots.randint(4, 26))
            evidence = {
                "continuity": 0.82,
                "measure_fits": True,
                "hole_left": -1.75,
                "alternatives": [["前文", 0.31], ["后文", 0.22]],
            }
            yield Draft(
                (Move(Span(a, cut), to, float(number)),),
                "line read from the neighbouring column",
                Certainty.MEDIUM,
                0.71,
                evidence,
            )
        elif number % 6 == 1:
            yield Draft(
                (Insert(b, Gap(2, 19.5)),),
                "the sentence breaks off",
                Certainty.HIGH,
                0.93,
                {"tail": view.text[b - 4 : b]},
            )
        elif number % 6 == 2:
            yield Draft(
                (Replace(Span(a + 2, a + 3), "囧"),),
                "looks like another glyph",
                Certainty.LOW,
                0.34,
                {"prior": 0.2},
            )
        elif number % 6 == 3:
            yield Draft((Delete(Span(a + 4, a + 6)),), "read twice", Certainty.MEDIUM, 0.66)
        elif number % 6 == 4:
            yield Draft(
                (Insert(a + 5, "补\n\n入"),), "the same name stands whole elsewhere", Certainty.LOW, 0.4
            )
        else:
            edits = (
                Delete(Span(a + 1, a + 2)),
                Replace(Span(a + 4, a + 7), "两处"),
                Insert(a + 9, "又一处", after=False),
            )
            yield Draft(edits, "three edits, one judgement", Certainty.MEDIUM, 0.58)


@repair_pass(after=["shuffle"])
def second_thoughts(view: View, tools: Tools) -> Iterator[Draft]:
    """Changes what others supplied and moved."""
    for match in re.finditer("又一处|“.", view.text):
        if match[0] == "又一处":
            yield Draft(
                (Replace(Span(match.start() + 1, match.start() + 2), "壹"),),
                "a supplied text again",
                Certainty.HIGH,
                0.9,
            )
        elif match.start() % 3 == 0:
            yield Draft(
                (Replace(Span(match.start(), match.start() + 1), "「"),), "a quote again", Certainty.HIGH, 0.9
            )
    for match in list(re.finditer(r"[^\n]{30,}", view.text))[3:9:2]:
        a = match.start()
        yield Draft((Move(Span(a + 20, a + 26), a + 4, 0.5),), "moved again", Certainty.MEDIUM, 0.5)


def every_kind(text: str | None = None) -> Restoration:
    """A restoration with moves, gaps, low certainty, and corrections that stand on others."""
    source = Source(text) if text is not None else Source.read(SEED)
    preset = Pipeline.preset("formatting")
    return Pipeline([*preset.passes, shuffle, second_thoughts]).run(source)


def model_in(page: str) -> dict:
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)[1])


@pytest.fixture(scope="module")
def restoration() -> Restoration:
    return every_kind()


@pytest.fixture(scope="module")
def page(restoration: Restoration) -> str:
    return render_report(restoration)


def test_is_one_document_that_asks_for_nothing(page: str) -> None:
    assert page.startswith("<!doctype html>")
    assert "default-src 'none'" in html.unescape(page)
    outside = re.findall(r"""(?:src|href)\s*=\s*["'][^"']+|url\(|@import|https?://[^\s"'<)]+""", page)
    assert set(outside) <= {"http://www.w3.org/2000/svg"}
    assert page.count("<script") == 3


def test_policy_allows_exactly_the_script_in_the_page(page: str) -> None:
    script = re.search(r"<script>(.*?)</script>", page, re.S)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in html.unescape(page)


def test_data_is_the_restoration(restoration: Restoration, page: str) -> None:
    model = model_in(page)
    ledger = restoration.ledger
    assert model["source"]["text"] == restoration.source.text
    assert model["source"]["sha256"] == restoration.source.sha256
    assert len(model["corrections"]["pass"]) == ledger.n_corrections
    assert (np.array(model["edits"]["start"]) + model["edits"]["width"] == ledger.edits["end"]).all()
    some = [*range(0, ledger.n_corrections, 37), ledger.n_corrections - 1]
    for i in some:
        assert model["corrections"]["id"][12 * i : 12 * i + 12] == restoration.corrections[i].id


def test_kinds_say_what_a_reader_would(restoration: Restoration) -> None:
    def plainly(one: Correction) -> str:
        if any(isinstance(e, Move) for e in one.edits):
            return "move"
        if any(isinstance(e, Insert) and isinstance(e.text, Gap) for e in one.edits):
            return "gap"
        both = one.before + one.after
        if not both.strip("\u3000 \n\t"):
            return "space"
        if not one.before.strip("\u3000 \n\t"):
            return "supplied"
        if not re.search(r"[^\W_]", both):
            return "mark"
        return "glyph" if one.before and one.after else "deletion" if one.before else "supplied"

    kinds = kinds_of(restoration)
    for one in restoration.corrections:
        if len(one.edits) == 1:
            assert KINDS[kinds[one.index]] == plainly(one), one
    assert {KINDS[k] for k in kinds} == set(KINDS)


def test_a_mark_put_where_none_was_is_supplied() -> None:
    page = clean(
        "为了方便群众办事，县 政务服务中心从本月起延长 服务时间，每天中午不休息 ，周末安排工作人员值班。 据统计，半个月来已经有三 "
        "千多名群众在中午和周末办 理了业务。 各级干部深入农村为群 众做好事 办实事 解难事 ，受到群众的欢迎，得到上 级的表扬和肯定。"
    )
    of = dict(zip((c.pass_name for c in page.corrections), kinds_of(page).tolist(), strict=True))
    assert page.text.count("、") == 2
    assert KINDS[of["lost_marks"]] == "supplied"
    assert any("2  supplied: characters put in; line 1: " in line for line in summary_lines(page))
    assert KINDS[int(kinds_of(clean("他说......好，渠修好了。", preset="formatting"))[0])] == "mark"


def test_changing_the_form_of_a_character_is_no_glyph_repair() -> None:
    kinds = kinds_of(clean("⼈民的报纸，１２３页。", preset="formatting"))
    assert kinds.size
    assert set(kinds.tolist()) == {KINDS.index("mark")}


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>基础 不牢,地动山摇",
        "</script><script>alert(1)</script><!--基础 不牢",
        '"><img src=x onerror=alert(1)>地动 山摇,',
        "]]><svg/onload=alert(1)>&lt;script&gt;地动 山摇",
        "{{ 7 * 7 }}{% raw %}地动 山摇,",
    ],
)
def test_markup_in_a_dump_stays_text(text: str) -> None:
    restoration = clean(text, preset="formatting")
    page = render_report(restoration)
    assert page.count("<script") == 3
    assert "<img" not in page
    assert "<svg/" not in page
    assert model_in(page)["source"]["text"] == text


def test_bidi_and_invisible_characters_are_not_literal_in_the_file() -> None:
    text = "甲\u202e乙\u2066丙\u200b丁\u2028戊\ufeff己\u00ad庚\x85辛"
    page = render_report(clean(text, preset="formatting"))
    assert not re.search("[\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\u00ad\x85]", page)
    assert model_in(page)["source"]["text"] == text


def test_file_name_is_escaped_by_the_template() -> None:
    page = render_report(clean(Source("基础 不牢", name='<b onclick="x">&.txt'), preset="formatting"))
    assert "<b onclick" not in page
    assert "&lt;b onclick=&#34;x&#34;&gt;&amp;.txt</title>" in page


def test_undecodable_bytes_and_lone_surrogates_survive() -> None:
    source = Source.from_bytes("党的基层 组织,".encode() + b"\xff\xfe" + "是党 执政".encode() + b"\n" * 3)
    restoration = clean(source, preset="formatting")
    page = render_report(restoration)
    page.encode("utf-8")
    assert model_in(page)["source"]["text"] == [ord(c) for c in source.text]


def test_evidence_of_any_kind_is_carried() -> None:
    model = {
        "evidence": {
            "0": {"a": np.float32(0.5), "b": "\udc80", "c": (1, None), "d": 2**70, "e": {"f": float("inf")}}
        }
    }
    assert json.loads(to_json(model)) == {
        "evidence": {"0": {"a": 0.5, "b": "\ufffd", "c": [1, None], "d": float(2**70), "e": {"f": None}}}
    }


def test_nothing_to_repair_gives_a_report_too() -> None:
    page = render_report(clean("水到田头，话到心头。\n", preset="formatting"))
    assert model_in(page)["corrections"]["pass"] == []


def test_report_from_a_record_is_the_same(restoration: Restoration, page: str) -> None:
    assert model_in(render_report(loads(dumps(restoration)))) == model_in(page)


def test_promises_are_checked_here(restoration: Restoration) -> None:
    assert build_model(restoration)["promises"] == {"held": True, "message": ""}


def test_manual_has_its_four_parts() -> None:
    heads = [head for head, _ in manual("join_lines")]
    assert heads == ["", "Repairs", "Why it happens", "Example", "When it is wrong"]
    assert manual("no_such_pass") == []
    assert manual("mine", {"mine": "One line."}) == [["", "One line."]]


def test_languages_have_the_same_words() -> None:
    words = json.loads(
        (Path(render_report.__code__.co_filename).parent / "assets" / "words.json").read_text("utf-8")
    )
    assert words["en"].keys() == words["zh"].keys()
    for key, text in words["en"].items():
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", words["zh"][key])), key


def test_every_word_the_scripts_ask_for_exists() -> None:
    assets = Path(render_report.__code__.co_filename).parent / "assets"
    words = json.loads((assets / "words.json").read_text("utf-8"))["en"]
    for script in assets.glob("*.js"):
        for key in re.findall(r'\bt\("(\w+)"', script.read_text("utf-8")):
            assert key in words, (script.name, key)


def test_every_built_in_pass_has_a_name_for_readers() -> None:
    assets = Path(render_report.__code__.co_filename).parent / "assets"
    words = json.loads((assets / "words.json").read_text("utf-8"))
    for name in BUILT_IN:
        assert f"pass_{name}" in words["en"] and f"pass_{name}" in words["zh"], name


def test_what_the_passes_say_is_there_in_chinese() -> None:
    """Messages of the bundled page and of every built-in sentence; what differs from case to case is `{}`."""
    assets = Path(render_report.__code__.co_filename).parent / "assets"
    table = json.loads((assets / "words.json").read_text("utf-8"))["messages"]["zh"]
    for english, chinese in table.items():
        assert english.count("{}") >= chinese.count("{}"), english
    known = [re.compile(re.escape(one).replace(r"\{\}", ".+?")) for one in table]
    said = clean(Source.read(SEED)).ledger.messages
    assert len(said) > 15
    pages = sorted((SEED.parents[1] / "fixtures" / "pages").glob("*/dump/*.txt"))[::4]
    for path in pages:
        said = [*said, *clean(Source.read(path)).ledger.messages]
    assert {one for one in said if one and not any(pattern.fullmatch(one) for pattern in known)} == set()
