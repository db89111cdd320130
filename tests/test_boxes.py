"""Reading order from boxes and text together; PAGE, rows and issues written back."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from restore import Pipeline, Source
from restore.evaluation import PageTruth, evaluate
from restore.layout.boxes import Layout
from restore.layout.placed import placed_segments
from restore.order.columns import before, blocks_of, neighbours_of, topological
from restore.order.issue import RunningLines, continued, folio, jumps
from restore.readers import Document, ReadOptions, read, read_bytes
from restore.view import View
from restore.writers import page_xml, row, write_jsonl, write_parquet

PAGES = Path(__file__).parent.parent / "fixtures" / "pages"
HORIZONTAL = sorted(
    p.parent.name
    for p in PAGES.glob("*/truth.json")
    if json.loads(p.read_text("utf-8"))["layout"] != "vertical"
)


def boxed(page: str, jumble: int | None = None) -> Document:
    """The printed lines of a page with their places, by height as a recogniser may give them, or jumbled."""
    truth = json.loads((PAGES / page / "truth.json").read_text("utf-8"))
    width, height = truth["size_px"]
    lines = [
        {
            "text": line["text"],
            "bbox": [v * s for v, s in zip(line["bbox"], (width, height) * 2, strict=True)],
        }
        for line in truth["lines"]
    ]
    lines.sort(key=lambda line: (round(line["bbox"][1] / 8), line["bbox"][0]))
    if jumble is not None:
        np.random.default_rng(jumble).shuffle(lines)  # type: ignore[arg-type]
    (one,) = read_bytes(json.dumps(lines).encode(), f"{page}.json")
    assert isinstance(one, Document)
    return one


def adjacency(page: str, one: Document, layout: bool = True) -> float:
    restored = Pipeline.preset().run(one.source, None, one.layout if layout else None)
    assert restored.revert() == one.source.text
    figure = evaluate(PageTruth.load(PAGES / page / "truth.json"), restored.text).adjacency_f1
    assert figure is not None
    return float(figure)


def test_boxes_put_pages_in_order() -> None:
    found = {page: adjacency(page, boxed(page)) for page in HORIZONTAL}
    # short lines above a column, as a byline, still draw some column ends to themselves
    assert np.mean(list(found.values())) >= 0.975, found
    assert min(found.values()) >= 0.9, found


@pytest.mark.parametrize("page", ["02-school", "15-lantern"])
def test_the_order_of_the_file_does_not_matter(page: str) -> None:
    assert adjacency(page, boxed(page, jumble=1)) >= 0.97


@pytest.mark.parametrize("name", ["page.hocr", "alto.xml", "page.xml", "page.pdf"])
@pytest.mark.parametrize("page", ["02-school", "04-relay"])
def test_pages_of_real_tools(page: str, name: str) -> None:
    path = PAGES / page / "scan" / name
    if not path.exists():
        pytest.skip("this page has no such file")
    one = next(read(path))
    assert isinstance(one, Document)
    with_boxes, without = adjacency(page, one), adjacency(page, one, layout=False)
    assert with_boxes >= without - 0.02
    assert with_boxes >= 0.94


def test_text_that_the_layout_does_not_cover_is_ordered_by_text() -> None:
    source = Source("水渠通水\n村里人高兴")
    whole = Layout(
        np.array([0, 5]),
        np.array([4, 10]),
        np.array([[0, 0, 40, 10], [0, 20, 50, 30.0]]),
        np.zeros(2, np.int64),
    )
    part = Layout(np.array([0]), np.array([4]), np.array([[0, 0, 40, 10.0]]), np.zeros(1, np.int64))
    assert placed_segments(View.of(source), part) is None
    assert Pipeline.preset().run(source, None, part).text == Pipeline.preset().run(source).text
    assert placed_segments(View.of(source), whole) is not None
    with pytest.raises(ValueError, match="follow each other"):
        Layout(np.array([5, 0]), np.array([10, 4]), whole.box, whole.region)


def test_geometry_alone() -> None:
    # two columns under a headline, then a line across both
    box = np.array(
        [[0, 0, 20, 2], [0, 3, 9, 4], [0, 4.5, 9, 5.5], [11, 3, 20, 4], [11, 4.5, 20, 5.5], [0, 8, 20, 9.0]]
    )
    size = np.array([2, 1, 1, 1, 1, 1.0])
    near = neighbours_of(box, size)
    assert near.under.tolist()[1] == 2 and near.under.tolist()[3] == 4
    assert len(set(blocks_of(box, size, near).tolist())) == 4
    order = topological(before(box), box[:, 0] + box[:, 1])
    assert order.tolist() == [0, 1, 2, 3, 4, 5]


# ---------------------------------------------------------------------- PAGE
def test_page_with_a_new_reading_order() -> None:
    etree = pytest.importorskip("lxml.etree")
    path = PAGES / "02-school" / "scan" / "page.xml"
    one = next(read(path))
    assert isinstance(one, Document)
    restored = Pipeline.preset().run(one.source, None, one.layout)
    written = page_xml(one, restored)
    again = next(read_bytes(written, "page.xml"))
    assert isinstance(again, Document)
    # the new order, read back, is that of the restored text
    letters = [re.sub(r"\W", "", line) for line in again.source.text.split("\n")]
    text = re.sub(r"\W", "", restored.text)
    at = [text.find(line) for line in letters if len(line) > 6]
    assert at.count(-1) <= 1  # parts of the imprint may go apart
    assert [a for a in at if a >= 0] == sorted(a for a in at if a >= 0)
    # every line is there, each with its old reading behind the new one
    old, new = etree.fromstring(path.read_bytes()), etree.fromstring(written)
    kinds = [
        {
            e.get("id"): [u.text for u in e.iterfind("{*}TextEquiv/{*}Unicode")]
            for e in root.iter("{*}TextLine")
        }
        for root in (old, new)
    ]
    assert kinds[0].keys() == kinds[1].keys()
    assert all(kinds[0][key][0] in kinds[1][key] for key in kinds[0])
    refs = [e.get("regionRef") for e in new.iter("{*}RegionRefIndexed")]
    regions = {e.get("id") for e in new.iter("{*}TextRegion")}
    assert len(refs) == len(set(refs)) and set(refs) <= regions


# ---------------------------------------------------------------------- rows
@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_rows_come_back(kind: str, tmp_path: Path) -> None:
    if kind == "parquet":
        pytest.importorskip("pyarrow")
    from restore.record import loads

    page = boxed("01-canal")
    odd = Document("odd\ud800", Source("水\udc80渠"))
    rows = [row(one, Pipeline.preset().run(one.source, None, one.layout)) for one in (page, odd)]
    path = tmp_path / f"out.{kind}"
    assert (write_parquet if kind == "parquet" else write_jsonl)(path, rows) == 2
    with pytest.raises(OSError, match="exists already"):
        (write_parquet if kind == "parquet" else write_jsonl)(path, rows)
    found = list(read(path, ReadOptions(id_field="id")))
    assert isinstance(found[0], Document) and found[0].id.endswith("#01-canal.json")
    assert found[0].source.text == rows[0]["text"]
    record = next(read(path, ReadOptions(text_field="record", id_field="id")))
    assert isinstance(record, Document)
    assert loads(record.source.text).text == rows[0]["text"]


# ---------------------------------------------------------------------- issues
def test_running_heads_of_an_issue() -> None:
    pages = [
        f"望川日报　２０１９年{k}月{k}日\n"
        + f"第{k}篇文章说的是别的事情\n" * (k % 2)
        + "电话 5550123 邮编 310000"
        for k in range(1, 5)
    ]
    seen = RunningLines()
    for page in pages:
        seen.add(page)
    shapes = seen.found()
    assert shapes == {"望川日报0年0月0日", "电话0邮编0", "第0篇文章说的是别的事情"}
    dump = (PAGES / "01-canal" / "dump" / "inorder.txt").read_text("utf-8")
    lines = dump.split("\n")
    lines.insert(20, "水库巡查值班表见本报微信公众平台")
    text = "\n".join(lines)
    alone = Pipeline.preset().run(text)
    among = Pipeline.preset().run(text, running=frozenset({"水库巡查值班表见本报微信公众平台"}))
    assert not alone.text.rstrip().endswith("公众平台")
    assert "水库巡查值班表见本报微信公众平台" in among.text[-120:]


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("望川日报 第3版", "3"),
        ("第十二版 要闻", "12"),
        ("第A07版", "A7"),
        ("下转第3版", None),
        ("版面", None),
        ("A03版", "A3"),
        ("5版 国际", "5"),
        ("B02 经济", "B2"),
        ("版次：03", "3"),
        ("要闻·03", "3"),
        ("3 国际", "3"),
        ("2019年8月1日 星期四 要闻 3", "3"),
        ("04 2019年8月1日 星期四", "4"),
        ("G20 峰会今天开幕", None),
        ("小康 3", None),
        ("本报12月5日第5版有误，特此更正。", None),
        ("本报今天出版3版", None),
        ("2019年8月1日 星期四", None),
        ("责任编辑：王明 3", None),
    ],
)
def test_folio(line: str, number: str | None) -> None:
    assert folio(f"{line}\n水渠通水") == number


def test_articles_that_go_on_on_another_page() -> None:
    from restore.language import shared

    first = "镇里决定把沿线三个村的灌溉（下转第3版）\n\n县文化馆的摄影展昨天开幕，一楼的长廊里展出了四十幅当地农（下转第3版）"
    third = "（上接第1版）民拍的照片，其中有晒谷的老人。\n\n（上接第一版）用水统一管理，水费由村里代收。\n\n（上接第2版）别的。"
    found = jumps("p1", first) + jumps("p3", third)
    links, loose = continued(found, {"p1": "1", "p3": "3"}, shared().model)
    pairs = {(link.origin.words[-2:], link.target.words[:2]) for link in links}
    assert pairs == {("灌溉", "用水"), ("地农", "民拍")}
    assert [jump.to for jump in loose] == ["2"]
    assert jumps("p", "他转了三圈，接着说版画的事。") == []


@pytest.mark.parametrize(
    ("words", "to", "out"),
    [
        ("（下转第3版）", "3", True),
        ("【下转第４版】", "4", True),
        ("［下转第5版］", "5", True),
        ("（下接第3版）", "3", True),
        ("下 转 第 三 版", "3", True),
        ("（下转第B02版）", "B2", True),
        ("（上接第1版）", "1", False),
        ("（紧接第一版）", "1", False),
        ("(上 接 第 1 版)", "1", False),
        ("《上接一版》", "1", False),
    ],
)
def test_wordings_of_references_to_other_pages(words: str, to: str, out: bool) -> None:
    (jump,) = jumps("p", f"沿线的村庄都用上了水{words}")
    assert (jump.to, jump.out, jump.end - jump.start) == (to, out, len(words))
