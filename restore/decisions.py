"""What a person decided about corrections, as a small JSON file that outlives a run.

The file names the source by its hash and each correction by its id (a hash of what it does), so decisions
hold for every later run in which the same correction is made again::

    {"format": "restore-decisions", "version": 1, "made_by": "restore-cjk 0.1.0",
     "source": {"name": "page.txt", "sha256": "…"},
     "settings": {"certainty": "medium", "passes": ["encoding", "markup"], "…": "…"},
     "decisions": [{"id": "0123456789ab", "pass": "spaces", "decision": "reject", "certainty": "high", "score": 0.9},
                   {"id": "ba9876543210", "pass": "gaps", "decision": "edit", "text": "管理"}]}

An edit keeps the correction and changes the text it supplies. It becomes a correction of its own, of pass
``review``, that builds on the one it changes: so it is named, replayed and undone like every other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import orjson

from restore._version import __version__
from restore.correction import Certainty, CorrectionError, EditKind
from restore.layout.boxes import Layout
from restore.ledger import CORR_COLUMNS, EDIT_COLUMNS, Bools, Ledger
from restore.restoration import ACCEPT, Restoration, refuse_conflicts
from restore.source import Source

__all__ = [
    "FORMAT",
    "REVIEW",
    "VERSION",
    "Applied",
    "Decision",
    "DecisionError",
    "Decisions",
    "edit",
    "load",
    "loads",
]

FORMAT = "restore-decisions"
VERSION = 1
REVIEW = "review"  # the pass name of what a person supplied
_MESSAGE = "text changed by a reviewer"
_EDITED = "edits"  # evidence key: id of the correction whose text was changed

Verdict = Literal["accept", "reject", "edit"]


class DecisionError(ValueError):
    """A decisions file that is damaged, of another kind or another source, or that contradicts itself."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One judgement: id and pass of the correction; ``accept``, ``reject`` or ``edit``; an edit's text.

    ``certainty`` and ``score`` are those of the correction when it was judged, where that is known: they make a
    decision a labelled example without its page (see :mod:`restore.labels`), and are not part of what was decided.
    """

    id: str
    pass_name: str
    decision: Verdict
    text: str | None = None
    certainty: str | None = field(default=None, compare=False)
    score: float | None = field(default=None, compare=False)

    def __str__(self) -> str:
        """As a person would say it."""
        text = "" if self.text is None else f" to {self.text!r}"
        return f"{self.decision} {self.pass_name or '(unknown pass)'} {self.id}{text}"


@dataclass(frozen=True)
class Applied:
    """A restoration with decisions in it.

    Attributes:
        restoration: the result.
        gone: decisions about corrections that this run does not make; they changed nothing.
        unmet: accepted or edited, but not in the text, because something they stand on is rejected.
        missing: passes of the run that was judged that do not exist any more.
    """

    restoration: Restoration
    gone: tuple[Decision, ...] = ()
    unmet: tuple[Decision, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Decisions:
    """The decisions about one source.

    Attributes:
        sha256: hash of the source's bytes (:attr:`Source.sha256`).
        items: the decisions, in the order they were made; of two about one correction the later counts.
        settings: the settings of the run that was judged, with ``passes``, the names in order.
        name: the source's file name, for messages.
        version: version of the program that made the corrections.
    """

    sha256: str
    items: tuple[Decision, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    name: str = "<text>"
    version: str = __version__

    def __len__(self) -> int:
        """How many there are."""
        return len(self.items)

    @classmethod
    def of(cls, restoration: Restoration) -> Decisions:
        """The decisions a restoration carries."""
        corrections = restoration.corrections
        edited = {}
        for one in corrections.by_pass(REVIEW):
            if one.applied and _EDITED in one.evidence:
                edited[str(one.evidence[_EDITED])] = one.after
        items = []
        for index, what in sorted(restoration.decisions.items()):
            one = corrections[index]
            if one.pass_name == REVIEW:
                continue
            text = edited.get(one.id) if what == ACCEPT else None
            verdict: Verdict = "reject" if what != ACCEPT else "accept" if text is None else "edit"
            items.append(
                Decision(one.id, one.pass_name, verdict, text, one.certainty.label, round(one.score, 4))
            )
        source = restoration.source
        return cls(source.sha256, tuple(items), dict(restoration.settings), source.name, restoration.version)

    # ------------------------------------------------------------------ JSON
    def dumps(self) -> bytes:
        """The decisions as UTF-8 JSON, one decision a line so that version control shows what changed."""
        head = {
            "format": FORMAT,
            "version": VERSION,
            "made_by": f"restore-cjk {self.version}",
            "source": {"name": _readable(self.name), "sha256": self.sha256},
            "settings": dict(self.settings),
        }
        rows = []
        for one in self.items:
            row = {"id": one.id, "pass": one.pass_name, "decision": one.decision}
            more = {"text": one.text, "certainty": one.certainty, "score": one.score}
            rows.append(
                orjson.dumps(row | {name: value for name, value in more.items() if value is not None})
            )
        listed = b"[\n" + b",\n".join(rows) + b"\n]" if rows else b"[]"
        return orjson.dumps(head)[:-1] + b',\n"decisions":' + listed + b"}\n"

    def save(self, path: str | Path, *, force: bool = False) -> None:
        """Write the decisions.

        Raises:
            OutputError: when the file exists (without ``force``) or cannot be written.
        """
        from restore.files import write

        write(path, self.dumps(), force=force)

    # ------------------------------------------------------------------ use
    def check_source(self, source: Source) -> None:
        """Make sure they belong to ``source``.

        Raises:
            DecisionError: when they were made for another one.
        """
        if self.sha256 != source.sha256:
            raise DecisionError(
                f"these decisions were made for another source: {self.name} with hash {self.sha256[:12]}…, "
                f"but {source.name} has {source.sha256[:12]}…"
            )

    def run(self, source: Source, layout: Layout | None = None) -> Applied:
        """Restore ``source`` with the settings of the run that was judged, and apply the decisions.

        Raises:
            DecisionError: as :meth:`apply`; or when the settings are none this program knows.
        """
        from restore.pipeline import Pipeline, Settings

        self.check_source(source)
        names = [f.name for f in fields(Settings)]
        chosen = {name: value for name, value in self.settings.items() if name in names}
        passes = self.settings.get("passes")
        try:
            if "certainty" in chosen:
                chosen["certainty"] = Certainty.parse(str(chosen["certainty"]))
            settings = Settings(**chosen)
            if passes is None:
                return self.apply(Pipeline.preset().run(source, settings, layout))
            there, missing = _split(passes)
            pipeline = Pipeline(there)
        except (TypeError, ValueError) as error:
            raise DecisionError(f"the settings in the decisions cannot be used: {error}") from None
        return replace(self.apply(pipeline.run(source, settings, layout)), missing=missing)

    def apply(self, restoration: Restoration) -> Applied:
        """Put the decisions into a restoration of the same source.

        Rejections come last: what a person rejected does not come back because something else stands on it.

        Raises:
            DecisionError: when they belong to another source, or two that are accepted rewrite the same text.
        """
        self.check_source(restoration.source)
        latest = {one.id: one for one in self.items}
        gone, found = [], {}
        for identifier, one in latest.items():
            try:
                found[restoration.index_of(identifier)] = one
            except KeyError:
                gone.append(one)
        taken = [i for i, one in found.items() if one.decision != "reject"]
        refused = [i for i, one in found.items() if one.decision == "reject"]
        out = restoration.accept(*taken).reject(*refused)
        if taken:
            try:
                refuse_conflicts(out.ledger, out.accepted)
            except CorrectionError as error:
                raise DecisionError(f"the decisions contradict each other: {error}") from None
        texts = {i: one.text or "" for i, one in found.items() if one.decision == "edit" and out.accepted[i]}
        out = edit(out, texts)
        accepted = out.accepted
        unmet = tuple(found[i] for i in taken if not accepted[i])
        return Applied(out, tuple(gone), unmet)


def _readable(name: str) -> str:
    """A file name that is no UTF-8, as UTF-8 can hold it."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def _split(passes: Any) -> tuple[list[str], tuple[str, ...]]:
    """Pass names that exist, and those that do not."""
    from importlib.metadata import entry_points

    from restore.passes import BUILT_IN
    from restore.pipeline import ENTRY_POINTS

    if not isinstance(passes, list | tuple) or not all(isinstance(name, str) for name in passes):
        raise ValueError('"passes" must be a list of names')
    known = {*BUILT_IN, *(point.name for point in entry_points(group=ENTRY_POINTS))}
    return [n for n in passes if n in known], tuple(n for n in passes if n not in known)


