"""Pass ``script``."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from rapidfuzz.distance import Levenshtein

from restore import characters as ch
from restore.correction import Certainty, Draft, Edit, Insert, Replace
from restore.language.context import REACH, RunningText
from restore.language.opencc import converter
from restore.language.scripts import Script, detect_script, lone_other_script, script_bits
from restore.pipeline import Tools, repair_pass
from restore.source import Span
from restore.view import View

__all__ = ["script"]

# steps from each script to each: names of OpenCC's configurations
_STEPS: dict[tuple[str, str], tuple[str, ...]] = {
    ("hans", "hant"): ("s2t",),
    ("hans", "tw"): ("s2tw",),
    ("hans", "hk"): ("s2hk",),
    ("hans", "jp"): ("s2t", "t2jp"),
    ("hant", "hans"): ("t2s",),
    ("hant", "hant"): ("tw2t",),
    ("hant", "tw"): ("t2tw",),
    ("hant", "hk"): ("t2hk",),
    ("hant", "jp"): ("t2jp",),
    ("jp", "hans"): ("jp2t", "t2s"),
    ("jp", "hant"): ("jp2t",),
    ("jp", "tw"): ("jp2t", "t2tw"),
    ("jp", "hk"): ("jp2t", "t2hk"),
}
_NAMES = {
    "hans": "Simplified",
    "hant": "Traditional",
    "tw": "Traditional (Taiwan)",
    "hk": "Traditional (Hong Kong)",
    "jp": "Japanese",
}
_FEW = 0.02  # share of characters of the other script above which the page mixes scripts on purpose
_LEAST = 40  # ideographs below which a page's script is not certain enough to mend single glyphs
_OWN = 3  # times a page has a glyph that is then not a slip, or not of this kind
_VARIANT = -2.0  # log P(a glyph of the other script is read | its own form was printed)
_READS = -6.0  # nats per character below which the neighbourhood is garbled anyway
_CLEAR = 2.0  # log-odds that it is the variant and not another glyph of that shape
_BITS = {"hans": 1, "hant": 2, "jp": 4}


@repair_pass(after=["join_lines", "spaces", "reading_order", "doubles", "strays", "confusables"])
def script(view: View, tools: Tools) -> Iterator[Draft]:
    """Characters of another script.

    Repairs: a single glyph of the other script in running text (a Traditional one on a Simplified page, a Chinese form on a
    Japanese page that has the word in its own form elsewhere); on request (``--script``) the whole text, phrase by phrase, into Simplified, Traditional, Taiwan, Hong Kong or
    Japanese forms.
    Why it happens: recognition models know both scripts and choose glyph by glyph.
    Example: ``国务院發布通知`` becomes ``国务院发布通知``.
    When it is wrong: names keep the form their bearer uses, quotations of old print their script; passages with
    several such glyphs are therefore left alone. Conversion is done on joined text only: 公|里 apart would give
    公裏 for 公里.
    """
    wanted = tools.settings.script
    text = view.text
    if not (view.classes & ch.HAN).any():
        return
    found = detect_script(text)
    if wanted != "keep":
        yield from _convert(text, found, wanted)
    else:
        yield from _mend(view, found, tools)


def _mend(view: View, found: Script, tools: Tools) -> Iterator[Draft]:
    """Single glyphs of the other script."""
    text = view.text
    if found == "jp":
        yield from _mend_japanese(view)
    if found not in ("hans", "hant"):
        return
    at = lone_other_script(text, found)
    letters = int(((view.classes & ch.HAN) > 0).sum())
    if not len(at) or letters < _LEAST or len(at) > max(3, _FEW * letters):
        return
    forward = converter("t2s" if found == "hans" else "s2t")
    running = RunningText(view, tools.language.model)
    places = np.searchsorted(running.at, at)
    bits = script_bits()
    for offset, place in zip(at.tolist(), places.tolist(), strict=True):
        seen = text[offset]
        a, b = max(0, offset - 4), min(len(text), offset + 5)
        turned = forward(text[a:b])
        plain = turned[offset - a] if len(turned) == b - a else forward(seen)
        if len(plain) != 1 or plain == seen or not int(bits[ord(plain)]) & _BITS[found]:
            continue
        name = _in_name(running, place)
        again = text.count(seen) >= _OWN
        odds, fluency, rivals = _against_shapes(running, place, plain, _BITS[found], tools)
        sure = odds >= _CLEAR and fluency >= _READS and not name and not again
        level = Certainty.HIGH if sure else Certainty.LOW
        score = float(1 / (1 + np.exp(-odds)))
        evidence = {
            "context": running.excerpt(place),
            "page_script": _NAMES[found],
            "alternatives": rivals,
        }
        message = f"the page is {_NAMES[found]}: {seen} is the form of another script"
        if name:
            message += "; it may be a name that is written so"
        elif again:
            message += "; the page has it more than once"
        yield Draft((Replace(Span(offset, offset + 1), plain),), message, level, score, evidence)


def _mend_japanese(view: View) -> Iterator[Draft]:
    """Single Chinese forms on a Japanese page; no model of Japanese tells, so the page itself must."""
    text, bits = view.text, script_bits()
    places = lone_other_script(text, "jp").tolist()
    if len(places) > max(3, _FEW * int(((view.classes & ch.HAN) > 0).sum())):
        return
    for at in places:
        seen, plain = text[at], text[at]
        for step in _STEPS["hans", "jp"]:
            plain = converter(step)(plain)
        if len(plain) != 1 or plain == seen or not int(bits[ord(plain)]) & _BITS["jp"]:
            continue
        # the word with its own form: with the ideograph before it or behind it
        pairs = [(text[at - 1 : at], ""), ("", text[at + 1 : at + 2])]
        words = [a + plain + b for a, b in pairs if (a + b) and ord(a + b) < len(bits) and bits[ord(a + b)]]
        again = sum(text.count(word) for word in words)
        sure = again > 0 and text.count(seen) < _OWN
        share = (again + 1.0) / (again + text.count(seen) + 1.0)
        evidence = {
            "context": text[max(0, at - 6) : at + 7].replace("\n", "⏎"),
            "page_script": _NAMES["jp"],
            "alternatives": {plain: round(share, 4), seen: round(1 - share, 4)},
            "on_page": {"as_changed": again},
        }
        message = f"the page is {_NAMES['jp']}: {seen} is the form of another script"
        level = Certainty.MEDIUM if sure else Certainty.LOW
        yield Draft((Replace(Span(at, at + 1), plain),), message, level, share, evidence)


def _against_shapes(
    running: RunningText, place: int, plain: str, script: int, tools: Tools
) -> tuple[float, float, dict[str, float]]:
    """Log-odds of the variant against glyphs that look like it, its nats per character, and the odds of all."""
    table = tools.language.confusables
    seen = np.array([running.codes[place]], dtype=np.uint32)
    _, rows = table.gather(seen, 12)
    true = table.true[rows].astype(np.uint32)
    keep = ((script_bits()[true] & script) > 0) & (true != ord(plain))
    readings = [plain, *(chr(int(c)) for c in true[keep])]
    ids = running.model.encode("".join(readings)).astype(np.int64)
    channel = np.concatenate(([_VARIANT], table.logp[rows][keep]))
    score = running.instead(np.full(len(readings), place), ids) + channel
    weight = np.exp(score - score.max())
    weight /= weight.sum()
    rest = max(1.0 - float(weight[0]), 1e-9)
    ranked = np.argsort(-weight, kind="stable")[:4]
    odds = float(np.log(max(float(weight[0]), 1e-9) / rest))
    fluency = float(score[0] - channel[0]) / (1 + REACH)
    return odds, fluency, {readings[int(k)]: round(float(weight[k]), 4) for k in ranked}


def _in_name(text: RunningText, place: int) -> bool:
    """Whether a place may be in a name: a stretch of at most four ideographs between marks."""
    a = b = place
    while a > 0 and int(text.classes[a - 1]) & ch.HAN and text.at[a] - text.at[a - 1] == 1 and place - a < 4:
        a -= 1
    while (
        b + 1 < len(text)
        and int(text.classes[b + 1]) & ch.HAN
        and text.at[b + 1] - text.at[b] == 1
        and b - place < 4
    ):
        b += 1
    return b - a + 1 <= 4


def _convert(text: str, found: Script, wanted: str) -> Iterator[Draft]:
    """The whole text in another script, a correction for each changed phrase."""
    source = "hans" if found in ("none", "mixed") else found
    steps = _STEPS.get((source, wanted))
    if found == "mixed" and wanted in ("hant", "tw", "hk"):
        steps = ("t2s", *_STEPS["hans", wanted])
    elif found == "mixed" and wanted == "hans":
        steps = ("t2s",)
    if steps is None:
        return
    message = f"converted to {_NAMES[wanted]} forms"
    start = 0
    for line in text.split("\n"):
        turned = line
        for step in steps:
            turned = converter(step)(turned)
        if turned != line:
            for a, b, new in _phrases(line, turned):
                edit: Edit = Replace(Span(start + a, start + b), new) if b > a else Insert(start + a, new)
                yield Draft((edit,), message, Certainty.HIGH, 0.97)
        start += len(line) + 1


def _phrases(old: str, new: str) -> Iterator[tuple[int, int, str]]:
    """Stretches that differ, as (start, end, new text)."""
    if len(old) == len(new):
        differs = np.array([a != b for a, b in zip(old, new, strict=True)])
        edge = np.diff(np.concatenate(([0], differs.astype(np.int8), [0])))
        for a, b in zip(np.flatnonzero(edge == 1).tolist(), np.flatnonzero(edge == -1).tolist(), strict=True):
            yield a, b, new[a:b]
        return
    for op in Levenshtein.opcodes(old, new):
        if op.tag != "equal":
            yield op.src_start, op.src_end, new[op.dest_start : op.dest_end]
