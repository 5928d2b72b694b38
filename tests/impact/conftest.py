"""Small businesses of which every stockout is known."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

import polars as pl
import pytest

from stockout.demand.history import demand_history
from stockout.impact.active_life import active_periods, open_orders
from stockout.impact.episodes import find_episodes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from stockout.demand.history import History
    from stockout.impact.episodes import Episodes

MONDAY = date(2026, 1, 5)


def days(count: int) -> pl.Series:
    """Days from Monday 2026-01-05."""
    return pl.Series("date", [MONDAY + timedelta(k) for k in range(count)], dtype=pl.Date)


def on(day: int) -> date:
    """The day so many days after Monday 2026-01-05."""
    return MONDAY + timedelta(day)


@pytest.fixture(scope="session")
def table() -> Callable[..., pl.DataFrame]:
    """Builds rows of items over days, one column of values an item; null values have no row."""

    def build(name: str, **items: Sequence[float | bool | None]) -> pl.DataFrame:
        frames = [
            pl.DataFrame({"date": days(len(values)), name: list(values)}, strict=False)
            .with_columns(sku=pl.lit(sku), location=pl.lit("ALL"))
            .drop_nulls(name)
            for sku, values in items.items()
        ]
        return pl.concat(frames)

    return build


class Exports(NamedTuple):
    """The exports of a simulated business and its truth."""

    tables: Mapping[str, pl.DataFrame]
    truth: Mapping[str, pl.DataFrame]


@pytest.fixture(scope="session")
def simulated() -> Exports:
    """A year of 60 items, a stockout on one day in seven; what is not sold is lost at once.

    Nothing is returned, nobody takes another item or comes back for it later.
    """
    from stockout.simulator.parameters import Parameters  # noqa: PLC0415 - slow to load
    from stockout.simulator.simulate import simulate  # noqa: PLC0415

    world = simulate(
        Parameters(
            seed=41,
            skus=30,
            locations=2,
            months=12,
            stockout_rate=0.15,
            return_share=0.0,
            substitute_share=0.0,
            wait_share=0.0,
        )
    )
    return Exports(world.tables, world.truth)


@pytest.fixture(scope="session")
def flags() -> Callable[[str], list[bool | None]]:
    """Whether there was stock, by signs: ``+`` in, ``-`` out, ``?`` unknown."""

    def read(signs: str) -> list[bool | None]:
        return [{"+": True, "-": False, "?": None}[sign] for sign in signs]

    return read


@pytest.fixture(scope="session")
def simulated_history(simulated: Exports) -> tuple[History, Episodes]:
    """The history of the simulated business, and its episodes as they are without orders."""
    history = demand_history(
        simulated.tables["sales"], simulated.tables["inventory"], simulated.tables["products"]
    )
    active = active_periods(history, open_orders(history, None))
    return history, find_episodes(history, active)
