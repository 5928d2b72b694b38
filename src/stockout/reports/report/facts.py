"""What a report knows: the tables, and what the verbs found in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from stockout.exports.read import Tables
    from stockout.impact.stockout_costs import LostSales


@dataclass(frozen=True)
class Missing:
    """A part that is not known, and why, in the words of the verb that could not tell it."""

    reason: str


@dataclass(frozen=True)
class Facts:
    """Frames and figures, nothing formatted.

    Attributes:
        tables: The canonical tables.
        as_of: Last day that counts.
        lost: What stockouts cost.
        orders: The reorder list.
        forecast: Demand ahead with the quantiles ``q10``, ``q50`` and ``q90``.
        accuracy: A backtest of few origins, without a replay.
        findings: What ``check`` found.
        verbs: What further verbs found (``churn``, ``causes``, ``suppliers``, ``segments``).
    """

    tables: Tables
    as_of: date
    lost: LostSales | Missing
    orders: pl.DataFrame | Missing
    forecast: pl.DataFrame | Missing
    accuracy: pl.DataFrame | Missing
    findings: pl.DataFrame
    verbs: Mapping[str, Any | Missing] = field(default_factory=dict)

    @cached_property
    def kpis(self) -> pl.DataFrame:
        """Key figures of all items together; no rows where lost sales are not known."""
        return pl.DataFrame() if isinstance(self.lost, Missing) else self.lost.kpis()

    @cached_property
    def monthly(self) -> pl.DataFrame:
        """Key figures by month; no rows where lost sales are not known."""
        return pl.DataFrame() if isinstance(self.lost, Missing) else self.lost.kpis(["month"])
