"""Rows and the files they are packed into: JSONL and Parquet, one row a page, in the order of the inputs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson

from restore.batch.page import Page
from restore.batch.plan import BatchError

__all__ = ["COLUMNS", "check_parquet", "pack", "row", "shard_name", "unpack"]

COLUMNS = ("id", "text", "record", "statistics", "meta")
"""Columns of a row: id, restored text, record (JSON or nothing), statistics by pass (JSON), what the input said
of the page (JSON)."""

_GROUP = 64  # rows held in memory at a time


def row(page: Page) -> bytes:
    """One page as a line of JSON. Lone surrogates, which JSON in UTF-8 cannot hold, become U+FFFD; the record has them."""
    body: dict[str, Any] = {
        "id": page.id.encode("utf-8", "replace").decode(),
        "text": page.text.decode("utf-8", "replace"),
        "record": page.record.decode() if page.record is not None else None,
        "statistics": _words(page.summary.statistics),
        "meta": _words({k: v.encode("utf-8", "replace").decode() for k, v in page.meta.items()}),
    }
    return orjson.dumps(body) + b"\n"


def _words(value: Any) -> str:
    return orjson.dumps(value).decode()


def shard_name(number: int, format: str) -> str:
    """Name of the ``number``-th file, from 1."""
    return f"pages-{number:05d}.{format}"


def check_parquet() -> None:
    """Raises BatchError when Parquet cannot be written here."""
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError:
        raise BatchError(
            "Parquet needs pyarrow: pip install 'restore-cjk[parquet]' (or choose --format jsonl)"
        ) from None


def pack(rows: Iterable[bytes], target: Path, format: str) -> None:
    """Write rows into a new file; they are read one after another."""
    if format == "jsonl":
        with target.open("wb") as out:
            for line in rows:
                out.write(line)
        return
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([pa.field(name, pa.string(), nullable=name == "record") for name in COLUMNS])
    with pq.ParquetWriter(target, schema, compression="zstd") as out:
        for group in _groups(rows):
            columns = {name: [one[name] for one in group] for name in COLUMNS}
            out.write_table(pa.table(columns, schema=schema))


def _groups(rows: Iterable[bytes]) -> Iterator[list[dict[str, Any]]]:
    group: list[dict[str, Any]] = []
    for line in rows:
        group.append(orjson.loads(line))
        if len(group) == _GROUP:
            yield group
            group = []
    if group:
        yield group


def unpack(source: Path, format: str) -> Iterator[bytes]:
    """The rows of a file as :func:`row` made them."""
    if format == "jsonl":
        with source.open("rb") as lines:
            yield from lines
        return
    import pyarrow.parquet as pq

    for batch in pq.ParquetFile(source).iter_batches(batch_size=_GROUP):
        for one in batch.to_pylist():
            yield orjson.dumps({name: one[name] for name in COLUMNS}) + b"\n"
