"""The data sets that the benchmarks measure on, as canonical frames."""

from __future__ import annotations

import os
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple, cast

import polars as pl

REAL_DATA = Path(os.environ.get("STOCKOUT_REALDATA", "../shared/data"))
SKUS = 300  # of a simulated business; ``data/sample`` has 40
SAMPLE = Path(__file__).parent.parent / "data" / "sample"


class DataSet(NamedTuple):
    """Sales, what is known of availability, and the origins to forecast from."""

    name: str
    sales: pl.DataFrame
    inventory: pl.DataFrame | None
    origins: list[date]
    latent: pl.DataFrame | None = None  # date, sku, location, units: the truth, where it is known
    products: pl.DataFrame | None = None
    purchases: pl.DataFrame | None = None
    movements: pl.DataFrame | None = None
    step: int = 14  # days between the earlier origins that costly models are fitted at


def sample() -> DataSet:
    """The exports in ``data/sample``, as the commands read them, judged by the truth there.

    For a whole year, every other week: its few items rise and fall together, so that half a year is
    one good or bad time.
    """
    from stockout.config import load_config  # noqa: PLC0415
    from stockout.exports.read import read_tables  # noqa: PLC0415

    tables = read_tables(load_config(SAMPLE / "stockout.toml"))
    sales = cast("pl.DataFrame", tables.sales)
    last = cast("date", sales["date"].max())
    latent = pl.read_csv(
        SAMPLE / "truth/demand.csv.gz", schema_overrides={"sku": pl.String}, try_parse_dates=True
    )
    return DataSet(
        "sample",
        sales,
        tables.inventory,
        [last - timedelta(days=14 * k) for k in range(27, 1, -1)],
        latent.select("date", "sku", "location", units="latent_units"),
        products=tables.products,
        purchases=tables.purchases,
        movements=tables.movements,
    )


def online_retail() -> DataSet:
    """Invoice lines of a giftware wholesaler, a year; no inventory."""
    frame = pl.read_parquet(REAL_DATA / "online_retail_2009_2010.parquet").filter(
        pl.col("StockCode").str.contains(r"^\d{5}") & (pl.col("Price") > 0)
    )
    sales = frame.select(
        date=pl.col("InvoiceDate").str.to_datetime().dt.date(),
        sku="StockCode",
        units=pl.col("Quantity").cast(pl.Float64),
        unit_price="Price",
        customer_id=pl.col("Customer ID").cast(pl.Int64).cast(pl.String),
        order_id="Invoice",
    )
    return DataSet(
        "online_retail",
        sales,
        None,
        [date(2010, 11, 11) - timedelta(days=28 * k) for k in range(3, -1, -1)],
    )


def pasta() -> DataSet:
    """Daily sales of 118 pasta SKUs in one grocer, five years; no inventory."""
    frame = pl.read_parquet(REAL_DATA / "pasta.parquet")
    sales = frame.select(
        date=pl.col("date").str.to_date(),
        sku=pl.format("{}-{}", "brand", "product"),
        units="value",
    )
    origins = [date(2018, 12, 3) - timedelta(days=42 * k) for k in range(11, -1, -1)]
    return DataSet("pasta", sales, None, origins)


def fresh_retail(every: int = 10) -> DataSet:
    """Daily sales and stockout hours of fresh food, 90 days; one in ``every`` of the stores."""
    frame = pl.read_parquet(REAL_DATA / "freshretailnet_even_stores.parquet").filter(
        pl.col("store_id") % (2 * every) == 0
    )
    products = frame.select(
        sku=pl.col("product_id").cast(pl.String),
        category=pl.col("third_category_id").cast(pl.String),
    ).unique("sku")
    keys = {
        "date": pl.col("dt"),
        "sku": pl.col("product_id").cast(pl.String),
        "location": pl.col("store_id").cast(pl.String),
    }
    sales = frame.select(**keys, units=pl.col("sale_amount").cast(pl.Float64))
    hours = pl.col("stockout_hours_6_21").cast(pl.Float64)
    inventory = frame.select(**keys, in_stock_share=1 - hours / 16)
    first = date(2024, 3, 28)
    origins = [first + timedelta(days=day - 1) for day in (54, 62, 70, 78)]
    return DataSet("fresh_retail", sales, inventory, origins, products=products, step=4)


def simulated(seed: int, skus: int = SKUS) -> DataSet:
    """The simulator's business with the availability that its exports show."""
    from stockout.simulator.parameters import Parameters  # noqa: PLC0415
    from stockout.simulator.simulate import simulate  # noqa: PLC0415

    world = simulate(Parameters(seed=seed, skus=skus, locations=2, months=18))
    tables = world.tables
    last = tables["sales"].select(pl.col("date").max()).item()
    origins = [last - timedelta(days=28 * k) for k in range(4, 0, -1)]
    latent = world.truth["demand"].select("date", "sku", "location", units="latent_units")
    return DataSet(
        f"simulator, seed {seed}",
        tables["sales"],
        tables["inventory"],
        origins,
        latent,
        tables["products"],
        tables["purchases"],
        tables["movements"],
    )


def available() -> list[DataSet]:
    """All data sets that are on this machine; the simulator always is."""
    sets = [simulated(seed) for seed in (101, 102)]
    if REAL_DATA.is_dir():
        sets = [online_retail(), pasta(), fresh_retail(), *sets]
    return sets
