"""What came into stock and went out of it, and on which days that is known.

Two sources tell it: the movements, and where there are none the sales with the receipts of
purchases. A day is known where the source that speaks of it leaves nothing out, so each location
has a span of days for either source. A sale that is both a sale and a movement counts once.
"""

from __future__ import annotations

import logging
from datetime import date, timedelta
from typing import NamedTuple

import polars as pl

from stockout.demand.calendar import is_weekly
from stockout.tables import ITEM

logger = logging.getLogger(__name__)

_STRAY = 0.001
"""Share of the earliest movements that may be typing errors of the date; as for the as-of date."""

_REACHES_BACK_DAYS = 7
"""Purchases whose first order is this much older than the first sale were not cut by order date."""

_SLOW_LINES = 0.99  # quantile of lead times after which the receipts of a cut table are complete

_SPOKEN_SHARE = 0.5
"""Movements that hold less than half of an item's sales are not the ledger of that item."""

_LONG_DAYS = 91
_MANY_ITEMS = 10
_REFILLED_SHARE = 0.5
"""A location with 10 items or more that for a quarter of a year took in less than half of what
went out: then receipts are missing, or are in other units than sales. An assumption on the safe
side: what is refused by it is unknown, not wrong."""

_SPANS = ("moved_from", "moved_to", "booked_from", "booked_to")


class StockFlows(NamedTuple):
    """Changes of stock and the days on which all of them are known."""

    changes: pl.DataFrame  # sku, location, date, units (+ in, - out), arrived, by_week; see below
    places: pl.DataFrame  # location, moved_from, moved_to, booked_from, booked_to; null: never
    unmoved: pl.DataFrame  # sku, location: items that the movements do not tell of
    unbooked: pl.DataFrame  # sku, location: items with receipts that have no date
    lacking: pl.DataFrame  # location, taken_in, went_out, days: places whose receipts are missing

    def spans(self, items: pl.DataFrame) -> pl.DataFrame:
        """The days on which the changes of each item are known.

        Args:
            items: Columns sku, location.

        Returns:
            The same rows in the same order, with moved_from, moved_to (days that the movements
            tell) and booked_from, booked_to (days that sales and receipts tell); null is never.
        """
        return _spans_of(items, self.places, self.unmoved, self.unbooked)


def stock_flows(
    sales: pl.DataFrame,
    purchases: pl.DataFrame | None,
    movements: pl.DataFrame | None,
    as_of: date,
) -> StockFlows:
    """Gathers the changes of stock up to as-of from the best source of each location and day.

    - **Movements** count with their sign, whatever their kind. They are known at a location from
      its first movement on, until as-of, or until its last movement where it has sales after that.
      Where no movement of a location is a sale (kind ``sale``, or units out of no kind), its sales
      are added from the sales table; where none is a receipt, received purchases are. An item of
      whose sales the movements hold less than half is not told of by them.
    - **Sales and received purchases** count where movements do not. Sales are known from the first
      sale on until as-of, if the location has not paused for longer than ever before, else until
      its last sale. Receipts are known from the first sale on where the first order is at least a
      week older; a purchases table that begins with the sales may have been cut by order date,
      and its receipts are complete only when the slowest of the lead times is over. A location
      that never received anything is not known: its goods come some other way.

    Args:
        sales: Canonical sales as recorded; negative units are returns and come back into stock.
        purchases: Canonical purchases, or None.
        movements: Canonical movements, or None.
        as_of: Later rows are ignored.

    Returns:
        The flows. ``changes`` has one or more rows an item and date: units, arrived (something came
        in) and by_week (a week's total, of days that are not known).

    >>> from stockout.tables import conform
    >>> days = [date(2026, 1, 5) + timedelta(i) for i in range(3)]
    >>> sales = pl.DataFrame({"date": days, "sku": "A", "units": [2, 0, 1]})
    >>> moved = pl.DataFrame({"date": days[:1], "sku": "A", "units": [5], "kind": "receipt"})
    >>> flows = stock_flows(conform(sales, "sales"), None, conform(moved, "movements"), days[-1])
    >>> flows.changes.sort("date", "units")["units"].to_list()
    [-2.0, 5.0, -1.0]
    """
    until = pl.col("date") <= as_of
    weekly = is_weekly(sales["date"])
    sold = (
        sales.filter(until & (pl.col("units") != 0))
        .group_by(*ITEM, "date", back=pl.col("units") < 0)
        .agg(units=-pl.col("units").sum())
    )
    received, undated = _receipts(purchases, as_of)
    moved = (movements if movements is not None else _no_movements()).filter(until)
    places = _settled(
        _sales_span(sales.filter(until), as_of, weekly=weekly)
        .join(_receipts_begin(purchases, sales, received, as_of), on="location", how="left")
        .join(_movement_span(moved), on="location", how="full", coalesce=True),
        as_of,
        weekly=weekly,
    )
    unmoved = _not_told_of(sold, moved, places)
    sources = pl.concat(
        [
            moved.select(*ITEM, "date", "units", source=pl.lit("movement")),
            sold.select(
                *ITEM,
                "date",
                "units",
                source=pl.when("back").then(pl.lit("return")).otherwise(pl.lit("sale")),
            ),
            received.with_columns(source=pl.lit("receipt")),
        ]
    )
    changes = _chosen(sources, places, unmoved, weekly=weekly)
    lacking = _lacking(changes)
    is_lacking = pl.col("location").is_in(lacking["location"].to_list())
    spans = places.select("location", pl.when(~is_lacking).then(pl.col(_SPANS)))
    return StockFlows(changes.drop("known"), spans, unmoved, undated, lacking)


