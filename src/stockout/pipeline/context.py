"""What every step of a run is given: the configuration, the tables read once, and the folder."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from stockout.configured import DATED, as_of_of
from stockout.demand.calendar import resolve_as_of
from stockout.errors import NotKnownError
from stockout.exports.databases.database_url import is_database
from stockout.exports.formats.files import find_files
from stockout.exports.kept import is_kept, kept_tables, with_exports
from stockout.exports.read import read_tables
from stockout.outputs import write_frame
from stockout.pipeline.dated_folders import LOG, digest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date, datetime
    from pathlib import Path

    import polars as pl

    from stockout.config import Config
    from stockout.exports.read import Tables
    from stockout.exports.staging import StagedTable


@dataclass
class Context:
    """What a step is given.

    Attributes:
        config: The configuration.
        folder: Where the step writes; it becomes the dated folder.
        asked: The as-of date that was asked for, if any.
        now: The time of the run, in local time with its offset.
        results: What steps found, by the name of their verb, for the steps after them.
        afterwards: What steps leave to be done when the folder is in its place.
    """

    config: Config
    folder: Path
    asked: date | None
    now: datetime
    results: dict[str, Any] = field(default_factory=dict)
    afterwards: list[Callable[[], None]] = field(default_factory=list)
    staged_as_of: date | None = None  # by the rows that can be read, where others cannot
    kept: list[dict[str, object]] = field(default_factory=list)  # the histories that were read

    @cached_property
    def tables(self) -> Tables:
        """All tables of the configuration, read when they are first asked for and not again."""
        self.kept = kept_inputs(self.config)
        return read_tables(self.config, as_of=self.asked)

    @cached_property
    def as_of(self) -> date:
        """The as-of date, which names the folder."""
        return as_of_of(self.tables, self.asked)

    @property
    def known_as_of(self) -> date | None:
        """The as-of date as far as it is known by now."""
        return self.__dict__.get("as_of") or self.asked or self.staged_as_of

    def note_as_of(self, staged: Mapping[str, StagedTable]) -> None:
        """Keeps the as-of date of the rows that can be read, for a run that stops at the others."""
        dates = {
            name: staged[name].rows.select("date").drop_nulls().collect()
            for name in DATED
            if name in staged
        }
        with contextlib.suppress(NotKnownError):
            self.staged_as_of = resolve_as_of(dates, self.asked)

    def write(self, frame: pl.DataFrame, name: str) -> None:
        """Writes a table into the folder, as the CSV of this name."""
        write_frame(frame, self.folder / name, "csv")

    def log(self, text: str) -> None:
        """Adds a line to the log, the one file that may differ from run to run."""
        with (self.folder / LOG).open("a", encoding="utf-8") as file:
            file.write(f"{text}\n")


def input_files(config: Config) -> list[dict[str, object]]:
    """The files that a run is given, each with its digest; databases without one.

    Returns:
        For each file: table, file (as the configuration finds it), bytes, sha256. For a database:
        table, and the query. The URL is left out, for it may hold a password. Histories are not
        among them, see :func:`kept_inputs`; what is added to them is.
    """
    config = with_exports(config)
    found: list[dict[str, object]] = []
    for table in sorted(config.tables):
        for source in config.tables[table]:
            paths = [source.path] if isinstance(source.path, str) else source.path
            if any(is_kept(path) for path in paths):
                continue
            if any(is_database(path) for path in paths):
                found.append({"table": table, "query": source.query})
                continue
            files, _ = find_files(source.path, config.folder, source.format)
            found += [
                {
                    "table": table,
                    "file": _shown(file.path, config.folder),
                    "bytes": file.path.stat().st_size,
                    "sha256": digest(file.path),
                }
                for file in files
            ]
    return found


def kept_inputs(config: Config) -> list[dict[str, object]]:
    """The histories that tables are read from: table, history (its folder), version."""
    folders = kept_tables(config)
    if not folders:
        return []
    from stockout.history.lake import open_table  # noqa: PLC0415 - an extra

    return [
        {
            "table": table,
            "history": _shown(folder, config.folder),
            "version": open_table(folder, table).version(),
        }
        for table in sorted(folders)
        for folder in folders[table]
    ]


def _shown(path: Path, folder: Path) -> str:
    """Relative to the configuration where it is below it, so that a copy gives the same record."""
    with contextlib.suppress(ValueError):
        return path.resolve().relative_to(folder.resolve()).as_posix()
    return path.as_posix()
