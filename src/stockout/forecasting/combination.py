"""Weights of the models, from their past errors of the sum that will be needed.

A model's weight is its mean squared error to the power -16: near the best model, but never on one
alone when others are as good. An item's own errors are few and
overlap, so the ratio of each model's error to the mean of all models is first shrunk towards the
ratio in the item's demand class: the class counts like four independent windows. Other values of
both are compared by ``benchmarks/forecast_constants.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

POWER = 16.0
CLASS_WINDOWS = 4.0


def relative_errors(mse: Matrix) -> Matrix:
    """(models, items) squared error as a multiple of the mean over models; 1 where all are 0."""
    mean = np.nanmean(mse, axis=0)
    return np.asarray(np.where(mean > 0, mse / np.where(mean > 0, mean, 1.0), 1.0))


def class_ratios(
    mse: Matrix, known: NDArray[np.bool_], codes: NDArray[np.int64], classes: int
) -> Matrix:
    """(models, classes) mean relative error of each model in each demand class.

    Args:
        mse: (models, items) mean squared error of sums, finite where known.
        known: (items,) items that have errors.
        codes: (items,) class of each item.
        classes: Number of classes.
    """
    member = np.zeros((codes.size, classes))
    member[np.arange(codes.size), codes] = known
    ratio = relative_errors(np.where(known, mse, 1.0))
    overall = np.where(known, ratio, 0).sum(axis=1, keepdims=True) / max(int(known.sum()), 1)
    overall = overall if known.any() else np.ones_like(overall)
    count = member.sum(axis=0)
    # A class with few items leans on all of them, by the same rule as an item leans on its class.
    return np.asarray((ratio @ member + CLASS_WINDOWS * overall) / (count + CLASS_WINDOWS))


def weights(mse: Matrix, independent: Matrix, by_class: Matrix, codes: NDArray[np.int64]) -> Matrix:
    """(models, items) weights, each column with sum 1.

    Args:
        mse: (models, items) mean squared error of sums; ignored where ``independent`` is 0.
        independent: (items,) number of windows that do not overlap.
        by_class: (models, classes) from :func:`class_ratios`.
        codes: (items,) class of each item.

    >>> weights(np.array([[1.0], [1.1]]), np.array([1e9]), np.ones((2, 1)), np.array([0])).round(2)
    array([[0.82],
           [0.18]])
    """
    ratio = relative_errors(np.where(independent > 0, mse, 1.0))
    shrunk = (independent * ratio + CLASS_WINDOWS * by_class[:, codes]) / (
        independent + CLASS_WINDOWS
    )
    raw = np.maximum(shrunk, 1e-6) ** -POWER
    return np.asarray(raw / raw.sum(axis=0))
