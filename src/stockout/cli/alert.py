"""``stockout alert``."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stockout.cli.messages import say
from stockout.cli.run import Run, command
from stockout.errors import ConfigError, StockoutError

if TYPE_CHECKING:
    from stockout.alerts.sending import Sender
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
    senders = _senders(config)
    now = datetime.now().astimezone()
    from stockout.alerts.deliver import deliver
    from stockout.alerts.rules import find_alerts
    from stockout.cli.results import results_of
    from stockout.reports.plain import plain_table

    results = results_of(run, config, {rule.table for rule in rules})
    alerts = find_alerts(rules, results, str(config.file or "stockout.toml"))
    state = config.folder / Path(config.alert.state).expanduser()
    with run.working("sending"):
        done = deliver(alerts, config.alert, senders, state, now, dry_run=dry_run)
    run.write(
        done.rows.select(_COLUMNS), lambda rows, console: plain_table(rows, size=console.size)
    )
    if not run.quiet:
        counts = done.rows["status"].value_counts(sort=True, name="n").rows()
        told = ", ".join(f"{n:,} {status}" for status, n in counts) or "nothing to tell"
        say("alert", told)
    if done.failures:
        raise StockoutError(
            "not sent to "
            + "; ".join(
                f"{senders[name].recipient.shown}: {why}" for name, why in done.failures.items()
            ),
            hint="what was not sent is tried again at the next run",
        )


def _senders(config: Config) -> dict[str, Sender]:
    """What sends to each recipient that a rule names; told before the work where one is wrong."""
    from stockout.alerts.recipients import parse_recipient
    from stockout.alerts.sending import Sender

    place = str(config.file or "stockout.toml")
    named = dict.fromkeys(name for rule in config.alert.rules for name in rule.recipients)
    return {
        name: Sender(
            parse_recipient(name, config.alert.recipients[name], os.environ, place),
            allow_local=config.alert.allow_local,
        )
        for name in named
    }
