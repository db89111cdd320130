"""What README.md says is so: examples, commands, options, figures, files. The other documents are checked for files."""

from __future__ import annotations

import doctest
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from restore import Pipeline, View, clean

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
DOCS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
SEED = next((ROOT / "seeds").glob("*.txt"))


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.M | re.S)


def pairs() -> list[tuple[str, str]]:
    lines = [line for block in blocks(README, "diff") for line in block.splitlines()]
    old = [line[2:] for line in lines if line.startswith("- ")]
    new = [line[2:] for line in lines if line.startswith("+ ")]
    return list(zip(old, new, strict=True))


@pytest.mark.parametrize("number", range(len(blocks(README, "python"))))
def test_python(number: int) -> None:
    code = blocks(README, "python")[number]
    test = doctest.DocTestParser().get_doctest(code, {}, f"README block {number}", "README.md", 0)
    assert test.examples
    assert doctest.DocTestRunner().run(test).failed == 0


@pytest.mark.parametrize(("old", "new"), pairs())
def test_before_and_after(old: str, new: str) -> None:
    assert clean(old).text == new


def test_what_stays() -> None:
    kept = [
        line[2:] for block in blocks(README, "diff") for line in block.splitlines() if line.startswith("  ")
    ]
    assert len(kept) >= 5
    for line in kept:
        assert clean(line).text == line


def test_commands(tmp_path: Path) -> None:
    (tmp_path / "page.txt").write_bytes(SEED.read_bytes())
    commands = [line for block in blocks(README, "console") for line in block.splitlines()]
    assert len(commands) >= 8
    for line in commands:
        command, _, remark = line.removeprefix("$ ").partition("#")
        words = shlex.split(command)
        assert words[0] == "restore"
        done = subprocess.run(
            [sys.executable, "-m", *words], cwd=tmp_path, capture_output=True, timeout=300, check=False
        )
        want = int(remark.split("exit code ")[1][0]) if "exit code" in remark else 0
        assert done.returncode == want, (line, done.stderr.decode())
    assert (tmp_path / "source.txt").read_bytes() == SEED.read_bytes()
    assert (tmp_path / "clean.txt").stat().st_size > 1000
    assert (tmp_path / "again.html").stat().st_size > 1000


def test_options_exist() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "restore", "clean", "--help"], capture_output=True, check=True
    )
    known = set(re.findall(r"--[a-z-]+", done.stdout.decode())) | {"--at", "--help"}
    named = set(re.findall(r"--[a-z][a-z-]+", "\n".join(re.findall(r"`[^`\n]+`", README))))
    assert named
    assert named <= known, named - known


def test_figures() -> None:
    floors = json.loads((ROOT / "tests" / "floors.json").read_text("utf-8"))["pages"]
    said = re.search(
        r"adjacency\s+F1 of at least (0\.\d+), single strayed lines of at least (0\.\d+)", README
    )
    assert said is not None
    rows = min(floor["adjacency"] for name, floor in floors.items() if name.startswith("rows-narrow"))
    strayed = min(floor["adjacency"] for name, floor in floors.items() if name.startswith("stolen"))
    assert float(said[1]) <= rows
    assert float(said[2]) <= strayed
    assert f"Python {sys.version_info.major}.11" in README


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in set(re.findall(r"make (\w+)", README)):
        assert re.search(rf"^{target}:", makefile, re.M), target


@pytest.mark.parametrize("document", DOCS, ids=lambda path: path.name)
def test_files_that_are_named_exist(document: Path) -> None:
    text = document.read_text("utf-8")
    named = re.findall(r"\]\(([^)#:]+)\)", text)
    for name in named:
        assert (document.parent / name).exists(), name
    for name in re.findall(
        r"`((?!\S*NAME)(?:restore|docs|tests|fixtures|benchmarks|dictionaries|layout)/[\w./-]*)`", text
    ):
        assert (ROOT / name).exists() or (ROOT / "restore" / name).exists(), name


def test_the_pass_in_the_contributors_guide_works() -> None:
    code = blocks((ROOT / "docs" / "contributing.md").read_text("utf-8"), "python")[0]
    space: dict[str, object] = {}
    exec(code, space)
    made = space["middle_dots"]
    assert Pipeline([made]).run("玛利亚•何塞").text == "玛利亚·何塞"  # type: ignore[list-item]
    assert list(made.find(View.of_text("何塞"), None)) == []  # type: ignore[attr-defined]
