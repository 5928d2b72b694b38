"""Brings tables to one level of locations, so that stock, sales and orders meet.

Systems name a location in one export and none in another: stock by warehouse, say, beside orders of
a shop that do not tell from where they are sent. Rows at a location never meet rows at none.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import polars as pl

from stockout.tables import ALL_LOCATIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

logger = logging.getLogger(__name__)

_LOCATED = ("sales", "inventory", "movements", "purchases", "orders")
_SUMMED = ("on_hand", "on_order", "reserved", "blocked")
_KEY = ("date", "sku", "location")


def at_one_level(
    tables: Mapping[str, pl.DataFrame], *, by_location: bool | None = None
) -> dict[str, pl.DataFrame]:
    """The tables with locations that meet.

    * Where the sales name no location, or locations are not to be kept apart, all rows go to
      ``ALL``, and stock of one day is added up.
    * Where the sales name a single location, rows that name none are that location's.
    * Else rows that name none stay as they are, and a warning says that they meet no sales.

    Args:
        tables: Canonical tables by name.
        by_location: Whether locations are kept apart; None lets the sales decide.

    Returns:
        The same tables.

    >>> sales = pl.DataFrame({"sku": ["A"], "location": ["ALL"]})
    >>> orders = pl.DataFrame({"sku": ["A"], "location": ["North"]})
    >>> at_one_level({"sales": sales, "orders": orders})["orders"]["location"].to_list()
    ['ALL']
    """
    located = {name: tables[name] for name in _LOCATED if name in tables}
    named = {name: _named(frame) for name, frame in located.items()}
    sold_at = named.get("sales", set())
    changed: dict[str, pl.DataFrame] = {}
    if by_location is False or ("sales" in located and not sold_at):
        for name, frame in located.items():
            if named[name]:
                changed[name] = _together(frame, name)
                log = logger.info if by_location is False else logger.warning
                log(
                    "%s: %d locations taken together%s", name, len(named[name]),
                    "" if by_location is False else ", for the sales name none",
                )  # fmt: skip
    elif len(sold_at) == 1 and not _unnamed(located["sales"]):
        place = next(iter(sold_at))
        for name, frame in located.items():
            if _unnamed(frame) and not named[name]:
                changed[name] = frame.with_columns(location=pl.lit(place))
                logger.info("%s: at %s, the one location of the sales", name, place)
    elif sold_at:
        for name, frame in located.items():
            if name != "sales" and (count := _unnamed(frame)):
                logger.warning(
                    "%s: %d rows name no location, and meet no sales, which name %d: name the "
                    "column, or take all locations together with by_location = false",
                    *(name, count, len(sold_at)),
                )
    return {**tables, **changed}


def _named(frame: pl.DataFrame) -> set[str]:
    return {*frame["location"].unique()} - {ALL_LOCATIONS, None}


def _unnamed(frame: pl.DataFrame) -> int:
    return int((frame["location"] == ALL_LOCATIONS).sum())


def _together(frame: pl.DataFrame, table: str) -> pl.DataFrame:
    """All rows at ``ALL``; stock of one day is one row for each SKU."""
    if table != "inventory":
        return frame.with_columns(location=pl.lit(ALL_LOCATIONS))
    frame = _whole_days(frame)
    return (
        frame.group_by("date", "sku", maintain_order=True)
        .agg(
            *(pl.when(pl.col(name).count() > 0).then(pl.col(name).sum()) for name in _SUMMED),
            # The SKU can be had where any location has it.
            pl.col("in_stock").any(),
            pl.col("in_stock_share").max(),
        )
        .with_columns(
            pl.when(frame["in_stock"].null_count() < frame.height).then(pl.col("in_stock")),
            location=pl.lit(ALL_LOCATIONS),
        )
        .select(frame.columns)
    )


def _whole_days(inventory: pl.DataFrame) -> pl.DataFrame:
    """Only the days on which every location was counted: a part of the stock is not the stock."""
    places = inventory["location"].n_unique()
    counted = pl.col("location").n_unique().over("date")
    whole = inventory.filter(counted == places)
    if whole.height < inventory.height:
        days = inventory["date"].n_unique() - whole["date"].n_unique()
        logger.warning(
            "inventory: %d days left out on which not all %d locations were counted", days, places
        )
    return whole
