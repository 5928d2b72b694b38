"""Which periods of which items lie under a promotion, a holiday or another event, past and planned.

Promotions of single SKUs or categories are one kind. Everything else is known by its name: what was
called so before is what is called so again, on whatever date, so a holiday that moves is found in
each year. A year in the name (`Black Friday 2025`) does not count. A promotion of the whole
assortment whose name is new is taken for a promotion like the others.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from stockout.demand.calendar import is_weekly, period_start
from stockout.demand.periods import DAYS_PER_PERIOD
from stockout.demand.promotions import PROMOTION_WORDS, promoted_periods
from stockout.tables import ALL_LOCATIONS, ITEM, conform

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.demand.history import History

    Indices = NDArray[np.int64]

logger = logging.getLogger(__name__)

PROMOTION = "promotion"
"""The kind of all promotions of single SKUs and categories."""

_SCOPES = ("sku", "category", "location")
_YEAR = r"\b(19|20)\d\d\b|(19|20)\d\d年"


@dataclass(frozen=True)
class EventDays:
    """Cells of items and periods under an event; a cell may occur once for each kind."""

    kinds: tuple[str, ...]  # PROMOTION and the names
    kind: Indices  # (cells,) place in ``kinds``
    day: Indices  # (cells,) first day of the period, in days since 1970
    item: Indices  # (cells,) row of ``history.items``
    share: NDArray[np.float32]  # (cells,) share of the days of the period under the event
    planned: NDArray[np.bool_]  # (cells,) told by the events, so known in advance

    def of(self, items: Indices) -> EventDays:
        """The cells of some items, which are numbered anew in this order."""
        place = np.full(max(self.item.max(initial=0), items.max(initial=0)) + 1, -1)
        place[items] = np.arange(items.size)
        kept = self._only(place[self.item] >= 0)
        return replace(kept, item=place[kept.item])

    def without_promotions(self) -> EventDays:
        """Named days alone."""
        return self._only(self.kind > 0)

    def _only(self, kept: NDArray[np.bool_]) -> EventDays:
        columns = ("kind", "day", "item", "share", "planned")
        return replace(self, **{name: getattr(self, name)[kept] for name in columns})

    def rows(self, history: History) -> Indices:
        """(cells,) row of the panel of a history; negative before it, ``periods`` on after it."""
        since = self.day - (history.first_period - date(1970, 1, 1)).days
        return np.asarray(since // DAYS_PER_PERIOD[history.freq])

    def promoted(self, history: History) -> NDArray[np.bool_] | None:
        """(periods, items) whether an item was on promotion; None where none ever was."""
        row = self.rows(history)
        chosen = (self.kind == 0) & (row >= 0) & (row < history.periods)
        found = np.zeros(history.units.shape, dtype=np.bool_)
        found[row[chosen], self.item[chosen]] = True
        found &= history.open
        return found if found.any() else None


def with_event_days(
    history: History, events: pl.DataFrame | None, sales: pl.DataFrame | None = None
) -> History:
    """The history with the days of events in it; as it was where none are known.

    Args:
        history: From :func:`stockout.demand.history.demand_history`.
        events: Events, also those planned after as-of. Without a SKU, category or location they are
            of all. In a weekly history, events whose dates are whole weeks apart last a week.
        sales: Sales; ``on_promo`` tells of past promotions, a period as a whole where half of its
            lines or more were on promotion. It counts where the events tell promotions too: without
            a plan nobody knows which promotions come, and the best guess is as many as there were.

    Raises:
        InputError: A frame lacks a required column.

    >>> from datetime import timedelta
    >>> from stockout.demand.history import demand_history
    >>> days = [date(2026, 1, 5) + timedelta(i) for i in range(14)]
    >>> sales = pl.DataFrame({"date": days, "sku": "A", "units": [2.0] * 14})
    >>> events = pl.DataFrame({"date": [date(2026, 1, 20)], "name": ["Lantern Festival 2026"]})
    >>> found = with_event_days(demand_history(sales), events).events
    >>> found.kinds, found.planned.tolist()
    (('promotion', 'lantern festival'), [True])
    """
    told = pl.DataFrame(schema={"kind_name": pl.String, "day": pl.Int64, "item": pl.Int64,
                                "share": pl.Float64})  # fmt: skip
    flags = None
    if events is not None and not events.is_empty():
        events = conform(events, "events")
        if sales is not None and _is_promotion(events).any():
            flags = promoted_periods(history, None, conform(sales, "sales"))
        told = _cells(history, _named(history, events), weekly=is_weekly(events["date"]))
    if told.is_empty() and flags is None:
        return history
    told = told.with_columns(planned=pl.lit(value=True))
    if flags is not None:
        t, item = np.nonzero(flags)
        first = (history.first_period - date(1970, 1, 1)).days
        seen = pl.DataFrame(
            {
                "kind_name": pl.repeat(PROMOTION, t.size, eager=True),
                "day": first + t * DAYS_PER_PERIOD[history.freq],
                "item": item,
                "share": np.ones(t.size),
            }
        )
        seen = seen.join(told, on=["kind_name", "day", "item"], how="anti")
        told = pl.concat([told, seen.with_columns(planned=pl.lit(value=False))])
    names = told["kind_name"].unique().drop_nulls().sort()
    kinds = (PROMOTION, *names.filter(names != PROMOTION).to_list())
    told = told.with_columns(
        kind=pl.col("kind_name").replace_strict(
            pl.Series(kinds), pl.Series(range(len(kinds)), dtype=pl.Int64)
        )
    ).sort("kind", "item", "day")
    kind, day, item = (told[name].to_numpy() for name in ("kind", "day", "item"))
    share = told["share"].to_numpy().astype(np.float32)
    cells = EventDays(kinds, kind, day, item, share, told["planned"].to_numpy())
    return replace(history, events=cells)


def _is_promotion(events: pl.DataFrame) -> pl.Series:
    kind = events["kind"].str.to_lowercase()
    return kind.str.contains(PROMOTION_WORDS).fill_null(value=False)


def _named(history: History, events: pl.DataFrame) -> pl.DataFrame:
    """Events with the kind that they count as, and null for a scope that is everything."""
    name = pl.col("name").str.to_lowercase().str.replace_all(_YEAR, "")
    name = name.str.replace_all(r"[\s_,.;:/()-]+", " ").str.strip_chars()
    place = pl.when(pl.col("location") != ALL_LOCATIONS).then("location")
    rows = events.with_columns(
        location=place, own=name, promotion=_is_promotion(events)
    ).with_columns(own=pl.when(pl.col("own") != "").then("own").otherwise("name"))
    past = rows.filter(pl.col("date") <= history.as_of)["own"].unique()
    narrow = pl.col("sku").is_not_null() | pl.col("category").is_not_null()
    like_others = pl.col("promotion") & (narrow | ~pl.col("own").is_in(past.implode()))
    return rows.with_columns(
        kind_name=pl.when(like_others).then(pl.lit(PROMOTION)).otherwise("own")
    )


def _cells(history: History, events: pl.DataFrame, *, weekly: bool) -> pl.DataFrame:
    """Cells of the panel, before and after as-of: kind_name, day, item, share."""
    index = history.items.select(*ITEM, "category").with_columns(
        item=pl.int_range(pl.len(), dtype=pl.Int64)
    )
    for scope in _SCOPES:
        _warn_of_unknown(events, index, scope)
    length = DAYS_PER_PERIOD[history.freq]
    whole = history.freq == "day" or weekly
    rows = events.filter(pl.col("date") >= history.first_period).with_columns(
        day=period_start(history.freq, pl.col("date")).cast(pl.Int32).cast(pl.Int64)
    )
    parts = []
    for (*has,), part in rows.with_columns(
        pl.col(scope).is_not_null().alias(f"has_{scope}") for scope in _SCOPES
    ).group_by([f"has_{scope}" for scope in _SCOPES], maintain_order=True):
        on = [scope for scope, known in zip(_SCOPES, has, strict=True) if known]
        named = part.select("kind_name", "day", "date", *on).unique()
        joined = named.join(index, on=on) if on else named.join(index, how="cross")
        parts.append(joined.select("kind_name", "day", "date", "item"))
    if not parts:
        parts = [rows.select("kind_name", "day", "date", item=pl.lit(0, dtype=pl.Int64))]
    share = pl.lit(1.0) if whole else pl.col("date").n_unique() / length
    return pl.concat(parts).group_by("kind_name", "day", "item").agg(share=share)


def _warn_of_unknown(events: pl.DataFrame, index: pl.DataFrame, scope: str) -> None:
    named = events.filter(pl.col(scope).is_not_null())
    unknown = named.join(index, on=scope, how="anti")
    if unknown.height:
        logger.warning(
            "events: %s rows name a %s that has no sales, such as %s, and count for nothing",
            f"{unknown.height:,}",
            "SKU" if scope == "sku" else scope,
            unknown[scope][0],
        )
