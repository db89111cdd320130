"""What a batch is to do: inputs, settings, results, limits. Plain data that goes to every process."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from restore._version import __version__
from restore.pipeline import PRESETS, Pipeline, Settings
from restore.readers.document import ReadOptions

__all__ = ["BatchError", "Limits", "Plan"]


class BatchError(RuntimeError):
    """A batch cannot begin or cannot go on; the message says why and what to do."""


@dataclass(frozen=True)
class Limits:
    """What one page may cost.

    Attributes:
        seconds: time from the moment a worker begins with it; then the worker is ended.
        megabytes: memory a worker may use beyond what it has at its start (where the system can limit it); 0
            for no limit.
        tries: how often a page is begun when its worker dies.
    """

    seconds: float = 300.0
    megabytes: int = 2048
    tries: int = 2

    def __post_init__(self) -> None:
        if not self.seconds > 0 or self.megabytes < 0 or self.tries < 1:
            raise ValueError("limits must be positive")


@dataclass(frozen=True)
class Plan:
    """What to do with every page.

    Attributes:
        passes: names of the passes.
        settings: settings of the passes.
        format: results as one text file a page, or as JSONL or Parquet files of one row a page.
        report: diff reports for no page, for those in which there is something for a person to judge, or for
            all.
        record: whether the record is kept.
        editions: what is written besides: ``tei``; ``page``, of pages that were read from PAGE.
        shard: pages in one JSONL or Parquet file.
        read: how inputs are read.
        limits: what one page may cost.
    """

    passes: tuple[str, ...] = PRESETS["default"]
    settings: Settings = field(default_factory=Settings)
    format: Literal["text", "jsonl", "parquet"] = "text"
    report: Literal["none", "findings", "all"] = "findings"
    record: bool = True
    editions: tuple[Literal["tei", "page"], ...] = ()
    shard: int = 500
    read: ReadOptions = field(default_factory=ReadOptions)
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        for name, words in (
            ("format", ("text", "jsonl", "parquet")),
            ("report", ("none", "findings", "all")),
        ):
            if getattr(self, name) not in words:
                raise ValueError(f"{name} must be one of {', '.join(words)}, not {getattr(self, name)!r}")
        if not set(self.editions) <= {"tei", "page"}:
            raise ValueError(f"editions must be among tei, page, not {', '.join(self.editions)}")
        if self.shard < 1:
            raise ValueError("a file of results must hold at least one page")

    def pipeline(self) -> Pipeline:
        """The pipeline, made anew in every process."""
        return Pipeline(self.passes)

    def as_data(self) -> dict[str, Any]:
        """What the result of a page depends on besides the page, as plain data. Limits are not in it."""
        return {
            "version": __version__,
            "passes": list(self.passes),
            "settings": self.settings.as_data(),
            "format": self.format,
            "report": self.report,
            "record": self.record,
            "editions": sorted(set(self.editions)),
            "shard": self.shard if self.format != "text" else 0,
            "read": asdict(self.read),
        }

    @property
    def fingerprint(self) -> str:
        """Sixteen hexadecimal digits that name version and settings."""
        return hashlib.sha256(json.dumps(self.as_data(), sort_keys=True).encode()).hexdigest()[:16]
