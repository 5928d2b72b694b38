"""One sentence a line that says why, with the numbers of the line itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from stockout.replenishment.status import COVER_DAYS
from stockout.replenishment.stock import FRESH_DAYS

if TYPE_CHECKING:
    from datetime import date


def with_reason(lines: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Adds the reason of each line.

    Args:
        lines: All columns that the reorder list is made of, status and limit included.
        as_of: The date that is judged.

    Returns:
        ``lines`` with reason.
    """
    lines = lines.with_columns(_stock=_stock(as_of), _incoming=_incoming(), _demand=_demand())
    no_order = {
        "obsolete": pl.format(
            "No order: no longer sold{}; {} on hand", _last_sale(), _number("on_hand")
        ),
        "ended": pl.format("No order: no longer sold{}", _last_sale()),
        "no demand": pl.format(
            "No order: no demand is known up to {}; {}",
            pl.lit(as_of),
            pl.when(pl.col("on_hand").is_null())
            .then(pl.lit("stock is not known"))
            .otherwise(pl.format("{} on hand", _number("on_hand"))),
        ),
        "unknown stock": pl.format(
            "No order said: stock is not known ({})",
            pl.coalesce("unknown", pl.lit("inventory has no row of it up to " + str(as_of))),
        ),
        "unknown lead time": pl.concat_str(
            pl.lit(
                "No order said: the lead time is not known (no received purchases, none in "
                "products or suppliers, no default_lead_time_days); "
            ),
            _number("on_hand"),
            pl.lit(" on hand"),
        ),
    }
    by_status = pl.coalesce(
        *(
            pl.when(pl.col("status") == status).then(sentence)
            for status, sentence in no_order.items()
        ),
        pl.when(pl.col("limit") == "budget").then(_over_budget()),
        pl.when(pl.col("order_qty") > 0).then(_order()),
        pl.when(pl.col("raw_qty") > 0).then(_no_room()),
        pl.when(pl.col("status") == "excess").then(_excess()),
        _enough(),
    )
    return lines.with_columns(reason=by_status).drop("_stock", "_incoming", "_demand")


def _number(column: str | pl.Expr, decimals: int = 1) -> pl.Expr:
    """A number as text, without needless digits; below 1 with one digit more."""
    value = pl.col(column) if isinstance(column, str) else column
    rounded = (
        pl.when(value.abs() < 1).then(value.round(decimals + 1)).otherwise(value.round(decimals))
    )
    return rounded.cast(pl.String).str.replace(r"\.0$", "").str.replace(r"^-0$", "0")


def _last_sale() -> pl.Expr:
    return (
        pl.when(pl.col("last_sale").is_null())
        .then(pl.lit(""))
        .otherwise(pl.format(", last sale on {}", "last_sale"))
    )


def _if(condition: pl.Expr, text: pl.Expr) -> pl.Expr:
    return pl.when(condition.fill_null(value=False)).then(text).otherwise(pl.lit(""))


def _stock(as_of: date) -> pl.Expr:
    """What is on hand, when that was counted if not lately, and what of it is not free."""
    age = (pl.lit(as_of) - pl.col("counted_on")).dt.total_days()
    return pl.concat_str(
        _number("on_hand"),
        pl.lit(" on hand"),
        pl.when(pl.col("by_flag").fill_null(value=False))
        .then(pl.format(" (out of stock on {})", "flag_on"))
        .when((pl.col("moved") != 0).fill_null(value=False))
        .then(
            pl.format(
                " ({} counted on {}, {} {} since)",
                _number("counted"),
                "counted_on",
                _number(pl.col("moved").abs()),
                pl.when(pl.col("moved") < 0).then(pl.lit("out")).otherwise(pl.lit("in")),
            )
        )
        .when((age > FRESH_DAYS).fill_null(value=False))
        .then(pl.format(" (counted on {})", "counted_on"))
        .otherwise(pl.lit("")),
        _if(
            (pl.col("on_hand") < 0) & pl.col("is_lost"),
            pl.lit(" (an error of the books, counted as 0)"),
        ),
        _if(
            pl.col("committed") > 0,
            pl.format(" less {} reserved, blocked or owed to customers", _number("committed")),
        ),
    )


