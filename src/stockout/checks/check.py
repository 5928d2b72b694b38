"""Runs the rules over the staged tables: the verb ``check``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import polars as pl

from stockout.checks.catalogue import RULES, check_told
from stockout.checks.custom import custom_found
from stockout.checks.data import Data
from stockout.checks.findings import FINDINGS
from stockout.checks.hits import LOCATED, to_findings
from stockout.checks.rules import (
    dates,
    feeds,
    keys,
    level_shifts,
    master_data,
    outliers,
    purchases,
    reading,
    references,
    stock,
    units,
)
from stockout.exports.mapping import EXTRA
from stockout.exports.staging import StagedTable, stage_frame
from stockout.tables import conform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date

    from stockout.checks.hits import Found


class Settings(Protocol):
    """What a check is told; the configuration's ``check`` section is one."""

    @property
    def severity(self) -> Mapping[str, str]:
        """``off``, ``info``, ``warning`` or ``error`` for codes that are not at their default."""

    @property
    def thresholds(self) -> Mapping[str, Mapping[str, float]]:
        """Thresholds that are not at their default, by code and name."""

    @property
    def max_findings(self) -> int:
        """How many findings of one rule in one file are listed; 0 is all."""

    @property
    def custom(self) -> Sequence[Any]:
        """Rules of the user's own."""


_ROOMS: Sequence[tuple[tuple[str, ...], Callable[[Data], Iterator[Found]]]] = (
    (reading.CODES, reading.reading_findings),
    (keys.CODES, keys.key_findings),
    (references.CODES, references.reference_findings),
    (dates.CODES, dates.date_findings),
    (feeds.CODES, feeds.feed_findings),
    (master_data.CODES, master_data.master_data_findings),
    (outliers.CODES, outliers.outlier_findings),
    (level_shifts.CODES, level_shifts.shift_findings),
    (purchases.CODES, purchases.purchase_findings),
    (units.CODES, units.unit_findings),
    (stock.CODES, stock.stock_findings),
)


def check(
    tables: Mapping[str, StagedTable], settings: Settings | None = None, as_of: date | None = None
) -> pl.DataFrame:
    """Holds every rule of the catalogue, and the user's own, against staged tables.

    Args:
        tables: Staged tables by name.
        settings: Severities, thresholds, own rules; None takes the catalogue's defaults.
        as_of: The last day that counts; None where nothing was said.

    Returns:
        One row a finding, columns as :data:`stockout.checks.findings.FINDINGS`, in the order of
        files and rows.

    Raises:
        ConfigError: A setting is about a rule or a threshold that does not exist.
    """
    return check_located(tables, settings, as_of).select(FINDINGS.names())


def check_located(
    tables: Mapping[str, StagedTable],
    settings: Settings | None = None,
    as_of: date | None = None,
    *,
    limit: int | None = None,
) -> pl.DataFrame:
    """As :func:`check`, and says where in the staged tables each finding is.

    Args:
        tables: Staged tables by name.
        settings: Severities, thresholds, own rules.
        as_of: The last day that counts.
        limit: In place of the settings' ``max_findings``; 0 is all.

    Returns:
        The columns of findings, then table, source_file and source_row, null where a finding is
        about no single table, file or row. A finding about an SKU or a run of days shows its first
        row in ``row`` and has no ``source_row``.
    """
    if settings is None:
        from stockout.config import CheckConfig  # noqa: PLC0415 - not needed where told

        settings = CheckConfig()
    own = {rule.code: rule.severity for rule in settings.custom}
    told = {code: grade for code, grade in settings.severity.items() if code not in own}
    check_told(told, settings.thresholds)
    severity = {code: told.get(code, rule.severity) for code, rule in RULES.items()}
    limit = settings.max_findings if limit is None else limit
    data = Data(tables, severity, settings.thresholds, as_of, limit or None)
    parts = [part for codes, findings in _ROOMS if data.is_on(*codes) for part in findings(data)]
    parts += custom_found(tables, settings.custom, data.limit)
    severity |= {code: settings.severity.get(code, grade) for code, grade in own.items()}
    return to_findings(parts, tables, severity, limit or None).select(LOCATED.names())


def check_frames(
    *,
    sales: pl.DataFrame | None = None,
    inventory: pl.DataFrame | None = None,
    movements: pl.DataFrame | None = None,
    products: pl.DataFrame | None = None,
    suppliers: pl.DataFrame | None = None,
    purchases: pl.DataFrame | None = None,
    orders: pl.DataFrame | None = None,
    customers: pl.DataFrame | None = None,
    locations: pl.DataFrame | None = None,
    events: pl.DataFrame | None = None,
    overrides: pl.DataFrame | None = None,
    as_of: date | None = None,
    settings: Settings | None = None,
) -> pl.DataFrame:
    """Looks for what is wrong with canonical frames: the verb ``check`` of the Python API.

    Args:
        sales: Sales; a frame may also have the columns currency and unit, here and below.
        inventory: Stock positions.
        movements: Stock movements.
        products: Master data of the SKUs.
        suppliers: Suppliers.
        purchases: Purchase order lines.
        orders: Customer order lines.
        customers: Customers.
        locations: Locations.
        events: Promotions, holidays, openings.
        overrides: Corrections of the forecast.
        as_of: The last day that counts; None where nothing was said.
        settings: Severities, thresholds and own rules, such as a
            :class:`stockout.config.CheckConfig`; None takes the catalogue's defaults.

    Returns:
        One row a finding: code, severity, file (the table's name), row (counted from 1), column,
        sku, location, date, message, hint. ``docs/checks.md`` describes every code.

    Raises:
        InputError: A frame is not one of its canonical table.
        ConfigError: A setting is about a rule that does not exist.

    >>> from datetime import date
    >>> stock = pl.DataFrame({"date": [date(2026, 6, 28)], "sku": ["A"], "on_hand": [-2.0]})
    >>> check_frames(inventory=stock).select("code", "row", "sku", "message").rows()
    [('SO401', 1, 'A', '-2 on hand')]
    """
    frames = {
        "sales": sales,
        "inventory": inventory,
        "movements": movements,
        "products": products,
        "suppliers": suppliers,
        "purchases": purchases,
        "orders": orders,
        "customers": customers,
        "locations": locations,
        "events": events,
        "overrides": overrides,
    }
    given = {name: frame for name, frame in frames.items() if frame is not None}
    return check(stage_frames(given), settings, as_of)


def stage_frames(frames: Mapping[str, pl.DataFrame]) -> dict[str, StagedTable]:
    """Canonical frames as staged tables.

    Args:
        frames: By the name of their table; each may also have the columns currency and unit.

    Raises:
        InputError: A frame is not one of its canonical table.
    """
    return {name: stage_frame(_with_extra(frame, name), name) for name, frame in frames.items()}


def _with_extra(frame: pl.DataFrame, table: str) -> pl.DataFrame:
    """Currency and unit are no canonical columns, but two rules read them."""
    extra = [name for name in EXTRA if name in frame.columns]
    return conform(frame, table).with_columns(frame[name].cast(pl.String) for name in extra)
