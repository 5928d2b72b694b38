"""Causes of stockouts, added up: by cause, by month, and against the month before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from stockout.demand.periods import DAYS_PER_PERIOD
from stockout.errors import ConfigError, NotKnownError
from stockout.impact.episodes import OPEN
from stockout.impact.usual_demand import USUAL
from stockout.tables import ITEM, without_crumbs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from stockout.impact.stockout_costs import LostSales

UNATTRIBUTED = "unattributed"
"""The cause of a stockout that no rule explains."""

CAUSES = (
    "data error", "late supplier", "short delivery", "promotion", "forecast error",
    "ordered too late", "ordered too little", UNATTRIBUTED,
)  # fmt: skip
"""All causes, in the order in which they count."""

GROUPS = ("cause", "month", "sku", "location", "category", "supplier")
"""What causes can be added up by."""


def checked_groups(by: Sequence[str]) -> list[str]:
    """The groups asked for, each once.

    Raises:
        ConfigError: There is no such grouping.

    >>> checked_groups(["month", "cause", "month"])
    ['month', 'cause']
    """
    for name in by:
        if name not in GROUPS:
            raise ConfigError(f"by: found {name!r}, expected {', '.join(GROUPS)}, or none")
    return list(dict.fromkeys(by))


_AMOUNTS = ("episodes", "days_out", "lost_units", "lost_revenue")
_COUNTS = ("open_episodes", "episodes_within_usual")


@dataclass(frozen=True)
class Causes:
    """Stockouts with their causes.

    Attributes:
        lost: What stockouts cost, from which the episodes are.
        frame: One row an episode: :data:`stockout.impact.causes.COLUMNS`; ``docs/causes.md`` tells
            what each means. Sorted by sku, location and date.
        not_known: What the causes cannot tell, and why, in words.
    """

    lost: LostSales
    frame: pl.DataFrame
    not_known: tuple[str, ...]

    def summary(self, by: Sequence[str] = ("cause",), *, month: date | None = None) -> pl.DataFrame:
        """Episodes, lost units and money by group, with shares and the month before.

        An episode belongs to the month in which it began.

        Args:
            by: Any of :data:`GROUPS`; none is all together.
            month: The first day of the only month that counts, beside the one before it.

        Returns:
            One row a group: its columns, episodes, open_episodes, episodes_within_usual (forecast
            errors whose demand more than :data:`~stockout.impact.usual_demand.USUAL` of the item's
            protection periods before reached), days_out, lost_units, lost_revenue (of those whose
            price is known; null where none is), share_of_episodes, share_of_lost_units,
            share_of_lost_revenue (of all groups, of the month where there is one); by month or
            with a month also episodes_before, lost_units_before, lost_revenue_before (the month
            before; null where the history has none) and lost_revenue_change (less the month
            before).

        Raises:
            ConfigError: There is no such grouping, or no such month in the history.
            NotKnownError: The data do not name what to group by.
        """
        keys = self._keys(by)
        monthly = "month" in keys or month is not None
        others = [key for key in keys if key != "month"]
        rows = self._rows()
        sums = _sums(rows, [*others, "month"] if monthly else others)
        if not monthly:
            every = pl.DataFrame({"cause": CAUSES}) if others == ["cause"] else None
            return self._finished(_filled(sums, every, others), others, [])
        months = self._months()
        self._check_month(month)
        groups = sums.select(others).unique(maintain_order=True) if others else None
        if others == ["cause"]:
            groups = pl.DataFrame({"cause": CAUSES})
        axis = pl.DataFrame({"month": months})
        grid = axis if groups is None else groups.join(axis, how="cross")
        filled = _filled(sums, grid, [*others, "month"]).sort("month", maintain_order=True)
        before = [
            pl.col(name).shift().over(others or pl.lit(1)).alias(f"{name}_before")
            for name in ("episodes", "lost_units", "lost_revenue")
        ]
        filled = filled.with_columns(before).with_columns(
            lost_revenue_change=pl.col("lost_revenue") - pl.col("lost_revenue_before")
        )
        if month is not None:
            filled = filled.filter(pl.col("month") == month)
        return self._finished(filled, [*others, "month"], ["month"])

    def episodes_of(self, month: date | None) -> pl.DataFrame:
        """The episodes that began in a month; all of them for None.

        Args:
            month: Its first day.

        Raises:
            ConfigError: The history has no such month.
        """
        self._check_month(month)
        if month is None:
            return self.frame
        return self.frame.filter(pl.col("first_date").dt.month_start() == month)

    def last_month(self) -> date:
        """First day of the last whole month of which anything is known, else of the last one."""
        history = self.lost.history
        known = history.dates.filter(pl.Series(np.isfinite(history.share).any(axis=1)))
        last = known[-1] if known.len() else history.as_of
        months = [month for month in self._months() if month <= last]
        ends = (last + timedelta(days=DAYS_PER_PERIOD[history.freq])).month != last.month
        return months[-1] if ends or len(months) == 1 else months[-2]

    def _check_month(self, month: date | None) -> None:
        months = self._months()
        if month is not None and month not in months:
            raise ConfigError(
                f"month {month:%Y-%m}: the history has {months[0]:%Y-%m} to {months[-1]:%Y-%m}"
            )

    def _months(self) -> list[date]:
        return self.lost.history.dates.dt.month_start().unique().sort().to_list()

    def _keys(self, by: Sequence[str]) -> list[str]:
        keys = ["supplier_id" if name == "supplier" else name for name in checked_groups(by)]
        attributes = self.lost.attributes
        for key in keys:
            of_items = key in {"category", "supplier_id"}
            if of_items and attributes[key].null_count() == attributes.height:
                name = key.removesuffix("_id")
                raise NotKnownError(f"the {name} of no item is known, so nothing to group by")
        return keys

    def _rows(self) -> pl.DataFrame:
        category = self.lost.attributes.select(*ITEM, "category")
        return self.frame.with_columns(month=pl.col("first_date").dt.month_start()).join(
            category, on=ITEM, how="left", maintain_order="left"
        )

    def _finished(self, sums: pl.DataFrame, keys: list[str], within: list[str]) -> pl.DataFrame:
        over: list[pl.Expr] = [pl.col(name) for name in within] or [pl.lit(1)]
        shares = [
            (pl.col(name) / pl.col(name).sum().over(over)).fill_nan(None).alias(f"share_of_{name}")
            for name in ("episodes", "lost_units", "lost_revenue")
        ]
        later = [name for name in sums.columns if name.endswith(("_before", "_change"))]
        frame = sums.with_columns(shares).select(
            *keys, "episodes", *_COUNTS, *_AMOUNTS[1:],
            *(f"share_of_{name}" for name in ("episodes", "lost_units", "lost_revenue")), *later,
        )  # fmt: skip
        return without_crumbs(frame)


def _sums(rows: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    known = pl.col("lost_revenue").is_not_null()
    sums = [
        pl.len().alias("episodes"),
        (pl.col("end") == OPEN).sum().alias("open_episodes"),
        (pl.col("within_usual") > USUAL).sum().alias("episodes_within_usual"),
        pl.col("days_out", "lost_units").sum(),
        pl.when(known.any()).then(pl.col("lost_revenue").sum()).alias("lost_revenue"),
    ]
    frame = rows.group_by(keys).agg(sums) if keys else rows.select(sums)
    if "cause" in keys:
        return frame.sort(
            pl.col("cause").replace_strict({name: k for k, name in enumerate(CAUSES)}), *keys
        )
    return frame.sort("lost_revenue", *keys, descending=[True, *(False for _ in keys)],
                      nulls_last=True)  # fmt: skip


def _filled(sums: pl.DataFrame, grid: pl.DataFrame | None, keys: list[str]) -> pl.DataFrame:
    """A row for every group of the grid; what did not happen is 0."""
    if grid is None:
        return sums
    return (
        grid.join(sums, on=keys, how="left", nulls_equal=True, maintain_order="left")
        .with_columns(happened=pl.col("episodes").fill_null(0) > 0)
        .with_columns(pl.col("episodes", *_COUNTS, "days_out", "lost_units").fill_null(0))
        .with_columns(pl.when("happened").then("lost_revenue").otherwise(0.0).alias("lost_revenue"))
        .drop("happened")
    )
