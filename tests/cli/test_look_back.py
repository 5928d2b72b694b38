"""``stockout causes``, ``suppliers`` and ``segments``: exit codes, output, what a person sees."""

from __future__ import annotations

import io
import json
import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from rich.console import Console, ConsoleDimensions

from stockout.impact import alternative_suppliers, causes, stock_segments, suppliers
from stockout.impact.cause_summary import CAUSES
from stockout.impact.segment_summary import STOCK_CLASSES
from stockout.outputs import write_frame
from stockout.reports.causes_digest import cause_sums_digest, causes_digest
from stockout.reports.segments_digest import segment_sums_digest, segments_digest
from stockout.reports.suppliers_digest import supplier_rows_digest, suppliers_digest

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import RenderableType
    from tests.cli.conftest import Cli

START = date(2026, 1, 5)
DAYS = 119


def tables() -> dict[str, Any]:
    """00123 sells 3 a day, and runs out on 1 April because an order is eight days late."""
    days = pl.Series("date", [START + timedelta(k) for k in range(DAYS)])
    took = [9] * 11 + [17] + [9] * 4
    ordered = [START + timedelta(7 * k) for k in range(16)]
    arrivals = [7 * k + days_taken for k, days_taken in enumerate(took)]
    units, stock, left = [], [], 30.0
    for day in range(DAYS):
        left += 21.0 * arrivals.count(day)
        units.append(min(left, 3.0))
        left -= units[-1]
        stock.append(left)
    return {
        "sales": pl.DataFrame({"date": days, "sku": "00123", "units": units, "unit_price": 2.0}),
        "inventory": pl.DataFrame({"date": days, "sku": "00123", "on_hand": stock}),
        "purchases": pl.DataFrame(
            {
                "po_id": [f"P{k}" for k in range(16)],
                "sku": "00123",
                "supplier_id": "S1",
                "order_date": ordered,
                "promised_date": [day + timedelta(9) for day in ordered],
                "received_date": [day + timedelta(k) for day, k in zip(ordered, took, strict=True)],
                "ordered_units": 21.0,
                "received_units": 21.0,
                "unit_cost": 1.0,
            }
        ),
        "products": pl.DataFrame({"sku": ["00123"], "name": ["[bold]Tea[/]"], "unit_cost": [1.0]}),
    }


@pytest.fixture
def shelf(folder: Path) -> Path:
    """The tables as files with a configuration."""
    for name, frame in tables().items():
        write_frame(frame, folder / f"{name}.csv", "csv")
    lines = "".join(f'{name} = "{name}.csv"\n' for name in tables())
    (folder / "stockout.toml").write_text(f"[tables]\n{lines}")
    return folder


def frame_of(csv: str) -> pl.DataFrame:
    """The rows of a CSV, all text."""
    return pl.read_csv(io.StringIO(csv), infer_schema=False)


def test_causes(cli: Cli, shelf: Path) -> None:
    assert shelf.is_dir()
    code, stdout, stderr = cli("causes")
    assert (code, stderr) == (0, "")
    frame = frame_of(stdout)
    assert frame.columns == list(causes.COLUMNS)
    assert frame.select("sku", "first_date", "last_date", "po_id").rows() == [
        ("00123", "2026-04-01", "2026-04-07", "P11")
    ]
    code, stdout, _ = cli("causes", "--by", "cause", "--month", "2026-04", "--format", "json")
    assert code == 0
    rows = {row["cause"]: row for row in json.loads(stdout)}
    assert list(rows) == list(CAUSES)
    assert rows["unattributed"]["episodes"] == 0
    assert sum(row["episodes"] for row in rows.values()) == 1
    assert rows["late supplier"]["episodes_before"] == 0


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("causes", "--month", "May"), "--month: found 'May', expected a month such as 2026-05"),
        (("causes", "--month", "2024-05"), "the history has 2026-01 to 2026-05"),
        (("causes", "--by", "colour"), "by: found 'colour', expected cause, month"),
        (("segments", "--by", "colour"), "by: found 'colour', expected abc, xyz"),
        (("segments", "--dead-days", "0"), "dead days: found 0, expected 1 or more"),
        (("suppliers", "--service-level", "95"), "expected a share between 0 and 1"),
    ],
)
def test_wrong_use_is_told(cli: Cli, shelf: Path, args: tuple[str, ...], message: str) -> None:
    assert shelf.is_dir()
    code, stdout, stderr = cli(*args)
    assert (code, stdout) == (2, "")
    assert message in stderr


