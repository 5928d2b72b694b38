"""Lost sales: units that were wanted and not sold because there were none, and what they cost."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from stockout.demand.calendar import resolve_as_of
from stockout.demand.history import demand_history
from stockout.demand.latent import latent_demand
from stockout.errors import NotKnownError
from stockout.impact.active_life import active_periods, is_on_order, open_orders
from stockout.impact.episodes import beyond_lead_time, find_episodes
from stockout.impact.losses import losses
from stockout.impact.phantom_stock import phantom_stock
from stockout.impact.replenishment_cycles import replenishment_cycles
from stockout.impact.selling_prices import Prices
from stockout.impact.stockout_costs import LostSales
from stockout.impact.substitution import Scenario
from stockout.replenishment.lead_times import lead_times, received_lines, with_supplier
from stockout.replenishment.lines import order_lines
from stockout.replenishment.stock import stock_on_hand
from stockout.tables import ITEM, conform

if TYPE_CHECKING:
    from datetime import date
    from typing import Literal

    from numpy.typing import NDArray

    from stockout.demand.history import History

    Vector = NDArray[np.float64]

logger = logging.getLogger(__name__)

UNKNOWN_LEAD_TIME_DAYS = 28.0
"""Days for which an open stockout counts where the lead time is not known."""


def lost_sales(  # noqa: PLR0917 - the tables, in the order of the design
    sales: pl.DataFrame,
    inventory: pl.DataFrame | None = None,
    products: pl.DataFrame | None = None,
    purchases: pl.DataFrame | None = None,
    movements: pl.DataFrame | None = None,
    events: pl.DataFrame | None = None,
    *,
    suppliers: pl.DataFrame | None = None,
    as_of: date | None = None,
    freq: Literal["auto", "day", "week"] = "auto",
    default_lead_time_days: float | None = None,
    substituted: float | None = None,
    delayed: float | None = None,
    include_phantom: bool = False,
) -> LostSales:
    """Estimates what was not sold because there was no stock.

    Args:
        sales: Canonical sales (see :mod:`stockout.tables`), required columns date, sku, units.
        inventory: Stock or in-stock flags.
        products: Category, price, cost, supplier and active life.
        purchases: Open orders, receipts and costs.
        movements: What came into stock and went out of it.
        events: Promotions and holidays.
        suppliers: Lead times.
        as_of: Later rows are ignored; default the last date of sales, inventory or movements.
        freq: Length of a period; ``auto`` is weekly where the sales are.
        default_lead_time_days: For items whose lead time nothing tells, days; 28 where not given.
        substituted: Share of lost units for which something else was bought here: with ``delayed``
            a scenario of the user's, from which net columns follow. Never assumed.
        delayed: Share of lost units that were bought here later.
        include_phantom: Count what was wanted while stock was probably not there as lost.

    Raises:
        NotKnownError: There are no sales up to as-of, no complete period, or nothing that tells
            of any item and period whether it was in stock.
        ConfigError: The scenario's shares cannot be.
        InputError: A frame lacks a required column.

    >>> from datetime import date, timedelta
    >>> days = [date(2026, 1, 5) + timedelta(i) for i in range(56)]
    >>> sales = pl.DataFrame({"date": days, "sku": "A", "units": [3.0] * 50 + [0.0] * 6})
    >>> stock = pl.DataFrame({"date": days, "sku": "A", "in_stock": [True] * 50 + [False] * 6})
    >>> lost_sales(sales, stock).frame.select("date", "sold", "rule").row(0)
    (datetime.date(2026, 2, 24), 0.0, 'out all period')
    """
    scenario = Scenario.stated(substituted, delayed)
    sales = conform(sales, "sales")
    inventory = _conformed(inventory, "inventory")
    products, purchases = _conformed(products, "products"), _conformed(purchases, "purchases")
    movements, suppliers = _conformed(movements, "movements"), _conformed(suppliers, "suppliers")
    as_of = resolve_as_of({"sales": sales, "inventory": inventory, "movements": movements}, as_of)
    history = demand_history(
        sales, inventory, products, purchases, movements, as_of=as_of, freq=freq
    )
    active = active_periods(history, open_orders(history, purchases))
    if active.any() and np.isnan(history.share[active]).all():
        raise NotKnownError(
            "lost sales are not known, because availability is not known for any item and period",
            hint="give --inventory (stock, or whether there was any), or --movements with a stock "
            "list; a stock list alone also needs --purchases to tell the past",
        )
    latent = latent_demand(
        history, products=products, events=_conformed(events, "events"), sales=sales
    )
    if purchases is not None:
        purchases = with_supplier(purchases.filter(pl.col("order_date") <= as_of), products)
    lines = _item_lines(history, products, purchases)
    lead_time = _lead_time_days(
        lines,
        purchases=purchases,
        products=products,
        suppliers=suppliers,
        as_of=as_of,
        default_days=default_lead_time_days,
    )
    assumed = np.isnan(lead_time)
    episodes = find_episodes(history, active)
    ordered = is_on_order(history, purchases)
    beyond = beyond_lead_time(
        episodes, history, np.where(assumed, UNKNOWN_LEAD_TIME_DAYS, lead_time), ordered
    )
    phantom = phantom_stock(history, active, latent.dispersion, latent.profile)
    until = sales.filter(pl.col("date") <= as_of)
    prices = Prices(until, history, products)
    found = LostSales(
        latent=latent,
        active=active,
        losses=losses(
            latent,
            episodes,
            beyond,
            phantom,
            prices,
            lines["unit_cost"].fill_null(np.nan).to_numpy(),
            include_phantom=include_phantom,
        ),
        runs=episodes,
        phantom=phantom,
        cycles=replenishment_cycles(history, active, purchases, movements),
        prices=prices,
        attributes=_attributes(
            history,
            lines,
            sales=sales,
            inventory=inventory,
            purchases=purchases,
            movements=movements,
        ),
        channels=_channels(until, history),
        scenario=scenario,
        include_phantom=include_phantom,
        assumed=assumed & ~ordered,
    )
    _tell(found)
    return found


def _conformed(frame: pl.DataFrame | None, table: str) -> pl.DataFrame | None:
    return None if frame is None else conform(frame, table)


def _item_lines(
    history: History, products: pl.DataFrame | None, purchases: pl.DataFrame | None
) -> pl.DataFrame:
    """Supplier and unit cost of each item."""
    none = conform(pl.DataFrame(schema={"date": pl.Date, "sku": pl.String}), "inventory")
    return order_lines(history.items, none, products, purchases)


def _lead_time_days(
    lines: pl.DataFrame,
    *,
    purchases: pl.DataFrame | None,
    products: pl.DataFrame | None,
    suppliers: pl.DataFrame | None,
    as_of: date,
    default_days: float | None,
) -> Vector:
    """(items,) lead time, nan where nothing tells it."""
    received = None if purchases is None else received_lines(purchases, as_of)
    try:
        found = lead_times(
            lines, received, products, suppliers, default_lead_time_days=default_days
        )
    except NotKnownError:
        return np.full(lines.height, np.nan)
    return found["lead_time_days"].fill_null(np.nan).to_numpy()


def _attributes(
    history: History,
    lines: pl.DataFrame,
    *,
    sales: pl.DataFrame,
    inventory: pl.DataFrame | None,
    purchases: pl.DataFrame | None,
    movements: pl.DataFrame | None,
) -> pl.DataFrame:
    items = history.items.select(*ITEM, "category").with_columns(lines["supplier_id"])
    if inventory is None:
        return items.with_columns(on_hand=pl.lit(None, pl.Float64))
    stock = stock_on_hand(inventory, sales, purchases, movements, history.as_of)
    return items.join(
        stock.select(*ITEM, pl.col("on_hand").clip(lower_bound=0)),
        on=ITEM, how="left", maintain_order="left",
    )  # fmt: skip


def _channels(sales: pl.DataFrame, history: History) -> pl.DataFrame | None:
    """How the units sold of each item divide between channels, returns left aside."""
    if sales["channel"].null_count() == sales.height:
        return None
    return (
        sales.filter(pl.col("units") > 0)
        .group_by(*ITEM, "channel")
        .agg(pl.col("units").sum())
        .join(history.items.select(ITEM).with_row_index("item"), on=ITEM)
        .select("item", "channel", share=pl.col("units") / pl.col("units").sum().over("item"))
        .sort("item", "channel")
    )


def _tell(found: LostSales) -> None:
    known = found.coverage()
    logger.info(
        "lost sales: %s item-%ss out of stock in %s episodes; availability of %s of %s active "
        "item-%ss is unknown",
        f"{found.runs.t.size:,}",
        found.history.freq,
        f"{found.runs.number:,}",
        f"{known.unknown:,}",
        f"{known.active:,}",
        found.history.freq,
    )
    if known.phantom_runs:
        logger.info(
            "phantom stock: %s items are in stock by the books, and do not sell",
            f"{known.phantom_runs:,}",
        )
