"""Which column of an export holds which canonical column: told, or recognised by its name."""

from __future__ import annotations

import difflib
import logging
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from stockout.config import Source, SqlColumn
from stockout.errors import ConfigError, InputError, MissingColumnError
from stockout.exports.names import plain_name
from stockout.exports.profiles import built_in_profiles
from stockout.tables import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from stockout.exports.profiles import TableProfile

logger = logging.getLogger(__name__)

ONE_OF: Mapping[str, tuple[str, ...]] = {
    "inventory": ("on_hand", "in_stock", "in_stock_share"),
    "overrides": ("units", "percent"),
}
"""Tables of which a row needs at least one of these columns."""

EXTRA = ("currency", "unit")
"""Columns of no table, that tell whether amounts and quantities may be added up."""


@dataclass(frozen=True)
class SourceColumn:
    """Where a canonical column comes from."""

    name: str  # the column of the export, or the canonical name where it is computed
    sql: str | None = None  # the expression, where it is computed
    told: bool = False  # whether the configuration says so, or the name was recognised
    known: bool = False  # whether a profile says so


@dataclass(frozen=True)
class Aliases:
    """Names of one canonical column in other systems, as plain names."""

    names: frozenset[str]
    otherwise: frozenset[str]  # taken only where none of the names is there
    ask: frozenset[str]  # never taken, only pointed out


class Place(NamedTuple):
    """Where a header stands, and where the configuration that tells about it."""

    file: str
    row: int | None
    config: str


@cache
def aliases_of(table: str) -> Mapping[str, Aliases]:
    """The known names of each column of a table, and of currency and unit."""
    known = _aliases()
    entries = {
        column: known.get(table, {}).get(column, known["any"].get(column, {}))
        for column in (*SCHEMAS[table].column_names(), *EXTRA)
    }
    return {
        column: Aliases(
            *(
                frozenset(plain_name(name) for name in entry.get(kind, ()))
                for kind in ("names", "else", "ask")
            )
        )
        for column, entry in entries.items()
    }


@cache
def known_names() -> frozenset[str]:
    """Every name of a column that the aliases or a profile know, as plain names."""
    names = {
        name
        for columns in _aliases().values()
        for entry in columns.values()
        for kind in entry.values()
        for name in kind
    }
    for schema in SCHEMAS.values():
        names.update(schema.column_names())
    for profile in built_in_profiles().values():
        for export in profile.exports.values():
            names.update(name for names_ in export.recognise for name in names_)
            for table in export.tables.values():
                names.update(name for names_ in table.columns.values() for name in names_)
                names.update(name for field in table.fields.values() for name in field.names)
    return frozenset(plain_name(name) for name in names) - {""}


@cache
def _aliases() -> dict[str, dict[str, dict[str, list[str]]]]:
    text = resources.files("stockout.exports").joinpath("aliases.toml").read_text("utf-8")
    return tomllib.loads(text)


def section(name: str, config_name: str) -> str:
    """The section of the configuration that tells about a table, for hints.

    >>> section("sales.columns", "pyproject.toml")
    '[tool.stockout.tables.sales.columns] in pyproject.toml'
    """
    prefix = "tool.stockout." if Path(config_name).name == "pyproject.toml" else ""
    return f"[{prefix}tables.{name}] in {config_name}"


def check_told_columns(table: str, source: Source, config_name: str) -> None:
    """Refuses canonical names that the table does not have.

    Raises:
        ConfigError: ``columns`` names a column that is not one of the table's.
    """
    known = SCHEMAS[table].column_names()
    for column in source.columns:
        if column not in known:
            close = difflib.get_close_matches(column, known, n=1)
            raise ConfigError(
                f"{config_name}: tables.{table}.columns.{column}: table {table} has no such column",
                hint=f"did you mean {close[0]}?" if close else f"it has {', '.join(known)}",
            )


