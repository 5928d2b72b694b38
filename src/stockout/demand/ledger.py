"""Stock of every day from few counts: movements become inventory through the ledger.

A stock list as of today, or one a week or a month, with the movements of the months before (or the
sales and the purchases received) tells the stock at the end of every day: each count is rolled
through the changes (:mod:`stockout.demand.flows`) forwards and backwards
(:mod:`stockout.demand.roll`). A count outranks the ledger. What cannot be told stays unknown.
"""

from __future__ import annotations

import logging
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from stockout.demand.flows import stock_flows
from stockout.demand.grid import Grid
from stockout.demand.panel import is_one_row_each
from stockout.demand.periods import DAYS_PER_PERIOD
from stockout.demand.roll import CRUMB, rolled_stock, surprises
from stockout.tables import ITEM

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from stockout.demand.flows import StockFlows
    from stockout.demand.grid import Block
    from stockout.demand.panel import Axis
    from stockout.demand.roll import Flags, Matrix, Stock

logger = logging.getLogger(__name__)

SOLD_OUT_DURING_DAY = 0.5
"""Share for a day that began with stock and ended without: the middle of what is possible."""

MORNING_DAYS = 7
"""Where sales are of weeks, a count up to a week old tells whether a day began with stock.

Where they are of days, only that of the day before does: a day that ends empty and sold nothing
began empty, for stock goes by sales.
"""

_LEAD_IN_DAYS = 35  # counts of a month before the first sale are rolled into the history

_LISTED_DAYS = 28
"""A product listed so long after the movements begin had no stock before its first receipt."""


class Ledger(NamedTuple):
    """In-stock shares of the items whose stock was rolled."""

    columns: NDArray[np.int64]  # (k,) their columns in the panel
    share: NDArray[np.float32]  # (periods, k) share of the period in stock; nan is unknown
    sold_out: Flags  # (periods, k) stock ran out in the period
    stocked: pl.DataFrame  # sku, location, date: first day on which each had stock or got some


def counted_stock(inventory: pl.DataFrame, by: Sequence[str] = ITEM) -> pl.DataFrame:
    """Counted stock by item and date; several rows of a day (batches, bins) are added up.

    Args:
        inventory: Canonical inventory.
        by: Columns that say which item a row is of.

    Returns:
        Columns sku, location (or those of ``by``), date, on_hand.
    """
    counted = inventory.select(*by, "date", "on_hand")
    if counted.select(pl.col("on_hand").count()).item() == 0:
        return counted.clear()
    counted = counted.drop_nulls("on_hand")
    if is_one_row_each(counted):
        return counted
    return counted.group_by(*by, "date").agg(pl.col("on_hand").sum())


def stock_ledger(
    items: pl.DataFrame,
    inventory: pl.DataFrame | None,
    flows: StockFlows,
    sold: pl.DataFrame,
    products: pl.DataFrame | None = None,
    *,
    axis: Axis,
    as_of: date,
) -> Ledger | None:
    """Rolls stock for the items whose counts leave days open, and says when they had any.

    Args:
        items: Columns sku, location; row i is column i of the panel.
        inventory: Canonical inventory, or None.
        flows: What came in and went out.
        sold: Columns sku, location, date, units: sales net of returns.
        products: Canonical products, or None; ``active_from`` tells who began without stock.
        axis: The periods wanted.
        as_of: Later rows are ignored.

    Returns:
        The ledger, or None where there is nothing to roll. Counts are part of it, so that a week
        with both is the mean of all its days.
    """
    counts = _no_counts() if inventory is None else counted_stock(inventory)
    counts = counts.filter(pl.col("date") <= as_of)
    counts = pl.concat([counts, _openings(counts, flows, products)])
    index = items.select(ITEM).with_row_index("item")
    open_days = _with_open_days(index, counts, flows)
    _tell_of_lacking(flows.lacking, open_days)
    chosen = open_days.join(
        _known_items(open_days, flows), on=ITEM, how="semi", maintain_order="left"
    )
    if chosen.is_empty():
        return None
    start = axis.first_period - timedelta(days=_LEAD_IN_DAYS)
    grid = Grid(chosen, counts, flows, sold, start=start, as_of=as_of)
    share = np.full((axis.periods, chosen.height), np.nan, dtype=np.float32)
    sold_out = np.zeros(share.shape, dtype=np.bool_)
    first = np.full(chosen.height, -1)
    days, faults = 0, 0
    for block in grid.blocks():
        stock = rolled_stock(block.counted, block.changes)
        has, lacks = _states(stock, block.counted)
        day_share, ran_out = _day_shares(has, lacks, block.sold, weekly=grid.weekly)
        supplied = has | block.arrived
        share[:, block.at], sold_out[:, block.at] = _by_period(day_share, ran_out, axis)
        first[block.at] = np.where(supplied.any(axis=0), supplied.argmax(axis=0), -1)
        days += int((~np.isnan(day_share) & np.isnan(block.counted)).sum())
        faults += int((stock.forward.fault | stock.backward.fault).any(axis=0).sum())
    logger.info(
        "inventory: stock of %s items was rolled from counts through what came and went, %s days "
        "of stock in all; of %s items the ledger fell below 0 or went against sales, and the days "
        "beyond are unknown",
        f"{chosen.height:,}",
        f"{days:,}",
        f"{faults:,}",
    )
    stocked = chosen.select(ITEM).with_columns(row=pl.Series(first)).filter(pl.col("row") >= 0)
    dated = stocked.select(*ITEM, date=pl.lit(start) + pl.duration(days=pl.col("row")))
    return Ledger(chosen["item"].to_numpy().astype(np.int64), share, sold_out, dated)


