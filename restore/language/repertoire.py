"""The ideographs in common use, by the character model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from restore.language.scorer import Scorer
from restore.language.scripts import script_bits
from restore.source import Codes

__all__ = ["common_ideographs"]

_NUMBER = 3500  # characters of general use; the standard list of 2013 has as many in its first level


def common_ideographs(model: Scorer, script: int) -> tuple[Codes, NDArray[np.int64]]:
    """The commonest ideographs of a script (`restore.language.scripts`) and their ids, both ``(n,)``, sorted by id.

    Of characters that the model takes for one, the first stands for all.
    """
    key = id(model), script
    if key not in _FOUND:
        _FOUND[key] = model, *_common(model, script)
    return _FOUND[key][1:]


_FOUND: dict[tuple[int, int], tuple[Scorer, Codes, NDArray[np.int64]]] = {}
"""With the model, so that its id stays its own."""


def _common(model: Scorer, script: int) -> tuple[Codes, NDArray[np.int64]]:
    codes = np.flatnonzero((script_bits()[0x4E00:0xA000] & script) > 0).astype(np.uint32) + np.uint32(0x4E00)
    ids = model.encode(codes.astype("<u4").tobytes().decode("utf-32-le")).astype(np.int64)
    ids, first = np.unique(ids, return_index=True)
    codes = codes[first]
    nothing = np.broadcast_to(model.encode("\ufdd0").astype(np.int64), (len(ids), 1))  # not a character
    alone = model.seams(nothing, ids[:, None])
    best = np.sort(np.argsort(-alone, kind="stable")[:_NUMBER])
    return codes[best], ids[best]
