"""Values of products and suppliers, each only where it can be true."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping

logger = logging.getLogger(__name__)

_KEYS: Mapping[str, str] = {"products": "sku", "suppliers": "supplier_id"}


def usable(frame: pl.DataFrame, table: str, column: str, possible: pl.Expr) -> pl.DataFrame:
    """One column of a master table by its key, null where the value cannot be true.

    A service level of 95 or a negative lead time is not corrected by a guess: the value is left
    out, the next source counts, and a warning names how many and the first.

    Args:
        frame: Canonical products or suppliers; of repeated keys the first row counts.
        table: ``products`` or ``suppliers``.
        column: The column.
        possible: Whether a value can be true, an expression over ``column``.

    Returns:
        The key (sku or supplier_id) and ``column``.

    >>> from stockout.tables import conform
    >>> products = conform(pl.DataFrame({"sku": ["A", "B"], "moq": [10.0, 0.0]}), "products")
    >>> usable(products, "products", "moq", pl.col("moq") >= 0)["moq"].to_list()
    [10.0, 0.0]
    """
    key = _KEYS[table]
    values = frame.select(key, column).unique(key, keep="first", maintain_order=True)
    wrong = values.filter(pl.col(column).is_not_null() & ~possible.fill_null(value=False))
    if wrong.height:
        logger.warning(
            "%s: %d values of %s cannot be true and are not used (first: %s has %s)",
            table,
            wrong.height,
            column,
            *wrong.row(0),
        )
    return values.with_columns(pl.when(possible).then(column).alias(column))
