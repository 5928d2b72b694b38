"""The real data sets read whole, in seconds."""

from __future__ import annotations

import logging
import time
from datetime import date
from typing import TYPE_CHECKING

import polars as pl
import pytest

from stockout.config import Exclude, Source, SqlColumn
from stockout.exports.read import read_table

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.realdata

SECONDS = 10  # far above the 0.5 s it takes, far below what a loop over rows would


def test_online_retail(real_data: Path, caplog: pytest.LogCaptureFixture) -> None:
    start = time.perf_counter()
    sales = read_table(
        "sales",
        Source(
            path=str(real_data / "online_retail_2009_2010.parquet"),
            exclude=[
                Exclude(where="Invoice LIKE 'C%'", reason="cancelled invoices"),
                Exclude(where="NOT StockCode ~ '^[0-9]{5}'", reason="no products"),
            ],
        ),
    )
    assert time.perf_counter() - start < SECONDS
    warnings = [text for _, level, text in caplog.record_tuples if level == logging.WARNING]
    assert warnings == [
        "sales: 10,206 rows left out: cancelled invoices",
        "sales: 2,472 rows left out: no products",
    ]
    assert sales.height == 525_461 - 10_206 - 2_472
    assert sales.row(0, named=True) == {
        "date": date(2009, 12, 1),
        "sku": "85048",
        "location": "ALL",
        "units": 12.0,
        "revenue": pytest.approx(83.4),
        "unit_price": 6.95,
        "customer_id": "13085",
        "order_id": "489434",
        "channel": None,
        "on_promo": None,
    }


def test_online_retail_as_csv_is_the_same(real_data: Path, tmp_path: Path) -> None:
    parquet = real_data / "online_retail_2009_2010.parquet"
    pl.read_parquet(parquet).with_columns(
        # Written as a float, a customer would keep its ".0": CSV is text, and read as such.
        pl.col("Customer ID").cast(pl.Int64)
    ).write_csv(tmp_path / "sales.csv")
    start = time.perf_counter()
    from_csv = read_table("sales", Source(path=str(tmp_path / "sales.csv")))
    assert time.perf_counter() - start < SECONDS
    assert from_csv.equals(read_table("sales", Source(path=str(parquet))))


def test_freshretail_sales_and_inventory_from_one_file(real_data: Path) -> None:
    path = str(real_data / "freshretailnet_even_stores.parquet")
    start = time.perf_counter()
    sales = read_table(
        "sales", Source(path=path, columns={"units": "sale_amount", "on_promo": "activity_flag"})
    )
    inventory = read_table(
        "inventory",
        Source(
            path=path,
            columns={"in_stock_share": SqlColumn(sql="1 - stockout_hours_6_21 / 16.0")},
        ),
    )
    assert time.perf_counter() - start < SECONDS
    assert sales.height == inventory.height == 2_238_750
    assert sales.select("date", "sku", "location").equals(
        inventory.select("date", "sku", "location")
    )
    share = inventory["in_stock_share"]
    assert (share.min(), share.max(), share.null_count()) == (0, 1, 0)
