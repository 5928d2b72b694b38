"""Demand that came over: from an item that was out to a similar one, or from a day before.

Where something is missing, some customers take a similar item, and some come back when it is there
again. What they buy is sold, but it is not what that item would sell on a day when nothing is
missing. How much of what was missing comes over is not assumed; two shares are estimated from all
items together:

- *substituted*: of the units that the items of the same category and location could not sell in a
  period, the part that went to those in stock, in proportion to their usual demand,
- *waited*: of the units that an item could not sell in the last two weeks, the part that is bought
  in the first period in which it is in stock again.

A period in stock sells ``mean + substituted * a + waited * b`` on average, where ``a`` and
``b`` are those units. The mean is fitted to sales that contain what came over, so ``a`` and ``b``
count by how far they are from their own local average (Frisch & Waugh 1933). Both shares are drawn
towards 0 by their standard error: where nothing is seen to come over, nothing is taken off.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stockout.demand.columns import WIDE, for_columns
from stockout.demand.ledger import SOLD_OUT_DURING_DAY
from stockout.demand.shrinkage import group_sums

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.demand.history import History
    from stockout.demand.latent import Latent

    Matrix = NDArray[np.float32]
    Flags = NDArray[np.bool_]
    Vector = NDArray[np.float64]

logger = logging.getLogger(__name__)

PATIENCE = {"day": 14, "week": 2}
"""Periods for which customers are taken to wait."""

HALF_WINDOW = {"day": 14, "week": 13}
"""Periods on either side of the local average."""

_FEW = 8  # periods in stock in a window below which it knows no local average
_LEAST_OWN = 0.1  # of what is sold, at least that much was wanted of the item itself
_TINY = 1e-9


class Spillover(NamedTuple):
    """What came over."""

    part: Matrix  # (periods, items) part of the demand seen that came over, 0 to 1
    substituted: float  # of the units that could not be sold, the part bought as other items
    waited: float  # the part bought later
    substituted_error: float  # standard errors, before shrinkage
    waited_error: float


def spillover(latent: Latent) -> Spillover:
    """Estimates what came over in every period.

    Items without a category have no similar items. With no stockout in the history nothing can
    have come over.

    Args:
        latent: From :func:`stockout.demand.latent.latent_demand`.
    """
    history = latent.history
    mean = np.nan_to_num(latent.mean)
    active = (mean > 0) & _living(history)
    lost = np.where(active, np.maximum(np.nan_to_num(latent.expected) - history.units, 0), 0)
    seen = active & (np.nan_to_num(history.share, nan=1.0) > 0)
    if not lost.any() or not seen.any():
        return Spillover(np.zeros_like(history.units), 0.0, 0.0, np.inf, np.inf)
    groups, half = _similar(history), HALF_WINDOW[history.freq]
    # Where it is not known when stock ran out, its expectation stands for a whole period's sales.
    ran_out = history.sold_out & ((history.freq == "day") | (history.share == SOLD_OUT_DURING_DAY))
    exposure = np.where(ran_out, 1, np.nan_to_num(history.share, nan=1.0)) * seen
    units = np.where(ran_out, np.nan_to_num(latent.expected), history.units) * seen
    usual = mean * exposure
    sources = (
        _substitutes(lost, np.where(seen, mean, 0), groups),
        _returning(lost, seen, PATIENCE[history.freq]),
    )
    use = _around(seen, half) >= _FEW
    in_stock = tuple(source * exposure * use for source in sources)
    shares, errors = _regression(units * use, usual * use, in_stock, groups, half)
    reliable = np.maximum(1 - (errors / np.maximum(shares, _TINY)) ** 2, 0)
    shares = np.where(shares > 0, shares * reliable, 0).clip(0, 1)
    logger.info(
        "demand that came over: %.0f %% of the units that could not be sold were bought as similar "
        "items, %.0f %% later",
        *(100 * shares),
    )
    came = np.asarray(shares[0] * sources[0] + shares[1] * sources[1], dtype=np.float32)
    local = _around(came * exposure, half) / np.maximum(_around(usual, half), _TINY)
    own = mean * np.clip(1 - local, _LEAST_OWN, 1)
    part = np.where(came > 0, came / np.maximum(own + came, _TINY), 0)
    return Spillover(np.asarray(part, dtype=np.float32), *shares.tolist(), *errors.tolist())


def _living(history: History) -> Flags:
    """(periods, items) open for sale, up to the last sale or stock of an item that has ended."""
    sign = (history.units > 0) | (history.share > 0)
    last = history.periods - 1 - np.argmax(sign[::-1], axis=0)
    last[(history.items["status"] != "ended").to_numpy()] = history.periods
    return np.asarray(history.open & (np.arange(history.periods)[:, None] <= last))


def _similar(history: History) -> NDArray[np.int64]:
    """(items,) code of the items that customers may take instead, -1 without a category."""
    place, category = history.items["location"], history.items["category"]
    code = (place + "\n" + category).rank("dense").cast(float).fill_null(0).to_numpy() - 1
    return np.asarray(code, dtype=np.int64)


def _substitutes(lost: Matrix, stocked: Matrix, groups: NDArray[np.int64]) -> Matrix:
    """(periods, items) units that similar items could not sell, split among those in stock."""
    order = np.argsort(groups, kind="stable")
    order = order[groups[order] >= 0]
    came = np.zeros_like(lost)
    if not order.size:
        return came
    first = np.flatnonzero(np.diff(groups[order], prepend=-1))
    member = np.repeat(np.arange(first.size), np.diff(first, append=order.size))
    missing, there = (np.add.reduceat(m[:, order], first, axis=1) for m in (lost, stocked))
    mine = stocked[:, order]
    came[:, order] = (missing[:, member] - lost[:, order]) * mine
    came[:, order] /= np.maximum(there[:, member], np.float32(_TINY))
    return came


def _returning(lost: Matrix, seen: Flags, patience: int) -> Matrix:
    """(periods, items) units wanted in the last periods that could not be had until this one."""
    came = np.zeros_like(lost)
    waiting = np.zeros((patience, lost.shape[1]), dtype=np.float32)
    for t in range(len(lost)):
        came[t] = np.where(seen[t], waiting.sum(axis=0), 0)
        waiting[:, seen[t]] = 0
        waiting[t % patience] = lost[t]
    return came


def _regression(
    units: Matrix,
    usual: Matrix,
    sources: tuple[Matrix, ...],
    groups: NDArray[np.int64],
    half: int,
) -> tuple[Vector, Vector]:
    """Both shares and their standard errors, which allow for errors common to similar items.

    Least squares, items weighted by the inverse of their variance-to-mean ratio. Periods in stock
    for a part are not left out: without them only calm periods would be compared.

    Args:
        units: (periods, items) units sold, 0 where the period is not used.
        usual: (periods, items) mean of them, 0 likewise.
        sources: Units that may have come over of either kind, 0 likewise.
        groups: (items,) similar items.
        half: Periods on either side of the local average.
    """
    around = np.maximum(_around(usual, half), _TINY)

    def apart(values: Matrix) -> Matrix:
        return np.asarray(values - usual * (_around(values, half) / around))

    total = usual.sum(axis=0, dtype=np.float64)
    noise = np.square(units - usual).sum(axis=0, dtype=np.float64) / np.maximum(total, _TINY)
    weight = np.where(total > 0, 1 / np.maximum(noise, _TINY), 0).astype(np.float32)
    x = [apart(source) for source in sources]
    error = apart(units)
    moments = np.array([[_total(weight * a * b) for a in x] for b in x])
    inverse = np.linalg.pinv(moments, hermitian=True)
    shares = inverse @ np.array([_total(weight * a * error) for a in x])
    left = error - sum(share * column for share, column in zip(shares, x, strict=True))
    cluster = np.where(groups >= 0, groups, groups.max() + 1)
    score = [group_sums(weight * column * left, cluster, int(cluster.max()) + 1) for column in x]
    by_cluster = inverse @ np.array([[(a * b).sum() for a in score] for b in score]) @ inverse
    # A share that few periods tell fits them, and its residuals would say that it is sure.
    by_count = (
        inverse @ np.array([[_total(weight * usual * a * b) for a in x] for b in x]) @ inverse
    )
    errors = np.sqrt(np.maximum(np.diag(by_cluster), np.diag(by_count)))
    known = np.diag(moments) > _TINY * total.sum()
    return np.where(known, shares, 0), np.where(known & (errors > 0), errors, np.inf)


def _total(values: Matrix) -> float:
    return float(values.sum(dtype=np.float64))


def _around(values: NDArray[np.generic], half: int) -> Matrix:
    """(periods, items) sum over the periods from ``half`` before to ``half`` after."""
    around = np.empty(values.shape, dtype=np.float32)
    periods = len(values)

    def fill(at: slice) -> None:
        total = values[:half, at].sum(axis=0, dtype=np.float64)
        for t in range(periods):
            if t + half < periods:
                total += values[t + half, at]
            if t > half:
                total -= values[t - half - 1, at]
            around[t, at] = total

    for_columns(fill, values.shape[1], WIDE)
    return around
