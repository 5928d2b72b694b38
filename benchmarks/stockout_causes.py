"""How often the cause that is found is the one that the simulator knows.

    python benchmarks/stockout_causes.py [--seeds 201,202,203] [--rates 0.03,0.08,0.15,0.3]
                                         [--skus 40] [--forecast-days 56]

Simulated businesses of fresh seeds and several stockout rates, all other settings as they are. A
row of the matrix is a true cause, a column the cause that was found. Chance is demand above its
own mean, for which there is no rule: found rightly, it is *unattributed*. Printed are

- *agreement*: the same cause, chance as unattributed;
- *traced*: the same with chance and forecast error as one cause, demand above the plan. Which of
  the two it was is hard to read off the books: both show as more demand than was expected;
- *of the traces*: the same over the episodes whose true cause is none of these two.
"""

from __future__ import annotations

import argparse
import logging

import polars as pl

import stockout
from stockout.impact.cause_summary import CAUSES
from stockout.impact.order_plan import FORECAST_DAYS
from stockout.simulator.parameters import Parameters
from stockout.simulator.simulate import simulate

NAMES = {
    "late_supplier": "late supplier",
    "short_delivery": "short delivery",
    "promotion": "promotion",
    "forecast_error": "forecast error",
    "ordered_too_late": "ordered too late",
    "ordered_too_little": "ordered too little",
    "chance": "unattributed",
}
ABOVE_PLAN = ("forecast error", "unattributed")


def attributed(seed: int, rate: float, skus: int, forecast_days: int) -> pl.DataFrame:
    """The episodes of one business with their true and their found cause."""
    world = simulate(Parameters(seed=seed, skus=skus, stockout_rate=rate))
    tables = world.tables
    found = stockout.causes(
        tables["sales"],
        tables["inventory"],
        tables["products"],
        tables["purchases"],
        tables["movements"],
        tables["events"],
        suppliers=tables["suppliers"],
        forecast_days=forecast_days,
    )
    truth = world.truth["stockouts"].select(
        "sku", "location", "first_date", true=pl.col("cause").replace_strict(NAMES)
    )
    rows = found.frame.join(truth, on=["sku", "location", "first_date"], how="left")
    return rows.select("cause", "true", "lost_units", seed=pl.lit(seed), rate=pl.lit(rate))


def agreement(rows: pl.DataFrame, *, merged: bool = False, weight: str | None = None) -> float:
    """Share of the episodes (or of their lost units) with the same cause."""
    known = rows.drop_nulls("true")
    cause, true = (
        pl.col(name).replace({ABOVE_PLAN[0]: ABOVE_PLAN[1]}) if merged else pl.col(name)
        for name in ("cause", "true")
    )
    size = pl.lit(1.0) if weight is None else pl.col(weight).fill_null(0)
    right, every = known.select(
        right=((cause == true) * size).sum(), every=(size + 0 * pl.col("seed")).sum()
    ).row(0)
    return float(right / every)


def matrix(rows: pl.DataFrame) -> str:
    """True causes by found ones."""
    present = [cause for cause in CAUSES if cause in {*rows["cause"], *rows["true"]}]
    counts = {
        (true, cause): count
        for true, cause, count in rows.group_by("true", "cause").len().iter_rows()
    }
    lines = [" " * 20 + "".join(f"{cause.split()[-1]:>14}" for cause in present)]
    for true in present:
        cells = "".join(f"{counts.get((true, cause), 0):>14,}" for cause in present)
        lines.append(f"{true:<20}{cells}")
    return "\n".join(lines)


def numbers(text: str) -> list[float]:
    """Numbers with commas between them."""
    return [float(part) for part in text.split(",")]


def main() -> None:
    """Prints the agreement of every business and one matrix of all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=numbers, default=[201, 202, 203])
    parser.add_argument("--rates", type=numbers, default=[0.03, 0.08, 0.15, 0.3])
    parser.add_argument("--skus", type=int, default=40)
    parser.add_argument("--forecast-days", type=int, default=FORECAST_DAYS)
    asked = parser.parse_args()
    logging.disable(logging.WARNING)
    every = []
    print(f"{'rate':>6} {'seed':>5} {'episodes':>9} {'known':>6} {'agreement':>10} {'by units':>9} "
          f"{'traced':>7} {'unattributed':>13}")  # fmt: skip
    for rate in asked.rates:
        for seed in asked.seeds:
            rows = attributed(int(seed), rate, asked.skus, asked.forecast_days)
            every.append(rows)
            known = 1 - rows["true"].null_count() / rows.height
            missing = (rows["cause"] == "unattributed").mean()
            print(f"{rate:>6.0%} {int(seed):>5} {rows.height:>9,} {known:>6.1%} "
                  f"{agreement(rows):>10.1%} {agreement(rows, weight='lost_units'):>9.1%} "
                  f"{agreement(rows, merged=True):>7.1%} {missing:>13.1%}", flush=True)  # fmt: skip
    rows = pl.concat(every)
    recorded = rows.filter(~pl.col("true").is_in(ABOVE_PLAN))
    print()
    print(
        f"all: agreement {agreement(rows):.1%}, by lost units "
        f"{agreement(rows, weight='lost_units'):.1%}, traced {agreement(rows, merged=True):.1%}, "
        f"of the traces {agreement(recorded):.1%}"
    )
    print()
    print(matrix(rows.drop_nulls("true")))


if __name__ == "__main__":
    main()