def _no_movements() -> pl.DataFrame:
    return pl.DataFrame(
        schema={
            "date": pl.Date,
            "sku": pl.String,
            "location": pl.String,
            "units": pl.Float64,
            "kind": pl.String,
        }
    )


def _receipts(purchases: pl.DataFrame | None, as_of: date) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Units received by item and date; and the items that received some on an unknown date."""
    empty = pl.DataFrame(
        schema={"sku": pl.String, "location": pl.String, "date": pl.Date, "units": pl.Float64}
    )
    if purchases is None:
        return empty, empty.select(ITEM)
    placed = purchases.filter(pl.col("order_date") <= as_of)
    received = placed.filter(pl.col("received_date") <= as_of).select(
        *ITEM, date="received_date", units=pl.coalesce("received_units", "ordered_units")
    )
    undated = placed.filter(pl.col("received_date").is_null() & (pl.col("received_units") > 0))
    return received.filter(pl.col("units") != 0), undated.select(ITEM).unique()


def _sales_span(sales: pl.DataFrame, as_of: date, *, weekly: bool) -> pl.DataFrame:
    """By location: sold_from, sold_to (the days whose sales are known) and last_sold."""
    day = pl.col("date").dt.truncate("1w").dt.offset_by("6d") if weekly else pl.col("date")
    # the days of an unfinished week have no row of their own
    pause = pl.lit(1) if weekly else pl.col("day").diff().dt.total_days().max().fill_null(1)
    end, last = pl.lit(as_of), pl.col("day").max()
    return (
        sales.group_by("location", "date", day=day)
        .agg(sold=(pl.col("units") != 0).any())
        .sort("location", "day")
        .group_by("location")
        .agg(
            sold_to=pl.when((end - last).dt.total_days() <= pause)
            .then(end)
            .otherwise(pl.min_horizontal(last, end)),
            last_sold=pl.col("date").filter("sold").max(),
        )
        .with_columns(sold_from=pl.lit(sales["date"].min(), dtype=pl.Date))
    )


def _receipts_begin(
    purchases: pl.DataFrame | None, sales: pl.DataFrame, received: pl.DataFrame, as_of: date
) -> pl.DataFrame:
    """By location that received something: received_from, from which on its receipts are known."""
    places = received.select("location").unique()
    if purchases is None or places.is_empty() or sales.is_empty():
        return places.with_columns(received_from=pl.lit(None, dtype=pl.Date))
    placed = purchases.filter(pl.col("order_date") <= as_of)
    first_sale = sales.select(pl.col("date").min()).item()
    first_order, slow_days = placed.select(
        pl.col("order_date").min(),
        (pl.col("received_date") - pl.col("order_date"))
        .filter(pl.col("received_date") <= as_of)
        .dt.total_days()
        .clip(0)
        .quantile(_SLOW_LINES, interpolation="higher"),
    ).row(0)
    begin = first_sale
    if first_order > first_sale - timedelta(days=_REACHES_BACK_DAYS):
        begin = max(first_sale, first_order + timedelta(days=int(slow_days)))
    return places.with_columns(received_from=pl.lit(begin, dtype=pl.Date))


def _movement_span(moved: pl.DataFrame) -> pl.DataFrame:
    """By location: first_moved, last_moved, and which sides of the trade its movements hold."""
    kind, units = pl.col("kind"), pl.col("units")
    day = pl.col("date").cast(pl.Int32)
    return moved.group_by("location").agg(
        first_moved=day.quantile(_STRAY, interpolation="lower").cast(pl.Int32).cast(pl.Date),
        last_moved=pl.col("date").max(),
        moves_sales=_is_sale().any(),
        moves_receipts=((kind == "receipt") | (kind.is_null() & (units > 0))).any(),
        moves_returns=(kind == "return").any(),
    )


def _is_sale() -> pl.Expr:
    kind = pl.col("kind")
    return (kind == "sale") | (kind.is_null() & (pl.col("units") < 0))


def _settled(places: pl.DataFrame, as_of: date, *, weekly: bool) -> pl.DataFrame:
    """The spans of days that movements, and sales with receipts, tell without a gap."""
    flags = ["moves_sales", "moves_receipts", "moves_returns"]
    moves, receives = pl.col("first_moved").is_not_null(), pl.col("received_from").is_not_null()
    books = receives & ~moves if weekly else receives  # a week's total straddles the border
    nothing_sold_since = (pl.col("last_sold") <= pl.col("last_moved")).fill_null(value=True)
    return places.with_columns(pl.col(flags).fill_null(value=False)).with_columns(
        moved_from=pl.when(moves & receives & ~pl.col("moves_receipts"))
        .then(pl.max_horizontal("first_moved", "received_from"))
        .otherwise("first_moved"),
        moved_to=pl.when(moves & ~pl.col("moves_sales"))
        .then(pl.col("sold_to").fill_null(pl.lit(as_of)))
        .when(moves & nothing_sold_since)
        .then(pl.lit(as_of))
        .otherwise("last_moved"),
        booked_from=pl.when(books).then(pl.max_horizontal("sold_from", "received_from")),
        booked_to=pl.when(books).then("sold_to"),
    )


def _moved_days() -> pl.Expr:
    return pl.col("date").is_between("moved_from", "moved_to").fill_null(value=False)


def _not_told_of(sold: pl.DataFrame, moved: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    """Items of whose sales the movements of the same days hold too few to be their ledger."""
    spans = places.lazy().filter("moves_sales").select("location", "moved_from", "moved_to")
    by_sales = sold.lazy().filter(~pl.col("back")).select(*ITEM, "date", sold=-pl.col("units"))
    by_moves = moved.lazy().filter(_is_sale()).select(*ITEM, "date", moved=-pl.col("units"))
    return (
        pl.concat([by_sales, by_moves], how="diagonal")
        .join(spans, on="location")
        .filter(_moved_days())
        .group_by(ITEM)
        .agg(pl.col("sold", "moved").sum())
        .filter(pl.col("moved") < _SPOKEN_SHARE * pl.col("sold"))
        .select(ITEM)
        .collect()
    )


def _chosen(
    sources: pl.DataFrame, places: pl.DataFrame, unmoved: pl.DataFrame, *, weekly: bool
) -> pl.DataFrame:
    """The rows of the source that counts on each item's day."""
    source = pl.col("source")
    sales_count = ~pl.col("moves_sales").fill_null(value=False)
    beside = (
        ((source == "sale") & sales_count)
        | ((source == "return") & sales_count & ~pl.col("moves_returns").fill_null(value=False))
        | ((source == "receipt") & ~pl.col("moves_receipts").fill_null(value=False))
    )
    is_movement = source == "movement"
    booked = pl.col("date").is_between("booked_from", "booked_to").fill_null(value=False)
    by_item = unmoved.lazy().with_columns(unmoved=True)
    return (
        sources.lazy()
        .join(places.lazy(), on="location", how="left")
        .join(by_item, on=ITEM, how="left")
        .with_columns(told=_moved_days() & pl.col("unmoved").is_null())
        .filter(pl.when("told").then(is_movement | beside).otherwise(~is_movement))
        .select(
            *ITEM,
            "date",
            "units",
            arrived=pl.col("units") > 0,
            by_week=source.is_in(["sale", "return"]) & pl.lit(weekly),
            known=pl.col("told") | booked,
        )
        .collect()
    )


