"""``stockout segments``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from stockout.cli.run import Run, as_of_date, command

if TYPE_CHECKING:
    pass

_STOCK = "Stock"


def add_to(app: typer.Typer) -> None:
    """Adds the command."""
    command(app, "segments")(_segments)


def _segments(
    run: Run,
    *,
    freq: Annotated[
        Literal["auto", "day", "week"] | None,
        typer.Option(help="Length of a period; auto is week where the sales are weekly, else day."),
    ] = None,
    horizon_days: Annotated[
        int | None,
        typer.Option(
            "--horizon-days",
            help="Stock beyond the expected demand of so many days is excess; default 90.",
            metavar="DAYS",
            rich_help_panel=_STOCK,
        ),
    ] = None,
    slow_days: Annotated[
        int | None,
        typer.Option(
            "--slow-days",
            help="Stock that lasts for longer is slow; default 365.",
            metavar="DAYS",
            rich_help_panel=_STOCK,
        ),
    ] = None,
    dead_days: Annotated[
        int | None,
        typer.Option(
            "--dead-days",
            help="Stock of which nothing was sold for so long is dead; default 182.",
            metavar="DAYS",
            rich_help_panel=_STOCK,
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            help="Sums instead of items, by any of abc, xyz, demand_class, stock_class, category, "
            "supplier, location; or of all together: none.",
            metavar="WHAT,...",
            rich_help_panel="What is written",
        ),
    ] = None,
) -> None:
    """Which items matter, how they sell, and where stock lies that nobody needs.

    Writes a row for each item: ABC by value, XYZ by variability, demand class, turnover, days of
    supply, age of the stock (first in, first out), excess, slow and dead stock in units and money,
    and the last sale. docs/segments.md defines every column. On a terminal, a digest: the most
    excess money first.

    Example: stockout segments --by abc,xyz
    """
    config = run.load({"freq": freq})
    groups = None
    if by is not None:
        from stockout.impact.segment_summary import checked_groups

        groups = checked_groups([] if by.strip() == "none" else by.replace(" ", "").split(","))
    tables = run.read(
        config, needed=["sales"], useful=["inventory", "products", "purchases", "movements"]
    )
    from stockout.configured import segments
    from stockout.reports.segments_digest import segment_sums_digest, segments_digest

    given = {"horizon_days": horizon_days, "slow_days": slow_days, "dead_days": dead_days}
    own = {name: days for name, days in given.items() if days is not None}
    with run.working("sorting the items"):
        found = segments(config, tables, as_of_date(config), **own)
        frame = found.frame if groups is None else found.summary(groups)
    run.write(
        frame,
        lambda rows, console: (
            segments_digest(found, size=console.size, products=tables.products)
            if groups is None
            else segment_sums_digest(rows, groups, found, size=console.size)
        ),
    )
