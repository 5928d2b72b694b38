"""Which rows the rules tell, in what words, and what is refused."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from stockout.alerts.rules import find_alerts
from stockout.config import AlertRule
from stockout.errors import ConfigError

LINES = pl.DataFrame(
    {
        "sku": ["A", "B", "C"],
        "location": ["L1", "L1", "L2"],
        "supplier_id": ["s1", "s1", "s2"],
        "on_hand": [0.0, 3.0, 50.0],
        "order_value": [100.0, 20.5, 0.0],
    }
)


def rule(**given: object) -> AlertRule:
    """A rule about the reorder list."""
    usual = {
        "name": "low",
        "table": "reorder",
        "where": "on_hand < 5",
        "message": "{sku}: {on_hand} left",
        "recipients": ["ops"],
    }
    return AlertRule.model_validate(usual | given)


def told(*rules: AlertRule, **results: pl.DataFrame) -> list[tuple[object, ...]]:
    """Level, SKU, location, key and message of what is told."""
    found = find_alerts(rules, {"reorder": LINES} | results)
    return found.select("level", "sku", "location", "key", "message").rows()


def test_rows_of_which_the_condition_is_true() -> None:
    assert told(rule(critical="on_hand = 0")) == [
        ("critical", "A", "L1", "", "A: 0 left"),
        ("warning", "B", "L1", "", "B: 3 left"),
    ]
    assert told(rule(where="on_hand > 1000", message="nothing named")) == []


def test_a_query_may_add_up() -> None:
    query = (
        "SELECT supplier_id, COUNT(*) AS n, SUM(order_value) AS total FROM reorder"
        " WHERE order_value > 0 GROUP BY supplier_id"
    )
    text = "{n} orders to {supplier_id} for {total}"
    assert told(rule(where=query, message=text)) == [
        ("warning", None, None, "s1", "2 orders to s1 for 120.5")
    ]


def test_one_alert_an_item_the_gravest_and_of_these_the_last() -> None:
    days = pl.DataFrame({"sku": "A", "location": "L1", "lost_units": [1.0, 9.0, 2.0, 8.0, 3.0]})
    lost = rule(
        table="lost_sales",
        where="lost_units > 0",
        critical="lost_units > 5",
        message="{lost_units}",
    )
    assert told(lost, lost_sales=days) == [("critical", "A", "L1", "", "8")]


def test_findings_differ_by_rule_and_file() -> None:
    findings = pl.DataFrame(
        {
            "code": ["SO1", "SO2"],
            "severity": "error",
            "file": "a.csv",
            "sku": pl.Series([None, None], dtype=pl.String),
        }
    )
    check = rule(table="check", where="severity = 'error'", message="{code}")
    assert [row[3] for row in told(check, check=findings)] == ["SO1 / a.csv", "SO2 / a.csv"]


def test_control_characters_of_an_export_do_not_make_lines() -> None:
    lines = LINES.head(1).with_columns(sku=pl.lit("A\r\n[critical] \x1b[31mfake"))
    assert told(rule(), reorder=lines)[0][4] == "A [critical]  [31mfake: 0 left"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"where": "stock < 5"}, "alert.rules.0.where: the result reorder has no column 'stock'"),
        ({"where": "on_hand + 1"}, "expected a condition, true for the rows to tell of"),
        ({"where": "SELECT * FROM read_csv('/etc/passwd')"}, "reads a file"),
        ({"where": "SELECT * FROM sales"}, "alert.rules.0.where.*does not work"),
        ({"where": "on_hand <"}, "alert.rules.0.where.*does not work"),
        ({"critical": "on_hnd = 0"}, "alert.rules.0.critical: .*no column 'on_hnd'"),
        ({"message": "{on_hnd}"}, "alert.rules.0.message: no column 'on_hnd'"),
        ({"where": "CAST(sku AS INT) > 0"}, "does not work"),
    ],
)
def test_what_does_not_fit_is_told(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        find_alerts([rule(**given)], {"reorder": LINES})
