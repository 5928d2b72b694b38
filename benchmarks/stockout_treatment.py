"""What the forecast does with periods out of stock, beside other treatments and the truth.

    python benchmarks/stockout_treatment.py

1. Real data (fresh_retail, where half of the days have some stockout): seven days from three
   origins, judged on days fully in stock; WAPE and WPE (bias) by treatment of the past.
2. The simulator, with customers who take something else or wait and without: the sum of 28 days (4
   weeks), relative to that of the same forecast from a history in which nothing was ever out. What
   a season, a trend or chance does to both is no part of it. Printed is the mean over the seeds.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl

from data_sets import REAL_DATA, fresh_retail
from forecast_cases import cases_of
from stockout.demand.history import demand_history
from stockout.demand.latent import latent_demand
from stockout.demand.spillover import spillover
from stockout.forecasting.fit import fit
from stockout.simulator.parameters import Parameters
from stockout.simulator.simulate import simulate

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stockout.demand.history import History

RATES = (0.02, 0.08, 0.15, 0.30)
SEEDS = (7, 8)
DAYS = 28
STAYERS = {"substitute_share": 0.0, "wait_share": 0.0, "patience_days": 0}


def latent(history: History) -> History:
    """The demand behind the sales: what the forecast learns from."""
    return history


def left_out(history: History) -> History:
    """Periods with any stockout are left out, except those that sold out and sold the usual."""
    return _as_seen(history, history.units, history.observed)


def as_sold(history: History) -> History:
    """Every period counts as it was sold."""
    return _as_seen(history, history.units, history.open)


def divided(history: History) -> History:
    """Days in stock for half or more count with their sales divided by that share."""
    part = (history.share >= 0.5) & (history.share < 1)
    units = np.where(part, history.units / np.maximum(history.share, 0.5), history.units)
    return _as_seen(history, units.astype(np.float32), history.observed | part)


def _as_seen(history: History, units: NDArray[np.float32], observed: NDArray[np.bool_]) -> History:
    """A history of which no availability is known, so that it is learned from as it is."""
    return replace(
        history,
        units=units,
        observed=observed,
        share=np.full_like(history.share, np.nan),
        sold_out=np.zeros_like(history.sold_out),
    )


def real() -> None:
    """Prints WAPE and WPE of each treatment."""
    cases = cases_of(fresh_retail())
    print("fresh_retail, 7 days     WAPE     WPE")
    treatments: tuple[Callable[[History], History], ...] = (latent, left_out, divided, as_sold)
    for treat in treatments:
        error, bias, sold = 0.0, 0.0, 0.0
        for known in cases:
            mean = np.where(known.seen[:7], fit(treat(known.history), 7).mean, 0).sum(axis=0)
            stray = (mean - known.actual(7))[known.valid(7)]
            error, bias = error + float(np.abs(stray).sum()), bias + float(stray.sum())
            sold += float(known.actual(7)[known.valid(7)].sum())
        print(f"{treat.__name__:20} {error / sold:8.3f} {bias / sold:+7.3f}")


def simulated(freq: Literal["day", "week"]) -> None:
    """Prints the bias of the forecast by stockout rate."""
    print(f"\nsimulator by {freq}: forecast / forecast from a history without stockouts - 1")
    print("stockout rate     latent  left_out   as_sold  substituted  waited")
    for customers in ({}, STAYERS):
        print("nobody takes another item or waits" if customers else "a part of the customers does")
        for rate in RATES:
            rows = np.mean([_biases(seed, rate, customers, freq) for seed in SEEDS], axis=0)
            biases = " ".join(f"{bias:+9.3f}" for bias in rows[1:4])
            print(f"{rows[0]:13.1%}  {biases}     {rows[4]:8.2f}{rows[5]:8.2f}")


def _biases(
    seed: int, rate: float, customers: dict[str, float], freq: Literal["day", "week"]
) -> list[float]:
    """Stockout rate, biases of the treatments, and the parts that came over."""
    world = simulate(
        Parameters.of(
            {"seed": seed, "skus": 200, "stockout_rate": rate, "return_share": 0.0, **customers}
        )
    )
    tables, horizon = world.tables, DAYS if freq == "day" else DAYS // 7
    as_of = tables["sales"].select(pl.col("date").max()).item()
    truth = world.truth["demand"].filter(pl.col("date") <= as_of)
    wanted = truth.select("date", "sku", "location", units=pl.col("latent_units").cast(pl.Float64))
    rest = (tables["products"], tables["purchases"])
    perfect = demand_history(wanted, None, *rest, as_of=as_of, freq=freq)
    history = demand_history(tables["sales"], tables["inventory"], *rest, as_of=as_of, freq=freq)
    best = fit(perfect, horizon).mean.sum()
    biases = [
        float(fit(treat(history), horizon).mean.sum() / best - 1)
        for treat in (latent, left_out, as_sold)
    ]
    came = spillover(latent_demand(history))
    return [world.stockout_rate, *biases, came.substituted, came.waited]


if __name__ == "__main__":
    if REAL_DATA.is_dir():
        real()
    simulated("day")
    simulated("week")