def edit(restoration: Restoration, texts: Mapping[int, str]) -> Restoration:
    """A restoration in which a person's text stands where corrections supplied theirs.

    Args:
        restoration: the corrections must be applied in it.
        texts: by correction index, what it is to supply instead (all of it: a correction of several edits
            gets the text at its first and nothing at the others).

    Raises:
        DecisionError: for a correction that only moves text.
    """
    wanted = {}
    for index, text in sorted(texts.items()):
        rows = _text_rows(restoration.ledger, index)
        if not rows:
            one = restoration.corrections[index]
            raise DecisionError(f"correction {one.id} ({one.pass_name}) only moves text; it has none to edit")
        wanted[index] = text
    accepted = restoration.accepted
    ledger = _copy(restoration.ledger)
    decisions = dict(restoration.decisions)
    for index, text in wanted.items():
        new = _append_edit(ledger, index, text, accepted)
        if new is not None:
            decisions[index] = decisions[new] = ACCEPT
    return replace(restoration, ledger=ledger, decisions=decisions, _rendering=None, _ids=None)


def _copy(old: Ledger) -> Ledger:
    """The same corrections with pools of their own."""
    ledger = Ledger()
    for name in old.passes:
        ledger.pass_index(name)
    for text in old.texts:
        ledger.text_index(text)
    for message in old.messages:
        ledger.message_index(message)
    ledger.extend(old.corrs, old.edits)
    ledger.evidence = dict(old.evidence)
    ledger.builds_on, ledger.requires = dict(old.builds_on), dict(old.requires)
    return ledger


