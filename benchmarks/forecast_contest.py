"""Runs the default forecast and its peers over the cases of a data set; keeps the peers' scores.

A peer's scores depend on the data and on the code of this folder alone, so they are kept on disk by
content, and a rerun computes only the default.
"""

from __future__ import annotations

import hashlib
import time
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from unittest import mock

import numpy as np

import peers
import stockout
from forecast_cases import SPANS, Case, cached
from forecast_scores import PINBALL, ROWS, Corrected, score
from stockout.forecasting.fit import fit
from stockout.forecasting.learned_demand import LearnedDemand, learned_demand

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from numpy.typing import NDArray

    from stockout.demand.history import History

    Score = NDArray[np.float32]

DEFAULT = "stockout"
SLOW_ORIGINS = 2  # judged origins of the slow models, 28 days or more apart
SLOW_STEP = 2  # their earlier origins are so many times as far apart, and half as many


class Entry(NamedTuple):
    """One method on one data set."""

    scores: dict[int, Score]  # by span: (origins, ROWS, items), nan where nothing was judged
    rate: float  # items a second
    variant: str  # which of its distributions was the best


def default(case: Case, span: int) -> tuple[Corrected, float]:
    """The forecast of this project for the judged days; seconds it took."""
    begin = time.perf_counter()
    model = fit(case.history, span)
    seconds = time.perf_counter() - begin
    mean = np.where(case.seen[:span], model.mean, 0).sum(axis=0)
    variance = model.noise * mean + model.level_variance * mean**2
    shift = np.zeros((1, 1)) if model.sum_shift is None else model.sum_shift
    return Corrected(mean, variance, shift.T), seconds


@contextmanager
def remembered_demand() -> Iterator[None]:
    """Takes what a history teaches from disk, if it was learned before by the same code.

    For quick comparisons of the models that come after it; items a second are then those of the
    models alone.
    """
    package = Path(stockout.__file__).parent
    files = [*sorted((package / "demand").glob("*.py")), package / "forecasting/learned_demand.py"]
    code = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()

    def remembered(history: History) -> LearnedDemand:
        digest = hashlib.sha256(code.encode())
        for part in (history.units, history.share, history.observed, history.sold_out):
            digest.update(np.ascontiguousarray(part).tobytes())
        key = f"{history.as_of} {digest.hexdigest()}"
        learned: LearnedDemand = cached("learned", key, lambda: learned_demand(history))
        return learned

    with mock.patch("stockout.forecasting.fit.learned_demand", remembered):
        yield


def enter_default(cases: Sequence[Case], spans: Sequence[int]) -> Entry:
    """Fits and scores the default at all origins."""
    seconds, items, scores = 0.0, 0, {}
    for span in spans:
        rows = []
        for case in cases:
            forecast, took = default(case, span)
            seconds, items = seconds + took, items + len(case.place)
            rows.append(score(case, span, forecast))
        scores[span] = np.stack(rows)
    return Entry(scores, items / seconds, "")


def enter_recursion(name: str, cases: Sequence[Case], spans: Sequence[int]) -> Entry:
    """Scores one recursion, or takes its scores from disk."""

    def compute(case: Case) -> tuple[dict[int, dict[str, Score]], float]:
        past, rate = peers.recursion(case, name, SPANS)
        return {span: peers.scores(case, span, past[span]) for span in SPANS}, rate

    found = [
        cached("recursion", f"{_code()} {name} {_content(case)}", partial(compute, case))
        for case in cases
    ]
    return _best([scores for scores, _ in found], spans, float(np.mean([r for _, r in found])))


