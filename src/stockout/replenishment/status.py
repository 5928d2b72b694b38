"""How each item stands, and how urgent that is."""

from __future__ import annotations

import polars as pl

COVER_DAYS = 90
"""Stock beyond the reorder point and 90 more days of expected demand is excess. An assumption: a
quarter, about what marketplaces' own reports take (Amazon's excess inventory, "90 days of
supply")."""

LIKELY = 0.5
"""Risk of a shortage from which on it is more likely than not. That something needs ordering does
not make an item at risk: with weekly reviews most items need an order every week."""

STATUSES = (
    "stocked out",
    "at risk",
    "unknown stock",
    "unknown lead time",
    "ok",
    "excess",
    "obsolete",
    "no demand",
    "ended",
)
"""Every status a line can have, the most urgent first."""


def with_status(lines: pl.DataFrame) -> pl.DataFrame:
    """Adds the status of each line.

    - ``stocked out``: nothing to sell (on hand less reserved and blocked), though there is demand.
    - ``at risk``: a shortage is more likely than not until lead time and review end if nothing is
      ordered; or the target is missed before an order of now could arrive; or what a customer has
      ordered cannot be served by its date.
    - ``ok``: neither; with or without an order that keeps it so.
    - ``excess``: more than the reorder point, a lot where orders are in lots, and a cover: 90 days
      of demand, one unit, one pack or one minimum order, whichever is most.
    - ``obsolete``: stock of an item that is no longer sold.
    - ``ended``: no longer sold, and no stock of it is known.
    - ``no demand``: in stock or in the books, but never sold up to as-of.
    - ``unknown stock``, ``unknown lead time``: what an order needs is not known.

    Args:
        lines: Columns life (status of the history's item, ``unsold`` for items outside it),
            on_hand, free (on hand less reserved and blocked), lead_time_days, mean_demand,
            cover_demand, reorder_point, position, stockout_risk, risk_before_arrival,
            short_before_arrival, demand_before_arrival, target_kind, level, moq, pack_size,
            order_lot, booked_short, is_integer.

    Returns:
        ``lines`` with status, one of :data:`STATUSES`.
    """
    allowed = 1 - pl.col("level")
    too_late = (
        pl.when(pl.col("target_kind") == "fill_rate")
        .then(pl.col("short_before_arrival") > allowed * pl.col("demand_before_arrival") + 1e-9)
        .otherwise(pl.col("risk_before_arrival") > allowed + 1e-9)
    )
    smallest = pl.max_horizontal("moq", "pack_size", pl.when("is_integer").then(1.0))
    cover = pl.max_horizontal("cover_demand", smallest)
    ended = pl.col("life") == "ended"
    rules = {
        "obsolete": ended & (pl.col("on_hand") > 0),
        "ended": ended,
        "no demand": pl.col("life") == "unsold",
        "unknown stock": pl.col("on_hand").is_null(),
        "unknown lead time": pl.col("lead_time_days").is_null(),
        "stocked out": (pl.col("free") <= 0) & (pl.col("mean_demand") > 0),
        "at risk": (pl.col("stockout_risk") >= LIKELY) | too_late | (pl.col("booked_short") > 0),
        "excess": pl.col("position")
        > pl.col("reorder_point") + pl.col("order_lot").fill_null(0.0) + cover,
    }
    status = pl.coalesce(
        *(pl.when(rule.fill_null(value=False)).then(pl.lit(name)) for name, rule in rules.items()),
        pl.lit("ok"),
    )
    return lines.with_columns(status=status)


def by_urgency(lines: pl.DataFrame) -> pl.DataFrame:
    """Sorts lines: by status, the largest expected loss first, then by sku and location.

    Args:
        lines: Columns status, order_qty, expected_lost_revenue, expected_lost_units, sku, location.
    """
    rank = pl.col("status").replace_strict(
        {name: place for place, name in enumerate(STATUSES)}, return_dtype=pl.Int32
    )
    return lines.sort(
        rank,
        "expected_lost_revenue",
        "expected_lost_units",
        "sku",
        "location",
        descending=[False, True, True, False, False],
        nulls_last=True,
    )
