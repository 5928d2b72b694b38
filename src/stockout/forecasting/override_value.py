"""Forecast value added by people: did a correction of the forecast bring it nearer to what came?

At each origin the forecast that was made then is judged beside the same with the corrections laid
over it as :mod:`stockout.demand.overrides` does, on the periods that a correction speaks of. A
correction without a date is for the forecast of today, so no past one tells of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from stockout.demand.calendar import is_weekly
from stockout.demand.overrides import corrected_demand
from stockout.demand.panel import Axis
from stockout.forecasting.backtest_table import coded, facts, labelled, score_rows
from stockout.forecasting.scores import Ratio
from stockout.tables import ALL_LOCATIONS, ITEM

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.demand.history import History
    from stockout.forecasting.demand_model import DemandModel
    from stockout.forecasting.hindsight import Hindsight
    from stockout.forecasting.origins import Origins

    Vector = NDArray[np.float64]
    Codes = NDArray[np.int64]

CORRECTED = "with overrides"
"""The method that is the forecast as people corrected it."""

_EVERYONE = "all"
_PLACE = {"horizon": 1, "ahead": None}  # single periods, however far ahead


class _Cells(NamedTuple):
    """Periods of items that corrections speak of, at one origin."""

    origin: int
    item: Codes  # column in the history with hindsight
    told: Vector  # units that were forecast
    corrected: Vector  # units as corrected
    actual: Vector  # units wanted


class OverrideValue:
    """Corrections, judged one origin after the other.

    Args:
        overrides: Canonical overrides.
        full: The history with hindsight.
        origins: The origins of the backtest.
    """

    def __init__(self, overrides: pl.DataFrame, full: History, origins: Origins) -> None:
        self.full, self.origins = full, origins
        self.table = overrides.with_row_index("override")
        self.dated = self.table.drop_nulls("date")
        names = self.dated["author"].unique().sort(nulls_last=True).to_list()
        self.authors: list[str | None] = names
        self.cells: dict[tuple[str, str | None], list[_Cells]] = {}
        self.judged = np.zeros(full.units.shape, dtype=np.bool_)  # cells that could be judged

    def at_origin(self, number: int, case: Hindsight, model: DemandModel) -> None:
        """Judges the corrections of the periods ahead of an origin."""
        if self.dated.is_empty():
            return
        self._add(_EVERYONE, None, self.dated, number, case, model)
        for author in self.authors:
            # dates of the others stay, because they tell whether a row speaks for a week
            own = pl.col("author").eq_missing(pl.lit(author))
            rows = self.dated.with_columns(sku=pl.when(own).then("sku"))
            self._add("author", author, rows, number, case, model)

    def _add(  # noqa: PLR0917 - where it belongs, then what it is made of
        self,
        by: str,
        group: str | None,
        rows: pl.DataFrame,
        number: int,
        case: Hindsight,
        model: DemandModel,
    ) -> None:
        history = case.known
        first = history.future_dates(1)[0]
        ahead = len(case.units)
        table = rows.drop("override")
        found = corrected_demand(model.mean[:ahead], history.items, first, history.freq, table)
        at = np.nonzero(found.changed & case.judged)
        if not at[0].size:
            return
        column = case.place[at[1]]
        self.judged[self.origins.rows[number] + at[0], column] = True
        cells = _Cells(number, column, model.mean[at], found.mean[at], case.units[at])
        self.cells.setdefault((by, group), []).append(cells)

    def frame(self) -> pl.DataFrame:
        """Errors with and without the corrections, and what they added: all, and by author.

        Returns:
            Rows of the backtest's table, ``what`` is ``overrides``. ``wape`` and ``bias`` of the
            methods ``stockout`` and ``with overrides`` over single periods; ``fva``, by how much
            the corrections lowered the error (positive is better), and ``improved``, the share of
            periods in which they did; ``not_judged`` by reason.
        """
        place: dict[str, object] = {"what": "overrides", **_PLACE}
        parts = [facts({"overrides": (self.table.height, "count")}, **place)]
        reasons = self._reasons().drop_nulls().value_counts(sort=True)
        for reason, count in reasons.rows():
            figure = {"not_judged": (count, "overrides")}
            parts.append(facts(figure, **{**place, "by": "reason", "group": reason}))
        for (by, group), cells in self.cells.items():
            parts += self._scored(by, group, cells)
        return pl.concat(parts)

    def _scored(self, by: str, group: str | None, parts: list[_Cells]) -> list[pl.DataFrame]:
        item, told, corrected, actual = (
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("item", "told", "corrected", "actual")
        )
        clusters = np.array(self.origins.clusters)
        origin = np.concatenate([np.full(part.item.size, part.origin) for part in parts])
        error, with_it = np.abs(told - actual), np.abs(corrected - actual)
        better = (with_it < error) + 0.5 * (with_it == error)
        scores = {
            "stockout": {"wape": Ratio(error, actual), "bias": Ratio(told - actual, actual)},
            CORRECTED: {
                "wape": Ratio(with_it, actual),
                "bias": Ratio(corrected - actual, actual),
                "fva": Ratio(error - with_it, actual),
                "improved": Ratio(better, np.ones(actual.size)),
            },
        }
        name = pl.Series([_EVERYONE if by == _EVERYONE else group], dtype=pl.String)
        codes, groups = coded(name)
        rows = []
        for method, found in scores.items():
            made = score_rows(found, item, clusters[origin], codes[item * 0], groups)
            made = made.with_columns(what=pl.lit("overrides"))
            rows.append(labelled(made, by, groups, None, {"method": method, **_PLACE}))
        return rows

    def _reasons(self) -> pl.Series:
        """Why each correction is not judged; null where it is."""
        axis = Axis(self.full.freq, self.full.first_period, self.full.periods)
        items = self.full.items.select(ITEM).with_row_index("column")
        span = 7 if is_weekly(self.dated["date"]) and self.full.freq == "day" else 1
        t = axis.row_of(pl.col("date"))
        rows = self.table.with_columns(t=t)
        places = pl.concat(
            [
                rows.join(items, on=ITEM),
                rows.filter(pl.col("location") == ALL_LOCATIONS)
                .drop("location")
                .join(items, on="sku")
                .select(*rows.columns, "column"),
            ]
        )
        inside = places.filter(pl.col("t").is_between(0, self.full.periods - 1))
        period, column = inside["t"].to_numpy(), inside["column"].to_numpy()
        hit = np.zeros(inside.height, dtype=np.bool_)
        for later in range(span):
            hit |= self.judged[np.minimum(period + later, self.full.periods - 1), column]
        judged = inside.filter(pl.Series(hit))["override"].unique()
        ahead = np.zeros(self.full.periods, dtype=np.bool_)
        for row in self.origins.rows:
            ahead[row : row + self.origins.horizon] = True
        covered = pl.Series(np.flatnonzero(ahead))
        return rows.select(
            pl.when(pl.col("override").is_in(judged.implode()))
            .then(None)
            .when(pl.col("date").is_null())
            .then(pl.lit("without a date"))
            .when(~pl.col("override").is_in(places["override"].implode()))
            .then(pl.lit("of items that are not sold"))
            .when(pl.col("t") >= self.full.periods)
            .then(pl.lit("for periods that have not come"))
            .when(~pl.col("t").is_in(covered.implode()))
            .then(pl.lit("for periods that no origin has ahead"))
            .otherwise(pl.lit("of items without stock or forecast then"))
        ).to_series()
