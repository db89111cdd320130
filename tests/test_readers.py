"""Readers: each format, from files of real tools where there are such, and from the forms their versions write."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from restore import clean
from restore.readers import Document, Failure, ReadError, ReadOptions, read, read_bytes
from restore.record import dumps
from restore.report.html import render_report
from restore.writers import output_path

PAGES = Path(__file__).parent.parent / "fixtures" / "pages"
TEXT = "县里新修的水渠上\n月通水，沿线三个\n村的稻田浇上水。"


def documents(data: bytes, name: str, options: ReadOptions | None = None) -> list[Document]:
    found = list(read_bytes(data, name, options or ReadOptions()))
    assert not [one for one in found if isinstance(one, Failure)], found
    return [one for one in found if isinstance(one, Document)]


def only(data: bytes, name: str, options: ReadOptions | None = None) -> Document:
    (one,) = documents(data, name, options)
    return one


def lines_of(one: Document) -> list[str]:
    assert one.layout is not None
    spans = zip(one.layout.start.tolist(), one.layout.end.tolist(), strict=True)
    return [one.source.text[a:b] for a, b in spans]


# ---------------------------------------------------------------------- text
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_text_in_its_encoding(encoding: str) -> None:
    one = only((TEXT * 20).encode(encoding), "a.txt")
    assert one.source.text.removeprefix("\ufeff") == TEXT * 20
    assert one.id == "a.txt" and one.layout is None and one.meta["format"] == "text"


def test_markdown_keeps_its_marks_for_the_pass() -> None:
    assert only("**水渠**通水了".encode(), "a.md").meta["format"] == "markdown"


def test_a_page_too_large_is_cut_at_blank_lines() -> None:
    text = "水渠通水了。\n\n" * 100
    found = documents(text.encode(), "a.txt", ReadOptions(most_characters=50))
    assert "".join(one.source.text for one in found) == text
    assert max(len(one.source.text) for one in found) <= 50
    assert [one.id for one in found[:2]] == ["a.txt@1", "a.txt@2"]


@pytest.mark.parametrize(
    "options", [ReadOptions(most_characters=50), ReadOptions(most_characters=50, oversize="refuse")]
)
def test_a_page_too_large_without_blank_lines_is_refused(options: ReadOptions) -> None:
    (one,) = read_bytes(("水渠" * 100).encode(), "a.txt", options)
    assert isinstance(one, Failure) and "more than a page may have" in one.reason


# ---------------------------------------------------------------------- rows
def test_json_lines() -> None:
    rows = [{"text": "水渠", "n": 1}, {"page": {"text": "通水"}}, [1], {"text": None}, {"text": "村"}]
    data = "\n".join(json.dumps(r, ensure_ascii=False) for r in rows).encode() + b"\n{broken\n\n"
    found = list(read_bytes(data, "p.jsonl"))
    assert [one.id for one in found] == [f"p.jsonl#{k}" for k in range(1, 7)]
    assert [type(one).__name__ for one in found] == [
        "Document", "Failure", "Failure", "Failure", "Document", "Failure",
    ]  # fmt: skip
    reasons = [one.reason for one in found if isinstance(one, Failure)]
    assert "line 2: there is no field 'text'; there are: 'page'" in reasons[0]
    assert "line 6, column 2: not JSON" in reasons[3]


def test_json_lines_with_named_fields() -> None:
    data = '{"p": {"t": "水渠"}, "k": "a/b"}\n{"p": {"t": "村"}, "k": "a/b"}'.encode()
    found = documents(data, "p.jsonl", ReadOptions(text_field="p.t", id_field="k"))
    assert [one.id for one in found] == ["p.jsonl#a/b", "p.jsonl#a/b@2"]


@pytest.mark.parametrize("kind", ["parquet", "arrow", "arrows"])
def test_columns(kind: str, tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.ipc
    import pyarrow.parquet

    table = pa.table({"text": ["水渠", None, "通水"], "id": ["x", "y", "z"], "other": [1, 2, 3]})
    path = tmp_path / f"p.{kind}"
    if kind == "parquet":
        pyarrow.parquet.write_table(table, path)
    else:
        make = pyarrow.ipc.new_file if kind == "arrow" else pyarrow.ipc.new_stream
        with make(str(path), table.schema) as writer:
            writer.write_table(table)
    found = list(read(path, ReadOptions(id_field="id")))
    assert [one.id for one in found] == [f"p.{kind}#{k}" for k in "xyz"]
    assert isinstance(found[1], Failure) and "'text' is empty" in found[1].reason
    with pytest.raises(ReadError, match="there is no field 'body'; there are: 'text', 'id', 'other'"):
        list(read(path, ReadOptions(text_field="body")))
    data = path.read_bytes()
    for size in (len(data) // 2, 20, len(data) - 3):
        try:  # a stream that ends early may still have whole batches
            list(read_bytes(data[:size], path.name))
        except ReadError as error:
            assert "damaged" in str(error)


# ---------------------------------------------------------------------- OCR JSON
QUAD = [[10, 20], [110, 20], [110, 40], [10, 40]]
LATER = [[10, 50], [110, 50], [110, 70], [10, 70]]
FORMS: dict[str, Any] = {
    "rapidocr": [[QUAD, "水渠", 0.9], [LATER, "通水", 0.8]],
    "paddleocr 2": [[[QUAD, ["水渠", 0.9]], [LATER, ["通水", 0.8]]]],
    "paddleocr 2, one page": [[QUAD, ["水渠", 0.9]], [LATER, ["通水", 0.8]]],
    "paddleocr 3": {"res": {"rec_texts": ["水渠", "通水"], "rec_polys": [QUAD, LATER], "rec_scores": [1, 1]}},
    "paddleocr 3, boxes": {
        "rec_texts": ["水渠", "通水"],
        "rec_boxes": [[10, 20, 110, 40], [10, 50, 110, 70]],
    },
    "objects": [{"text": "水渠", "bbox": [10, 20, 110, 40]}, {"text": "通水", "bbox": [10, 50, 110, 70]}],
    "wrapped": {"code": 100, "data": [{"text": "水渠", "box": QUAD}, {"text": "通水", "box": LATER}]},
    "labels": [{"transcription": "水渠", "points": QUAD}, {"transcription": "通水", "points": LATER}],
    "structure": [
        {"type": "text", "bbox": [0, 0, 1, 1], "res": [{"text": "水渠", "text_region": QUAD}]},
        {"type": "text", "bbox": [0, 0, 1, 1], "res": [{"text": "通水", "text_region": LATER}]},
    ],
    "rapidocr, with times": [[[QUAD, "水渠", 0.9], [LATER, "通水", 0.8]], [0.1, 0.0, 0.3]],
    "rapidocr 3": {"boxes": [QUAD, LATER], "txts": ["水渠", "通水"], "scores": [0.9, 0.8]},
    "rapidocr, a service": {
        "0": {"rec_txt": "水渠", "dt_boxes": QUAD, "score": "0.9"},
        "1": {"rec_txt": "通水", "dt_boxes": LATER, "score": "0.8"},
    },
    "paddlehub": {
        "results": [
            {
                "data": [
                    {"text": "水渠", "text_box_position": QUAD},
                    {"text": "通水", "text_box_position": LATER},
                ]
            }
        ]
    },
    "paddleocr 3, a service": {
        "errorCode": 0,
        "result": {
            "ocrResults": [{"prunedResult": {"rec_texts": ["水渠", "通水"], "rec_polys": [QUAD, LATER]}}]
        },
    },
    "paddleocr 3, layout": {
        "result": {
            "layoutParsingResults": [
                {
                    "prunedResult": {
                        "overall_ocr_res": {"rec_texts": ["水渠", "通水"], "rec_polys": [QUAD, LATER]}
                    }
                }
            ]
        }
    },
}


@pytest.mark.parametrize("form", FORMS)
def test_ocr_json(form: str) -> None:
    one = only(json.dumps(FORMS[form], ensure_ascii=False).encode(), "p.json")
    assert lines_of(one) == ["水渠", "通水"]
    assert one.layout is not None
    assert one.layout.box.tolist() == [[10, 20, 110, 40], [10, 50, 110, 70]]


@pytest.mark.parametrize("body", ["[]", "{}", "[1,2]", '{"a": [[]]}', '"x"', "[" * 900 + "]" * 900])
def test_other_json_is_refused(body: str) -> None:
    with pytest.raises(ReadError, match="without recognised lines"):
        list(read_bytes(body.encode(), "p.json"))


# ---------------------------------------------------------------------- real tools
@pytest.mark.parametrize("page", ["02-school", "04-relay", "15-lantern"])
def test_hocr_alto_and_page_of_tesseract_agree(page: str) -> None:
    pytest.importorskip("lxml")
    folder = PAGES / page / "scan"
    hocr, alto, content = (next(read(folder / n)) for n in ("page.hocr", "alto.xml", "page.xml"))
    assert isinstance(hocr, Document) and isinstance(alto, Document) and isinstance(content, Document)
    assert [one.meta["format"] for one in (hocr, alto, content)] == ["hocr", "alto", "page"]
    assert lines_of(hocr) == lines_of(alto)
    assert hocr.layout is not None and alto.layout is not None and content.layout is not None
    assert np.abs(hocr.layout.box - alto.layout.box).max() <= 1
    assert hocr.layout.size == alto.layout.size == content.layout.size
    # the PAGE renderer writes the same lines, with its own spaces
    squeezed = ["".join(t.split()) for t in lines_of(content)]
    assert len(set(squeezed) & {"".join(t.split()) for t in lines_of(hocr)}) >= 0.9 * len(squeezed)


@pytest.mark.parametrize("page", ["02-school", "15-lantern"])
def test_text_layer_of_a_pdf(page: str) -> None:
    pytest.importorskip("pypdfium2")
    one = next(read(PAGES / page / "scan" / "page.pdf"))
    assert isinstance(one, Document) and one.id == "page.pdf#1"
    truth = json.loads((PAGES / page / "truth.json").read_text("utf-8"))
    wanted = {"".join(line["text"].split()) for line in truth["lines"]}
    found = {"".join(t.split()) for t in lines_of(one)}
    assert len(wanted & found) >= 0.9 * len(wanted)
    layout = one.layout
    assert layout is not None
    if page == "02-school":
        # where the print has them, in fractions of the page
        place = {
            "".join(t.split()): b
            for t, b in zip(lines_of(one), layout.box / (*layout.size, *layout.size), strict=True)
        }
        for line in truth["lines"]:
            box = place.get("".join(line["text"].split()))
            if box is not None:
                assert abs(box[0] - line["bbox"][0]) < 0.02 and abs(box[1] - line["bbox"][1]) < 0.02


# ---------------------------------------------------------------------- versions of the XML formats
ALTO = """<?xml version="1.0"?><alto{ns}><Description><MeasurementUnit>mm10</MeasurementUnit></Description><Layout>
<Page ID="P" WIDTH="2000" HEIGHT="3000"><PrintSpace><TextBlock ID="B"><TextLine ID="L1" HPOS="10" VPOS="20" WIDTH="100"
HEIGHT="20"><String CONTENT="水" HPOS="10" VPOS="20" WIDTH="20" HEIGHT="20"/><SP/><String CONTENT="渠" HPOS="30" VPOS="20"
WIDTH="20" HEIGHT="20"/><String CONTENT="村" HPOS="90" VPOS="20" WIDTH="20" HEIGHT="20"/></TextLine></TextBlock>
</PrintSpace></Page></Layout></alto>"""


@pytest.mark.parametrize("version", ["", "2", "3", "4"])
def test_alto_versions(version: str) -> None:
    pytest.importorskip("lxml")
    ns = f' xmlns="http://www.loc.gov/standards/alto/ns-v{version}#"' if version else ""
    one = only(ALTO.format(ns=ns).encode(), "p.xml")
    assert one.source.text == "水渠 村"  # a space was printed only where there is room for one
    assert one.layout is not None and one.layout.box.tolist() == [[10, 20, 110, 40]]
    assert one.layout.size == (2000, 3000) and one.meta["unit"] == "mm10"


PAGE = """<?xml version="1.0"?><PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/{version}"><Page
imageFilename="p.png" imageWidth="400" imageHeight="300"><ReadingOrder><OrderedGroup id="g"><RegionRefIndexed index="1"
regionRef="a"/><RegionRefIndexed index="0" regionRef="b"/></OrderedGroup></ReadingOrder>
<TextRegion id="a"><Coords {box_a}</Coords><TextLine id="a1"><Coords {box_a}</Coords><TextEquiv index="1"><Unicode>旧
</Unicode></TextEquiv><TextEquiv index="0"><Unicode>后来</Unicode></TextEquiv></TextLine></TextRegion>
<TextRegion id="b"><Coords {box_b}</Coords><TextLine id="b1"><Coords {box_b}</Coords><Word id="w"><Coords {box_b}</Coords>
<TextEquiv><Unicode>先前</Unicode></TextEquiv></Word></TextLine></TextRegion></Page></PcGts>"""


@pytest.mark.parametrize(
    "version", ["2010-03-19", "2013-07-15", "2016-07-15", "2017-07-15", "2018-07-15", "2019-07-15"]
)
def test_page_versions(version: str) -> None:
    pytest.importorskip("lxml")
    if version < "2013":
        box_a, box_b = (f'><Point x="{x}" y="20"/><Point x="{x + 90}" y="40"/>' for x in (10, 200))
    else:
        box_a, box_b = (f'points="{x},20 {x + 90},20 {x + 90},40 {x},40">' for x in (10, 200))
    one = only(PAGE.format(version=version, box_a=box_a, box_b=box_b).encode(), "p.xml")
    assert (
        one.source.text == "先前\n\n后来"
    )  # in the file's own reading order, the reading of the lowest index
    assert one.layout is not None and one.layout.ids == ("b1", "a1")
    assert one.layout.box.tolist() == [[200, 20, 290, 40], [10, 20, 100, 40]]


def test_a_hyphen_of_alto_belongs_to_its_word() -> None:
    pytest.importorskip("lxml")
    data = """<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#"><Layout><Page WIDTH="400" HEIGHT="300"><TextBlock>
    <TextLine HPOS="10" VPOS="10" WIDTH="90" HEIGHT="20"><String CONTENT="inter" HPOS="10" VPOS="10" WIDTH="60"
    HEIGHT="20"/><HYP CONTENT="-"/></TextLine><TextLine HPOS="10" VPOS="40" WIDTH="90" HEIGHT="20"><String
    CONTENT="national" HPOS="10" VPOS="40" WIDTH="90" HEIGHT="20"/></TextLine></TextBlock></Page></Layout></alto>"""
    one = only(data.encode(), "p.xml")
    assert one.source.text == "inter-\nnational"
    assert one.layout is not None and one.layout.word_box.tolist() == [[10, 10, 70, 30], [10, 40, 100, 60]]


@pytest.mark.parametrize("named", [True, False])
def test_regions_in_a_region_of_page_are_read_once(named: bool) -> None:
    pytest.importorskip("lxml")
    order = """<ReadingOrder><OrderedGroup id="g"><RegionRefIndexed index="0" regionRef="b"/><RegionRefIndexed index="1"
    regionRef="a"/></OrderedGroup></ReadingOrder>"""
    box = '<Coords points="10,20 90,20 90,40 10,40"/>'
    data = f"""<PcGts><Page imageWidth="400" imageHeight="300">{order if named else ""}
    <TextRegion id="a">{box}<TextLine id="a1">{box}<TextEquiv><Unicode>后来</Unicode></TextEquiv></TextLine></TextRegion>
    <TextRegion id="b">{box}<TextRegion id="c">{box}<TextLine id="c1">{box}<TextEquiv><Unicode>先前</Unicode></TextEquiv>
    </TextLine></TextRegion><TextEquiv><Unicode>先前</Unicode></TextEquiv></TextRegion></Page></PcGts>"""
    one = only(data.encode(), "p.xml")
    assert one.source.text == ("先前\n\n后来" if named else "后来\n\n先前")


def test_hocr_that_is_no_xml() -> None:
    pytest.importorskip("lxml")
    data = """<html><body><div class=ocr_page title="image 'p.png'; bbox 0 0 400 300"><p class=ocr_par>
    <span class=ocr_line title="bbox 10 20 110 40; x_size 20">水渠&nbsp;通水<br></span></div>""".encode()
    one = only(data, "p.html")
    assert one.source.text == "水渠 通水" and one.meta["image"] == "p.png"


def test_a_line_without_a_box_leaves_the_page_without_layout() -> None:
    data = json.dumps([{"text": "水渠", "bbox": [1, 2, 3, 4]}, {"text": "村"}]).encode()
    assert only(data, "p.json").layout is None


@pytest.mark.parametrize(
    ("name", "head", "said"),
    [
        ("scan.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF", "is a picture; .* OCR program"),
        ("scan.txt", b"II*\0\x08\0\0\0", "is a picture"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "word processor; save it as text"),
        ("a.rtf", b"{\\rtf1\\ansi x}", "word processor"),
        ("page.decisions.json", b'{\n  "format": "restore-decisions", "version": 1}', "decisions.* no page"),
    ],
)
def test_what_is_no_text_at_all_is_named(name: str, head: bytes, said: str) -> None:
    with pytest.raises(ReadError, match=said):
        list(read_bytes(head, name))


def test_office_files_are_no_archives_of_pages() -> None:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr("word/document.xml", "<document/>")
    with pytest.raises(ReadError, match=r"a.docx: is a document of a word processor"):
        list(read_bytes(body.getvalue(), "a.docx"))


def test_what_restore_wrote_about_a_page_is_no_page() -> None:
    done = clean("县里新修的水渠上 月通水,沿线三个 村的两千亩稻田都 能浇上水。村民们 说好。")
    with pytest.raises(ReadError, match="is the record of a page; restore export --format text"):
        list(read_bytes(dumps(done), "page.json"))
    with pytest.raises(ReadError, match="is the report that restore wrote about a page"):
        list(read_bytes(render_report(done).encode(), "page.html"))


def test_decisions_beside_texts_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "page.txt").write_text(TEXT)
    (tmp_path / "page.decisions.json").write_text('{"format": "restore-decisions"}')
    assert [Path(one.id).name for one in read(tmp_path)] == ["page.txt"]


def test_other_xml_is_refused() -> None:
    with pytest.raises(ReadError, match=r"XML of another kind .<TEI>"):
        list(read_bytes(b"<?xml version='1.0'?><!-- x --><TEI/>", "p.xml"))


# ---------------------------------------------------------------------- archives and folders
MEMBERS = {
    "a/one.txt": TEXT.encode(),
    "b.jsonl": '{"text":"水渠"}'.encode(),
    "scan.jpg": b"\xff\xd8",
    "bad.txt": bytes(range(256)) * 8,
}


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def tarred(members: dict[str, bytes], mode: str = "w:gz") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (zipped(MEMBERS), "x.zip"),
        (tarred(MEMBERS), "x.tar.gz"),
        (tarred(MEMBERS, "w:xz"), "x.txz"),
        (tarred(MEMBERS, "w"), "x.tar"),
    ],
)
def test_archives(data: bytes, name: str) -> None:
    found = list(read_bytes(data, name))
    assert [one.id for one in found] == [f"{name}!/{n}" for n in ("a/one.txt", "b.jsonl#1", "bad.txt")]
    assert isinstance(found[2], Failure) and "binary" in found[2].reason


@pytest.mark.parametrize("mode", ["w:gz", "w:bz2", "w:xz"])
def test_a_compressed_archive_needs_no_name(mode: str) -> None:
    found = list(read_bytes(tarred(MEMBERS, mode), "stdin"))
    assert [one.id for one in found] == [f"stdin!/{n}" for n in ("a/one.txt", "b.jsonl#1", "bad.txt")]
    with pytest.raises(ReadError, match="compressed"):
        list(read_bytes(gzip.compress(TEXT.encode()), "stdin"))


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_fields_within_others_in_columns(kind: str) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import ipc, parquet

    table = pyarrow.table(
        {
            "page": [{"text": "水渠", "at": {"id": "a"}}, {"text": "通水", "at": {"id": "b"}}, None],
            "n": [1, 2, 3],
        }
    )
    out = io.BytesIO()
    if kind == "parquet":
        parquet.write_table(table, out)
    else:
        with ipc.new_file(out, table.schema) as writer:
            writer.write(table)
    options = ReadOptions(text_field="page.text", id_field="page.at.id")
    first, second, third = read_bytes(out.getvalue(), f"p.{kind}", options)
    assert isinstance(first, Document) and isinstance(second, Document) and isinstance(third, Failure)
    assert (first.id, first.source.text, second.id) == (f"p.{kind}#a", "水渠", f"p.{kind}#b")
    for name in ("page.none", "page", "n.text"):
        found = read_bytes(out.getvalue(), f"p.{kind}", ReadOptions(text_field=name))
        if name == "page":
            assert all(isinstance(one, Failure) for one in found)
            continue
        with pytest.raises(ReadError, match=rf"there is no field '{name}'; there are: 'page', 'n'"):
            list(found)


def test_a_folder(tmp_path: Path) -> None:
    for name, data in MEMBERS.items():
        target = tmp_path / "in" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    (tmp_path / "in" / ".hidden.txt").write_text("x")
    assert [one.id for one in read(tmp_path / "in")] == ["in/a/one.txt", "in/b.jsonl#1", "in/bad.txt"]


def test_names_in_archives_never_lead_outside() -> None:
    names = ["../../etc/passwd", "/etc/passwd", "c:\\windows\\x", "a/../../b", "..", "a//b", "x\u202etxt"]
    for name, data in (
        ("x.zip", zipped({n: TEXT.encode() for n in names})),
        ("x.tar", tarred({n: TEXT.encode() for n in names}, "w")),
    ):
        paths = [output_path(one.id, ".txt") for one in read_bytes(data, name)]
        assert len(set(paths)) == len(paths)
        for path in paths:
            assert not path.is_absolute() and ".." not in path.parts, path


def test_missing_and_empty(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"none.txt: no such file"):
        list(read(tmp_path / "none.txt"))
    (tmp_path / "empty.txt").touch()
    with pytest.raises(ReadError, match="empty"):
        list(read(tmp_path / "empty.txt"))


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "lxml", None)
    monkeypatch.setitem(sys.modules, "lxml.etree", None)
    with pytest.raises(ReadError, match=r"reading ALTO needs lxml, .* pip install 'restore-cjk\[formats\]'"):
        list(read_bytes(b"<alto/>", "p.xml"))
