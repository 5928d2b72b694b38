"""Rows that are there more than once: keys, whole rows, whole days in two files.

Only an eight-byte hash of each row is kept and sorted. Rows whose hash occurs twice are then
looked at themselves, so that two different rows of one hash are no finding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from stockout.checks.hits import BEYOND, Found, found
from stockout.checks.positions import POSITION, row_names, split_position
from stockout.checks.row_rules import first_of_each_file
from stockout.exports.rows.complete import KEYS
from stockout.exports.staging import SOURCE_FILE, SOURCE_ROW
from stockout.tables import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stockout.checks.data import Data

CODES = ("SO201", "SO202", "SO203", "SO204", "SO205")

# A line may have several rows, one for each receipt or shipment.
_ORDERS = {"purchases": ("po_id", "received_date"), "orders": ("order_id", "shipped_date")}
_HASH, _WHOLE, _AT = "#key", "#whole", "#at"


class _Key(NamedTuple):
    """What makes a row of a table one of its kind."""

    columns: list[str]  # rows that agree in them repeat each other
    code: str  # of rows that repeat the key and differ elsewhere
    column: str  # shown
    when: pl.Expr | None = None  # rows that have such a key
    usual_share: float = 1.0  # where more rows than this repeat a key, it is none


def key_findings(data: Data) -> Iterator[Found]:
    """Findings SO201 to SO205."""
    for table in data.tables:
        key = _key(data, table)
        if key is not None and data.is_on("SO202", "SO205", key.code):
            yield from _repeated(data, table, key)
    if data.is_on("SO204"):
        for table in ("sales", "inventory", "movements"):
            if data.has(table) and len(data.tables[table].files) > 1:
                yield from _overlaps(data, table)


def _key(data: Data, table: str) -> _Key | None:
    whole = _columns(data, table)
    key = None
    if not whole:
        return None
    if table in KEYS:
        key = _Key([KEYS[table]], "SO201", KEYS[table])
    elif table in _ORDERS:
        order, part = _ORDERS[table]
        key = _Key(whole, "SO202", order)
        if data.has(table, "line"):
            columns = [name for name in (order, "line", part) if name in whole]
            key = _Key(columns, "SO201", "line", pl.col("line").is_not_null())
    elif table == "sales" and data.has(table, "order_id"):
        key = _Key(whole, "SO202", "order_id", pl.col("order_id").is_not_null())
    elif table == "inventory" or (table == "sales" and not data.has(table, "customer_id")):
        columns = [name for name in ("date", "sku", "location", "channel") if name in whole]
        key = _Key(columns, "SO203", "sku", usual_share=data.threshold("SO203", "usual_share"))
    elif table in {"events", "overrides"}:
        key = _Key(whole, "SO202", whole[0])
    return key


def _columns(data: Data, table: str) -> list[str]:
    """Columns of the table that its exports have; the others are null in every row."""
    present = data.tables[table].present
    return [name for name in SCHEMAS[table].column_names() if name in present]


def _repeated(data: Data, table: str, key: _Key) -> Iterator[Found]:
    rows, whole = data.rows(table), _columns(data, table)
    if key.when is not None:
        rows = rows.filter(key.when)
    hashed = pl.struct(key.columns).hash().alias(_HASH)
    (keys,) = data.collect(rows.select(hashed))
    numbers = keys[_HASH].sort().to_numpy()
    again = numbers[1:][numbers[1:] == numbers[:-1]]
    if not len(again):
        return
    if len(again) > key.usual_share * len(numbers):
        yield from _whole_days(data, table)
        return
    candidates = pl.LazyFrame({_HASH: np.unique(again)})
    ordered = table == "sales" and key.column == "order_id"
    (places,) = data.collect(
        rows.select(
            hashed,
            (hashed if key.columns == whole else pl.struct(whole).hash()).alias(_WHOLE),
            POSITION.alias(_AT),
            *(["order_id"] if ordered else []),
        ).join(candidates, on=_HASH, how="semi")
    )
    places = places.sort(_AT)
    same = places.with_columns(first=pl.col(_AT).first().over(_WHOLE)).filter(
        pl.col(_AT) > pl.col("first")
    )
    other = (
        places.with_columns(first=pl.col(_AT).first().over(_HASH))
        .filter(pl.col(_AT) > pl.col("first"))
        .join(same, on=_AT, how="anti", maintain_order="left")
    )
    repeats = {"SO202": same}
    if ordered:
        in_whole = _in_whole_orders(data, same)
        repeats = {"SO202": same.filter(in_whole), "SO205": same.filter(~in_whole)}
    elif key.code != "SO202":
        repeats[key.code] = other
    yield from _listed(data, table, key, repeats)


def _whole_days(data: Data, table: str) -> Iterator[Found]:
    """Days of which every row is there as often: no lines or batches, but an export in two copies.

    Of days with few rows that may be chance, so all days of their file must agree. One finding a
    file, at the first row of the second copy.
    """
    alike, times = pl.struct(_columns(data, table)).hash().alias(_HASH), pl.col("times")
    file = SOURCE_FILE
    (days,) = data.collect(
        data.rows(table)
        .group_by(file, "date", alike)
        .agg(pl.len().alias("times"), pl.col(SOURCE_ROW).sort().slice(1, 1).first())
        .group_by(file, "date")
        .agg(
            pl.len().alias("rows"),
            times.min().alias("least"),
            times.max(),
            pl.col(SOURCE_ROW).min(),
        )
    )
    enough = data.threshold("SO204", "rows")
    whole_file = (times.max() == pl.col("least").min()).over(file)
    copies = (
        days.filter((times == pl.col("least")) & ((pl.col("rows") >= enough) | whole_file))
        .filter(times > 1)
        .group_by(file)
        .agg(
            pl.col("rows").sum(),
            times.max(),
            pl.col("date").min(),
            pl.col("date").max().alias("last"),
            pl.col(SOURCE_ROW).min(),
        )
        .filter(pl.col("rows") >= enough)
        .sort(file)
    )
    text = "all {} rows from {} to {} are there {} times, and count as often"
    yield found(
        copies.with_columns(message=pl.format(text, "rows", "date", "last", "times")),
        code="SO202",
        table=table,
        column="date",
        hint=_HINTS["SO202"],
    )


def _in_whole_orders(data: Data, same: pl.DataFrame) -> pl.Series:
    """Whether a repetition is in an order of several lines, each of which is repeated."""
    (lines,) = data.collect(
        data.rows("sales")
        .join(same.lazy().select("order_id").unique(), on="order_id", how="semi")
        .group_by("order_id", pl.struct(_columns(data, "sales")).hash().alias(_WHOLE))
        .agg(pl.len().alias("times"))
    )
    orders = lines.group_by("order_id").agg(whole=(pl.len() > 1) & (pl.col("times").min() > 1))
    return same.join(orders, on="order_id", how="left", maintain_order="left")["whole"]


def _listed(
    data: Data, table: str, key: _Key, repeats: Mapping[str, pl.DataFrame]
) -> Iterator[Found]:
    """The first repetitions of each file, by code, compared with the rows that they repeat."""
    placed = {code: split_position(rows, _AT) for code, rows in repeats.items()}
    listed = {code: first_of_each_file(data, rows) for code, rows in placed.items()}
    wanted = [rows[name] for rows in listed.values() for name in (_AT, "first")]
    whole = _columns(data, table)
    rows = data.at(table, pl.concat(wanted), whole)
    for code, chosen in listed.items():
        compared = key.columns if code == key.code != "SO202" else whole
        firsts = rows.select(pl.col(_AT).alias("first"), pl.struct(compared).alias("#first"))
        hits = (
            rows.join(chosen.select(_AT, "first"), on=_AT, maintain_order="left")
            .join(firsts, on="first", maintain_order="left")
            .filter(pl.struct(compared).eq_missing(pl.col("#first")))
        )
        named = row_names(data.tables[table], hits["first"]).alias("#named")
        message = (
            pl.format("says the same as {}", "#named")
            if compared is whole
            else pl.format(
                "{} {} already stands in {}",
                pl.lit(", ".join(key.columns)),
                _value(key),
                "#named",
            )
        )
        yield found(
            hits.with_columns(named).with_columns(message=message),
            _not_listed(placed[code], chosen, code, table),
            code=code,
            table=table,
            column=key.column,
            hint=_HINTS[code],
        )


def _not_listed(repeats: pl.DataFrame, listed: pl.DataFrame, code: str, table: str) -> pl.DataFrame:
    return (
        repeats.join(listed, on=_AT, how="anti")
        .group_by(SOURCE_FILE)
        .agg(count=pl.len().cast(pl.Int64))
        .with_columns(code=pl.lit(code), table=pl.lit(table), file=pl.lit(None, pl.String))
        .select(BEYOND.names())
    )


_HINTS = {
    "SO201": "keep one of the rows: leave the other out with an exclude rule, or correct it",
    "SO202": "leave the repetition out, or export the table anew",
    "SO203": "the rows are added up; if one replaces the other, leave the older one out",
    "SO205": "nothing, if the till writes a line for each scan; else leave the repetition out",
}


def _value(key: _Key) -> pl.Expr:
    return pl.concat_str(
        [pl.col(name).cast(pl.String).fill_null("-") for name in key.columns], separator=", "
    )


def _overlaps(data: Data, table: str) -> Iterator[Found]:
    """Days whose rows are the same ones in two files; sums of hashes do not mind their order."""
    hashed = pl.struct(_columns(data, table)).hash()
    (days,) = data.collect(
        data.rows(table)
        .group_by(SOURCE_FILE, "date")
        .agg(
            (hashed // 2**24).cast(pl.Int64).sum().alias(_HASH),
            pl.len().alias("rows"),
            pl.col(SOURCE_ROW).min(),
        )
    )
    pairs = (
        days.join(days, on=["date", _HASH, "rows"], suffix="_2")
        .filter(pl.col(SOURCE_FILE) < pl.col(f"{SOURCE_FILE}_2"))
        .group_by(SOURCE_FILE, f"{SOURCE_FILE}_2")
        .agg(
            pl.col("rows").sum(),
            pl.col("date").min(),
            pl.col("date").max().alias("last"),
            pl.col(f"{SOURCE_ROW}_2").min().alias(SOURCE_ROW),
        )
        .filter(pl.col("rows") >= data.threshold("SO204", "rows"))
    )
    files = pl.Series(data.tables[table].files, dtype=pl.String)
    yield found(
        pairs.with_columns(
            pl.col(f"{SOURCE_FILE}_2").alias(SOURCE_FILE),
            message=pl.format(
                "{} rows from {} to {} also stand in {}: they count twice",
                "rows",
                "date",
                "last",
                files.gather(pairs[SOURCE_FILE].cast(pl.UInt32)).alias("#other"),
            ),
        ),
        code="SO204",
        table=table,
        column="date",
        hint="name files whose dates do not overlap, or leave the days out of one of them",
    )