def enter_fitted(
    name: str, cases: Sequence[Case], spans: Sequence[int], step: int, sample: int | None
) -> Entry:
    """Fits one model of statsforecast at all origins it is judged at or learns its errors from.

    Args:
        name: One of :data:`peers.FITTED` or :data:`peers.SLOW`.
        cases: The judged origins, in order.
        spans: Lengths of the sums.
        step: Days between earlier origins.
        sample: So many items only, and two origins; None is all.
    """
    use = _whole(cases) if sample is not None else list(cases)
    chosen = _sampled(cases, sample)
    earlier = peers.EARLIER if sample is None else peers.EARLIER // SLOW_STEP
    step = step if sample is None else step * SLOW_STEP
    known: dict[date, Score] = {}
    seconds, fits, rows = 0.0, 0, []
    for case in use:
        mine = np.flatnonzero(case.judged & chosen[case.place])
        past = {}
        for back in [0, *(step * k for k in range(1, earlier + max(SPANS) // step))]:
            t = case.history.periods - back
            origin = case.origin - timedelta(days=back)
            if t < peers.WARM_UP:
                break
            if origin not in known:
                path, took = _path(name, case, t, mine)
                seconds, fits = seconds + took, fits + len(mine)
                known[origin] = np.full((max(SPANS), case.total), np.nan, dtype=np.float32)
                known[origin][:, case.place[mine]] = path
            past[t] = known[origin][:, case.place]
        judged = case._replace(judged=case.judged & chosen[case.place])
        errors = peers.refitted(judged, past, SPANS)
        rows.append({span: peers.scores(judged, span, errors[span]) for span in SPANS})
    entry = _best(rows, spans, fits / max(seconds, 1e-9))
    at = [i for i, case in enumerate(cases) if case in use]
    return entry._replace(scores={s: _spread(v, at, len(cases)) for s, v in entry.scores.items()})


def _path(name: str, case: Case, t: int, mine: NDArray[np.int64]) -> tuple[Score, float]:
    """Forecasts of some items after row ``t`` of the history; from disk if made before."""
    units, clean = case.history.units[:t, mine], case.clean[:t, mine]
    start = case.history.start[mine]
    digest = hashlib.sha256()
    for part in (units, clean, start):
        digest.update(np.ascontiguousarray(part).tobytes())
    key = f"{name} {peers.WARM_UP} {digest.hexdigest()}"
    found: tuple[Score, float] = cached(
        "path", key, lambda: peers.paths(name, units, clean, start, max(SPANS))
    )
    return found


def _best(rows: Sequence[dict[int, dict[str, Score]]], spans: Sequence[int], rate: float) -> Entry:
    """The scores of the distribution with the least pinball loss, mean over spans and origins."""
    variants = {name for row in rows for name in row[SPANS[0]]}

    def stacked(variant: str, span: int) -> Score:
        # a power that changes nothing at an origin is not scored there
        same = f"{variant.split(maxsplit=1)[0]} {peers.POWERS[0]}"
        return np.stack([row[span].get(variant, row[span][same]) for row in rows])

    def loss(variant: str) -> float:
        return float(np.mean([np.nanmean(stacked(variant, s)[:, PINBALL]) for s in spans]))

    best = min(sorted(variants), key=loss)
    return Entry({span: stacked(best, span) for span in spans}, rate, best)


def _spread(scores: Score, at: list[int], origins: int) -> Score:
    out = np.full((origins, ROWS, scores.shape[2]), np.nan, dtype=np.float32)
    out[at] = scores
    return out


def _whole(cases: Sequence[Case]) -> list[Case]:
    """The last origins with 28 days to come, 28 days or more apart where there are such."""
    possible = [case for case in cases if case.days >= max(SPANS)]
    return possible[-SLOW_ORIGINS:]


def _sampled(cases: Sequence[Case], sample: int | None) -> NDArray[np.bool_]:
    """(items of the data set,) evenly spaced items among those that are judged somewhere."""
    often = np.zeros(cases[0].total, dtype=np.bool_)
    for case in cases:
        often[case.place[case.judged]] = True
    items = np.flatnonzero(often)
    if sample is None or sample >= len(items):
        return often
    chosen = np.zeros_like(often)
    chosen[items[np.linspace(0, len(items) - 1, sample).round().astype(np.int64)]] = True
    return chosen


def _code() -> str:
    folder = Path(__file__).parent
    files = ("peers.py", "forecast_scores.py")
    return hashlib.sha256(b"".join((folder / f).read_bytes() for f in files)).hexdigest()


def _content(case: Case) -> str:
    history = case.history
    digest = hashlib.sha256()
    parts = (
        history.units,
        case.clean,
        case.ahead,
        case.seen,
        case.judged,
        case.place,
        history.items["is_integer"].to_numpy(),
        np.array([case.days, case.total]),
    )
    for part in parts:
        digest.update(np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()
