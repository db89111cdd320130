"""The published schema of the record says what ``restore/record.py`` writes, and refuses what it does not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import restore
from restore import Gap, Insert, Pipeline, Restoration, Source
from restore.correction import Delete, Draft, Replace
from restore.pipeline import PRESETS
from restore.record import FORMAT, VERSION, RecordError, dumps, loads
from restore.source import Span

SCHEMA = json.loads((Path(restore.__file__).parent / "record.schema.json").read_text("utf-8"))
SEED = Path(__file__).parent.parent / "seeds" / "000_3beea0aa8b224972.txt"
DUMP = '**水渠** 通水了,沿线三个 村的田都能浇上 水。⼈们都说:"好。"'
Body = dict[str, Any]


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    return jsonschema.Draft202012Validator(SCHEMA)


@pytest.fixture(scope="module")
def page() -> Restoration:
    """The bundled page, with every kind of edit in it."""
    return Pipeline.preset("default").run(Source.read(SEED))


def body_of(restoration: Restoration) -> Body:
    body: Body = json.loads(dumps(restoration))
    return body


class Every:
    """A pass that uses what few passes use: several edits, a gap of known extent, text over supplied text."""

    name = "every"

    def find(self, view: restore.View, tools: restore.Tools) -> list[Draft]:
        return [
            Draft((Delete(Span(0, 1)), Replace(Span(2, 3), "乙")), "two edits"),
            Draft((Insert(4, Gap(1.0, 3.5)),), "a gap", evidence={"why": "测试"}),
            Draft((Insert(5, "丁", after=False),), "an insertion"),
        ]


class Again:
    name = "again"

    def find(self, view: restore.View, tools: restore.Tools) -> list[Draft]:
        at = view.text.index("乙")
        return [Draft((Replace(Span(at, at + 1), "丙"),), "over supplied text")]


def test_version_and_format_are_the_programs() -> None:
    assert SCHEMA["properties"]["version"]["const"] == VERSION
    assert SCHEMA["properties"]["format"]["const"] == FORMAT


@pytest.mark.parametrize("preset", PRESETS)
def test_records_of_a_preset(preset: str, validator: jsonschema.Draft202012Validator) -> None:
    pipeline = Pipeline.preset(preset)
    for source in (DUMP, "", "plain text", Source.read(SEED)):
        validator.validate(body_of(pipeline.run(source)))


def test_every_part_of_the_record_occurs(
    validator: jsonschema.Draft202012Validator, page: Restoration
) -> None:
    body = body_of(page.reject(0).accept(1))
    validator.validate(body)
    other = body_of(Pipeline([Every(), Again()]).run("甲子乙丑人人"))
    validator.validate(other)
    seen = set(body["edits"]["kind"]) | set(other["edits"]["kind"])
    assert seen == set("dirmg")
    assert body["placed"]["row"]
    assert other["several"]
    assert other["builds_on"]
    assert max(other["placed"]["over"]) >= 0
    assert other["evidence"]
    assert body["blocks"]
    assert set(body["decisions"].values()) == {"accept", "reject"}
    # what only pages of an issue have is looked at in test_issues.py
    assert set(body) | {"continuations"} == set(SCHEMA["properties"])


@pytest.mark.parametrize(
    ("raw", "encoding", "content"),
    [
        ("水渠通水了,沿线的田。".encode("gb18030"), "gb18030", {"text"}),
        (b"\xe6\xb0\xb4,\xff\xfe\xe6\xb8\xa0 ", "utf-8", {"bytes"}),
        ("水渠".encode("utf-8-sig"), "utf-8", {"text"}),
    ],
)
def test_sources_of_all_kinds(
    raw: bytes, encoding: str, content: set[str], validator: jsonschema.Draft202012Validator
) -> None:
    body = body_of(Pipeline.preset("formatting").run(Source.from_bytes(raw, encoding=encoding)))
    validator.validate(body)
    assert set(body["source"]) & {"text", "bytes", "codes"} == content


def test_a_source_that_utf8_cannot_hold(validator: jsonschema.Draft202012Validator) -> None:
    body = body_of(Pipeline.preset("formatting").run("水\ud800渠 "))
    validator.validate(body)
    assert "codes" in body["source"]


def put(*path: str | int, value: Any) -> Callable[[Body], None]:
    def change(body: Body) -> None:
        inner: Any = body
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("version", put("version", value="1")),
        ("source text", put("source", "text", value=7)),
        ("hash", put("source", "sha256", value="0")),
        ("setting", put("settings", "spacing", value="wide")),
        ("threshold", put("threshold", value=1)),
        ("pass names", put("passes", value="spaces")),
        ("pool of texts", put("texts", 0, value="x")),
        ("edit column", put("edits", "start", 0, value="12")),
        ("edit offset", put("edits", "start", 0, value=-1)),
        ("fraction", put("edits", "end", 0, value=1.5)),
        ("edit kind", put("edits", "kind", value="dz")),
        ("certainty", put("corrections", "certainty", value=["h"])),
        ("score", put("corrections", "score", 0, value=None)),
        ("several", put("several", value={"1": 0})),
        ("key that is no number", put("decisions", value={"first": "accept"})),
        ("decision", put("decisions", value={"0": "maybe"})),
        ("role", put("blocks", value=[[0, 1, "poem", 0]])),
        ("short block", put("blocks", value=[[0, 1]])),
        ("unknown key", put("extra", value=1)),
    ],
)
def test_a_wrong_type_fails(
    name: str,
    change: Callable[[Body], None],
    page: Restoration,
    validator: jsonschema.Draft202012Validator,
) -> None:
    body = body_of(page)
    assert validator.is_valid(body)
    change(body)
    assert not validator.is_valid(body), name


@pytest.mark.parametrize("key", SCHEMA["required"])
def test_a_missing_part_fails_here_and_when_loading(
    key: str, validator: jsonschema.Draft202012Validator
) -> None:
    body = body_of(Pipeline.preset("formatting").run(DUMP))
    del body[key]
    assert not validator.is_valid(body)
    with pytest.raises(RecordError):
        loads(json.dumps(body))