def _text_rows(ledger: Ledger, index: int) -> list[int]:
    return [r for r in ledger.rows(index) if ledger.edits["kind"][r] != EditKind.MOVE]


def _append_edit(ledger: Ledger, index: int, text: str, accepted: Bools) -> int | None:
    """Append the correction that replaces what ``index`` supplies; its index, None when nothing changes."""
    e = ledger.edits
    rows = _text_rows(ledger, index)
    # a later correction may have rewritten that text already: the person saw, and replaces, the last state
    last = [_latest(ledger, row, accepted) for row in rows]
    if last == rows and "".join(ledger.texts[int(e["text"][r])] for r in rows) == text:
        return None
    number = ledger.n_corrections
    new: dict[str, list[Any]] = {name: [] for name in EDIT_COLUMNS}
    for nth, row in enumerate(last):
        put = text if nth == 0 else ""
        start, end = int(e["start"][row]), int(e["end"][row])
        kind = EditKind.DELETE if not put else EditKind.REPLACE if end > start else EditKind.INSERT
        cells = {name: e[name][row] for name in EDIT_COLUMNS}
        cells |= {"corr": number, "kind": int(kind), "text": ledger.text_index(put), "over": row}
        for name, cell in cells.items():
            new[name].append(cell)
    values = (
        ledger.pass_index(REVIEW),
        int(Certainty.HIGH),
        1.0,
        ledger.message_index(_MESSAGE),
        ledger.n_edits,
    )
    ledger.extend(
        {name: np.array([value]) for name, value in zip(CORR_COLUMNS, values, strict=True)},
        {name: np.array(column) for name, column in new.items()},
    )
    ledger.evidence[number] = {_EDITED: ledger.identifier(index)}
    ledger.builds_on[number] = tuple(sorted({index, *(int(e["corr"][row]) for row in last)}))
    return number


