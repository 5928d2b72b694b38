"""What a customer is worth: expected purchases, what each brings, margin and discount."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from stockout.tables import without_crumbs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vector = NDArray[np.float64]
    Matrix = NDArray[np.float64]

WEEKS_A_YEAR = 365.25 / 7

DISCOUNT_RATE = 0.15
"""A year, where nothing else is said: that of Fader, Hardie & Lee (2005, RFM and CLV)."""

_NODES = 8
"""Of the integral over the horizon: the purchases expected by each week are a smooth curve."""

FEWEST_COSTED = 0.5
"""Share of revenue whose unit cost must be known for the margin of all to be read off it."""


class Margin(NamedTuple):
    """Share of revenue that is left after the cost of the goods."""

    share: float | None
    source: str  # of a known margin where it comes from, else why it is not known


def looks(horizon: float) -> Vector:
    """(nodes + 1,) weeks at which the expected purchases are needed, the last the horizon.

    Args:
        horizon: Weeks ahead.
    """
    at, _ = np.polynomial.legendre.leggauss(_NODES)
    return np.append(horizon * (1 + at) / 2, horizon)


def discounted(purchases: Matrix, horizon: float, discount_rate: float) -> Vector:
    """(customers,) expected purchases of the horizon, each discounted to today.

    With E(t) purchases expected within t weeks and the discount d(t) = (1 + rate)^-(t / year),
    integrated by parts: E(h) d(h) - int_0^h E(t) d'(t) dt.

    Args:
        purchases: (customers, nodes + 1) expected purchases at :func:`looks`.
        horizon: Weeks ahead.
        discount_rate: Interest a year, such as 0.15.

    >>> rate = np.outer([1.0], looks(52.0))  # one purchase a week for a year
    >>> discounted(rate, 52.0, 0.0).round(6), discounted(rate, 52.0, 0.15).round(3)
    (array([52.]), array([48.541]))
    """
    _, weight = np.polynomial.legendre.leggauss(_NODES)
    interest = np.log1p(discount_rate) / WEEKS_A_YEAR
    discount = np.exp(-interest * looks(horizon))
    inner = (purchases[:, :-1] * discount[:-1]) @ (weight * horizon / 2)
    worth: Vector = purchases[:, -1] * discount[-1] + interest * inner
    return worth


def measured_margin(sales: pl.DataFrame, products: pl.DataFrame | None) -> Margin:
    """The margin of all sales of known cost.

    Args:
        sales: Canonical sales.
        products: Canonical products.
    """
    if products is None or products["unit_cost"].null_count() == products.height:
        return Margin(None, "no unit cost is known: give --margin, or unit_cost in products")
    cost = products.filter(pl.col("unit_cost").is_not_null()).select("sku", "unit_cost")
    worth = pl.col("revenue").fill_null(pl.col("units") * pl.col("unit_price"))
    known = pl.col("unit_cost").is_not_null()
    sums = (
        sales.lazy()
        .filter(pl.col("units") > 0)
        .select("sku", "units", worth=worth)
        .group_by("sku")
        .agg(pl.col("units").filter(pl.col("worth").is_not_null()).sum(), pl.col("worth").sum())
        .join(cost.lazy(), on="sku", how="left")
        .select(
            all=pl.col("worth").sum(),
            costed=pl.col("worth").filter(known).sum(),
            cost=(pl.col("units") * pl.col("unit_cost")).sum(),
        )
        .collect(engine="streaming")
        # Threads add up in any order; without its crumbs a sum is the same in every run.
        .pipe(without_crumbs)
        .row(0, named=True)
    )
    if not sums["all"]:
        return Margin(None, "no revenue is known: give sales with revenue or unit_price")
    share = sums["costed"] / sums["all"]
    if share < FEWEST_COSTED:
        return Margin(
            None, f"the unit cost of only {100 * share:.0f} % of revenue is known: give --margin"
        )
    margin = 1 - sums["cost"] / sums["costed"]
    if margin <= 0:
        return Margin(None, f"what was sold cost more than it brought: margin {margin:.3g}")
    return Margin(margin, f"unit_cost in products, which tells {100 * share:.0f} % of revenue")
