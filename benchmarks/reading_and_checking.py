"""What reading and checking sales costs beside plain Polars, in time and in peak memory.

Makes the same sales lines every time (30,000 SKUs, 50 stores, two years), as CSV and as Parquet,
and lets each task below read them in a process of its own. The tasks take turns; the figures are
the least of all turns, since other work on the machine only ever adds. The ratios are to the
streaming engine of Polars on the same file, which types the same columns and checks nothing.

Run it as ``python benchmarks/reading_and_checking.py``; ``--rows 1000000`` for a quick look.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

# The parent imports nothing heavy: at its start a child counts the parent's memory as its own.

SEED = 20260630
SKUS, STORES, CUSTOMERS = 30_000, 50, 400_000
FIRST_DAY, DAYS = date(2024, 7, 1), 730
LINES_OF_AN_ORDER = 3
BLOCK_ROWS = 1_000_000
FORMATS = ("csv", "parquet")


class Cost(NamedTuple):
    """What one run of a task cost."""

    wall: float  # seconds
    cpu: float  # seconds, of all cores
    peak: float  # bytes, the most memory that was resident


def sales_block(first: int, rows: int, total: int) -> pl.DataFrame:
    """Sales lines ``first`` to ``first + rows`` of ``total``, in order of their dates.

    A few SKUs sell most of the units, as in any shop; one line in a hundred is a return.
    """
    import numpy as np  # noqa: PLC0415 - not in the parent
    import polars as pl  # noqa: PLC0415

    random = np.random.default_rng([SEED, first])
    line = np.arange(first, first + rows)
    order = line // LINES_OF_AN_ORDER
    sku = (SKUS * random.random(rows) ** 2).astype(np.int64)
    units = random.geometric(0.5, rows) * np.where(random.random(rows) < 0.01, -1, 1)
    cents = 99 + (sku * 7919) % 10_000
    # The lines of an order share its store and customer.
    store = (order * 2_654_435_761 >> 7) % STORES
    customer = (order * 40_503 + (order >> 5)) % CUSTOMERS
    return pl.DataFrame(
        {
            "day": line * DAYS // total,
            "order": order,
            "sku": sku,
            "store": store,
            "customer": customer,
            "units": units,
            "cents": cents,
        }
    ).select(
        date=pl.lit(FIRST_DAY) + pl.duration(days="day"),
        order_id=pl.format("R{}", pl.col("order").cast(pl.String).str.zfill(8)),
        sku=pl.col("sku").cast(pl.String).str.zfill(6),
        location=pl.format("S{}", pl.col("store").cast(pl.String).str.zfill(3)),
        customer_id=pl.format("C{}", "customer"),
        units=pl.col("units").cast(pl.Float64),
        unit_price=pl.col("cents") / 100,
    )


def generate(folder: Path, rows: int) -> None:
    """Writes sales.csv, sales.parquet, products.csv and a configuration for each format."""
    import polars as pl  # noqa: PLC0415 - not in the parent
    import pyarrow.parquet as pq  # noqa: PLC0415

    parquet: pq.ParquetWriter | None = None
    with (folder / "sales.csv").open("wb") as text:
        for first in range(0, rows, BLOCK_ROWS):
            block = sales_block(first, min(BLOCK_ROWS, rows - first), rows)
            block.with_columns(pl.col("units").cast(pl.Int64)).write_csv(
                text, include_header=first == 0
            )
            table = block.to_arrow()
            parquet = parquet or pq.ParquetWriter(folder / "sales.parquet", table.schema)
            parquet.write_table(table)
    if parquet is not None:
        parquet.close()
    pl.select(
        sku=pl.int_range(SKUS).cast(pl.String).str.zfill(6),
        unit_price=(99 + (pl.int_range(SKUS) * 7919) % 10_000) / 100,
    ).write_csv(folder / "products.csv")
    for fmt in FORMATS:
        (folder / f"{fmt}.toml").write_text(
            f"as_of = {FIRST_DAY + timedelta(days=DAYS - 1)}\n"
            f'[tables.sales]\npath = "sales.{fmt}"\n'
            '[tables.products]\npath = "products.csv"\n'
        )


def plain(folder: Path, fmt: str) -> pl.LazyFrame:
    """The sales as canonical columns, by Polars alone."""
    import polars as pl  # noqa: PLC0415 - not in the parent

    if fmt == "parquet":
        return pl.scan_parquet(folder / "sales.parquet").select(
            "date", "sku", "location", "units", "unit_price", "customer_id", "order_id"
        )
    return pl.scan_csv(folder / "sales.csv", infer_schema=False).select(
        pl.col("date").str.to_date("%Y-%m-%d"),
        "sku",
        "location",
        pl.col("units", "unit_price").cast(pl.Float64),
        "customer_id",
        "order_id",
    )


def polars_streaming(folder: Path, fmt: str) -> int:
    """Polars, its streaming engine, into memory."""
    return plain(folder, fmt).collect(engine="streaming").height


def polars_in_memory(folder: Path, fmt: str) -> int:
    """Polars, its in-memory engine."""
    return plain(folder, fmt).collect(engine="in-memory").height


def polars_to_file(folder: Path, fmt: str) -> int:
    """Polars, its streaming engine, into a Parquet file: never in memory as a whole."""
    import polars as pl  # noqa: PLC0415 - not in the parent

    out = folder / "plain.parquet"
    plain(folder, fmt).sink_parquet(out, engine="streaming")
    return int(pl.scan_parquet(out).select(pl.len()).collect().item())


def stockout_read(folder: Path, fmt: str) -> int:
    """The reading of `forecast` and `reorder`: into memory, the first fault is an error."""
    from stockout.config import load_config  # noqa: PLC0415 - not in the parent
    from stockout.exports.read import read_tables  # noqa: PLC0415

    sales = read_tables(load_config(folder / f"{fmt}.toml"), {"sales"}).sales
    return 0 if sales is None else sales.height


def stockout_stage(folder: Path, fmt: str) -> int:
    """The reading of `check`: into a Parquet file, every fault kept."""
    import polars as pl  # noqa: PLC0415 - not in the parent

    from stockout.config import load_config  # noqa: PLC0415
    from stockout.exports.staging import stage_tables  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as scratch:
        tables = stage_tables(load_config(folder / f"{fmt}.toml"), {"sales"}, Path(scratch))
        return int(tables["sales"].rows.select(pl.len()).collect().item())


READINGS: dict[str, Callable[[Path, str], int]] = {
    "polars streaming": polars_streaming,
    "polars in-memory": polars_in_memory,
    "polars to a file": polars_to_file,
    "stockout read": stockout_read,
    "stockout stage": stockout_stage,
}
CHECK = "stockout check"
TASKS = (*READINGS, CHECK)


def arguments_of(task: str, folder: Path, fmt: str, rows: int) -> list[str]:
    """What the interpreter is started with for a task."""
    if task == CHECK:
        config, out = folder / f"{fmt}.toml", folder / "findings.json"
        options = ["--config", str(config), "--output", str(out), "--fail-on", "never"]
        return ["-m", "stockout", "check", *options]
    return [__file__, "--child", task, str(folder), fmt, "--rows", str(rows)]


def run(arguments: list[str]) -> Cost:
    """Runs this interpreter in a new process, and asks the system what that cost.

    Raises:
        SystemExit: The process failed.
    """
    begin = time.perf_counter()
    process = subprocess.Popen([sys.executable, *arguments], stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(arguments)}: exit {process.returncode}")
    unit = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit)


def main() -> None:
    """Measures, and prints one table a format."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--formats", nargs="+", choices=FORMATS, default=FORMATS)
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=TASKS)
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child is not None:
        task, folder, fmt = options.child
        if task == "generate":
            generate(Path(folder), options.rows)
        elif (height := READINGS[task](Path(folder), fmt)) != options.rows:
            raise SystemExit(f"{task}: {height:,} rows")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run([__file__, "--child", "generate", name, "", "--rows", str(options.rows)])
        for fmt in options.formats:
            costs: dict[str, list[Cost]] = {task: [] for task in options.tasks}
            for _ in range(options.repetitions):
                for task, measured in costs.items():
                    measured.append(run(arguments_of(task, folder, fmt, options.rows)))
            size = (folder / f"sales.{fmt}").stat().st_size
            print(f"\n{fmt}: {options.rows:,} rows, {size / 1e6:,.0f} MB")
            report(costs)


def report(costs: dict[str, list[Cost]]) -> None:
    """Prints the least of each figure, and its ratio to the first task's."""
    least = {task: Cost(*map(min, zip(*runs, strict=True))) for task, runs in costs.items()}
    base = next(iter(least.values()))
    print(f"{'':<20}{'wall s':>8}{'ratio':>7}{'cpu s':>9}{'ratio':>7}{'peak MB':>10}{'ratio':>7}")
    for task, cost in least.items():
        print(
            f"{task:<20}{cost.wall:>8.2f}{cost.wall / base.wall:>7.2f}"
            f"{cost.cpu:>9.2f}{cost.cpu / base.cpu:>7.2f}"
            f"{cost.peak / 1e6:>10,.0f}{cost.peak / base.peak:>7.2f}"
        )


if __name__ == "__main__":
    main()
