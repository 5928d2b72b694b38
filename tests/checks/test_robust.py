"""Medians and spreads from bins are those of the values."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from stockout.checks.robust import NORMAL, NORMAL_DECILE, log_bin, log_spread


@pytest.mark.parametrize("sigma", [0.3, 1.0])
def test_spread_is_that_of_the_values(sigma: float) -> None:
    rng = np.random.default_rng(2)
    values = np.exp(rng.normal(1.5, sigma, (3, 5001)))
    frame = pl.DataFrame({"item": np.repeat([0, 1, 2], 5001), "value": values.ravel()})
    bins = frame.group_by("item", log_bin(pl.col("value")).alias("bin")).agg(pl.len())
    found = log_spread(bins, ["item"], floor=0.01)
    logs = np.log(values)
    middle = np.median(logs, axis=1)
    mad = NORMAL * np.median(np.abs(logs - middle[:, None]), axis=1)
    upper = (np.quantile(logs, 0.9, axis=1) - middle) / NORMAL_DECILE
    step = np.log(2) / 16
    assert found["rows"].to_list() == [5001] * 3
    assert found["centre"].to_numpy() == pytest.approx(middle, abs=step)
    assert found["spread"].to_numpy() == pytest.approx(np.maximum(mad, upper), abs=2 * step)
    assert found["spread"].to_numpy() == pytest.approx(sigma, rel=0.25)


def test_what_is_not_positive_has_no_bin() -> None:
    bins = pl.DataFrame({"value": [1.0, 0.0, -2.0, None, 1e300, 1e-300]}).select(
        log_bin(pl.col("value"))
    )
    assert bins["value"].to_list() == [0, None, None, None, 15945, -15945]
