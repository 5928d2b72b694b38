"""``stockout simulate``: exit codes, output, and what a person sees."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from stockout.outputs import write_frame

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Cli

FEW = ("--paths", "10", "--horizon", "60", "--targets", "0.9,0.98")


@pytest.fixture
def store(folder: Path) -> Path:
    """Two SKUs that sell about 3 and 1 a day, of two suppliers, with costs and prices."""
    days = pl.date_range(pl.date(2026, 4, 6), pl.date(2026, 6, 28), "1d", eager=True)
    rng = np.random.default_rng(1)
    sales = pl.concat(
        pl.DataFrame({"date": days, "sku": sku, "units": rng.poisson(rate, len(days))})
        for sku, rate in (("00123", 3.0), ("00456", 1.0))
    )
    write_frame(sales.filter(pl.col("units") > 0), folder / "sales.csv", "csv")
    stock = pl.DataFrame({"date": [days.last()] * 2, "sku": ["00123", "00456"], "on_hand": [20, 9]})
    write_frame(stock, folder / "inventory.csv", "csv")
    products = pl.DataFrame(
        {"sku": ["00123", "00456"], "supplier_id": ["ACME", "BOLT"], "category": ["tea", None],
         "unit_cost": [1.5, 4.0], "unit_price": [3.0, 9.0]}
    )  # fmt: skip
    write_frame(products, folder / "products.csv", "csv")
    (folder / "stockout.toml").write_text(
        'default_lead_time_days = 7\n[tables]\nsales = "sales.csv"\ninventory = "inventory.csv"\n'
        'products = "products.csv"\n'
    )
    return folder


def test_rows_for_scripts(cli: Cli, store: Path) -> None:
    code, stdout, stderr = cli("simulate", *FEW, "--format", "json", "--demand", "+20%")
    assert (code, stderr) == (0, "")
    rows = json.loads(stdout)
    assert [(row["scenario"], row["window"], row["target"]) for row in rows] == [
        (scenario, window, target)
        for scenario in ("today", "demand +20 %")
        for window in ("next", "long run")
        for target in ("CSL 90 %", "CSL 95 %", "CSL 98 %")
    ]
    assert [row["is_today"] for row in rows[:3]] == [False, True, False]
    assert all(row["items"] == 2 and row["days"] == 60 for row in rows)
    assert store.is_dir()


def test_a_sentence_comes_first(cli: Cli, store: Path) -> None:
    (store / "sales.csv").touch()
    code, stdout, stderr = cli("simulate", *FEW, "--format", "table")
    assert (code, stderr) == (0, "")
    lines = stdout.splitlines()
    assert lines[0].startswith("From CSL 95 % to CSL 98 % costs ")
    assert " more in stock (+" in lines[0]
    assert all(len(line) <= 80 for line in lines)
    assert "CSL 95 % *" in stdout
    assert "--holding-rate" in stdout


def test_scenarios_stand_alone_or_together(cli: Cli, store: Path) -> None:
    flags = ("--lead-time", "21", "--lead-time-change", "x2", "--lead-time-sd", "3", "--review",
             "14", "--supplier-failure", "ACME:2w", "--supplier-failure", "BOLT:3d")  # fmt: skip
    _, stdout, _ = cli("simulate", *FEW, *flags, "-o", "alone.parquet")
    alone = pl.read_parquet(store / "alone.parquet")["scenario"].unique(maintain_order=True)
    assert stdout == ""
    assert alone.to_list() == [
        "today",
        "lead time 21 d",
        "lead time x2",
        "lead time sd 3 d",
        "review every 14 d",
        "ACME fails for 14 d",
        "BOLT fails for 3 d",
    ]
    both_flags = (*flags[:2], "--demand", "-10%", "--together", "--unplanned")
    cli("simulate", *FEW, *both_flags, "-o", "b.csv")
    both = pl.read_csv(store / "b.csv")["scenario"].unique(maintain_order=True).to_list()
    assert both == ["today", "lead time 21 d, demand -10 %, not planned for"]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--targets", "95"), "the target 95 is no share between 0 and 1\nhint: 0.95 is 95 %"),
        (("--targets", "high"), "--targets 'high' does not read"),
        (("--demand", "more"), "a change of demand of 'more' does not read"),
        (("--lead-time-change", "later"), "a lead time of 'later' does not read"),
        (("--supplier-failure", "ACME"), "a supplier's failure of 'ACME' does not read"),
        (("--supplier-failure", "ACMA:4w"), "no item is supplied by 'ACMA'\nhint: did you mean"),
        (("--picture", "curves.pdf"), "a picture is written as SVG or PNG"),
        (("--by", "colour"), "colour"),
        (("--paths", "1"), "paths is 1"),
    ],
)
def test_wrong_use(cli: Cli, store: Path, flags: tuple[str, ...], message: str) -> None:
    assert store.is_dir()
    code, stdout, stderr = cli("simulate", *flags)
    assert (code, stdout) == (2, "")
    assert message in stderr


def test_groups_without_a_name_are_kept(cli: Cli, store: Path) -> None:
    cli("simulate", *FEW, "--by", "category", "-o", "groups.csv")
    rows = pl.read_csv(store / "groups.csv").filter("is_today", pl.col("window") == "next")
    assert rows["category"].to_list() == ["tea", None]


def test_picture(cli: Cli, store: Path) -> None:
    pytest.importorskip("vl_convert")
    code, _, stderr = cli("simulate", *FEW, "-o", "rows.csv", "--picture", "curves.svg")
    assert (code, stderr) == (0, "")
    drawn = (store / "curves.svg").read_text(encoding="utf-8")
    assert drawn.startswith("<svg ")
    assert "Average stock (money)" in drawn
    assert "From CSL 95 % to CSL 98 %" in drawn  # for those who cannot see it


def test_without_money_units_are_told_and_why(cli: Cli, store: Path) -> None:
    (store / "stockout.toml").write_text(
        'default_lead_time_days = 7\n[tables]\nsales = "sales.csv"\ninventory = "inventory.csv"\n'
    )
    _, stdout, _ = cli("simulate", *FEW, "--format", "table")
    assert "units more in stock" in stdout
    assert "stock has no value without unit_cost, and no item has one" in stdout
    assert "cost\n" not in stdout
