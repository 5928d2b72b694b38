"""``stockout lost-sales``: exit codes, output, and what a person sees."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import polars as pl
import pytest

from stockout.outputs import write_frame

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Cli

COLUMNS = [
    "sku",
    "location",
    "date",
    "sold",
    "latent",
    "lost_units",
    "lost_low",
    "lost_high",
    "lost_revenue",
    "lost_margin",
    "rule",
    "in_stock_share",
    "phantom_units",
]
"""The first nine as the design has them: other people's scripts rely on them."""


def frame_of(csv: str) -> pl.DataFrame:
    """The rows of a CSV, all text."""
    return pl.read_csv(io.StringIO(csv), infer_schema=False)


@pytest.fixture
def shelf(folder: Path) -> Path:
    """Two SKUs at 3 and 1 a day for twelve weeks; 00123 is out from 1 to 4 June.

    Nobody knows whether 00456 was in stock before May.
    """
    days = pl.date_range(pl.date(2026, 4, 6), pl.date(2026, 6, 28), "1d", eager=True)
    out = pl.col("date").is_between(pl.date(2026, 6, 1), pl.date(2026, 6, 4))
    units = pl.DataFrame({"sku": ["00123", "00456"], "units": [3, 1], "unit_price": [2.0, 9.0]})
    sales = pl.DataFrame({"date": days}).join(units, how="cross")
    write_frame(sales.filter(~(out & (pl.col("sku") == "00123"))), folder / "sales.csv", "csv")
    stock = sales.select("date", "sku", in_stock=~(out & (pl.col("sku") == "00123"))).filter(
        (pl.col("sku") == "00123") | (pl.col("date") >= pl.date(2026, 5, 1))
    )
    write_frame(stock, folder / "inventory.csv", "csv")
    products = pl.DataFrame(
        {"sku": ["00123", "00456"], "name": ["Tea", "Mug"], "unit_cost": [1.5, 4.0]}
    )
    write_frame(products, folder / "products.csv", "csv")
    (folder / "stockout.toml").write_text(
        '[tables]\nsales = "sales.csv"\ninventory = "inventory.csv"\nproducts = "products.csv"\n'
    )
    return folder


def test_one_row_for_each_day_out_of_stock(cli: Cli, shelf: Path) -> None:
    assert shelf.is_dir()
    code, stdout, stderr = cli("lost-sales")
    assert (code, stderr) == (0, "")
    frame = frame_of(stdout)
    assert frame.columns == COLUMNS
    assert frame["sku"].to_list() == ["00123"] * 4
    assert frame["location"].to_list() == ["ALL"] * 4
    assert frame["date"].to_list() == [f"2026-06-0{day}" for day in (1, 2, 3, 4)]
    assert frame["rule"].unique().to_list() == ["out all period"]
    assert frame["sold"].to_list() == ["0.0"] * 4
    assert frame["lost_units"].cast(pl.Float64).to_list() == pytest.approx([3] * 4, rel=0.02)
    assert frame["lost_revenue"].cast(pl.Float64).to_list() == pytest.approx([6] * 4, rel=0.02)
    assert frame["lost_margin"].cast(pl.Float64).to_list() == pytest.approx([1.5] * 4, rel=0.02)


def test_every_period(cli: Cli, shelf: Path) -> None:
    assert shelf.is_dir()
    frame = frame_of(cli("lost-sales", "--all").stdout)
    assert frame.columns == COLUMNS
    assert dict(frame.group_by("rule").len().rows()) == {
        "out all period": 4,
        "in stock": 84 - 4 + 59,
        "unknown": 25,
    }
    assert frame.filter(rule="unknown")["lost_units"].to_list() == [None] * 25


def test_episodes(cli: Cli, shelf: Path) -> None:
    assert shelf.is_dir()
    code, stdout, stderr = cli("lost-sales", "--episodes")
    assert (code, stderr) == (0, "")
    row = frame_of(stdout).row(0, named=True)
    assert list(row) == [
        "sku",
        "location",
        "first_date",
        "last_date",
        "days",
        "days_out",
        "end",
        "begun",
        "lost_units",
        "lost_low",
        "lost_high",
        "lost_revenue",
    ]
    assert (row["first_date"], row["last_date"], row["days"]) == ("2026-06-01", "2026-06-04", "4")
    assert (row["end"], row["begun"]) == ("restocked", "true")


