"""The immutable source: the bytes of a dump, the text decoded from them, and spans of that text.

Code-point offsets into :attr:`Source.text` are the only coordinates that are stored anywhere.
"""

from __future__ import annotations

import codecs
import hashlib
import threading
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["InputError", "Source", "Span", "codes_to_text", "decode", "has_surrogate", "text_to_codes"]

Codes = NDArray[np.uint32]

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE = 1 << 20  # bytes of a large file that encoding recognition looks at
_CHARSETS = ("gb2312", "big5", "euc_jp", "euc_kr")
_FEW_ZEROS = 100  # text in UTF-8 has at most one zero byte in so many
_PLAIN = 0.9  # share of characters that texts are written in, from which bytes pass as UTF-16
_LEGACY = {"gb2312": "gb18030", "gbk": "gb18030", "hz": "gb18030", "big5hkscs": "big5hkscs", "cp950": "big5"}


class InputError(ValueError):
    """The input cannot be used; the message says what was wrong, where, and what to do."""


class Span(NamedTuple):
    """A half-open stretch ``[start, end)`` of the source, in code points."""

    start: int
    end: int


def text_to_codes(text: str) -> Codes:
    """Code points of ``text``, shape ``(len(text),)``; lone surrogates are kept."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def codes_to_text(codes: Codes) -> str:
    """The inverse of :func:`text_to_codes`."""
    return codes.astype("<u4", copy=False).tobytes().decode("utf-32-le", "surrogatepass")


@dataclass(frozen=True)
class Source:
    """A dump as it came in.

    Attributes:
        text: the decoded text; bytes that could not be decoded are in it as lone surrogates
            U+DC80..U+DCFF (PEP 383), so that nothing is dropped.
        encoding: the encoding the bytes were read with (``"str"`` for text given as text).
        name: file name for messages and reports.
        notes: what there is to report about the decoding, one sentence each.
        raw: the original bytes, or None for text given as text.
    """

    text: str
    encoding: str = "str"
    name: str = "<text>"
    notes: tuple[str, ...] = ()
    raw: bytes | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.text, str):
            raise TypeError(f"a text must be str, not {type(self.text).__name__} (bytes: Source.from_bytes)")

    @classmethod
    def from_bytes(cls, raw: bytes, name: str = "<bytes>", encoding: str | None = None) -> Source:
        """Decode ``raw``, recognising UTF-8, UTF-16/32, GB18030 and Big5.

        Raises:
            InputError: when the data is empty, binary, or the named ``encoding`` is unknown.
        """
        if not raw:
            raise InputError(f"{name}: the file is empty; nothing to restore")
        if encoding is None and (plain := _whole_utf8(raw)) is not None:
            return cls(plain, "utf-8", name, (), raw)
        notes: list[str] = []
        if encoding is None:
            encoding, sure = _recognise(raw, name)
            if not sure:
                notes.append(f"encoding recognised as {encoding} from the bytes; name it if that is wrong")
        try:
            text, bad = decode(raw, encoding)
        except LookupError:
            raise InputError(f"{name}: unknown encoding {encoding!r}") from None
        if bad:
            were = "1 byte" if bad == 1 else f"{bad:,} bytes"
            kept = "it is" if bad == 1 else "they are"
            notes.append(f"{were} could not be decoded as {encoding}; kept as {kept}")
        return cls(text, encoding, name, tuple(notes), raw)

    @classmethod
    def read(cls, path: str | Path, encoding: str | None = None) -> Source:
        """Read a file.

        Raises:
            InputError: when it is missing, a folder, unreadable, empty or binary.
        """
        path = Path(path)
        try:
            raw = path.read_bytes()
        except FileNotFoundError:
            raise InputError(f"{path}: no such file") from None
        except IsADirectoryError:
            raise InputError(f"{path}: is a folder; name the files in it") from None
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror or error})") from None
        return cls.from_bytes(raw, str(path), encoding)

    @cached_property
    def codes(self) -> Codes:
        """Code points of the text, shape ``(len(text),)``."""
        return text_to_codes(self.text)

    @cached_property
    def sha256(self) -> str:
        """Hash of the bytes (of the UTF-8 form when there are none)."""
        return hashlib.sha256(self.to_bytes()).hexdigest()

    def to_bytes(self) -> bytes:
        """The original bytes; for text given as text its UTF-8 form."""
        if self.raw is not None:
            return self.raw
        return encode_output(self.text)

    @cached_property
    def reversible(self) -> bool:
        """Whether encoding the text again gives the bytes."""
        if self.raw is None:
            return True
        try:
            return self.text.encode(self.encoding, "surrogateescape") == self.raw
        except UnicodeError:
            return False


def decode(raw: bytes, encoding: str) -> tuple[str, int]:
    """Text of ``raw``, and how many bytes do not fit the encoding; those are lone surrogates U+DC80..U+DCFF (PEP 383).

    UTF-16 and UTF-32 cannot be undone byte by byte: there a byte below 80 hexadecimal that does not fit is the ASCII
    character of that number.

    Raises:
        LookupError: when there is no such encoding.
    """
    try:
        return raw.decode(encoding), 0
    except UnicodeDecodeError:
        pass
    _escaped.bytes = 0
    return raw.decode(encoding, "restore.escape"), _escaped.bytes


_escaped = threading.local()  # how many bytes the decoding under way could not make sense of


def _escape(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    part = error.object[error.start : error.end]
    _escaped.bytes += len(part)
    return "".join(chr(byte if byte < 0x80 else 0xDC00 + byte) for byte in part), error.end


codecs.register_error("restore.escape", _escape)


def encode_output(text: str) -> bytes:
    """UTF-8 bytes of restored text; escaped bytes come out as the bytes they were."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def has_surrogate(text: str) -> bool:
    """Whether UTF-8 cannot hold the text."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


def _whole_utf8(raw: bytes) -> str | None:
    """Text of a small file without doubt in UTF-8, as nearly all are, so that it is decoded once; None for others."""
    if len(raw) > _SAMPLE or (0 in raw and raw.count(0) > len(raw) // _FEW_ZEROS):
        return None
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _recognise(raw: bytes, name: str) -> tuple[str, bool]:
    """Encoding of ``raw`` and whether that is certain."""
    for bom, encoding in _BOMS:
        if raw.startswith(bom):
            return encoding, True
    sample = raw[:_SAMPLE]
    zeros = sample.count(0)
    if _utf8(sample, whole=len(sample) == len(raw)) and zeros <= len(sample) // _FEW_ZEROS:
        return "utf-8", True
    found = _utf16(sample)
    if found is not None:
        return found, False
    if zeros:
        raise InputError(f"{name}: looks like a binary file, not text (zero bytes); nothing was done")
    # A UTF-8 file with a few broken bytes is still UTF-8.
    broken = sample.decode("utf-8", "replace").count("\ufffd")
    if broken <= max(3, len(sample) // 200):
        return "utf-8", True
    from charset_normalizer import from_bytes  # only files that are not UTF-8 pay for the import

    candidates = ["gb18030", "big5", "big5hkscs", "shift_jis", "euc_jp", "euc_kr", "utf_16_le", "utf_16_be"]
    best = from_bytes(sample, cp_isolation=candidates, threshold=0.6).best()
    if best is not None:
        found = str(best.encoding)
        return _LEGACY.get(found, found), False
    for encoding in ("gb18030", "big5"):
        if sample.decode(encoding, "replace").count("\ufffd") <= max(3, len(sample) // 200):
            return encoding, False
    raise InputError(
        f"{name}: neither text in UTF-8, UTF-16, GB18030 or Big5 nor another known encoding; is it a binary file?"
    )


def _utf8(sample: bytes, whole: bool) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample, final=whole)
    except UnicodeDecodeError:
        return False
    return True


def _utf16(sample: bytes) -> str | None:
    """UTF-16 without a BOM, by which byte order gives characters that texts are written in."""
    even = sample[: len(sample) // 2 * 2]
    shares = {encoding: _written(even.decode(encoding, "replace")) for encoding in ("utf-16-le", "utf-16-be")}
    best = max(shares, key=lambda encoding: shares[encoding])
    return best if shares[best] >= _PLAIN else None


def _written(text: str) -> float:
    """Share of the characters that one of the national character sets of East Asia has, control characters apart."""
    known = max(len(text.encode(charset, "ignore").decode(charset, "ignore")) for charset in _CHARSETS)
    controls = sum(text.count(chr(c)) for c in range(32) if chr(c) not in "\t\n\r\f")
    return (known - controls) / max(len(text), 1)
