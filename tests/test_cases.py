"""Cases from data: text in, text out. A case without ``expected`` must stay as it is.

``fixtures/cases`` and ``fixtures/wild`` say what passes do, ``fixtures/negative`` what they must leave alone,
``fixtures/known-failures`` what they cannot do yet (each must fail, or move to the others). Every case also replays its
record, reverts, and is restored once more.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from restore import Pipeline, Restoration
from restore.pipeline import PRESETS
from restore.record import dumps, loads

FIXTURES = Path(__file__).parent.parent / "fixtures"
Case = dict[str, Any]


def cases(folder: str) -> list[Any]:
    found = []
    for file in sorted((FIXTURES / folder).glob("*.json")):
        for case in json.loads(file.read_text("utf-8")):
            if folder in ("cases", "wild") and "expected" not in case:
                continue  # tests/test_glyph_passes.py has its own form
            found.append(pytest.param(case, id=f"{file.stem}-{case['id']}"))
    return found


def pipeline(passes: str | list[str]) -> Pipeline:
    return Pipeline.preset(passes) if isinstance(passes, str) else Pipeline(passes)


def restored(case: Case, passes: str | list[str]) -> Restoration:
    out = pipeline(passes).run(case["text"])
    assert out.revert() == case["text"]
    assert out.reject(*range(len(out.corrections))).text == case["text"]
    assert loads(dumps(out)).text == out.text
    for index in range(len(out.corrections)):
        out.reject(index).check()
    return out


@pytest.mark.parametrize("case", [*cases("cases"), *cases("wild")])
def test_case(case: Case) -> None:
    out = restored(case, case["passes"])
    assert out.text == case["expected"], case["why"]
    again = pipeline(case["passes"]).run(out.text)
    assert again.text == out.text, "restoring the restored text changes it"


@pytest.mark.parametrize(
    ("case", "passes"),
    [
        pytest.param(
            case.values[0], passes, id=f"{case.id}-{passes if isinstance(passes, str) else 'passes'}"
        )
        for case in cases("negative")
        for passes in ([case.values[0]["passes"]] if "passes" in case.values[0] else PRESETS)
    ],
)
def test_negative(case: Case, passes: str | list[str]) -> None:
    out = restored(case, passes)
    assert [c.explain() for c in out.corrections if c.applied] == [], case["why"]
    assert out.text == case["text"]


@pytest.mark.parametrize("case", cases("known-failures"))
@pytest.mark.xfail(
    strict=True, reason="known failure; the case's `why` says what is missing", raises=AssertionError
)
def test_known_failure(case: Case) -> None:
    assert pipeline(case["passes"]).run(case["text"]).text == case["expected"], case["why"]


def test_every_case_says_why() -> None:
    for folder in ("cases", "wild", "negative", "known-failures"):
        listed = [param.values[0] for param in cases(folder)]
        assert listed, folder
        for case in listed:
            assert case["why"] and case["id"], case
