"""Rows of a table of figures, lines of as many words each with figures in the same columns; and of a list of names."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from restore import characters as ch
from restore.language.names import is_surnamed
from restore.layout.tokens import Tokens, tokens_of
from restore.source import text_to_codes
from restore.view import View

__all__ = ["blank_in_tables", "inside_tables"]

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_FEWEST = 4  # rows of figures
_LONGEST, _LONGEST_FIGURE = 10, 20  # characters of a word and of a figure in a row; a printed line has more
_MOST = 24  # words in a row
_ROWS_OF_NAMES, _NAMES, _LONGEST_NAME = 3, 3, 4  # rows, names in one, characters of one
_MARKS = text_to_codes(".,:/%+-~()·‰°＋－—–−")  # in figures, or where one is missing


def inside_tables(tokens: Tokens) -> Bools:
    """White space inside tables, between words of a row and between rows. Shape ``(n,)``; the last is False.

    A table has four rows or more with at most a blank line between them, as many words in each, and figures in the same
    columns: in two at least, or in one of two. A row of words above them, as many as they have, is its head. A list of
    names has three rows or more of three names or more; the first word of each may say of whom, and its last row may be
    shorter.
    """
    n = len(tokens)
    out = np.zeros(n, dtype=np.bool_)
    row = tokens.row
    if not n or n - int(row[-1]) <= _ROWS_OF_NAMES:  # no more words than lines, as on most pages
        return out
    count = np.bincount(row)
    several = (count >= 2) & (count <= _MOST)
    if not _in_a_row(several, _ROWS_OF_NAMES):
        return out
    first = count.cumsum() - count
    size = tokens.end - tokens.start
    longest = np.maximum.reduceat(size, first)
    may = several & (longest <= _LONGEST_FIGURE)
    if not _in_a_row(may, _ROWS_OF_NAMES):
        return out
    names = _rows_of_names(tokens, first, count, may & (longest <= _LONGEST_NAME))
    if names is not None:
        same = np.diff(row) == 0
        onward = names[:-1] & names[1:]
        out[:-1] = np.where(same, names[row[:-1]], np.append(onward, False)[row[:-1]])
    numbered = np.bincount(row, weights=(tokens.first & ch.DIGIT) > 0) > 0
    if not _in_a_row(may & numbered, _FEWEST):
        return out
    figures = _figures(tokens)
    fits = may & (np.maximum.reduceat(np.where(figures, 0, size), first) <= _LONGEST)
    place = np.arange(n) - first[row]
    # which columns have figures, as a sum
    columns = np.bincount(row, weights=figures * 2.0 ** np.minimum(place, _MOST))
    many = np.bincount(row, weights=figures)
    rows = fits & ((many >= 2) | ((many == 1) & (count == 2))) & (many < count)
    near = tokens.newlines[first + count - 1] <= 2  # the next row follows, perhaps behind a blank line
    alike = rows[:-1] & rows[1:] & (count[:-1] == count[1:]) & (columns[:-1] == columns[1:]) & near[:-1]
    run = np.append(0, (~alike).cumsum())  # rows alike that follow each other
    table = rows & (np.bincount(run)[run] >= _FEWEST)
    head = np.zeros_like(table)
    head[:-1] = fits[:-1] & (many[:-1] == 0) & near[:-1] & table[1:] & (count[:-1] == count[1:])
    within = table | head
    onward = np.zeros_like(table)
    onward[:-1] = within[:-1] & within[1:] & (alike | head[:-1])
    out[:-1] |= np.where(row[1:] == row[:-1], within[row[:-1]], onward[row[:-1]])
    return out


def blank_in_tables(view: View) -> Bools:
    """Which characters are white space between the words and rows of tables, shape ``(len(view),)``."""
    tokens = tokens_of(view)
    at = np.flatnonzero(inside_tables(tokens))
    out = np.zeros(len(view) + 1, dtype=np.int64)
    out[tokens.end[at]] += 1
    out[tokens.start[at + 1]] -= 1
    return np.asarray(out.cumsum()[:-1] > 0)


def _rows_of_names(tokens: Tokens, first: Ints, count: Ints, may: Bools) -> Bools | None:
    """Rows of lists of names, shape ``(rows,)``; None where there are none.

    Args:
        first, count: the first word of each row, and how many it has, shape ``(rows,)``.
        may: rows whose words are no longer than names, shape ``(rows,)``.
    """
    if not _in_a_row(may & (count >= _NAMES), _ROWS_OF_NAMES):
        return None
    may[1:] |= (count[1:] == 1) & may[:-1]  # the last name
    total = np.append(0, ((tokens.view.classes & ch.HAN) > 0).cumsum())
    size = tokens.end - tokens.start
    short = (total[tokens.end] - total[tokens.start] == size) & (size <= _LONGEST_NAME)
    may &= np.logical_and.reduceat(short, first)
    full, rest = np.zeros_like(may), np.zeros_like(may)
    for k in np.flatnonzero(may).tolist():
        words = [tokens.text(at) for at in range(int(first[k]), int(first[k] + count[k]))]
        named = [is_surnamed(one) and len(one) > 1 for one in _names(words)]
        full[k] = sum(named) >= _NAMES and all(named[1:])
        rest[k] = all(named)
    near = (tokens.newlines[first + count - 1] <= 2)[:-1]
    run = np.append(0, (~(full[:-1] & full[1:] & near)).cumsum())
    out = full & (np.bincount(run)[run] >= _ROWS_OF_NAMES)
    out[1:] |= out[:-1] & rest[1:] & near
    return out if out.any() else None


def _names(words: list[str]) -> list[str]:
    """The names of a row; those of two characters are printed with a space inside, to be as wide as the others."""
    out: list[str] = []
    for word in words:
        if len(word) == 1 and out and len(out[-1]) == 1:
            out[-1] += word
        else:
            out.append(word)
    return out


def _in_a_row(rows: Bools, many: int) -> bool:
    """Whether so many rows follow each other."""
    total = np.append(0, rows.cumsum())
    return bool((total[many:] - total[:-many] == many).any())


def _figures(tokens: Tokens) -> Bools:
    """Tokens that are figures, or marks in the place of one, shape ``(n,)``."""
    view = tokens.view
    part = ((view.classes & ch.DIGIT) > 0) | ch.among(view.codes, _MARKS)
    total = np.append(0, part.cumsum())
    return np.asarray(total[tokens.end] - total[tokens.start] == tokens.end - tokens.start)
