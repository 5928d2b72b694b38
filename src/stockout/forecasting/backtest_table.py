"""The long table that a backtest comes to: one row a figure, told apart by its leading columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from stockout.forecasting.scores import Interval, Ratio, ratio, root, within

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Vector = NDArray[np.float64]
    Codes = NDArray[np.int64]

SCHEMA = {
    "what": pl.String,
    "by": pl.String,
    "group": pl.String,
    "method": pl.String,
    "horizon": pl.Int64,
    "ahead": pl.Int64,
    "metric": pl.String,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "unit": pl.String,
    "coverage": pl.Float64,
    "items": pl.Int64,
    "forecasts": pl.Int64,
}
"""Columns of the result of a backtest."""

_ROOTED = {"rmsse"}
_ADDED = {"fva", "fva_pinball"}
_SIGNED = {"bias", *_ADDED}
_SHARES = (
    "wape",
    "bias",
    "fva",
    "coverage",
)  # how the names of scores begin that are shares of one


def facts(figures: Mapping[str, tuple[float, str]], **place: object) -> pl.DataFrame:
    """Rows of figures that are no estimates.

    Args:
        figures: Value and unit by the name of the figure.
        **place: Values of other columns.
    """
    rows = [
        {"by": "all", "group": "all", **place, "metric": name, "value": float(value), "unit": unit}
        for name, (value, unit) in figures.items()
    ]
    return pl.DataFrame(rows, schema=SCHEMA)


def coded(labels: pl.Series) -> tuple[Codes, pl.Series]:
    """Codes of the groups, and the groups in their order; no group is one too."""
    distinct = labels.unique().sort(nulls_last=True)
    frame = distinct.to_frame("label").with_row_index("code")
    joined = labels.to_frame("label").join(
        frame, on="label", how="left", nulls_equal=True, maintain_order="left"
    )
    return joined["code"].cast(pl.Int64).to_numpy(), distinct


def _scored(  # noqa: PLR0917 - the codes, in the order of ratio
    name: str, cells: Ratio, item: Codes, cluster: Codes, group: Codes, groups: int
) -> Interval:
    """A score of each group, within what is possible."""
    if name == "improved":
        return within(ratio(cells, item, cluster, group, groups, noise=0.25), 0, 1)
    if not name.startswith("coverage"):
        found = ratio(cells, item, cluster, group, groups)
        found = root(found) if name in _ROOTED else found
        return found if name in _SIGNED else within(found, 0, np.inf)
    # if the forecast is right, hits vary at least as those of independent forecasts do
    level = float(name.split("_")[1]) / 100
    found = ratio(cells, item, cluster, group, groups, noise=level * (1 - level))
    return within(found, 0, 1)


def score_rows(
    scores: Mapping[str, Ratio], item: Codes, cluster: Codes, group: Codes, labels: pl.Series
) -> pl.DataFrame:
    """One row for each score and group that has cells."""
    count = len(labels)
    forecasts = np.bincount(group, minlength=count)
    pairs = np.unique(group * (int(item.max()) + 1) + item) // (int(item.max()) + 1)
    items = np.bincount(pairs, minlength=count)
    found = [_scored(name, cells, item, cluster, group, count) for name, cells in scores.items()]
    number = len(found)
    is_share = [name != "fva_pinball" and name.startswith(_SHARES) for name in scores]
    what = ["added value" if name in _ADDED else "accuracy" for name in scores]
    return pl.DataFrame(
        {
            "what": pl.Series(what, dtype=pl.String)[np.repeat(np.arange(number), count)],
            "metric": pl.Series(list(scores), dtype=pl.String)[np.repeat(np.arange(number), count)],
            "value": np.concatenate([interval.value for interval in found]),
            "low": np.concatenate([interval.low for interval in found]),
            "high": np.concatenate([interval.high for interval in found]),
            "unit": np.repeat(np.where(is_share, "share", "ratio"), count),
            "items": np.tile(items, number),
            "forecasts": np.tile(forecasts, number),
            "code": np.tile(np.arange(count), number),
        }
    ).filter(pl.col("forecasts") > 0)


def labelled(
    rows: pl.DataFrame,
    by: str,
    labels: pl.Series,
    share: Vector | None,
    place: Mapping[str, object],
) -> pl.DataFrame:
    """Rows of the table: what is said of the groups of one grouping.

    Args:
        rows: From :func:`score_rows`.
        by: The grouping.
        labels: The groups.
        share: (groups,) share of the item-periods that was judged.
        place: Values of the columns that all rows share.
    """
    known = pl.lit(None, dtype=pl.Float64) if share is None else pl.Series(share)[rows["code"]]
    return rows.with_columns(
        pl.col("value", "low", "high").fill_nan(None),
        by=pl.lit(by),
        group=labels[rows["code"]],
        coverage=known,
        **{name: pl.lit(value) for name, value in place.items()},
    ).select(pl.col(name).cast(dtype) for name, dtype in SCHEMA.items())
