"""Archives as streams: one member in memory at a time, nothing is ever unpacked to disk."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Any

from restore.readers.document import Document, Failure, ReadError, ReadOptions
from restore.readers.opened import Opened

__all__ = ["is_aside", "is_picture", "read_tar", "read_zip"]

Reader = Callable[[Opened, ReadOptions], Iterator[Document | Failure]]

_RATIO = 200  # times an archive may grow in all; text grows 2 to 30 times
_ALLOWANCE = 256 * 2**20
_DIRECTORY = 64 * 2**20  # bytes of the list of members
_PICTURES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".jp2", ".gif", ".bmp", ".webp", ".jxl")
_DAMAGED = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    ValueError,
    NotImplementedError,
    RuntimeError,
    struct.error,
    KeyError,
    IndexError,
    OverflowError,
    MemoryError,
)


class _Bomb(ReadError):  # noqa: N818  (named for what the archive is)
    pass


def is_picture(name: str) -> bool:
    """Whether a file is an image; those that lie beside texts are passed over."""
    return name.lower().endswith(_PICTURES)


def is_aside(name: str) -> bool:
    """Whether a file is hidden, what a system leaves in archives, or what a review keeps beside the texts."""
    parts = name.split("/")
    hidden = any(p.startswith(".") and p not in (".", "..") for p in parts)
    return hidden or "__MACOSX" in parts or name.endswith(".decisions.json")


def _member(
    opened: Opened, name: str, data: bytes, options: ReadOptions, reader: Reader
) -> Iterator[Document | Failure]:
    one = Opened(f"{opened.name}!/{name}", f"{opened.shown}!/{name}", data=data)
    try:
        yield from reader(one, options)
    except ReadError as error:
        yield Failure(one.name, str(error))


def _too_large(opened: Opened, name: str, options: ReadOptions) -> Failure:
    return Failure(
        f"{opened.name}!/{name}",
        f"{opened.shown}!/{name}: larger than {options.most_bytes:,} bytes unpacked; it was not read",
    )


def _bomb(opened: Opened) -> _Bomb:
    return _Bomb(
        f"{opened.shown}: unpacks to more than {_RATIO} times its size, as archives made to do harm do; the rest was not read"
    )


def read_zip(opened: Opened, options: ReadOptions, reader: Reader) -> Iterator[Document | Failure]:
    """The pages of the members, in the archive's order. Images and hidden files are passed over."""
    with opened.stream() as stream:
        try:
            _check_directory(stream, opened)
            archive = zipfile.ZipFile(stream)
        except ReadError:
            raise
        except _DAMAGED as error:
            raise ReadError(f"{opened.shown}: damaged or no zip archive ({_said(error)})") from None
        left = _RATIO * opened.size() + _ALLOWANCE
        seen: dict[str, int] = {}
        with archive:
            for info in archive.infolist():
                name = _once(info.filename, seen)
                if info.filename.endswith("/") or is_picture(name) or is_aside(name):
                    continue
                if info.file_size > options.most_bytes:
                    yield _too_large(opened, name, options)
                    continue
                try:
                    with archive.open(info) as file:
                        data = file.read(min(options.most_bytes, left) + 1)
                except _DAMAGED as error:
                    why = "needs a password" if info.flag_bits & 1 else f"damaged ({_said(error)})"
                    yield Failure(f"{opened.name}!/{name}", f"{opened.shown}!/{name}: {why}")
                    continue
                left -= len(data)
                if left < 0:
                    raise _bomb(opened)
                if len(data) > options.most_bytes:
                    yield _too_large(opened, name, options)
                    continue
                yield from _member(opened, name, data, options, reader)


def _check_directory(stream: IO[bytes], opened: Opened) -> None:
    """Refuse a list of members that alone would fill the memory."""
    size = stream.seek(0, io.SEEK_END)
    stream.seek(max(0, size - 66_000))
    tail = stream.read()
    stream.seek(0)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 20:
        return
    length: int = struct.unpack_from("<I", tail, at + 12)[0]
    if length == 0xFFFFFFFF:
        wide = tail.rfind(b"PK\x06\x06")
        length = struct.unpack_from("<Q", tail, wide + 40)[0] if 0 <= wide <= len(tail) - 48 else 0
    if length > _DIRECTORY:
        raise ReadError(
            f"{opened.shown}: lists too many members ({length:,} bytes of names); split the archive"
        )


class _Counted(io.RawIOBase):
    """A stream that ends in an error when too much has come out of it."""

    def __init__(self, file: IO[bytes], most: int, opened: Opened) -> None:
        self._file, self._left, self._opened = file, most, opened

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(min(size, 1 << 20) if size >= 0 else 1 << 20)
        self._left -= len(data)
        if self._left < 0:
            raise _bomb(self._opened)
        return data


_PACKED: tuple[tuple[bytes, Callable[[Any], Any]], ...] = (
    (b"\x1f\x8b", gzip.open),
    (b"BZh", bz2.open),
    (b"\xfd7zXZ\x00", lzma.open),
)


def unpacked(opened: Opened, stream: IO[bytes]) -> IO[bytes]:
    """A stream with its compression taken off, where it has one."""
    head = opened.head()
    opener = next((make for magic, make in _PACKED if head.startswith(magic)), None)
    return opener(stream) if opener else stream


def read_tar(opened: Opened, options: ReadOptions, reader: Reader) -> Iterator[Document | Failure]:
    """The pages of the members, in the archive's order. Images and hidden files are passed over, links not followed."""
    with opened.stream() as stream:
        counted = _Counted(unpacked(opened, stream), _RATIO * opened.size() + _ALLOWANCE, opened)
        try:
            archive = tarfile.open(fileobj=counted, mode="r|")  # noqa: SIM115  (closed below)
        except ReadError:
            raise
        except _DAMAGED as error:
            raise ReadError(f"{opened.shown}: damaged or no tar archive ({_said(error)})") from None
        seen: dict[str, int] = {}
        with archive:
            while True:
                try:
                    info = archive.next()
                    if info is None:
                        return
                    archive.members = []  # type: ignore[attr-defined]  # they would pile up
                    name = _once(info.name, seen)
                    if info.isdir() or is_picture(name) or is_aside(name):
                        continue
                    if not info.isfile():
                        yield Failure(
                            f"{opened.name}!/{name}",
                            f"{opened.shown}!/{name}: is a link or device; not followed",
                        )
                        continue
                    if info.size > options.most_bytes:
                        yield _too_large(opened, name, options)
                        continue
                    file = archive.extractfile(info)
                    data = file.read() if file is not None else b""
                except ReadError:
                    raise
                except _DAMAGED as error:
                    raise ReadError(
                        f"{opened.shown}: the archive is damaged from here on ({_said(error)}); the rest was not read"
                    ) from None
                yield from _member(opened, name, data, options, reader)


def _once(name: str, seen: dict[str, int]) -> str:
    """The name of a member, which may have none; of members of one name the later ones are numbered."""
    name = name.encode("utf-8", "backslashreplace").decode("utf-8") or "unnamed"
    seen[name] = seen.get(name, 0) + 1
    return name if seen[name] == 1 else f"{name}@{seen[name]}"


def _said(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0][:200] or type(error).__name__
