"""Pass ``bylines``."""

from __future__ import annotations

from collections.abc import Iterator

from restore import characters as ch
from restore.correction import Certainty, Draft, Replace
from restore.language.names import quotes_between_names
from restore.language.scripts import detect_script
from restore.layout.furniture import furniture_lines
from restore.pipeline import Tools, repair_pass
from restore.source import Span
from restore.view import View

_SCRIPTS = ("hans", "hant", "none")
# probability of a printed space between names, and beside what may be a misread one
_SURE, _LIKELY = 0.99, 0.96


@repair_pass(after=["encoding", "markup"])
def bylines(view: View, tools: Tools) -> Iterator[Draft]:
    """Quotation marks that were spaces between names.

    Repairs: a quotation mark between the two names in the brackets of a byline, between ``记者`` and a name, or in an
    imprint between a name and the next office becomes the space that is printed there.
    Why it happens: recognition takes the wide space, with a speck in it, for a mark.
    Example: ``（张小明"李大山）`` becomes ``（张小明 李大山）``.
    When it is wrong: when something is quoted behind a name in brackets and the other half of the quotation marks is lost.
    """
    if not (view.classes & ch.HAN).any() or detect_script(view.text) not in _SCRIPTS:
        return
    codes = view.codes
    found: dict[Span, bool] = {}
    for span, sure in quotes_between_names(view.text, _is_office):
        found[span] = found.get(span, False) or sure
    for span, sure in sorted(found.items()):
        start, end = span
        while codes[start - 1] in (0x20, 0x3000):
            start -= 1
        while codes[end] in (0x20, 0x3000):
            end += 1
        level, chance = (Certainty.HIGH, _SURE) if sure else (Certainty.MEDIUM, _LIKELY)
        yield Draft(
            (Replace(Span(start, end), " "),), "names in a byline are parted by a space", level, chance
        )


def _is_office(word: str) -> bool:
    """Whether a word introduces names in an imprint."""
    return bool(furniture_lines([f"{word}：某某"])[0])
