from __future__ import annotations

import logging
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from stockout.demand.availability import availability_matrix, shares_by_period
from stockout.demand.history import demand_history
from stockout.demand.numbering import numbered
from stockout.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Rows = Callable[..., pl.DataFrame]

MONDAY = date(2026, 1, 5)
SUNDAY = date(2026, 1, 11)
NAN = float("nan")


def share_of(
    sales: pl.DataFrame, inventory: pl.DataFrame, freq: str = "auto", as_of: date | None = None
) -> list[float]:
    """In-stock shares of the only item, period by period."""
    history = demand_history(sales, inventory, as_of=as_of, freq=freq)  # type: ignore[arg-type]
    return [float(value) for value in history.share[:, 0].round(6)]


def same(found: Sequence[float], expected: Sequence[float]) -> bool:
    return bool(np.allclose(found, expected, equal_nan=True, atol=1e-5))


def test_daily_flags_make_a_share_of_the_week(rows: Rows, sold: Rows) -> None:
    flags = rows("inventory", in_stock=[True] * 5 + [False] * 2 + [True] * 7)
    sales = sold([1] * 5 + [0] * 2 + [1] * 7)
    assert same(share_of(sales, flags, "week"), [5 / 7, 1])


def test_daily_flags_are_shares_of_days(rows: Rows, sold: Rows) -> None:
    flags = rows("inventory", in_stock=[True, False, None])
    assert same(share_of(sold([1, 0, 1]), flags), [1, 0, NAN])


@pytest.mark.parametrize(("first", "last_week"), [(MONDAY, 1), (SUNDAY, NAN)])
def test_a_weekly_flag_speaks_for_each_day_of_its_week(
    rows: Rows, sold: Rows, first: date, last_week: float
) -> None:
    """Up to as-of; a flag that is dated later, like that Sunday's, is not yet known."""
    flags = rows("inventory", first=first, step=7, in_stock=[True, False, True, True])
    sales = sold([1] * 7 + [0] * 7 + [1] * 14)
    found = share_of(sales, flags, as_of=MONDAY + timedelta(24))
    assert same(found, [1] * 7 + [0] * 7 + [1] * 7 + [last_week] * 4)
    stock, sales = (numbered(frame).rows for frame in (flags, sales))
    days = shares_by_period(stock, sales, "day", MONDAY + timedelta(24))["period"]
    assert days.max() <= MONDAY + timedelta(24)  # type: ignore[operator]


@pytest.mark.parametrize("first", [MONDAY, SUNDAY])
def test_weekly_flags_of_weekly_sales(rows: Rows, sold: Rows, first: date) -> None:
    flags = rows("inventory", first=first, step=7, in_stock=[True, False, True])
    assert same(share_of(sold([4, 0, 4], step=7), flags), [1, 0, 1])


def test_on_hand_at_the_end_of_the_day(rows: Rows, sold: Rows) -> None:
    """In stock; sold out during the day; out; out; restocked and sold out at once; restocked."""
    stock = rows("inventory", on_hand=[3, 0, 0, -1, 0, 6])
    found = share_of(sold([2, 3, 0, 0, 4, 1]), stock)
    assert same(found, [1, 0.5, 0, 0, 0.5, 1])


def test_stock_that_left_without_a_sale_ran_out_during_the_day(rows: Rows, sold: Rows) -> None:
    assert same(share_of(sold([1, 0, 0]), rows("inventory", on_hand=[3, 0, 0])), [1, 0.5, 0])


def test_a_day_that_ran_out_measures_demand_only_if_it_sold_the_usual(
    rows: Rows, sold: Rows
) -> None:
    """At least 3 were wanted on the second day; of the fourth, 1 says nothing."""
    stock = rows("inventory", on_hand=[3, 0, 1, 0, 5])
    history = demand_history(sold([2, 3, 2, 1, 2]), stock)
    assert history.share[:, 0].tolist() == [1, 0.5, 1, 0.5, 1]
    assert history.observed[:, 0].tolist() == [True, True, True, False, True]


