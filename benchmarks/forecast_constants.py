"""What the constants of the forecast are worth: each at other values, on the same data.

    python benchmarks/forecast_constants.py

For each constant and value it prints the mean scaled pinball loss of the default forecast of the
sum, by data set and over 7, 14 and 28 days, as a multiple of the loss at the value in the code.
"""

from __future__ import annotations

from unittest import mock

import numpy as np

from data_sets import available
from forecast_cases import SPANS, Case, cases_of
from forecast_contest import default
from forecast_scores import PINBALL, score
from stockout.forecasting import calibration, combination, dispersion, learned_demand

CONSTANTS = {
    "POWER": (combination, (1.0, 4.0, 16.0, 64.0)),
    "CLASS_WINDOWS": (combination, (1.0, 4.0, 16.0)),
    "POOL_WINDOWS": (dispersion, (2.0, 5.0, 10.0)),
    "EVEN_SUMS": (calibration, (25.0, 100.0, 500.0)),
    "_PASSES": (learned_demand, (2, 6)),
    "_WINSOR": (dispersion, (0.0, 0.05, 0.25)),
}


def loss(cases: list[Case]) -> float:
    """Mean scaled pinball loss over origins and spans."""
    losses = [
        np.nanmean(score(case, span, default(case, span)[0])[PINBALL])
        for case in cases
        for span in SPANS
        if case.days >= span
    ]
    return float(np.mean(losses))


def main() -> None:
    """Prints one row a constant and value, one column a data set."""
    sets = available()
    cases = {data.name: cases_of(data) for data in sets}
    base = {name: loss(known) for name, known in cases.items()}
    print(f"{'constant':14} {'value':>14} " + " ".join(f"{name:>19}" for name in cases))
    for name, (module, values) in CONSTANTS.items():
        for value in values:
            with mock.patch.object(module, name, value):
                ratios = [loss(known) / base[data] for data, known in cases.items()]
            figures = " ".join(f"{ratio:19.4f}" for ratio in ratios)
            print(f"{name:14} {value!s:>14} {figures}", flush=True)


if __name__ == "__main__":
    main()
