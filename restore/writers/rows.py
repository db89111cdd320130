"""One page a row: JSON lines and Parquet with text, record and statistics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from restore.files import open_atomic
from restore.readers.document import Document
from restore.readers.opened import need
from restore.record import dumps
from restore.restoration import Restoration
from restore.source import has_surrogate

__all__ = ["RowWriter", "row", "write_jsonl", "write_parquet"]

_BATCH = 256
_BATCH_BYTES = 32 * 2**20

Row = dict[str, Any]


def row(document: Document, restoration: Restoration) -> Row:
    """The row of a page.

    ``id``, ``text`` (restored), ``source_sha256``, ``applied`` and ``open`` (numbers of corrections), ``statistics`` (by
    pass and certainty), ``record`` (the record as JSON text) and ``meta`` (what the input said of the page).
    """
    applied = int(restoration.accepted.sum())
    text = restoration.text
    if has_surrogate(text):  # a column of UTF-8 cannot hold them; the record has them exactly
        text = (
            text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
            if _escaped(text)
            else _plain(text)
        )
    return {
        "id": _plain(document.id),
        "text": text,
        "source_sha256": restoration.source.sha256,
        "applied": applied,
        "open": restoration.ledger.n_corrections - applied,
        "statistics": restoration.statistics(),
        "record": dumps(restoration).decode("utf-8"),
        "meta": {key: _plain(value) for key, value in document.meta.items()},
    }


def _escaped(text: str) -> bool:
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True


def _plain(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


class RowWriter:
    """Writes rows one after another; see :func:`write_jsonl` and :func:`write_parquet`."""

    def __init__(self, stream: Any, kind: str) -> None:
        self._stream, self._kind = stream, kind
        self._rows: list[Row] = []
        self._size = 0
        self._file: Any = None
        self.count = 0
        if kind == "parquet":
            self._pyarrow = need("pyarrow", "writing Parquet")
            self._parquet = need("pyarrow.parquet", "writing Parquet")
            text, number = self._pyarrow.string(), self._pyarrow.int64()
            names = ("id", "text", "source_sha256", "statistics", "record", "meta")
            types = dict.fromkeys(names, text) | {"applied": number, "open": number}
            order = ("id", "text", "source_sha256", "applied", "open", "statistics", "record", "meta")
            self._schema = self._pyarrow.schema([(name, types[name]) for name in order])
            self._file = self._parquet.ParquetWriter(stream, self._schema, compression="zstd")

    def add(self, one: Row) -> None:
        """Write a row."""
        self.count += 1
        if self._kind == "jsonl":
            self._stream.write(orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE))
            return
        flat = one | {name: orjson.dumps(one[name]).decode() for name in ("statistics", "meta")}
        self._rows.append(flat)
        self._size += len(one["record"]) + len(one["text"])
        if len(self._rows) >= _BATCH or self._size >= _BATCH_BYTES:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            self._file.write_table(self._pyarrow.Table.from_pylist(self._rows, self._schema))
        self._rows, self._size = [], 0

    def close(self) -> None:
        """Write what is left and the end of the file."""
        if self._file is not None:
            self._flush()
            self._file.close()


@contextmanager
def writing(path: str | Path, kind: str, *, force: bool = False) -> Iterator[RowWriter]:
    """A writer of ``jsonl`` or ``parquet`` whose file appears, whole, when all went well."""
    with open_atomic(path, force=force) as stream:
        writer = RowWriter(stream, kind)
        yield writer
        writer.close()


def write_jsonl(path: str | Path, rows: Iterable[Row], *, force: bool = False) -> int:
    """Write rows as JSON lines, as a stream; the number of rows.

    Raises:
        OutputError: when the file exists (without ``force``) or cannot be written.
    """
    return _write(path, rows, "jsonl", force)


def write_parquet(path: str | Path, rows: Iterable[Row], *, force: bool = False) -> int:
    """Write rows as Parquet, as a stream; ``statistics`` and ``meta`` are JSON text. The number of rows.

    Raises:
        OutputError: when the file exists (without ``force``) or cannot be written.
        ReadError: when pyarrow is not installed.
    """
    return _write(path, rows, "parquet", force)


def _write(path: str | Path, rows: Iterable[Row], kind: str, force: bool) -> int:
    with writing(path, kind, force=force) as writer:
        for one in rows:
            writer.add(one)
    return writer.count
