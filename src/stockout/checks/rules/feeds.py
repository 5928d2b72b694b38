"""Feeds that have holes, stand still, or were cut off in the middle of a day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl

from stockout.checks.hits import Found, found
from stockout.demand.calendar import is_weekly
from stockout.exports.staging import SOURCE_FILE
from stockout.tables import ALL_LOCATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stockout.checks.data import Data


CODES = ("SO311", "SO312", "SO313")

FEEDS = ("sales", "inventory", "movements")
_DAY = pl.duration(days=1)


def feed_findings(data: Data) -> Iterator[Found]:
    """Findings SO311, SO312 and SO313."""
    feeds = {table: _feed(data, table) for table in FEEDS if data.has(table, "date")}
    feeds = {table: feed for table, feed in feeds.items() if not feed.is_empty()}
    if data.is_on("SO312"):
        yield from _stale_tables(data, feeds)
    for table, feed in feeds.items():
        yield from _holes(data, table, feed)
    if "sales" in feeds and data.is_on("SO313"):
        yield from _partial_day(data, feeds["sales"])


def _feed(data: Data, table: str) -> pl.DataFrame:
    """Rows of each location and plausible day up to as-of: location, date, rows."""
    feed = data.date_counts(table).filter(data.usual_dates(table).holds("date"))
    if data.as_of is not None:
        feed = feed.filter(pl.col("date") <= data.as_of)
    return feed.rename({"len": "rows"})


def _stale_tables(data: Data, feeds: dict[str, pl.DataFrame]) -> Iterator[Found]:
    """Tables whose last day lags behind that of the others, or behind as-of."""
    last = {table: _last_day(feed) for table, feed in feeds.items()}
    if not last:
        return
    newest_table = max(last, key=lambda table: last[table])
    newest, named = last[newest_table], f"the {newest_table}"
    if data.as_of is not None:
        newest, named = data.as_of, "as-of"
    allowed = data.threshold("SO312", "days")
    for table, day in last.items():
        if (newest - day).days > allowed:
            yield found(
                pl.DataFrame({"date": [day]}),
                code="SO312",
                table=table,
                **{SOURCE_FILE: _only_file(data, table)},
                column="date",
                message=f"the last day is {day}, {(newest - day).days} days before {named} "
                f"({newest})",
                hint="export the table up to the same day as the others",
            )


def _last_day(feed: pl.DataFrame) -> date:
    """The last day that a table speaks of; a weekly row speaks for its whole week."""
    last = feed["date"].max()
    if not isinstance(last, date):
        raise TypeError("a feed without a date")
    return last + timedelta(days=6 - last.weekday()) if is_weekly(feed["date"]) else last


def _only_file(data: Data, table: str) -> int | None:
    return 0 if len(data.tables[table].files) == 1 else None


def _holes(data: Data, table: str, feed: pl.DataFrame) -> Iterator[Found]:
    """Days without a row: of the whole table, then of single locations."""
    closed = _closed_days(data)
    whole = (
        feed.group_by("date")
        .agg(pl.col("rows").sum())
        .with_columns(location=pl.lit(None, pl.String))
    )
    end = feed["date"].max()
    holes = _runs(data, whole, closed, end)
    yield _gaps(data, table, holes)
    if feed["location"].n_unique() > 1:
        missing = holes.select(pl.date_ranges("first", "last").explode().alias("date"))
        parts = _runs(
            data,
            feed,
            pl.concat([closed, missing.with_columns(location=pl.lit(None, pl.String))]),
            end,
        )
        yield _gaps(data, table, parts.filter(~pl.col("open")))
        late = pl.col("open") & (pl.col("days") > data.threshold("SO312", "days"))
        yield _stale_locations(data, table, parts.filter(late))


def _closed_days(data: Data) -> pl.DataFrame:
    """Holidays, as the events tell them: date and location (null is everywhere)."""
    if not data.has("events", "kind"):
        return pl.DataFrame(schema={"date": pl.Date, "location": pl.String})
    (closed,) = data.collect(
        data.rows("events")
        .filter(
            pl.col("kind").str.to_lowercase().is_in(["holiday", "closed", "closure"]),
            pl.col("sku").is_null(),
            pl.col("category").is_null(),
        )
        .select(
            "date",
            location=pl.when(pl.col("location") != ALL_LOCATIONS).then(pl.col("location")),
        )
        .unique()
    )
    return closed.sort("date", "location")


def _runs(data: Data, feed: pl.DataFrame, closed: pl.DataFrame, end: object) -> pl.DataFrame:
    """Runs of days without a row on weekdays that usually have some, and how many were expected.

    Returns:
        Columns location, first and last (days of the run), days, expected (rows), open (whether
        the run lasts to the end of the table).
    """
    usual, least = data.threshold("SO311", "usual_share"), data.threshold("SO311", "weeks")
    weekday = pl.col("date").dt.weekday().alias("weekday")
    key = ["location", "weekday"]
    normal = feed.group_by("location", weekday).agg(
        pl.len().alias("seen"), pl.col("rows").median().alias("rows")
    )
    gaps = (
        feed.sort("location", "date")
        .with_columns(until=pl.col("date").shift(-1).over("location").fill_null(pl.lit(end) + _DAY))
        .filter(pl.col("until") - pl.col("date") > _DAY)
        .with_columns(
            gap=pl.int_range(pl.len()),
            open=pl.col("until") > pl.lit(end),
            date=pl.date_ranges(pl.col("date") + _DAY, pl.col("until") - _DAY),
        )
        .explode("date")
        .select("gap", "location", "date", "open", weekday)
    )
    everywhere = closed.filter(pl.col("location").is_null()).select("date")
    missed = gaps.group_by(key).agg(pl.len().alias("missed"))
    days = (
        gaps.with_columns(here=pl.len().over("gap", "weekday"))
        .join(everywhere, on="date", how="anti")
        .join(closed.drop_nulls("location"), on=["date", "location"], how="anti")
        .join(normal, on=key, nulls_equal=True)
        .join(missed, on=key, nulls_equal=True)
        .with_columns(
            # The gap itself is no reason to call its weekday an unusual one.
            share=pl.col("seen") / (pl.col("seen") + pl.col("missed") - pl.col("here"))
        )
        .filter(pl.col("share") >= usual, pl.col("seen") >= least)
    )
    return (
        days.join(_recurring(days), on=["location", "date"], how="anti", nulls_equal=True)
        .group_by("location", "gap", "open")
        .agg(
            pl.col("date").min().alias("first"),
            pl.col("date").max().alias("last"),
            pl.len().alias("days"),
            pl.col("rows").sum().alias("expected"),
        )
        .filter(pl.col("expected") >= data.threshold("SO311", "expected_rows"))
        .sort("location", "first", nulls_last=False)
    )


def _recurring(missing: pl.DataFrame) -> pl.DataFrame:
    """Days that are missing in other years as well: the same date, or as far from Easter."""
    years = missing["date"].dt.year().unique().sort()
    easter = pl.DataFrame(
        {
            "year": pl.Series(years, dtype=pl.Int32),
            "easter": pl.Series([easter_sunday(year) for year in years], dtype=pl.Date),
        }
    )
    days = missing.select("location", "date", year=pl.col("date").dt.year()).join(easter, on="year")
    feasts = (
        pl.col("date").dt.strftime("%m-%d"),
        (pl.col("date") - pl.col("easter")).dt.total_days().cast(pl.String),
    )
    return pl.concat(
        days.filter(pl.col("year").n_unique().over("location", feast) > 1).select(
            "location", "date"
        )
        for feast in feasts
    ).unique()


def easter_sunday(year: int) -> date:
    """Easter Sunday of the Gregorian calendar.

    Meeus (1991), Astronomical Algorithms, chapter 8.

    >>> easter_sunday(2026), easter_sunday(2000)
    (datetime.date(2026, 4, 5), datetime.date(2000, 4, 23))
    """
    golden, (century, rest) = year % 19, divmod(year, 100)
    leap, odd = divmod(century, 4)
    moon = (19 * golden + century - leap - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    quarter, left = divmod(rest, 4)
    weekday = (32 + 2 * odd + 2 * quarter - moon - left) % 7
    shift = (golden + 11 * moon + 22 * weekday) // 451
    month, day = divmod(moon + weekday - 7 * shift + 114, 31)
    return date(year, month, day + 1)


def _gaps(data: Data, table: str, runs: pl.DataFrame) -> Found:
    return found(
        runs.with_columns(
            date="first",
            message=pl.format(
                "no rows {}, where about {} are usual",
                _span(),
                pl.col("expected").round().cast(pl.Int64),
            ),
        ),
        code="SO311",
        table=table,
        **{SOURCE_FILE: _only_file(data, table)},
        column="date",
        hint="export these days; if it was closed, name them in the events with kind holiday",
    )


def _span() -> pl.Expr:
    return (
        pl.when(pl.col("first") == pl.col("last"))
        .then(pl.format("on {}", "first"))
        .otherwise(pl.format("from {} to {}", "first", "last"))
    )


def _stale_locations(data: Data, table: str, runs: pl.DataFrame) -> Found:
    return found(
        runs.with_columns(
            date="first",
            message=pl.format(
                "no rows from {} on, where about {} are usual up to the table's last day",
                "first",
                pl.col("expected").round().cast(pl.Int64),
            ),
        ),
        code="SO312",
        table=table,
        **{SOURCE_FILE: _only_file(data, table)},
        column="date",
        hint="export this location too; if it closed for good, leave its rows out",
    )


def _partial_day(data: Data, feed: pl.DataFrame) -> Iterator[Found]:
    """The last day of sales against the same weekdays before it, of locations that still sell."""
    allowed = pl.duration(days=int(data.threshold("SO312", "days")))
    still = pl.col("date").max().over("location") >= pl.col("date").max() - allowed
    days = feed.filter(still).group_by("date").agg(pl.col("rows").sum()).sort("date")
    last = days.tail(1)
    day = last["date"].item()
    if _closed_days(data).filter(pl.col("location").is_null())["date"].is_in([day]).any():
        return
    before = days.filter(
        pl.col("date").dt.weekday() == day.isoweekday(),
        pl.col("date") < day,
        pl.col("date") >= day - timedelta(weeks=int(data.threshold("SO313", "weeks"))),
    )["rows"]
    usual, rows = before.median(), last["rows"].item()
    if (
        isinstance(usual, float)
        and len(before) >= data.threshold("SO313", "weeks") / 2
        and usual >= data.threshold("SO313", "rows")
        and rows < data.threshold("SO313", "share") * min(usual, *before)
    ):
        yield found(
            last.select("date"),
            code="SO313",
            table="sales",
            **{SOURCE_FILE: _only_file(data, "sales")},
            column="date",
            message=f"the last day has {rows:,} rows, where about {usual:,.0f} are usual on this "
            "weekday",
            hint=f"if the day was not over when it was exported, give --as-of "
            f"{day - timedelta(days=1)}",
        )
