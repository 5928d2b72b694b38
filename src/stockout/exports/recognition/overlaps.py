"""Whether two sources of a table say the same things, so that they must not be added up."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from stockout.exports.rows.complete import KEYS
from stockout.exports.rows.running import ENGINE_ERRORS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeAlias

    from numpy.typing import NDArray

    from stockout.exports.recognition.looking import Kin, Look

    Hashes: TypeAlias = NDArray[np.uint64]

_KEYS: Mapping[str, tuple[str, ...]] = {
    "sales": ("date", "sku"),
    "inventory": ("date", "sku", "location"),
    "movements": ("date", "sku"),
    "purchases": ("po_id", "line", "sku"),
    "orders": ("order_id", "line", "sku"),
    **{table: (key,) for table, key in KEYS.items()},
}
_QUANTITIES: Mapping[str, str] = {
    "sales": "units",
    "inventory": "on_hand",
    "movements": "units",
    "purchases": "ordered_units",
    "orders": "units",
}
SAME = 0.5
"""Share of common rows from which two files or sources are taken for the same."""


class Summary(NamedTuple):
    """What is kept of a source that was read, to compare it with others of its table."""

    table: str
    rows: int
    keys: pl.DataFrame  # one row a key, with the sum of its quantity


class Overlap(NamedTuple):
    """What two sources of one table have in common."""

    keys: float  # share of the keys of the smaller one that the other has too
    equal: float  # share of these whose quantity is the same

    @property
    def is_none(self) -> bool:
        """Whether they complete each other."""
        return self.keys == 0


def summarise(frame: pl.DataFrame, table: str) -> Summary:
    """Keys and quantities of a table that was read."""
    keys = list(_KEYS.get(table, frame.columns))
    quantity = _QUANTITIES.get(table)
    sums = pl.len().cast(pl.Float64) if quantity is None else pl.col(quantity).sum()
    return Summary(table, frame.height, frame.group_by(keys).agg(quantity=sums))


def compare(one: Summary, other: Summary) -> Overlap:
    """What two sources of one table have in common.

    >>> from datetime import date
    >>> sales = pl.DataFrame({"date": [date(2026, 1, 5)] * 2, "sku": ["A", "B"], "units": [1, 2]})
    >>> compare(summarise(sales, "sales"), summarise(sales.head(1), "sales"))
    Overlap(keys=1.0, equal=1.0)
    """
    smaller = min(one.keys.height, other.keys.height)
    if not smaller:
        return Overlap(0.0, 0.0)
    on = [name for name in one.keys.columns if name != "quantity"]
    common = one.keys.join(other.keys, on=on, nulls_equal=True)
    if common.is_empty():
        return Overlap(0.0, 0.0)
    equal = (common["quantity"] - common["quantity_right"]).abs() < 1e-9
    return Overlap(common.height / smaller, float(equal.mean() or 0.0))  # type: ignore[arg-type]


def repeated_files(kin: Kin) -> list[tuple[Look, Look, float]]:
    """Pairs of files of one kind of which the second repeats rows of the first.

    Args:
        kin: Exports of one kind.

    Returns:
        The smaller file of each pair last, with the share of its different rows that the other
        has too.
    """
    hashes = [_row_hashes(look) for look in kin.looks]
    sizes = np.array([len(values) for values in hashes])
    every = np.concatenate(hashes)
    file = np.repeat(np.arange(len(hashes), dtype=np.int32), sizes)
    order = np.argsort(every, kind="stable")
    every, file = every[order], file[order]
    pairs = _neighbours(every, file)
    found = []
    for first, second, count in pairs:
        small, large = sorted((first, second), key=lambda index: (sizes[index], -index))
        share = count / sizes[small]
        if share >= SAME:
            found.append((kin.looks[large], kin.looks[small], float(share)))
    return found


def _neighbours(hashes: Hashes, file: NDArray[np.int32]) -> list[tuple[int, int, int]]:
    """How many rows each two files share, for rows that stand in both."""
    same = hashes[1:] == hashes[:-1]
    twice = np.concatenate([same, [False]]) | np.concatenate([[False], same])
    if not twice.any():
        return []
    runs = pl.DataFrame({"hash": hashes[twice], "file": file[twice]})
    first = runs.group_by("hash").agg(first=pl.col("file").min())
    counts = (
        runs.join(first, on="hash")
        .filter(pl.col("file") != pl.col("first"))
        .group_by("first", "file")
        .len()
        .sort("first", "file")
    )
    return [(row[0], row[1], row[2]) for row in counts.iter_rows()]


def _row_hashes(look: Look) -> Hashes:
    """A number for each different row of an export, sorted."""
    try:
        rows = look.export.scan().select(pl.struct(pl.all()).hash().alias("hash"))
        values = rows.collect(engine="streaming")["hash"].to_numpy()
    except ENGINE_ERRORS:
        return np.empty(0, dtype=np.uint64)
    return np.unique(values)
