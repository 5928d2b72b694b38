"""Bad rows set aside, and the good ones ready to go on.

``bad/<table>/<file>.csv`` holds the rows that cannot be used, cell by cell as the export has them,
with what is wrong with each; ``good/<table>.parquet`` the others, as a canonical table;
``stockout.toml`` names those and carries over the other settings, so that
``stockout forecast --config FOLDER/stockout.toml`` goes on.

A row is bad when a cell of it cannot be read, is ambiguous or missing (SO103, SO104, SO105), when
it is too short (SO107), or when any rule of severity *error* reports it; a rule that is set to
*warning* or *off* leaves its rows among the good. Findings about no single row set nothing aside.
"""

from __future__ import annotations

import itertools
import os
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from stockout.checks.carried_settings import carried_settings
from stockout.checks.owned_folder import replacing_folder
from stockout.checks.paths import is_url
from stockout.errors import StockoutError
from stockout.exports.staging import SOURCE_FILE, SOURCE_ROW
from stockout.outputs import GUARDED, write_frame
from stockout.tables import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from stockout.config import Config
    from stockout.exports.staging import StagedTable

_PLACE = [SOURCE_FILE, SOURCE_ROW]
_FAULT_CODES = {"unreadable": "SO103", "ambiguous": "SO104", "missing": "SO105", "short": "SO107"}
_CODES, _MESSAGES, _ROW = "finding_codes", "finding_messages", "source_row"

_GROUP_ROWS = 250_000
"""Rows of a row group of the Parquet files: fixed, so that the same rows give the same bytes."""

_LONGEST_NAME = 120  # characters of a file's name that are kept: folders and suffixes need room


class Quarantined(NamedTuple):
    """How many rows went where, by table."""

    good: dict[str, int]
    bad: dict[str, int]


def quarantine(
    tables: Mapping[str, StagedTable],
    findings: pl.DataFrame,
    config: Config,
    folder: Path,
    *,
    raw: bool = False,
) -> Quarantined:
    """Writes the good and the bad rows into a folder, whole or not at all.

    Args:
        tables: The staged tables, with all their faults.
        findings: All findings about them, with the columns of
            :data:`stockout.checks.hits.LOCATED`.
        config: The configuration, whose settings go on.
        folder: The folder. One that an earlier quarantine wrote, and nobody changed, is replaced.
        raw: Leave out the apostrophe before texts that a spreadsheet would compute.

    Raises:
        StockoutError: The folder holds something else, cannot be written, or a table cannot be
            parted because a column that every row needs is missing.
    """
    check_apart(tables, config, folder)
    for table in tables.values():
        _check_whole(table)
    result = Quarantined({}, {})
    with replacing_folder(folder) as beside:
        for name, table in sorted(tables.items()):
            bad = _bad_rows(table, findings)
            result.bad[name] = _write_bad(table, bad, beside / "bad" / name, raw=raw)
            result.good[name] = _write_good(table, bad, beside / "good" / f"{name}.parquet")
        (beside / "stockout.toml").write_text(
            carried_settings(config, tables, folder), encoding="utf-8", newline="\n"
        )
    return result


def check_apart(tables: Mapping[str, StagedTable], config: Config, folder: Path) -> None:
    """Refuses a folder that the exports are read from, or that would be read with them next time.

    Raises:
        StockoutError: It is one.
    """
    own = Path(os.path.realpath(folder))
    read = [file for table in tables.values() for file in table.files if not is_url(file)]
    if config.file is not None:
        read.append(str(config.file))
    for file in read:
        if Path(os.path.realpath(file)).is_relative_to(own):
            raise StockoutError(
                f"{folder}: {file} is read from there, and would be overwritten",
                hint="name another folder",
            )
    for sources in config.tables.values():
        for source in sources:
            for path in [source.path] if isinstance(source.path, str) else source.path:
                whole = config.folder / Path(path).expanduser()
                if (
                    "://" not in path
                    and whole.is_dir()
                    and own.is_relative_to(os.path.realpath(whole))
                ):
                    raise StockoutError(
                        f"{folder}: all of {whole} is read as exports, what is written there too",
                        hint="name a folder outside of it",
                    )


def _check_whole(table: StagedTable) -> None:
    if table.missing:
        file, column, hint = table.missing[0]
        raise StockoutError(
            f"{file}: no row can be set aside, for all lack {column}, which table {table.table} "
            "needs",
            hint=hint or f"name the column under tables.{table.table}.columns.{column}",
        )
    listed = table.faults.height
    counted = int(table.fault_counts["count"].sum())
    if counted > listed:
        raise StockoutError(
            f"table {table.table}: {counted:,} cells cannot be read, more than the {listed:,} "
            "that can be set aside",
            hint="settle how the columns are written first: decimal, date_format, columns",
        )


