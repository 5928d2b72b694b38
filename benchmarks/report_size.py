"""Size and seconds of a report on many items, after the estimates exist.

Run: python benchmarks/report_size.py [--items 50000] [--days 182]

Prints a row a format: seconds to arrange and write, and the size of the file. The estimates
themselves (lost sales, reorder list, forecast) are made before and timed apart; accuracy and
checks, whose results do not grow with the items, are left out where --items is large.
"""

from __future__ import annotations

import argparse
import time
from datetime import date, timedelta

import numpy as np
import polars as pl

import stockout
from stockout.checks.findings import no_findings
from stockout.exports.read import Tables
from stockout.reports.report.facts import Facts, Missing
from stockout.reports.report.report import FORMATS, Report
from stockout.reports.report.sections import arranged
from stockout.tables import conform

STORES = 50


def simulated(items: int, days: int) -> Tables:
    """Sales, daily stock, products and open purchases of so many items, in 50 stores."""
    random = np.random.default_rng(1)
    first = date(2026, 6, 28) - timedelta(days - 1)
    rate = random.gamma(0.8, 1.2, items)
    wanted = random.poisson(rate, (days, items))
    # Stock runs out now and then, for a week.
    out = np.repeat(random.random((days // 7 + 1, items)) < 0.08, 7, axis=0)[:days]
    day, item = np.nonzero(wanted * ~out)
    dates = pl.Series([first + timedelta(k) for k in range(days)])
    sku = pl.Series([f"SKU-{k // STORES:06}" for k in range(items)])
    location = pl.Series([f"S{k % STORES:03}" for k in range(items)])
    sales = pl.DataFrame(
        {
            "date": dates[day],
            "sku": sku[item],
            "location": location[item],
            "units": wanted[day, item].astype(float),
            "unit_price": 9.9,
        }
    )
    at, of = np.divmod(np.arange(days * items), items)
    inventory = pl.DataFrame(
        {
            "date": dates[at],
            "sku": sku[of],
            "location": location[of],
            "on_hand": np.where(out[at, of], 0.0, 9.0 + (at + of) % 17),
        }
    )
    skus = sku.unique(maintain_order=True)
    products = pl.DataFrame(
        {
            "sku": skus,
            "name": [f"Article {k} with a name of usual length" for k in range(len(skus))],
            "supplier_id": [f"V{k % 80:03}" for k in range(len(skus))],
            "unit_cost": 6.0,
            "lead_time_days": 9.0,
        }
    )
    return Tables(
        sales=conform(sales, "sales"),
        inventory=conform(inventory, "inventory"),
        products=conform(products, "products"),
    )


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=50_000)
    parser.add_argument("--days", type=int, default=182)
    asked = parser.parse_args()
    tables = simulated(asked.items, asked.days)
    given = (tables.sales, tables.inventory, tables.products)
    began = time.perf_counter()
    lost = stockout.lost_sales(*given)
    print(f"lost sales: {time.perf_counter() - began:.1f} s")
    began = time.perf_counter()
    orders = stockout.reorder(*given)
    print(f"reorder list: {time.perf_counter() - began:.1f} s, {orders.height:,} lines")
    began = time.perf_counter()
    forecast = stockout.forecast(*given, levels=(0.1, 0.5, 0.9))
    print(f"forecast: {time.perf_counter() - began:.1f} s")
    facts = Facts(
        tables, date(2026, 6, 28), lost, orders, forecast, Missing("left out"), no_findings()
    )
    began = time.perf_counter()
    report = Report(facts.as_of, arranged(facts))
    arranging = time.perf_counter() - began
    print(f"arranged: {arranging:.1f} s")
    for fmt in FORMATS:
        began = time.perf_counter()
        size = len(report.data(fmt))
        seconds = arranging + time.perf_counter() - began
        print(f"{fmt}: {seconds:.1f} s with the arranging, {size / 2**20:.2f} MiB")


if __name__ == "__main__":
    main()
