"""What was known earlier."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from stockout.demand.history import demand_history
from stockout.forecasting.truncation import history_until

if TYPE_CHECKING:
    from collections.abc import Callable

    Table = Callable[..., pl.DataFrame]


@pytest.mark.parametrize(("step", "freq"), [(1, "day"), (7, "week")])
def test_it_is_the_history_as_of_that_day(table: Table, step: int, freq: str) -> None:
    rng = np.random.default_rng(5)
    sales = table(1.0 + rng.poisson(3, (90, 4)), step=step)
    stock = table(rng.random((90, 4)) < 0.8, step=step, column="in_stock").with_columns(
        pl.col("in_stock").cast(pl.Boolean)
    )
    history = demand_history(sales, stock, freq=freq)  # type: ignore[arg-type]
    then = history_until(history, 60, np.arange(4))
    last = history.first_period + timedelta(days=step * 60 - 1)
    again = demand_history(sales, stock, as_of=last, freq=freq)  # type: ignore[arg-type]
    assert then.as_of == again.as_of == last
    for name in ("units", "share", "observed", "sold_out", "open"):
        np.testing.assert_array_equal(getattr(then, name), getattr(again, name))
    assert then.future_dates(2).to_list() == again.future_dates(2).to_list()


def test_items_come_in_the_order_asked_for(table: Table) -> None:
    history = demand_history(table(np.tile([1.0, 2.0, 3.0], (40, 1))))
    then = history_until(history, 30, np.array([2, 0]))
    assert then.items["sku"].to_list() == ["S0002", "S0000"]
    assert then.units[-1].tolist() == [3.0, 1.0]
