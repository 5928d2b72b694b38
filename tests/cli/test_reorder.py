"""``stockout reorder``: the flags of policies and limits, and what a person reads."""

from __future__ import annotations

import io
from datetime import date
from typing import TYPE_CHECKING

import polars as pl
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Cli


def frame_of(csv: str) -> pl.DataFrame:
    """The rows of a CSV, all text."""
    return pl.read_csv(io.StringIO(csv), infer_schema=False)


COSTS = ["--order-cost", "10", "--holding-cost", "0.02"]


@pytest.mark.parametrize(
    ("flags", "policy"),
    [
        ([], "(R,S)"),
        (COSTS, "(R,s,S)"),
        (["--policy", "continuous"], "(S-1,S)"),
        ([*COSTS, "--policy", "continuous"], "(r,Q)"),
        ([*COSTS, "--shortage-cost", "2"], "(R,s,S)"),
    ],
)
def test_policies(cli: Cli, shop: Path, flags: list[str], policy: str) -> None:
    assert shop.is_dir()
    code, stdout, stderr = cli("reorder", *flags)
    assert (code, stderr) == (0, "")
    assert set(frame_of(stdout)["policy"]) == {policy}


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--order-cost", "10"], "an order cost is weighed against the cost of holding stock"),
        (["--order-cost", "-1"], "--order-cost: found -1.0, expected at least 0"),
        (["--policy", "continuous", "--review", "7"], "continuous review has no review period"),
        ([*COSTS, "--fill-rate", "0.9", "--service-level", "0.9"], "one kind of target"),
    ],
)
def test_what_cannot_be_meant(cli: Cli, shop: Path, flags: list[str], message: str) -> None:
    assert shop.is_dir()
    code, stdout, stderr = cli("reorder", *flags)
    assert (code, stdout) == (2, "")
    assert message in stderr


def test_an_order_cost_keeps_the_target_of_the_file(cli: Cli, shop: Path) -> None:
    with (shop / "stockout.toml").open("a") as file:
        file.write("[reorder]\nservice_level = 0.8\n")
    assert set(frame_of(cli("reorder", *COSTS).stdout)["target"]) == {"CSL 80 %"}


def test_targets_by_class_give_way_to_a_flag(cli: Cli, shop: Path) -> None:
    with (shop / "stockout.toml").open("a") as file:
        file.write("[reorder.targets]\nA = 0.98\nC = 0.8\n")
    found = frame_of(cli("reorder").stdout)
    assert set(found["target"]) == {"CSL 98 % (A)"}  # the first three quarters of value are A
    found = frame_of(cli("reorder", "--service-level", "0.9").stdout)
    assert set(found["target"]) == {"CSL 90 %"}
    with (shop / "stockout.toml").open("a") as file:
        file.write("tea = 0.8\n")
    outcome = cli("reorder")
    assert outcome.code == 2
    assert "targets.tea: neither an ABC class (A, B, C) nor a category" in outcome.stderr


def test_suppliers_customers_and_corrections(cli: Cli, shop: Path) -> None:
    (shop / "products.csv").write_text("sku,supplier_id,unit_cost\n00123,S,2\n00456,S,2\n")
    (shop / "suppliers.csv").write_text("supplier_id,order_weekdays,min_order_value\nS,Tue,500\n")
    (shop / "orders.csv").write_text(
        "order_id,sku,units,order_date,due_date,priority\n"
        "1,00123,9,2026-06-27,2026-06-30,1\n2,00123,4,2026-06-27,2026-06-30,2\n"
    )
    (shop / "overrides.csv").write_text("sku,percent,reason\n00456,20,fair\n")
    flags = [f"--{name}={name}.csv" for name in ("products", "suppliers", "orders", "overrides")]
    code, stdout, stderr = cli("reorder", *flags, "--verbose")
    assert code == 0
    urgent, plenty = frame_of(stdout).to_dicts()
    assert urgent["order_date"] == str(date(2026, 6, 30))
    assert (urgent["booked"], urgent["booked_short"]) == ("13.0", "11.0")
    assert "orders: 2 open customer orders (11 units) cannot be served in full" in stderr
    assert "orders: due 2026-06-30, priority 1: 7 of 9 units of 00123 at ALL lacking" in stderr
    assert "overrides: correct" in stderr
    assert urgent["limit"] == "min_order_value"
    total = float(urgent["order_value"]) + float(plenty["order_value"])
    assert total >= 500
    held = cli("reorder", *flags, "--below-minimum", "hold")
    assert set(frame_of(held.stdout)["order_qty"]) == {"0.0"}
    assert "the orders of 1 were below their minimum: 0 raised, 1 held" in held.stderr
