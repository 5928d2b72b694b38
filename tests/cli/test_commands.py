"""The commands on exports: what comes out, where, and what the flags do to it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from datetime import date
from typing import TYPE_CHECKING

import polars as pl
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Cli

REORDER_COLUMNS = [
    "sku",
    "location",
    "supplier_id",
    "on_hand",
    "on_order",
    "position",
    "mean_demand",
    "safety_stock",
    "reorder_point",
    "order_up_to",
    "order_qty",
    "order_value",
    "stockout_risk",
    "expected_lost_units",
    "expected_lost_revenue",
    "status",
    "reason",
    "lead_time_days",
    "lead_time_source",
    "review_days",
    "target",
    "raw_qty",
    "moq",
    "pack_size",
    "max_stock",
    "limit",
]
"""As the design has them: other people's scripts rely on them."""


def frame_of(csv: str) -> pl.DataFrame:
    """The rows of a CSV, all text."""
    return pl.read_csv(io.StringIO(csv), infer_schema=False)


def test_forecast_gives_csv_where_stdout_is_no_terminal(cli: Cli, shop: Path) -> None:
    assert shop.is_dir()
    code, stdout, stderr = cli("forecast", "--horizon", "7", "--levels", "0.5,0.975")
    assert (code, stderr) == (0, "")
    frame = frame_of(stdout)
    assert frame.columns == ["sku", "location", "date", "mean", "q50", "q97.5", "model"]
    assert frame["sku"].to_list() == ["00123"] * 7 + ["00456"] * 7
    assert frame["location"].unique().to_list() == ["ALL"]
    assert frame["date"].to_list() == [f"2026-{day}" for day in WEEK] * 2
    means = frame.group_by("sku").agg(pl.col("mean").cast(pl.Float64).mean()).sort("sku")
    assert means["mean"].to_list() == pytest.approx([3, 1])


WEEK = ["06-29", "06-30", "07-01", "07-02", "07-03", "07-04", "07-05"]


def test_every_format_holds_the_same_rows(cli: Cli, shop: Path) -> None:
    for suffix in ("csv", "json", "parquet", "xlsx"):
        assert cli("forecast", "--quiet", "--output", f"forecast.{suffix}") == (0, "", "")
    parquet = pl.read_parquet(shop / "forecast.parquet")
    assert parquet.schema["date"] == pl.Date
    assert parquet.schema["sku"] == pl.String
    assert parquet.height == 2 * 28
    csv = pl.read_csv(shop / "forecast.csv", schema=parquet.schema)
    assert csv.equals(parquet)
    records = json.loads((shop / "forecast.json").read_text())
    assert records[0]["sku"] == "00123"
    assert records[0]["date"] == "2026-06-29"
    assert len(records) == parquet.height
    excel = pl.read_excel(shop / "forecast.xlsx")
    assert excel["sku"].to_list() == parquet["sku"].to_list()
    assert excel["date"].to_list() == parquet["date"].to_list()


def test_format_goes_before_the_suffix(cli: Cli, shop: Path) -> None:
    assert cli("forecast", "--format", "json", "--output", "forecast.txt").code == 0
    assert len(json.loads((shop / "forecast.txt").read_text())) == 2 * 28


