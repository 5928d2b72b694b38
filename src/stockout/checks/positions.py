"""Where a row of a staged table stands, as one number, and what people call it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from stockout.exports.staging import SOURCE_FILE, SOURCE_ROW

if TYPE_CHECKING:
    from stockout.exports.staging import StagedTable

POSITION = pl.col(SOURCE_FILE).cast(pl.UInt64) * 2**32 + pl.col(SOURCE_ROW).cast(pl.UInt64)
"""A row of a staged table as one number, in the order of files and rows."""


def split_position(frame: pl.DataFrame, column: str = "at") -> pl.DataFrame:
    """Adds source_file and source_row from positions as :data:`POSITION` makes them."""
    return frame.with_columns(
        (pl.col(column) // 2**32).cast(pl.UInt16).alias(SOURCE_FILE),
        (pl.col(column) % 2**32).cast(pl.UInt32).alias(SOURCE_ROW),
    )


def row_names(table: StagedTable, positions: pl.Series) -> pl.Series:
    """What people call rows: ``row 7 of sales.csv``.

    Args:
        table: The table that they are of.
        positions: As :data:`POSITION` makes them.
    """
    places = split_position(pl.DataFrame({"at": positions.unique().sort()}))
    named = [
        part.select(
            "at",
            name=pl.format(
                "row {} of {}",
                table.row_numbers(int(index), part[SOURCE_ROW]),
                pl.lit(table.files[int(index)]),
            ),
        )
        for (index,), part in places.partition_by(SOURCE_FILE, as_dict=True).items()
    ]
    names = pl.concat([pl.DataFrame(schema={"at": pl.UInt64, "name": pl.String}), *named])
    return positions.to_frame("at").join(names, on="at", how="left", maintain_order="left")["name"]
