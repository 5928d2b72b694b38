"""Segments of items: demand class by regularity, ABC by value, XYZ by variability."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from stockout.demand.periods import DAYS_PER_PERIOD

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.demand.history import History

    Matrix = NDArray[np.float64]

ADI_LIMIT = 1.32
CV2_LIMIT = 0.49
"""Borders of the demand classes: Syntetos, Boylan & Croston (2005), "On the categorization of
demand patterns"; ADI is the mean interval between periods with demand, CV2 the squared coefficient
of variation of the demand in them."""

A_SHARE = 0.80
B_SHARE = 0.95
"""Items that make the first 80 % of value are A, those up to 95 % B: the usual Pareto borders."""

X_LIMIT = 0.5
Y_LIMIT = 1.0
"""Coefficient of variation of four-week demand up to which an item is X, and Y: usual borders."""

_WEEKS = 4
_BUCKET_DAYS = 7 * _WEEKS


def segments(history: History) -> pl.DataFrame:
    """Classifies every item of a demand history.

    Only observed periods count: an out-of-stock day is not a day without demand.

    Returns:
        One row an item, in the order of ``history.items``, with sku, location, adi (periods per
        period with demand), cv2, demand_class (smooth, erratic, intermittent, lumpy, none),
        value (money where prices are known, else units), abc (A, B, C), cv (of four-week demand)
        and xyz (X, Y, Z; null with fewer than three four-week buckets).

    >>> from datetime import date, timedelta
    >>> from stockout.demand.history import demand_history
    >>> days = [date(2026, 1, 5) + timedelta(i) for i in range(84)]
    >>> frame = pl.DataFrame({"date": days, "sku": "A", "units": [3.0, 0.0, 0.0] * 28})
    >>> segments(demand_history(frame)).select("adi", "demand_class", "abc", "xyz").row(0)
    (3.0, 'intermittent', 'A', 'X')
    """
    of = history.totals
    count, sold = of.sales, of.units
    with np.errstate(divide="ignore", invalid="ignore"):
        adi = of.observed / count
        mean = sold / count
        cv2 = (of.squared / count - mean**2).clip(0) / mean**2
    price = history.items["mean_price"]
    value = sold * (price.fill_null(0).to_numpy() if price.null_count() < len(price) else 1.0)
    return history.items.select(
        "sku",
        "location",
        adi=pl.Series(adi).fill_nan(None),
        cv2=pl.Series(cv2).fill_nan(None),
        value=pl.Series(value),
        cv=pl.Series(_bucket_cv(history)).fill_nan(None),
    ).with_columns(
        demand_class=_demand_class(pl.lit(pl.Series(count > 0))),
        abc=_abc(),
        xyz=pl.when(pl.col("cv") <= X_LIMIT)
        .then(pl.lit("X"))
        .when(pl.col("cv") <= Y_LIMIT)
        .then(pl.lit("Y"))
        .when(pl.col("cv").is_not_null())
        .then(pl.lit("Z")),
    )


def _demand_class(sold: pl.Expr) -> pl.Expr:
    regular, even = pl.col("adi") <= ADI_LIMIT, pl.col("cv2") <= CV2_LIMIT
    return (
        pl.when(~sold)
        .then(pl.lit("none"))
        .when(regular & even)
        .then(pl.lit("smooth"))
        .when(regular)
        .then(pl.lit("erratic"))
        .when(even)
        .then(pl.lit("intermittent"))
        .otherwise(pl.lit("lumpy"))
    )


def _abc() -> pl.Expr:
    """By the share of value of all items that come before, so that the largest is always A."""
    before = pl.col("value").sort(descending=True).cum_sum().shift(fill_value=0)
    share = before / pl.col("value").sum()
    sorted_class = (
        pl.when(share < A_SHARE)
        .then(pl.lit("A"))
        .when(share < B_SHARE)
        .then(pl.lit("B"))
        .otherwise(pl.lit("C"))
    )
    rank = pl.col("value").rank("ordinal", descending=True)
    return sorted_class.gather(rank.cast(pl.Int64) - 1)


def _bucket_cv(history: History) -> Matrix:
    """(items,) coefficient of variation of the demand rate in buckets that end at as-of."""
    size = _BUCKET_DAYS // DAYS_PER_PERIOD[history.freq]
    buckets = history.periods // size
    weeks, items = history.totals.sold.shape
    shape, late = (buckets, _WEEKS, items), slice(weeks - buckets * _WEEKS, None)
    sold = history.totals.sold[late].reshape(shape).sum(axis=1)
    seen = history.totals.seen[late].reshape(shape).sum(axis=1, dtype=np.int64)
    usable = seen >= size / 2
    count = usable.sum(axis=0)
    rate = np.where(usable, sold / np.maximum(seen, 1), 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = rate.sum(axis=0) / count
        variance = np.where(usable, (rate - mean) ** 2, 0).sum(axis=0) / (count - 1)
        return np.asarray(np.where((count >= 3) & (mean > 0), np.sqrt(variance) / mean, np.nan))
