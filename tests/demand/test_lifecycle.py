from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest

from stockout.demand.history import demand_history

if TYPE_CHECKING:
    from collections.abc import Callable

    Rows = Callable[..., pl.DataFrame]

MONDAY = date(2026, 1, 5)


def day(number: int) -> date:
    return MONDAY + timedelta(number)


def order(ordered: int, received: int | None = None) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "po_id": "1",
            "sku": "A",
            "order_date": day(ordered),
            "received_date": pl.Series(
                [None if received is None else day(received)], dtype=pl.Date
            ),
            "ordered_units": 9.0,
        }
    )


def status_of(sales: pl.DataFrame, as_of: int, **tables: pl.DataFrame) -> str:
    history = demand_history(sales, as_of=day(as_of), **tables)  # type: ignore[arg-type]
    return str(history.items.filter(sku="A")["status"][0])


@pytest.mark.parametrize(("quiet", "status"), [(28, "active"), (29, "ended")])
def test_a_daily_seller_has_ended_after_28_days_without_a_sale(
    sold: Rows, quiet: int, status: str
) -> None:
    assert status_of(sold([1] * 60), 59 + quiet) == status


@pytest.mark.parametrize(("quiet", "status"), [(50, "active"), (51, "ended")])
def test_a_slow_seller_has_ended_after_five_of_its_gaps(
    sold: Rows, quiet: int, status: str
) -> None:
    sales = pl.concat([sold([1], first=day(10 * k)) for k in range(9)])
    assert status_of(sales, 80 + quiet) == status


def test_weeks_count_as_seven_days(sold: Rows) -> None:
    sales = sold([4] * 10, step=7)
    assert status_of(sales, 69 + 28) == "active"
    assert status_of(sales, 69 + 35) == "active"  # five gaps of a week
    assert status_of(sales, 69 + 42) == "ended"


@pytest.mark.parametrize(("to", "status"), [(40, "ended"), (41, "active"), (None, "active")])
def test_active_to_ends_an_item_even_if_it_sells(sold: Rows, to: int | None, status: str) -> None:
    products = pl.DataFrame(
        {"sku": ["A"], "active_to": [None if to is None else day(to)]},
        schema_overrides={"active_to": pl.Date},
    )
    assert status_of(sold([1] * 41), 40, products=products) == status


@pytest.mark.parametrize(
    ("columns", "status"),
    [
        ({"on_hand": [0.0, 3.0]}, "active"),
        ({"in_stock": [False, True]}, "active"),
        ({"in_stock_share": [0.0, 0.4]}, "active"),
        ({"in_stock": [True, None]}, "ended"),  # only the last word counts
    ],
)
def test_an_item_with_stock_has_not_ended(
    rows: Rows, sold: Rows, columns: dict[str, list[float]], status: str
) -> None:
    stock = rows("inventory", first=day(98), **columns)
    assert status_of(sold([1] * 60), 99, inventory=stock) == status


@pytest.mark.parametrize(
    ("ordered", "received", "status"),
    [
        (50, None, "active"),
        (50, 100, "active"),  # received after as-of: open at as-of
        (50, 99, "ended"),
        (100, None, "ended"),  # ordered after as-of
    ],
)
def test_an_item_on_order_has_not_ended(
    sold: Rows, ordered: int, received: int | None, status: str
) -> None:
    assert status_of(sold([1] * 60), 99, purchases=order(ordered, received)) == status


def test_out_of_stock_days_are_not_quiet_days(rows: Rows, sold: Rows) -> None:
    """28 days without a sale, 50 out of stock, and one more: the 29th that says something."""
    flags = rows("inventory", in_stock=[True] * 88 + [False] * 50 + [None] * 2)
    assert status_of(sold([1] * 60), 137, inventory=flags) == "active"
    assert status_of(sold([1] * 60), 138, inventory=flags) == "ended"


def test_an_item_that_is_out_for_half_a_year_was_given_up(rows: Rows, sold: Rows) -> None:
    flags = rows("inventory", in_stock=[True] * 60 + [False] * 200)
    assert status_of(sold([1] * 60), 59 + 182, inventory=flags) == "active"
    assert status_of(sold([1] * 60), 59 + 183, inventory=flags) == "ended"
    assert status_of(sold([1] * 60), 59 + 183, inventory=flags, purchases=order(70)) == "active"


def test_days_on_which_the_shop_is_closed_are_not_quiet_days(sold: Rows) -> None:
    others = pl.concat([sold([1] * 60 + [0] * 20 + [1] * 20, sku=f"S{k}") for k in range(12)])
    sales = pl.concat([others, sold([1] * 60)])
    assert status_of(sales, 59 + 20 + 20) == "active"


@pytest.mark.parametrize(("age", "status"), [(27, "new"), (28, "active")])
def test_an_item_is_new_for_its_first_27_days(sold: Rows, age: int, status: str) -> None:
    sales = pl.concat([sold([1] * 90, sku="B"), sold([1] * age, first=day(90 - age))])
    assert status_of(sales, 89) == status


def test_an_item_that_never_sold_ends_after_28_days(sold: Rows) -> None:
    sales = pl.concat([sold([1] * 99, sku="B"), sold([-1], first=day(10))])
    assert status_of(sales, 10 + 27) == "active"
    assert status_of(sales, 10 + 28) == "ended"


def test_what_the_items_frame_says(sold: Rows) -> None:
    sales = pl.concat(
        [
            sold([2, 0, 3, 0], unit_price=[2.0, 2.0, 4.0, 4.0], revenue=[4.0, 0.0, 12.0, 0.0]),
            sold([0.5], sku="B"),
        ]
    )
    products = pl.DataFrame({"sku": ["A"], "category": ["toys"]})
    item = demand_history(sales, products=products).items.row(0, named=True)
    assert item["first_date"] == item["first_sale"] == day(0)
    assert item["last_sale"] == day(2)
    assert item["sale_days"] == 2
    assert item["mean_price"] == pytest.approx(16 / 5)
    assert (item["category"], item["is_integer"], item["supplied"]) == ("toys", True, False)
    fractional = demand_history(sales).items.row(1, named=True)
    assert (fractional["category"], fractional["is_integer"]) == (None, False)


@pytest.mark.parametrize(
    "columns",
    [
        {"unit_price": [2.0, 5.0]},
        {"revenue": [8.0, 5.0]},
        {"unit_price": [2.0, None], "revenue": [None, 5.0]},
    ],
    ids=["price", "revenue", "each where it is known"],
)
def test_mean_price_is_revenue_a_unit_whichever_column_tells_it(
    sold: Rows, columns: dict[str, list[float]]
) -> None:
    history = demand_history(sold([4, 1], **columns))
    assert history.items["mean_price"].to_list() == pytest.approx([13 / 5])


def test_mean_price_is_not_known_without_money(sold: Rows) -> None:
    assert demand_history(sold([4, 1])).items["mean_price"].to_list() == [None]


def test_a_return_does_not_change_the_price(sold: Rows) -> None:
    sales = pl.concat(
        [
            sold([4, 1], revenue=[8.0, 5.0], order_id="1"),
            sold([-2], revenue=[-4.0], order_id="1", first=day(0)),
        ]
    )
    mean = demand_history(sales).items["mean_price"][0]
    assert 2 <= mean <= 5
