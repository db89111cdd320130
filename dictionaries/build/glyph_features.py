"""How alike two ideographs look: rendered glyphs, stroke counts and input codes, as columns for a ranker.

Used by ``confusables.py``; needs Pillow, fontTools and SciPy.
"""

from __future__ import annotations

import bz2
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from fontTools.ttLib import TTCollection, TTFont
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

Floats = NDArray[np.float32]
Ints = NDArray[np.intp]

# file below the font folder, face in the collection, style; Debian: fonts-noto-cjk, fonts-wqy-zenhei,
# fonts-wqy-microhei, fonts-arphic-uming, fonts-arphic-ukai
FONTS = (
    ("opentype/noto/NotoSansCJK-Regular.ttc", 2, "sans"),
    ("opentype/noto/NotoSansCJK-Bold.ttc", 2, "sans"),
    ("opentype/noto/NotoSerifCJK-Regular.ttc", 2, "serif"),
    ("opentype/noto/NotoSerifCJK-Bold.ttc", 2, "serif"),
    ("truetype/wqy/wqy-zenhei.ttc", 0, "sans"),
    ("truetype/wqy/wqy-microhei.ttc", 0, "sans"),
    ("truetype/arphic/uming.ttc", 0, "serif"),
    ("truetype/arphic/ukai.ttc", 0, "kai"),
)
SIZE = 64
"""Pixels of an em."""
LETTERS = 8
"""Of a Cangjie code, at most."""
SCRIPT_BITS = {"s": 1, "t": 2, "j": 4}


class Shapes:
    """Everything known about the shape of each character of a vocabulary."""

    def __init__(self, vocabulary: str, fonts: Path, ucd: Path, scripts: Path) -> None:
        self.vocabulary = vocabulary
        images, have = render(vocabulary, fonts)
        self.vectors = shape_vectors(images, have)
        self.components = component_vectors(images, have)
        self.strokes, self.radical, self.corners, self.cangjie, self.phonetic = unihan(vocabulary, ucd)
        bits = dict.fromkeys(vocabulary, 7)
        for line in scripts.read_text("utf-8").splitlines()[1:]:
            _, char, letters = line.split("\t")
            bits[char] = sum(SCRIPT_BITS[letter] for letter in letters)
        self.scripts = np.array([bits[char] for char in vocabulary])
        self.ink = images.mean((0, 2, 3))


