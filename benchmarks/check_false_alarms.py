"""How often the rules of `stockout check` speak where nothing is wrong.

python benchmarks/check_false_alarms.py > docs/check_false_alarms.md

The simulator's data have no errors in them, so each finding about them is a false alarm. Real data
sets have some; what is found in them is listed as it is.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from data_sets import REAL_DATA, fresh_retail, online_retail, pasta
from stockout.checks.catalogue import RULES
from stockout.checks.check import check, check_frames, stage_frames
from stockout.config import CheckConfig
from stockout.simulator.parameters import Parameters
from stockout.simulator.simulate import simulate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from data_sets import DataSet

SEEDS = range(201, 211)
WITHOUT = {
    "all tables": (),
    "without movements": ("movements",),
    "without movements and purchases": ("movements", "purchases"),
}
"""What an export may lack; receipts and corrections of stock are then known less well."""

_EVERYTHING = CheckConfig(max_findings=0)


def main() -> None:
    """Prints the page."""
    print(
        "# False alarms of the rules\n\n"
        "This page is made by `python benchmarks/check_false_alarms.py`.\n"
    )
    _simulated()
    _partial_days("the simulator", [(world["sales"], world["events"]) for world in _worlds()])
    if REAL_DATA.is_dir():
        _real([online_retail(), pasta(), fresh_retail()])


def _worlds() -> Iterable[Mapping[str, pl.DataFrame]]:
    for seed in SEEDS:
        yield simulate(Parameters(seed=seed, skus=100, locations=2, months=12)).tables


def _simulated() -> None:
    """Findings about data without errors."""
    counts: dict[str, dict[str, int]] = {name: {} for name in WITHOUT}
    item_days = sales = 0
    for world in _worlds():
        item_days += world["inventory"].height
        sales += world["sales"].height
        for name, lacking in WITHOUT.items():
            tables = {table: frame for table, frame in world.items() if table not in lacking}
            found = check(stage_frames(tables), _EVERYTHING)
            for code, count in found.group_by("code").len().rows():
                counts[name][code] = counts[name].get(code, 0) + count
    print(
        f"## The simulator\n\n{len(SEEDS)} businesses of 100 SKUs in 2 locations over a year: "
        f"{item_days:,} item-days of stock and {sales:,} sales rows, none of them wrong. Rules "
        "that are not named found nothing.\n"
    )
    codes = sorted({code for each in counts.values() for code in each})
    _table(
        ["rule", "severity", *WITHOUT],
        [
            [
                f"{code} {RULES[code].name}",
                RULES[code].severity,
                *(f"{counts[name].get(code, 0):,}" for name in WITHOUT),
            ]
            for code in codes
        ],
    )
    print(
        "\nSO205: the simulated tills write a line for each scan, and customers take a second one "
        "in place of something else. SO403 without movements: transfers between locations and "
        "scrap that no other table tells of.\n"
    )


def _partial_days(name: str, sets: list[tuple[pl.DataFrame, pl.DataFrame | None]]) -> None:
    """SO313 on histories that end with each of the last 200 days in turn, all of them whole."""
    only = CheckConfig(
        max_findings=0,
        rules={code: {"severity": "off"} for code in RULES if code != "SO313"},
    )
    whole = half = days = 0
    for sales, events in sets:
        last = _last(sales)
        for back in range(0, 200, 5):
            end = last - timedelta(days=back)
            cut = sales.filter(pl.col("date") <= end)
            part = cut.filter((pl.col("date") < end) | (pl.int_range(pl.len()) % 2 == 0))
            days += 1
            whole += check_frames(settings=only, sales=cut, events=events).height
            half += check_frames(settings=only, sales=part, events=events).height
    print(
        f"SO313 on {days:,} last days of {name}: {100 * whole / days:.1f} % of whole days are "
        f"called partial, {100 * half / days:.0f} % of days of which every second row is missing.\n"
    )


def _last(sales: pl.DataFrame) -> date:
    last = sales["date"].max()
    if last is None:
        raise ValueError("no sales")
    return last  # type: ignore[return-value]


def _real(sets: list[DataSet]) -> None:
    """Findings about real data."""
    print("## Real data sets\n\nNobody knows which of these findings are false alarms.\n")
    rows = []
    for each in sets:
        found = check_frames(sales=each.sales, inventory=each.inventory, settings=_EVERYTHING)
        for code, count in found.group_by("code").len().sort("code").rows():
            rows.append(
                [
                    each.name,
                    f"{each.sales.height:,}",
                    f"{code} {RULES[code].name}",
                    RULES[code].severity,
                    f"{count:,}",
                    f"{1000 * count / each.sales.height:.3f}",
                ]
            )
    _table(["data set", "sales rows", "rule", "severity", "findings", "per 1,000 rows"], rows)
    print()
    print(
        "SO402 in fresh_retail: `in_stock_share` is about 16 opening hours, and something was sold "
        "in the others. SO513 in online_retail: single buyers pay a multiple of the wholesale "
        "price.\n"
    )
    _partial_days("the real data sets", [(each.sales, None) for each in sets])


def _table(header: list[str], rows: list[list[str]]) -> None:
    print(f"| {' | '.join(header)} |")
    print(f"|{'---|' * len(header)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
