"""What the rules look at: the staged tables, and sums over them that several rules need."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from stockout.checks.catalogue import RULES
from stockout.checks.day_sums import DaySums, key_of
from stockout.checks.positions import POSITION
from stockout.checks.robust import log_bin
from stockout.demand.calendar import is_weekly
from stockout.exports.staging import SOURCE_FILE, SOURCE_ROW
from stockout.exports.usual_dates import UsualDates, usual_dates
from stockout.tables import ITEM, SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockout.exports.staging import StagedTable


class Data:
    """The staged tables of one check.

    Args:
        tables: By name.
        severity: Of each code; a rule that is off need not run.
        thresholds: What the configuration tells, by code and name.
        as_of: The last day that counts; None where nothing was said.
        limit: Most findings a rule and file; None is no limit.
    """

    def __init__(
        self,
        tables: Mapping[str, StagedTable],
        severity: Mapping[str, str],
        thresholds: Mapping[str, Mapping[str, float]],
        as_of: date | None,
        limit: int | None,
    ) -> None:
        self.tables = tables
        self.severity = severity
        self.as_of = as_of
        self.limit = limit
        self._thresholds = thresholds
        self._date_counts: dict[tuple[str, str], pl.DataFrame] = {}
        self._values: dict[tuple[str, str], pl.DataFrame] = {}
        self._items: dict[str, pl.DataFrame] = {}

    def is_on(self, *codes: str) -> bool:
        """Whether any of the rules is to run."""
        return any(self.severity[code] != "off" for code in codes)

    def threshold(self, code: str, name: str) -> float:
        """A threshold as the configuration has it, else its default."""
        return self._thresholds.get(code, {}).get(name, RULES[code].thresholds[name].default)

    def has(self, table: str, *columns: str) -> bool:
        """Whether there is the table, and its exports have the columns."""
        return table in self.tables and set(columns) <= self.tables[table].present

    def rows(self, table: str) -> pl.LazyFrame:
        """The good rows of a table."""
        return self.tables[table].rows

    def collect(self, *queries: pl.LazyFrame) -> list[pl.DataFrame]:
        """Results of queries, run together and in bounded memory."""
        return pl.collect_all(queries, engine="streaming")

    def at(self, table: str, positions: pl.Series, columns: Sequence[str]) -> pl.DataFrame:
        """Rows by their positions, in order.

        Args:
            table: Name of the table.
            positions: As :data:`POSITION` makes them.
            columns: Columns to fetch beside those that every finding shows.

        Returns:
            ``#at`` (the position), source_file, source_row, and the columns.
        """
        rows = self.rows(table)
        there = set(rows.collect_schema().names())
        shown = [name for name in ("sku", "location", "date") if name in there]
        wanted = positions.unique().rename("#at").to_frame()
        (fetched,) = self.collect(
            rows.select(
                POSITION.alias("#at"),
                SOURCE_FILE,
                SOURCE_ROW,
                *dict.fromkeys([*shown, *columns]),
            ).join(wanted.lazy(), on="#at", how="semi")
        )
        return fetched.sort("#at")

    def values(self, table: str, column: str) -> pl.DataFrame:
        """What a text column holds: the column, ``rows``, and ``at``, the first row's position."""
        if (table, column) not in self._values:
            if column in ITEM and {*ITEM} <= set(SCHEMAS[table].column_names()):
                rows = self.item_rows(table).lazy()
                query = rows.group_by(column).agg(pl.col("rows").sum(), pl.col("at").min())
            else:
                query = (
                    self.rows(table)
                    .drop_nulls(column)
                    .group_by(column)
                    .agg(pl.len().alias("rows"), POSITION.min().alias("at"))
                )
            (found_,) = self.collect(query)
            self._values[table, column] = found_.drop_nulls(column).sort(column)
        return self._values[table, column]

    def values_with_null(self, table: str, column: str) -> list[str | None]:
        """The distinct values of a column, None among them where a row has no value."""
        (found_,) = self.collect(self.rows(table).select(pl.col(column).unique()))
        return found_[column].to_list()

    def item_rows(self, table: str) -> pl.DataFrame:
        """The items of a table: sku, location, ``rows``, ``at`` (its first row's position).

        Tables with a date also give ``first`` and ``last``, of plausible dates.
        """
        if table not in self._items:
            dated = "date" in SCHEMAS[table].column_names()
            plausible = self.usual_dates(table).holds("date") if dated else None
            (items,) = self.collect(
                self.rows(table)
                .group_by(ITEM)
                .agg(
                    pl.len().alias("rows"),
                    POSITION.min().alias("at"),
                    *(
                        ()
                        if plausible is None
                        else (
                            pl.col("date").filter(plausible).min().alias("first"),
                            pl.col("date").filter(plausible).max().alias("last"),
                        )
                    ),
                )
            )
            self._items[table] = items.sort(ITEM)
        return self._items[table]

    def date_counts(self, table: str, column: str = "date") -> pl.DataFrame:
        """Rows of each date (and location, where the table has it): columns date, location, len."""
        if (table, column) not in self._date_counts:
            rows = self.rows(table).drop_nulls(column)
            (counts,) = self.collect(
                rows.group_by(pl.col(column).alias("date"), "location").agg(pl.len())
            )
            self._date_counts[table, column] = counts.sort("location", "date")
        return self._date_counts[table, column]

    @cached_property
    def items(self) -> pl.DataFrame:
        """Every item with a number: columns item, sku, location; sorted by SKU and location."""
        parts = [
            self.item_rows(table).select(ITEM)
            for table in ("sales", "inventory", "movements", "purchases")
            if self.has(table)
        ]
        return pl.concat(parts).unique().sort(ITEM).with_row_index("item")

    def is_weekly(self, table: str) -> bool:
        """Whether each row of a table speaks for a week."""
        usual = self.usual_dates(table)
        return is_weekly(self.date_counts(table).filter(usual.holds("date"))["date"])

    def day(self, table: str) -> pl.Expr:
        """The day until which a row speaks: its date, or the Sunday of a week's total."""
        if table == "sales" and self.is_weekly(table):
            return pl.col("date").dt.truncate("1w").dt.offset_by("6d")
        return pl.col("date")

    def counted_rows(self, table: str, date_column: str = "date") -> pl.LazyFrame:
        """Rows with a plausible date up to as-of."""
        rows = self.rows(table).filter(self.usual_dates(table, date_column).holds(date_column))
        return rows if self.as_of is None else rows.filter(pl.col(date_column) <= self.as_of)

    def sums(self, rows: pl.LazyFrame, *names: str) -> list[DaySums]:
        """Sums by item and day.

        Args:
            rows: Columns date, sku, location, and those to add up.
            *names: The columns to add up.
        """
        query = (
            rows.join(self.items.lazy(), on=ITEM)
            .group_by(key_of(pl.col("item"), pl.col("date")).alias("key"))
            .agg(pl.col(name).sum() for name in names)
        )
        (sums,) = self.collect(query)
        sums = sums.sort("key")
        keys = sums["key"].to_numpy()
        return [DaySums(keys, sums[name].to_numpy()) for name in names]

    @cached_property
    def _sales(self) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        """What the rules need of all sales rows, in one pass."""
        has_price = self.has("sales", "unit_price")
        price = pl.col("unit_price") if has_price else pl.col("revenue") / pl.col("units")
        rows = (
            self.counted_rows("sales")
            .select(self.day("sales").alias("date"), *ITEM, "units", price=price)
            .join(self.items.lazy(), on=ITEM)
        )
        units = log_bin(pl.col("units").abs()).alias("bin")
        price = log_bin(pl.when(pl.col("units") > 0).then(pl.col("price"))).alias("bin")
        sold, unit_bins, price_bins = self.collect(
            rows.group_by(key_of(pl.col("item"), pl.col("date")).alias("key")).agg(
                pl.col("units").sum()
            ),
            rows.group_by("item", units).agg(pl.len()),
            rows.group_by("item", price).agg(pl.len()),
        )
        return sold.sort("key"), unit_bins, price_bins

    @cached_property
    def sold(self) -> DaySums:
        """Units sold less units returned, by item and day."""
        if not self.has("sales"):
            return DaySums.empty()
        sold = self._sales[0]
        return DaySums(sold["key"].to_numpy(), sold["units"].to_numpy())

    @property
    def unit_bins(self) -> pl.DataFrame:
        """Sales rows by item and size: columns item, bin (as :func:`log_bin` makes it), len."""
        return self._sales[1]

    @property
    def price_bins(self) -> pl.DataFrame:
        """Sales rows (not returns) by item and price: columns item, bin, len."""
        return self._sales[2]

    def last_date(self, table: str) -> date | None:
        """The last plausible date of a table; of a weekly one, the end of its last week."""
        days = self.date_counts(table).filter(self.usual_dates(table).holds("date"))["date"]
        last = days.max()
        if not isinstance(last, date):
            return None
        return last + timedelta(days=6 - last.weekday()) if is_weekly(days) else last

    def usual_dates(self, table: str, column: str = "date") -> UsualDates:
        """The range of a column's dates, and its limits."""
        counts = self.date_counts(table, column)
        return usual_dates(
            counts.group_by("date").agg(pl.col("len").sum()),
            early_days=self.threshold("SO302", "days"),
            late_days=self.threshold("SO301", "days"),
            earliest=date(int(self.threshold("SO302", "year")), 1, 2),
        )
