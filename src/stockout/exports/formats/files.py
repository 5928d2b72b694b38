"""Which files a source names: paths, globs, folders, hive-partitioned folders, lists of them."""

from __future__ import annotations

import difflib
import glob
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias
from urllib.parse import unquote

from stockout.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

Format: TypeAlias = Literal["csv", "parquet", "excel"]

_COMPRESSED = frozenset({".gz", ".zst"})
_FORMATS: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".xlsx": "excel",
    ".xlsm": "excel",
    ".xlsb": "excel",
    ".xls": "excel",
    ".ods": "excel",
}


@dataclass(frozen=True)
class ExportFile:
    """One file of an export."""

    path: Path
    partition: tuple[tuple[str, str], ...] = ()
    """Keys and values that a hive-partitioned folder (``store=007/``) says about its rows."""
    copy_of: Path | None = None
    """The file that this is a UTF-8 copy of."""

    @property
    def name(self) -> str:
        """What an error calls the file: its path as the user gave it."""
        return str(self.copy_of or self.path)


def find_files(
    paths: str | list[str], folder: Path, fmt: Format | None = None
) -> tuple[list[ExportFile], Format]:
    """Finds the files that the paths of a source name, and their format.

    Args:
        paths: A file, a glob (``**`` goes into folders), a folder, or a list of them.
        folder: What relative paths start from.
        fmt: The format, where the suffixes do not tell it.

    Returns:
        The files, in the order of the list and sorted by name within a glob or folder, each
        once; and the one format they all have.

    Raises:
        InputError: A path does not exist, a glob or folder holds nothing readable, or the files
            are of different or unknown formats.
    """
    found: dict[Path, ExportFile] = {}
    for path in [paths] if isinstance(paths, str) else paths:
        for file in _expand(path, folder, fmt):
            found.setdefault(file.path, file)
    files = list(found.values())
    return files, fmt or _common_format(files)


def same_content(files: Sequence[ExportFile]) -> list[tuple[ExportFile, ExportFile]]:
    """Pairs of files that are copies of each other, such as an export saved twice."""
    by_size: dict[int, list[ExportFile]] = {}
    for file in files:
        by_size.setdefault(file.path.stat().st_size, []).append(file)
    firsts: dict[object, ExportFile] = {}
    pairs = []
    for size, alike in by_size.items():
        for file in alike if len(alike) > 1 else ():
            with file.path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").digest()
            first = firsts.setdefault((size, digest), file)
            if first is not file and first.partition == file.partition:
                pairs.append((first, file))
    return pairs


def format_of(path: Path) -> Format | None:
    """The format that a file's suffix tells, compressed or not.

    >>> format_of(Path("sales.csv.gz")), format_of(Path("sales.parquet")), format_of(Path("notes"))
    ('csv', 'parquet', None)
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in _COMPRESSED:
        suffixes.pop()
    return _FORMATS.get(suffixes[-1]) if suffixes else None


def _expand(given: str, folder: Path, fmt: Format | None) -> list[ExportFile]:
    path = folder / Path(given).expanduser()
    try:
        if path.is_dir():
            return _in_folder(path, fmt)
        if path.exists():
            if not path.is_file():
                raise InputError(
                    "not a regular file", file=str(path), hint="write it to a file first"
                )
            return [ExportFile(path)]
        if glob.has_magic(given):
            matches = sorted(Path(match) for match in glob.glob(str(path), recursive=True))  # noqa: PTH207
            files = [ExportFile(match) for match in matches if match.is_file()]
            if not files:
                raise InputError("no file matches", file=str(path))
            return files
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        raise InputError(f"cannot be read: {error}", file=str(path)) from None
    raise _no_such_file(path)


def _in_folder(folder: Path, fmt: Format | None) -> list[ExportFile]:
    lake = next((path.parent for path in folder.rglob("_delta_log")), None)
    if lake is not None:
        # Its files are those of all versions.
        raise InputError(
            f"{lake} is a table of a history or another Delta Lake, and no export",
            file=str(folder),
            hint=f"read a history with history:{lake.parent}; exports belong into another folder",
        )
    files = [
        ExportFile(path, _partition(path.relative_to(folder)))
        for path in sorted(folder.rglob("*"))
        if not any(part.startswith((".", "_")) for part in path.relative_to(folder).parts)
        and path.is_file()
        and (format_of(path) == fmt if fmt and path.suffix else fmt or format_of(path))
    ]
    if not files:
        raise InputError(
            "no readable file in this folder",
            file=str(folder),
            expected=f"files ending in {', '.join(_FORMATS)}, or .csv.gz, .csv.zst",
        )
    return files


def _partition(relative: Path) -> tuple[tuple[str, str], ...]:
    pairs = (part.partition("=") for part in relative.parts[:-1])
    return tuple((key, unquote(value)) for key, equals, value in pairs if equals and key)


def _common_format(files: list[ExportFile]) -> Format:
    formats = {file.path: format_of(file.path) for file in files}
    unknown = next((path for path, fmt in formats.items() if fmt is None), None)
    if unknown is not None:
        raise InputError(
            "the file's format is not known from its name",
            file=str(unknown),
            hint='say it with format = "csv", format = "parquet" or format = "excel"',
        )
    first = files[0]
    for path, fmt in formats.items():
        if fmt is not None and fmt != formats[first.path]:
            raise InputError(
                f"files of different formats in one table: {first.name} is not of the same",
                file=str(path),
                hint="name the files of one format, for example with a glob such as *.csv",
            )
    return formats[first.path] or "csv"


def _no_such_file(path: Path) -> InputError:
    if not path.parent.is_dir():
        return InputError("no such file", file=str(path), hint=f"no folder {path.parent} either")
    try:
        neighbours = [item.name for item in path.parent.iterdir()]
    except OSError:  # a folder that may be entered but not listed
        neighbours = []
    near = difflib.get_close_matches(path.name, neighbours, n=1, cutoff=0.7)
    return InputError(
        "no such file",
        file=str(path),
        hint=f"did you mean {path.with_name(near[0])}?" if near else None,
    )
