"""What each key figure of stockouts means: its unit and its definition, in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stockout.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

GROUPS = ("sku", "location", "category", "supplier", "channel", "month")
"""What key figures can be told apart by."""


def checked_groups(by: Sequence[str]) -> list[str]:
    """The groups asked for, each once.

    Raises:
        ConfigError: There is no such grouping.

    >>> checked_groups(["month", "sku", "month"])
    ['month', 'sku']
    """
    for name in by:
        if name not in GROUPS:
            raise ConfigError(f"by: found {name!r}, expected {', '.join(GROUPS)}, or none")
    return list(dict.fromkeys(by))


class KeyFigure(NamedTuple):
    """A key figure."""

    name: str
    unit: str  # share, units, money, days, count or "a year"
    title: str  # of a column
    definition: str


KEY_FIGURES = (
    KeyFigure("lost_units", "units", "lost units",
              "Units wanted and not sold because there were none (gross), with a 90 % interval."),
    KeyFigure("lost_revenue", "money", "lost revenue", "Lost units at the selling price."),
    KeyFigure("lost_margin", "money", "lost margin",
              "Lost units at the selling price less the unit cost."),
    KeyFigure("net_units", "units", "net lost units",
              "Lost units less the stated shares that bought something else or came back later."),
    KeyFigure("net_revenue", "money", "net lost revenue", "Net lost units at the selling price."),
    KeyFigure("net_margin", "money", "net lost margin",
              "Net lost units at the selling price less the unit cost."),
    KeyFigure("sold_units", "units", "sold units", "Units sold, net of returns."),
    KeyFigure("fill_rate", "share", "fill rate",
              "Units sold as a share of units wanted: sold / (sold + lost)."),
    KeyFigure("stockout_rate", "share", "stockout rate",
              "Time out of stock as a share of the time in which items were meant to be sold; "
              "every item counts the same. Low and high: where stock ran out during a period at "
              "an unknown hour."),
    KeyFigure("stockout_rate_by_demand", "share", "stockout rate by demand",
              "The stockout rate with each item and period weighted by the units wanted in it."),
    KeyFigure("stockout_rate_by_revenue", "share", "stockout rate by revenue",
              "The stockout rate with each item and period weighted by the money that the units "
              "wanted in it would bring."),
    KeyFigure("on_shelf_availability", "share", "on-shelf availability",
              "Time in stock as a share of the time in which items were meant to be sold: 1 less "
              "the stockout rate."),
    KeyFigure("periods_with_stockout", "share", "periods with a stockout",
              "Share of item periods with any time out of stock, however short."),
    KeyFigure("cycle_service_level", "share", "cycle service level",
              "Share of replenishment cycles, from one receipt to the next, without a stockout."),
    KeyFigure("episodes", "count", "episodes",
              "Runs of periods out of stock of one item, by the period in which they began."),
    KeyFigure("open_episodes", "count", "open episodes",
              "Episodes that were not over at the as-of date."),
    KeyFigure("episodes_per_item_year", "a year", "episodes an item and year",
              "How often an item runs out in a year in which it is meant to be sold."),
    KeyFigure("episode_days", "days", "days an episode",
              "Mean days from running out to the next stock, a part of a day by its share. Where "
              "the end of some is not known, all days out by the number of known ends, with a "
              "90 % interval."),
    KeyFigure("days_of_supply", "days", "days of supply",
              "How long the stock on hand at the as-of date lasts at the mean demand of the last "
              "28 days."),
    KeyFigure("phantom_units", "units", "phantom units",
              "Units wanted while there was stock by the books that was probably not there."),
    KeyFigure("items", "count", "items", "SKUs at locations that were meant to be sold."),
    KeyFigure("item_periods", "count", "item periods",
              "Days (or weeks) in which an item was meant to be sold, over all items."),
)  # fmt: skip
"""All key figures, in the order in which they are shown."""
