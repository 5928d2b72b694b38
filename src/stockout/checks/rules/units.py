"""Units, currencies and signs that do not agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from stockout.checks.hits import found
from stockout.checks.pack_factors import PACK_FACTORS
from stockout.checks.positions import POSITION, split_position
from stockout.checks.row_rules import RowRule, fetch
from stockout.checks.wording import amount

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stockout.checks.data import Data
    from stockout.checks.hits import Found

CODES = ("SO504", "SO505", "SO511", "SO512")

_PRICED = ("sales", "purchases", "products")
_COUNTED = ("sales", "inventory", "movements", "purchases", "orders", "products")
_ROWS = 10  # fewer rows of a kind have no usual sign
_CLOSE = 0.02  # of the logarithm: costs are rounded

PIECES = ("ea", "each", "pc", "pcs", "pce", "piece", "pieces", "st", "stk", "stück", "h87", "c62")
"""Words for one piece: of SAP (EA, PC, ST), and UN/ECE Recommendation 20 (H87 piece, C62 one)."""


def unit_findings(data: Data) -> Iterator[Found]:
    """Findings SO504, SO505, SO511 and SO512."""
    if data.is_on("SO504") and data.has("products", "unit_cost"):
        yield from _cost_of_a_pack(data)
    if data.is_on("SO505"):
        yield from _signs(data)
    if data.is_on("SO511"):
        yield from _currencies(data)
    if data.is_on("SO512"):
        yield from _units(data)


def _cost_of_a_pack(data: Data) -> Iterator[Found]:
    """Purchases whose unit cost is that of the product times a pack factor."""
    if not data.has("purchases", "unit_cost"):
        return
    costs = (
        data.rows("products")
        .filter(pl.col("unit_cost") > 0)
        .select("sku", usual="unit_cost")
        .unique("sku", keep="none")
    )
    away = (pl.col("unit_cost") / pl.col("usual")).log()
    factors = [*PACK_FACTORS, *(1 / factor for factor in PACK_FACTORS)]
    fits = pl.any_horizontal((away - float(np.log(factor))).abs() <= _CLOSE for factor in factors)
    yield fetch(
        data,
        RowRule(
            "SO504",
            "unit_cost",
            (pl.col("unit_cost") > 0) & fits,
            pl.format(
                "unit_cost {}, where products say {}: {} times as much",
                amount(pl.col("unit_cost")),
                amount(pl.col("usual")),
                amount((pl.col("unit_cost") / pl.col("usual")).round_sig_figs(2)),
            ),
            "the line is in packs: bring its units and cost to pieces",
            ("unit_cost",),
        ),
        "purchases",
        data.rows("purchases").join(costs, on="sku", maintain_order="left"),
    )


def _signs(data: Data) -> Iterator[Found]:
    """Tables, or kinds of movement, of which most rows have the wrong sign."""
    places = [("sales", pl.lit("sale"), pl.col("units") < 0, "negative")]
    kind = pl.col("kind")
    wrong = (
        pl.when(kind.is_in(["receipt", "return"]))
        .then(pl.col("units") < 0)
        .when(kind.is_in(["sale", "scrap"]))
        .then(pl.col("units") > 0)
        .otherwise(pl.lit(value=False))
    )
    places.append(("movements", kind, wrong, "of the wrong sign"))
    for table, named, is_wrong, word in places:
        if not data.has(table):
            continue
        (counts,) = data.collect(
            data.rows(table)
            .group_by(named.alias("kind"))
            .agg(
                pl.len().alias("rows"),
                is_wrong.sum().alias("wrong"),
                POSITION.filter(is_wrong).min().alias("at"),
            )
        )
        most = counts.filter(pl.col("rows") >= _ROWS, pl.col("wrong") > 0.5 * pl.col("rows"))
        yield found(
            split_position(most.sort("at")).with_columns(
                message=pl.format("{} of {} rows of kind {} are " + word, "wrong", "rows", "kind")
            ),
            code="SO505",
            table=table,
            column="units",
            hint="sales are positive and returns negative; movements in are positive, out "
            'negative: turn the sign with an expression, such as units = { sql = "-quantity" }',
        )


def _currencies(data: Data) -> Iterator[Found]:
    """Rows in another currency than most sales (else most purchases, else most products)."""
    plain = pl.col("currency").str.strip_chars().str.to_uppercase()
    tables = [table for table in _PRICED if table in data.tables]
    counts = {
        table: data.values(table, "currency")
        .group_by(plain)
        .agg(pl.col("rows").sum())
        .filter(pl.col("currency") != "")
        .sort("rows", "currency", descending=[True, False])
        for table in tables
    }
    told = [table for table in tables if not counts[table].is_empty()]
    if not told:
        return
    usual = counts[told[0]]["currency"][0]
    for table in told:
        if (counts[table]["currency"] != usual).any():
            yield fetch(
                data,
                RowRule(
                    "SO511",
                    "currency",
                    (plain != usual) & (plain != ""),
                    pl.format(
                        "in {}, where most {} are in {}",
                        "currency",
                        pl.lit(told[0]),
                        pl.lit(usual),
                    ),
                    "money is in one currency a run: convert it, or leave the others out",
                    (),
                ),
                table,
                data.rows(table),
            )


def _units(data: Data) -> Iterator[Found]:
    """Rows in another unit of measure than that of their SKU.

    That is the one of most rows in the first of the tables that names any for the SKU.
    """
    folded = pl.col("unit").str.normalize("NFKC").str.strip_chars(" .").str.to_lowercase()
    plain = pl.when(folded.is_in(PIECES)).then(pl.lit("piece")).otherwise(folded)
    parts = []
    for rank, table in enumerate(_COUNTED):
        if table in data.tables:
            (units,) = data.collect(
                data.rows(table)
                .drop_nulls("unit")
                .group_by("sku", plain.alias("plain"))
                .agg(pl.len().alias("rows"), pl.col("unit").min())
            )
            parts.append(units.with_columns(table=pl.lit(table), rank=pl.lit(rank)))
    if not parts:
        return
    usual = (
        pl.concat(parts)
        .filter(pl.col("plain") != "")
        .sort("sku", "rank", "rows", "plain", descending=[False, False, True, False])
        .with_columns(
            pl.col("plain").first().over("sku").alias("usual"),
            pl.col("unit").first().over("sku").alias("word"),
            pl.col("table").first().over("sku").alias("home"),
        )
    )
    others = usual.filter(pl.col("plain") != pl.col("usual"))
    for (table,), part in others.partition_by("table", as_dict=True, maintain_order=True).items():
        mixed = part.select("sku", "usual", "word", "home").unique("sku")
        yield fetch(
            data,
            RowRule(
                "SO512",
                "unit",
                (plain != pl.col("usual")) & (plain != ""),
                pl.format(
                    "in unit '{}', where most {} of the SKU are in '{}'", "unit", "home", "word"
                ),
                "bring all quantities of an SKU to one unit with an expression",
                (),
            ),
            str(table),
            data.rows(str(table)).join(mixed.lazy(), on="sku", maintain_order="left"),
        )
