"""Small shops: how good forecasts are, and what one outlier in one item does to its neighbours.

    python benchmarks/small_shops.py [--shops 60]

Shops of 4, 8 and 16 items are drawn from the real data sets. Each is forecast as it is, and once
more with one sale of 200 usual days in the first item, 60 days before. Judged are the sums of 14
days of the other items, which the outlier has nothing to do with: pinball loss over usual demand,
at .5, .9, .95 and .98 and their sum, and the share of sums within each quantile.
"""

from __future__ import annotations

import argparse
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, cast

import numpy as np
import polars as pl

from data_sets import online_retail, pasta
from stockout.demand.history import demand_history
from stockout.forecasting.fit import fit

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from data_sets import DataSet
    from stockout.forecasting.demand_model import DemandModel

    Matrix = NDArray[np.float64]

LEVELS = (0.5, 0.9, 0.95, 0.98)
SPAN, RECENT, OUTLIER_DAYS, OUTLIER_BEFORE = 14, 91, 200, 60
LEAST_SOLD = 5.0  # units of the last quarter, of an item that is drawn


def main() -> None:
    """Prints a line for each data set, size and kind of shop."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--shops", type=int, default=60)
    shops = parser.parse_args().shops
    logging.getLogger("stockout").setLevel(logging.ERROR)
    print(f"{'':13} items{'':9}" + f"{'loss':>6}{'':>24}   sum  covered")
    for data in (pasta(), online_retail()):
        last = cast("date", data.sales["date"].max())
        origin = last - timedelta(days=2 * SPAN)
        for size in (4, 8, 16):
            for kind, rows in _judged(data, origin, size, shops).items():
                mean = np.concatenate(rows, axis=1).mean(axis=1)
                loss, covered = mean[: len(LEVELS)], mean[len(LEVELS) :]
                figures = [*(f"{each:.4f}" for each in loss), f"{loss.sum():.4f}"]
                figures += [f"{each:.3f}" for each in covered]
                print(f"{data.name:13} {size:5} {kind:8}", *figures, flush=True)


def _judged(data: DataSet, origin: date, size: int, shops: int) -> dict[str, list[Matrix]]:
    """(losses and coverage, items) of each shop, as it is and with an outlier."""
    sales = data.sales.select("date", "sku", pl.col("units").cast(pl.Float64))
    past = sales.filter(pl.col("date") <= origin)
    recent = past.filter(pl.col("date") > origin - timedelta(days=RECENT))
    usual = recent.group_by("sku").agg(pl.col("units").sum() / RECENT)
    usual = usual.filter(pl.col("units") * RECENT > LEAST_SOLD).sort("sku")
    until = origin + timedelta(days=SPAN)
    ahead = sales.filter((pl.col("date") > origin) & (pl.col("date") <= until))
    came = ahead.group_by("sku").agg(came=pl.col("units").sum().clip(lower_bound=0))
    generator = np.random.default_rng(size)
    found: dict[str, list[Matrix]] = {}
    for _ in range(shops):
        drawn = usual[generator.choice(usual.height, size, replace=False)]
        shop = past.filter(pl.col("sku").is_in(drawn["sku"].implode()))
        outlier = drawn[:1].select(
            date=pl.lit(origin - timedelta(days=OUTLIER_BEFORE)),
            sku="sku",
            units=(OUTLIER_DAYS * pl.col("units")).ceil(),
        )
        for kind, rows in {"as it is": shop, "outlier": pl.concat([shop, outlier])}.items():
            history = demand_history(rows, None, as_of=origin, freq="day")
            model = fit(history, SPAN)
            truth = history.items.join(drawn, on="sku", how="left", maintain_order="left")
            truth = truth.join(came, on="sku", how="left", maintain_order="left")
            actual = truth["came"].fill_null(0.0).to_numpy()
            scores = _scores(model, actual, SPAN * truth["units"].to_numpy())
            found.setdefault(kind, []).append(
                scores[:, (truth["sku"] != drawn["sku"][0]).to_numpy()]
            )
    return found


def _scores(model: DemandModel, actual: Matrix, usual: Matrix) -> Matrix:
    """(losses and coverage, items)."""
    level = np.array(LEVELS)[:, None]
    quantile = np.array([model.sum_quantile(each, 0, SPAN) for each in LEVELS])
    loss = np.maximum(level * (actual - quantile), (level - 1) * (actual - quantile)) / usual
    return np.concatenate([loss, (actual <= quantile).astype(np.float64)])


if __name__ == "__main__":
    main()
