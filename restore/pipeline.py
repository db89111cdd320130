"""The passes in their order, and the engine that runs them.

The order is :data:`PRESETS`; everything else here reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

import numpy as np

from restore.correction import Batch, Certainty, Draft
from restore.layout.boxes import Layout
from restore.layout.structure import structure
from restore.ledger import Ledger
from restore.recorder import record
from restore.restoration import Restoration
from restore.source import Source
from restore.view import View

if TYPE_CHECKING:
    from restore.language import Language

__all__ = ["PRESETS", "Pass", "Pipeline", "RepairPass", "Settings", "Tools", "repair_pass", "told"]

#: The order of passes. Later passes rely on what earlier ones did; see ``after=`` of each pass.
PRESETS: Mapping[str, tuple[str, ...]] = {
    "default": (
        "charmap",
        "encoding",
        "markup",
        "vertical_rows",
        "vertical_glyphs",
        "bylines",
        "duplicates",
        "printed_lines",
        "line_pieces",
        "reading_order",
        "paragraphs",
        "furniture",
        "join_lines",
        "korean_words",
        "gaps",
        "lost_marks",
        "spaces",
        "punctuation",
        "mistaken_marks",
        "doubles",
        "strays",
        "confusables",
        "script",
    ),
    "formatting": ("encoding", "markup", "join_lines", "spaces", "punctuation"),
}
ENTRY_POINTS = "restore.passes"
#: Characters above which a text is no page any more: of the built-in passes only those of ``formatting`` run on it, since
#: what the others cost grows faster than the text.
LARGE = 250_000


@dataclass(frozen=True)
class Settings:
    """What a user can choose.

    Attributes:
        certainty: corrections below it are shown, not applied. A word (``"high"``) becomes the :class:`Certainty`.
        punctuation: ``full`` gives CJK text full-width marks; ``keep`` leaves widths alone.
        spacing: between Han and digits or Latin: ``auto`` follows the page, ``none`` removes, ``keep`` leaves.
        script: ``keep``, or the script to convert to (``hans``, ``hant``, ``tw``, ``hk``, ``jp``).
        fast: skip the checks of the invariants on this text.
    """

    certainty: Certainty = Certainty.MEDIUM
    punctuation: Literal["full", "keep"] = "full"
    spacing: Literal["auto", "none", "keep"] = "auto"
    script: Literal["keep", "hans", "hant", "tw", "hk", "jp"] = "keep"
    fast: bool = False

    def __post_init__(self) -> None:
        # from callers without a type checker, and from words in files
        certainty: Any = self.certainty
        parsed = Certainty.parse(certainty) if isinstance(certainty, str) else Certainty(certainty)
        object.__setattr__(self, "certainty", parsed)
        allowed = {
            "punctuation": ("full", "keep"),
            "spacing": ("auto", "none", "keep"),
            "script": ("keep", "hans", "hant", "tw", "hk", "jp"),
        }
        for name, words in allowed.items():
            if getattr(self, name) not in words:
                raise ValueError(f"{name} must be one of {', '.join(words)}, not {getattr(self, name)!r}")

    def as_data(self) -> dict[str, Any]:
        """Plain data for the record."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__} | {
            "certainty": self.certainty.label
        }


@dataclass
class Tools:
    """What a pass may use besides the view: settings, knowledge of the language, and notes that passes leave each other.

    ``memo`` lives as long as one restoration; keys are pass names. ``layout`` has the boxes of the printed lines, where
    the input's format knows them; ``running`` the shapes of lines that recur on the pages of the issue.
    """

    settings: Settings = field(default_factory=Settings)
    memo: dict[str, Any] = field(default_factory=dict)
    layout: Layout | None = None
    running: frozenset[str] = frozenset()

    @cached_property
    def language(self) -> Language:
        """The language room: character model, lexicon, glyph tables. Loaded once per process."""
        from restore.language import shared

        return shared()

    def read_across(self, view: View) -> bool:
        """Whether the text is a vertical page read across its columns: it has no lines then. Asked once a restoration."""
        from restore.order.across import read_across

        if "read_across" not in self.memo:
            self.memo["read_across"] = read_across(view, self.language.model)
            if self.memo["read_across"]:
                self.note(_READ_ACROSS)
        return bool(self.memo["read_across"])

    def note(self, text: str) -> None:
        """Tell whoever reads the result something about the whole of it."""
        self.memo["notes"] = (*self.memo.get("notes", ()), text)