def test_key_figures(cli: Cli, shelf: Path) -> None:
    assert shelf.is_dir()
    code, stdout, stderr = cli("lost-sales", "--by", "none")
    assert (code, stderr) == (0, "")
    frame = frame_of(stdout)
    assert frame.columns == ["kpi", "value", "low", "high", "coverage", "unit", "definition"]
    values = dict(frame.select("kpi", pl.col("value").cast(pl.Float64)).rows())
    assert values["stockout_rate"] == pytest.approx(4 / 143)
    assert values["lost_units"] == pytest.approx(12, rel=0.02)
    coverage = dict(frame.select("kpi", pl.col("coverage").cast(pl.Float64)).rows())
    assert coverage["stockout_rate"] == pytest.approx(143 / 168)

    by_month = frame_of(cli("lost-sales", "--by", "sku, month").stdout)
    assert by_month.columns[:3] == ["sku", "month", "kpi"]
    june = by_month.filter(sku="00123", month="2026-06-01", kpi="stockout_rate")
    assert float(june["value"].item()) == pytest.approx(4 / 28)


def test_net_of_a_scenario(cli: Cli, shelf: Path) -> None:
    assert shelf.is_dir()
    frame = frame_of(cli("lost-sales", "--substituted", "0.25").stdout)
    assert frame.columns == [*COLUMNS, "net_units", "net_revenue", "net_margin"]
    lost, net = frame.select(pl.col("lost_units", "net_units").cast(pl.Float64)).sum().row(0)
    assert net == pytest.approx(0.75 * lost)


def test_phantom_stock(cli: Cli, shelf: Path) -> None:
    lines = (shelf / "sales.csv").read_text().splitlines(keepends=True)
    kept = [line for line in lines if not (",00123," in line and line >= "2026-06-20")]
    (shelf / "sales.csv").write_text("".join(kept))
    apart = frame_of(cli("lost-sales").stdout)
    phantom = apart.filter(rule="phantom stock")
    assert phantom["date"].to_list() == [f"2026-06-{day}" for day in range(20, 29)]
    assert phantom["lost_units"].unique().to_list() == ["0.0"]
    units = phantom["phantom_units"].cast(pl.Float64)
    assert units.sum() == pytest.approx(27, rel=0.1)
    counted = frame_of(cli("lost-sales", "--include-phantom").stdout).filter(rule="phantom stock")
    assert counted["lost_units"].to_list() == phantom["phantom_units"].to_list()


def test_no_stockouts_give_a_table_without_rows(cli: Cli, shelf: Path) -> None:
    text = (shelf / "inventory.csv").read_text().replace("false", "true")
    (shelf / "inventory.csv").write_text(text)
    sales = (shelf / "sales.csv").read_text()
    sales += "".join(f"2026-06-0{day},00123,3,2.0\n" for day in (1, 2, 3, 4))
    (shelf / "sales.csv").write_text(sales)
    assert cli("lost-sales") == (0, ",".join(COLUMNS) + "\n", "")
    values = dict(frame_of(cli("lost-sales", "--by", "none").stdout).select("kpi", "value").rows())
    assert (values["lost_units"], values["stockout_rate"]) == ("0.0", "0.0")


def test_formats(cli: Cli, shelf: Path) -> None:
    assert cli("lost-sales", "--quiet", "--output", "lost.parquet") == (0, "", "")
    parquet = pl.read_parquet(shelf / "lost.parquet")
    assert parquet.schema["date"] == pl.Date
    assert parquet.schema["sku"] == pl.String
    records = json.loads(cli("lost-sales", "--format", "json").stdout)
    assert list(records[0]) == COLUMNS
    assert records[0]["date"] == "2026-06-01"


def test_weeks(cli: Cli, shelf: Path) -> None:
    assert shelf.is_dir()
    frame = frame_of(cli("lost-sales", "--freq", "week").stdout)
    assert frame["date"].to_list() == ["2026-06-01"]
    assert frame["rule"].to_list() == ["part of the period"]
    assert float(frame["in_stock_share"].item()) == pytest.approx(3 / 7)
    assert float(frame["lost_units"].item()) == pytest.approx(12, rel=0.05)


def test_as_of_leaves_later_rows_out(cli: Cli, shelf: Path) -> None:
    assert shelf.is_dir()
    frame = frame_of(cli("lost-sales", "--as-of", "2026-06-02").stdout)
    assert frame["date"].to_list() == ["2026-06-01", "2026-06-02"]


