"""The single models that the default forecast is compared with, and where their spread comes from.

A peer's sum gets the distribution of its own errors of the same sum at earlier origins of the same
item: the recursions, of which one pass gives the forecast at every past day, use all of them, the
models of statsforecast that are fitted anew use up to a dozen. Errors of windows with other numbers
of days in stock are scaled to the judged number, by its root and in proportion; as sold or by days
in stock, negative binomial or empirical: of all these the best by pinball loss counts.

Peers cannot skip a day out of stock, but are helped to: a recursion leaves its level as it was, a
model without seasons gets the series of days in stock, a model with a week gets the last value of
the same weekday in place of the missing day.
"""

from __future__ import annotations

import time
import warnings
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from forecast_scores import Empirical, Moments, score

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from forecast_cases import Case

    Matrix = NDArray[np.float64]
    Flags = NDArray[np.bool_]

WEEK = 7
WARM_UP = 14  # days in stock before a forecast is one
EARLIER = 12  # earlier origins that a model is fitted at
POWERS = (0.5, 1.0)  # how an error grows with the days of a window
VARIANTS = tuple(f"{kind} {power}" for kind in ("moments", "empirical") for power in POWERS)


class Errors(NamedTuple):
    """A forecast of a sum, and the errors of the same sum at earlier origins."""

    mean: Matrix  # (items,) forecast of the judged days
    errors: Matrix  # (origins, items) actual less forecast, nan where there was no window
    days: Matrix  # (origins, items) days of each window


def scores(case: Case, span: int, past: Errors) -> dict[str, NDArray[np.float32]]:
    """The score of each variant of the distribution."""
    judged = case.seen[:span].sum(axis=0)
    integer = case.history.items["is_integer"].to_numpy()
    mean = np.maximum(np.nan_to_num(past.mean), 0)
    out = {}
    for power in POWERS:
        if power != POWERS[0] and bool((past.days == judged)[np.isfinite(past.errors)].all()):
            continue  # all windows are whole
        errors = past.errors * (judged / np.maximum(past.days, 1)) ** power
        known = np.isfinite(errors)
        count = known.sum(axis=0)
        squared = np.where(known, errors, 0) ** 2
        usual = case.scale**2 / 2 * judged  # without any window: independent days
        variance = np.where(count > 0, squared.sum(axis=0) / np.maximum(count, 1), usual)
        variance = np.where(integer, np.maximum(variance, mean), variance)
        out[f"moments {power}"] = score(case, span, Moments(mean, np.maximum(variance, 1e-6)))
        out[f"empirical {power}"] = score(case, span, Empirical.of(mean, errors, integer))
    return out


# Recursions: (periods + 1, 7 or 1, items) forecasts of each weekday, known before each row


def _smoothing(units: Matrix, clean: Flags, alpha: float, season: int) -> Matrix:
    """Exponential smoothing of each phase by itself; begins with its first value."""
    periods, items = units.shape
    levels = np.full((periods + 1, season, items), np.nan, dtype=np.float32)
    level = np.full((season, items), np.nan)
    for t in range(periods):
        own = level[t % season]
        begun = np.where(np.isnan(own), units[t], own + alpha * (units[t] - own))
        level[t % season] = np.where(clean[t], begun, own)
        levels[t + 1] = level
    return levels


def _croston(units: Matrix, clean: Flags, alpha: float) -> Matrix:
    """Syntetos and Boylan's correction of Croston: 0.95 x size / interval."""
    periods, items = units.shape
    levels = np.zeros((periods + 1, 1, items), dtype=np.float32)
    size, interval, gap = np.full(items, np.nan), np.full(items, np.nan), np.zeros(items)
    for t in range(periods):
        gap += clean[t]
        sold = clean[t] & (units[t] > 0)
        first = sold & np.isnan(size)
        size = np.where(first, units[t], np.where(sold, size + alpha * (units[t] - size), size))
        grown = np.where(first, gap, interval + alpha * (gap - interval))
        interval = np.where(sold, grown, interval)
        gap[sold] = 0
        levels[t + 1, 0] = np.nan_to_num((1 - alpha / 2) * size / np.maximum(interval, 1))
    return levels


