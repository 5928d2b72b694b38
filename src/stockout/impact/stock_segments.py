"""The verb ``segments``: which items matter, how they sell, and where stock lies that none need."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

import polars as pl

from stockout.demand.history import demand_history
from stockout.demand.lifecycle import GIVEN_UP_DAYS
from stockout.demand.periods import DAYS_PER_PERIOD
from stockout.demand.segments import segments as demand_segments
from stockout.errors import ConfigError
from stockout.forecasting.fit import fit
from stockout.impact.segment_summary import summarised
from stockout.impact.stock_age import AGE_BOUNDS, receipts, stock_age
from stockout.impact.stock_classes import judged_stock
from stockout.replenishment.lead_times import with_supplier
from stockout.replenishment.lines import order_lines
from stockout.replenishment.status import COVER_DAYS
from stockout.replenishment.stock import stock_on_hand
from stockout.tables import ITEM, conform, without_crumbs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from stockout.demand.history import History

YEAR_DAYS = 365
"""Days up to as-of whose sales and stock make the turnover."""

COLUMNS = (
    "sku", "location", "category", "supplier_id", "abc", "xyz", "demand_class", "stock_class",
    "reason", "value", "adi", "cv2", "cv", "units_a_year", "on_hand", "unit_cost", "stock_value",
    "mean_stock", "turnover", "expected_demand", "days_of_supply", "excess_units", "excess_value",
    "last_sale", "days_since_sale", "last_receipt", "age_days", "oldest_days", "age_known_share",
    *(f"units_over_{days}" for days in AGE_BOUNDS),
)  # fmt: skip
"""Columns of the segments."""


@dataclass(frozen=True)
class Segments:
    """Items by what they are worth, how they sell, and how much of them lies in stock.

    Attributes:
        frame: One row an item: :data:`COLUMNS`; ``docs/segments.md`` tells what each means. The
            most excess money first.
        as_of: The date that is judged.
        horizon_days: Days whose expected demand is no excess.
        not_known: What cannot be told, and why, in words.
    """

    frame: pl.DataFrame
    as_of: date
    horizon_days: int
    not_known: tuple[str, ...]

    def summary(self, by: Sequence[str] = ("abc", "xyz")) -> pl.DataFrame:
        """Items, value, stock and excess by group.

        Args:
            by: Any of :data:`stockout.impact.segment_summary.GROUPS`; none is all together.

        Raises:
            ConfigError: There is no such grouping.
        """
        return summarised(self.frame, by)


def segments(
    sales: pl.DataFrame,
    inventory: pl.DataFrame | None = None,
    products: pl.DataFrame | None = None,
    purchases: pl.DataFrame | None = None,
    movements: pl.DataFrame | None = None,
    *,
    as_of: date | None = None,
    freq: Literal["auto", "day", "week"] = "auto",
    horizon_days: int = COVER_DAYS,
    slow_days: int = YEAR_DAYS,
    dead_days: int = GIVEN_UP_DAYS,
) -> Segments:
    """Sorts items by value, variability, demand class and stock.

    Args:
        sales: Canonical sales (see :mod:`stockout.tables`), required columns date, sku, units.
        inventory: Stock on hand. Without it everything of stock is not known.
        products: Category, supplier, cost and price.
        purchases: Receipts, for the age of the stock; costs.
        movements: Receipts, for the age of the stock.
        as_of: Later rows are ignored; default the last date of sales, inventory or movements.
        freq: Length of a period; ``auto`` is weekly where the sales are.
        horizon_days: Stock beyond the expected demand of so many days is excess.
        slow_days: Stock that lasts for longer is slow.
        dead_days: Stock of which nothing was sold for so long is dead.

    Raises:
        NotKnownError: There are no sales up to as-of, or no complete period.
        ConfigError: A number of days is below 1.
        InputError: A frame lacks a required column.

    >>> from datetime import date, timedelta
    >>> days = [date(2026, 1, 5) + timedelta(i) for i in range(84)]
    >>> sales = pl.DataFrame({"date": days, "sku": "A", "units": [2.0] * 84})
    >>> stock = pl.DataFrame({"date": days[-1:], "sku": "A", "on_hand": [220.0]})
    >>> found = segments(sales, stock).frame
    >>> found.select("abc", "xyz", "demand_class", "stock_class", "days_of_supply").row(0)
    ('A', 'X', 'smooth', 'excess', 110.0)
    >>> found.select("expected_demand", "excess_units").row(0)
    (180.0, 40.0)
    """
    for name, days in (("horizon", horizon_days), ("slow", slow_days), ("dead", dead_days)):
        if days < 1:
            raise ConfigError(f"{name} days: found {days}, expected 1 or more")
    sales = conform(sales, "sales")
    inventory = None if inventory is None else conform(inventory, "inventory")
    products = None if products is None else conform(products, "products")
    purchases = None if purchases is None else conform(purchases, "purchases")
    movements = None if movements is None else conform(movements, "movements")
    history = demand_history(
        sales, inventory, products, purchases, movements, as_of=as_of, freq=freq
    )
    as_of = history.as_of
    if purchases is not None:
        purchases = with_supplier(purchases.filter(pl.col("order_date") <= as_of), products)
    lines = _lines(history, inventory, products, purchases)
    lines = _with_stock(lines, sales, inventory, purchases, movements, as_of)
    lines = _with_demand(lines, history, sales, horizon_days)
    lines = lines.join(
        stock_age(lines, receipts(purchases, movements, as_of), as_of),
        on=ITEM, how="left", maintain_order="left",
    )  # fmt: skip
    frame = judged_stock(lines, as_of, horizon_days, slow_days, dead_days)
    return Segments(
        frame=without_crumbs(
            frame.sort("excess_value", "excess_units", *ITEM,
                       descending=[True, True, False, False], nulls_last=True).select(COLUMNS)
        ),
        as_of=as_of,
        horizon_days=horizon_days,
        not_known=_not_known(frame, inventory),
    )  # fmt: skip


def _lines(
    history: History,
    inventory: pl.DataFrame | None,
    products: pl.DataFrame | None,
    purchases: pl.DataFrame | None,
) -> pl.DataFrame:
    """Every item that was sold or that the inventory names, with its segments and master data."""
    none = conform(pl.DataFrame(schema={"date": pl.Date, "sku": pl.String}), "inventory")
    until = none if inventory is None else inventory.filter(pl.col("date") <= history.as_of)
    lines = order_lines(history.items, until, products, purchases)
    category = (
        pl.DataFrame(schema={"sku": pl.String, "category": pl.String})
        if products is None
        else products.select("sku", "category").unique("sku", keep="first")
    )
    first = history.items.select(*ITEM, "first_date")
    return (
        lines.join(category, on="sku", how="left", maintain_order="left")
        .join(first, on=ITEM, how="left", maintain_order="left")
        .join(demand_segments(history), on=ITEM, how="left", maintain_order="left")
        .with_columns(
            pl.col("demand_class").fill_null("none"),
            pl.col("abc").fill_null("C"),
            pl.col("value").fill_null(0.0),
        )
    )


def _with_stock(  # noqa: PLR0917 - the tables, as above
    lines: pl.DataFrame,
    sales: pl.DataFrame,
    inventory: pl.DataFrame | None,
    purchases: pl.DataFrame | None,
    movements: pl.DataFrame | None,
    as_of: date,
) -> pl.DataFrame:
    """Adds on_hand, mean_stock (over the counted days of the year) and unknown (why)."""
    if inventory is None:
        return lines.with_columns(
            on_hand=pl.lit(None, pl.Float64), mean_stock=pl.lit(None, pl.Float64),
            unknown=pl.lit("no inventory is given"),
        )  # fmt: skip
    stock = stock_on_hand(inventory, sales, purchases, movements, as_of)
    year = pl.col("date").is_between(as_of - timedelta(YEAR_DAYS - 1), as_of)
    mean = (
        inventory.filter(year)
        .drop_nulls("on_hand")
        .group_by(*ITEM, "date")
        .agg(pl.col("on_hand").sum().clip(0))
        .group_by(ITEM)
        .agg(mean_stock=pl.col("on_hand").mean())
    )
    return (
        lines.join(
            stock.select(*ITEM, pl.col("on_hand").clip(0), "unknown"),
            on=ITEM, how="left", maintain_order="left",
        )
        .join(mean, on=ITEM, how="left", maintain_order="left")
        .with_columns(
            unknown=pl.when(pl.col("on_hand").is_null()).then(
                pl.coalesce("unknown", pl.lit("the inventory does not name it"))
            )
        )
    )  # fmt: skip


def _with_demand(
    lines: pl.DataFrame, history: History, sales: pl.DataFrame, horizon_days: int
) -> pl.DataFrame:
    """Adds expected_demand of the horizon and units_a_year, sold in the year up to as-of."""
    periods = horizon_days / DAYS_PER_PERIOD[history.freq]
    model = fit(history, horizon=max(1, -(-horizon_days // DAYS_PER_PERIOD[history.freq])))
    expected = history.items.select(
        ITEM, expected_demand=pl.Series(model.sum_mean(0, periods)).cast(pl.Float64)
    )
    begin = history.as_of - timedelta(YEAR_DAYS - 1)
    sold = (
        sales.filter(pl.col("date").is_between(begin, history.as_of))
        .group_by(ITEM)
        .agg(sold=pl.col("units").sum().clip(0))
    )
    listed = (
        pl.lit(history.as_of) - pl.max_horizontal("first_date", pl.lit(begin))
    ).dt.total_days()
    return (
        lines.join(expected, on=ITEM, how="left", maintain_order="left")
        .join(sold, on=ITEM, how="left", maintain_order="left")
        .with_columns(
            pl.col("expected_demand").fill_null(0.0),
            units_a_year=pl.col("sold").fill_null(0.0) * YEAR_DAYS / (listed.fill_null(364) + 1),
        )
    )


def _not_known(frame: pl.DataFrame, inventory: pl.DataFrame | None) -> tuple[str, ...]:
    stocked = frame.filter(pl.col("on_hand") > 0)
    unknown = frame["on_hand"].null_count()
    uncosted = stocked["unit_cost"].null_count()
    undated = int(stocked["age_known_share"].fill_null(0).lt(1).sum())
    unsorted = frame.filter(pl.col("xyz").is_null()).height
    reasons = {
        "no inventory is given: stock, turnover, age and excess are not known": inventory is None,
        f"the stock of {unknown:,} items is not known": inventory is not None and unknown > 0,
        f"the unit cost of {uncosted:,} items in stock is not known: no money for them":
            uncosted > 0,
        f"of {undated:,} items in stock some units came before the first known receipt: their age "
        "is not known": undated > 0,
        f"{unsorted:,} items have fewer than three four-week periods of sales: no XYZ":
            unsorted > 0,
    }  # fmt: skip
    return tuple(text for text, applies in reasons.items() if applies)
