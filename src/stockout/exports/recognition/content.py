"""What the cells of a column look like, whatever its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from stockout.exports.values.parsing import FALSE_WORDS, NULL_WORDS, TRUE_WORDS

if TYPE_CHECKING:
    from collections.abc import Mapping

ENOUGH = 0.9
"""Share of the filled cells that must look like a type; notes and totals are the rest."""

_TIME = r"(?:[T ,].*)?$"
_DATE = "|".join(
    (
        rf"^\d{{4}} ?[-/.年] ?\d{{1,2}} ?[-/.月] ?\d{{1,2}}日?{_TIME}",
        rf"^(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]){_TIME}",
        rf"^\d{{1,2}}[-/.]\d{{1,2}}[-/.](?:\d{{4}}|\d{{2}}){_TIME}",
        rf"^\d{{1,2}}\.?[- ]\p{{L}}{{3,9}}\.?,?[- ]\d{{2,4}}{_TIME}",
        rf"^\p{{L}}{{3,9}}\.? \d{{1,2}},? \d{{4}}{_TIME}",
    )
)
_DAY_AND_MONTH = r"^(\d{1,2})[-/.](\d{1,2})[-/.](?:\d{4}|\d{2})(?:[T ,].*)?$"
_NUMBER = (
    r"^[-+−(]?\s*(?:[$€£¥￥₹元]|\p{Lu}{3})?\s*[-+−]?(?:\d[\d.,．，'’ \x{a0}\x{202f}]*|[.,]\d+)"
    r"(?:[eE][-+]?\d+)?\s*(?:[$€£¥￥₹元%％]|\p{Lu}{3})?\)?[-−]?$"
)
_WHOLE = r"^[-+−(]?\d+(?:[.,]0+)?\)?[-−]?$"
_LETTER = r"\p{L}"
_NEGATIVE = r"^[-−(]|[-−]$"
_WORDS = frozenset({"name", "reason", "kind", "order_weekdays"})
"""Columns that hold words; what is all digits is another column of the same name."""

_SHOWN = 3  # cells that a question shows
_SHOWN_LENGTH = 24


class ColumnLook(NamedTuple):
    """What the cells of one column look like; shares are of its filled cells, 0 to 1."""

    filled: int  # cells that hold something
    distinct: int
    dates: float
    numbers: float
    whole: float  # numbers without a fraction
    negative: float
    flags: float  # yes or no, 1 or 0
    words: float  # with letters, and no dates
    examples: tuple[str, ...]  # the first different ones

    @property
    def is_empty(self) -> bool:
        """Whether nothing can be said."""
        return self.filled == 0

    @property
    def is_unique(self) -> bool:
        """Whether the column could be a key: hardly any value is there twice."""
        return self.filled > 0 and self.distinct >= 0.98 * self.filled

    def share(self, column: str, dtype: pl.DataType) -> float:
        """How many of the cells may stand in a canonical column; 1 where there are none.

        Args:
            column: Its name.
            dtype: Its type.
        """
        if self.is_empty:
            return 1.0
        if column in _WORDS:
            return self.words
        if dtype == pl.Date:
            return self.dates
        if dtype == pl.Float64:
            return self.numbers if self.dates < ENOUGH or self.whole >= ENOUGH else 0.0
        if dtype == pl.Boolean:
            return self.flags
        return 1.0


def examine(sample: pl.DataFrame) -> Mapping[str, ColumnLook]:
    """Looks at each column of some rows.

    Args:
        sample: Rows of an export, text or typed.

    >>> look = examine(pl.DataFrame({"d": ["2026-01-05", "5.1.26", None], "n": ["1,5", "2", "x"]}))
    >>> look["d"].dates, look["d"].filled, round(look["n"].numbers, 2), look["n"].examples
    (1.0, 2, 0.67, ('1,5', '2', 'x'))
    """
    return {name: _examine(sample[name]) for name in sample.columns}


def _examine(cells: pl.Series) -> ColumnLook:
    dtype = cells.dtype
    if dtype.is_numeric():
        return _examine_numbers(cells)
    if dtype.is_nested() or dtype == pl.Binary:
        return ColumnLook(cells.len(), cells.len(), 0, 0, 0, 0, 0, 0, ())
    text = cells.cast(pl.String).str.strip_chars()
    text = text.filter((text != "") & text.is_in(NULL_WORDS).not_())
    filled = text.len()
    if not filled:
        return ColumnLook(0, 0, 0, 0, 0, 0, 0, 0, ())
    typed_date = isinstance(dtype, pl.Date | pl.Datetime)
    lower = text.str.to_lowercase()
    return ColumnLook(
        filled=filled,
        distinct=text.n_unique(),
        dates=1.0 if typed_date else _share(text.str.contains(_DATE)),
        numbers=0.0 if typed_date else _share(text.str.contains(_NUMBER)),
        whole=0.0 if typed_date else _share(text.str.contains(_WHOLE)),
        negative=0.0 if typed_date else _share(text.str.contains(_NEGATIVE)),
        flags=1.0 if dtype == pl.Boolean else _share(lower.is_in([*TRUE_WORDS, *FALSE_WORDS])),
        words=0.0
        if typed_date
        else _share(text.str.contains(_LETTER) & text.str.contains(_DATE).not_()),
        examples=_examples(text),
    )


def _examine_numbers(cells: pl.Series) -> ColumnLook:
    numbers = cells.cast(pl.Float64).fill_nan(None).drop_nulls()
    if numbers.is_empty():
        return ColumnLook(0, 0, 0, 0, 0, 0, 0, 0, ())
    whole = numbers == numbers.round()
    text = (
        (numbers.cast(pl.Int64) if whole.all() else numbers.round_sig_figs(6))
        .head(1000)
        .cast(pl.String)
    )
    return ColumnLook(
        filled=numbers.len(),
        distinct=numbers.n_unique(),
        dates=_share(text.str.contains(_DATE)) if whole.all() else 0.0,
        numbers=1.0,
        whole=_share(whole),
        negative=_share(numbers < 0),
        flags=_share(numbers.is_in([0.0, 1.0])),
        words=0.0,
        examples=_examples(text),
    )


def day_and_month(cells: pl.Expr) -> list[pl.Expr]:
    """Counts over text cells such as 03/01/2026: day certainly first, month first, either.

    Returns:
        Expressions named ``day``, ``month`` and ``either``.
    """
    parts = cells.str.strip_chars().str.extract_groups(_DAY_AND_MONTH)
    first = parts.struct[0].cast(pl.Int32, strict=False)
    second = parts.struct[1].cast(pl.Int32, strict=False)
    return [
        ((first > 12) & (second <= 12)).sum().alias("day"),
        ((second > 12) & (first <= 12)).sum().alias("month"),
        ((first <= 12) & (second <= 12) & (first != second)).sum().alias("either"),
    ]


def _share(hits: pl.Series) -> float:
    return float(hits.mean() or 0.0)  # type: ignore[arg-type]


def _examples(text: pl.Series) -> tuple[str, ...]:
    first = text.unique(maintain_order=True).head(_SHOWN)
    return tuple(
        cell if len(cell) <= _SHOWN_LENGTH else cell[:_SHOWN_LENGTH] + "…" for cell in first
    )
