"""The writer: complete, repeatable, whole or not at all, and never over somebody's files."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import polars as pl
import pytest

from stockout.errors import ConfigError
from stockout.simulator.parameters import Parameters
from stockout.simulator.sample import sample, write_simulation
from stockout.simulator.simulate import Simulation, simulate
from stockout.tables import SCHEMAS, conform

_SAMPLE = Path(__file__).parents[2] / "data" / "sample"
_PAGE = Path(__file__).parents[2] / "docs" / "simulator.md"


def _bytes(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _text(path: Path) -> pl.DataFrame:
    return pl.read_csv(path, infer_schema=False)


@pytest.fixture(scope="module")
def small() -> Simulation:
    return simulate(Parameters(seed=8, skus=6, locations=2, months=2, safety_factor=0.5))


def test_same_seed_same_bytes_other_seed_others(tmp_path: Path) -> None:
    for folder, seed in (("a", 1), ("b", 1), ("c", 2)):
        sample(tmp_path / folder, seed=seed, skus=5, months=2)
    first, second, other = (_bytes(tmp_path / folder) for folder in "abc")
    assert first == second
    assert first["sales.csv.gz"] != other["sales.csv.gz"]


def test_every_canonical_table_is_there_and_conforms(shop: Simulation) -> None:
    assert set(shop.tables) == set(SCHEMAS)
    for name, frame in shop.tables.items():
        assert frame.height > 0
        assert set(frame.columns) <= set(SCHEMAS[name].column_names())
        assert conform(frame, name).height == frame.height


def test_keys_are_unique(shop: Simulation) -> None:
    keys = {
        "inventory": ["date", "sku", "location"],
        "products": ["sku"],
        "suppliers": ["supplier_id"],
        "purchases": ["po_id", "line"],
        "orders": ["order_id", "line"],
        "customers": ["customer_id"],
        "locations": ["location"],
    }
    for name, columns in keys.items():
        assert shop.tables[name].select(columns).is_unique().all(), name
    for name in ("demand", "future_demand"):
        assert shop.truth[name].select("date", "sku", "location").is_unique().all(), name


def test_skus_look_like_those_of_real_systems(shop: Simulation) -> None:
    skus = shop.tables["products"]["sku"]
    assert skus.is_sorted()
    assert skus.str.contains(r"^0\d{4}$").sum() > 5
    assert skus.str.contains(r"^[A-Z]{3}-\d{3}$").sum() > 5


def test_identifiers_of_one_table_are_known_to_the_others(shop: Simulation) -> None:
    tables = shop.tables
    for name in ("sales", "inventory", "movements", "purchases", "orders", "overrides"):
        assert tables[name]["sku"].is_in(tables["products"]["sku"].implode()).all()
        assert tables[name]["location"].is_in(tables["locations"]["location"].implode()).all()
    people = tables["customers"]["customer_id"]
    assert tables["sales"]["customer_id"].drop_nulls().is_in(people.implode()).all()
    assert tables["orders"]["customer_id"].is_in(people.implode()).all()
    suppliers = tables["suppliers"]["supplier_id"].implode()
    assert tables["products"]["supplier_id"].is_in(suppliers).all()


def test_planned_events_and_overrides_reach_into_the_future(shop: Simulation) -> None:
    end = shop.parameters.end
    assert (shop.tables["events"]["date"] > end).any()
    assert (shop.tables["overrides"]["date"] > end).all()
    assert shop.truth["future_demand"]["date"].min() == end + pl.duration(days=1).pipe(
        lambda day: pl.select(day).item()
    )


def test_configuration_names_the_files_that_are_there(small: Simulation, tmp_path: Path) -> None:
    manifest = write_simulation(small, tmp_path / "shop")
    told = tomllib.loads((tmp_path / "shop" / "stockout.toml").read_text(encoding="utf-8"))
    assert set(told["tables"]) == set(SCHEMAS)
    for name, source in told["tables"].items():
        assert (tmp_path / "shop" / source["path"]).is_file()
        assert manifest.files[source["path"]] == small.tables[name].height
    record = json.loads((tmp_path / "shop/truth/parameters.json").read_text(encoding="utf-8"))
    assert record["parameters"]["seed"] == 8
    assert record["safety_factor"] == 0.5
    assert record["files"] == dict(manifest.files)


def test_files_hold_the_frames(small: Simulation, tmp_path: Path) -> None:
    write_simulation(small, tmp_path / "csv")
    write_simulation(small, tmp_path / "parquet", file_format="parquet")
    assert pl.read_parquet(tmp_path / "parquet" / "sales.parquet").equals(small.tables["sales"])
    read = pl.read_csv(tmp_path / "csv" / "sales.csv.gz", schema=small.tables["sales"].schema)
    assert read.equals(small.tables["sales"])


def test_unknown_format_is_refused(small: Simulation, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="file_format = 'xls' is not known"):
        write_simulation(small, tmp_path / "shop", file_format="xls")  # type: ignore[arg-type]
    assert not (tmp_path / "shop").exists()


def test_a_folder_with_files_is_left_alone_without_force(tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigError, match="is not empty") as caught:
        sample(tmp_path, skus=2, months=1)
    assert caught.value.hint is not None
    assert "--force" in caught.value.hint
    assert _bytes(tmp_path) == {"note.txt": b"mine"}


def test_force_replaces_the_sample_and_nothing_else(small: Simulation, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    write_simulation(small, folder, file_format="parquet")
    (folder / "note.txt").write_text("mine", encoding="utf-8")
    write_simulation(small, folder, force=True)
    write_simulation(small, tmp_path / "fresh")
    assert _bytes(folder) == _bytes(tmp_path / "fresh") | {"note.txt": b"mine"}


def test_an_empty_folder_needs_no_force(small: Simulation, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    before = folder.stat().st_ino  # the same folder: somebody's shell may stand in it
    write_simulation(small, folder)
    write_simulation(small, tmp_path / "fresh")
    assert folder.stat().st_ino == before
    assert _bytes(folder) == _bytes(tmp_path / "fresh")


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "shop").write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigError, match="is a file"):
        sample(tmp_path / "shop", skus=2, months=1, force=True)


def test_a_failing_disk_leaves_nothing_behind(
    small: Simulation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = pl.DataFrame.write_csv

    def fails_late(frame: pl.DataFrame, path: Path, **options: object) -> None:
        if path.name == "overrides.csv":
            raise OSError(28, "No space left on device")
        write(frame, path, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(pl.DataFrame, "write_csv", fails_late)
    with pytest.raises(ConfigError, match="No space left on device"):
        write_simulation(small, tmp_path / "shop")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "shop").mkdir()
    with pytest.raises(ConfigError, match="No space left on device"):
        write_simulation(small, tmp_path / "shop")
    assert _bytes(tmp_path) == {}


def test_the_committed_sample_is_what_its_readme_says(tmp_path: Path) -> None:
    sample(tmp_path / "sample")
    made, committed = _bytes(tmp_path / "sample"), _bytes(_SAMPLE)
    assert set(made) == set(committed)
    for name in made:
        if name.endswith((".csv", ".csv.gz")):  # compressors differ between versions of polars
            assert _text(tmp_path / "sample" / name).equals(_text(_SAMPLE / name)), name
        else:
            assert made[name] == committed[name], name


def test_the_committed_sample_is_small() -> None:
    content = _bytes(_SAMPLE)
    assert sum(len(each) for each in content.values()) < 2_000_000
    assert _text(_SAMPLE / "sales.csv.gz").height < 60_000


def test_every_truth_column_is_documented(small: Simulation) -> None:
    page = _PAGE.read_text(encoding="utf-8")
    for name, frame in small.truth.items():
        section = page.split(f"### `truth/{name}`")[1].split("\n###")[0]
        for column in frame.columns:
            assert f"`{column}`" in section, (name, column)
