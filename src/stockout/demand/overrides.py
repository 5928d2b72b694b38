"""A person's corrections of expected demand, laid over it.

``units`` say what to expect instead, ``percent`` how much more or less. A correction is for the day
of its date; where all dates of the table are whole weeks apart, for the week that begins on it;
without a date for every period to come (its units are then those of a period). It is for one
location, or with location ``ALL`` for all that have the SKU. Where several say something of the
same item and day, one for the location goes before one for all, one with a date before one without,
and a later row before an earlier one.

Units of a week are spread over its days as expected demand is; of a week that has begun, the days
that are left get their part. A day's correction changes the seventh part of a weekly period.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from stockout.demand.calendar import is_weekly
from stockout.demand.periods import DAYS_PER_PERIOD
from stockout.tables import ALL_LOCATIONS, ITEM

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from stockout.demand.periods import Freq

    Matrix = NDArray[np.float64]

logger = logging.getLogger(__name__)


class Corrected(NamedTuple):
    """Expected demand with the corrections in it."""

    mean: Matrix  # (horizon, items) units of each period
    changed: NDArray[np.bool_]  # (horizon, items) where a correction speaks


def corrected_demand(
    mean: Matrix, items: pl.DataFrame, first_day: date, freq: Freq, overrides: pl.DataFrame
) -> Corrected:
    """Lays corrections over the expected demand of the periods to come.

    Args:
        mean: (horizon, items) expected demand of each period, units.
        items: Columns sku, location; row i is column i of ``mean``.
        first_day: First day of the first period.
        freq: Length of a period.
        overrides: Canonical overrides. Rows for other days, for SKUs that are not among the items,
            or with impossible values (units below 0, less than -100 per cent) are reported and not
            used.

    >>> from datetime import date
    >>> from stockout.tables import conform
    >>> rows = pl.DataFrame({"sku": ["A"], "date": [date(2026, 6, 30)], "percent": [50.0],
    ...     "reason": ["fair"]})
    >>> items = pl.DataFrame({"sku": ["A"], "location": ["ALL"]})
    >>> corrected_demand(
    ...     np.full((3, 1), 4.0), items, date(2026, 6, 29), "day", conform(rows, "overrides")
    ... ).mean.ravel().tolist()
    [4.0, 6.0, 4.0]
    """
    length = DAYS_PER_PERIOD[freq]
    days = mean.shape[0] * length
    usable = _usable(overrides)
    spoken = _of_items(usable, items)
    rows = _by_day(spoken, first_day, days, length, weekly=is_weekly(usable["date"]))
    _tell(usable, spoken, rows)
    by_day = np.repeat(mean / length, length, axis=0)
    if not rows.is_empty():
        at = (rows["day"].to_numpy(), rows["item"].to_numpy())
        by_day[at] = _values(rows, by_day[at])
    changed = np.zeros((days, mean.shape[1]), dtype=np.bool_)
    changed[rows["day"].to_numpy(), rows["item"].to_numpy()] = True
    shape = (mean.shape[0], length, mean.shape[1])
    spoken_of = np.asarray(changed.reshape(shape).any(axis=1))
    total = by_day.reshape(shape).sum(axis=1)
    return Corrected(np.where(spoken_of, total, mean), spoken_of)


def _usable(overrides: pl.DataFrame) -> pl.DataFrame:
    rows = overrides.with_row_index("row")
    possible = pl.coalesce(pl.col("units") >= 0, pl.col("percent") >= -100).fill_null(value=False)
    wrong = rows.filter(~possible)
    if wrong.height:
        logger.warning(
            "overrides: %d rows say neither units of 0 or more nor a per cent of -100 or more, and "
            "are not used (first: %s, %s)",
            wrong.height,
            *wrong.select("sku", "reason").row(0),
        )
    return rows.filter(possible)


def _of_items(usable: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    """Each correction beside the items that it is for."""
    indexed = items.select(ITEM).with_row_index("item")
    exact = usable.join(indexed, on=ITEM).with_columns(specific=pl.lit(value=True))
    for_all = (
        usable.filter(pl.col("location") == ALL_LOCATIONS)
        .drop("location")
        .join(indexed.filter(pl.col("location") != ALL_LOCATIONS), on="sku")
        .with_columns(specific=pl.lit(value=False))
    )
    return pl.concat([exact, for_all.select(exact.columns)])


def _by_day(
    spoken: pl.DataFrame, first_day: date, days: int, length: int, *, weekly: bool
) -> pl.DataFrame:
    """One row an item and day: what counts there, and for how many days it speaks in all."""
    start = (pl.col("date") - pl.lit(first_day)).dt.total_days()
    span = 7 if weekly else 1
    dated = spoken.filter(pl.col("date").is_not_null()).with_columns(
        day=pl.int_ranges(start, start + span), span=pl.lit(span)
    )
    undated = spoken.filter(pl.col("date").is_null()).with_columns(
        day=pl.int_ranges(0, pl.lit(days)), span=pl.lit(days)
    )
    return (
        pl.concat(
            [
                dated.with_columns(pl.col("span").cast(pl.Int64)),
                undated.with_columns(
                    pl.col("span").cast(pl.Int64), units=pl.col("units") * (days / length)
                ),
            ]
        )
        .explode("day")
        .filter(pl.col("day").is_between(0, days - 1))
        .sort("specific", pl.col("date").is_not_null(), "row")
        .unique(["item", "day"], keep="last", maintain_order=True)
        .sort("item", "day")
    )


def _values(rows: pl.DataFrame, expected: Matrix) -> Matrix:
    """Expected demand of each row's day: its part of the units, or so many per cent more."""
    one = ["item", "row"]
    shared = rows.with_columns(expected=pl.Series(expected)).with_columns(
        total=pl.col("expected").sum().over(one), days=pl.len().over(one)
    )
    part = (
        pl.when(pl.col("total") > 0)
        .then(pl.col("expected") / pl.col("total"))
        .otherwise(1 / pl.col("days"))
    )
    units = pl.col("units") * pl.col("days") / pl.col("span") * part
    percent = pl.col("expected") * (1 + pl.col("percent") / 100)
    return np.asarray(shared.select(pl.coalesce(units, percent)).to_series().to_numpy())


def _tell(usable: pl.DataFrame, spoken: pl.DataFrame, rows: pl.DataFrame) -> None:
    nobody = usable.join(spoken.select("row").unique(), on="row", how="anti")
    if nobody.height:
        logger.warning(
            "overrides: %d rows are for SKUs or locations that are not in the sales (first: %s at "
            "%s); they are not used",
            nobody.height,
            *nobody.select(ITEM).row(0),
        )
    elsewhere = spoken.join(rows.select("row").unique(), on="row", how="anti")
    if elsewhere.height:
        logger.info(
            "overrides: %d rows are for other days than those to come, or another row goes before",
            elsewhere["row"].n_unique(),
        )
