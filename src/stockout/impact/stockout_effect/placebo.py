"""Effects that cannot be there, and differences that should not: what gives a wrong design away.

- *Future exposure*: the same outcome, and stockouts of the four weeks after its end.
- *Past outcome*: whether customers ordered in the 13 weeks before stockouts, of customers and
  habits as they were before these weeks.
- *Balance*: what customers were like before, given how exposed they were expected to be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import special

from stockout.impact.stockout_effect.landmarks import AFTER, BEFORE, GAP, RECENT, WINDOW
from stockout.impact.stockout_effect.regression import binomial_weights, two_stage, two_stage_all
from stockout.impact.stockout_effect.setting import frame

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.impact.stockout_effect.out_days import OutDays
    from stockout.impact.stockout_effect.purchases import Purchases
    from stockout.impact.stockout_effect.setting import Frame

    Codes = NDArray[np.int64]

LEVEL = 0.05
"""Of all placebos together (Bonferroni)."""

LARGEST_DIFFERENCE = 0.1
"""Standard deviations by which a feature may differ.

Source: Austin (2009), Statistics in Medicine 28, 3083-3107.

Features are controls; small differences are what controls are for, and with many customers every
one of them is significant: stock runs out where somebody has just bought.
"""

_END = WINDOW + GAP + AFTER


class Check(NamedTuple):
    """One placebo or feature."""

    name: str
    value: float | None  # placebo: excess share per thwarted purchase; balance: in deviations
    error: float | None
    p_value: float | None
    reason: str | None  # why there is no value


def placebos(starts: Codes, bought: Purchases, out: OutDays) -> list[Check]:
    """Runs both placebos.

    Args:
        starts: Day of each landmark.
        bought: Purchases.
        out: Days out of stock.
    """
    later = starts[starts + _END + WINDOW <= bought.days]
    future = _run(
        "future exposure",
        frame(bought, out, later, window=_END),
        out,
        [(_END, _END + WINDOW), (0, WINDOW), (WINDOW, _END)],
    )
    earlier = starts[starts - RECENT >= BEFORE] - RECENT
    past = _run(
        "past outcome",
        frame(bought, out, earlier, outcome=(0, RECENT), window=RECENT),
        out,
        [(RECENT, RECENT + WINDOW), (0, RECENT)],
    )
    return [future, past]


def _run(name: str, there: Frame | None, out: OutDays, spans: list[tuple[int, int]]) -> Check:
    too_short = "the history is too short for another window"
    if there is None:
        return Check(name, None, None, None, too_short)
    outcome = there.panel.no_order
    design = there.design(out, spans)
    found = two_stage(outcome, design, binomial_weights(outcome, design.controls))
    if found is None:
        return Check(name, None, None, None, "nothing was out of stock in its window")
    return Check(name, found.value, found.error, _p_value(found.value, found.error), None)


def balance(main: Frame, out: OutDays) -> list[Check]:
    """How features before the landmark differ by exposure: deviations a deviation of exposure.

    Args:
        main: Frame of the estimate.
        out: Days out of stock.
    """
    design = main.design(out, [(0, WINDOW)])
    spread = design.instruments[:, :1]
    design = design._replace(
        treatments=spread / max(float(spread.std()), np.finfo(float).tiny),
        controls=main.controls.without_features,
    )
    # Habits are what exposure is made of.
    features = {name: each for name, each in main.controls.features.items() if name != "habit"}
    size = {name: float(each.std()) for name, each in features.items()}
    names = [name for name in features if size[name]]
    found = two_stage_all([features[name] / size[name] for name in names], design)
    return [
        Check(name, each.value, each.error, _p_value(each.value, each.error), None)
        for name, each in zip(names, found, strict=False)
    ]


def passed(checks: list[Check]) -> bool | None:
    """Whether none stands out more than chance allows; None where one could not be run.

    >>> passed([Check("a", 0.1, 0.1, 0.3, None), Check("b", 0.3, 0.1, 0.003, None)])
    False
    """
    known = [check.p_value for check in checks if check.p_value is not None]
    if known and min(known) < LEVEL / len(checks):
        return False
    return True if known and len(known) == len(checks) else None


def is_balanced(checks: list[Check]) -> bool:
    """Whether no feature differs by more than a tenth of a standard deviation.

    >>> is_balanced([Check("tenure", 0.03, 0.01, 0.003, None)])
    True
    """
    return all(abs(check.value or 0.0) <= LARGEST_DIFFERENCE for check in checks)


def _p_value(value: float, error: float) -> float:
    return float(special.erfc(abs(value / max(error, np.finfo(float).tiny)) / 2**0.5))
