"""Movements become inventory: what few counts and a ledger tell of each day."""

from __future__ import annotations

import logging
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

import stockout
from stockout.demand import grid
from stockout.demand.history import demand_history
from stockout.demand.ledger import ledger_findings
from stockout.simulator.parameters import Parameters
from stockout.simulator.simulate import Simulation, simulate
from stockout.tables import conform

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stockout.demand.history import History

    Rows = Callable[..., pl.DataFrame]

MONDAY = date(2026, 1, 5)
NAN = float("nan")


def day(number: int) -> date:
    return MONDAY + timedelta(number)


def moves(*rows: tuple[int, float, str | None], **columns: object) -> pl.DataFrame:
    """Movements of one item: day, units, kind."""
    frame = pl.DataFrame(
        {
            "date": [day(number) for number, _, _ in rows],
            "sku": "A",
            "units": [float(units) for _, units, _ in rows],
            "kind": pl.Series([kind for _, _, kind in rows], dtype=pl.String),
        }
    )
    return conform(frame.with_columns(**{k: pl.lit(v) for k, v in columns.items()}), "movements")


def bought(*rows: tuple[int, int | None, float], **columns: object) -> pl.DataFrame:
    """Purchases of one item: day ordered, day received, units."""
    frame = pl.DataFrame(
        {
            "po_id": [str(number) for number in range(len(rows))],
            "sku": "A",
            "order_date": [day(ordered) for ordered, _, _ in rows],
            "received_date": pl.Series(
                [None if got is None else day(got) for _, got, _ in rows], dtype=pl.Date
            ),
            "ordered_units": [float(units) for _, _, units in rows],
        }
    )
    return conform(frame.with_columns(**{k: pl.lit(v) for k, v in columns.items()}), "purchases")


def shares(sales: pl.DataFrame, inventory: pl.DataFrame | None, **given: object) -> list[float]:
    """In-stock shares of the only item, period by period."""
    history = demand_history(sales, inventory, **given)  # type: ignore[arg-type]
    return [float(value) for value in history.share[:, 0].round(6)]


def same(found: Sequence[float], expected: Sequence[float]) -> bool:
    return bool(np.allclose(found, expected, equal_nan=True, atol=1e-5))


# Received on the first morning; sold out on day 2; nothing on days 3 and 4; restocked on day 5.
SOLD = [2, 1, 2, 0, 0, 3, 1]
KNOWN = [1, 1, 0.5, 0, 0, 1, 1]
MOVED = [
    (0, 5, "receipt"), (0, -2, "sale"), (1, -1, "sale"), (2, -2, "sale"),
    (5, 8, "receipt"), (5, -3, "sale"), (6, -1, "sale"),
]  # fmt: skip


@pytest.fixture
def last(rows: Rows) -> pl.DataFrame:
    """The only count: 4 on day 6."""
    return rows("inventory", first=day(6), on_hand=[4])


def test_one_count_and_movements_tell_every_day(sold: Rows, last: pl.DataFrame) -> None:
    assert same(shares(sold(SOLD), last, movements=moves(*MOVED)), KNOWN)


def test_one_count_with_sales_and_receipts_does_so_too(sold: Rows, last: pl.DataFrame) -> None:
    received = bought((-9, 0, 5), (-7, 5, 8), (3, None, 20))
    assert same(shares(sold(SOLD), last, purchases=received), KNOWN)


def test_without_receipts_the_past_is_unknown(sold: Rows, last: pl.DataFrame) -> None:
    nothing = [NAN] * 6 + [1]
    assert same(shares(sold(SOLD), last), nothing)
    assert same(shares(sold(SOLD), last, purchases=bought((-9, None, 5))), nothing)
    elsewhere = bought((-9, 0, 5), (-7, 5, 8), location="DC")
    assert same(shares(sold(SOLD), last, purchases=elsewhere), nothing)


def test_receipts_of_a_table_that_may_be_cut_by_order_date_begin_later(
    sold: Rows, last: pl.DataFrame
) -> None:
    """What was ordered before day 0 and came in by day 2 would be missing."""
    received = bought((0, 2, 1), (3, 5, 8))
    found = shares(sold([2, 1, 3, 0, 0, 3, 1]), last, purchases=received)
    assert same(found, [NAN, 1, 0.5, 0, 0, 1, 1])


