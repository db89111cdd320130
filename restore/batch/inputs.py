"""Which files a batch reads: named once, before anything is restored, so that one that goes missing is missed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from restore.batch.outputs import is_output
from restore.batch.plan import BatchError
from restore.readers.archive import is_aside, is_picture

__all__ = ["Input", "list_inputs"]


@dataclass(frozen=True)
class Input:
    """A file to read.

    Attributes:
        path: absolute path.
        name: what the ids of its pages begin with: the path from the folder that was named, with that folder's name.
        bytes: its size.
    """

    path: str
    name: str
    bytes: int


def list_inputs(
    named: Sequence[str | Path], out: Path, left_out: Callable[[str], None] | None = None
) -> Iterator[Input]:
    """The files of what was named, folders in the order of their names; hidden files and pictures are not.

    Results of batches are no pages: the output folder, and that of any other batch, is passed over inside an input folder.

    Args:
        named: files and folders.
        out: the output folder.
        left_out: is told of the folders of other batches.

    Raises:
        BatchError: when something named does not exist, lies in the output folder, or is that of another batch.
    """
    out = out.resolve()
    for one in named:
        path = Path(one).absolute()
        real = path.resolve()
        if real == out or out in real.parents:
            raise BatchError(f"{one}: lies in the output folder; choose another output folder")
        if path.is_dir():
            if is_output(path):
                raise BatchError(
                    f"{one}: has the results of a batch in it, no pages; name the folder that they were made from"
                )
            yield from _walk(path, real.name or "root", out, left_out)
        elif path.is_file():
            yield Input(str(path), path.name, path.stat().st_size)
        else:
            raise BatchError(f"{one}: no such file or folder")


def _walk(folder: Path, name: str, out: Path, left_out: Callable[[str], None] | None) -> Iterator[Input]:
    try:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise BatchError(f"{folder}: cannot be read ({error.strerror or error})") from None
    for entry in found:
        if entry.name.startswith(".") or is_aside(entry.name) or is_picture(entry.name):
            continue
        if entry.is_dir(follow_symlinks=False):
            if Path(entry.path).resolve() == out:
                continue
            if not is_output(Path(entry.path)):
                yield from _walk(Path(entry.path), f"{name}/{entry.name}", out, left_out)
            elif left_out is not None:
                left_out(f"{name}/{entry.name}")
        elif entry.is_file():
            yield Input(entry.path, f"{name}/{entry.name}", entry.stat().st_size)
