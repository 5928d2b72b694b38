"""How items stand, as the arrays that :mod:`stockout.replenishment.what_if` walks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from stockout.demand.periods import DAYS_PER_PERIOD
from stockout.replenishment.simulation_figures import Money
from stockout.replenishment.what_if import Stand

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from stockout.forecasting.demand_model import DemandModel
    from stockout.replenishment.targets import Unmet

    Matrix = NDArray[np.float64]

GROUPS: Mapping[str, str | None] = {
    "none": None, "sku": "sku", "location": "location", "category": "category",
    "supplier": "supplier_id",
}  # fmt: skip
"""What rows can be told apart by, with the column that says it."""

MOST_AHEAD = 400  # days after the horizon that the forecast is asked for; then its rate goes on


def group_rows(lines: pl.DataFrame, by: str) -> pl.DataFrame:
    """What rows are told apart by: column group_index, and that of ``by``; sorted."""
    column = GROUPS[by]
    if column is None:
        return pl.DataFrame({"group_index": [0]})
    values = lines.select(column).unique().sort(column, nulls_last=True)
    return values.with_columns(group_index=pl.int_range(pl.len()))


def stand_of(
    lines: pl.DataFrame,
    model: DemandModel,
    groups: pl.DataFrame,
    horizon_days: int,
    unmet: Unmet,
) -> Stand:
    """The items as arrays.

    Args:
        lines: The items that are simulated, with what they cost.
        model: Demand of all items of the history.
        groups: As from :func:`group_rows`.
        horizon_days: Days that are simulated.
        unmet: Whether unmet demand is lost.
    """

    def numbers(column: str) -> Matrix:
        return lines[column].cast(pl.Float64).fill_null(float("nan")).to_numpy()

    item = lines["item"].to_numpy()
    length = DAYS_PER_PERIOD[model.history.freq]
    money = Money(*map(numbers, ("unit_cost", "unit_price", "holding_a_day", "lost_cost")))
    if unmet == "backorder":  # what is served later is no lost revenue and no lost margin
        money = money._replace(
            unit_price=np.full(item.size, np.nan), shortage_cost=numbers("shortage_cost")
        )
    column = next((name for name in groups.columns if name != "group_index"), None)
    group = (
        np.zeros(item.size, dtype=np.int64)
        if column is None
        else lines.join(groups, on=column, how="left", nulls_equal=True, maintain_order="left")[
            "group_index"
        ].to_numpy()
    )
    return Stand(
        # A day of a week sells a seventh of it: the sum of the days is distributed as the week is.
        mean=np.repeat(model.mean[:, item] / length, length, axis=0),
        noise=model.noise[item],
        level_variance=model.level_variance[item],
        whole=model.is_integer[item],
        stock=numbers("stock"),
        arriving=_arriving(lines, horizon_days + MOST_AHEAD),
        lead_time=numbers("lead_time_days"),
        lead_time_sd=np.nan_to_num(numbers("lead_time_sd_days")),
        review=np.rint(numbers("review_days")).clip(1).astype(np.int64),
        moq=numbers("moq"),
        pack_size=numbers("pack_size"),
        max_stock=numbers("max_stock"),
        group=group,
        money=money,
    )


def _arriving(lines: pl.DataFrame, days: int) -> Matrix:
    """(days, items) units of open purchases that arrive on each day after as-of."""
    arriving = np.zeros((days, lines.height))
    opened = (
        lines.select("open")
        .with_row_index("row")
        .drop_nulls()
        .explode("open")
        .unnest("open")
        .with_columns(day=pl.col("days").round().cast(pl.Int64))
        .filter(pl.col("day") < days)
    )
    np.add.at(
        arriving,
        (opened["day"].to_numpy(), opened["row"].to_numpy()),
        opened["units"].to_numpy(),
    )
    return arriving
