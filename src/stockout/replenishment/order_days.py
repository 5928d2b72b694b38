"""On which days a supplier takes orders, and what follows from it for an order of now."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from stockout.replenishment.master_data import usable

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

logger = logging.getLogger(__name__)

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NUMERALS = "一二三四五六日"
_NAMES = {
    **{str(place + 1): place for place in range(7)},
    **{day[:length]: place for place, day in enumerate(_DAYS) for length in (3, len(day))},
    "tues": 1,
    "thur": 3,
    "thurs": 3,
    **{day: place for place, day in enumerate(("mo", "di", "mi", "do", "fr", "sa", "so"))},
    **{
        word + numeral: place
        for place, numeral in enumerate(_NUMERALS)
        for word in ("", "周", "星期", "礼拜", "週")
    },
    **{word + "天": 6 for word in ("周", "星期", "礼拜", "週")},
}
_BETWEEN = re.compile(r"[\s,;/|+&、，；]+")
_RANGE = re.compile(r"\s*[-–—~至]\s*")
_WEEK = 7


def weekdays(text: str) -> tuple[bool, ...] | None:
    """The weekdays that a text names, Monday first; None where it names no weekdays.

    >>> weekdays("Mon, Thu")
    (True, False, False, True, False, False, False)
    >>> weekdays("周二") == weekdays("2") == weekdays("tuesday")
    True
    >>> weekdays("Mon-Fri"), weekdays("monthly")
    ((True, True, True, True, True, False, False), None)
    """
    named = [False] * _WEEK
    for part in _BETWEEN.split(_RANGE.sub("-", text).strip().lower()):
        if not part:
            continue
        ends = [_NAMES.get(end.rstrip(".")) for end in part.split("-")]
        first, last = ends[0], ends[-1]
        if first is None or last is None or len(ends) > 2:
            return None
        for step in range((last - first) % _WEEK + 1):
            named[(first + step) % _WEEK] = True
    return tuple(named) if any(named) else None


def with_order_days(
    lines: pl.DataFrame,
    products: pl.DataFrame | None,
    suppliers: pl.DataFrame | None,
    purchases: pl.DataFrame | None,
    as_of: date,
) -> pl.DataFrame:
    """Adds the day on which each line's order can go out, and the review period that follows.

    Orders to a supplier with ``order_weekdays`` go out on these days only. The next one is as-of
    itself, unless an order to the supplier is dated on it already, or the first one after it. The
    review period is the time to the order day after that: the first one at least the product's own
    review period later; the supplier's own review period counts where it is more than a week
    (every second Monday), a shorter one is what the days say better. Without order days an order
    goes out at once, and the review period stays.

    Args:
        lines: Columns sku, supplier_id, review_days.
        products: Canonical products, or None.
        suppliers: Canonical suppliers, or None.
        purchases: Purchases up to as-of, suppliers filled in, or None.
        as_of: The date that is judged. What goes out on the morning after it waits no day.

    Returns:
        ``lines`` with review_days as it follows, order_date (null where any day will do) and
        wait_days, from as-of until the order goes out.
    """
    days = order_weekdays(lines, suppliers)
    if days is None:
        return lines.with_columns(order_date=pl.lit(None, pl.Date), wait_days=pl.lit(0.0))
    taken = days.any(axis=1)
    ordered_today = (
        pl.Series([], dtype=pl.String)
        if purchases is None
        else purchases.filter(pl.col("order_date") == as_of)["supplier_id"].drop_nulls()
    )
    earliest = lines["supplier_id"].is_in(ordered_today.implode()).fill_null(value=False)
    ahead = _next(days, as_of.weekday(), earliest.to_numpy().astype(np.int64))
    least = _least_gap(lines, products, suppliers)
    gap = _next(days, as_of.weekday() + ahead, least) if taken.any() else least
    return lines.with_columns(
        review_days=pl.when(pl.lit(pl.Series(taken)))
        .then(pl.lit(pl.Series(gap.astype(np.float64))))
        .otherwise("review_days"),
        order_date=pl.when(pl.lit(pl.Series(taken))).then(
            pl.lit(as_of) + pl.duration(days=pl.lit(pl.Series(ahead)))
        ),
        wait_days=pl.Series(np.where(taken, (ahead - 1).clip(0), 0).astype(np.float64)),
    )


def order_weekdays(lines: pl.DataFrame, suppliers: pl.DataFrame | None) -> NDArray[np.bool_] | None:
    """(lines, 7) whether the line's supplier takes orders on the weekday; None where none says.

    Args:
        lines: Column supplier_id.
        suppliers: Canonical suppliers, or None.
    """
    if suppliers is None:
        return None
    told = suppliers.select("supplier_id", "order_weekdays").unique("supplier_id", keep="first")
    told = told.drop_nulls("order_weekdays").sort("supplier_id")
    if told.is_empty():
        return None
    read = [weekdays(text) for text in told["order_weekdays"]]
    wrong = told.filter(pl.Series([days is None for days in read], dtype=pl.Boolean))
    if wrong.height:
        logger.warning(
            "suppliers: %d values of order_weekdays name no weekdays and are not used (first: %s "
            "has %r)",
            wrong.height,
            *wrong.select("supplier_id", "order_weekdays").row(0),
        )
    table = np.array([days or (False,) * _WEEK for days in read] + [(False,) * _WEEK], dtype=bool)
    place = (
        lines.select("supplier_id")
        .join(
            told.select("supplier_id").with_row_index("place"),
            on="supplier_id",
            how="left",
            maintain_order="left",
        )["place"]
        .fill_null(told.height)
    )
    return np.asarray(table[place.to_numpy()])


def _next(
    days: NDArray[np.bool_], weekday: int | NDArray[np.int64], least: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Days from a weekday to the first order day that is at least so many away."""
    rows = np.arange(days.shape[0])
    found = np.full(days.shape[0], -1, dtype=np.int64)
    for step in range(_WEEK):
        ahead = least + step
        is_day = days[rows, (weekday + ahead) % _WEEK]
        found = np.where((found < 0) & is_day, ahead, found)
    return np.where(found < 0, least, found)


def _least_gap(
    lines: pl.DataFrame, products: pl.DataFrame | None, suppliers: pl.DataFrame | None
) -> NDArray[np.int64]:
    """Days that a review period has at least: the product's own, the supplier's over a week."""
    possible = pl.col("review_days") > 0
    gap = pl.Series([None] * lines.height, dtype=pl.Float64)
    if products is not None:
        own = usable(products, "products", "review_days", possible)
        gap = lines.select("sku").join(own, on="sku", how="left", maintain_order="left")[
            "review_days"
        ]
    if suppliers is not None:
        usual = usable(suppliers, "suppliers", "review_days", possible)
        theirs = lines.select("supplier_id").join(
            usual, on="supplier_id", how="left", maintain_order="left"
        )["review_days"]
        gap = gap.fill_null(theirs.set(theirs <= _WEEK, None))
    return np.asarray(gap.fill_null(1.0).to_numpy()).astype(np.int64).clip(1)
