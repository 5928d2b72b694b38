"""The effect on customers: recovered where it is, silent where it is not."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import polars as pl
import pytest

from stockout.cli.main import run
from stockout.errors import InputError, MissingColumnError
from stockout.impact.churn import churn
from stockout.impact.stockout_effect.effect import stockout_effect
from stockout.impact.stockout_effect.result import NotKnown, StockoutEffect

if TYPE_CHECKING:
    from pathlib import Path

FIRST = date(2025, 1, 6)
DAYS = 406
PEOPLE, SKUS, FAVOURITES = 2500, 120, 4
FEWEST_EXPOSED = 1000
MARKS = (189, 217, 245, 273)


class Shop(NamedTuple):
    lines: pl.DataFrame
    stock: pl.DataFrame
    products: pl.DataFrame
    thwarted: float  # in the exposure windows, by all who still come


def shop(leave: float, *, turn: float = 0.0, seed: int = 2) -> Shop:
    """Customers with four favourites, who leave with a probability when one is missing.

    Args:
        leave: That probability.
        turn: Share of thwarted purchases that take the next SKU, of the same category.
        seed: Of all random numbers.
    """
    rng = np.random.default_rng(seed)
    out = np.repeat(rng.random((DAYS // 14 + 1, SKUS)) < 0.12, 14, axis=0)[:DAYS]
    rate = rng.gamma(3.0, 1 / 30, PEOPLE)
    favourite = rng.integers(0, SKUS, (PEOPLE, FAVOURITES))
    ends = rng.exponential(700, PEOPLE)
    who, day = np.nonzero(rng.random((PEOPLE, DAYS)) < rate[:, None])
    wants = rng.random((who.size, FAVOURITES)) < 0.4
    missing = wants & out[day[:, None], favourite[who]]
    offended = (missing & (rng.random(missing.shape) < leave)).any(axis=1)
    last = np.minimum(ends, DAYS)
    np.minimum.at(last, who[offended], day[offended])
    there = day <= last[who]
    bought = wants & ~missing & there[:, None]
    visit, place = np.nonzero(bought)
    turned = missing & there[:, None] & (rng.random(missing.shape) < turn)
    other = np.nonzero(turned)
    next_sku = favourite[who[other[0]], other[1]] ^ 1  # two SKUs a category
    item = np.concatenate([favourite[who[visit], place], next_sku])
    visit = np.concatenate([visit, other[0]])
    lines = pl.DataFrame({"day": day[visit], "item": item, "customer": who[visit]}).select(
        date=pl.lit(FIRST) + pl.duration(days="day"),
        sku=pl.format("S{}", "item"),
        units=pl.lit(1.0),
        customer_id=pl.format("C{}", "customer"),
    )
    t, sku = (index.ravel() for index in np.indices(out.shape))
    stock = pl.DataFrame({"t": t, "item": sku, "out": out.ravel()}).select(
        date=pl.lit(FIRST) + pl.duration(days="t"),
        sku=pl.format("S{}", "item"),
        in_stock_share=1 - pl.col("out").cast(pl.Float64),
    )
    products = pl.DataFrame({"item": np.arange(SKUS)}).select(
        sku=pl.format("S{}", "item"), category=pl.format("K{}", pl.col("item") // 2)
    )
    inside = np.any([(day >= mark) & (day < mark + 28) for mark in MARKS], axis=0)
    return Shop(lines, stock, products, float((missing & there[:, None])[inside].sum()))


def effect_of(made: Shop, clv: pl.DataFrame | None = None) -> StockoutEffect:
    found = stockout_effect(
        made.lines,
        made.stock,
        products=made.products,
        as_of=FIRST + timedelta(DAYS - 1),
        clv=clv,
    )
    assert isinstance(found, StockoutEffect)
    return found


def worth(value: float) -> pl.DataFrame:
    return pl.DataFrame(
        {"customer_id": [f"C{i}" for i in range(PEOPLE)], "clv": value, "window_value": 10.0}
    )


def test_a_known_effect_is_found_with_its_money() -> None:
    made = shop(0.15)
    found = effect_of(made, worth(110.0))
    assert found.detectable
    # A customer who is lost does not come back for sure; the others do in nine of ten cases.
    assert found.low < 0.15 * 0.9 * found.thwarted_purchases < found.high
    assert found.per_thwarted_purchase == pytest.approx(0.13, abs=0.05)
    assert found.thwarted_purchases == pytest.approx(made.thwarted, rel=0.15)
    assert found.value_at_risk == pytest.approx(found.excess_churners * 100.0)
    assert found.excess_churners_a_year == pytest.approx(found.excess_churners * 365.25 / 112)
    assert found.landmarks == [FIRST + timedelta(mark) for mark in MARKS]
    assert found.by_sku["excess_churners"].sum() == pytest.approx(found.excess_churners)
    assert found.by_sku["value"].sum() == pytest.approx(found.value_at_risk)
    assert found.by_customer["exposure"].sum() == pytest.approx(found.thwarted_purchases)
    assert found.orders_change is not None
    assert found.orders_change < 0


def test_without_an_effect_there_is_no_money() -> None:
    found = effect_of(shop(0.0), worth(110.0))
    assert not found.detectable
    assert found.low < 0 < found.high
    assert found.value_at_risk is None
    assert found.value_reason == "the effect is not detectable, so it has no money"
    assert found.excess_churners_a_year is None
    assert found.by_sku["excess_churners"].null_count() == found.by_sku.height
    assert found.by_sku["value"].null_count() == found.by_sku.height
    assert found.by_customer["excess_churn_probability"].null_count() == found.by_customer.height
    assert found.by_sku["thwarted_purchases"].min() > 0  # type: ignore[operator]
    assert found.mde > 0


def test_the_command_tells_the_money_and_whose_it_is(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """From exports to money, where the effect is large enough to be seen."""
    made = shop(0.15)
    exports: dict[str, Any] = {
        "sales": made.lines.with_columns(unit_price=pl.lit(10.0)),
        "inventory": made.stock,
        "products": made.products.with_columns(unit_cost=pl.lit(6.0)),
    }
    for name, table in exports.items():
        table.write_csv(tmp_path / f"{name}.csv")
    given = (f"--{name}={tmp_path / name}.csv" for name in exports)
    assert run(["churn", *given, "--quiet", "--format", "json"]) == 0
    record = json.loads(capfd.readouterr().out)
    effect = record["effect"]
    assert effect["detectable"]
    assert effect["excess_churners"] >= effect["mde"]
    assert effect["value_low"] < effect["value_at_risk"] < effect["value_high"]
    assert effect["value_reason"] is record["scenario"] is None
    found = churn(**exports)
    items, people = found.by_sku(), found.by_customer().filter(pl.col("exposure") > 0)
    assert items["excess_churners"].sum() == pytest.approx(effect["excess_churners"])
    assert items["value"].sum() == pytest.approx(effect["value_at_risk"])
    assert people.height > FEWEST_EXPOSED
    assert people["excess_churn_probability"].is_between(0, 1, closed="right").all()


def test_substitutes_are_seen() -> None:
    short = {each.name: each for each in effect_of(shop(0.0, turn=0.4)).short}
    turned = short["substituted"]
    assert turned.value == pytest.approx(0.4, abs=0.1)
    none = {each.name: each for each in effect_of(shop(0.0)).short}["substituted"]
    assert none.low is not None
    assert none.low < 0 < none.high  # type: ignore[operator]


def test_a_short_effect_that_cannot_be_told_has_a_reason() -> None:
    made = shop(0.0)
    found = stockout_effect(made.lines, made.stock)
    assert isinstance(found, StockoutEffect)
    last = found.short[-1]
    assert (last.value, last.reason) == (None, "no product has a category")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda s: s._replace(lines=s.lines.drop("customer_id")), "no sales line has a customer"),
        (
            lambda s: s._replace(
                stock=s.stock.with_columns(in_stock_share=pl.lit(None, pl.Float64))
            ),
            "it is not known of any item and day",
        ),
        (
            lambda s: s._replace(stock=s.stock.filter(pl.col("date") < FIRST + timedelta(190))),
            "availability is known for 1%",
        ),
        (
            lambda s: s._replace(lines=s.lines.filter(pl.col("customer_id").str.ends_with("77"))),
            "too few customers",
        ),
        (
            lambda s: s._replace(stock=s.stock.with_columns(in_stock_share=pl.lit(1.0))),
            "too few stockouts: 0 SKUs",
        ),
        (
            lambda s: s._replace(
                lines=s.lines.filter(pl.col("date") < FIRST + timedelta(300)),
                stock=s.stock.filter(pl.col("date") < FIRST + timedelta(300)),
            ),
            "the history has 300 days, and one landmark needs 315",
        ),
    ],
)
def test_what_cannot_be_known_says_why(change: object, reason: str) -> None:
    made: Shop = change(shop(0.0))  # type: ignore[operator]
    found = stockout_effect(made.lines, made.stock)
    assert isinstance(found, NotKnown)
    assert found.reason.startswith(reason)


def test_bad_frames_are_refused() -> None:
    made = shop(0.0)
    with pytest.raises(MissingColumnError, match="availability: no column 'in_stock_share'"):
        stockout_effect(made.lines, made.stock.drop("in_stock_share"))
    with pytest.raises(MissingColumnError, match="customer values: no column 'window_value'"):
        stockout_effect(made.lines, made.stock, clv=worth(1.0).drop("window_value"))
    twice = pl.concat([worth(1.0), worth(1.0)])
    with pytest.raises(InputError, match="a customer stands twice"):
        stockout_effect(made.lines, made.stock, clv=twice)
