"""Profiles: what is known of the exports of one system, as data.

A profile is a TOML file, one a system: those in ``exports/profiles/``, and those that a user
writes. It says which export becomes which canonical table, and how. For each row of an export:

1. ``fill_down`` and ``unpivot`` shape the rows, as the file has them;
2. ``columns`` and ``fields`` are read, each as what it holds: text, number, date or flag;
3. ``patterns`` and ``words`` change texts, then ``sql`` computes columns from columns and fields;
4. rows of which an ``exclude`` condition over columns and fields is true are left out, and counted;
5. with ``sum_by_key``, quantities of rows with one key (batches, bins) are added up.
"""

from __future__ import annotations

import difflib
import tomllib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from stockout.config import Exclude, TableName
from stockout.errors import ConfigError, InputError
from stockout.exports.names import plain_name
from stockout.exports.values.dates import Order

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class HelperField(_Model):
    """A column of the export that is no canonical one, but that expressions need.

    Attributes:
        names: What the export may call it, the preferred name first. Where it has none of them,
            the field is there and null in every row.
        type: How its cells are read.
    """

    names: list[str] = Field(min_length=1)
    type: Literal["text", "number", "date", "flag"] = "text"


class FillDown(_Model):
    """Cells that stand only in the first row of a group, such as the date of an order.

    Attributes:
        by: The column that tells the group; names as in :class:`HelperField`.
        columns: Names of the columns to fill down within the group; absent ones do not matter.
    """

    by: list[str] = Field(min_length=1)
    columns: list[str] = Field(min_length=1)


class Unpivot(_Model):
    """One column for each location becomes one row for each location.

    Attributes:
        prefix: What the names of these columns start with (``inventory_``); the rest of the name
            is the location.
        after: Or: the columns to the right of this one.
        before: Up to, without, this one; to the last column where not given.
        value: The name that the column of cells has for ``columns`` and ``fields``.
        location: The name that the column of locations has.
        drop: Cells that mean that the SKU is not kept there, such as ``not stocked``: no row.
    """

    prefix: str | None = None
    after: str | None = None
    before: str | None = None
    value: str = "#value"
    location: str = "#location"
    drop: list[str] = Field(default_factory=list)


class Words(_Model):
    """A canonical column whose words follow from those of a column or field.

    Attributes:
        of: The column or field.
        values: Canonical value for each word of the export; compared without regard to case.
        otherwise: For all other words; null where not given.
    """

    of: str
    values: dict[str, str]
    otherwise: str | None = None


class TableProfile(_Model):
    """How one export becomes one canonical table.

    Attributes:
        columns: What the export may call each canonical column, the preferred name first.
        fields: Further columns that expressions need.
        patterns: For a text column or field, a regular expression whose first group is kept where
            it matches.
        words: Columns whose words are translated.
        sql: Canonical columns computed by Polars SQL from columns and fields, after ``words``.
        exclude: Rows to leave out, with ``where`` over columns and fields.
        fill_down: Cells to repeat downwards.
        unpivot: Columns that are locations.
        sum_by_key: Whether quantities of rows with one date, SKU and location are added up.
        fallback: Whether ``stockout init`` takes this table only where no other export has it.
    """

    columns: dict[str, list[str]] = Field(default_factory=dict)
    fields: dict[str, HelperField] = Field(default_factory=dict)
    patterns: dict[str, str] = Field(default_factory=dict)
    words: dict[str, Words] = Field(default_factory=dict)
    sql: dict[str, str] = Field(default_factory=dict)
    exclude: list[Exclude] = Field(default_factory=list)
    fill_down: FillDown | None = None
    unpivot: Unpivot | None = None
    sum_by_key: bool = False
    fallback: bool = False


class ExportProfile(_Model):
    """One kind of export of a system.

    Attributes:
        title: What the system calls it.
        headers: Whether its header row is ``verified`` from real files, ``documented`` by its
            maker or in its source, or one that users choose (``vary``).
        note: What a user should know of it.
        recognise: The export is one of this kind where its header has at least one name of each
            of these lists.
        unless: Names that rule it out.
        titles: Words of its title rows, its sheet's or file's name, to tell it from exports with
            the same header.
        decimal: Decimal mark, where the file leaves it open.
        date_order: What ``03.01.2026`` is, where the column leaves it open: for all dates, or for
            each mark between day and month, as in ``{ "." = "day first", "/" = "month first" }``.
        tables: The canonical tables that it becomes.
    """

    title: str
    headers: Literal["verified", "documented", "vary"]
    note: str | None = None
    recognise: list[list[str]] = Field(min_length=1)
    unless: list[str] = Field(default_factory=list)
    titles: list[str] = Field(default_factory=list)
    decimal: Literal[".", ","] | None = None
    date_order: Order | dict[Literal[".", "/", "-"], Order] | None = None
    tables: dict[TableName, TableProfile] = Field(min_length=1)

    def fits(self, header: Collection[str]) -> bool:
        """Whether an export with this header is one of this kind."""
        plain = {plain_name(name) for name in header}
        return all(
            any(plain_name(name) in plain for name in names) for names in self.recognise
        ) and not any(plain_name(name) in plain for name in self.unless)


