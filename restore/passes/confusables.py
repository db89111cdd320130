"""Pass ``confusables``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restore import characters as ch
from restore.correction import Certainty, Draft, Replace
from restore.glyphs.doubts import Doubts, doubts_of
from restore.glyphs.gate import Gate
from restore.glyphs.numbers import drafts as number_drafts
from restore.glyphs.proposed import Proposed
from restore.glyphs.readings import SCRIPTS, Known
from restore.language.context import RunningText
from restore.language.scripts import detect_script
from restore.pipeline import Tools, repair_pass
from restore.source import Span, codes_to_text
from restore.view import View

_ROUNDS = 3  # a glyph can be told once its neighbour is right
_APART = 2  # of two doubtful glyphs closer than this only the worse is changed: the other suffers from it


@repair_pass(after=["join_lines", "spaces", "reading_order", "doubles", "strays"])
def confusables(view: View, tools: Tools) -> Iterator[Draft]:
    """Ideographs that were taken for others of a like shape.

    Repairs: a glyph that makes no sense where it stands, when a glyph it is known to be mistaken for makes
    good sense there: 收人 for 收入, 扩太 for 扩大. Shapes, the words on both sides and the rest of the page decide
    together; how ready the pass is to doubt a glyph follows from how many errors the page has. Letters, ideographs and
    full-width marks in numbers (3O亿元, 3。5%) are shown as the figures that they look like, and changed where the page
    has the same number with its unit elsewhere.
    Why it happens: recognition chooses among glyphs that differ in a stroke, on blurred or worn print.
    Example: ``农民收人增加`` becomes ``农民收入增加``.
    When it is wrong: in new names, in rare or old words and in word play. Figures are never exchanged for others, a form
    that the page repeats is left alone, and what is merely likely is only shown.
    """
    script = detect_script(view.text)
    if script not in SCRIPTS or not (view.classes & ch.HAN).any():
        return
    numbers = list(number_drafts(view.text))
    yield from numbers
    text = RunningText.shared(view, tools.language.model, tools.memo)
    gate = Gate.load()
    drafts: dict[int, tuple[str, Draft]] = {}
    known: Known | None = None
    proposed = Proposed.of(text, SCRIPTS[script])
    for _ in range(_ROUNDS):
        doubt = doubts_of(text, SCRIPTS[script], tools.language, gate, known, proposed)
        if doubt is None or not len(doubt):
            break
        if known is None:
            known = Known(doubt.density, text.codes, Counter())
        found = {at: (true, one) for at, true, one in _drafts(text, doubt, gate) if at not in drafts}
        # what is merely likely waits for the last round: its neighbours may change yet
        changed = {at: pair for at, pair in found.items() if pair[1].certainty > Certainty.LOW}
        drafts |= changed
        if not changed:
            drafts |= found
            break
        known.taken.update((int(text.codes[place]), ord(true)) for place, (true, _) in changed.items())
        text = _with(text, {place: true for place, (true, _) in changed.items()})
    told = {edit.span.start for one in numbers for edit in one.edits if isinstance(edit, Replace)}
    for place in sorted(drafts):
        if int(text.at[place]) not in told:
            yield drafts[place][1]


def _drafts(text: RunningText, doubt: Doubts, gate: Gate) -> Iterator[tuple[int, str, Draft]]:
    """What is worth showing: place, what was printed, draft."""
    odds = doubt.odds
    # on a page without other mistakes the model's own surprise is the likelier error
    worn = doubt.density > gate["worn"]
    alone = np.where(doubt.gain >= gate["gain_plain"], gate["medium_plain"], gate["medium_alone"])
    least = np.where(doubt.alone, alone, gate["medium_worn" if worn else "medium"])
    # glyphs that the page's engine never reads right are mistaken on good print too
    reader = np.where(doubt.features["unread"] > 0, doubt.features["reader"], -np.inf)
    unread = reader > np.where(doubt.alone, gate["reader_alone"], gate["reader"])
    least = np.where(unread, np.minimum(least, gate["medium_unread"]), least)
    for k in _lone(doubt.place, odds, gate["low"]):
        level = (
            Certainty.LOW
            if doubt.guarded[k] or odds[k] < least[k]
            else Certainty.HIGH
            if odds[k] >= gate["high"]
            else Certainty.MEDIUM
        )
        place = int(doubt.place[k])
        at = int(text.at[place])
        seen, true = chr(int(text.codes[place])), chr(int(doubt.true[k]))
        evidence: dict[str, Any] = {
            "context": text.excerpt(place),
            "alternatives": doubt.alternatives(k, seen, float(odds[k])),
            "language_nats": round(float(doubt.gain[k]), 2),
            "shape_nats": round(float(doubt.channel[k]), 2),
            "guarded": bool(doubt.guarded[k]),
            "on_page": {"as_read": int(doubt.page_seen[k]), "as_changed": int(doubt.page_true[k])},
        }
        yield (
            place,
            true,
            Draft(
                (Replace(Span(at, at + 1), true),),
                f"{seen} was taken for {true}, which it looks like and which fits here",
                level,
                float(1 / (1 + np.exp(-odds[k]))),
                evidence,
            ),
        )


def _with(text: RunningText, changes: Mapping[int, str]) -> RunningText:
    """The text with other glyphs in some places; offsets stay those of the view."""
    codes = text.codes.copy()
    codes[list(changes)] = [ord(char) for char in changes.values()]
    made = RunningText(View.of_text(codes_to_text(codes)), text.model)
    made.at = text.at
    return made


def _lone(place: NDArray[np.int64], odds: NDArray[np.float64], least: float) -> list[int]:
    """Doubts worth showing; of neighbours the strongest."""
    chosen: list[int] = []
    taken: set[int] = set()
    for k in np.argsort(-odds, kind="stable").tolist():
        if odds[k] < least:
            break
        here = int(place[k])
        if here in taken:
            continue
        chosen.append(k)
        taken.update(range(here - _APART + 1, here + _APART))
    return sorted(chosen)