def test_units_that_came_in_on_an_unknown_day_hide_the_past(sold: Rows, last: pl.DataFrame) -> None:
    received = bought((-9, 0, 5), (-7, 5, 8), (-3, None, 20), received_units=3.0)
    assert same(shares(sold(SOLD), last, purchases=received), [NAN] * 6 + [1])


def test_a_sale_that_is_also_a_movement_counts_once(sold: Rows, last: pl.DataFrame) -> None:
    """Movements without sales are joined by those of the sales table; without receipts as well."""
    receipts = moves(*(row for row in MOVED if row[2] == "receipt"))
    assert same(shares(sold(SOLD), last, movements=receipts), KNOWN)
    went = moves(*(row for row in MOVED if row[2] == "sale"))
    received = bought((-9, 0, 5), (-7, 5, 8))
    assert same(shares(sold(SOLD), last, movements=went, purchases=received), KNOWN)
    full = moves(*MOVED)
    assert same(shares(sold(SOLD), last, movements=full, purchases=received), KNOWN)
    unnamed = moves(*((number, units, None) for number, units, _ in MOVED))
    assert same(shares(sold(SOLD), last, movements=unnamed, purchases=received), KNOWN)


@pytest.mark.parametrize("kind", ["transfer", "adjustment", "scrap", "return", "receipt", None])
@pytest.mark.parametrize("units", [4.0, -4.0])
def test_every_kind_counts_with_its_sign(
    rows: Rows, sold: Rows, kind: str | None, units: float
) -> None:
    """Four units come or go on day 3; the counts before and after agree with that alone."""
    ledger = moves((0, 9, "receipt"), (0, -1, "sale"), (3, units, kind), (6, -1, "sale"))
    after = rows("inventory", first=day(6), on_hand=[7 + units])
    found = ledger_findings(sold([1, 0, 0, 0, 0, 0, 1]), after, movements=ledger, as_of=day(6))
    assert found.is_empty()
    both = pl.concat([rows("inventory", first=day(1), on_hand=[8]), after])
    found = ledger_findings(sold([1, 0, 0, 0, 0, 0, 1]), both, movements=ledger, as_of=day(6))
    assert found.is_empty()


def test_returns_that_are_movements_are_not_taken_from_sales_again(sold: Rows, rows: Rows) -> None:
    sales = sold([3, -1, 0, 1])
    count = rows("inventory", first=day(3), on_hand=[0])
    ledger = moves((0, 3, "receipt"), (1, 1, "return"))
    assert same(shares(sales, count, movements=ledger), [0.5, 1, 1, 0.5])
    ledger = moves((0, 3, "receipt"))
    assert same(shares(sales, count, movements=ledger), [0.5, 1, 1, 0.5])


def test_a_count_outranks_the_ledger(rows: Rows, sold: Rows) -> None:
    """On day 3 four were counted, though the ledger has none."""
    counts = pl.concat(
        [rows("inventory", first=day(3), on_hand=[4]), rows("inventory", first=day(6), on_hand=[4])]
    )
    found = shares(sold(SOLD), counts, movements=moves(*MOVED))
    assert found[3] == 1
    assert found[5:] == [1, 1]
    found_at = ledger_findings(sold(SOLD), counts, movements=moves(*MOVED), as_of=day(6))
    assert found_at.rows() == [("A", "ALL", day(6), "count", 8.0, 4.0)]


def test_a_flag_outranks_both(rows: Rows, sold: Rows, last: pl.DataFrame) -> None:
    flags = rows("inventory", first=day(3), in_stock=[True, False])
    found = shares(sold(SOLD), pl.concat([flags, last]), movements=moves(*MOVED))
    assert same(found, [1, 1, 0.5, 1, 0, 1, 1])


def test_before_a_contradiction_nothing_is_known(
    rows: Rows, sold: Rows, caplog: pytest.LogCaptureFixture
) -> None:
    """Of the 8 that came on day 5 only 2 are left on day 6, though 1 was sold."""
    count = rows("inventory", first=day(6), on_hand=[2])
    with caplog.at_level(logging.INFO):
        found = shares(sold([1, 1, 1, 0, 0, 0, 1]), count, movements=moves((5, 8, "receipt")))
    assert same(found, [NAN] * 5 + [1, 1])
    assert "of 1 items the ledger fell below 0" in caplog.text
    rows_found = ledger_findings(
        sold([1, 1, 1, 0, 0, 0, 1]), count, movements=moves((5, 8, "receipt")), as_of=day(6)
    )
    assert rows_found.rows() == [("A", "ALL", day(4), "negative", -5.0, None)]


