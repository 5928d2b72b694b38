"""A demand model with people's corrections in it."""

from __future__ import annotations

import dataclasses
import logging
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from stockout.demand.overrides import corrected_demand

if TYPE_CHECKING:
    from stockout.forecasting.demand_model import DemandModel

logger = logging.getLogger(__name__)

LABEL = "+override"
"""What the model of a corrected item is called beside its own name."""


def with_overrides(model: DemandModel, overrides: pl.DataFrame | None) -> DemandModel:
    """The model with the expected demand of the corrected periods as people expect it.

    The spread follows the corrected mean, by the rule of the model: whoever corrects a forecast is
    taken to be as sure of it as the statistics are. The statistical forecast is what the same call
    gives without the overrides; how much they change is told in a message.

    Args:
        model: Demand after as-of, as it is forecast.
        overrides: Canonical overrides, or None.

    Returns:
        The model; labels of items with a correction end in ``+override``.
    """
    if overrides is None or overrides.is_empty():
        return model
    horizon = model.mean.shape[0]
    history = model.history
    corrected = corrected_demand(
        model.mean,
        history.items,
        history.future_dates(1)[0],
        history.freq,
        overrides,
    )
    if not corrected.changed.any():
        return model
    touched = corrected.changed.any(axis=0)
    logger.info(
        "overrides: correct %s %ss of %s items in the %s after as-of, from %s units to %s",
        f"{int(corrected.changed.sum()):,}",
        history.freq,
        f"{int(touched.sum()):,}",
        horizon,
        *(f"{x[corrected.changed].sum():,.1f}" for x in (model.mean, corrected.mean)),
    )
    # An item of which nothing was expected has no spread of its own: that of Poisson demand.
    silent = touched & (model.mean.sum(axis=0) == 0)
    label = pl.when(pl.lit(pl.Series(touched))).then(pl.lit(LABEL)).otherwise(pl.lit(""))
    names = model.model.to_frame("model").select(pl.col("model") + label).to_series()
    return dataclasses.replace(
        model,
        mean=corrected.mean,
        noise=np.where(silent, model.noise.clip(1), model.noise),
        period_noise=np.where(silent, model.period_noise.clip(1), model.period_noise),
        model=names,
    )
