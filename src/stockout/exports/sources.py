"""From a source of the configuration to opened exports, each with the plan of its reading."""

from __future__ import annotations

import logging
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from stockout.errors import InputError
from stockout.exports.databases.database import QueryResult, open_database
from stockout.exports.databases.database_url import is_database
from stockout.exports.formats.files import find_files, same_content
from stockout.exports.formats.opening import open_exports
from stockout.exports.formats.text_files import check_encoding
from stockout.exports.kept import is_kept, kept_source, open_kept
from stockout.exports.mapping import check_told_columns, section
from stockout.exports.profiles import find_known
from stockout.exports.rows.planning import Told, make_plan
from stockout.exports.values.dates import check_date_format

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date
    from pathlib import Path

    from stockout.config import Config, Source
    from stockout.exports.formats.export import Export
    from stockout.exports.profiles import Known
    from stockout.exports.rows.plan import Plan

logger = logging.getLogger(__name__)

_NAMES_A_SETTING = re.compile(
    r"date_format|encoding|header_row|(?:decimal|format|null_words|sheet|delimiter) = "
)


class Asked(NamedTuple):
    """One source of a table, with what is said of it."""

    table: str
    source: Source
    folder: Path  # what relative paths start from
    told: Told

    @contextmanager
    def naming_the_setting(self) -> Iterator[None]:
        """Adds to the hint of an error where the setting that it asks for belongs."""
        try:
            yield
        except InputError as error:
            if error.hint is not None and _NAMES_A_SETTING.search(error.hint):
                name = self.told.key.removeprefix("tables.")
                error.hint += f" under {section(name, self.told.config_name)}"
            raise


def sources_of(config: Config, table: str, as_of: date | None = None) -> list[Asked]:
    """The sources of a table.

    Args:
        config: The configuration.
        table: Name of a table that it names.
        as_of: The date of a stock list that does not say its own; None is the configuration's.
    """
    day = as_of if as_of is not None or config.as_of == "today" else config.as_of
    name = str(config.file or "stockout.toml")
    sources = config.tables[table]  # type: ignore[index]
    asked = []
    for number, source in enumerate(sources, start=1):
        if source.profile is None and config.profile is not None:
            source = source.model_copy(update={"profile": config.profile})  # noqa: PLW2901
        source = kept_source(source, config)  # noqa: PLW2901
        key = f"tables.{table}" if len(sources) == 1 else f"tables.{table}.{number}"
        asked.append(Asked(table, source, config.folder, Told(key, name, day)))
    return asked


def open_source(asked: Asked, scratch: Path, *, extra: bool) -> list[tuple[Plan, Known | None]]:
    """Opens the exports of a source, and plans how each is read.

    Args:
        asked: The source.
        scratch: A folder for copies in a form that can be read; it must stay while they are read.
        extra: Whether the unit is read too.

    Returns:
        For each export its plan, and its profile where one is told.

    Raises:
        InputError: A file cannot be opened, or a column is missing or ambiguous.
        ConfigError: The configuration does not fit the export.
    """
    plans = [plan_of(asked, export, extra=extra) for export in open_files(asked, scratch)]
    tell_copies(asked.table, [plan for plan, _ in plans])
    return plans


def open_files(asked: Asked, scratch: Path) -> Sequence[Export]:
    """Opens the exports of a source.

    Raises:
        InputError: A file cannot be opened.
        ConfigError: The configuration tells something that cannot be.
    """
    table, source, folder, told = asked
    check_told_columns(table, source, told.config_name)
    if source.date_format is not None:
        check_date_format(source.date_format, f"{told.config_name}: {told.key}.date_format")
    if source.encoding is not None:
        check_encoding(source.encoding, f"{told.config_name}: {told.key}.encoding")
    paths = [source.path] if isinstance(source.path, str) else source.path
    if any(is_kept(path) for path in paths):
        return open_kept(paths, table, scratch, folder)
    if any(is_database(path) for path in paths):
        return open_database(source, scratch, folder)
    files, fmt = find_files(source.path, folder, source.format)
    exports = open_exports(files, fmt, source, scratch)
    for export in exports:
        for name, encoding in export.encodings.items():
            logger.info("%s: %s read as %s", table, name, encoding)
    return exports


def tell_copies(table: str, plans: Sequence[Plan]) -> None:
    """Warns of files that hold the same, unless they are stock lists of different days.

    Args:
        table: Name of the table.
        plans: How its exports are read.
    """
    dated = {file: day for plan in plans for file, day in plan.dated.items()}
    files = {  # by name: sheets of a workbook are exports of one file
        file.name: file
        for plan in plans
        for file in plan.export.files
        if not isinstance(file, QueryResult)
    }
    for one, other in same_content([*files.values()]):
        if dated.get(one.name) == dated.get(other.name):
            logger.warning(
                "%s: %s holds the same as %s, and its rows count twice",
                *(table, other.name, one.name),
            )


def plan_of(asked: Asked, export: Export, *, extra: bool) -> tuple[Plan, Known | None]:
    """How an opened export of a source is read, and its profile."""
    known = _known(asked, export)
    # Quantities of different units must not be added up.
    extra = extra or (known is not None and known.table.sum_by_key)
    return make_plan(asked.table, asked.source, export, asked.told, known, extra=extra), known


def shown_files(exports: Sequence[Export]) -> str:
    """What messages call all files of a source.

    >>> shown_files([])
    'no file'
    """
    files = [file.name for export in exports for file in export.files]
    if not files:
        return "no file"
    return files[0] if len(files) == 1 else f"{files[0]} and {len(files) - 1:,} more"


def _known(asked: Asked, export: Export) -> Known | None:
    if asked.source.profile is None:
        return None
    return find_known(
        asked.source.profile,
        asked.table,
        export.header,
        asked.folder,
        file=export.files[0].name,
        key=f"{asked.told.config_name}: {asked.told.key}.profile",
    )
