"""The record: a restoration as JSON, enough to report, revert and replay from it alone.

The schema is ``restore/record.schema.json``; corrections stay in columns.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from restore.continuation import Continuation
from restore.correction import Certainty, EditKind
from restore.ledger import CORR_COLUMNS, DTYPES, EDIT_COLUMNS, Ledger, render
from restore.restoration import Block, InvariantError, Restoration
from restore.source import Source, codes_to_text, decode, has_surrogate, text_to_codes

__all__ = ["FORMAT", "VERSION", "RecordError", "dumps", "load", "loads"]

FORMAT = "restore-record"
VERSION = 1
_MOVE = int(EditKind.MOVE)


class RecordError(ValueError):
    """A record that is damaged, of another kind, or of a version this program does not know."""


# columns of few values are strings, one letter a row
_LETTERS = {"certainty": "lmh", "kind": "dirmg", "side": "<=>"}
_LISTS = {"corrections": ("pass", "score", "message"), "edits": ("start", "end", "text")}
_PLACES = {"corrections": (), "edits": ("start", "end", "text")}  # of them, those that bear on the text
_WORDS = {"corrections": ("certainty",), "edits": ("kind", "side")}
# what the text follows from, and the columns with it
_REPLAYED = ("passes", "texts", "messages", "corrections", "edits", "several", "placed")
_PLACED = {"to": 0, "rank": 0.0, "over": -1}  # what few edits have, and what the others have instead


def _spelt(name: str, column: NDArray[Any]) -> str:
    return str(_letters(name).take(column).tobytes(), "ascii")


@cache
def _letters(name: str) -> NDArray[np.uint8]:
    """What each value of a column that is spelt is written as."""
    return np.frombuffer(_LETTERS[name].encode(), dtype=np.uint8)


@cache
def _numbers(name: str) -> NDArray[np.int8]:
    """What each byte stands for in a column that is spelt; -1 for nothing."""
    table = np.full(256, -1, dtype=np.int8)
    table[np.frombuffer(_LETTERS[name].encode(), dtype=np.uint8)] = np.arange(len(_LETTERS[name]))
    return table


def _read(name: str, word: str) -> NDArray[np.int8]:
    column: NDArray[np.int8] = _numbers(name).take(np.frombuffer(word.encode("ascii"), dtype=np.uint8))
    if len(column) and int(column.min()) < 0:
        raise ValueError(f"a {name} that does not exist")
    return column


def _columns(restoration: Restoration, lists: Mapping[str, Sequence[str]] = _LISTS) -> dict[str, Any]:
    ledger = restoration.ledger
    body: dict[str, Any] = {"passes": ledger.passes, "texts": ledger.texts, "messages": ledger.messages}
    for table, columns in (("corrections", ledger.corrs), ("edits", ledger.edits)):
        body[table] = {name: np.ascontiguousarray(columns[name]) for name in lists[table]}
        body[table] |= {name: _spelt(name, columns[name]) for name in _WORDS[table]}
    # how many edits the corrections have that have not just one
    size = np.append(ledger.corrs["first"], ledger.n_edits)
    size = size[1:] - size[:-1]
    several = (size != 1).nonzero()[0]
    body["several"] = dict(zip(map(str, several.tolist()), size[several].tolist(), strict=True))
    # moves, ranks and rewritten texts
    e = ledger.edits
    placed = e["kind"] == _MOVE
    if not ledger.only_usual:
        placed |= (e["rank"] != 0) | (e["over"] >= 0)
    rows = placed.nonzero()[0]
    body["placed"] = {"row": rows, **{name: e[name][rows] for name in _PLACED}}
    for name, sparse in (
        ("evidence", ledger.evidence),
        ("builds_on", ledger.builds_on),
        ("requires", ledger.requires),
        ("decisions", restoration.decisions),
    ):
        body[name] = {str(k): v for k, v in sparse.items()}
    return body


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
    if restoration.continuations:
        body["continuations"] = [one.as_data() for one in restoration.continuations]
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
            f"{name}: not JSON, so no record; restore clean --record writes one "
            f"(line {error.lineno}, column {error.colno}: {error.msg})"
        ) from None
    if not isinstance(body, dict) or body.get("format") != FORMAT:
        raise RecordError(f'{name}: not a record of restore (its "format" is not {FORMAT!r})')
    if body.get("version") != VERSION:
        raise RecordError(
            f"{name}: record version {body.get('version')!r}; this program reads version {VERSION}"
        )
    try:
        _check_types(body)
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
            tuple(Continuation.of(one, len(source.text)) for one in body.get("continuations", ())),
        )
        _check_ledger(ledger, len(source.text), restoration)
    except (AttributeError, LookupError, TypeError, ValueError, OverflowError) as error:
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


def _check_types(body: dict[str, Any]) -> None:
    """Refuse what would only fail later, when somebody looks at it; columns are checked where they are read."""

    def need(holds: bool, what: str) -> None:
        if not holds:
            raise TypeError(what)

    source = body["source"]
    need(isinstance(source, dict), "source is not an object")
    for name in ("name", "encoding", "sha256"):
        need(isinstance(source[name], str), f"source.{name} is not text")
    for table, name in ((source, "notes"), (body, "notes"), (body, "passes"), (body, "messages")):
        need(_all_text(table[name]), f"{name} is not a list of texts")
    need(isinstance(body["settings"], dict), "settings is not an object")
    need(isinstance(body["texts"], list), "texts is not a list")
    need(isinstance(body["evidence"], dict), "evidence is not an object")
    for index, evidence in body["evidence"].items():
        need(isinstance(evidence, dict), f"the evidence of correction {index} is not an object")
        if "extent_ems" in evidence:
            extent = evidence["extent_ems"]
            need(
                isinstance(extent, list) and len(extent) == 2 and _is_number(extent[0]),
                f"the extent of correction {index} is not [least, most]",
            )
            need(extent[1] is None or _is_number(extent[1]), f"the extent of correction {index} is no number")
    need(isinstance(body["blocks"], list), "blocks is not a list")
    for block in body["blocks"]:
        need(
            isinstance(block, list)
            and len(block) == 4
            and all(type(block[k]) is int and block[k] >= 0 for k in (0, 1, 3))
            and isinstance(block[2], str),
            "a block is not [start, end, role, article]",
        )


def _all_text(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


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
    """The ledger of a record."""
    ledger = Ledger()
    for word in body["passes"]:
        ledger.pass_index(word)
    for text in body["texts"]:
        ledger.text_index(text if isinstance(text, str) else _from_codes(text))
    for message in body["messages"]:
        ledger.message_index(message)
    corrs, edits = (
        {name: np.array(body[table][name], dtype=DTYPES[name]) for name in _LISTS[table]}
        for table in ("corrections", "edits")
    )
    _complete(body, corrs, edits)
    for table in (corrs, edits):
        if len({len(column) for column in table.values()}) > 1:
            raise ValueError("columns of different length")
    ledger.extend(corrs, edits)
    ledger.evidence = {int(k): v for k, v in body["evidence"].items()}
    ledger.builds_on = {int(k): tuple(v) for k, v in body["builds_on"].items()}
    ledger.requires = {int(k): tuple(v) for k, v in body["requires"].items()}
    return ledger


def _complete(body: dict[str, Any], corrs: dict[str, NDArray[Any]], edits: dict[str, NDArray[Any]]) -> None:
    """Add the columns that a record does not list number by number."""
    for table, columns in (("corrections", corrs), ("edits", edits)):
        for name in _WORDS[table]:
            columns[name] = _read(name, body[table][name])
    n, m = len(corrs["certainty"]), len(edits["kind"])
    corrs["first"], edits["corr"] = _numbered(body["several"], n, m)
    edits |= _placed(body["placed"], m)


def _numbered(several: dict[str, int], n: int, m: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The first edit of each of ``n`` corrections, and the correction of each of ``m`` edits."""
    size = np.ones(n, dtype=np.int64)
    for index, count in several.items():
        size[int(index)] = count
    behind = size.cumsum()
    if (int(behind[-1]) if n else 0) != m or (n and int(size.min()) < 1):
        raise ValueError("corrections and their edits do not fit together")
    return behind - size, np.repeat(np.arange(n), size)


