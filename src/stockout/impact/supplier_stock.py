"""What the spread of lead times costs in safety stock: the policy with it, and without."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from stockout.demand.periods import DAYS_PER_PERIOD
from stockout.forecasting.fit import fit
from stockout.replenishment.order_days import with_order_days
from stockout.replenishment.policy import order_policy, plan_of
from stockout.replenishment.position import Arrivals
from stockout.replenishment.stock_position import protection_days
from stockout.replenishment.targets import Unmet, with_targets

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.demand.history import History
    from stockout.forecasting.demand_model import DemandModel

    Vector = NDArray[np.float64]


class Target(NamedTuple):
    """What safety stock is aimed at, as ``reorder`` takes it."""

    unmet: Unmet = "lost"
    service_level: float | None = None
    fill_rate: float | None = None
    shortage_cost: float | None = None
    holding_cost: float | None = None


class SafetyStocks:
    """Safety stocks of the items of a history under the policy of ``reorder``.

    Args:
        history: Demand history.
        lines: Row i for item i: supplier_id, lead_time_days, lead_time_sd_days, review_days (days).
        products: Canonical products, or None.
        suppliers: Canonical suppliers, or None.
        purchases: Canonical purchases, or None.
        target: What is aimed at; else the products' own targets, else a service level of 95 %.
    """

    def __init__(  # noqa: PLR0917 - the tables, as in reorder
        self,
        history: History,
        lines: pl.DataFrame,
        products: pl.DataFrame | None,
        suppliers: pl.DataFrame | None,
        purchases: pl.DataFrame | None,
        target: Target,
    ) -> None:
        lines = with_order_days(lines, products, suppliers, purchases, history.as_of)
        self.lines = with_targets(
            lines,
            products,
            period_days=DAYS_PER_PERIOD[history.freq],
            unmet=target.unmet,
            service_level=target.service_level,
            fill_rate=target.fill_rate,
            shortage_cost=target.shortage_cost,
            holding_cost=target.holding_cost,
        )
        self._unmet: Unmet = target.unmet
        self._model = self._fit(history)

    def units(self, **changes: pl.Expr | pl.Series) -> Vector:
        """(items,) safety stock in units; nan where the lead time is not known.

        Args:
            changes: Columns of the lines that are other than they are, such as lead_time_days.
        """
        lines = self.lines.with_columns(**changes).with_columns(
            lead_time_days=pl.col("lead_time_days") + pl.col("wait_days"),
            position=pl.lit(0.0),
            on_order=pl.lit(0.0),
        )
        none = np.zeros((lines.height, 0))
        plan = plan_of(lines, Arrivals(none, none), self._model)
        stock = order_policy(self._model, plan, self._unmet)["safety_stock"].to_numpy()
        known = lines["lead_time_days"].is_not_null().to_numpy()
        return np.where(known, stock, np.nan)

    def demand_per_day(self) -> Vector:
        """(items,) expected units a day over the protection period."""
        days = protection_days(self.lines).fill_null(1.0).to_numpy().clip(1)
        periods = days / DAYS_PER_PERIOD[self._model.history.freq]
        return np.asarray(self._model.sum_mean(0, periods) / days)

    def _fit(self, history: History) -> DemandModel:
        length = DAYS_PER_PERIOD[history.freq]
        protection = protection_days(self.lines).fill_null(float(length)).to_numpy() / length
        review = self.lines["review_days"].fill_null(0.0).to_numpy() / length
        ahead = int(np.ceil((protection.clip(1e-3) + review).max(initial=1)))
        return fit(history, horizon=max(1, ahead), protection=protection.clip(1e-3))
