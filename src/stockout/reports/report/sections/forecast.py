"""How far off the forecast was, whether quantiles held, and what it adds to a simple one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from stockout.reports.report.blocks import (
    Column,
    Figure,
    Figures,
    Picture,
    Said,
    Section,
    Table,
    Told,
)
from stockout.reports.report.facts import Missing

if TYPE_CHECKING:
    from stockout.reports.report.blocks import Block
    from stockout.reports.report.facts import Facts

_COMMAND = "stockout backtest -o backtest.csv"
_METHODS = ("stockout", "moving average", "seasonal naive", "naive")
_COVERAGE = ("coverage_80", "coverage_90", "coverage_95", "coverage_98")


def section_forecast(facts: Facts) -> Section:
    """Accuracy over the whole horizon, beside simple forecasts, and coverage of its quantiles."""
    if isinstance(facts.accuracy, Missing):
        return Section("forecast", reason=Told(facts.accuracy.reason))
    found = facts.accuracy
    horizon = int(found.filter(what="data", by="all")["horizon"].item(0))
    main = found.filter((pl.col("horizon") == horizon) & (pl.col("ahead") == 1))
    scores = main.filter(what="accuracy", by="all")
    ours = {row["metric"]: row for row in scores.filter(method="stockout").to_dicts()}
    added = {
        row["method"]: row
        for row in main.filter(what="added value", by="all", metric="fva").to_dicts()
    }
    figures = [_figure("wape", ours.get("wape")), _figure("bias", ours.get("bias"))]
    figures += [_figure(f"fva_{name.replace(' ', '_')}", added.get(name)) for name in _METHODS[1:3]]
    figures += [_figure(name, ours[name]) for name in _COVERAGE[1:3] if name in ours]
    data = {row["metric"]: row["value"] for row in found.filter(what="data", by="all").to_dicts()}
    blocks: list[Block] = [
        Figures("forecast", tuple(figures)),
        Said(
            "forecast.judged",
            {
                "origins": (data.get("origins"), "count"),
                "days": (horizon * data.get("days_of_a_period", 1), "days"),
            },
        ),
    ]
    errors = _errors(scores)
    if errors.height > 1:
        blocks.append(Picture("wape", "errors", {"methods": errors}, Said("caption.wape")))
    blocks += [_methods(scores), _classes(main)]
    return Section("forecast", tuple(blocks))


def _figure(name: str, row: dict[str, float] | None) -> Figure:
    if row is None:
        return Figure(name, None, "share", reason=Said("reason.nothing_known"))
    return Figure(name, row["value"], "share", row["low"], row["high"])


def _errors(scores: pl.DataFrame) -> pl.DataFrame:
    """WAPE by method, ours first."""
    wape = scores.filter((pl.col("metric") == "wape") & pl.col("method").is_in(_METHODS))
    order = pl.col("method").replace_strict(
        {name: place for place, name in enumerate(_METHODS)}, return_dtype=pl.Int64
    )
    return wape.sort(order).select("method", "value", "low", "high")


def _methods(scores: pl.DataFrame) -> Table:
    metrics = ("wape", "bias", "rmsse")
    wide = scores.filter(pl.col("metric").is_in(metrics) & pl.col("method").is_in(_METHODS)).pivot(
        "metric", index="method", values="value"
    )
    columns = (
        Column("method", "word"),
        Column("wape", "share"),
        Column("bias", "share"),
        Column("rmsse", "ratio"),
    )
    kept = tuple(column for column in columns if column.name in wide.columns)
    return Table("methods", wide, kept, 10, _COMMAND, beside=True)


def _classes(main: pl.DataFrame) -> Table:
    """The same by ABC class and by kind of demand."""
    own = main.filter(
        (pl.col("what") == "accuracy")
        & (pl.col("method") == "stockout")
        & pl.col("by").is_in(["abc", "demand_class"])
        & pl.col("metric").is_in(["wape", "bias", "coverage_95"])
    )
    wide = own.pivot("metric", index=["by", "group", "items"], values="value").rename(
        {"by": "grouping"}
    )
    columns = (
        Column("grouping", "word"),
        Column("group", "word"),
        Column("items", "count"),
        Column("wape", "share"),
        Column("bias", "share"),
        Column("coverage_95", "share"),
    )
    kept = tuple(column for column in columns if column.name in wide.columns)
    return Table("accuracy_classes", wide, kept, 12, _COMMAND)