class Profile(_Model):
    """What is known of one system's exports.

    Attributes:
        system: Its name.
        exports: Its exports, each by a short name; ``sap/mb52`` is export ``mb52`` of ``sap.toml``.
    """

    system: str
    exports: dict[str, ExportProfile] = Field(min_length=1)


class Known(NamedTuple):
    """The profile of an export, and what it says of one table."""

    name: str  # such as "shopify/orders"
    export: ExportProfile
    table: TableProfile


@cache
def built_in_profiles() -> Mapping[str, Profile]:
    """The profiles that come with the package, by name."""
    folder = resources.files("stockout.exports").joinpath("profiles")
    return {
        item.name.removesuffix(".toml"): _parse(item.read_text("utf-8"), item.name)
        for item in sorted(folder.iterdir(), key=lambda item: item.name)
        if item.name.endswith(".toml")
    }


def _parse(text: str, name: str) -> Profile:
    try:
        return Profile.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name}: not TOML: {error}") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{name}: {place}: {first['msg']}") from None


def read_profile(path: Path) -> Profile:
    """A profile that a user wrote.

    Raises:
        ConfigError: The file cannot be read, or is no profile.
    """
    try:
        return _parse(path.read_text("utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None


def find_known(
    told: str, table: str, header: Sequence[str], folder: Path, *, file: str, key: str
) -> Known:
    """What a told profile says of an export and a table.

    Args:
        told: ``shopify/orders``, ``shopify``, or either with the path of a user's own file in
            place of the system's name: ``profiles/acme.toml/orders``.
        table: Name of the canonical table.
        header: The export's columns.
        folder: What a relative path starts from.
        file: What errors call the export.
        key: Where the profile is told, for errors.

    Raises:
        ConfigError: There is no such profile, it has no such export, or none that makes the table.
        InputError: The system is told, and the header is none of its exports that make the table.
    """
    name, profile, export = _split(told, folder, key)
    if export is not None and export not in profile.exports:
        raise ConfigError(
            f"{key}: profile {name} has no export {export!r}", hint=_listed(name, profile)
        )
    chosen = {export: profile.exports[export]} if export is not None else profile.exports
    making = {each: item for each, item in chosen.items() if table in item.tables}
    if not making:
        raise ConfigError(
            f"{key}: {told} says nothing of table {table}", hint=_listed(name, profile)
        )
    fitting = {each: item for each, item in making.items() if item.fits(header)}
    if export is None and not fitting:
        raise InputError(
            f"the header is none of the exports of {name} that profile knows for table {table}",
            file=file,
            expected=" or ".join(f"{item.title} ({name}/{each})" for each, item in making.items()),
            hint=f"name the export: profile = {name}/{next(iter(making))}",
        )
    if export is None:
        making = fitting
    best = max(making, key=lambda each: len(making[each].recognise))
    return Known(f"{name}/{best}", making[best], making[best].tables[table])  # type: ignore[index]


def _split(told: str, folder: Path, key: str) -> tuple[str, Profile, str | None]:
    """The profile's name, the profile, and the export where one is told."""
    head, mark, tail = told.partition(".toml")
    if mark:
        return f"{head}.toml", read_profile(folder / f"{head}.toml"), tail.strip("/") or None
    system, _, export = told.partition("/")
    profiles = built_in_profiles()
    if system not in profiles:
        close = difflib.get_close_matches(system, profiles, n=1)
        raise ConfigError(
            f"{key}: found {told!r}, expected a profile",
            hint=(f"did you mean {close[0]}? " if close else "")
            + f"There are {', '.join(profiles)}; one of your own is a path: my_system.toml/export",
        )
    return system, profiles[system], export or None


def _listed(name: str, profile: Profile) -> str:
    exports = (
        f"{name}/{each} ({', '.join(item.tables)})" for each, item in profile.exports.items()
    )
    return f"it has {', '.join(exports)}"