_READ_ACROSS = (
    "this looks like a vertical page that was read across its columns: single characters that do not read on; "
    "its lines were left as they are"
)

Find = Callable[[View, Tools], Iterable[Draft | Batch]]


@runtime_checkable
class Pass(Protocol):
    """What the pipeline needs of a pass. ``__doc__`` is its manual."""

    name: str

    def find(self, view: View, tools: Tools) -> Iterable[Draft | Batch]:
        """What it would repair on ``view``."""
        ...


class RepairPass:
    """A pass made from a function; call it with text to use it alone.

    >>> from restore.passes import markup
    >>> markup("**党员**700多名").text
    '党员700多名'
    """

    def __init__(self, find: Find, name: str, after: tuple[str, ...]) -> None:
        self.find = find
        self.name = name
        self.after = after
        self.__doc__ = find.__doc__
        self.__module__ = find.__module__
        self.__qualname__ = find.__qualname__

    def __reduce__(self) -> str:
        """Pickled by name, as functions are: the function itself is not to be had under it."""
        return self.__qualname__

    def __call__(self, text: str | Source, **settings: Any) -> Restoration:
        """Run this pass alone on a text; ``settings`` are fields of :class:`Settings`."""
        return Pipeline([self]).run(text, Settings(**settings))

    def __repr__(self) -> str:
        return f"<pass {self.name}>"


def repair_pass(*, after: Sequence[str] = ()) -> Callable[[Find], RepairPass]:
    """Make a pass of a ``find(view, tools)`` function; its name is the function's.

    Args:
        after: passes that must stand before it, where they are in the pipeline at all.
    """

    def wrap(find: Find) -> RepairPass:
        return RepairPass(find, find.__name__, tuple(after))

    return wrap