def test_an_item_of_which_one_is_kept_has_demand(rows: Rows, sold: Rows) -> None:
    """Each of its sales empties the shelf, so the days that ran out are all its sales."""
    week = [0, 0, 1, 0, 0, 0, 0]
    stock = rows("inventory", on_hand=[1, 1, 0, 0, 1, 1, 1] * 8)
    history = demand_history(sold(week * 8), stock)
    seen = history.observed[:, 0]
    assert history.units[seen, 0].sum() == 8
    assert not history.observed[3::7, 0].any()


def test_a_part_of_a_day_that_is_given_is_no_measure_of_demand(rows: Rows, sold: Rows) -> None:
    shares = rows("inventory", in_stock_share=[1.0, 0.5, 1.0])
    history = demand_history(sold([2, 3, 2]), shares)
    assert history.observed[:, 0].tolist() == [True, False, True]


@pytest.mark.parametrize("days", [2, 7, 8])
@pytest.mark.parametrize(("sold_then", "share"), [(0, 0.0), (2, 0.5)])
def test_stock_of_some_days_ago_says_nothing_of_this_morning(
    rows: Rows, sold: Rows, days: int, sold_then: int, share: float
) -> None:
    """Stock that goes by sales was gone before a day that sold nothing."""
    sales = sold([1] + [0] * (days - 1) + [sold_then, 1])
    counts = rows("inventory", on_hand=[5, 0], step=days)
    assert same(share_of(sales, counts), [1] + [NAN] * (days - 1) + [share, NAN])


def test_a_week_between_two_counts_began_with_stock(rows: Rows, sold: Rows) -> None:
    counts = rows("inventory", on_hand=[5, 0, 0], first=SUNDAY, step=7)
    sales = sold([1] * 7 + [0] * 7 + [0] * 7)
    assert same(share_of(sales, counts, "week", as_of=SUNDAY + timedelta(14)), [1, 0.5, 0])
    assert same(
        share_of(sold([7, 2, 0], step=7), counts, as_of=SUNDAY + timedelta(14)), [1, 0.5, 0]
    )


def test_lots_of_an_item_add_up(rows: Rows, sold: Rows) -> None:
    lots = pl.concat([rows("inventory", on_hand=[0, 4]), rows("inventory", on_hand=[3, -4])])
    assert same(share_of(sold([1, 0]), lots), [1, 0.5])


def test_a_share_outranks_a_flag_and_a_flag_outranks_stock(rows: Rows, sold: Rows) -> None:
    one = rows("inventory", in_stock_share=[0.25, None], in_stock=[True, True], on_hand=[0, 0])
    assert same(share_of(sold([1, 1]), one), [0.25, 1])


@pytest.mark.parametrize("share", [50.0, 1.01, -0.5])
def test_a_share_that_is_none_is_refused(rows: Rows, sold: Rows, share: float) -> None:
    """Per cent would make a day that was half out of stock one that was fully in stock."""
    with pytest.raises(InputError, match="in_stock_share"):
        demand_history(sold([1, 1]), rows("inventory", in_stock_share=[1.0, share]))


def test_weekly_flags_of_the_past_and_one_position_at_as_of(rows: Rows, sold: Rows) -> None:
    """The position fills in its own week only where no flag speaks of it."""
    sales = sold([5, 0, 4, 6], step=7)
    as_of = MONDAY + timedelta(27)
    flags = rows("inventory", step=7, in_stock=[True, False, True, True], on_hand=[None] * 4)
    position = rows("inventory", first=as_of, on_hand=[0.0])
    with_all = pl.concat([flags, position])
    assert same(share_of(sales, with_all), [1, 0, 1, 1])
    assert same(share_of(sales, with_all, "week", as_of), [1, 0, 1, 1])
    assert same(share_of(sales, pl.concat([flags.head(3), position])), [1, 0, 1, 0.5])
    some = rows("inventory", first=as_of, on_hand=[9.0])
    assert same(share_of(sales, pl.concat([flags.head(3), some])), [1, 0, 1, 1])


