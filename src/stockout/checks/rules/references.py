"""Keys that one table names and another does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from stockout.checks.hits import Found, found
from stockout.checks.positions import split_position
from stockout.checks.row_rules import RowRule, fetch
from stockout.checks.wording import row_count
from stockout.tables import ALL_LOCATIONS, ITEM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stockout.checks.data import Data

CODES = ("SO211", "SO212", "SO213", "SO214", "SO215", "SO216", "SO217", "SO218")

_REFERENCES = (
    # code, table that knows the key, its key, tables and columns that name it
    (
        "SO211",
        "products",
        "sku",
        (
            ("sales", "sku"),
            ("inventory", "sku"),
            ("movements", "sku"),
            ("purchases", "sku"),
            ("orders", "sku"),
            ("events", "sku"),
            ("overrides", "sku"),
            ("products", "successor_of"),
        ),
    ),
    (
        "SO212",
        "locations",
        "location",
        (
            ("sales", "location"),
            ("inventory", "location"),
            ("movements", "location"),
            ("purchases", "location"),
            ("orders", "location"),
            ("events", "location"),
            ("overrides", "location"),
            ("locations", "supplied_from"),
        ),
    ),
    (
        "SO213",
        "suppliers",
        "supplier_id",
        (("products", "supplier_id"), ("purchases", "supplier_id")),
    ),
    (
        "SO214",
        "customers",
        "customer_id",
        (("sales", "customer_id"), ("orders", "customer_id")),
    ),
)
_HINTS = {
    "SO211": "add the SKU to the products, or correct it",
    "SO212": "add the location to the locations, or correct it",
    "SO213": "add the supplier to the suppliers, or correct it",
    "SO214": "add the customer to the customers, or leave that table away",
}


def reference_findings(data: Data) -> Iterator[Found]:
    """Findings SO211 to SO218."""
    for code, home, key, places in _REFERENCES:
        if data.is_on(code) and data.has(home, key):
            known = data.values(home, key).select(key)
            for table, column in places:
                if data.has(table, column):
                    yield _orphans(data, code, known.rename({key: column}), table, column)
    if data.is_on("SO215"):
        yield from _look_alikes(data)
    if data.has("sales") and data.has("inventory"):
        yield from _apart(data)
    if data.is_on("SO218") and data.has("sales"):
        yield from _outside_life(data)


def _orphans(data: Data, code: str, known: pl.DataFrame, table: str, column: str) -> Found:
    """One finding for each unknown key, at its first row."""
    named = data.values(table, column)
    if column == "location":
        named = named.filter(pl.col("location") != ALL_LOCATIONS)
    lost = named.join(known, on=column, how="anti", maintain_order="left")
    (home,) = (home for each, home, *_ in _REFERENCES if each == code)
    return found(
        split_position(lost).with_columns(
            message=pl.format(
                "'{}' ({}) is not in table {}", column, row_count(pl.col("rows")), pl.lit(home)
            )
        ),
        code=code,
        table=table,
        column=column,
        hint=_HINTS[code],
    )


def _look_alikes(data: Data) -> Iterator[Found]:
    """SKUs that are one when case, spaces, width and leading zeros are left aside."""
    parts = [
        data.values(table, "sku").with_columns(table=pl.lit(table), rank=pl.lit(rank))
        for rank, table in enumerate(("products", "inventory", "sales", "purchases", "movements"))
        if data.has(table, "sku")
    ]
    if not parts:
        return
    skus = (
        pl.concat(parts)
        .sort("sku", "rank")
        .unique("sku", keep="first", maintain_order=True)
        .with_columns(
            plain=pl.col("sku")
            .str.normalize("NFKC")
            .str.to_lowercase()
            .str.replace_all(r"\s", "")
            .str.strip_chars_start("0")
        )
        .sort("rank", "at")
    )
    twins = skus.with_columns(
        twin=pl.col("sku").first().over("plain"),
        home=pl.col("table").first().over("plain"),
    ).filter(pl.col("sku") != pl.col("twin"))
    for (table,), part in twins.partition_by("table", as_dict=True, maintain_order=True).items():
        yield found(
            split_position(part).with_columns(
                message=pl.format(
                    "'{}' ({}) differs from '{}' of table {} in case, spaces, width or "
                    "leading zeros only",
                    "sku",
                    row_count(pl.col("rows")),
                    "twin",
                    "home",
                )
            ),
            code="SO215",
            table=str(table),
            column="sku",
            hint="a spreadsheet takes leading zeros away: export anew, or write the SKU in one way",
        )


def _apart(data: Data) -> Iterator[Found]:
    """Sales and inventory that speak of different items."""
    sold, kept = data.item_rows("sales"), data.item_rows("inventory")
    common = sold.join(kept, on=ITEM, how="semi")
    share = data.threshold("SO216", "share")
    if common.height <= share * min(sold.height, kept.height):
        if data.is_on("SO216") and sold.height and kept.height:
            yield _never_meet(sold, kept, common.height)
        return
    if data.is_on("SO217") and data.has("inventory"):
        newest = sold["last"].max()
        recent = pl.col("last") >= pl.lit(newest) - pl.duration(
            days=int(data.threshold("SO217", "days"))
        )
        lost = (
            sold.filter(recent)
            .join(kept.select("location").unique(), on="location", how="semi")
            .join(kept, on=ITEM, how="anti")
        )
        yield found(
            split_position(lost).with_columns(
                date=pl.lit(None, pl.Date),
                message=pl.format(
                    "sold up to {} ({}), and the inventory never speaks of it",
                    "last",
                    row_count(pl.col("rows")),
                ),
            ),
            code="SO217",
            table="sales",
            column="sku",
            hint="export the stock of every item, those with nothing on hand too",
        )


def _never_meet(sold: pl.DataFrame, kept: pl.DataFrame, common: int) -> Found:
    hint = "both tables must name SKUs and locations in the same words"
    for key in ("location", "sku"):
        ours, theirs = sold[key].unique().sort(), kept[key].unique().sort()
        if ours.is_in(theirs.implode()).not_().all():
            hint = (
                f"no {key} is in both: sales name {_examples(ours)}, the inventory "
                f"{_examples(theirs)}; bring them to the same words"
            )
            break
    message = (
        f"sales of {sold.height:,} items and stock of {kept.height:,}, and only {common:,} are "
        "in both"
    )
    return found(
        pl.DataFrame({"message": [message]}),
        code="SO216",
        table="inventory",
        column="location" if "no location" in hint else "sku",
        hint=hint,
    )


def _examples(values: pl.Series) -> str:
    shown = ", ".join(f"'{value}'" for value in values.head(3))
    return f"{shown}, ..." if len(values) > 3 else shown


def _outside_life(data: Data) -> Iterator[Found]:
    """Sales long before a product's life begins or after it ended."""
    life = [name for name in ("active_from", "active_to") if data.has("products", name)]
    if not life:
        return
    grace = pl.duration(days=int(data.threshold("SO218", "days")))
    (known,) = data.collect(
        data.rows("products").select("sku", "active_from", "active_to").unique("sku", keep="none")
    )
    spans = data.item_rows("sales").group_by("sku").agg(pl.col("first").min(), pl.col("last").max())
    suspect = known.join(spans, on="sku").filter(
        (pl.col("first") < pl.col("active_from") - grace).fill_null(value=False)
        | (pl.col("last") > pl.col("active_to") + grace).fill_null(value=False)
    )
    if suspect.is_empty():
        return
    late = pl.col("date") > pl.col("active_to") + grace
    early = pl.col("date") < pl.col("active_from") - grace
    usual = data.usual_dates("sales")
    yield fetch(
        data,
        RowRule(
            "SO218",
            "date",
            (pl.col("units") > 0) & usual.holds("date") & (late.fill_null(value=False) | early),
            pl.when(late)
            .then(pl.format("sold {}, after active_to {}", "date", "active_to"))
            .otherwise(pl.format("sold {}, before active_from {}", "date", "active_from")),
            "correct active_from or active_to, or the SKU of the sale",
            ("date",),
        ),
        "sales",
        data.rows("sales").join(suspect.lazy().select("sku", "active_from", "active_to"), on="sku"),
    )
