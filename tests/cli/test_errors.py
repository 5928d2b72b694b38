"""What is wrong with the input is said in two lines on stderr, with exit code 2 and no output."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Cli

SALES = "date,sku,units\n2026-01-05,00123,2\n"


@pytest.mark.parametrize("command", ["forecast", "reorder"])
def test_no_sales(cli: Cli, command: str) -> None:
    assert cli(command) == (
        2,
        "",
        "error: no sales: neither a flag nor the configuration says where it is\n"
        "hint: give --sales FILE, or set tables.sales.path in stockout.toml\n",
    )


def test_reorder_needs_stock(cli: Cli, shop: Path) -> None:
    (shop / "stockout.toml").write_text('tables.sales = "sales.csv"\n')
    assert cli("reorder") == (
        2,
        "",
        "error: no inventory: neither a flag nor the configuration says where it is\n"
        "hint: give --inventory FILE, or set tables.inventory.path in stockout.toml\n",
    )


def test_wrong_column_name_in_the_mapping(cli: Cli, folder: Path) -> None:
    (folder / "sales.csv").write_text(SALES)
    (folder / "stockout.toml").write_text(
        '[tables.sales]\npath = "sales.csv"\n[tables.sales.columns]\nunits = "Unit"\n'
    )
    assert cli("forecast") == (
        2,
        "",
        "error: sales.csv:1:Unit: no such column, named by tables.sales.columns.units in "
        "stockout.toml\n"
        "hint: did you mean units? The columns are date, sku, units\n",
    )


def test_unreadable_date_on_row_40001(cli: Cli, folder: Path) -> None:
    days = (date(2020, 1, 1) + timedelta(row % 700) for row in range(2, 50_001))
    cells = ("2026-13-01" if row == 40_001 else str(day) for row, day in enumerate(days, start=2))
    lines = "".join(f"{cell},00123,1\n" for cell in cells)
    (folder / "sales.csv").write_text("date,sku,units\n" + lines)
    assert cli("forecast", "--sales", "sales.csv") == (
        2,
        "",
        "error: sales.csv:40001:date: not a date: found '2026-13-01', "
        "expected a date like 2026-01-31\n",
    )


def test_empty_file(cli: Cli, folder: Path) -> None:
    (folder / "sales.csv").touch()
    assert cli("forecast", "--sales", "sales.csv") == (
        2,
        "",
        "error: sales.csv: the file is empty\n",
    )


def test_file_with_nothing_but_a_header(cli: Cli, folder: Path) -> None:
    (folder / "sales.csv").write_text("date,sku,units\n")
    assert cli("forecast", "--sales", "sales.csv") == (
        2,
        "",
        "error: sales.csv: no rows, and table sales cannot be empty\n",
    )


def test_missing_file(cli: Cli, folder: Path) -> None:
    (folder / "sales.csv").write_text(SALES)
    assert cli("forecast", "--sales", "sale.csv") == (
        2,
        "",
        "error: sale.csv: no such file\nhint: did you mean sales.csv?\n",
    )


def test_missing_configuration(cli: Cli) -> None:
    assert cli("forecast", "--config", "shop.toml") == (
        2,
        "",
        "error: shop.toml: no such file\n",
    )


def test_unknown_configuration_key(cli: Cli, folder: Path) -> None:
    (folder / "stockout.toml").write_text("[forecast]\nhorizn = 14\n")
    assert cli("forecast") == (
        2,
        "",
        "error: stockout.toml: forecast.horizn: unknown key\n"
        "hint: did you mean forecast.horizon?\n",
    )


def test_unknown_environment_setting(cli: Cli, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shop.is_dir()
    monkeypatch.setenv("STOCKOUT_FORECAST__HORIZN", "14")
    assert cli("forecast") == (
        2,
        "",
        "error: environment: STOCKOUT_FORECAST__HORIZN: unknown key\n"
        "hint: did you mean STOCKOUT_FORECAST__HORIZON?\n",
    )


@pytest.mark.parametrize(
    ("args", "error"),
    [
        (
            ["forecast", "--horizn", "3"],
            "error: No such option: --horizn (Possible options: --horizon)\n"
            "hint: stockout forecast --help lists the options\n",
        ),
        (
            ["forcast"],
            "error: No such command 'forcast'. Did you mean 'forecast'?\n"
            "hint: stockout --help lists the options\n",
        ),
        (
            ["forecast", "--freq", "month"],
            "error: Invalid value for '--freq': 'month' is not one of 'auto', 'day', 'week'.\n"
            "hint: stockout forecast --help lists the options\n",
        ),
        (
            ["forecast", "--levels", "0.5,1.5"],
            "error: command line: --levels: found '1.5', "
            "expected a share between 0 and 1, such as 0.95\n",
        ),
        (
            ["forecast", "--horizon", "0"],
            "error: command line: --horizon: found 0, expected at least 1\n",
        ),
        (
            ["forecast", "--as-of", "tomorrow"],
            "error: command line: --as-of: found 'tomorrow', "
            'expected a date like 2026-01-31, or "today"\n',
        ),
        (
            ["reorder", "--service-level", "95"],
            "error: command line: --service-level: found 95.0, "
            "expected a share between 0 and 1, such as 0.95\n",
        ),
        (
            ["reorder", "--service-level", "0.9", "--fill-rate", "0.9"],
            "error: command line: reorder: expected one kind of target, "
            "not service_level and fill_rate\n",
        ),
        (
            ["forecast", "--quiet", "--verbose"],
            "error: --quiet and --verbose contradict each other\n",
        ),
        (
            ["forecast", "--format", "table", "--output", "forecast.csv"],
            "error: --format table is for the screen, not for a file\n"
            "hint: leave --output away, or choose csv, json, parquet or xlsx\n",
        ),
        (
            ["forecast", "--output", "."],
            "error: .: is a folder\nhint: name a file in it: table.csv\n",
        ),
        (
            ["forecast", "--horizon", "10001"],
            "error: command line: --horizon: found 10001, expected at most 10,000\n",
        ),
        (
            ["forecast", "--horizon", "1.5"],
            "error: Invalid value for '--horizon': expected a whole number\n"
            "hint: stockout forecast --help lists the options\n",
        ),
        (
            ["reorder", "--lead-time", "1e9"],
            "error: command line: --lead-time: found 1000000000.0, expected at most 3,650\n",
        ),
        (
            ["forecast", "--sales", "sales.csv", "--output", "sales.csv"],
            "error: sales.csv: table sales is read from there, and would be overwritten\n"
            "hint: write to another file\n",
        ),
        (
            ["forecast", "--format", "parquet"],
            "error: parquet is not written to the terminal or a pipe\n"
            "hint: name a file: --output FILE.parquet\n",
        ),
        (
            ["forecast", "--output", "forecast.pdf"],
            "error: forecast.pdf: the format is not known from the name\n"
            "hint: end it in .csv, .json, .parquet, .xlsx, or say --format\n",
        ),
        (
            ["forecast", "--output", "results/forecast.csv"],
            "error: results/forecast.csv: no folder results\nhint: make the folder results first\n",
        ),
        (
            ["sample", "shop", "--set", "wait_shar=0.3"],
            "error: the simulator has no setting 'wait_shar'\nhint: did you mean wait_share?\n",
        ),
        (
            ["sample", "shop", "--set", "wait_share=often"],
            "error: --set wait_share=often: expected NAME=VALUE, with a number or a date as value\n"
            "hint: for example --set wait_share=0.3 or --set end=2025-12-31\n",
        ),
    ],
)
def test_wrong_use(cli: Cli, shop: Path, args: list[str], error: str) -> None:
    before = sorted(shop.iterdir())
    assert cli(*args) == (2, "", error)
    assert sorted(shop.iterdir()) == before


def test_folder_that_cannot_be_written(cli: Cli, shop: Path) -> None:
    (shop / "results").write_text("a file, not a folder")
    code, stdout, stderr = cli("forecast", "--output", "results/forecast.csv")
    assert (code, stdout) == (2, "")
    assert stderr == (
        "error: results/forecast.csv: no folder results\nhint: make the folder results first\n"
    )


def test_output_over_any_export_of_the_configuration(cli: Cli, shop: Path) -> None:
    (shop / "stockout.toml").write_text("[tables]\nsales = '*s.csv'\nevents = 'gone.csv'\n")
    before = (shop / "sales.csv").read_bytes()
    code, _, stderr = cli("forecast", "--output", str(shop / "sales.csv"))
    assert code == 2
    assert stderr.endswith(
        "sales.csv: table sales is read from there, and would be overwritten\n"
        "hint: write to another file\n"
    )
    assert (shop / "sales.csv").read_bytes() == before
    code, _, stderr = cli("forecast", "--output", "stockout.toml", "--format", "csv")
    assert code == 2
    assert stderr.startswith("error: stockout.toml: the configuration is read from there")


def test_what_a_file_is_called_cannot_reach_the_terminal(cli: Cli) -> None:
    code, _, stderr = cli("forecast", "--sales", "\x1b]31;red\x07.csv")
    assert code == 2
    assert stderr == "error: �]31;red�.csv: no such file\n"
