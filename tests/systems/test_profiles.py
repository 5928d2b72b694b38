"""Each export of each profile: recognised by its header alone, and read as worked out by hand."""

from __future__ import annotations

import csv
import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import pytest

from stockout.config import Source, load_config
from stockout.exports.profiles import built_in_profiles
from stockout.exports.read import read_table, read_tables

AS_OF = date(2026, 3, 29)

SAME_HEADER = {frozenset({"guanjiapo/sales", "guanjiapo/purchase_lines"})}
"""Exports that may have one header row; the words of their titles tell them apart."""


class Sample(NamedTuple):
    """Rows of an export and what they become."""

    export: str
    table: str
    text: str
    delimiter: str
    columns: list[str]
    rows: list[dict[str, Any]]

    @property
    def header(self) -> list[str]:
        """The first row with a name in the last cell: title rows have none."""
        rows = csv.reader(self.text.splitlines(), delimiter=self.delimiter)
        return next(row for row in rows if row[-1])


def _samples() -> list[Sample]:
    return [
        Sample(
            f"{path.stem}/{told['export']}",
            told["table"],
            told["text"].lstrip("\n"),
            told.get("delimiter", ","),
            told["columns"],
            told["rows"],
        )
        for path in sorted((Path(__file__).parent / "samples").glob("*.toml"))
        for told in tomllib.loads(path.read_text("utf-8"))["sample"]
    ]


SAMPLES = _samples()
EXPORTS = {
    f"{system}/{name}": export
    for system, profile in built_in_profiles().items()
    for name, export in profile.exports.items()
}


def _name(sample: Sample) -> str:
    return f"{sample.export}-{sample.table}"


def test_every_table_of_every_export_has_a_sample() -> None:
    told = {(name, table) for name, export in EXPORTS.items() for table in export.tables}
    assert told == {(sample.export, sample.table) for sample in SAMPLES}


@pytest.mark.parametrize("sample", SAMPLES, ids=_name)
def test_a_header_fits_its_own_export_and_no_other(sample: Sample) -> None:
    fitting = {name for name, export in EXPORTS.items() if export.fits(sample.header)}
    assert sample.export in fitting
    others = fitting - {sample.export}
    assert all(frozenset({sample.export, other}) in SAME_HEADER for other in others)


@pytest.mark.parametrize("sample", SAMPLES, ids=_name)
def test_rows_become_what_was_worked_out_by_hand(sample: Sample, tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_text(sample.text, "utf-8")
    source = Source(path="export.csv", profile=sample.export)
    frame = read_table(sample.table, source, tmp_path, as_of=AS_OF)
    expected = [tuple(row.get(name) for name in sample.columns) for row in sample.rows]
    assert frame.select(sample.columns).rows() == expected


@pytest.mark.parametrize("sample", SAMPLES, ids=_name)
def test_the_system_alone_finds_the_export_by_its_header(sample: Sample, tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_text(sample.text, "utf-8")
    source = Source(path="export.csv", profile=sample.export.split("/")[0])
    frame = read_table(sample.table, source, tmp_path, as_of=AS_OF)
    assert frame.height == len(sample.rows)


def _text(export: str) -> str:
    return next(each.text for each in SAMPLES if each.export == export)


def _page() -> str:
    return (Path(__file__).parents[2] / "docs" / "systems.md").read_text("utf-8")


def test_documentation_lists_each_export_with_its_tables_and_header_status() -> None:
    told = re.findall(r"^\| `(\w+/\w+)` \| .+ \| ([a-z, ]+) \| (\w+) \|$", _page(), re.MULTILINE)
    listed = {name: (set(tables.split(", ")), status) for name, tables, status in told}
    assert len(told) == len(listed)
    assert listed == {name: (set(each.tables), each.headers) for name, each in EXPORTS.items()}


def test_profile_of_the_documentation_works(tmp_path: Path) -> None:
    head, configuration, profile = re.findall(r"```toml\n(.*?)```", _page(), re.DOTALL)
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "orders_export.csv").write_text(_text("shopify/orders"), "utf-8")
    (folder / "inventory_export.csv").write_text(_text("shopify/inventory"), "utf-8")
    (tmp_path / "stockout.toml").write_text(configuration, "utf-8")
    tables = read_tables(load_config(tmp_path / "stockout.toml"), as_of=AS_OF)
    assert tables.sales is not None
    assert tables.sales.select("order_id", "location").rows() == [
        ("#1001", "Main Store"),  # the cells of an order stand in its first line
        ("#1001", "Main Store"),
        ("#1003", "Warehouse"),
    ]
    assert tables.inventory is not None
    assert set(tables.inventory["location"]) == {"Main Store", "Back Room"}
    (tmp_path / "stockout.toml").write_text(head.replace("\n  ", "\n") + configuration, "utf-8")
    together = read_tables(load_config(tmp_path / "stockout.toml"), as_of=AS_OF)
    assert together.sales is not None
    assert set(together.sales["location"]) == {"ALL"}
    assert together.inventory is not None
    assert together.inventory.select("sku", "on_hand").rows() == [("MUG-B", 24.0)]
    (tmp_path / "my_system.toml").write_text(profile, "utf-8")
    (tmp_path / "export.csv").write_text(
        "Tag,Art.,Stk,Kunde,Art der Zeile\n"
        "2026-01-05,A1,2,K9,Verkauf\n2026-01-06,A1,1,K9,Retoure\n2026-01-07,A1,4,K9,Storno\n"
    )
    sales = read_table("sales", Source(path="export.csv", profile="my_system.toml/sales"), tmp_path)
    assert sales.select("sku", "units", "customer_id").rows() == [
        ("A1", 2.0, "K9"),
        ("A1", -1.0, "K9"),
    ]


@pytest.mark.parametrize(
    ("profile", "location", "expected"),
    [
        ("yonyou_u8/current_stock", "仓库名称", {"成品仓": 20.0, "门店仓": 1.5}),
        (
            "shopify/inventory_by_location",
            {"sql": """REPLACE("name of the location", 'Back Room', 'Main Store')"""},
            {"Main Store": 19.0},
        ),
        (
            "lightspeed/products",
            {"sql": """'all'"""},
            {"all": 26.0},
        ),
    ],
)
def test_a_told_location_goes_before_that_of_the_profile(
    profile: str, location: str | dict[str, str], expected: dict[str, float], tmp_path: Path
) -> None:
    (tmp_path / "export.csv").write_text(_text(profile), "utf-8")
    told = {"path": "export.csv", "profile": profile, "columns": {"location": location}}
    frame = read_table("inventory", Source.model_validate(told), tmp_path, as_of=AS_OF)
    sums = frame.group_by("location").agg(pl.col("on_hand").sum()).rows()
    assert dict(sums) == expected
    assert frame.height == frame.select("sku", "location").n_unique()  # and adds up what is one
