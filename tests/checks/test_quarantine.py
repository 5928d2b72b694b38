"""Bad rows set aside: every row is somewhere, and the good ones go on."""

from __future__ import annotations

import json
import tomllib
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.checks.conftest import hostile_texts

from stockout.checks.carried_settings import carried_settings
from stockout.checks.check import check_located
from stockout.checks.quarantine import Quarantined, quarantine
from stockout.config import CheckConfig, load_config
from stockout.errors import StockoutError
from stockout.exports.read import read_tables
from stockout.exports.staging import stage_frame, stage_tables
from stockout.tables import conform

if TYPE_CHECKING:
    from stockout.config import Config

SALES = """\
date,sku,units,Note
2026-06-01,00123,3,first
2026-06-02,00123,12x,second
2026-06-03,,4,"two
lines"
2026-06-04,00123,5,=cmd|' /C calc'!A0
2026-06-05,00123,-900,-5
"""
STOCK = "date,sku,on_hand\n2026-06-05,00123,7\n2026-06-05,00456,-3\n"
RULE = (
    '[[check.custom]]\ncode = "ACME1"\ntable = "sales"\nwhere = "units < -99"\nmessage = "{sku}"\n'
)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Exports with bad rows, and a configuration."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sales.csv").write_text(SALES)
    (tmp_path / "stock.csv").write_text(STOCK)
    (tmp_path / "stockout.toml").write_text(
        f'freq = "day"\n[tables]\nsales = "sales.csv"\ninventory = "stock.csv"\n{RULE}'
    )
    return tmp_path


def run(folder: Path, scratch: Path, config: Config | None = None, **told: bool) -> Quarantined:
    """Checks the exports, and sets bad rows aside."""
    config = config or load_config()
    scratch.mkdir()
    tables = stage_tables(config, None, scratch)
    findings = check_located(tables, config.check, None, limit=0)
    return quarantine(tables, findings, config, folder, **told)


def test_every_row_is_somewhere(shop: Path) -> None:
    result = run(shop / "q", shop / "scratch")
    assert result == Quarantined(
        good={"sales": 2, "inventory": 1}, bad={"sales": 3, "inventory": 1}
    )
    bad = pl.read_csv(shop / "q" / "bad" / "sales" / "sales.csv", infer_schema=False)
    assert bad.columns == [
        "date", "sku", "units", "Note", "finding_codes", "finding_messages", "source_row",
    ]  # fmt: skip
    assert bad.drop("finding_messages").rows() == [
        ("2026-06-02", "00123", "12x", "second", "SO103", "3"),
        ("2026-06-03", None, "4", "two\nlines", "SO105", "4"),
        ("2026-06-05", "00123", "-900", "-5", "ACME1", "7"),
    ]
    assert bad["finding_messages"][0].startswith("units: not a number: found '12x'")
    assert bad["finding_messages"][2] == "units: 00123"
    good = pl.read_parquet(shop / "q" / "good" / "sales.parquet")
    assert good.select("sku", "units").rows() == [("00123", 3.0), ("00123", 5.0)]
    assert good.schema["date"] == pl.Date


def test_the_good_rows_go_on(shop: Path) -> None:
    run(shop / "q", shop / "scratch")
    config = load_config(shop / "q" / "stockout.toml")
    assert config.freq == "day"
    assert config.check.custom == load_config().check.custom
    tables = read_tables(config)
    assert tables.sales is not None
    assert tables.inventory is not None
    assert tables.sales["units"].to_list() == [3.0, 5.0]
    assert tables.inventory["on_hand"].to_list() == [7.0]
    (shop / "again").mkdir()
    staged = stage_tables(config, None, shop / "again")
    found = check_located(staged, config.check)
    assert found.filter(severity="error").is_empty()


def test_the_bad_rows_can_be_mended_and_read_again(shop: Path) -> None:
    # Guarded formulas are read back without the apostrophe, and our columns are no trouble.
    (shop / "sales.csv").write_text(SALES.replace("00123,5", "00123,x"))
    run(shop / "q", shop / "scratch")
    path = shop / "q" / "bad" / "sales" / "sales.csv"
    text = path.read_text()
    assert "'=cmd|" in text
    (shop / "mended.csv").write_text(text.replace("12x", "12").replace(",x,", ",5,"))
    config = load_config(
        None, {}, {"tables.sales": "mended.csv", "tables.sales.columns.channel": "Note"}
    )
    (shop / "more").mkdir()
    staged = stage_tables(config, ["sales"], shop / "more")["sales"]
    assert "=cmd|' /C calc'!A0" in staged.rows.collect()["channel"]


