"""How alike a text recogniser finds two ideographs: the directions of their classes in its last layer.

Used by ``glyph_features.py``. A recogniser that reads lines ends in one linear layer with a row of weights for each
character; rows that point the same way belong to characters it has trouble to tell apart, on the worn and photographed
print it was trained on. The network is the line recogniser of RapidOCR (PP-OCRv4, Apache 2.0), which comes with the
PyPI package ``rapidocr-onnxruntime``; it is not run, and nothing of it is kept but distances. Needs onnx.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

Floats = NDArray[np.float32]

NETWORK = Path("models") / "ch_PP-OCRv4_rec_infer.onnx"


def class_vectors(vocabulary: str) -> Floats:
    """For each ideograph the direction of its class, ``(n, 120)``, of length 1; zeros if the recogniser lacks it."""
    spec = find_spec("rapidocr_onnxruntime")
    if spec is None or spec.origin is None:
        raise SystemExit("the weights of the recogniser are needed: pip install --no-deps rapidocr-onnxruntime")
    model = onnx.load(Path(spec.origin).parent / NETWORK)
    names = next(one.value for one in model.metadata_props if one.key == "character").split("\n")
    constants = [a.t for node in model.graph.node if node.op_type == "Constant" for a in node.attribute]
    # a class for the blank before the characters, one for the space behind them
    (last,) = [one for one in constants if len(one.dims) == 2 and one.dims[1] == len(names) + 2]
    weights = numpy_helper.to_array(last).T[1:-1]
    weights = weights - weights.mean(0)
    weights /= np.linalg.norm(weights, axis=1, keepdims=True)
    index = {name: number for number, name in enumerate(names)}
    found = np.zeros((len(vocabulary), weights.shape[1]), dtype=np.float32)
    for number, char in enumerate(vocabulary):
        if char in index:
            found[number] = weights[index[char]]
    return found
