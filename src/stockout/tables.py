"""The canonical tables: the words of the house.

Every export is mapped to these before anything else sees it. Keys are not null; every other column
may be. A frame that passed :func:`conform` has exactly the columns of its schema, in that order,
with null where the export had no such column. Dates are dates, quantities are units (they may be
fractional), money is in one currency per run, and ``location`` is ``ALL`` where an export has none.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import dataframely as dy
import polars as pl
import polars.selectors as cs

from stockout.errors import InputError, MissingColumnError

if TYPE_CHECKING:
    from collections.abc import Mapping

ALL_LOCATIONS = "ALL"
"""The location of rows that name none."""

ITEM = ["sku", "location"]
"""The key of an item: one SKU at one location."""


class Sales(dy.Schema):
    """Sales lines or totals; negative units are returns."""

    date = dy.Date()
    sku = dy.String()
    location = dy.String()
    units = dy.Float64()
    revenue = dy.Float64(nullable=True)
    unit_price = dy.Float64(nullable=True)
    customer_id = dy.String(nullable=True)
    order_id = dy.String(nullable=True)
    channel = dy.String(nullable=True)
    on_promo = dy.Bool(nullable=True)


class Inventory(dy.Schema):
    """End-of-day stock positions, or whether there was stock; one of these three is given."""

    date = dy.Date()
    sku = dy.String()
    location = dy.String()
    on_hand = dy.Float64(nullable=True)
    in_stock = dy.Bool(nullable=True)
    in_stock_share = dy.Float64(nullable=True)
    on_order = dy.Float64(nullable=True)
    reserved = dy.Float64(nullable=True)
    blocked = dy.Float64(nullable=True)


class Movements(dy.Schema):
    """Stock movements: units are positive in, negative out.

    ``kind`` is one of receipt, sale, return, transfer, adjustment, scrap.
    """

    date = dy.Date()
    sku = dy.String()
    location = dy.String()
    units = dy.Float64()
    kind = dy.String(nullable=True)


class Products(dy.Schema):
    """One row an SKU: what it is, costs, and how it is ordered.

    ``holding_cost`` is money per unit and period, ``shortage_cost`` money per unit lost,
    ``order_cost`` money per order of the item, whatever its quantity.
    """

    sku = dy.String()
    name = dy.String(nullable=True)
    category = dy.String(nullable=True)
    supplier_id = dy.String(nullable=True)
    unit_cost = dy.Float64(nullable=True)
    unit_price = dy.Float64(nullable=True)
    lead_time_days = dy.Float64(nullable=True)
    review_days = dy.Float64(nullable=True)
    moq = dy.Float64(nullable=True)
    pack_size = dy.Float64(nullable=True)
    max_stock = dy.Float64(nullable=True)
    service_level = dy.Float64(nullable=True)
    fill_rate = dy.Float64(nullable=True)
    holding_cost = dy.Float64(nullable=True)
    shortage_cost = dy.Float64(nullable=True)
    order_cost = dy.Float64(nullable=True)
    active_from = dy.Date(nullable=True)
    active_to = dy.Date(nullable=True)
    successor_of = dy.String(nullable=True)
    shelf_life_days = dy.Float64(nullable=True)


class Suppliers(dy.Schema):
    """One row a supplier; ``order_weekdays`` reads like ``Mon,Thu``.

    ``order_cost`` is money per order of one item, ``min_order_value`` of an order of all items.
    """

    supplier_id = dy.String()
    name = dy.String(nullable=True)
    lead_time_days = dy.Float64(nullable=True)
    lead_time_sd_days = dy.Float64(nullable=True)
    review_days = dy.Float64(nullable=True)
    min_order_value = dy.Float64(nullable=True)
    order_cost = dy.Float64(nullable=True)
    order_weekdays = dy.String(nullable=True)


class Purchases(dy.Schema):
    """Purchase order lines; a line without ``received_date`` is open."""

    po_id = dy.String()
    line = dy.String(nullable=True)
    sku = dy.String()
    location = dy.String()
    supplier_id = dy.String(nullable=True)
    order_date = dy.Date()
    promised_date = dy.Date(nullable=True)
    received_date = dy.Date(nullable=True)
    ordered_units = dy.Float64()
    received_units = dy.Float64(nullable=True)
    unit_cost = dy.Float64(nullable=True)


class Orders(dy.Schema):
    """Customer order lines; a line without ``shipped_date`` is open."""

    order_id = dy.String()
    line = dy.String(nullable=True)
    customer_id = dy.String(nullable=True)
    sku = dy.String()
    location = dy.String()
    units = dy.Float64()
    order_date = dy.Date(nullable=True)
    due_date = dy.Date(nullable=True)
    shipped_date = dy.Date(nullable=True)
    priority = dy.Float64(nullable=True)


class Customers(dy.Schema):
    """One row a customer; or the repeat-purchase summary frequency, recency and T, in weeks."""

    customer_id = dy.String()
    name = dy.String(nullable=True)
    segment = dy.String(nullable=True)
    first_date = dy.Date(nullable=True)
    frequency = dy.Float64(nullable=True)
    recency = dy.Float64(nullable=True)
    T = dy.Float64(nullable=True)


class Locations(dy.Schema):
    """One row a location."""

    location = dy.String()
    name = dy.String(nullable=True)
    kind = dy.String(nullable=True)
    supplied_from = dy.String(nullable=True)
    transfer_days = dy.Float64(nullable=True)


class Events(dy.Schema):
    """Promotions, holidays, openings; null sku, category or location means all of them."""

    date = dy.Date()
    name = dy.String()
    kind = dy.String(nullable=True)
    sku = dy.String(nullable=True)
    category = dy.String(nullable=True)
    location = dy.String(nullable=True)


class Overrides(dy.Schema):
    """A person's correction of the forecast: ``units`` replaces it, ``percent`` changes it."""

    sku = dy.String()
    location = dy.String()
    date = dy.Date(nullable=True)
    units = dy.Float64(nullable=True)
    percent = dy.Float64(nullable=True)
    author = dy.String(nullable=True)
    reason = dy.String()


