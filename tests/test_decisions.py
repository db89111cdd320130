"""Decisions: kept in a file, put into a later run, and clear about what they no longer fit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restore import (
    Certainty,
    Delete,
    Draft,
    Gap,
    Insert,
    Move,
    Pipeline,
    Replace,
    Restoration,
    Settings,
    Source,
    Span,
    Tools,
    View,
    record,
)
from restore.decisions import REVIEW, Decision, DecisionError, Decisions, edit, load, loads

TEXT = "甲甲甲,乙乙乙 乙乙\n丙丙丙丙\n丁丁⼈丁丁\n"


class Scripted:
    """A pass that does what a test tells it."""

    def __init__(self, name: str, *drafts: Draft) -> None:
        self.name = name
        self.drafts = drafts

    def find(self, view: View, tools: Tools) -> Iterator[Draft]:
        yield from self.drafts


def page(certainty: Certainty = Certainty.MEDIUM) -> Restoration:
    """A comma made full, a space taken out, a gap marked, a radical made 人 and that 入, a line moved."""
    first = Scripted(
        "first",
        Draft((Replace(Span(3, 4), "，"),), "comma"),
        Draft((Delete(Span(7, 8)),), "space"),
        Draft((Insert(10, Gap(1, 4)),), "gap"),
        Draft((Replace(Span(18, 19), "人"),), "radical"),
    )
    # one character of the view went and three came before the radical
    second = Scripted("second", Draft((Replace(Span(20, 21), "入"),), "confusable", Certainty.MEDIUM))
    third = Scripted(
        "third",
        Draft((Replace(Span(4, 5), "己"),), "a guess", Certainty.LOW),
        Draft((Move(Span(0, 4), 13),), "moved"),
    )
    return Pipeline([first, second, third]).run(Source(TEXT, name="page.txt"), Settings(certainty=certainty))


def by_message(restoration: Restoration, message: str) -> int:
    return next(one.index for one in restoration.corrections if one.message == message)


def decided(restoration: Restoration, *rows: tuple[str, str] | tuple[str, str, str]) -> Decisions:
    items = []
    for message, verdict, *text in rows:
        one = restoration.corrections[by_message(restoration, message)]
        items.append(Decision(one.id, one.pass_name, verdict, text[0] if text else None))  # type: ignore[arg-type]
    return Decisions(restoration.source.sha256, tuple(items), dict(restoration.settings))


def test_the_page_is_what_the_tests_think() -> None:
    made = page()
    assert "入" in made.text and "，" in made.text and "〔…〕" in made.text and "己" not in made.text
    confusable = made.corrections[by_message(made, "confusable")]
    assert confusable.builds_on == (by_message(made, "radical"),)
    assert made.revert() == TEXT


def test_accept_and_reject() -> None:
    made = page()
    done = decided(made, ("space", "reject"), ("a guess", "accept")).apply(made)
    assert not done.gone and not done.unmet
    assert "己乙乙 乙乙" in done.restoration.text
    assert done.restoration.revert() == TEXT
    assert made.text == page().text, "the restoration that was judged stays as it is"


def test_rejecting_takes_what_stands_on_it() -> None:
    made = page()
    done = decided(made, ("radical", "reject")).apply(made)
    assert "⼈" in done.restoration.text and "入" not in done.restoration.text


def test_a_rejection_is_not_undone_by_an_acceptance_on_top_of_it() -> None:
    made = page()
    for rows in (
        [("radical", "reject"), ("confusable", "accept")],
        [("confusable", "accept"), ("radical", "reject")],
    ):
        done = decided(made, *rows).apply(made)
        assert "⼈" in done.restoration.text
        assert [one.pass_name for one in done.unmet] == ["second"]


def test_of_two_decisions_the_later_counts() -> None:
    made = page()
    done = decided(made, ("space", "reject"), ("space", "accept")).apply(made)
    assert done.restoration.text == made.text


def test_decisions_that_are_gone_are_listed_and_the_others_kept() -> None:
    made = page()
    gone = Decision("00000000abcd", "old_pass", "reject")
    mine = decided(made, ("space", "reject"))
    done = Decisions(mine.sha256, (gone, *mine.items)).apply(made)
    assert done.gone == (gone,)
    assert "乙乙乙 乙乙" in done.restoration.text


def test_another_source_is_an_error() -> None:
    made = page()
    other = Pipeline(["spaces"]).run(Source(TEXT + "戊", name="other.txt"))
    with pytest.raises(DecisionError, match=r"another source: page\.txt with hash .* but other\.txt has"):
        Decisions.of(made).apply(other)


class TestEdit:
    @pytest.mark.parametrize(
        ("message", "text", "expected"),
        [
            ("comma", "；", "；"),
            ("gap", "戊戊", "乙乙戊戊\n"),
            ("space", "己己", "乙乙乙己己乙乙"),
            ("confusable", "八", "丁丁八丁丁"),
            ("radical", "八", "丁丁八丁丁"),
            ("gap", "", "乙乙\n甲甲甲"),
        ],
    )
    def test_the_text_stands_instead(self, message: str, text: str, expected: str) -> None:
        made = page()
        done = decided(made, (message, "edit", text)).apply(made).restoration
        assert expected in done.text
        assert (text in done.text) and done.text != made.text
        assert done.revert() == TEXT
        done.check()
        (new,) = done.corrections.by_pass(REVIEW)
        assert new.applied and by_message(made, message) in new.builds_on
        assert record.loads(record.dumps(done)).text == done.text

    def test_the_rest_of_the_page_stays(self) -> None:
        made = page()
        done = decided(made, ("comma", "edit", "；")).apply(made).restoration
        assert done.text == made.text.replace("，", "；")

    def test_the_judged_restoration_is_untouched(self) -> None:
        made = page()
        before = record.dumps(made)
        decided(made, ("comma", "edit", "；")).apply(made)
        assert record.dumps(made) == before

    def test_undoing_it_gives_the_machine_s_text_back(self) -> None:
        made = page()
        done = decided(made, ("comma", "edit", "；")).apply(made).restoration
        (new,) = done.corrections.by_pass(REVIEW)
        assert done.reject(new).text == made.text

    def test_the_same_text_is_an_acceptance(self) -> None:
        made = page()
        done = decided(made, ("comma", "edit", "，")).apply(made).restoration
        assert done.text == made.text and not done.corrections.by_pass(REVIEW)

    def test_the_first_text_again_undoes_what_was_made_of_it(self) -> None:
        made = page()
        done = decided(made, ("radical", "edit", "人")).apply(made).restoration
        assert "丁丁人丁丁" in done.text

    def test_of_two_edits_of_one_text_the_later_stands(self) -> None:
        made = page()
        done = decided(made, ("radical", "edit", "八"), ("confusable", "edit", "丂")).apply(made).restoration
        assert "丁丁丂丁丁" in done.text and done.revert() == TEXT
        assert Decisions.of(done).apply(page()).restoration.text == done.text

    def test_a_proposal_can_be_edited(self) -> None:
        made = page()
        done = decided(made, ("a guess", "edit", "已")).apply(made).restoration
        assert "已乙乙" in done.text and "己" not in done.text

    def test_a_move_cannot(self) -> None:
        made = page()
        with pytest.raises(DecisionError, match=r"\(third\) only moves text"):
            decided(made, ("moved", "edit", "甲")).apply(made)
        with pytest.raises(DecisionError, match="only moves text"):
            edit(made, {by_message(made, "moved"): "甲"})

    def test_several_places_of_one_correction(self) -> None:
        one = Draft((Replace(Span(0, 1), "一"), Insert(3, "二"), Delete(Span(7, 8))), "three edits")
        made = Pipeline([Scripted("p", one)]).run(TEXT)
        done = decided(made, ("three edits", "edit", "戊")).apply(made).restoration
        assert done.text == "戊甲甲,乙乙乙乙乙\n丙丙丙丙\n丁丁⼈丁丁\n"
        assert done.revert() == TEXT


class TestFile:
    def test_round_trip(self, tmp_path: Path) -> None:
        made = page()
        judged = decided(made, ("space", "reject"), ("a guess", "accept"), ("gap", "edit", "戊\n〔…〕"))
        path = tmp_path / "decisions.json"
        judged.save(path)
        again = load(path)
        assert again.items == judged.items
        assert again.sha256 == made.source.sha256
        assert again.settings == dict(made.settings)
        assert again.apply(made).restoration.text == judged.apply(made).restoration.text

    def test_of_a_restoration_and_back(self) -> None:
        made = page()
        done = (
            decided(made, ("space", "reject"), ("comma", "edit", "；"), ("a guess", "accept"))
            .apply(made)
            .restoration
        )
        again = loads(Decisions.of(done).dumps())
        assert {one.decision for one in again.items} == {"accept", "reject", "edit"}
        assert again.apply(page()).restoration.text == done.text

    def test_one_line_for_each_decision(self) -> None:
        made = page()
        lines = decided(made, ("space", "reject"), ("comma", "accept")).dumps().decode().splitlines()
        assert sum('"decision":' in line for line in lines) == 2
        assert Decisions("0" * 64).dumps().endswith(b'"decisions":[]}\n')

    def test_an_existing_file_stays(self, tmp_path: Path) -> None:
        path = tmp_path / "d.json"
        path.write_text("mine")
        with pytest.raises(OSError, match="exists already"):
            Decisions("0" * 64).save(path)
        assert path.read_text() == "mine"

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            ({"format": "x"}, "not a decisions file"),
            ({"format": "restore-record"}, "it is a record"),
            ({"version": 99}, "decisions version 99; this program reads version 1"),
            ({"source": {}}, '"source" must have the "sha256"'),
            ({"source": None}, '"source" must have the "sha256"'),
            ({"settings": []}, '"settings" must be an object'),
            ({"decisions": {}}, '"decisions" must be a list'),
            ({"decisions": [3]}, 'decision 1 has no "id"'),
            (
                {"decisions": [{"id": "a", "decision": "maybe"}]},
                "decision 1: 'maybe' is none of accept, reject, edit",
            ),
            ({"decisions": [{"id": "a", "decision": "edit"}]}, 'decision 1 is an edit without "text"'),
            (
                {"decisions": [{"id": "a", "decision": "accept", "certainty": "sure"}]},
                "decision 1: the certainty 'sure' is none of high, medium, low",
            ),
            (
                {"decisions": [{"id": "a", "decision": "accept", "score": "9"}]},
                "decision 1: the score '9' is not a number",
            ),
        ],
    )
    def test_damage_is_named(self, change: dict[str, Any], says: str) -> None:
        body = json.loads(Decisions("0" * 64).dumps()) | change
        with pytest.raises(DecisionError, match=says):
            loads(json.dumps(body), "d.json")

    def test_not_json(self) -> None:
        for data in (b"", b"{", b"\xff\xfe", b"[]", b"null"):
            with pytest.raises(DecisionError, match=r"^d\.json: not "):
                loads(data, "d.json")

    def test_files_without_certainty_are_read(self) -> None:
        row = {"id": "0123456789ab", "pass": "gaps", "decision": "reject"}
        body = json.loads(Decisions("0" * 64).dumps()) | {"decisions": [row]}
        assert loads(json.dumps(body)).items == (Decision("0123456789ab", "gaps", "reject"),)

    def test_a_source_whose_name_is_no_utf_8(self) -> None:
        assert loads(Decisions("0" * 64, name="a\udc80.txt").dumps()).name == "a\\udc80.txt"

    def test_missing(self, tmp_path: Path) -> None:
        with pytest.raises(DecisionError, match="no such file"):
            load(tmp_path / "d.json")
        with pytest.raises(DecisionError, match="cannot be read"):
            load(tmp_path)


class TestRun:
    DUMP = "党的基层组织是党 执政的组织基础,担负 着直接教育党员、管理 党员、监督党员和组织 群众的职责。"

    def test_with_the_settings_that_were_judged(self) -> None:
        source = Source(self.DUMP)
        made = Pipeline(["join_lines", "punctuation"]).run(source, Settings(punctuation="full"))
        one = made.corrections.by_pass("join_lines")[0]
        judged = Decisions(source.sha256, (Decision(one.id, one.pass_name, "reject"),), dict(made.settings))
        done = judged.run(source)
        assert done.restoration.text == made.reject(one).text
        assert done.restoration.settings == made.settings

    def test_a_pass_that_is_gone_is_said(self) -> None:
        source = Source(self.DUMP)
        judged = Decisions(source.sha256, (), {"passes": ["join_lines", "fortune_telling"]})
        done = judged.run(source)
        assert done.missing == ("fortune_telling",)
        assert done.restoration.corrections.by_pass("join_lines")

    @pytest.mark.parametrize(
        "settings", [{"certainty": "sure"}, {"script": 3}, {"passes": 3}, {"passes": [3]}]
    )
    def test_impossible_settings(self, settings: dict[str, Any]) -> None:
        source = Source(self.DUMP)
        with pytest.raises(DecisionError, match="settings in the decisions cannot be used"):
            Decisions(source.sha256, (), settings).run(source)

    def test_another_source_is_an_error_before_any_work(self) -> None:
        with pytest.raises(DecisionError, match="another source"):
            Decisions("0" * 64, (), {"passes": ["fortune_telling"]}).run(Source(self.DUMP))


@given(st.data())
def test_any_decisions_revert_exactly_and_replay(data: st.DataObject) -> None:
    made = page(data.draw(st.sampled_from(list(Certainty))))
    items = []
    for one in made.corrections:
        verdict = data.draw(st.sampled_from(["", "accept", "reject", "edit"]))
        if verdict == "edit" and one.message == "moved":
            verdict = "accept"
        if verdict:
            text = data.draw(st.text(st.sampled_from("戊己 \n，"), max_size=3)) if verdict == "edit" else None
            items.append(Decision(one.id, one.pass_name, verdict, text))  # type: ignore[arg-type]
    done = loads(Decisions(made.source.sha256, tuple(items)).dumps()).apply(made).restoration
    done.check()
    assert done.revert() == TEXT
    assert record.loads(record.dumps(done)).text == done.text
    again = Decisions.of(done).apply(page(done.threshold))
    assert again.restoration.text == done.text
