"""Models of repeat purchases: published values, gradients, speed, recovery, memory.

    python benchmarks/repeat_purchase.py [--customers N] [--lines N] [--lifetimes PYTHON]

- Golden values: parameters and log-likelihood on the CDNOW summary beside those that are published
  (Fader, Hardie & Lee 2005; CLVTools), and one customer's P(alive) and expected purchases.
- Gradient: the largest relative difference from finite differences, away from the maximum.
- Speed: seconds of a fit for N simulated customers, times in whole days and by the second, for each
  model; the package lifetimes in the same run, where PYTHON is an interpreter that has it.
- Recovery: mean estimate, mean standard error and spread over samples simulated from the CDNOW
  parameters of the MBG/NBD, and how often the 90 % interval of the churn rate holds the true share.
- Few repeat buyers: how often a fit converges.
- Real data: verdict, holdout and rhythm on all of CDNOW and on Online Retail II.
- Simulated business: churn rate beside the customers who truly left.
- Memory: seconds and peak memory of `stockout churn` on a Parquet file of N customers and lines,
  without stock and with the stock flags of 5,000 items.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from stockout.config import load_config
from stockout.errors import NotKnownError
from stockout.exports.read import read_tables
from stockout.impact.churn import churn
from stockout.impact.repeat_purchase.estimate import _churn_rate
from stockout.impact.repeat_purchase.likelihood import grouped, log_likelihood
from stockout.impact.repeat_purchase.models import MODELS, fit_model, prospects
from stockout.tables import conform

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vector = NDArray[np.float64]

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("STOCKOUT_REALDATA") or ROOT.parent / "shared" / "data")
PUBLISHED = {
    "bgnbd": ((0.24259, 4.41353, 0.79289, 2.42575), -9582.4256, 1.22591, 0.72661),
    "mbgnbd": ((0.52484, 6.18299, 0.89136, 1.61400), -9582.1327, 1.26268, 0.70613),
    "pareto": ((0.55327, 10.57761, 0.60621, 11.66792), -9594.9739, 1.45511, 0.86912),
}
CDNOW = np.array([0.52484, 6.18299, 0.89136, 1.61400])  # of the MBG/NBD
FIRST_SEED = 7301
SKUS = 5_000  # of the large file


def main() -> None:
    """Prints every part."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--lines", type=int, default=20_000_000)
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--lifetimes", type=Path, default=Path("/tmp/v/lifetimes/bin/python"))  # noqa: S108
    asked = parser.parse_args()
    golden_values()
    recovery(asked.samples)
    few_repeat_buyers(asked.samples)
    real_data()
    simulated_business()
    speed(asked.customers, asked.lifetimes)
    memory(asked.customers, asked.lines)


def golden_values() -> None:
    """Ours beside the published ones."""
    print("\nGolden values, CDNOW summary of 2,357 customers")
    frame = pl.read_csv(DATA / "cdnow_summary.csv")
    x, t_x, weeks = (frame[name].cast(pl.Float64).to_numpy() for name in frame.columns[1:])
    one = grouped(*(np.array([value]) for value in (2.0, 30.43, 38.86)))
    for name, (parameters, value, expected, alive) in PUBLISHED.items():
        fit = fit_model(name, x, t_x, weeks)
        ahead = prospects(fit, one, np.array([39.0]))
        off = np.abs(fit.parameters / parameters - 1).max()
        print(f"{name}: published {parameters} LL {value}; E {expected} P(alive) {alive}")
        print(
            f"{'':>{len(name)}}  ours {fit.parameters.round(5)} "
            f"LL {fit.maximum.log_likelihood:.4f}; "
            f"E {ahead.expected[0, 0]:.5f} P(alive) {ahead.alive[0]:.5f}; parameters within "
            f"{100 * off:.4f} %, standard errors {fit.maximum.standard_errors.round(4)}"
        )
        print(f"{'':>{len(name)}}  gradient within {_gradient_error(name, x, t_x, weeks):.1e}")


def _gradient_error(name: str, x: Vector, t_x: Vector, weeks: Vector) -> float:
    groups, model = grouped(x, t_x, weeks), MODELS[name]
    at = np.log(np.array(PUBLISHED[name][0]) * [1.3, 0.8, 0.9, 1.2])
    found = log_likelihood(model, np.exp(at), groups).gradient
    step = 1e-5 * np.eye(4)
    differences = np.array(
        [
            log_likelihood(model, np.exp(at + one), groups).value
            - log_likelihood(model, np.exp(at - one), groups).value
            for one in step
        ]
    ) / (2 * 1e-5)
    return float(np.abs(differences / found - 1).max())