def _incoming() -> pl.Expr:
    """What is on its way in time, and how much of it is overdue."""
    return pl.concat_str(
        _number("on_order"),
        pl.lit(" on the way"),
        _if(pl.col("overdue") > 0, pl.format(" ({} of it overdue)", _number("overdue"))),
    )


def _demand() -> pl.Expr:
    return pl.format(
        "{} expected over {}+{} days",
        _number("mean_demand"),
        _number("lead_time_days"),
        _number("review_days"),
    )


def _late() -> pl.Expr:
    """Purchases that do not count."""
    return _if(
        pl.col("late_units") > 0,
        pl.format("; {} more come after that and do not count", _number("late_units")),
    )


def _lost_before() -> pl.Expr:
    return _if(
        pl.col("short_before_arrival") >= 0.05,  # less reads as 0
        pl.concat_str(
            pl.lit(", "),
            _number("short_before_arrival"),
            pl.lit(" of them "),
            pl.when("is_lost").then(pl.lit("lost")).otherwise(pl.lit("late")),
            pl.lit(" before an order can arrive"),
        ),
    )


def _need() -> pl.Expr:
    """What the target needs, in all."""
    return pl.format(
        "{} and {} against {}{}; {} needs {}",
        "_stock",
        "_incoming",
        "_demand",
        _lost_before(),
        "target",
        _number("order_up_to"),
    )


def _order() -> pl.Expr:
    raw = _number("raw_qty", 2)
    limit = (
        pl.when(pl.col("limit") == "moq")
        .then(pl.format(", raised from {} to the minimum order", raw))
        .when(pl.col("limit") == "pack")
        .then(pl.format(", raised from {} to whole packs of {}", raw, _number("pack_size", 3)))
        .when(pl.col("limit") == "max_stock")
        .then(pl.format(", cut to fit the maximum stock of {}", _number("max_stock")))
        .otherwise(pl.lit(""))
    )
    return pl.format("Order {}: {}{}{}", _number("order_qty", 3), _need(), limit, _late())


def _no_room() -> pl.Expr:
    return pl.format(
        "No order: {}, but no order of at least {} fits under the maximum stock of {}{}",
        _need(),
        _number(pl.max_horizontal("moq", "pack_size", pl.when("is_integer").then(1.0))),
        _number("max_stock"),
        _late(),
    )


def _over_budget() -> pl.Expr:
    why = (
        pl.when(pl.col("unit_cost").is_null())
        .then(pl.lit("its cost is not known, so the budget cannot be charged"))
        .otherwise(
            pl.lit(
                "it does not fit into what lines that avoid more loss per money leave of the budget"
            )
        )
    )
    return pl.format("No order: {}, but {}{}", _need(), why, _late())


def _excess() -> pl.Expr:
    return pl.format(
        "No order: {} and {} are {} more than the {} that {} needs and {} days of demand{}",
        "_stock",
        "_incoming",
        _number(pl.col("position") - pl.col("reorder_point") - pl.col("cover_demand")),
        _number("reorder_point"),
        "target",
        pl.lit(str(COVER_DAYS)),
        _late(),
    )


def _enough() -> pl.Expr:
    """Nothing needs ordering; where that does not help against a shortage, it says so."""
    below = (pl.col("position") < pl.col("reorder_point")).fill_null(value=False)
    too_late = below | pl.col("status").is_in(["at risk", "stocked out"])
    return pl.format(
        "No order: {} and {} against {}{}; {}{}",
        "_stock",
        "_incoming",
        "_demand",
        _lost_before(),
        pl.when(too_late & (pl.col("on_order") > 0))
        .then(pl.format("what is on the way is enough afterwards for {}", "target"))
        .when(below)
        .then(pl.format("{} needs no more for the days after that", "target"))
        .when((pl.col("reorder_point") == 0) & (pl.col("mean_demand") > 0))
        .then(pl.format("{} is met best without stock", "target"))
        .otherwise(pl.format("{} needs {}", "target", _number("reorder_point"))),
        _late(),
    )
