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
        pl.when(pl.col("order_qty") > 0).then(_order()),
        pl.when(pl.col("limit") == "budget").then(_over_budget()),
        pl.when(pl.col("limit") == "min_order_value").then(_held()),
        pl.when(pl.col("raw_qty") > 0).then(_no_room()),
        pl.when(pl.col("target_need") > 0).then(_not_worth()),
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
            pl.format(" less {} reserved, blocked or promised to customers", _number("committed")),
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
    """What is expected, how much of it is ordered already, and until when."""
    within = pl.col("booked") - pl.col("booked_beyond")
    return pl.format(
        "{} expected{} over {}{}{} days",
        _number("mean_demand"),
        _if(within >= 0.05, pl.format(" ({} already ordered by customers)", _number(within))),
        _if(pl.col("wait_days") > 0, pl.format("{}+", _number("wait_days"))),
        _number("lead_time_days"),
        _if(pl.col("review_days") > 0, pl.format("+{}", _number("review_days"))),
    )


def _late() -> pl.Expr:
    """Purchases that do not count, and customer orders that cannot be served."""
    return pl.concat_str(
        _if(
            pl.col("late_units") > 0,
            pl.format("; {} more come after that and do not count", _number("late_units")),
        ),
        _if(
            pl.col("booked_short") > 0,
            pl.format("; {} that customers ordered lack at their dates", _number("booked_short")),
        ),
        _if(
            pl.col("minimum") == "unknown",
            pl.format(
                "; whether {} gets its minimum order of {} is not known, because a cost is missing",
                "supplier_id",
                _number("min_order_value"),
            ),
        ),
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
    """What the target needs, in all, and what the cost of an order adds."""
    more = pl.col("raw_qty") - pl.col("target_need")
    in_all = pl.col("position") + pl.col("target_need")
    what = (
        pl.when((pl.col("policy") == "(r,Q)") & (pl.col("raw_qty") > 0))
        .then(
            pl.format(
                "needs an order below {}, in lots of {} for an order cost of {}",
                _number("reorder_point"),
                _number("order_lot"),
                _number("order_cost"),
            )
        )
        .when((pl.col("policy") == "(R,s,S)") & (more > 0.05))  # less reads as 0
        .then(
            pl.format(
                "needs {}, and {} more make the order worth its cost of {}",
                _number(in_all),
                _number(more),
                _number("order_cost"),
            )
        )
        .otherwise(pl.format("needs {}", _number(in_all)))
    )
    return pl.format(
        "{} and {} against {}{}; {} {}",
        "_stock",
        "_incoming",
        "_demand",
        _lost_before(),
        "target",
        what,
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
        .when(pl.col("limit") == "shelf_life")
        .then(pl.format(", cut to what is {}", _sold_in_time()))
        .when(pl.col("limit") == "min_order_value")
        .then(
            pl.format(
                ", raised from {} by what {} more days need, to the minimum order of {} of {}",
                raw,
                _number("top_up_days"),
                _number("min_order_value"),
                "supplier_id",
            )
        )
        .when(pl.col("limit") == "budget")
        .then(
            pl.format(
                ", cut from {} by the budget: other units avoid more loss per money",
                _number("asked_qty", 3),
            )
        )
        .otherwise(pl.lit(""))
    )
    day = _if(pl.col("wait_days") > 0, pl.format(" on {}", "order_date"))
    return pl.format("Order {}{}: {}{}{}", _number("order_qty", 3), day, _need(), limit, _late())


def _sold_in_time() -> pl.Expr:
    return pl.format(
        "sold within its shelf life of {} days with {} %",
        _number("shelf_life_days"),
        _number(100 * pl.col("sold_before_expiry")),
    )


def _no_room() -> pl.Expr:
    smallest = _number(pl.max_horizontal("moq", "pack_size", pl.when("is_integer").then(1.0)))
    why = (
        pl.when(pl.col("limit") == "shelf_life")
        .then(pl.format("is {}", _sold_in_time()))
        .otherwise(pl.format("fits under the maximum stock of {}", _number("max_stock")))
    )
    return pl.format(
        "No order: {}, but no order of at least {} {}{}", _need(), smallest, why, _late()
    )


def _held() -> pl.Expr:
    """The order of the whole supplier waits."""
    why = (
        pl.when(pl.col("minimum") == "budget")
        .then(pl.lit("what the budget leaves for it is"))
        .otherwise(pl.lit("all its lines together are"))
    )
    return pl.format(
        "No order: {}, but {} takes no order below {}, and {} less{}",
        _need(),
        "supplier_id",
        _number("min_order_value"),
        why,
        _late(),
    )


def _not_worth() -> pl.Expr:
    return pl.format(
        "No order: {}, but so little is not worth the order cost of {}{}",
        _need(),
        _number("order_cost"),
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
        _number(pl.col("position") - _most_wanted() - pl.col("cover_demand")),
        _number(_most_wanted()),
        "target",
        pl.lit(str(COVER_DAYS)),
        _late(),
    )


def _most_wanted() -> pl.Expr:
    """The highest position that the policy orders up to."""
    return pl.col("reorder_point") + pl.col("order_lot").fill_null(0.0)


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
