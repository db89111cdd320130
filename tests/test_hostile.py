"""Inputs made to do harm, and random ones: each reader gives pages, failures or a clear error, and nothing else.

``RESTORE_FUZZ=200000 pytest tests/test_hostile.py -k fuzz`` runs that many inputs over all readers.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import sys
import tarfile
import time
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from restore import Pipeline
from restore.readers import FORMATS, Document, Failure, ReadError, ReadOptions, read, read_bytes
from restore.readers.opened import Opened
from restore.readers.pdf import read_pdf
from restore.writers import output_path

SCAN = Path(__file__).parent.parent / "fixtures" / "pages" / "02-school" / "scan"
INPUTS = int(os.environ.get("RESTORE_FUZZ", "700"))
WORDS = "县里新修的水渠上月通水，沿线三个村的两千亩稻田都能浇上水。"


def outcome(data: bytes, name: str, options: ReadOptions | None = None) -> list[Document | Failure] | str:
    """What came of it: pages and failures, or the message of the error."""
    try:
        return list(read_bytes(data, name, options or ReadOptions()))
    except ReadError as error:
        return str(error)


def text_of(data: bytes, name: str) -> str:
    found = outcome(data, name)
    if isinstance(found, str):
        return found
    return "\n".join(one.source.text if isinstance(one, Document) else one.reason for one in found)


# ---------------------------------------------------------------------- size
def test_a_hundred_megabytes_on_one_line() -> None:
    start = time.process_time()
    (one,) = outcome(WORDS.encode() * (100_000_000 // len(WORDS.encode())), "a.txt")  # type: ignore[misc]
    assert isinstance(one, Failure) and "no blank line to cut it at" in one.reason
    assert time.process_time() - start < 60
    found = outcome(b'{"text":"' + b"a" * 30_000_000, "a.jsonl", ReadOptions(most_bytes=2**20))
    assert isinstance(found[0], Failure) and "longer than 1,048,576 bytes" in found[0].reason


def test_ten_million_newlines() -> None:
    start = time.process_time()
    found = outcome(b"\n" * 10_000_000, "a.txt")
    assert [len(one.source.text) for one in found if isinstance(one, Document)] == [
        4_000_000,
        4_000_000,
        2_000_000,
    ]
    for kind in ("a.jsonl", "a.json", "a.xml", "a.pdf", "a.parquet"):
        outcome(b"\n" * 10_000_000, kind)
    assert time.process_time() - start < 60


def test_a_million_combining_marks() -> None:
    page = Pipeline.preset().run(
        next(
            one
            for one in outcome(("水" + "\u0301" * 1_000_000).encode(), "a.txt")
            if isinstance(one, Document)
        ).source
    )
    assert page.revert() == page.source.text


def test_a_text_larger_than_any_page_is_only_formatted() -> None:
    page = Pipeline.preset().run((WORDS + "\n") * 9_000)
    assert any("did not run" in note for note in page.notes)


@pytest.mark.parametrize("number", ["3 ·5 ·", "达1 1亿多", "3 .5 %", "3 ", "A ", "（吕 敏"])
def test_broken_numbers_without_end_on_one_line(number: str) -> None:
    """A line, or a number that ends as none does, that is read again for every figure in it takes very long."""
    start = time.process_time()
    page = Pipeline.preset("formatting").run("汉字新闻" + number * (300_000 // len(number)) + ":汉字")
    assert page.text
    assert time.process_time() - start < 60


def test_a_long_text_is_looked_at_in_parts() -> None:
    rng = random.Random(1)
    lines = ["".join(rng.sample(WORDS[:12] + WORDS[13:-1], 18)) for _ in range(2_000)]
    page = Pipeline(["reading_order"]).run("\n".join(lines))
    assert page.revert() == page.source.text
    assert sorted(page.text.split()) == sorted(lines)


# ---------------------------------------------------------------------- XML
BOMB = """<?xml version="1.0"?><!DOCTYPE alto [<!ENTITY a "水渠水渠水渠水渠水渠水渠水渠水渠">{entities}]><alto><Layout><Page>
<TextBlock><TextLine HPOS="1" VPOS="1" WIDTH="9" HEIGHT="9"><String CONTENT="&{last};"/><String CONTENT="村"/></TextLine>
</TextBlock></Page></Layout></alto>"""


def test_an_entity_bomb() -> None:
    pytest.importorskip("lxml")
    names = "abcdefghij"
    entities = "".join(f'<!ENTITY {n} "{f"&{m};" * 10}">' for m, n in zip(names, names[1:], strict=False))
    start = time.process_time()
    found = text_of(BOMB.format(entities=entities, last="j").encode(), "a.xml")
    assert len(found) < 10_000 and time.process_time() - start < 10
    quadratic = BOMB.format(entities=f'<!ENTITY b "{"水" * 100_000}">', last=";&".join("b" * 300))
    assert len(text_of(quadratic.encode(), "a.xml")) < 1_000_000


@pytest.mark.parametrize("kind", ["alto", "page", "hocr"])
def test_external_entities_are_not_fetched(kind: str, tmp_path: Path) -> None:
    pytest.importorskip("lxml")
    secret = tmp_path / "secret"
    secret.write_text("秘密")
    body = {
        "alto": "<alto><Layout><Page><TextBlock><TextLine><String CONTENT='村'/>&x;</TextLine></TextBlock></Page></Layout></alto>",
        "page": "<PcGts><Page><TextRegion id='r'><TextLine id='l'><TextEquiv><Unicode>村&x;</Unicode></TextEquiv></TextLine></TextRegion></Page></PcGts>",
        "hocr": "<html><body><div class='ocr_page'><span class='ocr_line'>村&x;</span></div></body></html>",
    }[kind]
    root = {"alto": "alto", "page": "PcGts", "hocr": "html"}[kind]
    for system in (secret.as_uri(), "http://127.0.0.1:9/x"):
        data = f'<?xml version="1.0"?><!DOCTYPE {root} [<!ENTITY x SYSTEM "{system}">]>{body}'
        assert "秘密" not in text_of(data.encode(), "a.xml")
        data = f'<?xml version="1.0"?><!DOCTYPE {root} SYSTEM "{system}">{body.replace("&x;", "")}'
        assert "村" in text_of(data.encode(), "a.xml")


@pytest.mark.parametrize("root", ["alto", "PcGts", "html"])
def test_deep_xml(root: str) -> None:
    pytest.importorskip("lxml")
    deep = f"<{root} class='ocr_page'>" + "<a>" * 200_000 + "村" + "</a>" * 200_000 + f"</{root}>"
    start = time.process_time()
    assert isinstance(
        outcome(deep.encode(), "a.xml", ReadOptions(format="hocr" if root == "html" else None)), str | list
    )
    groups = "<OrderedGroup id='g'>" * 250 + "</OrderedGroup>" * 250
    page = f"<PcGts><Page><ReadingOrder>{groups}</ReadingOrder></Page></PcGts>"
    assert isinstance(outcome(page.encode(), "b.xml"), str | list)
    assert time.process_time() - start < 20


def test_boxes_that_are_none() -> None:
    lines = [
        {"text": WORDS[:20], "bbox": box}
        for box in (
            [0, 0, 0, 0],
            [1e300, 0, 1, 1],
            [-5, -5, -9, -9],
            [9e6, 9e6, 9.1e6, 9.2e6],
            ["a", 1, 2, 3],
            None,
        )
    ]
    found = outcome(json.dumps(lines * 3).encode(), "a.json")
    for one in found:
        if isinstance(one, Document):
            page = Pipeline.preset().run(one.source, None, one.layout)
            assert page.revert() == one.source.text
    same = json.dumps([{"text": f"{WORDS[k : k + 12]}", "bbox": [5, 5, 5, 5]} for k in range(12)]).encode()
    one = outcome(same, "a.json")[0]
    assert (
        isinstance(one, Document)
        and Pipeline.preset().run(one.source, None, one.layout).revert() == one.source.text
    )


# ---------------------------------------------------------------------- archives
def test_a_zip_bomb() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for k in range(40):
            archive.writestr(f"{k}.txt", b"\0" * 20_000_000)
    start = time.process_time()
    found = outcome(out.getvalue(), "a.zip")
    assert isinstance(found, str) and "200 times its size" in found
    one = io.BytesIO()
    with zipfile.ZipFile(one, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("big.txt", b" " * 40_000_000)
        archive.writestr("good.txt", WORDS)
    found = outcome(one.getvalue(), "a.zip", ReadOptions(most_bytes=2**20))
    assert isinstance(found[0], Failure) and "larger than 1,048,576 bytes unpacked" in found[0].reason
    assert isinstance(found[1], Document)
    nested = io.BytesIO()
    with zipfile.ZipFile(nested, "w") as archive:
        archive.writestr("inner.zip", one.getvalue())
    assert "an archive in an archive" in text_of(nested.getvalue(), "a.zip")
    assert time.process_time() - start < 60


def test_a_zip_that_lies_about_sizes() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", b" " * 5_000_000)
    data = out.getvalue().replace((5_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert isinstance(outcome(data, "a.zip"), str | list)
    # an end record that claims a list of members of four gigabytes
    end = out.getvalue().rfind(b"PK\x05\x06")
    data = out.getvalue()[: end + 12] + b"\xf0\xff\xff\xff" + out.getvalue()[end + 16 :]
    assert "too many members" in text_of(data, "a.zip")


def test_a_tar_bomb_and_links() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, kind in (("link", tarfile.SYMTYPE), ("hard", tarfile.LNKTYPE), ("pipe", tarfile.FIFOTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        info = tarfile.TarInfo("../out.txt")
        info.size = len(WORDS.encode())
        archive.addfile(info, io.BytesIO(WORDS.encode()))
    found = outcome(out.getvalue(), "a.tgz")
    assert [type(one).__name__ for one in found] == ["Failure"] * 3 + ["Document"]
    assert ".." not in output_path(found[3].id).parts  # type: ignore[union-attr]
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    info = tarfile.TarInfo("big.txt")
    info.size = 600 * 2**20
    bomb = (
        packer.compress(info.tobuf())
        + b"".join(packer.compress(b"\0" * 2**20) for _ in range(600))
        + packer.flush()
    )
    start = time.process_time()
    assert "200 times its size" in text_of(bomb, "b.tgz")
    assert time.process_time() - start < 60


def test_a_parquet_bomb() -> None:
    """One long text in a dictionary, and thousands of rows that are it."""
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    sink = io.BytesIO()
    parquet.write_table(pyarrow.table({"text": ["水" * 10_000] * 2_000}), sink, compression="zstd")
    assert len(sink.getvalue()) < 10_000
    with pytest.raises(ReadError, match="200 times its size"):
        list(read_bytes(sink.getvalue(), "a.parquet", ReadOptions(most_bytes=2**22)))


# ---------------------------------------------------------------------- characters
@pytest.mark.parametrize(
    "data",
    [
        b"\0" * 1000,
        (WORDS + "\0" * 5 + WORDS).encode() * 9,
        WORDS.encode("utf-8", "surrogatepass")
        + "\ud800\udfff".encode("utf-8", "surrogatepass")
        + WORDS.encode(),
        (WORDS + "\u202e\u2066abc\u2069\u202c\u200f" + WORDS).encode(),
        WORDS.encode("gb18030") + WORDS.encode("utf-8") + WORDS.encode("big5", "ignore"),
        b"\xff\xfe" + WORDS.encode("utf-16-le")[:-1],
        bytes(range(256)) * 40,
        b"\xef\xbb\xbf",
    ],
    ids=[
        "nuls",
        "nuls in text",
        "surrogates",
        "bidi",
        "mixed encodings",
        "half a character",
        "all bytes",
        "only a mark",
    ],
)
def test_odd_characters(data: bytes) -> None:
    for one in outcome(data, "a.txt"):
        if isinstance(one, Document):
            page = Pipeline.preset().run(one.source)
            assert page.revert() == one.source.text
    rows = json.dumps({"text": data.decode("utf-8", "surrogateescape")}).encode()
    for one in outcome(rows, "a.jsonl"):
        if isinstance(one, Document):
            assert Pipeline.preset().run(one.source).revert() == one.source.text


# ---------------------------------------------------------------------- PDF
def pdf(content: bytes, font: bytes = b"", extra: bytes = b"") -> bytes:
    """A PDF of one page, as small as can be."""
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica%s>>" % font,
        extra or b"null",
    ]
    out, places = b"%PDF-1.7\n", []
    for k, part in enumerate(parts, 1):
        places.append(len(out))
        out += b"%d 0 obj%s\nendobj\n" % (k, part)
    table = b"".join(b"%010d 00000 n \n" % p for p in places)
    return (
        out
        + b"xref\n0 7\n0000000000 65535 f \n%strailer<</Size 7/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF"
        % (
            table,
            len(out),
        )
    )


def test_pdfs_with_broken_maps() -> None:
    pytest.importorskip("pypdfium2")
    (plain,) = outcome(pdf(b"BT /F 12 Tf 20 200 Td (Hello) Tj ET"), "a.pdf")
    assert isinstance(plain, Document) and plain.source.text == "Hello"
    private = b"".join(b"<%02x> <%04x>\n" % (c, 0xE000 + c) for c in b"Helo")
    cmap = (
        b"/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <00> <ff> endcodespacerange 4 beginbfchar\n"
        + private
        + b"endbfchar endcmap end"
    )
    stream = b"<</Length %d>>stream\n%s\nendstream" % (len(cmap), cmap)
    (broken,) = outcome(pdf(b"BT /F 12 Tf 20 200 Td (Hello) Tj ET", b"/ToUnicode 6 0 R", stream), "a.pdf")
    assert isinstance(broken, Document) and any(
        "no character in the PDF's own map" in n for n in broken.source.notes
    )
    (scan,) = outcome(pdf(b"0 0 100 100 re f"), "a.pdf")
    assert isinstance(scan, Failure) and "has no text layer" in scan.reason
    whole = (SCAN / "page.pdf").read_bytes()
    for size in (10, 1000, len(whole) // 2, len(whole) - 40):
        assert isinstance(outcome(whole[:size], "a.pdf"), str | list)


def pages_of_pdf(*contents: bytes) -> bytes:
    """A PDF whose pages have these compressed contents."""
    count = len(contents)
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[%s]/Count %d>>"
        % (b" ".join(b"%d 0 R" % (4 + 2 * k) for k in range(count)), count),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    for k, content in enumerate(contents):
        parts.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Contents %d 0 R/Resources<</Font<</F 3 0 R>>>>>>"
            % (5 + 2 * k)
        )
        parts.append(b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(content), content))
    out, places = b"%PDF-1.7\n", []
    for k, part in enumerate(parts, 1):
        places.append(len(out))
        out += b"%d 0 obj%s\nendobj\n" % (k, part)
    size = len(parts) + 1
    table = b"".join(b"%010d 00000 n \n" % p for p in places)
    return (
        out
        + b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF"
        % (
            size,
            table,
            size,
            len(out),
        )
    )


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="no such limit on memory here")
def test_a_pdf_page_that_blows_up_costs_only_itself() -> None:
    """A hundred kilobytes whose operators take gigabytes in the library that reads them."""
    pytest.importorskip("pypdfium2")
    packer = zlib.compressobj(6)
    bomb = b"".join(packer.compress(b"q " * 500_000) for _ in range(40)) + packer.flush()
    good = zlib.compress(b"BT /F 12 Tf 20 200 Td (Hello) Tj ET")
    data = pages_of_pdf(good, bomb, good)
    assert len(data) < 200_000
    found = outcome(data, "a.pdf")
    assert [type(one).__name__ for one in found] == ["Document", "Failure", "Document"]
    assert [one.id for one in found] == ["a.pdf#1", "a.pdf#2", "a.pdf#3"]  # type: ignore[union-attr]
    assert "page 2: damaged page" in found[1].reason  # type: ignore[union-attr]
    assert "read up to page" in str(outcome(pages_of_pdf(bomb, bomb, bomb, good), "a.pdf"))


# ---------------------------------------------------------------------- fuzz
def seeds() -> dict[str, list[bytes]]:
    """Small valid files of every format, to start from."""
    out: dict[str, list[bytes]] = {name: [WORDS.encode()] for name in FORMATS}
    out["text"] += [WORDS.encode("gb18030"), WORDS.encode("utf-16")]
    out["jsonl"] = [
        json.dumps({"text": WORDS, "id": 1}).encode() + b"\n" + json.dumps({"text": "x"}).encode()
    ]
    quad = [[1, 2], [90, 2], [90, 20], [1, 20]]
    out["ocr-json"] = [
        json.dumps([[quad, WORDS, 0.9], [quad, "村", 0.5]]).encode(),
        json.dumps({"res": {"rec_texts": [WORDS], "rec_polys": [quad]}}).encode(),
        json.dumps(
            [{"text": "水渠", "bbox": [1, 2, 30, 40], "words": [["水", 1, 2, 15, 40], ["渠", 16, 2, 30, 40]]}]
        ).encode(),
    ]
    for kind, name in (("hocr", "page.hocr"), ("alto", "alto.xml"), ("page", "page.xml")):
        whole = (SCAN / name).read_bytes()
        out[kind] = [whole[:6000], BOMB.format(entities="", last="a").encode()]
    out["pdf"] = [pdf(b"BT /F 12 Tf 20 200 Td (Hello) Tj 0 -20 Td (World) Tj ET")]
    packed, tape = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", WORDS)
        archive.writestr("b.json", out["ocr-json"][0])
    with tarfile.open(fileobj=tape, mode="w:gz") as archive_:
        info = tarfile.TarInfo("a.txt")
        info.size = 9
        archive_.addfile(info, io.BytesIO(b"a" * 9))
    out["zip"], out["tar"] = [packed.getvalue()], [tape.getvalue()]
    try:
        import pyarrow as pa
        import pyarrow.ipc
        import pyarrow.parquet
    except ImportError:
        return out
    table = pa.table({"text": [WORDS, "村", None], "n": [1, 2, 3]})
    sink = io.BytesIO()
    pyarrow.parquet.write_table(table, sink)
    out["parquet"] = [sink.getvalue()]
    sink = io.BytesIO()
    with pyarrow.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    out["arrow"] = [sink.getvalue()]
    return out


SEEDS = seeds()
NASTY = [
    b"\0", b"\xff\xfe", b"\xed\xa0\x80", "\u202e".encode(), b"\n" * 50, b"<" * 50, b"[" * 2000, b'{"a":' * 300, b"&x;",
    b"\xff" * 8, b"\x00" * 64, b"-1", b"1e999", b"NaN", b"99999999999999999999", b"]]>", b"<!--", b"PK\x03\x04", b"../../x",
]  # fmt: skip


def mutated(rng: random.Random, data: bytes) -> bytes:
    out = bytearray(data)
    for _ in range(rng.randint(0, 6)):
        kind, at = rng.randrange(6), rng.randrange(len(out) + 1)
        size = rng.randrange(1, 40)
        if kind == 0 and out:
            out[at % len(out)] = rng.randrange(256)
        elif kind == 1:
            del out[at : at + size]
        elif kind == 2:
            out[at:at] = rng.choice(NASTY)
        elif kind == 3:
            out[at:at] = out[max(0, at - size) : at] * rng.randrange(1, 5)
        elif kind == 4:
            del out[at:]
        elif out:
            k = at % len(out)
            out[k] ^= 1 << rng.randrange(8)
    return bytes(out)


@pytest.mark.parametrize("kind", FORMATS)
@settings(
    max_examples=max(20, INPUTS // len(FORMATS) + 1),
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(st.integers(0, 2**62), st.booleans(), st.binary(max_size=200))
def test_fuzz(kind: str, number: int, named: bool, raw: bytes) -> None:
    """Whatever the bytes, the reader of a format gives pages, failures, or a `ReadError` with a sentence."""
    rng = random.Random(number)
    if kind in ("parquet", "arrow") and rng.random() > 300 / INPUTS:
        return  # each is read in a process of its own
    data = mutated(rng, rng.choice(SEEDS[kind])) if rng.random() < 0.9 else raw
    options = ReadOptions(format=kind) if named else ReadOptions(most_characters=500, most_bytes=2**20)
    ending = {"ocr-json": "json", "alto": "xml", "page": "xml", "markdown": "md"}.get(kind, kind)
    try:
        if kind == "pdf" and rng.random() > 300 / INPUTS:  # the reader alone: a process each would take hours
            found = list(read_pdf(Opened("a.pdf", "a.pdf", data=data), options))
        else:
            found = list(read_bytes(data, f"a.{ending}", options))
    except ReadError as error:
        assert str(error)
        return
    seen = set()
    for one in found:
        assert one.id not in seen, one.id
        seen.add(one.id)
        path = output_path(one.id, ".txt")
        assert not path.is_absolute() and ".." not in path.parts
        if isinstance(one, Failure):
            assert one.reason
        else:
            check(one)


def test_what_fuzzing_found() -> None:
    # a last line whose box has no height
    lines = [{"text": WORDS[k : k + 9], "bbox": [5, 20 * k, 95, 20 * k + 12]} for k in range(6)]
    lines.append({"text": "村里人高兴", "bbox": [5, 400, 95, 400]})
    (one,) = outcome(json.dumps(lines).encode(), "a.json")
    assert isinstance(one, Document)
    check(one)
    assert Pipeline.preset().run(one.source, None, one.layout).revert() == one.source.text
    # a member of an archive without a name
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("noname", WORDS)
    (one,) = outcome(packed.getvalue().replace(b"noname", b"\0" * 6), "a.zip")
    assert one.id == "a.zip!/unnamed"  # type: ignore[union-attr]
    # a code of Korean that its own decoder does not take
    with contextlib.suppress(ReadError):
        list(read_bytes("\u3164\u3164a".encode("utf-16-le") * 3, "a.txt"))


def check(one: Document) -> None:
    if one.layout is not None and len(one.layout):
        assert int(one.layout.end[-1]) <= len(one.source.text)
    if (
        0 < len(one.source.text) <= 200 and one.layout is not None and len(one.source.text) % 8 == 0
    ):  # a share of them
        page: Any = Pipeline(["encoding", "reading_order"]).run(one.source, None, one.layout)
        assert page.revert() == one.source.text


def test_the_fuzz_seeds_are_read() -> None:
    assert sys.getrecursionlimit() <= 10_000
    for kind, inputs in SEEDS.items():
        if kind in ("hocr", "alto", "page"):
            continue  # cut off on purpose
        for data in inputs:
            if data != WORDS.encode() or kind in ("text", "markdown"):
                found = outcome(data, f"a.{kind.replace('ocr-', '')}")
                assert not isinstance(found, str) and isinstance(found[0], Document), (kind, found)
    assert next(read(SCAN / "page.hocr"))
