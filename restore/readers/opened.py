"""An input before its format is known: a file on disk, or the bytes of a member of an archive."""

from __future__ import annotations

import importlib
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from restore.readers.document import ReadError, ReadOptions

__all__ = ["Opened", "need"]

_HEAD = 1 << 16


@dataclass
class Opened:
    """Content to read.

    Attributes:
        name: the id of what it holds, or the beginning of their ids.
        shown: the name for messages.
        path: the file, None for bytes in memory.
        data: the bytes in memory, None for a file.
    """

    name: str
    shown: str
    path: Path | None = None
    data: bytes | None = field(default=None, repr=False)

    @classmethod
    def file(cls, path: Path, name: str) -> Opened:
        """A file.

        Raises:
            ReadError: when it is missing or something else than a file.
        """
        try:
            if not path.exists():
                raise ReadError(f"{path}: no such file")
            if not path.is_file():
                raise ReadError(f"{path}: is neither a file nor a folder; name a file")
        except OSError as error:
            raise ReadError(f"{path}: cannot be read ({error.strerror or error})") from None
        return cls(name, str(path), path)

    def stream(self) -> BinaryIO:
        """The content from its beginning."""
        if self.data is not None:
            return io.BytesIO(self.data)
        assert self.path is not None
        try:
            return self.path.open("rb")
        except OSError as error:
            raise ReadError(f"{self.shown}: cannot be read ({error.strerror or error})") from None

    def head(self) -> bytes:
        """The first bytes."""
        if self.data is not None:
            return self.data[:_HEAD]
        with self.stream() as file:
            return self._read(file, _HEAD)

    def size(self) -> int:
        """Bytes in all."""
        if self.data is not None:
            return len(self.data)
        assert self.path is not None
        return self.path.stat().st_size

    def content(self, options: ReadOptions) -> bytes:
        """All of the content.

        Raises:
            ReadError: when there is more of it than ``options.most_bytes``.
        """
        if self.data is not None:
            return self.data
        with self.stream() as file:
            data = self._read(file, options.most_bytes + 1)
        if len(data) > options.most_bytes:
            raise ReadError(f"{self.shown}: larger than {options.most_bytes:,} bytes; split it")
        return data

    def _read(self, file: BinaryIO, size: int) -> bytes:
        try:
            return file.read(size)
        except OSError as error:
            raise ReadError(f"{self.shown}: cannot be read ({error.strerror or error})") from None


def need(module: str, what: str) -> Any:
    """A library of the optional extra ``formats``.

    Raises:
        ReadError: saying how to install it.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        library = module.partition(".")[0]
        raise ReadError(
            f"{what} needs {library}, which is not installed: pip install 'restore-cjk[formats]'"
        ) from None