def _bad_rows(table: StagedTable, findings: pl.DataFrame) -> pl.DataFrame:
    """Places of the bad rows, with codes and messages of what was found about each."""
    about = findings.filter(table=table.table).drop_nulls(_PLACE)
    told = pl.concat_str(pl.col("column") + ": ", "message", ignore_nulls=True)
    faults = table.faults.drop_nulls(_PLACE).select(
        *_PLACE,
        code=pl.col("kind").replace_strict(_FAULT_CODES, default="SO103", return_dtype=pl.String),
        text=told,
        is_bad=pl.lit(value=True),
    )
    found = about.select(*_PLACE, "code", text=told, is_bad=pl.col("severity") == "error")
    # A fault is told by its finding, in more words; by itself only where that rule is off.
    untold = faults.join(found, on=[*_PLACE, "code"], how="anti", nulls_equal=True)
    parts = pl.concat(
        [
            found,
            untold,
            faults.with_columns(code=pl.lit(None, pl.String), text=pl.lit(None, pl.String)),
        ],
        how="vertical",
    )
    bad = (
        parts.sort(*_PLACE, "code", "text", nulls_last=True)
        .group_by(_PLACE, maintain_order=True)
        .agg(
            pl.col("is_bad").any(),
            pl.col("code").drop_nulls().unique(maintain_order=True).alias(_CODES),
            pl.col("text").drop_nulls().unique(maintain_order=True).alias(_MESSAGES),
        )
        .filter("is_bad")
        .select(*_PLACE, pl.col(_CODES).list.join("; "), pl.col(_MESSAGES).list.join("; "))
    )
    # Where a row is a sum of rows of the file, all of these are set aside.
    return (
        bad.join(table.members, on=_PLACE, how="left", maintain_order="left_right")
        .with_columns(pl.coalesce("member", SOURCE_ROW).alias(SOURCE_ROW))
        .drop("member")
    )


def _write_bad(table: StagedTable, bad: pl.DataFrame, folder: Path, *, raw: bool) -> int:
    names = _file_names(table.files)
    for (index,), rows in bad.partition_by(SOURCE_FILE, as_dict=True, maintain_order=True).items():
        place = rows[SOURCE_ROW]
        cells = (
            _canonical_cells(table, int(index), place)
            if table.cells is None
            else table.cells(int(index), place)
        )
        more = pl.DataFrame(
            {
                _CODES: rows[_CODES],
                _MESSAGES: rows[_MESSAGES],
                _ROW: table.row_numbers(int(index), place),
            }
        )
        more.columns = [_free_name(name, cells.columns) for name in more.columns]
        whole = pl.concat([cells, more], how="horizontal")
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / names[int(index)]
        write_frame(whole if raw else _guarded(whole), target, "csv", raw=True)
    return bad.height


def _canonical_cells(table: StagedTable, index: int, rows: pl.Series) -> pl.DataFrame:
    """What stands for the cells where there is no file: the columns that the frame had."""
    columns = [name for name in SCHEMAS[table.table].column_names() if name in table.present]
    places = pl.LazyFrame({SOURCE_ROW: rows})
    return (
        places.join(
            table.rows.filter(pl.col(SOURCE_FILE) == index),
            on=SOURCE_ROW,
            how="left",
            maintain_order="left",
        )
        .select(pl.col(columns).cast(pl.String))
        .collect()
    )


def _write_good(table: StagedTable, bad: pl.DataFrame, path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    place = pl.col(SOURCE_FILE).cast(pl.UInt64) * 2**32 + pl.col(SOURCE_ROW)
    bad_places = bad.select(place.alias("place"))["place"]
    good = table.rows.filter(place.is_in(bad_places.implode()).not_()) if bad.height else table.rows
    columns = [
        name
        for name, column in SCHEMAS[table.table].columns().items()
        if name in table.present or not column.nullable
    ]
    good.select(columns).sink_parquet(path, row_group_size=_GROUP_ROWS)
    return int(pl.scan_parquet(path).select(pl.len()).collect().item())


def _guarded(frame: pl.DataFrame) -> pl.DataFrame:
    """An apostrophe before texts that a spreadsheet would compute; numbers stay as they are.

    Reading takes the apostrophe off again.
    """
    first = "".join(re.escape(character) for character in GUARDED)
    computed = rf"^'*[{first}]"
    number = r"^[-+][\d.,' ]*\d[\d.,' ]*%?$"
    return frame.with_columns(
        pl.when(pl.col(name).str.contains(computed) & pl.col(name).str.contains(number).not_())
        .then("'" + pl.col(name))
        .otherwise(pl.col(name))
        .alias(name)
        for name, dtype in frame.schema.items()
        if dtype == pl.String
    )


def _free_name(name: str, taken: Collection[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _file_names(files: Sequence[str]) -> list[str]:
    """A name for the bad rows of each file: its last part, or more of them where two are alike."""
    paths = [tuple(part for part in re.split(r"[\\/]+", file) if part) for file in files]
    names = [""] * len(files)
    open_ones = list(range(len(files)))
    depth = 0
    while open_ones:
        depth += 1
        counts = Counter(paths[index][-depth:] for index in open_ones)
        for index in open_ones:
            if counts[paths[index][-depth:]] == 1 or depth >= len(paths[index]):
                names[index] = "__".join(paths[index][-depth:])
        open_ones = [index for index in open_ones if not names[index] and files[index]]
    taken: set[str] = set()
    for index, name in enumerate(names):
        stem = re.sub(r"[^\w.()+=-]+", "_", name).lstrip(".").removesuffix(".csv")
        stem = stem[-_LONGEST_NAME:] or "file"
        names[index] = next(
            candidate
            for number in itertools.count(1)
            if (candidate := f"{stem}{f'.{number}' if number > 1 else ''}.csv").casefold()
            not in taken
        )
        taken.add(names[index].casefold())
    return names
