"""Rules of the user's own, over staged tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest
from pydantic import ValidationError

from stockout.checks.check import check, check_frames
from stockout.checks.custom import custom_found, custom_rule_texts
from stockout.config import CheckConfig, CustomRule
from stockout.errors import ConfigError
from stockout.exports.staging import SOURCE_FILE, StagedTable, stage_frame
from stockout.tables import conform

DAY = date(2026, 6, 1)


@pytest.fixture
def sales() -> StagedTable:
    """Six rows in two files, three each."""
    frame = pl.DataFrame(
        {
            "date": [DAY + timedelta(days=day) for day in range(6)],
            "sku": ["A", "B", "A", "B", "A", "B"],
            "units": [1.0, 600.0, 2.5, None, 900.0, 700.0],
            "channel": ["web", "web", None, "web", "b2b", "web"],
        }
    ).with_columns(pl.col("units").fill_null(0.0))
    staged = stage_frame(conform(frame, "sales"), "sales")
    file = pl.when(pl.int_range(pl.len()) < 3).then(0).otherwise(1).cast(pl.UInt16)
    rows = staged.rows.collect().with_columns(file.alias(SOURCE_FILE)).lazy()
    return replace(staged, rows=rows, files=("may.csv", "june.csv"))


def rule(**told: object) -> CustomRule:
    """A rule about sales."""
    usual = {"code": "ACME1", "table": "sales", "where": "units > 500", "message": "too many"}
    return CustomRule.model_validate({**usual, **told})


def test_rows_where_the_condition_is_true_are_found(sales: StagedTable) -> None:
    settings = CheckConfig(
        custom=[
            rule(
                where="units > 500 AND channel = 'web'",
                message="{units} units of {sku} in one line, {revenue}",
                hint="see {channel}",
                severity="warning",
            )
        ]
    )
    found = check({"sales": sales}, settings).filter(code="ACME1")
    assert found.select("severity", "file", "row", "sku", "date", "column").rows() == [
        ("warning", "june.csv", 6, "B", DAY + timedelta(days=5), None),
        ("warning", "may.csv", 2, "B", DAY + timedelta(days=1), None),
    ]
    assert found["message"].to_list() == [
        "700 units of B in one line, no value",
        "600 units of B in one line, no value",
    ]
    assert found["hint"].to_list() == ["see web"] * 2


def test_a_condition_about_one_column_names_it(sales: StagedTable) -> None:
    (part,) = custom_found({"sales": sales}, [rule()], limit=None)
    assert part.hits["column"].unique().to_list() == ["units"]


def test_an_unknown_value_is_no_finding(sales: StagedTable) -> None:
    (part,) = custom_found({"sales": sales}, [rule(where="channel <> 'web'")], limit=None)
    assert part.hits["sku"].to_list() == ["A"]


def test_no_more_than_the_limit_are_listed_of_a_file(sales: StagedTable) -> None:
    settings = CheckConfig(custom=[rule(where="units >= 0")], max_findings=2)
    found = check({"sales": sales}, settings).filter(code="ACME1")
    assert found.select("file", "row").rows() == [
        ("june.csv", None), ("june.csv", 4), ("june.csv", 5),
        ("may.csv", None), ("may.csv", 1), ("may.csv", 2),
    ]  # fmt: skip
    beyond = found.filter(pl.col("row").is_null())["message"].to_list()
    assert beyond == ["1 more findings of this rule are not listed"] * 2


def test_a_rule_about_a_table_that_is_not_there_says_nothing(sales: StagedTable) -> None:
    assert custom_found({"sales": sales}, [rule(table="products", where="moq > 1")], limit=5) == []


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"where": "unit > 5"}, "check.custom.0.where: 'unit > 5' does not work: cannot compare"),
        ({"where": "pieces > 5"}, "check.custom.0.where: table sales has no column 'pieces'"),
        ({"where": "units +"}, "check.custom.0.where: 'units \\+' does not work"),
        ({"where": "units"}, "'units' gives Float64, expected a condition"),
        ({"where": "SUM(units) > 5"}, "makes one value of all rows"),
        ({"where": "units > (SELECT 1)"}, "asks for other rows"),
        ({"where": "source_row > 3"}, "table sales has no column 'source_row'"),
        ({"message": "{unitz} units"}, "check.custom.0.message: no column 'unitz'"),
        ({"hint": "{Units}"}, "check.custom.0.hint: no column 'Units'"),
    ],
)
def test_a_rule_that_does_not_fit_is_refused(
    told: dict[str, str], message: str, sales: StagedTable
) -> None:
    with pytest.raises(ConfigError, match=message):
        custom_found({"sales": sales}, [rule(**told)], limit=5)


def test_a_condition_that_fails_on_some_row_is_refused(sales: StagedTable) -> None:
    with pytest.raises(ConfigError, match=r"custom\.0\.where: .*CAST.* does not work") as error:
        custom_found({"sales": sales}, [rule(where="CAST(sku AS INT) > 5")], limit=5)
    assert error.value.hint is not None
    assert "TRY_CAST" in error.value.hint


def test_two_rules_have_two_codes(sales: StagedTable) -> None:
    with pytest.raises(ConfigError, match=r"check.custom.1.code: ACME1 is the code of"):
        custom_found({"sales": sales}, [rule(), rule(where="units < 0")], limit=5)


def test_our_codes_are_not_to_be_had() -> None:
    with pytest.raises(ValidationError, match="does not start with SO"):
        rule(code="SO401")


def test_severity_can_be_set_as_that_of_other_rules(sales: StagedTable) -> None:
    told = CheckConfig(custom=[rule()], rules={"ACME1": {"severity": "info"}})
    found = check({"sales": sales}, told).filter(code="ACME1")
    assert found["severity"].unique().to_list() == ["info"]


def test_frames_of_the_python_api_have_own_rules_too() -> None:
    frame = pl.DataFrame({"date": [DAY], "sku": ["A"], "units": [501]})
    found = check_frames(sales=frame, settings=CheckConfig(custom=[rule()]))
    assert "ACME1" in found["code"]


def test_formats_are_told_of_the_rules() -> None:
    text = custom_rule_texts([rule(message="{units} units of {sku}", hint="ask")])["ACME1"]
    assert text.title == "... units of ..."
    assert text.tables == ("sales",)
    assert text.doc.endswith("Rows of sales where units > 500\n\nask")
