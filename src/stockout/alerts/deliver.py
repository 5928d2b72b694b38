"""Tells each recipient what is due, and remembers it at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import polars as pl

from stockout.alerts.memory import read_memory, remembered, write_memory
from stockout.alerts.plan import DUE, longest_days, message_of, plan_messages
from stockout.locking import locked

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from stockout.config import AlertConfig

SENT_NOW = "sent"
NOT_SENT = "not sent"
WOULD_SEND = "would be sent"


class Sends(Protocol):
    """Something that sends, such as :class:`stockout.alerts.sending.Sender`."""

    def send(self, title: str, body: str, level: str) -> str | None:
        """Sends; None where the message was taken, else why not."""


class Delivered(NamedTuple):
    """What became of the alerts of a run."""

    rows: pl.DataFrame  # recipient, level, rule, sku, location, key, message, status
    failures: Mapping[str, str]  # recipients that could not be told, and why

    @property
    def counted(self) -> str:
        """How many alerts had which status, in words."""
        counts = self.rows["status"].value_counts(name="n").sort("n", "status", descending=True)
        return ", ".join(f"{n:,} {status}" for status, n in counts.rows()) or "nothing to tell"


def deliver(
    alerts: pl.DataFrame,
    config: AlertConfig,
    senders: Mapping[str, Sends],
    state: Path,
    now: datetime,
    *,
    dry_run: bool = False,
    since: datetime | None = None,
) -> Delivered:
    """Sends what is due, one message a recipient.

    What was sent is remembered after each recipient, so that a run that dies tells nobody twice
    but, at worst, the one that it was telling. What could not be sent is due again.

    Args:
        alerts: As from :func:`stockout.alerts.rules.find_alerts`.
        config: Rules and quiet periods.
        senders: What sends to each recipient; those of a dry run are not asked.
        state: The file that remembers.
        now: When the run is, in local time with its offset.
        dry_run: Nothing is sent, and nothing remembered.
        since: What was sent since then is not told again, whatever the rules say.

    Raises:
        LockedError: Another process is telling people of the same file.
        StockoutError: What was sent before cannot be read, or what is sent not be remembered.

    >>> import tempfile
    >>> from datetime import datetime
    >>> from pathlib import Path
    >>> from stockout.alerts.rules import find_alerts
    >>> from stockout.config import AlertConfig, AlertRule
    >>> rule = AlertRule(name="low", table="reorder", where="on_hand < 5",
    ...                  message="{sku}: {on_hand} left", recipients=["ops"])
    >>> config = AlertConfig(rules=[rule], recipients={"ops": "feishu://${TOKEN}"})
    >>> alerts = find_alerts([rule], {"reorder": pl.DataFrame({"sku": ["A"], "on_hand": [2.0]})})
    >>> class Printer:
    ...     def send(self, title, body, level):
    ...         print(*title.splitlines(), *body.splitlines(), sep=" | ")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for day in (1, 2):
    ...         done = deliver(alerts, config, {"ops": Printer()}, Path(folder) / "alerts.json",
    ...                        datetime(2026, 6, day, 8))
    ...         print(*done.rows["status"])
    stockout: 1 warning | warning: low | - A: 2 left
    sent
    told before
    """
    if dry_run:
        return _deliver(alerts, config, senders, state, now, dry_run=True, since=since)
    with (
        locked(state.with_name(f".{state.name}.lock"), "another process is telling people"),
    ):
        return _deliver(alerts, config, senders, state, now, dry_run=False, since=since)


def _deliver(
    alerts: pl.DataFrame, config: AlertConfig, senders: Mapping[str, Sends], state: Path,
    now: datetime, *, dry_run: bool, since: datetime | None,
) -> Delivered:  # fmt: skip
    sent = read_memory(state)
    planned = plan_messages(alerts, config, sent, now, since)
    failures: dict[str, str] = {}
    parts = [planned.filter(pl.col("status") != DUE)]
    due = planned.filter(pl.col("status") == DUE)
    for name in due["recipient"].unique(maintain_order=True):
        rows = due.filter(pl.col("recipient") == name)
        status = WOULD_SEND
        if not dry_run:
            title, body = message_of(rows, config.max_items)
            reason = senders[name].send(title, body, str(rows["level"].max()))
            status = SENT_NOW if reason is None else NOT_SENT
            if reason is None:
                sent = remembered(sent, rows, now, longest_days(config), since)
                write_memory(state, sent)
            else:
                failures[name] = reason
        parts.append(rows.with_columns(status=pl.lit(status)))
    order = ["recipient", "level", "rule", "sku", "location", "key"]
    descending = [False, True, False, False, False, False]
    together = pl.concat(parts).sort(order, descending=descending, nulls_last=True)
    return Delivered(together, failures)
