"""How many threads the libraries for linear algebra may start."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["ONE_THREAD"]

#: Environment variables that hold them to one; read once, when NumPy is imported.
ONE_THREAD: Mapping[str, str] = dict.fromkeys(
    ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)
