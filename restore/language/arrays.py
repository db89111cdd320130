"""Named arrays in one memory-mapped file: the container of the binary tables under ``dictionaries/``.

Layout: 8 bytes of magic, a little-endian 4-byte length, a JSON header of that length (``table`` = what the
file is, ``version``, ``size`` of the file in bytes, ``arrays``: name, dtype, shape, offset), then the arrays,
each at a multiple of 64 bytes. Opening reads the header only; the pages of the arrays are shared by all
processes.
"""

from __future__ import annotations

import json
import mmap
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restore.data import DataError

__all__ = ["open_arrays", "write_arrays"]

_MAGIC = b"RSTARR1\n"
_ALIGN = 64


def write_arrays(file: Path, table: str, version: int, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays, little-endian, in the order given; the same arrays give the same bytes."""
    plain = {name: array.astype(array.dtype.newbyteorder("<"), order="C") for name, array in arrays.items()}
    size = 0
    header = b""
    for _ in range(4):  # offsets depend on the header's length and that on the offsets; settles at once
        offset = _up(len(_MAGIC) + 4 + len(header))
        entries: list[tuple[str, str, tuple[int, ...], int]] = []
        for name, array in plain.items():
            entries.append((name, array.dtype.str, array.shape, offset))
            size = offset + array.nbytes
            offset = _up(size)
        fields = {"table": table, "version": version, "size": size, "arrays": entries}
        header = json.dumps(fields, separators=(",", ":")).encode()
    blob = bytearray(size)
    blob[: len(_MAGIC)] = _MAGIC
    struct.pack_into("<I", blob, len(_MAGIC), len(header))
    blob[len(_MAGIC) + 4 : len(_MAGIC) + 4 + len(header)] = header
    for (_, _, _, at), array in zip(entries, plain.values(), strict=True):
        blob[at : at + array.nbytes] = array.tobytes()
    file.write_bytes(blob)


def open_arrays(file: Path, table: str, version: int, rebuild: str) -> dict[str, NDArray[Any]]:
    """Map the arrays of a file, read-only.

    Args:
        file: the file.
        table: what it must be, as given to `write_arrays`.
        version: the version it must have.
        rebuild: the script that makes it, for the error message.

    Raises:
        DataError: when the file is missing, truncated, something else, or of another version.
    """
    hint = f"rebuild it with {rebuild}"
    try:
        with file.open("rb") as stream:
            data = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:  # ValueError: an empty file cannot be mapped
        raise DataError(f"{file} cannot be read ({error}); {hint}") from error
    start = len(_MAGIC) + 4
    if data[: len(_MAGIC)] != _MAGIC or len(data) < start:
        raise DataError(f"{file} is not a data table of restore; {hint}")
    (length,) = struct.unpack_from("<I", data, len(_MAGIC))
    try:
        header = json.loads(data[start : start + length])
    except ValueError as error:
        raise DataError(f"{file} has a damaged header; {hint}") from error
    if header["table"] != table or header["version"] != version:
        raise DataError(
            f"{file} holds {header['table']!r} version {header['version']}, "
            f"wanted {table!r} version {version}; {hint}"
        )
    if header["size"] != len(data):
        raise DataError(f"{file} has {len(data)} bytes where {header['size']} belong: truncated? {hint}")
    return {
        name: np.frombuffer(data, dtype=dtype, count=int(np.prod(shape)), offset=at).reshape(shape)
        for name, dtype, shape, at in header["arrays"]
    }


def _up(offset: int) -> int:
    return -(-offset // _ALIGN) * _ALIGN
