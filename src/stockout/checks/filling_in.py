"""Messages of the user's own, with the values of a row in them: ``{units} units on {date}``."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

import polars as pl

from stockout.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

PLACEHOLDER = re.compile(r"\{([A-Za-z_]\w*)\}")
"""A column's name in braces."""


def filled_in(text: str, key: str, schema: Mapping[str, pl.DataType]) -> pl.Expr:
    """A text with the values of a row in place of ``{column}``.

    Args:
        text: The text.
        key: Where it stands in the configuration, for errors.
        schema: The columns there are.

    Raises:
        ConfigError: A placeholder names no column.

    >>> rows = pl.DataFrame({"sku": ["A", None], "units": [2.0, 2.5]})
    >>> rows.select(filled_in("{sku}: {units}", "message", rows.schema)).to_series().to_list()
    ['A: 2', 'no value: 2.5']
    """
    parts: list[pl.Expr] = []
    for number, part in enumerate(PLACEHOLDER.split(text)):
        if number % 2 == 0:
            parts.append(pl.lit(part))
        elif part in schema:
            parts.append(_shown(part, schema[part]))
        else:
            close = difflib.get_close_matches(part, list(schema), n=1)
            raise ConfigError(
                f"{key}: no column {part!r}",
                hint=(f"did you mean {{{close[0]}}}? " if close else "")
                + f"The columns are {', '.join(schema)}",
            )
    return pl.concat_str(parts)


def _shown(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    text = column.cast(pl.String)
    if dtype.is_float():
        whole = column.round(0).cast(pl.Int64, strict=False)
        text = pl.when(column == whole).then(whole.cast(pl.String)).otherwise(text)
    return text.fill_null("no value")