def _tsb(units: Matrix, clean: Flags, alpha: float) -> Matrix:
    """Teunter, Syntetos and Babai: smoothed size x smoothed probability of a sale."""
    sold = units > 0
    size = _smoothing(units, clean & sold, alpha, 1)
    chance = _smoothing(sold.astype(np.float64), clean, alpha, 1)
    return np.asarray(np.nan_to_num(size) * np.nan_to_num(chance), dtype=np.float32)


def _mean_of(units: Matrix, clean: Flags, days: int) -> Matrix:
    """Mean of the last so many days in stock."""
    zero = np.zeros((1, units.shape[1]))
    sold = np.vstack([zero, np.cumsum(np.where(clean, units, 0), axis=0)])
    count = np.vstack([zero, np.cumsum(clean, axis=0)])
    back = np.maximum(np.arange(len(count)) - days, 0)
    number = count - count[back]
    ever = sold / np.maximum(count, 1)
    recent = np.where(number > 0, (sold - sold[back]) / np.maximum(number, 1), ever)
    return np.asarray(recent[:, None], dtype=np.float32)


RECURSIONS: dict[str, Callable[[Matrix, Flags], Matrix]] = {
    "naive": lambda y, c: _smoothing(y, c, 1.0, 1),
    "SeasonalNaive(7)": lambda y, c: _smoothing(y, c, 1.0, WEEK),
    "average 7": lambda y, c: _mean_of(y, c, 7),
    "average 28": lambda y, c: _mean_of(y, c, 28),
    "average 91": lambda y, c: _mean_of(y, c, 91),
    **{
        f"SES {alpha}": partial(_smoothing, alpha=alpha, season=1)
        for alpha in (0.02, 0.05, 0.1, 0.2, 0.3, 0.5)
    },
    "SeasES(7) 0.1": lambda y, c: _smoothing(y, c, 0.1, WEEK),
    "SeasES(7) 0.3": lambda y, c: _smoothing(y, c, 0.3, WEEK),
    "CrostonSBA": lambda y, c: _croston(y, c, 0.1),
    "TSB 0.1": lambda y, c: _tsb(y, c, 0.1),
    "TSB 0.05": lambda y, c: _tsb(y, c, 0.05),
}


def recursion(case: Case, name: str, spans: tuple[int, ...]) -> tuple[dict[int, Errors], float]:
    """Forecasts and past errors of one recursion; items a second of the pass."""
    units, clean = case.history.units.astype(np.float64), case.clean
    begin = time.perf_counter()
    levels = RECURSIONS[name](units, clean)
    rate = units.shape[1] / (time.perf_counter() - begin)
    return {span: _errors(case, span, levels, units, clean) for span in spans}, rate


def _errors(case: Case, span: int, levels: Matrix, units: Matrix, clean: Flags) -> Errors:
    periods, items = units.shape
    season = levels.shape[1]
    phase = np.arange(periods) % season
    ahead = (periods + np.arange(span)) % season
    mean = np.zeros(items)
    forecast = np.zeros((max(periods - span + 1, 0), items))
    for p in range(season):
        own = np.nan_to_num(levels[:, p])
        mean += own[-1] * case.seen[:span][ahead == p].sum(axis=0)
        forecast += own[: len(forecast)] * _sum_ahead(clean & (phase == p)[:, None], span)
    days = _sum_ahead(clean, span)
    before = np.vstack([np.zeros((1, items)), np.cumsum(clean, axis=0)])[: len(days)]
    valid = (days >= span / 2) & (before >= WARM_UP)
    actual = _sum_ahead(np.where(clean, units, 0), span)
    return Errors(mean, np.where(valid, actual - forecast, np.nan), days)


def _sum_ahead(values: NDArray[Any], span: int) -> Matrix:
    total = np.vstack([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0, dtype=np.float64)])
    return np.asarray(total[span:] - total[:-span])


# Models of statsforecast that are fitted at each origin


