"""The verb ``sample``: a simulated business as a folder of exports, with the truth beside them."""

from __future__ import annotations

import json
import logging
import os
import shutil
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from stockout.errors import ConfigError
from stockout.simulator.parameters import Parameters
from stockout.simulator.simulate import Simulation, simulate

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import polars as pl

logger = logging.getLogger(__name__)

FileFormat = Literal["csv.gz", "csv", "parquet"]
"""How large tables are written; small ones are always ``.csv``."""

_LARGE = frozenset({"sales", "inventory", "movements", "truth/demand"})
_MANIFEST = "truth/parameters.json"


@dataclass(frozen=True)
class Manifest:
    """What :func:`sample` wrote."""

    folder: Path
    files: Mapping[str, int]  # path below the folder -> rows of the table in it
    safety_factor: float  # of the simulated planner, after calibration
    stockout_rate: float  # realised share of active item-days that ended without stock


def sample(
    folder: Path,
    *,
    seed: int = 1,
    skus: int = 40,
    locations: int = 2,
    months: int = 18,
    stockout_rate: float = 0.08,
    force: bool = False,
    **settings: float | date | None,
) -> Manifest:
    """Simulates a small retail business and writes its exports, and what really happened.

    The folder gets one file for each canonical table, a ``stockout.toml`` with which every command
    runs there, a ``README.md``, and the subfolder ``truth``. The same arguments give the same
    bytes. Large tables are ``.csv.gz``; :func:`write_simulation` knows other formats.

    Args:
        folder: Where to write; it is made, with its parents, when it is not there.
        seed: Of all random numbers.
        skus: Number of SKUs.
        locations: Number of locations, each of which sells every SKU.
        months: Length of the history; it starts on a Monday.
        stockout_rate: Share of active item-days that end without stock.
        force: Overwrite files of the same names in a folder that is not empty.
        **settings: Any other field of :class:`Parameters`, such as ``end`` or ``wait_share``.

    Returns:
        The files with their numbers of rows, and the realised stockout rate.

    Raises:
        ConfigError: The folder is not empty or cannot be written, or a setting is unknown or out
            of its range.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as temporary:
    ...     shop = Path(temporary) / "shop"
    ...     manifest = sample(shop, skus=4, locations=1, months=2, shock_sigma=0.0)
    >>> manifest.files["products.csv"]
    4
    """
    _check_folder(folder, force=force)
    named: dict[str, float | date | None] = {
        "seed": seed,
        "skus": skus,
        "locations": locations,
        "months": months,
        "stockout_rate": stockout_rate,
    }
    parameters = Parameters.of(named | settings)
    return write_simulation(simulate(parameters), folder, force=force)


def write_simulation(
    simulation: Simulation, folder: Path, *, file_format: FileFormat = "csv.gz", force: bool = False
) -> Manifest:
    """Writes a simulation as :func:`sample` does.

    Everything is written into a temporary folder first. A new folder appears at once and whole; in
    one that is there, each file is replaced whole, files of an earlier sample that are no longer
    written are removed, and whatever else is in it stays.

    Args:
        simulation: Tables and truth.
        folder: Where to write.
        file_format: Of large tables.
        force: Overwrite files of the same names in a folder that is not empty.

    Returns:
        The files with their numbers of rows.

    Raises:
        ConfigError: The folder is not empty or cannot be written, or the format is not known.
    """
    if file_format not in get_args(FileFormat):
        raise ConfigError(
            f"file_format = {file_format!r} is not known",
            hint=f"give one of {', '.join(get_args(FileFormat))}",
        )
    _check_folder(folder, force=force)
    folder = folder.resolve()
    is_new = not folder.exists()
    name = f".{folder.name}.{os.getpid()}.tmp"
    beside = folder.with_name(name) if is_new else folder / name
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        beside.mkdir()
        manifest = _write_all(simulation, beside, folder, file_format)
        if is_new:
            beside.rename(folder)
        else:
            _move_files(beside, folder)
    except OSError as error:
        raise ConfigError(
            f"cannot write to {folder}: {error.strerror or error}",
            hint="choose another folder, or make this one writable",
        ) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    logger.info("wrote %d files to %s", len(manifest.files), folder)
    return manifest


def _check_folder(folder: Path, *, force: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"{folder} is a file", hint="give the name of a folder")
    try:
        is_empty = not folder.is_dir() or not any(folder.iterdir())
    except OSError as error:
        raise ConfigError(
            f"cannot look into {folder}: {error.strerror or error}", hint="choose another folder"
        ) from error
    if not force and not is_empty:
        raise ConfigError(
            f"{folder} is not empty",
            hint="choose a new folder, or overwrite this one's files with --force",
        )


