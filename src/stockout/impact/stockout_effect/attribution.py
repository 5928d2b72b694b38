"""Whose effect it is: excess churners and their value by SKU and by customer."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from stockout.errors import InputError, MissingColumnError
from stockout.impact.stockout_effect.purchases import distinct
from stockout.tables import ITEM, without_crumbs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.impact.stockout_effect.purchases import Purchases
    from stockout.impact.stockout_effect.setting import Frame

    Vector = NDArray[np.float64]


class Value(NamedTuple):
    """What the excess churners would still have brought."""

    rows: Vector | None  # (rows,) money a churner, nan where it is not known
    known: float  # share of the exposure whose customers have a value
    reason: str | None  # why there is no value


def customer_value(main: Frame, bought: Purchases, clv: pl.DataFrame | None) -> Value:
    """The value of the customer of each row, net of the exposure window.

    Args:
        main: Frame of the estimate.
        bought: Purchases.
        clv: Columns customer_id, clv (margin that the customer would bring from the window on if
            they stayed: a value that already counts on who has left, divided by the probability
            that the customer is still there) and window_value (of it, what falls into the four
            weeks of the window: lost sales count what was thwarted in it). Or None.

    Raises:
        InputError: The frame lacks a column, or has a customer twice.
    """
    if clv is None:
        return Value(None, 0.0, "no customer values were given")
    for column in ("customer_id", "clv", "window_value"):
        if column not in clv.columns:
            raise MissingColumnError(
                f"customer values: no column {column!r}",
                column=column,
                found=", ".join(clv.columns),
            )
    values = clv.drop_nulls("customer_id").select(
        pl.col("customer_id").cast(pl.String),
        value=(pl.col("clv") - pl.col("window_value")).cast(pl.Float64).clip(lower_bound=0),
    )
    if values["customer_id"].is_duplicated().any():
        twice = values["customer_id"].filter(values["customer_id"].is_duplicated())[0]
        raise InputError(
            "customer values: a customer stands twice", column="customer_id", found=twice
        )
    of_customer = (
        pl.DataFrame({"customer_id": bought.customers})
        .join(values, on="customer_id", how="left", maintain_order="left")["value"]
        .fill_null(np.nan)
        .to_numpy()
    )
    rows = of_customer[main.panel.customer]
    exposure = main.thwarted.total
    total = float(exposure.sum())
    known = float(exposure[~np.isnan(rows)].sum()) / total if total else 0.0
    if not known:
        return Value(None, 0.0, "no exposed customer has a value")
    return Value(rows, known, None)


def by_sku(
    main: Frame, bought: Purchases, effect: float | None, value: Vector | None
) -> pl.DataFrame:
    """Exposure and effect of each item that was out of stock in an exposure window.

    Args:
        main: Frame of the estimate.
        bought: Purchases.
        effect: Excess churners a thwarted purchase; None where they are not detectable.
        value: (rows,) money a churner.

    Returns:
        Columns sku, location, exposed_customers (had the habit of buying it), thwarted_purchases
        (expected; others than by habit included), excess_churners and value (null where not
        detectable or not known), the most thwarted first.
    """
    seen, items, people = main.panel, bought.items.height, len(bought.customers)
    days, rates = main.thwarted.days, main.shares.matrix
    exposed = []
    for part in seen.at_each():
        hit = (days[part.place, part.item] > 0) & (main.habit.rate[part.pairs] > 0)
        who = seen.customer[part.rows][part.row[hit]]
        exposed.append(part.item[hit] * people + who)
    of_item = distinct(np.concatenate(exposed)) // people
    others = main.thwarted.others.sum(axis=0)
    purchases = (main.habit.everybody * days).sum(axis=0) + others
    columns: dict[str, Vector | None] = {"excess_churners": None, "value": None}
    if effect is not None:
        columns["excess_churners"] = effect * purchases
        if value is not None:
            weight = main.thwarted.total
            there = ~np.isnan(value)
            mean = float(np.average(value[there], weights=weight[there]))
            worth = np.where(there, value, mean)
            share = main.thwarted.others_rows
            usual = float((worth * share).sum() / max(float(share.sum()), 1e-12))
            own = ((rates.T @ worth).reshape(days.shape) * days).sum(axis=0)
            columns["value"] = effect * (own + others * usual)
    frame = bought.items.select(ITEM).with_columns(
        exposed_customers=np.bincount(of_item, minlength=items),
        thwarted_purchases=purchases,
        **{
            name: pl.Series(values, dtype=pl.Float64)
            if values is not None
            else pl.lit(None, pl.Float64)
            for name, values in columns.items()
        },
    )
    return without_crumbs(
        frame.filter(pl.col("thwarted_purchases") > 0).sort(
            "thwarted_purchases", "sku", "location", descending=[True, False, False]
        )
    )


def by_customer(main: Frame, bought: Purchases, effect: float | None) -> pl.DataFrame:
    """Exposure of each customer of the panel, all landmarks together.

    Args:
        main: Frame of the estimate.
        bought: Purchases.
        effect: Excess churners a thwarted purchase; None where they are not detectable.

    Returns:
        Columns customer_id, exposure (expected thwarted purchases), excess_churn_probability
        (null where not detectable), the most exposed first.
    """
    people = len(bought.customers)
    exposure = np.bincount(main.panel.customer, main.thwarted.total, people)
    there = np.bincount(main.panel.customer, minlength=people) > 0
    chance = pl.lit(None, pl.Float64)
    if effect is not None:
        chance = (pl.col("exposure") * effect).clip(0, 1)
    frame = pl.DataFrame({"customer_id": bought.customers, "exposure": exposure})
    return without_crumbs(
        frame.filter(pl.Series(there))
        .with_columns(excess_churn_probability=chance)
        .sort("exposure", "customer_id", descending=[True, False])
    )