def test_raw_leaves_formulas_as_they_are(shop: Path) -> None:
    (shop / "sales.csv").write_text(SALES.replace("00123,5", "00123,x"))
    run(shop / "q", shop / "scratch", raw=True)
    assert "x,=cmd|" in (shop / "q" / "bad" / "sales" / "sales.csv").read_text()


def test_a_rule_that_is_a_warning_leaves_its_rows_among_the_good(shop: Path) -> None:
    config = load_config(None, {}, {"check.rules.SO401.severity": "warning"})
    result = run(shop / "q", shop / "scratch", config)
    assert result.bad["inventory"] == 0
    assert not (shop / "q" / "bad" / "inventory").exists()


def test_a_cell_that_cannot_be_read_is_set_aside_whatever_its_rule_says(shop: Path) -> None:
    config = load_config(None, {}, {"check.rules.SO103.severity": "off"})
    run(shop / "q", shop / "scratch", config)
    bad = pl.read_csv(shop / "q" / "bad" / "sales" / "sales.csv", infer_schema=False)
    assert bad["finding_codes"][0] == "SO103"
    assert bad["finding_messages"][0] == "units: not a number"


def test_the_same_exports_give_the_same_bytes(shop: Path) -> None:
    run(shop / "q", shop / "one")
    first = {path: path.read_bytes() for path in (shop / "q").rglob("*") if path.is_file()}
    run(shop / "q", shop / "two")
    assert {path: path.read_bytes() for path in (shop / "q").rglob("*") if path.is_file()} == first
    assert sorted(path.name for path in shop.iterdir() if path.name.startswith(".")) == []


def test_what_we_wrote_is_replaced_as_a_whole(shop: Path) -> None:
    run(shop / "q", shop / "one")
    (shop / "stock.csv").write_text(STOCK.replace("-3", "3"))
    run(shop / "q", shop / "two")
    assert not (shop / "q" / "bad" / "inventory").exists()


@pytest.mark.parametrize("change", ["foreign file", "mended row", "no manifest", "a file"])
def test_what_is_not_ours_is_not_overwritten(shop: Path, change: str) -> None:
    folder = shop / "q"
    if change == "a file":
        folder.write_text("mine")
    else:
        run(folder, shop / "one")
    if change == "foreign file":
        (folder / "bad" / "notes.txt").write_text("mine")
    elif change == "mended row":
        (folder / "bad" / "sales" / "sales.csv").write_text("mine")
    elif change == "no manifest":
        (folder / "quarantine.json").unlink()
    before = {path: path.read_bytes() for path in shop.rglob("*") if path.is_file()}
    with pytest.raises(StockoutError, match=r"not overwritten|is a file"):
        run(folder, shop / "two")
    assert before.items() <= {p: p.read_bytes() for p in shop.rglob("*") if p.is_file()}.items()


def test_an_empty_folder_is_filled(shop: Path) -> None:
    (shop / "q").mkdir()
    run(shop / "q", shop / "scratch")
    assert (shop / "q" / "stockout.toml").is_file()


