"""``stockout churn``."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from stockout.cli.run import Format, Run, as_of_date, choose_format, command, shared_flag
from stockout.errors import ConfigError

if TYPE_CHECKING:
    from stockout.impact.churn import Churn

_MODEL = "Model"
_VALUE = "Value of a customer"
_ROWS = "What is written"
_TABLES = ["sales", "inventory", "products", "customers", "purchases", "movements", "events"]
_FORMATS = shared_flag(
    Format | None, "--format", group="Output",
    help="Default: by the suffix of FILE; on a terminal a table, else json.",
)  # fmt: skip


def add_to(app: typer.Typer) -> None:
    """Adds the command."""
    command(app, "churn", formats=_FORMATS)(_churn)


def _churn(
    run: Run,
    *,
    model: Annotated[
        Literal["mbgnbd", "bgnbd", "pareto"],
        typer.Option(
            help="Model of repeat purchases: customers leave after a purchase, the first too "
            "(mbgnbd) or not (bgnbd), or at any time (pareto).",
            rich_help_panel=_MODEL,
        ),
    ] = "mbgnbd",
    horizon: Annotated[
        float | None,
        typer.Option(
            help="Weeks ahead for expected purchases and value; default 52.",
            metavar="WEEKS",
            rich_help_panel=_MODEL,
        ),
    ] = None,
    margin: Annotated[
        float | None,
        typer.Option(
            help="Share of revenue left after the cost of goods, such as 0.35; default measured "
            "with unit_cost of products.",
            metavar="SHARE",
            rich_help_panel=_VALUE,
        ),
    ] = None,
    discount_rate: Annotated[
        float | None,
        typer.Option(
            "--discount-rate",
            help="Interest a year at which later purchases count less; default 0.15.",
            metavar="RATE",
            rich_help_panel=_VALUE,
        ),
    ] = None,
    by: Annotated[
        Literal["summary", "sku", "customer"],
        typer.Option(
            help="All customers together, a call list of customers, or the SKUs whose stockouts "
            "they met.",
            rich_help_panel=_ROWS,
        ),
    ] = "summary",
) -> None:
    """Which customers have probably gone, what they are worth, and what stockouts did to it.

    Writes repeat_purchase (model, parameters, standard errors, log-likelihood, churn and repurchase
    rate, whether the model fits), effect (customers who did not come back, associated with
    stockouts) and, where that is not known, a scenario as JSON; as csv, parquet or xlsx one row a
    figure. By customer, one row each with P(alive), expected purchases, value and overdue orders.
    docs/customers.md defines every figure. Customers may come as a summary: frequency, recency and
    T, in weeks.

    Example: stockout churn --by customer --margin 0.35 --output call_list.csv
    """
    fmt = choose_format(cast("Format | None", run.asked), run.output, piped="json")
    config = run.load({})
    if not {"sales", "customers"} & config.tables.keys():
        raise ConfigError(
            "no sales and no customers: neither a flag nor the configuration says where they are",
            hint="give --sales FILE with a customer_id, or --customers FILE with frequency, "
            "recency and T in weeks",
        )
    tables = run.read(config, needed=[], useful=_TABLES)
    from stockout.configured import churn
    from stockout.impact.churn import HORIZON_WEEKS
    from stockout.impact.repeat_purchase.lifetime_value import DISCOUNT_RATE

    with run.working("fitting the models of repeat purchases"):
        found = churn(
            config,
            tables,
            as_of_date(config),
            model=model,
            horizon=HORIZON_WEEKS if horizon is None else horizon,
            margin=margin,
            discount_rate=DISCOUNT_RATE if discount_rate is None else discount_rate,
        )
    _write(run, fmt, found, by)


def _write(run: Run, fmt: Format, found: Churn, by: str) -> None:
    """Writes the record, or one of the tables."""
    if by == "summary" and fmt == "json":
        text = json.dumps(found.record(), ensure_ascii=False, indent=2, default=str)
        _write_text(run, text + "\n")
        return
    from stockout.reports.churn_digest import churn_digest, customer_digest, sku_digest

    frame = {"summary": found.summary, "sku": found.by_sku, "customer": found.by_customer}[by]()
    dataclasses.replace(run, format=fmt).write(
        frame,
        lambda rows, console: (
            churn_digest(found, size=console.size)
            if by == "summary"
            else sku_digest(found, rows, size=console.size)
            if by == "sku"
            else customer_digest(found, rows, size=console.size)
        ),
    )


def _write_text(run: Run, text: str) -> None:
    from stockout.outputs import replacing, to_stdout

    if run.output is None:
        to_stdout(text.encode())
        return
    with replacing(run.output) as beside:
        beside.write_text(text, encoding="utf-8")
