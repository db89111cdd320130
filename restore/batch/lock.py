"""One batch at a time in an output folder; the system gives the lock back however the process ends."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import IO

from restore.batch.plan import BatchError

__all__ = ["Lock"]


class Lock:
    """Held from the moment it is made until `release` or the end of the process.

    Raises:
        BatchError: when another process holds it.
    """

    def __init__(self, file: Path) -> None:
        """Take the lock ``file``."""
        self._stream: IO[bytes] = file.open("a+b")
        try:
            _take(self._stream)
        except OSError:
            self._stream.seek(0)
            holder = self._stream.read(100).decode("utf-8", "replace").strip() or "unknown"
            self._stream.close()
            raise BatchError(
                f"{file.parent.parent}: another batch is at work in this folder (process {holder}); "
                "wait for it, or choose another folder"
            ) from None
        self._stream.truncate(0)
        self._stream.write(str(os.getpid()).encode())
        self._stream.flush()

    def release(self) -> None:
        """Give it back."""
        self._stream.close()


if sys.platform == "win32":  # pragma: no cover
    import msvcrt

    def _take(stream: IO[bytes]) -> None:
        stream.seek(1 << 30)  # a byte nobody reads: a locked byte cannot be read by others there
        msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        stream.seek(0)

else:
    import fcntl

    def _take(stream: IO[bytes]) -> None:
        fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
