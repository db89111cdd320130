"""Turns the text dump of a scanned or converted CJK newspaper page back into what was printed.

>>> from restore import clean
>>> page = clean("新修的灌溉渠从水库 一直通到村口,沿线的 三十户人家今年都用 上了干净的自来水,又 省了挑水的工夫。")
>>> page.text
'新修的灌溉渠从水库一直通到村口，沿线的三十户人家今年都用上了干净的自来水，又省了挑水的工夫。'
>>> page.revert()
'新修的灌溉渠从水库 一直通到村口,沿线的 三十户人家今年都用 上了干净的自来水,又 省了挑水的工夫。'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from restore._version import __version__

if TYPE_CHECKING:
    from restore.correction import (
        Batch,
        Certainty,
        Correction,
        CorrectionError,
        Delete,
        Draft,
        Gap,
        Insert,
        Move,
        Replace,
    )
    from restore.pipeline import Pipeline, Settings, Tools, repair_pass
    from restore.restoration import Block, InvariantError, Restoration
    from restore.source import InputError, Source, Span
    from restore.view import View

__all__ = [
    "Batch",
    "Block",
    "Certainty",
    "Correction",
    "CorrectionError",
    "Delete",
    "Draft",
    "Gap",
    "InputError",
    "Insert",
    "InvariantError",
    "Move",
    "Pipeline",
    "Replace",
    "Restoration",
    "Settings",
    "Source",
    "Span",
    "Tools",
    "View",
    "__version__",
    "clean",
    "repair_pass",
]

# Where the names come from. They are imported when first used: the command line has to say how many threads NumPy may
# start before NumPy is imported, and needs none of it for its help.
_HOMES = {
    "correction": (
        "Batch",
        "Certainty",
        "Correction",
        "CorrectionError",
        "Delete",
        "Draft",
        "Gap",
        "Insert",
        "Move",
        "Replace",
    ),
    "pipeline": ("Pipeline", "Settings", "Tools", "repair_pass"),
    "restoration": ("Block", "InvariantError", "Restoration"),
    "source": ("InputError", "Source", "Span"),
    "view": ("View",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """A public name, imported now."""
        if name not in _HOME_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = globals()[name] = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
        return found

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})


def clean(text: str | bytes | Source, *, preset: str = "default", **settings: Any) -> Restoration:
    """Restore a dump.

    Args:
        text: the dump as text, as bytes (the encoding is recognised) or as a :class:`Source`.
        preset: ``"default"`` or ``"formatting"`` (see :data:`restore.pipeline.PRESETS`).
        settings: fields of :class:`Settings`.

    Returns:
        The restoration; ``.text`` is the restored text, ``.corrections`` the list of everything that was done.

    Raises:
        InputError: for bytes that are empty or no text.
        InvariantError: when the result would break a promise; nothing was changed.
    """
    from restore.pipeline import Pipeline, Settings
    from restore.source import Source

    source = (
        text
        if isinstance(text, Source)
        else Source.from_bytes(text)
        if isinstance(text, bytes)
        else Source(text)
    )
    return Pipeline.preset(preset).run(source, Settings(**settings))
