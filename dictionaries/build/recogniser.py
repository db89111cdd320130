"""What a text recogniser takes printed ideographs for: soft counts from glyphs rendered, worn and read.

Used by ``confusables.py``. Lines of ideographs in random order (so that no language model can help) are drawn in
free fonts, blurred, thinned, broken and stained, and read by the line recogniser of RapidOCR (PP-OCRv4, Apache 2.0;
the network comes with the PyPI package ``rapidocr-onnxruntime``). What counts is not the best reading but the whole
softmax at each glyph, without the blank: a glyph that gets a share of a hundredth is a confusion that happens on worse
print. Needs Pillow, SciPy, onnx, onnxruntime.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import numpy_helper
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage, sparse

Floats = NDArray[np.float32]

HEIGHT, EM, GLYPHS, STRIDE = 48, 40, 10, 8
"""Pixels of a line, of an em; glyphs in a line; pixels for each step of the network."""
ROUNDS = 16
KEPT = 60
"""Readings kept for each glyph drawn."""
BATCH = 16


def network() -> tuple[onnxruntime.InferenceSession, str, Floats]:
    """The recogniser, its characters (class k is ``characters[k - 1]``), and the weights of its classes, a row each."""
    spec = find_spec("rapidocr_onnxruntime")
    if spec is None or spec.origin is None:
        raise SystemExit("the package rapidocr-onnxruntime is needed for its recogniser")
    file = Path(spec.origin).parent / "models" / "ch_PP-OCRv4_rec_infer.onnx"
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    names = session.get_modelmeta().custom_metadata_map["character"].split("\n")
    characters = "".join(name if len(name) == 1 else "\0" for name in names)
    constants = [a.t for node in onnx.load(file).graph.node if node.op_type == "Constant" for a in node.attribute]
    (last,) = [one for one in constants if len(one.dims) == 2 and one.dims[1] == len(characters) + 2]
    weights = numpy_helper.to_array(last)
    return session, characters, weights.T[1:-1]


def class_vectors(vocabulary: str) -> Floats:
    """For each ideograph the direction of its class in the recogniser's last layer, ``(n, 120)``; 0 if it has none."""
    _, characters, weights = network()
    index = {char: number for number, char in enumerate(characters)}
    found = np.zeros((len(vocabulary), weights.shape[1]), dtype=np.float32)
    centred = weights - weights.mean(0)
    for number, char in enumerate(vocabulary):
        if char in index:
            found[number] = centred[index[char]] / np.linalg.norm(centred[index[char]])
    return found


def worn(image: Floats, level: float, rng: np.random.Generator) -> Floats:
    """Ink of a line (0 to 1) as worn print, scanned; ``level`` from 0 to 1."""
    height = round(HEIGHT * (1 - 0.65 * level * rng.random()))
    out = ndimage.gaussian_filter(image, level * rng.uniform(0.3, 2.2))
    out = ndimage.zoom(out, height / HEIGHT, order=1)
    out = out + rng.normal(0, 0.12 * level, out.shape) + 0.35 * level * stains(out.shape, rng)
    if rng.random() < 0.5:  # a scan in black and white
        out = (out > rng.uniform(0.3, 0.6)).astype(np.float32)
    else:
        out = np.clip((out - 0.1 * level) * rng.uniform(0.8, 1.6), 0, 1)
    found = ndimage.zoom(out, (HEIGHT / out.shape[0], image.shape[1] / out.shape[1]), order=1)
    return np.clip(found, 0, 1).astype(np.float32)


def stains(shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
    """Smooth noise of the size of a stroke, about -1 to 1."""
    noise = ndimage.gaussian_filter(rng.normal(0, 1, shape), 1.5)
    return np.asarray(noise / noise.std() / 2, dtype=np.float32)


def soft_counts(vocabulary: str, fonts: list[tuple[Path, int]]) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    """Share of readings of each ideograph, mean over the rounds; and of the fourth root of the share.

    Returns:
        Two sparse arrays ``(true, seen)``, shape ``(n, n)`` over the vocabulary.
    """
    session, characters, _ = network()
    index = {char: number for number, char in enumerate(vocabulary)}
    place = np.array([-1, *(index.get(char, -1) for char in characters), -1])
    source = session.get_inputs()[0].name
    shape = (len(vocabulary),) * 2
    mean, root = sparse.csr_matrix(shape, dtype=np.float32), sparse.csr_matrix(shape, dtype=np.float32)
    for number in range(ROUNDS):
        rng = np.random.default_rng(number)
        path, face = fonts[number % len(fonts)]
        font = ImageFont.truetype(str(path), EM, index=face)
        level = 0.6 + 0.4 * (number // len(fonts)) / max(1, ROUNDS // len(fonts) - 1)
        order = rng.permutation(len(vocabulary))
        order = np.append(order, order[: -len(order) % GLYPHS]).reshape(-1, GLYPHS)
        rows, cols, values = [], [], []
        for start in range(0, len(order), BATCH):
            lines = order[start : start + BATCH]
            images = np.stack([draw(vocabulary, line, font, level, rng) for line in lines])
            tensor = np.repeat(((1 - images) * 2 - 1)[:, None].astype(np.float32), 3, axis=1)
            (read,) = session.run(None, {source: tensor})
            for line, steps in zip(lines, read, strict=True):
                for position, true in enumerate(line.tolist()):
                    first = (4 + position * EM) // STRIDE
                    window = steps[first : first + EM // STRIDE + 1]
                    step = window[np.argmin(window[:, 0])]
                    best = np.argpartition(-step, KEPT)[:KEPT]
                    best = best[place[np.minimum(best, len(place) - 1)] >= 0]
                    share = step[best]
                    if not len(best) or share.sum() < 1e-4:
                        continue
                    rows.append(np.full(len(best), true))
                    cols.append(place[best])
                    values.append(share / share.sum())
        flat = np.concatenate(rows), np.concatenate(cols)
        share = np.concatenate(values)
        mean += sparse.csr_matrix((share / ROUNDS, flat), shape=shape, dtype=np.float32)
        root += sparse.csr_matrix((share**0.25 / ROUNDS, flat), shape=shape, dtype=np.float32)
    return mean, root


def draw(
    vocabulary: str, line: NDArray[np.intp], font: ImageFont.FreeTypeFont, level: float, rng: np.random.Generator
) -> Floats:
    """Ink of a worn line, ``(HEIGHT, width)``."""
    width = -(-(GLYPHS * EM + 8) // STRIDE) * STRIDE
    image = Image.new("L", (width, HEIGHT), 0)
    pen = ImageDraw.Draw(image)
    for position, char in enumerate(line.tolist()):
        pen.text((4 + position * EM + EM // 2, HEIGHT // 2), vocabulary[char], fill=255, font=font, anchor="mm")
    return worn(np.asarray(image, dtype=np.float32) / 255, level, rng)
