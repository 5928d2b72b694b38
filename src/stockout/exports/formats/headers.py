"""Where the header of an export stands: below title rows, in one row or in two, above a total row.

Every format hands the same thing to this module, its first rows as lists of cells. A row of known
column names is the header; where no name is known, it is the first row that is not a title.
"""

from __future__ import annotations

import re
from collections import Counter
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from stockout.exports.names import plain_name

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

ROWS_TO_LOOK_AT = 60
"""Rows of an export that are looked at for its header; titles and filters take ten at most."""

_MOST_CELLS_OF_A_TITLE = 2
_LETTER = re.compile(r"[^\W\d_]")

_TOTAL_WORDS = (
    *(
        r"[合总小共总]\s*[计計]",
        r"[總]\s*[计計]",
        "本页[合小]计",
        "页小计",
        "本[期月年日]合计",
        "合计数",
        "总合计",
    ),
    *("(?:grand|sub|overall)?[- ]?totals?", "(?:total|sub) general"),
    *("(?:gesamt|zwischen|end|teil)?-?summe", "(?:gesamt)?-?ergebnis", "gesamt", "insgesamt"),
)
_TOTAL = rf"(?i)^[\s:：*]*(?:{'|'.join(_TOTAL_WORDS)})[\s:：*.]*$|^\s*\*+\s*$"
"""A cell that holds such a word and nothing else. SAP marks its totals with asterisks alone."""


class HeaderPlace(NamedTuple):
    """Where the header stands among the first rows of an export."""

    row: int  # index of its row, of the lower one where there are two
    rows: int  # how many rows it takes: 1, or 2 where names are grouped
    names: tuple[str, ...]  # one for each cell, "" where there is none
    titles: tuple[str, ...]  # the rows above it, each in one text


def find_header(rows: Sequence[Sequence[str]], known: Collection[str]) -> HeaderPlace | None:
    """Finds the header among the first rows of an export.

    The row with the most known names is the header, the first of those that have as many. Below a
    first row with known names it is only looked for among wider rows, as titles are narrow. Where
    no name is known, the first row is the header, but for one or two cells above a table of more.
    Two rows are one header where the upper one has gaps that the lower one fills, and known or
    repeated names stand in the lower one.

    Args:
        rows: The first rows, blank ones included, each a list of cells.
        known: Names of columns, in the form of :func:`stockout.exports.names.plain_name`.

    Returns:
        The place of the header; None where every row is blank.

    >>> find_header([["Stock list"], [], ["SKU", "Qty"], ["00123", "4"]], {"sku", "qty"})
    HeaderPlace(row=2, rows=1, names=('SKU', 'Qty'), titles=('Stock list',))
    >>> find_header(
    ...     [["SKU", "Opening", "", "Closing", ""], ["", "Qty", "Value", "Qty", "Value"]],
    ...     {"sku", "qty", "value"},
    ... ).names
    ('SKU', 'Opening Qty', 'Opening Value', 'Closing Qty', 'Closing Value')
    """
    cells = [[cell.strip() for cell in row] for row in rows[:ROWS_TO_LOOK_AT]]
    filled = [index for index, row in enumerate(cells) if any(row)]
    if not filled:
        return None
    best = _best_row(cells, filled, known)
    for upper in (best, best - 1):
        if upper >= filled[0] and _is_grouped(cells, upper, known):
            return _place(cells, upper + 1, grouped=True)
    return _place(cells, best, grouped=False)


def header_at(rows: Sequence[Sequence[str]], row: int) -> HeaderPlace:
    """The header whose last row is known to be the one at this index.

    >>> header_at([["", "Stock", ""], ["SKU", "Qty", "Value"], ["7", "1", "2"]], 1).names
    ('SKU', 'Qty', 'Value')
    >>> header_at([["SKU", "Stock", ""], ["", "Qty", "Value"], ["7", "1", "2"]], 1).names
    ('SKU', 'Stock Qty', 'Stock Value')
    """
    cells = [[cell.strip() for cell in one] for one in rows[: row + 1]]
    grouped = row > 0 and _completes(cells[row - 1], cells[row])
    return _place(cells, row, grouped=grouped)


def count_known(row: Sequence[str], known: Collection[str]) -> int:
    """How many different known names stand in a row.

    >>> count_known(["SKU", "Qty", "qty", "2026-01-05"], {"sku", "qty"})
    2
    """
    return len({plain for cell in row if cell and (plain := plain_name(cell)) in known})


def unique_names(names: Sequence[str]) -> list[str]:
    """Names for the scanned columns: the header's, and made-up ones for repeated and empty ones.

    >>> unique_names(["SKU", "", "SKU"])
    ['SKU', '(column 2)', 'SKU (column 3)']
    """
    taken = set(names)
    unique: list[str] = []
    seen: set[str] = set()
    for position, name in enumerate(names, start=1):
        chosen = name
        while not chosen or chosen in seen:
            chosen = f"{name} (column {position})".strip()
            while chosen in taken or chosen in seen:
                chosen += "'"
        seen.add(chosen)
        unique.append(chosen)
    return unique


