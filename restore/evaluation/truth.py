"""The truth of a page, and what is known to be lost in a damaged dump of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np

from restore.evaluation.texts import Bools, Ints, fold, is_space, pick

__all__ = ["EvaluationError", "LostSpan", "PageTruth", "TruthBlock", "read_lost"]

LostSpan = tuple[str, int, int]
"""Block id, start, end (code points of the block's text): text that the source has not got."""


class EvaluationError(ValueError):
    """A truth file does not describe a page; the message says what is wrong."""


@dataclass(frozen=True)
class TruthBlock:
    """A paragraph, heading, caption or piece of furniture of the truth."""

    id: str
    article: str
    role: str
    text: str


@dataclass(frozen=True, eq=False)
class PageTruth:
    """What was printed: blocks in reading order, and the printed lines they are set in.

    Positions are those of the characters that count, over all blocks; `n` characters, `m` lines.

    Attributes:
        blocks: blocks in reading order.
        raw, text: characters that count, as printed and folded; length `n`.
        block_of, offset: for each character its block and its place in the block's text, shape ``(n,)``.
        line_of: its printed line or -1, shape ``(n,)``.
        line_start, line_end: half-open stretch of each printed line, shape ``(m,)``.
    """

    blocks: tuple[TruthBlock, ...]
    raw: str
    text: str
    block_of: Ints
    offset: Ints
    line_of: Ints
    line_start: Ints
    line_end: Ints

    @classmethod
    def load(cls, path: Path | str) -> Self:
        """Reads a ``truth.json``.

        Raises:
            OSError: the file cannot be read.
            EvaluationError: it is not JSON, or lacks `blocks` or `lines`.
        """
        try:
            page = json.loads(Path(path).read_text(encoding="utf-8"))
        except ValueError as error:
            raise EvaluationError(f"{path} is not JSON: {error}") from error
        return cls.from_dict(page)

    @classmethod
    def from_dict(cls, page: Mapping[str, Any]) -> Self:
        """Makes a truth from ``blocks`` (id, article, role, text) and ``lines`` (block, start, text).

        A line's `start` is an offset into its block's text; white space in `text` may be left out.

        Raises:
            EvaluationError: a field is missing, or a line names an unknown block.
        """
        if not isinstance(page, Mapping) or page.get("format") == "restore-record":
            what = "a record" if isinstance(page, Mapping) else "a list or a value"
            raise EvaluationError(f"it is {what}, and the truth has `blocks` and `lines`")
        try:
            blocks = tuple(TruthBlock(b["id"], b["article"], b["role"], b["text"]) for b in page["blocks"])
            lines = [(str(x["block"]), int(x["start"]), str(x["text"])) for x in page["lines"]]
        except KeyError as error:
            raise EvaluationError(f"the truth lacks {error}; it needs `blocks` and `lines`") from error
        except (TypeError, ValueError) as error:
            raise EvaluationError(
                f"`blocks` or `lines` of the truth are not as they should be: {error}"
            ) from error
        kept = [np.flatnonzero(~is_space(b.text)) for b in blocks]
        first = np.concatenate([[0], np.cumsum([len(k) for k in kept])]).astype(np.int64)
        raw = "".join(pick(b.text, ~is_space(b.text)) for b in blocks)
        index = {b.id: i for i, b in enumerate(blocks)}
        if unknown := {name for name, _, _ in lines} - index.keys():
            raise EvaluationError(f"lines of unknown blocks: {sorted(unknown)[:3]}")
        starts, ends = [], []
        for name, start, text in lines:
            i = index[name]
            a = first[i] + np.searchsorted(kept[i], start)
            z = min(a + int(np.count_nonzero(~is_space(text))), first[i + 1])
            if z > a:
                starts.append(a)
                ends.append(z)
        line_of = np.full(len(raw), -1, dtype=np.int64)
        for number, (a, z) in enumerate(zip(starts, ends, strict=True)):
            line_of[a:z] = number
        return cls(
            blocks=blocks,
            raw=raw,
            text=fold(raw),
            block_of=np.repeat(np.arange(len(blocks)), np.diff(first)),
            offset=np.concatenate([*kept, np.empty(0, dtype=np.int64)]).astype(np.int64),
            line_of=line_of,
            line_start=np.array(starts, dtype=np.int64),
            line_end=np.array(ends, dtype=np.int64),
        )

    @cached_property
    def furniture(self) -> Bools:
        """Which characters are furniture, shape ``(n,)``."""
        return np.array([b.role == "furniture" for b in self.blocks], dtype=np.bool_)[self.block_of]

    @cached_property
    def article_of(self) -> Ints:
        """Number of the article of each character, in order of first appearance, shape ``(n,)``."""
        return self._article_of_block[self.block_of]

    @cached_property
    def _article_of_block(self) -> Ints:
        numbers: dict[str, int] = {}
        return np.array([numbers.setdefault(b.article, len(numbers)) for b in self.blocks], dtype=np.int64)

    @cached_property
    def block_span(self) -> Ints:
        """Half-open stretch of each block, shape ``(blocks, 2)``."""
        edges = np.searchsorted(self.block_of, np.arange(len(self.blocks) + 1))
        return np.stack([edges[:-1], edges[1:]], axis=1)

    def positions(self, spans: Iterable[LostSpan]) -> Bools:
        """The characters within the given stretches of blocks, as a mask of shape ``(n,)``."""
        mask = np.zeros(len(self.text), dtype=np.bool_)
        index = {b.id: i for i, b in enumerate(self.blocks)}
        for name, start, end in spans:
            if name in index:
                a, z = self.block_span[index[name]]
                inside = self.offset[a:z]
                mask[a + np.searchsorted(inside, start) : a + np.searchsorted(inside, end)] = True
        return mask


def read_lost(path: Path | str) -> list[LostSpan]:
    """The lost stretches recorded beside a damaged dump: ``{"lost": [[block, start, end, why], …]}``."""
    rows = json.loads(Path(path).read_text(encoding="utf-8"))["lost"]
    return [(str(block), int(start), int(end)) for block, start, end, *_ in rows]
