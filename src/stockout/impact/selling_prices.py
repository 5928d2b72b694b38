"""What a unit that was not sold would have brought: selling prices, and unit costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from stockout.demand.calendar import period_start
from stockout.demand.numbering import numbered
from stockout.demand.panel import cells
from stockout.demand.periods import DAYS_PER_PERIOD
from stockout.impact.active_life import axis_of
from stockout.replenishment.master_data import usable
from stockout.tables import ITEM

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.demand.history import History

    Rows = NDArray[np.int64]
    Vector = NDArray[np.float64]

NEAR_DAYS = 28
"""Sales up to four weeks before or after say what a unit would have been sold for.

Near enough that a price list of a year ago does not count, far enough that most items sold.
"""


class Prices:
    """Selling prices of each item over time.

    The price is the mean paid (money by units) within 28 days of the period; where nothing was sold
    then, that of the whole history, of the SKU at its other locations, of products.

    Args:
        sales: Canonical sales.
        history: Demand history.
        products: Canonical products, or None.
    """

    def __init__(
        self, sales: pl.DataFrame, history: History, products: pl.DataFrame | None
    ) -> None:
        axis = axis_of(history)
        price = pl.coalesce(
            "unit_price", pl.when(pl.col("units") != 0).then(pl.col("revenue") / pl.col("units"))
        )
        sold = numbered(
            sales.select(
                *ITEM, "units", price=price, period=period_start(axis.freq, pl.col("date"))
            ).filter((pl.col("units") > 0) & (pl.col("price") >= 0))
        )
        by_period = (
            sold.rows.select("item", "period", "units", value=pl.col("price") * pl.col("units"))
            .group_by("item", "period")
            .sum()
        )
        named = sold.items[by_period["item"]].hstack(by_period.drop("item"))
        paid = cells(named, history.items, axis).sort("item", "t")
        self._periods = axis.periods
        self._reach = NEAR_DAYS // DAYS_PER_PERIOD[axis.freq]
        self._key = paid["item"].cast(pl.Int64).to_numpy() * axis.periods + paid["t"].to_numpy()
        self._units = np.append(0.0, np.cumsum(paid["units"].to_numpy()))
        self._value = np.append(0.0, np.cumsum(paid["value"].to_numpy()))
        everything = np.arange(history.items.height + 1) * axis.periods
        edges = np.searchsorted(self._key, everything)
        self.usual = self._usual(history.items, edges, products)

    def _usual(self, items: pl.DataFrame, edges: Rows, products: pl.DataFrame | None) -> Vector:
        """(items,) price over the whole history, nan where it is not known."""
        frame = items.select("sku").with_columns(
            units=pl.Series(self._units[edges[1:]] - self._units[edges[:-1]]),
            value=pl.Series(self._value[edges[1:]] - self._value[edges[:-1]]),
        )
        own = pl.when(pl.col("units") > 0).then(pl.col("value") / pl.col("units"))
        total = pl.col("units").sum().over("sku")
        elsewhere = pl.when(total > 0).then(pl.col("value").sum().over("sku") / total)
        price = frame.select("sku", price=pl.coalesce(own, elsewhere))
        if products is not None:
            listed = usable(products, "products", "unit_price", pl.col("unit_price") >= 0)
            price = price.join(listed, on="sku", how="left", maintain_order="left").select(
                price=pl.coalesce("price", "unit_price")
            )
        return price["price"].fill_null(np.nan).to_numpy()

    def at(self, t: Rows, item: Rows) -> Vector:
        """Price of each item at each period, nan where it is not known.

        Args:
            t: Rows of the periods.
            item: Items, as many.
        """
        begin = item.astype(np.int64) * self._periods
        low = np.searchsorted(self._key, begin + np.maximum(t - self._reach, 0))
        latest = begin + np.minimum(t + self._reach, self._periods - 1)
        high = np.searchsorted(self._key, latest, side="right")
        units = self._units[high] - self._units[low]
        sold = high > low
        near = (self._value[high] - self._value[low]) / np.where(sold, units, 1.0)
        return np.where(sold, near, self.usual[item])
