"""The messages of a run: found before its results are published, sent when they are.

A run that dies before its folder is in place has told nobody. One that dies later is completed by
the next: what was sent is remembered after each recipient, and the file :data:`TOLD` of the output
folder says since when the results of a date are being told, so that the same results are told to
nobody twice, whatever a rule says of repeating.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from stockout import configured
from stockout.alerts.deliver import deliver
from stockout.alerts.rules import find_alerts
from stockout.alerts.sending import not_sent, senders_of
from stockout.checks.findings import FINDINGS
from stockout.errors import StockoutError
from stockout.outputs import replacing
from stockout.pipeline.dated_folders import RECORD, digest, latest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

    import polars as pl

    from stockout.alerts.sending import Sender
    from stockout.pipeline.context import Context

logger = logging.getLogger(__name__)

TOLD = "told.json"
"""The file that says since when which results are being told; beside the dated folders."""


def alert(context: Context) -> Mapping[str, int]:
    """Finds what is to be told, and leaves the telling for when the folder is in its place."""
    config = context.config
    senders = senders_of(config, os.environ)
    rules = config.alert.rules
    results = _results(context, {rule.table for rule in rules})
    alerts = find_alerts(rules, results, str(config.file or "stockout.toml"))
    context.afterwards.append(lambda: _tell(context, alerts, senders))
    return {"alerts": alerts.height}


def _results(context: Context, names: AbstractSet[str]) -> dict[str, pl.DataFrame]:
    """The results that rules look at; of steps that were not taken, they are worked out."""
    config, there = context.config, context.results
    found: dict[str, pl.DataFrame] = {}
    if "check" in names:
        found["check"] = there["check"] if "check" in there else _findings(context)
    if "reorder" in names:
        found["reorder"] = (
            there["reorder"]
            if "reorder" in there
            else configured.reorder(config, context.tables, context.as_of)
        )
    if names & {"lost_sales", "stockouts"}:
        lost = there.get("lost_sales")
        if lost is None:
            lost = configured.lost_sales(config, context.tables, context.as_of)
        found |= {"lost_sales": lost.frame, "stockouts": lost.episodes}
    return found


def _findings(context: Context) -> pl.DataFrame:
    config, asked = context.config, context.asked
    with tempfile.TemporaryDirectory(prefix="stockout-") as scratch:
        staged = configured.stage(config, Path(scratch), asked)
        return configured.findings(config, staged, asked).select(FINDINGS.names())


def _tell(context: Context, alerts: pl.DataFrame, senders: Mapping[str, Sender]) -> None:
    """Sends what is due of the results in their place.

    Raises:
        LockedError: Another process is telling people.
        StockoutError: Somebody could not be told.
    """
    config, folder = context.config, context.folder
    if latest(folder.parent) != folder.name:
        context.log("alert: nobody is told of results that are not the latest")
        return
    state = config.folder / Path(config.alert.state).expanduser()
    since = _since(folder, context.now)
    done = deliver(alerts, config.alert, senders, state, context.now, since=since)
    context.log(f"alert: {done.counted}")
    logger.info("alert: %s", done.counted)
    if done.failures:
        raise not_sent(senders, done.failures)


def _since(folder: Path, now: datetime) -> datetime:
    """When the results in a folder began to be told; now, where they were not yet."""
    path = folder.parent / TOLD
    results = {"as_of": folder.name, "sha256": digest(folder / RECORD)}
    if path.exists():
        try:
            before = json.loads(path.read_text(encoding="utf-8"))
            since = datetime.fromisoformat(before.pop("since"))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise StockoutError(
                f"{path}: cannot be read as what was told",
                hint="delete it: then rules that repeat at each run tell these results once more",
            ) from None
        if before == results:
            return since
    with replacing(path) as beside:
        text = json.dumps({**results, "since": now.isoformat(timespec="seconds")}, indent=1)
        beside.write_text(text + "\n", encoding="utf-8", newline="\n")
    return now
