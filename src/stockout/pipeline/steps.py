"""The steps of a run: one registry, from the name of a step to what it does.

A step gets the :class:`stockout.pipeline.context.Context`, writes files into its folder, keeps in
``context.results`` what later steps may use, and returns counts for the record of the run. A new
verb is one function here and one entry in :data:`STEPS`.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

import polars as pl

from stockout.checks.baseline import accept_known, read_baseline, shortened
from stockout.checks.check import check_located
from stockout.checks.findings import FINDINGS
from stockout.errors import FindingsError
from stockout.exports.staged_locations import staged_at_one_level
from stockout.exports.staging import stage_tables
from stockout.forecasting.forecast import forecast
from stockout.impact.churn import churn
from stockout.impact.lost_sales import lost_sales
from stockout.pipeline.purchase_lists import write_purchase_lists
from stockout.replenishment.reorder import reorder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stockout.pipeline.context import Context

_GRAVITY = ("info", "warning", "error", "never")


class Step(NamedTuple):
    """A step of a run."""

    run: Callable[[Context], Mapping[str, int]]  # gives counts
    doing: str  # what a person is told meanwhile
    needs: tuple[str, ...] = ()  # tables without which there is nothing to do


def _check(context: Context) -> Mapping[str, int]:
    """``check.csv``; stops the run where findings are as grave as ``run.fail_on``."""
    config = context.config
    with tempfile.TemporaryDirectory(prefix="stockout-") as scratch:
        staged = stage_tables(config, None, Path(scratch), as_of=context.asked)
        staged = staged_at_one_level(staged, Path(scratch), by_location=config.by_location)
        # Every finding, for what is not listed cannot be accepted by the baseline.
        found = check_located(staged, config.check, context.asked, limit=0)
        if config.check.baseline is not None:
            path = config.folder / config.check.baseline
            found = accept_known(found, read_baseline(path), path.parent).new
        counts = {grade: found.filter(severity=grade).height for grade in _GRAVITY[2::-1]}
        grave = sum(counts.get(each, 0) for each in _GRAVITY[_GRAVITY.index(config.run.fail_on) :])
        listed = shortened(found, config.check.max_findings).select(FINDINGS.names())
        context.write(listed, "check.csv")
        context.results["check"] = listed
        if grave:
            context.note_as_of(staged)
            raise FindingsError(
                f"check: {grave:,} finding{'s' if grave > 1 else ''} at or above "
                f"{config.run.fail_on}, so nothing is ordered",
                hint="check.csv lists them; mend the exports, or set run.fail_on",
            )
    return counts


def _forecast(context: Context) -> Mapping[str, int]:
    """``forecast.csv``."""
    config, tables = context.config, context.tables
    frame = forecast(
        cast("pl.DataFrame", tables.sales),
        tables.inventory,
        tables.products,
        tables.purchases,
        tables.movements,
        tables.overrides,
        tables.events,
        as_of=context.as_of,
        freq=config.freq,
        horizon=config.forecast.horizon,
        levels=config.forecast.levels,
        models=config.forecast.models,
        time_budget=config.forecast.time_budget,
    )
    context.write(frame, "forecast.csv")
    context.results["forecast"] = frame
    return {"rows": frame.height}


def _lost_sales(context: Context) -> Mapping[str, int]:
    """``lost_sales.csv``, and the key figures of all items together in ``stockouts.csv``."""
    config, tables = context.config, context.tables
    found = lost_sales(
        cast("pl.DataFrame", tables.sales),
        tables.inventory,
        tables.products,
        tables.purchases,
        tables.movements,
        tables.events,
        suppliers=tables.suppliers,
        as_of=context.as_of,
        freq=config.freq,
        default_lead_time_days=config.default_lead_time_days,
    )
    context.write(found.frame, "lost_sales.csv")
    context.write(found.kpis([]), "stockouts.csv")
    context.results["lost-sales"] = found
    return {"rows": found.frame.height}


def _reorder(context: Context) -> Mapping[str, int]:
    """``reorder.csv``, and the purchase lists of the suppliers in ``orders/``."""
    config, tables = context.config, context.tables
    frame = reorder(
        cast("pl.DataFrame", tables.sales),
        cast("pl.DataFrame", tables.inventory),
        tables.products,
        tables.suppliers,
        tables.purchases,
        tables.orders,
        tables.movements,
        tables.overrides,
        tables.events,
        as_of=context.as_of,
        freq=config.freq,
        default_lead_time_days=config.default_lead_time_days,
        default_review_days=config.default_review_days,
        models=config.forecast.models,
        time_budget=config.forecast.time_budget,
        **config.reorder.model_dump(),
    )
    context.write(frame, "reorder.csv")
    context.results["reorder"] = frame
    lists = write_purchase_lists(
        frame, tables.products, context.folder / "orders", config.run.formats
    )
    ordered = frame.filter(pl.col("order_qty") > 0).height
    return {"rows": frame.height, "to_order": ordered, "purchase_lists": lists}


def _churn(context: Context) -> Mapping[str, int]:
    """``churn.json``, and the customers to call, where any are known, in ``call_list.csv``."""
    tables = context.tables
    found = churn(
        tables.sales, tables.inventory, tables.products, tables.customers, as_of=context.as_of
    )
    text = json.dumps(found.record(), ensure_ascii=False, indent=2, default=str)
    path = context.folder / "churn.json"
    path.write_text(text + "\n", encoding="utf-8", newline="\n")
    context.results["churn"] = found
    if found.repeat_purchase is None:
        return {"customers": 0}
    customers = found.by_customer()
    context.write(customers, "call_list.csv")
    return {"customers": customers.height}


STEPS: Mapping[str, Step] = {
    "check": Step(_check, "checking the exports"),
    "forecast": Step(_forecast, "forecasting", ("sales",)),
    "lost-sales": Step(_lost_sales, "estimating lost sales", ("sales",)),
    "reorder": Step(_reorder, "working out what to order", ("sales", "inventory")),
    "churn": Step(_churn, "fitting the models of repeat purchases", ("sales",)),
}
"""The steps by name, in the order in which they run where the configuration names none."""
