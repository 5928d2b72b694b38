"""What an item's stock is aimed at: a cycle service level, a fill rate, or the least cost."""

from __future__ import annotations

from typing import Literal

import numpy as np
import polars as pl

from stockout.errors import ConfigError
from stockout.replenishment.master_data import usable
from stockout.replenishment.newsvendor import (
    critical_ratio_backorder_once,
    critical_ratio_lost_sales,
)
from stockout.wording import number_of

Unmet = Literal["lost", "backorder"]
"""What happens to demand that finds no stock: it is lost, or served later."""

DEFAULT_SERVICE_LEVEL = 0.95
"""Cycle service level where nothing is asked for and products say nothing. A choice, not a
measurement: who knows what a shortage costs should give a target."""


def with_targets(
    lines: pl.DataFrame,
    products: pl.DataFrame | None = None,
    *,
    period_days: int = 7,
    unmet: Unmet = "lost",
    service_level: float | None = None,
    fill_rate: float | None = None,
    shortage_cost: float | None = None,
    holding_cost: float | None = None,
    order_cost: float | None = None,
    classes: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Adds each line's target: as asked for, else the product's own, else a 95 % service level.

    Where classes have targets, a product's own target counts first, then that of its class, then
    what is asked for all. Of a product's own columns ``service_level`` counts before ``fill_rate``,
    and both before the costs. A cost target is the service level that costs the least, with the
    shortage cost p per unit and the holding cost h per unit and period over a review of R periods:
    p / (p + h R) where unmet demand is lost, 1 - h R / p where it is served later.

    Args:
        lines: Columns sku, review_days.
        products: Canonical products, or None.
        period_days: Days in the period that holding costs are for.
        unmet: What happens to demand that finds no stock.
        service_level: Probability of no shortage in a cycle, for all items.
        fill_rate: Share of demand served from stock, for all items.
        shortage_cost: Money per unit lost or late, for all items.
        holding_cost: Money per unit and period, for all items. Without a shortage cost it is no
            target where there is an order cost: that is what it is weighed against.
        order_cost: Money per order, for all items.
        classes: As from :func:`stockout.replenishment.class_targets.class_levels`: row i for line
            i, columns class_level and class_name; or None.

    Returns:
        ``lines`` with target_kind (service_level, fill_rate or cost), level (0-1), target, its
        text, and shortage, money per unit short (null where not known).

    Raises:
        ConfigError: More than one kind of target, a value out of range, or half of the costs.

    >>> line = pl.DataFrame({"sku": ["A"], "review_days": [7.0]})
    >>> with_targets(line, shortage_cost=1, holding_cost=0.2).row(0)
    ('A', 7.0, 'cost', 0.8333333333333334, 'cost 1:0.2', 1.0)
    """
    weighed = order_cost is not None and shortage_cost is None
    _check(service_level, fill_rate, shortage_cost, None if weighed else holding_cost)
    own = _own_targets(lines, products)
    asked_for_cost = shortage_cost is not None or (holding_cost is not None and not weighed)
    columns = own.with_columns(
        shortage=pl.coalesce(pl.lit(shortage_cost, pl.Float64), "shortage_cost"),
        holding_money=pl.coalesce(pl.lit(holding_cost, pl.Float64), "holding_cost"),
    )
    by_cost = pl.col("shortage").is_not_null() & pl.col("holding_money").is_not_null()
    if asked_for_cost:
        lacking = columns.filter(~by_cost)
        if lacking.height:
            missing = "holding" if holding_cost is None else "shortage"
            raise ConfigError(
                f"a cost target needs the {missing} cost too, which "
                f"{number_of(lacking.height, 'item lacks', 'items lack')} "
                f"(first: {lacking['sku'][0]})",
                hint=f"give --{missing}-cost, or {missing}_cost in products",
            )
    no_value = pl.lit(None, pl.Float64)
    asked = service_level is not None or fill_rate is not None or asked_for_cost
    class_level, class_name = (
        (no_value, pl.lit(None, pl.String))
        if classes is None
        else (pl.lit(classes["class_level"]), pl.lit(classes["class_name"]))
    )
    own_target = pl.coalesce("service_level", "fill_rate", pl.when(by_cost).then(1.0))
    of_class = class_level.is_not_null() & own_target.is_null()
    counts_own = pl.lit(value=not asked)
    if classes is not None:
        counts_own = counts_own | own_target.is_not_null()
    by_service = (
        pl.when(of_class)
        .then(class_level)
        .when(counts_own)
        .then("service_level")
        .otherwise(pl.lit(service_level, pl.Float64))
    )
    by_fill = (
        pl.when(of_class)
        .then(no_value)
        .when(counts_own)
        .then("fill_rate")
        .otherwise(pl.lit(fill_rate, pl.Float64))
    )
    ratio = pl.when((counts_own | pl.lit(asked_for_cost)) & ~of_class).then("ratio")
    of_whom = pl.when(of_class).then(pl.format(" ({})", class_name)).otherwise(pl.lit(""))
    added = columns.with_columns(ratio=_cost_level(columns, unmet, period_days)).select(
        target_kind=pl.when(by_service.is_not_null())
        .then(pl.lit("service_level"))
        .when(by_fill.is_not_null())
        .then(pl.lit("fill_rate"))
        .when(ratio.is_not_null())
        .then(pl.lit("cost"))
        .otherwise(pl.lit("service_level")),
        level=pl.coalesce(by_service, by_fill, ratio, DEFAULT_SERVICE_LEVEL),
        target=pl.when(by_service.is_not_null())
        .then(pl.format("CSL {} %{}", _text(100 * by_service), of_whom))
        .when(by_fill.is_not_null())
        .then(pl.format("fill {} %", _text(100 * by_fill)))
        .when(ratio.is_not_null())
        .then(pl.format("cost {}:{}", _text(pl.col("shortage")), _text(pl.col("holding_money"))))
        .otherwise(pl.lit(f"CSL {100 * DEFAULT_SERVICE_LEVEL:g} %")),
        shortage="shortage",
    )
    return lines.hstack(added)


def _check(
    service_level: float | None,
    fill_rate: float | None,
    shortage_cost: float | None,
    holding_cost: float | None,
) -> None:
    kinds = {
        "service level": service_level is not None,
        "fill rate": fill_rate is not None,
        "costs": shortage_cost is not None or holding_cost is not None,
    }
    given = [name for name, is_given in kinds.items() if is_given]
    if len(given) > 1:
        raise ConfigError(
            f"more than one target: {' and '.join(given)}",
            hint="give a service level, or a fill rate, or a shortage and a holding cost",
        )
    for name, share in (("service level", service_level), ("fill rate", fill_rate)):
        if share is not None and not 0 < share < 1:
            raise ConfigError(
                f"the {name} is {share:g}, expected a share between 0 and 1",
                hint=f"{share / 100:g} is {share:g} %" if 1 < share < 100 else None,
            )
    for name, cost in (("shortage", shortage_cost), ("holding", holding_cost)):
        if cost is not None and not cost > 0:
            raise ConfigError(f"the {name} cost is {cost:g}, expected more than 0")


def _own_targets(lines: pl.DataFrame, products: pl.DataFrame | None) -> pl.DataFrame:
    names = ["service_level", "fill_rate", "shortage_cost", "holding_cost"]
    if products is None:
        return lines.with_columns(pl.lit(None, pl.Float64).alias(name) for name in names)
    for name in names:
        value = pl.col(name)
        possible = value > 0 if name.endswith("cost") else (value > 0) & (value < 1)
        lines = lines.join(
            usable(products, "products", name, possible),
            on="sku",
            how="left",
            maintain_order="left",
        )
    return lines


def _cost_level(columns: pl.DataFrame, unmet: Unmet, period_days: int) -> pl.Series:
    """The critical ratio of each line, null where a cost is not known."""
    ratio = critical_ratio_lost_sales if unmet == "lost" else critical_ratio_backorder_once
    shortage, holding, days = (
        columns[name].to_numpy() for name in ("shortage", "holding_money", "review_days")
    )
    return pl.Series(np.asarray(ratio(shortage, holding, days / period_days))).fill_nan(None)


def _text(value: pl.Expr) -> pl.Expr:
    """A number as text without needless digits: 95, 97.5, 0.2."""
    return value.round_sig_figs(6).cast(pl.String).str.replace(r"\.0$", "")
