from __future__ import annotations

import logging
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from stockout.demand import panel
from stockout.demand.calendar import period_start
from stockout.demand.history import demand_history
from stockout.demand.panel import Axis

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Rows = Callable[..., pl.DataFrame]

MONDAY = date(2026, 1, 5)


def day(number: int) -> date:
    return MONDAY + timedelta(number)


def successors(**before: str) -> pl.DataFrame:
    return pl.DataFrame({"sku": list(before), "successor_of": list(before.values())})


def scattered(sales: pl.DataFrame, items: pl.DataFrame, axis: Axis) -> NDArray[np.float32]:
    dated = sales.with_columns(period=period_start(axis.freq, pl.col("date")))
    return panel.scatter_units(panel.cells(dated, items, axis), items.height, axis)


def test_axis_spans_whole_weeks() -> None:
    axis = Axis.spanning("week", pl.Series([day(9), day(3)]), day(14))
    assert axis == Axis("week", MONDAY, 3)
    assert axis.dates.to_list() == [day(0), day(7), day(14)]
    rows = pl.DataFrame({"d": [day(-1), day(0), day(6), day(7)]}).select(axis.row_of(pl.col("d")))
    assert rows["d"].to_list() == [-1, 0, 0, 1]


def test_axis_of_days() -> None:
    axis = Axis.spanning("day", pl.Series([day(2), day(1)]), day(3))
    assert axis.dates.to_list() == [day(1), day(2), day(3)]


def test_units_are_summed_into_their_cell(sold: Rows) -> None:
    items = pl.DataFrame({"sku": ["A", "B"], "location": ["ALL", "ALL"]})
    sales = pl.concat([sold([1, 2]), sold([4, 0, 5]), sold([7], sku="B", first=day(9))])
    days = scattered(sales, items, Axis("day", MONDAY, 3))
    assert days.tolist() == [[5, 0], [2, 0], [5, 0]]
    weeks = scattered(sales, items, Axis("week", MONDAY, 2))
    assert weeks.tolist() == [[12, 0], [0, 7]]


def test_cells_outside_of_the_panel_are_left_out() -> None:
    items = pl.DataFrame({"sku": ["A"], "location": ["ALL"]})
    frame = pl.DataFrame({"sku": ["A", "A", "A", "B"], "location": ["ALL"] * 4}).with_columns(
        period=pl.Series([day(-1), day(1), day(2), day(1)])
    )
    cells = panel.cells(frame, items, Axis("day", MONDAY, 2))
    assert cells.select("sku", "t", "item").rows() == [("A", 1, 0)]


def test_a_successor_inherits_the_demand_before_its_own(sold: Rows) -> None:
    sales = pl.concat([sold([5, 6, 7, 1], sku="OLD"), sold([8, 9], sku="NEW", first=day(2))])
    history = demand_history(sales, products=successors(NEW="OLD"))
    assert history.items["sku"].to_list() == ["NEW", "OLD"]
    assert history.units[:, 0].tolist() == [5, 6, 8, 9]
    assert history.units[:, 1].tolist() == [5, 6, 7, 1]
    assert history.start.tolist() == [0, 0]
    assert history.items["first_date"][0] == day(2)  # its own life is as young as it was


def test_a_chain_of_predecessors_is_followed_to_its_end(sold: Rows) -> None:
    sales = pl.concat(
        [
            sold([1] * 6, sku="D1"),
            sold([2] * 4, sku="C2", first=day(2)),
            sold([3] * 3, sku="B3", first=day(3)),
            sold([4] * 2, sku="A4", first=day(4)),
        ]
    )
    history = demand_history(sales, products=successors(A4="B3", B3="C2", C2="D1"))
    assert history.units[:, 0].tolist() == [1, 1, 2, 3, 4, 4]


def test_a_circle_of_predecessors_ends(sold: Rows) -> None:
    sales = pl.concat([sold([1, 1, 1]), sold([2, 2], sku="B", first=day(1))])
    history = demand_history(sales, products=successors(A="B", B="A"))
    assert history.units.T.tolist() == [[1, 1, 1], [1, 2, 2]]
    alone = demand_history(sold([1, 1]), products=successors(A="A"))
    assert alone.units[:, 0].tolist() == [1, 1]


