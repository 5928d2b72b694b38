"""Key figures of stockouts: how often, how long, how much, by any grouping.

Each is a ratio of sums over items and periods, so that a group's figure is that of its parts taken
together. What is not known is left out of both sums, and its share is said beside the figure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, get_args, Literal

import numpy as np
import polars as pl
from scipy import special

from stockout.demand.calendar import DAYS_PER_PERIOD
from stockout.demand.ledger import SOLD_OUT_DURING_DAY
from stockout.errors import ConfigError, NotKnownError
from stockout.impact.episodes import OPEN, RESTOCKED
from stockout.impact.key_figures import KEY_FIGURES
from stockout.impact.losses import LEVEL
from stockout.tables import ITEM, without_crumbs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from stockout.impact.lost_sales import LostSales

    Matrix = NDArray[np.floating]
    Vector = NDArray[np.float64]
    Codes = NDArray[np.int64]

Group = Literal["sku", "location", "category", "supplier", "channel", "month"]
"""What key figures can be told apart by."""

SUPPLY_DAYS = 28
"""Days up to as-of whose mean demand says how long stock lasts."""

_YEAR_DAYS = 365.25
_HINTS = {
    "category": "give products with a category",
    "supplier": "give products or purchases with a supplier_id",
    "channel": "give sales with a channel",
}


def kpis(found: LostSales, by: Sequence[str] = ()) -> pl.DataFrame:
    """Key figures by group; :data:`stockout.impact.key_figures.KEY_FIGURES` defines them.

    An item counts in a channel as far as it is sold there: rates and episodes are those of the
    items of the channel, units and money are divided by the channel's share of an item's sales.

    Args:
        found: Lost sales.
        by: Any of sku, location, category, supplier, channel, month (the one in which a period
            begins); none is all together.

    Returns:
        One row a group and figure: the group's columns (supplier is ``supplier_id``, month its
        first day), kpi, value (null where not known), low, high (where the value is an estimate),
        coverage (share of what the figure is about that is known), unit, definition.

    Raises:
        ConfigError: There is no such grouping.
        NotKnownError: The data do not name what to group by.
    """
    keys = _keys(found, by)
    parts = _parts(found, monthly="month" in by)
    if "channel" in by:
        parts = _by_channel(parts, found)
    else:
        parts = parts.with_columns(portion=pl.lit(1.0))
    groups, of_part = _groups(parts, keys)
    totals = _totals(parts.with_columns(group=pl.Series(of_part)), groups.height)
    intervals = _lost_intervals(found, parts, of_part, groups.height)
    figures = _figures(pl.concat([totals, intervals], how="horizontal"), found, by)
    return without_crumbs(_long(groups, figures, keys))


def _keys(found: LostSales, by: Sequence[str]) -> list[str]:
    """Columns to group by."""
    for name in by:
        if name not in get_args(Group):
            raise ConfigError(f"by: found {name!r}, expected {', '.join(get_args(Group))}, or none")
    columns = ["supplier_id" if name == "supplier" else name for name in dict.fromkeys(by)]
    lacking = [
        name
        for name, column in zip(dict.fromkeys(by), columns, strict=True)
        if (name == "channel" and found.channels is None)
        or (
            name in {"category", "supplier"}
            and found.attributes[column].null_count() == found.attributes.height
        )
    ]
    if lacking:
        raise NotKnownError(
            f"the {lacking[0]} of no item is known, so there is nothing to group by",
            hint=_HINTS[lacking[0]],
        )
    return columns


class _Months(NamedTuple):
    """Which rows of the panel belong together."""

    first: Codes  # (months,) first row of each
    of: Codes  # (periods,) month of each row
    dates: pl.Series  # (months,) first day of each

    @classmethod
    def of_panel(cls, dates: pl.Series, *, monthly: bool) -> _Months:
        if not monthly:
            return cls(np.zeros(1, np.int64), np.zeros(len(dates), np.int64), dates.head(1))
        month = dates.dt.month_start()
        new = (month != month.shift()).fill_null(value=True).to_numpy()
        return cls(np.flatnonzero(new), np.cumsum(new) - 1, month.filter(pl.Series(new)))


def _parts(found: LostSales, *, monthly: bool) -> pl.DataFrame:
    """Sums by item (and month): what all figures are made of."""
    months = _Months.of_panel(found.history.dates, monthly=monthly)
    items = found.history.items.height
    columns = {
        **{name: np.add.reduceat(matrix, months.first, axis=0, dtype=np.float64)
           for name, matrix in _of_periods(found)},
        **_of_events(found, months),
    }  # fmt: skip
    frame = pl.DataFrame({name: pl.Series(matrix.ravel()) for name, matrix in columns.items()})
    month, item = np.divmod(np.arange(frame.height), items)
    frame = frame.with_columns(
        found.attributes.select(*ITEM, "category", "supplier_id")[item],
        month=months.dates.gather(month),
        month_code=pl.Series(month),
        item=pl.Series(item),
    )
    if not monthly:
        frame = frame.with_columns(**_supply(found))
    happened = pl.any_horizontal(pl.col("active", "episodes", "cycles") > 0)
    return frame.filter(happened)


def _of_periods(found: LostSales):  # noqa: ANN202 - a generator of names and matrices
    """Matrices to sum over periods, one at a time."""
    history, price = found.history, found.prices.usual.astype(np.float32)
    active = found.active
    known = active & ~np.isnan(history.share)
    wanted = np.where(active, np.nan_to_num(found.latent.mean), np.float32(0))
    away = np.where(known, 1 - history.share, np.float32(0))
    unsure = _unsure(found) * known
    value = wanted * np.nan_to_num(price)
    low, high = np.maximum(away - unsure, 0), np.minimum(away + unsure, 1)
    yield "active", active
    yield "known", known
    yield "hit", known & ((away > 0) | history.sold_out)
    yield "away", away
    yield "away_low", low
    yield "away_high", high
    yield "wanted", wanted
    yield "wanted_known", wanted * known
    yield "wanted_priced", wanted * (known & ~np.isnan(price))
    yield "value_known", value * known
    for name, part in (("", away), ("_low", low), ("_high", high)):
        yield f"wanted_away{name}", wanted * part
        yield f"value_away{name}", value * part
    yield "sold", np.where(active, history.units, 0)
    yield "sold_known", np.where(known, history.units, 0)


def _unsure(found: LostSales) -> Matrix:
    """(periods, items) time for which it is open, either way, whether there was stock.

    A day on which stock ran out counts as half a day out of stock, and may be any part of it.
    """
    history = found.history
    whole = np.isclose(history.share, SOLD_OUT_DURING_DAY)
    length = DAYS_PER_PERIOD[history.freq]
    of_period = np.where(whole, SOLD_OUT_DURING_DAY, SOLD_OUT_DURING_DAY / length)
    return np.where(history.sold_out, of_period, 0).astype(np.float32)


def _of_events(found: LostSales, months: _Months) -> dict[str, Vector]:
    """(months, items) sums of what happens at a time: losses, episodes, cycles."""
    shape = months.first.size, found.history.items.height

    def sums(t: Codes, item: Codes, values: Matrix | None = None) -> Vector:
        cell = months.of[t] * shape[1] + item
        return np.bincount(cell, values, shape[0] * shape[1]).astype(np.float64).reshape(shape)

    of, runs = found.losses, found.runs
    lost = np.nan_to_num(of.lost)
    frame = found.episodes
    t, item = runs.t[runs.first], runs.item[runs.first]
    columns = {
        "lost": sums(of.t, of.item, lost),
        "lost_priced": sums(of.t, of.item, lost * ~np.isnan(of.price)),
        "lost_costed": sums(of.t, of.item, lost * ~np.isnan(of.margin)),
        "revenue": sums(of.t, of.item, lost * np.nan_to_num(of.price)),
        "margin": sums(of.t, of.item, lost * np.nan_to_num(of.margin)),
        "phantom": sums(of.t, of.item, of.phantom),
        "episodes": sums(t, item),
        "open": sums(t, item, runs.end == OPEN),
        "ended": sums(t, item, runs.end == RESTOCKED),
        "episode_days": sums(t, item, frame["days"].to_numpy()),
    }
    cycles = found.cycles
    none = np.zeros(shape)
    if cycles is None:
        return {**columns, "cycles": none, "cycles_known": none, "cycles_served": none}
    return {
        **columns,
        "cycles": sums(cycles.end, cycles.item),
        "cycles_known": sums(cycles.end, cycles.item, cycles.known),
        "cycles_served": sums(cycles.end, cycles.item, cycles.known & ~cycles.stockout),
    }


def _supply(found: LostSales) -> dict[str, pl.Series]:
    """Stock and mean daily demand of the items that are still sold at as-of."""
    history = found.history
    last = slice(-max(1, SUPPLY_DAYS // DAYS_PER_PERIOD[history.freq]), None)
    mean, active = found.latent.mean[last], found.active[last]
    count = (active & ~np.isnan(mean)).sum(axis=0)
    rate = np.where(active, np.nan_to_num(mean), 0).sum(axis=0, dtype=np.float64)
    rate = rate / np.maximum(count, 1) / DAYS_PER_PERIOD[history.freq]
    rate[(history.items["status"] == "ended").to_numpy()] = 0
    stock = found.attributes["on_hand"].fill_null(np.nan).to_numpy()
    known = (rate > 0) & ~np.isnan(stock)
    return {
        "rate": pl.Series(rate),
        "rate_known": pl.Series(np.where(known, rate, 0)),
        "stock": pl.Series(np.where(known, stock, 0)),
    }


def _by_channel(parts: pl.DataFrame, found: LostSales) -> pl.DataFrame:
    """A row for each channel in which an item is sold, with its portion of the units."""
    if found.channels is None:
        raise NotKnownError("the channel of no item is known", hint=_HINTS["channel"])
    channels = found.channels.select(pl.col("item").cast(pl.Int64), "channel", portion="share")
    return parts.join(channels, on="item", maintain_order="left_right")


def _groups(parts: pl.DataFrame, keys: list[str]) -> tuple[pl.DataFrame, Codes]:
    """The groups, sorted, and the group of each part."""
    if not keys:
        return pl.DataFrame({"group": [0]}), np.zeros(parts.height, dtype=np.int64)
    groups = parts.select(keys).unique().sort(keys, nulls_last=True).with_row_index("group")
    of_part = parts.select(keys).join(
        groups, on=keys, how="left", nulls_equal=True, maintain_order="left"
    )["group"]
    return groups, of_part.cast(pl.Int64).to_numpy()


_AMOUNTS = (
    "wanted", "wanted_known", "wanted_priced", "value_known", "wanted_away", "wanted_away_low",
    "wanted_away_high", "value_away", "value_away_low", "value_away_high", "sold", "sold_known",
    "lost", "lost_priced", "lost_costed", "revenue", "margin", "phantom",
)  # fmt: skip
"""Sums of units and money, which channels share; the other sums count items and times."""


def _totals(parts: pl.DataFrame, groups: int) -> pl.DataFrame:
    named = {"sku", "location", "category", "supplier_id", "month", "month_code", "channel"}
    sums = [name for name in parts.columns if name not in {*named, "item", "portion", "group"}]
    shared = [pl.col(name) * pl.col("portion") for name in sums if name in _AMOUNTS]
    totals = (
        parts.with_columns(shared)
        .group_by("group")
        .agg(pl.col(sums).sum(), items=pl.col("item").filter(pl.col("active") > 0).n_unique())
    )
    every = pl.DataFrame({"group": np.arange(groups)})
    return (
        every.join(totals, on="group", how="left", maintain_order="left").drop("group").fill_null(0)
    )


def _lost_intervals(
    found: LostSales, parts: pl.DataFrame, of_part: Codes, groups: int
) -> pl.DataFrame:
    """Intervals of lost units, revenue and margin of each group.

    A period with losses belongs to the parts of its item and month: one, or one a channel.
    """
    of = found.losses
    monthly = parts.height > 0 and parts["month_code"].n_unique() > 1
    months = _Months.of_panel(found.history.dates, monthly=monthly)
    items = found.history.items.height
    key = months.of[of.t] * items + of.item
    part_key = parts["month_code"].to_numpy() * items + parts["item"].to_numpy()
    order = np.argsort(part_key, kind="stable")
    first = np.searchsorted(part_key[order], key)
    count = np.searchsorted(part_key[order], key, side="right") - first
    cell = np.repeat(np.arange(of.t.size), count)
    part = order[first[cell] + np.arange(cell.size) - (np.cumsum(count) - count)[cell]]
    portion = parts["portion"].to_numpy()[part]
    columns = {}
    for name, of_unit in (("lost", None), ("revenue", of.price), ("margin", of.margin)):
        weight = portion if of_unit is None else portion * np.nan_to_num(of_unit)[cell]
        low, high = found.lost_interval(cell, weight, of_part[part], groups)
        columns |= {f"{name}_low": low, f"{name}_high": high}
    return pl.DataFrame(columns)


def _figures(sums: pl.DataFrame, found: LostSales, by: Sequence[str]) -> dict[str, pl.DataFrame]:
    """Value, low, high and coverage of each figure, one row a group."""
    known = _ratio("known", "active")
    wanted_known = _ratio("wanted_known", "wanted")
    years = pl.col("known") * DAYS_PER_PERIOD[found.history.freq] / _YEAR_DAYS
    rate = _bounded("away", "known")
    by_demand = _bounded("wanted_away", "wanted_known")
    by_revenue = _bounded("value_away", "value_known")
    nothing_known = pl.col("known") == 0
    lost = {name: pl.when(~nothing_known).then(name) for name in ("lost", "lost_low", "lost_high")}
    figures = {
        "items": (pl.col("items"), None, None, None),
        "item_periods": (pl.col("active"), None, None, known),
        "stockout_rate": (*rate, known),
        "on_shelf_availability": (1 - rate[0], 1 - rate[2], 1 - rate[1], known),
        "periods_with_stockout": (_ratio("hit", "known"), None, None, known),
        "stockout_rate_by_demand": (*by_demand, wanted_known),
        "stockout_rate_by_revenue": (*by_revenue, _ratio("wanted_priced", "wanted")),
        "fill_rate": (
            *(
                _ratio("sold_known", pl.col("sold_known") + lost[name])
                for name in ("lost", "lost_high", "lost_low")
            ),
            wanted_known,
        ),
        "cycle_service_level": (
            _ratio("cycles_served", "cycles_known"), None, None, _ratio("cycles_known", "cycles"),
        ),
        "episodes": (_if_known("episodes"), None, None, known),
        "open_episodes": (_if_known("open"), None, None, known),
        "episodes_per_item_year": (_ratio("episodes", years), None, None, known),
        "episode_days": (*_episode_days(sums), known),
        "sold_units": (pl.col("sold"), None, None, pl.lit(1.0)),
        "lost_units": (*lost.values(), wanted_known),
        "phantom_units": (_if_known("phantom"), None, None, known),
        **_money(lost, found),
    }  # fmt: skip
    if found.cycles is None:
        del figures["cycle_service_level"]
    if "month" not in by and "channel" not in by and "stock" in sums.columns:
        figures["days_of_supply"] = (
            _ratio("stock", "rate_known"), None, None, _ratio("rate_known", "rate"),
        )  # fmt: skip
    return {
        name: sums.select(
            **{
                column: pl.lit(None, pl.Float64) if expr is None else expr.cast(pl.Float64)
                for column, expr in zip(("value", "low", "high", "coverage"), exprs, strict=True)
            }
        )
        for name, exprs in figures.items()
    }


def _ratio(above: str | pl.Expr, below: str | pl.Expr) -> pl.Expr:
    """A ratio of sums; null where there is nothing below."""
    above, below = (pl.col(part) if isinstance(part, str) else part for part in (above, below))
    return pl.when(below > 0).then(above / below)


def _if_known(name: str) -> pl.Expr:
    """A sum; null where no period of the group has a known availability."""
    return pl.when(pl.col("known") > 0).then(name)


def _bounded(above: str, below: str) -> tuple[pl.Expr, pl.Expr, pl.Expr]:
    """A rate, and its bounds where these differ."""
    value, low, high = (_ratio(f"{above}{end}", below) for end in ("", "_low", "_high"))
    open_ = pl.col(f"{above}_low") < pl.col(f"{above}_high")
    return value, pl.when(open_).then(low), pl.when(open_).then(high)


def _episode_days(sums: pl.DataFrame) -> tuple[pl.Expr, pl.Expr, pl.Expr]:
    """Mean length of an episode, ends that are not known included.

    With exponential lengths, all days by the known ends is the maximum likelihood estimate, and
    twice the days by the mean is chi-squared with two degrees of freedom an end.

    Source:
        Lawless (2003), "Statistical Models and Methods for Lifetime Data", section 4.1.
    """
    ends, days = sums["ended"].to_numpy(), sums["episode_days"].to_numpy()
    tail = (1 - LEVEL) / 2
    safe = np.maximum(ends, 1)
    low, high = (days / special.gammaincinv(safe, share) for share in (1 - tail, tail))
    estimated = (pl.col("ended") > 0) & (pl.col("ended") < pl.col("episodes"))
    return (
        _ratio("episode_days", "ended"),
        pl.when(estimated).then(pl.lit(pl.Series(low))),
        pl.when(estimated).then(pl.lit(pl.Series(high))),
    )


def _money(
    lost: dict[str, pl.Expr], found: LostSales
) -> dict[str, tuple[pl.Expr, pl.Expr, pl.Expr, pl.Expr]]:
    """Lost revenue and margin; net figures where a scenario is stated."""
    known = _ratio("wanted_known", "wanted")
    figures = {}
    for name, priced in (("revenue", "lost_priced"), ("margin", "lost_costed")):
        told = (pl.col("known") > 0) & ((pl.col(priced) > 0) | (pl.col("lost") == 0))
        values = (pl.when(told).then(pl.col(f"{name}{end}")) for end in ("", "_low", "_high"))
        share = pl.when(pl.col("lost") > 0).then(pl.col(priced) / pl.col("lost")).otherwise(1.0)
        figures[name] = (*values, known * share)
    gross = {
        "units": (lost["lost"], lost["lost_low"], lost["lost_high"], known),
        **figures,
    }
    result = {f"lost_{name}": figure for name, figure in figures.items()}
    if found.scenario is not None:
        kept = found.scenario.kept_away
        for name, (value, low, high, coverage) in gross.items():
            result[f"net_{name}"] = (value * kept, low * kept, high * kept, coverage)
    return result


def _long(groups: pl.DataFrame, figures: dict[str, pl.DataFrame], keys: list[str]) -> pl.DataFrame:
    order = [figure for figure in KEY_FIGURES if figure.name in figures]
    blocks = [
        groups.with_columns(pl.lit(figure.name).alias("kpi")).hstack(figures[figure.name])
        .with_columns(
            unit=pl.lit(figure.unit), definition=pl.lit(figure.definition), place=pl.lit(place)
        )
        for place, figure in enumerate(order)
    ]  # fmt: skip
    return (
        pl.concat(blocks)
        .sort("group", "place")
        .select(*keys, "kpi", "value", "low", "high", "coverage", "unit", "definition")
    )
