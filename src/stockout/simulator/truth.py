"""The hidden truth: what the exports do not tell, and everything later is tested against."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from stockout.simulator.assortment import Family, category_names
from stockout.simulator.causes import Cause, find_episodes
from stockout.simulator.records import purchase_rows, sale_prices
from stockout.simulator.shopping import SaleKind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.simulator.identifiers import Identifiers
    from stockout.simulator.setting import Setting
    from stockout.simulator.world import World

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def reveal_truth(setting: Setting, world: World, names: Identifiers) -> dict[str, pl.DataFrame]:
    """All truth tables by name; ``docs/simulator.md`` describes their columns.

    Args:
        setting: The business.
        world: What happened in it.
        names: Its identifiers.
    """
    wishes = _Wishes(setting, world)
    return {
        "demand": _demand(setting, world, names, wishes),
        "future_demand": _future_demand(setting, world, names),
        "stockouts": _stockouts(setting, world, names, wishes),
        "customers": _customers(setting, world, names),
        "habits": _habits(setting, names),
        "items": _items(setting, names),
        "profiles": _profiles(setting),
        "suppliers": _suppliers(setting, names),
        "deliveries": _deliveries(setting, world, names),
        "missed_orders": _missed_orders(setting, world, names),
    }


class _Wishes:
    """Units of purchases meant, by the day they were meant for (T, N), and what became of them."""

    def __init__(self, setting: Setting, world: World) -> None:
        lines, log = setting.lines, world.shopping
        self.shape = world.days.on_hand.shape
        rows = slice(0, int(lines.starts[self.shape[0]]))
        cell = lines.day[rows] * self.shape[1] + lines.item[rows]
        self.potential = self._sum(cell, lines.units[rows])
        self.latent = self._sum(cell, lines.units[rows] * log.came[rows])
        self.own = self._sum(cell, log.own[rows])
        self.substituted = self._sum(cell, log.substituted[rows])
        self.waited = self._sum(cell, log.waited[rows])
        self.waiting = self._sum(cell, log.waiting[rows])
        sale = log.sale_day * self.shape[1] + log.sale_item
        taken = log.sale_kind == SaleKind.SUBSTITUTE
        later = log.sale_kind == SaleKind.WAITED
        self.substituted_in = self._sum(sale[taken], log.sale_units[taken])
        self.waited_in = self._sum(sale[later], log.sale_units[later])

    def _sum(self, cell: NDArray[np.int64], units: NDArray[np.integer]) -> NDArray[np.int32]:
        total = np.bincount(cell, units, self.shape[0] * self.shape[1])
        return total.astype(np.int32).reshape(self.shape)

    @property
    def unmet(self) -> NDArray[np.int32]:
        return self.latent - self.own

    @property
    def lost(self) -> NDArray[np.int32]:
        return self.unmet - self.substituted - self.waited - self.waiting


def _cells(setting: Setting, first: int, stop: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Days and items on sale, sorted by day and item."""
    day, item = np.nonzero(setting.alive(first, stop))
    return day + first, item


def _demand(setting: Setting, world: World, names: Identifiers, wishes: _Wishes) -> pl.DataFrame:
    cell = day, item = _cells(setting, setting.parameters.warmup_days, wishes.shape[0])
    return pl.DataFrame(
        {
            "date": names.dates(day),
            **names.items(item),
            "mean": np.round(setting.demand.mean[cell], 4),
            "potential_units": wishes.potential[cell],
            "latent_units": wishes.latent[cell],
            "own_units": wishes.own[cell],
            "unmet_units": wishes.unmet[cell],
            "substituted_units": wishes.substituted[cell],
            "waited_units": wishes.waited[cell],
            "waiting_units": wishes.waiting[cell],
            "lost_units": wishes.lost[cell],
            "substituted_in_units": wishes.substituted_in[cell],
            "waited_in_units": wishes.waited_in[cell],
            "in_stock_share": _rounded_share(world.days.in_stock_share[cell]),
        }
    )


