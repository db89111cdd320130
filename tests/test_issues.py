"""Pages of one issue: an article that goes on on another page is linked in the record of both."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import restore
from restore import Pipeline
from restore.batch import Plan, run_batch
from restore.continuation import Continuation
from restore.readers import read
from restore.readers.issue import Issue, is_issue
from restore.record import RecordError, dumps, loads

SCHEMA = json.loads((Path(restore.__file__).parent / "record.schema.json").read_text("utf-8"))
FIRST = (
    "望川日报 2019年8月{day}日 第1版\n镇里决定把沿线三个村的灌溉（下转第 3 版）\n\n"
    "县文化馆的摄影展昨天开幕，一楼的长廊里展出\n了四十幅当地农(下转第3版)\n"
)
SECOND = "望川日报 2019年8月{day}日 第2版\n县政务服务中心延长服务时间。（下转第4版）（上接第1版）\n"
THIRD = (
    "望川日报 2019年8月{day}日 第3版\n（上接第1版）民拍的照片，其中有晒谷的老人。\n\n"
    "（上接第一版）用水统一管理，水费由村里代收。\n"
)
PASSES = ("join_lines", "spaces", "punctuation")


def archive(days: tuple[int, ...], folder: bool = True) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as pack:
        for day in days:
            for number, text in enumerate((FIRST, SECOND, THIRD), 1):
                name = f"{day}/p{number}.txt" if folder else f"{day}-p{number}.txt"
                pack.writestr(name, text.format(day=day))
    return out.getvalue()


def issue_of(path: Path) -> Issue:
    return Issue(read(path))


def links(issue: Issue, page: str) -> list[tuple[str, str, str | None, int | None]]:
    return [(one.goes, one.folio, one.page, one.at) for one in issue.of(page).continuations]


def test_references_are_paired_within_a_folder_of_an_archive(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(archive((1, 2)))
    issue = issue_of(path)
    assert is_issue(next(iter(read(path))))
    for day in (1, 2):
        page = f"a.zip!/{day}/p{{}}.txt".format
        back = [THIRD.format(day=day).index(word) for word in ("（上接第一版", "（上接第1版")]
        out = [FIRST.format(day=day).index(word) for word in ("（下转", "(下转")]
        assert links(issue, page(1)) == [("next", "3", page(3), at) for at in back]
        assert links(issue, page(3)) == [("prev", "1", page(1), at) for at in reversed(out)]
        # one page is not there, the other does not answer
        assert links(issue, page(2)) == [("next", "4", None, None), ("prev", "1", page(1), None)]
    assert [page for page, _ in issue.continuations()][:2] == ["a.zip!/1/p1.txt"] * 2


def test_a_folio_that_two_pages_have_pairs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(archive((1, 2), folder=False))
    found = [one for _, one in issue_of(path).continuations()]
    assert len(found) == 12
    assert all((one.page, one.at, one.score) == (None, None, None) for one in found)


def records(folder: Path) -> dict[str, Any]:
    return {
        file.name.removesuffix(".json"): json.loads(file.read_bytes())
        for file in sorted(folder.rglob("*.txt.json"))
    }


def test_clean_and_batch_keep_the_links_in_the_record(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from restore.cli.app import app

    (tmp_path / "a.zip").write_bytes(archive((1,)))
    given = ["clean", str(tmp_path / "a.zip"), "-q", "--select", ",".join(PASSES)]
    done = CliRunner().invoke(app, [*given, "--record", str(tmp_path / "records")])
    assert done.exit_code == 0, done.output
    run_batch([tmp_path / "a.zip"], tmp_path / "text", Plan(passes=PASSES))
    run_batch([tmp_path / "a.zip"], tmp_path / "rows", Plan(passes=PASSES, format="jsonl"))
    wanted = {"p1.txt": ["next", "next"], "p2.txt": ["next", "prev"], "p3.txt": ["prev", "prev"]}
    for found in (records(tmp_path / "records"), records(tmp_path / "text" / "records")):
        assert {name: [c["goes"] for c in body["continuations"]] for name, body in found.items()} == wanted
        for body in found.values():
            jsonschema.validate(body, SCHEMA)
            for one in body["continuations"]:
                words = body["source"]["text"][one["start"] : one["end"]]
                assert ("下转" in words) == (one["goes"] == "next")
    rows = [json.loads(line) for line in (tmp_path / "rows" / "pages-00001.jsonl").read_text().splitlines()]
    again = [loads(row["record"]) for row in rows]
    assert [[one.goes for one in page.continuations] for page in again] == list(wanted.values())
    whole = json.loads((tmp_path / "records" / "a.zip.issue.json").read_bytes())
    assert [one["goes"] for one in whole["continuations"]] == [
        goes for one in wanted.values() for goes in one
    ]


def test_a_page_is_made_again_when_what_answers_it_changes(tmp_path: Path) -> None:
    path, out, plan = tmp_path / "a.zip", tmp_path / "out", Plan(passes=PASSES)
    path.write_bytes(archive((1, 2)))
    assert run_batch([path], out, plan).restored == 6
    assert run_batch([path], out, plan, resume=True).restored == 0
    data = io.BytesIO(path.read_bytes())
    with zipfile.ZipFile(data) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            text = old.read(name).decode()
            new.writestr(name, text.replace("（上接第一版）", "") if name == "2/p3.txt" else text)
    assert run_batch([path], out, plan, resume=True).restored == 2  # the page, and the one that goes on there
    found = json.loads((out / "records" / "a.zip!" / "2" / "p1.txt.json").read_bytes())
    assert sorted(one["at"] is None for one in found["continuations"]) == [False, True]


@pytest.fixture
def page() -> restore.Restoration:
    made = Pipeline(PASSES).run(FIRST)
    made.continuations = (
        Continuation(40, 49, "next", "3", "p3", 7, -1.5),
        Continuation(70, 77, "next", "3"),
    )
    return made


def test_the_record_keeps_them_and_so_do_decisions(page: restore.Restoration) -> None:
    assert loads(dumps(page)).continuations == page.continuations
    assert page.reject(0).continuations == page.continuations
    page.continuations = ()
    assert "continuations" not in json.loads(dumps(page))


@pytest.mark.parametrize(
    "change",
    [
        {"start": -1},
        {"end": 10_000},
        {"start": 50, "end": 49},
        {"goes": "on"},
        {"page": 3},
        {"score": "far"},
        {"at": 1.5},
        {"more": 1},
        {"start": True},
    ],
    ids=str,
)
def test_a_damaged_one_is_refused(page: restore.Restoration, change: dict[str, Any]) -> None:
    body = json.loads(dumps(page))
    body["continuations"][0] |= change
    with pytest.raises(RecordError, match="damaged record"):
        loads(json.dumps(body))
    body["continuations"] = {"0": 1}
    with pytest.raises(RecordError, match="damaged record"):
        loads(json.dumps(body))
