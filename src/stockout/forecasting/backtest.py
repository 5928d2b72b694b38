"""Past accuracy: the forecast made again at past origins, and judged by what came.

At each origin the forecast and the simple forecasts beside it know what was known then. What came
is the demand of the periods that were in stock, wholly, as far as that is known: a period in which
the shelf was empty says nothing of the forecast. All methods are judged on the same cells.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from stockout.demand.periods import DAYS_PER_PERIOD
from stockout.demand.segments import segments
from stockout.errors import ConfigError
from stockout.forecasting.backtest_table import coded, facts, labelled, score_rows
from stockout.forecasting.benchmark_forecasts import Sums, Window, benchmark_sums
from stockout.forecasting.fit import fit
from stockout.forecasting.hindsight import with_hindsight
from stockout.forecasting.scores import (
    Ratio,
    coverage_scores,
    error_scores,
    quantile_scores,
    scaled_error,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date

    from numpy.typing import NDArray

    from stockout.demand.history import History
    from stockout.forecasting.demand_model import DemandModel
    from stockout.forecasting.hindsight import Hindsight
    from stockout.forecasting.origins import Origins

    Vector = NDArray[np.float64]
    Codes = NDArray[np.int64]
    Flags = NDArray[np.bool_]

OURS = "stockout"
"""The method that is this project's forecast."""

ALWAYS_BY = ("demand_class", "abc")
GROUPS = ("sku", "location", "category", "supplier", "demand_class", "abc", "xyz")
"""What accuracy can be told apart by."""

_BY_ORIGIN = {"wape", "bias", "fva"}
_BLOCK = {"day": 7, "week": 1}  # periods of the windows that tell how accuracy fades


class _Cells(NamedTuple):
    """Cells of one method and window at one origin."""

    origin: int
    item: Codes  # (cells,) column in the history with hindsight
    scores: dict[str, Ratio]


@dataclass
class _Coverage:
    """Item-periods of a window: how many of those meant to be sold were judged."""

    judged: Vector  # (items,)
    meant: Vector  # (items,)


@dataclass
class Accuracy:
    """Cells of all methods, windows and origins; gathered one origin after the other."""

    full: History  # with hindsight
    origins: Origins
    windows: list[Window]
    cells: dict[tuple[str, Window], list[_Cells]] = field(default_factory=lambda: defaultdict(list))
    coverage: dict[Window, _Coverage] = field(default_factory=dict)
    states: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    left_out: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def frame(self, groups: Mapping[str, pl.Series]) -> pl.DataFrame:
        """Scores of all items together and of each group.

        Args:
            groups: The group of each item by the name of the grouping.

        Returns:
            Columns as in :data:`stockout.forecasting.backtest_table.SCHEMA`.
        """
        parts = [*self._facts()]
        everything = {"all": pl.Series(["all"] * self.full.items.height, dtype=pl.String)}
        clusters = np.array(self.origins.clusters)
        for (method, window), found in self.cells.items():
            item = np.concatenate([part.item for part in found])
            origin = np.concatenate([np.full(part.item.size, part.origin) for part in found])
            scores = {
                name: Ratio(
                    np.concatenate([part.scores[name].above for part in found]),
                    np.concatenate([part.scores[name].below for part in found]),
                )
                for name in found[0].scores
            }
            place = {"method": method, "horizon": window.stop - window.start,
                     "ahead": window.start + 1}  # fmt: skip
            for by, labels in {**everything, **groups}.items():
                known = coded(labels)
                share = self._coverage_of(window, *known)
                rows = score_rows(scores, item, clusters[origin], known[0][item], known[1])
                parts.append(labelled(rows, by, known[1], share, place))
            if window == self.main:
                dates = pl.Series([str(day) for day in self._dates()], dtype=pl.String)
                by_date = {name: cells for name, cells in scores.items() if name in _BY_ORIGIN}
                rows = score_rows(by_date, item, item * 0, origin, dates)
                parts.append(labelled(rows, "origin", dates, None, place))
        return pl.concat(parts)

    @property
    def main(self) -> Window:
        """The sum over the whole horizon."""
        return Window(0, self.origins.horizon)

    def _dates(self) -> list[date]:
        return [self.origins.as_of(self.full, row) for row in self.origins.rows]

    def _coverage_of(self, window: Window, codes: Codes, labels: pl.Series) -> Vector:
        known = self.coverage[window]
        meant = np.bincount(codes, known.meant, len(labels))
        judged = np.bincount(codes, known.judged, len(labels))
        return np.where(meant > 0, judged / np.maximum(meant, 1), np.nan)

    def _facts(self) -> Iterable[pl.DataFrame]:
        """What was judged, and what was not and why."""
        meant = max(self.states["meant"], 1)
        place = {"what": "data", "horizon": self.origins.horizon, "ahead": 1}
        yield facts(
            {
                "origins": (len(self.origins.rows), "count"),
                "periods_between_origins": (self.origins.spacing, "periods"),
                "periods_of_history": (self.full.periods, "periods"),
                "days_of_a_period": (DAYS_PER_PERIOD[self.full.freq], "days"),
                "in_stock": (self.states["in_stock"] / meant, "share"),
                "availability_unknown": (self.states["unknown"] / meant, "share"),
                "out_of_stock": (self.states["out"] / meant, "share"),
                "not_for_sale": (self.states["closed"] / meant, "share"),
            },
            **place,
        )
        for reason, count in sorted(self.left_out.items()):
            figure = {"not_judged": (count, "forecasts")}
            yield facts(figure, **{**place, "by": "reason", "group": reason})


