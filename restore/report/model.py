"""A restoration as the compact data of the report page: columns in, columns out, no object per correction."""

from __future__ import annotations

import inspect
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from restore import characters as ch
from restore.correction import EditKind
from restore.pipeline import ENTRY_POINTS
from restore.restoration import InvariantError, Restoration
from restore.source import text_to_codes

__all__ = ["KINDS", "VERSION", "build_model", "kinds_of", "manual", "to_json"]

VERSION = 1

#: What a correction does, the weightiest first; a review goes through them in this order.
KINDS = ("move", "gap", "glyph", "deletion", "supplied", "mark", "space")
_MOVE, _GAP, _GLYPH, _DELETION, _SUPPLIED, _MARK, _SPACE = range(len(KINDS))
_LETTER = np.uint16(ch.HAN | ch.KANA | ch.HANGUL | ch.LATIN | ch.DIGIT)
_SURROGATE = re.compile("[\ud800-\udfff]")
_SECTION = re.compile(r"^(Repairs|Why it happens|Example|When it is wrong):\s*", re.MULTILINE)


def build_model(restoration: Restoration, manuals: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The data of the report page, ready for :func:`to_json`.

    Args:
        restoration: what to report on.
        manuals: docstrings of passes that are neither built in nor entry points, by name.

    Returns:
        Plain data; corrections and edits stay in columns. ``corrections.id`` is one string of twelve
        hexadecimal digits per correction; ``edits.width`` is ``end - start``; the columns that are nearly
        empty (``to``, ``rank``, ``over``) name the rows that have a value.
    """
    source, ledger = restoration.source, restoration.ledger
    c, e = ledger.corrs, ledger.edits
    return {
        "format": "restore-report",
        "version": VERSION,
        "made_by": f"restore-cjk {restoration.version}",
        "source": {
            "name": _plain_text(source.name),
            "encoding": source.encoding,
            "sha256": source.sha256,
            "text": _text_or_codes(source.text),
        },
        "settings": dict(restoration.settings),
        "threshold": int(restoration.threshold),
        "promises": _promises(restoration),
        "notes": [_plain_text(note) for note in dict.fromkeys([*source.notes, *restoration.notes])],
        "continuations": [
            one.as_data() | {"line": source.text.count("\n", 0, one.start) + 1}
            for one in restoration.continuations
        ],
        "kinds": KINDS,
        "passes": [{"name": name, "manual": manual(name, manuals)} for name in ledger.passes],
        "texts": [_text_or_codes(text) for text in ledger.texts],
        "messages": [_plain_text(message) for message in ledger.messages],
        "corrections": {
            "pass": np.ascontiguousarray(c["pass"]),
            "certainty": np.ascontiguousarray(c["certainty"]),
            "score": np.round(np.nan_to_num(c["score"].astype(np.float64)), 4),
            "message": np.ascontiguousarray(c["message"]),
            "first": np.ascontiguousarray(c["first"]),
            "kind": kinds_of(restoration),
            "id": "".join(ledger.identifiers),
        },
        "edits": {
            "kind": np.ascontiguousarray(e["kind"]),
            "start": np.ascontiguousarray(e["start"]),
            "width": e["end"] - e["start"],
            "text": np.ascontiguousarray(e["text"]),
            "side": np.ascontiguousarray(e["side"]),
            "to": _sparse(e["to"], 0),
            "rank": _sparse(e["rank"], 0),
            "over": _sparse(e["over"], -1),
        },
        "evidence": {str(k): v for k, v in ledger.evidence.items() if v},
        "builds_on": {str(k): v for k, v in ledger.builds_on.items()},
        "requires": {str(k): v for k, v in ledger.requires.items()},
        "decisions": {str(k): v for k, v in restoration.decisions.items()},
        "blocks": _blocks(restoration),
    }


def to_json(model: Mapping[str, Any]) -> str:
    """The model as JSON that can stand in ``<script>``: markup, invisible and bidi characters are escaped."""
    option = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS
    try:
        data = orjson.dumps(model, default=_plain, option=option)
    except TypeError:  # a lone surrogate or a number beyond 64 bits in somebody's evidence
        data = orjson.dumps(
            {**model, "evidence": _clean(model.get("evidence", {}))}, default=_plain, option=option
        )
    return _UNSAFE.sub(_escape, data.decode("utf-8"))


# <, >, & end or open markup; C1 controls, soft hyphen, zero-width, bidi and separator characters change how
# a file reads
_UNSAFE = re.compile(
    "[<>&\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def _sparse(column: NDArray[Any], usual: int) -> dict[str, NDArray[Any]]:
    rows = np.flatnonzero(column != usual)
    return {"row": rows, "value": column[rows]}


def kinds_of(restoration: Restoration) -> NDArray[np.int8]:
    """Index into :data:`KINDS` of every correction, shape ``(n_corrections,)``: the weightiest of its edits.

    A replacement that keeps the character and changes its form (width, Kangxi radical) is a ``mark``; a mark that is put
    where the source has none is ``supplied``, like any other character.
    """
    ledger, source = restoration.ledger, restoration.source
    e = ledger.edits
    if not ledger.n_edits:
        return np.empty(0, dtype=np.int8)
    classes = ch.classify(source.codes)
    lost, lost_any = (_inside(classes & bits, e["start"], e["end"]) for bits in (_LETTER, ~ch.BLANK))
    given, given_any = _pool_has(ledger.texts, e["text"])
    kind = np.where(lost_any | given_any, _MARK, _SPACE)
    op = e["kind"]
    letters = lost | given
    kind[letters & (op == EditKind.REPLACE)] = _GLYPH
    kind[lost & (op == EditKind.DELETE)] = _DELETION
    kind[given & (op == EditKind.INSERT)] = _SUPPLIED
    first = ledger.corrs["first"]
    loses = np.logical_or.reduceat(lost_any, first)[e["corr"]]
    kind[given_any & ~loses & np.isin(op, (EditKind.INSERT, EditKind.REPLACE))] = _SUPPLIED
    kind[op == EditKind.GAP] = _GAP
    kind[op == EditKind.MOVE] = _MOVE
    for row in np.flatnonzero(kind == _GLYPH).tolist():
        old = source.text[int(e["start"][row]) : int(e["end"][row])]
        new = ledger.texts[int(e["text"][row])]
        if unicodedata.normalize("NFKC", old) == unicodedata.normalize("NFKC", new):
            kind[row] = _MARK
    return np.minimum.reduceat(kind, first).astype(np.int8)


def _inside(flags: NDArray[np.uint16], start: NDArray[np.int64], end: NDArray[np.int64]) -> NDArray[np.bool_]:
    total = np.concatenate(([0], np.cumsum(flags > 0)))
    found: NDArray[np.bool_] = total[end] > total[start]
    return found


def _pool_has(texts: list[str], which: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether the pool texts at ``which`` have a letter or digit, and whether anything but white space."""
    classes = [ch.classify(text_to_codes(text)) for text in texts]
    letter = np.array([bool((one & _LETTER).any()) for one in classes])
    solid = np.array([bool((one & ~ch.BLANK).any()) for one in classes])
    return letter[which], solid[which]


def manual(name: str, manuals: Mapping[str, str] | None = None) -> list[list[str]]:
    """A pass's docstring as ``[heading, text]`` pairs, the first heading empty; ``[]`` when unknown."""
    text = (manuals or {}).get(name) or _docstring(name)
    if not text:
        return []
    parts = _SECTION.split(inspect.cleandoc(text))
    pairs = [["", parts[0]], *([head, body] for head, body in zip(parts[1::2], parts[2::2], strict=True))]
    return [[head, _plain_text(" ".join(body.split()))] for head, body in pairs if body.strip()]


def _docstring(name: str) -> str:
    from importlib.metadata import entry_points

    from restore import passes

    found = passes.BUILT_IN.get(name)
    if found is not None:
        return found.__doc__ or ""
    for point in entry_points(group=ENTRY_POINTS):
        if point.name == name:
            try:
                return inspect.getdoc(point.load()) or ""
            except Exception:  # a plug-in that does not load any more must not cost the reader the report
                return ""
    return ""


def _promises(restoration: Restoration) -> dict[str, Any]:
    """Whether the invariants hold; checked here, as a record may come from a ``--fast`` run."""
    from restore.record import check_replay

    try:
        restoration.check()
        check_replay(restoration)
    except InvariantError as error:
        return {"held": False, "message": _plain_text(str(error))}
    return {"held": True, "message": ""}


def _blocks(restoration: Restoration) -> list[list[Any]]:
    """``[source offset, role, article]`` of the character each block begins with."""
    if not restoration.blocks:
        return []
    blank = Restoration(restoration.source, restoration.ledger, restoration.threshold)
    origin = (blank if restoration.decisions else restoration).rendering.origin
    return [[int(origin[b.start]), b.role, b.article] for b in restoration.blocks if b.start < len(origin)]


def _text_or_codes(text: str) -> str | list[int]:
    """Text, or its code points where UTF-8 cannot hold it (bytes kept as lone surrogates)."""
    return [ord(char) for char in text] if _SURROGATE.search(text) else text


def _plain_text(text: str) -> str:
    return _SURROGATE.sub("\ufffd", text)


def _clean(value: Any) -> Any:
    """Evidence of any kind as data that UTF-8 JSON can hold."""
    if isinstance(value, str):
        return _plain_text(value)
    if isinstance(value, Mapping):
        return {_plain_text(str(k)): _clean(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(one) for one in value]
    if isinstance(value, int) and not -(2**53) < value < 2**53:
        return float(value)
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    return _plain_text(str(value))