def _spans_of(
    items: pl.DataFrame, places: pl.DataFrame, unmoved: pl.DataFrame, undated: pl.DataFrame
) -> pl.DataFrame:
    moves, books = pl.col("unmoved").is_null(), pl.col("unbooked").is_null()
    return (
        items.join(places, on="location", how="left", maintain_order="left")
        .join(unmoved.with_columns(unmoved=True), on=ITEM, how="left", maintain_order="left")
        .join(undated.with_columns(unbooked=True), on=ITEM, how="left", maintain_order="left")
        .with_columns(
            pl.when(moves).then(pl.col("moved_from", "moved_to")),
            pl.when(books).then(pl.col("booked_from", "booked_to")),
        )
        .drop("unmoved", "unbooked")
    )


def _lacking(changes: pl.DataFrame) -> pl.DataFrame:
    """Locations that took in far less than went out, on the days that would be known."""
    units = pl.col("units")
    return (
        changes.lazy()
        .filter("known")
        .group_by("location")
        .agg(
            taken_in=units.filter("arrived").sum(),
            went_out=-units.filter(~pl.col("arrived")).sum(),
            days=(pl.col("date").max() - pl.col("date").min()).dt.total_days() + 1,
            items=pl.col("sku").n_unique(),
        )
        .filter(
            (pl.col("days") >= _LONG_DAYS)
            & (pl.col("items") >= _MANY_ITEMS)
            & (pl.col("taken_in") < _REFILLED_SHARE * pl.col("went_out"))
        )
        .sort("location")
        .select("location", "taken_in", "went_out", "days")
        .collect()
    )
