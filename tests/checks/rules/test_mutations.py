"""Each rule fires on a clean business with one fault in it, and no other but those it implies."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stockout.checks.catalogue import RULES
from stockout.checks.check import check, stage_frames
from stockout.config import CheckConfig
from stockout.tables import ITEM

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Tables = dict[str, pl.DataFrame]

_DAY = timedelta(days=1)


class Chance:
    """Picks where the fault is to be; hypothesis decides."""

    def __init__(self, data: st.DataObject) -> None:
        self._data = data

    def among(self, count: int) -> int:
        """A number below ``count``."""
        assert count > 0, "nothing in the clean business that this fault could happen to"
        return self._data.draw(st.integers(0, count - 1))

    def row(self, frame: pl.DataFrame, *where: pl.Expr) -> int:
        """The index of a row that fulfils the conditions."""
        rows = frame.with_row_index("#").filter(*where)["#"]
        return int(rows[self.among(len(rows))])

    def choice(self, *values: str) -> str:
        """One of the values."""
        return values[self.among(len(values))]

    def item(self, frame: pl.DataFrame) -> tuple[str, str]:
        """SKU and location of a row."""
        sku, location = frame.select(ITEM).row(self.among(frame.height))
        return sku, location


class Mutation(NamedTuple):
    """A fault."""

    make: Callable[[Tables, Chance], object]  # changes the tables
    settings: CheckConfig | None = None
    as_of: date | None = None


def changed(frame: pl.DataFrame, row: int, **values: object) -> pl.DataFrame:
    """The frame with other values in one row."""
    here = pl.int_range(pl.len()) == row
    return frame.with_columns(
        pl.when(here)
        .then(pl.lit(value))
        .otherwise(pl.col(name))
        .cast(frame.schema[name])
        .alias(name)
        for name, value in values.items()
    )


def again(frame: pl.DataFrame, row: int, **values: object) -> pl.DataFrame:
    """The frame with a row once more, changed."""
    return pl.concat([frame, changed(frame.slice(row, 1), 0, **values)])


def is_item(item: tuple[str, str]) -> pl.Expr:
    """Whether a row is of an item."""
    return (pl.col("sku") == item[0]) & (pl.col("location") == item[1])


def last_day(tables: Tables) -> date:
    """The last day of the history."""
    day = tables["inventory"]["date"].max()
    assert isinstance(day, date)
    return day


def sellers(tables: Tables, days: int, since: date) -> pl.DataFrame:
    """Items with at least so many days with sales from a date on."""
    return (
        tables["sales"]
        .filter(pl.col("date") >= since, pl.col("units") > 0)
        .group_by(ITEM)
        .agg(pl.col("date").n_unique().alias("days"))
        .filter(pl.col("days") >= days)
        .sort(ITEM)
    )


def damage(tables: Tables, chance: Chance) -> None:
    table, column = ("products", "name"), ("suppliers", "name")
    name, column_name = (table, column)[chance.among(2)]
    text = chance.choice("GrÃ¼n", "\ufffd\ufffd", "锟斤拷", "Stra\x9fe", "Zoâ€™s")
    tables[name] = changed(tables[name], chance.row(tables[name]), **{column_name: text})


def empty_table(tables: Tables, chance: Chance) -> None:
    name = chance.choice("overrides", "events")
    tables[name] = tables[name].clear()


def second_row_for_key(tables: Tables, chance: Chance) -> None:
    name, column, value = (
        ("products", "name", "another"),
        ("suppliers", "name", "another"),
        ("locations", "name", "another"),
        ("customers", "segment", "another"),
        ("purchases", "promised_date", last_day(tables)),
        ("orders", "priority", 3),
    )[chance.among(6)]
    frame = tables[name]
    row = chance.row(frame, pl.col(column) != value)
    tables[name] = again(frame, row, **{column: value})


def repeated_row(tables: Tables, chance: Chance) -> None:
    name = chance.choice("products", "suppliers", "locations", "customers", "purchases", "orders")
    frame = tables[name]
    tables[name] = again(frame, chance.row(frame))


def repeated_order(tables: Tables, chance: Chance) -> None:
    sales = tables["sales"]
    orders = sales.drop_nulls("order_id").group_by("order_id").len().filter(pl.col("len") > 1)
    order = orders["order_id"].sort()[chance.among(orders.height)]
    tables["sales"] = pl.concat([sales, sales.filter(pl.col("order_id") == order)])


def repeated_stock(tables: Tables, chance: Chance) -> None:
    stock = tables["inventory"]
    tables["inventory"] = again(stock, chance.row(stock, pl.col("on_hand") > 0))


def second_stock(tables: Tables, chance: Chance) -> None:
    stock = tables["inventory"]
    tables["inventory"] = again(stock, chance.row(stock), on_hand=1 + chance.among(9), on_order=99)


def second_total(tables: Tables, chance: Chance) -> None:
    totals = (
        tables["sales"]
        .group_by("date", *ITEM, maintain_order=True)
        .agg(pl.col("units").sum())
        .filter(pl.col("units") > 0)
    )
    row = chance.row(totals)
    tables["sales"] = again(totals, row, units=totals["units"][row] + 1)


def repeated_line(tables: Tables, chance: Chance) -> None:
    sales = tables["sales"]
    several = pl.col("order_id").len().over("order_id") > 1
    row = chance.row(sales, pl.col("order_id").is_not_null(), several)
    tables["sales"] = again(sales, row)


def orphan_sku(tables: Tables, chance: Chance) -> None:
    name = chance.choice("sales", "purchases", "orders", "overrides")
    tables[name] = changed(tables[name], chance.row(tables[name]), sku="NOT-THERE")


def orphan_location(tables: Tables, chance: Chance) -> None:
    name = chance.choice("sales", "purchases", "orders", "overrides")
    tables[name] = changed(tables[name], chance.row(tables[name]), location="L77")


def orphan_supplier(tables: Tables, chance: Chance) -> None:
    name = chance.choice("products", "purchases")
    tables[name] = changed(tables[name], chance.row(tables[name]), supplier_id="V77")


def orphan_customer(tables: Tables, chance: Chance) -> None:
    name = chance.choice("sales", "orders")
    row = chance.row(tables[name], pl.col("customer_id").is_not_null())
    tables[name] = changed(tables[name], row, customer_id="nobody")


def other_spelling(tables: Tables, chance: Chance) -> None:
    sales = tables["sales"]
    zeros, letters = pl.col("sku").str.starts_with("0"), pl.col("sku").str.contains("^[A-Z]")
    if chance.among(2):
        row = chance.row(sales, zeros)
        sku = sales["sku"][row].lstrip("0")
    else:
        row = chance.row(sales, letters)
        sku = sales["sku"][row].lower() if chance.among(2) else f" {sales['sku'][row]}"
    tables["sales"] = changed(sales, row, sku=sku)


def other_words(tables: Tables, chance: Chance) -> None:
    column = chance.choice("location", "sku")
    tables["sales"] = tables["sales"].with_columns(pl.format("No. {}", column).alias(column))


def no_stock_record(tables: Tables, chance: Chance) -> None:
    item = chance.item(sellers(tables, 5, last_day(tables) - timedelta(days=60)))
    tables["inventory"] = tables["inventory"].filter(~is_item(item))


def sold_after_end(tables: Tables, chance: Chance) -> None:
    end = last_day(tables)
    products = tables["products"]
    old = products.filter(pl.col("active_from").is_null())
    lively = sellers(tables, 5, end - timedelta(days=30))
    sku, _ = chance.item(lively.join(old, on="sku", how="semi", maintain_order="left"))
    row = chance.row(products, pl.col("sku") == sku)
    tables["products"] = changed(products, row, active_to=end - timedelta(days=90))


def future(tables: Tables, chance: Chance) -> None:
    name = chance.choice("sales", "inventory", "purchases")
    frame, days = tables[name], timedelta(days=300 + chance.among(3000))
    if name == "purchases":
        row = chance.row(frame, pl.col("received_date").is_not_null())
        tables[name] = changed(frame, row, received_date=last_day(tables) + days)
    else:
        tables[name] = changed(frame, chance.row(frame), date=last_day(tables) + days)


def zero_date(tables: Tables, chance: Chance) -> None:
    name = chance.choice("sales", "inventory")
    day = (date(1899, 12, 30), date(1900, 1, 1), date(1970, 1, 1), date(2020, 5, 4))
    tables[name] = changed(tables[name], chance.row(tables[name]), date=day[chance.among(4)])


def nothing(_tables: Tables, _chance: Chance) -> None:
    """The settings make the finding."""


def hole(tables: Tables, chance: Chance) -> None:
    name = chance.choice("sales", "inventory")
    frame = tables[name]
    first = last_day(tables) - timedelta(days=30 + chance.among(90))
    gone = pl.col("date").is_between(first, first + 4 * _DAY)
    if chance.among(2):
        gone &= pl.col("location") == frame["location"][0]
    tables[name] = frame.filter(~gone)


def stale(tables: Tables, chance: Chance) -> None:
    name = chance.choice("sales", "inventory", "movements")
    frame = tables[name]
    gone = pl.col("date") > last_day(tables) - timedelta(days=10 + chance.among(20))
    if chance.among(2):
        gone &= pl.col("location") == frame["location"][0]
    tables[name] = frame.filter(~gone)


def half_a_day(tables: Tables, chance: Chance) -> None:
    sales = tables["sales"]
    kept = (pl.col("date") < pl.col("date").max()) | (pl.int_range(pl.len()).over("date") < 2)
    tables["sales"] = sales.filter(kept)
    chance.among(1)


def negative(tables: Tables, chance: Chance) -> None:
    stock = tables["inventory"]
    tables["inventory"] = changed(stock, chance.row(stock), on_hand=-1 - chance.among(20))


def sold_without_stock(tables: Tables, chance: Chance) -> None:
    stock = tables["inventory"].sort(*ITEM, "date")
    moved = tables["movements"].select("date", *ITEM).unique().with_columns(moved=True)
    whole = tables["products"].filter(
        pl.col("active_from").is_null(), pl.col("active_to").is_null()
    )
    empty = (
        stock.filter(pl.col("sku").is_in(whole["sku"].implode()))
        .with_columns(before=pl.col("on_hand").shift().over(ITEM))
        .filter(pl.col("on_hand") == 0, pl.col("before") == 0)
        .join(moved, on=["date", *ITEM], how="anti", maintain_order="left")
    )
    day, sku, location = empty.select("date", *ITEM).row(chance.among(empty.height))
    sales = tables["sales"]
    row = chance.row(sales, pl.col("units") > 0, pl.col("sku") == sku)
    tables["sales"] = again(
        sales, row, date=day, location=location, order_id="R-new", customer_id=None
    )


def sold_while_flagged_out(tables: Tables, chance: Chance) -> None:
    sold = tables["sales"].group_by("date", *ITEM).agg(pl.col("units").sum())
    stock = (
        tables["inventory"]
        .join(sold, on=["date", *ITEM], how="left", maintain_order="left")
        .with_columns(in_stock=True)
    )
    row = chance.row(stock, pl.col("units") > 0)
    tables["inventory"] = changed(stock, row, in_stock=False).drop("units")


def wrong_count(tables: Tables, chance: Chance) -> None:
    stock = tables["inventory"]
    row = chance.row(stock)
    tables["inventory"] = changed(stock, row, on_hand=stock["on_hand"][row] + 700)


def lost_receipt(tables: Tables, chance: Chance) -> None:
    moves = tables["movements"]
    first = pl.col("date") > last_day(tables) - timedelta(days=120)
    counted = pl.col("date") > pl.col("date").min().over(ITEM)
    left = tables["inventory"].filter(counted).select("date", *ITEM, left=pl.col("on_hand"))
    told = moves.join(left, on=["date", *ITEM], how="left", maintain_order="left")
    row = chance.row(told, pl.col("kind") == "receipt", first, pl.col("left") > 0)
    tables["movements"] = moves.filter(pl.int_range(pl.len()) != row)


def frozen(tables: Tables, chance: Chance) -> None:
    stock, end = tables["inventory"], last_day(tables)
    item = chance.item(sellers(tables, 25, end - timedelta(days=70)))
    first = pl.col("date").is_between(end - timedelta(days=60), end - timedelta(days=40))
    levels = stock.filter(is_item(item), first, pl.col("on_hand") > 0)
    start, level = levels.select("date", "on_hand").row(0)
    run = is_item(item) & pl.col("date").is_between(start, start + timedelta(days=25))
    tables["inventory"] = stock.with_columns(on_hand=pl.when(run).then(level).otherwise("on_hand"))


def booked_late(tables: Tables, chance: Chance) -> None:
    stock = tables["inventory"].sort(*ITEM, "date")
    sold = (
        tables["movements"]
        .filter(pl.col("kind") == "sale")
        .select("date", *ITEM, sold=-pl.col("units"))
    )
    told = stock.join(sold, on=["date", *ITEM], how="left", maintain_order="left")
    inner = pl.col("date").is_between(
        pl.col("date").min().over(ITEM), pl.col("date").max().over(ITEM), closed="none"
    )
    row = chance.row(told, pl.col("sold") > 0, inner)
    level = told["on_hand"][row] + told["sold"][row]
    tables["inventory"] = changed(stock, row, on_hand=level)


def silent(tables: Tables, chance: Chance) -> None:
    end = last_day(tables)
    item = chance.item(sellers(tables, 60, end - timedelta(days=180)))
    gone = is_item(item) & (pl.col("date") > end - timedelta(days=80))
    for name in ("sales", "movements"):
        tables[name] = tables[name].filter(~gone)
    stock = tables["inventory"]
    before = is_item(item) & (pl.col("date") == end - timedelta(days=80))
    level = max(int(stock.filter(before)["on_hand"].item()), 0)
    if level == 0:  # nothing can be silent that is not there: it was found in a count
        found = {"date": end - timedelta(days=79), "sku": item[0], "location": item[1]}
        row = pl.DataFrame({**found, "units": 9, "kind": "adjustment"})
        tables["movements"] = pl.concat([tables["movements"], row.cast(tables["movements"].schema)])
        level = 9
    tables["inventory"] = stock.with_columns(on_hand=pl.when(gone).then(level).otherwise("on_hand"))


def far_too_many(tables: Tables, chance: Chance) -> None:
    sales = tables["sales"]
    row = chance.row(sales, pl.len().over(ITEM) >= 40)
    units = 40_000 * (1, -1)[chance.among(2)]
    price = sales["unit_price"][row]
    tables["sales"] = changed(sales, row, units=units, revenue=units * price)


def unit_changed(tables: Tables, chance: Chance) -> None:
    """Sales in cases from some day on, or in pieces before; with or without the price."""
    end = last_day(tables)
    lively = sellers(tables, 20, end - timedelta(days=60)).join(
        sellers(tables, 60, end - timedelta(days=200)), on=ITEM, how="semi"
    )
    item = chance.item(lively)
    factor = (6, 12, 24)[chance.among(3)]
    later = is_item(item) & (pl.col("date") > end - timedelta(days=60))
    sales = tables["sales"].cast({"units": pl.Float64})
    if chance.among(2):  # the units are pieces now, and the price is that of a piece
        values = [
            pl.when(later).then(pl.col("units") * factor).otherwise("units").alias("units"),
            pl.when(later).then(pl.col("unit_price") / factor).otherwise("unit_price")
            .alias("unit_price"),
        ]  # fmt: skip
    else:
        both = pl.col("units", "revenue")
        values = [pl.when(later).then(both * factor).otherwise(both)]
    tables["sales"] = sales.with_columns(values)


def price_changed(tables: Tables, chance: Chance) -> None:
    end = last_day(tables)
    lively = sellers(tables, 20, end - timedelta(days=60)).join(
        sellers(tables, 60, end - timedelta(days=200)), on=ITEM, how="semi"
    )
    item = chance.item(lively)
    later = is_item(item) & (pl.col("date") > end - timedelta(days=60))
    both = pl.col("unit_price", "revenue")
    tables["sales"] = tables["sales"].with_columns(
        pl.when(later).then(both * (6, 10, 12)[chance.among(3)]).otherwise(both)
    )


def stock_in_cases(tables: Tables, chance: Chance) -> None:
    end = last_day(tables)
    recent = pl.col("date") > end - timedelta(days=80)
    lively = sellers(tables, 40, end - timedelta(days=80))
    if chance.among(2):
        factor = (6, 12, 24)[chance.among(3)]
        level = pl.col("on_hand") * factor
    else:  # in whole cases: what sells little stands still, and that is another finding
        much = tables["sales"].filter(recent).group_by(ITEM).agg(pl.col("units").sum())
        lively = lively.join(
            much.filter(pl.col("units") >= 100), on=ITEM, how="semi", maintain_order="left"
        )
        level = pl.col("on_hand") // 6
    later = is_item(chance.item(lively)) & recent
    tables["inventory"] = tables["inventory"].with_columns(
        on_hand=pl.when(later).then(level).otherwise("on_hand")
    )


def cost_of_a_case(tables: Tables, chance: Chance) -> None:
    bought = tables["purchases"]
    row = chance.row(bought)
    cost = bought["unit_cost"][row] * (6, 12, 24)[chance.among(3)]
    tables["purchases"] = changed(bought, row, unit_cost=cost)


def signs_turned(tables: Tables, chance: Chance) -> None:
    if chance.among(2):
        both = pl.col("units", "revenue")
        tables["sales"] = tables["sales"].with_columns(-both)
    else:
        turned = pl.col("kind") == chance.choice("receipt", "sale", "return")
        units = pl.col("units")
        tables["movements"] = tables["movements"].with_columns(
            pl.when(turned).then(-units).otherwise(units)
        )


def revenue_turned(tables: Tables, chance: Chance) -> None:
    sales = tables["sales"]
    row = chance.row(sales)
    tables["sales"] = changed(sales, row, revenue=-sales["revenue"][row])


def other_currency(tables: Tables, chance: Chance) -> None:
    for name in ("sales", "purchases", "products"):
        tables[name] = tables[name].with_columns(currency=pl.lit("EUR"))
    name = chance.choice("sales", "purchases", "products")
    tables[name] = changed(tables[name], chance.row(tables[name]), currency="USD")


def other_unit(tables: Tables, chance: Chance) -> None:
    for name in ("sales", "inventory", "purchases"):
        tables[name] = tables[name].with_columns(unit=pl.lit("PC" if name == "sales" else "each"))
    name = chance.choice("sales", "inventory", "purchases")
    row = chance.row(tables[name], pl.len().over("sku") > 2)
    tables[name] = changed(tables[name], row, unit="CASE")


def far_price(tables: Tables, chance: Chance) -> None:
    sales = tables["sales"]
    row = chance.row(sales, pl.len().over(ITEM) >= 40, pl.col("units") > 0)
    times = (100.0, 0.01)[chance.among(2)]
    tables["sales"] = changed(
        sales,
        row,
        unit_price=sales["unit_price"][row] * times,
        revenue=sales["revenue"][row] * times,
    )


def below_zero(tables: Tables, chance: Chance) -> None:
    name, column = (
        ("products", "unit_price"), ("products", "unit_cost"), ("purchases", "unit_cost"),
    )[chance.among(3)]  # fmt: skip
    tables[name] = changed(tables[name], chance.row(tables[name]), **{column: -2.5})


def above_price(tables: Tables, chance: Chance) -> None:
    products = tables["products"]
    row = chance.row(products)
    cost = 1.1 * products["unit_price"][row]
    tables["products"] = changed(products, row, unit_cost=cost)


def impossible(tables: Tables, chance: Chance) -> None:
    products = tables["products"].with_columns(service_level=0.95)
    column, value = (("pack_size", 0), ("moq", -1), ("lead_time_days", -3), ("service_level", 95))[
        chance.among(4)
    ]
    tables["products"] = changed(products, chance.row(products), **{column: value})


def never_fits(tables: Tables, chance: Chance) -> None:
    products = tables["products"].with_columns(max_stock=pl.lit(1_000_000))
    row = chance.row(products, pl.col("moq") > 1)
    tables["products"] = changed(products, row, max_stock=products["moq"][row] - 1)


def delivered_at_once(tables: Tables, chance: Chance) -> None:
    bought = tables["purchases"]
    row = chance.row(bought)
    tables["purchases"] = changed(bought, row, promised_date=bought["order_date"][row])


def ages(tables: Tables, chance: Chance) -> None:
    bought = tables["purchases"]
    received = pl.col("received_date").is_not_null()
    row = chance.row(bought, received & (received.sum().over("supplier_id") >= 15))
    ordered = bought["order_date"][row] - timedelta(days=250)
    tables["purchases"] = changed(bought, row, order_date=ordered)


def before_order(column: str) -> Callable[[Tables, Chance], None]:
    def make(tables: Tables, chance: Chance) -> None:
        bought = tables["purchases"]
        row = chance.row(bought, pl.col(column).is_not_null())
        day = bought["order_date"][row] - (1 + chance.among(5)) * _DAY
        tables["purchases"] = changed(bought, row, **{column: day})

    return make


def too_much(tables: Tables, chance: Chance) -> None:
    bought = tables["purchases"]
    row = chance.row(bought, pl.col("received_date").is_not_null())
    units = bought["ordered_units"][row] * (2 + chance.among(11))
    tables["purchases"] = changed(bought, row, received_units=units)


def undated_receipt(tables: Tables, chance: Chance) -> None:
    bought = tables["purchases"]
    row = chance.row(bought, pl.col("received_units") == pl.col("ordered_units"))
    tables["purchases"] = changed(bought, row, received_date=None)


def forgotten(tables: Tables, chance: Chance) -> None:
    bought, end = tables["purchases"], last_day(tables)
    row = chance.row(bought, pl.col("received_date").is_null())
    tables["purchases"] = changed(
        bought,
        row,
        order_date=end - timedelta(days=160),
        promised_date=end - timedelta(days=140),
    )


def nothing_ordered(tables: Tables, chance: Chance) -> None:
    name = chance.choice("purchases", "orders")
    column = {"purchases": "ordered_units", "orders": "units"}[name]
    tables[name] = changed(tables[name], chance.row(tables[name]), **{column: -chance.among(3)})


MUTATIONS: Mapping[str, tuple[str, Mutation]] = {
    f"{code}-{mutation.make.__name__}": (code, mutation)
    for code, mutation in (
        ("SO108", Mutation(damage)),
        ("SO109", Mutation(empty_table)),
        ("SO201", Mutation(second_row_for_key)),
        ("SO202", Mutation(repeated_row)),
        ("SO202", Mutation(repeated_order)),
        ("SO202", Mutation(repeated_stock)),
        ("SO203", Mutation(second_stock)),
        ("SO203", Mutation(second_total)),
        ("SO205", Mutation(repeated_line)),
        ("SO211", Mutation(orphan_sku)),
        ("SO212", Mutation(orphan_location)),
        ("SO213", Mutation(orphan_supplier)),
        ("SO214", Mutation(orphan_customer)),
        ("SO215", Mutation(other_spelling)),
        ("SO216", Mutation(other_words)),
        ("SO217", Mutation(no_stock_record)),
        ("SO218", Mutation(sold_after_end)),
        ("SO301", Mutation(future)),
        ("SO302", Mutation(zero_date)),
        ("SO303", Mutation(nothing, as_of=date(2026, 6, 20))),
        ("SO311", Mutation(hole)),
        ("SO312", Mutation(stale)),
        ("SO313", Mutation(half_a_day, CheckConfig(rules={"SO313": {"rows": 10}}))),
        ("SO401", Mutation(negative)),
        ("SO402", Mutation(sold_without_stock)),
        ("SO402", Mutation(sold_while_flagged_out)),
        ("SO403", Mutation(wrong_count)),
        ("SO403", Mutation(lost_receipt)),
        ("SO404", Mutation(frozen)),
        ("SO405", Mutation(booked_late)),
        ("SO406", Mutation(silent)),
        ("SO501", Mutation(far_too_many)),
        ("SO502", Mutation(unit_changed)),
        ("SO502", Mutation(price_changed)),
        ("SO503", Mutation(stock_in_cases)),
        ("SO504", Mutation(cost_of_a_case)),
        ("SO505", Mutation(signs_turned)),
        ("SO506", Mutation(revenue_turned)),
        ("SO511", Mutation(other_currency)),
        ("SO512", Mutation(other_unit)),
        ("SO513", Mutation(far_price)),
        ("SO514", Mutation(below_zero)),
        ("SO515", Mutation(above_price)),
        ("SO521", Mutation(impossible)),
        ("SO522", Mutation(never_fits)),
        ("SO601", Mutation(delivered_at_once)),
        ("SO602", Mutation(ages)),
        ("SO603", Mutation(before_order("received_date"))),
        ("SO604", Mutation(before_order("promised_date"))),
        ("SO605", Mutation(too_much)),
        ("SO606", Mutation(undated_receipt)),
        ("SO607", Mutation(forgotten)),
        ("SO608", Mutation(nothing_ordered)),
    )
}


def codes(tables: Mapping[str, pl.DataFrame], mutation: Mutation) -> set[str]:
    """Codes of what is found."""
    found = check(stage_frames(tables), mutation.settings, mutation.as_of)
    return set(found["code"])


def test_nothing_is_found_in_a_clean_business(clean: Mapping[str, pl.DataFrame]) -> None:
    assert check(stage_frames(clean)).is_empty()
    assert codes(clean, MUTATIONS["SO313-half_a_day"][1]) == set()


@pytest.mark.parametrize("name", MUTATIONS)
@settings(
    max_examples=3,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
def test_rule_fires_and_no_other(
    name: str, clean: Mapping[str, pl.DataFrame], data: st.DataObject
) -> None:
    code, mutation = MUTATIONS[name]
    tables = dict(clean)
    mutation.make(tables, Chance(data))
    fired = codes(tables, mutation)
    assert (code in fired, fired - {code, *RULES[code].implies}) == (True, set())
