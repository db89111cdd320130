"""The command line, as a person or a script meets it.

What does not hang on the process is tested in this one; exit codes, streams and terminals in real ones.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from typer.testing import CliRunner

from restore import (
    Batch,
    Certainty,
    Draft,
    Gap,
    Insert,
    Move,
    Pipeline,
    Replace,
    Source,
    Span,
    Tools,
    View,
    record,
)
from restore.cli import work
from restore.cli.app import app
from restore.decisions import Decision, Decisions
from restore.report import terminal

DUMP = "党的基层组织是党 执政的组织基础,担负 着直接教育党员、管理 党员、监督党员和组织 群众的职责。\n"
CLEAN = "党的基层组织是党执政的组织基础，担负着直接教育党员、管理党员、监督党员和组织群众的职责。\n"
FORMATTING = ("--select", "formatting")
ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
COMMANDS = (
    "export",
    "review",
    "clean",
    "check",
    "diff",
    "report",
    "revert",
    "apply",
    "explain",
    "passes",
    "evaluate",
    "batch",
)


class Run:
    """What a command did."""

    def __init__(self, code: int, out: bytes, err: str) -> None:
        self.code, self.raw, self.err = code, out, err
        self.out = out.decode("utf-8", "surrogateescape")


def run(*args: str | Path, stdin: bytes = b"") -> Run:
    """A command in this process."""
    result = CliRunner().invoke(app, [str(a) for a in args], input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return Run(result.exit_code, result.stdout_bytes, result.stderr)


def process(*args: str | Path, stdin: bytes = b"", env: dict[str, str] | None = None) -> Run:
    """A command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "restore", *map(str, args)],
        input=stdin,
        capture_output=True,
        env={**os.environ, **(env or {})},
        timeout=120,
    )
    return Run(done.returncode, done.stdout, done.stderr.decode("utf-8", "replace"))


