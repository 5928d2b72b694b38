"""``stockout suppliers``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from stockout.cli.run import Run, as_of_date, command

if TYPE_CHECKING:
    import polars as pl

    from stockout.impact.suppliers import Suppliers

_ROWS = "What is written"

_By = Literal["supplier", "item", "alternative", "month"]


def add_to(app: typer.Typer) -> None:
    """Adds the command."""
    command(app, "suppliers")(_suppliers)


def _suppliers(
    run: Run,
    *,
    by: Annotated[
        _By | None,
        typer.Option(
            help="A row for each supplier (the default); for each item, with the lead time that "
            "reorder uses; for each other supplier of an item; or for each supplier and month.",
            rich_help_panel=_ROWS,
        ),
    ] = None,
    service_level: Annotated[
        float | None,
        typer.Option(
            "--service-level",
            help="Target of the safety stocks: probability of no shortage in a cycle.",
            metavar="SHARE",
            rich_help_panel="Target",
        ),
    ] = None,
    fill_rate: Annotated[
        float | None,
        typer.Option(
            "--fill-rate",
            help="Target of the safety stocks: share of demand served from stock.",
            metavar="SHARE",
            rich_help_panel="Target",
        ),
    ] = None,
) -> None:
    """How each supplier delivers, and what its unreliability costs in safety stock.

    Writes a row for each supplier: lead times (measured as reorder measures them), on time, in full
    and both, partial deliveries and reversals, lateness, price change, SKUs that only it delivers,
    safety stock with and without the spread of its lead time, and where another known supplier
    would be better. docs/suppliers.md defines every column.

    Example: stockout suppliers --by item --output lead_times.csv
    """
    config = run.load({"reorder.service_level": service_level, "reorder.fill_rate": fill_rate})
    tables = run.read(
        config,
        needed=["purchases"],
        useful=["sales", "inventory", "products", "suppliers", "movements"],
    )
    from stockout.configured import suppliers
    from stockout.reports.suppliers_digest import supplier_rows_digest, suppliers_digest

    with run.working("measuring the suppliers"):
        found = suppliers(config, tables, as_of_date(config))
        frame = _frame(found, by)
    run.write(
        frame,
        lambda rows, console: (
            suppliers_digest(found, size=console.size)
            if by in {None, "supplier"}
            else supplier_rows_digest(rows, found, size=console.size, products=tables.products)
        ),
    )


def _frame(found: Suppliers, by: _By | None) -> pl.DataFrame:
    if by == "month":
        return found.months
    if by in {"item", "alternative"}:
        from stockout.errors import NotKnownError

        rows = found.items if by == "item" else found.alternatives
        if rows is None:
            raise NotKnownError(
                "no sales are given, so safety stocks and other suppliers are not known",
                hint="give --sales",
            )
        return rows
    return found.frame
