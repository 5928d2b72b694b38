from __future__ import annotations

import logging
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockout.demand.history import demand_history
from stockout.errors import InputError, NotKnownError
from stockout.tables import conform

if TYPE_CHECKING:
    from collections.abc import Callable

    from stockout.demand.history import History

    Rows = Callable[..., pl.DataFrame]

MONDAY = date(2026, 1, 5)


def day(number: int) -> date:
    return MONDAY + timedelta(number)


def same(one: History, two: History) -> bool:
    return (
        (one.freq, one.as_of, one.first_period) == (two.freq, two.as_of, two.first_period)
        and one.items.equals(two.items)
        and np.array_equal(one.units, two.units)
        and np.array_equal(one.share, two.share, equal_nan=True)
        and np.array_equal(one.observed, two.observed)
    )


def test_the_panel_has_every_period_of_the_life_and_no_other(sold: Rows) -> None:
    """Zeros from the first sale to as-of; leading rows without a sale are no part of the life."""
    sales = pl.concat(
        [sold([2], first=day(1)), sold([3], first=day(4)), sold([0, 0, 5, 0, 0, 0, 0], sku="B")]
    )
    panel = demand_history(sales).panel()
    assert panel.columns == ["sku", "location", "date", "units", "in_stock_share", "observed"]
    assert panel.select("sku", "date", "units").rows() == [
        *(("A", day(1 + k), units) for k, units in enumerate([2, 0, 0, 3, 0, 0])),
        *(("B", day(2 + k), units) for k, units in enumerate([5, 0, 0, 0, 0])),
    ]


def test_skus_keep_their_leading_zeros_and_items_are_sorted(sold: Rows) -> None:
    sales = pl.concat(
        [
            sold([1], sku="00123", location="S2"),
            sold([1], sku="123"),
            sold([1], sku="00123", location="S1"),
        ]
    )
    items = demand_history(sales).items.select("sku", "location").rows()
    assert items == [("00123", "S1"), ("00123", "S2"), ("123", "ALL")]


def test_the_row_order_of_the_exports_does_not_matter(rows: Rows, sold: Rows) -> None:
    sales = pl.concat([sold([1, 0, 2, 4, -1], location=place) for place in ("L1", "L2")])
    stock = rows("inventory", on_hand=[3, 3, 1, 0, 1], location="L2")
    turned = demand_history(sales.reverse(), stock.reverse())
    assert same(turned, demand_history(sales, stock))


@pytest.mark.parametrize(
    ("columns", "begins"),
    [
        ({"on_hand": [0, 0, 2, 0, 0]}, 2),
        ({"in_stock": [False, True, True, False, False]}, 1),
        ({"in_stock_share": [0.0, 0.0, 0.0, 0.5, 0.0]}, 3),
        ({"on_hand": [0, 0, 0, 0, 0]}, 4),
    ],
)
def test_life_begins_with_the_first_stock(
    rows: Rows, sold: Rows, columns: dict[str, list[float]], begins: int
) -> None:
    sales = pl.concat([sold([1], first=day(4)), sold([1], sku="B")])
    assert demand_history(sales, rows("inventory", **columns)).start[0] == begins


def test_life_begins_with_the_first_receipt_or_listing(sold: Rows) -> None:
    sales = pl.concat([sold([1], first=day(4)), sold([1], sku="B")])
    order = pl.DataFrame(
        {
            "po_id": "1",
            "sku": "A",
            "order_date": day(0),
            "received_date": day(2),
            "ordered_units": 4.0,
        }
    )
    listed = pl.DataFrame({"sku": ["A"], "active_from": [day(1)]})
    assert demand_history(sales, purchases=order).start[0] == 2
    assert demand_history(sales, purchases=order, products=listed).start[0] == 1


def test_life_begins_no_earlier_than_the_sales_export(rows: Rows, sold: Rows) -> None:
    stock = rows("inventory", first=day(-30), on_hand=[5] * 40)
    history = demand_history(sold([1, 1, 1]), stock, as_of=day(2))
    assert (history.first_period, history.periods) == (MONDAY, 3)


def test_an_item_that_was_only_ever_returned_has_no_demand(sold: Rows) -> None:
    sales = pl.concat([sold([1] * 40), sold([-2], sku="R", first=day(30))])
    history = demand_history(sales)
    assert history.items["sku"].to_list() == ["A", "R"]
    assert history.units[:, 1].sum() == 0
    assert history.start[1] == 30


