"""Markdown and unified diffs."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from test_report import every_kind
from typer.testing import CliRunner

from restore import Source, clean
from restore.cli.app import app
from restore.writers.markdown import to_markdown
from restore.writers.unified import to_unified, unified_lines


def patched(before: str, diff: str) -> str:
    """What ``patch`` makes of a text, after the format's rules."""
    lines = before.split("\n")
    old = [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    out: list[str] = []
    at = 0
    body = [line + "\n" for line in diff.split("\n")[:-1]]
    for k, line in enumerate(body[2:], 2):
        if found := re.match(r"@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@$", line):
            start = int(found[1]) - (found[2] != "0")
            out += old[at:start]
            at = start
            continue
        if line.startswith("\\"):
            continue
        text = line[1:]
        if k + 1 < len(body) and body[k + 1].startswith("\\"):
            text = text[:-1]
        if line[0] in " -":
            assert old[at] == text
            at += 1
        if line[0] in " +":
            out.append(text)
    return "".join(out + old[at:])


class TestUnified:
    def test_gives_the_restored_text(self) -> None:
        made = every_kind()
        assert patched(made.source.text, to_unified(made).decode()) == made.text

    @given(st.text("ab\n\r", max_size=30), st.text("ab\n\r", max_size=30), st.integers(0, 4))
    def test_any_texts(self, before: str, after: str, context: int) -> None:
        diff = "".join(unified_lines(before, after, "x", context))
        assert (diff == "") == (before == after)
        if diff:
            assert patched(before, diff) == after

    @pytest.mark.skipif(shutil.which("patch") is None, reason="the program patch is not installed")
    def test_patch_applies_it(self, tmp_path: Path) -> None:
        made = every_kind()
        (tmp_path / "dump.txt").write_text(made.source.text, "utf-8")
        (tmp_path / "d.diff").write_bytes(to_unified(made))
        subprocess.run(["patch", "-s", "dump.txt", "d.diff"], cwd=tmp_path, check=True)
        assert (tmp_path / "dump.txt").read_text("utf-8") == made.text

    def test_many_lines_are_no_trouble(self) -> None:
        before = "甲\n乙\n" * 20_000
        after = before.replace("甲\n乙\n", "甲乙\n", 50)
        assert patched(before, "".join(unified_lines(before, after, "x"))) == after

    def test_a_name_cannot_end_the_header(self) -> None:
        head = list(unified_lines("a\n", "b\n", "x\n@@ -1 +1 @@\n\u202e"))[:3]
        assert head[2].startswith("@@ -1 +1 @@") and "\n" not in head[0][:-1]


class TestMarkdown:
    def test_headlines_and_paragraphs(self) -> None:
        page = clean(
            "水渠通到村口\n\n（王小明）\n\n县里新修的水渠上月通水，沿线的村子都能浇上水，村民们都说好。\n\n"
            "2019年8月1日 星期四 第3版\n"
        )
        tokens = MarkdownIt().parse(to_markdown(page).decode())
        assert [t.tag for t in tokens if t.type == "heading_open"] == ["h2"]
        assert "水渠通到村口" in to_markdown(page).decode().split("\n")[0]

    @pytest.mark.parametrize(
        "text",
        [
            "# 不是标题，只是一个井号开头的句子。",
            "1. 第一，抓好落实，不能停。",
            "2019) 年，天气很好，收成不错。",
            "- 一，二，三，都要有。",
            "+ 一，二，三，都要有。",
            "> 引，用，不是，引用。",
            "*星号*和_下划线_，还有`代码`，都要照样。",
            "[链接](http://example.org)，还有![图](x.png)，都是字。",
            "<script>alert(1)</script>，&amp;，&lt;，照样。",
            "\\反斜杠，~~删~~，|表|格|，照样。",
            "第一行，第二，第三。\n===\n第二行，第二，第三。",
            "    四个空格，不是代码，也不是别的。",
            "甲，乙，丙\n---\n丁，戊，己。",
        ],
    )
    def test_nothing_in_a_dump_becomes_markup(self, text: str) -> None:
        page = clean(Source(text), preset="formatting")
        tokens = MarkdownIt().parse(to_markdown(page).decode())
        assert {t.type for t in tokens} == {"paragraph_open", "inline", "paragraph_close"}
        inner = [child for t in tokens if t.type == "inline" for child in t.children or ()]
        assert {child.type for child in inner} <= {"text", "text_special", "hardbreak", "softbreak"}
        shown = "".join(c.content if c.type.startswith("text") else "\n" for c in inner)
        assert shown.split() == page.text.split()

    def test_nothing_to_write(self) -> None:
        assert to_markdown(clean("\n\n")) == b""


def test_from_the_command_line(tmp_path: Path) -> None:
    dump = tmp_path / "page.txt"
    dump.write_text("县里新修的水渠上 月通水,沿线三个 村的两千亩稻田都 能浇上水。\n", "utf-8")
    shown = {
        name: CliRunner().invoke(app, ["export", str(dump), "--format", name]).stdout
        for name in ("markdown", "unified", "text")
    }
    assert shown["text"].startswith("县里新修的水渠上月通水，")
    assert shown["markdown"] == shown["text"]
    assert patched(dump.read_text("utf-8"), shown["unified"]) == shown["text"]
    assert CliRunner().invoke(app, ["export", str(dump), "--format", "docx"]).exit_code == 2
