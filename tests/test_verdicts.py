"""Verdicts on corrections: right, neither, harm; and how `restore evaluate` prints them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from restore import Certainty, Delete, Draft, Insert, Pipeline, Replace, Restoration, Span
from restore.cli.app import app
from restore.correction import Edit
from restore.evaluation import Document, PageTruth, counted, fold
from restore.record import dumps
from restore.verdicts import Verdict, judge, tally

PRINTED = "村口的水渠通水了，老人们都站在渠边看。孩子们把纸船放进水里，跟着它一路跑到田头。"


class Given:
    """Makes the edits it was given."""

    def __init__(self, *edits: Edit) -> None:
        self.name = "confusables"
        self.edits = edits

    def find(self, view: object, tools: object) -> list[Draft]:
        return [Draft((edit,), "a test", Certainty.MEDIUM) for edit in self.edits]


def truth(text: str = PRINTED) -> PageTruth:
    return PageTruth.from_dict(
        {
            "blocks": [{"id": "a.p1", "article": "a", "role": "p", "text": text}],
            "lines": [{"block": "a.p1", "start": 0, "text": text}],
        }
    )


def restored(dump: str, *edits: Edit) -> Restoration:
    return Pipeline([Given(*edits)]).run(dump)


def verdicts(dump: str, *edits: Edit) -> list[Verdict]:
    return [one.verdict for one in judge(truth(), restored(dump, *edits))]


def at(char: str, text: str = PRINTED) -> Span:
    place = text.index(char)
    return Span(place, place + 1)


@pytest.mark.parametrize(
    ("dump", "edit", "verdict"),
    [
        pytest.param(PRINTED.replace("渠通", "梁通"), Replace(at("渠"), "渠"), Verdict.RIGHT, id="mended"),
        pytest.param(PRINTED.replace("渠通", "梁通"), Replace(at("渠"), "果"), Verdict.NEITHER, id="still-wrong"),
        pytest.param(PRINTED, Replace(at("渠"), "果"), Verdict.HARM, id="was-right"),
        pytest.param(PRINTED.replace("老人", "老老人"), Delete(at("老")), Verdict.RIGHT, id="double-gone"),
        pytest.param(PRINTED, Delete(at("老")), Verdict.HARM, id="letter-gone"),
        pytest.param(PRINTED.replace("，老", "老"), Insert(at("，").start, "，"), Verdict.RIGHT, id="mark-back"),
        pytest.param(PRINTED, Insert(at("站").start, "，"), Verdict.HARM, id="mark-too-many"),
        pytest.param(PRINTED.replace("，", ",", 1), Replace(at("，"), "，"), Verdict.FORM, id="width-only"),
        pytest.param(PRINTED[:20].replace("看", "者"), Replace(at("看"), "看"), Verdict.RIGHT, id="at-the-end"),
        pytest.param(PRINTED + PRINTED[-9:-1], Delete(Span(len(PRINTED), len(PRINTED) + 8)), Verdict.RIGHT, id="line-twice"),
        pytest.param(PRINTED, Delete(Span(20, 30)), Verdict.HARM, id="line-gone"),
    ],
)  # fmt: skip
def test_a_correction_is_judged_by_its_place(dump: str, edit: Edit, verdict: Verdict) -> None:
    assert verdicts(dump, edit) == [verdict]


def test_neighbouring_errors_do_not_spoil_a_verdict() -> None:
    dump = PRINTED.replace("老人们都", "者入们郁")
    place = dump.index("者入们郁")
    edits = (Replace(Span(place, place + 1), "老"), Replace(Span(place + 1, place + 2), "八"))
    assert verdicts(dump, *edits) == [Verdict.RIGHT, Verdict.NEITHER]


def test_what_is_not_applied_is_not_judged() -> None:
    done = restored(PRINTED, Replace(at("渠"), "果"))
    assert judge(truth(), done.reject(0)) == []


def test_tallies_add_up() -> None:
    dump = PRINTED.replace("渠通", "梁通")
    done = restored(dump, Replace(at("渠"), "渠"), Replace(at("站"), "坫"), Replace(at("，"), ","))
    rows = tally(judge(truth(), done))
    assert [(one.pass_name, one.certainty) for one in rows] == [("confusables", "medium"), ("all", "all")]
    assert (rows[1].right, rows[1].neither, rows[1].harm, rows[1].form) == (1, 0, 1, 1)
    assert rows[1].precision == rows[1].harm_share == 0.5


def test_counted_characters_are_those_of_a_document() -> None:
    text = "水渠 通了〔…〕\n\n老人 站着[...]看。\u200b"
    raw = "".join(char for char, here in zip(text, counted(text).tolist(), strict=True) if here)
    assert raw == Document.read(text).raw
    assert fold(raw) == Document.read(text).text


def test_evaluate_takes_a_record(tmp_path: Path) -> None:
    page, record, text = tmp_path / "truth.json", tmp_path / "page.json", tmp_path / "page.txt"
    block = {"id": "a.p1", "article": "a", "role": "p", "text": PRINTED}
    line = {"block": "a.p1", "start": 0, "text": PRINTED}
    page.write_text(json.dumps({"blocks": [block], "lines": [line]}), "utf-8")
    record.write_bytes(dumps(restored(PRINTED, Replace(at("渠"), "果"))))
    text.write_text(PRINTED, "utf-8")
    run = CliRunner().invoke
    shown = run(app, ["evaluate", str(page), str(record), "--list"])
    assert shown.exit_code == 0
    assert "confusables medium" in shown.output
    assert "harm     confusables" in shown.output
    data = json.loads(run(app, ["evaluate", str(page), str(record), "--json"]).output)
    assert data["glyph_corrections"][-1]["harm"] == 1
    assert data["characters"] == len(PRINTED)
    assert "glyph" not in run(app, ["evaluate", str(page), str(text)]).output
    refused = run(app, ["evaluate", str(page), str(text), "--list"])
    assert refused.exit_code == 2