def ledger_findings(
    sales: pl.DataFrame,
    inventory: pl.DataFrame,
    purchases: pl.DataFrame | None = None,
    movements: pl.DataFrame | None = None,
    *,
    as_of: date,
) -> pl.DataFrame:
    """Days on which the ledger cannot be true, or a count is not what the ledger says.

    Args:
        sales: Canonical sales.
        inventory: Canonical inventory.
        purchases: Canonical purchases, or None.
        movements: Canonical movements, or None.
        as_of: Later rows are ignored.

    Returns:
        Columns sku, location, date, what, ledger (units at the end of the day by the ledger) and
        counted (units, null without a count), sorted by them. ``what`` is

        - ``count``: the count is not the one before it plus what came and went since;
        - ``negative``: rolled from a count, forwards or backwards, stock falls below 0;
        - ``sold``: a sale though the ledger has no stock and nothing came in.

        Of the last two only the first day in the direction of rolling is told, after each count.

    >>> from stockout.tables import conform
    >>> days = [date(2026, 1, 5) + timedelta(i) for i in range(3)]
    >>> sales = conform(pl.DataFrame({"date": days, "sku": "A", "units": [1, 1, 1]}), "sales")
    >>> stock = {"date": [days[0], days[2]], "sku": "A", "on_hand": [5, 2]}
    >>> moved = {"date": days, "sku": "A", "units": [-1, -1, -1], "kind": "sale"}
    >>> ledger_findings(sales, conform(pl.DataFrame(stock), "inventory"),
    ...     movements=conform(pl.DataFrame(moved), "movements"), as_of=days[2]).row(0)
    ('A', 'ALL', datetime.date(2026, 1, 7), 'count', 3.0, 2.0)
    """
    counts = counted_stock(inventory).filter(pl.col("date") <= as_of)
    sales = sales.filter(pl.col("date") <= as_of)
    flows = stock_flows(sales, purchases, movements, as_of)
    index = counts.select(ITEM).unique().sort(ITEM)
    chosen = index.join(_known_items(index, flows), on=ITEM, how="semi", maintain_order="left")
    begin = flows.places.select(pl.min_horizontal("moved_from", "booked_from").min()).item()
    found = [pl.DataFrame(schema=_FOUND)]
    if begin is not None and chosen.height:
        start = begin - timedelta(days=1)
        grid = Grid(chosen, counts, flows, sales, start=start, as_of=as_of)
        for block in grid.blocks():
            found += [_rows(block, chosen, start, *each) for each in _findings(block)]
    return pl.concat(found).unique(list(_FOUND)).sort(*ITEM, "date", "what", "ledger")


_FOUND = pl.Schema(
    {
        "sku": pl.String,
        "location": pl.String,
        "date": pl.Date,
        "what": pl.String,
        "ledger": pl.Float64,
        "counted": pl.Float64,
    }
)


def _no_counts() -> pl.DataFrame:
    return pl.DataFrame(
        schema={
            "sku": pl.String,
            "location": pl.String,
            "date": pl.Date,
            "on_hand": pl.Float64,
        }
    )


def _openings(
    counts: pl.DataFrame, flows: StockFlows, products: pl.DataFrame | None
) -> pl.DataFrame:
    """No stock on the day before the first movement, of items nobody counted, where it is certain.

    That is so where the product was listed weeks after the movements of the location begin, and its
    first movement is one in.
    """
    if products is None or products["active_from"].null_count() == products.height:
        return _no_counts()
    first = pl.col("date") == pl.col("date").min()
    began = (
        flows.changes.join(counts, on=ITEM, how="anti")
        .group_by(ITEM)
        .agg(date=pl.col("date").min(), arrived=pl.col("arrived").filter(first).all())
        .filter("arrived")
        .join(products.select("sku", "active_from").drop_nulls().unique("sku"), on="sku")
    )
    spans = flows.spans(began)
    listed_later = (pl.col("active_from") - pl.col("moved_from")).dt.total_days() >= _LISTED_DAYS
    return spans.filter(listed_later & pl.col("date").is_between("moved_from", "moved_to")).select(
        *ITEM, date=pl.col("date").dt.offset_by("-1d"), on_hand=pl.lit(0.0)
    )


def _known_items(items: pl.DataFrame, flows: StockFlows) -> pl.DataFrame:
    """The items of which some changes are known."""
    known = pl.any_horizontal(pl.col("moved_from", "booked_from").is_not_null())
    return flows.spans(items.select(ITEM)).filter(known).select(ITEM)


