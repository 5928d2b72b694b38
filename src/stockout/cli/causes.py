"""``stockout causes``."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from stockout.cli.run import Run, as_of_date, command
from stockout.errors import ConfigError

if TYPE_CHECKING:
    pass

_ROWS = "What is written"


def add_to(app: typer.Typer) -> None:
    """Adds the command."""
    command(app, "causes")(_causes)


def _causes(
    run: Run,
    *,
    freq: Annotated[
        Literal["auto", "day", "week"] | None,
        typer.Option(
            help="Length of a period; auto is week where the sales are weekly, else day.",
            rich_help_panel="Estimate",
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            help="Sums instead of episodes, by any of cause, month, sku, location, category, "
            "supplier; or of all together: none. By month, each stands beside the month before.",
            metavar="WHAT,...",
            rich_help_panel=_ROWS,
        ),
    ] = None,
    month: Annotated[
        str | None,
        typer.Option(
            help="Only episodes that began in this month, such as 2026-05; sums beside those of "
            "the month before.",
            metavar="YYYY-MM",
            rich_help_panel=_ROWS,
        ),
    ] = None,
) -> None:
    """Why each stockout happened, and what it cost: the monthly look back.

    Writes sku, location, first_date, last_date, days, days_out, end, cause, evidence, cause_units,
    within_usual (how often demand had been as high before), supplier_id, po_id, lost_units,
    lost_low, lost_high (90 %) and lost_revenue of each episode. The cause is the first that matches
    of data error, late supplier, short delivery; else that of promotion, forecast error, ordered
    too late, ordered too little which took most; else unattributed. On a terminal, the causes of
    the last complete month beside those of the month before.

    Example: stockout causes --by cause,month --output causes.csv
    """
    began = None if month is None else _month(month)
    config = run.load({"freq": freq})
    groups = None
    if by is not None:
        from stockout.impact.cause_summary import checked_groups

        groups = checked_groups([] if by.strip() == "none" else by.replace(" ", "").split(","))
    tables = run.read(
        config,
        needed=["sales"],
        useful=["inventory", "products", "suppliers", "purchases", "movements", "events"],
    )
    from stockout.configured import as_of_of, causes
    from stockout.reports.causes_digest import cause_sums_digest, causes_digest

    as_of = as_of_of(tables, as_of_date(config))
    with run.working("looking for causes"):
        found = causes(config, tables, as_of)
        frame = found.episodes_of(began) if groups is None else found.summary(groups, month=began)
    run.write(
        frame,
        lambda rows, console: (
            causes_digest(found, began, size=console.size, products=tables.products)
            if groups is None
            else cause_sums_digest(rows, groups, size=console.size)
        ),
    )


def _month(text: str) -> date:
    found = re.fullmatch(r"(\d{4})-(\d{1,2})", text.strip())
    if found is None or not 1 <= int(found[2]) <= 12 or int(found[1]) < 1:
        raise ConfigError(f"--month: found {text!r}, expected a month such as 2026-05")
    return date(int(found[1]), int(found[2]), 1)