def test_weekly_flags_and_one_position_with_daily_sales(rows: Rows, sold: Rows) -> None:
    flags = rows("inventory", step=7, in_stock=[True, False, True, True])
    position = rows("inventory", first=MONDAY + timedelta(27), on_hand=[0.0])
    sales = sold([1] * 7 + [0] * 7 + [1] * 14)
    assert same(share_of(sales, pl.concat([flags, position])), [1] * 7 + [0] * 7 + [1] * 14)


@pytest.mark.parametrize("first", [MONDAY, SUNDAY])
def test_daily_stock_beside_weekly_sales(rows: Rows, sold: Rows, first: date) -> None:
    """Two days in stock, one on which it ran out, four without: however the week is dated."""
    sales = sold([5, 5, 5, 5], first=first, step=7)
    stock = rows("inventory", on_hand=[5, 4, 0, 0, 0, 0, 0] * 4)
    assert same(share_of(sales, stock, "week"), [2.5 / 7] * 4)


def test_sales_of_a_period_that_was_out_mean_it_was_out_for_a_part(
    rows: Rows, sold: Rows, caplog: pytest.LogCaptureFixture
) -> None:
    flags = rows("inventory", in_stock=[True, False, False])
    with caplog.at_level(logging.INFO):
        history = demand_history(sold([2, 1, 0]), flags)
    assert history.share[:, 0].tolist() == [1, 0.5, 0]
    assert history.observed[:, 0].tolist() == [True, False, False]
    assert "1 periods that were out of stock have sales" in caplog.text


def test_what_no_source_speaks_of_stays_unknown(rows: Rows, sold: Rows) -> None:
    sales = pl.concat([sold([1, 1]), sold([1, 1], sku="B")])
    history = demand_history(sales, rows("inventory", on_hand=[None, 3]))
    assert same(history.share[:, 0].tolist(), [NAN, 1])
    assert np.isnan(history.share[:, 1]).all()
    assert history.observed.all()
    shown = history.panel()["in_stock_share"]
    assert shown.to_list() == [None, 1, None, None]


def test_without_inventory_nothing_is_known(sold: Rows) -> None:
    history = demand_history(sold([1, 0, 1]))
    assert np.isnan(history.share).all()
    assert history.observed.all()


def test_later_rows_and_other_items_are_not_mixed_in(rows: Rows, sold: Rows) -> None:
    stock = pl.concat(
        [
            rows("inventory", in_stock=[True, True, False, False]),
            rows("inventory", sku="B", in_stock=[False, False]),
            rows("inventory", location="L2", in_stock=[False, False]),
        ]
    )
    sales = sold([1, 1])
    items, counted = numbered(stock)
    shares = shares_by_period(counted, numbered(sales).rows, "day", as_of=MONDAY + timedelta(1))
    number = items.with_row_index("item").filter(sku="A", location="ALL")["item"].item()
    of_item = shares.filter(pl.col("item") == number).sort("period")
    assert of_item["share"].to_list() == [1, 1]
    assert shares["period"].max() == MONDAY + timedelta(1)
    assert same(share_of(sales, stock, as_of=MONDAY + timedelta(1)), [1, 1])


def test_matrix_places_shares_by_period_and_item() -> None:
    cells = pl.DataFrame(
        {"item": [0, 1], "t": [1, 0], "share": [0.0, 0.25], "sold_out": [False, True]}
    )
    units = np.array([[3, 1], [0, 2]], dtype=np.float32)
    share, sold_out = availability_matrix(cells, units)
    assert np.array_equal(share, np.array([[NAN, 0.25], [0, NAN]]), equal_nan=True)
    assert sold_out.tolist() == [[False, True], [False, False]]
    contradicted = availability_matrix(cells, units + 1)
    assert contradicted.share[1, 0] == 0.5
    assert contradicted.sold_out.tolist() == [[False, True], [True, False]]