def simulate(
    customers: int, seed: int, *, whole_days: bool, weeks: tuple[float, float] = (4, 104)
) -> tuple[Vector, Vector, Vector, NDArray[np.bool_]]:
    """(x, t_x, T) of customers of an MBG/NBD with the CDNOW parameters, and who is still there."""
    generator = np.random.default_rng(seed)
    r, alpha, a, b = CDNOW
    until = generator.uniform(*weeks, customers)
    if whole_days:
        until = np.ceil(7 * until) / 7
    rate, leaves = generator.gamma(r, 1 / alpha, customers), generator.beta(a, b, customers)
    x, t_x, now = np.zeros(customers), np.zeros(customers), np.zeros(customers)
    stays = generator.random(customers) > leaves
    buys = stays.copy()
    while buys.any():
        now = now + generator.exponential(1 / rate)
        buys &= now <= until
        x[buys] += 1
        t_x[buys] = now[buys]
        gone = buys & (generator.random(customers) < leaves)
        stays &= ~gone
        buys &= ~gone
    if whole_days:
        t_x = np.minimum(np.ceil(7 * t_x) / 7, until)
    return x, t_x, until, stays


def recovery(samples: int) -> None:
    """Estimates over samples from known parameters."""
    print(f"\nRecovery, MBG/NBD {CDNOW}, {samples} samples of 5,000 customers")
    found, errors, held = [], [], 0
    for seed in range(FIRST_SEED, FIRST_SEED + samples):
        x, t_x, until, stays = simulate(5000, seed, whole_days=False)
        fit = fit_model("mbgnbd", x, t_x, until)
        found.append(fit.parameters)
        errors.append(fit.maximum.standard_errors)
        rate = _churn_rate(fit)
        held += rate.low <= 1 - stays.mean() <= rate.high
    print("mean estimate       ", np.mean(found, axis=0).round(4))
    print("mean standard error ", np.mean(errors, axis=0).round(4))
    print("spread of estimates ", np.std(found, axis=0).round(4))
    print(f"90 % interval of the churn rate holds the true share: {held} of {samples}")


def few_repeat_buyers(samples: int) -> None:
    """How often a fit converges where few came back."""
    print("\nFew repeat buyers: fits that converge")
    for customers in (25, 50, 80, 150, 300, 600):
        again, done = [], 0
        for seed in range(FIRST_SEED, FIRST_SEED + samples):
            x, t_x, until, _ = simulate(customers, seed, whole_days=True, weeks=(26, 39))
            again.append((x > 0).sum())
            try:
                done += fit_model("mbgnbd", x, t_x, until, fewest=1).maximum.converged
            except NotKnownError:
                continue
        print(f"{customers:>4} customers, {np.mean(again):.0f} bought again: {done} of {samples}")


def real_data() -> None:
    """Verdicts on data that nobody simulated."""
    print("\nReal data")
    lines = pl.read_csv(DATA / "cdnow_master.txt.gz", has_header=False, new_columns=["line"])[
        "line"
    ].str.strip_chars()
    cells = lines.str.extract_groups(r"^(\S+)\s+(\S+)\s+(\S+)\s+(\S+)$").struct.unnest()
    cdnow = cells.select(
        date=pl.col("2").str.to_date("%Y%m%d", strict=False),  # the header gives none
        sku=pl.lit("CD"),
        units=pl.col("3").cast(pl.Float64, strict=False),
        revenue=pl.col("4").cast(pl.Float64, strict=False),
        customer_id=pl.col("1"),
    ).filter(pl.col("date").is_not_null() & (pl.col("units") > 0))
    config = load_config(
        ROOT / "examples" / "online_retail.toml",
        {},
        {"tables.sales": {"path": [str(DATA / "online_retail_2009_2010.parquet")]}},
    )
    retail = read_tables(config, only={"sales"}).sales
    if retail is None:
        raise TypeError("the example names no sales")
    for what, sales in (("CDNOW, all 23,570", conform(cdnow, "sales")), ("Online Retail", retail)):
        for model in ("mbgnbd", "bgnbd", "pareto"):
            repeat = churn(sales, model=model, margin=0.3).record()["repeat_purchase"]
            print(f"{what}, {model}: {json.dumps(_told(repeat), default=str)}")  # type: ignore[arg-type]