def render(vocabulary: str, fonts: Path) -> tuple[Floats, NDArray[np.bool_]]:
    """Glyphs in all fonts, ``(fonts, characters, 64, 64)`` from 0 to 1, and which of them exist."""
    images = np.zeros((len(FONTS), len(vocabulary), SIZE, SIZE), dtype=np.float32)
    have = np.zeros((len(FONTS), len(vocabulary)), dtype=np.bool_)
    for number, (file, face, _) in enumerate(FONTS):
        font = ImageFont.truetype(str(fonts / file), SIZE, index=face)
        opened = TTCollection(fonts / file).fonts[face] if file.endswith("ttc") else TTFont(fonts / file)
        known = opened.getBestCmap()
        for position, char in enumerate(vocabulary):
            if ord(char) in known:
                image = Image.new("L", (SIZE, SIZE), 0)
                ImageDraw.Draw(image).text((SIZE // 2, SIZE // 2), char, fill=255, font=font, anchor="mm")
                images[number, position] = np.asarray(image, dtype=np.float32) / 255
                have[number, position] = True
    return images, have


def blurring(sigma: float, size: int, of: int = SIZE) -> Floats:
    """Matrix ``(size, of)`` that blurs one axis by a Gaussian and averages it down; both are linear."""
    plain = np.eye(of)
    blurred = ndimage.gaussian_filter1d(plain, sigma, axis=0) if sigma else plain
    matrix: Floats = blurred.reshape(size, of // size, of).mean(1).astype(np.float32)
    return matrix


def blur(images: Floats, sigma: float, size: int) -> Floats:
    """Images ``(n, 64, 64)`` blurred and averaged to ``(n, size, size)``."""
    matrix = blurring(sigma, size)
    small: Floats = matrix @ (images @ matrix.T)
    return small


def directions(small: Floats) -> Floats:
    """Strength of the gradient in 8 directions on an 8 x 8 grid, ``(n, 32, 32)`` -> ``(n, 512)``.

    The feature of classical recognisers of printed Chinese (Kimura's gradient feature), square-rooted.
    """
    across, down = (ndimage.sobel(small, axis=axis, mode="constant") for axis in (2, 1))
    strength = np.hypot(across, down)
    angle = np.arctan2(down, across) * np.float32(8 / (2 * np.pi)) % np.float32(8)
    # blurred, then every fourth value from the third on
    matrix = ndimage.gaussian_filter1d(np.eye(32), 2, axis=0, mode="constant")[2::4].astype(np.float32)
    out = np.empty((len(small), 8, 8, 8), dtype=np.float32)
    for direction in range(8):
        apart = np.abs(angle - np.float32(direction))
        share = np.maximum(
            1 - np.minimum(apart, 8 - apart), 0
        )  # each gradient goes to its two nearest directions
        out[:, direction] = matrix @ ((strength * share) @ matrix.T)
    rooted: Floats = np.sqrt(np.maximum(out, 0).reshape(len(small), 512))
    return rooted


def discriminant(images: Floats, have: NDArray[np.bool_], size: int = 160) -> Floats:
    """Class means of the direction features after linear discriminant analysis, ``(characters, size)``.

    Each character is a class; its samples are the fonts, clean and blurred. Distances between means are
    what a classical recogniser confuses characters by.
    """
    samples, labels = [], []
    for image, exists in zip(images, have, strict=True):
        for sigma in (0.0, 2.0, 3.5):
            samples.append(directions(blur(image[exists], sigma, 32)))
            labels.append(np.flatnonzero(exists))
    data, label = np.concatenate(samples), np.concatenate(labels)
    order = np.argsort(label, kind="stable")
    data, label = data[order], label[order]
    count = np.bincount(label, minlength=images.shape[1])
    means = np.add.reduceat(data, np.cumsum(count) - count) / count[:, None]
    within = np.zeros((data.shape[1],) * 2, dtype=np.float64)
    for start in range(0, len(data), 20000):
        rest = data[start : start + 20000] - means[label[start : start + 20000]]
        within += rest.T @ rest
    within /= len(data)
    within += 0.1 * np.trace(within) / len(within) * np.eye(len(within))
    values, basis = np.linalg.eigh(within)
    white = (means - means.mean(0)) @ (basis / np.sqrt(values))
    _, basis = np.linalg.eigh(white.T @ white)
    projected: Floats = (white @ basis[:, ::-1][:, :size]).astype(np.float32)
    return projected


def shape_vectors(images: Floats, have: NDArray[np.bool_]) -> dict[str, Floats]:
    """Vectors whose Euclidean distances tell shapes apart, each ``(characters, d)``.

    Scaled so that the squared distance to the tenth neighbour is 1 in the median.
    """

    def mean(styles: str, sigma: float, size: int) -> Floats:
        total = np.zeros((images.shape[1], size, size), dtype=np.float32)
        number = np.zeros((images.shape[1], 1, 1), dtype=np.float32)
        for image, exists, (_, _, style) in zip(images, have, FONTS, strict=True):
            if style in styles:
                total += blur(image, sigma, size) * exists[:, None, None]
                number += exists[:, None, None]
        average: Floats = (total / np.maximum(number, 1)).astype(np.float32)
        return average

    every = "sans serif kai"
    blurred, coarse = mean(every, 2, 16), mean(every, 5, 16)[:, ::2, ::2]
    sans, serif = mean("sans", 2, 16), mean("serif", 2, 16)
    parts = {
        "sans": sans,
        "serif": serif,
        "kai": mean("kai", 2, 16),
        "all": blurred,
        "coarse": coarse,
        "fine": np.concatenate([mean("sans", 1, 32), mean("serif", 1, 32)], axis=1),
        "both": np.concatenate([sans, serif], axis=1),
        "contrast": blurred - blurred.mean((1, 2), keepdims=True),
        "left": blurred[:, :, :8],
        "right": blurred[:, :, 8:],
        "top": blurred[:, :8],
        "bottom": blurred[:, 8:],
        "middle": blurred[:, 4:12, 4:12],
        "left third": blurred[:, :, :6],
        "right third": blurred[:, :, 6:],
        "top third": blurred[:, :6],
        "bottom third": blurred[:, 6:],
        "columns": blurred.mean(1),
        "rows": blurred.mean(2),
    }
    vectors = {name: part.reshape(len(part), -1) for name, part in parts.items()}
    vectors["directions"] = discriminant(images, have)
    return {name: (vector / unit(vector)).astype(np.float32) for name, vector in vectors.items()}


def component_vectors(images: Floats, have: NDArray[np.bool_]) -> dict[str, tuple[Floats, Floats]]:
    """For each side: the glyph squeezed to two thirds of the em, and that part of the whole glyph.

    An engine that loses the left third of 便 sees 更: the squeezed 更 is near to the right part of 便.
    """
    number = np.maximum(have.sum(0), 1)[:, None, None]
    average = (images * have[:, :, None, None]).sum(0) / number
    plain = blur(average, 2, 16)
    part = 11
    narrow, low = (
        shrink_to(ndimage.gaussian_filter(average, (0, 2, 2)), *shape) for shape in ((16, part), (part, 16))
    )
    found = {
        "right": (narrow, plain[:, :, 16 - part :]),
        "left": (narrow, plain[:, :, :part]),
        "bottom": (low, plain[:, 16 - part :]),
        "top": (low, plain[:, :part]),
    }
    flat = {side: tuple(vector.reshape(len(vector), -1) for vector in pair) for side, pair in found.items()}
    scale = {side: unit(pair[0]) for side, pair in flat.items()}
    return {
        side: ((pair[0] / scale[side]).astype(np.float32), (pair[1] / scale[side]).astype(np.float32))
        for side, pair in flat.items()
    }


def shrink_to(images: Floats, height: int, width: int) -> Floats:
    """Bilinear resampling of ``(n, 64, 64)`` to ``(n, height, width)``."""
    small: Floats = ndimage.zoom(
        images, (1, height / SIZE, width / SIZE), order=1, grid_mode=True, mode="grid-constant"
    )
    return small


def unit(vectors: Floats) -> float:
    """Median distance to the tenth neighbour, over every 17th vector."""
    some = np.arange(0, len(vectors), 17)
    return float(np.sqrt(np.median(np.partition(squared_distances(vectors, some), 11, axis=1)[:, 11])))


def squared_distances(vectors: Floats, rows: Ints, others: Floats | None = None) -> Floats:
    """Squared distances of some vectors to all, or to all others, ``(len(rows), characters)``."""
    others = vectors if others is None else others
    one, two = (vectors[rows] ** 2).sum(1), (others**2).sum(1)
    found: Floats = np.maximum(one[:, None] + two[None] - 2 * vectors[rows] @ others.T, 0)
    return found


def unihan(vocabulary: str, ucd: Path) -> tuple[Ints, Ints, Ints, list[str], list[set[str]]]:
    """Total strokes, Kangxi radical, four-corner digits ``(n, 4)``, Cangjie code, phonetic classes."""
    fields: dict[str, dict[str, str]] = {
        name: {} for name in ("kTotalStrokes", "kRSUnicode", "kFourCornerCode", "kCangjie", "kPhonetic")
    }
    for file in ("Unihan_IRGSources", "Unihan_DictionaryLikeData"):
        for line in unihan_lines(ucd, file):
            code, field, value = line.split("\t")
            if field in fields:
                fields[field][chr(int(code[2:], 16))] = value
    strokes = [int(fields["kTotalStrokes"].get(char, "10").split()[0]) for char in vocabulary]
    radical = [int(re.split(r"\D", fields["kRSUnicode"].get(char, "0."))[0]) for char in vocabulary]
    corners = [
        list(fields["kFourCornerCode"].get(char, "----").split()[0][:4].encode()) for char in vocabulary
    ]
    cangjie = [fields["kCangjie"].get(char, "") for char in vocabulary]
    phonetic = [set(re.findall(r"\d+", fields["kPhonetic"].get(char, ""))) for char in vocabulary]
    return np.array(strokes), np.array(radical), np.array(corners), cangjie, phonetic


def unihan_lines(ucd: Path, name: str) -> Iterator[str]:
    """Entries of a Unihan file, plain or bzip2."""
    plain = ucd / f"{name}.txt"
    raw = plain.read_bytes() if plain.exists() else bz2.decompress((ucd / f"{name}.txt.bz2").read_bytes())
    return (line for line in raw.decode("utf-8").splitlines() if line.startswith("U+"))


# vector, weight of its distance against the log prior, how many of the best to take
POOL = (
    ("both", 4.0, 260),
    ("all", 8.0, 140),
    ("all", 1.0, 120),
    ("coarse", 4.0, 80),
    ("coarse", 1.5, 100),
    ("contrast", 4.0, 60),
    ("directions", 6.0, 100),
    ("left", 4.0, 40),
    ("right", 4.0, 40),
    ("top", 4.0, 40),
    ("bottom", 4.0, 40),
    ("left third", 4.0, 30),
    ("right third", 4.0, 30),
    ("top third", 4.0, 30),
    ("bottom third", 4.0, 30),
)


COMPONENT_WEIGHT, COMPONENT_MOST = 4.0, 30


def pool(shapes: Shapes, log_prior: Floats) -> tuple[Ints, Ints]:
    """Pairs (seen, true) worth ranking, sorted: for each seen the best by several distances and the prior."""
    number = len(shapes.vocabulary)
    seen, true = [], []
    for start in range(0, number, 400):
        rows = np.arange(start, min(number, start + 400))
        chosen = np.zeros((len(rows), number), dtype=np.bool_)
        for name, weight, most in POOL:
            score = log_prior - weight * squared_distances(shapes.vectors[name], rows)
            score[np.arange(len(rows)), rows] = -np.inf
            np.put_along_axis(chosen, np.argpartition(-score, most, axis=1)[:, :most], True, axis=1)
        for squeezed, part in shapes.components.values():
            for distance in (
                squared_distances(squeezed, rows, part),
                squared_distances(part, rows, squeezed),
            ):
                score = log_prior - COMPONENT_WEIGHT * distance
                score[np.arange(len(rows)), rows] = -np.inf
                best = np.argpartition(-score, COMPONENT_MOST, axis=1)[:, :COMPONENT_MOST]
                np.put_along_axis(chosen, best, True, axis=1)
        first, second = np.nonzero(chosen)
        seen.append(rows[first])
        true.append(second)
    return np.concatenate(seen), np.concatenate(true)


def pair_features(shapes: Shapes, seen: Ints, true: Ints, hans: Floats, hant: Floats) -> dict[str, Floats]:
    """Columns that say how alike the two characters of each pair are and how common they are.

    ``hans`` and ``hant`` are log frequencies in Simplified and Traditional text.
    """
    columns: dict[str, Floats] = {}
    measured = {name: (vectors, vectors) for name, vectors in shapes.vectors.items()}
    for side, (squeezed, part) in shapes.components.items():
        measured[f"seen is {side} of true"] = squeezed, part
        measured[f"true is {side} of seen"] = part, squeezed
    for name, (one, other) in measured.items():
        column = np.empty(len(seen), dtype=np.float32)
        for start in range(0, len(seen), 200000):
            rows = slice(start, start + 200000)
            column[rows] = ((one[seen[rows]] - other[true[rows]]) ** 2).sum(1)
        columns[name] = column
    for name in ("both", "all", "directions"):
        columns[f"{name}: rank of true"] = ranks(shapes.vectors[name], seen, columns[name])
        columns[f"{name}: rank of seen"] = ranks(shapes.vectors[name], true, columns[name])
    strokes = shapes.strokes
    columns["strokes more"] = (strokes[true] - strokes[seen]).astype(np.float32)
    columns["strokes apart"] = np.abs(columns["strokes more"])
    columns["stroke ratio"] = np.abs(np.log(strokes[seen] / strokes[true])).astype(np.float32)
    columns["same radical"] = (shapes.radical[seen] == shapes.radical[true]).astype(np.float32)
    both = (shapes.corners[seen, 0] != ord("-")) & (shapes.corners[true, 0] != ord("-"))
    same = (shapes.corners[seen] == shapes.corners[true]).sum(1)
    columns["same corners"] = np.where(both, same, -1).astype(np.float32)
    letters = np.zeros((len(shapes.cangjie), LETTERS), dtype=np.uint8)
    for number, code in enumerate(shapes.cangjie):
        letters[number, : len(code)] = list(code.encode())
    likeness = np.empty((len(seen), 4), dtype=np.float32)
    for start in range(0, len(seen), 200000):
        rows = slice(start, start + 200000)
        likeness[rows] = code_likeness(letters[seen[rows]], letters[true[rows]])
    for name, column in zip(("prefix", "suffix", "distance", "contained"), likeness.T, strict=True):
        columns[f"code: {name}"] = np.ascontiguousarray(column)
    columns["code: phonetic"] = same_class(shapes.phonetic, seen, true)
    columns["ink more"] = shapes.ink[true] - shapes.ink[seen]
    columns["ink apart"] = np.abs(columns["ink more"])
    columns["frequency"], columns["frequency hant"], columns["frequency of seen"] = (
        hans[true],
        hant[true],
        hans[seen],
    )
    simplified = (shapes.scripts & 1) > 0
    traditional = (shapes.scripts & 2) > 0
    columns["leaves hans"] = (simplified[seen] & ~simplified[true]).astype(np.float32)
    columns["leaves hant"] = (~simplified[seen] & ~traditional[true]).astype(np.float32)
    columns["same script"] = (simplified[seen] == simplified[true]).astype(np.float32)
    return columns


def ranks(vectors: Floats, centre: Ints, distance: Floats) -> Floats:
    """Log of how many characters are nearer to the centre than the other of the pair."""
    found = np.empty(len(centre), dtype=np.float32)
    order = np.argsort(centre, kind="stable")
    start = np.searchsorted(centre[order], np.arange(len(vectors) + 1))
    for first in range(0, len(vectors), 500):
        rows = np.arange(first, min(len(vectors), first + 500))
        table = np.sort(squared_distances(vectors, rows), axis=1)
        for row, nearest in zip(rows, table, strict=True):
            mine = order[start[row] : start[row + 1]]
            found[mine] = np.searchsorted(nearest, distance[mine] - 1e-4)
    return np.log1p(found)


def code_likeness(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> Floats:
    """Shared beginning and end of Cangjie codes (shares of the longer), edit distance, containment; ``(n, 4)``.

    Codes are rows of letters filled up with 0.
    """
    size, size_other = (one > 0).sum(1), (other > 0).sum(1)
    short, long = np.minimum(size, size_other), np.maximum(size, size_other)
    shared = np.logical_and.accumulate((one == other) & (one > 0), axis=1).sum(1)
    back, back_other = (backwards(codes) for codes in (one, other))
    ends = np.logical_and.accumulate((back == back_other) & (back > 0), axis=1).sum(1)
    ends = np.minimum(ends, short - shared)
    found = np.stack(
        [shared / np.maximum(long, 1), ends / np.maximum(long, 1), edits(one, other), within(one, other)],
        axis=1,
    ).astype(np.float32)
    found[short == 0] = 0.0, 0.0, 4.0, 0.0
    return found


def backwards(codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Rows of letters in reverse order, filled up with 0 at the end."""
    at = (codes > 0).sum(1)[:, None] - 1 - np.arange(codes.shape[1])
    turned: NDArray[np.uint8] = np.where(at >= 0, np.take_along_axis(codes, np.maximum(at, 0), axis=1), 0)
    return turned.astype(np.uint8)


def edits(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.int8]:
    """Levenshtein distance of rows of letters filled up with 0: one table for all, cell by cell."""
    rows, width = one.shape
    table = np.zeros((width + 1, width + 1, rows), dtype=np.int8)
    table[:, 0] = table[0] = np.arange(width + 1, dtype=np.int8)[:, None]
    for i in range(1, width + 1):
        for k in range(1, width + 1):
            changed = table[i - 1, k - 1] + (one[:, i - 1] != other[:, k - 1])
            table[i, k] = np.minimum(changed, np.minimum(table[i - 1, k], table[i, k - 1]) + 1)
    return table[(one > 0).sum(1), (other > 0).sum(1), np.arange(rows)]


def within(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Whether either code is a stretch of the other."""
    width = one.shape[1]
    found = np.zeros(len(one), dtype=np.bool_)
    for short, long in ((one, other), (other, one)):
        for start in range(width):
            same = (short[:, : width - start] == long[:, start:]) | (short[:, : width - start] == 0)
            found |= same.all(1) & ~(short[:, width - start :] > 0).any(1)
    return found


def same_class(classes: list[set[str]], seen: Ints, true: Ints) -> Floats:
    """1 for pairs of characters that share a class."""
    members: dict[str, list[int]] = {}
    for number, some in enumerate(classes):
        for name in some:
            members.setdefault(name, []).append(number)
    pairs = np.unique([a * len(classes) + b for group in members.values() for a in group for b in group])
    keys = seen * len(classes) + true
    at = np.minimum(np.searchsorted(pairs, keys), len(pairs) - 1)
    found: Floats = (pairs[at] == keys).astype(np.float32)
    return found