def accuracy(
    full: History,
    origins: Origins,
    history_at: Callable[[date], History],
    *,
    fitted: Callable[[History, int, int], DemandModel] = fit,
    protection: Sequence[int] = (),
    at_origin: Callable[[int, Hindsight, DemandModel], None] | None = None,
) -> Accuracy:
    """Forecasts again at every origin and scores what came.

    Args:
        full: The history with hindsight.
        origins: From :func:`stockout.forecasting.origins.plan_origins`.
        history_at: Gives the history as it was known on a date.
        fitted: Forecasts from a history, for so many periods and sums of such a length.
        protection: Periods of sums for which the forecast is fitted by itself, as an order does;
            sums of other lengths come from the fit for the horizon, as in ``stockout forecast``.
        at_origin: Is given each origin, with hindsight and the forecast.

    Raises:
        ConfigError: A protection period is longer than the horizon.
    """
    wrong = [length for length in protection if not 1 <= length <= origins.horizon]
    if wrong:
        raise ConfigError(
            f"protection is {wrong[0]}, expected 1 to {origins.horizon}, the periods ahead",
            hint="give a longer --horizon",
        )
    own = sorted(set(protection) - {origins.horizon})
    found = Accuracy(full, origins, _windows(full.freq, origins.horizon, own))
    for number, row in enumerate(origins.rows):
        known = history_at(origins.as_of(full, row))
        case = with_hindsight(known, full, row, origins.horizon)
        model = fitted(known, origins.horizon, origins.horizon)
        models = {Window(0, length): fitted(known, length, length) for length in own}
        _judge(found, number, case, model, models)
        if at_origin is not None:
            at_origin(number, case, model)
    return found


def group_labels(
    full: History, by: Sequence[str], products: pl.DataFrame | None = None
) -> dict[str, pl.Series]:
    """The group of each item, by the name of the grouping.

    Demand class, ABC and XYZ are those of the whole history.

    Args:
        full: The history with hindsight.
        by: Groupings beside demand class and ABC, of :data:`GROUPS`.
        products: Canonical products, for the supplier.

    Raises:
        ConfigError: There is no such grouping.
    """
    for name in by:
        if name not in GROUPS:
            raise ConfigError(f"by: found {name!r}, expected {', '.join(GROUPS)}")
    frame = pl.concat(
        [full.items.select("sku", "location", "category"), segments(full).drop("sku", "location")],
        how="horizontal",
    )
    if products is None:
        frame = frame.with_columns(supplier=pl.lit(None, dtype=pl.String))
    else:
        suppliers = products.select("sku", supplier="supplier_id").unique("sku", keep="first")
        frame = frame.join(suppliers, on="sku", how="left", maintain_order="left")
    return {name: frame[name] for name in dict.fromkeys([*ALWAYS_BY, *by])}


def _windows(freq: str, horizon: int, own: Sequence[int]) -> list[Window]:
    """The whole horizon, sums of one and two blocks and those asked for, and each later block."""
    block = _BLOCK[freq] if horizon > _BLOCK[freq] else 1
    sums = sorted({n for n in (block, 2 * block, *own) if n < horizon})
    later = range(block, horizon - block + 1, block)
    return [
        Window(0, horizon),
        *(Window(0, length) for length in sums),
        *(Window(start, start + block) for start in later),
    ]


