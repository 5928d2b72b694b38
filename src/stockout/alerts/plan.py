"""Who is to be told what at this run, and what waits or was told before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from stockout.alerts.memory import TOLD, days_since, is_since
from stockout.alerts.quiet import quiet_level
from stockout.alerts.rules import ALERTS, LEVELS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from stockout.config import AlertConfig

DUE = "due"
QUIET = "waits"
KNOWN = "told before"


def plan_messages(
    alerts: pl.DataFrame,
    config: AlertConfig,
    sent: pl.DataFrame,
    now: datetime,
    since: datetime | None = None,
) -> pl.DataFrame:
    """Each alert for each of its recipients, with what becomes of it.

    Args:
        alerts: As from :func:`stockout.alerts.rules.find_alerts`.
        config: Rules and quiet periods.
        sent: What was sent before.
        now: When the run is, in local time.
        since: What was sent since then is not told again, whatever the rules say.

    Returns:
        The columns of the alerts, ``recipient``, and ``status``: ``due``; ``waits`` in a quiet
        period, and is due again at the next run; ``told before``, within the days of the rule and
        at no lower level.
    """
    told = [
        (rule.name, name, _days(config, rule.repeat_after_days))
        for rule in config.rules
        for name in dict.fromkeys(rule.recipients)
    ]
    recipients = pl.DataFrame(
        told, schema={"rule": pl.String, "recipient": pl.String, "days": pl.Int64}, orient="row"
    )
    before = sent.rename({"level": "told_level"})
    recent = (days_since(now) < pl.col("days")) | is_since(since)
    known = recent & (pl.col("level") <= pl.col("told_level"))
    waits = pl.lit(value=False)
    silent = quiet_level(config.quiet, now)
    if silent is not None:
        waits = pl.col("level") <= pl.lit(silent, LEVELS)
    return (
        alerts.join(recipients, on="rule", how="inner", maintain_order="left_right")
        .join(before, on=TOLD, how="left", nulls_equal=True, maintain_order="left")
        .with_columns(
            status=pl.when(known.fill_null(value=False))
            .then(pl.lit(KNOWN))
            .when(waits)
            .then(pl.lit(QUIET))
            .otherwise(pl.lit(DUE))
        )
        .select("recipient", *ALERTS.names(), "status")
    )


def longest_days(config: AlertConfig) -> int:
    """Days after which nothing that was sent matters any more."""
    return max((_days(config, rule.repeat_after_days) for rule in config.rules), default=0)


def _days(config: AlertConfig, own: int | None) -> int:
    return config.repeat_after_days if own is None else own


def message_of(rows: pl.DataFrame, most: int) -> tuple[str, str]:
    """Title and body of the message that tells one recipient these alerts.

    Args:
        rows: Alerts.
        most: How many alerts of one rule are written out; the others are counted.

    >>> rows = pl.DataFrame(
    ...     [("critical", "low", "A: 0 left"), ("warning", "low", "B: 4 left")],
    ...     schema={"level": LEVELS, "rule": pl.String, "message": pl.String}, orient="row")
    >>> for line in message_of(rows, most=1):
    ...     print(line)
    stockout: 1 critical, 1 warning
    critical: low
    - A: 0 left
    warning: low
    - B: 4 left
    """
    counts: list[str] = []
    lines: list[str] = []
    for level in reversed(LEVELS.categories.to_list()):
        of_level = rows.filter(pl.col("level") == pl.lit(level, LEVELS))
        if not of_level.is_empty():
            counts.append(f"{of_level.height:,} {level}")
        for rule in of_level["rule"].unique(maintain_order=True):
            messages = of_level.filter(pl.col("rule") == rule)["message"]
            lines += _section(f"{level}: {rule}", messages.head(most).to_list(), len(messages))
    return f"stockout: {', '.join(counts)}", "\n".join(lines)


def _section(head: str, messages: Sequence[str], all_of_them: int) -> list[str]:
    more = all_of_them - len(messages)
    return [head, *(f"- {text}" for text in messages), *([f"and {more:,} more"] if more else [])]