def _rounded_share(share: NDArray[np.float32]) -> NDArray[np.float64]:
    """Four decimals; what is strictly between 0 and 1 stays so."""
    rounded = np.clip(np.round(share.astype(np.float64), 4), 0.0001, 0.9999)
    return np.where((share > 0) & (share < 1), rounded, share)


def _future_demand(setting: Setting, world: World, names: Identifiers) -> pl.DataFrame:
    total, lines = len(world.days.on_hand), setting.lines
    cell = day, item = _cells(setting, total, len(setting.demand.mean))
    shape = (len(setting.demand.mean) - total, len(setting.assortment.rate))
    rows = slice(int(lines.starts[total]), None)
    place = (lines.day[rows] - total) * shape[1] + lines.item[rows]
    customer = lines.customer[rows]
    regular = (customer >= 0) & (customer < setting.customers)
    left = np.append(world.shopping.left_day, -1)[np.where(regular, customer, -1)] >= 0
    potential = np.bincount(place, lines.units[rows], shape[0] * shape[1]).reshape(shape)
    latent = np.bincount(place, lines.units[rows] * ~left, shape[0] * shape[1]).reshape(shape)
    return pl.DataFrame(
        {
            "date": names.dates(day),
            **names.items(item),
            "mean": np.round(setting.demand.mean[cell], 4),
            "potential_units": potential[day - total, item].astype(np.int32),
            "latent_units": latent[day - total, item].astype(np.int32),
        }
    )


def _stockouts(setting: Setting, world: World, names: Identifiers, wishes: _Wishes) -> pl.DataFrame:
    episodes = find_episodes(setting, world, wishes.latent)

    def within(units: NDArray[np.int32]) -> NDArray[np.int64]:
        running = np.zeros((wishes.shape[0] + 1, wishes.shape[1]), dtype=np.int64)
        np.cumsum(units, axis=0, out=running[1:])
        stop, start = episodes.last_day + 1, episodes.first_day
        return np.asarray(running[stop, episodes.item] - running[start, episodes.item])

    causes = [cause.name.lower() for cause in Cause]
    return pl.DataFrame(
        {
            **names.items(episodes.item),
            "first_date": names.dates(episodes.first_day),
            "last_date": names.dates(episodes.last_day),
            "days": episodes.last_day - episodes.first_day + 1,
            "is_open": episodes.is_open,
            "unmet_units": within(wishes.unmet),
            "lost_units": within(wishes.lost),
            "cause": pl.Series(causes).gather(episodes.cause),
            **{
                f"{cause}_units": np.round(episodes.missing[:, number], 2)
                for number, cause in enumerate(causes[: Cause.UNATTRIBUTED])
            },
            "chance_units": np.round(episodes.chance, 2),
        }
    ).sort("first_date", "sku", "location")


def _customers(setting: Setting, world: World, names: Identifiers) -> pl.DataFrame:
    people, lines, log = setting.population, setting.lines, world.shopping
    total, locations = len(world.days.on_hand), setting.assortment.locations
    count = setting.customers
    first, end = lines.starts[[setting.parameters.warmup_days, total]]
    rows = first + np.flatnonzero(~log.came[first:end])
    day = lines.day[rows]
    value = lines.units[rows] * sale_prices(
        setting, lines.item[rows].astype(np.int64) // locations, day
    )
    left = log.left_day >= 0
    reason = lines.item[log.left_line] // locations
    return (
        pl.DataFrame(
            {
                "customer_id": names.customers.head(count),
                "location": names.locations.gather(people.location),
                "trips_per_day": np.round(people.trip_rate, 5),
                "first_date": names.dates(people.first_day),
                "natural_last_date": names.dates(people.last_day),
                "left_date": names.dates(log.left_day, left),
                "left_because_of": names.skus.gather(reason),
                "missed_units": np.bincount(lines.customer[rows], lines.units[rows], count).astype(
                    int
                ),
                "missed_revenue": np.round(np.bincount(lines.customer[rows], value, count), 2),
            }
        )
        .with_columns(left_because_of=pl.when(pl.Series(left)).then(pl.col("left_because_of")))
        .filter(pl.Series(people.first_day < total))
    )


