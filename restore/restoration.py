"""A restoration: the source, the list of corrections, and what a person decided about them.

Text, diff, report and undo are all derived from that one list. See ``docs/model.md``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

import numpy as np

from restore._version import __version__
from restore.continuation import Continuation
from restore.correction import Certainty, Correction, CorrectionError, EditKind
from restore.ledger import AFTER, Bools, Ints, Ledger, Rendering, covered, inside, render
from restore.source import Source, codes_to_text

__all__ = ["Block", "Corrections", "InvariantError", "Restoration"]

ACCEPT, REJECT = "accept", "reject"
_MOVE = int(EditKind.MOVE)


class InvariantError(AssertionError):
    """The toolkit broke one of its own promises on this input; nothing should be written. Please report it."""


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of the restored text with a role: ``headline``, ``kicker``, ``subhead``, ``byline``, ``p``,
    ``caption`` or ``furniture``. ``article`` numbers the article it belongs to, 0 for none."""

    start: int
    end: int
    role: str
    article: int = 0


class Corrections(Sequence[Correction]):
    """The corrections of a restoration; objects are made when asked for."""

    def __init__(self, restoration: Restoration) -> None:
        self._restoration = restoration

    def __len__(self) -> int:
        return self._restoration.ledger.n_corrections

    @overload
    def __getitem__(self, index: int) -> Correction: ...
    @overload
    def __getitem__(self, index: slice) -> list[Correction]: ...
    def __getitem__(self, index: int | slice) -> Correction | list[Correction]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if index < 0:
            index += len(self)
        if not 0 <= index < len(self):
            raise IndexError(f"there are {len(self)} corrections, no number {index}")
        r = self._restoration
        return r.ledger.correction(index, r.source, bool(r.accepted[index]))

    def __iter__(self) -> Iterator[Correction]:
        return (self[i] for i in range(len(self)))

    def by_pass(self, name: str) -> list[Correction]:
        """The corrections of one pass, in order."""
        r = self._restoration
        if name not in r.ledger.passes:
            return []
        number = r.ledger.passes.index(name)
        return [self[int(i)] for i in (r.ledger.corrs["pass"] == number).nonzero()[0]]

    def find(self, identifier: str) -> Correction:
        """The correction with that id.

        Raises:
            KeyError: when none has it.
        """
        return self[self._restoration.index_of(identifier)]