def test_a_sale_from_nothing_is_found(rows: Rows, sold: Rows) -> None:
    """The ledger has the sale of day 1 on day 0, when there were two left."""
    ledger = moves((0, -2, "sale"), (3, 6, "receipt"), (4, -1, "sale"))
    count = rows("inventory", first=day(4), on_hand=[5])
    sales = sold([1, 1, 0, 0, 1])
    assert same(shares(sales, count, movements=ledger), [NAN, 0.5, 0, 1, 1])
    found = ledger_findings(sales, count, movements=ledger, as_of=day(4))
    assert found.rows() == [("A", "ALL", day(1), "sold", 0.0, None)]


def test_movements_speak_from_their_first_day_on(rows: Rows, sold: Rows) -> None:
    """Before it, sales and receipts do, where there are any."""
    ledger = moves((3, -1, "sale"), (5, 8, "receipt"), (5, -3, "sale"), (6, -1, "sale"))
    sales = sold([2, 1, 2, 1, 0, 3, 1])
    count = rows("inventory", first=day(6), on_hand=[4])
    assert same(shares(sales, count, movements=ledger), [NAN, NAN, 1, 0.5, 0, 1, 1])
    received = bought((-9, 0, 6), (-7, 5, 8))
    found = shares(sales, count, movements=ledger, purchases=received)
    assert same(found, [1, 1, 1, 0.5, 0, 1, 1])


def test_movements_that_end_before_the_sales_say_nothing_of_the_days_after(
    rows: Rows, sold: Rows
) -> None:
    """The count is rolled forward until then, and back to then."""
    counts = pl.concat(
        [rows("inventory", first=day(0), on_hand=[3]), rows("inventory", first=day(6), on_hand=[1])]
    )
    ledger = moves((1, -1, "sale"), (2, -2, "sale"))
    found = shares(sold([1, 1, 2, 0, 1, 0, 1]), counts, movements=ledger)
    assert same(found, [1, 1, 0.5, NAN, NAN, NAN, 1])


def test_an_item_that_the_movements_leave_out_is_not_rolled_by_them(rows: Rows, sold: Rows) -> None:
    sales = pl.concat([sold(SOLD), sold([1] * 7, sku="B")])
    counts = pl.concat([rows("inventory", first=day(6), on_hand=[4], sku=sku) for sku in "AB"])
    history = demand_history(sales, counts, movements=moves(*MOVED))
    assert same(history.share[:, 0].tolist(), KNOWN)
    assert same(history.share[:, 1].tolist(), [NAN] * 6 + [1])


def test_an_item_that_does_not_move_keeps_its_stock(rows: Rows, sold: Rows) -> None:
    sales = pl.concat([sold(SOLD), sold([1, 0], sku="B", first=day(-1))])
    counts = pl.concat([rows("inventory", first=day(6), on_hand=[4], sku=sku) for sku in "AB"])
    history = demand_history(sales, counts, movements=moves(*MOVED))
    assert same(history.share[1:, 1].tolist(), [1] * 7)


def test_a_place_whose_receipts_are_missing_is_unknown(
    rows: Rows, sold: Rows, caplog: pytest.LogCaptureFixture
) -> None:
    """Receipts in cartons, sales in pieces: stock of the past would seem endless."""
    skus = [f"S{number}" for number in range(12)]
    sales = pl.concat([sold([1] * 100, sku=sku) for sku in skus])
    counts = pl.concat([rows("inventory", first=day(99), on_hand=[4], sku=sku) for sku in skus])
    cartons = pl.concat(
        [moves(*((at, 1, "receipt") for at in range(0, 100, 10)), sku=sku) for sku in skus]
    )
    history = demand_history(sales, counts, movements=cartons)
    assert np.isnan(history.share[:-1]).all()
    assert "far less came in than went out (first: ALL, 120 units in and 1200 out" in caplog.text
    pieces = cartons.with_columns(pl.col("units") * 10)
    assert np.isfinite(demand_history(sales, counts, movements=pieces).share).all()


