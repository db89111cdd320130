"""Text layers of PDF files, by PDFium."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restore.readers.document import Document, Failure, ReadError, ReadOptions
from restore.readers.opened import Opened, need
from restore.readers.page_text import Line, Word, page

__all__ = ["read_pdf"]

_GAP = 1.3  # ems of white in a line from which it is another column's
_OFF = 0.5  # ems by which a glyph may leave its line
_OFF_VERTICAL = 0.8  # the same where lines run downwards: brackets are turned about their corner
_BROKEN = 0.1  # share of glyphs without a character from which the page's map is called broken


def read_pdf(opened: Opened, options: ReadOptions, begin: int = 0) -> Iterator[Document | Failure]:
    """The pages of a file from number ``begin`` (of 0) on, one in memory at a time."""
    pdfium = need("pypdfium2", "reading PDF")
    try:
        file = pdfium.PdfDocument(opened.path if opened.data is None else opened.data)
        count = len(file)
    except (pdfium.PdfiumError, OSError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0][:200]
        if "assword" in reason:
            raise ReadError(f"{opened.shown}: is protected by a password; save it without one") from None
        raise ReadError(f"{opened.shown}: damaged or no PDF ({reason})") from None
    try:
        for k in range(begin, count):
            name, shown = f"{opened.name}#{k + 1}", f"{opened.shown}, page {k + 1}"
            try:
                yield _page(pdfium, file, k, name, shown, options)
            except MemoryError:
                yield Failure(name, f"{shown}: reading it needs more memory than a page may take")
            except (pdfium.PdfiumError, OSError, ValueError) as error:
                yield Failure(name, f"{shown}: cannot be read ({str(error)[:200]})")
    finally:
        file.close()


def _page(pdfium: Any, file: Any, k: int, name: str, shown: str, options: ReadOptions) -> Document | Failure:
    one = file[k]
    try:
        width, height = one.get_size()
        layer = one.get_textpage()
        try:
            count = layer.count_chars()
            if count > options.most_characters:
                return Failure(
                    name,
                    f"{shown}: {count:,} characters, more than a page may have ({options.most_characters:,})",
                )
            codes, boxes, broken = _glyphs(pdfium.raw, layer.raw, one.raw, count, (width, height))
        finally:
            layer.close()
    finally:
        one.close()
    visible = int((codes > 32).sum())
    if not visible:
        return Failure(name, f"{shown}: has no text layer; recognise the page first (it may be a scan)")
    notes: tuple[str, ...] = ()
    private = int(((codes >= 0xE000) & (codes <= 0xF8FF)).sum())
    lost = broken + private
    if lost > _BROKEN * visible:
        notes = (f"{lost} of {visible} glyphs have no character in the PDF's own map; its text may be wrong",)
    lines = _lines(codes, boxes)
    return page(name, shown, lines, (width, height), {"format": "pdf", "page": str(k + 1)}, notes=notes)


def _glyphs(
    raw: Any, layer: Any, one: Any, count: int, size: tuple[float, float]
) -> tuple[NDArray[np.int64], NDArray[np.float64], int]:
    """Code points and boxes (top down, as the page is shown) of the layer, and how many have no character."""
    codes = np.zeros(count, dtype=np.int64)
    boxes = np.zeros((count, 4))
    rect = raw.FS_RECTF()  # the glyph's room in its line, not its ink: 一 is as high as 国
    unicode, place, error = (
        raw.FPDFText_GetUnicode,
        raw.FPDFText_GetLooseCharBox,
        raw.FPDFText_HasUnicodeMapError,
    )
    broken = 0
    for k in range(count):
        code = unicode(layer, k)
        place(layer, k, rect)
        boxes[k] = rect.left, rect.bottom, rect.right, rect.top
        if error(layer, k) == 1:
            broken += 1
        codes[k] = code
    # halves of characters beyond the first plane
    high = np.flatnonzero(
        (codes[:-1] >= 0xD800) & (codes[:-1] < 0xDC00) & (codes[1:] >= 0xDC00) & (codes[1:] < 0xE000)
    )
    codes[high] = 0x10000 + ((codes[high] - 0xD800) << 10) + (codes[high + 1] - 0xDC00)
    codes[high + 1] = -1
    bad = (
        (codes == 0)
        | (codes == 0xFFFE)
        | (codes == 0xFFFF)
        | ((codes >= 0xD800) & (codes < 0xE000))
        | (codes > 0x10FFFF)
    )
    broken += int((bad & (codes != 0)).sum())
    codes[bad] = 0xFFFD
    box = np.where(np.isfinite(boxes), boxes, 0.0)
    return codes, _shown(raw, one, box, size), broken


def _shown(raw: Any, one: Any, box: NDArray[np.float64], size: tuple[float, float]) -> NDArray[np.float64]:
    """From the page's own space, which may be turned and begins at the bottom, to the page as it is shown."""
    turn = int(raw.FPDFPage_GetRotation(one)) % 4
    crop = [ctypes.c_float() for _ in range(4)]
    if not raw.FPDFPage_GetCropBox(one, *crop) and not raw.FPDFPage_GetMediaBox(one, *crop):
        crop = [ctypes.c_float(v) for v in (0.0, 0.0, *size)]
    x0, y0, x1, y1 = (v.value for v in crop)
    a, b, c, d = box.T
    a, b, c, d = a - x0, b - y0, c - x0, d - y0
    wide, high = x1 - x0, y1 - y0
    if turn == 0:
        out = a, high - d, c, high - b
    elif turn == 1:
        out = b, a, d, c
    elif turn == 2:
        out = wide - c, b, wide - a, d
    else:
        out = high - d, wide - c, high - b, wide - a
    return np.stack(out, axis=1)