class Pipeline:
    """An ordered list of passes.

    >>> from restore import Pipeline
    >>> Pipeline.preset("formatting").names
    ('encoding', 'markup', 'join_lines', 'spaces', 'punctuation')
    """

    def __init__(self, passes: Iterable[Pass | str]) -> None:
        """Of passes and names of passes.

        Raises:
            TypeError: for what is no pass.
            ValueError: for an unknown name, a pass that is named twice, or an order that cannot work.
        """
        if isinstance(passes, str):
            raise TypeError(f"a pipeline needs a list of passes: [{passes!r}], not {passes!r}")
        self.passes: tuple[Pass, ...] = tuple(_resolve(p) for p in passes)
        #: Names of the passes in order.
        self.names: tuple[str, ...] = tuple(p.name for p in self.passes)
        self._check_order()

    @classmethod
    def preset(cls, name: str = "default") -> Pipeline:
        """A pipeline by name.

        Raises:
            ValueError: for an unknown name.
        """
        if name not in PRESETS:
            raise ValueError(f"unknown preset {name!r}; there are {', '.join(PRESETS)}")
        return cls(PRESETS[name])

    def before(self, name: str, new: Pass | str) -> Pipeline:
        """A pipeline with ``new`` before pass ``name``."""
        k = self._index(name)
        return Pipeline([*self.passes[:k], new, *self.passes[k:]])

    def after(self, name: str, new: Pass | str) -> Pipeline:
        """A pipeline with ``new`` behind pass ``name``."""
        k = self._index(name) + 1
        return Pipeline([*self.passes[:k], new, *self.passes[k:]])

    def enable(self, *names: str) -> Pipeline:
        """Only these passes, in this pipeline's order."""
        wanted = {self._index(n) for n in names}
        return Pipeline([p for k, p in enumerate(self.passes) if k in wanted])

    def disable(self, *names: str) -> Pipeline:
        """All but these passes."""
        gone = {self._index(n) for n in names}
        return Pipeline([p for k, p in enumerate(self.passes) if k not in gone])

    def __repr__(self) -> str:
        return f"Pipeline({list(self.names)})"

    def _index(self, name: str) -> int:
        if name not in self.names:
            raise ValueError(f"no pass {name!r} in this pipeline; it has {', '.join(self.names)}")
        return self.names.index(name)

    def _check_order(self) -> None:
        names = self.names
        if len(set(names)) < len(names):
            twice = next(n for n in names if names.count(n) > 1)
            raise ValueError(f"pass {twice!r} is in the pipeline twice")
        for k, one in enumerate(self.passes):
            for earlier in getattr(one, "after", ()):
                if earlier in names[k + 1 :]:
                    raise ValueError(f"pass {one.name!r} must stand after {earlier!r}")

    def run(
        self,
        source: str | Source,
        settings: Settings | None = None,
        layout: Layout | None = None,
        running: frozenset[str] = frozenset(),
    ) -> Restoration:
        """Restore a source.

        Args:
            source: the text.
            settings: what the user chose.
            layout: boxes of the printed lines, spans into the source's text; without them text decides alone.
            running: shapes of running heads and imprint of the issue (:class:`restore.order.issue.RunningLines`).

        Raises:
            CorrectionError: when a pass contradicts itself.
            InvariantError: when a promise does not hold (unless ``settings.fast``).
        """
        settings = settings or Settings()
        if isinstance(source, str):
            source = Source(source)
        tools = Tools(settings, layout=layout, running=running)
        ledger = Ledger()
        view = View.of(source)
        left_out: list[str] = []
        applied = _applied(ledger, settings.certainty)
        for one in self.passes:
            if len(source.text) > LARGE and one.name in _WITHIN_PAGES:
                left_out.append(one.name)
                continue
            try:
                first, last, places = record(view, ledger, one.name, one.find(view, tools))
            except Exception as error:
                error.add_note(f"in pass {one.name!r}")
                raise
            if last > first:
                applied = _applied(ledger, settings.certainty)
                if applied[first:].any():
                    view = view.after(ledger, first, applied, places)
        settled = ledger.settled(applied)
        out = Restoration(
            source,
            settled,
            settings.certainty,
            settings=settings.as_data() | {"passes": list(self.names)},
            notes=source.notes + tools.memo.get("notes", ()) + _too_large(source, left_out),
        )
        if settled is ledger:
            out._rendering = view.rendering
        if "paragraphs" in self.names:
            out.blocks = structure(out.text)
        if not settings.fast:
            from restore.record import check_replay

            out.check()
            check_replay(out)
        return out


def told(error: Exception) -> str:
    """An exception in one line, with the pass that it came from."""
    return ", ".join((f"{type(error).__name__}: {error}", *getattr(error, "__notes__", ())))


_WITHIN_PAGES = frozenset(PRESETS["default"]) - frozenset(PRESETS["formatting"])


def _too_large(source: Source, left_out: Sequence[str]) -> tuple[str, ...]:
    if not left_out:
        return ()
    return (
        f"{len(source.text):,} characters are more than a page has (at most {LARGE:,}), so these passes did not run: "
        f"{', '.join(left_out)}; cut the text into its pages",
    )


def _applied(ledger: Ledger, threshold: Certainty) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return ledger.closure(ledger.corrs["certainty"] >= int(threshold))


def _resolve(one: Pass | str) -> Pass:
    if not isinstance(one, str):
        if isinstance(one, type) and isinstance(one, Pass):
            raise TypeError(f"{one!r} is a class of passes; make one: {one.__name__}()")
        if not isinstance(one, Pass):
            raise TypeError(f"{one!r} is not a pass: it needs a name and find(view, tools)")
        return one
    from restore import passes

    found = passes.BUILT_IN.get(one)
    if found is not None:
        return found
    from importlib.metadata import entry_points  # only plug-ins pay for the import

    for point in entry_points(group=ENTRY_POINTS):
        if point.name == one:
            loaded = point.load()
            made = loaded() if isinstance(loaded, type) else loaded
            if not isinstance(made, Pass):
                raise TypeError(
                    f"entry point {one!r} ({point.value}) is not a pass: it needs a name and find(view, tools)"
                )
            return made
    known = [*passes.BUILT_IN, *(p.name for p in entry_points(group=ENTRY_POINTS))]
    raise ValueError(f"unknown pass {one!r}; there are {', '.join(known)}")
