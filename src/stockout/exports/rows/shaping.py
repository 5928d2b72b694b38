"""Rearranges the rows of an export before they are read: cells filled down, locations unpivoted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from stockout.errors import InputError
from stockout.exports.mapping import first_named
from stockout.exports.names import plain_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockout.exports.formats.export import Export
    from stockout.exports.profiles import FillDown, TableProfile, Unpivot


@dataclass(frozen=True)
class Shape:
    """How the rows of an export are rearranged.

    Attributes:
        by: The column that tells which rows are a group; None fills nothing down.
        filled: Columns whose empty cells repeat the cell above them within the group.
        locations: Columns that are locations, each with the location's name.
        location: Name of the new column of locations.
        value: Name of the new column of their cells.
        drop: Plain words of cells that mean: not kept there.
    """

    by: str | None = None
    filled: tuple[str, ...] = ()
    locations: Mapping[str, str] | None = None
    location: str = ""
    value: str = ""
    drop: tuple[str, ...] = ()

    def schema(self, schema: Mapping[str, pl.DataType]) -> dict[str, pl.DataType]:
        """The columns of the rearranged rows."""
        if self.locations is None:
            return dict(schema)
        kept = {name: dtype for name, dtype in schema.items() if name not in self.locations}
        return {**kept, self.location: pl.String(), self.value: self._dtype(schema)}

    def apply(self, rows: pl.LazyFrame, schema: Mapping[str, pl.DataType]) -> pl.LazyFrame:
        """The rearranged rows; helper columns beside those of the schema go along.

        Args:
            rows: Rows of the export.
            schema: The columns of the export.
        """
        if self.by is not None:
            # The group's name, too, may stand only in its first row.
            rows = rows.with_columns(_not_empty(self.by, schema[self.by]).forward_fill())
            rows = rows.with_columns(
                _not_empty(name, schema[name]).forward_fill().over(self.by) for name in self.filled
            )
        if self.locations is None:
            return rows
        dtype = self._dtype(schema)
        on = list(self.locations)
        return (
            rows.with_columns(pl.col(on).cast(dtype))
            .unpivot(
                on=on,
                index=[
                    name for name in rows.collect_schema().names() if name not in self.locations
                ],
                variable_name=self.location,
                value_name=self.value,
            )
            .with_columns(pl.col(self.location).replace_strict(dict(self.locations)))
        )

    @property
    def not_kept(self) -> pl.Expr | None:
        """Whether a cell says that the SKU is not kept at the location."""
        if self.locations is None:
            return None
        text = pl.col(self.value).cast(pl.String).str.strip_chars().str.to_lowercase()
        return text.is_null() | (text == "") | text.is_in(self.drop)

    def _dtype(self, schema: Mapping[str, pl.DataType]) -> pl.DataType:
        dtypes = {schema[name] for name in self.locations or ()}
        return dtypes.pop() if len(dtypes) == 1 else pl.String()


def make_shape(profile: TableProfile | None, export: Export) -> Shape | None:
    """How a profile rearranges an export; None where it stays as it is.

    Raises:
        InputError: The export has no column for a location.
    """
    if profile is None or (profile.fill_down is None and profile.unpivot is None):
        return None
    by, filled = _fill_down(profile.fill_down, export.header)
    if profile.unpivot is None:
        return Shape(by, filled)
    told = profile.unpivot
    locations = _locations(told, export)
    return Shape(
        by,
        tuple(name for name in filled if name not in locations),
        locations,
        told.location,
        told.value,
        tuple(word.strip().lower() for word in told.drop),
    )


def _fill_down(told: FillDown | None, header: Sequence[str]) -> tuple[str | None, tuple[str, ...]]:
    if told is None:
        return None, ()
    by = first_named(told.by, header)
    wanted = {plain_name(name) for name in told.columns}
    return by, tuple(dict.fromkeys(name for name in header if plain_name(name) in wanted))


def _locations(told: Unpivot, export: Export) -> dict[str, str]:
    """The columns that are locations: those with the prefix, or those between two columns."""
    names = list(export.schema)[: export.width]
    if told.prefix is not None:
        prefix = told.prefix.casefold()
        found = {
            name: name[len(prefix) :].strip()
            for name in names
            if name.casefold().startswith(prefix) and name[len(prefix) :].strip()
        }
    else:
        after = first_named([told.after or ""], names)
        before = first_named([told.before or ""], names)
        start = names.index(after) + 1 if after is not None else len(names)
        stop = names.index(before) if before is not None else len(names)
        found = {name: name.strip() for name in names[start:stop]}
    if not found:
        where = (
            f"a name that starts with {told.prefix!r}" if told.prefix else f"right of {told.after}"
        )
        raise InputError(
            "no column for a location",
            file=export.files[0].name,
            row=export.header_row,
            expected=f"one column for each location, {where}",
        )
    return found


def _not_empty(name: str, dtype: pl.DataType) -> pl.Expr:
    if dtype != pl.String:
        return pl.col(name)
    return pl.when(pl.col(name).str.strip_chars() != "").then(pl.col(name))