def test_predecessors_are_of_the_same_location(sold: Rows) -> None:
    sales = pl.concat(
        [
            sold([5, 5, 5], sku="OLD", location="L1"),
            sold([8], sku="NEW", location="L1", first=day(2)),
            sold([9], sku="NEW", location="L2", first=day(2)),
        ]
    )
    history = demand_history(sales, products=successors(NEW="OLD"))
    at = history.items["location"].to_list()
    assert history.units[:, at.index("L1")].tolist() == [5, 5, 8]
    assert history.units[:, at.index("L2")].tolist() == [0, 0, 9]
    assert history.start.tolist() == [0, 2, 0]


def test_a_predecessor_that_never_sold_changes_nothing(sold: Rows) -> None:
    history = demand_history(sold([3, 3]), products=successors(A="GHOST"))
    assert history.units[:, 0].tolist() == [3, 3]


def test_out_of_stock_days_of_a_predecessor_are_no_demand_of_its_successor(
    rows: Rows, sold: Rows
) -> None:
    sales = pl.concat([sold([4, 0, 4, 0], sku="OLD"), sold([4], sku="NEW", first=day(3))])
    flags = rows("inventory", sku="OLD", in_stock=[True, False, True, False])
    flags = pl.concat([flags, rows("inventory", sku="NEW", first=day(3), in_stock=[True])])
    history = demand_history(sales, flags, successors(NEW="OLD"))
    assert history.observed[:, 0].tolist() == [True, False, True, True]
    assert history.share[:, 0].tolist() == [1, 0, 1, 1]


def test_a_successor_was_not_out_of_stock_before_its_launch(rows: Rows, sold: Rows) -> None:
    """Exports list stock 0 of what is not sold yet; the inherited demand still counts."""
    sales = pl.concat([sold([4, 4, 4, 0], sku="OLD"), sold([4], sku="NEW", first=day(3))])
    stock = rows("inventory", sku="NEW", on_hand=[0, 0, 0, 9])
    history = demand_history(sales, stock, successors(NEW="OLD"))
    assert history.observed[:, 0].all()


def many(sold: Rows, days: list[int], count: int = 10, **columns: object) -> pl.DataFrame:
    """``count`` items that each sell one unit on the given days."""
    frames = [sold([1], sku=f"S{k}", first=day(d), **columns) for k in range(count) for d in days]
    return pl.concat(frames)


def test_a_day_on_which_a_busy_location_sells_nothing_is_closed(
    sold: Rows, caplog: pytest.LogCaptureFixture
) -> None:
    open_days = [d for d in range(28) if d != 16]
    sales = pl.concat(
        [many(sold, open_days, location="L1"), many(sold, list(range(28)), location="L2")]
    )
    with caplog.at_level(logging.INFO):
        history = demand_history(sales)
    at = history.items["location"].to_numpy()
    assert np.flatnonzero(~history.observed.all(axis=1)).tolist() == [16]
    assert not history.observed[16, at == "L1"].any()
    assert history.observed[16, at == "L2"].all()
    assert "1 days in which a whole location sold nothing" in caplog.text


def test_a_quiet_day_of_a_small_location_is_a_day_without_demand(sold: Rows) -> None:
    """With nine lines a day, a day without any happens once in 8,000."""
    history = demand_history(many(sold, [d for d in range(28) if d != 16], count=9))
    assert history.observed.all()


def test_a_weekday_that_never_sells_is_not_a_gap(sold: Rows) -> None:
    history = demand_history(many(sold, [d for d in range(28) if d % 7 != 6]))
    assert history.observed.all()


@pytest.mark.parametrize("apart", [1, 100_000])  # days: a table of all cells, or too many of them
def test_two_rows_of_an_item_and_day_are_seen_by_number_and_by_name(apart: int) -> None:
    days = [MONDAY, MONDAY + timedelta(apart), MONDAY]
    frame = pl.DataFrame({"item": [0, 0, 1], "date": days, "sku": ["A", "A", "B"]})
    frame = frame.with_columns(location=pl.lit("ALL"))
    repeated = pl.concat([frame, frame[:1]])
    for columns in (["item", "date"], ["sku", "location", "date"]):
        assert panel.is_one_row_each(frame.select(columns))
        assert not panel.is_one_row_each(repeated.select(columns))
