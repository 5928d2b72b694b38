"""``stockout simulate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from stockout.cli.run import Run, as_of_date, command
from stockout.errors import ConfigError

if TYPE_CHECKING:
    import polars as pl

    from stockout.replenishment.scenarios import Scenario

_SCENARIOS = "What if, each beside today"
_SIMULATION = "Simulation"
_A_DAY = 1.0  # between two looks at the stock, where it is watched all the time


def add_to(app: typer.Typer) -> None:
    """Adds the command."""
    command(app, "simulate")(_simulate)


def _simulate(
    run: Run,
    *,
    targets: Annotated[
        str | None,
        typer.Option(
            help="Service levels to try beside today's; default 0.8,0.9,0.95,0.98,0.99. Fill rates "
            "where the configuration has one.",
            metavar="P,P,...",
            rich_help_panel=_SIMULATION,
        ),
    ] = None,
    lead_time: Annotated[
        float | None,
        typer.Option(
            "--lead-time",
            help="Every item takes so long.",
            metavar="DAYS",
            rich_help_panel=_SCENARIOS,
        ),
    ] = None,
    lead_time_change: Annotated[
        str | None,
        typer.Option(
            "--lead-time-change",
            help="Every item takes longer or shorter: +7d, -1w, x1.5.",
            metavar="CHANGE",
            rich_help_panel=_SCENARIOS,
        ),
    ] = None,
    lead_time_sd: Annotated[
        float | None,
        typer.Option(
            "--lead-time-sd",
            help="Lead times become erratic, with this standard deviation.",
            metavar="DAYS",
            rich_help_panel=_SCENARIOS,
        ),
    ] = None,
    demand: Annotated[
        str | None,
        typer.Option(
            help="All demand changes: +20%, -10%, x1.5.",
            metavar="CHANGE",
            rich_help_panel=_SCENARIOS,
        ),
    ] = None,
    supplier_failure: Annotated[
        list[str] | None,
        typer.Option(
            "--supplier-failure",
            help="A supplier works on nothing from tomorrow on: NAME:4w, NAME:10d. Repeatable.",
            metavar="NAME:TIME",
            rich_help_panel=_SCENARIOS,
        ),
    ] = None,
    review: Annotated[
        float | None,
        typer.Option(
            help="Every item is ordered so often.", metavar="DAYS", rich_help_panel=_SCENARIOS
        ),
    ] = None,
    together: Annotated[
        bool,
        typer.Option(
            "--together",
            help="All of these at once, in place of one after the other.",
            rich_help_panel=_SCENARIOS,
        ),
    ] = False,
    unplanned: Annotated[
        bool,
        typer.Option(
            "--unplanned",
            help="Nobody plans for them: orders go on as for today.",
            rich_help_panel=_SCENARIOS,
        ),
    ] = False,
    by: Annotated[
        Literal["none", "category", "supplier", "location", "sku"],
        typer.Option(
            help="What rows are told apart by.", show_default=True, rich_help_panel=_SIMULATION
        ),
    ] = "none",
    horizon: Annotated[
        int | None,
        typer.Option(
            help="Days to simulate; default 182.", metavar="DAYS", rich_help_panel=_SIMULATION
        ),
    ] = None,
    holding_rate: Annotated[
        float | None,
        typer.Option(
            "--holding-rate",
            help="Cost of holding stock for a year as a share of its value, where no holding cost "
            "is given; default 0.2, an assumption.",
            metavar="SHARE",
            rich_help_panel=_SIMULATION,
        ),
    ] = None,
    paths: Annotated[
        int | None,
        typer.Option(
            help="Futures of each item; default 100.", metavar="N", rich_help_panel=_SIMULATION
        ),
    ] = None,
    seed: Annotated[
        int,
        typer.Option(
            help="Of the random numbers.",
            metavar="N",
            min=0,
            show_default=True,
            rich_help_panel=_SIMULATION,
        ),
    ] = 0,
    picture: Annotated[
        Path | None,
        typer.Option(
            help="Also draw service against stock, and cost against target, into FILE.svg or .png.",
            metavar="FILE",
            rich_help_panel="Output",
        ),
    ] = None,
) -> None:
    """What a target costs, and what if lead times, demand or a supplier change.

    Simulates half a year of every item under its forecast and the rule of stockout reorder. Writes
    one row a scenario, target and window: from today's stock (next) and as if the policy had always
    been in force (long run). docs/simulate.md says what each column means and what is left out. On
    a terminal, a digest that begins with the answer.

    Example: stockout simulate --targets 0.9,0.95,0.98 --lead-time-change +7d --picture curves.svg
    """
    from stockout.reports.charts import check_picture

    if picture is not None:
        check_picture(picture)
    levels = None if targets is None else _shares(targets)
    changes: list[dict[str, object]] = [
        {"lead_time": lead_time},
        {"lead_time": lead_time_change},
        {"lead_time_sd_days": lead_time_sd},
        {"demand": demand},
        {"review_days": review},
    ]
    changes += [{"failures": [failure]} for failure in supplier_failure or ()]
    scenarios = _scenarios(changes, planned=not unplanned, together=together)
    config = run.load({})
    tables = run.read(
        config,
        needed=["sales", "inventory"],
        useful=["products", "suppliers", "purchases", "orders", "movements", "events"],
    )
    import stockout
    from stockout.demand.calendar import resolve_as_of
    from stockout.reports.simulate_chart import simulate_caption, simulate_chart
    from stockout.reports.simulate_digest import simulate_digest

    as_of = resolve_as_of(
        {"sales": tables.sales, "inventory": tables.inventory, "movements": tables.movements},
        as_of_date(config),
    )
    today = config.reorder
    chosen = {"horizon_days": horizon, "holding_rate": holding_rate, "paths": paths}
    with run.working("simulating"):
        frame = stockout.simulate(
            cast("pl.DataFrame", tables.sales),
            cast("pl.DataFrame", tables.inventory),
            tables.products,
            tables.suppliers,
            tables.purchases,
            tables.orders,
            tables.movements,
            tables.events,
            targets=levels,
            scenarios=scenarios,
            by=by,
            as_of=as_of,
            freq=config.freq,
            lead_time_days=today.lead_time_days,
            review_days=_A_DAY if today.policy == "continuous" else today.review_days,
            default_lead_time_days=config.default_lead_time_days,
            default_review_days=config.default_review_days,
            unmet=today.unmet,
            service_level=today.service_level,
            fill_rate=today.fill_rate,
            shortage_cost=today.shortage_cost,
            holding_cost=today.holding_cost,
            class_targets=today.targets,
            order_cost=today.order_cost,
            models=config.forecast.models,
            time_budget=config.forecast.time_budget,
            seed=seed,
            **{name: value for name, value in chosen.items() if value is not None},  # type: ignore[arg-type]
        )
    if picture is not None:
        from stockout.reports.charts import write_chart

        write_chart(simulate_chart(frame, as_of=as_of), picture, simulate_caption(frame))
    run.write(
        frame,
        lambda rows, console: simulate_digest(
            rows, as_of=as_of, size=console.size, holding_rate=holding_rate
        ),
    )


def _shares(words: str) -> list[float]:
    from stockout.replenishment.scenarios import check_targets

    try:
        levels = [float(word) for word in words.split(",")]
    except ValueError:
        raise ConfigError(
            f"--targets {words!r} does not read, expected shares such as 0.9,0.95,0.98"
        ) from None
    check_targets(levels)
    return levels


def _scenarios(
    changes: list[dict[str, object]], *, planned: bool, together: bool
) -> list[Scenario]:
    from stockout.replenishment.scenarios import Scenario

    said = [
        Scenario.said(**change, planned=planned)  # type: ignore[arg-type]
        for change in changes
        if any(value is not None for value in change.values())
    ]
    return [Scenario.together(said)] if together and said else said
