"""What the business's systems recorded: the canonical tables, as exports have them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from stockout.simulator.demand import HOLIDAYS
from stockout.simulator.identifiers import Identifiers, business_order_ids
from stockout.simulator.randomness import stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.simulator.setting import Setting
    from stockout.simulator.world import World

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_CORRECTIONS = pl.DataFrame(
    {
        "units": [None, None, 12.0, None, 3.0],
        "percent": [25.0, -30.0, None, 15.0, None],
        "author": ["mw", "mw", "jk", "jk", "mw"],
        "reason": [
            "regional fair next door",
            "competitor opens around the corner",
            "firm order of a hotel",
            "shown in the window",
            "end of the school project",
        ],
    }
)


def record_tables(setting: Setting, world: World, names: Identifiers) -> dict[str, pl.DataFrame]:
    """All canonical tables of the history, by name.

    Args:
        setting: The business.
        world: What happened in it.
        names: Its identifiers.
    """
    return {
        "sales": _sales(setting, world, names),
        "inventory": _inventory(setting, world, names),
        "movements": _movements(setting, world, names),
        "products": _products(setting, names),
        "suppliers": _suppliers(setting, names),
        "purchases": _purchases(setting, world, names),
        "orders": _orders(setting, world, names),
        "customers": _customers(setting, names),
        "locations": _locations(setting, names),
        "events": _events(setting, names),
        "overrides": _overrides(setting, names),
    }


def sale_prices(
    setting: Setting, sku: NDArray[np.int64], day: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Price of a unit on a day, less the discount on promotion; money rounded to cents."""
    discount = setting.parameters.promotion_discount * setting.demand.promotion[day, sku]
    return np.asarray(np.round(setting.assortment.price[sku] * (1 - discount), 2), dtype=np.float64)