def _lines(codes: NDArray[np.int64], boxes: NDArray[np.float64]) -> list[Line]:
    """Glyphs cut into printed lines: at the layer's own line ends, where a glyph leaves its line, and at wide gaps."""
    lines: list[Line] = []
    here: list[int] = []

    def close() -> None:
        while here and codes[here[-1]] <= 32:
            here.pop()
        if here:
            solid = [k for k in here if codes[k] > 32]
            own = boxes[solid]
            box = (*own[:, :2].min(axis=0).tolist(), *own[:, 2:].max(axis=0).tolist())
            words = [Word(chr(codes[k]), tuple(boxes[k].tolist()) if codes[k] > 32 else None) for k in here]
            lines.append(Line(words, box, 0, spaced=False))
        here.clear()

    size = boxes[:, 2:] - boxes[:, :2]
    vertical = _vertical(codes, boxes, size)
    last = -1
    for k, code in enumerate(codes.tolist()):
        if code == -1:
            continue
        if code in (10, 13):
            if not vertical:  # there the layer ends a line behind every glyph
                close()
                last = -1
        elif code <= 32 or code == 0xA0:
            if here:
                here.append(k)
        else:
            if last >= 0 and _leaves(boxes[last], boxes[k], size[last], size[k], vertical):
                close()
            here.append(k)
            last = k
    close()
    return lines


def _vertical(codes: NDArray[np.int64], boxes: NDArray[np.float64], size: NDArray[np.float64]) -> bool:
    """Whether most glyphs stand under the one before them."""
    solid = np.flatnonzero(codes > 32)
    if len(solid) < 2:
        return False
    a, b = boxes[solid[:-1]], boxes[solid[1:]]
    em = np.maximum(size[solid[:-1]].max(axis=1), 1e-3)
    across = np.abs((b[:, 0] + b[:, 2] - a[:, 0] - a[:, 2]) / 2) < _OFF * em
    down = (b[:, 1] + b[:, 3] - a[:, 1] - a[:, 3]) / 2
    return float((across & (down > _OFF * em) & (down < 2 * em)).mean()) > 0.5


def _leaves(
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    of_a: NDArray[np.float64],
    of_b: NDArray[np.float64],
    vertical: bool,
) -> bool:
    """Whether glyph b, next in the layer, stands on another line than a, across or down."""
    em = max(float(of_a.max()), float(of_b.max()), 1e-3)
    middle = (b[:2] + b[2:] - a[:2] - a[2:]) / 2
    across, down = float(middle[0]), float(middle[1])
    if vertical and down > -_OFF * em and abs(across) <= _OFF_VERTICAL * em:
        return float(b[1] - a[3]) > _GAP * em
    if abs(across) < 1e-9 and abs(down) < 1e-9:
        return False
    if abs(across) >= abs(down):
        return abs(down) > _OFF * em or float(b[0] - a[2]) > _GAP * em or across < -_OFF * em
    return abs(across) > _OFF * em or float(b[1] - a[3]) > _GAP * em or down < -_OFF * em
