"""What OCR engines make of known text: lines set in free fonts, worn by blur, noise and compression, and read back.

Counts for ``confusables.py``: for each ideograph how often it was set, and how often what else was read for it. An
engine's second and third choices count by their probabilities, so that a pair is counted long before it becomes an
error. Half the lines are cut from the corpora, rare ideographs first, half are ideographs drawn at random. Run::

    python dictionaries/build/ocr_trials.py --corpus CORPUS --fonts /usr/share/fonts trials.tsv

Rows: engine, seen, true, weight; a row whose seen is empty gives how often the true one was set. CORPUS is the folder
with the ``.txt.xz`` corpora. Needs numpy, pillow, rapidfuzz, rapidocr-onnxruntime (its recogniser alone is run) and
the program tesseract with ``chi_sim``.
"""

from __future__ import annotations

import argparse
import io
import lzma
import os
import random
import subprocess
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from glyph_features import FONTS
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from rapidfuzz.distance import Levenshtein

CORPORA = ("news_2012_2024", "people_daily_199801", "wiki")
"""Not the laws: part of the OCR lines that the table is judged on are rendered law text."""
HELD_OUT = "news_2025_dev"
"""What the character model was not made from."""
EMS = (13, 14, 16, 18, 20, 22, 26)
"""Pixels of an em: body text of 9 points at 110 to 200 dots an inch."""
LENGTHS = (12, 26)
PAGE_LINES = 24
MOST_SKEWED = 1200
"""Pixels of height up to which a sheet is set askew: on longer ones lines would run into each other."""
RUNNING = 80
"""Lines of running text on one page."""
LEAST = 0.004
"""Choices below this probability are left out."""
NARROW = 2
"""Replacements of longer stretches are left out: which stands for which is a guess."""

Grey = NDArray[np.float32]
Weights = dict[tuple[str, str], float]


def is_han(char: str) -> bool:
    """Whether a character is an ideograph of the basic block."""
    return len(char) == 1 and "\u4e00" <= char <= "\u9fff"


class Lines:
    """An endless supply of lines, those with characters seldom given first."""

    def __init__(self, corpus: Path, rng: random.Random, at_random: float = 0.5) -> None:
        self.rng, self.at_random = rng, at_random
        pieces: list[str] = []
        count: Counter[str] = Counter()
        for name in CORPORA:
            with lzma.open(corpus / f"{name}.txt.xz", "rt", encoding="utf-8") as file:
                text = file.read(3_000_000)
            count.update(filter(is_han, text))
            for paragraph in text.split():
                start = 0
                while start + LENGTHS[1] < len(paragraph):
                    size = rng.randint(*LENGTHS)
                    pieces.append(paragraph[start : start + size])
                    start += size
        rng.shuffle(pieces)
        self.pieces = pieces
        self.at = 0
        self.given: Counter[str] = Counter()
        self.goal = 1
        every = [c for c in (chr(code) for code in range(0x4E00, 0xA000)) if count[c] or in_gb2312(c)]
        self.every = every
        self.weights = np.cumsum([(count[c] + 5) ** 0.4 for c in every]).tolist()

    def next(self) -> str:
        """A line."""
        if self.rng.random() < self.at_random:
            size = self.rng.randint(*LENGTHS)
            line = "".join(self.rng.choices(self.every, cum_weights=self.weights, k=size))
        else:
            line = self.piece()
        self.given.update(line)
        return line

    def piece(self) -> str:
        """The next piece that has an ideograph given less often than the goal."""
        while True:
            for _ in range(len(self.pieces)):
                self.at = (self.at + 1) % len(self.pieces)
                line = self.pieces[self.at]
                if any(self.given[c] < self.goal for c in line if is_han(c)):
                    return line
            self.goal *= 2


def in_gb2312(char: str) -> bool:
    """Whether a character is in the set of GB 2312."""
    try:
        char.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


