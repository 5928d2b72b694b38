"""Units, currencies, outliers and references, as far as they are not in the mutations."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from stockout.checks.check import check_frames

DAY = date(2026, 6, 1)


def sales(count: int = 30, **more: object) -> pl.DataFrame:
    """One sale a day."""
    days = [DAY + timedelta(index) for index in range(count)]
    return pl.DataFrame({"date": days, "sku": "A", "units": 2.0}).with_columns(
        **{name: value if isinstance(value, pl.Series) else pl.lit(value)
           for name, value in more.items()}
    )  # fmt: skip


def found(code: str, **tables: pl.DataFrame) -> list[tuple[str, int]]:
    """File and row of the findings of one rule."""
    return check_frames(**tables).filter(code=code).select("file", "row").rows()  # type: ignore[arg-type]


def bought(**more: object) -> pl.DataFrame:
    """One purchase line."""
    line = {"po_id": "P", "sku": "A", "order_date": DAY, "ordered_units": 1.0, **more}
    return pl.DataFrame([line])


def test_the_currency_of_most_sales_is_the_one_of_the_run() -> None:
    money = pl.Series(["eur", " EUR", "USD"] + ["EUR"] * 27)
    tables = {"sales": sales(currency=money), "purchases": bought(currency="USD")}
    assert found("SO511", **tables) == [("purchases", 1), ("sales", 3)]
    assert found("SO511", sales=sales(currency="USD"), purchases=bought(currency="usd ")) == []
    assert found("SO511", purchases=bought(currency="USD")) == []


@pytest.mark.parametrize("word", ["EA", "each", "Stück", "St.", "ＰＣ", "H87"])
def test_words_for_a_piece_are_one_unit(word: str) -> None:
    assert found("SO512", sales=sales(unit="pcs"), purchases=bought(unit=word)) == []


def test_units_are_compared_sku_by_sku() -> None:
    kilos = sales(unit="kg").with_columns(sku=pl.lit("B"))
    both = pl.concat([sales(unit="pc"), kilos])
    assert found("SO512", sales=both) == []
    assert found("SO512", sales=both, purchases=bought(unit="BOX")) == [("purchases", 1)]
    mixed = sales(unit=pl.Series(["pc", "box"] + ["pc"] * 28))
    assert found("SO512", sales=mixed) == [("sales", 2)]


def test_what_is_usual_for_a_wholesaler_is_no_outlier() -> None:
    quantities = pl.Series([1.0, 1, 1, 2, 2, 6, 12, 24, 48, 96] * 3)
    assert found("SO501", sales=sales(units=quantities)) == []
    assert found("SO501", sales=sales(units=pl.Series([2.0] * 29 + [90.0]))) == [("sales", 30)]
    assert found("SO501", sales=sales(units=pl.Series([2.0] * 29 + [-90.0]))) == [("sales", 30)]
    assert found("SO501", sales=sales(units=pl.Series([2.0] * 29 + [39.0]))) == []
    assert found("SO501", sales=sales(10, units=pl.Series([2.0] * 9 + [90.0]))) == []


def test_a_discount_is_no_outlier_and_neither_is_a_gift() -> None:
    prices = pl.Series([10.0] * 26 + [5.0, 2.5, 0.0, 12.0])
    assert found("SO513", sales=sales(unit_price=prices)) == []
    assert found("SO513", sales=sales(unit_price=pl.Series([10.0] * 29 + [1.0]))) == [("sales", 30)]


@pytest.mark.parametrize(("cost", "rows"), [(12.0, 1), (12.1, 1), (0.3, 0), (1 / 6, 1), (2, 0)])
def test_the_cost_of_a_pack(cost: float, rows: int) -> None:
    products = pl.DataFrame({"sku": ["A"], "unit_cost": [1.0]})
    assert len(found("SO504", purchases=bought(unit_cost=cost), products=products)) == rows


def test_sales_with_turned_sign_are_one_finding() -> None:
    told = check_frames(sales=sales(units=-2.0)).filter(code="SO505")
    assert told.select("row", "message").rows() == [(1, "30 of 30 rows of kind sale are negative")]


def test_tables_that_do_not_meet_are_told_by_examples() -> None:
    stock = pl.DataFrame({"date": [DAY] * 5, "sku": "A", "location": list("abcde"), "on_hand": 1.0})
    told = check_frames(sales=sales(location="Shop 1"), inventory=stock).filter(code="SO216")
    assert told["hint"].item() == (
        "no location is in both: sales name 'Shop 1', the inventory 'a', 'b', 'c', ...; bring them "
        "to the same words"
    )
    assert found("SO216", sales=sales(location="c"), inventory=stock) == []


def test_locations_of_tables_without_any_are_no_orphans() -> None:
    locations = pl.DataFrame({"location": ["L1"]})
    assert found("SO212", sales=sales(), locations=locations) == []
    assert found("SO212", sales=sales(location="L2"), locations=locations) == [("sales", 1)]


def test_successors_and_warehouses_are_looked_up_too() -> None:
    products = pl.DataFrame({"sku": ["A", "B"], "successor_of": [None, "Z"]})
    assert found("SO211", products=products) == [("products", 2)]
    locations = pl.DataFrame({"location": ["L1", "L2"], "supplied_from": ["DC", None]})
    assert found("SO212", locations=locations) == [("locations", 1)]
