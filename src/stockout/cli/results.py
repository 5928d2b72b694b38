"""The results that other commands look at, each as its own command works it out."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, cast

from stockout.cli.run import Run, as_of_date

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

    import polars as pl

    from stockout.config import Config
    from stockout.exports.read import Tables


def results_of(run: Run, config: Config, names: Collection[str]) -> dict[str, pl.DataFrame]:
    """The results of these names.

    Args:
        run: What the shared flags said.
        config: The configuration.
        names: Of ``reorder`` (its list), ``lost_sales`` (its periods), ``stockouts`` (its
            episodes) and ``check`` (its findings).

    Raises:
        ConfigError: Nothing says where a table is that is needed.
        InputError: An export cannot be used.
    """
    results: dict[str, pl.DataFrame] = {}
    if "check" in names:
        results["check"] = _findings(run, config)
    others = set(names) - {"check"}
    if others:
        needed = ["sales", "inventory"] if "reorder" in others else ["sales"]
        useful = ["inventory", "products", "suppliers", "purchases", "orders", "movements"]
        tables = run.read(config, needed=needed, useful=[*useful, "overrides", "events"])
        from stockout.demand.calendar import resolve_as_of

        dated = {"sales": tables.sales, "inventory": tables.inventory}
        as_of = resolve_as_of(dated | {"movements": tables.movements}, as_of_date(config))
        if "reorder" in others:
            with run.working("working out what to order"):
                results["reorder"] = _reorder(config, tables, as_of)
        if others - {"reorder"}:
            with run.working("estimating lost sales"):
                results |= _lost(config, tables, as_of)
    return results


def _findings(run: Run, config: Config) -> pl.DataFrame:
    from stockout.checks.check import check_located
    from stockout.checks.findings import FINDINGS
    from stockout.exports.staged_locations import staged_at_one_level
    from stockout.exports.staging import stage_tables

    as_of = as_of_date(config)
    with tempfile.TemporaryDirectory(prefix="stockout-") as scratch, run.working("checking"):
        tables = stage_tables(config, None, Path(scratch), as_of=as_of)
        tables = staged_at_one_level(tables, Path(scratch), by_location=config.by_location)
        return check_located(tables, config.check, as_of).select(FINDINGS.names())


def _reorder(config: Config, tables: Tables, as_of: date) -> pl.DataFrame:
    import stockout

    return stockout.reorder(
        cast("pl.DataFrame", tables.sales),
        cast("pl.DataFrame", tables.inventory),
        tables.products,
        tables.suppliers,
        tables.purchases,
        tables.orders,
        tables.movements,
        tables.overrides,
        tables.events,
        as_of=as_of,
        freq=config.freq,
        default_lead_time_days=config.default_lead_time_days,
        default_review_days=config.default_review_days,
        models=config.forecast.models,
        time_budget=config.forecast.time_budget,
        **config.reorder.model_dump(),
    )


def _lost(config: Config, tables: Tables, as_of: date) -> dict[str, pl.DataFrame]:
    import stockout

    found = stockout.lost_sales(
        cast("pl.DataFrame", tables.sales),
        tables.inventory,
        tables.products,
        tables.purchases,
        tables.movements,
        tables.events,
        suppliers=tables.suppliers,
        as_of=as_of,
        freq=config.freq,
        default_lead_time_days=config.default_lead_time_days,
    )
    return {"lost_sales": found.frame, "stockouts": found.episodes}
