"""Policies to replay: the reorder list, and the rules that others use.

Where a rule is ``masked``, periods in which the shelf ran out are left out of its means, so that it
is not beaten by its own empty shelf. That leaves out the busiest of them; so the other way may be
better, and a fair comparison plays both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from stockout.forecasting.distribution import normal_quantile
from stockout.replenishment.newsvendor import critical_ratio_lost_sales
from stockout.replenishment.reorder import reorder
from stockout.tables import ITEM

if TYPE_CHECKING:
    from datetime import date

    from stockout.replenishment.replay import Matrix, Policy, State

YEAR = 52  # weeks
"""Periods of a year, weekly."""


def tables_of(as_of: date, state: State) -> dict[str, pl.DataFrame]:
    """What is known as canonical tables: sales, inventory and purchases.

    Args:
        as_of: Last day of the last period known.
        state: What is known then.

    Returns:
        ``sales`` one row for each item and period that sold; ``inventory`` a flag for each item and
        period of its life and what is on hand at as-of; ``purchases`` what is on its way.
    """
    setting = state.setting
    periods, count = state.sold.shape
    period, item = np.nonzero(~np.isnan(state.sold))
    dates = pl.Series(
        np.array(setting.first_period, dtype="datetime64[D]") + setting.days * np.arange(periods)
    )
    names = setting.items.select(ITEM)
    rows = names[item].with_columns(
        date=dates[period],
        units=state.sold[period, item],
        in_stock=pl.Series(state.in_stock[period, item]),
    )
    ordered, what = np.nonzero(state.coming > 0)
    early = setting.days * (ordered + 1 - setting.lead_time)
    due = setting.days * (ordered + 1)
    day = np.array(as_of, dtype="datetime64[D]")
    return {
        "sales": rows.filter(pl.col("units") != 0).select(*ITEM, "date", "units"),
        "inventory": pl.concat(
            [
                rows.select(*ITEM, "date", "in_stock", on_hand=pl.lit(None, pl.Float64)),
                names.select(
                    *ITEM,
                    date=pl.lit(as_of),
                    in_stock=pl.lit(None, pl.Boolean),
                    on_hand=pl.Series(state.stock.reshape(count)),
                ),
            ]
        ),
        "purchases": names[what].with_columns(
            po_id=pl.Series(np.arange(what.size)).cast(pl.String),
            order_date=pl.Series(day + early, dtype=pl.Date),
            promised_date=pl.Series(day + due, dtype=pl.Date),
            ordered_units=state.coming[ordered, what],
        ),
    }


def reorder_policy(**given: Any) -> Policy:  # noqa: ANN401 - whatever reorder takes
    """What :func:`stockout.replenishment.reorder.reorder` orders.

    Args:
        **given: Further tables (products, suppliers) and arguments of ``reorder``; lead time,
            review and costs are the setting's where they are not given.
    """

    def policy(as_of: date, state: State) -> Matrix:
        setting = state.setting
        arguments: dict[str, Any] = {
            "freq": setting.freq,
            "lead_time_days": setting.days * setting.lead_time,
            "review_days": setting.days * setting.review,
        }
        targets = {"service_level", "fill_rate", "shortage_cost", "holding_cost"}
        if not targets & given.keys():
            arguments |= {
                "shortage_cost": setting.shortage_cost,
                "holding_cost": setting.holding_cost,
            }
        arguments |= tables_of(as_of, state)
        lines = reorder(as_of=as_of, **(arguments | given))
        found = setting.items.select(ITEM).join(lines, on=ITEM, how="left", maintain_order="left")
        return np.asarray(found["order_qty"].fill_null(0.0).to_numpy(), dtype=np.float64)

    return policy


def textbook(window: int = YEAR, level: float | None = None, *, masked: bool = True) -> Policy:
    """Order up to the normal quantile of demand over lead time and review.

    S = m (L + R) + z s sqrt(L + R), with mean m and standard deviation s of a period over the last
    ``window`` periods (Silver, Pyke and Thomas, chapter 7), rounded to whole units where demand is.

    Args:
        window: Periods.
        level: Probability of no shortage in a cycle; default p / (p + h R).
        masked: Leave out periods in which stock ran out.
    """

    def policy(_: date, state: State) -> Matrix:
        setting = state.setting
        target = level or float(
            critical_ratio_lost_sales(setting.shortage_cost, setting.holding_cost, setting.review)
        )
        seen = _seen(state, masked=masked)[-window:]
        mean = np.nan_to_num(_mean(seen))
        count = (~np.isnan(seen)).sum(axis=0)
        spread = np.nansum((seen - mean) ** 2, axis=0) / np.maximum(count - 1, 1)
        protection = setting.lead_time + setting.review
        up_to = normal_quantile(target, mean * protection, spread * protection)
        return _raise_to(np.nan_to_num(np.asarray(up_to)), state)

    return policy


def weeks_of_cover(
    cover: float, window: int = 13, *, seasonal: bool = False, masked: bool = True
) -> Policy:
    """Order up to so many periods of the mean of the last ``window`` periods.

    Args:
        cover: Periods that the position is to last, those of the lead time among them.
        window: Periods.
        seasonal: Level and cover are adjusted by a season that all items share, where the history
            is a year or longer.
        masked: Leave out periods in which stock ran out.
    """

    def policy(_: date, state: State) -> Matrix:
        seen = _seen(state, masked=masked)
        if seasonal:
            index, ahead = shared_season(state, int(np.ceil(cover)))
            mean = np.nan_to_num(_mean((seen / index[:, None])[-window:]))
            return _raise_to(mean * ahead.mean() * cover, state)
        return _raise_to(np.nan_to_num(_mean(seen[-window:])) * cover, state)

    return policy


def min_max(
    window: int = 13, least: float = 3.0, most: float = 5.0, *, masked: bool = True
) -> Policy:
    """Order up to the maximum when the position is below the minimum.

    Args:
        window: Periods of the mean demand that both are told in.
        least: Periods of mean demand: the minimum, usually lead time and review.
        most: Periods of mean demand: the maximum.
        masked: Leave out periods in which stock ran out.
    """

    def policy(_: date, state: State) -> Matrix:
        mean = np.nan_to_num(_mean(_seen(state, masked=masked)[-window:]))
        return np.where(state.position < least * mean, _raise_to(most * mean, state), 0.0)

    return policy


def shared_season(state: State, horizon: int) -> tuple[Matrix, Matrix]:
    """Seasonal index that all items share, by week of the year; 1 with less than a year.

    The index of a week is its total demand over the centred mean of a year around it, averaged over
    the years; weeks without a full year around them take the index of other years.

    Args:
        state: What is known.
        horizon: Periods after the last one.

    Returns:
        The index of each known period, and of each of the ``horizon`` ones after it.
    """
    periods = len(state.sold)
    ones = np.ones(periods + horizon)
    year = 364 // state.setting.days
    if periods < year:
        return ones[:periods], ones[periods:]
    total = np.nansum(np.where(state.in_stock, state.sold, 0.0), axis=1)
    listed = (~np.isnan(state.sold) & state.in_stock).sum(axis=1)
    usual = total / np.maximum(listed, 1)
    if periods < 2 * year:  # one year: its weeks against its own mean
        trend = np.full(periods, usual[-year:].mean())
    else:
        kernel = np.ones(year) / year
        middle = np.convolve(usual, kernel, mode="valid")
        trend = np.concatenate(
            [
                np.full(year // 2, middle[0]),
                middle,
                np.full(periods - len(middle) - year // 2, middle[-1]),
            ]
        )
    ratio = usual / np.maximum(trend, 1e-12)
    week = np.arange(periods + horizon) % year
    summed = np.bincount(week[:periods], ratio, minlength=year)
    index = summed / np.maximum(np.bincount(week[:periods], minlength=year), 1)
    smooth = (np.roll(index, 1) + index + np.roll(index, -1)) / 3
    by_period = (smooth / smooth.mean()).clip(0.05)[week]
    return by_period[:periods], by_period[periods:]


def _seen(state: State, *, masked: bool) -> Matrix:
    return state.demand_seen if masked else state.sold


def _mean(seen: Matrix) -> Matrix:
    """(items,) mean over the periods that were seen; nan where there was none."""
    count = (~np.isnan(seen)).sum(axis=0)
    return np.asarray(np.nansum(seen, axis=0) / np.where(count > 0, count, np.nan))


def _raise_to(level: Matrix, state: State) -> Matrix:
    """The order that raises the position to a level, in whole units where sales are."""
    short = (level - state.position).clip(0)
    whole = (np.nan_to_num(state.sold) % 1 == 0).all(axis=0)
    return np.where(whole, np.round(short), short)
