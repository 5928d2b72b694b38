"""The verbs as a configuration asks for them: each gets its settings and tables here alone.

A verb gets the tables that its signature names and the settings that it shares with others; its
own settings are written out here. Options of a caller go above those of the configuration. What
was found already may be handed on, so that it is not worked out twice.

Nothing heavy is imported before a verb is used.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import stockout
from stockout.errors import NotKnownError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    import polars as pl

    from stockout.config import Config
    from stockout.exports.read import Tables
    from stockout.exports.staging import StagedTable
    from stockout.impact.cause_summary import Causes
    from stockout.impact.churn import Churn
    from stockout.impact.stock_segments import Segments
    from stockout.impact.stockout_costs import LostSales
    from stockout.impact.suppliers import Suppliers
    from stockout.reports.report.report import Report

DATED = ("sales", "inventory", "movements")
"""The tables whose last date is the as-of date, where none is asked for."""


def as_of_of(tables: Tables, asked: date | None) -> date:
    """The as-of date: the one asked for, else the last date of sales, inventory and movements.

    >>> from datetime import date
    >>> import polars as pl
    >>> from stockout.exports.read import Tables
    >>> as_of_of(Tables(sales=pl.DataFrame({"date": [date(2026, 6, 28)]})), None)
    datetime.date(2026, 6, 28)
    """
    from stockout.demand.calendar import resolve_as_of  # noqa: PLC0415 - loads polars

    return resolve_as_of({name: getattr(tables, name) for name in DATED}, asked)


def forecast(config: Config, tables: Tables, as_of: date | None, **options: object) -> pl.DataFrame:
    """Demand to expect, as :func:`stockout.forecast`."""
    own = config.forecast
    settings = {"horizon": own.horizon, "levels": own.levels}
    return _found("forecast", config, tables, as_of, settings | options)  # type: ignore[no-any-return]


def lost_sales(config: Config, tables: Tables, as_of: date | None, **options: object) -> LostSales:
    """What was not sold for want of stock, as :func:`stockout.lost_sales`."""
    return _found("lost_sales", config, tables, as_of, options)  # type: ignore[no-any-return]


def reorder(config: Config, tables: Tables, as_of: date | None, **options: object) -> pl.DataFrame:
    """What to order, as :func:`stockout.reorder`."""
    settings = config.reorder.model_dump() | options
    return _found("reorder", config, tables, as_of, settings)  # type: ignore[no-any-return]


def causes(
    config: Config, tables: Tables, as_of: date | None, *, lost: LostSales | None = None
) -> Causes:
    """Why items ran out, as :func:`stockout.causes`; ``lost`` is what :func:`lost_sales` found."""
    return _found("causes", config, tables, as_of, {"lost": lost})  # type: ignore[no-any-return]


def backtest(config: Config, tables: Tables, as_of: date | None, **options: object) -> pl.DataFrame:
    """How good the forecast was at past dates, as :func:`stockout.backtest`."""
    own = config.reorder
    settings = {
        "lead_time_days": own.lead_time_days,
        "review_days": own.review_days,
        "service_level": own.service_level,
        "fill_rate": own.fill_rate,
        "shortage_cost": own.shortage_cost,
        "holding_cost": own.holding_cost,
    }
    return _found("backtest", config, tables, as_of, settings | options)  # type: ignore[no-any-return]


def suppliers(config: Config, tables: Tables, as_of: date | None) -> Suppliers:
    """How suppliers deliver, as :func:`stockout.suppliers`."""
    own = config.reorder
    settings = {
        "unmet": own.unmet,
        "service_level": own.service_level,
        "fill_rate": own.fill_rate,
        "shortage_cost": own.shortage_cost,
        "holding_cost": own.holding_cost,
    }
    return _found("suppliers", config, tables, as_of, settings)  # type: ignore[no-any-return]


def segments(config: Config, tables: Tables, as_of: date | None, **options: object) -> Segments:
    """Which items matter, and where stock lies that nobody needs, as :func:`stockout.segments`."""
    return _found("segments", config, tables, as_of, options)  # type: ignore[no-any-return]


def churn(
    config: Config,
    tables: Tables,
    as_of: date | None,
    *,
    lost: LostSales | None = None,
    **options: object,
) -> Churn:
    """Who has gone, as :func:`stockout.churn`; ``lost`` is what :func:`lost_sales` found."""
    # Whether a customer met a stockout is a question of days; weeks that were asked for hide it.
    settings = {"lost": lost if config.freq == "auto" else None}
    return _found("churn", config, tables, as_of, settings | options)  # type: ignore[no-any-return]


def report(
    config: Config,
    tables: Tables,
    as_of: date | None,
    *,
    results: Mapping[str, Any] | None = None,
    **options: object,
) -> Report:
    """All of it in one document, as :func:`stockout.report`.

    Args:
        config: The configuration.
        tables: The canonical tables.
        as_of: The last day that counts.
        results: What verbs found already, by their names; see :func:`stockout.report`.
        options: Further settings of the report.
    """
    settings = {"reorder": config.reorder.model_dump(), "check": config.check, "results": results}
    return _found("report", config, tables, as_of, settings | options)  # type: ignore[no-any-return]


def stage(
    config: Config, scratch: Path, as_of: date | None, *, faults_shown: int | None = None
) -> dict[str, StagedTable]:
    """Reads the exports for the check, which keeps rows that cannot be read.

    Args:
        config: The configuration.
        scratch: A folder that stays while the tables are used.
        as_of: The as-of date that was asked for, if any.
        faults_shown: Cells that cannot be read to list of each kind, file and column.
    """
    from stockout.exports.staged_locations import staged_at_one_level  # noqa: PLC0415 - heavy
    from stockout.exports.staging import stage_tables  # noqa: PLC0415 - heavy

    shown = {} if faults_shown is None else {"faults_shown": faults_shown}
    tables = stage_tables(config, None, scratch, as_of=as_of, **shown)
    return staged_at_one_level(tables, scratch, by_location=config.by_location)


def findings(
    config: Config,
    staged: Mapping[str, StagedTable],
    as_of: date | None,
    *,
    limit: int | None = None,
) -> pl.DataFrame:
    """What the check finds, each with its place in the staged tables.

    Args:
        config: The configuration.
        staged: From :func:`stage`.
        as_of: The as-of date that was asked for, if any.
        limit: Findings of a rule and file to list; None is that of the configuration, 0 is all.
    """
    from stockout.checks.check import check_located  # noqa: PLC0415 - heavy

    return check_located(staged, config.check, as_of, limit=limit)


def _found(
    verb: str,
    config: Config,
    tables: Tables,
    as_of: date | None,
    settings: Mapping[str, Any],
) -> Any:  # noqa: ANN401 - each verb has its own result
    """What a verb finds in the tables and shared settings that its signature names.

    Raises:
        NotKnownError: There is no table that it needs.
    """
    call = getattr(stockout, verb)
    wanted = inspect.signature(call).parameters
    shared = {
        **vars(tables),
        "as_of": as_of,
        "freq": config.freq,
        "default_lead_time_days": config.default_lead_time_days,
        "default_review_days": config.default_review_days,
        "models": config.forecast.models,
        "time_budget": config.forecast.time_budget,
    }
    given = {name: value for name, value in shared.items() if name in wanted} | dict(settings)
    for name, parameter in wanted.items():
        if parameter.default is parameter.empty and name in given and given[name] is None:
            raise NotKnownError(f"no {name} in the configuration")
    return call(**given)
