"""Printed lines with boxes: what formats with positions know about a page beyond its text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Layout"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def _no_ints() -> Ints:
    return np.zeros(0, dtype=np.int64)


def _no_boxes() -> Floats:
    return np.zeros((0, 4))


@dataclass(frozen=True, eq=False)
class Layout:
    """The printed lines of a page in the order of its file, in columns over ``n`` lines.

    Boxes are left, top, right, bottom in the file's own unit (pixels, points, tenths of a millimetre), top down.

    Attributes:
        start, end: half-open spans of the lines in the text of the source, ascending; shape ``(n,)``.
        box: boxes of the lines; shape ``(n, 4)``.
        region: number of the file's own block that holds the line, -1 for none; shape ``(n,)``.
        ids: the lines' names in the file, empty for none; ``n`` of them.
        size: width and height of the page, 0 where the file does not say.
        word_start, word_end, word_box: spans and boxes of words or glyphs, where the file has them;
            shapes ``(m,)``, ``(m,)``, ``(m, 4)``.
    """

    start: Ints
    end: Ints
    box: Floats
    region: Ints
    ids: tuple[str, ...] = ()
    size: tuple[float, float] = (0.0, 0.0)
    word_start: Ints = field(default_factory=_no_ints)
    word_end: Ints = field(default_factory=_no_ints)
    word_box: Floats = field(default_factory=_no_boxes)

    def __post_init__(self) -> None:
        n = len(self.start)
        shapes = (self.end.shape == (n,), self.box.shape == (n, 4), self.region.shape == (n,))
        if not all(shapes) or len(self.ids) not in (0, n):
            raise ValueError("the columns of a layout must have one row a line")
        if n and ((self.start > self.end).any() or (self.start[1:] < self.end[:-1]).any()):
            raise ValueError("the lines of a layout must follow each other in the text")

    def __len__(self) -> int:
        return len(self.start)

    def as_data(self) -> dict[str, Any]:
        """Plain data: one row a line, for a record or a sidecar."""
        names = self.ids or ("",) * len(self)
        return {
            "size": list(self.size),
            "lines": [
                {"id": name, "start": a, "end": b, "box": box, "region": region}
                for name, a, b, box, region in zip(
                    names,
                    self.start.tolist(),
                    self.end.tolist(),
                    self.box.tolist(),
                    self.region.tolist(),
                    strict=True,
                )
            ],
        }
