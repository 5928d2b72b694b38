"""Past accuracy: judged by what came, from what was known, where there was stock."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from stockout.demand.history import demand_history
from stockout.errors import ConfigError
from stockout.forecasting.backtest import accuracy, group_labels
from stockout.forecasting.backtest_table import SCHEMA
from stockout.forecasting.forecast import forecast
from stockout.forecasting.origins import plan_origins
from stockout.tables import conform

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockout.demand.history import History
    from stockout.forecasting.demand_model import DemandModel
    from stockout.forecasting.hindsight import Hindsight

MONDAY = date(2025, 1, 6)
DAYS = 168


def sales_of(units: Mapping[str, Sequence[float]], *, first: int = 0) -> pl.DataFrame:
    """Daily sales of some SKUs."""
    parts = [
        pl.DataFrame(
            {
                "date": [MONDAY + timedelta(first + k) for k in range(len(sold))],
                "sku": sku,
                "units": [float(one) for one in sold],
            }
        )
        for sku, sold in units.items()
    ]
    return pl.concat(parts)


def judged(
    sales: pl.DataFrame,
    inventory: pl.DataFrame | None = None,
    by: tuple[str, ...] = (),
    protection: tuple[int, ...] = (),
    **plan: int,
) -> pl.DataFrame:
    """The table of a backtest of the accuracy."""

    def history_at(day: date | None) -> History:
        return demand_history(sales, inventory, as_of=day)

    full = history_at(None)
    origins = plan_origins(full, **plan)
    return accuracy(full, origins, history_at, protection=protection).frame(group_labels(full, by))


def one(frame: pl.DataFrame, metric: str, method: str = "stockout", **place: object) -> float:
    """The value of one row of all items and of the whole horizon, or of the place that is told."""
    horizon = int(frame.filter(metric="origins")["horizon"].item())
    where: dict[str, object] = {"by": "all", "horizon": horizon, "ahead": 1}
    found = frame.filter(metric=metric, method=method, **{**where, **place})
    return float(found["value"].item())


@pytest.fixture(scope="module")
def noisy() -> pl.DataFrame:
    """Three SKUs that sell by chance, 2, 6 and 0.3 a day."""
    random = np.random.default_rng(4)
    return sales_of(
        {sku: random.poisson(mean, DAYS).tolist() for sku, mean in (("A", 2), ("B", 6), ("C", 0.3))}
    )


@pytest.fixture(scope="module")
def table(noisy: pl.DataFrame) -> pl.DataFrame:
    """Their backtest, by everything."""
    return judged(noisy, by=("sku", "location", "supplier", "xyz"), protection=(21,))


def test_what_never_changes_is_forecast_without_error() -> None:
    frame = judged(sales_of({"A": [4] * DAYS, "B": [1] * DAYS}))
    assert frame.schema == pl.Schema(SCHEMA)
    for method in ("stockout", "naive", "seasonal naive", "moving average"):
        assert one(frame, "wape", method) == pytest.approx(0, abs=1e-6)
        assert one(frame, "bias", method) == pytest.approx(0, abs=1e-6)
    facts = dict(frame.filter(what="data", by="all").select("metric", "value").rows())
    assert facts["origins"] == 3
    assert facts["availability_unknown"] == 1
    assert facts["out_of_stock"] == facts["in_stock"] == 0


def test_the_moving_average_by_hand() -> None:
    """One origin; 28 days of 2 before it and 28 days of 3 after: 56 forecast of 84."""
    frame = judged(sales_of({"A": [2] * 84 + [3] * 28}), horizon=28, origins=1)
    assert one(frame, "wape", "moving average") == pytest.approx(28 / 84)
    assert one(frame, "bias", "moving average") == pytest.approx(-28 / 84)
    # the same in each of the weeks ahead, and in sums
    assert one(frame, "wape", "moving average", horizon=7, ahead=8) == pytest.approx(1 / 3)
    assert one(frame, "wape", "moving average", horizon=14) == pytest.approx(1 / 3)


def test_added_value_is_the_difference_of_errors(table: pl.DataFrame) -> None:
    frame = table
    for method in ("naive", "seasonal naive", "moving average"):
        theirs, ours = one(frame, "wape", method), one(frame, "wape")
        assert one(frame, "fva", method) == pytest.approx(theirs - ours)
        gained = one(frame, "pinball", method) - one(frame, "pinball")
        assert one(frame, "fva_pinball", method) == pytest.approx(gained)
    naive = frame.filter(metric="fva", method="naive", by="all", horizon=28, ahead=1)
    assert naive["low"].item() > 0  # the last day again, 28 times, is worse for sure


def test_forecasts_are_those_of_their_date(noisy: pl.DataFrame) -> None:
    full = demand_history(noisy)
    origins = plan_origins(full)
    seen: list[int] = []

    def look(number: int, case: Hindsight, model: DemandModel) -> None:
        as_of = origins.as_of(full, origins.rows[number])
        told = forecast(noisy.filter(pl.col("date") <= as_of), horizon=28)
        assert model.mean.sum(axis=0) == pytest.approx(
            told.group_by("sku", maintain_order=True).agg(pl.col("mean").sum())["mean"].to_numpy()
        )
        assert case.known.as_of == as_of
        sold = noisy.filter(pl.col("date").is_between(as_of, as_of + timedelta(28), closed="right"))
        assert case.units.sum() == sold["units"].sum()
        seen.append(number)

    accuracy(full, origins, lambda day: demand_history(noisy, as_of=day), at_origin=look)
    assert seen == [0, 1, 2]


def test_the_order_of_rows_plays_no_part(noisy: pl.DataFrame, table: pl.DataFrame) -> None:
    mixed = judged(noisy.sample(fraction=1, shuffle=True, seed=1))
    plain = table.filter(pl.col("by").is_in(mixed["by"].unique().implode()))
    assert mixed.equals(plain.filter((pl.col("horizon") != 21) | (pl.col("ahead") != 1)))


def test_periods_out_of_stock_are_not_judged() -> None:
    days = [MONDAY + timedelta(k) for k in range(DAYS)]
    # in stock until the last 28 days; then A is out for 7 of them and B for 20
    out = {"A": range(DAYS - 7, DAYS), "B": range(DAYS - 20, DAYS)}
    sold = {sku: [0.0 if k in gone else 3.0 for k in range(DAYS)] for sku, gone in out.items()}
    stock = pl.concat(
        [
            pl.DataFrame(
                {"date": days, "sku": sku, "in_stock": [k not in gone for k in range(DAYS)]}
            )
            for sku, gone in out.items()
        ]
    )
    frame = judged(sales_of(sold), stock, by=("sku",), horizon=28, origins=1)
    assert one(frame, "wape") == pytest.approx(0, abs=0.02)  # 0 and 0 would be far off
    groups = frame.filter(by="sku", metric="wape", method="stockout", horizon=28)
    assert groups.select("group", "coverage").rows() == [("A", 0.75)]
    facts = dict(frame.filter(what="data", by="all").select("metric", "value").rows())
    assert facts["out_of_stock"] == pytest.approx(27 / 56)
    assert facts["in_stock"] == pytest.approx(29 / 56)
    reasons = dict(frame.filter(by="reason").select("group", "value").rows())
    assert reasons["out of stock for most of the time"] == 1


def test_items_without_a_forecast_are_counted(noisy: pl.DataFrame) -> None:
    fresh = sales_of({"NEW": [5] * 10}, first=DAYS - 10)
    frame = judged(pl.concat([noisy, fresh]))
    reasons = dict(frame.filter(by="reason").select("group", "value").rows())
    assert reasons["first sold after the origin"] == 1
    assert frame.filter(by="all", metric="wape", method="stockout")["items"].max() == 3


def test_an_item_that_ended_and_came_back_counts_as_an_error() -> None:
    back = [3.0] * 60 + [0.0] * 80 + [2.0] * 28
    frame = judged(sales_of({"A": [4.0] * 168, "B": back}), horizon=28, origins=1)
    assert one(frame, "wape") == pytest.approx(56 / (56 + 112), abs=0.02)
    assert one(frame, "bias") == pytest.approx(-56 / (56 + 112), abs=0.02)
    # of a forecast of 0 there is no distribution
    assert one(frame, "coverage_95") == pytest.approx(0.95, abs=0.06)


def test_groups(table: pl.DataFrame) -> None:
    frame = table
    skus = frame.filter(by="sku", metric="wape", method="stockout", horizon=28, ahead=1)
    assert skus["group"].to_list() == ["A", "B", "C"]
    assert skus["items"].to_list() == [1, 1, 1]
    assert skus["forecasts"].to_list() == [3, 3, 3]
    whole = frame.filter(by="location", metric="wape", method="stockout", horizon=28, ahead=1)
    assert whole["group"].to_list() == ["ALL"]
    assert whole["value"].item() == one(frame, "wape")
    assert frame.filter(by="supplier")["group"].unique().to_list() == [None]
    classes = frame.filter(by="demand_class")["group"].unique()
    assert set(classes) <= {"smooth", "erratic", "intermittent", "lumpy"}
    dates = frame.filter(by="origin", metric="wape", method="stockout")
    assert dates["group"].to_list() == ["2025-03-30", "2025-04-27", "2025-05-25"]


def test_suppliers_come_from_products(noisy: pl.DataFrame) -> None:
    products = conform(pl.DataFrame({"sku": ["A", "B"], "supplier_id": ["V1", "V2"]}), "products")
    labels = group_labels(demand_history(noisy), ["supplier"], products)
    assert labels["supplier"].to_list() == ["V1", "V2", None]


def test_there_is_no_such_group(noisy: pl.DataFrame) -> None:
    with pytest.raises(ConfigError, match="by: found 'colour', expected sku, location"):
        group_labels(demand_history(noisy), ["colour"])


def test_a_protection_period_is_fitted_by_itself(noisy: pl.DataFrame, table: pl.DataFrame) -> None:
    rows = table.filter(by="all", method="stockout", horizon=21, ahead=1)
    assert {"wape", "coverage_95", "coverage_95_plain", "pinball"} <= set(rows["metric"])
    with pytest.raises(ConfigError, match="protection is 29, expected 1 to 28"):
        judged(noisy, protection=(29,))


def test_windows_that_overlap_are_one_cluster(noisy: pl.DataFrame) -> None:
    apart = judged(noisy, origins=4, spacing=1)
    shown = apart.filter(by="all", metric="wape", method="stockout", horizon=28, ahead=1)
    assert shown["forecasts"].item() == 12
    # 4 dates a day apart say hardly more than one: only items vary
    alone = judged(noisy, horizon=28, origins=1)
    single = alone.filter(by="all", metric="wape", method="stockout", horizon=28, ahead=1)
    widths = [(row["high"] - row["low"]).item() for row in (shown, single)]
    assert widths[0] > widths[1] / 2