def test_weeks_are_means_of_their_days(sold: Rows, last: pl.DataFrame) -> None:
    found = shares(sold(SOLD), last, movements=moves(*MOVED), freq="week")
    assert same(found, [4.5 / 7])


def test_weekly_sales_bound_the_stock_of_their_days(rows: Rows, sold: Rows) -> None:
    """In stock; out at some time; out until 10 came in on a Wednesday, of which 4 were sold."""
    sales = sold([3, 4, 0, 4], step=7)
    received = bought((-14, 0, 7), (0, 23, 10))
    count = rows("inventory", first=day(27), on_hand=[6])
    found = shares(sales, count, purchases=received, as_of=day(27))
    assert same(found, [1, 0.5, 0, 5 / 7])


def test_fractional_units(rows: Rows, sold: Rows) -> None:
    ledger = moves((0, 0.7, "receipt"), *((at, -0.1, "sale") for at in range(7)), (8, 1, "receipt"))
    count = rows("inventory", first=day(9), on_hand=[1])
    found = shares(sold([0.1] * 7 + [0, 0, 0]), count, movements=ledger)
    assert same(found, [1] * 6 + [0.5, 0, 1, 1])


def test_a_product_that_was_listed_later_began_without_stock(sold: Rows) -> None:
    """Nobody counted it; it has no stock before its first receipt, and that is certain."""
    sales = pl.concat([sold([1] * 80, sku="B"), sold([2, 3, 0, 0], first=day(61))])
    ledger = pl.concat(
        [
            moves(*((at, -1, "sale") for at in range(80)), sku="B"),
            moves((60, 5, "receipt"), (61, -2, "sale"), (62, -3, "sale"), (64, 4, "receipt")),
        ]
    )
    listed = pl.DataFrame({"sku": ["A"], "active_from": [day(60)]})
    history = demand_history(sales, products=listed, movements=ledger, as_of=day(79))
    assert same(history.share[60:66, 0].tolist(), [1, 1, 0.5, 0, 1, 1])
    assert np.isnan(history.share[:, 1]).all()
    early = listed.with_columns(active_from=pl.lit(day(20)))
    history = demand_history(sales, products=early, movements=ledger, as_of=day(79))
    assert np.isnan(history.share[:, 0]).all()


def test_rolled_stock_begins_a_life(rows: Rows, sold: Rows) -> None:
    """An item that first sold on day 6 had been there, unsold, from the beginning."""
    sales = pl.concat([sold([1] * 8, sku="B"), sold([1, 0], first=day(6))])
    ledger = moves(*((at, -1, "sale") for at in range(8)), sku="B")
    ledger = pl.concat([ledger, moves((6, -1, "sale"))])
    history = demand_history(sales, rows("inventory", first=day(7), on_hand=[2]), movements=ledger)
    assert history.items.filter(sku="A").select("first_date", "began_with_sale").row(0) == (
        MONDAY,
        False,
    )
    assert history.share[:, 0].tolist() == [1] * 8


def test_later_rows_are_not_known_yet(sold: Rows, rows: Rows, last: pl.DataFrame) -> None:
    more = pl.concat([last, rows("inventory", first=day(8), on_hand=[0])])
    later = moves(*MOVED, (8, -9, "sale"))
    found = shares(sold([*SOLD, 0, 3]), more, movements=later, as_of=day(6))
    assert same(found, KNOWN)


def test_no_movements_are_as_no_table(sold: Rows, last: pl.DataFrame) -> None:
    received = bought((-9, 0, 5), (-7, 5, 8))
    empty = moves(*MOVED).clear()
    assert same(shares(sold(SOLD), last, movements=empty, purchases=received), KNOWN)
    assert same(shares(sold(SOLD), last, movements=empty), [NAN] * 6 + [1])


@pytest.fixture(scope="module")
def simulation() -> Simulation:
    return simulate(Parameters(seed=71, skus=60, months=8, stockout_rate=0.2))


def history_of(
    simulation: Simulation, inventory: pl.DataFrame | None, *given: str, freq: str = "day"
) -> History:
    tables = simulation.tables
    return demand_history(
        tables["sales"],
        inventory,
        tables["products"],
        as_of=simulation.parameters.end,
        freq=freq,  # type: ignore[arg-type]
        **{name: tables[name] for name in given},
    )


