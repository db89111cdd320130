"""What the evidence of mistaken ideographs says together, and what is asked of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

from restore.data import path
from restore.language.trees import Trees

__all__ = ["Gate"]

_FILE = "glyph_gate.json"


@dataclass(frozen=True)
class Gate:
    """Trees that weigh the evidence, and limits by name, in nats; built by ``dictionaries/build/glyph_gate.py``.

    Attributes:
        trees: log-odds that a reading was printed, from the evidence.
        limits: ``suspect``, ``hard``, ``hardest``: ln P of a glyph and the next one, below which it is looked at, and the
            language proposes readings on a worn page or on any. ``fair``, ``hopeful``, ``plain``: what a reading gains,
            its shape counted, to be weighed, kept, or taken for a plain mistake. ``open``, ``worn``: log of the share of
            mistaken glyphs that such pages have. ``low``, ``medium``, ``high``: log-odds of each certainty;
            ``medium_worn``, ``medium_alone``, ``medium_unread`` the same on a worn page, of the only mistake of a page, and
            on one whose engine never reads some glyphs; ``medium_plain`` where the text gains ``gain_plain``.
            ``reader``, ``reader_alone``: log-odds of that engine.
    """

    trees: Trees
    limits: Mapping[str, float]

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        """From the columns of the trees, under ``trees``, and the limits beside them."""
        return cls(Trees(data["trees"]), {name: limit for name, limit in data.items() if name != "trees"})

    @classmethod
    @cache
    def load(cls) -> Self:
        """Read the gate that ships; the same object each time."""
        return cls.of(json.loads(path(_FILE).read_text("utf-8"))["confusables"])

    def __getitem__(self, name: str) -> float:
        """A limit."""
        return self.limits[name]
