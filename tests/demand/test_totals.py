from __future__ import annotations

import numpy as np
import pytest

from stockout.demand import columns
from stockout.demand.totals import totals


@pytest.mark.parametrize("periods", [1, 6, 7, 8, 30, 400])
@pytest.mark.parametrize("week", [1, 7])
def test_totals_are_sums_over_the_observed_periods(periods: int, week: int) -> None:
    rng = np.random.default_rng(periods)
    units = rng.poisson(0.7, (periods, 5)).astype(np.float32) * np.float32(0.3)
    observed = rng.random((periods, 5)) < 0.8
    found = totals(units, observed, week)
    demand = np.where(observed, units, 0).astype(np.float64)
    place = np.arange(periods)[::-1] // week  # weeks before the last one
    row = week - 1 - np.arange(periods)[::-1] % week
    weeks = place[0]
    np.testing.assert_allclose(
        found.sold, [demand[place == weeks - w].sum(axis=0) for w in range(weeks + 1)]
    )
    np.testing.assert_array_equal(
        found.seen, [observed[place == weeks - w].sum(axis=0) for w in range(weeks + 1)]
    )
    np.testing.assert_allclose(
        found.sold_by_row, [demand[row == r].sum(axis=0) for r in range(week)]
    )
    np.testing.assert_array_equal(
        found.seen_by_row, [observed[row == r].sum(axis=0) for r in range(week)]
    )
    np.testing.assert_allclose(found.squared, np.square(demand).sum(axis=0))
    np.testing.assert_array_equal(found.sales, (demand > 0).sum(axis=0))
    np.testing.assert_array_equal(found.observed, observed.sum(axis=0))
    np.testing.assert_allclose(found.units, demand.sum(axis=0))


def test_totals_do_not_depend_on_the_width_of_the_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    units = rng.poisson(2, (40, 90)).astype(np.float32)
    observed = rng.random((40, 90)) < 0.9
    whole = totals(units, observed, 7)
    monkeypatch.setattr("stockout.demand.totals.WIDE", 16)
    assert columns.WIDE > 90
    for one, other in zip(whole, totals(units, observed, 7), strict=True):
        np.testing.assert_array_equal(one, other)
