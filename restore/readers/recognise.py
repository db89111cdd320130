"""Which format a file has: by its content, and by its name where content does not tell."""

from __future__ import annotations

import lzma
import re
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
_DOCUMENT = "a document of a word processor; save it as text or PDF"
_PICTURE = "a picture; restore reads the text that an OCR program or a converter made of it"
_UNREAD = (
    (b"\xff\xd8\xff", _PICTURE),
    (b"\x89PNG\r\n", _PICTURE),
    (b"II*\x00", _PICTURE),
    (b"MM\x00*", _PICTURE),
    (b"GIF8", _PICTURE),
    (b"\x00\x00\x00\x0cjP  ", _PICTURE),
    (b"AT&TFORM", "a DjVu file; take its text out first (djvutxt)"),
    (b"\xd0\xcf\x11\xe0", _DOCUMENT),
    (b"{\\rtf", _DOCUMENT),
)
_OFFICE = (".docx", ".xlsx", ".pptx", ".odt", ".ods", ".epub")  # zip archives of XML that is no page's
_OWN = re.compile(rb'\s*\{\s*"format":\s*"restore-(\w+)"')  # how the JSON of restore begins
_REPORT = b'<meta name="generator" content="restore-cjk">'
_PACKED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00")
_RECOGNISED = {"rec_texts", "txts", "res", "ocrResults", "result"}  # of recognisers and their services
_XML = {"alto": "alto", "PcGts": "page"}


def recognise(opened: Opened) -> str:
    """Name of the format.

    Raises:
        ReadError: for content of a known kind that cannot be read: pictures, other XML, a compressed file that is no tar,
            what restore itself wrote about a page.
    """
    head = opened.head()
    name = opened.name.lower()
    by_name = _NAMES.get(PurePosixPath(name).suffix)
    _refuse_others(head, name, opened.shown)
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


def _refuse_others(head: bytes, name: str, shown: str) -> None:
    for magic, what in _UNREAD:
        if head.startswith(magic):
            raise ReadError(f"{shown}: is {what}")
    if name.endswith(_OFFICE) and head.startswith(b"PK"):
        raise ReadError(f"{shown}: is {_DOCUMENT}")
    if (own := _OWN.match(head)) is not None and own[1] == b"record":
        raise ReadError(
            f"{shown}: is the record of a page; restore export --format text gives the text in it"
        )
    if own is not None or _REPORT in head[:2000]:
        what = "the report" if own is None else f"a file ({own[1].decode()})"
        raise ReadError(f"{shown}: is {what} that restore wrote about a page, no page")


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
