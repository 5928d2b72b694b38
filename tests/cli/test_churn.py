"""``stockout churn``: exit codes, output, and what a person sees."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Cli

CUSTOMER_COLUMNS = [
    "customer_id", "name", "segment", "first_purchase", "last_purchase", "frequency", "recency",
    "T", "status", "probability_alive", "expected_purchases", "expected_spend", "clv", "at_risk",
    "days_since_last", "usual_gap_days", "overdue", "exposure", "excess_churn_probability",
]  # fmt: skip
RECORD = [
    "as_of", "repeat_purchase", "repeat_purchase_reason", "effect", "effect_reason", "scenario",
    "scenario_reason",
]  # fmt: skip
SAMPLE = ("--config", str(Path(__file__).parents[2] / "data" / "sample" / "stockout.toml"), "-q")


@pytest.fixture
def summary(folder: Path) -> Path:
    """The summary of 400 customers, with the header of CDNOW."""
    generator = np.random.default_rng(1)
    rate, leaves = generator.gamma(0.5, 1 / 6, 400), generator.beta(0.9, 1.6, 400)
    until = np.round(generator.uniform(20, 39, 400), 2)
    stays = generator.geometric(leaves) - 1
    x = np.minimum(generator.poisson(rate * until), stays)
    t_x = np.where(x > 0, np.round(until * generator.random(400), 2), 0.0)
    frame = pl.DataFrame({"ID": np.arange(1, 401), "frequency": x, "recency": t_x, "T": until})
    frame.write_csv(folder / "customers.csv")
    return folder


@pytest.fixture
def lines(folder: Path) -> Path:
    """Sales lines of a few customers, with a configuration."""
    (folder / "sales.csv").write_text(
        "date,sku,units,unit_price,customer_id\n"
        "2026-01-05,A,1,10,C1\n2026-01-19,A,2,10,C1\n2026-01-12,A,1,10,C2\n"
        "2026-02-01,A,1,10,\n2026-02-02,A,1,10,guest\n"
    )
    (folder / "stockout.toml").write_text('[tables]\nsales = "sales.csv"\n')
    return folder


@pytest.mark.realdata
def test_published_likelihood_from_the_summary_alone(real_data: Path, cli: Cli) -> None:
    path = str(real_data / "cdnow_summary.csv")
    arguments = ("--customers", path, "--model", "mbgnbd", "--format", "json")
    code, stdout, stderr = cli("churn", *arguments)
    assert (code, stderr) == (0, "")
    found = json.loads(stdout)["repeat_purchase"]
    assert found["log_likelihood"] == pytest.approx(-9582.1327, abs=0.01)
    assert found["customers"] == 2357
    assert list(found["parameters"]) == list(found["standard_errors"]) == ["r", "alpha", "a", "b"]


@pytest.mark.parametrize(
    ("model", "names"),
    [("mbgnbd", ["r", "alpha", "a", "b"]), ("pareto", ["r", "alpha", "s", "beta"])],
)
def test_json_without_a_terminal(cli: Cli, summary: Path, model: str, names: list[str]) -> None:
    assert summary.is_dir()
    code, stdout, stderr = cli("churn", "--customers", "customers.csv", "--model", model)
    assert (code, stderr) == (0, "")
    record = json.loads(stdout)
    assert list(record) == RECORD
    found = record["repeat_purchase"]
    assert found["model"] == model
    if found["converged"]:
        assert list(found["parameters"]) == names
        assert all(error > 0 for error in found["standard_errors"].values())
    else:
        assert found["parameters"] is None
        assert found["reason"]
    assert record["effect"] is None
    assert record["effect_reason"].startswith("no sales")


def test_every_format(cli: Cli, summary: Path) -> None:
    for name in ("churn.csv", "churn.parquet", "churn.xlsx", "churn.json"):
        arguments = ("--customers", "customers.csv", "--quiet", "--output", name)
        assert cli("churn", *arguments) == (0, "", "")
    rows = pl.read_parquet(summary / "churn.parquet")
    assert rows.columns == ["figure", "value", "text"]
    record = json.loads((summary / "churn.json").read_text())["repeat_purchase"]
    customers = rows.filter(figure="repeat_purchase.customers")["value"].item()
    assert customers == record["customers"] == 400
    assert pl.read_csv(summary / "churn.csv").columns == rows.columns


def test_call_list(cli: Cli, summary: Path) -> None:
    assert summary.is_dir()
    given = ("--customers", "customers.csv", "--by", "customer", "--format", "csv")
    code, stdout, stderr = cli("churn", *given)
    assert (code, stderr) == (0, "")
    rows = pl.read_csv(io.StringIO(stdout), infer_schema=False)
    assert rows.columns == CUSTOMER_COLUMNS
    assert rows.height == 400
    risk = rows["at_risk"].cast(pl.Float64)
    assert risk.to_list() == sorted(risk, reverse=True)


def test_too_few_are_no_failure(cli: Cli, lines: Path) -> None:
    assert lines.is_dir()
    code, stdout, stderr = cli("churn")
    assert (code, stderr) == (0, "")
    found = json.loads(stdout)["repeat_purchase"]
    assert found["reason"] == "1 of 2 customers bought again, a model needs 30 who did"
    assert (found["parameters"], found["log_likelihood"], found["converged"]) == (None, None, False)
    assert (found["customers"], found["one_time_buyers"]) == (2, 1)
    assert found["left_out"]["without_customer"] == 1
    assert found["left_out"]["of_guests"] == 1
    assert found["churn_rate"]["value"] is None


def test_digest_says_what_is_not_known(cli: Cli, lines: Path) -> None:
    assert lines.is_dir()
    code, stdout, stderr = cli("churn", "--format", "table")
    assert (code, stderr) == (0, "")
    text = " ".join(stdout.split())
    assert "2 customers made 3 purchases; 50.0 % bought again, 1 bought once." in text
    assert "Not known: no inventory and no movements" in text
    assert "left out: 1 lines without a customer, 1 lines of guests" in text
    assert max(map(len, stdout.splitlines())) <= 80


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("ID,frequency,recency,T\n1,1,3,9\n2,2,40,39\n", ("row 2 (customer 2)", "at most T", "T ")),
        ("ID,frequency,recency,T\n1,-1,0,9\n", ("row 1 (customer 1)", "0 or more", "after the")),
        ("ID,frequency,recency\n1,1,3\n", ("no column T", "in weeks")),
        ("ID,name\n1,Ada\n", ("no customers with frequency, recency and T", "--sales")),
    ],
)
def test_a_summary_that_cannot_be(
    cli: Cli, folder: Path, text: str, parts: tuple[str, ...]
) -> None:
    (folder / "customers.csv").write_text(text)
    code, stdout, stderr = cli("churn", "--customers", "customers.csv")
    assert (code, stdout) == (2, "")
    assert all(part in stderr for part in parts), stderr
    assert "hint:" in stderr


def test_nothing_to_read(cli: Cli, folder: Path) -> None:
    assert folder.is_dir()
    code, stdout, stderr = cli("churn")
    assert (code, stdout) == (2, "")
    assert stderr.startswith("error: no sales and no customers")


def test_settings_that_cannot_be(cli: Cli, summary: Path) -> None:
    assert summary.is_dir()
    code, _, stderr = cli("churn", "--customers", "customers.csv", "--margin", "35")
    assert code == 2
    assert stderr == (
        "error: margin: found 35, expected a share of revenue between 0 and 1\nhint: 30 % is 0.3\n"
    )


def test_by_sku_needs_the_effect(cli: Cli, lines: Path) -> None:
    assert lines.is_dir()
    code, stdout, stderr = cli("churn", "--by", "sku")
    assert (code, stdout) == (2, "")
    assert "the effect by sku is not known: no inventory" in stderr


def test_sample_effect_below_what_can_be_seen(cli: Cli) -> None:
    code, stdout, _ = cli("churn", *SAMPLE, "--format", "json")
    record = json.loads(stdout)
    effect, scenario = record["effect"], record["scenario"]
    assert (code, list(record), effect["detectable"]) == (0, RECORD, False)
    assert effect["low"] < effect["excess_churners"] < effect["high"]
    assert effect["value_at_risk"] is None
    assert effect["value_reason"].startswith("the effect is not detectable")
    assert [each["name"] for each in effect["short"]] == [
        "order delayed", "basket lost", "substituted",
    ]  # fmt: skip
    parts = ("elsewhere", "substituted", "delayed", "abandoned")
    for case in scenario["cases"]:
        whole = sum(case[f"{part}_units"] for part in parts)
        assert whole == pytest.approx(scenario["lost_units"])
        assert case["assumption"].startswith("assumed, not estimated")
        assert case["leaving_customers"] is None


def test_sample_by_sku_and_customer(cli: Cli) -> None:
    code, stdout, _ = cli("churn", *SAMPLE, "--by", "sku", "--format", "csv")
    rows = pl.read_csv(io.StringIO(stdout), schema_overrides={"sku": pl.String})
    assert (code, rows["thwarted_purchases"].is_sorted(descending=True)) == (0, True)
    assert rows["excess_churners"].null_count() == rows["value"].null_count() == rows.height
    code, stdout, _ = cli("churn", *SAMPLE, "--by", "customer", "--format", "csv")
    people = pl.read_csv(io.StringIO(stdout), infer_schema_length=None)
    assert (code, people.columns) == (0, CUSTOMER_COLUMNS)
    assert people["exposure"].sum() == pytest.approx(rows["thwarted_purchases"].sum())
