"""Files of many pages: rows of `restore.writers`, packed in the order of the inputs, and taken apart again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import orjson

from restore.batch.plan import BatchError
from restore.writers import RowWriter

__all__ = ["check_parquet", "pack", "shard_name", "unpack"]


def shard_name(number: int, format: str) -> str:
    """Name of the ``number``-th file, from 1."""
    return f"pages-{number:05d}.{format}"


def check_parquet() -> None:
    """Raise a BatchError when Parquet cannot be written here."""
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError:
        raise BatchError(
            "Parquet needs pyarrow: pip install 'restore-cjk[parquet]' (or choose --format jsonl)"
        ) from None


def pack(rows: Iterable[bytes], target: Path, format: str) -> None:
    """Write rows (a line of JSON each) into a new file; they are read one after another."""
    with target.open("wb") as stream:
        if format == "jsonl":
            stream.writelines(rows)
            return
        writer = RowWriter(stream, format)
        for line in rows:
            writer.add(orjson.loads(line))
        writer.close()


def unpack(source: Path, format: str) -> Iterator[bytes]:
    """The rows of a file as they were before `pack`."""
    if format == "jsonl":
        with source.open("rb") as lines:
            yield from lines
        return
    import pyarrow.parquet as pq

    for batch in pq.ParquetFile(source).iter_batches(batch_size=64):
        for one in batch.to_pylist():
            one |= {name: orjson.loads(one[name]) for name in ("statistics", "meta")}
            yield orjson.dumps(one) + b"\n"
