"""``stockout backtest``: exit codes, output, and what a person sees."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import polars as pl
import pytest

from stockout.outputs import write_frame

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Cli

COLUMNS = [
    "what",
    "by",
    "group",
    "method",
    "horizon",
    "ahead",
    "metric",
    "value",
    "low",
    "high",
    "unit",
    "coverage",
    "items",
    "forecasts",
]
"""Other people's scripts rely on them."""


@pytest.fixture
def weeks(folder: Path) -> Path:
    """Two SKUs by the week for a year, with Sunday's stock, and a config."""
    mondays = pl.date_range(pl.date(2025, 6, 30), pl.date(2026, 6, 22), "1w", eager=True)
    units = pl.DataFrame({"sku": ["00123", "00456"], "units": [9, 4]})
    sales = pl.DataFrame({"date": mondays}).join(units, how="cross")
    write_frame(sales, folder / "sales.csv", "csv")
    stock = sales.select(pl.col("date").dt.offset_by("6d"), "sku", on_hand=2 * pl.col("units"))
    write_frame(stock, folder / "inventory.csv", "csv")
    (folder / "stockout.toml").write_text(
        "default_lead_time_days = 7\n[reorder]\nservice_level = 0.9\n"
        '[tables]\nsales = "sales.csv"\ninventory = "inventory.csv"\n'
    )
    return folder


def test_figures_as_csv(cli: Cli, weeks: Path) -> None:
    assert weeks.is_dir()
    code, stdout, stderr = cli("backtest", "--replay", "4", "--by", "sku")
    assert (code, stderr) == (0, "")
    frame = pl.read_csv(io.StringIO(stdout), infer_schema=False)
    assert frame.columns == COLUMNS
    whole = frame.filter(by="all", metric="wape", method="stockout", horizon="4", ahead="1")
    assert float(whole["value"].item()) == pytest.approx(0, abs=1e-6)
    assert frame.filter(by="sku", metric="wape")["group"].unique().sort().to_list() == [
        "00123",
        "00456",
    ]
    facts = frame.filter(what="replay", by="all").filter(pl.col("method").is_null())
    told = dict(facts.select("metric", "value").rows())
    assert (told["lead_time_days"], told["service_level"], told["weeks"]) == ("7.0", "0.9", "3.0")


def test_digest_and_picture(cli: Cli, weeks: Path) -> None:
    code, stdout, stderr = cli(
        "backtest", "--format", "table", "--replay", "0", "--picture", "accuracy.svg"
    )
    assert (code, stderr) == (0, "")
    assert stdout.startswith("Over ")
    assert "the forecast of 4-week sums was 0.0 % off on average" in " ".join(stdout.split())
    assert (weeks / "accuracy.svg").read_text(encoding="utf-8").startswith("<svg role=")


def test_accuracy_is_told_where_orders_cannot_be_replayed(cli: Cli, weeks: Path) -> None:
    assert weeks.is_dir()
    code, stdout, stderr = cli("backtest", "--format", "table", "--replay", "40")
    assert code == 0
    assert stderr.startswith("warning: what the policy would have cost is not known")
    assert "orders are not replayed: what the policy" in " ".join(stdout.split())
    assert "Forecast of 4-week sums" in stdout


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--picture", "a.pdf"], "error: a.pdf: a picture is written as SVG or PNG\n"
         "hint: end the name in .svg or .png\n"),
        (["--protection", "2,x"], "error: protection: found 'x', expected whole numbers of "
         "periods\nhint: like --protection 7,21\n"),
        (["--by", "colour"], "error: by: found 'colour', expected sku, location, category, "
         "supplier, demand_class, abc, xyz\n"),
        (["--horizon", "0"], "error: horizon is 0, expected a whole number, at least 1\n"),
        (["--replay", "-1"], "error: the replay has -1 weeks, expected 0 or more\n"),
        (["--models", "sess"], "error: models: found 'sess', expected one or more of "),
    ],
)  # fmt: skip
def test_wrong_use(cli: Cli, weeks: Path, args: list[str], message: str) -> None:
    assert weeks.is_dir()
    code, stdout, stderr = cli("backtest", *args)
    assert (code, stdout) == (2, "")
    assert stderr.startswith(message)


def test_a_history_too_short(cli: Cli, shop: Path) -> None:
    assert shop.is_dir()
    code, stdout, stderr = cli("backtest", "--horizon", "60")
    assert (code, stdout) == (2, "")
    assert stderr.startswith(
        "error: past accuracy is not known from these data, because 84 days of history leave room "
        "for no origin with 60 days ahead\nhint: "
    )
