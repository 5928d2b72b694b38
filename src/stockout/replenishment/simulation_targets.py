"""The targets that a simulation tries side by side, and the names of its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from stockout.replenishment.order_rule import Targets
from stockout.replenishment.scenarios import TODAY
from stockout.tables import without_crumbs

if TYPE_CHECKING:
    from collections.abc import Sequence


class Tried(NamedTuple):
    """Targets side by side, today's among them."""

    targets: Targets
    names: list[str]
    levels: list[float | None]  # None: items differ
    today: int  # which of them is today's


def tried_targets(lines: pl.DataFrame, wanted: Sequence[float], *, by_fill_rate: bool) -> Tried:
    """The targets to try in ascending order; today's in its place if it is of their kind."""
    kind, word = ("fill_rate", "fill") if by_fill_rate else ("service_level", "CSL")
    own = lines["target"].item(0) if lines["target"].n_unique() == 1 else None
    own_level = None if own is None else float(lines["level"].item(0))
    levels = sorted(set(wanted))
    if own_level is not None and lines["target_kind"].item(0) == kind:
        levels = sorted({*wanted, own_level})
    level = np.repeat(np.array(levels, dtype=np.float64)[:, None], lines.height, axis=1)
    of_kind = np.ones(level.shape, dtype=np.bool_)
    names = [f"{word} {100 * each:.6g} %" for each in levels]
    if own_level is not None and lines["target_kind"].item(0) == kind:
        tried = Targets(level, of_kind & by_fill_rate, of_kind & (not by_fill_rate))
        return Tried(tried, names, [*levels], levels.index(own_level))
    tried = Targets(
        np.vstack([lines["level"].to_numpy(), level]),
        np.vstack([lines["target_kind"] == "fill_rate", of_kind & by_fill_rate]),
        np.vstack([lines["target_kind"] == "service_level", of_kind & (not by_fill_rate)]),
    )
    return Tried(tried, [own or "as configured", *names], [own_level, *levels], 0)


def named_rows(frame: pl.DataFrame, tried: Tried, groups: pl.DataFrame) -> pl.DataFrame:
    """The rows with the words for their target and group, in the order of the documentation."""
    words = pl.DataFrame(
        {
            "target_index": np.arange(len(tried.names)),
            "target": tried.names,
            "level": pl.Series(tried.levels, dtype=pl.Float64),
            "is_today": np.arange(len(tried.names)) == tried.today,
        }
    )
    named = frame.join(words, on="target_index", maintain_order="left").join(
        groups, on="group_index", maintain_order="left"
    )
    first = ["scenario", "window", "target", "level", "is_today"]
    own = [name for name in groups.columns if name != "group_index"]
    return without_crumbs(
        named.with_columns(is_today=pl.col("is_today") & (pl.col("scenario") == TODAY)).select(
            *first, *own, pl.exclude(*first, *own, "target_index", "group_index")
        )
    )
