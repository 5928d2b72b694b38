"""``stockout alert``: exit codes, output, and the examples of its page."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import polars as pl
import pytest

from stockout.cli.main import run
from stockout.outputs import write_frame

if TYPE_CHECKING:
    from pathlib import Path

    from tests.alerts.conftest import Hook

TOKEN = "t0ps3cret"  # noqa: S105 - of a receiver that the test starts
TABLES = (
    'default_lead_time_days = 7\n[tables]\nsales = "sales.csv"\ninventory = "inventory.csv"\n'
    'products = "products.csv"\n'
)
RULE = """
[[alert.rules]]
name = "low"
table = "reorder"
where = "order_qty > 0"
message = "{sku}: {on_hand} left"
recipients = ["ops"]
"""

Alert = Callable[..., tuple[int, str, str]]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two SKUs, of which one is nearly out."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOKEN", TOKEN)
    days = pl.date_range(pl.date(2026, 4, 6), pl.date(2026, 6, 28), "1d", eager=True)
    units = pl.DataFrame({"sku": ["00123", "00456"], "units": [3, 1], "unit_price": [20.0, 5.0]})
    sales = pl.DataFrame({"date": days}).join(units, how="cross")
    write_frame(sales, tmp_path / "sales.csv", "csv")
    stock = pl.DataFrame(
        {"date": [days.last()] * 2, "sku": ["00123", "00456"], "on_hand": [2, 500]}
    )
    write_frame(stock, tmp_path / "inventory.csv", "csv")
    products = pl.DataFrame({"sku": ["00123", "00456"], "supplier_id": "S1", "unit_cost": 9.0})
    write_frame(products, tmp_path / "products.csv", "csv")
    return tmp_path


@pytest.fixture
def alert(capfd: pytest.CaptureFixture[str]) -> Alert:
    """Runs the command in this process."""

    def invoke(*args: str) -> tuple[int, str, str]:
        capfd.readouterr()
        code = run(["alert", *args])
        return code, *capfd.readouterr()

    return invoke


def test_runs_one_after_the_other(alert: Alert, shop: Path, hook: Hook) -> None:
    url = f"json://u:${{TOKEN}}@127.0.0.1:{hook.port}/${{TOKEN}}"
    (shop / "stockout.toml").write_text(
        f'{TABLES}{RULE}[alert]\nallow_local = true\n[alert.recipients]\nops = "{url}"\n'
    )
    head = "level,rule,recipient,sku,location,message,status\n"
    line = "warning,low,ops,00123,ALL,00123: 2 left,{}\n"
    dry = alert("--dry-run")
    assert dry == (0, head + line.format("would be sent"), "alert: 1 would be sent\n")
    assert hook.bodies == []
    hook.status = 503
    failed = alert()
    assert failed[:2] == (2, head + line.format("not sent"))
    assert "error: not sent to ops (json): Failed to send JSON POST" in failed[2]
    assert TOKEN not in failed[2]
    hook.status = 200
    assert alert() == (0, head + line.format("sent"), "alert: 1 sent\n")
    assert alert() == (0, head + line.format("told before"), "alert: 1 told before\n")
    assert [body["message"] for body in hook.bodies] == ["warning: low\n- 00123: 2 left"]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("", "no rules"),
        (RULE, "rule 'low' has 'ops', there are none"),
        (RULE * 2 + '[alert.recipients]\nops = "feishu://${TOKEN}"\n', "'low' is there twice"),
        (RULE + '[alert.recipients]\nops = "feishu://t0ps3cret"\n', "written out in the URL"),
        (RULE + '[alert.recipients]\nops = "json://localhost"\n', "local or private address"),
        (
            RULE.replace("order_qty", "qty") + '[alert.recipients]\nops = "feishu://${TOKEN}"\n',
            "stockout.toml: alert.rules.0.where: the result reorder has no column 'qty'",
        ),
        (RULE.replace("low", "x").replace("name", "nam"), "alert.rules.0.nam: unknown key"),
        (
            RULE
            + '[alert.recipients]\nops = "feishu://${TOKEN}"\n[[alert.quiet]]\nstart = "8pm"\n',
            "a time of day like",
        ),
    ],
)
def test_errors(alert: Alert, shop: Path, config: str, message: str) -> None:
    (shop / "stockout.toml").write_text(TABLES + config)
    code, stdout, stderr = alert()
    assert (code, stdout) == (2, "")
    assert message in stderr
    assert TOKEN not in stderr


def test_the_example_of_the_page_works(
    alert: Alert, shop: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (root / "docs" / "alerts.md").read_text(encoding="utf-8")
    [config] = re.findall(r"^```toml\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    for variable in re.findall(r"\$\{(\w+)\}", config):
        monkeypatch.setenv(variable, "abcdef0123456789")
    (shop / "stockout.toml").write_text(TABLES + config)
    code, stdout, stderr = alert("--dry-run")
    assert code == 0, stderr
    # The example is quiet at night, and this test may run then.
    assert re.fullmatch(r"alert: 3 (would be sent|waits)", stderr.splitlines()[-1])
    assert "00123 at ALL: 2 on hand, order " in stdout
    assert "1 items of S1 for " in stdout
    (shop / "inventory.csv").write_text("date,sku,on_hand\n2026-06-28,00123,many\n")
    assert "inventory.csv" in alert("--dry-run")[2]
