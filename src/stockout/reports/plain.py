"""A small table as it is, for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from stockout.reports.inert import inert

if TYPE_CHECKING:
    import polars as pl
    from rich.console import ConsoleDimensions, RenderableType

_AROUND = 4  # lines of a screen for the header, what is left out, and the prompt


def plain_table(
    frame: pl.DataFrame, *, size: ConsoleDimensions, last: bool = False
) -> RenderableType:
    """Every column of as many rows of a table as fit on the screen.

    Args:
        frame: The table.
        size: Columns and lines to fill.
        last: Whether its last rows are shown, not its first.

    >>> import polars as pl
    >>> from rich.console import Console, ConsoleDimensions
    >>> frame = pl.DataFrame({"table": ["inventory"], "rows": [12000]})
    >>> Console(width=40).print(plain_table(frame, size=ConsoleDimensions(40, 24)))
    table       rows
    inventory  12000
    """
    most = max(size.height - _AROUND, 1)
    shown = frame.tail(most) if last else frame.head(most)
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    for name, dtype in shown.schema.items():
        table.add_column(
            Text(inert(name)),
            justify="right" if dtype.is_numeric() else "left",
            no_wrap=dtype.is_numeric(),
        )
    for row in shown.iter_rows():
        table.add_row(*(Text("" if cell is None else inert(str(cell))) for cell in row))
    hidden = frame.height - shown.height
    if hidden:
        return Group(table, Text(f"{hidden:,} more rows; --output FILE has all", style="dim"))
    return table
