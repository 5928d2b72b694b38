"""What a demand model says of the items of a block: how much is wanted, and how far that strays."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stockout.forecasting.block import Block
from stockout.forecasting.calibration import GRID, shape
from stockout.forecasting.past_errors import Combined, Outlook, Past

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from stockout.forecasting.block import Observed
    from stockout.forecasting.past_errors import Calibrations, Shared

    Matrix = NDArray[np.float64]
    Indices = NDArray[np.int64]

_LABEL_SHARE = 0.2  # a family with less weight is not named in the label


class Estimates(NamedTuple):
    """The arrays of a demand model, for some items."""

    mean: Matrix  # (horizon, items)
    noise: Matrix  # (items,)
    period_noise: Matrix  # (items,)
    level_variance: Matrix  # (items,)
    label: NDArray[np.object_]  # (items,)
    sum_shift: Matrix  # (scores, items) correction of quantiles
    period_shift: Matrix  # (scores, items)
    worth: Matrix  # (2, items) what each tells of the level of its category

    @classmethod
    def empty(cls, horizon: int, items: int) -> Estimates:
        """No demand: what is said of ended items."""
        zero = np.zeros(items)
        label = np.array(["ended"] * items, dtype=object)
        shift = np.zeros((GRID.size, items))
        of_items = (zero, zero.copy(), zero.copy())
        worth = np.zeros((2, items))
        return cls(np.zeros((horizon, items)), *of_items, label, shift, shift.copy(), worth)

    def put(self, columns: Indices, part: Estimates) -> None:
        """Writes the estimates of some items into their columns."""
        for whole, piece in zip(self, part, strict=True):
            whole[..., columns] = piece


class Alike(NamedTuple):
    """What the items with one span have in common: small tables, from samples of them."""

    models: Sequence[str]
    shared: Shared
    found: Calibrations
    hazard: float  # probability that the demand of an item stops in a period


def estimated(observed: Observed, codes: Indices, category: Indices, alike: Alike) -> Estimates:
    """Makes a block of some items and fits it.

    Args:
        observed: What is known of the items.
        codes: (items,) demand class of each.
        category: (items,) category of each.
        alike: What all items have in common.
    """
    return estimates_of(Block(observed, alike.models), codes, category, alike)


def estimates_of(block: Block, codes: Indices, category: Indices, alike: Alike) -> Estimates:
    """Weights the models for the items of a block and measures the spread of the result.

    Args:
        block: The items.
        codes: (items,) demand class of each.
        category: (items,) category of each.
        alike: What all items have in common.
    """
    shared = alike.shared
    past = Past.of(block, shared.span)
    combined = Combined.of(block, past, shared.by_class, codes)
    out = Outlook.of(block, past, combined, shared, hazard=alike.hazard)
    mean, of = block.ahead(combined.weight), out.spread
    usual = mean.mean(axis=0)
    worth = shared.level.worth(block, usual, of.of_sum(usual * shared.span))
    of = of._replace(level_variance=of.level_variance + shared.level.doubt)
    total = usual * out.goes_on * shared.span
    factor = out.goes_on * shared.bias.factors(total, of.of_sum(total), category)
    mean, usual = mean * factor, usual * factor
    total = usual * shared.span
    k_sum = shape(total, of.noise * total + of.level_variance * total**2)
    k_period = shape(usual, of.period_noise * usual + of.level_variance * usual**2)
    return Estimates(
        mean,
        *of,
        _labels(combined.weight, block.models),
        alike.found.of_sum.of(k_sum).T,
        alike.found.of_period.of(k_period).T,
        worth,
    )


def _labels(weight: Matrix, models: Sequence[str]) -> NDArray[np.object_]:
    """(items,) families of models with a fifth of the weight or more, as `SES+TSB`."""
    named_by = np.array([name.split()[0] for name in models])
    by_model = weight.reshape(-1, len(models), weight.shape[1]).sum(axis=0)
    label = np.array([""] * weight.shape[1], dtype=object)
    for name in dict.fromkeys(named_by.tolist()):
        named = by_model[named_by == name].sum(axis=0) >= _LABEL_SHARE
        label = np.where(named, label + np.where(label == "", "", "+") + name, label)
    return label
