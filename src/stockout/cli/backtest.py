"""``stockout backtest``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from stockout.cli.messages import say
from stockout.cli.run import Run, as_of_date, command
from stockout.errors import ConfigError

if TYPE_CHECKING:
    pass

_ACCURACY = "Accuracy"
_REPLAY = "Replay of the orders"
_TARGET = "Target of the replay, one of"


def add_to(app: typer.Typer) -> None:
    """Adds the command."""
    command(app, "backtest")(_backtest)


def _backtest(
    run: Run,
    *,
    freq: Annotated[
        Literal["auto", "day", "week"] | None,
        typer.Option(
            help="Length of a period; auto is week where the sales are weekly, else day.",
            rich_help_panel=_ACCURACY,
        ),
    ] = None,
    horizon: Annotated[
        int | None,
        typer.Option(
            help="Periods ahead; default four weeks, fewer where the history is short.",
            metavar="N",
            rich_help_panel=_ACCURACY,
        ),
    ] = None,
    origins: Annotated[
        int | None,
        typer.Option(
            help="Past dates to forecast from; default up to 13 over the last year.",
            metavar="N",
            rich_help_panel=_ACCURACY,
        ),
    ] = None,
    spacing: Annotated[
        int | None,
        typer.Option(
            help="Periods between two of them; default so that what they judge does not overlap.",
            metavar="N",
            rich_help_panel=_ACCURACY,
        ),
    ] = None,
    protection: Annotated[
        str | None,
        typer.Option(
            help="Also sums of so many periods, each fitted by itself, as an order does.",
            metavar="N,N,...",
            rich_help_panel=_ACCURACY,
        ),
    ] = None,
    models: Annotated[
        str | None,
        typer.Option(
            help="Judge the forecast by these models, as in stockout forecast --models.",
            metavar="NAME,...",
            rich_help_panel=_ACCURACY,
        ),
    ] = None,
    time_budget: Annotated[
        float | None,
        typer.Option(
            help="Seconds for costly models at each of the dates; default 0.",
            metavar="SECONDS",
            rich_help_panel=_ACCURACY,
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            help="Also by any of sku, location, category, supplier, xyz; by demand class and ABC "
            "class always.",
            metavar="WHAT,...",
            rich_help_panel=_ACCURACY,
        ),
    ] = None,
    replay: Annotated[
        int | None,
        typer.Option(
            help="Weeks up to as-of in which orders are replayed; default 13, 0 for none.",
            metavar="WEEKS",
            rich_help_panel=_REPLAY,
        ),
    ] = None,
    lead_time: Annotated[
        float | None,
        typer.Option(
            "--lead-time",
            help="Days from order to receipt; default what was measured or told.",
            metavar="DAYS",
            rich_help_panel=_REPLAY,
        ),
    ] = None,
    review: Annotated[
        float | None,
        typer.Option(
            "--review",
            help="Days between two orders, in whole weeks.",
            metavar="DAYS",
            rich_help_panel=_REPLAY,
        ),
    ] = None,
    service_level: Annotated[
        float | None,
        typer.Option(
            "--service-level",
            help="Probability of no stockout in a cycle, such as 0.95.",
            metavar="P",
            rich_help_panel=_TARGET,
        ),
    ] = None,
    fill_rate: Annotated[
        float | None,
        typer.Option(
            "--fill-rate",
            help="Share of demand served from stock, such as 0.98.",
            metavar="P",
            rich_help_panel=_TARGET,
        ),
    ] = None,
    shortage_cost: Annotated[
        float | None,
        typer.Option(
            "--shortage-cost",
            help="Money per unit lost, together with --holding-cost.",
            metavar="MONEY",
            rich_help_panel=_TARGET,
        ),
    ] = None,
    holding_cost: Annotated[
        float | None,
        typer.Option(
            "--holding-cost",
            help="Money per unit in stock and week, together with --shortage-cost.",
            metavar="MONEY",
            rich_help_panel=_TARGET,
        ),
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option(
            help="Draw accuracy, coverage and the replay to an .svg or .png file.",
            metavar="FILE",
            rich_help_panel="Output",
        ),
    ] = None,
) -> None:
    """How good past forecasts and orders would have been, made again from what was known then.

    Writes one row a figure: what, by, group, method, horizon, ahead, metric, value, low, high
    (90 %), unit, coverage, items and forecasts. Forecasts are judged where there was stock, beside
    a naive one, a seasonal one, a moving average and people's corrections; orders beside what was
    really held, a textbook policy and min/max. docs/backtest.md defines every figure. On a
    terminal, a digest.

    Example: stockout backtest --by category --picture accuracy.svg --output backtest.csv
    """
    if picture is not None:
        from stockout.reports.charts import check_picture

        check_picture(picture)
    spans = [_whole(word) for word in _words(protection)]
    config = run.load(
        {
            "freq": freq,
            "forecast.models": models,
            "forecast.time_budget": time_budget,
            "reorder.lead_time_days": lead_time,
            "reorder.review_days": review,
            "reorder.service_level": service_level,
            "reorder.fill_rate": fill_rate,
            "reorder.shortage_cost": shortage_cost,
            "reorder.holding_cost": holding_cost,
        }
    )
    tables = run.read(
        config,
        needed=["sales"],
        useful=[
            "inventory",
            "products",
            "suppliers",
            "purchases",
            "movements",
            "overrides",
            "events",
        ],
    )
    from stockout.configured import as_of_of, backtest
    from stockout.replenishment.policy_backtest import DEFAULT_WEEKS
    from stockout.reports.backtest_digest import backtest_digest

    as_of = as_of_of(tables, as_of_date(config))
    with run.working("forecasting again from past dates"):
        frame = backtest(
            config,
            tables,
            as_of,
            horizon=horizon,
            origins=origins,
            spacing=spacing,
            protection=spans,
            by=_words(by),
            replay_weeks=DEFAULT_WEEKS if replay is None else replay,
        )
    if picture is not None:
        from stockout.reports.backtest_picture import write_backtest_picture

        with run.working("drawing"):
            write_backtest_picture(frame, picture)
        if run.verbose:
            say("note", f"drew {picture}")
    run.write(frame, lambda rows, console: backtest_digest(rows, size=console.size))


def _words(text: str | None) -> list[str]:
    return [] if text is None else [word.strip() for word in text.split(",")]


def _whole(word: str) -> int:
    if not word.isdecimal():
        raise ConfigError(
            f"protection: found {word!r}, expected whole numbers of periods",
            hint="like --protection 7,21",
        )
    return int(word)
