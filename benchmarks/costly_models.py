"""What costly models add to the default forecast, by data set: do they pay?

    python benchmarks/costly_models.py [SET,...] [SECONDS] [MODEL,...]

For each data set, its last two origins, and sums of 7 and 28 days: each costly model alone; the
default improved by it (``+ NAME``, as by ``--models NAME --time-budget SECONDS``); and the default
averaged with the model of all items (``+ global``), as by ``--models global``. The first two are
compared on those items that the budget pays for, the last on all that it forecasts. Printed are the
root mean squared scaled error and the scaled pinball loss, each as a multiple of the default's on
the same items (below 1 is better), and the share of these items that were moved. A model alone has
the default's relative spread, so its pinball loss tells of its mean.
"""

from __future__ import annotations

import logging
import sys
import warnings
from typing import TYPE_CHECKING
from unittest import mock

import numpy as np

import data_sets
from forecast_cases import cached_cases
from forecast_scores import ERROR, PINBALL, Moments, score
from stockout.forecasting import improve
from stockout.forecasting.costly_models import COSTLY, costly_forecast, filled_demand
from stockout.forecasting.fit import fit
from stockout.forecasting.global_model import global_model
from stockout.forecasting.improve import affordable, improved

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from forecast_cases import Case
    from stockout.demand.history import History
    from stockout.forecasting.demand_model import DemandModel

    Matrix = NDArray[np.float64]
    Flags = NDArray[np.bool_]

SETS: dict[str, Callable[[], data_sets.DataSet]] = {
    "online_retail": data_sets.online_retail,
    "pasta": data_sets.pasta,
    "fresh_retail": lambda: data_sets.fresh_retail(20),
    "simulator": lambda: data_sets.simulated(101),
}
SPANS = (7, 28)
ORIGINS = 2
BUDGET = 60.0

_fitted: dict[tuple[object, ...], DemandModel] = {}


def fit_once(history: History, horizon: int, protection: ArrayLike | None = None) -> DemandModel:
    """The default's fit, which all costly models are compared with at the same earlier origins."""
    skus = hash(tuple(history.items["sku"] + history.items["location"]))
    key = (history.as_of, skus, horizon, np.asarray(protection).tobytes())
    if key not in _fitted:
        _fitted[key] = fit(history, horizon, protection)
    return _fitted[key]


def losses(case: Case, span: int, path: Matrix, model: DemandModel, items: Flags) -> Matrix:
    """(2, items) squared scaled error and pinball loss of the judged items."""
    mean = np.where(case.seen[:span], path[:span], 0).sum(axis=0)
    variance = model.noise * mean + model.level_variance * mean**2
    rows = score(case, span, Moments(mean, np.maximum(variance, 1e-6)))[:, case.place]
    rows = rows[:, items & case.valid(span)].astype(np.float64)
    return np.stack([rows[ERROR] ** 2, rows[PINBALL].mean(axis=0)])


def compare(
    case: Case, span: int, budget: float, models: Sequence[str]
) -> dict[str, tuple[Matrix, Matrix, float]]:
    """For each method its losses, the default's on the same items, and the share moved."""
    history = case.history
    model = fit(history, max(SPANS), span)
    count = history.items.height
    spans = np.full(count, span)
    filled = filled_demand(history)
    found = {}
    for name in models:
        chosen = affordable(model, history, spans, [name], budget)
        if not chosen.size:
            continue
        tried = np.zeros(count, dtype=np.bool_)
        tried[chosen] = True
        default = losses(case, span, model.mean, model, tried)
        path = model.mean.copy()
        alone = costly_forecast(name, filled, history.start, chosen, max(SPANS), history.freq)
        path[:, chosen] = np.where(np.isfinite(alone), alone, path[:, chosen])
        found[name] = (losses(case, span, path, model, tried), default, 1.0)
        with mock.patch.object(improve, "fit", fit_once):
            better = improved(model, history, span, models=[name], budget=budget)
        moved = float((better.model != model.model).to_numpy()[chosen].mean())
        found[f"+ {name}"] = (losses(case, span, better.mean, better, tried), default, moved)
    of_all = global_model(model, history, span)
    own = of_all.model.str.ends_with("global").to_numpy()
    if own.any():
        default = losses(case, span, model.mean, model, own)
        found["+ global"] = (
            losses(case, span, of_all.mean, of_all, own),
            default,
            float(own.mean()),
        )
    return found


def main() -> None:
    """Prints one table a data set."""
    names = sys.argv[1].split(",") if len(sys.argv) > 1 else list(SETS)
    budget = float(sys.argv[2]) if len(sys.argv) > 2 else BUDGET
    models = sys.argv[3].split(",") if len(sys.argv) > 3 else COSTLY
    warnings.simplefilter("ignore")
    logging.getLogger("stockout").setLevel(logging.ERROR)
    for name in names:
        _fitted.clear()
        cases = cached_cases(name, SETS[name])[0][-ORIGINS:]
        print(f"\n{name}, {len(cases)} origins, {budget:g} s of one core a model and origin")
        print(f"{'days':>4} {'model':8} {'items':>6} {'moved':>6} {'RMSSE':>7} {'pinball':>8}")
        for span in SPANS:
            rows: dict[str, list[tuple[Matrix, Matrix, float]]] = {}
            for case in cases:
                if case.days >= span:
                    for model, result in compare(case, span, budget, models).items():
                        rows.setdefault(model, []).append(result)
            for model, results in rows.items():
                own = np.concatenate([r[0] for r in results], axis=1).mean(axis=1)
                default = np.concatenate([r[1] for r in results], axis=1).mean(axis=1)
                judged = sum(r[0].shape[1] for r in results)
                moved = np.mean([r[2] for r in results])
                error = np.sqrt(own[0] / default[0])
                print(
                    f"{span:>4} {model:8} {judged:>6} {moved:6.2f} {error:7.3f} "
                    f"{own[1] / default[1]:8.3f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
