from __future__ import annotations

import logging
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockout.demand.returns import net_returns
from stockout.tables import conform

FIRST = date(2026, 1, 5)

Line = tuple[int, float]


def lines(
    *days_and_units: Line,
    customer: str | None = None,
    price: float | None = None,
    order: str | None = None,
    sku: str = "A",
    location: str = "X",
) -> pl.DataFrame:
    frame = pl.DataFrame(
        {
            "date": [FIRST + timedelta(day) for day, _ in days_and_units],
            "units": [float(units) for _, units in days_and_units],
        }
    ).with_columns(
        sku=pl.lit(sku),
        location=pl.lit(location),
        customer_id=pl.lit(customer, dtype=pl.String),
        unit_price=pl.lit(price, dtype=pl.Float64),
        order_id=pl.lit(order, dtype=pl.String),
    )
    return conform(frame, "sales")


def units_left(*frames: pl.DataFrame) -> list[float]:
    """Units of the sales lines after netting, in the order of the rows."""
    return net_returns(pl.concat(frames))[0]["units"].to_list()


def test_a_return_comes_off_the_order_it_names_however_long_ago() -> None:
    earlier = lines((0, 5), order="1")
    other = lines((100, 5), order="2")
    assert units_left(earlier, other, lines((200, -2), order="1")) == [3, 5]


def test_an_order_is_matched_by_sku_and_location() -> None:
    sales = lines((0, 5), order="1")
    assert units_left(sales, lines((1, -2), order="1", sku="B")) == [5]
    assert units_left(sales, lines((1, -2), order="1", location="Y")) == [5]


@pytest.mark.parametrize(("days", "left"), [(0, 3), (29, 3), (30, 3), (31, 5)])
def test_customer_sku_and_price_match_within_30_days(days: int, left: float) -> None:
    sales = lines((0, 5), customer="c", price=2.5)
    assert units_left(sales, lines((days, -2), customer="c", price=2.5)) == [left]


@pytest.mark.parametrize(
    "other",
    [
        lines((1, -2), customer="d", price=2.5),
        lines((1, -2), customer="c", price=2.4),
        lines((1, -2), customer="c", price=2.5, sku="B"),
        lines((1, -2), customer=None, price=2.5),
        lines((1, -2), customer="c", price=None),
    ],
    ids=["customer", "price", "sku", "no customer", "no price"],
)
def test_another_customer_price_or_sku_does_not_match(other: pl.DataFrame) -> None:
    assert units_left(lines((0, 5), customer="c", price=2.5), other) == [5]


def test_missing_keys_match_nothing_not_each_other() -> None:
    assert units_left(lines((0, 5)), lines((1, -2))) == [5]


def test_a_negative_price_on_the_return_is_the_same_price() -> None:
    sales = lines((0, 5), customer="c", price=2.5)
    assert units_left(sales, lines((1, -5), customer="c", price=-2.5)) == [0]


def test_an_order_that_is_not_found_falls_back_to_the_customer() -> None:
    sales = lines((0, 5), customer="c", price=2.5, order="1")
    assert units_left(sales, lines((1, -2), customer="c", price=2.5, order="C77")) == [3]


def test_a_return_is_spread_over_several_sales_the_latest_first() -> None:
    sales = lines((0, 4), (5, 3), (9, 2), customer="c", price=1)
    assert units_left(sales, lines((10, -6), customer="c", price=1)) == [3, 0, 0]


def test_returns_share_what_one_sale_still_has() -> None:
    sales = lines((0, 4), (5, 3), customer="c", price=1)
    assert units_left(sales, lines((6, -2), (7, -2), (8, -1), customer="c", price=1)) == [2, 0]


def test_a_return_before_the_sale_is_not_matched() -> None:
    sales = lines((5, 4), customer="c", price=1, order="1")
    assert units_left(sales, lines((4, -1), customer="c", price=1, order="1")) == [4]


