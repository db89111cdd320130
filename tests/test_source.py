"""Encodings: recognised, reported, and written back byte for byte."""

from __future__ import annotations

import codecs
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from restore import InputError, Pipeline, Source, clean
from restore.record import dumps, loads

SEED = next((Path(__file__).parent.parent / "seeds").glob("*.txt")).read_text("utf-8")
HANS = "党的基层组织是党执政的组织基础，担负着直接教育党员、管理党员的职责。\n全站七成党员在一线执勤。\n"
HANT = "每天清晨，「永順號」拉響第一聲汽笛，鷺嶼的一天才算開始。\n這艘木殼渡輪下水五十四年。\n"
SAMPLES = {
    "utf-8": HANS,
    "gb18030": HANS,
    "big5": HANT,
    "utf-16-le": HANS,
    "utf-16-be": HANS,
}


def family(encoding: str) -> str:
    return {"big5hkscs": "big5", "gbk": "gb18030", "utf-8-sig": "utf-8"}.get(encoding, encoding)


@pytest.mark.parametrize("encoding", SAMPLES)
@pytest.mark.parametrize("times", [1, 40], ids=["short", "long"])
def test_recognised(encoding: str, times: int) -> None:
    text = SAMPLES[encoding] * times
    source = Source.from_bytes(text.encode(encoding))
    assert family(source.encoding) == encoding
    assert source.text == text
    assert source.to_bytes() == text.encode(encoding)
    assert bool(source.notes) == (encoding != "utf-8"), "a guess is reported, a certainty is not"


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16-le", "utf-16-be"])
def test_a_newspaper_page(encoding: str) -> None:
    assert Source.from_bytes(SEED.encode(encoding)).text == SEED


@pytest.mark.parametrize("encoding", ["gb18030", "big5", "utf-16-le", "utf-16-be"])
def test_one_line_without_ascii(encoding: str) -> None:
    text = (HANT if encoding == "big5" else HANS).replace("\n", "")
    assert Source.from_bytes(text.encode(encoding)).text == text


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
    ],
)
def test_byte_order_mark(mark: bytes, encoding: str) -> None:
    raw = mark + HANS.encode(encoding)
    source = Source.from_bytes(raw)
    assert (source.encoding, source.notes) == (encoding, ())
    assert source.text == "\ufeff" + HANS
    out = clean(source, preset="formatting")
    assert "\ufeff" not in out.text
    assert out.source.to_bytes() == raw


@pytest.mark.parametrize(
    ("encoding", "raw", "bad"),
    [
        ("utf-8", HANS.encode()[:30] + b"\xff\xfe" + HANS.encode()[30:], 2),
        ("utf-8", HANS.encode() * 9 + b"\xe5\x85", 2),
        ("gb18030", HANS.encode("gb18030") * 9 + b"\xff\xff\n", 2),
        ("utf-16-le", HANS.encode("utf-16-le") + b"\x00\xd8\x41\x00", 2),
        ("utf-16-be", codecs.BOM_UTF16_BE + HANS.encode("utf-16-be") + b"\x4e", 1),
    ],
)
def test_broken_bytes_are_kept_and_reported(encoding: str, raw: bytes, bad: int) -> None:
    source = Source.from_bytes(raw)
    assert family(source.encoding) == encoding
    assert any(
        note.startswith(f"{bad} byte{'s' if bad > 1 else ''} could not be decoded") for note in source.notes
    ), source.notes
    assert HANS.split("\n")[1] in source.text
    assert source.to_bytes() == raw
    out = clean(source, preset="formatting")
    assert out.revert() == source.text
    again = loads(dumps(out))
    assert (again.source.text, again.source.to_bytes(), again.text) == (source.text, raw, out.text)
    json.loads(dumps(out))  # is JSON in UTF-8 although the text cannot be


def test_broken_utf8_comes_out_as_the_bytes_it_was() -> None:
    from restore.source import encode_output

    raw = "甲".encode() + b"\xff" + "乙".encode()
    assert encode_output(Source.from_bytes(raw).text) == raw


def test_named_encoding() -> None:
    source = Source.from_bytes(HANS.encode("gb18030"), encoding="gb18030")
    assert (source.text, source.notes) == (HANS, ())
    with pytest.raises(InputError, match="unknown encoding 'klingon'"):
        Source.from_bytes(b"abc", encoding="klingon")


@pytest.mark.parametrize(
    "raw",
    [
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x02\x00" + bytes(range(256)) * 8,
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes((k * 73 + k * k) % 256 for k in range(4000)),
        b"PK\x03\x04" + bytes((k * 151 + k * k * 7) % 256 for k in range(4000)),
        bytes(1000),
    ],
    ids=["png", "pdf", "zip", "zeros"],
)
def test_binary_is_refused(raw: bytes) -> None:
    with pytest.raises(InputError, match="binary"):
        Source.from_bytes(raw, "page.bin")


def test_files(tmp_path: Path) -> None:
    empty = tmp_path / "empty.txt"
    empty.write_bytes(b"")
    for path, what in ((empty, "empty"), (tmp_path / "no.txt", "no such file"), (tmp_path, "folder")):
        with pytest.raises(InputError, match=what):
            Source.read(path)
    file = tmp_path / "page.txt"
    file.write_bytes(HANS.encode())
    assert Source.read(file).name == str(file)


def test_ascii_and_single_characters() -> None:
    for text in ("plain ASCII\n", "水", "\n\n\n", "2019\n"):
        source = Source.from_bytes(text.encode())
        assert (source.text, source.encoding, source.notes) == (text, "utf-8", ())


def test_ten_megabytes_on_one_line() -> None:
    line = ('党的基层组织是党 执政的组织基础,担负 着直接教育党员、管理 党员"18个"口岸。' * 90_000)[
        : 10_000_000 // 3
    ]
    out = Pipeline.preset("formatting").run(Source.from_bytes(line.encode()))
    assert out.revert() == line
    assert len(out.corrections) > 90_000


def test_text_with_lone_surrogates_makes_a_record() -> None:
    text = "甲\ud800乙\udcff, 丙"
    out = clean(text, preset="formatting")
    again = loads(dumps(out))
    assert (again.source.text, again.text) == (text, out.text)


@given(st.binary(min_size=1, max_size=60))
@settings(max_examples=200)
def test_any_bytes_are_kept_or_refused(raw: bytes) -> None:
    try:
        source = Source.from_bytes(raw)
    except InputError:
        return
    assert source.to_bytes() == raw
    out = clean(source, preset="formatting")
    assert loads(dumps(out)).source.to_bytes() == raw
    assert loads(dumps(out)).text == out.text
