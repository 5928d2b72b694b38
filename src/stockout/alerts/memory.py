"""What was sent to whom and when, so that the same is not told at every run."""

from __future__ import annotations

import json
from datetime import UTC
from typing import TYPE_CHECKING

import polars as pl

from stockout.alerts.rules import IDENTITY, LEVELS
from stockout.errors import StockoutError
from stockout.outputs import replacing

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

SENT = pl.Schema(
    {
        "recipient": pl.String(),
        "rule": pl.String(),
        "sku": pl.String(),
        "location": pl.String(),
        "key": pl.String(),
        "level": LEVELS,
        "at": pl.String(),
    }
)
"""Columns of what was sent: ``at`` is the local time, ISO 8601 with its offset."""

TOLD = ["recipient", *IDENTITY]
"""The key of what was sent."""

_VERSION = 1


def read_memory(path: Path) -> pl.DataFrame:
    """What was sent, as :data:`SENT`; nothing where there is no file yet.

    Raises:
        StockoutError: The file is not what :func:`write_memory` writes.
    """
    if not path.exists():
        return pl.DataFrame(schema=SENT)
    try:
        document = json.loads(path.read_bytes())
        if document["version"] != _VERSION:
            raise StockoutError(
                f"{path}: written by a later version of this program",
                hint="update it, or name another file as alert.state",
            )
        sent = pl.DataFrame(document["sent"], schema=SENT)
        sent.select(pl.col("at").str.slice(0, 10).str.to_date("%Y-%m-%d"))
    except (OSError, ValueError, KeyError, TypeError, pl.exceptions.PolarsError) as error:
        raise StockoutError(
            f"{path}: cannot be read as what was sent ({type(error).__name__})",
            hint="put an earlier copy back, or delete it: then everything is told again",
        ) from None
    return sent


def write_memory(path: Path, sent: pl.DataFrame) -> None:
    """Writes what was sent; whole or not at all.

    Raises:
        StockoutError: The file cannot be written.
    """
    document = {"version": _VERSION, "sent": sent.sort(TOLD).to_dicts()}
    with replacing(path) as beside:
        beside.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", "utf-8")


def remembered(
    sent: pl.DataFrame,
    fresh: pl.DataFrame,
    now: datetime,
    days: int,
    since: datetime | None = None,
) -> pl.DataFrame:
    """What was sent, with what is sent now, without what is too old to matter.

    Args:
        sent: What was sent before.
        fresh: Alerts that are sent now, with their recipient.
        now: When.
        days: Days after which everything is told again anyway.
        since: What was sent since then matters whatever the days.
    """
    new = fresh.with_columns(at=pl.lit(now.isoformat(timespec="seconds"))).select(SENT.names())
    old = sent.join(new, on=TOLD, how="anti", nulls_equal=True)
    recent = (days_since(now) <= days) | is_since(since)
    return pl.concat([old.filter(recent), new])


def days_since(now: datetime) -> pl.Expr:
    """Calendar days since something was sent: a run at 6:00 is a week after one at 6:01."""
    day = pl.col("at").str.slice(0, 10).str.to_date("%Y-%m-%d")
    return (pl.lit(now.date()) - day).dt.total_days()


def is_since(moment: datetime | None) -> pl.Expr:
    """Whether something was sent at a moment, to the second, or later; never where it is None."""
    if moment is None:
        return pl.lit(value=False)
    at = pl.col("at").str.to_datetime("%Y-%m-%dT%H:%M:%S%z")
    return at >= pl.lit(moment.astimezone(UTC).replace(microsecond=0))
