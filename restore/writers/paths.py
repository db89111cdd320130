"""Where the results of a page go: always inside the output folder."""

from __future__ import annotations

import hashlib
import re
from pathlib import PurePosixPath

__all__ = ["output_path"]

_LONGEST = 120  # bytes of a part of a path; file systems allow 255, and endings are added
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"|?*\\\ud800-\udfff\u202a-\u202e\u2066-\u2069\u200e\u200f]')
_HASHED = re.compile(r"~[0-9a-f]{12}$")  # an ending that only changed names may have
_DEVICES = re.compile(r"(?i)^(con|prn|aux|nul|com\d|lpt\d)(\.|$)")


def output_path(identity: str, suffix: str = "") -> PurePosixPath:
    """A relative path for the results of the page of that id; different ids have different paths.

    The path has no ``..``, no root and no drive, and its parts are names that every file system takes. Where
    a name had to be changed, a piece of its hash is added, so that two ids never share a path.

    >>> str(output_path("book.pdf#3", ".txt"))
    'book.pdf#3.txt'
    >>> str(output_path("scans.zip!/p1.xml", ".txt"))
    'scans.zip!/p1.xml.txt'
    >>> output_path("scans.zip!/../../etc/passwd").parts[:-1]
    ('scans.zip!', '_', '_', 'etc')
    """
    parts = []
    changed = _HASHED.search(identity) is not None
    for part in identity.split("/"):
        safe = _UNSAFE.sub("_", part).rstrip(". ")
        if not safe or _DEVICES.match(safe) or safe.startswith("."):
            safe = "_" + safe.lstrip(".")
        if len(safe.encode()) > _LONGEST:
            safe = safe.encode()[:_LONGEST].decode("utf-8", "ignore")
        changed |= safe != part
        parts.append(safe)
    if changed:
        parts[-1] += "~" + hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    parts[-1] += suffix
    return PurePosixPath(*parts)
