"""Where the data files are: the same call finds them in a checkout, an editable install and a wheel."""

from __future__ import annotations

from pathlib import Path

__all__ = ["DataError", "path"]

_HERE = Path(__file__).resolve().parent
_ROOTS = (_HERE / "dictionaries", _HERE.parent / "dictionaries")


class DataError(RuntimeError):
    """A data file is missing or damaged; the message names the file and how to rebuild it."""


def path(name: str) -> Path:
    """Path of ``dictionaries/<name>``.

    Raises:
        DataError: when the file is in neither place the data can live.
    """
    for root in _ROOTS:
        found = root / name
        if found.exists():
            return found
    raise DataError(
        f"data file {name!r} not found (looked in {', '.join(map(str, _ROOTS))}); "
        "reinstall restore-cjk, or run `make dictionaries` in a checkout"
    )
