"""The examples on real data: every item has its forecast, and what is left out is said."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import polars as pl
import pytest

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(sys.platform == "win32", reason="the examples are bash scripts"),
]


def run_example(root: Path, name: str, real_data: Path, result: Path) -> str:
    """Runs an example; gives what it said on stderr."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", root / "examples" / f"{name}.sh", result],  # noqa: S607 - whichever bash there is
        env=os.environ | {"PATH": path, "STOCKOUT_REALDATA": str(real_data)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert re.search(r"^[0-9.]+ s elapsed, [0-9.]+ s of processor time$", done.stderr, re.MULTILINE)
    return done.stderr


def check_complete(forecast: pl.DataFrame, items: pl.DataFrame, horizon: int) -> None:
    """Every item has one row for each of the periods after as-of, and nothing else is there."""
    counts = forecast.group_by("sku", "location").agg(pl.len(), pl.col("date").n_unique())
    assert counts["len"].unique().to_list() == [horizon]
    assert counts["date"].unique().to_list() == [horizon]
    assert (
        counts.select("sku", "location")
        .sort("sku", "location")
        .equals(items.select("sku", "location").unique().sort("sku", "location"))
    )
    assert forecast.null_count().sum_horizontal().item() == 0
    assert (forecast.select("mean", "q50", "q90").min_horizontal() >= 0).all()
    assert (forecast["q50"] <= forecast["q90"]).all()
    assert forecast.filter(pl.col("model") == "ended").select("mean", "q90").sum().row(0) == (0, 0)


def test_online_retail(root: Path, real_data: Path, tmp_path: Path) -> None:
    result = tmp_path / "forecast.parquet"
    said = run_example(root, "online_retail", real_data, result)
    forecast = pl.read_parquet(result)
    lines = pl.read_parquet(real_data / "online_retail_2009_2010.parquet")
    no_product = r"^(POST|DOT|C2|C3|M|m|D|S|B|ADJUST2?|BANK CHARGES|AMAZONFEE|gift_.*|GIFT|TEST.*)$"
    left_out = pl.col("StockCode").str.contains(no_product) | (pl.col("Price") <= 0)
    sold = lines.filter(~left_out).select(
        sku=pl.col("StockCode").str.strip_chars(), location=pl.lit("ALL")
    )
    check_complete(forecast, sold, horizon=28)
    assert forecast["date"].min() == date(2010, 12, 10)
    counted = [int(n.replace(",", "")) for n in re.findall(r"sales: ([0-9,]+) rows left out", said)]
    assert sum(counted) == lines.filter(left_out).height
    assert len(counted) == 6
    assert re.search(r"sales: [0-9,]+ of [0-9,]+ returned units were taken off", said)


def test_freshretail(root: Path, real_data: Path, tmp_path: Path) -> None:
    result = tmp_path / "forecast.parquet"
    said = run_example(root, "freshretail", real_data, result)
    forecast = pl.read_parquet(result)
    days = pl.scan_parquet(real_data / "freshretailnet_even_stores.parquet")
    items = days.select(
        sku=pl.col("product_id").cast(pl.String), location=pl.col("store_id").cast(pl.String)
    ).unique()
    check_complete(forecast, items.collect(), horizon=7)
    # Most items were out of stock for a part of the last month, so more was wanted than sold.
    last = days.filter(pl.col("dt") > pl.col("dt").max() - pl.duration(days=28))
    sold_a_day = last.select(pl.col("sale_amount").sum() / 28).collect().item()
    wanted_a_day = float(forecast["mean"].sum()) / 7
    assert sold_a_day < wanted_a_day < 1.5 * sold_a_day
    assert "inventory: 2,238,750 rows read" in said
