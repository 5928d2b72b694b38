"""The configuration: three layers, checked key by key."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import get_args

import pytest

from stockout.config import Config, Exclude, Source, SqlColumn, TableName, load_config
from stockout.errors import ConfigError, ExitCode
from stockout.tables import SCHEMAS


@pytest.fixture(autouse=True)
def _in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(text: str, name: str = "stockout.toml") -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def fault(
    text: str = "",
    env: dict[str, str] | None = None,
    overrides: dict[str, object] | None = None,
) -> str:
    """The error that a configuration ends in."""
    with pytest.raises(ConfigError) as caught:
        load_config(write(text), env or {}, overrides or {})
    assert caught.value.exit_code == ExitCode.USAGE
    return str(caught.value)


def test_table_names_are_those_of_the_schemas() -> None:
    assert get_args(TableName) == tuple(SCHEMAS)


def test_importing_it_loads_no_polars() -> None:
    code = (
        "import sys, stockout.config; sys.exit('polars' in sys.modules or 'numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_no_file_gives_the_defaults() -> None:
    config = load_config(None, {}, {})
    assert config == Config()
    assert (config.freq, config.default_review_days, config.forecast.levels) == (
        "auto",
        7,
        [0.5, 0.9],
    )
    assert (config.reorder.unmet, config.folder, config.file) == ("lost", Path(), None)


def test_a_whole_file() -> None:
    path = write(
        """
        as_of = 2026-06-30
        freq = "week"
        default_lead_time_days = 14

        [tables]
        products = "products.csv"

        [tables.sales]
        path = ["exports/2025/*.csv", "exports/2026/*.csv"]
        decimal = ","
        columns = { date = "Tag", revenue = { sql = "CAST(price AS DOUBLE) * 2" } }
        exclude = [{ where = "Invoice LIKE 'C%'", reason = "cancelled invoices" }]

        [forecast]
        horizon = 8
        levels = [0.5, 0.975]

        [reorder]
        unmet = "backorder"
        shortage_cost = 2
        holding_cost = 0.1
        """,
        "shop/stockout.toml",
    )
    config = load_config(path, {}, {})
    assert config.as_of == date(2026, 6, 30)
    assert (config.freq, config.default_lead_time_days) == ("week", 14)
    assert config.tables == {
        "products": [Source(path="products.csv")],
        "sales": [
            Source(
                path=["exports/2025/*.csv", "exports/2026/*.csv"],
                decimal=",",
                columns={"date": "Tag", "revenue": SqlColumn(sql="CAST(price AS DOUBLE) * 2")},
                exclude=[Exclude(where="Invoice LIKE 'C%'", reason="cancelled invoices")],
            )
        ],
    }
    assert (config.forecast.horizon, config.forecast.levels) == (8, [0.5, 0.975])
    assert (config.reorder.shortage_cost, config.reorder.holding_cost) == (2, 0.1)
    assert (config.folder, config.file) == (Path("shop"), path)


def test_flag_wins_over_environment_and_environment_over_file() -> None:
    path = write('freq = "day"\n[forecast]\nhorizon = 1\nlevels = [0.1]')
    env = {"STOCKOUT_FORECAST__HORIZON": "2", "STOCKOUT_FORECAST__LEVELS": "0.2, 0.3"}
    assert load_config(path, {}, {}).forecast.horizon == 1
    assert load_config(path, env, {}).forecast.horizon == 2
    config = load_config(path, env, {"forecast.horizon": 3, "freq": None})
    assert (config.forecast.horizon, config.forecast.levels, config.freq) == (3, [0.2, 0.3], "day")


def test_environment_that_says_nothing_counts_as_not_set() -> None:
    env = {"STOCKOUT_FREQ": "", "STOCKOUT_REALDATA": "/data", "HOME": "/root", "STOCKOUTS": "x"}
    assert load_config(None, env, {}) == Config()


def test_default_file_then_pyproject() -> None:
    write('[project]\nname = "other"', "pyproject.toml")
    assert load_config(None, {}, {}).file is None
    write('[tool.stockout]\nfreq = "day"', "pyproject.toml")
    config = load_config(None, {}, {})
    assert (config.freq, config.file) == ("day", Path("pyproject.toml"))
    write('freq = "week"')
    assert load_config(None, {}, {}).freq == "week"


def test_error_in_pyproject_names_the_whole_key() -> None:
    write("[tool.stockout.forecast]\nhorizon = 0", "pyproject.toml")
    with pytest.raises(ConfigError) as caught:
        load_config(None, {}, {})
    assert str(caught.value) == (
        "pyproject.toml: tool.stockout.forecast.horizon: found 0, expected at least 1"
    )


def test_flags_and_file_add_up_to_one_table() -> None:
    path = write('[tables.sales]\npath = "a.csv"\ncolumns = { units = "n" }')
    config = load_config(path, {}, {"tables.sales": {"path": ["b.csv"]}})
    assert config.tables["sales"] == [Source(path=["b.csv"], columns={"units": "n"})]


def test_paths_of_flags_start_from_the_current_folder() -> None:
    path = write('[tables]\nsales = "a.csv"\norders = "o.csv"', "shop/stockout.toml")
    config = load_config(path, {"STOCKOUT_TABLES__ORDERS": "p.csv"}, {"tables": {"sales": "b.csv"}})
    assert config.folder == Path("shop")
    assert config.tables["sales"][0].path == str(Path.cwd() / "b.csv")
    assert config.tables["orders"][0].path == str(Path.cwd() / "p.csv")


def test_a_target_of_a_stronger_layer_replaces_another_kind() -> None:
    path = write("[reorder]\nservice_level = 0.95")
    config = load_config(path, {}, {"reorder": {"fill_rate": 0.98}})
    assert (config.reorder.service_level, config.reorder.fill_rate) == (None, 0.98)
    path = write("[reorder]\nshortage_cost = 3")
    config = load_config(path, {}, {"reorder": {"holding_cost": 1}})
    assert (config.reorder.shortage_cost, config.reorder.holding_cost) == (3, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[forecast]\nhorizn = 1",
            "stockout.toml: forecast.horizn: unknown key\nhint: did you mean forecast.horizon?",
        ),
        (
            "horizon = 1",
            "stockout.toml: horizon: unknown key\nhint: did you mean forecast.horizon?",
        ),
        (
            "[tables.sale]\npath = 'x'",
            "stockout.toml: tables.sale: unknown key\nhint: did you mean tables.sales?",
        ),
        (
            "[tables.sales]\npth = 'x'",
            "stockout.toml: tables.sales.pth: unknown key\nhint: did you mean tables.sales.path?",
        ),
        (
            "[tables.sales]\npath = 'x'\ncolumns = {units = {sqll = 'x'}}",
            "stockout.toml: tables.sales.columns.units.sqll: unknown key\n"
            "hint: did you mean tables.sales.columns.units.sql?",
        ),
        (
            "[[tables.sales.exclude]]\nwhere = 'x'\nreson = 'y'",
            "stockout.toml: tables.sales.exclude.0.reson: unknown key\n"
            "hint: did you mean tables.sales.exclude.0.reason?",
        ),
        (
            "zzz = 1",
            "stockout.toml: zzz: unknown key\nhint: known are alert, as_of, by_location, "
            "check, default_lead_time_days, default_review_days, forecast, freq, history, profile, "
            "reorder, report, run, tables",
        ),
        ("file = 'x'", "stockout.toml: file: unknown key"),
    ],
)
def test_unknown_key_is_an_error_with_a_suggestion(text: str, message: str) -> None:
    assert fault(text).startswith(message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[forecast]\nhorizon = 0", "forecast.horizon: found 0, expected at least 1"),
        ("[forecast]\nhorizon = 2.5", "forecast.horizon: found 2.5, expected a whole number"),
        ("[forecast]\nhorizon = true", "forecast.horizon: found True, expected a number"),
        (
            "[forecast]\nlevels = [0.5, 1]",
            "forecast.levels.1: found 1, expected a share between 0 and 1, such as 0.95",
        ),
        ("[forecast]\nlevels = []", "forecast.levels: found [], expected at least one value"),
        (
            "[forecast]\nlevels = [0.5, 0.5]",
            "forecast.levels: found [0.5, 0.5], expected levels that differ from each other "
            "and from 0 and 1 in six digits",
        ),
        (
            "[forecast]\nlevels = [0.99999999]",
            "forecast.levels: found [0.99999999], expected levels that differ from each other "
            "and from 0 and 1 in six digits",
        ),
        (
            "[reorder]\nlead_time_days = 20260101",
            "reorder.lead_time_days: found 20260101, expected at most 3,650",
        ),
        ("freq = 'month'", "freq: found 'month', expected 'auto', 'day' or 'week'"),
        (
            "as_of = '03/04/2026'",
            "as_of: found '03/04/2026', expected a date like 2026-01-31, or \"today\"",
        ),
        ("default_review_days = 0", "default_review_days: found 0, expected more than 0"),
        (
            "default_lead_time_days = inf",
            "default_lead_time_days: found inf, expected a finite number",
        ),
        (
            "[reorder]\nservice_level = 95",
            "reorder.service_level: found 95, expected a share between 0 and 1, such as 0.95",
        ),
        ("[reorder]\nshortage_cost = -1", "reorder.shortage_cost: found -1, expected at least 0"),
        (
            "[reorder]\nservice_level = 0.9\nfill_rate = 0.9",
            "reorder: expected one kind of target, not service_level and fill_rate",
        ),
        (
            "[reorder]\nfill_rate = 0.9\nholding_cost = 1",
            "reorder: expected one kind of target, not fill_rate and "
            "shortage_cost with holding_cost",
        ),
        ("forecast = 3", "forecast: found 3, expected a table"),
        ("[tables.sales]\ncolumns = {units = 'n'}", "tables.sales.path: missing"),
        (
            "[tables]\nsales = []",
            "tables.sales.path: found [], expected a path, a glob, a folder, or a list of them",
        ),
        (
            "[tables.sales]\npath = 'x'\ndelimiter = ';;'",
            "tables.sales.delimiter: found ';;', expected one character, such as ; or a tab",
        ),
        (
            "[tables.sales]\npath = 'x'\ncolumns = {units = 1}",
            "tables.sales.columns.units: found 1, expected text",
        ),
        (
            "[tables.sales]\npath = 'x'\nexclude = [{where = 'x'}]",
            "tables.sales.exclude.0.reason: missing",
        ),
    ],
)
def test_bad_value_names_file_key_found_and_expected(text: str, message: str) -> None:
    assert fault(text) == f"stockout.toml: {message}"


def test_error_names_the_layer_that_said_it() -> None:
    assert fault("", {"STOCKOUT_FORECAST__HORIZON": "many"}) == (
        "environment: STOCKOUT_FORECAST__HORIZON: found 'many', expected a whole number"
    )
    assert fault("", {"STOCKOUT_HORIZON": "3"}) == (
        "environment: STOCKOUT_HORIZON: unknown key\nhint: did you mean STOCKOUT_FORECAST__HORIZON?"
    )
    assert fault("[forecast]\nhorizon = 3", {}, {"forecast.horizon": -1}) == (
        "command line: --horizon: found -1, expected at least 1"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            'freq = "day"\nx ?',
            "stockout.toml:2:3: not TOML: Expected '=' after a key in a key/value pair",
        ),
        (
            "a = 1\na = 2",
            "stockout.toml:2:6: not TOML: Cannot overwrite a value\n"
            "hint: this key is set further up",
        ),
        (
            'a = "x\n',
            "stockout.toml:1:7: not TOML: Illegal character '\\n'\n"
            "hint: a text ends with the quote it begins with, on the same line",
        ),
        (
            '[tables]\nsales = "C:\\data"',
            "stockout.toml:2:14: not TOML: Unescaped '\\' in a string\n"
            "hint: write paths with / or in single quotes: 'C:\\data\\sales.csv'",
        ),
    ],
)
def test_broken_toml_names_line_and_column(text: str, message: str) -> None:
    assert fault(text) == message


def test_file_in_another_encoding_is_an_error() -> None:
    Path("stockout.toml").write_bytes('freq = "täglich"'.encode("cp1252"))
    with pytest.raises(ConfigError) as caught:
        load_config(None, {}, {})
    assert str(caught.value) == (
        "stockout.toml: not UTF-8 text at byte 10\nhint: save the file as UTF-8"
    )


def test_byte_order_mark_is_no_matter() -> None:
    Path("stockout.toml").write_bytes(b"\xef\xbb\xbffreq = 'day'\r\n")
    assert load_config(None, {}, {}).freq == "day"


def test_missing_file_suggests_its_neighbour() -> None:
    write("")
    with pytest.raises(ConfigError) as caught:
        load_config(Path("stokout.toml"), {}, {})
    assert str(caught.value) == ("stokout.toml: no such file\nhint: did you mean stockout.toml?")


def test_loading_changes_no_argument() -> None:
    env = {"STOCKOUT_FREQ": "day"}
    overrides: dict[str, object] = {"tables": {"sales": {"path": "b.csv"}}}
    load_config(write("", "shop/stockout.toml"), env, overrides)
    assert env == {"STOCKOUT_FREQ": "day"}
    assert overrides == {"tables": {"sales": {"path": "b.csv"}}}


class TestSeveralSourcesOfATable:
    def test_a_list_of_sources(self) -> None:
        path = write(
            '[[tables.sales]]\npath = "a.csv"\n[[tables.sales]]\npath = ["b.csv", "c.csv"]\n'
        )
        config = load_config(path, {}, {})
        assert config.tables["sales"] == [Source(path="a.csv"), Source(path=["b.csv", "c.csv"])]

    def test_a_path_of_a_flag_takes_the_place_of_all(self) -> None:
        path = write('[[tables.sales]]\npath = "a.csv"\n[[tables.sales]]\npath = "b.csv"\n')
        config = load_config(path, {}, {"tables.sales": {"path": ["c.csv"]}})
        assert config.tables["sales"] == [Source(path=["c.csv"])]

    def test_a_list_of_one_is_that_one(self) -> None:
        path = write('[[tables.sales]]\npath = "a.csv"\ndecimal = ","\n')
        config = load_config(path, {}, {"tables.sales": {"path": ["c.csv"]}})
        assert config.tables["sales"] == [Source(path=["c.csv"], decimal=",")]

    def test_an_unknown_key_of_one_of_them(self) -> None:
        text = (
            '[[tables.sales]]\npath = "a.csv"\n[[tables.sales]]\npath = "b.csv"\ndelimter = ";"\n'
        )
        assert "delimter: unknown key" in fault(text)
        assert "did you mean" in fault(text)

    def test_a_database_url_is_left_as_it_is(self) -> None:
        path = write("", "shop/stockout.toml")
        config = load_config(path, {}, {"tables.sales": "sqlite:///shop.db"})
        assert config.tables["sales"][0].path == "sqlite:///shop.db"


class TestCheck:
    def test_severities_and_thresholds(self) -> None:
        config = load_config(
            write('[check.rules.SO401]\nseverity = "off"\n[check.rules.SO501]\nfactor = 3\n'),
            {},
            {},
        )
        assert config.check.severity == {"SO401": "off"}
        assert config.check.thresholds == {"SO501": {"factor": 3.0}}

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            (
                '[check.rules.SO401]\nseverity = "bad"',
                "off, info, warning or error for SO401.severity",
            ),
            ('[check.rules.SO501]\nfactor = "x"', "a number for SO501.factor"),
            (
                '[[check.custom]]\ncode = "SO1"\ntable = "sales"\nwhere = "x"\nmessage = "m"',
                "a code that does not start with SO",
            ),
        ],
    )
    def test_mistakes(self, text: str, message: str) -> None:
        assert message in fault(text)
