"""Runs of equal texts, one after another: exports are often sorted by item.

What is asked of every text is then asked once a run, which takes a fraction of the time.
"""

from __future__ import annotations

import polars as pl

_LOOKED_AT = 2**12  # texts at the begin that tell whether there are runs; changes no result

_SHORT = 4  # texts in a run on average, below which looking for runs takes longer than it saves


def runs(texts: pl.Series) -> pl.DataFrame | None:
    """The runs of a column, in order; None where most are short.

    Returns:
        Columns len (texts in the run) and value.

    >>> runs(pl.Series(["A"] * 5 + ["B"] * 4)).rows()
    [(5, 'A'), (4, 'B')]
    >>> runs(pl.Series(["A", "B"])) is None
    True
    """
    first = texts.head(_LOOKED_AT)
    if len(first.rle()) * _SHORT > len(first):
        return None
    return texts.rle().struct.unnest()


def stripped(texts: pl.Expr) -> pl.Expr:
    """Texts without spaces around them.

    >>> pl.select(stripped(pl.lit(" A "))).item()
    'A'
    """
    return texts.map_batches(_stripped, return_dtype=pl.String(), is_elementwise=True)


def _stripped(texts: pl.Series) -> pl.Series:
    """A column of runs without spaces is given back itself, as copies of long ones cost."""
    found = runs(texts)
    if found is not None:
        value = found["value"]
        if (value == value.str.strip_chars()).all():
            return texts
    return texts.str.strip_chars()
