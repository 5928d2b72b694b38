"""``stockout alert``."""

from __future__ import annotations

import os
import tempfile
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stockout.cli.messages import say
from stockout.cli.run import Run, as_of_date, command
from stockout.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    import polars as pl

    from stockout.config import Config

_COLUMNS = ["level", "rule", "recipient", "sku", "location", "message", "status"]


def add_to(app: typer.Typer) -> None:
    """Adds the command."""
    command(app, "alert")(_alert)


def _alert(
    run: Run,
    *,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Show what would be sent, and send nothing.",
            rich_help_panel="Alert",
        ),
    ] = False,
) -> None:
    """Tells people what the results say, by the rules of the configuration.

    Works out the results that the rules look at, and sends what they find to e-mail, Slack,
    DingTalk, WeCom, Feishu or webhooks. Writes level, rule, recipient, sku, location, message and
    status: sent, told before, waits (a quiet period), not sent. docs/alerts.md describes the rules.
    Exits with 2 where a recipient could not be told; the others are, and it is tried again at the
    next run.

    Example: stockout alert --dry-run
    """
    config = run.load({})
    rules = config.alert.rules
    if not rules:
        raise ConfigError(
            "no rules: the configuration has no [[alert.rules]]", hint="docs/alerts.md shows some"
        )
    from stockout.alerts.deliver import deliver
    from stockout.alerts.rules import find_alerts
    from stockout.alerts.sending import not_sent, senders_of
    from stockout.reports.plain import plain_table

    senders = senders_of(config, os.environ)
    now = datetime.now().astimezone()
    results = _results(run, config, {rule.table for rule in rules})
    alerts = find_alerts(rules, results, str(config.file or "stockout.toml"))
    state = config.folder / Path(config.alert.state).expanduser()
    with run.working("sending"):
        done = deliver(alerts, config.alert, senders, state, now, dry_run=dry_run)
    run.write(
        done.rows.select(_COLUMNS), lambda rows, console: plain_table(rows, size=console.size)
    )
    if not run.quiet:
        say("alert", done.counted)
    if done.failures:
        raise not_sent(senders, done.failures)


def _results(run: Run, config: Config, names: AbstractSet[str]) -> dict[str, pl.DataFrame]:
    """The results that rules look at, each as its own command works it out."""
    from stockout import configured

    results: dict[str, pl.DataFrame] = {}
    if "check" in names:
        results["check"] = _findings(run, config)
    if not names - {"check"}:
        return results
    needed = ["sales", "inventory"] if "reorder" in names else ["sales"]
    useful = ["inventory", "products", "suppliers", "purchases", "orders", "movements"]
    tables = run.read(config, needed=needed, useful=[*useful, "overrides", "events"])
    as_of = configured.as_of_of(tables, as_of_date(config))
    if "reorder" in names:
        with run.working("working out what to order"):
            results["reorder"] = configured.reorder(config, tables, as_of)
    if names & {"lost_sales", "stockouts"}:
        with run.working("estimating lost sales"):
            lost = configured.lost_sales(config, tables, as_of)
            results |= {"lost_sales": lost.frame, "stockouts": lost.episodes}
    return results


def _findings(run: Run, config: Config) -> pl.DataFrame:
    from stockout import configured
    from stockout.checks.findings import FINDINGS

    as_of = as_of_date(config)
    with tempfile.TemporaryDirectory(prefix="stockout-") as scratch, run.working("checking"):
        staged = configured.stage(config, Path(scratch), as_of)
        return configured.findings(config, staged, as_of).select(FINDINGS.names())
