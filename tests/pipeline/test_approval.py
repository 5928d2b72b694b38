"""Approval: edited lists against the proposal, and the audit of who changed what."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

import polars as pl
import pytest

from stockout.errors import InputError, MissingColumnError, StockoutError
from stockout.outputs import write_frame
from stockout.pipeline.approval import approve, write_approval
from stockout.pipeline.dated_folders import digest, digests
from stockout.pipeline.purchase_lists import write_purchase_lists
from stockout.replenishment.reorder import COLUMNS

if TYPE_CHECKING:
    from pathlib import Path

    from stockout.outputs import OutputFormat

ROWS = {
    "sku": ["00123", "=1+1", "00789", "idle"],
    "location": ["L1"] * 4,
    "supplier_id": ["S", "S", "T", "S"],
    "order_qty": [12.0, 5.0, 3.0, 0.0],
    "order_value": [24.0, 5.0, 9.0, 0.0],
    "moq": [6.0, 1.0, 1.0, 1.0],
    "pack_size": [6.0, 1.0, 1.0, 1.0],
}


@pytest.fixture
def proposed(tmp_path: Path) -> Path:
    """The folder of a run that proposes two lines of S and one of T."""
    folder = tmp_path / "runs" / date(2026, 6, 28).isoformat()
    folder.mkdir(parents=True)
    none = pl.lit(None, pl.String)
    frame = pl.DataFrame(ROWS).select(
        pl.col(name) if name in ROWS else none.alias(name) for name in COLUMNS
    )
    write_frame(frame, folder / "reorder.csv", "csv")
    write_purchase_lists(frame, None, folder / "orders", ["csv", "xlsx"])
    (folder / "run.json").write_text(json.dumps({"outputs": digests(folder)}))
    return folder


def edited(folder: Path, path: Path, **cells: dict[str, object]) -> Path:
    """A copy of the list of S with other cells, by column and SKU, in the format of the path."""
    lines = pl.read_csv(folder / "orders" / "orders_S.csv", infer_schema=False)
    lines = lines.with_columns(pl.col("sku").str.strip_prefix("'"))
    for column, by_sku in cells.items():
        values = [by_sku.get(sku, old) for sku, old in lines.select("sku", column).iter_rows()]
        lines = lines.with_columns(pl.Series(column, values, pl.String))
    numbers = pl.col("approved_qty").cast(pl.Float64, strict=False)
    fmt: OutputFormat = "xlsx" if path.suffix == ".xlsx" else "csv"
    write_frame(lines.with_columns(numbers) if fmt == "xlsx" else lines, path, fmt)
    return path


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_final_orders_and_audit(proposed: Path, tmp_path: Path, suffix: str) -> None:
    before = digests(proposed)
    path = edited(
        proposed, tmp_path / f"mine.{suffix}",
        approved_qty={"00123": "18", "=1+1": "0"}, note={"00123": "promotion"},
    )  # fmt: skip
    approval = approve([path], proposed, "J. Doe")
    assert approval.findings.is_empty()
    assert approval.orders.rows() == [("S", "00123", "L1", 18.0, 36.0, "promotion")]
    assert approval.audit.drop("source_file").rows() == [
        ("S", "00123", "L1", 12.0, 18.0, True, None, "promotion", "J. Doe", 2, digest(path)),
        ("S", "=1+1", "L1", 5.0, 0.0, True, None, None, "J. Doe", 3, digest(path)),
    ]
    target = tmp_path / "approved" / proposed.name
    write_approval(approval, proposed, target, ["csv", "xlsx"])
    assert digests(target).keys() == {
        "approval.csv", "approval.json", "orders_final.csv", "orders_final.xlsx",
        "orders_final_S.csv", "orders_final_S.xlsx",
    }  # fmt: skip
    record = json.loads((target / "approval.json").read_text())
    assert record["run"] == "2026-06-28"
    assert record["rows"][0]["approved"] == 18.0
    assert digests(proposed) == before
    with pytest.raises(StockoutError, match="final orders are not overwritten"):
        write_approval(approval, proposed, target, ["csv"])


@pytest.mark.parametrize(
    ("quantity", "message"),
    [
        ("-6", "negative: found -6"),
        ("7", "7 is not a multiple of the pack of 6"),
        ("3", "3 is below the minimum order of 6"),
        ("many", "not a number: found 'many'"),
        ("1,200", "not a number: found '1,200'"),
        (None, "empty; write 0 to order nothing"),
    ],
)
def test_quantities_that_cannot_be(
    proposed: Path, tmp_path: Path, quantity: str | None, message: str
) -> None:
    path = edited(proposed, tmp_path / "mine.csv", approved_qty={"00123": quantity})
    found = approve([path], proposed, "J. Doe").findings
    assert found.rows() == [(str(path), 2, "approved_qty", message)]


def test_a_supplier_may_accept_what_breaks_the_limits(proposed: Path, tmp_path: Path) -> None:
    path = edited(proposed, tmp_path / "mine.csv", approved_qty={"00123": "7", "=1+1": "2,5"})
    approval = approve([path], proposed, "J. Doe", accept_limits=True)
    assert approval.findings.is_empty()
    assert approval.audit.select("approved", "limit").rows() == [
        (7.0, "not a multiple of the pack of 6"),
        (2.5, "not a multiple of the pack of 1"),
    ]


def test_rows_that_are_not_of_the_run(proposed: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(
        "sku;location;approved_qty\n00123;L1;12\n00123;L1;12\nidle;L1;1\n0012;L1;4\n\n",
    )
    found = approve([path], proposed, "J. Doe").findings
    assert found.drop("file").rows() == [
        (None, "sku", "the row of =1+1 at L1 is gone; keep it, and write 0 to order nothing"),
        (2, "sku", "00123 at L1 stands in more than one row"),
        (3, "sku", "00123 at L1 stands in more than one row"),
        (5, "sku", "0012 at L1 is not in the reorder list of this run"),
    ]


def test_lists_that_cannot_be_read(proposed: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    with pytest.raises(InputError, match="no such file"):
        approve([path], proposed, "J. Doe")
    path.write_text("sku,location,qty\n00123,L1,3\n")
    with pytest.raises(MissingColumnError, match=r"mine\.csv:approved_qty"):
        approve([path], proposed, "J. Doe")
    path.write_text("sku,location,approved_qty\n00123,L1\n")
    with pytest.raises(InputError, match=r"mine\.csv:2"):
        approve([path], proposed, "J. Doe")


def test_a_proposal_that_was_changed_is_none(proposed: Path, tmp_path: Path) -> None:
    path = edited(proposed, tmp_path / "mine.csv")
    with (proposed / "reorder.csv").open("a") as file:
        file.write("\n")
    with pytest.raises(StockoutError, match="no proposal any more"):
        approve([path], proposed, "J. Doe")
    with pytest.raises(StockoutError, match="not the folder of a run"):
        approve([path], tmp_path, "J. Doe")
