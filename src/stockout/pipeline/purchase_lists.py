"""Purchase lists: for each supplier what to order, with room for a person to change it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from stockout.outputs import write_frame

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from stockout.outputs import OutputFormat

COLUMNS = (
    "supplier_id", "sku", "location", "name", "on_hand", "on_order", "order_qty", "approved_qty",
    "note", "order_value", "moq", "pack_size", "stockout_risk", "status", "reason",
)  # fmt: skip
"""Columns of a purchase list; ``approved_qty`` and ``note`` are there to be edited."""

NO_SUPPLIER = "without_supplier"
"""What stands for the supplier in the name of the list of items that have none."""

_NAME_LENGTH = 80
"""Of a supplier in a file's name, which file systems limit to 255 bytes: 80 letters of three."""


def purchase_list(reorder: pl.DataFrame, products: pl.DataFrame | None) -> pl.DataFrame:
    """The lines to order, with the quantities proposed as those approved.

    Args:
        reorder: As from :func:`stockout.reorder`.
        products: Canonical products, for the names; or None.

    Returns:
        The rows with an order quantity, columns as :data:`COLUMNS`, the most urgent first.

    >>> row = {name: [None] for name in COLUMNS} | {"sku": ["A"], "order_qty": [6.0]}
    >>> frame = pl.DataFrame(row).drop("name", "approved_qty", "note")
    >>> purchase_list(frame, None).select("sku", "order_qty", "approved_qty", "note").row(0)
    ('A', 6.0, 6.0, None)
    """
    lines = reorder.filter(pl.col("order_qty") > 0)
    if products is None:
        lines = lines.with_columns(name=pl.lit(None, pl.String))
    else:
        names = products.select("sku", "name").unique("sku", keep="first", maintain_order=True)
        lines = lines.join(names, on="sku", how="left", maintain_order="left")
    return lines.with_columns(
        approved_qty=pl.col("order_qty"), note=pl.lit(None, pl.String)
    ).select(COLUMNS)


def write_purchase_lists(
    reorder: pl.DataFrame,
    products: pl.DataFrame | None,
    folder: Path,
    formats: Sequence[OutputFormat],
) -> int:
    """Writes ``orders_SUPPLIER.csv`` and ``.xlsx`` for every supplier of whom something is ordered.

    Args:
        reorder: As from :func:`stockout.reorder`.
        products: Canonical products, for the names; or None.
        folder: Where the lists go; it is made.
        formats: What each list is written as.

    Returns:
        How many suppliers there are.
    """
    folder.mkdir()
    lines = purchase_list(reorder, products)
    return write_by_supplier(lines, folder, "orders", formats)


def write_by_supplier(
    lines: pl.DataFrame, folder: Path, prefix: str, formats: Sequence[OutputFormat]
) -> int:
    """Writes the lines of each supplier to ``PREFIX_SUPPLIER`` in each format; counts suppliers."""
    suppliers = sorted(lines["supplier_id"].unique(), key=lambda each: (each is None, each or ""))
    for supplier, name in zip(suppliers, file_names(suppliers), strict=True):
        own = lines.filter(pl.col("supplier_id").eq_missing(pl.lit(supplier, pl.String)))
        for fmt in formats:
            write_frame(own, folder / f"{prefix}_{name}.{fmt}", fmt)
    return len(suppliers)


def file_names(suppliers: Iterable[str | None]) -> list[str]:
    """A name for the file of each supplier, different on every file system.

    >>> file_names(["S 1/a", "s_1_A", None])
    ['S_1_a', 's_1_A-2', 'without_supplier']
    """
    names: list[str] = []
    taken: set[str] = set()
    for supplier in suppliers:
        plain = re.sub(r"[^\w-]+", "_", supplier or NO_SUPPLIER)[:_NAME_LENGTH] or "_"
        name, number = plain, 2
        while name.casefold() in taken:
            name, number = f"{plain}-{number}", number + 1
        taken.add(name.casefold())
        names.append(name)
    return names