def test_flag_goes_before_environment_before_file(
    cli: Cli, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def horizon(*args: str) -> int:
        return frame_of(cli("forecast", *args).stdout).height // 2

    with (shop / "stockout.toml").open("a") as file:
        file.write("[forecast]\nhorizon = 3\n")
    assert horizon() == 3
    monkeypatch.setenv("STOCKOUT_FORECAST__HORIZON", "4")
    assert horizon() == 4
    assert horizon("--horizon", "5") == 5


def test_a_table_flag_replaces_the_path_and_keeps_the_mapping(cli: Cli, shop: Path) -> None:
    text = (shop / "sales.csv").read_text().replace("units", "Pieces sold", 1)
    (shop / "elsewhere").mkdir()
    (shop / "elsewhere" / "new.csv").write_text(text)
    (shop / "stockout.toml").write_text(
        '[tables.sales]\npath = "gone.csv"\n[tables.sales.columns]\nunits = "Pieces sold"\n'
    )
    assert cli("forecast").stderr.startswith("error: gone.csv: no such file")
    assert cli("forecast", "--sales", "elsewhere/new.csv").code == 0


def test_a_table_flag_can_be_repeated(cli: Cli, shop: Path) -> None:
    header, *lines = (shop / "sales.csv").read_text().splitlines(keepends=True)
    (shop / "first.csv").write_text(header + "".join(lines[:80]))
    (shop / "second.csv").write_text(header + "".join(lines[80:]))
    whole = cli("forecast").stdout
    assert cli("forecast", "--sales", "first.csv", "--sales", "second.csv").stdout == whole


def test_as_of_leaves_later_rows_out(cli: Cli, shop: Path) -> None:
    assert shop.is_dir()
    frame = frame_of(cli("forecast", "--as-of", "2026-05-31", "--horizon", "1").stdout)
    assert frame["date"].unique().to_list() == ["2026-06-01"]


def test_weeks(cli: Cli, shop: Path) -> None:
    assert shop.is_dir()
    frame = frame_of(cli("forecast", "--freq", "week", "--horizon", "2").stdout)
    assert frame["date"].to_list() == ["2026-06-29", "2026-07-06"] * 2
    assert frame["mean"].cast(pl.Float64).to_list() == pytest.approx([21, 21, 7, 7], rel=0.01)


def test_verbose_says_what_was_read_and_quiet_hides_warnings(cli: Cli, shop: Path) -> None:
    with (shop / "sales.csv").open("a") as file:
        file.write("2026-06-28,00123,-1\n")
    warning = "warning: sales: 1 returned units on 1 line match no sale"
    assert cli("forecast").stderr.startswith(warning)
    assert cli("forecast", "--quiet").stderr == ""
    verbose = cli("forecast", "--verbose").stderr
    assert "note: sales: 169 rows read from sales.csv\n" in verbose
    assert warning in verbose


def test_excluded_rows_are_counted(cli: Cli, shop: Path) -> None:
    with (shop / "stockout.toml").open("w") as file:
        file.write(
            '[tables.sales]\npath = "sales.csv"\n[[tables.sales.exclude]]\n'
            'where = "sku = \'00456\'"\nreason = "services"\n'
        )
    code, stdout, stderr = cli("forecast")
    assert (code, stderr) == (0, "warning: sales: 84 rows left out: services\n")
    assert frame_of(stdout)["sku"].unique().to_list() == ["00123"]


def test_cells_that_a_spreadsheet_would_run_are_guarded(cli: Cli, shop: Path) -> None:
    text = (shop / "sales.csv").read_text().replace("00456", "=cmd()")
    (shop / "sales.csv").write_text(text)
    assert "\n'=cmd()," in cli("forecast").stdout
    assert "\n=cmd()," in cli("forecast", "--raw").stdout


def test_reorder_list(cli: Cli, shop: Path) -> None:
    assert shop.is_dir()
    code, stdout, stderr = cli("reorder", "--review", "7", "--service-level", "0.9")
    assert (code, stderr) == (0, "")
    frame = frame_of(stdout)
    assert frame.columns[: len(REORDER_COLUMNS)] == REORDER_COLUMNS
    urgent, plenty = frame.to_dicts()
    assert (urgent["sku"], urgent["status"]) == ("00123", "at risk")
    assert (urgent["lead_time_source"], urgent["target"]) == ("assumed", "CSL 90 %")
    assert float(urgent["mean_demand"]) == pytest.approx(3 * 14)
    assert float(urgent["order_qty"]) >= 3 * 7
    assert (plenty["sku"], plenty["status"], float(plenty["order_qty"])) == ("00456", "excess", 0)


@pytest.mark.parametrize(
    ("flags", "column", "value"),
    [
        (["--lead-time", "21"], "lead_time_days", "21.0"),
        (["--lead-time", "21"], "lead_time_source", "flag"),
        (["--review", "14"], "review_days", "14.0"),
        (["--fill-rate", "0.98"], "target", "fill 98 %"),
        (["--shortage-cost", "1", "--holding-cost", "0.2"], "target", "cost 1:0.2"),
    ],
)
def test_policy_flags(cli: Cli, shop: Path, flags: list[str], column: str, value: str) -> None:
    assert shop.is_dir()
    assert frame_of(cli("reorder", *flags).stdout)[column].unique().to_list() == [value]


def test_unmet_demand_that_waits_needs_more_than_demand_that_is_lost(cli: Cli, shop: Path) -> None:
    assert shop.is_dir()
    lost, waits = (
        float(frame_of(cli("reorder", "--unmet", unmet).stdout)["order_qty"][0])
        for unmet in ("lost", "backorder")
    )
    assert waits > lost > 0


def test_an_sku_without_stock_data_is_listed_as_unknown(cli: Cli, shop: Path) -> None:
    (shop / "inventory.csv").write_text("date,sku,on_hand\n2026-06-28,00123,2\n")
    code, stdout, stderr = cli("reorder", "--quiet")
    assert (code, stderr) == (0, "")
    line = frame_of(stdout).row(by_predicate=pl.col("sku") == "00456", named=True)
    assert line["status"] == "unknown stock"
    assert line["on_hand"] is None
    assert line["order_qty"] is None
    assert line["reason"] == (
        "No order said: stock is not known (inventory has no row of it up to 2026-06-28)"
    )


def test_table_where_stdout_is_no_terminal(cli: Cli, shop: Path) -> None:
    assert shop.is_dir()
    code, stdout, stderr = cli("forecast", "--format", "table", "--horizon", "7")
    assert (code, stderr) == (0, "")
    title, _, head, *items, empty, facts = [line.split() for line in stdout.splitlines()]
    assert title == ["Forecast"]
    assert head == ["sku", "model", "a", "day", "7", "days", "day", "q50", "day", "q90"]
    assert [(item[0], item[2], item[3]) for item in items] == [
        ("00123", "3", "21"),
        ("00456", "1", "7"),
    ]
    assert empty == []
    assert " ".join(facts) == (
        "2 items, 28 units expected over 7 days from 2026-06-29 (as of 2026-06-28)"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("no_colour", [True, False])
def test_a_terminal_gets_a_table(shop: Path, no_colour: bool) -> None:
    import pty  # noqa: PLC0415 - not there on Windows

    controller, terminal = pty.openpty()
    env = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    env |= {"TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"}
    env |= {"NO_COLOR": "1"} if no_colour else {}
    with subprocess.Popen(
        [sys.executable, "-m", "stockout", "reorder"],
        cwd=shop,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=terminal,
        stderr=subprocess.DEVNULL,
    ) as process:
        os.close(terminal)
        shown = b""
        try:
            while part := os.read(controller, 65536):
                shown += part
        except OSError:  # how Linux says that the other end of a terminal was closed
            pass
        os.close(controller)
    assert process.returncode == 0
    text = shown.decode()
    assert "Reorder list" in text
    assert ("\x1b[33mat risk" in text) is not no_colour


def test_sample(cli: Cli, folder: Path) -> None:
    code, stdout, stderr = cli(
        "sample", "demo", "--skus", "4", "--months", "3", "--set", "end=2026-01-04"
    )
    assert (code, stderr) == (
        0,
        "note: try it: cd demo && stockout forecast && stockout reorder\n",
    )
    paths = stdout.splitlines()
    assert "demo/products.csv" in paths
    assert all((folder / path).is_file() for path in paths)
    again = cli("sample", "demo")
    assert again == (
        2,
        "",
        "error: demo is not empty\n"
        "hint: choose a new folder, or overwrite this one's files with --force\n",
    )
    assert cli("sample", "demo", "--skus", "4", "--months", "3", "--force", "--quiet").code == 0
    forecast = cli("forecast", "--config", "demo/stockout.toml", "--quiet")
    assert (forecast.code, forecast.stderr) == (0, "")
    assert frame_of(forecast.stdout)["date"].min() == str(date(2026, 6, 29))
    reorder = cli("reorder", "--config", "demo/stockout.toml", "--quiet")
    assert (reorder.code, reorder.stderr) == (0, "")
    assert frame_of(reorder.stdout).height == frame_of(forecast.stdout).height // 28