def _habits(setting: Setting, names: Identifiers) -> pl.DataFrame:
    people = setting.population
    customer, item = people.favourite_customer, people.favourite_item
    total = setting.parameters.warmup_days + setting.parameters.days
    size = setting.assortment.size[item // setting.assortment.locations]
    units = people.trip_rate[customer] * people.favourite_probability * size
    return pl.DataFrame(
        {
            "customer_id": names.customers.gather(customer),
            **names.items(item),
            "probability": np.round(people.favourite_probability, 5),
            "units_per_day": np.round(units, 6),
        }
    ).filter(pl.Series(people.first_day[customer] < total))


def _items(setting: Setting, names: Identifiers) -> pl.DataFrame:
    assortment = setting.assortment
    sku = assortment.item_sku
    families = pl.Series([family.name.lower() for family in Family])
    dispersion = assortment.dispersion[sku]
    return pl.DataFrame(
        {
            **names.items(np.arange(len(sku))),
            "category": names.categories.gather(sku),
            "family": families.gather(assortment.family[sku]),
            "rate": np.round(assortment.rate, 5),
            "dispersion": np.round(dispersion, 4),
            "purchase_units": np.round(assortment.size[sku], 3),
            "trend_per_year": np.round(assortment.trend[sku], 4),
            "promotion_uplift": np.round(assortment.uplift, 4),
            "first_forecast_factor": np.round(assortment.guess, 4),
        }
    ).with_columns(
        dispersion=pl.when(pl.Series(np.isfinite(dispersion))).then(pl.col("dispersion"))
    )


def _profiles(setting: Setting) -> pl.DataFrame:
    demand = setting.demand
    return pl.DataFrame(
        {
            "category": category_names(len(demand.amplitude)),
            **{day: np.round(demand.weekday[:, place], 4) for place, day in enumerate(_WEEKDAYS)},
            "season_log_amplitude": np.round(demand.amplitude, 4),
            "season_peak_day": np.round(demand.peak, 1),
        }
    )


def _suppliers(setting: Setting, names: Identifiers) -> pl.DataFrame:
    suppliers, parameters = setting.assortment.suppliers, setting.parameters
    usual = suppliers.lead_time_factor * suppliers.lead_time
    return pl.DataFrame(
        {
            "supplier_id": names.suppliers,
            "promised_lead_time_days": suppliers.lead_time,
            "usual_lead_time_days": np.round(usual, 3),
            "usual_lead_time_sd_days": np.round(parameters.lead_time_cv * usual, 3),
            "held_up_probability": np.round(suppliers.held_up_probability, 4),
            "short_probability": np.round(suppliers.short_probability, 4),
        }
    )


def _deliveries(setting: Setting, world: World, names: Identifiers) -> pl.DataFrame:
    log = world.purchases
    rows = purchase_rows(setting, world)
    row = rows["row"].to_numpy()
    return pl.DataFrame(
        {
            "po_id": rows["po_id"],
            "line": rows["line"],
            **names.items(log.item[row]),
            "wanted_units": log.wanted[row],
            "ordered_units": log.ordered[row],
            "delivered_units": log.received[row],
            "promised_date": names.dates(log.promised_day[row]),
            "arrival_date": names.dates(log.received_day[row]),
            "held_up": log.held_up[row],
            "late": log.received_day[row] > log.promised_day[row],
            "short": log.received[row] < log.ordered[row],
            "cut": log.ordered[row] < log.wanted[row],
        }
    )


def _missed_orders(setting: Setting, world: World, names: Identifiers) -> pl.DataFrame:
    log = world.skipped
    kept = np.flatnonzero(log.day >= setting.parameters.warmup_days)
    return pl.DataFrame(
        {
            "date": names.dates(log.day[kept]),
            **names.items(log.item[kept]),
            "wanted_units": log.wanted[kept],
        }
    )