class Press:
    """Sets lines and wears the print."""

    def __init__(self, fonts: Path, rng: random.Random) -> None:
        self.rng = rng
        self.noise = np.random.default_rng(rng.randrange(2**32))
        self.fonts = [
            [ImageFont.truetype(str(fonts / file), em, index=face) for em in EMS] for file, face, _ in FONTS
        ]

    def sheet(self, lines: list[str], strength: float = 1.0) -> tuple[Image.Image, int, int]:
        """Lines below each other in one font and size, worn alike; pixels of an em and from line to line."""
        size = self.rng.randrange(len(EMS))
        font, em = self.rng.choice(self.fonts)[size], EMS[size]
        pitch = int(em * self.rng.uniform(1.35, 1.7))
        image = Image.new("L", (em * (LENGTHS[1] + 2), pitch * len(lines) + em), 255)
        draw = ImageDraw.Draw(image)
        for number, line in enumerate(lines):
            draw.text((em, em // 2 + number * pitch + pitch // 2), line, fill=0, font=font, anchor="lm")
        if len(lines) == 1:
            image = image.crop((em // 2, 0, int(em * 1.5 + font.getlength(lines[0])), image.height))
        return self.wear(image, strength), em, pitch

    def wear(self, image: Image.Image, strength: float) -> Image.Image:
        """Blur, ink that spreads or thins, print from behind, noise, holes, two tones, compression."""
        rng = self.rng
        if image.height < MOST_SKEWED:
            image = image.rotate(rng.uniform(-0.4, 0.4), Image.Resampling.BICUBIC, fillcolor=255)
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.2, 0.3 + 0.85 * strength)))
        grey: Grey = np.asarray(image, dtype=np.float32)
        # ink that spreads or thins: the tone curve of a blurred edge
        grey = 255 * (grey / 255) ** (rng.choice((0.6, 0.8, 1.0, 1.0, 1.3, 1.8, 2.4)) ** strength)
        if rng.random() < 0.4 * strength:
            back = np.asarray(Image.fromarray(grey.astype(np.uint8)).filter(ImageFilter.GaussianBlur(1.6)))
            grey = np.minimum(
                grey, 255 - rng.uniform(0.05, 0.2) * (255 - np.roll(back[:, ::-1], (5, 9), (0, 1)))
            )
        grey = grey + self.noise.normal(0, rng.uniform(0, 22 * strength), grey.shape)
        if rng.random() < 0.3 * strength:
            worn = self.noise.random(grey.shape)
            share = rng.uniform(0, 0.02)
            grey = np.where(worn < share, 255.0, np.where(worn > 1 - share / 3, 0.0, grey))
        if rng.random() < 0.2 * strength:
            grey = np.where(grey > rng.uniform(110, 190), 255.0, 0.0)
        image = Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8))
        if rng.random() < 0.6:
            packed = io.BytesIO()
            image.save(packed, "JPEG", quality=rng.randint(25, 70))
            image = Image.open(packed).convert("L")
        return image


Choices = list[tuple[str, float]]


class Trial:
    """What was read for what."""

    def __init__(self) -> None:
        self.weights: defaultdict[tuple[str, str], float] = defaultdict(float)
        self.given: Counter[str] = Counter()
        self.wrong = 0

    def add(self, true: str, read: list[Choices]) -> None:
        """A line as set, and the choices for each character read, the best first."""
        best = "".join(choices[0][0] for choices in read)
        steps = Levenshtein.opcodes(true, best)
        for number, step in enumerate(steps):
            size = step.src_end - step.src_start
            if step.tag == "replace":
                sides = steps[max(number - 1, 0)].tag, steps[min(number + 1, len(steps) - 1)].tag
                if size > NARROW or not set(sides) <= {"equal", "replace"}:
                    continue
            elif step.tag != "equal":
                continue
            for k in range(size):
                char = true[step.src_start + k]
                if not is_han(char):
                    continue
                self.given[char] += 1
                self.wrong += step.tag == "replace"
                for other, share in read[step.dest_start + k]:
                    if other != char and is_han(other) and share >= LEAST:
                        self.weights[other, char] += share


class RapidOcr:
    """The recogniser of RapidOCR, without detection."""

    lines = 1

    def __init__(self) -> None:
        import onnxruntime
        import rapidocr_onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        folder = Path(rapidocr_onnxruntime.__file__).parent / "models"
        model = next(iter(sorted(folder.glob("*rec*.onnx"))))
        self.session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        names = self.session.get_modelmeta().custom_metadata_map["character"].splitlines()
        self.characters = ["", *names, " "]
        self.input = self.session.get_inputs()[0].name

    def read(self, image: Image.Image) -> list[Choices]:
        """Choices for each character of a line."""
        wide = max(48, round(image.width * 48 / image.height))
        grey = np.asarray(image.resize((wide, 48), Image.Resampling.BILINEAR), dtype=np.float32)
        rows = np.broadcast_to((grey / 255 - 0.5) / 0.5, (1, 3, 48, wide))
        found = self.session.run(None, {self.input: np.ascontiguousarray(rows)})[0][0]
        best = found.argmax(1)
        read: list[Choices] = []
        start = 0
        for stop in [*(np.flatnonzero(np.diff(best)) + 1).tolist(), len(best)]:
            which = int(best[start])
            if which and self.characters[which].strip():
                at = start + int(found[start:stop, which].argmax())
                odds = found[at].copy()
                odds[0] = 0
                order = np.argsort(-odds)[:8]
                read.append(
                    [(self.characters[k], float(odds[k] / odds.sum())) for k in order if self.characters[k]]
                )
            start = stop
        return read


