"""Runs of the command line, with all that a caller sees of them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import polars as pl
import pytest

from stockout.cli.main import run
from stockout.outputs import write_frame

if TYPE_CHECKING:
    from pathlib import Path


class Outcome(NamedTuple):
    """What a caller sees of a run."""

    code: int
    stdout: str
    stderr: str


Cli = Callable[..., Outcome]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to run in, without settings in the environment."""
    for name in [name for name in os.environ if name.startswith("STOCKOUT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def cli(folder: Path, capfd: pytest.CaptureFixture[str]) -> Cli:
    """Runs the command line in ``folder``, in this process."""
    assert folder.is_dir()

    def invoke(*args: str) -> Outcome:
        capfd.readouterr()
        code = run(args)
        sys.stdout.flush()
        return Outcome(code, *capfd.readouterr())

    return invoke


@pytest.fixture
def command(folder: Path) -> Cli:
    """Runs the command line in ``folder`` as a process of its own."""

    def invoke(*args: str) -> Outcome:
        done = subprocess.run(
            [sys.executable, "-m", "stockout", *args],
            cwd=folder,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    return invoke


@pytest.fixture
def shop(folder: Path) -> Path:
    """Two SKUs that sell 3 and 1 units a day for twelve weeks, with their stock and a config."""
    days = pl.date_range(pl.date(2026, 4, 6), pl.date(2026, 6, 28), "1d", eager=True)
    units = pl.DataFrame({"sku": ["00123", "00456"], "units": [3, 1]})
    sales = pl.DataFrame({"date": days}).join(units, how="cross")
    write_frame(sales, folder / "sales.csv", "csv")
    stock = pl.DataFrame(
        {"date": [days.last()] * 2, "sku": ["00123", "00456"], "on_hand": [2, 500]}
    )
    write_frame(stock, folder / "inventory.csv", "csv")
    (folder / "stockout.toml").write_text(
        'default_lead_time_days = 7\n[tables]\nsales = "sales.csv"\ninventory = "inventory.csv"\n'
    )
    return folder
