"""How often the cause that is found is the one that the simulator knows.

    python benchmarks/stockout_causes.py [--seeds 301,302,303] [--rates 0.03,0.08,0.15,0.3]
                                         [--skus 40] [--forecast-days 56]

Simulated businesses of fresh seeds and several stockout rates, all other settings as they are.
*Agreement* is the share of episodes with the same cause; *with a forecast* leaves out those of
which too little was known before to expect anything; *commonest* is what it would be to say of
every episode that its cause is the commonest one. A row of the matrix is a true cause, a column the
cause that was found.

A forecast error is demand beyond the planner's forecast. What of it is chance (demand beyond its
own mean) and what is a mean that the planner had not expected, only the simulator knows. The last
table has the true forecast errors split by the larger part, as the truth once had it, and under it
is how many of them ``within_usual`` tells to be ordinary variation, and what agreement would be

- if what is mostly chance had to be found as unattributed;
- if a missed order of a unit or more always came before a forecast error;
- if forecast error and unattributed were one cause.
"""

from __future__ import annotations

import argparse
import logging

import polars as pl

import stockout
from stockout.impact.cause_summary import CAUSES
from stockout.impact.order_plan import FORECAST_DAYS
from stockout.impact.usual_demand import USUAL
from stockout.simulator.parameters import Parameters
from stockout.simulator.simulate import simulate

NAMES = {
    "late_supplier": "late supplier",
    "short_delivery": "short delivery",
    "promotion": "promotion",
    "forecast_error": "forecast error",
    "ordered_too_late": "ordered too late",
    "ordered_too_little": "ordered too little",
    "unattributed": "unattributed",
}
UNKNOWN = "too little was known before"
RISEN, CHANCE = "error: mean risen", "error: chance"


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
        "sku", "location", "first_date", true=pl.col("cause").replace_strict(NAMES),
        mostly_chance=pl.col("chance_units") > pl.col("forecast_error_units") / 2,
        ordered_late=pl.col("ordered_too_late_units"),
    )  # fmt: skip
    rows = found.frame.join(truth, on=["sku", "location", "first_date"], how="left")
    return rows.select(
        "cause", "true", "lost_units", "within_usual", "mostly_chance", "ordered_late",
        unknown=pl.col("evidence").str.contains(UNKNOWN), seed=pl.lit(seed),
        rate=pl.lit(rate),
    )  # fmt: skip


def agreement(rows: pl.DataFrame, *, weight: str | None = None, true: str = "true") -> float:
    """Share of the episodes (or of their lost units) with the same cause."""
    known = rows.drop_nulls("true")
    size = pl.lit(1.0) if weight is None else pl.col(weight).fill_null(0)
    right, every = known.select(
        right=((pl.col("cause") == pl.col(true)) * size).sum(),
        every=(size + 0 * pl.col("seed")).sum(),
    ).row(0)
    return float(right / every)


def matrix(rows: pl.DataFrame, true: str, names: list[str]) -> str:
    """True causes by found ones, with recall at the end of a row and precision below."""
    counts = {
        (name, cause): count
        for name, cause, count in rows.group_by(true, "cause").len().iter_rows()
    }
    found = [cause for cause in CAUSES if cause in {*rows["cause"], *names}]
    lines = [" " * 20 + "".join(f"{cause:>19}" for cause in (*found, "recall"))]
    for name in names:
        row = [counts.get((name, cause), 0) for cause in found]
        recall = f"{counts.get((name, name), 0) / sum(row):.0%}" if name in found else "-"
        lines.append(f"{name:<20}" + "".join(f"{count:>19,}" for count in row) + f"{recall:>19}")
    return "\n".join(lines)


def numbers(text: str) -> list[float]:
    """Numbers with commas between them."""
    return [float(part) for part in text.split(",")]