def test_the_sale_that_began_a_life_says_nothing_of_its_rate(rows: Rows, sold: Rows) -> None:
    """A life that begins with a sale has one in its first period however slow the item is."""
    sales = pl.concat([sold([1, 0, 2], first=day(2)), sold([1, 0, 2, 0, 1], sku="B")])
    stock = rows("inventory", sku="B", on_hand=[9, 9, 9, 9, 9])
    listed = pl.DataFrame({"sku": ["A"], "active_from": [day(1)]})
    first, second = demand_history(sales, stock).evidence().T.tolist()
    assert first == [False, False, False, True, True]
    assert second == [True] * 5
    assert demand_history(sales, products=listed).evidence()[:, 0].tolist() == [False] + [True] * 4


def test_returns_lower_the_day_of_the_sale_not_their_own(sold: Rows) -> None:
    sales = pl.concat([sold([5, 4, 3], order_id="1"), sold([-3], first=day(2), order_id="1")])
    assert demand_history(sales).units[:, 0].tolist() == [5, 4, 0]
    unmatched = pl.concat([sold([5, 4, 3]), sold([-9], first=day(1))])
    assert demand_history(unmatched).units[:, 0].tolist() == [5, 4, 3]


def test_a_week_that_is_not_over_is_left_out(sold: Rows, caplog: pytest.LogCaptureFixture) -> None:
    sales = sold([1] * 17)
    with caplog.at_level(logging.INFO):
        history = demand_history(sales, freq="week")
    assert history.units[:, 0].tolist() == [7, 7]
    assert history.dates.to_list() == [day(0), day(7)]
    assert history.future_dates(2).to_list() == [day(21), day(28)]
    assert history.future_rows(2).tolist() == [3, 4]
    assert "3 rows after 2026-01-18 are left out" in caplog.text


def test_a_week_that_ends_on_as_of_counts(sold: Rows) -> None:
    history = demand_history(sold([1] * 14), freq="week")
    assert history.units[:, 0].tolist() == [7, 7]
    assert history.future_dates(1).to_list() == [day(14)]
    assert history.future_rows(1).tolist() == [2]


@pytest.mark.parametrize("first", [day(0), day(3), day(6)])
def test_weekly_sales_make_weeks_dated_by_monday(sold: Rows, first: date) -> None:
    history = demand_history(sold([5, 0, 7], first=first, step=7))
    assert (history.freq, history.as_of) == ("week", day(20))
    assert history.panel().select("date", "units").rows() == [
        (day(0), 5),
        (day(7), 0),
        (day(14), 7),
    ]


def test_the_first_week_of_daily_sales_begins_on_monday(sold: Rows) -> None:
    history = demand_history(sold([1] * 11, first=day(3)), freq="week")
    assert (history.first_period, history.units[:, 0].tolist()) == (MONDAY, [4, 7])


def test_days_are_dated_by_themselves(sold: Rows) -> None:
    history = demand_history(sold([1, 2, 3], first=day(2)))
    assert history.dates.to_list() == [day(2), day(3), day(4)]
    assert history.future_dates(2).to_list() == [day(5), day(6)]
    assert history.future_rows(2).tolist() == [3, 4]


def test_as_of_may_be_later_than_the_sales(sold: Rows, caplog: pytest.LogCaptureFixture) -> None:
    history = demand_history(sold([1, 1]), as_of=day(14))
    assert history.periods == 15
    assert "sales end on 2026-01-06, 13 days before as-of" in caplog.text


def test_movements_reach_as_of(rows: Rows, sold: Rows) -> None:
    movements = rows("movements", units=[5.0], kind="receipt", first=day(6))
    assert demand_history(sold([1, 1]), movements=movements).as_of == day(6)


def test_before_the_first_sale_demand_is_not_known(sold: Rows) -> None:
    with pytest.raises(NotKnownError, match="no sales in complete periods up to 2025-12-31") as at:
        demand_history(sold([1, 1]), as_of=date(2025, 12, 31))
    assert at.value.hint == "sales begin on 2026-01-05; give a later --as-of"
    with pytest.raises(NotKnownError, match="no sales in complete periods"):
        demand_history(sold([1] * 6), freq="week")


def test_without_rows_demand_is_not_known(sold: Rows) -> None:
    with pytest.raises(NotKnownError) as caught:
        demand_history(sold([1]).clear(), as_of=MONDAY)
    assert caught.value.hint == "the sales export has no rows"


def test_units_that_are_no_number_are_refused(sold: Rows) -> None:
    """One of them would spoil the seasonal index that all items share."""
    for value in (float("nan"), float("inf")):
        with pytest.raises(InputError, match="units"):
            demand_history(sold([1, value, 1]))


def test_a_missing_column_is_named(sold: Rows) -> None:
    with pytest.raises(InputError, match="table sales: no column 'units'"):
        demand_history(sold([1]).drop("units"))


