"""What the reading of the exports has to tell: columns, cells, encodings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from stockout.checks.catalogue import RULES
from stockout.checks.hits import BEYOND, Found, found
from stockout.checks.positions import split_position
from stockout.checks.wording import row_count
from stockout.exports.staging import SOURCE_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stockout.checks.data import Data

_CODES = {"unreadable": "SO103", "ambiguous": "SO104", "missing": "SO105", "short": "SO107"}
CODES = ("SO101", "SO102", "SO103", "SO104", "SO105", "SO106", "SO107", "SO108", "SO109")

_NAMES = ("sku", "location", "name", "category", "supplier_id", "segment", "channel")

DAMAGED = (
    "\N{REPLACEMENT CHARACTER}"
    "|锟斤拷"  # the replacement character's UTF-8 bytes, read as GBK
    "|ï»¿"  # a UTF-8 byte order mark, read as Latin-1
    "|[ÃÂ][\\x{80}-\\x{BF}€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]"  # a UTF-8 letter, as Windows-1252
    "|â€"  # a UTF-8 dash or quote, read as Windows-1252
    "|[\\x{80}-\\x{9F}]"  # Windows-1252, read as Latin-1
)
"""What a text shows that was read in the wrong encoding before it was exported."""


def reading_findings(data: Data) -> Iterator[Found]:
    """Findings SO101 to SO109, one table after the other."""
    for name, table in data.tables.items():
        for file, column, hint in table.missing:
            yield _one(
                file,
                code="SO101",
                table=name,
                column=column,
                message=f"no column for {column}, which table {name} needs",
                hint=hint or f"name the column under tables.{name}.columns",
            )
        for file, column in table.unused:
            yield _one(
                file,
                code="SO102",
                table=name,
                column=column,
                message="nothing reads this column",
                hint=f"if it matters, name it under tables.{name}.columns",
            )
        for file, encoding in table.encodings.items():
            yield _one(
                file,
                code="SO106",
                table=name,
                message=f"not UTF-8: read as {encoding}",
                hint=f"if names look wrong, set tables.{name}.encoding",
            )
        yield _faults(data, name)
        if not table.missing:
            yield from _empty(data, name)
        if data.is_on("SO108"):
            yield from _damaged(data, name)


def _one(file: str, **told: str | None) -> Found:
    return found(pl.DataFrame({"file": [file]}), **told)


def _faults(data: Data, name: str) -> Found:
    table = data.tables[name]
    code = pl.col("kind").replace_strict(_CODES, default=None, return_dtype=pl.String)
    faults = table.faults.with_columns(code=code).drop_nulls("code")
    counted = (
        table.fault_counts.with_columns(code=code)
        .drop_nulls("code")
        .group_by("code", "file")
        .agg(pl.col("count").sum())
    )
    listed = faults.group_by("code", "file").agg(listed=pl.len())
    beyond = counted.join(listed, on=["code", "file"], how="left").select(
        "code",
        "file",
        table=pl.lit(name),
        **{SOURCE_FILE: pl.lit(None, pl.UInt16)},
        count=pl.col("count").cast(pl.Int64) - pl.col("listed").fill_null(0).cast(pl.Int64),
    )
    told = pl.concat_str(
        "message",
        pl.format(": found '{}'", "found").fill_null(""),
        pl.format(", expected {}", "expected").fill_null(""),
    )
    beyond = beyond.select(BEYOND.names()).cast(BEYOND)
    cures = {kind: _as_hint(RULES[kind].cure) for kind in _CODES.values()}
    hint = pl.coalesce("hint", pl.col("code").replace_strict(cures, return_dtype=pl.String))
    return found(faults.with_columns(message=told, hint=hint), beyond, table=name)


def _as_hint(cure: str) -> str:
    """A sentence of the catalogue in the manner of hints."""
    return (cure[:1].lower() + cure[1:]).rstrip(".").replace("`", "")


def _empty(data: Data, name: str) -> Iterator[Found]:
    (count,) = data.collect(data.rows(name).select(pl.len()))
    if count.item() == 0:
        for file in data.tables[name].files:
            yield _one(
                file,
                code="SO109",
                table=name,
                message=f"no row of table {name} is left to use",
                hint="is the export whole, and do exclude rules leave out what they should?",
            )


def _damaged(data: Data, name: str) -> Iterator[Found]:
    """One finding for each damaged name, at its first row."""
    for column in _NAMES:
        if data.has(name, column):
            values = data.values(name, column)
            yield found(
                split_position(values.filter(pl.col(column).str.contains(DAMAGED))).with_columns(
                    message=pl.format("'{}' ({}) is damaged", column, row_count(pl.col("rows")))
                ),
                code="SO108",
                table=name,
                column=column,
                hint="the system that wrote it, or one before it, read it in the wrong encoding: "
                "export it anew",
            )