def test_suppliers(cli: Cli, shelf: Path) -> None:
    code, stdout, stderr = cli("suppliers")
    assert (code, stderr) == (0, "")
    frame = frame_of(stdout)
    assert frame.columns == list(suppliers.COLUMNS)
    assert frame.select("supplier_id", "lines", "measured_lines").row(0) == ("S1", "16", "16")
    assert float(frame["on_time"].item()) == pytest.approx(15 / 16)
    for by, columns in (("item", suppliers.ITEM_COLUMNS), ("month", ("supplier_id", "month")),
                        ("alternative", alternative_suppliers.COLUMNS)):  # fmt: skip
        code, _, stderr = cli("suppliers", "--by", by, "--output", f"{by}.parquet")
        assert (code, stderr) == (0, "")
        assert pl.read_parquet(shelf / f"{by}.parquet").columns[: len(columns)] == list(columns)


def test_suppliers_without_sales(cli: Cli, shelf: Path) -> None:
    (shelf / "stockout.toml").write_text('[tables]\npurchases = "purchases.csv"\n')
    code, stdout, _ = cli("suppliers")
    assert code == 0
    assert frame_of(stdout)["safety_stock"].null_count() == 1
    code, _, stderr = cli("suppliers", "--by", "item")
    assert code == 2
    assert "no sales are given" in stderr


def test_segments(cli: Cli, shelf: Path) -> None:
    code, stdout, stderr = cli("segments")
    assert (code, stderr) == (0, "")
    frame = frame_of(stdout)
    assert frame.columns == list(stock_segments.COLUMNS)
    assert frame.select("sku", "abc", "stock_class", "on_hand").row(0) == (
        "00123", "A", "ok", "27.0"
    )  # fmt: skip
    code, _, stderr = cli("segments", "--by", "none", "--output", "sums.xlsx")
    assert (code, stderr) == (0, "")
    assert (shelf / "sums.xlsx").stat().st_size > 1000


def drawn(digest: RenderableType, width: int, height: int) -> list[str]:
    """The lines of a digest on a screen of that size."""
    screen = io.StringIO()
    Console(file=screen, width=width, height=height).print(digest)
    return [line.rstrip() for line in screen.getvalue().splitlines()]


def test_digests_fit_and_show_names_as_text() -> None:
    given = tables()
    products = given["products"]
    found = causes.causes(**given)
    delivered = suppliers.suppliers(given["purchases"], given["sales"], products=products)
    sorted_ = stock_segments.segments(**given)
    assert delivered.items is not None
    assert delivered.alternatives is not None
    for width, height in ((72, 24), (100, 30), (160, 50)):
        size = ConsoleDimensions(width, height)
        digests = [
            causes_digest(found, None, size=size, products=products),
            cause_sums_digest(found.summary(["cause", "month"]), ["cause", "month"], size=size),
            suppliers_digest(delivered, size=size),
            *(
                supplier_rows_digest(rows, delivered, size=size, products=products)
                for rows in (delivered.items, delivered.alternatives, delivered.months)
            ),
            segments_digest(sorted_, size=size, products=products),
            segment_sums_digest(sorted_.summary(["abc"]), ["abc"], sorted_, size=size),
        ]
        for digest in digests:
            assert max(map(len, drawn(digest, width, height))) <= width
    told = "\n".join(drawn(causes_digest(found, None, size=ConsoleDimensions(160, 50),
                                         products=products), 160, 50))  # fmt: skip
    assert "Causes of the stockouts of April 2026" in told
    assert "[bold]Tea[/] from 2026-04-01: late supplier, order P11 from S1 " in told
    assert "unattributed: 0 % of the stockouts" in told


def test_digest_tells_forecast_errors_that_are_usual_variation() -> None:
    """10 a day instead of 2 for a week, as for eleven days at the begin."""
    days = [date(2026, 1, 1) + timedelta(day) for day in range(120)]
    units = [10.0 if day < 11 or 110 <= day < 117 else 2.0 for day in range(117)] + [0.0] * 3
    found = causes.causes(
        pl.DataFrame({"date": days, "sku": "A", "units": units}),
        pl.DataFrame({"date": days, "sku": "A", "in_stock": [True] * 117 + [False] * 3}),
    )
    told = "\n".join(drawn(causes_digest(found, None, size=ConsoleDimensions(160, 50)), 160, 50))
    assert "of 1 forecast errors 1 are usual variation, which safety stock is meant to" in told


@pytest.mark.parametrize(
    ("page", "columns"),
    [
        ("causes", {*causes.COLUMNS, *CAUSES, "lost_revenue_change", "share_of_episodes"}),
        (
            "suppliers",
            {*suppliers.COLUMNS, *suppliers.ITEM_COLUMNS, *alternative_suppliers.COLUMNS},
        ),
        ("segments", {*stock_segments.COLUMNS, *STOCK_CLASSES, "uncosted_items"}),
    ],
)
def test_pages_have_every_column(root: Path, page: str, columns: set[str]) -> None:
    text = (root / "docs" / f"{page}.md").read_text(encoding="utf-8")
    assert columns <= set(re.findall(r"`([a-z0-9_ ]+)`", text))
