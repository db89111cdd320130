"""Writing results: all or nothing, never over somebody's file unasked, never over the input."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

__all__ = ["OutputError", "check_outputs", "open_atomic", "write", "write_all"]


class OutputError(OSError):
    """A result cannot be written where it was asked to go; the message says why. Nothing was written.

    ``errno`` is the system's number for the reason, where it was the system that refused.
    """

    def __str__(self) -> str:
        """The message alone, without an error number."""
        return str(self.args[0])


def write(path: str | Path, data: bytes, *, force: bool = False) -> None:
    """Write one file; see :func:`write_all`."""
    write_all({Path(path): data}, force=force)


def check_outputs(
    outputs: Sequence[str | Path], inputs: Iterable[str | Path] = (), *, force: bool = False
) -> None:
    """Whether results could be written, before any work is done.

    Raises:
        OutputError: when an output is an input (under any name), two outputs are one file, one exists and
            ``force`` was not given, or its folder does not exist.
    """
    sources = [Path(p) for p in inputs]
    seen: dict[Path, str | Path] = {}
    for output in outputs:
        path = Path(output)
        for source in sources:
            if _same(path, source):
                raise OutputError(f"{output}: input and output are the same file; choose another output")
        target = _target(path)
        if target in seen:
            raise OutputError(f"{output}: two results would go into this one file; give each its own name")
        if not _is_device(target):
            seen[target] = output
        _check_one(target, output, force)


def write_all(files: Mapping[Path, bytes], *, force: bool = False, staging: Path | None = None) -> None:
    """Write several files together: each is complete under a temporary name before the first takes its place.

    A symbolic link is followed, an existing file's permissions are kept, a device or pipe is written to as it
    is. Temporary files are made beside their targets, or in the folder ``staging`` of the same file system.

    Raises:
        OutputError: when a file exists (without ``force``) or cannot be written. No file is ever left
            half-written, and none is written at all unless it is the last step, putting finished files in
            place, that fails.
    """
    staged: list[tuple[Path, Path, Path]] = []  # temporary, target, as named
    try:
        devices = []
        for path, data in files.items():
            target = _target(path)
            _check_one(target, path, force)
            if _is_device(target):
                devices.append((path, data))
            else:
                with _explained(path):
                    staged.append((_stage(target, data, staging), target, path))
        for temporary, target, path in staged:
            with _explained(path):
                _place(temporary, target, path, force)
        for path, data in devices:
            with _explained(path):
                path.write_bytes(data)
    finally:
        for temporary, _, _ in staged:
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def open_atomic(path: str | Path, *, force: bool = False) -> Iterator[BinaryIO]:
    """A file to write to as a stream; it takes its place, whole, when the block ends without an error.

    Raises:
        OutputError: when it exists (without ``force``) or cannot be written; nothing is left behind.
    """
    target = _target(Path(path))
    _check_one(target, path, force)
    with _explained(path):
        if _is_device(target):
            with target.open("wb") as out:
                yield out
            return
        temporary = _stage(target, b"")
    try:
        with temporary.open("wb") as out:
            yield out
            with _explained(path):
                out.flush()
                os.fsync(out.fileno())
        with _explained(path):
            _place(temporary, target, Path(path), force)
    finally:
        temporary.unlink(missing_ok=True)


def _check_one(target: Path, named: str | Path, force: bool) -> None:
    with _explained(named):
        if target.is_dir():
            raise OutputError(f"{named}: is a folder; name a file in it")
        if target.exists() and not _is_device(target) and not force:
            raise OutputError(f"{named}: exists already; use -f to overwrite it")
        if not target.parent.is_dir():
            raise OutputError(f"{named}: the folder {target.parent} does not exist")


def _target(path: Path) -> Path:
    with _explained(path):
        try:
            return path.resolve()
        except RuntimeError:  # Python 3.12 and older, for links in a circle
            raise OutputError(f"{path}: is a link to itself") from None


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other) and not _is_device(one)
    except OSError:  # one of them does not exist
        return False


def _is_device(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _stage(target: Path, data: bytes, staging: Path | None = None) -> Path:
    """``data`` in a new file beside ``target``, with the permissions ``target`` has or would get."""
    temporary = (staging or target.parent) / f".{target.name[:100]}.{secrets.token_hex(6)}.tmp"
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        with contextlib.suppress(FileNotFoundError):
            temporary.chmod(stat.S_IMODE(target.stat().st_mode))
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _place(temporary: Path, target: Path, named: Path, force: bool) -> None:
    if not force:
        try:
            os.link(temporary, target)  # fails when somebody made the file meanwhile
            return
        except FileExistsError:
            raise OutputError(f"{named}: exists already; use -f to overwrite it") from None
        except OSError:  # a file system without hard links
            if target.exists():
                raise OutputError(f"{named}: exists already; use -f to overwrite it") from None
    temporary.replace(target)


@contextlib.contextmanager
def _explained(path: str | Path) -> Iterator[None]:
    try:
        yield
    except OutputError:
        raise
    except OSError as error:
        told = OutputError(f"{path}: cannot be written ({error.strerror or error})")
        told.errno = error.errno
        raise told from None
