"""Reviewed decisions as labelled data."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from restore import clean
from restore.cli.app import app
from restore.decisions import Decision, Decisions, Verdict
from restore.labels import Agreement, precision


def judged(*rows: tuple[str, Verdict, str | None], sha: str = "0" * 64) -> Decisions:
    items = [
        Decision(f"{number:012x}", name, verdict, "x" if verdict == "edit" else None, level, 0.5)
        for number, (name, verdict, level) in enumerate(rows)
    ]
    return Decisions(sha, tuple(items))


def test_by_pass_and_certainty() -> None:
    rows = precision(
        [
            judged(("gaps", "accept", "high"), ("gaps", "reject", "high"), ("gaps", "edit", "low")),
            judged(("doubles", "accept", "medium"), ("gaps", "accept", "high"), sha="1" * 64),
        ]
    )
    said = [(r.pass_name, r.certainty, r.judged, r.accepted, r.edited, r.rejected) for r in rows]
    assert said == [
        ("doubles", "medium", 1, 1, 0, 0),
        ("gaps", "high", 3, 2, 0, 1),
        ("gaps", "low", 1, 0, 1, 0),
        ("", "high", 3, 2, 0, 1),
        ("", "medium", 1, 1, 0, 0),
        ("", "low", 1, 0, 1, 0),
        ("", "", 5, 3, 1, 1),
    ]


def test_the_last_decision_counts() -> None:
    rows = precision([judged(("gaps", "reject", "high")), judged(("gaps", "accept", "high"))])
    assert (rows[0].accepted, rows[0].rejected) == (1, 0)


def test_a_file_that_does_not_say_the_certainty() -> None:
    assert precision([judged(("gaps", "accept", None))])[0].certainty == "unknown"
    assert precision([]) == []


@given(st.integers(0, 400), st.integers(0, 400), st.integers(0, 400))
def test_interval_holds_the_precision(accepted: int, edited: int, rejected: int) -> None:
    if accepted + edited + rejected == 0:
        return
    row = Agreement("p", "high", accepted, edited, rejected, None)
    low, high = row.interval
    assert 0 <= low <= row.precision <= high <= 1


def test_interval_is_wilsons() -> None:
    # 9 of 10: 0.596 to 0.982, in every table of it
    low, high = Agreement("p", "high", 9, 0, 1, None).interval
    assert (round(low, 3), round(high, 3)) == (0.596, 0.982)


def test_from_the_command_line(tmp_path: Path) -> None:
    page = clean("县里新修的水渠上 月通水,沿线三个 村的两千亩稻田都 能浇上水。")
    joins = page.corrections.by_pass("join_lines")
    Decisions.of(page.reject(joins[0]).accept(joins[1], joins[2])).save(tmp_path / "d.json")
    run = CliRunner().invoke
    result = run(app, ["evaluate", "--decisions", str(tmp_path / "d.json")])
    assert result.exit_code == 0, result.output
    assert "join_lines" in result.stdout and "0.667" in result.stdout
    result = run(app, ["evaluate", "--decisions", str(tmp_path / "d.json"), "--json"])
    row = json.loads(result.stdout)[0]
    assert (row["pass"], row["certainty"], row["judged"], row["rejected"]) == ("join_lines", "high", 3, 1)
    assert row["mean_score"] == pytest.approx(joins[0].score, abs=0.2)
    for words, says in (
        (["--decisions", str(tmp_path / "none.json")], "no such file"),
        (["a", "b", "--decisions", str(tmp_path / "d.json")], "stands alone"),
        ([], "needs TRUTH and OUTPUT"),
        (["a"], "needs TRUTH and OUTPUT"),
    ):
        result = run(app, ["evaluate", *words])
        assert result.exit_code == 2 and says in result.stderr, words
    Decisions("0" * 64).save(tmp_path / "empty.json")
    assert "no decision" in run(app, ["evaluate", "--decisions", str(tmp_path / "empty.json")]).stderr