SCHEMAS: Mapping[str, type[dy.Schema]] = {
    "sales": Sales,
    "inventory": Inventory,
    "movements": Movements,
    "products": Products,
    "suppliers": Suppliers,
    "purchases": Purchases,
    "orders": Orders,
    "customers": Customers,
    "locations": Locations,
    "events": Events,
    "overrides": Overrides,
}
"""Schema of each canonical table by its name."""


def conform(frame: pl.DataFrame, table: str) -> pl.DataFrame:
    """Brings a frame of the Python API to the canonical table's columns and types.

    Optional columns that are absent are added as nulls, ``location`` as ``ALL``, columns that the
    table does not know are left out, and types are cast where nothing is lost.

    Args:
        frame: Any frame that has at least the table's required columns.
        table: Name of the table, a key of :data:`SCHEMAS`.

    Returns:
        The frame with exactly the columns of the schema, in its order.

    Raises:
        InputError: A required column is absent or holds nulls, or a column does not cast.

    >>> from datetime import date
    >>> sales = pl.DataFrame({"date": [date(2026, 1, 5)], "sku": ["00123"], "units": [2]})
    >>> conform(sales, "sales").select("date", "sku", "location", "units").row(0)
    (datetime.date(2026, 1, 5), '00123', 'ALL', 2.0)
    """
    schema = SCHEMAS[table]
    if "location" in schema.column_names() and table != "locations":
        if "location" not in frame.columns:
            frame = frame.with_columns(location=pl.lit(ALL_LOCATIONS))
        elif table != "events":
            frame = frame.with_columns(pl.col("location").fill_null(ALL_LOCATIONS))
    expressions = []
    for name, column in schema.columns().items():
        if name in frame.columns:
            expressions.append(_cast(frame, name, column.dtype, table))
        elif column.nullable:
            expressions.append(pl.lit(None, dtype=column.dtype).alias(name))
        else:
            raise _missing(name, table, frame.columns)
    conformed = frame.select(expressions)
    _check_finite(conformed, table)
    if table == "inventory":
        _check_share(conformed)
    nulls = conformed.null_count().row(0, named=True)  # of the frame: makes no column of a constant
    for name, column in schema.columns().items():
        if not column.nullable and nulls[name]:
            row = conformed[name].is_null().arg_max()
            raise InputError(
                f"table {table}: column {name} has no value in row {row} of the frame",
                column=name,
                hint=f"drop or fill the rows without {name}",
            )
    return conformed


