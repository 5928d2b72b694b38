"""From simulated paths to figures: means over the paths, each with its standard error."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from stockout.replenishment.stock_walk import Walked

    Matrix = NDArray[np.float64]

FIGURES = (
    "cycle_service_level",
    "fill_rate",
    "average_stock_units",
    "average_stock_value",
    "demand_units",
    "lost_units",
    "lost_revenue",
    "holding_cost",
    "cost",
    "orders",
)
"""What is told of each scenario and target, each with its standard error (``..._se``)."""

COMPARED = ("average_stock_units", "average_stock_value", "lost_units", "lost_revenue", "cost")
"""Figures of which the difference to today is told too (``..._change``), path by path."""


class Money(NamedTuple):
    """(items,) money; nan where it is not known."""

    unit_cost: Matrix  # per unit
    unit_price: Matrix  # per unit; nan for all where demand is served later
    holding_cost: Matrix  # per unit and day
    shortage_cost: Matrix  # per unit short

    def of(self, items: NDArray[np.int64]) -> Money:
        """The money of some items."""
        return Money(
            self.unit_cost[items],
            self.unit_price[items],
            self.holding_cost[items],
            self.shortage_cost[items],
        )


class Known(NamedTuple):
    """(groups,) how many items of a group there are, and of how many the money is known."""

    items: Matrix
    cost: Matrix
    price: Matrix
    holding: Matrix
    shortage: Matrix

    @classmethod
    def of(cls, money: Money, group: NDArray[np.int64], groups: int) -> Known:
        """Counts the items of each group."""

        def count(values: Matrix) -> Matrix:
            known = (~np.isnan(values)).astype(np.float64)
            return np.asarray(np.bincount(group, weights=known, minlength=groups))

        return cls(
            count(np.zeros(group.size)),
            count(money.unit_cost),
            count(money.unit_price),
            count(money.holding_cost),
            count(money.shortage_cost),
        )


class Sums:
    """What the paths of one scenario come to by group: each array is (targets, groups, paths)."""

    def __init__(self, targets: int, groups: int, paths: int, days: int) -> None:
        """Starts at nothing; ``days`` are those that count."""
        self.days = days
        self.total: dict[str, Matrix] = {
            name: np.zeros((targets, groups, paths))
            for name in (
                "wanted", "short", "held", "value", "revenue", "holding", "shortage", "orders",
                "served", "cycles",
            )
        }  # fmt: skip

    def add(self, walked: Walked, money: Money, group: NDArray[np.int64]) -> None:
        """Adds the paths of some items.

        Args:
            walked: What came of them.
            money: Of the same items.
            group: (items,) the group of each.
        """
        cost, price, holding, shortage = (np.nan_to_num(each)[:, None] for each in money)
        values = {
            "wanted": walked.demand[None],
            "short": walked.short,
            "held": walked.held,
            "value": walked.held * cost,
            "revenue": walked.short * price,
            "holding": walked.held * holding,
            "shortage": walked.short * shortage,
            "orders": walked.orders,
            "served": walked.served_cycles,
            "cycles": walked.cycles[None, :, None],
        }
        places, first = np.unique(group, return_inverse=True)
        belongs = np.zeros((places.size, group.size))
        belongs[first, np.arange(group.size)] = 1.0
        for name, value in values.items():
            self.total[name][:, places] += belongs @ np.broadcast_to(
                value, (value.shape[0], group.size, value.shape[2])
            )

    def figures(self, known: Known) -> dict[str, tuple[Matrix, Matrix]]:
        """Each figure with its standard error, (targets, groups); nan where it is not known."""
        found = {name: _mean(paths) for name, paths in self.paths(known).items()}
        found["cycle_service_level"] = _ratio(self.total["served"], self.total["cycles"])
        found["fill_rate"] = _ratio(
            self.total["wanted"] - self.total["short"], self.total["wanted"]
        )
        return {name: found[name] for name in FIGURES}

    def paths(self, known: Known) -> dict[str, Matrix]:
        """The figures that add up, on every path: (targets, groups, paths)."""

        def where(count: Matrix, values: Matrix) -> Matrix:
            return np.where((count > 0)[:, None], values, np.nan)

        total = self.total
        return {
            "average_stock_units": total["held"] / self.days,
            "average_stock_value": where(known.cost, total["value"] / self.days),
            "demand_units": total["wanted"] + 0 * total["short"],
            "lost_units": total["short"],
            "lost_revenue": where(known.price, total["revenue"]),
            "holding_cost": where(known.holding, total["holding"]),
            "cost": where(known.holding * known.shortage, total["holding"] + total["shortage"]),
            "orders": total["orders"],
        }


def figures_frame(sums: Sums, today: Mapping[str, Matrix], known: Known) -> pl.DataFrame:
    """The figures of one scenario as a frame, a row for each target and group.

    Args:
        sums: Of the scenario.
        today: The paths of today's scenario and target, (1, groups, paths) each.
        known: What is known of the groups.

    Returns:
        Columns target_index, group_index, items, days, the figures with their standard errors, the
        differences to today with theirs, items_without_cost, items_without_price; targets outside,
        groups inside.
    """
    targets, groups, _ = sums.total["held"].shape
    columns: dict[str, Matrix] = {}
    for name, (value, error) in sums.figures(known).items():
        columns |= {name: value, f"{name}_se": error}
    paths = sums.paths(known)
    for name in COMPARED:
        value, error = _mean(paths[name] - today[name])
        columns |= {f"{name}_change": value, f"{name}_change_se": error}
    every = np.tile
    return pl.DataFrame(
        {
            "target_index": np.repeat(np.arange(targets), groups),
            "group_index": every(np.arange(groups), targets),
            "items": every(known.items.astype(np.int64), targets),
            "days": np.full(targets * groups, sums.days),
            **{name: values.ravel() for name, values in columns.items()},
            "items_without_cost": every((known.items - known.cost).astype(np.int64), targets),
            "items_without_price": every((known.items - known.price).astype(np.int64), targets),
        }
    ).fill_nan(None)


def _mean(paths: Matrix) -> tuple[Matrix, Matrix]:
    count = paths.shape[-1]
    return paths.mean(axis=-1), paths.std(axis=-1, ddof=1) / np.sqrt(count)


def _ratio(part: Matrix, whole: Matrix) -> tuple[Matrix, Matrix]:
    """A ratio of sums; its standard error by the delta method (Cochran, *Sampling Techniques*)."""
    total = whole.mean(axis=-1)
    total = np.where(total > 0, total, np.nan)
    ratio = part.mean(axis=-1) / total
    strays = part - ratio[..., None] * whole
    return ratio, strays.std(axis=-1, ddof=1) / np.sqrt(part.shape[-1]) / total