def _models() -> dict[str, tuple[Any, bool, int]]:
    """By name: the model, whether it knows weekdays, and the days of history that it is given."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from statsforecast import models as m  # noqa: PLC0415  # slow to import
    return {
        "SESOpt": (m.SimpleExponentialSmoothingOptimized(), False, 1095),
        "SeasESOpt(7)": (m.SeasonalExponentialSmoothingOptimized(WEEK), True, 1095),
        "CrostonOptimized": (m.CrostonOptimized(), False, 1095),
        "ADIDA": (m.ADIDA(), False, 1095),
        "IMAPA": (m.IMAPA(), False, 1095),
        "Theta(7)": (m.Theta(WEEK), True, 730),
        "DynOptTheta(7)": (m.DynamicOptimizedTheta(WEEK), True, 730),
        "AutoCES(7)": (m.AutoCES(WEEK), True, 730),
        "MSTL(7)": (m.MSTL([WEEK]), True, 730),
        "AutoETS(7)": (m.AutoETS(WEEK), True, 365),
        "HoltWinters(7)": (m.HoltWinters(WEEK), True, 365),
        "AutoARIMA(7)": (m.AutoARIMA(season_length=WEEK), True, 365),
    }


FITTED = ("SESOpt", "SeasESOpt(7)", "CrostonOptimized", "ADIDA", "IMAPA")
SLOW = (
    "Theta(7)",
    "DynOptTheta(7)",
    "AutoCES(7)",
    "MSTL(7)",
    "AutoETS(7)",
    "HoltWinters(7)",
    "AutoARIMA(7)",
)


def paths(
    name: str, units: NDArray[np.float32], clean: Flags, start: NDArray[np.int64], horizon: int
) -> tuple[NDArray[np.float32], float]:
    """(horizon, items) forecasts of one model fitted to all rows given; seconds it took.

    nan for an item of which too little was seen.
    """
    model, weekly, longest = _models()[name]
    out = np.full((horizon, units.shape[1]), np.nan, dtype=np.float32)
    filled = _filled(units, clean) if weekly else units
    begin = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # models complain of series that they do not fit
        for i in range(units.shape[1]):  # as statsforecast does: it fits one series at a time
            first = max(start[i], len(units) - longest)
            y = filled[first:, i] if weekly else units[first:, i][clean[first:, i]]
            if clean[first:, i].sum() < WARM_UP:
                continue
            try:
                out[:, i] = model.forecast(y.astype(np.float64), horizon)["mean"]
            except Exception:  # noqa: BLE001 - whatever a model cannot fit gets the mean below
                out[:, i] = np.nan
            if not np.isfinite(out[:, i]).all():
                out[:, i] = units[first:, i][clean[first:, i]].mean()
    return out, time.perf_counter() - begin


def _filled(units: NDArray[np.float32], clean: Flags) -> NDArray[np.float32]:
    """Days out of stock get the last value of the same weekday in stock, else what was sold."""
    filled = units.copy()
    known = clean.copy()
    for t in range(WEEK, len(units)):
        use = ~clean[t] & known[t - WEEK]
        filled[t] = np.where(use, filled[t - WEEK], filled[t])
        known[t] |= use
    return filled


def refitted(
    case: Case,
    past: dict[int, NDArray[np.float32]],
    spans: tuple[int, ...],
) -> dict[int, Errors]:
    """Forecasts and past errors of a model that was fitted at some origins.

    Args:
        case: The judged origin.
        past: (28, items of the case) forecasts by the number of rows that were known; that of all
            rows is the judged one.
        spans: Lengths of the sums.
    """
    units, clean, now = case.history.units, case.clean, case.history.periods
    out = {}
    for span in spans:
        earlier = sorted(t for t in past if t + span <= now)[-EARLIER:]
        errors = np.full((len(earlier), len(case.place)), np.nan)
        days = np.zeros(errors.shape)
        for k, t in enumerate(earlier):
            rows = slice(t, t + span)
            days[k] = clean[rows].sum(axis=0)
            actual = np.where(clean[rows], units[rows], 0).sum(axis=0)
            forecast = np.where(clean[rows], np.maximum(past[t][:span], 0), 0).sum(axis=0)
            errors[k] = np.where(days[k] >= span / 2, actual - forecast, np.nan)
        mean = np.where(case.seen[:span], np.maximum(past[now][:span], 0), 0).sum(axis=0)
        out[span] = Errors(mean, errors, days)
    return out