def test_a_failure_leaves_nothing(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(shop / "q", shop / "one")
    before = {path: path.read_bytes() for path in (shop / "q").rglob("*") if path.is_file()}

    def full(*_: object) -> str:
        raise OSError(28, "full")

    monkeypatch.setattr("stockout.checks.quarantine.carried_settings", full)
    with pytest.raises(StockoutError, match="q: cannot be written: full"):
        run(shop / "q", shop / "two")
    assert {path: path.read_bytes() for path in (shop / "q").rglob("*") if path.is_file()} == before
    assert [path.name for path in shop.iterdir() if path.name.startswith(".")] == []


def test_exports_are_not_overwritten(shop: Path) -> None:
    (shop / "q").mkdir()
    for name in ("sales.csv", "stock.csv", "stockout.toml"):
        (shop / name).rename(shop / "q" / name)
    config = load_config(shop / "q" / "stockout.toml")
    with pytest.raises(StockoutError, match="is read from there, and would be overwritten"):
        run(shop / "q", shop / "scratch", config)


def test_a_folder_that_is_read_whole_is_refused(shop: Path) -> None:
    (shop / "exports").mkdir()
    (shop / "sales.csv").rename(shop / "exports" / "sales.csv")
    config = load_config(None, {}, {"tables.sales": "exports"})
    with pytest.raises(StockoutError, match="is read as exports, what is written there too"):
        run(shop / "exports" / "q", shop / "scratch", config)


def test_a_missing_column_sets_no_row_aside(shop: Path) -> None:
    (shop / "sales.csv").write_text("date,sku\n2026-06-01,A\n")
    with pytest.raises(StockoutError, match=r"sales\.csv: no row can be set aside, .* lack units"):
        run(shop / "q", shop / "scratch")
    assert not (shop / "q").exists()


def test_more_faults_than_are_listed_are_refused(shop: Path) -> None:
    rows = "".join(f"2026-06-01,A{number},x\n" for number in range(1200))
    (shop / "sales.csv").write_text("date,sku,units\n" + rows + "2026-06-01,A,1\n")
    with pytest.raises(StockoutError, match="1,200 cells cannot be read, more than the 1,000"):
        run(shop / "q", shop / "scratch")


def test_files_of_one_name_stay_apart(shop: Path) -> None:
    for name in ("north", "south"):
        (shop / name).mkdir()
        (shop / name / "sales.csv").write_text(SALES)
    config = load_config(None, {}, {"tables.sales": ["north/sales.csv", "south/sales.csv"]})
    result = run(shop / "q", shop / "scratch", config)
    names = {path.name for path in (shop / "q" / "bad" / "sales").iterdir()}
    assert names == {"north__sales.csv", "south__sales.csv"}
    assert result.bad["sales"] == 6


def test_a_file_whose_columns_are_called_as_ours_keeps_them(shop: Path) -> None:
    (shop / "sales.csv").write_text(
        "date,sku,units,finding_codes\n2026-06-01,A,x,mine\n2026-06-01,A,1,\n"
    )
    run(shop / "q", shop / "scratch")
    bad = pl.read_csv(shop / "q" / "bad" / "sales" / "sales.csv", infer_schema=False)
    assert bad.select("finding_codes", "finding_codes_").rows() == [("mine", "SO103")]


def test_frames_without_a_file_are_set_aside_too(tmp_path: Path) -> None:
    frame = pl.DataFrame({"date": [date(2026, 6, 1)] * 2, "sku": ["A", "B"], "on_hand": [1, -1]})
    tables = {"inventory": stage_frame(conform(frame, "inventory"), "inventory")}
    findings = check_located(tables, CheckConfig(), None, limit=0)
    quarantine(tables, findings, load_config(None, {}, {}), tmp_path / "q")
    bad = pl.read_csv(tmp_path / "q" / "bad" / "inventory" / "inventory.csv", infer_schema=False)
    assert bad.select("date", "sku", "on_hand", "finding_codes").rows() == [
        ("2026-06-01", "B", "-1.0", "SO401")
    ]


@settings(deadline=None)
@given(cell=hostile_texts())
def test_hostile_cells_are_set_aside_and_do_no_harm(
    cell: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("hostile")
    rows = pl.DataFrame(
        {"date": [date(2026, 6, 1)] * 2, "sku": [f"{cell}x", "B"], "on_hand": [-1.0, 1.0]}
    )
    tables = {"inventory": stage_frame(conform(rows, "inventory"), "inventory")}
    findings = check_located(tables, CheckConfig(), None, limit=0)
    result = quarantine(tables, findings, load_config(None, {}, {}), folder / "q")
    assert (result.good, result.bad) == ({"inventory": 1}, {"inventory": 1})
    bad = pl.read_csv(folder / "q" / "bad" / "inventory" / "inventory.csv", infer_schema=False)
    assert bad["sku"].item() in (f"{cell}x", f"'{cell}x")
    assert bad["sku"].item()[0] not in "=+-@\t\r"


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["ACME1", "B-2", "C_3"]),
        st.fixed_dictionaries({"severity": st.just("off"), "low": st.floats(-9, 9)}),
    ),
    st.lists(hostile_texts(), max_size=3),
)
def test_any_settings_are_carried_over(rules: dict[str, object], texts: list[str]) -> None:
    custom = [
        {"code": f"X{number}", "table": "sales", "where": text, "message": text}
        for number, text in enumerate(texts)
        if text.strip()
    ]
    given_settings = {"check": {"rules": rules, "custom": custom}, "as_of": "2026-06-01"}
    config = load_config(None, {}, given_settings)
    text = carried_settings(config, ["sales"], Path("q"))
    read = tomllib.loads(text)
    assert read.pop("tables") == {"sales": "good/sales.parquet"}
    assert load_config(None, {}, read).model_copy(update={"tables": {}}) == config


def test_the_baseline_is_found_from_the_new_place(tmp_path: Path) -> None:
    config = load_config(None, {}, {"check.baseline": "known.json"})
    config = config.model_copy(update={"folder": tmp_path})
    read = tomllib.loads(carried_settings(config, [], tmp_path / "out" / "q"))
    assert (tmp_path / "out" / "q" / read["check"]["baseline"]).resolve() == tmp_path / "known.json"


def test_the_manifest_names_every_file(shop: Path) -> None:
    run(shop / "q", shop / "scratch")
    manifest = json.loads((shop / "q" / "quarantine.json").read_text())
    files = {p.relative_to(shop / "q").as_posix() for p in (shop / "q").rglob("*") if p.is_file()}
    assert set(manifest["sha256"]) == files - {"quarantine.json"}
