"""What is under review: a restoration, its decisions file, and how much of it needs a person."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from restore import decisions as judged
from restore.correction import Certainty, EditKind
from restore.decisions import Decision, DecisionError, Decisions
from restore.files import write
from restore.report.model import KINDS, kinds_of
from restore.restoration import Restoration

__all__ = ["WEIGHTY", "ChangeError", "Counts", "Document", "OutdatedError", "decisions_path"]

#: Kinds of corrections that a person should look at one by one: they change letters or their order.
WEIGHTY = ("move", "gap", "glyph", "deletion", "supplied")
_CHANGE = {"accept", "reject", "edit", "none"}


class ChangeError(ValueError):
    """A change of the decisions that makes no sense; nothing was written."""


class OutdatedError(ValueError):
    """The decisions were changed elsewhere since the page was opened; nothing was written."""


def decisions_path(path: Path) -> Path:
    """Where the decisions about a file are kept: ``page.txt`` has ``page.decisions.json`` beside it."""
    return path.with_name(f"{path.stem or path.name}.decisions.json")


@dataclass(frozen=True)
class Counts:
    """What a list of files says about one.

    Attributes:
        corrections: all of them.
        decided: how many a person has decided.
        open: by kind of :data:`WEIGHTY`, how many are not decided.
        doubtful: not decided and of low certainty, of any kind.
        need: sum over the weighty ones that are not decided of one minus their score: how many of them would be
            wrong if scores were probabilities. Files with the largest come first.
    """

    corrections: int
    decided: int
    open: dict[str, int]
    doubtful: int
    need: float


@dataclass
class Document:
    """One file under review. Safe to use from several threads.

    Attributes:
        restoration: what was made of it, before the decisions in ``path``.
        path: its decisions file; it need not exist.
        items: the decisions by id of their correction, in the order they were made.
        revision: counts the changes; a page that knows an older one is refused.
    """

    restoration: Restoration
    path: Path
    items: dict[str, Decision] = field(default_factory=dict)
    revision: int = 0
    _known: bytes | None = field(default=None, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @classmethod
    def open(cls, restoration: Restoration, path: Path) -> Document:
        """With the decisions that are in ``path``, or those of the restoration when there is no such file.

        Raises:
            DecisionError: when the file is damaged or belongs to another source.
        """
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            made = Decisions.of(restoration)
            return cls(restoration, path, {one.id: one for one in made.items})
        except OSError as error:
            raise DecisionError(f"{path}: cannot be read ({error.strerror or error})") from None
        made = judged.loads(data, str(path))
        try:
            made.check_source(restoration.source)
        except DecisionError as error:
            raise DecisionError(f"{path}: {error}; move the file away to begin anew") from None
        return cls(restoration, path, {one.id: one for one in made.items}, _known=data)

    @property
    def name(self) -> str:
        """The file's name as it was given."""
        return self.restoration.source.name

    def decisions(self) -> Decisions:
        """The decisions as they stand."""
        made = self.restoration
        return Decisions(
            made.source.sha256,
            tuple(self.items.values()),
            dict(made.settings),
            made.source.name,
            made.version,
        )

    def change(self, revision: int, changes: Sequence[Any]) -> int:
        """Change decisions and write the file: completely or not at all.

        Args:
            revision: the one the changes are made on.
            changes: objects with ``id``, ``decision`` (``accept``, ``reject``, ``edit`` or ``none``, which takes a
                decision back) and, for an edit, ``text``.

        Returns:
            The new revision.

        Raises:
            ChangeError: when a change is not about a correction of this document, or not understood.
            OutdatedError: when the decisions are not the ones the changes were made on.
            OutputError: when the file cannot be written.
        """
        with self._lock:
            if revision != self.revision or self._on_disk() != self._known:
                raise OutdatedError(
                    f"{self.path.name}: the decisions were changed elsewhere; open the page again"
                )
            items = dict(self.items)
            for one in changes:
                self._change(items, one)
            before, self.items = self.items, items
            try:
                data = self.decisions().dumps()
                write(self.path, data, force=True)
            except BaseException:
                self.items = before
                raise
            self._known = data
            self.revision += 1
            return self.revision

    def _on_disk(self) -> bytes | None:
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError:
            return b""

    def _change(self, items: dict[str, Decision], one: Any) -> None:
        if (
            not isinstance(one, dict)
            or one.get("decision") not in _CHANGE
            or not isinstance(one.get("id"), str)
        ):
            raise ChangeError("a change needs an id and a decision: accept, reject, edit or none")
        identifier, verdict, text = one["id"], one["decision"], one.get("text")
        if verdict == "none":
            items.pop(identifier, None)
            return
        try:
            index = self.restoration.index_of(identifier)
        except KeyError:
            raise ChangeError(f"no correction {identifier!r} in {self.name}") from None
        if verdict == "edit":
            if not isinstance(text, str):
                raise ChangeError("an edit needs its text")
            ledger = self.restoration.ledger
            if all(ledger.edits["kind"][r] == EditKind.MOVE for r in ledger.rows(index)):
                raise ChangeError(f"correction {identifier} only moves text; it has none to edit")
        ledger = self.restoration.ledger
        name = ledger.passes[int(ledger.corrs["pass"][index])]
        items.pop(identifier, None)
        certainty = Certainty(int(ledger.corrs["certainty"][index])).label
        score = round(float(ledger.corrs["score"][index]), 4)
        items[identifier] = Decision(
            identifier, name, verdict, text if verdict == "edit" else None, certainty, score
        )

    def counts(self) -> Counts:
        """What is decided and what is open."""
        ledger = self.restoration.ledger
        decided = np.zeros(ledger.n_corrections, dtype=np.bool_)
        for identifier in list(self.items):
            try:
                decided[self.restoration.index_of(identifier)] = True
            except KeyError:  # a correction of an earlier run
                continue
        kinds = kinds_of(self.restoration)
        weighty = np.isin(kinds, [KINDS.index(kind) for kind in WEIGHTY]) & ~decided
        score = np.nan_to_num(ledger.corrs["score"].astype(np.float64))
        return Counts(
            ledger.n_corrections,
            int(decided.sum()),
            {kind: int((weighty & (kinds == KINDS.index(kind))).sum()) for kind in WEIGHTY},
            int((~decided & (ledger.corrs["certainty"] == int(Certainty.LOW))).sum()),
            float(np.clip(1 - score[weighty], 0, 1).sum()),
        )
