"""Prices, costs and ordering rules of products and suppliers that cannot be meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from stockout.checks.row_rules import RowRule, row_rules
from stockout.checks.wording import amount

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stockout.checks.data import Data
    from stockout.checks.hits import Found

CODES = ("SO506", "SO514", "SO515", "SO521", "SO522")

_MONEY = {
    "sales": ("unit_price",),
    "products": ("unit_cost", "unit_price", "holding_cost", "shortage_cost", "order_cost"),
    "purchases": ("unit_cost",),
    "suppliers": ("min_order_value", "order_cost"),
}
_NOT_BELOW_ZERO = {
    "products": ("lead_time_days", "review_days", "moq", "max_stock", "shelf_life_days"),
    "suppliers": ("lead_time_days", "lead_time_sd_days", "review_days"),
    "locations": ("transfer_days",),
}
_SHARES = ("service_level", "fill_rate")


def master_data_findings(data: Data) -> Iterator[Found]:
    """Findings SO506, SO514, SO515, SO521 and SO522."""
    rules: dict[str, list[RowRule]] = {
        table: [_money(column) for column in columns] for table, columns in _MONEY.items()
    }
    for table, columns in _NOT_BELOW_ZERO.items():
        rules.setdefault(table, []).extend(_impossible(column) for column in columns)
    rules["sales"].append(_opposite_signs())
    rules["products"] += [
        *(_share(column) for column in _SHARES),
        _pack_size(),
        _life(),
        _below_cost(data.threshold("SO515", "share")),
        *(_too_large(column) for column in ("moq", "pack_size")),
    ]
    for table, chosen in rules.items():
        if data.has(table):
            yield from row_rules(data, table, chosen)


def _money(column: str) -> RowRule:
    return RowRule(
        "SO514",
        column,
        pl.col(column) < 0,
        pl.format(f"{column} is {{}}, below zero", amount(pl.col(column))),
        "correct it; a return has negative units, not a negative price",
        (column,),
    )


def _impossible(column: str) -> RowRule:
    return RowRule(
        "SO521",
        column,
        pl.col(column) < 0,
        pl.format(f"{column} is {{}}, below zero", amount(pl.col(column))),
        "correct it, or empty the cell where it is not known",
        (column,),
    )


def _share(column: str) -> RowRule:
    value = pl.col(column)
    return RowRule(
        "SO521",
        column,
        (value <= 0) | (value >= 1),
        pl.format(f"{column} is {{}}, and must be between 0 and 1", amount(pl.col(column))),
        "write a share such as 0.95; per cent are divided by 100",
        (column,),
    )


def _pack_size() -> RowRule:
    return RowRule(
        "SO521",
        "pack_size",
        pl.col("pack_size") <= 0,
        pl.format("pack_size is {}, and must be above zero", amount(pl.col("pack_size"))),
        "correct it, or empty the cell where there is no pack",
        ("pack_size",),
    )


def _life() -> RowRule:
    return RowRule(
        "SO521",
        "active_to",
        pl.col("active_to") < pl.col("active_from"),
        pl.format("active_to {} lies before active_from {}", "active_to", "active_from"),
        "correct one of the dates",
        ("active_from", "active_to"),
    )


def _below_cost(share: float) -> RowRule:
    cost, price = pl.col("unit_cost"), pl.col("unit_price")
    return RowRule(
        "SO515",
        "unit_cost",
        (price > 0) & (cost > share * price),
        pl.format("unit_cost {} is above unit_price {}", amount(cost), amount(price)),
        "are both for one unit, and in one currency? A cost of a whole case is the usual reason",
        ("unit_cost", "unit_price"),
    )


def _too_large(column: str) -> RowRule:
    return RowRule(
        "SO522",
        column,
        (pl.col("max_stock") > 0) & (pl.col(column) > pl.col("max_stock")),
        pl.format(
            f"{column} {{}} is more than max_stock {{}}",
            amount(pl.col(column)),
            amount(pl.col("max_stock")),
        ),
        "raise max_stock, or correct the other; as it is, nothing can be ordered",
        (column, "max_stock"),
    )


def _opposite_signs() -> RowRule:
    return RowRule(
        "SO506",
        "revenue",
        pl.col("units") * pl.col("revenue") < 0,
        pl.format(
            "{} units bring a revenue of {}", amount(pl.col("units")), amount(pl.col("revenue"))
        ),
        "a return has negative units and negative revenue; correct one of them",
        ("units", "revenue"),
    )