@dataclass
class Restoration:
    """What the pipeline made of a source.

    Attributes:
        source: the dump, unchanged.
        ledger: the corrections in columns.
        threshold: corrections of at least this certainty are applied unless a person said otherwise.
        decisions: what a person decided, by correction index.
        settings: the settings it was made with, as plain data.
        blocks: the structure of the restored text as first made.
        notes: what the page's readers should know, a sentence each.
        version: of the program that made it.
        continuations: references to other pages of the issue, where the page was read as one of several.
    """

    source: Source
    ledger: Ledger
    threshold: Certainty = Certainty.MEDIUM
    decisions: dict[int, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    blocks: tuple[Block, ...] = ()
    notes: tuple[str, ...] = ()
    version: str = __version__
    continuations: tuple[Continuation, ...] = ()
    _rendering: Rendering | None = field(default=None, repr=False)
    _ids: dict[str, int] | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        made = f"{self.ledger.n_corrections} corrections, {int(self.accepted.sum())} applied"
        return f"<Restoration of {self.source.name}: {len(self.source.text)} characters, {made}>"

    # ------------------------------------------------------------------ text
    @property
    def accepted(self) -> Bools:
        """Which corrections the text has, shape ``(n_corrections,)``."""
        mask = self.ledger.corrs["certainty"] >= int(self.threshold)
        for index, what in self.decisions.items():
            mask[index] = what == ACCEPT
        return self.ledger.closure(mask)

    @property
    def rendering(self) -> Rendering:
        """The text with its mapping to the source."""
        if self._rendering is None:
            self._rendering = render(self.source.codes, self.ledger, self.accepted)
        return self._rendering

    @property
    def text(self) -> str:
        """The restored text."""
        return codes_to_text(self.rendering.codes)

    @property
    def corrections(self) -> Corrections:
        """All corrections, applied or only proposed."""
        return Corrections(self)

    @property
    def changed(self) -> bool:
        """Whether anything is applied."""
        return bool(self.accepted.any())

    def revert(self) -> str:
        """The source text again, taken back from the restored text correction by correction."""
        r = self.rendering
        out = self.source.codes.copy()
        shown = r.own
        # what is shown comes from the restored text; what is not was deleted by an applied correction
        out[:] = np.uint32(0)
        out[r.origin[shown]] = r.codes[shown]
        out[r.hidden] = self.source.codes[r.hidden]
        return codes_to_text(out)

    # ------------------------------------------------------------------ judgement
    def index_of(self, which: int | str | Correction) -> int:
        """Index of a correction given as index, id or object.

        Raises:
            KeyError: when there is none.
            TypeError: for anything else.
        """
        if isinstance(which, Correction):
            which = which.id
        if isinstance(which, str):
            if self._ids is None:
                self._ids = {self.ledger.identifier(i): i for i in range(self.ledger.n_corrections)}
            if which not in self._ids:
                raise KeyError(f"no correction {which!r} in this restoration")
            return self._ids[which]
        if not isinstance(which, int | np.integer):
            wanted = "an index, an id or a Correction (of a list: *corrections)"
            raise TypeError(f"a correction is named by {wanted}, not by {type(which).__name__}")
        if not 0 <= which < self.ledger.n_corrections:
            raise KeyError(f"no correction number {which}; there are {self.ledger.n_corrections}")
        return which

    def accept(self, *which: int | str | Correction) -> Restoration:
        """A restoration in which these corrections, and those they stand on, are applied.

        Raises:
            CorrectionError: when one contradicts a correction that is applied.
        """
        decisions = dict(self.decisions)
        for one in which:
            index = self.index_of(one)
            for i in [*self.ledger.foundations(index), index]:
                decisions[i] = ACCEPT
        out = self._with(decisions)
        refuse_conflicts(out.ledger, out.accepted)
        return out

    def reject(self, *which: int | str | Correction) -> Restoration:
        """A restoration without these corrections and without those that stand on them (see :meth:`dependents`)."""
        decisions = dict(self.decisions)
        for one in which:
            decisions[self.index_of(one)] = REJECT
        return self._with(decisions)

    def undecided(self, *which: int | str | Correction) -> Restoration:
        """A restoration in which these decisions are taken back."""
        decisions = dict(self.decisions)
        for one in which:
            decisions.pop(self.index_of(one), None)
        return self._with(decisions)

    def dependents(self, which: int | str | Correction) -> list[Correction]:
        """What falls when this correction is rejected."""
        return [self.corrections[i] for i in self.ledger.dependents(self.index_of(which))]

    def _with(self, decisions: dict[int, str]) -> Restoration:
        return Restoration(
            self.source,
            self.ledger,
            self.threshold,
            decisions,
            self.settings,
            self.blocks,
            self.notes,
            self.version,
            self.continuations,
            None,
            self._ids,
        )

    # ------------------------------------------------------------------ explanation
    def at(self, offset: int) -> list[Correction]:
        """Corrections that touch source offset ``offset``.

        Raises:
            IndexError: when the source has no such offset.
        """
        if not 0 <= offset <= len(self.source.text):
            raise IndexError(f"the source has {len(self.source.text)} characters, no offset {offset}")
        e = self.ledger.edits
        empty = e["start"] == e["end"]
        hit = np.where(
            empty,
            (e["start"] == offset) | (e["start"] == offset + 1),
            (e["start"] <= offset) & (offset < e["end"]),
        )
        return [self.corrections[int(i)] for i in np.unique(e["corr"][hit])]

    def explain(self, offset: int) -> str:
        """Why the text at a source offset became what it is, for a person."""
        found = self.at(offset)
        line = self.source.text.count("\n", 0, offset) + 1
        column = offset - (self.source.text.rfind("\n", 0, offset) + 1) + 1
        here = self.source.text[offset : offset + 1]
        head = f"{self.source.name}, line {line}, column {column} (offset {offset}): {here!r}"
        if not found:
            return f"{head}\nnothing was changed here"
        return "\n".join([head, *(c.explain() for c in found)])

    def statistics(self) -> dict[str, dict[str, int]]:
        """Per pass: corrections by certainty, and how many are applied."""
        c, accepted = self.ledger.corrs, self.accepted
        out = {}
        for number, name in enumerate(self.ledger.passes):
            mine = c["pass"] == number
            if mine.any():
                counts = np.bincount(c["certainty"][mine], minlength=3)
                out[name] = {level.label: int(counts[level]) for level in Certainty} | {
                    "applied": int((mine & accepted).sum())
                }
        return out

    # ------------------------------------------------------------------ promises
    def check(self) -> None:
        """Check invariants 1 and 2 on this very text (4 is checked where the record is made).

        Raises:
            InvariantError: when one does not hold.
        """
        r, source, e, accepted = self.rendering, self.source.codes, self.ledger.edits, self.accepted
        own = r.own
        shown = r.origin if own.all() else r.origin[own]
        # what nothing moved stands in the order of the source
        in_order = shown if r.mover is None else np.sort(shown)
        named = accepted.take(e["corr"])
        named &= e["kind"] != _MOVE
        start, end = (e["start"], e["end"]) if named.all() else (e["start"][named], e["end"][named])
        deleted = covered(start, end, len(source))
        if not np.array_equal(in_order, (~deleted).nonzero()[0]):
            raise self._uneven(shown, deleted)
        if len(source) and ((source.take(r.origin, mode="clip") != r.codes) & own).any():
            raise InvariantError(
                "a character of the text is neither the source's nor supplied by a correction"
            )
        self._check_supplied(accepted)
        # reverting takes what is shown from the text and the rest from what was deleted: by the above, the source

    @staticmethod
    def _uneven(shown: Ints, deleted: Bools) -> InvariantError:
        """What is wrong with the source offsets that are shown."""
        seen = np.bincount(shown, minlength=len(deleted))
        wrong = ((seen + deleted) != 1).nonzero()[0]
        if not len(wrong):
            return InvariantError("characters that nothing moved are not in the order of the source")
        k = int(wrong[0])
        if not seen[k] and not deleted[k]:
            return InvariantError("a source character is gone without a correction that deletes it")
        return InvariantError(
            f"source offset {k} is shown {seen[k]} times and deleted {int(deleted[k])} times"
        )

    def _check_supplied(self, accepted: Bools) -> None:
        """Every supplied character stands, whole and once, in the text of an accepted correction's edit."""
        r, e = self.rendering, self.ledger.edits
        at = (~r.own).nonzero()[0]
        if not len(at):
            return
        rows = r.owner.take(at)
        if not accepted.take(e["corr"].take(rows)).all():
            raise InvariantError("a character is supplied by a correction that is not applied")
        behind = e["side"].take(rows) == AFTER
        if (r.origin.take(at) != np.maximum(e["start"].take(rows) - behind, 0)).any():
            raise InvariantError("a character is supplied at another place than the correction says")
        begins = np.ones(len(at), dtype=np.bool_)
        np.logical_or(rows[1:] != rows[:-1], at[1:] != at[:-1] + 1, out=begins[1:])
        first = rows[begins]
        pool, bounds = self.ledger.pool
        text = e["text"].take(first)
        start = bounds.take(text)
        texts = pool.take(inside(start, bounds.take(text + 1) - start))
        once = int(np.bincount(first).max()) == 1
        if not once or not np.array_equal(r.codes.take(at), texts):
            raise InvariantError("the text has something that no correction supplied")


def refuse_conflicts(ledger: Ledger, accepted: Bools) -> None:
    """Raise when accepted corrections rewrite the same text without building on each other."""
    for a, b in ledger.clashes(accepted):
        raise CorrectionError(f"corrections {a} and {b} rewrite the same text; only one can be accepted")
