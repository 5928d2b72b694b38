"""``stockout lost-sales``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from stockout.cli.run import Run, as_of_date, command
from stockout.errors import ConfigError

if TYPE_CHECKING:
    import polars as pl

    from stockout.impact.stockout_costs import LostSales

_ROWS = "What is written, one of"
_SCENARIO = "What customers did instead"


def add_to(app: typer.Typer) -> None:
    """Adds the command."""
    command(app, "lost-sales")(_lost_sales)


def _lost_sales(
    run: Run,
    *,
    freq: Annotated[
        Literal["auto", "day", "week"] | None,
        typer.Option(
            help="Length of a period; auto is week where the sales are weekly, else day.",
            rich_help_panel="Estimate",
        ),
    ] = None,
    include_phantom: Annotated[
        bool,
        typer.Option(
            "--include-phantom",
            help="Count as lost what was wanted while stock was probably not there.",
            rich_help_panel="Estimate",
        ),
    ] = False,
    substituted: Annotated[
        float | None,
        typer.Option(
            help="Share of lost units for which something else was bought here; adds net columns.",
            metavar="SHARE",
            rich_help_panel=_SCENARIO,
        ),
    ] = None,
    delayed: Annotated[
        float | None,
        typer.Option(
            help="Share of lost units that were bought here later; adds net columns.",
            metavar="SHARE",
            rich_help_panel=_SCENARIO,
        ),
    ] = None,
    every: Annotated[
        bool,
        typer.Option(
            "--all",
            help="Every period in which an item was meant to be sold, not only those out of stock.",
            rich_help_panel=_ROWS,
        ),
    ] = False,
    episodes: Annotated[
        bool,
        typer.Option(
            "--episodes",
            help="Each run of periods out of stock: from, to, length, how it ended, what it cost.",
            rich_help_panel=_ROWS,
        ),
    ] = False,
    by: Annotated[
        str | None,
        typer.Option(
            help="Key figures with their definition, coverage and interval by any of sku, "
            "location, category, supplier, channel, month; or of all together: none.",
            metavar="WHAT,...",
            rich_help_panel=_ROWS,
        ),
    ] = None,
) -> None:
    """What was not sold because there was no stock, and how often that was.

    Writes sku, location, date, sold, latent, lost_units, lost_low, lost_high (90 %), lost_revenue,
    lost_margin, rule, in_stock_share and phantom_units of each period with a stockout; gross, and
    with a stated scenario net as well. docs/stockouts.md defines every figure. On a terminal, a
    digest: the items that lost most, and what is not known.

    Example: stockout lost-sales --by category,month --output stockouts.csv
    """
    chosen = [name for name, on in (("--all", every), ("--episodes", episodes), ("--by", by)) if on]
    if len(chosen) > 1:
        raise ConfigError(f"{' and '.join(chosen)} ask for different tables", hint="give one")
    from stockout.impact.key_figures import checked_groups
    from stockout.impact.substitution import Scenario

    groups = None if by is None else checked_groups(_words(by))
    Scenario.stated(substituted, delayed)  # refused before the work
    config = run.load({"freq": freq})
    tables = run.read(
        config,
        needed=["sales"],
        useful=["inventory", "products", "suppliers", "purchases", "movements", "events"],
    )
    from stockout.configured import as_of_of, lost_sales
    from stockout.reports.lost_sales_digest import episode_digest, kpi_digest, lost_sales_digest

    as_of = as_of_of(tables, as_of_date(config))
    with run.working("estimating lost sales"):
        found = lost_sales(
            config,
            tables,
            as_of,
            substituted=substituted,
            delayed=delayed,
            include_phantom=include_phantom,
        )
        frame = _frame(found, groups, every=every, episodes=episodes)
    run.write(
        frame,
        lambda rows, console: (
            kpi_digest(rows, rows.columns[: rows.columns.index("kpi")], size=console.size)
            if groups is not None
            else episode_digest(rows, size=console.size, products=tables.products)
            if episodes
            else lost_sales_digest(found, size=console.size, products=tables.products)
        ),
    )


def _words(by: str) -> list[str]:
    """The words of ``--by``; none is all together."""
    words = [word.strip() for word in by.split(",")]
    return [] if words == ["none"] else words


def _frame(
    found: LostSales, groups: list[str] | None, *, every: bool, episodes: bool
) -> pl.DataFrame:
    if groups is not None:
        return found.kpis(groups)
    if episodes:
        return found.episodes
    return found.every_period() if every else found.frame
