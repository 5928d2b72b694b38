"""Brings tables to one level of locations, so that stock, sales and orders meet.

Systems name a location in one export and none in another: stock by warehouse, say, beside orders of
a shop that do not tell from where they are sent. Rows at a location never meet rows at none.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import polars as pl

from stockout.tables import ALL_LOCATIONS, one_name

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

logger = logging.getLogger(__name__)

LOCATED = ("sales", "inventory", "movements", "purchases", "orders")
"""Tables whose rows are at a location, in the order of what depends on what."""

_SUMMED = ("on_hand", "on_order", "reserved", "blocked")


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
    located = {name: tables[name] for name in LOCATED if name in tables}
    places = {name: _places(frame) for name, frame in located.items()}
    moved: dict[str, pl.DataFrame] = {}
    for name, place in where_to(places, by_location=by_location).items():
        count = len(places[name])
        if place != ALL_LOCATIONS:
            moved[name] = located[name].with_columns(location=pl.lit(place))
            logger.info("%s: at %s, the one location of the sales", name, place)
            continue
        moved[name] = _together(located[name], name)
        if by_location is False:
            logger.info("%s: %d locations taken together", name, count)
        else:
            logger.warning(
                "%s: %d location%s taken together, for the sales name none",
                *(name, count, "" if count == 1 else "s"),
            )
    _tell_apart(located, places, moved)
    return {**tables, **moved}


def _places(frame: pl.DataFrame) -> set[str]:
    """The distinct locations; to see that all rows are at one takes a tenth of the time."""
    place = one_name(frame, "location")
    return {*frame["location"].unique()} if place is None else {place}


def where_to(
    places: Mapping[str, Collection[str]], *, by_location: bool | None = None
) -> dict[str, str]:
    """The location that all rows of a table go to, for tables that have to move.

    Args:
        places: The locations of each table, ``ALL`` among them where rows name none.
        by_location: Whether locations are kept apart; None lets the sales decide.

    >>> where_to({"sales": {"ALL"}, "inventory": {"North", "South"}})
    {'inventory': 'ALL'}
    >>> where_to({"sales": {"North"}, "purchases": {"ALL"}})
    {'purchases': 'North'}
    """
    named = {name: {*each} - {ALL_LOCATIONS} for name, each in places.items()}
    sold_at = named.get("sales", set())
    if by_location is False or ("sales" in places and not sold_at):
        return {name: ALL_LOCATIONS for name in places if named[name]}
    if len(sold_at) == 1 and {*places["sales"]} == sold_at:
        place = next(iter(sold_at))
        return {name: place for name in places if places[name] and not named[name]}
    return {}


def _tell_apart(
    located: Mapping[str, pl.DataFrame],
    places: Mapping[str, Collection[str]],
    moved: Collection[str],
) -> None:
    """Warns of rows that name no location where the sales name some: they meet no sales."""
    sold_at = {*places.get("sales", ())} - {ALL_LOCATIONS}
    for name, frame in located.items():
        if sold_at and name not in moved and ALL_LOCATIONS in places[name]:
            logger.warning(
                "%s: %d rows name no location, and meet none of the %d of the sales: name the "
                "column, or take all locations together with by_location = false",
                *(name, int((frame["location"] == ALL_LOCATIONS).sum()), len(sold_at)),
            )


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