@pytest.fixture(autouse=True)
def _away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """In an empty folder, with no settings file remembered."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RESTORE_TRACEBACK", raising=False)
    for cached in (work.from_file, work._setup, work.known_passes):
        cached.cache_clear()
    yield
    for cached in (work.from_file, work._setup, work.known_passes):
        cached.cache_clear()


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    path = tmp_path / "page.txt"
    path.write_bytes(DUMP.encode())
    return path


def files(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def fails(result: Run, *says: str) -> None:
    """Exit code 2, one clear sentence, nothing on stdout, no traceback."""
    assert result.code == 2, (result.code, result.err)
    assert result.raw == b""
    assert "Traceback" not in result.err and "internal error" not in result.err
    for words in says:
        assert words in result.err


# ---------------------------------------------------------------------- clean
class TestClean:
    def test_text_to_stdout_messages_to_stderr(self, dump: Path) -> None:
        result = run("clean", dump, *FORMATTING)
        assert (result.code, result.out) == (0, CLEAN)
        assert "5 corrections applied" in result.err
        assert dump.read_text() == DUMP

    def test_in_a_process_too(self, dump: Path) -> None:
        result = process("clean", dump, *FORMATTING)
        assert (result.code, result.out) == (0, CLEAN)
        assert "corrections applied" in result.err and "corrections applied" not in result.out

    def test_quiet(self, dump: Path) -> None:
        assert run("clean", dump, *FORMATTING, "-q").err == ""

    def test_stdin(self) -> None:
        result = process("clean", "-", *FORMATTING, stdin=DUMP.encode())
        assert (result.code, result.out) == (0, CLEAN)
        assert "<stdin>" in result.err

    def test_to_a_file(self, dump: Path, tmp_path: Path) -> None:
        result = run("clean", dump, "-o", "out.txt", *FORMATTING)
        assert (result.code, result.raw) == (0, b"")
        assert (tmp_path / "out.txt").read_bytes() == CLEAN.encode()

    def test_into_an_existing_folder(self, dump: Path, tmp_path: Path) -> None:
        (tmp_path / "done").mkdir()
        assert run("clean", dump, "-o", "done", *FORMATTING).code == 0
        assert files(tmp_path / "done") == ["page.txt"]

    def test_a_slash_at_the_end_means_a_folder(self, dump: Path, tmp_path: Path) -> None:
        again = ["-o", "new/deep/", "--record", "new/", "--report", "r/", *FORMATTING]
        assert run("clean", dump, *again).code == 0
        assert files(tmp_path) == ["new/deep/page.txt", "new/page.json", "page.txt", "r/page.html"]
        assert (tmp_path / "new/deep/page.txt").read_text() == CLEAN
        fails(run("clean", dump, *again), "new/deep/page.txt: exists already; use -f")
        assert run("clean", dump, *again, "-f").code == 0
        assert (
            run("clean", dump, dump.rename("b.txt"), "-o", "two/", *FORMATTING).code == 2
        )  # one is gone now
        assert files(tmp_path / "two") == ["b.txt"]
        assert run("report", "new/page.json", "-o", "r2/").code == 0
        assert run("revert", "new/page.json", "-o", "back/").code == 0
        assert run("export", "new/page.json", "--format", "tei", "-o", "r2/").code == 0
        assert files(tmp_path / "r2") == ["page.html", "page.xml"]
        assert (tmp_path / "back/page.txt").read_text() == DUMP

    def test_such_a_folder_comes_with_its_first_result(self, dump: Path, tmp_path: Path) -> None:
        fails(run("clean", "none.txt", "-o", "new/", *FORMATTING), "no such file")
        fails(run("clean", dump, "-o", "page.txt/", *FORMATTING), "page.txt: is a file;", "a slash")
        fails(run("clean", dump, "--to", "jsonl", "-o", "new/", *FORMATTING), "new/: is a folder; jsonl")
        assert [p.name for p in tmp_path.iterdir()] == ["page.txt"]
        assert run("clean", dump, "-o", "pages.jsonl/", *FORMATTING).code == 0
        assert files(tmp_path / "pages.jsonl") == ["page.txt"]

    def test_record_and_report(self, dump: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("restore.cli.pages.html", lambda restoration: b"<!doctype html>")
        result = run("clean", dump, "-o", "t.txt", "--record", "r.json", "--report", "r.html", *FORMATTING)
        assert result.code == 0
        assert files(tmp_path) == ["page.txt", "r.html", "r.json", "t.txt"]
        assert record.load(tmp_path / "r.json").text == CLEAN
        assert (tmp_path / "r.html").read_bytes() == b"<!doctype html>"

    def test_when_the_report_fails_nothing_is_written(
        self, dump: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(restoration: object) -> bytes:
            raise RuntimeError("no")

        monkeypatch.setattr("restore.cli.pages.html", broken)
        result = run("clean", dump, "-o", "t.txt", "--record", "r.json", "--report", "r.html", *FORMATTING)
        assert result.code == 2
        assert (
            "page.txt: internal error (RuntimeError: no); nothing was written, please report it" in result.err
        )
        assert files(tmp_path) == ["page.txt"]

    def test_ten_lines_of_summary(self, dump: Path) -> None:
        result = run("clean", dump, "--summary", *FORMATTING)
        assert len(result.err.splitlines()) == 10
        assert "the dump again: yes" in result.err
        assert result.out == CLEAN

    def test_options_reach_the_settings(self, dump: Path, tmp_path: Path) -> None:
        args = [
            "--certainty",
            "high",
            "--punctuation",
            "keep",
            "--spacing",
            "none",
            "--script",
            "keep",
            "--fast",
        ]
        assert (
            run("clean", dump, *args, "--select", "spaces,punctuation", "--record", "r.json", "-o", "t").code
            == 0
        )
        made = record.load(tmp_path / "r.json").settings
        assert {k: made[k] for k in ("certainty", "punctuation", "spacing", "script", "fast", "passes")} == {
            "certainty": "high",
            "punctuation": "keep",
            "spacing": "none",
            "script": "keep",
            "fast": True,
            "passes": ["spaces", "punctuation"],
        }

    def test_select_and_ignore(self, dump: Path) -> None:
        assert run("clean", dump, "--select", "join_lines").out == CLEAN.replace("，", ",")
        assert run("clean", dump, *FORMATTING, "--ignore", "punctuation").out == CLEAN.replace("，", ",")
        assert run("clean", dump, "--select", "punctuation,spaces,join_lines").out == CLEAN, (
            "order is the preset's"
        )

    def test_pass_that_does_not_exist(self, dump: Path) -> None:
        fails(run("clean", dump, "--select", "spacs"), "no pass or preset 'spacs'; did you mean 'spaces'?")
        fails(run("clean", dump, "--select", "zzz"), "no pass or preset 'zzz'; see: restore passes")
        fails(run("clean", dump, "--select", "spaces", "--ignore", "spaces"), "no pass is left to run")

    def test_check_stable(self, dump: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        assert run("clean", dump, *FORMATTING, "--check-stable", "-o", "a.txt").code == 0
        monkeypatch.setattr(work, "stable", lambda *_: False)
        fails(run("clean", dump, *FORMATTING, "--check-stable", "-o", "b.txt"), "once more changes it")
        assert files(tmp_path) == ["a.txt", "page.txt"]


class TestRefusals:
    def test_missing(self) -> None:
        fails(run("clean", "none.txt"), "restore: none.txt: no such file")

    def test_in_a_process(self) -> None:
        fails(process("clean", "none.txt"), "restore: none.txt: no such file")

    def test_folder(self, tmp_path: Path) -> None:
        fails(run("clean", tmp_path), "is a folder", "restore batch")

    def test_empty(self, tmp_path: Path) -> None:
        (tmp_path / "e.txt").touch()
        fails(run("clean", "e.txt", "-o", "out.txt"), "e.txt: the file is empty")
        fails(run("clean", "-"), "<stdin>: the file is empty")
        assert files(tmp_path) == ["e.txt"]

    def test_binary(self, tmp_path: Path) -> None:
        (tmp_path / "b.txt").write_bytes(bytes(range(256)) * 40)
        fails(run("clean", "b.txt", "-o", "out.txt"), "b.txt:", "binary")
        assert files(tmp_path) == ["b.txt"]

    @pytest.mark.skipif(ROOT, reason="root may read everything")
    def test_unreadable(self, dump: Path) -> None:
        dump.chmod(0)
        fails(run("clean", dump), "cannot be read (Permission denied)")

    def test_unreadable_for_everybody(self, monkeypatch: pytest.MonkeyPatch, dump: Path) -> None:
        def refuse(self: Path, *_: Any, **__: Any) -> Any:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "open", refuse)
        fails(run("clean", dump), "page.txt: cannot be read (Permission denied)")

    def test_same_file(self, dump: Path, tmp_path: Path) -> None:
        (tmp_path / "link.txt").symlink_to(dump)
        for args in (
            ["-o", "page.txt"],
            ["-o", "link.txt"],
            ["-o", "."],
            ["-o", "x", "--record", "page.txt"],
        ):
            fails(run("clean", dump, "-f", *args, *FORMATTING), "input and output are the same file")
        assert dump.read_text() == DUMP

    def test_existing(self, dump: Path, tmp_path: Path) -> None:
        (tmp_path / "out.txt").write_text("mine")
        for args in (["-o", "out.txt"], ["--record", "out.txt"], ["--report", "out.txt"]):
            fails(run("clean", dump, *args, *FORMATTING), "out.txt: exists already; use -f to overwrite it")
        assert (tmp_path / "out.txt").read_text() == "mine"
        assert run("clean", dump, "-o", "out.txt", "-f", *FORMATTING).code == 0
        assert (tmp_path / "out.txt").read_text() == CLEAN

    def test_two_results_one_name(self, dump: Path) -> None:
        fails(run("clean", dump, "-o", "x", "--record", "x", *FORMATTING), "two results")

    def test_folder_that_is_not_there(self, dump: Path) -> None:
        fails(run("clean", dump, "-o", "no/x.txt", *FORMATTING), "does not exist")

    def test_record_to_stdout(self, dump: Path) -> None:
        fails(run("clean", dump, "--record", "-", *FORMATTING), "--record needs the name of a file")

    def test_unknown_encoding(self, dump: Path) -> None:
        fails(run("clean", dump, "--encoding", "klingon", *FORMATTING), "unknown encoding 'klingon'")

    def test_wrong_choice(self, dump: Path) -> None:
        fails(run("clean", dump, "--certainty", "sure"), "sure", "high")
        fails(run("clean", dump, "--unknown"), "--unknown")
        fails(run("clean"), "IN")
        fails(run("cleen", dump), "cleen")

    def test_escape_sequences_in_names_are_shown_not_sent(self) -> None:
        result = run("clean", "\x1b[2Jx")
        fails(result, "␛[2Jx: no such file")
        assert "\x1b" not in result.err


class TestEncodings:
    TEXT = "党的基层组织是党执政的组织基础，今天下午他们到会场去看了看展览。\n" * 20

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-32"])
    def test_recognised_and_reported(self, tmp_path: Path, encoding: str) -> None:
        (tmp_path / "in.txt").write_bytes(self.TEXT.encode(encoding))
        result = run("clean", "in.txt", *FORMATTING)
        assert (result.code, result.raw.decode("utf-8")) == (0, self.TEXT)
        if "utf-8" not in encoding:
            assert "read as" in result.err

    def test_named(self, tmp_path: Path) -> None:
        text = "國家建設的方針與政策，今日下午在會場上宣布了。\n"
        (tmp_path / "in.txt").write_bytes(text.encode("big5"))
        assert run("clean", "in.txt", *FORMATTING, "--encoding", "big5").out == text

    def test_broken_bytes_are_kept_and_reported(self, tmp_path: Path) -> None:
        raw = "党的基层".encode() + b"\xff\xfe" + "组织是党 执政的组织基础\n".encode()
        (tmp_path / "in.txt").write_bytes(raw)
        result = run("clean", "in.txt", *FORMATTING, "--record", "r.json")
        assert result.code == 0
        assert b"\xff\xfe" in result.raw
        assert "2 bytes could not be decoded" in result.err
        assert run("revert", "r.json").raw == raw
        for command in (
            ["diff", "in.txt"],
            ["diff", "in.txt", "--format", "json"],
            ["explain", "in.txt", "--at", "4"],
        ):
            shown = process(*command, *FORMATTING)
            assert shown.code == 0, shown.err
            shown.raw.decode("utf-8")

    def test_a_terminal_that_knows_no_han(self, dump: Path) -> None:
        result = process("diff", dump, *FORMATTING, env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
        assert result.code == 0, result.err
        assert "\\u515a" in result.out


class TestSeveral:
    def test_into_a_folder(self, tmp_path: Path) -> None:
        for name in ("a.txt", "b.txt"):
            (tmp_path / name).write_text(DUMP)
        result = run("clean", "a.txt", "b.txt", "-o", "out/deep", "--record", "rec", *FORMATTING)
        assert (result.code, result.raw) == (0, b"")
        assert files(tmp_path / "out") == ["deep/a.txt", "deep/b.txt"]
        assert files(tmp_path / "rec") == ["a.json", "b.json"]
        assert (tmp_path / "out/deep/b.txt").read_text() == CLEAN

    def test_names_of_dates_keep_their_last_part(self, tmp_path: Path) -> None:
        for name in ("1998.01.02", "1998.01.03"):
            (tmp_path / name).write_text(DUMP)
        result = run("clean", "1998.01.02", "1998.01.03", "-o", "out", "--record", "rec", *FORMATTING)
        assert result.code == 0, result.err
        assert files(tmp_path / "rec") == ["1998.01.02.json", "1998.01.03.json"]

    def test_texts_of_an_archive_keep_their_names(self, tmp_path: Path) -> None:
        with zipfile.ZipFile(tmp_path / "s.zip", "w") as archive:
            archive.writestr("a.txt", DUMP)
            archive.writestr("b.md", DUMP)
        assert run("clean", "s.zip", "-o", "out/", "--record", "rec/", *FORMATTING).code == 0
        assert files(tmp_path / "out") == ["s.zip!/a.txt", "s.zip!/b.md.txt"]
        assert [name for name in files(tmp_path / "rec") if "issue" not in name] == [
            "s.zip!/a.txt.json",
            "s.zip!/b.md.json",
        ]

    def test_one_failure_costs_no_other_result(self, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_text(DUMP)
        (tmp_path / "empty.txt").touch()
        (tmp_path / "z.txt").write_text(DUMP)
        result = run("clean", "a.txt", "empty.txt", "none.txt", "z.txt", "-o", "out", *FORMATTING)
        fails(result, "empty.txt: the file is empty", "none.txt: no such file")
        assert "2 of 4 inputs failed: empty.txt, none.txt" in result.err.splitlines()[-1]
        assert files(tmp_path / "out") == ["a.txt", "z.txt"]

    def test_even_a_fault_of_a_pass(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("a.txt", "b.txt"):
            (tmp_path / name).write_text(DUMP)
        whole = work.restored

        def sometimes(source: Source, name: str, chosen: Any, *rest: Any) -> Any:
            if name == "a.txt":
                raise ZeroDivisionError("division by zero")
            return whole(source, name, chosen, *rest)

        monkeypatch.setattr(work, "restored", sometimes)
        result = run("clean", "a.txt", "b.txt", "-o", "out", *FORMATTING)
        assert result.code == 2
        assert "a.txt: internal error (ZeroDivisionError: division by zero)" in result.err
        assert files(tmp_path / "out") == ["b.txt"]

    def test_one_name_twice(self, tmp_path: Path) -> None:
        for folder in ("1998", "1999"):
            (tmp_path / folder).mkdir()
            (tmp_path / folder / "p.txt").write_text(DUMP)
        result = run("clean", "1998/p.txt", "1999/p.txt", "-o", "out", "-f", *FORMATTING)
        fails(result, "1999/p.txt: out/p.txt has the results of 1998/p.txt already")
        assert files(tmp_path / "out") == ["p.txt"]

    def test_never_over_an_input(self, tmp_path: Path) -> None:
        for name in ("a.txt", "b.txt"):
            (tmp_path / name).write_text(DUMP)
        fails(
            run("clean", "a.txt", "b.txt", "-o", ".", "-f", *FORMATTING), "input and output are the same file"
        )
        assert (tmp_path / "a.txt").read_text() == (tmp_path / "b.txt").read_text() == DUMP

    def test_a_folder_is_needed(self, dump: Path, tmp_path: Path) -> None:
        fails(run("clean", dump, dump), "several inputs need -o")
        (tmp_path / "f").touch()
        fails(run("clean", dump, "x.txt", "-o", "f"), "f: is a file; with several inputs")
        fails(run("clean", "-", "-", "-o", "out"), "standard input (-) can be named once")

    def test_stdin_among_them(self, dump: Path, tmp_path: Path) -> None:
        assert run("clean", dump, "-", "-o", "out", *FORMATTING, stdin=DUMP.encode()).code == 0
        assert files(tmp_path / "out") == ["page.txt", "stdin.txt"]


class TestConfig:
    def test_from_the_input_s_folder_and_second_to_options(self, tmp_path: Path) -> None:
        (tmp_path / "in").mkdir()
        (tmp_path / "in" / "p.txt").write_text(DUMP)
        (tmp_path / "restore.toml").write_text('select = ["formatting"]\npunctuation = "keep"\n')
        assert process("clean", "in/p.txt").out == CLEAN.replace("，", ",")
        assert process("clean", "in/p.txt", "--punctuation", "full").out == CLEAN

    def test_a_mistake_is_one_sentence(self, dump: Path, tmp_path: Path) -> None:
        (tmp_path / "pyproject.toml").write_text("[tool.restore]\nspacng = 1\n")
        fails(
            run("clean", dump),
            "pyproject.toml: [tool.restore]: unknown key 'spacng'; did you mean 'spacing'?",
        )
        fails(run("check", dump), "spacng")
        fails(run("diff", dump), "spacng")

    def test_a_pass_that_does_not_exist_is_told_with_its_file(self, dump: Path, tmp_path: Path) -> None:
        (tmp_path / "restore.toml").write_text('ignore = ["confusable"]\n')
        said = "restore.toml: there is no pass or preset 'confusable'; did you mean 'confusables'?"
        fails(run("clean", dump), said)
        fails(run("batch", dump, "-o", "out"), said)


# ---------------------------------------------------------------------- check, diff
class TestCheck:
    def test_exit_codes(self, dump: Path, tmp_path: Path) -> None:
        (tmp_path / "good.txt").write_text(CLEAN)
        result = run("check", dump, *FORMATTING)
        assert (result.code, result.out) == (1, f"{dump}: 5 corrections to apply\n")
        result = process("check", "good.txt", *FORMATTING)
        assert (result.code, result.out, result.err) == (0, "good.txt: nothing to do\n", "")
        assert process("check", "good.txt", dump, *FORMATTING).code == 1
        result = run("check", dump, "none.txt", *FORMATTING)
        assert result.code == 2
        assert "1 of 2 inputs failed: none.txt" in result.err
        assert files(tmp_path) == ["good.txt", "page.txt"]

    def test_what_is_only_shown_is_no_change(self, dump: Path) -> None:
        result = run("check", dump, "--select", "spaces", "--certainty", "high")
        assert result.code == 0

    def test_stat(self, dump: Path) -> None:
        result = run("check", dump, "--stat", *FORMATTING)
        rows = {row.split()[0]: row.split()[1:] for row in result.out.splitlines()[2:]}
        assert rows["join_lines"] == ["4", "0", "0", "4"]
        assert result.code == 1

    def test_json_of_several(self, dump: Path, tmp_path: Path) -> None:
        (tmp_path / "good.txt").write_text(CLEAN)
        result = run("check", dump, "good.txt", "--format", "json", *FORMATTING)
        body = json.loads(result.out)
        assert [len(d["corrections"]) for d in body["documents"]] == [5, 0]
        assert result.code == 1


def moved_page(name: str = "page.txt") -> tuple[Any, str]:
    """A page with a move, a gap, a supplied text, an escape sequence and a proposal."""
    text = "甲甲甲甲甲\n乙乙乙乙乙\n丙丙丙丙丙\n丁丁丁丁丁\n戊戊\x1b[31m戊\n"

    class Scripted:
        """Does what the test wants."""

        name = "scripted"

        def find(self, view: View, tools: Tools) -> Iterator[Draft | Batch]:
            yield Draft((Move(Span(6, 12), 18),), "moved")
            yield Draft((Insert(23, Gap(1, 4)),), "text is lost")
            yield Draft((Replace(Span(12, 13), "病"),), "another glyph")
            yield Draft((Replace(Span(1, 2), "由"),), "a guess", Certainty.LOW)

    return Pipeline([Scripted()]).run(Source(text, name=name)), text


class TestDiff:
    def test_characters(self, dump: Path) -> None:
        result = run("diff", dump, *FORMATTING)
        assert result.code == 0
        line = result.out.splitlines()[1]
        assert line.startswith("   1 │ 党的基层组织是党[-␣-]执政的组织基础[-,-]{+，+}担负[-␣-]着直接")
        assert "\x1b" not in result.out

    def test_nothing_to_show(self, tmp_path: Path) -> None:
        (tmp_path / "good.txt").write_text(CLEAN)
        result = run("diff", "good.txt", *FORMATTING)
        assert (result.code, len(result.out.splitlines())) == (0, 1)

    def test_of_a_record(self, dump: Path) -> None:
        run("clean", dump, "-o", "t.txt", "--record", "r.json", *FORMATTING)
        assert run("diff", "r.json").out == run("diff", dump, *FORMATTING).out

    def test_moves_are_moves(self) -> None:
        made, _ = moved_page()
        lines = [line.plain for line in terminal.diff_lines(made)]
        assert "   2 │ ⟦1→ 乙乙乙乙乙⏎ to line 4⟧" in lines
        assert "   4 │ ⟦→1 from line 2: 乙乙乙乙乙⟧丁丁丁丁丁{+〔…〕+}" in lines
        assert "   3 │ [-丙-]{+病+}丙丙丙丙" in lines
        assert "  line 1, column 2: «甲» → «由» (scripted, low: a guess)" in lines
        assert not any(line.startswith("   1 │") for line in lines), "a proposal changes nothing"

    def test_a_move_within_a_line_names_the_column(self) -> None:
        positions = terminal.Positions("一二三四\n五六\n")
        assert positions.words(3, 0) == "column 4"
        assert positions.words(5, 0) == "line 2"
        assert [positions.offset(*positions.locate(k)) for k in range(9)] == list(range(9))
        assert (
            positions.offset(1, 6) is None and positions.offset(3, 1) == 8 and positions.offset(4, 1) is None
        )

    def test_what_is_shown_is_the_text(self) -> None:
        """What the marks say, read back, is source and restored text."""
        made = Pipeline.preset("formatting").run(Source(DUMP * 3 + '(一)他说:"好 的"...\n'))
        page = terminal._Page(made)
        pieces = list(page.pieces())
        assert "".join(p.text for p in pieces if p.kind in ("same", "deleted")) == made.source.text
        assert "".join(p.text for p in pieces if p.kind in ("same", "inserted", "gap")) == made.text

    def test_no_control_character_reaches_the_terminal(self, tmp_path: Path) -> None:
        (tmp_path / "x.txt").write_text("一\x1b]0;title\x07二 三\u202e四,五\u200b六\r\n")
        for args in (["diff"], ["explain", "--at", "1"], ["diff", "--format", "github"]):
            result = run(args[0], "x.txt", *args[1:], "--select", "punctuation")
            assert result.code == 0
            assert not set("\x1b\x07\u202e\r") & set(result.out), args

    def test_colour_only_where_it_is_wanted(self, dump: Path) -> None:
        colored = process("diff", dump, *FORMATTING, env={"FORCE_COLOR": "1", "NO_COLOR": ""})
        assert "\x1b[" in colored.out and "[-" not in colored.out
        for env in ({"NO_COLOR": "1"}, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, {}):
            plain = process("diff", dump, *FORMATTING, env={"FORCE_COLOR": "", **env})
            assert "\x1b" not in plain.out and "[-␣-]" in plain.out

    def test_stat(self, dump: Path) -> None:
        result = run("diff", dump, "--stat", *FORMATTING)
        assert result.code == 0 and "join_lines" in result.out and "[-" not in result.out

    def test_json(self, dump: Path) -> None:
        body = json.loads(run("diff", dump, "--format", "json", *FORMATTING).out)
        (document,) = body["documents"]
        assert document["encoding"] == "utf-8" and document["characters_in"] == len(DUMP)
        one = document["corrections"][0]
        assert (one["pass"], one["line"], one["column"], one["before"]) == ("join_lines", 1, 9, " ")
        assert one["edits"] == [{"kind": "delete", "start": 8, "end": 9}]

    def test_sarif_replays(self, dump: Path) -> None:
        body = json.loads(run("diff", dump, "--format", "sarif", *FORMATTING).out)
        (sarif,) = body["runs"]
        assert body["version"] == "2.1.0" and sarif["columnKind"] == "unicodeCodePoints"
        rules = sarif["tool"]["driver"]["rules"]
        text = DUMP
        changes = []
        for result in sarif["results"]:
            assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
            for change in result["fixes"][0]["artifactChanges"][0]["replacements"]:
                region = change["deletedRegion"]
                new = change.get("insertedContent", {}).get("text", "")
                changes.append((region["charOffset"], region["charLength"], new))
        for start, length, new in sorted(changes, reverse=True):
            text = text[:start] + new + text[start + length :]
        assert text == CLEAN

    def test_machine_forms_of_moves_and_gaps(self) -> None:
        from restore.cli import formats

        made, _ = moved_page("a%b,c:d.txt")
        (document,) = json.loads(formats.to_json([made]))["documents"]
        kinds = {edit["kind"] for one in document["corrections"] for edit in one["edits"]}
        assert kinds == {"move", "gap", "replace"}
        assert [one["applied"] for one in document["corrections"]].count(False) == 1
        results = json.loads(formats.to_sarif([made]))["runs"][0]["results"]
        assert len(results) == 4 and {r["level"] for r in results} == {"warning", "note"}
        lines = list(formats.github_lines([made]))
        assert len(lines) == 4
        assert lines[0].startswith(
            "::warning file=a%25b%2Cc%3Ad.txt,line=2,endLine=3,col=1,title=scripted::moved: "
        )


# ---------------------------------------------------------------------- records
class TestRecord:
    @pytest.fixture
    def made(self, dump: Path, tmp_path: Path) -> Path:
        assert run("clean", dump, "-o", "t.txt", "--record", "r.json", *FORMATTING).code == 0
        return tmp_path / "r.json"

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
    def test_revert_gives_the_bytes(self, tmp_path: Path, encoding: str) -> None:
        raw = (DUMP * 10).encode(encoding)
        (tmp_path / "in.txt").write_bytes(raw)
        run("clean", "in.txt", "-o", "t.txt", "--record", "r.json", *FORMATTING)
        assert process("revert", "r.json").raw == raw
        assert run("revert", "r.json", "-o", "back.txt").code == 0
        assert (tmp_path / "back.txt").read_bytes() == raw

    def test_report(self, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("restore.cli.pages.html", lambda one: f"<p>{len(one.corrections)}".encode())
        assert run("report", made).out == "<p>5"
        assert run("report", made, "-o", "r.html").code == 0
        assert (tmp_path / "r.html").read_bytes() == b"<p>5"
        fails(run("report", made, "-o", "r.html"), "exists already")

    @pytest.mark.parametrize("command", ["report", "revert"])
    def test_what_is_no_record(self, command: str, made: Path, dump: Path, tmp_path: Path) -> None:
        fails(run(command, "none.json"), "none.json: cannot be read")
        fails(run(command, dump), "page.txt: not JSON, so no record; restore clean --record writes one")
        (tmp_path / "x.json").write_text("{}")
        fails(run(command, "x.json"), "x.json: not a record of restore")
        body = json.loads(made.read_bytes())
        body["source"]["text"] += "!"
        (tmp_path / "x.json").write_text(json.dumps(body))
        fails(run(command, "x.json", "-o", "out"), "x.json: damaged record")
        fails(run(command, made, "-o", made, "-f"), "same file")
        assert not (tmp_path / "out").exists()


class TestApply:
    @pytest.fixture
    def judged(self, dump: Path, tmp_path: Path) -> Path:
        made = Pipeline.preset("formatting").run(Source.read(dump))
        first = made.corrections.by_pass("join_lines")[0]
        comma = made.corrections.by_pass("punctuation")[0]
        items = (
            Decision(first.id, first.pass_name, "reject"),
            Decision(comma.id, comma.pass_name, "edit", "；"),
            Decision("00000000abcd", "old_pass", "reject"),
        )
        path = tmp_path / "decisions.json"
        Decisions(made.source.sha256, items, dict(made.settings), "page.txt").save(path)
        return path

    EXPECTED = CLEAN.replace("党执政", "党 执政").replace("，", "；")

    def test_dump(self, dump: Path, judged: Path) -> None:
        result = process("apply", dump, judged)
        assert (result.code, result.out) == (0, self.EXPECTED)
        assert "1 no longer made" in result.err and "reject old_pass 00000000abcd" in result.err

    def test_record(self, dump: Path, judged: Path) -> None:
        run("clean", dump, "-o", "t.txt", "--record", "r.json", *FORMATTING)
        assert run("apply", "r.json", judged).out == self.EXPECTED

    def test_the_record_of_it_keeps_the_decisions(self, dump: Path, judged: Path, tmp_path: Path) -> None:
        assert run("apply", dump, judged, "-o", "t.txt", "--record", "r.json", "-q").err == ""
        assert (tmp_path / "t.txt").read_text() == self.EXPECTED
        assert record.load(tmp_path / "r.json").text == self.EXPECTED
        assert run("revert", "r.json").out == DUMP

    def test_another_source(self, judged: Path, tmp_path: Path) -> None:
        (tmp_path / "other.txt").write_text("另一个文本\n")
        fails(run("apply", "other.txt", judged, "-o", "t.txt"), "made for another source")
        assert not (tmp_path / "t.txt").exists()

    def test_no_decisions(self, dump: Path, judged: Path, tmp_path: Path) -> None:
        fails(run("apply", dump, "none.json"), "none.json: no such file")
        fails(run("apply", dump, dump), "page.txt: not JSON")
        fails(run("apply", "none.txt", judged), "none.txt: no such file")
        fails(run("apply", dump, judged, "-o", judged, "-f"), "same file")


# ---------------------------------------------------------------------- explanations
class TestExplain:
    def test_pass(self) -> None:
        result = run("explain", "join_lines")
        assert result.code == 0
        for words in ("join_lines", "Repairs:", "Why it happens:", "Example:", "When it is wrong:"):
            assert words in result.out

    def test_every_pass_has_its_manual(self) -> None:
        listed = run("passes").out.splitlines()
        assert len(listed) >= 5
        for row in listed:
            name = row.split()[0]
            manual = run("explain", name).out
            assert "When it is wrong:" in manual, name

    def test_place(self, dump: Path) -> None:
        for at in ("8", "1:9"):
            result = run("explain", dump, "--at", at, *FORMATTING)
            assert result.code == 0
            assert "line 1, column 9 (offset 8): ' '" in result.out and "join_lines (high" in result.out
        assert "nothing was changed here" in run("explain", dump, "--at", "2", *FORMATTING).out

    def test_place_in_a_record_and_in_stdin(self, dump: Path) -> None:
        run("clean", dump, "-o", "t.txt", "--record", "r.json", *FORMATTING)
        assert "join_lines" in run("explain", "r.json", "--at", "8").out
        assert "join_lines" in run("explain", "-", "--at", "8", *FORMATTING, stdin=DUMP.encode()).out

    def test_mistakes(self, dump: Path) -> None:
        fails(run("explain", "join_line"), "no pass 'join_line'; did you mean 'join_lines'?")
        fails(run("explain", "zzz"), "see: restore passes")
        fails(run("explain", dump), "say which place is meant")
        for at in ("x", "-1", "1:2:3", "", "1:", "²"):
            fails(run("explain", dump, f"--at={at}", *FORMATTING), "--at needs an offset")
        fails(run("explain", dump, "--at", "9999", *FORMATTING), "there is no offset 9999")
        for at in ("9:1", "1:99", "0:1", "1:0"):
            fails(run("explain", dump, "--at", at, *FORMATTING), f"no line and column {at}")


class TestEvaluate:
    TRUTH: ClassVar = {
        "blocks": [{"id": "a", "article": "a", "role": "p", "text": "水到田头，话到心头。"}],
        "lines": [
            {"block": "a", "start": 0, "text": "水到田头，"},
            {"block": "a", "start": 5, "text": "话到心头。"},
        ],
    }

    @pytest.fixture
    def truth(self, tmp_path: Path) -> Path:
        path = tmp_path / "truth.json"
        path.write_text(json.dumps(self.TRUTH))
        return path

    def test_figures(self, truth: Path, tmp_path: Path) -> None:
        (tmp_path / "out.txt").write_text("话到心头。水到田头，")
        result = run("evaluate", truth, "out.txt")
        rows = dict(line.split() for line in result.out.splitlines())
        assert (rows["cer_free"], rows["adjacency_f1"]) == ("0.0000", "0.0000")
        assert rows["gap_recall"] == "-"
        body = json.loads(run("evaluate", truth, "-", "--json", stdin="水到田头，话到心头。".encode()).out)
        assert body["adjacency_f1"] == 1.0

    def test_mistakes(self, truth: Path, tmp_path: Path) -> None:
        (tmp_path / "out.txt").write_text("水到田头")
        fails(run("evaluate", "none.json", "out.txt"), "none.json: cannot be read")
        fails(run("evaluate", truth, "none.txt"), "none.txt: no such file")
        fails(run("evaluate", "out.txt", "out.txt"), "out.txt: not the truth of a page")
        for text in ("[]", "{}", '{"blocks": 1, "lines": 2}', "3"):
            (tmp_path / "x.json").write_text(text)
            fails(run("evaluate", "x.json", "out.txt"), "x.json: not the truth of a page")
        (tmp_path / "in.txt").write_text(DUMP)
        assert run("clean", "in.txt", "-q", "-o", "clean.txt", "--record", "page.json", *FORMATTING).code == 0
        fails(
            run("evaluate", "page.json", "clean.txt"), "page.json: not the truth", "it is a record, and the"
        )


# ---------------------------------------------------------------------- help, completion, terminals
class TestHelp:
    def test_every_command_is_listed_and_explains_itself(self) -> None:
        top = run("--help")
        assert top.code == 0
        for name in COMMANDS:
            assert f"\n  {name} " in top.out
            shown = run(name, "--help")
            assert shown.code == 0 and shown.out.startswith("Usage:")
            assert run(name, "-h").out == shown.out

    def test_every_option_and_argument_has_help(self) -> None:
        import typer.main

        group: Any = typer.main.get_command(app)
        assert set(group.commands) == set(COMMANDS)
        for name, command in group.commands.items():
            assert command.help, name
            for parameter in command.params:
                assert getattr(parameter, "help", None), f"{name} {parameter.name}"

    def test_no_arguments_show_help(self) -> None:
        result = process()
        assert "Usage: restore" in result.out + result.err and "Traceback" not in result.err

    def test_version(self) -> None:
        from restore import __version__

        assert run("--version").out == f"restore-cjk {__version__}\n"

    def test_completion(self) -> None:
        for shell, sign in (
            ("bash", "complete -o"),
            ("zsh", "#compdef restore"),
            ("fish", "complete --command"),
        ):
            script = process("--show-completion", shell)  # whichever shell started this
            assert script.code == 0 and "_RESTORE_COMPLETE" in script.out and sign in script.out, shell
        fails(process("--show-completion", "csh"), "takes one of bash, zsh, fish")
        fails(process("--install-completion", "zsh"), "for the shell it runs in")
        found = process(
            env={"_RESTORE_COMPLETE": "complete_bash", "COMP_WORDS": "restore ex", "COMP_CWORD": "1"},
        )
        assert found.out.split() == ["export", "explain"]

    def test_stopped_while_it_starts(self) -> None:
        code = "import sys; from restore.cli import main\n"
        code += (
            "class Stop:\n def find_spec(self, name, *_):\n  if name == 'typer': raise KeyboardInterrupt\n"
        )
        code += "sys.meta_path.insert(0, Stop()); main()"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stderr) == (130, "")

    def test_pass_names_complete(self) -> None:
        from restore.cli.options import complete_passes

        assert "spaces" in complete_passes("sp")
        assert "spaces,join_lines" in complete_passes("spaces,joi")
        assert "formatting" in complete_passes("f")

    def test_help_needs_nothing_heavy(self) -> None:
        code = (
            "import sys\n"
            "from restore.cli.app import app\n"
            "try: app(['--help'])\n"
            "except SystemExit: pass\n"
            "heavy = ('rich', 'lap', 'opencc', 'jinja2', 'rapidfuzz', 'restore.passes')\n"
            "print([m for m in heavy if m in sys.modules], file=sys.stderr)"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
        assert done.stderr.strip() == "[]"


pty = pytest.importorskip("pty")


@pytest.fixture
def on_terminal() -> Callable[..., str]:
    """A command with all its streams on one terminal; what the terminal got."""

    def go(*args: str | Path, env: dict[str, str] | None = None) -> str:
        primary, secondary = pty.openpty()
        child = subprocess.Popen(
            [sys.executable, "-m", "restore", *map(str, args)],
            stdin=secondary,
            stdout=secondary,
            stderr=secondary,
            env={**os.environ, "TERM": "xterm-256color", "PAGER": "cat", "NO_COLOR": "", **(env or {})},
        )
        os.close(secondary)
        got = bytearray()
        while True:
            try:
                part = os.read(primary, 65536)
            except OSError:  # Linux says so at the end
                break
            if not part:
                break
            got += part
        os.close(primary)
        assert child.wait(timeout=60) == 0
        return got.decode("utf-8", "replace")

    return go


class TestTerminal:
    def test_diff_is_coloured_unless_asked_not_to(self, dump: Path, on_terminal: Callable[..., str]) -> None:
        assert "\x1b[" in on_terminal("diff", dump, *FORMATTING)
        plain = on_terminal("diff", dump, *FORMATTING, env={"NO_COLOR": "1"})
        assert "\x1b" not in plain and "[-␣-]" in plain

    def test_a_long_diff_goes_through_the_pager(
        self, tmp_path: Path, on_terminal: Callable[..., str]
    ) -> None:
        (tmp_path / "long.txt").write_text((DUMP + "\n") * 200)
        env = {"PAGER": "sed s/^/PAGER/", "NO_COLOR": "1"}
        assert "PAGER" in on_terminal("diff", "long.txt", *FORMATTING, env=env)
        assert "PAGER" not in on_terminal("diff", "long.txt", "--no-pager", *FORMATTING, env=env)
        (tmp_path / "short.txt").write_text(DUMP)
        assert "PAGER" not in on_terminal("diff", "short.txt", *FORMATTING, env=env)

    def test_progress_on_a_terminal_only(self, tmp_path: Path, on_terminal: Callable[..., str]) -> None:
        for name in ("a.txt", "b.txt"):
            (tmp_path / name).write_text(DUMP)
        assert "[2/2] b.txt" in on_terminal("clean", "a.txt", "b.txt", "-o", "x", *FORMATTING)
        assert "[2/2]" not in process("clean", "a.txt", "b.txt", "-o", "y", *FORMATTING).err

    def test_a_last_line_without_end_gets_one_on_a_terminal(
        self, tmp_path: Path, on_terminal: Callable[..., str]
    ) -> None:
        (tmp_path / "x.txt").write_text("好")
        assert on_terminal("clean", "x.txt", "-q", *FORMATTING).endswith("好\r\n")
        assert process("clean", "x.txt", "-q", *FORMATTING).out == "好"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_full_disk_behind_stdout(dump: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "restore", "clean", str(dump), "-q", *FORMATTING],
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
        )
    assert done.returncode == 2
    assert done.stderr.decode().startswith("restore: standard output: No space left on device")
    assert b"Traceback" not in done.stderr


def test_a_reader_that_goes_away(tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text((DUMP + "\n") * 2000)
    for command in (
        ["clean", "long.txt", "-q"],
        ["diff", "long.txt"],
        ["diff", "long.txt", "--format", "github"],
    ):
        child = subprocess.Popen(
            [sys.executable, "-m", "restore", *command, *FORMATTING],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert child.stdout is not None and child.stderr is not None
        child.stdout.read(10)
        child.stdout.close()
        errors = child.stderr.read().decode()
        child.stderr.close()
        child.wait(timeout=60)
        assert "Traceback" not in errors and "internal error" not in errors, (command, errors)


class TestFormats:
    LINES = '[{"text": "月通水，沿线三个", "bbox": [0, 20, 80, 30]}, {"text": "县里新修的水渠上", "bbox": [0, 0, 80, 10]}]'

    def test_boxes_decide(self, tmp_path: Path) -> None:
        (tmp_path / "p.json").write_text(self.LINES)
        result = run("clean", "p.json", "-q")
        assert result.code == 0 and "".join(result.out.split()) == "县里新修的水渠上月通水，沿线三个"
        assert run("check", "p.json").code == 1  # the order
        assert run("diff", "p.json", "--stat").code == 0

    def test_several_pages(self, tmp_path: Path) -> None:
        (tmp_path / "p.jsonl").write_text(f'{{"text": "{DUMP.strip()}"}}\n{{"t": 1}}\n{{"text": "水渠"}}')
        result = run("clean", "p.jsonl", "-q", *FORMATTING)
        assert result.code == 2 and "line 2: there is no field 'text'" in result.err
        assert "--text-field on the command line" in result.err
        assert result.out.count("\f") == 1
        (tmp_path / "out").mkdir()
        run("clean", "p.jsonl", "-o", "out", "--record", "records", *FORMATTING)
        assert files(tmp_path / "out") == ["p.jsonl#1.txt", "p.jsonl#3.txt"]
        assert files(tmp_path / "records") == ["p.jsonl#1.json", "p.jsonl#3.json"]
        fails(run("diff", "p.jsonl"), "has several pages; choose one with --page")
        assert run("diff", "p.jsonl", "--page", "3").code == 0
        pytest.importorskip("uvicorn")
        result = run("review", "p.jsonl")  # which has no --page
        assert result.code == 2 and "make a record of each" in result.err and "--page" not in result.err

    def test_several_pages_of_page(self, tmp_path: Path) -> None:
        pytest.importorskip("lxml")
        one = """<PcGts><Page><TextRegion id="a"><TextLine id="b"><TextEquiv><Unicode>沿线的村庄,都用上了水</Unicode>
        </TextEquiv></TextLine></TextRegion></Page></PcGts>"""
        with zipfile.ZipFile(tmp_path / "s.zip", "w") as archive:
            archive.writestr("p1.xml", one)
            archive.writestr("p2.xml", one)
        fails(run("clean", "s.zip", "--to", "page"), "PAGE holds one; name a folder with -o")
        (tmp_path / "out").mkdir()
        assert run("clean", "s.zip", "--to", "page", "-o", "out", *FORMATTING).code == 0
        assert files(tmp_path / "out" / "s.zip!") == ["p1.xml", "p2.xml"]
        assert "沿线的村庄，都用上了水" in (tmp_path / "out" / "s.zip!" / "p1.xml").read_text("utf-8")

    def test_rows(self, dump: Path, tmp_path: Path) -> None:
        assert run("clean", dump, "-o", "rows.jsonl", *FORMATTING).code == 0
        assert run("clean", "rows.jsonl", "-q", *FORMATTING).out == run("clean", dump, "-q", *FORMATTING).out
        fails(
            run("clean", dump, "--to", "page"), "PAGE can be written only for a page that was read from PAGE"
        )
        fails(run("clean", dump, "--from", "docx"), "there is no format 'docx'")