def test_empty_tables_are_as_good_as_none(rows: Rows, sold: Rows) -> None:
    sales = sold([1, 0, 2])
    empty = {
        "inventory": rows("inventory", on_hand=[1]).clear(),
        "movements": rows("movements", units=[1]).clear(),
        "products": pl.DataFrame(schema={"sku": pl.String}),
        "purchases": pl.DataFrame(
            schema={
                "po_id": pl.String,
                "sku": pl.String,
                "order_date": pl.Date,
                "ordered_units": pl.Float64,
            }
        ),
    }
    assert same(demand_history(sales, **empty), demand_history(sales))  # type: ignore[arg-type]


def test_a_product_that_is_listed_twice_counts_once(sold: Rows) -> None:
    twice = pl.DataFrame({"sku": ["A", "A"], "category": ["x", "y"]})
    history = demand_history(sold([1, 2]), products=twice)
    assert history.items["category"].to_list() == ["x"]
    assert history.units[:, 0].tolist() == [1, 2]


@pytest.mark.parametrize("step", [1, 7])
@pytest.mark.parametrize("seed", range(4))
def test_rows_after_as_of_change_nothing(rows: Rows, sold: Rows, step: int, seed: int) -> None:
    """Whatever comes later: other days of the week, returns, stock, receipts, new items."""
    rng = np.random.default_rng(seed)
    as_of = day(20 * step - 1)

    after = as_of + timedelta(1)
    sales = pl.concat(
        [
            sold(rng.integers(0, 4, 20).tolist(), sku=sku, step=step, order_id="7")
            for sku in ("A", "B")
        ]
    )
    stock = rows("inventory", on_hand=[2, 0] * 10, step=step)
    orders = pl.DataFrame(
        {
            "po_id": ["1", "2"],
            "sku": ["A", "B"],
            "order_date": [day(2)] * 2,
            "received_date": [day(9), as_of + timedelta(4)],
            "ordered_units": [5.0] * 2,
        }
    )
    later = orders.with_columns(order_date=pl.lit(after), received_date=pl.lit(after))
    more = demand_history(
        pl.concat(
            [
                sold([3, -2, 0, 5, 1, 1], first=after, order_id="7"),
                sales,
                sold([4], sku="NEW", first=after),
            ]
        ),
        pl.concat([rows("inventory", on_hand=[0, 9, 9], first=after), stock]),
        purchases=pl.concat([later, orders]),
        movements=rows("movements", units=[5.0], first=after),
        as_of=as_of,
    )
    assert same(more, demand_history(sales, stock, purchases=orders, as_of=as_of))


@given(
    drawn=st.lists(
        st.tuples(st.integers(0, 40), st.sampled_from("ABC"), st.sampled_from([0, 1, 3, -1])),
        min_size=1,
        max_size=40,
    ),
    weeks=st.booleans(),
)
def test_nothing_is_lost_and_nothing_invented(
    drawn: list[tuple[int, str, int]], weeks: bool
) -> None:
    frame = pl.DataFrame(
        {
            "date": [day(number) for number, _, _ in drawn],
            "sku": [sku for _, sku, _ in drawn],
            "units": [float(units) for _, _, units in drawn],
        }
    )
    sales = conform(frame, "sales")
    history = demand_history(sales, as_of=day(41), freq="week" if weeks else "auto")
    end = day(41)
    for i, sku in enumerate(history.items["sku"]):
        own = frame.filter(pl.col("sku") == sku, pl.col("units") > 0)
        assert history.units[:, i].sum() == own["units"].sum()
        if len(own):
            life = history.panel().filter(sku=sku)["date"]
            assert life.diff().drop_nulls().dt.total_days().unique().to_list() in (
                [7 if history.freq == "week" else 1],
                [],
            )
            assert life[0] <= own["date"].min()
            assert (end - life[-1]).days == (6 if history.freq == "week" else 0)
    assert (history.units >= 0).all()
    assert set(history.items["sku"]) == set(frame["sku"])


def test_an_item_that_first_sold_in_the_unfinished_week_is_not_forgotten(sold: Rows) -> None:
    sales = pl.concat([sold([3] * 17), sold([2], sku="B", first=day(15))])
    history = demand_history(sales, freq="week", as_of=day(16))
    assert history.items["sku"].to_list() == ["A", "B"]
    assert history.units.tolist() == [[21, 0], [21, 0]]
    assert not history.evidence()[:, 1].any()
    assert history.items["status"].to_list() == ["new", "new"]


def test_a_weekly_total_that_as_of_cuts_is_warned_about(
    sold: Rows, caplog: pytest.LogCaptureFixture
) -> None:
    history = demand_history(sold([5, 6, 7, 8], step=7), as_of=day(21))
    assert history.units[:, 0].tolist() == [5, 6, 7]
    assert "1 rows after 2026-01-25 are left out" in caplog.text
    assert caplog.records[-1].levelno == logging.WARNING