def lists(simulation: Simulation, days: int) -> pl.DataFrame:
    """Stock lists every so many days, the last on the last day."""
    end = simulation.parameters.end
    back = (pl.lit(end) - pl.col("date")).dt.total_days()
    return simulation.tables["inventory"].filter(back % days == 0)


@pytest.mark.parametrize("days", [7, 30, 9_999])
@pytest.mark.parametrize(("freq", "agree"), [("day", 0.9995), ("week", 0.9975)])
def test_few_lists_and_movements_say_what_daily_lists_say(
    simulation: Simulation, days: int, freq: str, agree: float
) -> None:
    """Of the week in which an item was launched, its first days count as without stock."""
    daily = history_of(simulation, simulation.tables["inventory"], freq=freq)
    found = history_of(simulation, lists(simulation, days), "movements", freq=freq)
    known = ~np.isnan(found.share)
    lived = np.arange(daily.periods)[:, None] >= daily.start
    assert known[lived].all()
    assert (found.share[lived] == daily.share[lived]).mean() > agree
    assert (found.observed == daily.observed).mean() > agree


@pytest.mark.parametrize(("days", "known_share", "agree"), [(7, 0.99, 0.998), (30, 0.97, 0.998)])
def test_few_lists_and_receipts_say_nearly_that(
    simulation: Simulation, days: int, known_share: float, agree: float
) -> None:
    """Scrap, transfers and corrections are in neither sales nor purchases."""
    daily = history_of(simulation, simulation.tables["inventory"])
    found = history_of(simulation, lists(simulation, days), "purchases")
    lived = np.arange(daily.periods)[:, None] >= daily.start
    known = lived & ~np.isnan(found.share)
    assert known.sum() >= known_share * lived.sum()
    assert (found.share[known] == daily.share[known]).mean() >= agree


def test_the_forecast_of_one_list_and_movements_is_that_of_daily_lists(
    simulation: Simulation,
) -> None:
    tables = simulation.tables

    def total(inventory: pl.DataFrame, movements: pl.DataFrame | None) -> float:
        forecast = stockout.forecast(tables["sales"], inventory, movements=movements, horizon=28)
        return float(forecast["mean"].sum())

    one = lists(simulation, 9_999)
    daily = total(tables["inventory"], None)
    assert total(one, tables["movements"]) == pytest.approx(daily, rel=0.01)
    assert total(one, None) < 0.95 * daily


def test_movements_beside_daily_lists_change_nothing(simulation: Simulation) -> None:
    tables = simulation.tables
    daily = history_of(simulation, tables["inventory"])
    both = history_of(simulation, tables["inventory"], "movements")
    assert np.array_equal(daily.share, both.share, equal_nan=True)
    assert np.array_equal(daily.observed, both.observed)
    assert daily.items.equals(both.items)


def test_blocks_of_items_change_no_result(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = history_of(simulation, lists(simulation, 30), "purchases")
    monkeypatch.setattr(grid, "_BLOCK_CELLS", 7 * 300)
    parts = history_of(simulation, lists(simulation, 30), "purchases")
    assert np.array_equal(whole.share, parts.share, equal_nan=True)
    assert np.array_equal(whole.observed, parts.observed)


def test_a_ledger_without_errors_has_no_findings_and_each_error_is_found(
    simulation: Simulation,
) -> None:
    tables = {
        name: conform(simulation.tables[name], name) for name in ("sales", "inventory", "movements")
    }
    moved = tables["movements"]
    end = simulation.parameters.end

    def found(movements: pl.DataFrame) -> pl.DataFrame:
        return ledger_findings(tables["sales"], tables["inventory"], movements=movements, as_of=end)

    assert found(moved).is_empty()
    begun = tables["inventory"].group_by("sku", "location").agg(begun=pl.col("date").min())
    receipts = (
        moved.filter(kind="receipt")
        .join(begun, on=["sku", "location"])
        .filter(pl.col("date") > pl.col("begun"))
        .drop("begun")
        .sort("date", "sku", "location")
    )
    lost = receipts[receipts.height // 2 : receipts.height // 2 + 1]
    rows_found = found(moved.join(lost, on=moved.columns, how="anti"))
    keys = ["sku", "location", "date"]
    counts = rows_found.filter(what="count")
    assert counts.select(keys).equals(lost.select(keys))
    missing = counts["counted"][0] - counts["ledger"][0]
    assert missing == lost["units"][0]