def _with_open_days(index: pl.DataFrame, counts: pl.DataFrame, flows: StockFlows) -> pl.DataFrame:
    """Items with a count and days without one: since the first, or before it with changes."""
    days = (pl.col("date").max() - pl.col("date").min()).dt.total_days() + 1
    counted = counts.group_by(ITEM).agg(
        first_count=pl.col("date").min(),
        holes=pl.col("date").len() < days,
        last=pl.col("date").max(),
    )
    changed = flows.changes.group_by(ITEM).agg(
        first_change=pl.col("date").min(), last_change=pl.col("date").max()
    )
    return (
        index.join(counted, on=ITEM, maintain_order="left")
        .join(changed, on=ITEM, how="left", maintain_order="left")
        .filter(
            pl.col("holes")
            | (pl.col("first_change") < pl.col("first_count"))
            | (pl.col("last_change") > pl.col("last"))
        )
        .select("item", *ITEM)
    )


def _tell_of_lacking(lacking: pl.DataFrame, items: pl.DataFrame) -> None:
    told = lacking.join(items, on="location", how="semi", maintain_order="left")
    if told.height:
        place, taken_in, went_out, days = told.row(0)
        logger.warning(
            "stock flow: at %d locations far less came in than went out (first: %s, %.10g units in "
            "and %.10g out in %d days), so receipts are missing or in other units; their stock of "
            "the past is taken as unknown",
            told.height,
            place,
            taken_in,
            went_out,
            days,
        )


def _states(stock: Stock, counted: Matrix) -> tuple[Flags, Flags]:
    """(days, items) whether there was stock at the end of the day; and whether there was none."""
    crumb = np.where(np.isnan(counted), CRUMB, 0.0)
    with np.errstate(invalid="ignore"):
        return stock.low > crumb, stock.high <= crumb


def _day_shares(has: Flags, lacks: Flags, sold: Flags, *, weekly: bool) -> tuple[Matrix, Flags]:
    """Shares of days, and days on which stock ran out.

    A day that ends with stock is in stock; one without any, and without sales, is out. A day that
    sold, or began with stock, and ended without ran out at an unknown hour.
    """
    rows = np.arange(len(has))[:, None]
    latest = np.maximum.accumulate(np.where(has | lacks, rows, -1), axis=0)
    before = np.full_like(latest, -1)
    before[1:] = latest[:-1]
    recent = (before >= 0) & (rows - before <= (MORNING_DAYS if weekly else 1))
    had = recent & np.take_along_axis(has, np.maximum(before, 0), axis=0)
    if weekly:  # a week's sales say nothing of one day whose morning is known
        sold = sold & ~recent
    ran_out = lacks & (sold | had)
    share = np.where(has, 1.0, np.where(lacks, 0.0, np.nan))
    share[ran_out] = SOLD_OUT_DURING_DAY
    return share, ran_out


def _by_period(share: Matrix, ran_out: Flags, axis: Axis) -> tuple[Matrix, Flags]:
    """Mean over the days of each period that are known."""
    length = DAYS_PER_PERIOD[axis.freq]
    days = slice(_LEAD_IN_DAYS, _LEAD_IN_DAYS + axis.periods * length)
    shape = (axis.periods, length, share.shape[1])
    of_period = share[days].reshape(shape)
    known = (~np.isnan(of_period)).sum(axis=1)
    total = np.nansum(of_period, axis=1)
    mean = np.where(known > 0, total / np.maximum(known, 1), np.nan)
    return mean, np.asarray(ran_out[days].reshape(shape).any(axis=1))


def _findings(block: Block) -> Iterator[tuple[Flags, str, Matrix]]:
    """(days, items) where something is found, what it is, and the stock by the ledger."""
    differs, expected = surprises(block.counted, block.changes)
    yield differs, "count", expected
    stock = rolled_stock(block.counted, block.changes)
    for path in (stock.forward, stock.backward):
        negative = path.fault & (path.rolled < -CRUMB)
        yield negative, "negative", path.rolled
    forward, backward = stock.forward, stock.backward
    yield forward.fault & (forward.rolled >= -CRUMB), "sold", forward.rolled
    day_before = backward.fault & (backward.rolled >= -CRUMB)
    yield np.roll(day_before, 1, axis=0), "sold", np.roll(backward.rolled, 1, axis=0)


def _rows(  # noqa: PLR0917 - the last three are a finding
    block: Block, items: pl.DataFrame, start: date, where: Flags, what: str, ledger: Matrix
) -> pl.DataFrame:
    t, place = np.nonzero(where)
    found: pl.DataFrame = (
        items.select(ITEM)[place + block.at.start]
        .with_columns(
            pl.Series("t", t, dtype=pl.Int64),
            what=pl.lit(what),
            ledger=pl.Series(ledger[t, place]),
            counted=pl.Series(block.counted[t, place]).fill_nan(None),
        )
        .with_columns(date=pl.lit(start) + pl.duration(days="t"))
        .select(*_FOUND)
    )
    return found
