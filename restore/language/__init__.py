"""What CJK text looks like: character model, page cache, lexicon, glyph tables, script folding."""

from __future__ import annotations

from functools import cache, cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from restore.language.crossing import CrossEncoder
    from restore.language.glyphs import Confusables
    from restore.language.lexicon import Lexicon
    from restore.language.lines import LineEncoder
    from restore.language.ngram import NgramModel

__all__ = ["Language", "shared"]


class Language:
    """The data of the language room, each part loaded when first asked for."""

    @cached_property
    def model(self) -> NgramModel:
        """The character n-gram model."""
        from restore.language.ngram import NgramModel

        return NgramModel.load()

    @cached_property
    def lines(self) -> LineEncoder:
        """The encoders of line ends and line beginnings."""
        from restore.language.lines import LineEncoder

        return LineEncoder.load()

    @cached_property
    def crossing(self) -> CrossEncoder:
        """What tells a line that goes on from a paragraph's end and from lost text."""
        from restore.language.crossing import CrossEncoder

        return CrossEncoder.load()

    @cached_property
    def lexicon(self) -> Lexicon:
        """The word list with frequencies."""
        from restore.language.lexicon import Lexicon

        return Lexicon.load()

    @cached_property
    def confusables(self) -> Confusables:
        """Glyphs that are mistaken for each other."""
        from restore.language.glyphs import Confusables

        return Confusables.load()


@cache
def shared() -> Language:
    """One language room per process."""
    return Language()
