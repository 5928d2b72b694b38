"""When each customer bought: from sales lines, or from a table that says it already.

A purchase is a day on which a customer bought something and kept it: several orders of one day
are one purchase, and what went back whole is none. Times are weeks since the first purchase.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from stockout.demand.returns import net_returns
from stockout.errors import InputError, NotKnownError
from stockout.tables import without_crumbs

if TYPE_CHECKING:
    from datetime import date

    import numpy as np
    from numpy.typing import NDArray

    Vector = NDArray[np.float64]

SUMMARY = ("frequency", "recency", "T")
"""Columns of customers that say x, t_x and T, in weeks."""

GUESTS = (
    "anonymous", "cash", "cash customer", "cash sale", "guest", "guest customer", "n/a", "na",
    "no customer", "none", "null", "one-time customer", "unknown", "walk in", "walk-in",
    "walk-in customer", "walkin", "laufkunde", "barverkauf",
    "散客", "零散客户", "零售客户", "游客", "匿名",
)  # fmt: skip
"""Ids, in lower case, under which systems book those who did not say who they are."""

_HISTORY = {
    "customer_id": pl.String,
    "frequency": pl.Float64,
    "recency": pl.Float64,
    "T": pl.Float64,
    "first_purchase": pl.Date,
    "last_purchase": pl.Date,
    "valued": pl.Float64,
    "mean_value": pl.Float64,
    "log_gaps": pl.Float64,
    "early_frequency": pl.Float64,
    "early_recency": pl.Float64,
}

SHORTEST_HOLDOUT = 13
"""Weeks of history that a holdout has at least, and half of what it is predicted from."""

_YEARS_AT_MOST = 30
"""A T beyond it means that the table counts days: no export reaches back so far."""

_WEEKS_A_YEAR = 365.25 / 7


class LeftOut(NamedTuple):
    """What does not count, and how much there is of it."""

    lines: int = 0  # sales lines up to as-of
    without_customer: int = 0  # of these, lines that name no customer
    of_guests: int = 0  # lines under an id of those who did not say who they are
    returned: int = 0  # lines with negative units: returns and cancelled invoices
    undone: int = 0  # lines of sales that went back whole
    without_purchase: int = 0  # customers with nothing but such lines


class PurchaseHistory(NamedTuple):
    """One row a customer.

    ``customers`` has customer_id, frequency (repeat purchases), recency and T (weeks),
    first_purchase and last_purchase (dates), valued (repeat purchases of known positive value),
    mean_value (of these, in money), log_gaps (sum of ln days between two purchases), and
    early_frequency and early_recency, which are those up to the holdout (null for who came later);
    from a summary, all after T are null.
    """

    customers: pl.DataFrame
    left_out: LeftOut
    as_of: date | None  # None from a summary
    holdout_from: date | None  # day after which a holdout starts; None where it would be too short
    from_sales: bool

    def column(self, name: str) -> Vector:
        """A column without nulls as an array."""
        return self.customers[name].to_numpy()


def purchase_history(sales: pl.DataFrame, as_of: date) -> PurchaseHistory:
    """Counts the purchases of each customer.

    Args:
        sales: Canonical sales; negative units are returns.
        as_of: Later lines are ignored, and T ends there.

    Raises:
        NotKnownError: No line names a customer.

    >>> from datetime import date
    >>> from stockout.tables import conform
    >>> sales = pl.DataFrame({"date": [date(2026, 1, 5), date(2026, 1, 5), date(2026, 1, 19)],
    ...     "sku": ["A", "B", "A"], "units": [1.0, 1.0, 2.0], "customer_id": ["C1"] * 3})
    >>> history = purchase_history(conform(sales, "sales"), date(2026, 2, 2))
    >>> history.customers.select("customer_id", "frequency", "recency", "T").row(0)
    ('C1', 1.0, 2.0, 4.0)
    """
    lines = sales.lazy().filter(pl.col("date") <= as_of)
    named = pl.col("customer_id").is_not_null()
    guest = named & pl.col("customer_id").str.to_lowercase().is_in(list(GUESTS))
    returned = pl.col("units") < 0
    counts = lines.select(
        lines=pl.len(),
        without_customer=(~named).sum(),
        of_guests=guest.sum(),
        returned=returned.sum(),
        customers=pl.col("customer_id").filter(named & ~guest).n_unique(),
        first=pl.col("date").filter(named & ~guest).min(),
    ).collect(engine="streaming")
    told = counts.row(0, named=True)
    customers, first = told.pop("customers"), told.pop("first")
    if not customers:
        raise NotKnownError(
            f"repeat purchases are not known, because no sales line up to {as_of} names a customer",
            hint="give sales with a customer_id, or customers with frequency, recency and T",
        )
    known = lines.filter(named & ~guest)
    kept = _without_returns(sales, lines, known) if told["returned"] else known
    days = kept.filter(pl.col("units") > 0).group_by("customer_id", "date").agg(_value())
    holdout_from = _holdout_from(first, as_of)
    # Threads add up in any order; without its crumbs a sum is the same in every run.
    by_day = without_crumbs(days.collect(engine="streaming"))
    frame = _customers(by_day, as_of, holdout_from or as_of)
    if told["returned"]:
        sold = known.filter(pl.col("units") > 0).select(pl.len()).collect().item()
        left = kept.filter(pl.col("units") > 0).select(pl.len()).collect().item()
        told["undone"] = sold - left
    return PurchaseHistory(
        frame,
        LeftOut(**told, without_purchase=customers - frame.height),
        as_of,
        holdout_from,
        from_sales=True,
    )


def summary_history(customers: pl.DataFrame) -> PurchaseHistory:
    """Takes x, t_x and T from the customers table.

    Args:
        customers: Canonical customers with frequency, recency and T, in weeks.

    Raises:
        InputError: A value is missing or impossible; the error names the row.

    >>> frame = pl.DataFrame({"customer_id": ["C1"], "frequency": [2.0], "recency": [30.43],
    ...                       "T": [38.86]})
    >>> summary_history(frame).customers.select("frequency", "recency", "T").row(0)
    (2.0, 30.43, 38.86)
    """
    check_summary(customers)
    return PurchaseHistory(
        customers.select("customer_id", *SUMMARY).select(
            (pl.col(name) if name in {"customer_id", *SUMMARY} else pl.lit(None)).cast(kind)
            .alias(name)
            for name, kind in _HISTORY.items()
        ),
        LeftOut(),
        None,
        None,
        from_sales=False,
    )  # fmt: skip


def has_summary(customers: pl.DataFrame | None) -> bool:
    """Whether a customers table tells at least one of frequency, recency and T."""
    return customers is not None and any(
        name in customers.columns and customers[name].null_count() < customers.height
        for name in SUMMARY
    )


def check_summary(customers: pl.DataFrame) -> None:
    """Refuses a summary that cannot be: rows count from 1, the header apart.

    Raises:
        InputError: See :func:`summary_history`.
    """
    for name in SUMMARY:
        if customers[name].null_count() == customers.height:
            raise InputError(
                f"customers: no column {name}, but others of frequency, recency and T",
                column=name,
                hint="give all three in weeks: repeat purchases, first to last purchase, first "
                "purchase to the end",
            )
    x, t_x, T = (pl.col(name) for name in SUMMARY)  # noqa: N806 - the field's symbol
    faults = [
        *(
            (pl.col(name).is_null(), name, "a number", "leave the customer out, or fill it in")
            for name in SUMMARY
        ),
        (x < 0, "frequency", "repeat purchases, 0 or more",
         "frequency counts purchases after the first one"),
        (x != x.round(), "frequency", "a whole number of repeat purchases",
         "count the days with a purchase, less the first"),
        (t_x < 0, "recency", "weeks from the first to the last purchase, 0 or more",
         "recency is not the time since the last purchase"),
        (t_x > T, "recency", "at most T, the weeks from the first purchase to the end",
         "recency is the age at the last purchase, in the unit of T: T less the time since then"),
        ((x == 0) & (t_x > 0), "recency", "0 where frequency is 0",
         "frequency counts purchases after the first one: take 1 off where it counts the first"),
        (T > _YEARS_AT_MOST * _WEEKS_A_YEAR, "T", "weeks",
         "divide by 7 where the table counts days"),
    ]  # fmt: skip
    for wrong, name, expected, hint in faults:
        rows = customers.with_row_index("row").filter(wrong)
        if rows.is_empty():
            continue
        first = rows.row(0, named=True)
        found = ", ".join(f"{each} {_shown(first[each])}" for each in SUMMARY)
        more = f" ({rows.height - 1:,} more like it)" if rows.height > 1 else ""
        raise InputError(
            f"customers: row {first['row'] + 1:,} (customer {first['customer_id']}){more}",
            column=name,
            found=found,
            expected=expected,
            hint=hint,
        )


def _shown(value: float | None) -> str:
    return "empty" if value is None else f"{value:g}"


def _value() -> pl.Expr:
    """What a purchase was worth; unknown where one of its lines is."""
    worth = pl.col("revenue").fill_null(pl.col("units") * pl.col("unit_price"))
    return pl.when(worth.is_not_null().all()).then(worth.sum()).alias("value")


def _without_returns(sales: pl.DataFrame, lines: pl.LazyFrame, known: pl.LazyFrame) -> pl.LazyFrame:
    """Lines of known customers, returns taken off the sales that they undo.

    Only lines of customers and orders that have a return are looked at for it.
    """
    back = lines.filter(pl.col("units") < 0)
    who = back.select("customer_id").drop_nulls().unique().collect()
    which = back.select("order_id").drop_nulls().unique().collect()
    touched = pl.col("customer_id").is_in(who["customer_id"].implode()).fill_null(
        value=False
    ) | pl.col("order_id").is_in(which["order_id"].implode()).fill_null(value=False)
    asked = lines.filter(touched).collect().select(sales.columns)
    netted = net_returns(asked, undoes="purchase of a customer").lines
    netted = netted.with_columns(  # what is kept of a line is worth as much less
        revenue=pl.col("units") * pl.col("unit_price").fill_null(0)
    ).with_columns(pl.when(pl.col("unit_price").is_not_null()).then("revenue").alias("revenue"))
    names = ["customer_id", "date", "units", "revenue", "unit_price"]
    guests = pl.col("customer_id").str.to_lowercase().is_in(list(GUESTS))
    mine = netted.lazy().filter(pl.col("customer_id").is_not_null() & ~guests)
    return pl.concat([known.filter(~touched).select(names), mine.select(names)])


def _holdout_from(first: date, as_of: date) -> date | None:
    """The end of the first two thirds of the history, where both parts are long enough."""
    weeks = (as_of - first).days / 7
    if weeks / 3 < SHORTEST_HOLDOUT:
        return None
    return first + (as_of - first) * 2 / 3


def _customers(days: pl.DataFrame, as_of: date, cut: date) -> pl.DataFrame:
    """One row a customer from one row a customer and day."""
    days = days.sort("customer_id", "date")
    again = pl.col("customer_id") == pl.col("customer_id").shift()
    gap = pl.col("date").diff().dt.total_days()
    days = days.with_columns(
        again=again.fill_null(value=False), gap=pl.when(again).then(gap.cast(pl.Float64).log())
    )
    valued = pl.col("again") & (pl.col("value") > 0)
    early = pl.col("date") <= cut
    weeks = 7.0
    return (
        days.group_by("customer_id", maintain_order=True)
        .agg(
            frequency=(pl.len() - 1).cast(pl.Float64),
            first_purchase=pl.col("date").first(),
            last_purchase=pl.col("date").last(),
            valued=valued.sum().cast(pl.Float64),
            mean_value=pl.col("value").filter(valued).mean(),
            log_gaps=pl.col("gap").sum(),
            early=early.sum(),
            early_last=pl.col("date").filter(early).max(),
        )
        .with_columns(
            recency=(pl.col("last_purchase") - pl.col("first_purchase")).dt.total_days() / weeks,
            T=(pl.lit(as_of) - pl.col("first_purchase")).dt.total_days() / weeks,
            early_frequency=pl.when(pl.col("early") > 0).then(pl.col("early") - 1.0),
            early_recency=(pl.col("early_last") - pl.col("first_purchase")).dt.total_days() / weeks,
        )
        .select(pl.col(name).cast(kind) for name, kind in _HISTORY.items())
    )
