"""Stockout analytics from the exports you already have.

The verbs of the command line are functions on Polars frames:

>>> import polars as pl, stockout
>>> from datetime import date, timedelta
>>> days = [date(2026, 1, 5) + timedelta(i) for i in range(84)]
>>> sales = pl.DataFrame({"date": days, "sku": "A", "units": [3.0] * 84})
>>> stockout.forecast(sales, horizon=2).select("sku", "date", "mean").row(0)
('A', datetime.date(2026, 3, 30), 3.0)

Nothing heavy is imported before a verb is used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stockout.checks.check import check_frames as check
    from stockout.exports.read import read_tables as read_tables
    from stockout.forecasting.forecast import forecast as forecast
    from stockout.impact.causes import causes as causes
    from stockout.impact.churn import churn as churn
    from stockout.impact.lost_sales import lost_sales as lost_sales
    from stockout.impact.stock_segments import segments as segments
    from stockout.impact.suppliers import suppliers as suppliers
    from stockout.replenishment.backtest import backtest as backtest
    from stockout.replenishment.reorder import reorder as reorder
    from stockout.replenishment.simulation import simulate as simulate
    from stockout.reports.report.report import report as report
    from stockout.simulator.sample import sample as sample

_VERBS = {
    "backtest": "stockout.replenishment.backtest",
    "causes": "stockout.impact.causes",
    "check": "stockout.checks.check",
    "churn": "stockout.impact.churn",
    "forecast": "stockout.forecasting.forecast",
    "lost_sales": "stockout.impact.lost_sales",
    "read_tables": "stockout.exports.read",
    "reorder": "stockout.replenishment.reorder",
    "report": "stockout.reports.report.report",
    "sample": "stockout.simulator.sample",
    "segments": "stockout.impact.stock_segments",
    "simulate": "stockout.replenishment.simulation",
    "suppliers": "stockout.impact.suppliers",
}

_FUNCTIONS = {"check": "check_frames"}
"""Verbs whose function is called otherwise where it is."""

__all__ = [
    "__version__",
    "backtest",
    "causes",
    "check",
    "churn",
    "forecast",
    "lost_sales",
    "read_tables",
    "reorder",
    "report",
    "sample",
    "segments",
    "simulate",
    "suppliers",
]


def __getattr__(name: str) -> object:
    """Imports a verb, or asks for the version, when it is first wanted (PEP 562)."""
    if name == "__version__":
        return importlib.import_module("importlib.metadata").version("stockout")
    if name in _VERBS:
        return getattr(importlib.import_module(_VERBS[name]), _FUNCTIONS.get(name, name))
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """The public names, so that completion sees the verbs before they are loaded."""
    return sorted(__all__)
