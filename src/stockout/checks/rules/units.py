"""Units, currencies and signs that do not agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from stockout.checks.data import POSITION, RowRule, split_position
from stockout.checks.hits import found
from stockout.checks.pack_factors import PACK_FACTORS
from stockout.checks.robust import amount

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
    yield data.fetch(
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
    wrong = pl.when(kind.is_in(["receipt", "return"])).then(pl.col("units") < 0)
    wrong = wrong.when(kind.is_in(["sale", "scrap"])).then(pl.col("units") > 0)
    places.append(("movements", kind, wrong.otherwise(pl.lit(value=False)), "of the wrong sign"))
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
                message=pl.format(
                    "{} of {} rows of kind {} are " + word, "wrong", "rows", "kind"
                )
            ),
            code="SO505",
            table=table,
            column="units",
            hint="sales are positive and returns negative; movements in are positive, out "
            'negative: turn the sign with an expression, such as units = { sql = "-quantity" }',
        )


def _currencies(data: Data) -> Iterator[Found]:
    """Currencies other than that of most sales (else of most rows)."""
    parts = [
        data.values(table, "currency").with_columns(
            table=pl.lit(table), plain=pl.col("currency").str.strip_chars().str.to_uppercase()
        )
        for table in _PRICED
        if table in data.tables
    ]
    if not parts:
        return
    named = pl.concat(parts).filter(pl.col("plain") != "")
    if named["plain"].n_unique() < 2:
        return
    first = named.head(1)["table"].item()
    usual = (
        named.filter(pl.col("table") == first)
        .group_by("plain")
        .agg(pl.col("rows").sum())
        .sort("rows", "plain", descending=[True, False])["plain"][0]
    )
    others = split_position(named.filter(pl.col("plain") != usual)).with_columns(
        message=pl.format(
            "{} rows in {}, where most {} are in {}",
            "rows",
            "currency",
            pl.lit(first),
            pl.lit(usual),
        )
    )
    for (table,), part in others.partition_by("table", as_dict=True, maintain_order=True).items():
        yield found(
            part,
            code="SO511",
            table=str(table),
            column="currency",
            hint="money is in one currency a run: convert it, or read one currency at a time",
        )


def _units(data: Data) -> Iterator[Found]:
    """SKUs that are counted in more than one unit of measure."""
    folded = pl.col("unit").str.normalize("NFKC").str.strip_chars(" .").str.to_lowercase()
    parts = []
    for table in _COUNTED:
        if table in data.tables:
            (units,) = data.collect(
                data.rows(table)
                .drop_nulls("unit")
                .group_by("sku", "unit")
                .agg(pl.len().alias("rows"), POSITION.min().alias("at"))
            )
            parts.append(units.with_columns(table=pl.lit(table), rank=pl.lit(len(parts))))
    if not parts:
        return
    units = (
        pl.concat(parts)
        .with_columns(plain=pl.when(folded.is_in(PIECES)).then(pl.lit("piece")).otherwise(folded))
        .filter(pl.col("plain") != "")
        .sort("sku", "rank", "rows", "plain", "at", descending=[False, False, True, False, False])
        .with_columns(
            usual=pl.col("plain").first().over("sku"),
            word=pl.col("unit").first().over("sku"),
            home=pl.col("table").first().over("sku"),
        )
        .filter(pl.col("plain") != pl.col("usual"))
        .sort("rank", "at")
    )
    for (table,), part in units.partition_by("table", as_dict=True, maintain_order=True).items():
        yield found(
            split_position(part).with_columns(
                message=pl.format(
                    "{} rows in unit '{}', where most {} of the SKU are in '{}'",
                    "rows",
                    "unit",
                    "home",
                    "word",
                )
            ),
            code="SO512",
            table=str(table),
            column="unit",
            hint="bring all quantities of an SKU to one unit with an expression",
        )
