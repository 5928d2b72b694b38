"""Service levels by class: what sells most may be out of stock least."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from stockout.demand.segments import segments
from stockout.errors import ConfigError
from stockout.tables import ITEM

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockout.demand.history import History

ABC = ("A", "B", "C")

_SHOWN = 12  # categories named in an error


def class_levels(
    lines: pl.DataFrame, history: History, targets: Mapping[str, float]
) -> pl.DataFrame:
    """The service level of each line's class.

    A name that is a category of products counts for that category, and before the ABC class
    (:mod:`stockout.demand.segments`); ``A``, ``B`` and ``C`` are the ABC classes else.

    Args:
        lines: Columns sku, location.
        history: Demand up to as-of; items that it does not have have no class.
        targets: Service level by category or ABC class.

    Returns:
        Row i for line i: class_level and class_name, both null where no target is for the line.

    Raises:
        ConfigError: A level that is no share, or a name that is neither category nor ABC class.
    """
    for name, level in targets.items():
        if not 0 < level < 1:
            raise ConfigError(
                f"targets.{name} is {level:g}, expected a share between 0 and 1",
                hint=f"{level / 100:g} is {level:g} %" if 1 < level < 100 else None,
            )
    categories = history.items["category"].drop_nulls().unique().sort()
    unknown = [name for name in targets if name not in {*categories, *ABC}]
    if unknown:
        shown = ", ".join(categories.head(_SHOWN)) or "none, give category in products"
        raise ConfigError(
            f"targets.{unknown[0]}: neither an ABC class (A, B, C) nor a category",
            hint=f"categories: {shown}{' ...' if len(categories) > _SHOWN else ''}",
        )
    levels = pl.DataFrame({"name": list(targets), "level": list(targets.values())})
    of_category = levels.filter(pl.col("name").is_in(categories.implode()))
    of_class = levels.join(of_category, on="name", how="anti")
    classed = segments(history).select(*ITEM, abc="abc").with_columns(history.items["category"])
    joined = (
        lines.select(ITEM)
        .join(classed, on=ITEM, how="left", maintain_order="left")
        .join(
            of_category.rename({"level": "by_category"}),
            left_on="category",
            right_on="name",
            how="left",
            maintain_order="left",
        )
        .join(
            of_class.rename({"level": "by_class"}),
            left_on="abc",
            right_on="name",
            how="left",
            maintain_order="left",
        )
    )
    return joined.select(
        class_level=pl.coalesce("by_category", "by_class"),
        class_name=pl.when(pl.col("by_category").is_not_null())
        .then("category")
        .when(pl.col("by_class").is_not_null())
        .then("abc"),
    )
