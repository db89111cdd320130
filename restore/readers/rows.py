"""One page a row: JSON lines, Parquet and Arrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

import orjson

from restore.readers.document import Document, Failure, ReadError, ReadOptions
from restore.readers.opened import Opened, need
from restore.source import Source

__all__ = ["read_arrow", "read_jsonl", "read_parquet"]

_BATCH = 64  # rows in memory
_SHOWN = 12  # fields named in a message
_GROWTH = 200  # times its size that a file of rows may unpack to (and any file to `most_bytes`)


class _Names:
    """Ids of rows: by the id field, or by number; none twice."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._seen: set[int] = set()

    def of(self, number: int, value: Any) -> str:
        if value is None:
            return f"{self._base}#{number}"
        word = str(value)
        key = hash(word)
        if key in self._seen:
            return f"{self._base}#{word}@{number}"
        self._seen.add(key)
        return f"{self._base}#{word}"


def _page(
    names: _Names, where: str, number: int, text: Any, value: Any, kind: str, options: ReadOptions
) -> Document | Failure:
    identity = names.of(number, value)
    if isinstance(text, bytes):
        try:
            source = Source.from_bytes(text, where, options.encoding)
        except ValueError as error:
            return Failure(identity, str(error))
        return Document(identity, source, None, {"format": kind, "row": str(number)})
    if not isinstance(text, str):
        what = "is empty" if text is None else f"is no text but {_kind(text)}"
        return Failure(identity, f"{where}: the field {options.text_field!r} {what}")
    return Document(identity, Source(text, name=where), None, {"format": kind, "row": str(number)})


