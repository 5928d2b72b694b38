"""Quantities and prices that are far from what the item usually has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from stockout.checks.robust import BINS_PER_OCTAVE, log_spread
from stockout.checks.row_rules import RowRule, fetch
from stockout.checks.wording import amount
from stockout.tables import ITEM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stockout.checks.data import Data
    from stockout.checks.hits import Found

CODES = ("SO501", "SO513")


def outlier_findings(data: Data) -> Iterator[Found]:
    """Findings SO501 and SO513: from counts of binned values; rows are read if any is far off."""
    if not data.has("sales"):
        return
    if data.is_on("SO501"):
        yield from _far_off(
            data,
            "SO501",
            data.unit_bins,
            pl.col("units").abs(),
            RowRule(
                "SO501",
                "units",
                pl.lit(value=True),
                pl.format(
                    "{} units, where the item's rows have {} in the middle",
                    amount(pl.col("units")),
                    amount(pl.col("centre").exp().round_sig_figs(2)),
                ),
                "correct it, or leave the row out; a real bulk order belongs in orders",
                ("units",),
            ),
            low=False,
        )
    if data.is_on("SO513") and data.has("sales", "unit_price"):
        yield from _far_off(
            data,
            "SO513",
            data.price_bins,
            pl.when(pl.col("units") > 0).then(pl.col("unit_price")),
            RowRule(
                "SO513",
                "unit_price",
                pl.lit(value=True),
                pl.format(
                    "a price of {}, where the item's rows have {} in the middle",
                    amount(pl.col("unit_price")),
                    amount(pl.col("centre").exp().round_sig_figs(3)),
                ),
                "correct it; is the price that of a case, or the decimal mark in another place?",
                ("unit_price",),
            ),
            low=True,
        )


def _far_off(
    data: Data, code: str, bins: pl.DataFrame, value: pl.Expr, rule: RowRule, *, low: bool
) -> Iterator[Found]:
    """Rows whose value is too many spreads away from the item's median, in logarithms."""
    spreads = log_spread(
        bins,
        ["item"],
        floor=data.threshold(code, "least_spread"),
        least_rows=data.threshold(code, "rows"),
    )
    allowed = pl.max_horizontal(
        data.threshold(code, "spreads") * pl.col("spread"),
        pl.lit(data.threshold(code, "factor")).log(),
    )
    limits = spreads.with_columns(
        high=(pl.col("centre") + allowed).exp(),
        low=(pl.col("centre") - allowed).exp() if low else pl.lit(0.0),
    )
    reach = (
        bins.drop_nulls()
        .group_by("item")
        .agg(
            (2.0 ** ((pl.col("bin").max() + 1) / BINS_PER_OCTAVE)).alias("most"),
            (2.0 ** ((pl.col("bin").min() - 1) / BINS_PER_OCTAVE)).alias("least"),
        )
    )
    suspect = (
        limits.join(reach, on="item")
        .filter((pl.col("most") > pl.col("high")) | (pl.col("least") < pl.col("low")))
        .join(data.items, on="item")
        .select(*ITEM, "centre", "low", "high")
    )
    if suspect.is_empty():
        return
    far = (pl.col("#value") > pl.col("high")) | (
        (pl.col("#value") > 0) & (pl.col("#value") < pl.col("low"))
    )
    yield fetch(
        data,
        rule._replace(when=far),
        "sales",
        data.rows("sales")
        .with_columns(value.alias("#value"))
        .join(suspect.lazy(), on=ITEM, maintain_order="left"),
    )