@pytest.mark.parametrize(
    ("args", "stderr"),
    [
        (
            ["--all", "--episodes"],
            "error: --all and --episodes ask for different tables\nhint: give one\n",
        ),
        (
            ["--by", "brand"],
            "error: by: found 'brand', expected sku, location, category, supplier, channel, month, "
            "or none\n",
        ),
        (
            ["--by", "category"],
            "error: the category of no item is known, so there is nothing to group by\n"
            "hint: give products with a category\n",
        ),
        (
            ["--substituted", "45"],
            "error: substituted is 45, expected a share from 0 to 1\n",
        ),
        (
            ["--substituted", "0.7", "--delayed", "0.4"],
            "error: substituted and delayed are 1.1 together, expected at most 1: both are shares "
            "of the same lost units\n",
        ),
    ],
)
def test_wrong_use(cli: Cli, shelf: Path, args: list[str], stderr: str) -> None:
    assert shelf.is_dir()
    assert cli("lost-sales", *args) == (2, "", stderr)


def test_wrong_groups_and_scenarios_are_refused_before_the_work(cli: Cli, folder: Path) -> None:
    assert folder.is_dir()
    for args in (["--by", "brand"], ["--delayed", "2"]):
        code, _, stderr = cli("lost-sales", "--sales", "gone.csv", *args)
        assert code == 2
        assert stderr.startswith(("error: by: found 'brand'", "error: delayed is 2"))


def test_without_inventory_lost_sales_are_not_known(cli: Cli, shelf: Path) -> None:
    (shelf / "stockout.toml").write_text('[tables]\nsales = "sales.csv"\n')
    assert cli("lost-sales") == (
        2,
        "",
        "error: lost sales are not known, because availability is not known for any item and "
        "period\n"
        "hint: give --inventory (stock, or whether there was any), or --movements with a stock "
        "list; a stock list alone also needs --purchases to tell the past\n",
    )


def test_a_digest_on_one_screen(cli: Cli, shelf: Path) -> None:
    assert shelf.is_dir()
    code, stdout, stderr = cli("lost-sales", "--format", "table", "--substituted", "0.2")
    assert (code, stderr) == (0, "")
    lines = [line.rstrip() for line in stdout.splitlines()]
    assert len(lines) < 24
    assert max(map(len, lines)) <= 80
    assert lines[0] == "Lost sales up to 2026-06-28"
    sku, units, *_, days_out, times_out = lines[3].split()
    assert (sku, days_out, times_out) == ("00123", "4", "1")
    assert float(units) == pytest.approx(12, rel=0.02)
    text = " ".join(lines)
    assert "net of 20.0 % substituted and 0.0 % delayed, as stated" in text
    assert "stockout rate 2.8 %" in text
    assert "on-shelf availability 97.2 %" in text
    assert "cycle service level unknown" in text
    assert "1 episode of 4 days on average, 0 open" in text
    assert "availability is unknown for 14.9 % of item periods: neither in stock nor out" in text


def test_a_table_of_groups(cli: Cli, shelf: Path) -> None:
    assert shelf.is_dir()
    code, stdout, stderr = cli("lost-sales", "--format", "table", "--by", "sku")
    assert (code, stderr) == (0, "")
    title, *head, first, second, empty, facts = [line.split() for line in stdout.splitlines()]
    assert title == ["Stockouts", "by", "sku"]
    assert head[-1][0] == "sku"
    assert (first[0], first[-2:]) == ("00123", ["100", "%"])
    assert (second[0], second[-2:]) == ("00456", ["70", "%"])
    assert empty == []
    assert facts[:2] == ["2", "groups;"]


def test_a_table_of_key_figures(cli: Cli, shelf: Path) -> None:
    assert shelf.is_dir()
    code, stdout, stderr = cli("lost-sales", "--format", "table", "--by", "none")
    assert (code, stderr) == (0, "")
    lines = [" ".join(line.split()) for line in stdout.splitlines()]
    assert len(lines) < 24
    assert lines[0] == "Key figures of stockouts"
    assert "stockout rate 2.8 % 85 %" in lines


def test_a_table_of_episodes(cli: Cli, shelf: Path) -> None:
    assert shelf.is_dir()
    code, stdout, stderr = cli("lost-sales", "--format", "table", "--episodes")
    assert (code, stderr) == (0, "")
    lines = stdout.splitlines()
    assert lines[0].strip() == "Stockout episodes"
    assert lines[3].split()[:4] == ["00123", "2026-06-01", "4", "restocked"]
    assert lines[-1] == "1 episode, 0 open"


def test_names_cannot_touch_the_terminal(cli: Cli, shelf: Path) -> None:
    for name in ("sales.csv", "inventory.csv", "products.csv"):
        text = (shelf / name).read_text().replace("00123", "\x1b[31m[bold]x")
        (shelf / name).write_text(text)
    for args in ([], ["--by", "sku"], ["--episodes"]):
        stdout = cli("lost-sales", "--format", "table", *args).stdout
        assert "\x1b" not in stdout
        assert "[bold]x" in stdout
