"""The weekly run: its folder, its record, and how it stops."""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from stockout.errors import ConfigError, FindingsError, LockedError, StockoutError
from stockout.locking import locked
from stockout.pipeline.dated_folders import digests, latest
from stockout.pipeline.plan import plan_steps
from stockout.pipeline.steps import STEPS
from stockout.pipeline.weekly_run import weekly_run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stockout.config import Config

NOW = datetime(2026, 6, 29, 8, tzinfo=UTC)
QUICK = '[run]\nsteps = ["check", "reorder"]\nformats = ["csv"]\n'


def record_of(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "run.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def run(config: Config, as_of: date | None = None, *, replace: bool = False) -> Path:
    return weekly_run(config, now=NOW, as_of=as_of, replace=replace)


def python(code: str) -> str:
    """A command of the configuration that runs some Python."""
    return f"command = {json.dumps([sys.executable, '-c', code])}\n"


def test_a_folder_with_all_that_the_tables_are_there_for_and_the_same_bytes_again(
    shop: Path, settings: Callable[..., Config]
) -> None:
    config = settings()
    folder = run(config)
    assert folder == shop / "runs" / "2026-06-28"
    assert latest(shop / "runs") == folder.name
    assert {
        "check.csv", "causes.csv", "churn.json", "forecast.csv", "lost_sales.csv", "stockouts.csv",
        "reorder.csv", "report.html", "segments.csv",
        "orders/orders_S_1.csv", "orders/orders_S_1.xlsx", "orders/orders_T.csv",
        "orders/orders_T.xlsx", "run.json", "run.log",
    } == digests(folder).keys()  # fmt: skip
    tea = pl.read_csv(folder / "orders" / "orders_S_1.csv", infer_schema=False)
    assert tea.select("sku", "name", "note").rows() == [("00123", "Tea", None)]
    assert tea["approved_qty"].to_list() == tea["order_qty"].to_list()

    record = record_of(folder)
    assert record["as_of"] == "2026-06-28"
    assert record["rows"] == {"inventory": 2, "products": 2, "sales": 168}
    assert [each["file"] for each in record["inputs"]] == [
        "inventory.csv", "products.csv", "sales.csv",
    ]  # fmt: skip
    states = {step["name"]: step["state"] for step in record["steps"]}
    left_out = {"history", "suppliers", "alert"}
    assert {name for name, state in states.items() if state == "left out"} == left_out
    assert states.keys() == STEPS.keys()
    first = digests(folder)
    outputs = {name: value for name, value in first.items() if name not in ("run.json", "run.log")}
    assert record["outputs"] == outputs

    ticks = iter(range(100))
    second = digests(weekly_run(config, now=NOW, clock=lambda: float(next(ticks))))
    assert {name for name in first if first[name] != second.get(name)} == {"run.log"}
    assert first.keys() == second.keys()


def test_an_error_stops_before_anything_is_ordered(
    shop: Path, settings: Callable[..., Config]
) -> None:
    config = settings(QUICK)
    good = digests(run(config))
    whole = (shop / "sales.csv").read_text()
    (shop / "sales.csv").write_text(whole + "2026-06-28,00123,a dozen\n")
    with pytest.raises(FindingsError, match="1 finding at or above error, so nothing is ordered"):
        run(config)
    assert digests(shop / "runs" / "2026-06-28") == good
    failed = shop / "runs" / "failed" / "2026-06-28"
    assert digests(failed).keys() == {"check.csv", "run.json", "run.log"}
    assert "a dozen" in (failed / "check.csv").read_text()
    assert record_of(failed)["failed"]["step"] == "check"
    (shop / "sales.csv").write_text(whole)
    run(config)
    assert not failed.exists()


def test_an_export_that_changes_meanwhile(shop: Path, settings: Callable[..., Config]) -> None:
    path = str(shop / "products.csv")
    change = python(f"open({path!r}, 'a').write('00789,Pot,T,1,1,1\\n')")
    config = settings(QUICK + '[[run.commands]]\nname = "new-export"\n' + change)
    with pytest.raises(StockoutError, match="an export changed while the run read it"):
        run(config)
    assert latest(shop / "runs") is None


def test_an_edited_list_is_not_overwritten(settings: Callable[..., Config]) -> None:
    config = settings(QUICK)
    path = run(config) / "orders" / "orders_T.csv"
    path.write_text("edited")
    with pytest.raises(StockoutError, match=r"orders_T\.csv was changed"):
        run(config)
    assert path.read_text() == "edited"
    run(config, replace=True)
    assert path.read_text() != "edited"


def test_overlap_is_refused(shop: Path, settings: Callable[..., Config]) -> None:
    (shop / "runs").mkdir()
    with (
        locked(shop / "runs" / ".lock"),
        pytest.raises(LockedError, match="another run is at work"),
    ):
        run(settings(QUICK))
    assert run(settings(QUICK), as_of=date(2026, 6, 27)).name == "2026-06-27"


class TestOwnCommands:
    """Steps of the user's own."""

    def test_they_run_in_the_folder_and_after_their_step(
        self, settings: Callable[..., Config]
    ) -> None:
        code = (
            "import os, pathlib; here = pathlib.Path.cwd(); print('said')\n"
            "assert here.samefile(os.environ['STOCKOUT_RUN_FOLDER'])\n"
            "assert (pathlib.Path(os.environ['STOCKOUT_CONFIG_FOLDER']) / 'sales.csv').exists()\n"
            "pathlib.Path('seen.txt').write_text(' '.join(sorted(os.listdir())))"
        )
        own = '[[run.commands]]\nname = "look"\nafter = "check"\n' + python(code)
        folder = run(settings(QUICK + own))
        assert (folder / "seen.txt").read_text() == "check.csv run.log"
        assert "said" in (folder / "run.log").read_text()
        record = record_of(folder)
        assert [step["name"] for step in record["steps"]] == ["check", "look", "reorder"]
        assert "seen.txt" in record["outputs"]

    def test_a_failure_stops_the_run(self, shop: Path, settings: Callable[..., Config]) -> None:
        own = '[[run.commands]]\nname = "send"\n' + python("print('no route'); raise SystemExit(3)")
        with pytest.raises(StockoutError, match="send ended with exit code 3\nno route"):
            run(settings(QUICK + own))
        assert latest(shop / "runs") is None
        assert (shop / "runs" / "failed" / "2026-06-28" / "reorder.csv").exists()

    def test_unless_it_may_fail(self, settings: Callable[..., Config]) -> None:
        own = '[[run.commands]]\nname = "send"\nallow_failure = true\ncommand = ["no-such-tool-x"]'
        folder = run(settings(QUICK + own))
        assert record_of(folder)["steps"][-1] == {
            "name": "send", "state": "failed", "exit_code": 127,
        }  # fmt: skip


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ('[run]\nsteps = ["chek"]', "run.steps: no step 'chek'\nhint: did you mean check?"),
        ('[run]\nsteps = ["check", "check"]', "run.steps: check stands there twice"),
        (
            '[[run.commands]]\nname = "a"\nafter = "reordr"\ncommand = "x"',
            "run.commands: a follows 'reordr', which is no step of this run\n"
            "hint: did you mean reorder?",
        ),
        (
            '[[run.commands]]\nname = "check"\ncommand = "x"',
            "run.commands: the name 'check' is taken\nhint: give each step its own name",
        ),
    ],
)
def test_what_cannot_be_planned(settings: Callable[..., Config], more: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        plan_steps(settings(more))
    assert str(caught.value) == message


def test_a_step_without_its_table(settings: Callable[..., Config]) -> None:
    config = settings('[run]\nsteps = ["reorder"]')
    tables = {name: source for name, source in config.tables.items() if name != "inventory"}
    with pytest.raises(ConfigError, match="reorder needs the table inventory"):
        plan_steps(config.model_copy(update={"tables": tables}))