def _told(repeat: dict[str, dict[str, object]]) -> dict[str, object]:
    fit = repeat["goodness_of_fit"]
    return {
        "verdict": fit["verdict"],
        "why": fit["why"],
        "churn": repeat["churn_rate"]["value"],
        "overdue": repeat["overdue"]["share"],
        "regularity": repeat["overdue"].get("regularity"),
        "spend": repeat["spend"].get("parameters"),
    }


def simulated_business() -> None:
    """The churn rate beside the truth of the sample."""
    print("\nSimulated business in data/sample")
    config = load_config(ROOT / "data" / "sample" / "stockout.toml", {}, {})
    tables = read_tables(config, only={"sales", "customers"})
    found = churn(tables.sales, customers=tables.customers)
    truth = pl.read_csv(
        ROOT / "data" / "sample" / "truth" / "customers.csv",
        infer_schema_length=None,
        try_parse_dates=True,
    )
    gone = pl.min_horizontal("natural_last_date", "left_date").cast(pl.Date) <= found.as_of
    rows = (
        found.by_customer()
        .join(truth.select("customer_id", gone=gone), on="customer_id", how="inner")
        .rename({"probability_alive": "alive"})
    )
    print(
        rows.select(
            customers=pl.len(),
            truly_gone=pl.col("gone").mean(),
            expected=1 - pl.col("alive").mean(),
        )
    )
    edges = [0.1, 0.5, 0.9]
    print(
        rows.group_by(pl.col("alive").cut(edges).alias("P(alive)"))
        .agg(
            pl.len().alias("customers"),
            mean=pl.col("alive").mean(),
            still_there=1 - pl.col("gone").mean(),
        )
        .sort("mean")
    )


_LIFETIMES = """
import sys, time, numpy as np
from lifetimes import BetaGeoFitter, ModifiedBetaGeoFitter, ParetoNBDFitter
data = np.load(sys.argv[1])
for name, fitter in (("mbgnbd", ModifiedBetaGeoFitter), ("bgnbd", BetaGeoFitter),
                     ("pareto", ParetoNBDFitter)):
    start = time.perf_counter()
    try:
        model = fitter().fit(data["x"], data["t_x"], data["T"])
        seconds = time.perf_counter() - start
        print(f"lifetimes {name}: {seconds:.1f} s", dict(model.params_), flush=True)
    except Exception as error:
        seconds = time.perf_counter() - start
        print(f"lifetimes {name}: {type(error).__name__} after {seconds:.1f} s:",
              str(error).splitlines()[0][:200], flush=True)
"""


def speed(customers: int, python: Path) -> None:
    """Seconds of a fit."""
    for whole_days in (True, False):
        kind = "whole days" if whole_days else "by the second"
        print(f"\nSpeed, {customers:,} simulated customers, times {kind}")
        x, t_x, until, _ = simulate(customers, FIRST_SEED, whole_days=whole_days)
        for name in MODELS:
            start = time.perf_counter()
            fit = fit_model(name, x, t_x, until)
            took = time.perf_counter() - start
            print(
                f"stockout {name}: {took:.2f} s {fit.parameters.round(4)} "
                f"converged {fit.maximum.converged}, {fit.groups.number.size:,} groups",
                flush=True,
            )
        if whole_days:
            _peer(python, x, t_x, until)


def _peer(python: Path, x: Vector, t_x: Vector, weeks: Vector) -> None:
    has = [str(python), "-c", "import lifetimes"]
    if not python.exists() or subprocess.run(has, capture_output=True, check=False).returncode:
        print("lifetimes: not installed")
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "customers.npz"
        np.savez(path, x=x, t_x=t_x, T=weeks)
        try:
            done = subprocess.run(
                [str(python), "-W", "ignore", "-c", _LIFETIMES, str(path)],
                capture_output=True, text=True, check=False, timeout=600,
                env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
            )  # fmt: skip
            print(done.stdout.strip() or done.stderr.strip().splitlines()[-1])
        except subprocess.TimeoutExpired as late:
            print(((late.stdout or b"").decode() + "lifetimes: stopped after 600 s").strip())