def is_total(columns: Sequence[str]) -> pl.Expr:
    """Whether the first cell of a row that is not empty says that the row adds up others.

    Args:
        columns: The text columns, in the order of the export.

    Returns:
        A Boolean expression, never null. A name that merely contains such a word does not count.

    >>> frame = pl.DataFrame({"a": ["合 计：", "", "Total 500ml", "7"], "b": ["", "Total", "", ""]})
    >>> frame.select(is_total(["a", "b"])).to_series().to_list()
    [True, True, False, False]
    """
    if not columns:
        return pl.lit(value=False)
    texts = [pl.col(column).str.strip_chars() for column in columns]
    first = pl.coalesce(pl.when(text != "").then(text) for text in texts)
    return first.str.contains(_TOTAL).fill_null(value=False)


def _best_row(cells: Sequence[Sequence[str]], filled: Sequence[int], known: Collection[str]) -> int:
    def count(index: int) -> int:
        return count_known(cells[index], known)

    first = filled[0]
    width = _filled(cells[first])
    wider = [index for index in filled if _filled(cells[index]) > width]
    # A title may happen to have as many commas as the header.
    below = wider if count(first) else filled[1:]
    best = max(below, key=count, default=first)
    if count(best) > count(first):
        if best in wider and (count(best) > 1 or best == _first_wide(cells, filled)):
            return best
        if count(best) > 1 and 2 * count(best) > _filled(cells[best]):
            return best
    if count(best) or count(first) or width > _MOST_CELLS_OF_A_TITLE:
        return first
    table = _first_wide(cells, filled)
    usual = median(_filled(cells[index]) for index in filled)
    # A row of numbers or dates is no header, so the first row is one, if a bad one.
    is_table = table is not None and usual > max(width, _MOST_CELLS_OF_A_TITLE)
    return table if table is not None and is_table and _is_words(cells[table]) else first


def _first_wide(cells: Sequence[Sequence[str]], filled: Sequence[int]) -> int | None:
    """The first row with more cells than a title."""
    return next((i for i in filled if _filled(cells[i]) > _MOST_CELLS_OF_A_TITLE), None)


def _is_grouped(cells: Sequence[Sequence[str]], upper: int, known: Collection[str]) -> bool:
    """Whether a row and the one below it are one header, as far as that is certain."""
    if upper + 1 >= len(cells):
        return False
    groups, names = cells[upper], cells[upper + 1]
    if not _completes(groups, names) or not _is_words(names) or not _is_words(groups):
        return False
    in_names = count_known(names, known)
    return in_names > 1 or (in_names > 0 and _repeats(names))


def _completes(groups: Sequence[str], names: Sequence[str]) -> bool:
    """Whether the lower row fills gaps of the upper one, and does not stand by itself."""
    spans = [
        index
        for index, name in enumerate(names)
        if name and not (groups[index] if index < len(groups) else "")
    ]
    if not spans or _filled(groups) == 0:
        return False
    only_above = any(
        group and not (names[index] if index < len(names) else "")
        for index, group in enumerate(groups)
    )
    return only_above or (_repeats(names) and _filled(groups) > 1)


def _place(cells: Sequence[Sequence[str]], row: int, *, grouped: bool) -> HeaderPlace:
    top = row - 1 if grouped else row
    names = _joined(cells[top], cells[row]) if grouped else tuple(cells[row])
    titles = (" ".join(cell for cell in one if cell) for one in cells[:top])
    return HeaderPlace(row, 1 + grouped, names, tuple(title for title in titles if title))


def _joined(groups: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    """One name for each column of a header of two rows.

    A group stands over its first column and holds for the empty cells to its right.
    """
    joined = []
    group = ""
    for index in range(max(len(groups), len(names))):
        above = groups[index] if index < len(groups) else ""
        below = names[index] if index < len(names) else ""
        if above:
            group = above
        if above and not below:
            group = ""  # a name over both rows, not a group
            joined.append(above)
        else:
            joined.append(f"{group} {below}".strip() if below else "")
    return tuple(joined)


def _filled(row: Sequence[str]) -> int:
    return sum(1 for cell in row if cell)


def _is_words(row: Sequence[str]) -> bool:
    """Whether every cell that is not empty has a letter and no date or number in it."""
    return all(_LETTER.search(cell) and not cell[0].isdigit() for cell in row if cell)


def _repeats(names: Sequence[str]) -> bool:
    return max(Counter(name for name in names if name).values(), default=0) > 1