class Tesseract:
    """The program, on sheets of many lines."""

    lines = PAGE_LINES

    def text(self, image: Image.Image) -> list[str]:
        """Lines of a sheet that are not empty, without spaces."""
        with tempfile.TemporaryDirectory() as folder:
            image.save(f"{folder}/sheet.png", dpi=(200, 200))
            command = ["tesseract", f"{folder}/sheet.png", f"{folder}/out", "-l", "chi_sim", "--psm", "6"]
            surroundings = os.environ | {"OMP_THREAD_LIMIT": "1"}
            subprocess.run(command, check=True, capture_output=True, env=surroundings)
            page = Path(f"{folder}/out.txt").read_text("utf-8")
        lines = ("".join(line.split()) for line in page.splitlines())
        return [line for line in lines if line]

    def read(self, image: Image.Image) -> list[Choices]:
        """What is read on a sheet; one choice for each character."""
        return [[(char, 1.0)] for line in self.text(image) for char in line]


ENGINES: dict[str, Any] = {"rapidocr": RapidOcr, "tesseract": Tesseract}


def running(corpus: Path, name: str) -> Iterator[list[tuple[str, bool]]]:
    """Pages of a corpus: lines, and whether each ends a paragraph."""
    with lzma.open(corpus / f"{name}.txt.xz", "rt", encoding="utf-8") as file:
        page: list[tuple[str, bool]] = []
        for paragraph in (row.strip().replace(" ", "") for row in file):
            width = LENGTHS[1] - 4
            starts = range(0, len(paragraph), width)
            page += [(paragraph[k : k + width], k + width >= len(paragraph)) for k in starts]
            if len(page) >= RUNNING:
                yield page
                page = []


def read_page(engine: Any, press: Press, lines: list[str], strength: float) -> list[str] | None:
    """Each line as an engine reads it; None when it gives more or fewer lines."""
    image, em, pitch = press.sheet(lines, strength)
    if engine.lines > 1:
        read = engine.text(image)
        return read if len(read) == len(lines) else None
    tops = range(em // 2, em // 2 + pitch * len(lines), pitch)
    strips = [image.crop((0, top, image.width, top + pitch)) for top in tops]
    return ["".join(choices[0][0] for choices in engine.read(strip)) for strip in strips]


def write_pages(arguments: argparse.Namespace) -> None:
    """Read pages of running text and write what was read: engine, page, paragraph end, read, set."""
    out = ["engine\tpage\tends\tread\tset"]
    for name, most in arguments.characters.items():
        engine, rng = ENGINES[name](), random.Random(f"pages {name}")
        press = Press(arguments.fonts, rng)
        pages = list(running(arguments.corpus, HELD_OUT))
        rng.shuffle(pages)
        size = 0
        for k, page in enumerate(pages[list(ENGINES).index(name) :: len(ENGINES)]):
            if size > most:
                break
            read = read_page(engine, press, [line for line, _ in page], rng.random() ** 1.5)
            if read is not None:
                size += sum(map(len, read))
                out += [f"{name}\t{k}\t{ends:d}\t{r}\t{t}" for (t, ends), r in zip(page, read, strict=True)]
        print(f"{name}: {size} characters", flush=True)
    arguments.out.write_text("\n".join(out) + "\n", "utf-8")


def main() -> None:
    """Try and write."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--fonts", type=Path, required=True)
    parser.add_argument(
        "--characters",
        default="rapidocr=130000,tesseract=90000",
        type=lambda given: {name: int(size) for name, size in (part.split("=") for part in given.split(","))},
        help="how many to set for each engine",
    )
    parser.add_argument("--part", default=1, type=int, help="another part sets other lines: parts add up")
    parser.add_argument("--at-random", default=0.5, type=float, help="share of lines drawn at random")
    parser.add_argument("--pages", action="store_true", help="read pages of running text instead")
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    if arguments.pages:
        write_pages(arguments)
        return
    rows = []
    for name, size in arguments.characters.items():
        seed = name if arguments.part == 1 else f"{name} {arguments.part}"
        engine, trial, rng = ENGINES[name](), Trial(), random.Random(seed)
        lines, press = Lines(arguments.corpus, rng, arguments.at_random), Press(arguments.fonts, rng)
        while sum(lines.given.values()) < size:
            some = [lines.next() for _ in range(engine.lines)]
            trial.add("".join(some), engine.read(press.sheet(some)[0]))
        print(
            f"{name}: {sum(trial.given.values())} ideographs, {trial.wrong} wrong, {len(trial.weights)} pairs",
            flush=True,
        )
        rows += [(name, "", true, float(n)) for true, n in trial.given.items()]
        rows += [
            (name, seen, true, weight) for (seen, true), weight in trial.weights.items() if weight >= LEAST
        ]
    text = "".join(f"{name}\t{seen}\t{true}\t{weight:.4g}\n" for name, seen, true, weight in sorted(rows))
    arguments.out.write_text(f"engine\tseen\ttrue\tweight\n{text}", "utf-8")


if __name__ == "__main__":
    main()