def _kind(value: Any) -> str:
    words = {bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return words.get(type(value), type(value).__name__)


def _missing(where: str, field: str, names: Sequence[str], option: str = "text_field") -> str:
    have = ", ".join(repr(name) for name in list(names)[:_SHOWN]) or "none"
    return f"{where}: there is no field {field!r}; there are: {have} (choose with {option}, --{option.replace('_', '-')} on the command line)"


def read_jsonl(opened: Opened, options: ReadOptions) -> Iterator[Document | Failure]:
    """One page a line; blank lines do not count as pages. A field may be within others: ``page.text``."""
    names = _Names(opened.name)
    with opened.stream() as file:
        for number, line in _lines(file, opened, options):
            where = f"{opened.shown}, line {number}"
            if line is None:
                yield Failure(
                    names.of(number, None), f"{where}: longer than {options.most_bytes:,} bytes; split it"
                )
                continue
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            if not line.strip():
                continue
            try:
                row = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                yield Failure(
                    names.of(number, None), f"{where}, column {error.colno}: not JSON ({error.msg})"
                )
                continue
            if not isinstance(row, dict):
                yield Failure(names.of(number, None), f"{where}: not an object with fields but {_kind(row)}")
                continue
            found, text = _field(row, options.text_field)
            if not found:
                yield Failure(names.of(number, None), _missing(where, options.text_field, list(row)))
                continue
            value = _field(row, options.id_field)[1] if options.id_field else None
            yield _page(names, where, number, text, value, "jsonl", options)


def _lines(file: BinaryIO, opened: Opened, options: ReadOptions) -> Iterator[tuple[int, bytes | None]]:
    """Numbered lines, None for one that is too long."""
    number = 0
    while True:
        try:
            line = file.readline(options.most_bytes + 1)
            number += 1
            if not line:
                return
            if len(line) <= options.most_bytes:
                yield number, line
                continue
            while line and not line.endswith(b"\n"):
                line = file.readline(1 << 24)
        except OSError as error:
            raise ReadError(f"{opened.shown}: cannot be read ({error.strerror or error})") from None
        yield number, None


def _field(row: dict[str, Any], name: str) -> tuple[bool, Any]:
    """Whether there is a field of that name, or of names within each other, and its value."""
    if name in row:
        return True, row[name]
    value: Any = row
    for word in name.split("."):
        if not isinstance(value, dict) or word not in value:
            return False, None
        value = value[word]
    return True, value


def read_parquet(opened: Opened, options: ReadOptions) -> Iterator[Document | Failure]:
    """One page a row of a Parquet file, a few rows in memory at a time."""
    need("pyarrow", "reading Parquet")
    parquet = need("pyarrow.parquet", "reading Parquet")
    with _explained(opened, "Parquet"), opened.stream() as stream:
        file = parquet.ParquetFile(stream, pre_buffer=False)
        columns = _columns(file.schema_arrow, opened, options)
        for group in range(file.num_row_groups):
            meta = file.metadata.row_group(group)
            for k in range(meta.num_columns):
                column = meta.column(k)
                size = int(column.total_uncompressed_size)
                path = str(column.path_in_schema)
                if (
                    any(path == c or path.startswith(f"{c}.") for c in columns)
                    and size > 4 * options.most_bytes
                ):
                    raise ReadError(
                        f"{opened.shown}, row group {group}: the column {column.path_in_schema!r} takes {size:,} bytes;"
                        " write the file with smaller row groups"
                    )
        batches = file.iter_batches(_BATCH, columns=columns)
        yield from _batches(batches, opened, options, "parquet")


def read_arrow(opened: Opened, options: ReadOptions) -> Iterator[Document | Failure]:
    """One page a row of an Arrow file or stream (Feather version 2 is the same)."""
    need("pyarrow", "reading Arrow")
    ipc = need("pyarrow.ipc", "reading Arrow")
    with _explained(opened, "Arrow"), opened.stream() as stream:
        if opened.head().startswith(b"ARROW1"):
            file = ipc.open_file(stream)
            batches = (file.get_batch(k) for k in range(file.num_record_batches))
            schema = file.schema
        else:
            batches = ipc.open_stream(stream)
            schema = batches.schema
        columns = list(dict.fromkeys(_top(schema, name) for name in _columns(schema, opened, options)))
        chosen = (batch.select(columns) for batch in batches)
        yield from _batches(chosen, opened, options, "arrow")


def _columns(schema: Any, opened: Opened, options: ReadOptions) -> list[str]:
    """The columns that are wanted; one may be within others: ``page.text``."""
    wanted = [options.text_field] + ([options.id_field] if options.id_field else [])
    for name, option in zip(wanted, ("text_field", "id_field"), strict=False):
        if not _has(schema, name):
            raise ReadError(_missing(opened.shown, name, schema.names, option))
    return list(dict.fromkeys(wanted))


def _top(schema: Any, name: str) -> str:
    """The column that a field is in."""
    return name if name in schema.names else name.partition(".")[0]


def _has(schema: Any, name: str) -> bool:
    if name in schema.names:
        return True
    first, *rest = name.split(".")
    if first not in schema.names or not rest:
        return False
    kind = schema.field(first).type
    for word in rest:
        inner = {kind.field(k).name: kind.field(k).type for k in range(getattr(kind, "num_fields", 0))}
        if word not in inner:
            return False
        kind = inner[word]
    return True


def _values(batch: Any, name: str) -> Any:
    """The values of a column, or of a field within others, which is null where they are."""
    compute = need("pyarrow.compute", "reading rows")
    top = _top(batch.schema, name)
    column = batch.column(batch.schema.get_field_index(top))
    return column if top == name else compute.struct_field(column, name.split(".")[1:])


def _batches(
    batches: Iterator[Any], opened: Opened, options: ReadOptions, kind: str
) -> Iterator[Document | Failure]:
    names = _Names(opened.name)
    number = unpacked = 0
    most = max(options.most_bytes, _GROWTH * opened.size())
    for batch in batches:
        batch.validate(full=True)  # offsets of an untrusted file may lead anywhere
        unpacked += batch.nbytes
        if unpacked > most:
            raise ReadError(
                f"{opened.shown}, row {number + 1}: unpacks to more than {_GROWTH} times its size; not read further"
            )
        texts = _values(batch, options.text_field)
        values = _values(batch, options.id_field) if options.id_field else None
        for k in range(batch.num_rows):
            number += 1
            value = values[k].as_py() if values is not None else None
            where = f"{opened.shown}, row {number}"
            yield _page(names, where, number, texts[k].as_py(), value, kind, options)


class _explained:  # noqa: N801
    """Errors of pyarrow as sentences."""

    def __init__(self, opened: Opened, kind: str) -> None:
        self._opened, self._kind = opened, kind

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: Any, error: BaseException | None, __: Any) -> None:
        pyarrow = need("pyarrow", "reading it")
        known = (pyarrow.ArrowException, OSError, ValueError, KeyError, NotImplementedError, MemoryError)
        if isinstance(error, known) and not isinstance(error, ReadError):
            first = str(error).strip().partition("\n")[0][:200]
            raise ReadError(
                f"{self._opened.shown}: damaged or no {self._kind} file ({first}); write it again"
            ) from None