def map_columns(
    table: str,
    source: Source,
    header: Sequence[str],
    *,
    file: str,
    header_row: int | None,
    config_name: str,
    profile: TableProfile | None = None,
    guess: bool = True,
    given: Collection[str] = (),
) -> dict[str, SourceColumn]:
    """Finds where each canonical column comes from.

    Args:
        table: Name of the canonical table.
        source: What the configuration tells about the export.
        header: Column names of the export.
        file: The export's name, for errors.
        header_row: The row of the header, for errors; None where there is no such row.
        config_name: What errors call the configuration.
        profile: What is known of this export.
        guess: Whether a column may be recognised by its name alone.
        given: Canonical columns that need no column of the export.

    Returns:
        For each canonical column that the export has, its source column, in the table's order;
        then ``currency`` and ``unit``.

    Raises:
        MissingColumnError: A column that is told, or one that the table needs, is not there.
        InputError: Two columns could each be the same canonical one.
    """
    place = Place(file, header_row, config_name)
    mapped = _told(table, source, header, place)
    if profile is not None:
        for column, names in profile.columns.items():
            name = first_named(names, header)
            if column not in mapped and name is not None:
                mapped[column] = SourceColumn(name, known=True)
    computed = set() if profile is None else {*profile.sql, *profile.words}
    if guess:
        taken = {column.name for column in mapped.values() if column.sql is None}
        free = {name: plain_name(name) for name in header if name not in taken}
        for column, aliases in aliases_of(table).items():
            if column not in mapped and column not in computed:
                name = _recognise(table, column, aliases, free, place)
                if name is not None:
                    mapped[column] = SourceColumn(name)
        if profile is None:
            _point_out(table, mapped, free, place)
    _require(table, {*mapped, *computed, *given}, header, place)
    order = (*SCHEMAS[table].column_names(), *EXTRA)
    return {column: mapped[column] for column in order if column in mapped}


def _told(
    table: str, source: Source, header: Sequence[str], place: Place
) -> dict[str, SourceColumn]:
    """The columns that the configuration names."""
    mapped = {}
    for column, told in source.columns.items():
        if isinstance(told, SqlColumn):
            mapped[column] = SourceColumn(column, sql=told.sql, told=True)
            continue
        if told not in header:
            close = _nearest(told, header)
            raise MissingColumnError(
                f"no such column, named by tables.{table}.columns.{column} in {place.config}",
                column=told,
                hint=(f"did you mean {', '.join(close)}? " if close else "")
                + f"The columns are {_listed(header)}",
                file=place.file,
                row=place.row,
            )
        mapped[column] = SourceColumn(told, told=True)
    return mapped


def first_named(names: Sequence[str], header: Sequence[str]) -> str | None:
    """The column of a header that has the first of these names that any has.

    >>> first_named(["MATNR", "Material"], ["material", "Plant"])
    'material'
    """
    plain = {plain_name(name): name for name in reversed(header)}
    return next((plain[plain_name(name)] for name in names if plain_name(name) in plain), None)


def _recognise(
    table: str,
    column: str,
    aliases: Aliases,
    free: Mapping[str, str],
    place: Place,
) -> str | None:
    for known in (frozenset({plain_name(column)}), aliases.names, aliases.otherwise):
        matches = [name for name, plain in free.items() if plain in known]
        if len(matches) == 1:
            return matches[0]
        if matches and column not in EXTRA:
            raise InputError(
                f"{' and '.join(map(repr, matches))} could each be {column}",
                file=place.file,
                row=place.row,
                hint=f"choose one under {section(f'{table}.columns', place.config)}: "
                f"{column} = {_toml(matches[0])}",
            )
    return None


def _point_out(
    table: str, mapped: Mapping[str, SourceColumn], free: Mapping[str, str], place: Place
) -> None:
    used = {column.name for column in mapped.values()}
    for column, aliases in aliases_of(table).items():
        if column in mapped:
            continue
        for name, plain in free.items():
            if plain in aliases.ask and name not in used:
                logger.warning(
                    "%s: column %r is not used; if it holds %s, say so under %s: %s = %s",
                    *(table, name, column, section(f"{table}.columns", place.config)),
                    *(column, _toml(name)),
                )


def _require(
    table: str,
    mapped: Collection[str],
    header: Sequence[str],
    place: Place,
) -> None:
    needed: list[tuple[str, ...]] = [
        (name,)
        for name, column in SCHEMAS[table].columns().items()
        if not column.nullable and (name != "location" or table == "locations")
    ]
    if table in ONE_OF:
        needed.append(ONE_OF[table])
    for choice in needed:
        if not any(name in mapped for name in choice):
            close = _nearest(choice[0], header)
            example = _toml(close[0] if close else "NAME IN THE FILE")
            error = MissingColumnError(
                f"no column for {' or '.join(choice)}, which table {table} needs: "
                f"the columns are {_listed(header)}",
                file=place.file,
                row=place.row,
                hint=f"say which it is under {section(f'{table}.columns', place.config)}: "
                f"{choice[0]} = {example}",
            )
            error.wanted = choice
            raise error


def _nearest(name: str, header: Sequence[str]) -> list[str]:
    plain = {plain_name(column): column for column in header}
    return [plain[match] for match in difflib.get_close_matches(plain_name(name), plain, n=3)]


def _listed(names: Sequence[str]) -> str:
    cut = [name if len(name) <= 40 else name[:40] + "…" for name in names[:30]]
    shown = ", ".join(name if name.isprintable() else repr(name) for name in cut)
    return shown if len(names) <= 30 else f"{shown} and {len(names) - 30} more"


def _toml(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
