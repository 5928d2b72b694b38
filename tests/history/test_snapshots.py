"""A history: what is added, replaced and kept, whoever else writes and whenever a writer dies."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import textwrap
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from stockout.config import Config, Source
from stockout.errors import ConfigError, InputError
from stockout.exports.read import read_table, read_tables
from stockout.history.lake import open_table, read_history, version_at
from stockout.history.snapshots import Added, Snapshot, add_snapshot, list_snapshots
from stockout.history.upkeep import compact
from stockout.tables import conform

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 7, 1, 6, tzinfo=UTC)
DAY = date(2026, 6, 28)


def stock(day: date = DAY, **on_hand: float) -> pl.DataFrame:
    """A stock list of one day."""
    return pl.DataFrame(
        {"date": [day] * len(on_hand), "sku": list(on_hand), "on_hand": list(on_hand.values())}
    )


def add(
    folder: Path,
    rows: pl.DataFrame,
    table: str = "inventory",
    *,
    day: date = DAY,
    now: datetime = NOW,
    whole: bool = False,
) -> Added:
    """Adds rows that were read from nowhere."""
    return add_snapshot(folder, Snapshot(table, rows, day, "x.csv", "ab"), now, whole=whole)


def on_hand(folder: Path, version: int | None = None) -> dict[str, float]:
    """The stock of each SKU on any day."""
    return dict(read_history(folder, "inventory", version).select("sku", "on_hand").rows())


def test_fifty_weekly_lists_are_what_they_are_together(root: Path, tmp_path: Path) -> None:
    sample = read_table("inventory", Source(path=str(root / "data/sample/inventory.csv.gz")))
    weeks = sample.with_columns(week=pl.col("date").dt.truncate("1w")).partition_by(
        "week", include_key=False
    )[-50:]
    for number, week in enumerate(weeks):
        # Each list repeats the last day of the one before, as exports with a wide margin do.
        before = [] if number == 0 else [weeks[number - 1].filter(pl.col("date").dt.weekday() == 7)]
        add(tmp_path / "store", pl.concat([*before, week]))
    together = conform(pl.concat(weeks), "inventory")
    config = Config(tables={"inventory": [Source(path="history:store")]}, folder=tmp_path)
    kept = read_tables(config).inventory
    assert kept is not None
    assert_frame_equal(kept, together, check_row_order=False)
    assert list_snapshots(tmp_path / "store")["new"].sum() == together.height


def test_the_same_again_changes_nothing(tmp_path: Path) -> None:
    assert add(tmp_path, stock(A=5, B=7)).changed
    again = add(tmp_path, stock(B=7, A=5))
    assert (again.changed, again.version, again.new) == (False, 0, 0)
    assert open_table(tmp_path, "inventory").version() == 0


def test_a_corrected_list_replaces_its_rows_and_the_old_one_stays_readable(tmp_path: Path) -> None:
    add(tmp_path, stock(A=5, B=7))
    done = add(tmp_path, stock(A=4), now=NOW + timedelta(days=2))
    assert (done.version, done.new, done.corrected, done.removed) == (1, 0, 1, 0)
    assert on_hand(tmp_path) == {"A": 4, "B": 7}
    assert on_hand(tmp_path, version=0) == {"A": 5, "B": 7}
    assert version_at(tmp_path, "inventory", NOW.date() + timedelta(days=1)) == 0
    assert version_at(tmp_path, "inventory", NOW.date() + timedelta(days=2)) == 1
    with pytest.raises(InputError, match="nothing had been added to table inventory by"):
        version_at(tmp_path, "inventory", NOW.date() - timedelta(days=1))


def test_a_whole_list_takes_away_what_it_has_not_of_its_days_and_locations(tmp_path: Path) -> None:
    days = [date(2026, 5, 31), date(2026, 6, 1), date(2026, 6, 2)]
    rows = pl.DataFrame({"date": days, "sku": "A", "on_hand": 1.0})
    other = stock(days[1], A=3).with_columns(location=pl.lit("L2"))
    for part in (rows, other):
        add(tmp_path, part)
    done = add(tmp_path, rows.filter(pl.col("date") != days[1]), whole=True)
    assert (done.removed, done.new) == (1, 0)
    kept = read_history(tmp_path, "inventory").select("date", "location").rows()
    assert kept == [(days[0], "ALL"), (days[1], "L2"), (days[2], "ALL")]


def test_lines_of_one_key_come_and_go_together(tmp_path: Path) -> None:
    lines = pl.DataFrame({"date": DAY, "sku": "A", "units": [1.0, 1.0, 2.0], "order_id": "o1"})
    add(tmp_path, lines, "sales")
    assert not add(tmp_path, lines, "sales").changed
    done = add(tmp_path, lines.head(1), "sales")
    assert done.changed
    assert read_history(tmp_path, "sales")["units"].to_list() == [1.0]


def test_an_older_state_does_not_replace_a_later_one(tmp_path: Path) -> None:
    def names(*given: str) -> pl.DataFrame:
        return pl.DataFrame({"sku": ["A", "B"][: len(given)], "name": given})

    add(tmp_path, names("tea"), "products", day=date(2026, 6, 1))
    done = add(tmp_path, names("old tea", "mug"), "products", day=date(2026, 1, 1))
    assert (done.new, done.outdated) == (1, 1)
    kept = read_history(tmp_path, "products").select("sku", "name").rows()
    assert kept == [("A", "tea"), ("B", "mug")]
    add(tmp_path, names("green tea"), "products", day=date(2026, 7, 1), whole=True)
    assert read_history(tmp_path, "products")["name"].to_list() == ["green tea"]


def test_new_columns_are_taken_up(tmp_path: Path) -> None:
    add(tmp_path, stock(A=5))
    assert "reserved" not in open_table(tmp_path, "inventory").to_pyarrow_table().column_names
    add(tmp_path, stock(date(2026, 7, 5), A=6).with_columns(reserved=pl.lit(2.0)))
    kept = read_history(tmp_path, "inventory").select("on_hand", "reserved").rows()
    assert kept == [(5.0, None), (6.0, 2.0)]
    add(tmp_path, stock(date(2026, 7, 12), A=7))  # without it again
    assert read_history(tmp_path, "inventory").height == 3


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such history"):
        read_history(tmp_path / "nowhere", "inventory")
    add(tmp_path, stock(A=5))
    with pytest.raises(InputError, match="no table sales in this history"):
        read_history(tmp_path, "sales")
    with pytest.raises(InputError, match=r"no version 3.*from 0 to 0"):
        read_history(tmp_path, "inventory", 3)


WRITER = """
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
import polars as pl
from stockout.history.snapshots import Snapshot, add_snapshot
who, folder = sys.argv[1], Path(sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
for number in range(8):
    day = date(2026, 6, 1) + timedelta(days=number)
    rows = pl.DataFrame({"date": [day], "sku": [who], "on_hand": [float(number)]})
    add_snapshot(folder, Snapshot("inventory", rows, day, who, who), datetime.now(UTC))
"""


def test_two_processes_lose_nothing_of_each_other(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, who, str(tmp_path / "store")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for who in ("A", "B")
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:  # both start on a history that is not there yet
        writer.communicate("go\n")
    assert [writer.returncode for writer in writers] == [0, 0]
    kept = read_history(tmp_path / "store", "inventory")
    assert kept["sku"].value_counts().sort("sku").rows() == [("A", 8), ("B", 8)]
    assert list_snapshots(tmp_path / "store")["version"].to_list() == list(range(16))


DYING = """
import os, signal, sys
from datetime import UTC, date, datetime
from pathlib import Path
import deltalake, polars as pl
import stockout.history.snapshots as snapshots
from stockout.history import lake
moment, folder = sys.argv[1], Path(sys.argv[2])
die = lambda: os.kill(os.getpid(), signal.SIGKILL)
write = snapshots.write_version
writing = deltalake.write_deltalake
def dying(*args, **kwargs):
    if moment == "before":
        die()
    written = write(*args, **kwargs)
    if moment == "after":
        die()
    return written
def without_log(target, rows, **kwargs):
    if moment == "files":  # of the next version are there, and its line of the log is not
        from uuid import uuid4
        part = folder / "inventory" / "month=2026-06" / f"part-00000-{uuid4()}-c000.snappy.parquet"
        part.parent.mkdir(parents=True, exist_ok=True)
        rows.drop("month").write_parquet(part)
        die()
    if moment == "half a file":
        part = folder / "inventory" / "month=2026-06" / "part-00000-x-c000.snappy.parquet"
        part.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(b"PAR1\\x00")
        die()
    return writing(target, rows, **kwargs)
snapshots.write_version = dying
deltalake.write_deltalake = without_log
rows = pl.DataFrame({"date": [date(2026, 6, 28)], "sku": ["A"], "on_hand": [4.0]})
snapshots.add_snapshot(
    folder, snapshots.Snapshot("inventory", rows, date(2026, 6, 28), "x", "x"), datetime.now(UTC)
)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize(
    ("moment", "is_new"),
    [
        ("before", False),
        ("files", False),
        ("half a file", False),
        ("after", False),
        ("files", True),
    ],
)
def test_a_writer_that_is_killed_leaves_the_last_good_state(
    tmp_path: Path, moment: str, *, is_new: bool
) -> None:
    if not is_new:
        add(tmp_path, stock(A=5, B=7))
    done = subprocess.run([sys.executable, "-c", DYING, moment, str(tmp_path)], check=False)
    assert done.returncode == -signal.SIGKILL
    if moment == "after":
        assert on_hand(tmp_path)["A"] == 4
    elif is_new:
        with pytest.raises(InputError, match="no table inventory"):
            read_history(tmp_path, "inventory")
    else:
        assert on_hand(tmp_path) == {"A": 5, "B": 7}
    add(tmp_path, stock(A=4, B=7))
    assert on_hand(tmp_path) == {"A": 4, "B": 7}


def test_compacting_joins_files_and_keeps_what_may_be_read(tmp_path: Path) -> None:
    for day in range(1, 6):
        add(tmp_path, stock(date(2026, 6, day), A=day))
        add(tmp_path, stock(date(2026, 7, day), A=day))
    before = read_history(tmp_path, "inventory")
    [done] = compact(tmp_path)
    assert (done.table, done.removed) == ("inventory", 0)
    assert_frame_equal(read_history(tmp_path, "inventory"), before)
    assert read_history(tmp_path, "inventory", 0).height == 1
    assert list_snapshots(tmp_path).height == 10
    assert add(tmp_path, stock(date(2026, 7, 9), A=9)).changed


def test_compacting_removes_what_a_writer_left_that_died_long_ago(tmp_path: Path) -> None:
    add(tmp_path, stock(A=5))
    left, recent = (tmp_path / "inventory/month=2026-06" / f"part-{it}.parquet" for it in "01")
    for path in (left, recent):
        stock(A=4).write_parquet(path)
    long_ago = left.stat().st_mtime - 31 * 86_400
    os.utime(left, (long_ago, long_ago))
    [done] = compact(tmp_path, keep_days=30)
    assert (done.removed, left.exists(), recent.exists()) == (1, False, True)
    assert on_hand(tmp_path) == {"A": 5}


@pytest.mark.parametrize("days", [0, 6])
def test_compacting_refuses_to_remove_what_others_may_be_reading(tmp_path: Path, days: int) -> None:
    add(tmp_path, stock(A=5))
    with pytest.raises(ConfigError, match="at least"):
        compact(tmp_path, days)


def test_compacting_removes_files_that_were_replaced_long_ago(tmp_path: Path) -> None:
    add(tmp_path, stock(A=5))
    [old] = (tmp_path / "inventory").rglob("*.parquet")
    add(tmp_path, stock(A=4))
    month = 31 * 86_400
    os.utime(old, (old.stat().st_mtime - month,) * 2)
    log = tmp_path / "inventory/_delta_log/00000000000000000001.json"
    log.write_text(
        re.sub(
            r'(?<="deletionTimestamp":)\d+',
            lambda found: str(int(found[0]) - 1000 * month),
            log.read_text(),
        )
    )
    [done] = compact(tmp_path)
    assert (done.removed, old.exists()) == (1, False)
    assert on_hand(tmp_path) == {"A": 4}
    with pytest.raises(InputError, match="version 0 of table inventory cannot be read"):
        read_history(tmp_path, "inventory", 0)


def test_without_deltalake_the_extra_is_named(tmp_path: Path) -> None:
    script = textwrap.dedent(
        f"""
        import sys
        sys.modules["deltalake"] = None
        from stockout.cli.main import run
        sys.exit(run(["history", "list", "--store", {str(tmp_path)!r}]))
        """
    )
    (tmp_path / "inventory" / "_delta_log").mkdir(parents=True)
    (tmp_path / "inventory" / "_delta_log" / "0.json").write_text("")
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr == (
        "error: a history needs the package deltalake\nhint: pip install 'stockout[history]'\n"
    )