def main() -> None:
    """Prints the agreement of every business, the matrix of all, and how it was judged once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=numbers, default=[301, 302, 303])
    parser.add_argument("--rates", type=numbers, default=[0.03, 0.08, 0.15, 0.3])
    parser.add_argument("--skus", type=int, default=40)
    parser.add_argument("--forecast-days", type=int, default=FORECAST_DAYS)
    asked = parser.parse_args()
    logging.disable(logging.WARNING)
    every = []
    print(f"{'rate':>6} {'seed':>5} {'episodes':>9} {'known':>6} {'agreement':>10} {'by units':>9} "
          f"{'with a forecast':>16} {'commonest':>10} {'unattributed':>13}")  # fmt: skip
    for rate in asked.rates:
        businesses = []
        for seed in asked.seeds:
            rows = attributed(int(seed), rate, asked.skus, asked.forecast_days)
            businesses.append(rows)
            print(f"{rate:>6.0%} {int(seed):>5} {judged(rows)}", flush=True)
        every += businesses
        print(f"{rate:>6.0%} {'all':>5} {judged(pl.concat(businesses))}")
    rows = pl.concat(every)
    print(f"{'all':>6} {'all':>5} {judged(rows)}")
    rows = rows.drop_nulls("true")
    names = [cause for cause in CAUSES if cause in {*rows["true"]}]
    print()
    print(matrix(rows, "true", names))
    precision = rows.group_by("cause").agg(
        pl.len(), right=(pl.col("true") == pl.col("cause")).mean()
    )
    of = {cause: f"{right:.0%}" for cause, _, right in precision.iter_rows()}
    print(f"{'precision':<20}" + "".join(f"{of[c]:>19}" for c in CAUSES if c in of))
    print()
    split_forecast_errors(rows)


def share(agrees: pl.Series) -> float:
    """Share of what is true."""
    return int(agrees.sum()) / max(agrees.len(), 1)


def commonest(causes: pl.Series) -> float:
    """Share of the commonest cause among those that are known."""
    known = causes.drop_nulls()
    return max(known.value_counts()["count"].to_list(), default=0) / max(known.len(), 1)


def judged(rows: pl.DataFrame) -> str:
    """One line on a set of episodes."""
    known = 1 - rows["true"].null_count() / rows.height
    return (
        f"{rows.height:>9,} {known:>6.1%} {agreement(rows):>10.1%} "
        f"{agreement(rows, weight='lost_units'):>9.1%} "
        f"{agreement(rows.filter(~pl.col('unknown'))):>16.1%} "
        f"{commonest(rows['true']):>10.1%} "
        f"{share(rows['cause'] == 'unattributed'):>13.1%}"
    )


def split_forecast_errors(rows: pl.DataFrame) -> None:
    """Prints how forecast errors of a risen mean, and of chance, are found."""
    is_error = pl.col("true") == "forecast error"
    rows = rows.with_columns(
        part=pl.when(~is_error).then("true")
        .when("mostly_chance").then(pl.lit(CHANCE)).otherwise(pl.lit(RISEN)),
    ).with_columns(
        old=pl.col("part").replace({CHANCE: "unattributed", RISEN: "forecast error"}),
        orders_first=pl.when(is_error & (pl.col("ordered_late") >= 1))
        .then(pl.lit("ordered too late"))
        .otherwise("true"),
        cause_or_none=pl.col("cause").replace({"forecast error": "unattributed"}),
        true_or_none=pl.col("true").replace({"forecast error": "unattributed"}),
    )  # fmt: skip
    print(matrix(rows, "part", [RISEN, CHANCE, "unattributed"]))
    found = rows.filter(cause="forecast error")
    told = found.drop_nulls("within_usual")
    print()
    print(
        f"of {found.height:,} found forecast errors {told.height:,} have a past; of these "
        f"{share(told['within_usual'] > USUAL):.1%} are within usual variation, and "
        f"{share(told['within_usual'] == 0):.1%} were higher than ever before"
    )
    for rate, of in told.sort("rate").group_by("rate", maintain_order=True):
        usual = share(of["within_usual"] > USUAL)
        print(f"  stockout rate {rate[0]:.0%}: {usual:.1%} of {of.height:,} within usual variation")
    for name in (RISEN, CHANCE):
        past = told.filter(part=name)["within_usual"]
        print(f"  {name}: {share(past > USUAL):.1%} of {len(past):,} within usual variation")
    print(f"agreement if chance had to be unattributed: {agreement(rows, true='old'):.1%}")
    print(f"agreement if missed orders came first: {agreement(rows, true='orders_first'):.1%}")
    one = agreement(rows.with_columns(cause="cause_or_none"), true="true_or_none")
    print(f"agreement if forecast error and unattributed were one: {one:.1%}")


if __name__ == "__main__":
    main()
