"""Training data for the gap tables of ``continuity.json``: paragraphs as the pipeline makes them, and what is lost."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from continuity import page_files  # beside this file
from numpy.typing import NDArray

from restore.evaluation import PageTruth
from restore.language import shared
from restore.ledger import Ledger
from restore.order.lacunae import end_features, head_features, paragraphs_of
from restore.passes import encoding, join_lines, markup, paragraphs, reading_order
from restore.pipeline import Tools
from restore.recorder import record
from restore.source import Source
from restore.view import View

LEVELS = ("light-1", "light-2", "seed-1", "seed-2", "medium-1", "medium-2")
WHOLE = (
    "truth.txt",
    "dump/pdfium.txt",
    "dump/pymupdf-blocks.txt",
    "dump/pdftext-ftfy.txt",
    "dump/tess3@mid200.txt",
    "dump/pdftotext-layout.txt",
    "dump/pdfminer.txt",
    "dump/rapid3@mid200.txt",
)
Table = tuple[list[str], NDArray[Any], NDArray[Any], NDArray[Any]]


def gap_tables(folder: Path, half: str, also: Sequence[Path] = ()) -> dict[str, Table]:
    """Design matrices of paragraph ends and heads: was text lost there?"""
    rows: dict[str, list[NDArray[Any]]] = {"gap_end": [], "gap_head": []}
    labels: dict[str, list[NDArray[Any]]] = {"gap_end": [], "gap_head": []}
    names: dict[str, list[str]] = {}
    model = shared().model
    for file in page_files(folder, half, also):
        truth = PageTruth.load(file)
        position = {
            (truth.blocks[int(b)].id, int(o)): t
            for t, (b, o) in enumerate(zip(truth.block_of, truth.offset, strict=True))
        }
        block = np.asarray(truth.block_of)
        dumps = [(file.parent / "sim" / f"{level}.txt", True) for level in LEVELS]
        dumps += [(file.parent / name, False) for name in WHOLE]
        for dump, damaged in dumps:
            if not dump.exists():
                continue
            text = dump.read_text("utf-8")
            view, tools = restored(text)
            lasts, width, around = tools.memo.get("lines", (None, None, None))
            found = paragraphs_of(view.text, model, view.origin, lasts, width, around)
            end_lost, head_lost = np.zeros(len(found)), np.zeros(len(found))
            use = np.ones(len(found), dtype=np.bool_)
            if damaged:
                body = json.loads(dump.with_suffix(".json").read_text("utf-8"))
                at = np.full(len(text) + 1, -1)
                for a, b, name, s, _ in body["spans"]:
                    for q in range(a, b):
                        at[q] = position.get((name, s + q - a), -1)
                lost = np.zeros(len(block) + 1, dtype=np.bool_)
                for name, s, e, *_ in body["lost"]:
                    for o in range(s, e):
                        if (name, o) in position:
                            lost[position[name, o]] = True
                for k in range(len(found)):
                    solid = [
                        q for q in range(int(found.start[k]), int(found.end[k])) if not view.text[q].isspace()
                    ]
                    if not solid:
                        use[k] = False
                        continue
                    first, last = at[view.origin[solid[0]]], at[view.origin[solid[-1]]]
                    if first < 0 or last < 0:
                        use[k] = False
                        continue
                    end_lost[k] = (
                        lost[last + 1] and block[last + 1] == block[last] if last + 1 < len(block) else 0
                    )
                    head_lost[k] = first > 0 and lost[first - 1] and block[first - 1] == block[first]
            for name, features, y in (
                ("gap_end", end_features(found), end_lost),
                ("gap_head", head_features(found), head_lost),
            ):
                columns = list(features)
                names[name] = [c for c, _ in columns]
                rows[name].append(
                    np.stack([np.asarray(v, dtype=np.float32) for _, v in columns], axis=1)[use]
                )
                labels[name].append(y[use])
    out = {}
    for name in rows:
        y = np.concatenate(labels[name])
        out[name] = (names[name], np.concatenate(rows[name]), y, np.ones(len(y)))
    return out


def restored(text: str) -> tuple[View, Tools]:
    """The text up to joined lines."""
    source, ledger, tools = Source(text), Ledger(), Tools()
    view = View.of(source)
    for one in (encoding, markup, reading_order, paragraphs, join_lines):
        record(view, ledger, one.name, one.find(view, tools))
        accepted = ledger.closure(ledger.corrs["certainty"] >= 1)
        view = View.of(source, ledger, accepted)
    return view, tools
