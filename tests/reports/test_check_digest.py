"""The digest of a check: what is said, in what order, and that it fits."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console, ConsoleDimensions

from stockout.checks.findings import FINDINGS, no_findings
from stockout.checks.formats import Checked, RuleText
from stockout.reports.check_digest import check_digest, counted

CHECKED = Checked(
    tables={"sales": ["sales.csv"], "inventory": ["stock.csv"], "products": ["items.csv"]},
    rules={
        "SO401": RuleText("SO401", "negative-stock", "Negative stock", "error"),
        "SO311": RuleText("SO311", "gap", "Gap in the feed", "warning"),
    },
    folder=Path(),
)


def frame(*rows: tuple[object, ...]) -> pl.DataFrame:
    """Findings of code, severity, file, row, column, message and hint."""
    names = ["code", "severity", "file", "row", "column", "message", "hint"]
    cells = [dict(zip(names, row, strict=True)) for row in rows]
    return pl.DataFrame([dict.fromkeys(FINDINGS.names()) | row for row in cells], schema=FINDINGS)


def negative(row: int, message: str = "-3 on hand") -> tuple[object, ...]:
    """A finding about negative stock."""
    return ("SO401", "error", "stock.csv", row, "on_hand", message, "count the item again")


GAP = ("SO311", "warning", "sales.csv", None, None, "no sales for 9 days", "is a file missing?")


def drawn(
    findings: pl.DataFrame, checked: Checked = CHECKED, width: int = 80, height: int = 24
) -> str:
    """What the digest looks like on a screen of that size."""
    screen = io.StringIO()
    console = Console(file=screen, width=width, height=height, soft_wrap=True)
    console.print(check_digest(findings, checked, size=ConsoleDimensions(width, height)))
    return screen.getvalue()


def test_digest_says_how_bad_it_is_where_and_what_to_do() -> None:
    assert (
        drawn(frame(GAP, negative(2), negative(3)))
        == """\
Check of 3 files, 3 tables: 2 errors, 1 warning

error          2 SO401  Negative stock in stock.csv
warning        1 SO311  Gap in the feed in sales.csv

error    SO401 stock.csv:2:on_hand: -3 on hand
error    SO401 stock.csv:3:on_hand: -3 on hand
warning  SO311 sales.csv: no sales for 9 days

What to do
SO401: count the item again
SO311: is a file missing?
The check fails with --fail-on error.
"""
    )


def test_a_clean_check_says_so() -> None:
    assert drawn(no_findings()) == "Check of 3 files, 3 tables: no findings\n"
    accepted = replace(CHECKED, accepted=7)
    assert drawn(no_findings(), accepted).splitlines() == [
        "Check of 3 files, 3 tables: no findings",
        "7 findings accepted by the baseline",
    ]


@pytest.mark.parametrize(
    ("fail_on", "end"),
    [
        ("error", "The check passes with --fail-on error.\n"),
        ("warning", "The check fails with --fail-on warning.\n"),
        (None, "The check passes with --fail-on never.\n"),
    ],
)
def test_verdict_is_that_of_fail_on(fail_on: str | None, end: str) -> None:
    checked = replace(CHECKED, fail_on=fail_on)  # type: ignore[arg-type]
    assert drawn(frame(GAP), checked).endswith(end)


@pytest.mark.parametrize("height", [12, 24, 50])
@pytest.mark.parametrize("width", [40, 80, 200])
def test_digest_fits_the_screen(width: int, height: int) -> None:
    rows = [negative(row, "much to say " * (row % 9)) for row in range(2, 400)]
    many = [(f"X{n}", "info", f"{n}" * 60, n, "column", "m", "hint " * 40) for n in range(60)]
    text = drawn(frame(*rows, *many), width=width, height=height)
    lines = text.splitlines()
    assert max(map(len, lines)) <= width
    assert len(lines) <= max(height - 1, 21)
    assert lines[0].startswith("Check of 3 files, 3 tables: 398 error")
    told = [line for line in lines if line.startswith("... and ")]
    assert told
    assert width == 40 or any("--output findings.csv" in line for line in told)


def test_what_is_left_out_is_counted() -> None:
    text = drawn(frame(*(negative(row) for row in range(2, 102))))
    shown = sum(line.startswith("error    SO401 stock.csv:") for line in text.splitlines())
    assert shown > 5
    assert f"... and {100 - shown} more; --output findings.csv writes all" in text


def test_a_rule_with_many_findings_does_not_hide_the_others() -> None:
    other = ("SO103", "error", "sales.csv", 9, "units", "not a number", None)
    text = drawn(frame(*(negative(row) for row in range(2, 102)), other))
    lines = [line for line in text.splitlines() if line.startswith("error    SO")]
    assert lines[1] == "error    SO103 sales.csv:9:units: not a number"


def test_wide_letters_are_counted_as_wide() -> None:
    row = ("SO401", "error", "库存.csv", 2, "现存量", "北京仓库的库存为负" * 9, None)
    text = drawn(frame(row), width=60)
    cells = [sum(2 if ord(letter) > 0x2E80 else 1 for letter in line) for line in text.splitlines()]
    assert max(cells) <= 60
    assert any(line.endswith("...") for line in text.splitlines())


def test_a_terminal_without_unicode_gets_nothing_it_cannot_show() -> None:
    rows = [negative(row, "much to say " * 30) for row in range(2, 400)]
    assert drawn(frame(GAP, *rows)).isascii()


def test_markup_and_commands_of_cells_are_text() -> None:
    row = ("X1", "error", "::error::x", 2, "[red]c[/red]", "##[add-path]/x\n::set-env a::b", None)
    text = drawn(frame(row), width=120)
    assert "[red]c[/red]" in text
    assert "##[" not in text
    assert "::" not in text


def test_counts_are_in_the_order_of_gravity() -> None:
    assert counted(frame(GAP, GAP, negative(2), ("X", "info", None, None, None, "m", None))) == (
        "1 error, 2 warnings, 1 info"
    )


def test_findings_that_are_not_listed_count() -> None:
    rest = (
        "SO401", "error", "stock.csv", None, None,
        "1234 more findings of this rule are not listed", "raise check.max_findings",
    )  # fmt: skip
    text = drawn(frame(rest, negative(2)))
    assert text.startswith("Check of 3 files, 3 tables: 1,235 errors\n")
    assert "error      1,235 SO401  Negative stock in stock.csv\n" in text
    assert "... and 1,234 more; --output findings.csv writes all\n" in text
