"""Which source a lead time comes from, and that promises are no measurements."""

from __future__ import annotations

import logging
from datetime import date, timedelta

import polars as pl
import pytest

from stockout.errors import NotKnownError
from stockout.replenishment.lead_times import (
    lead_times,
    received_lines,
    usual_lateness,
    with_supplier,
)
from stockout.tables import conform

AS_OF = date(2026, 6, 28)
ORDERED = date(2026, 1, 5)
ITEMS = pl.DataFrame(
    {
        "sku": ["A", "A", "B", "C"],
        "location": ["N", "S", "N", "N"],
        "supplier_id": ["X", "X", "X", "Y"],
    }
)


def purchases(
    days: list[int], sku: str = "A", location: str = "N", supplier: str | None = "X", late: int = 2
) -> pl.DataFrame:
    """Received lines that took the given days, each promised ``late`` days earlier."""
    return conform(
        pl.DataFrame(
            {
                "po_id": [f"{sku}{location}{i}" for i in range(len(days))],
                "sku": sku,
                "location": location,
                "supplier_id": pl.Series([supplier] * len(days), dtype=pl.String),
                "order_date": ORDERED,
                "promised_date": [ORDERED + timedelta(d - late) for d in days],
                "received_date": [ORDERED + timedelta(d) for d in days],
                "ordered_units": 10.0,
            }
        ),
        "purchases",
    )


def products(**columns: object) -> pl.DataFrame:
    return conform(pl.DataFrame({"sku": ["A", "B", "C"], **columns}), "products")


def suppliers(**columns: object) -> pl.DataFrame:
    return conform(pl.DataFrame({"supplier_id": ["X", "Y"], **columns}), "suppliers")


def test_measured_are_receipts_and_not_promises() -> None:
    received = received_lines(purchases([10, 12, 14, 16, 18], late=9), AS_OF)
    found = lead_times(ITEMS, received, default_lead_time_days=3).row(0, named=True)
    assert found["lead_time_days"] == 14
    assert found["lead_time_sd_days"] == pytest.approx(10**0.5)  # 40 / 4
    assert found["lead_time_source"] == "measured item"


def test_the_sources_in_their_order() -> None:
    own = purchases([10] * 5)
    other_location = purchases([20] * 5, location="E")
    same_supplier = purchases([40] * 3, sku="B")
    received = received_lines(pl.concat([own, other_location, same_supplier]), AS_OF)
    master = products(lead_time_days=[1.0, 1.0, 7.0])
    terms = suppliers(lead_time_days=[2.0, 5.0], lead_time_sd_days=[0.5, 1.5])
    flagged = lead_times(ITEMS, received, master, terms, lead_time_days=9)
    assert set(flagged["lead_time_source"]) == {"flag"}
    assert flagged["lead_time_days"].to_list() == [9, 9, 9, 9]

    found = lead_times(ITEMS, received, master, terms, default_lead_time_days=30)
    assert found["lead_time_source"].to_list() == [
        "measured item",  # its own lines
        "measured item",  # those of the SKU at other locations
        "measured supplier",  # three lines of B are too few
        "product",  # supplier Y never delivered
    ]
    assert found["lead_time_days"].to_list() == [10, 15, pytest.approx(270 / 13), 7]
    assert found["lead_time_sd_days"][3] == 1.5  # the product's supplier says how far it spreads

    found = lead_times(ITEMS, None, None, terms, default_lead_time_days=30)
    assert found["lead_time_source"].to_list() == ["supplier"] * 4
    assert found["lead_time_days"].to_list() == [2, 2, 2, 5]
    found = lead_times(ITEMS, None, products(), suppliers(), default_lead_time_days=30)
    assert found["lead_time_source"].to_list() == ["assumed"] * 4


def test_four_received_lines_are_too_few() -> None:
    received = received_lines(purchases([10] * 4), AS_OF)
    assert lead_times(ITEMS, received, default_lead_time_days=3)["lead_time_source"][0] == "assumed"


def test_several_receipts_of_a_line_are_one_line_complete_at_the_last() -> None:
    lines = purchases([5, 9]).with_columns(po_id=pl.lit("P"), line=pl.lit("1"))
    received = received_lines(lines, AS_OF)
    assert received["days"].to_list() == [9]


def test_receipts_and_orders_after_as_of_are_not_known() -> None:
    early = ORDERED + timedelta(11)
    assert received_lines(purchases([10, 11, 12]), early)["days"].to_list() == [10, 11]


def test_impossible_lead_times_are_left_out_and_told(caplog: pytest.LogCaptureFixture) -> None:
    lines = purchases([-3, 10, 10, 10, 10, 10, 400])
    with caplog.at_level(logging.WARNING):
        received = received_lines(lines, AS_OF + timedelta(400))
    assert received["days"].to_list() == [10] * 5
    assert caplog.messages == [
        "purchases: 2 received lines took less than 0 or more than 365 days (first: AN0, ordered "
        "2026-01-05, received 2026-01-02); they do not count for lead times"
    ]


def test_a_negative_master_value_is_not_used_and_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        found = lead_times(
            ITEMS, None, products(lead_time_days=[-1.0, 8.0, None]), default_lead_time_days=30
        )
    assert found["lead_time_source"].to_list() == ["assumed", "assumed", "product", "assumed"]
    assert caplog.messages == [
        "products: 1 values of lead_time_days cannot be true and are not used (first: A has -1.0)"
    ]


def test_nothing_known_of_some_items_is_null_and_of_all_is_an_error() -> None:
    found = lead_times(ITEMS, None, products(lead_time_days=[8.0, None, None]))
    assert found["lead_time_days"].to_list() == [8, 8, None, None]
    assert found["lead_time_source"].to_list() == ["product", "product", None, None]
    with pytest.raises(NotKnownError, match="the lead time of no item is known") as caught:
        lead_times(ITEMS, None, products(), suppliers())
    assert (
        caught.value.hint == "set default_lead_time_days in stockout.toml, or give --lead-time DAYS"
    )


def test_a_line_without_supplier_is_of_the_products_supplier() -> None:
    lines = with_supplier(purchases([10] * 5, supplier=None), products(supplier_id=["Z", "X", "X"]))
    assert lines["supplier_id"].to_list() == ["Z"] * 5
    assert with_supplier(lines, None).equals(lines)


def test_usual_lateness_is_the_median_of_the_supplier_else_of_all() -> None:
    late = pl.concat(
        [
            purchases([10] * 4, late=1),
            purchases([90], sku="B", late=80),
            purchases([10] * 4, sku="C", supplier="Y", late=5),
        ]
    )
    lateness = usual_lateness(received_lines(late, AS_OF))
    assert lateness.rows() == [("X", 1.0), (None, 5.0)]
    assert usual_lateness(received_lines(late[:3], AS_OF)).rows() == [(None, 0.0)]
