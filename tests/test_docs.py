"""The documentation says what the program does."""

from __future__ import annotations

import contextlib
import re
import sqlite3
import subprocess
import sys
import tomllib
from datetime import date
from importlib.metadata import requires
from typing import TYPE_CHECKING, get_args

import polars as pl
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from pydantic import BaseModel
from typer.core import TyperGroup
from typer.main import get_command

import stockout
from stockout.cli.main import app
from stockout.config import Config, Exclude, Source, TableName, load_config
from stockout.replenishment.reorder import COLUMNS
from stockout.replenishment.status import STATUSES

if TYPE_CHECKING:
    from pathlib import Path


PAGES = ["README.md", "README.zh.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs"]


def read(path: Path) -> str:
    """The text of a file."""
    return path.read_text(encoding="utf-8")


def script(root: Path, name: str, *args: str) -> subprocess.CompletedProcess[str]:
    """Runs one of the project's scripts."""
    return subprocess.run(
        [sys.executable, root / "scripts" / name, *args],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def blocks(page: Path, language: str) -> list[str]:
    """The code blocks of a page in one language."""
    return re.findall(rf"^ *```{language}\n(.*?)^ *```", read(page), re.DOTALL | re.MULTILINE)


def test_commands_page_is_what_help_says(root: Path) -> None:
    done = script(root, "command_pages.py")
    assert done.stderr == ""
    assert read(root / "docs" / "commands.md") == done.stdout


def test_commands_page_has_every_command_and_flag(root: Path) -> None:
    page = read(root / "docs" / "commands.md")
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    of_groups = [
        (f"{name} {inner}", command)
        for name, outer in group.commands.items()
        if isinstance(outer, TyperGroup)
        for inner, command in outer.commands.items()
    ]
    for name, command in [*group.commands.items(), *of_groups]:
        start = page.index(f"## `stockout {name}`")
        section = page[start : page.find("\n## ", start)]
        for flag in (flag for param in command.params for flag in param.opts):
            assert re.search(rf"\b{flag.upper()}\b|[ ,]{flag}[ ,]", section), flag


def config_keys(model: type[BaseModel], prefix: str = "") -> list[str]:
    """Every key of the configuration, dotted; keys of a table without its name."""
    keys = []
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            keys += config_keys(field.annotation, f"{prefix}{name}.")
        else:
            keys.append(prefix + name)
    return keys


def test_configuration_page_has_every_key(root: Path) -> None:
    page = read(root / "docs" / "configuration.md")
    keys = {*config_keys(Config), *config_keys(Source), *config_keys(Exclude)}
    keys -= {"tables", "folder", "file"}  # the last two are not keys of the file
    assert {"forecast.horizon", "as_of", "date_format", "where"} <= keys
    missing = {key for key in keys | set(get_args(TableName)) if f"`{key}`" not in page}
    assert missing == set()


@pytest.mark.parametrize(
    "page", ["README.md", "README.zh.md", "docs/configuration.md", "docs/getting-started.md"]
)
def test_configurations_in_the_documentation_are_valid(
    root: Path, page: str, tmp_path: Path
) -> None:
    examples = blocks(root / page, "toml")
    assert examples
    for example in examples:
        file = tmp_path / "stockout.toml"
        file.write_text(example)
        assert load_config(file).tables.keys() == tomllib.loads(example)["tables"].keys()


def test_complete_example_of_the_configuration_works(root: Path, tmp_path: Path) -> None:
    (tmp_path / "exports").mkdir()
    file = tmp_path / "stockout.toml"
    file.write_text(blocks(root / "docs" / "configuration.md", "toml")[0])
    for month in ("05", "06"):
        rows = f"01.{month}.2026;0012;2;6,95;Rechnung\n28.{month}.2026;0012;1;6,95;Storno\n"
        (tmp_path / "exports" / f"sales_{month}.csv").write_text(
            "Belegdatum;Artikel;Menge;Preis;Belegart\n" + rows
        )
    stock = {"date": [date(2026, 6, 28)], "sku": ["0012"], "on_hand": [3.0]}
    pl.DataFrame(stock).write_parquet(tmp_path / "exports" / "stock.parquet")
    (tmp_path / "exports" / "materials.csv").write_text(
        "Material,Material Description,Plant,Plnd Dlv Time\n0012,Tea,0001,9\n"
    )
    with contextlib.closing(sqlite3.connect(tmp_path / "shop.db")) as shop:
        shop.execute("CREATE TABLE products AS SELECT '0012' sku, 'Tee' name, 'tea' category")
        shop.commit()
    tables = stockout.read_tables(load_config(file))
    assert tables.inventory is not None
    assert tables.products is not None
    assert tables.products.select("sku", "name", "category").rows() == [("0012", "Tea", "tea")]
    assert tables.sales is not None
    assert tables.sales.select("date", "sku", "units", "revenue").rows() == [
        (date(2026, 5, 1), "0012", 2.0, 13.9),
        (date(2026, 6, 1), "0012", 2.0, 13.9),
    ]


def test_methods_page_has_every_column_and_status(root: Path) -> None:
    page = read(root / "docs" / "methods.md")
    rows = re.findall(r"^\| ([a-z0-9_, .]+) \|", page, re.MULTILINE)
    named = {name for row in rows for name in row.split(", ")}
    assert set(COLUMNS) <= named
    assert set(STATUSES) <= named
    assert {"sku", "location", "date", "mean", "model", "q50"} <= named


def test_links_lead_somewhere(root: Path) -> None:
    pages = [
        p for name in PAGES for p in [root / name, *(root / name).rglob("*.md")] if p.is_file()
    ]
    assert len(pages) > 8
    for page in pages:
        for target in re.findall(r"\]\(([^)#:]+)\)", read(page)):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_readme_shows_what_the_commands_print(root: Path) -> None:
    done = script(root, "readme_outputs.py", "--check")
    assert done.stderr == ""
    assert done.returncode == 0, "run python scripts/readme_outputs.py"


def test_the_chinese_readme_shows_the_same_code_and_pages(root: Path) -> None:
    english, chinese = read(root / "README.md"), read(root / "README.zh.md")
    code = [re.findall(r"```.*?```", text, re.DOTALL) for text in (english, chinese)]
    one, other = ([re.sub(r"\s+# .*", "", block) for block in blocks] for blocks in code)
    assert one == other
    links = [set(re.findall(r"\]\(([^)]+)\)", text)) for text in (english, chinese)]
    assert links[0] - {"README.zh.md"} == links[1] - {"README.md"}


@pytest.mark.skipif(sys.platform == "win32", reason=".ci/run needs bash")
@pytest.mark.parametrize("name", ["try", "test"])
def test_ci_runs_the_commands_of_the_readme(root: Path, name: str) -> None:
    ci = read(root / ".ci" / "run")
    function = next(line for line in ci.splitlines() if line.startswith("readme_command()"))
    done = subprocess.run(
        ["bash", "-c", f"{function}\nreadme_command {name}"],  # noqa: S607 - whichever bash there is
        cwd=root,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert f'$(readme_command {name})"' in ci or f"$(readme_command {name})\n" in ci
    assert f'step "${name}"' in ci
    assert f"<!-- {name} -->\n```sh\n{done.stdout}```\n" in read(root / "README.md")
    environment = {"try": ".venv", "test": ".venv-dev"}[name]
    assert done.stdout.startswith(f"python3 -m venv {environment} &&\n")
    assert f"{environment}/bin/pip install -c constraints.txt -e" in done.stdout


def test_constraints_pin_what_the_readme_installs(root: Path) -> None:
    lines = [line for line in read(root / "constraints.txt").splitlines() if line[0] != "#"]
    pins = dict(line.split("==") for line in lines)
    assert len(pins) == len(lines)
    for line in requires("stockout") or ():
        requirement = Requirement(line)
        name = canonicalize_name(requirement.name)
        marker = requirement.marker
        needed = marker is None or any(marker.evaluate({"extra": it}) for it in ("excel", "dev"))
        if name != "stockout" and needed:
            assert requirement.specifier.contains(pins[name]), line


def test_examples_name_columns_and_rules(root: Path) -> None:
    for name in ("online_retail", "freshretail"):
        config = load_config(root / "examples" / f"{name}.toml")
        [sales] = config.tables["sales"]
        assert sales.columns
        assert all(rule.reason for rule in sales.exclude)
