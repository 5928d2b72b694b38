"""Demand over the protection period: all of it, and what orders of the least cost are for."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stockout.demand.periods import DAYS_PER_PERIOD
from stockout.forecasting.event_effects import tell_effects
from stockout.forecasting.fit import fit
from stockout.forecasting.overridden import with_overrides
from stockout.forecasting.peaks import Cycles
from stockout.forecasting.portfolio import fitted, portfolio
from stockout.replenishment.projection import HIGHEST_LEVEL
from stockout.replenishment.stock_position import protection_days

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import polars as pl
    from numpy.typing import NDArray

    from stockout.demand.history import History
    from stockout.forecasting.demand_model import DemandModel
    from stockout.forecasting.learned_demand import LearnedDemand
    from stockout.replenishment.projection import Plan
    from stockout.replenishment.targets import Unmet

    Matrix = NDArray[np.float64]

MOMENT_DAYS = 1e-3
"""Days from one look at the stock to the next under continuous review, so that they have length."""


class Fitting(NamedTuple):
    """What forecasts, from what, and what people know better."""

    models: Sequence[str] | None
    time_budget: float  # seconds of one core that costly models may take
    overrides: pl.DataFrame | None
    behind_sales: LearnedDemand  # of the history, which all fits learn from

    @property
    def is_fast(self) -> bool:
        """Whether nothing but the fast models is asked for."""
        chosen = portfolio(self.models)
        return not (chosen.costly or chosen.is_global or self.time_budget > 0)


def protection_demand(history: History, lines: pl.DataFrame, fitting: Fitting) -> DemandModel:
    """Demand over the protection period, with people's corrections in it.

    Args:
        history: Of the items of the first lines.
        lines: Columns lead_time_days, wait_days, review_days.
        fitting: What forecasts.
    """
    by_models = partial(fitted, models=fitting.models, time_budget=fitting.time_budget)
    model = _fitted(history, lines, fitting, by_models)
    tell_effects(model)
    return with_overrides(model, fitting.overrides)


def usual_demand(
    history: History, lines: pl.DataFrame, plan: Plan, unmet: Unmet, fitting: Fitting
) -> DemandModel | None:
    """The same without peaks, where an item is ordered for the least cost and lost sales are lost.

    Costly models learn from all demand, so where they are asked for, orders are computed from it.

    Args:
        history: Of the items of the first lines.
        lines: As for :func:`protection_demand`.
        plan: Of the items of the history: targets.
        unmet: What happens to demand that finds no stock.
        fitting: What forecasts.

    Returns:
        The model; None where no order is computed from it.
    """
    by_cost = ~plan.is_fill_rate & ~plan.is_service_level & (plan.level > 0)
    if unmet != "lost" or not by_cost.any() or not fitting.is_fast:
        return None
    review = lines["review_days"].fill_null(0.0)[: history.items.height].to_numpy()
    cycles = Cycles(review, np.where(by_cost, np.minimum(plan.level, HIGHEST_LEVEL), HIGHEST_LEVEL))
    members = portfolio(fitting.models).fast or None
    without_peaks = partial(fit, members=members, cycles=cycles)
    model = _fitted(history, lines, fitting, without_peaks)
    return with_overrides(model, fitting.overrides)


def _fitted(
    history: History, lines: pl.DataFrame, fitting: Fitting, by: Callable[..., DemandModel]
) -> DemandModel:
    days = protection_days(lines)[: history.items.height]
    period = DAYS_PER_PERIOD[history.freq]
    protection = days.to_numpy().clip(MOMENT_DAYS) / period
    # the order after this one has to last for a review more
    review = lines["review_days"].fill_null(0.0)[: history.items.height].to_numpy() / period
    ahead = int(np.ceil((protection + review).max()))
    return by(history, max(1, ahead), protection, behind_sales=fitting.behind_sales)
