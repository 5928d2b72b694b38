"""The steps of a run: one registry, from the name of a step to what it does.

A step gets the :class:`stockout.pipeline.context.Context`, writes files into its folder, keeps in
``context.results`` what later steps may use, and returns counts for the record of the run. A new
verb is one function here and one entry in :data:`STEPS`.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from stockout import configured
from stockout.alerts.sending import senders_of
from stockout.checks.baseline import accept_known, read_baseline, shortened
from stockout.checks.findings import FINDINGS
from stockout.errors import ConfigError, FindingsError
from stockout.exports.kept import with_exports
from stockout.history.lake import delta
from stockout.pipeline.alert_step import alert
from stockout.pipeline.history_step import add_exports, tables_to_add, told
from stockout.pipeline.purchase_lists import write_purchase_lists
from stockout.reports.report.language import Language
from stockout.reports.report.packages import check_installed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stockout.config import Config
    from stockout.pipeline.context import Context
    from stockout.reports.report.report import ReportFormat

_GRAVITY = ("info", "warning", "error", "never")


class Step(NamedTuple):
    """A step of a run."""

    run: Callable[[Context], Mapping[str, int]]  # gives counts
    doing: str  # what a person is told meanwhile
    needs: tuple[str, ...] = ()  # tables without which there is nothing to do
    lacks: Callable[[Config], str | None] = lambda _: None  # what else; raises what is no choice
    reads: bool = True  # the tables, as they are when the history has what is new


def _check(context: Context) -> Mapping[str, int]:
    """``check.csv``; stops the run where findings are as grave as ``run.fail_on``."""
    config = with_exports(context.config)
    with tempfile.TemporaryDirectory(prefix="stockout-") as scratch:
        staged = configured.stage(config, Path(scratch), context.asked)
        # Every finding, for what is not listed cannot be accepted by the baseline.
        found = configured.findings(config, staged, context.asked, limit=0)
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


def _history(context: Context) -> Mapping[str, int]:
    """Adds the exports to the history; a run of the same exports changes nothing in it."""
    config = context.config
    place = config.folder / Path(config.history.path).expanduser()
    added = add_exports(config, place, context.asked, context.now)
    for one in added:  # what was new is so only once, and no part of the record
        context.log(f"history: {told(one)}")
    return {one.table: one.rows for one in added}


def _forecast(context: Context) -> Mapping[str, int]:
    """``forecast.csv``."""
    frame = configured.forecast(context.config, context.tables, context.as_of)
    context.write(frame, "forecast.csv")
    context.results["forecast"] = frame
    return {"rows": frame.height}


def _lost_sales(context: Context) -> Mapping[str, int]:
    """``lost_sales.csv``, and the key figures of all items together in ``stockouts.csv``."""
    found = configured.lost_sales(context.config, context.tables, context.as_of)
    context.write(found.frame, "lost_sales.csv")
    context.write(found.kpis([]), "stockouts.csv")
    context.results["lost_sales"] = found
    return {"rows": found.frame.height}


def _reorder(context: Context) -> Mapping[str, int]:
    """``reorder.csv``, and the purchase lists of the suppliers in ``orders/``."""
    config, tables = context.config, context.tables
    frame = configured.reorder(config, tables, context.as_of)
    context.write(frame, "reorder.csv")
    context.results["reorder"] = frame
    lists = write_purchase_lists(
        frame, tables.products, context.folder / "orders", config.run.formats
    )
    ordered = frame.filter(pl.col("order_qty") > 0).height
    return {"rows": frame.height, "to_order": ordered, "purchase_lists": lists}


def _causes(context: Context) -> Mapping[str, int]:
    """``causes.csv``."""
    lost = context.results.get("lost_sales")
    found = configured.causes(context.config, context.tables, context.as_of, lost=lost)
    context.write(found.frame, "causes.csv")
    context.results["causes"] = found
    return {"rows": found.frame.height}


def _suppliers(context: Context) -> Mapping[str, int]:
    """``suppliers.csv``."""
    found = configured.suppliers(context.config, context.tables, context.as_of)
    context.write(found.frame, "suppliers.csv")
    context.results["suppliers"] = found
    return {"rows": found.frame.height}


def _segments(context: Context) -> Mapping[str, int]:
    """``segments.csv``."""
    found = configured.segments(context.config, context.tables, context.as_of)
    context.write(found.frame, "segments.csv")
    context.results["segments"] = found
    return {"rows": found.frame.height}


def _churn(context: Context) -> Mapping[str, int]:
    """``churn.json``, and the customers to call, where any are known, in ``call_list.csv``."""
    lost = context.results.get("lost_sales")
    found = configured.churn(context.config, context.tables, context.as_of, lost=lost)
    text = json.dumps(found.record(), ensure_ascii=False, indent=2, default=str)
    path = context.folder / "churn.json"
    path.write_text(text + "\n", encoding="utf-8", newline="\n")
    context.results["churn"] = found
    if found.repeat_purchase is None:
        return {"customers": 0}
    customers = found.by_customer()
    context.write(customers, "call_list.csv")
    return {"customers": customers.height}


def _report(context: Context) -> Mapping[str, int]:
    """``report.html``, or what ``run.report`` names, from what the steps before it found."""
    config = context.config
    found = configured.report(config, context.tables, context.as_of, results=context.results)
    formats = _report_formats(config)
    for fmt in formats:
        path = context.folder / f"report.{fmt}"
        path.write_bytes(found.data(fmt, config.report.lang, config.report.currency))
    return {"formats": len(formats)}


def _report_formats(config: Config) -> list[ReportFormat]:
    return ["html"] if config.run.report is None else config.run.report


def _no_history(config: Config) -> str | None:
    if "history" not in config.model_fields_set and not config.run.steps:
        return "no [history] in the configuration"
    try:
        tables_to_add(config)
    except ConfigError:
        return "no export that is not read from a history itself"
    delta()
    return None


def _no_package(config: Config) -> str | None:
    Language(config.report.lang, config.report.currency)
    try:
        for fmt in _report_formats(config):
            check_installed(fmt)
    except ConfigError as error:
        return f"{error.message}: {error.hint}"
    return None


def _no_rules(config: Config) -> str | None:
    if not config.alert.rules:
        return "no [[alert.rules]] in the configuration"
    senders_of(config, os.environ)
    return None


STEPS: Mapping[str, Step] = {
    "check": Step(_check, "checking the exports", reads=False),
    "history": Step(_history, "adding to the history", lacks=_no_history, reads=False),
    "forecast": Step(_forecast, "forecasting", ("sales",)),
    "lost-sales": Step(_lost_sales, "estimating lost sales", ("sales",)),
    "reorder": Step(_reorder, "working out what to order", ("sales", "inventory")),
    "causes": Step(_causes, "looking for causes", ("sales",)),
    "suppliers": Step(_suppliers, "measuring the suppliers", ("purchases",)),
    "segments": Step(_segments, "sorting the items", ("sales",)),
    "churn": Step(_churn, "fitting the models of repeat purchases", ("sales",)),
    "report": Step(_report, "gathering the report", ("sales",), lacks=_no_package),
    "alert": Step(alert, "looking for what to tell", lacks=_no_rules),
}
"""The steps by name, in the order in which they run where the configuration names none."""
