"""``stockout reorder``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from stockout.cli.run import Run, as_of_date, command

if TYPE_CHECKING:
    pass


def add_to(app: typer.Typer) -> None:
    """Adds the command."""
    command(app, "reorder")(_reorder)


def _reorder(
    run: Run,
    *,
    freq: Annotated[
        Literal["auto", "day", "week"] | None,
        typer.Option(
            help="Length of a demand period; auto is week where the sales are weekly, else day.",
            rich_help_panel="Policy",
        ),
    ] = None,
    lead_time: Annotated[
        float | None,
        typer.Option(
            "--lead-time",
            help="Days from order to receipt, for every item; default what was measured or told.",
            metavar="DAYS",
            rich_help_panel="Policy",
        ),
    ] = None,
    review: Annotated[
        float | None,
        typer.Option(
            "--review",
            help="Days between two orders, for every item.",
            metavar="DAYS",
            rich_help_panel="Policy",
        ),
    ] = None,
    unmet: Annotated[
        Literal["lost", "backorder"] | None,
        typer.Option(
            help="What becomes of demand that meets no stock; default lost.",
            rich_help_panel="Policy",
        ),
    ] = None,
    service_level: Annotated[
        float | None,
        typer.Option(
            "--service-level",
            help="Probability of no stockout in a cycle, such as 0.95.",
            metavar="P",
            rich_help_panel="Target, one of",
        ),
    ] = None,
    fill_rate: Annotated[
        float | None,
        typer.Option(
            "--fill-rate",
            help="Share of demand served from stock, such as 0.98.",
            metavar="P",
            rich_help_panel="Target, one of",
        ),
    ] = None,
    shortage_cost: Annotated[
        float | None,
        typer.Option(
            "--shortage-cost",
            help="Money per unit short, together with --holding-cost.",
            metavar="MONEY",
            rich_help_panel="Target, one of",
        ),
    ] = None,
    holding_cost: Annotated[
        float | None,
        typer.Option(
            "--holding-cost",
            help="Money per unit in stock and period, together with --shortage-cost or "
            "--order-cost.",
            metavar="MONEY",
            rich_help_panel="Target, one of",
        ),
    ] = None,
    policy: Annotated[
        Literal["periodic", "continuous"] | None,
        typer.Option(
            help="Whether orders wait for the next review (the default), or go out as soon as "
            "stock and what is on its way fall to the reorder point.",
            rich_help_panel="Policy",
        ),
    ] = None,
    order_cost: Annotated[
        float | None,
        typer.Option(
            "--order-cost",
            help="Money per order of an item, whatever its quantity: (s, S), or (r, Q) under "
            "continuous review. It is weighed against the holding cost.",
            metavar="MONEY",
            rich_help_panel="Policy",
        ),
    ] = None,
    below_minimum: Annotated[
        Literal["raise", "hold"] | None,
        typer.Option(
            "--below-minimum",
            help="What becomes of an order below its supplier's minimum value; default raise.",
            rich_help_panel="Policy",
        ),
    ] = None,
    budget: Annotated[
        float | None,
        typer.Option(
            help="Most that the orders may cost together.",
            metavar="MONEY",
            rich_help_panel="Policy",
        ),
    ] = None,
) -> None:
    """What to order now, how much, and why.

    Writes one line for every SKU and location: position, safety stock, reorder point, quantity,
    risk, status and a reason, the most urgent first. On a terminal, a digest of them.

    Example: stockout reorder --service-level 0.95 --output orders.csv
    """
    config = run.load(
        {
            "freq": freq,
            "reorder.lead_time_days": lead_time,
            "reorder.review_days": review,
            "reorder.unmet": unmet,
            "reorder.service_level": service_level,
            "reorder.fill_rate": fill_rate,
            "reorder.shortage_cost": shortage_cost,
            "reorder.holding_cost": holding_cost,
            "reorder.policy": policy,
            "reorder.order_cost": order_cost,
            "reorder.below_minimum": below_minimum,
            "reorder.budget": budget,
        }
    )
    tables = run.read(
        config,
        needed=["sales", "inventory"],
        useful=["products", "suppliers", "purchases", "orders", "movements", "overrides", "events"],
    )
    for_all = any(target is not None for target in (service_level, fill_rate, shortage_cost))
    own = {"targets": None} if for_all else {}  # a flag is for every item
    from stockout.configured import as_of_of, reorder
    from stockout.reports.terminal import reorder_digest

    as_of = as_of_of(tables, as_of_date(config))
    with run.working("working out what to order"):
        frame = reorder(config, tables, as_of, **own)
    run.write(
        frame,
        lambda rows, console: reorder_digest(
            rows, as_of=as_of, products=tables.products, size=console.size
        ),
    )