def _placed(placed: dict[str, list[Any]], m: int) -> dict[str, NDArray[Any]]:
    """Columns of ``m`` edits in which few have other than the usual values."""
    rows = np.array(placed["row"], dtype=np.int64)
    if len(rows) and not 0 <= int(rows.min()) <= int(rows.max()) < m:
        raise ValueError("a place for an edit that does not exist")
    columns = {name: np.full(m, usual, dtype=DTYPES[name]) for name, usual in _PLACED.items()}
    for name, column in columns.items():
        column[rows] = placed[name]
    return columns


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
    written = _columns(restoration, _PLACES)
    read = orjson.loads(_json(written))
    # columns that came back as they went need not be made of it again
    same = all(read[name] == _listed(written[name]) for name in _REPLAYED)
    if same and _follow(read, restoration.ledger):
        return  # the text is a function of the source and of these columns
    body = orjson.loads(_json(_columns(restoration)))
    replayed = render(restoration.source.codes, _ledger(body), restoration.accepted)
    if not np.array_equal(replayed.codes, restoration.rendering.codes):
        raise InvariantError("replaying the record gives another text")


def _listed(written: Any) -> Any:
    """What is in the body of a record, its columns as the lists that they are read as."""
    if not isinstance(written, dict):
        return written
    return {
        name: column.tolist() if isinstance(column, np.ndarray) else column
        for name, column in written.items()
    }


def _follow(body: dict[str, Any], ledger: Ledger) -> bool:
    """Whether the columns that a record does not list number by number follow from what it has."""
    first, corr = _numbered(body["several"], ledger.n_corrections, ledger.n_edits)
    e = ledger.edits
    if not (np.array_equal(first, ledger.corrs["first"]) and np.array_equal(corr, e["corr"])):
        return False
    if ledger.only_usual and not body["placed"]["row"]:
        return True
    placed = _placed(body["placed"], ledger.n_edits)
    return all(np.array_equal(column, e[name]) for name, column in placed.items())