def test_what_comes_back_beyond_what_was_sold_is_counted_and_reported(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sales = pl.concat([lines((0, 3), order="1"), lines((2, -5), order="1")])
    with caplog.at_level(logging.INFO):
        netted = net_returns(sales)
    assert netted.lines["units"].to_list() == [0]
    assert (netted.returned_units, netted.matched_units) == (5, 3)
    assert "3 of 5 returned units" in caplog.text
    assert "2 returned units on 1 line match no sale" in caplog.text


def test_sales_without_returns_are_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    sales = lines((0, 3), (1, 2))
    netted = net_returns(sales)
    assert netted.lines.equals(sales)
    assert (netted.returned_units, netted.matched_units) == (0, 0)
    assert not caplog.records


def test_the_same_location_comes_before_another_one() -> None:
    here = lines((0, 1), customer="c", price=1, location="X")
    there = lines((0, 1), customer="c", price=1, location="Y")
    for sales in ([here, there], [there, here]):
        back = lines((3, -1), customer="c", price=1, location="X")
        left = net_returns(pl.concat([*sales, back])).lines
        assert dict(left.select("location", "units").iter_rows()) == {"X": 0, "Y": 1}


def test_which_return_comes_first_hangs_on_dates_not_on_rows() -> None:
    """The return of day 29 reaches both sales, that of day 34 only the later one."""
    sales = lines((0, 1), (15, 1), customer="c", price=1)
    first = lines((29, -1), customer="c", price=1)
    second = lines((34, -1), customer="c", price=1)
    matched = {
        net_returns(pl.concat(frames)).matched_units
        for frames in ([sales, first, second], [second, first, sales])
    }
    assert len(matched) == 1


def test_which_customer_comes_first_hangs_on_names_not_on_rows() -> None:
    """Both name the order of one unit; only c has another sale that the return can undo."""
    sales = [lines((0, 1), order="1", price=1), lines((1, 1), customer="c", price=1)]
    c, d = (lines((2, -1), customer=name, order="1", price=1) for name in "cd")
    assert (
        net_returns(pl.concat([*sales, c, d])).matched_units
        == net_returns(pl.concat([*sales, d, c])).matched_units
    )


@pytest.mark.parametrize(
    ("units", "back"),
    [(0.3, (0.1, 0.1, 0.1)), (0.4, (0.3, 0.1)), (0.6, (0.5, 0.2)), (1.3, (0.7, 0.6))],
)
def test_fractions_leave_no_crumbs(units: float, back: tuple[float, ...]) -> None:
    """A crumb above zero would be a sale on that day, one below zero negative demand."""
    returns = lines(*((1 + k, -part) for k, part in enumerate(back)), customer="c", price=1)
    assert units_left(lines((0, units), customer="c", price=1), returns) == [0]


LINE = st.fixed_dictionaries(
    {
        "day": st.sampled_from([0, 4, 15, 29, 34, 50]),
        "units": st.sampled_from([-7.0, -2.5, -1.0, -0.3, -0.1, 0.1, 0.3, 1.0, 1.0, 2.5, 6.0]),
        "sku": st.sampled_from("AAB"),
        "location": st.sampled_from("XY"),
        "customer_id": st.sampled_from(["c", "c", "d", None]),
        "order_id": st.sampled_from(["1", "2", None, None]),
        "unit_price": st.sampled_from([1.0, 1.0, 2.0, None]),
    }
)


def from_drawn(drawn: list[dict[str, object]]) -> pl.DataFrame:
    text = ("sku", "location", "customer_id", "order_id")
    frame = pl.DataFrame(
        drawn,
        schema={
            "day": pl.Int64,
            "units": pl.Float64,
            **dict.fromkeys(text, pl.String),
            "unit_price": pl.Float64,
        },
    )
    return conform(
        frame.with_columns(date=pl.lit(FIRST) + pl.duration(days="day")).drop("day"), "sales"
    )


@given(drawn=st.lists(LINE, max_size=14))
def test_units_are_conserved(drawn: list[dict[str, object]]) -> None:
    sales = from_drawn(drawn)
    netted = net_returns(sales)
    positive = sales.filter(pl.col("units") > 0)
    sold, back = (float(sales["units"].clip(*ends).sum()) for ends in ((0, None), (None, 0)))
    assert netted.returned_units == pytest.approx(-back)
    assert 0 <= netted.matched_units <= netted.returned_units + 1e-9
    assert netted.lines.drop("units").equals(positive.drop("units"))
    assert (netted.lines["units"] >= 0).all()
    assert netted.lines["units"].sum() == pytest.approx(sold - netted.matched_units)


@given(drawn=st.lists(LINE, max_size=10), data=st.data())
def test_the_order_of_rows_changes_no_demand(
    drawn: list[dict[str, object]], data: st.DataObject
) -> None:
    def demand(sales: pl.DataFrame) -> dict[tuple[object, ...], float]:
        totals = (
            net_returns(sales).lines.group_by("date", "sku", "location").agg(pl.col("units").sum())
        )
        return {row[:3]: round(row[3], 9) for row in totals.iter_rows()}

    shuffled = data.draw(st.permutations(drawn))
    assert demand(from_drawn(shuffled)) == demand(from_drawn(drawn))
