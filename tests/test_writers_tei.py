"""The TEI edition: valid, and both texts in it, character by character."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from test_report import every_kind
from typer.testing import CliRunner

pytest.importorskip("lxml", reason="the TEI tests need lxml")
from tei_tools import TEI, parse, schema_for, schema_path, texts

from restore import (
    Certainty,
    CorrectionError,
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
)
from restore.cli.app import app
from restore.decisions import edit
from restore.writers.tei import to_tei

PAGES = sorted((Path(__file__).parent.parent / "fixtures" / "pages").glob("*/dump/*.txt"))
SEED = Path(__file__).parent.parent / "seeds" / "000_3beea0aa8b224972.txt"


def check(restoration: Restoration) -> bytes:
    data = to_tei(restoration)
    source, restored = texts(data)
    assert restored == restoration.text
    assert source == restoration.source.text
    path = schema_path()
    if path is not None:
        root = parse(data)
        schema = schema_for(root, path)
        assert schema.validate(root), list(schema.error_log)[:5]
    return data


@pytest.mark.skipif(
    schema_path() is None,
    reason="tei_all is not there: .ci/run fetches it into .cache/tei.rng, or name it in TEI_RNG",
)
def test_is_valid_against_tei_all() -> None:
    root = parse(check(every_kind()))
    schema = schema_for(root, schema_path())  # type: ignore[arg-type]
    assert schema.validate(root)
    # and the schema is one that says no
    root.find(f".//{TEI}choice").append(root.makeelement(TEI + "p"))
    assert not schema.validate(root)


def test_has_every_kind_of_markup() -> None:
    made = every_kind()
    root = parse(check(made))
    for name in (
        "choice",
        "sic",
        "corr",
        "surplus",
        "supplied",
        "gap",
        "lb",
        "transpose",
        "seg",
        "anchor",
        "application",
    ):
        assert root.find(f".//{TEI}{name}") is not None, name
    assert root.find(f'.//{TEI}lb[@break="no"]') is not None
    marked = [e for e in root.iter() if e.get("resp")]
    assert {e.get("cert") for e in marked} <= {"high", "medium", "low"}
    named = {e.get("{http://www.w3.org/XML/1998/namespace}id") for e in root.iter()}
    assert {word.removeprefix("#") for e in marked for word in e.get("resp").split()} <= named
    applied = {c.id for c in made.corrections if c.applied}
    assert {e.get("n") for e in marked} <= applied
    gap = root.find(f".//{TEI}gap")
    assert (gap.get("atLeast"), gap.get("atMost"), gap.get("unit")) == ("2", "20", "chars")


def test_the_bundled_page() -> None:
    root = parse(check(clean(Source.read(SEED))))
    assert root.findall(f".//{TEI}head") and root.findall(f".//{TEI}fw")


@pytest.mark.parametrize("path", PAGES[::6], ids=lambda p: f"{p.parent.parent.name}-{p.stem}")
def test_pages(path: Path) -> None:
    check(clean(Source.read(path)))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "\n\n  \n",
        "42",
        "水到田头，话到心头。",
        "<p>&amp;]]></p> 基础 不牢,地动 山摇\r\n第二行\r\n",
        "甲\u202e乙\u2067丙\x07丁\x00戊\ufffe己\udc80庚\x85辛\u2028壬\t癸\u3000\u3000",
        "𠮷野家 的门\U000e0001 前,挂着 灯笼",
    ],
)
def test_any_text(text: str) -> None:
    for preset in ("formatting", "default"):
        check(clean(Source(text, name="a<b>&\udc80\u202e.txt"), preset=preset))


def test_decisions_are_in_it() -> None:
    made = every_kind()
    rejected = made.reject(*(c.index for c in made.corrections if c.applied))
    data = check(rejected)
    assert b"<choice" not in data and b"<transpose" not in data
    some = next(c for c in made.corrections if c.message == "read twice")
    data = check(made.accept(some.index))
    assert b"#pass-shuffle #reviewer" in data
    gap = next(c for c in made.corrections if c.message == "the sentence breaks off")
    data = check(edit(made.accept(gap.index), {gap.index: "补上\n\n的话"}))
    assert "补上".encode() in data and b'xml:id="reviewer"' in data


def test_roles_become_elements() -> None:
    page = (
        "县里修渠\n\n水渠通到村口\n\n（王小明）\n\n县里新修的水渠上月通水，沿线的村子都能浇上水，村民们都说好。\n\n"
        "新的一节\n\n今年的收成有了着落，家家户户都高兴，大家盼着明年再修一条。\n"
    )
    root = parse(check(clean(page)))
    assert [
        e.tag.removeprefix(TEI) for e in root.iter() if e.tag in (TEI + "head", TEI + "byline", TEI + "p")
    ][-5:]
    assert root.find(f".//{TEI}byline") is not None
    assert root.find(f".//{TEI}div/{TEI}head") is not None


class Random:
    """A pass that does what the lots say: overlapping nothing, moving stretches about."""

    def __init__(self, name: str, lots: list[tuple[int, int, int, str]]) -> None:
        self.name, self.lots = name, lots

    def find(self, view: View, tools: Tools) -> Iterator[Draft]:
        n, at = len(view.text), 0
        for skip, size, what, text in self.lots:
            a, b = at + skip, at + skip + size
            if b > n:
                return
            at = b + 1
            if what == 0:
                yield Draft((Move(Span(a, b), (a * 7 + size) % n, float(skip)),), "m", Certainty.HIGH)
            elif what == 1:
                yield Draft((Replace(Span(a, b), text),), "r", Certainty.MEDIUM)
            elif what == 2:
                yield Draft((Insert(a, text or "补", after=bool(skip % 2)),), "i", Certainty.HIGH)
            else:
                yield Draft((Insert(a, Gap(1, 9)),), "g", Certainty.HIGH)


LOTS = st.lists(
    st.tuples(st.integers(0, 5), st.integers(1, 6), st.integers(0, 3), st.text("甲\n “", max_size=3)),
    max_size=9,
)


@given(st.text("甲乙丙。 \n\r\x07", min_size=1, max_size=60), LOTS, LOTS, st.sets(st.integers(0, 17)))
@settings(deadline=None, max_examples=150)
def test_any_corrections(text: str, first: list, second: list, rejected: set[int]) -> None:  # type: ignore[type-arg]
    try:
        made = Pipeline([Random("one", first), Random("two", second)]).run(Source(text))
    except CorrectionError:  # lots that contradict each other
        reject()
    made = made.reject(*(i for i in rejected if i < len(made.corrections)))
    assert texts(to_tei(made)) == (text, made.text)


def test_from_the_command_line(tmp_path: Path) -> None:
    run = CliRunner().invoke
    dump = tmp_path / "page.txt"
    dump.write_text("县里新修的水渠上 月通水,沿线三个 村的两千亩稻田都 能浇上水。", "utf-8")
    args = ["clean", str(dump), "-o", str(tmp_path / "out.txt"), "--tei", str(tmp_path / "page.xml"), "--record", str(tmp_path / "page.json")]  # fmt: skip
    assert run(app, args).exit_code == 0
    source, restored = texts((tmp_path / "page.xml").read_bytes())
    assert source == dump.read_text("utf-8")
    assert restored == (tmp_path / "out.txt").read_text("utf-8")
    result = run(app, ["export", str(tmp_path / "page.json"), "--format", "tei"])
    assert result.stdout_bytes == (tmp_path / "page.xml").read_bytes()
    assert run(app, args).exit_code == 2, "nothing is overwritten unasked"
    again = run(app, ["export", str(dump), "--format", "tei", "-o", str(dump), "-f"])
    assert again.exit_code == 2 and "same file" in again.stderr
    several = run(
        app,
        [
            "clean",
            str(dump),
            str(tmp_path / "out.txt"),
            "-o",
            str(tmp_path / "t"),
            "--tei",
            str(tmp_path / "x"),
        ],
    )
    assert several.exit_code == 0, several.output
    assert sorted(p.name for p in (tmp_path / "x").iterdir()) == ["out.xml", "page.xml"]
