"""Small networks that weigh named features, from files of arrays under ``dictionaries/``.

Each file is fitted by the script of its name under ``dictionaries/build/``. What a network says is log-odds, in nats.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restore.data import DataError
from restore.data import path as data_path
from restore.language.arrays import open_arrays
from restore.language.layers import silu

__all__ = ["LINKS", "OF_SHORT", "SECOND", "THIRD", "VERSION", "Named", "Network", "parts"]

Floats = NDArray[np.float32]
Named = tuple[str, NDArray[Any]]

VERSION = 2
LINKS, SECOND, THIRD = "links", "second", "third"
"""A file, and its networks: for the second look at the links of a page, and for the third."""
OF_SHORT = ", short texts"
"""Behind their names: the same for texts of a few lines."""


@dataclass(frozen=True)
class Network:
    """A network that weighs features; `load` gives the ones that ship.

    Attributes:
        names: features in order.
        mean, scale: of each feature, shape ``(f,)``.
        layers: weights ``(inputs, outputs)`` and bias of each layer; SiLU between them.
        file: name of the file it came from, without ".bin".
    """

    names: tuple[str, ...]
    mean: Floats
    scale: Floats
    layers: tuple[tuple[Floats, Floats], ...]
    file: str = ""

    @classmethod
    @cache
    def load(cls, file: str, name: str) -> Network:
        """Map a network that ships.

        Args:
            file: name of the file, without ".bin".
            name: of the network in it.

        Raises:
            DataError: when the file is missing or damaged.
        """
        where, rebuild = data_path(f"{file}.bin"), f"dictionaries/build/{file}.py"
        arrays = open_arrays(where, file, VERSION, rebuild)
        try:
            names = tuple(json.loads(arrays[f"{name}.names"].tobytes()))
            count = len([key for key in arrays if key.startswith(f"{name}.weight")])
            layers = tuple((arrays[f"{name}.weight{k}"], arrays[f"{name}.bias{k}"]) for k in range(count))
            return cls(names, arrays[f"{name}.mean"], arrays[f"{name}.scale"], layers, file)
        except (KeyError, ValueError) as error:
            raise DataError(f"{where}: damaged ({error}); rebuild it with {rebuild}") from None

    def arrays(self, name: str) -> dict[str, NDArray[Any]]:
        """What the file holds of this network, under its name in the file."""
        out: dict[str, NDArray[Any]] = {
            f"{name}.names": np.frombuffer(json.dumps(self.names).encode(), dtype=np.uint8),
            f"{name}.mean": self.mean,
            f"{name}.scale": self.scale,
        }
        for k, (weight, bias) in enumerate(self.layers):
            out[f"{name}.weight{k}"], out[f"{name}.bias{k}"] = weight, bias
        return out

    def standardised(self, features: Iterable[Named]) -> Floats:
        """Features in columns, in units of their spread; what is not known (NaN) counts as usual. Shape ``(m, f)``.

        Raises:
            DataError: when they are not the ones that the network was fitted on.
        """
        table, left = np.empty((len(self.names), 0), dtype=np.float32), iter(self.names)
        for row, (name, column) in enumerate(features):  # a feature is written before the next one is made
            if name != next(left, None):
                raise self._other_features()
            if row == 0:  # each feature stands in one piece
                table = np.empty((len(self.names), len(column)), dtype=np.float32)
            table[row] = column
        if next(left, None) is not None:
            raise self._other_features()
        table -= self.mean[:, None]
        table /= self.scale[:, None]
        np.copyto(table, 0, where=np.isnan(table))
        return table.T

    def _other_features(self) -> DataError:
        return DataError(
            f"{self.file}.bin was fitted on other features than this version has; "
            f"rebuild it with dictionaries/build/{self.file}.py"
        )

    def odds(self, table: Floats) -> Floats:
        """Log-odds, in nats, for these standardised features; shape ``(m,)``."""
        out = table
        for k, (weight, bias) in enumerate(self.layers):
            out = out @ weight
            out += bias
            if k + 1 < len(self.layers):
                silu(out)
        return np.asarray(out[:, 0])


def parts(network: Network, table: Floats, groups: Iterable[str]) -> dict[str, float]:
    """What each group of features gives, in nats: the odds less those with that group at its mean.

    Args:
        table: standardised features of one thing, shape ``(1, f)``.
        groups: beginnings of the features' names, before ": ".
    """
    full = float(network.odds(table)[0])
    out = {}
    for group in groups:
        without = table.copy()
        without[:, [k for k, name in enumerate(network.names) if name.startswith(f"{group}: ")]] = 0
        out[group] = round(full - float(network.odds(without)[0]), 2)
    return out
