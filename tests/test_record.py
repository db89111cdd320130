"""The record: its schema, and what happens to damaged ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import restore
from restore import (
    Certainty,
    Delete,
    Draft,
    Gap,
    Insert,
    Move,
    Replace,
    Restoration,
    Source,
    Span,
    View,
    clean,
)
from restore.decisions import Decisions
from restore.ledger import Ledger
from restore.record import RecordError, dumps, load, loads
from restore.recorder import record
from restore.report.html import render_report
from restore.writers.tei import to_tei

ROOT = Path(__file__).parent.parent
SCHEMA = json.loads((Path(restore.__file__).parent / "record.schema.json").read_text("utf-8"))
SEED = next((ROOT / "seeds").glob("*.txt"))


def everything() -> Restoration:
    """A restoration with each kind of edit, dependences, evidence and decisions."""
    source, ledger = Source("甲乙丙丁, 戊\udcff"), Ledger()
    view = View.of(source)
    drafts = [
        Draft((Move(Span(2, 4), 0, 1.5), Insert(4, "\n")), "moved", Certainty.MEDIUM, 0.7, {"nats": 3.25}),
        Draft((Replace(Span(4, 5), "，"),), "full", evidence={"seen": "\udcff"}),
        Draft((Delete(Span(5, 6)),), "space", Certainty.LOW),
        Draft((Insert(7, Gap(2.0, 9.0)),), "gap"),
        Draft((Insert(1, "\udcff"),), "supplied byte"),
    ]
    record(view, ledger, "first", drafts)
    view = View.of(source, ledger, ledger.closure(ledger.corrs["certainty"] >= 1))
    at = view.text.index("，")
    record(view, ledger, "second", [Draft((Replace(Span(at, at + 1), "、"),), "other mark")])
    return Restoration(source, ledger, settings={"passes": ["first", "second"]}).reject(3).accept(2)


CASES: dict[str, Any] = {
    "everything": everything,
    "seed": lambda: clean(Source.read(SEED), preset="formatting"),
    "nothing": lambda: clean("", preset="formatting"),
    "bytes": lambda: clean("渡口,渡口".encode("gb18030") * 9 + b"\xff\xff\n", preset="formatting"),
}


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", CASES)
def test_records_fit_the_schema_and_replay(name: str) -> None:
    restoration = CASES[name]()
    data = dumps(restoration)
    jsonschema.validate(json.loads(data), SCHEMA)
    again = loads(data)
    assert again.text == restoration.text
    assert again.source.to_bytes() == restoration.source.to_bytes()
    assert again.decisions == restoration.decisions
    assert [c.id for c in again.corrections] == [c.id for c in restoration.corrections]
    assert dumps(again) == data


def test_the_schema_tells_a_record_from_something_else() -> None:
    body = json.loads(dumps(everything()))
    for change in ({"version": 2}, {"threshold": "sure"}, {"extra": 1}, {"decisions": {"1": "perhaps"}}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(body | change, SCHEMA)


def put(body: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    *above, last = path.split(".")
    table: Any = body
    for name in above:
        table = table[int(name) if isinstance(table, list) else name]
    table[int(last) if isinstance(table, list) else last] = value
    return body


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("edits.start.0", 999),
        ("edits.start.0", -1),
        ("edits.end.0", 0),
        ("edits.text.0", 99),
        ("edits.kind", "x"),
        ("edits.side", ""),
        ("corrections.pass.0", 7),
        ("corrections.message.0", 99),
        ("corrections.certainty", "hhh?hh"),
        ("corrections.score", [1.0]),
        ("several", {"0": 3}),
        ("several", {"99": 2}),
        ("placed.row.0", 99),
        ("placed.over.0", 99),
        ("placed.to.0", 99),
        ("placed.rank.0", None),
        ("builds_on", {"1": [4]}),
        ("requires", {"99": [0]}),
        ("decisions", {"99": "accept"}),
        ("decisions", {"1": "perhaps"}),
        ("source.bytes", "%%%"),
        ("source.codes.0", 30000),
        ("source.sha256", "0" * 64),
        ("threshold", "sure"),
        ("texts", None),
        ("blocks", [[1]]),
        ("blocks", [[0, 1, 7, 0]]),
        ("blocks", [[-3, 1, "p", 0]]),
        ("blocks", None),
        ("settings", []),
        ("settings", "x"),
        ("source", []),
        ("source.name", 3),
        ("source.encoding", None),
        ("source.notes", [3]),
        ("notes", "x"),
        ("passes.0", 3),
        ("passes.0", None),
        ("messages.0", {}),
        ("evidence", []),
        ("evidence", {"0": 3}),
        ("evidence", {"0": {"extent_ems": 3}}),
        ("evidence", {"0": {"extent_ems": ["x", 1]}}),
        ("evidence", {"0": {"extent_ems": [1, 2, 3]}}),
    ],
)
def test_damaged_records_are_refused(path: str, value: Any) -> None:
    body = put(json.loads(dumps(everything())), path, value)
    with pytest.raises(RecordError, match="damaged"):
        loads(json.dumps(body), "page.json")


@pytest.mark.parametrize("name", sorted(set(SCHEMA["required"]) - {"format", "version"}))
def test_what_is_missing_is_named(name: str) -> None:
    body = json.loads(dumps(everything()))
    del body[name]
    with pytest.raises(RecordError, match=name):
        loads(json.dumps(body))


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "not JSON"),
        (b"[1, 2]", "not a record"),
        (b'{"format": "restore-decisions"}', "not a record"),
        (b'{"format": "restore-record", "version": 9}', "version 9"),
        (b'{"format": "restore-record", "version": 1', "not JSON"),
    ],
)
def test_other_files_are_refused(data: bytes, what: str, tmp_path: Path) -> None:
    file = tmp_path / "page.json"
    file.write_bytes(data)
    with pytest.raises(RecordError, match=what):
        load(file)
    with pytest.raises(RecordError, match="cannot be read"):
        load(tmp_path / "no.json")


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    keys = (
        list(value)
        if isinstance(value, dict)
        else range(min(len(value), 2))
        if isinstance(value, list)
        else ()
    )
    return [path, *(found for key in keys for found in _paths(value[key], (*path, key)))]


def test_whatever_is_changed_is_refused_at_once_or_does_no_harm() -> None:
    data = dumps(everything())
    for path in _paths(json.loads(data))[1:]:
        for value in (None, -1, 10**20, "x", [], {}, [None], {"0": 3}):
            body = json.loads(data)
            table = body
            for key in path[:-1]:
                table = table[key]
            table[path[-1]] = value
            try:
                made = loads(json.dumps(body), "page.json")
            except RecordError:
                continue
            # it was taken: then everything that is made of a record can be made of this one
            assert made.revert() == made.source.text, path
            assert dumps(made) and render_report(made) and to_tei(made) and Decisions.of(made).dumps(), path
            assert all(one.explain() for one in made.corrections), path
