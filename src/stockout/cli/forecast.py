"""``stockout forecast``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from stockout.cli.run import Run, as_of_date, command

if TYPE_CHECKING:
    import polars as pl
    from rich.console import Console, RenderableType

_GROUP = "Forecast"
_MODELS = "Models"


def add_to(app: typer.Typer) -> None:
    """Adds the command."""
    command(app, "forecast")(_forecast)


def _forecast(
    run: Run,
    *,
    freq: Annotated[
        Literal["auto", "day", "week"] | None,
        typer.Option(
            help="Length of a period; auto is week where the sales are weekly, else day.",
            rich_help_panel=_GROUP,
        ),
    ] = None,
    horizon: Annotated[
        int | None,
        typer.Option(
            help="Periods to forecast; default 28 days or 13 weeks.",
            metavar="N",
            rich_help_panel=_GROUP,
        ),
    ] = None,
    levels: Annotated[
        str | None,
        typer.Option(
            help="Quantile levels, each a column: 0.5,0.9 gives q50 and q90 (the default).",
            metavar="P,P,...",
            rich_help_panel=_GROUP,
        ),
    ] = None,
    models: Annotated[
        str | None,
        typer.Option(
            help="Only these: of the fast ses, tsb, sba, ma; of the costly theta, ces, mstl, ets, "
            "arima; or global, one model of all items.",
            metavar="NAME,...",
            rich_help_panel=_MODELS,
        ),
    ] = None,
    time_budget: Annotated[
        float | None,
        typer.Option(
            help="Seconds for costly models, spent where most money is at stake; default 0.",
            metavar="SECONDS",
            rich_help_panel=_MODELS,
        ),
    ] = None,
) -> None:
    """Demand to expect of every SKU and location.

    Writes sku, location, date, mean, one column a quantile level (q50, q90, ...) and model: exactly
    N rows for each SKU and location that occurs in sales. Ended items have mean 0. On a terminal,
    a digest: the items with most demand first.

    Example: stockout forecast --sales sales.csv --horizon 28 --output forecast.parquet
    """
    config = run.load(
        {
            "freq": freq,
            "forecast.horizon": horizon,
            "forecast.levels": levels,
            "forecast.models": models,
            "forecast.time_budget": time_budget,
        }
    )
    tables = run.read(
        config,
        needed=["sales"],
        useful=["inventory", "products", "purchases", "movements", "overrides", "events"],
    )
    from stockout.configured import as_of_of, forecast
    from stockout.demand.calendar import choose_freq
    from stockout.demand.numbering import up_to

    as_of = as_of_of(tables, as_of_date(config))
    sales = cast("pl.DataFrame", tables.sales)
    period = choose_freq(up_to(sales, as_of), config.freq)
    with run.working("forecasting"):
        frame = forecast(config, tables, as_of, freq=period)

    def digest(rows: pl.DataFrame, console: Console) -> RenderableType:
        from stockout.reports.terminal import forecast_digest

        return forecast_digest(
            rows,
            as_of=as_of,
            period=period,
            products=tables.products,
            inventory=tables.inventory,
            size=console.size,
        )

    run.write(frame, digest)
