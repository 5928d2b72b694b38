"""``stockout report``: formats, languages, refusals; the sample needs no arguments."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from stockout.cli.main import run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Cli


def test_json_goes_to_a_pipe(cli: Cli, root: Path) -> None:
    config = str(root / "data" / "sample" / "stockout.toml")
    done = cli("report", "--config", config, "--lang", "zh", "--currency", "CNY", "--quiet")
    assert done.code == 0
    record = json.loads(done.stdout)
    assert (record["as_of"], record["lang"], record["currency"]) == ("2026-06-28", "zh", "CNY")
    figures = {
        name: figure
        for section in record["sections"].values()
        for name, figure in section["figures"].items()
    }
    for name in ("money_at_risk", "stockout_rate", "lost_revenue", "turnover", "stock_accuracy",
                 "purchase_to_shelf", "order_to_ship", "repurchase_exposed", "wape"):  # fmt: skip
        assert figures[name]["value"] is not None, name
    assert len(record["sections"]["items"]["items"]) == 12


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--output", "report.pdf"], "report.pdf: the format is not known from the name"),
        (["--format", "xlsx"], "xlsx is not written to the terminal or a pipe"),
        (["--output", "nowhere/report.html"], "nowhere/report.html: no folder nowhere"),
        (["--currency", "much too long"], "currency: found 'much too long'"),
        (["--substituted", "1.5"], "substituted"),
        (["--lang", "de"], "'de' is not one of 'en', 'zh'"),
        ([], "no sales: neither a flag nor the configuration says where it is"),
    ],
)
def test_refusals_come_before_the_work(cli: Cli, arguments: list[str], message: str) -> None:
    done = cli("report", *arguments)
    assert done.code == 2
    assert message in done.stderr
    assert done.stdout == ""


def test_sales_alone_make_a_report(cli: Cli, folder: Path) -> None:
    rows = [f"2026-0{1 + day // 28}-{1 + day % 28:02},A,{1 + day % 3}" for day in range(112)]
    (folder / "sales.csv").write_text("date,sku,units\n" + "\n".join(rows) + "\n")
    done = cli("report", "--sales", "sales.csv", "--output", "report.md", "--quiet")
    assert (done.code, done.stderr) == (0, "")
    text = (folder / "report.md").read_text(encoding="utf-8")
    assert text.startswith("# Stockout report\n")
    assert "Not known: no inventory, so nothing tells what is there" in text


def test_runs_as_a_command() -> None:
    assert run(["report", "--help"]) == 0
