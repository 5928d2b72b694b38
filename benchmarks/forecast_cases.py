"""What was known at an origin, and what came: the questions that forecasts are judged on."""

from __future__ import annotations

import hashlib
import logging
import pickle
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

import stockout
from stockout.demand.history import demand_history
from stockout.demand.panel import Axis, cells, scatter_units
from stockout.demand.segments import segments

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from numpy.typing import NDArray

    from data_sets import DataSet
    from stockout.demand.history import History

    Matrix = NDArray[np.float64]
    Flags = NDArray[np.bool_]

SPANS = (7, 14, 28)
CACHE = Path(tempfile.gettempdir()) / "stockout-forecast-benchmark"
MIN_LISTED = 28  # days that an item must have been listed, before it is judged
MIN_CLEAN = 8  # of them in stock
_LEARNING = (  # modules of demand/ that no history depends on, but only what is learned from it
    "backfitting",
    "calm_days",
    "censoring",
    "latent",
    "levels",
    "overdispersion",
    "shrinkage",
    "spillover",
)
RECENT = 91  # an item is judged if it sold in the last so many days


class Case(NamedTuple):
    """A data set cut at an origin; column i is row i of ``history.items``."""

    origin: date
    history: History
    place: NDArray[np.int64]  # (items,) row in the list of all items of the data set
    total: int  # number of these
    ahead: Matrix  # (28, items) demand of the days ahead, 0 where it is not judged
    seen: Flags  # (28, items) days ahead that are judged: fully in stock
    days: int  # days ahead that the data set still holds
    judged: Flags  # (items,) items that are judged
    scale: Matrix  # (items,) root of the mean squared difference of a day to the day before
    group: NDArray[np.object_]  # (items,) demand class at the origin

    def actual(self, span: int) -> Matrix:
        """(items,) demand of the judged days among the next ``span``."""
        return np.asarray(self.ahead[:span].sum(axis=0))

    def valid(self, span: int) -> Flags:
        """(items,) whether the sum is judged: half of its days or more were in stock."""
        enough = self.seen[:span].sum(axis=0) >= span / 2
        return np.asarray(self.judged & enough & (self.days >= span))

    @property
    def clean(self) -> Flags:
        """(periods, items) days on which sales were demand."""
        return np.asarray(self.history.observed & ~(self.history.share < 1))


def cases_of(data: DataSet) -> list[Case]:
    """Cuts a data set at its origins.

    Days are judged on which the item was fully in stock; where the truth is known, all days, by
    the latent demand. An item is judged that sold in the last 91 days, was listed for 28 and had
    some variation, unless the products say that it has been delisted.
    """
    last = data.sales["date"].max()
    later = _history(data, last)  # type: ignore[arg-type] # a column of dates has a date
    units, seen = later.units, later.observed & ~(later.share < 1)
    if data.latent is not None:
        axis = Axis("day", later.first_period, len(units))
        at = cells(data.latent.with_columns(period="date"), later.items, axis)
        units = scatter_units(at, later.items.height, axis)
        seen = np.ones_like(seen)
    return [_case(data, origin, later, units, seen) for origin in data.origins]


def _history(data: DataSet, as_of: date) -> History:
    return demand_history(
        data.sales,
        data.inventory,
        data.products,
        data.purchases,
        data.movements,
        as_of=as_of,
        freq="day",
    )


def _case(
    data: DataSet, origin: date, later: History, units: NDArray[np.float32], seen: Flags
) -> Case:
    known = _history(data, origin)
    place = (
        known.items.select("sku", "location")
        .join(
            later.items.select("sku", "location").with_row_index("item"),
            on=["sku", "location"],
            maintain_order="left",
        )["item"]
        .to_numpy()
        .astype(np.int64)
    )
    first = (origin - later.first_period).days + 1
    ahead = np.zeros((max(SPANS), len(place)))
    open_ahead = np.zeros(ahead.shape, dtype=np.bool_)
    days = min(max(SPANS), len(units) - first)
    open_ahead[:days] = seen[first : first + days, place]
    ahead[:days] = np.where(open_ahead[:days], units[first : first + days, place], 0)
    clean = known.observed & ~(known.share < 1)
    pairs = clean[1:] & clean[:-1]
    step = np.where(pairs, np.diff(known.units.astype(np.float64), axis=0), 0)
    scale = np.sqrt((step**2).sum(axis=0) / np.maximum(pairs.sum(axis=0), 1))
    delisted = (known.items["active_to"] <= origin).fill_null(value=False).to_numpy()
    judged = (
        (known.periods - known.start >= MIN_LISTED)
        & (clean.sum(axis=0) >= MIN_CLEAN)
        & (known.units[-RECENT:].sum(axis=0) > 0)
        & (scale > 0)
        & ~delisted
    )
    group = segments(known)["demand_class"].to_numpy().astype(object)
    return Case(
        origin, known, place, later.items.height, ahead, open_ahead, days, judged, scale, group
    )


def cached(name: str, key: str, make: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever is made
    """What ``make`` gives, from disk if it was made before for the same key."""
    CACHE.mkdir(mode=0o700, exist_ok=True)
    path = CACHE / f"{name}-{hashlib.sha256(key.encode()).hexdigest()[:20]}.pickle"
    if path.exists():
        return pickle.loads(path.read_bytes())  # noqa: S301 - written below, by ourselves
    made = make()
    beside = path.with_suffix(".part")
    beside.write_bytes(pickle.dumps(made))
    beside.replace(path)
    return made


def cached_cases(name: str, make: Callable[[], DataSet]) -> tuple[list[Case], int]:
    """The cases of a data set and its step; made anew only when their code has changed."""
    package, here = Path(stockout.__file__).parent, Path(__file__).parent
    sources = [*sorted((package / "simulator").glob("*.py")), here / "data_sets.py"]
    if name == "sample":
        sources += sorted((package / "exports").rglob("*.py"))
        sources += sorted((package / "exports").rglob("*.toml"))
    learning = {package / "demand" / f"{module}.py" for module in _LEARNING}
    demand = sorted({*(package / "demand").glob("*.py")} - learning)
    cutting = [*demand, package / "tables.py", Path(__file__)]

    def cut() -> tuple[list[Case], int]:
        data: DataSet = cached("data", f"{name} {_code(sources)}", make)
        return cases_of(data), data.step

    logging.getLogger("stockout").setLevel(logging.ERROR)
    found: tuple[list[Case], int] = cached("cases", f"{name} {_code([*sources, *cutting])}", cut)
    return found


def _code(files: list[Path]) -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