def memory(customers: int, lines: int) -> None:
    """Seconds and peak memory of the command on a large file."""
    print(f"\nMemory, {customers:,} customers and {lines:,} lines as Parquet")
    with tempfile.TemporaryDirectory() as folder:
        _write_lines(Path(folder) / "sales", customers, lines)
        size = sum(file.stat().st_size for file in (Path(folder) / "sales").iterdir())
        print(f"{size / 1e6:,.0f} MB on disk")
        _write_stock(Path(folder) / "inventory.parquet")
        sales_only = ["churn", "--sales", "sales/*.parquet", "--margin", "0.3"]
        with_stock = [*sales_only, "--inventory", "inventory.parquet"]
        for asked, by, name in (
            (sales_only, "summary", "sales alone"),
            (sales_only, "customer", "sales alone"),
            (with_stock, "summary", "with the effect of stockouts"),
        ):
            start = time.perf_counter()
            output = Path(folder) / f"{by}.json"
            arguments = [*asked, "--by", by, "--output", str(output)]
            child = subprocess.Popen([sys.executable, "-m", "stockout", *arguments], cwd=folder)
            _, code, usage = os.wait4(child.pid, 0)
            print(
                f"{name}, by {by}: exit {os.waitstatus_to_exitcode(code)}, "
                f"{time.perf_counter() - start:.1f} s, {usage.ru_maxrss / 2**20:.2f} GiB at most",
                flush=True,
            )
            if by == "summary" and output.exists():
                told = json.loads(output.read_text())
                repeat = told["repeat_purchase"]
                print(repeat["customers"], repeat["parameters"], repeat["goodness_of_fit"]["why"])
                print(told["effect"] or told["effect_reason"])


def _write_stock(path: Path) -> None:
    """Whether each item was in stock on each day of the lines; on a twentieth it was not."""
    days, first_day = 729, date(2024, 1, 1)
    generator = np.random.default_rng(FIRST_SEED)
    begins = generator.random((SKUS, days)) < 0.05 / 6  # episodes of six days on average
    end = np.where(begins, np.arange(days) + generator.geometric(1 / 6, (SKUS, days)), 0)
    in_stock = np.maximum.accumulate(end, axis=1) <= np.arange(days)
    dates = pl.date_range(first_day, first_day + timedelta(days=days - 1), eager=True)
    pl.DataFrame(
        {
            "date": dates[np.tile(np.arange(days), SKUS)],
            "sku": pl.Series(np.repeat(np.arange(SKUS), days)).cast(pl.String),
            "in_stock": in_stock.ravel(),
        }
    ).write_parquet(path)


def _write_lines(folder: Path, customers: int, lines: int) -> None:
    """Customers of the MBG/NBD, each purchase a basket of several lines; in parts."""
    folder.mkdir()
    parts, first_day = 20, (date(2024, 1, 1) - date(1970, 1, 1)).days
    for part in range(parts):
        generator = np.random.default_rng(FIRST_SEED + part)
        number = customers // parts
        x, t_x, until, _ = simulate(number, FIRST_SEED + 100 + part, whole_days=True)
        first = 728 - np.round(7 * until).astype(int)
        # The first and last purchase as simulated, the others anywhere between.
        owner = np.repeat(np.arange(number), (x + 1).astype(int))
        position = np.arange(owner.size) - np.searchsorted(owner, owner)
        share = generator.random(owner.size)
        share[position == 0], share[position == 1] = 0.0, 1.0
        day = first[owner] + np.round(7 * t_x[owner] * share).astype(int)
        basket = generator.integers(0, owner.size, lines // parts - owner.size)
        which = np.concatenate([np.arange(owner.size), basket])
        units = generator.integers(1, 4, which.size)
        pl.DataFrame(
            {
                "date": (pl.Series(day[which].astype(np.int32)) + first_day).cast(pl.Date),
                "sku": pl.Series(generator.integers(0, SKUS, which.size)).cast(pl.String),
                "units": units.astype(float),
                "revenue": units * 9.95,
                "customer_id": "C" + pl.Series(owner[which] + part * number).cast(pl.String),
            }
        ).sample(fraction=1.0, shuffle=True, seed=part).write_parquet(folder / f"{part:02}.parquet")


if __name__ == "__main__":
    main()
