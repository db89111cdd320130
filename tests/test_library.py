"""The library as programs use it: wrong arguments are told in words, passes and pipelines travel to other processes."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from restore import Batch, Certainty, Delete, Draft, Pipeline, Replace, Settings, Span, clean, repair_pass
from restore.passes import join_lines

DUMP = "县里新修的水渠上 月通水,沿线三个 村的两千亩稻田都 能浇上水。"
SPAN = Span(0, 1)


class Found:
    """A pass that finds what it was given."""

    def __init__(self, found: Any) -> None:
        self.name, self._found = "found", found

    def find(self, view: object, tools: object) -> Iterable[Draft | Batch]:
        found: Iterable[Draft | Batch] = self._found
        return found


class Broken:
    name = "broken"

    def find(self, view: object, tools: object) -> Iterable[Draft]:
        yield Draft((Delete(SPAN),), "", Certainty.LOW)
        raise ZeroDivisionError("division by zero")


@repair_pass()
def first_character(view: Any, tools: Any) -> Iterable[Draft]:
    """It goes."""
    yield Draft((Delete(SPAN),), "gone")


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: clean(None), TypeError, "a text must be str, not NoneType"),
        (lambda: clean(DUMP, certainty="hi"), ValueError, "high, medium or low, not 'hi'"),
        (lambda: Settings(certainty=7), ValueError, "7 is not a valid Certainty"),
        (lambda: Pipeline("spaces"), TypeError, r"\['spaces'\]"),
        (lambda: Pipeline([Broken]), TypeError, r"Broken\(\)"),
        (lambda: clean(DUMP).reject(clean(DUMP).corrections), TypeError, r"\*corrections"),
    ],
)
def test_wrong_arguments(call: Callable[[], object], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        call()


@pytest.mark.parametrize("found", [None, 3, [3], [Draft(Replace(SPAN, "x"), "no tuple")]])  # type: ignore[arg-type]
def test_passes_that_find_something_else(found: Any) -> None:
    with pytest.raises(TypeError, match="pass 'found': find must"):
        Pipeline([Found(found)]).run(DUMP)


def test_an_error_says_which_pass_made_it() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        Pipeline(["spaces", Broken()]).run(DUMP)
    assert caught.value.__notes__ == ["in pass 'broken'"]


def test_words_are_certainties() -> None:
    assert Settings(certainty="high") == Settings(Certainty.HIGH)  # type: ignore[arg-type]
    assert clean(DUMP, certainty="high").threshold is Certainty.HIGH


def test_pipelines_go_to_other_processes() -> None:
    pipeline = Pipeline.preset("formatting").after("punctuation", first_character)
    again = pickle.loads(pickle.dumps(pipeline))
    assert again.names == pipeline.names
    assert again.run(DUMP).text == pipeline.run(DUMP).text
    assert pickle.loads(pickle.dumps(join_lines)) is join_lines


def test_what_is_shown_at_the_prompt_is_short() -> None:
    page = clean(DUMP * 50, preset="formatting")
    applied = len([one for one in page.corrections if one.applied])
    assert repr(page) == (
        f"<Restoration of <text>: {50 * len(DUMP)} characters, {len(page.corrections)} corrections, {applied} applied>"
    )
    assert repr(Pipeline(["spaces"])) == "Pipeline(['spaces'])"
