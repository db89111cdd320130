"""The output folder: which results of a page go where, written whole or not at all.

``text/``, ``records/``, ``reports/``, ``tei/`` and ``page/`` mirror the inputs; ``quarantine/`` has the pages that could not be
restored as they came in; ``pages-00001.jsonl`` or ``.parquet`` take the place of the first two where rows are
wanted; ``.batch/`` is the batch's own.
"""

from __future__ import annotations

import contextlib
import errno
import shutil
from dataclasses import dataclass
from pathlib import Path

from restore.batch.page import Page
from restore.files import OutputError, write_all

__all__ = ["EDITIONS", "OWN", "STATE", "Outputs", "blames_page", "is_output"]

EDITIONS = ("tei", "page")
OWN = ".batch"
"""Folder of the batch's own files inside the output folder."""

STATE = "state.sqlite"
"""Its state, in that folder."""

LISTS = ("index.html", "log.jsonl", "quarantine.jsonl", "summary.json")
"""What the end of a batch leaves beside its results."""

# what the system says about one page's path; anything else concerns the whole disk
_PAGES_OWN = (errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL, errno.EISDIR, errno.ENOTDIR, errno.EEXIST, None)


def blames_page(error: OSError) -> bool:
    """Whether results could not be written because of the page (its name), not of the disk."""
    return error.errno in _PAGES_OWN


def is_output(folder: Path) -> bool:
    """Whether a folder is the output folder of a batch: it has its state, or (of a copy without that) all its lists."""
    return (folder / OWN / STATE).is_file() or all((folder / name).is_file() for name in LISTS)


@dataclass(frozen=True)
class Outputs:
    """Paths of results; plain data, goes to every process that writes.

    Attributes:
        folder: the output folder.
        rows: whether texts and records are kept as rows to be packed (JSONL, Parquet).
    """

    folder: Path
    rows: bool = False

    def text(self, path: str) -> Path:
        """Where the text of the page with output path ``path`` goes."""
        return self.folder / "text" / path

    def record(self, path: str) -> Path:
        """Where its record goes."""
        return self.folder / "records" / f"{path}.json"

    def report(self, path: str) -> Path:
        """Where its report goes."""
        return self.folder / "reports" / f"{path}.html"

    def edition(self, kind: str, path: str) -> Path:
        """Where its edition of a kind (`EDITIONS`) goes."""
        return self.folder / kind / f"{path.removesuffix('.xml.txt')}.xml"

    def quarantined(self, path: str) -> Path:
        """Where a copy of what came in goes when it could not be restored."""
        return self.folder / "quarantine" / path

    def row(self, number: int) -> Path:
        """Where the row of page ``number`` waits to be packed; a thousand in a folder."""
        return self.folder / OWN / "rows" / str(number // 1000) / f"{number}.json"

    @property
    def staging(self) -> Path:
        """Folder for files that are being written."""
        return self.folder / OWN / "tmp"

    def clear_staging(self) -> None:
        """Take away what processes that died were writing."""
        shutil.rmtree(self.staging, ignore_errors=True)
        self.staging.mkdir(parents=True, exist_ok=True)

    def put(self, page: Page, path: str, number: int) -> None:
        """Write the results of a page, over earlier ones of the same page.

        Raises:
            OutputError: when that fails.
        """
        files: dict[Path, bytes] = {}
        gone: list[Path] = []
        if page.row is not None:
            files[self.row(number)] = page.row
        else:
            files[self.text(path)] = page.text
            _add(files, gone, self.record(path), page.record)
        _add(files, gone, self.report(path), page.report)
        for kind in EDITIONS:
            _add(files, gone, self.edition(kind, path), page.editions.get(kind))
        self._write(files)
        for one in gone:
            one.unlink(missing_ok=True)

    def quarantine(self, path: str, data: bytes) -> None:
        """Keep what came in beside the results.

        Raises:
            OutputError: when that fails.
        """
        self._write({self.quarantined(path): data})

    def drop(self, path: str, number: int) -> None:
        """Take results away that are not true any more."""
        editions = (self.edition(kind, path) for kind in EDITIONS)
        for one in (self.text(path), self.record(path), self.report(path), self.row(number), *editions):
            one.unlink(missing_ok=True)

    def release(self, path: str) -> None:
        """Take the copy out of quarantine."""
        self.quarantined(path).unlink(missing_ok=True)

    def _write(self, files: dict[Path, bytes]) -> None:
        for folder in {path.parent for path in files}:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                told = OutputError(f"{folder}: the folder cannot be made ({error.strerror or error})")
                told.errno = error.errno
                raise told from None
        write_all(files, force=True, staging=self.staging)


def _add(files: dict[Path, bytes], gone: list[Path], path: Path, data: bytes | None) -> None:
    if data is None:
        with contextlib.suppress(OSError):
            if path.exists():
                gone.append(path)
    else:
        files[path] = data
