"""``stockout run`` and ``stockout approve`` as a caller sees them, killed runs included."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from stockout.locking import locked
from stockout.pipeline.dated_folders import check_untouched, digests, latest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Cli

RUN = ("run", "--steps", "check,reorder")


def test_from_the_exports_to_final_orders(cli: Cli, shop: Path) -> None:
    (shop / "products.csv").write_text("sku,supplier_id,unit_cost\n00123,S,2\n00456,S,2\n")
    assert cli(*RUN, "--products", "products.csv") == (0, "", "run: runs/2026-06-28\n")
    lists = shop / "runs" / "2026-06-28" / "orders"
    assert {path.name for path in lists.iterdir()} == {"orders_S.csv", "orders_S.xlsx"}
    outcome = cli("approve", str(lists / "orders_S.xlsx"), "--by", "J. Doe")
    assert outcome == (
        0, "", "approve: approved/2026-06-28: 1 orders, 0 of 1 rows changed, by J. Doe\n",
    )  # fmt: skip
    assert (shop / "approved" / "2026-06-28" / "orders_final_S.xlsx").exists()
    check_untouched(shop / "runs" / "2026-06-28")

    mine = shop / "mine.csv"
    mine.write_text("sku,location,approved_qty\n00123,ALL,-1\n")
    assert cli("approve", "mine.csv", "--by", "J. Doe", "--output", "other") == (
        1, "", "error: mine.csv:2:approved_qty: negative: found -1\n",
    )  # fmt: skip
    assert not (shop / "other").exists()
    outcome = cli("approve", "mine.csv")
    assert (outcome.code, outcome.stdout) == (2, "")
    assert "who approves is not said once" in outcome.stderr


@pytest.mark.usefixtures("shop")
def test_steps_left_out_are_told(cli: Cli) -> None:
    outcome = cli("run")
    lines = outcome.stderr.splitlines()
    assert outcome.code == 0
    assert "left out: history: no [history] in the configuration" in lines
    assert "left out: suppliers: no purchases in the configuration" in lines
    assert lines[-1] == "run: runs/2026-06-28"
    assert cli("run", "--quiet").stderr == ""


def test_what_stops_a_run(cli: Cli, shop: Path) -> None:
    (shop / "runs").mkdir()
    with locked(shop / "runs" / ".lock"):
        outcome = cli(*RUN)
    assert outcome.code == 75
    assert "error: runs: another run is at work there" in outcome.stderr
    with (shop / "sales.csv").open("a") as sales:
        sales.write("2026-06-28,00123,a dozen\n")
    outcome = cli(*RUN)
    assert (outcome.code, outcome.stdout) == (1, "")
    assert "runs/failed/2026-06-28" in outcome.stderr
    outcome = cli(*RUN, "--fail-on", "never")
    assert outcome.code == 2
    assert "sales.csv:170:units" in outcome.stderr
    assert latest(shop / "runs") is None


@pytest.fixture
def start(shop: Path) -> Callable[[], subprocess.Popen[bytes]]:
    """Starts a run as a process of its own."""

    def started() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "stockout", *RUN, "--quiet"],
            cwd=shop, start_new_session=True,
        )  # fmt: skip

    return started


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("moment", [".work/check.csv", ".work/run.json"])
def test_a_killed_run_leaves_the_last_result(
    cli: Cli, shop: Path, start: Callable[[], subprocess.Popen[bytes]], moment: str
) -> None:
    assert cli(*RUN).code == 0
    target = shop / "runs" / "2026-06-28"
    before = digests(target)
    process = start()
    while process.poll() is None and not (shop / "runs" / moment).exists():
        time.sleep(0.0005)
    with contextlib.suppress(ProcessLookupError):  # a quick machine may be done already
        os.killpg(process.pid, signal.SIGKILL)
    assert process.wait() in (-signal.SIGKILL, 0)
    assert cli(*RUN).code == 0  # whatever the lock of the dead one was
    after = digests(target)
    assert {name for name in before if before[name] != after[name]} <= {"run.log"}
    check_untouched(target)
    assert {path.name for path in (shop / "runs").iterdir()} == {".lock", "latest", target.name}
