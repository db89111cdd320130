"""The log of a batch: one JSON object a line, flushed line by line, appended to by every run."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

__all__ = ["Log"]


class Log:
    """Appends to a file.

    Every line has ``time`` (UTC) and ``event``: ``begin``, ``left out``, ``worker``, ``worker lost``,
    ``page``, ``quarantine``, ``stop``, ``end``; the other fields are named for what they are.
    """

    def __init__(self, file: Path) -> None:
        """Open ``file``; a line that a run did not finish is closed off."""
        self._out = file.open("a+b")
        if self._out.seek(0, os.SEEK_END):
            self._out.seek(-1, os.SEEK_END)
            if self._out.read(1) != b"\n":
                self._out.write(b"\n")

    def write(self, event: str, **fields: Any) -> None:
        """One line.

        Raises:
            OSError: when it cannot be written.
        """
        body = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": event, **fields}
        self._out.write(orjson.dumps(_utf8(body)) + b"\n")
        self._out.flush()

    def close(self) -> None:
        """Close the file."""
        self._out.close()


def _utf8(body: dict[str, Any]) -> dict[str, Any]:
    return {
        k: v.encode("utf-8", "backslashreplace").decode() if isinstance(v, str) else v
        for k, v in body.items()
    }
