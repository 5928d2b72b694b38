"""Key figures of stockouts: how often, how long, how much, by any grouping.

Each is a ratio of sums over items and periods, so that a group's figure is that of its parts taken
together. What is not known is left out of both sums, and its share is said beside the figure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy import special

from stockout.demand.latent import LEVEL
from stockout.demand.periods import DAYS_PER_PERIOD
from stockout.errors import NotKnownError
from stockout.impact.item_sums import Months, by_channel, item_sums
from stockout.impact.key_figures import KEY_FIGURES, checked_groups
from stockout.tables import without_crumbs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from stockout.impact.stockout_costs import LostSales

    Vector = NDArray[np.float64]
    Codes = NDArray[np.int64]

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
    parts = item_sums(found, monthly="month" in by)
    if "channel" in by and found.channels is not None:
        parts = by_channel(parts, found.channels)
    groups, of_part = _groups(parts, keys)
    totals = _totals(parts.with_columns(group=pl.Series(of_part)), groups.height)
    months = Months.of_panel(found.history.dates, monthly="month" in by)
    intervals = _lost_intervals(found, parts, of_part, groups.height, months)
    figures = _figures(pl.concat([totals, intervals], how="horizontal"), found, by)
    return without_crumbs(_long(groups, figures, keys))


def _keys(found: LostSales, by: Sequence[str]) -> list[str]:
    """Columns to group by."""
    names = checked_groups(by)
    columns = ["supplier_id" if name == "supplier" else name for name in names]
    lacking = [
        name
        for name, column in zip(names, columns, strict=True)
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
    found: LostSales, parts: pl.DataFrame, of_part: Codes, groups: int, months: Months
) -> pl.DataFrame:
    """Intervals of lost units, revenue and margin of each group.

    A period with losses belongs to the parts of its item and month: one, or one a channel.
    """
    of = found.losses
    items = found.history.items.height
    key = months.of[of.t] * items + of.item
    part_key = parts["month_code"].to_numpy() * items + parts["item"].to_numpy()
    order = np.argsort(part_key, kind="stable")
    first = np.searchsorted(part_key[order], key)
    count = np.searchsorted(part_key[order], key, side="right") - first
    cell = np.repeat(np.arange(of.t.size), count)
    part = order[first[cell] + np.arange(cell.size) - (np.cumsum(count) - count)[cell]]
    portion = parts["portion"].to_numpy()[part]
    columns: dict[str, Vector] = {}
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
    by_demand = _weighted("wanted", "lost")
    by_revenue = _weighted("value", "revenue")
    told = (pl.col("known") > 0) & (
        (pl.col("lost_unknown") == 0) | (pl.col("lost_unknown") < pl.col("hit"))
    )
    lost = {name: pl.when(told).then(name) for name in ("lost", "lost_low", "lost_high")}
    lost_known = wanted_known * (1 - _ratio("lost_unknown", "hit").fill_null(0.0))
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
            lost_known,
        ),
        "cycle_service_level": (
            _ratio("cycles_served", "cycles_known"), None, None, _ratio("cycles_known", "cycles"),
        ),
        "episodes": (_if_known("episodes"), None, None, known),
        "open_episodes": (_if_known("open"), None, None, known),
        "episodes_per_item_year": (_ratio("episodes", years), None, None, known),
        "episode_days": (*_episode_days(sums), known),
        "sold_units": (pl.col("sold"), None, None, pl.lit(1.0)),
        "lost_units": (*lost.values(), lost_known),
        "phantom_units": (_if_known("phantom"), None, None, known),
        **_money(lost, lost_known, found),
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


def _weighted(weight: str, lost: str) -> tuple[pl.Expr, pl.Expr, pl.Expr]:
    """A rate weighted by an estimate of what was wanted.

    Its interval is that of what was lost beside what was wanted in stock, wider by the hours that
    are not known.
    """
    stocked = pl.col(f"{weight}_known") - pl.col(f"{weight}_away")
    bounds = []
    for end in ("_low", "_high"):
        error = pl.when(pl.col(lost) > 0).then(pl.col(f"{lost}{end}") / pl.col(lost)).otherwise(1.0)
        away = pl.col(f"{weight}_away{end}") * error
        bounds.append(_ratio(away, stocked + away))
    low, high = bounds
    value = _ratio(f"{weight}_away", f"{weight}_known")
    return value, pl.when(low < high).then(low), pl.when(low < high).then(high)


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
    lost: Mapping[str, pl.Expr], known: pl.Expr, found: LostSales
) -> dict[str, tuple[pl.Expr, ...]]:
    """Lost revenue and margin; net figures where a scenario is stated."""
    figures: dict[str, tuple[pl.Expr, ...]] = {}
    for name, priced in (("revenue", "lost_priced"), ("margin", "lost_costed")):
        told = lost["lost"].is_not_null() & ((pl.col(priced) > 0) | (pl.col("lost") == 0))
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