def _write_all(
    simulation: Simulation, beside: Path, folder: Path, file_format: FileFormat
) -> Manifest:
    (beside / "truth").mkdir()
    frames = dict(simulation.tables) | {
        f"truth/{name}": frame for name, frame in simulation.truth.items()
    }
    paths = {name: f"{name}.{file_format if name in _LARGE else 'csv'}" for name in frames}
    for name, frame in frames.items():
        _write_frame(frame, beside / paths[name])
    manifest = Manifest(
        folder=folder,
        files={paths[name]: frame.height for name, frame in frames.items()},
        safety_factor=simulation.safety_factor,
        stockout_rate=simulation.stockout_rate,
    )
    tables = {name: paths[name] for name in simulation.tables}
    (beside / "stockout.toml").write_text(_configuration(tables), encoding="utf-8", newline="\n")
    (beside / "README.md").write_text(_readme(simulation, manifest), encoding="utf-8", newline="\n")
    (beside / _MANIFEST).write_text(
        json.dumps(
            {
                "parameters": asdict(simulation.parameters),
                "safety_factor": simulation.safety_factor,
                "stockout_rate": round(simulation.stockout_rate, 6),
                "files": manifest.files,
            },
            indent=2,
            default=str,
        )
        + "\n",
        encoding="utf-8",
        newline="\n",
    )
    return manifest


def _write_frame(frame: pl.DataFrame, path: Path) -> None:
    if path.suffix == ".parquet":
        frame.write_parquet(path)
    else:  # polars puts neither name nor time into a gzip file: same data, same bytes
        frame.write_csv(path, compression="gzip" if path.suffix == ".gz" else "uncompressed")


def _move_files(beside: Path, folder: Path) -> None:
    """Moves what was written into a folder that is there; the manifest goes last."""
    former = _former_files(folder)
    written = [each.relative_to(beside) for each in sorted(beside.rglob("*")) if each.is_file()]
    (folder / "truth").mkdir(exist_ok=True)
    for each in sorted(written, key=lambda path: path.as_posix() == _MANIFEST):
        (beside / each).replace(folder / each)
    for name in former - {each.as_posix() for each in written}:
        (folder / name).unlink(missing_ok=True)


def _former_files(folder: Path) -> set[str]:
    """Tables of the sample that is in the folder now, if any, by its own manifest."""
    try:
        listed = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))["files"]
        names = {str(name) for name in listed}
    except (OSError, ValueError, KeyError, TypeError):
        return set()
    suffixes = tuple(f".{suffix}" for suffix in get_args(FileFormat))
    return {
        name
        for name in names
        if Path(name).parent.as_posix() in {".", "truth"} and name.endswith(suffixes)
    }


def _configuration(tables: Mapping[str, str]) -> str:
    lines = [
        "# Written by `stockout sample`: every command runs in this folder without arguments.",
        "default_lead_time_days = 14",
        "default_review_days = 7",
        "",
        "[forecast]",
        "levels = [0.5, 0.9]",
        "",
        "[reorder]",
        'unmet = "lost"',
        "service_level = 0.95",
    ]
    for name, path in tables.items():
        lines += ["", f"[tables.{name}]", f'path = "{path}"']
    return "\n".join(lines) + "\n"


def _readme(simulation: Simulation, manifest: Manifest) -> str:
    parameters = simulation.parameters
    named = ("seed", "skus", "locations", "months", "stockout_rate")
    flags = [f"--{name.replace('_', '-')} {getattr(parameters, name)}" for name in named]
    flags += [
        f"--set {each.name}={getattr(parameters, each.name)}"
        for each in fields(parameters)
        if each.name not in named and getattr(parameters, each.name) != each.default
    ]
    rows = "\n".join(f"| `{name}` | {count} |" for name, count in sorted(manifest.files.items()))
    return f"""# A simulated business

Nothing in this folder is real. It was made by

```
stockout sample FOLDER {" ".join(flags)}
```

The history runs from {parameters.start} to {parameters.end}. Of the active item-days,
{100 * simulation.stockout_rate:.1f} % ended without stock.

The files beside this one are what the business's systems would export; `stockout.toml` tells
`stockout` where they are, so `stockout forecast` and `stockout reorder` run here without arguments.
The folder `truth` holds what no system knows: demand that was not met, why stock ran out, which
customers left because of it, and every parameter. `docs/simulator.md` describes all columns.

| file | rows |
|---|---|
{rows}
"""
