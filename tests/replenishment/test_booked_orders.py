"""Open customer orders: counted once, beyond what is usual, and served by date and priority."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from stockout.replenishment.booked_orders import booked_beyond, open_orders, order_shortages
from stockout.replenishment.position import Arrivals, with_promised
from stockout.tables import conform

if TYPE_CHECKING:
    from collections.abc import Callable

    from stockout.forecasting.demand_model import DemandModel

AS_OF = date(2026, 3, 29)  # of the models of these tests, a Sunday


def after(days: int) -> date:
    return AS_OF + timedelta(days)


def orders(*rows: tuple[Any, ...]) -> pl.DataFrame:
    """Rows of sku, units, days until due, ordered, and shipped; None is no date."""
    return conform(
        pl.DataFrame(
            [
                (f"{i}", sku, float(units), *(None if d is None else after(d) for d in days))
                for i, (sku, units, *days) in enumerate(rows)
            ],
            schema={
                "order_id": pl.String, "sku": pl.String, "units": pl.Float64,
                "due_date": pl.Date, "order_date": pl.Date, "shipped_date": pl.Date,
            },
            orient="row",
        ),
        "orders",
    )  # fmt: skip


def test_open_orders_by_date_and_priority() -> None:
    table = orders(
        ("A", 1, 9, -1, None), ("A", 2, 3, -1, None), ("B", 3, 3, -1, None),
        ("A", 4, 5, -1, -1), ("A", 5, 5, 1, None), ("A", 6, None, -7, None),
    ).with_columns(priority=pl.Series([1.0, 2.0, 1.0, 1.0, 1.0, None]))  # fmt: skip
    found = open_orders(table, AS_OF)
    assert found.select("order_id", "due_date").rows() == [
        ("5", after(-7)), ("2", after(3)), ("1", after(3)), ("0", after(9)),
    ]  # fmt: skip
    assert open_orders(None, AS_OF).columns == found.columns


def test_orders_consume_the_forecast_where_nothing_tells_what_is_usual(
    make_model: Callable[..., DemandModel],
) -> None:
    model = make_model([2.0, 2.0], freq="day", horizon=10)
    table = orders(("A", 5, 3, -1, None), ("A", 20, 6, -1, None), ("B", 4, 4, -1, None))
    beyond = booked_beyond(model, table)
    # up to the sixth day 12 are expected and 25 booked; before it 5 of 6; B's are expected
    assert beyond[:, 0].tolist() == [0, 0, 0, 0, 0, 13, 0, 0, 0, 0]
    assert beyond[:, 1].sum() == 0
    assert booked_beyond(model, None).sum() == 0


def test_what_is_usually_booked_is_in_the_forecast(make_model: Callable[..., DemandModel]) -> None:
    # every week one unit is ordered on Saturday for the next Wednesday, and delivered
    usual = [("A", 1, 3 - 7 * k, -1 - 7 * k, 3 - 7 * k) for k in range(1, 20)]
    model = make_model([10.0], freq="day", horizon=10)
    same = booked_beyond(model, orders(*usual, ("A", 1, 3, -1, None)))
    assert same.sum() == 0
    more = booked_beyond(model, orders(*usual, ("A", 6, 3, -1, None)))
    # the forecast of 10 a day has walk-in customers for the rest, so five come on top
    assert more[:, 0].tolist() == [0, 0, 5, 0, 0, 0, 0, 0, 0, 0]
    few = booked_beyond(model, orders(*usual[:3], ("A", 6, 3, -1, None)))
    assert few.sum() == 0


def test_periods_of_weeks(make_model: Callable[..., DemandModel]) -> None:
    model = make_model([2.0], freq="week", horizon=4)
    beyond = booked_beyond(model, orders(("A", 9, 7, -1, None), ("A", 9, 8, -1, None)))
    assert beyond[:, 0].tolist() == [7, 7, 0, 0]


def test_the_first_due_is_served_first() -> None:
    table = open_orders(
        orders(("A", 4, 2, -1, None), ("A", 3, 2, -1, None), ("A", 5, 9, -1, None),
               ("B", 2, 4, -1, None), ("C", 2, 4, -1, None)).with_columns(
            priority=pl.Series([2.0, 1.0, None, None, None])
        ),
        AS_OF,
    ).with_columns(days=(pl.col("due_date") - AS_OF).dt.total_days())  # fmt: skip
    stock = pl.DataFrame({"sku": ["A", "B", "C"], "location": "ALL", "free": [5.0, 0.0, None]})
    coming = pl.DataFrame(
        {"sku": ["A", "B"], "location": "ALL", "units": [6.0, 9.0], "days": [5.0, 6.0]}
    )
    found = order_shortages(table, stock, coming)
    # the 5 serve the 3 of priority 1 and 2 of the 4; of 6 more, 2 are owed and 4 left for the 5
    assert dict(found.select("order_id", "short_units").rows()) == {"1": 0, "0": 2, "2": 1, "3": 2}


@pytest.mark.parametrize("protection", [6.0, 2.5])
def test_what_is_promised_leaves_when_it_is_due(protection: float) -> None:
    incoming = Arrivals(np.array([[1.0, 3.0], [2.0, np.inf]]), np.array([[5.0, 7.0], [4.0, 0.0]]))
    promised = np.zeros((8, 2))
    promised[[0, 3, 7], 0] = [2, 1, 9]
    ends = np.full(2, protection)
    if protection < 3:
        incoming = Arrivals(incoming.periods[:, :1], incoming.units[:, :1])
    both, total = with_promised(incoming, promised, ends)
    if protection == 6:
        assert both.periods[0].tolist() == [0, 1, 3]
        assert both.units[0].tolist() == [-2, 5, 6]
        assert total.tolist() == [3, 0]
    else:
        assert both.units[0].tolist() == [-2, 5]
        assert total.tolist() == [2, 0]
    assert both.units[1][np.isfinite(both.periods[1])].tolist() == [4]
    same, nothing = with_promised(incoming, 0 * promised, ends)
    assert same is incoming
    assert nothing.sum() == 0
