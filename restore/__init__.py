"""Turns the text dump of a scanned or converted CJK newspaper page back into what was printed.

>>> from restore import clean
>>> page = clean("党的基层组织是党 执政的组织基础,担负 着直接教育党员、管理 党员、监督党员和组织 群众的职责。")
>>> page.text
'党的基层组织是党执政的组织基础，担负着直接教育党员、管理党员、监督党员和组织群众的职责。'
>>> page.revert()
'党的基层组织是党 执政的组织基础,担负 着直接教育党员、管理 党员、监督党员和组织 群众的职责。'
"""

from __future__ import annotations

from typing import Any

from restore._version import __version__
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
    source = (
        text
        if isinstance(text, Source)
        else Source.from_bytes(text)
        if isinstance(text, bytes)
        else Source(text)
    )
    return Pipeline.preset(preset).run(source, Settings(**settings))
