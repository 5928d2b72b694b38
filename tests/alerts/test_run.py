"""The messages of ``stockout run``: once for each result, whatever happens."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest

from stockout.config import load_config
from stockout.errors import LockedError, StockoutError
from stockout.locking import locked
from stockout.pipeline.dated_folders import digests, latest
from stockout.pipeline.weekly_run import weekly_run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.alerts.conftest import Hook

    from stockout.config import Config

NOW = datetime(2026, 6, 29, 8, tzinfo=UTC)
ALERT = """
default_lead_time_days = 7
[tables]
sales = "sales.csv"
inventory = "inventory.csv"
[run]
steps = ["alert"]
[[alert.rules]]
name = "low"
table = "reorder"
where = "order_qty > 0"
message = "{{sku}}: {{on_hand}} left"
recipients = ["ops"]
repeat_after_days = 0
[alert]
allow_local = true
{more}
[alert.recipients]
ops = "json://u:${{TOKEN}}@127.0.0.1:{port}/"
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Two SKUs that have hardly any stock left."""
    days = [date(2026, 4, 6) + timedelta(day) for day in range(84)]
    units = pl.DataFrame({"sku": ["00123", "00456"], "units": [3, 1]})
    pl.DataFrame({"date": days}).join(units, how="cross").write_csv(tmp_path / "sales.csv")
    stock = "date,sku,on_hand\n2026-06-28,00123,2\n2026-06-28,00456,1\n"
    (tmp_path / "inventory.csv").write_text(stock)
    return tmp_path


@pytest.fixture
def told(shop: Path, hook: Hook, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Config]:
    """Gives a configuration whose run tells of what is to be ordered, with more of [alert]."""
    monkeypatch.setenv("TOKEN", "t0ps3cret")

    def load(more: str = "") -> Config:
        (shop / "stockout.toml").write_text(ALERT.format(port=hook.port, more=more))
        return load_config(shop / "stockout.toml")

    return load


def test_unchanged_inputs_tell_nobody_again(
    shop: Path, told: Callable[..., Config], hook: Hook
) -> None:
    config = told()
    first = digests(weekly_run(config, now=NOW))
    assert len(hook.bodies) == 1
    folder = weekly_run(config, now=NOW + timedelta(days=30))
    assert len(hook.bodies) == 1
    second = digests(folder)
    assert {name for name in first if first[name] != second.get(name)} == {"run.log"}
    assert "alert: 2 told before" in (folder / "run.log").read_text()
    (shop / "inventory.csv").write_text("date,sku,on_hand\n2026-06-28,00123,1\n")
    weekly_run(config, now=NOW + timedelta(days=30))
    assert "00123: 1 left" in hook.bodies[-1]["message"]
    weekly_run(config, now=NOW, as_of=NOW.date() - timedelta(days=8))  # an older date
    assert len(hook.bodies) == 2


def test_results_stay_where_nobody_could_be_told(
    shop: Path, told: Callable[..., Config], hook: Hook
) -> None:
    hook.status = 503
    with pytest.raises(StockoutError, match="not sent to ops"):
        weekly_run(told(), now=NOW)
    assert latest(shop / "runs") == "2026-06-28"
    hook.status = 200
    weekly_run(told(), now=NOW + timedelta(hours=1))
    assert len(hook.bodies) == 1


def test_messages_that_waited_go_out_later(told: Callable[..., Config], hook: Hook) -> None:
    config = told('quiet = [{ start = "00:00", end = "09:00" }]')
    weekly_run(config, now=NOW)
    assert hook.bodies == []
    weekly_run(config, now=NOW + timedelta(hours=2))
    assert len(hook.bodies) == 1


def test_two_at_once(shop: Path, told: Callable[..., Config], hook: Hook) -> None:
    with (
        locked(shop / ".alerts.json.lock"),
        pytest.raises(LockedError, match="another process is telling people"),
    ):
        weekly_run(told(), now=NOW)
    assert hook.bodies == []
    weekly_run(told(), now=NOW)
    assert len(hook.bodies) == 1
