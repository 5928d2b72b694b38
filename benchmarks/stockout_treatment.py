"""What the forecast does with days out of stock, beside other treatments and the truth.

    python benchmarks/stockout_treatment.py

1. Real data (fresh_retail, where half of the days have some stockout): seven days from three
   origins, judged on days fully in stock; WAPE and WPE (bias) by treatment of the past.
2. The simulator: the sum of 28 days against what its customers then wanted, by stockout rate, with
   the inventory and without it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

import stockout
from data_sets import REAL_DATA, fresh_retail
from forecast_accuracy import case
from stockout.forecasting.fit import fit
from stockout.simulator.parameters import Parameters
from stockout.simulator.simulate import simulate

if TYPE_CHECKING:
    from stockout.demand.history import History

RATES = (0.02, 0.08, 0.15, 0.30)


def left_out(history: History) -> History:
    """Days with any stockout are no demand: what the forecast does."""
    return history


def as_sold(history: History) -> History:
    """Every day counts as it was sold."""
    return replace(history, observed=np.arange(history.periods)[:, None] >= history.start)


def divided(history: History) -> History:
    """Days in stock for half or more count with their sales divided by that share."""
    part = (history.share >= 0.5) & (history.share < 1)
    units = np.where(part, history.units / np.maximum(history.share, 0.5), history.units)
    return replace(history, units=units.astype(np.float32), observed=history.observed | part)


def real() -> None:
    """Prints WAPE and WPE of each treatment."""
    data = fresh_retail()
    print("fresh_retail, 7 days     WAPE     WPE")
    for treat in (left_out, divided, as_sold):
        error, bias, sold = 0.0, 0.0, 0.0
        for origin in data.origins:
            known = case(data, origin, 7)
            mean = np.where(known.seen, fit(treat(known.history), 7).mean, 0).sum(axis=0)
            stray = (mean - known.actual)[known.judged]
            error, bias = error + float(np.abs(stray).sum()), bias + float(stray.sum())
            sold += float(known.actual[known.judged].sum())
        print(f"{treat.__name__:20} {error / sold:8.3f} {bias / sold:+7.3f}")


def simulated() -> None:
    """Prints the bias of the forecast by stockout rate."""
    print("\nsimulator, 28 days: (forecast - latent demand) / latent demand")
    print("stockout rate   with inventory   without")
    for rate in RATES:
        world = simulate(Parameters(seed=7, skus=200, stockout_rate=rate, return_share=0.0))
        tables = world.tables
        future = (
            world.truth["future_demand"]
            .group_by("sku", "location")
            .agg(latent=pl.col("latent_units").sum())
        )
        biases = []
        for inventory in (tables["inventory"], None):
            mean = (
                stockout.forecast(
                    tables["sales"], inventory, tables["products"], tables["purchases"], horizon=28
                )
                .group_by("sku", "location")
                .agg(forecast=pl.col("mean").sum())
                .join(future, on=["sku", "location"])
            )
            total, latent = mean.select(pl.col("forecast", "latent").sum()).row(0)
            biases.append(total / latent - 1)
        print(f"{world.stockout_rate:13.1%}   {biases[0]:+14.3f}   {biases[1]:+7.3f}")


if __name__ == "__main__":
    if REAL_DATA.is_dir():
        real()
    simulated()
