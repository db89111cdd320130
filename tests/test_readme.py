"""Everything the README shows is run: Python examples, pairs of before and after, commands, settings, lists."""

from __future__ import annotations

import doctest
import re
import shlex
import subprocess
import sys
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from restore import Pipeline, clean
from restore.cli.app import app
from restore.config import Config
from restore.decisions import Decision, Decisions
from restore.pipeline import PRESETS
from restore.source import Source

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
PAGES = ROOT / "fixtures" / "pages"
BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = [(language, about.strip(), body) for language, about, body in BLOCK.findall(README)]


def commands() -> list[str]:
    """The command lines shown, in the order they stand: those in tables first meet an empty folder."""
    inline = re.findall(r"`(restore [a-z]+ [^`]+|restore passes)`", BLOCK.sub("", README))
    shown = [
        line.removeprefix("$ ")
        for language, _, body in BLOCKS
        if language == "console"
        for line in body.splitlines()
        if line.startswith("$ ")
    ]
    return [one for one in [*inline, *shown] if one.startswith("restore ") and "COMMAND" not in one]


def names_of_commands() -> list[str]:
    return list(typer.main.get_command(app).commands)  # type: ignore[attr-defined]


def pairs() -> list[tuple[str, str]]:
    texts = [(about, body) for language, about, body in BLOCKS if language == "text"]
    assert [about for about, _ in texts] == ["before", "after"] * (len(texts) // 2)
    return [(one, two) for (_, one), (_, two) in zip(texts[::2], texts[1::2], strict=True)]


def test_opens_at_the_python_prompt() -> None:
    language, _, body = BLOCKS[0]
    assert language == "pycon"
    assert body.startswith(">>> from restore import clean\n")
    assert body.count(">>> ") == 3
    assert README.startswith("# restore\n\n```pycon\n")


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("README.md", 20),
        ("docs/model.md", 8),
        ("docs/contributing.md", 4),
        ("docs/batch.md", 7),
        ("docs/formats.md", 5),
    ],
)
def test_python_examples(name: str, least: int) -> None:
    """As one session for each page: later examples use the names of earlier ones."""
    blocks = BLOCK.findall((ROOT / name).read_text("utf-8"))
    session = "\n".join(body for language, _, body in blocks if language == "pycon")
    test = doctest.DocTestParser().get_doctest(session, {}, name, name, 0)
    assert len(test.examples) >= least
    said: list[str] = []
    result = doctest.DocTestRunner(verbose=False).run(test, out=said.append)
    assert result.failed == 0, "".join(said)


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda p: p.name)
def test_links_between_pages(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8")):
        assert "://" in link or (page.parent / link).exists(), link


@pytest.mark.parametrize(("before", "after"), pairs())
def test_before_and_after(before: str, after: str) -> None:
    page = clean(before)
    assert page.text == after
    assert page.revert() == before


VERTICAL = {"vertical_rows", "vertical_glyphs"}  # at work on whole vertical pages only


def test_pairs_show_every_pass_that_makes_corrections_by_default() -> None:
    shown = {c.pass_name for before, _ in pairs() for c in clean(before).corrections if c.applied}
    # printed_lines is at work inside others' examples, line_pieces on whole text layers of recognised pages, script only where a page is otherwise of one script, charmap where
    # a whole page is garbled
    assert shown >= set(PRESETS["default"]) - {"printed_lines", "line_pieces", "script", "charmap"} - VERTICAL


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that the commands name."""
    folder = tmp_path_factory.mktemp("desk")
    source = PAGES / "01-canal"
    dump = (source / "dump" / "stolen-1.txt").read_bytes()
    (folder / "page.txt").write_bytes(dump)
    (folder / "other.txt").write_bytes((source / "dump" / "inorder.txt").read_bytes())
    (folder / "truth.json").write_bytes((source / "truth.json").read_bytes())
    page = Pipeline.preset().run(Source.from_bytes(dump, "page.txt"))
    one = next(c for c in page.corrections if c.applied)
    decided = Decisions(
        page.source.sha256, (Decision(one.id, one.pass_name, "reject"),), page.settings, "page.txt"
    )
    decided.save(folder / "decisions.json")
    return folder


def test_commands(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One after another in one folder, as a reader would type them."""
    monkeypatch.chdir(desk)
    lines = commands()
    assert len(lines) >= len(names_of_commands())
    before = {p.name: p.read_bytes() for p in desk.iterdir()}
    for line in lines:
        if line.startswith("restore review "):
            continue  # serves until it is stopped: tests/test_review.py starts it
        command, _, given = line.partition(" < ")
        words = shlex.split(command)
        if words[1].startswith(
            "--"
        ):  # as a program: which shell is named is settled before the commands are made
            program = [sys.executable, "-m", "restore", *words[1:]]
            assert subprocess.run(program, capture_output=True, check=True, timeout=60).stdout, line
            continue
        data = (desk / given.strip()).read_bytes() if given else b""
        result = CliRunner().invoke(app, words[1:], input=data)
        wanted = (0, 1) if words[1] == "check" else (0,)
        assert result.exit_code in wanted, f"{line}\n{result.output}"
        if "-o" in words:
            assert (desk / words[words.index("-o") + 1]).exists(), line
        elif "-q" not in words:
            assert result.stdout, line
    assert {name: (desk / name).read_bytes() for name in before} == before
    assert (desk / "again.txt").read_bytes() == before["page.txt"]
    assert (desk / "clean.txt").read_bytes() != before["page.txt"]
    assert {p.name for p in (desk / "folder").iterdir()} == {"page.txt", "other.txt"}


@pytest.mark.parametrize("name", names_of_commands())
def test_every_command_is_described_with_an_example(name: str) -> None:
    assert re.search(rf"^\| `{name}`: .+ \| `restore {name}\b.*` \|$", README, re.MULTILINE)


def test_list_of_passes_is_the_default_preset() -> None:
    part = README.partition("## How it works")[2].partition("\n## ")[0]
    assert tuple(re.findall(r"^\d+\. `(\w+)`: \S", part, re.MULTILINE)) == PRESETS["default"]
    said = re.search(r"preset `formatting` has only ([^;.]+);", part)
    assert said
    assert tuple(re.findall(r"`(\w+)`", said[1])) == PRESETS["formatting"]


def test_settings_file() -> None:
    (body,) = [body for language, _, body in BLOCKS if language == "toml"]
    values = tomllib.loads(body)
    assert set(values) <= {f.name for f in fields(Config)}
    values["ignore"] = tuple(values["ignore"])
    Config(**values).settings()


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in re.findall(r"`make (\w+)`", README):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_links_lead_somewhere() -> None:
    found = re.findall(r"\]\(([^)#]+)\)", README)
    assert found
    for link in found:
        assert "://" in link or (ROOT / link).exists(), link