def _judge(
    found: Accuracy,
    number: int,
    case: Hindsight,
    model: DemandModel,
    models: Mapping[Window, DemandModel],
) -> None:
    """Adds the cells of one origin."""
    _account(found, number, case)
    simple = benchmark_sums(case.known, found.windows, case.judged)
    integer = case.known.items["is_integer"].to_numpy()
    for window in found.windows:
        rows = slice(window.start, window.stop)
        judged = case.judged[rows]
        items = np.flatnonzero(case.enough(window))
        if not items.size:
            continue
        seen = judged[:, items]
        actual = np.where(seen, case.units[rows][:, items], 0).sum(axis=0)
        # an ended item counts by its errors alone: of a forecast of 0 there is no distribution
        scale = np.where(case.ended, 0, case.scale)[items] * np.sqrt(seen.sum(axis=0))
        live = ~case.ended[items]
        whole = window in {found.main, *models}
        ours = _our_sums(models.get(window, model), window, seen, items)
        mine = _scores(ours, actual, scale, integer[items], live, quantiles=window.start == 0)
        found.cells[OURS, window].append(_Cells(number, case.place[items], mine))
        for name in dict.fromkeys(name for name, _ in simple):
            sums = simple[name, window]
            part = Sums(sums.mean[items], sums.variance[items])
            theirs = _scores(part, actual, scale, integer[items], live, quantiles=whole)
            theirs["fva"] = Ratio(theirs["wape"].above - mine["wape"].above, actual)
            if whole:
                gained = theirs["pinball"].above - mine["pinball"].above
                theirs["fva_pinball"] = Ratio(gained, mine["pinball"].below)
            found.cells[name, window].append(_Cells(number, case.place[items], theirs))


def _our_sums(model: DemandModel, window: Window, seen: Flags, items: Codes) -> Sums:
    mean = np.where(seen, model.mean[window.start : window.stop, items], 0).sum(axis=0)
    shift = None if model.sum_shift is None else model.sum_shift[items].T
    return Sums(mean, model.noise[items] * mean + model.level_variance[items] * mean**2, shift)


def _scores(
    sums: Sums, actual: Vector, scale: Vector, integer: Flags, live: Flags, *, quantiles: bool
) -> dict[str, Ratio]:
    found = {**error_scores(sums.mean, actual), **scaled_error(sums.mean, actual, scale)}
    if quantiles:
        found |= quantile_scores(sums, actual, scale, integer)
        for name, hits in coverage_scores(sums, actual, integer).items():
            found[name] = Ratio(np.where(live, hits.above, 0), live.astype(np.float64))
    return found


def _account(found: Accuracy, number: int, case: Hindsight) -> None:
    """Counts what is judged at an origin, and what is not and why."""
    columns = found.full.items.height
    live = ~case.ended
    for window in found.windows:
        known = found.coverage.setdefault(window, _Coverage(np.zeros(columns), np.zeros(columns)))
        judged = case.judged[window.start : window.stop, live].sum(axis=0)
        np.add.at(known.judged, case.place[live], np.where(case.enough(window)[live], judged, 0))
        np.add.at(known.meant, case.place[live], float(window.stop - window.start))
    states = found.states
    states["meant"] += float(case.judged[:, live].size)
    states["in_stock"] += float((case.judged & ~case.unknown)[:, live].sum())
    states["unknown"] += float(case.unknown[:, live].sum())
    states["out"] += float(case.out[:, live].sum())
    states["closed"] += float((~case.judged & ~case.out)[:, live].sum())
    reasons = found.left_out
    enough = case.enough(found.main)
    mostly_out = ~enough & (case.out.sum(axis=0) * 2 > len(case.out)) & live
    reasons["out of stock for most of the time"] += int(mostly_out.sum())
    reasons["not for sale, or out of stock, for most of the time"] += int(
        (~enough & ~mostly_out & live).sum()
    )
    row = found.origins.rows[number]
    start = found.full.start
    fresh = np.ones(columns, dtype=np.bool_)
    fresh[case.place] = False
    begun = fresh & (start < row + found.origins.horizon)
    reasons["first sold after the origin"] += int(begun.sum())
    reasons["ended before the origin: judged by its errors alone"] += int((~live & enough).sum())