def _sales(setting: Setting, world: World, names: Identifiers) -> pl.DataFrame:
    parameters, log = setting.parameters, world.shopping
    lines, count = setting.lines, setting.assortment.locations
    sold = np.flatnonzero(log.sale_day >= parameters.warmup_days)
    back = np.flatnonzero(log.return_day >= parameters.warmup_days)
    sale = np.concatenate([sold, log.return_sale[back]])
    day = np.concatenate([log.sale_day[sold], log.return_day[back]])
    is_return = np.arange(len(sale)) >= len(sold)
    order = np.lexsort((np.arange(len(sale)), log.sale_item[sale], day))
    sale, day, is_return = sale[order], day[order], is_return[order]
    item, line = log.sale_item[sale], log.sale_line[sale]
    price = sale_prices(setting, item // count, log.sale_day[sale])
    units = np.where(is_return, -log.sale_units[sale], log.sale_units[sale])
    rng = stream(parameters.seed, "receipts")
    no_receipt = is_return & (rng.random(len(sale)) < parameters.return_anonymous_share)
    visits = int(lines.visit.max(initial=-1)) + 1
    online = stream(parameters.seed, "channels").random(visits) < parameters.online_share
    channel = np.where(online[lines.visit[line]], 1, 0)
    channel[lines.customer[line] >= setting.customers] = 2
    return pl.DataFrame(
        {
            "date": names.dates(day),
            **names.items(item),
            "units": units.astype(np.int32),
            "revenue": np.round(units * price, 2),
            "unit_price": price,
            "customer_id": names.customer(lines.customer[line]),
            "order_id": names.sale_orders.gather(sale),
            "channel": pl.Series(["store", "online", "business"]).gather(channel),
            "on_promo": setting.demand.promotion[day, item // count],
        }
    ).with_columns(order_id=pl.when(~pl.Series(no_receipt)).then(pl.col("order_id")))


def _inventory(setting: Setting, world: World, names: Identifiers) -> pl.DataFrame:
    first = setting.parameters.warmup_days
    total = len(world.days.on_hand)
    listed = np.repeat(setting.assortment.active_from, setting.assortment.locations)
    day, item = np.nonzero(np.arange(first, total)[:, None] >= listed)
    day += first
    on_hand = world.days.on_hand[day, item]
    return pl.DataFrame(
        {
            "date": names.dates(day),
            **names.items(item),
            "on_hand": on_hand,
            "on_order": world.days.on_order[day, item],
            "reserved": np.minimum(_ordered_ahead(setting, world)[day, item], on_hand),
        }
    )


def _shipped_days(setting: Setting, world: World) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Lines of business customers, and the day each was shipped in full (-1: it is not)."""
    lines, log = setting.lines, world.shopping
    line = np.flatnonzero(lines.customer >= setting.customers)
    shipped = np.full(len(lines.item), -1)
    np.maximum.at(shipped, log.sale_line, log.sale_day)
    complete = log.own[line] + log.waited[line] == lines.units[line]
    return line, np.where(complete, shipped[line], -1)


def _ordered_ahead(setting: Setting, world: World) -> NDArray[np.int32]:
    """Units of open orders of business customers at the end of each day (T, N)."""
    total = len(world.days.on_hand)
    line, shipped = _shipped_days(setting, world)
    lines = setting.lines
    begin = np.clip(lines.day[line] - lines.notice[line], 0, total)
    end = np.where(shipped < 0, total, shipped)
    change = np.zeros((total + 1, len(setting.assortment.rate)), dtype=np.int32)
    known = begin < total
    np.add.at(change, (begin[known], lines.item[line][known]), lines.units[line][known])
    np.add.at(change, (end[known], lines.item[line][known]), -lines.units[line][known])
    return np.cumsum(change[:-1], axis=0, dtype=np.int32)


def _movements(setting: Setting, world: World, names: Identifiers) -> pl.DataFrame:
    first, days = setting.parameters.warmup_days, world.days
    kinds = {
        "receipt": days.received,
        "sale": -days.sold,
        "return": days.returned,
        "adjustment": days.adjusted,
        "scrap": days.scrapped,
        "transfer": days.transferred,
    }
    found = []
    for kind, units in enumerate(kinds.values()):
        day, item = np.nonzero(units[first:])
        found.append(
            np.stack([day + first, item, np.full(len(day), kind), units[first:][day, item]])
        )
    day, item, kind, moved = np.concatenate(found, axis=1)
    order = np.lexsort((kind, item, day))
    return pl.DataFrame(
        {
            "date": names.dates(day[order]),
            **names.items(item[order]),
            "units": moved[order].astype(np.int32),
            "kind": pl.Series(list(kinds)).gather(kind[order]),
        }
    )


def _products(setting: Setting, names: Identifiers) -> pl.DataFrame:
    assortment, parameters = setting.assortment, setting.parameters
    skus = np.arange(len(assortment.sku))
    total = parameters.warmup_days + parameters.days
    predecessor = pl.Series(np.where(assortment.successor_of >= 0, assortment.successor_of, 0))
    # Half of the suppliers' lead times stand with the products, the other half only with them.
    told = assortment.supplier % 2 == 0
    return pl.DataFrame(
        {
            "sku": assortment.sku,
            "name": pl.select(
                pl.format("{} {}", names.categories.str.to_titlecase(), pl.Series(skus + 1))
            ).to_series(),
            "category": names.categories,
            "supplier_id": names.suppliers.gather(assortment.supplier),
            "unit_cost": assortment.cost,
            "unit_price": np.round(assortment.price, 2),
            "lead_time_days": assortment.promised_days,
            "moq": assortment.moq,
            "pack_size": assortment.pack_size,
            "active_from": names.dates(assortment.active_from, assortment.active_from >= 0),
            "active_to": names.dates(
                np.minimum(assortment.active_to, total), assortment.active_to < total
            ),
            "successor_of": assortment.sku.gather(predecessor),
        }
    ).with_columns(
        lead_time_days=pl.when(pl.Series(told)).then(pl.col("lead_time_days")),
        successor_of=pl.when(pl.Series(assortment.successor_of >= 0)).then(pl.col("successor_of")),
    )


def _suppliers(setting: Setting, names: Identifiers) -> pl.DataFrame:
    suppliers = setting.assortment.suppliers
    flags = pl.DataFrame(suppliers.order_weekdays, schema=list(_WEEKDAYS), orient="row")
    return pl.DataFrame(
        {
            "supplier_id": names.suppliers,
            "name": "Supplier " + names.suppliers.str.strip_prefix("V").str.strip_chars_start("0"),
            "lead_time_days": suppliers.lead_time,
            "review_days": suppliers.review_days,
            "order_weekdays": flags.select(
                pl.concat_str(
                    [pl.when(name).then(pl.lit(name)) for name in _WEEKDAYS],
                    separator=",",
                    ignore_nulls=True,
                )
            ).to_series(),
        }
    )


def purchase_rows(setting: Setting, world: World) -> pl.DataFrame:
    """Purchase lines that are open or arrived within the history, with their row in the log.

    Columns po_id, line, then ``row``; lines of one order day, supplier and location share a po_id.
    """
    log, assortment = world.purchases, setting.assortment
    row = np.flatnonzero(log.received_day >= setting.parameters.warmup_days)
    item = log.item[row]
    supplier, location = (
        assortment.supplier[item // assortment.locations],
        item % assortment.locations,
    )
    order = np.lexsort((item, location, supplier, log.order_day[row]))
    keys = np.stack([log.order_day[row], supplier, location])[:, order]
    new = np.ones(len(row), dtype=bool)
    new[1:] = (keys[:, 1:] != keys[:, :-1]).any(axis=0)
    number = np.cumsum(new) - 1
    line = np.arange(len(row)) - np.flatnonzero(new)[number] + 1 if len(row) else number
    return pl.DataFrame(
        {
            "po_id": numbered_orders(int(new.sum())).gather(number),
            "line": pl.Series(line).cast(pl.String),
            "row": row[order],
        }
    )


def numbered_orders(count: int) -> pl.Series:
    """Purchase order numbers PO00001, PO00002, ..."""
    return pl.select(
        "PO" + pl.int_range(1, count + 1).cast(pl.String).str.zfill(max(5, len(str(count))))
    ).to_series()


def _purchases(setting: Setting, world: World, names: Identifiers) -> pl.DataFrame:
    log, assortment = world.purchases, setting.assortment
    rows = purchase_rows(setting, world)
    row = rows["row"].to_numpy()
    item = log.item[row]
    sku = item // assortment.locations
    arrived = log.received_day[row] < len(world.days.on_hand)
    return pl.DataFrame(
        {
            "po_id": rows["po_id"],
            "line": rows["line"],
            **names.items(item),
            "supplier_id": names.suppliers.gather(assortment.supplier[sku]),
            "order_date": names.dates(log.order_day[row]),
            "promised_date": names.dates(log.promised_day[row]),
            "received_date": names.dates(log.received_day[row], arrived),
            "ordered_units": log.ordered[row],
            "received_units": log.received[row],
            "unit_cost": assortment.cost[sku],
        }
    ).with_columns(received_units=pl.when(pl.Series(arrived)).then(pl.col("received_units")))


def _orders(setting: Setting, world: World, names: Identifiers) -> pl.DataFrame:
    lines, parameters = setting.lines, setting.parameters
    total = len(world.days.on_hand)
    line, shipped = _shipped_days(setting, world)
    due = lines.day[line]
    ordered = due - lines.notice[line]
    kept = (ordered < total) & (due >= parameters.warmup_days)
    line, shipped, due, ordered = line[kept], shipped[kept], due[kept], ordered[kept]
    open_units = lines.units[line] - world.shopping.own[line] - world.shopping.waited[line]
    urgent = stream(parameters.seed, "priorities").random(len(line)) < 0.2
    return (
        pl.DataFrame(
            {
                "order_id": business_order_ids(setting, lines.visit[line]),
                "customer_id": names.customer(lines.customer[line]),
                **names.items(lines.item[line]),
                "units": np.where(shipped < 0, open_units, lines.units[line]),
                "order_date": names.dates(ordered),
                "due_date": names.dates(due),
                "shipped_date": names.dates(shipped, shipped >= 0),
                "priority": np.where(urgent, 1, 2),
            }
        )
        .sort("order_date", "order_id", "sku")
        .with_columns(line=pl.int_range(1, pl.len() + 1).over("order_id").cast(pl.String))
        .select("order_id", "line", pl.exclude("order_id", "line"))
    )


def _customers(setting: Setting, names: Identifiers) -> pl.DataFrame:
    count = setting.customers
    total = setting.parameters.warmup_days + setting.parameters.days
    first = setting.population.first_day
    regulars = pl.DataFrame(
        {
            "customer_id": names.customers.head(count),
            "segment": pl.repeat("regular", count, eager=True),
            "first_date": names.dates(first),
        }
    ).filter(pl.Series(first < total))
    business = pl.DataFrame(
        {
            "customer_id": names.customers.slice(count),
            "segment": pl.repeat("business", setting.parameters.business_customers, eager=True),
            "first_date": pl.repeat(
                None, setting.parameters.business_customers, dtype=pl.Date, eager=True
            ),
        }
    )
    return pl.concat([business, regulars])


def _locations(setting: Setting, names: Identifiers) -> pl.DataFrame:
    count = setting.assortment.locations
    return pl.DataFrame(
        {
            "location": names.locations,
            "name": "Store " + pl.int_range(1, count + 1, eager=True).cast(pl.String),
            "kind": pl.repeat("store", count, eager=True),
        }
    )


def _events(setting: Setting, names: Identifiers) -> pl.DataFrame:
    """Promotions by SKU and day, planned ones after the history's end too, and holidays."""
    parameters = setting.parameters
    first = parameters.warmup_days
    day, sku = np.nonzero(setting.demand.promotion[first:])
    promotions = pl.DataFrame(
        {
            "date": names.dates(day + first),
            "name": pl.repeat("Promotion", len(day), eager=True),
            "kind": pl.repeat("promotion", len(day), eager=True),
            "sku": setting.assortment.sku.gather(sku),
        }
    )
    calendar = [
        parameters.start + timedelta(days=offset)
        for offset in range(parameters.days + parameters.future_days)
    ]
    dates = [each for each in calendar if (each.month, each.day) in HOLIDAYS]
    holidays = pl.DataFrame(
        {
            "date": pl.Series(dates, dtype=pl.Date),
            "name": pl.Series([HOLIDAYS[each.month, each.day] for each in dates], dtype=pl.String),
            "kind": pl.repeat("holiday", len(dates), eager=True),
            "sku": pl.repeat(None, len(dates), dtype=pl.String, eager=True),
        }
    )
    return pl.concat([promotions, holidays]).sort("date", "kind", "sku")


def _overrides(setting: Setting, names: Identifiers) -> pl.DataFrame:
    """A handful of corrections of the four weeks to come, by people who know something."""
    parameters, assortment = setting.parameters, setting.assortment
    total = parameters.warmup_days + parameters.days
    rng = stream(parameters.seed, "overrides")
    alive = np.flatnonzero(np.repeat(assortment.active_to, assortment.locations) > total)
    count = min(_CORRECTIONS.height, len(alive))
    item = np.sort(rng.choice(alive, size=count, replace=False))
    monday = total + (-(total + setting.demand.first_weekday)) % 7
    weeks = rng.integers(0, 4, count)
    return pl.DataFrame(
        {
            **names.items(item),
            "date": names.dates(monday + 7 * weeks),
        }
    ).hstack(_CORRECTIONS.head(count))
