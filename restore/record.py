"""The record: a restoration as JSON, enough to report, revert and replay from it alone.

The schema is ``restore/record.schema.json``; corrections stay in columns.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from restore.correction import Certainty, EditKind
from restore.ledger import CORR_COLUMNS, EDIT_COLUMNS, Ledger, render
from restore.restoration import Block, InvariantError, Restoration
from restore.source import Source, codes_to_text, decode, has_surrogate, text_to_codes

__all__ = ["FORMAT", "VERSION", "RecordError", "dumps", "load", "loads"]

FORMAT = "restore-record"
VERSION = 1


class RecordError(ValueError):
    """A record that is damaged, of another kind, or of a version this program does not know."""


_EDITS = ("kind", "start", "end", "text", "side")
_PLACED = ("to", "rank", "over")


def _placed(ledger: Ledger) -> dict[str, Any]:
    """The columns that few edits need, for those rows only: moves, texts with a rank, rewritten texts."""
    e = ledger.edits
    rows = np.flatnonzero((e["kind"] == EditKind.MOVE) | (e["rank"] != 0) | (e["over"] >= 0))
    return {"row": rows, **{name: e[name][rows] for name in _PLACED}}


def _columns(restoration: Restoration) -> dict[str, Any]:
    ledger = restoration.ledger
    return {
        "passes": ledger.passes,
        "texts": ledger.texts,
        "messages": ledger.messages,
        "corrections": {name: np.ascontiguousarray(ledger.corrs[name]) for name in CORR_COLUMNS},
        "edits": {name: np.ascontiguousarray(ledger.edits[name]) for name in _EDITS},
        "placed": _placed(ledger),
        "evidence": {str(k): v for k, v in ledger.evidence.items()},
        "builds_on": {str(k): v for k, v in ledger.builds_on.items()},
        "requires": {str(k): v for k, v in ledger.requires.items()},
        "decisions": {str(k): v for k, v in restoration.decisions.items()},
    }


def dumps(restoration: Restoration) -> bytes:
    """The record of a restoration as UTF-8 JSON."""
    source = restoration.source
    body = {
        "format": FORMAT,
        "version": VERSION,
        "made_by": f"restore-cjk {restoration.version}",
        "source": {
            "name": source.name,
            "encoding": source.encoding,
            "sha256": source.sha256,
            "notes": list(source.notes),
            **_content(source),
        },
        "settings": dict(restoration.settings),
        "threshold": restoration.threshold.label,
        **_columns(restoration),
        "blocks": [[b.start, b.end, b.role, b.article] for b in restoration.blocks],
        "notes": list(restoration.notes),
    }
    return _json(body)


def _content(source: Source) -> dict[str, Any]:
    """What the source is read back from: its text, or its bytes, or the code points of a text that UTF-8 cannot hold."""
    if source.raw is not None and (has_surrogate(source.text) or not source.reversible):
        content: dict[str, Any] = {"bytes": base64.b64encode(source.raw).decode("ascii")}
        if decode(source.raw, source.encoding)[0] != source.text:
            content["codes"] = source.codes.tolist()
        return content
    if has_surrogate(source.text):
        return {"codes": source.codes.tolist()}
    return {"text": source.text}


def _json(body: dict[str, Any]) -> bytes:
    option = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS
    try:
        return orjson.dumps(body, default=_plain, option=option)
    except TypeError:
        # bytes that could not be decoded are lone surrogates, which JSON in UTF-8 cannot hold. Supplied text is kept
        # exactly, as code points; what is only read by people shows the character's number.
        texts = [text_to_codes(text).tolist() if has_surrogate(text) else text for text in body["texts"]]
        return orjson.dumps({**_readable(body), "texts": texts}, default=_plain, option=option)


def _readable(value: Any) -> Any:
    """The same data with lone surrogates as ``\\udc80``."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, Mapping):
        return {_readable(key): _readable(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_readable(one) for one in value]
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} cannot stand in a record")


def loads(data: bytes | str, name: str = "<record>") -> Restoration:
    """A restoration from its record.

    Raises:
        RecordError: naming what is wrong with it.
    """
    try:
        body = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise RecordError(
            f"{name}: not JSON (line {error.lineno}, column {error.colno}: {error.msg})"
        ) from None
    if not isinstance(body, dict) or body.get("format") != FORMAT:
        raise RecordError(f'{name}: not a record of restore (its "format" is not {FORMAT!r})')
    if body.get("version") != VERSION:
        raise RecordError(
            f"{name}: record version {body.get('version')!r}; this program reads version {VERSION}"
        )
    try:
        source = _source(body["source"])
        ledger = _ledger(body)
        restoration = Restoration(
            source,
            ledger,
            Certainty.parse(body["threshold"]),
            {int(k): v for k, v in body["decisions"].items()},
            body["settings"],
            tuple(Block(*b) for b in body["blocks"]),
            tuple(body["notes"]),
            str(body["made_by"]).removeprefix("restore-cjk "),
        )
        _check_ledger(ledger, len(source.text), restoration)
    except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
        raise RecordError(f"{name}: damaged record ({type(error).__name__}: {error})") from None
    if source.sha256 != body["source"]["sha256"]:
        raise RecordError(f"{name}: damaged record (the source in it does not have the hash it names)")
    return restoration