def one_name(frame: pl.DataFrame, column: str) -> str | None:
    """The name that a column has in all rows; None where it has several, a null, or no row.

    >>> one_name(pl.DataFrame({"location": ["ALL", "ALL"]}), "location")
    'ALL'
    """
    names = pl.col(column)
    least, most, count = frame.select(
        names.min().alias("least"), names.max().alias("most"), names.count().alias("count")
    ).row(0)
    return least if least == most and count == frame.height else None


def without_crumbs(frame: pl.DataFrame) -> pl.DataFrame:
    """Floats to twelve digits, so that binary crumbs (0.1 + 0.2, -0.0) do not reach a reader.

    >>> without_crumbs(pl.DataFrame({"value": [0.1 + 0.2, -0.0]}))["value"].to_list()
    [0.3, 0.0]
    """
    floats = cs.float()
    plain = pl.when(floats != 0).then(floats.round_sig_figs(12))
    return frame.with_columns(plain.otherwise(pl.when(floats == 0).then(0.0)))


def _check_finite(frame: pl.DataFrame, table: str) -> None:
    """One NaN would spread through every shared index, so it is refused where it comes in."""
    bad = frame.select(cs.float().is_finite().not_().any())
    for name in (column.name for column in bad if column[0]):
        row = frame[name].is_finite().not_().fill_null(value=False).arg_max() or 0
        raise InputError(
            f"table {table}: column {name} is not a number in row {row} of the frame",
            column=name,
            found=str(frame[name][row]),
            expected="a finite number or null",
        )


def _check_share(inventory: pl.DataFrame) -> None:
    """Per cent would make a day that was half out of stock one that was fully in stock."""
    if inventory.select(pl.col("in_stock_share").count()).item() == 0:
        return
    shares = inventory["in_stock_share"]
    wrong = ((shares < 0) | (shares > 1)).fill_null(value=False)
    if wrong.any():
        row = wrong.arg_max() or 0
        raise InputError(
            f"table inventory: column in_stock_share is no share in row {row} of the frame",
            column="in_stock_share",
            found=str(shares[row]),
            expected="a number from 0 to 1",
            hint="if it is per cent: frame.with_columns(pl.col('in_stock_share') / 100)",
        )


def _cast(frame: pl.DataFrame, name: str, dtype: pl.DataType, table: str) -> pl.Expr:
    found = frame.schema[name]
    if found == dtype:
        return pl.col(name)
    allowed = (
        (dtype == pl.Float64 and (found.is_numeric() or found == pl.Null))
        or (dtype == pl.String and (found.is_integer() or found in (pl.Categorical, pl.Enum)))
        or (dtype == pl.Date and isinstance(found, pl.Datetime))
        or (dtype == pl.Boolean and found.is_integer())
        or found == pl.Null
    )
    if not allowed:
        raise InputError(
            f"table {table}: column {name} has type {found}",
            column=name,
            expected=str(dtype),
            hint=f"cast it: frame.with_columns(pl.col({name!r}).cast(pl.{dtype}))",
        )
    return pl.col(name).cast(dtype)


def _missing(name: str, table: str, present: list[str]) -> InputError:
    close = difflib.get_close_matches(name, present, n=3)
    return MissingColumnError(
        f"table {table}: no column {name!r}",
        column=name,
        found=", ".join(present),
        hint=f"did you mean {', '.join(close)}? Rename it to {name}" if close else None,
    )
