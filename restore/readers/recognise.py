"""Which format a file has: by its content, and by its name where content does not tell."""

from __future__ import annotations

import lzma
import zlib
from pathlib import PurePosixPath

import orjson

from restore.readers.document import ReadError
from restore.readers.hocr import is_hocr
from restore.readers.opened import Opened
from restore.readers.xml import name_of_root

__all__ = ["FORMATS", "is_format", "recognise"]

#: Names of the formats that can be read.
FORMATS = (
    "text",
    "markdown",
    "jsonl",
    "parquet",
    "arrow",
    "ocr-json",
    "hocr",
    "alto",
    "page",
    "pdf",
    "zip",
    "tar",
)

_NAMES = {
    ".txt": "text",
    ".md": "markdown",
    ".markdown": "markdown",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "ocr-json",
    ".hocr": "hocr",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".arrows": "arrow",
    ".feather": "arrow",
    ".pdf": "pdf",
    ".zip": "zip",
    ".tar": "tar",
    ".tgz": "tar",
    ".tbz2": "tar",
    ".txz": "tar",
}
_MAGIC = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"PAR1", "parquet"),
    (b"ARROW1", "arrow"),
    (b"%PDF-", "pdf"),
)
_PACKED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00")
_RECOGNISED = {"rec_texts", "txts", "res", "ocrResults", "result"}  # of recognisers and their services
_XML = {"alto": "alto", "PcGts": "page"}


def recognise(opened: Opened) -> str:
    """Name of the format.

    Raises:
        ReadError: for content of a known kind that cannot be read: other XML, a compressed file that is no tar.
    """
    head = opened.head()
    name = opened.name.lower()
    by_name = _NAMES.get(PurePosixPath(name).suffix)
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head[257:262] == b"ustar":
        return "tar"
    if head.startswith(_PACKED):
        if by_name == "tar" or ".tar." in name or _holds_tar(opened):
            return "tar"
        raise ReadError(
            f"{opened.shown}: is a compressed file; unpack it (archives are read as .zip, .tar, .tar.gz)"
        )
    if b"%PDF-" in head[:1024] and by_name == "pdf":
        return "pdf"
    root = name_of_root(head)
    if root is not None:
        if root in _XML:
            return _XML[root]
        if by_name == "hocr" or is_hocr(head):
            return "hocr"
        if name.endswith(".xml"):
            raise ReadError(
                f"{opened.shown}: XML of another kind (<{root}>); ALTO, PAGE and hOCR are read,"
                " anything as text when the format is named"
            )
    if by_name is not None:
        return by_name
    first = head.lstrip(b"\xef\xbb\xbf \t\r\n").partition(b"\n")[0].strip()
    if first.startswith((b"{", b"[")):
        try:
            row = orjson.loads(first)
        except orjson.JSONDecodeError:
            return "text"
        return "jsonl" if isinstance(row, dict) and not _RECOGNISED & row.keys() else "ocr-json"
    return "text"


def _holds_tar(opened: Opened) -> bool:
    """Whether a compressed file without a telling name (standard input) is a tar archive."""
    from restore.readers.archive import unpacked

    try:
        with opened.stream() as stream, unpacked(opened, stream) as content:
            return content.read(262)[257:262] == b"ustar"
    except (OSError, EOFError, ValueError, lzma.LZMAError, zlib.error):
        return False


def is_format(name: str) -> bool:
    """Whether a file of that name is more than a text file."""
    lower = name.lower()
    by_name = _NAMES.get(PurePosixPath(lower).suffix)
    return by_name not in (None, "text", "markdown") or lower.endswith(".xml") or ".tar." in lower
