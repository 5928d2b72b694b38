"""Numbers of the simulation -> identifiers and dates of the exports."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from stockout.simulator.assortment import category_names
from stockout.simulator.shopping import SaleKind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.simulator.setting import Setting
    from stockout.simulator.world import World

_EPOCH = date(1970, 1, 1)


class Identifiers:
    """Names of SKUs, locations, suppliers, customers and orders, and dates of day numbers."""

    def __init__(self, setting: Setting, world: World) -> None:
        parameters, assortment = setting.parameters, setting.assortment
        self._first = (parameters.origin - _EPOCH).days
        self.location_count = assortment.locations
        self.skus = assortment.sku
        self.locations = numbered("L", assortment.locations, 2)
        self.suppliers = numbered("V", len(assortment.suppliers.lead_time), 3)
        self.customers = pl.concat(
            [
                numbered("C", setting.customers, 6),
                numbered("B", parameters.business_customers, 3),
            ]
        )
        names = category_names(int(assortment.category.max()) + 1)
        self.categories = names.gather(assortment.category)
        self.sale_orders = _sale_orders(setting, world)

    def dates(self, day: NDArray[np.integer], known: NDArray[np.bool_] | None = None) -> pl.Series:
        """Dates of day numbers, null where not known."""
        dates = pl.Series("date", day.astype(np.int64) + self._first)
        if known is not None:
            dates = _null_unless(dates, known)
        return dates.cast(pl.Int32).cast(pl.Date)

    def items(self, item: NDArray[np.integer]) -> dict[str, pl.Series]:
        """Columns sku and location of item numbers."""
        return {
            "sku": self.skus.gather(item // self.location_count),
            "location": self.locations.gather(item % self.location_count),
        }

    def customer(self, number: NDArray[np.integer]) -> pl.Series:
        """Customer identifiers, null for guests."""
        known = number >= 0
        return self.customers.gather(_null_unless(pl.Series(np.where(known, number, 0)), known))


def numbered(prefix: str, count: int, width: int) -> pl.Series:
    """Identifiers prefix01, prefix02, ...

    >>> numbered("L", 2, 2).to_list()
    ['L01', 'L02']
    """
    number = pl.int_range(1, count + 1, eager=True).cast(pl.String)
    return prefix + number.str.zfill(max(width, len(str(count))))


def _null_unless(values: pl.Series, known: NDArray[np.bool_]) -> pl.Series:
    return pl.select(pl.when(pl.Series(known)).then(values)).to_series()


def business_orders(setting: Setting) -> NDArray[np.int64]:
    """Baskets of business customers, sorted; the place of a basket is its order's number."""
    lines = setting.lines
    return np.unique(lines.visit[lines.customer >= setting.customers]).astype(np.int64)


def business_order_ids(setting: Setting, visit: NDArray[np.integer]) -> pl.Series:
    """Order numbers of business customers' baskets."""
    orders = business_orders(setting)
    return numbered("W", len(orders), 5).gather(np.searchsorted(orders, visit))


def _sale_orders(setting: Setting, world: World) -> pl.Series:
    """Order number of every sale: one a basket; who comes back later has a new one."""
    log, lines = world.shopping, setting.lines
    visit = lines.visit[log.sale_line].astype(np.int64)
    business = lines.customer[log.sale_line] >= setting.customers
    baskets = int(lines.visit.max(initial=-1)) + 1
    later = (log.sale_kind == SaleKind.WAITED) & ~business
    basket = log.sale_day * (2 * baskets) + visit + later * baskets
    distinct, number = np.unique(basket[~business], return_inverse=True)
    place = np.zeros(len(visit), dtype=np.int64)
    place[~business] = number
    orders = business_orders(setting)
    place[business] = len(distinct) + np.searchsorted(orders, visit[business])
    names = pl.concat([numbered("R", len(distinct), 7), numbered("W", len(orders), 5)])
    return names.gather(place)