def load(path: str | Path) -> Restoration:
    """A restoration from a record file.

    Raises:
        RecordError: when the file is missing, unreadable, damaged or something else.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise RecordError(f"{path}: cannot be read ({error.strerror or error})") from None
    return loads(data, str(path))


def _source(origin: dict[str, Any]) -> Source:
    encoding, name, notes = origin["encoding"], origin["name"], tuple(origin["notes"])
    raw = base64.b64decode(origin["bytes"], validate=True) if "bytes" in origin else None
    if "codes" in origin:
        return Source(_from_codes(origin["codes"]), encoding, name, notes, raw)
    if raw is not None:
        return Source(decode(raw, encoding)[0], encoding, name, notes, raw)
    text = origin["text"]
    if not isinstance(text, str):
        raise TypeError("the source's text is not text")
    return Source(text, encoding, name, notes, text.encode(encoding) if encoding != "str" else None)


def _from_codes(codes: list[int]) -> str:
    return codes_to_text(np.array(codes, dtype=np.uint32))


def _ledger(body: dict[str, Any]) -> Ledger:
    ledger = Ledger()
    for word in body["passes"]:
        ledger.pass_index(word)
    for text in body["texts"]:
        ledger.text_index(text if isinstance(text, str) else _from_codes(text))
    for message in body["messages"]:
        ledger.message_index(message)
    corrs = {name: np.asarray(body["corrections"][name]) for name in CORR_COLUMNS}
    edits = {name: np.asarray(body["edits"][name]) for name in _EDITS}
    m, n = len(edits["kind"]), len(corrs["first"])
    if n and int(corrs["first"][0]):
        raise ValueError("edits that belong to no correction")
    edits["corr"] = np.repeat(np.arange(n), np.diff(corrs["first"], append=m)) if n else np.arange(m)
    placed = body["placed"]
    if len(placed["row"]) and not 0 <= min(placed["row"]) <= max(placed["row"]) < m:
        raise ValueError("a place for an edit that does not exist")
    for name, usual in zip(_PLACED, (0, 0.0, -1), strict=True):
        edits[name] = np.full(m, usual)
        edits[name][placed["row"]] = placed[name]
    ledger.extend(corrs, edits)
    ledger.evidence = {int(k): v for k, v in body["evidence"].items()}
    ledger.builds_on = {int(k): tuple(v) for k, v in body["builds_on"].items()}
    ledger.requires = {int(k): tuple(v) for k, v in body["requires"].items()}
    return ledger


def _check_ledger(ledger: Ledger, size: int, restoration: Restoration) -> None:
    c, e, n = ledger.corrs, ledger.edits, ledger.n_corrections
    if len({len(c[name]) for name in CORR_COLUMNS}) > 1 or len({len(e[name]) for name in EDIT_COLUMNS}) > 1:
        raise ValueError("columns of different length")
    inside = (
        (e["start"] >= 0).all()
        and (e["start"] <= e["end"]).all()
        and (e["end"] <= size).all()
        and ((e["to"] >= 0) & (e["to"] <= size)).all()
        and ((e["corr"] >= 0) & (e["corr"] < n)).all()
        and ((e["text"] >= 0) & (e["text"] < len(ledger.texts))).all()
        and ((e["kind"] >= 0) & (e["kind"] <= 4)).all()
        and ((e["side"] >= 0) & (e["side"] <= 2)).all()
        and ((c["pass"] >= 0) & (c["pass"] < len(ledger.passes))).all()
        and ((c["message"] >= 0) & (c["message"] < len(ledger.messages))).all()
        and ((c["first"] >= 0) & (c["first"] < max(ledger.n_edits, 1))).all()
        and (np.diff(c["first"]) > 0).all()
        and ((e["over"] >= -1) & (e["over"] < np.arange(ledger.n_edits))).all()
        and np.isfinite(e["rank"]).all()
        and ((c["certainty"] >= 0) & (c["certainty"] <= 2)).all()
    )
    if not inside:
        raise ValueError("a correction reaches outside the source")
    for table in (ledger.builds_on, ledger.requires):
        if any(not 0 <= j < i < n for i, needs in table.items() for j in needs):
            raise ValueError("a correction depends on one that is not before it")
    if any(not 0 <= i < n or what not in ("accept", "reject") for i, what in restoration.decisions.items()):
        raise ValueError("a decision about a correction that does not exist")


def check_replay(restoration: Restoration) -> None:
    """Invariant 4: the columns, written to JSON and read again, give the same text.

    Raises:
        InvariantError: when they do not.
    """
    again = _ledger(orjson.loads(_json(_columns(restoration))))
    replayed = render(restoration.source.codes, again, restoration.accepted)
    if not np.array_equal(replayed.codes, restoration.rendering.codes):
        raise InvariantError("replaying the record gives another text")


def source_hash(text: str) -> str:
    """Hash by which decisions name the source they belong to."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
