"""Changes of the unit are found, and changes of demand are not called one."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from stockout.checks.check import check_frames
from stockout.checks.day_sums import DaySums
from stockout.checks.rules.level_shifts import _split
from stockout.config import CheckConfig

FIRST = date(2025, 1, 6)
ONLY = CheckConfig(
    max_findings=0,
    rules={code: {"severity": "off"} for code in ("SO311", "SO501", "SO513")},
)


def business(units: np.ndarray, price: float | np.ndarray | None = None) -> pl.DataFrame:
    """Daily sales (days, items); days without any have no row."""
    days, items = units.shape
    return (
        pl.DataFrame(
            {
                "date": np.repeat(np.datetime64(FIRST) + np.arange(days), items),
                "sku": np.tile([f"S{item:04}" for item in range(items)], days),
                "units": units.ravel().astype(float),
                "unit_price": np.broadcast_to(
                    np.nan if price is None else np.asarray(price, dtype=float), units.shape
                ).ravel(),
            }
        )
        .with_columns(pl.col("unit_price").fill_nan(None))
        .filter(pl.col("units") > 0)
    )


def shifts(sales: pl.DataFrame) -> pl.DataFrame:
    """Findings of the rule."""
    return check_frames(sales=sales, settings=ONLY).filter(code="SO502")


@pytest.mark.parametrize("factor", [6, 10, 12, 24, 100])
@pytest.mark.parametrize(("mean", "when"), [(0.7, 40), (0.7, 150), (3, 40), (3, 185), (40, 185)])
def test_pieces_after_cases(factor: int, mean: float, when: int) -> None:
    units = np.random.default_rng(3).poisson(mean, (200, 4)).astype(float)
    units[when:, 1] *= factor
    found = shifts(business(units))
    (row,) = found.rows(named=True)
    assert row["sku"] == "S0001"
    assert abs((row["date"] - FIRST).days - when) <= 12
    assert f"times {factor}," in row["message"]


@pytest.mark.parametrize("factor", [6, 12, 24])
def test_cases_after_pieces_with_their_price(factor: int) -> None:
    units = np.random.default_rng(3).poisson(2.0, (200, 4)).astype(float)
    price = np.full(units.shape, 8.0)
    units[:101, 2] *= factor
    price[101:, 2] *= factor
    (row,) = shifts(business(units, price)).rows(named=True)
    assert (row["sku"], row["column"]) == ("S0002", "units")
    assert f"divided by {factor}, and the price goes from 8 to {8 * factor}" in row["message"]


def test_a_price_alone() -> None:
    units = np.random.default_rng(3).poisson(2.0, (200, 4)).astype(float)
    price = np.full(units.shape, 8.0)
    price[101:, 2] *= 12
    (row,) = shifts(business(units, price)).rows(named=True)
    assert (row["sku"], row["column"]) == ("S0002", "unit_price")
    assert "a price of about 96, before 8: times 12" in row["message"]


def demands(kind: str, rng: np.random.Generator) -> np.ndarray:
    """Mean demand (days, items) that changes much, and not because of a unit."""
    days = np.arange(400)[:, None]
    rate = np.exp(rng.normal(0.5, 1.0, 300))
    change = {
        "steady": np.ones((400, 300)),
        "ramp": 1 + days / 30,
        "season": np.exp(1.1 * np.cos(2 * np.pi * (days - rng.integers(0, 365, 300)) / 365)),
        "promotions": 1 + 4 * ((days + 11 * np.arange(300)) % 60 < 7),
        "decline": np.exp(-days / 80),
        "doubled": 1 + 1.5 * (days > 200),
    }[kind]
    return np.asarray(rate * change)


@pytest.mark.parametrize("kind", ["steady", "ramp", "season", "promotions", "decline", "doubled"])
def test_changes_of_demand_are_not_called_a_change_of_unit(kind: str) -> None:
    rng = np.random.default_rng(17)
    mean = demands(kind, rng)
    units = rng.poisson(mean * rng.gamma(2.0, 0.5, mean.shape))  # negative binomial, k = 2
    assert shifts(business(units.astype(float))).height <= 1  # of 300 items


def test_the_split_is_that_of_the_rank_sum() -> None:
    rng = np.random.default_rng(1)
    values = rng.integers(1, 5, 60).astype(float)
    values[41:] += 3
    at = _split(DaySums(np.arange(60), values), 8, 4.5)
    scores = []
    for split in range(8, 53):
        ranks = pl.Series(values).rank("average").to_numpy()
        expected = split * 61 / 2
        scores.append(abs(ranks[:split].sum() - expected) / np.sqrt(split * (60 - split) * 61 / 12))
    assert at.tolist() == [8 + int(np.argmax(scores))]
    assert max(scores) > 4.5
    assert _split(DaySums(np.arange(60), values), 8, max(scores) + 1e-9).tolist() == []
