"""What the layers of the small networks have in common."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["silu"]

_MOST = np.float32(60)  # exp of it is finite, and 1 + exp of less than -60 is 1


def silu(values: NDArray[np.float32]) -> None:
    """The activation of all these networks, ``x / (1 + exp(-x))`` (SiLU; Elfwing et al. 2018), in place."""
    gate = np.negative(values)
    np.exp(np.minimum(gate, _MOST, out=gate), out=gate)
    gate += 1
    values /= gate