def _latest(ledger: Ledger, row: int, accepted: Bools) -> int:
    """The row whose text stands now where edit ``row`` put its own; new edits count as accepted."""
    over, corr = ledger.edits["over"], ledger.edits["corr"]
    stands = np.append(accepted, np.ones(ledger.n_corrections - len(accepted), dtype=np.bool_))[corr]
    while len(above := np.flatnonzero((over == row) & stands)):
        row = int(above[-1])
    return row


# ---------------------------------------------------------------------- reading
def loads(data: bytes | str, name: str = "<decisions>") -> Decisions:
    """Decisions from JSON.

    Raises:
        DecisionError: naming what is wrong and where.
    """
    try:
        body = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise DecisionError(
            f"{name}: not JSON, so no decisions file (line {error.lineno}, column {error.colno}: {error.msg})"
        ) from None
    if not isinstance(body, dict) or body.get("format") != FORMAT:
        hint = ", it is a record" if isinstance(body, dict) and body.get("format") == "restore-record" else ""
        raise DecisionError(f'{name}: not a decisions file (its "format" is not {FORMAT!r}{hint})')
    if body.get("version") != VERSION:
        raise DecisionError(
            f"{name}: decisions version {body.get('version')!r}; this program reads version {VERSION}"
        )
    source, settings, rows = body.get("source"), body.get("settings", {}), body.get("decisions")
    if not isinstance(source, dict) or not isinstance(source.get("sha256"), str):
        raise DecisionError(f'{name}: damaged: "source" must have the "sha256" of the text that was judged')
    if not isinstance(settings, dict):
        raise DecisionError(f'{name}: damaged: "settings" must be an object')
    if not isinstance(rows, list):
        raise DecisionError(f'{name}: damaged: "decisions" must be a list')
    made_by = str(body.get("made_by", "")).removeprefix("restore-cjk ")
    items = tuple(_decision(row, f"{name}: decision {number}") for number, row in enumerate(rows, 1))
    return Decisions(source["sha256"], items, settings, str(source.get("name", "<text>")), made_by)


def _decision(row: Any, where: str) -> Decision:
    if not isinstance(row, dict) or not isinstance(row.get("id"), str):
        raise DecisionError(f'{where} has no "id"')
    verdict: Any = row.get("decision")
    text = row.get("text")
    if verdict not in get_args(Verdict):
        raise DecisionError(f"{where}: {verdict!r} is none of {', '.join(get_args(Verdict))}")
    if verdict == "edit" and not isinstance(text, str):
        raise DecisionError(f'{where} is an edit without "text"')
    certainty, score = row.get("certainty"), row.get("score")
    if certainty not in (None, *(level.label for level in Certainty)):
        raise DecisionError(f"{where}: the certainty {certainty!r} is none of high, medium, low")
    if score is not None and (not isinstance(score, int | float) or isinstance(score, bool)):
        raise DecisionError(f"{where}: the score {score!r} is not a number")
    text = text if verdict == "edit" else None
    return Decision(row["id"], str(row.get("pass", "")), verdict, text, certainty, score)


def load(path: str | Path) -> Decisions:
    """Decisions from a file.

    Raises:
        DecisionError: when it is missing, unreadable, damaged or something else.
    """
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:
        raise DecisionError(f"{path}: no such file") from None
    except OSError as error:
        raise DecisionError(f"{path}: cannot be read ({error.strerror or error})") from None
    return loads(data, str(path))
