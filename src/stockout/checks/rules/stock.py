"""Stock that cannot be as the inventory says: by itself, beside the sales, or beside all flows."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from stockout.checks.row_rules import RowRule, placed, row_rules
from stockout.checks.rules.reconciliation import unexplained_steps, wrong_units
from stockout.checks.rules.standing_stock import frozen_runs, silent_runs, sold_without_stock
from stockout.checks.stock_steps import stock_flows, stock_steps
from stockout.checks.wording import amount

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stockout.checks.data import Data
    from stockout.checks.hits import Found
    from stockout.checks.stock_steps import Flows, Steps

CODES = ("SO401", "SO402", "SO403", "SO404", "SO405", "SO406", "SO503")


def stock_findings(data: Data) -> Iterator[Found]:
    """Findings SO401 to SO406 and SO503."""
    if not data.has("inventory"):
        return
    yield from row_rules(data, "inventory", [_negative(data.threshold("SO401", "units"))])
    if not data.has("sales") and not data.has("movements"):
        return
    if data.is_on("SO402"):
        yield from _sold_without_stock_by_flag(data)
    if data.has("inventory", "on_hand") and data.is_on(*CODES[1:]):
        yield from _by_steps(data)


def _negative(units: float) -> RowRule:
    return RowRule(
        "SO401",
        "on_hand",
        pl.col("on_hand") < -units,
        pl.format("{} on hand", amount(pl.col("on_hand"))),
        "count the item and correct the books; a receipt or a return is not booked",
        ("on_hand",),
    )


def _sold_without_stock_by_flag(data: Data) -> Iterator[Found]:
    """Days that the inventory says were wholly without stock, and that have sales."""
    if data.is_weekly("inventory") or (data.has("sales") and data.is_weekly("sales")):
        return
    for column, out in (
        ("in_stock", ~pl.col("in_stock")),
        ("in_stock_share", pl.col("in_stock_share") <= 0),
    ):
        if not data.has("inventory", column):
            continue
        rows = data.counted_rows("inventory").filter(out)
        (days,) = data.sums(rows.select("date", "sku", "location", out=pl.lit(1.0)), "out")
        sold = data.sold.between(days.keys - 1, days.keys)
        yield placed(
            data,
            RowRule(
                "SO402",
                column,
                pl.lit(value=True),
                pl.format(
                    "{} units sold on a day said to be without stock", amount(pl.col("sold"))
                ),
                "was it delivered and sold out on the day? Else stock or sale is booked wrongly",
                (),
            ),
            "inventory",
            pl.DataFrame({"key": days.keys[sold > 0], "sold": sold[sold > 0]}),
        )


class _Told(NamedTuple):
    """What one block of steps tells: steps by code, with what their messages need."""

    wrong_unit: pl.DataFrame  # key, factor, agree, of
    without_stock: pl.DataFrame  # key, sold
    frozen: pl.DataFrame  # key, stock, last, sold, times
    unexplained: pl.DataFrame  # key, before, after, net, residual
    delayed: pl.DataFrame  # key, residual
    silent: pl.DataFrame  # key, stock, last, expected


def _by_steps(data: Data) -> Iterator[Found]:
    flows = stock_flows(data)
    told = [_look(data, steps, flows) for steps in stock_steps(data, flows) if len(steps.keys)]
    for index, rule in enumerate(_STEP_RULES):
        hits = [each[index] for each in told if each[index].height]
        if hits and data.is_on(rule.code):
            yield placed(data, rule, "inventory", pl.concat(hits))


def _signed(value: str) -> pl.Expr:
    shown = amount(pl.col(value))
    return pl.when(pl.col(value) > 0).then("+" + shown).otherwise(shown)


_STEP_RULES = (
    RowRule(
        "SO503",
        "on_hand",
        pl.lit(value=True),
        pl.when(pl.col("factor") > 1)
        .then(
            pl.format(
                "stock falls by {} for each unit sold, on {} of the last {} days with sales",
                pl.col("factor").cast(pl.Int64),
                "agree",
                "of",
            )
        )
        .otherwise(
            pl.format(
                "stock falls by 1 for {} units sold, on {} of the last {} days with sales",
                (1 / pl.col("factor")).round().cast(pl.Int64),
                "agree",
                "of",
            )
        ),
        "stock and sales are in different units: bring both to pieces with an expression, such as "
        'on_hand = { sql = "cases * 12" }',
        (),
    ),
    RowRule(
        "SO402",
        "on_hand",
        pl.lit(value=True),
        pl.format("{} units sold, and nothing was on hand before or after", amount(pl.col("sold"))),
        "a receipt is not booked, or the sale belongs to another item or location",
        (),
    ),
    RowRule(
        "SO404",
        "on_hand",
        pl.lit(value=True),
        pl.format(
            "stays at {} until {}, though stock moved on {} days ({} units sold)",
            amount(pl.col("stock")),
            "last",
            "times",
            amount(pl.col("sold")),
        ),
        "the stock is not kept up to date: export it anew; leave items without stock-keeping out",
        (),
    ),
    RowRule(
        "SO403",
        "on_hand",
        pl.lit(value=True),
        pl.format(
            "{} before, {} by receipts, sales and other movements, but {} after: {} unexplained",
            amount(pl.col("before")),
            _signed("net"),
            amount(pl.col("after")),
            _signed("residual"),
        ),
        "a movement is missing or booked twice, or the count is wrong",
        (),
    ),
    RowRule(
        "SO405",
        "on_hand",
        pl.lit(value=True),
        pl.format(
            "{} units beside the flows, and back again by the next count", _signed("residual")
        ),
        "booked a day earlier or later than counted; nothing to do, unless it happens every day",
        (),
    ),
    RowRule(
        "SO406",
        "on_hand",
        pl.lit(value=True),
        pl.format(
            "stays at {} until {} without a sale, where about {} days with sales are usual",
            amount(pl.col("stock")),
            "last",
            pl.col("expected").round().cast(pl.Int64),
        ),
        "look whether it is on the shelf; if it has ended, say active_to in products",
        (),
    ),
)


def _look(data: Data, steps: Steps, flows: Flows | None) -> _Told:
    wrong_unit, spoiled = wrong_units(data, steps)
    without = sold_without_stock(steps) & ~spoiled
    frozen, explained = frozen_runs(data, steps, spoiled)
    unexplained, delayed = unexplained_steps(data, steps, flows, spoiled | without | explained)
    residual = steps.residual
    return _Told(
        wrong_unit,
        pl.DataFrame({"key": steps.keys[without], "sold": steps.sold[without]}),
        frozen,
        pl.DataFrame(
            {
                "key": steps.keys[unexplained],
                "before": steps.before[unexplained],
                "after": steps.after[unexplained],
                "net": steps.net[unexplained],
                "residual": residual[unexplained],
            }
        ),
        pl.DataFrame({"key": steps.keys[delayed], "residual": residual[delayed]}),
        silent_runs(data, steps),
    )
