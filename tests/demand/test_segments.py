from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest

from stockout.demand.history import demand_history
from stockout.demand.segments import segments

if TYPE_CHECKING:
    from collections.abc import Callable

    Rows = Callable[..., pl.DataFrame]

MONDAY = date(2026, 1, 5)


def spread(values: list[float], gap: int) -> list[float]:
    """The values with ``gap`` - 1 days without demand after each."""
    return [unit for value in values for unit in [value] + [0] * (gap - 1)]


@pytest.mark.parametrize(
    ("units", "adi", "cv2", "expected"),
    [
        ([3, 17] * 30, 1.0, 0.49, "smooth"),  # on the border of variability
        ([3, 17.4] * 30, 1.0, 0.4983, "erratic"),
        ([10] * 100 + [0] * 32, 1.32, 0.0, "smooth"),  # on the border of regularity
        ([10] * 100 + [0] * 33, 1.33, 0.0, "intermittent"),
        (spread([2, 2, 3, 2], 4) * 5, 4.0, 0.0370, "intermittent"),
        (spread([1, 9], 3) * 10, 3.0, 0.64, "lumpy"),
    ],
)
def test_demand_classes_of_syntetos_boylan_and_croston(
    sold: Rows, units: list[float], adi: float, cv2: float, expected: str
) -> None:
    as_of = MONDAY + timedelta(len(units) - 1)
    found = segments(demand_history(sold(units), as_of=as_of)).row(0, named=True)
    assert found["adi"] == pytest.approx(adi)
    assert found["cv2"] == pytest.approx(cv2, abs=5e-5)
    assert found["demand_class"] == expected


def test_out_of_stock_days_are_not_days_without_demand(rows: Rows, sold: Rows) -> None:
    sales = sold([4, 0, 0, 0] * 20)
    assert segments(demand_history(sales))["demand_class"][0] == "intermittent"
    flags = rows("inventory", in_stock=[True, False, False, False] * 20)
    found = segments(demand_history(sales, flags)).row(0, named=True)
    assert (found["adi"], found["demand_class"]) == (1, "smooth")


def test_an_item_without_any_demand_has_no_class(sold: Rows) -> None:
    sales = pl.concat([sold([1] * 30), sold([0] * 30, sku="B")])
    found = segments(demand_history(sales)).row(1, named=True)
    assert found["demand_class"] == "none"
    assert found["cv2"] is None
    assert found["value"] == 0
    assert found["abc"] == "C"


def test_when_nothing_sold_at_all(sold: Rows) -> None:
    found = segments(demand_history(pl.concat([sold([0] * 90), sold([0] * 90, sku="B")])))
    assert found["demand_class"].to_list() == ["none", "none"]
    assert found["value"].to_list() == [0, 0]
    assert found["xyz"].to_list() == [None, None]
    assert found["abc"].is_in(["A", "B", "C"]).all()


def by_value(sold: Rows, values: list[float], **columns: object) -> pl.DataFrame:
    """ABC of items S00, S01, ... that sold these units in all."""
    frames = [sold([value], sku=f"S{k:02}", **columns) for k, value in enumerate(values)]
    return segments(demand_history(pl.concat(frames)))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([100], "A"),
        ([70, 15, 10, 5], "AABC"),  # 70, 85 and 95 % come before the last three
        ([5, 10, 15, 70], "CBAA"),
        ([90, 6, 4], "ABC"),  # the largest is A although it makes 90 %
        ([25, 25, 25, 25], "AAAA"),
        ([10] * 10, "AAAAAAAABB"),
    ],
)
def test_abc_by_the_share_of_value_that_comes_before(
    sold: Rows, values: list[float], expected: str
) -> None:
    assert "".join(by_value(sold, values)["abc"]) == expected


def test_value_is_money_where_there_are_prices_else_units(sold: Rows) -> None:
    cheap = sold([90], unit_price=[0.1], revenue=[9.0])
    dear = sold([10], sku="B", unit_price=[50.0], revenue=[500.0])
    priced = segments(demand_history(pl.concat([cheap, dear])))
    assert priced["value"].to_list() == pytest.approx([9, 500])
    assert priced["abc"].to_list() == ["C", "A"]
    no_price = {"unit_price": pl.lit(None, pl.Float64), "revenue": pl.lit(None, pl.Float64)}
    counted = segments(demand_history(pl.concat([cheap, dear]).with_columns(**no_price)))
    assert counted["value"].to_list() == [90, 10]
    assert counted["abc"].to_list() == ["A", "B"]


@pytest.mark.parametrize(
    ("months", "cv", "expected"),
    [
        ([10, 10, 10, 10], 0.0, "X"),
        ([5, 10, 15], 0.5, "X"),  # on the border
        ([4, 10, 16], 0.6, "Y"),
        ([0, 10, 20], 1.0, "Y"),  # on the border
        ([30, 0, 0], 3**0.5, "Z"),
        ([10, 10], None, None),  # two four-week buckets say nothing
    ],
)
@pytest.mark.parametrize("step", [1, 7])
def test_xyz_by_the_variation_of_four_week_demand(
    sold: Rows, months: list[float], cv: float | None, expected: str | None, step: int
) -> None:
    count = 28 // step
    units = [value for value in months for _ in range(count)]
    as_of = MONDAY + timedelta(28 * len(months) - 1)
    listed = pl.DataFrame({"sku": ["A"], "active_from": [MONDAY]})
    history = demand_history(sold(units, step=step), products=listed, as_of=as_of)
    found = segments(history).row(0, named=True)
    assert found["cv"] == (cv if cv is None else pytest.approx(cv))
    assert found["xyz"] == expected


def test_xyz_leaves_out_buckets_that_were_mostly_out_of_stock(rows: Rows, sold: Rows) -> None:
    units = [3] * 28 + [60] * 2 + [0] * 26 + [3] * 56
    flags = rows("inventory", in_stock=[unit > 0 for unit in units])
    assert segments(demand_history(sold(units), flags))["xyz"][0] == "X"


def test_rows_are_in_the_order_of_the_items(sold: Rows) -> None:
    sales = pl.concat([sold([k + 1], sku=sku) for k, sku in enumerate(["b", "a", "c"])])
    history = demand_history(sales)
    found = segments(history)
    assert found.select("sku", "location").equals(history.items.select("sku", "location"))
    assert found["value"].to_list() == [2, 1, 3]
