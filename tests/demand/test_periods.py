from __future__ import annotations

import numpy as np

from stockout.demand.periods import quiet_periods


def test_quiet_periods_count_those_that_speak_since_the_last_sale() -> None:
    units = np.array([[1, 0, 0], [0, 0, 2], [0, 0, 0], [0, 0, 0]], dtype=np.float32)
    counts = np.array([[1, 0, 1], [1, 1, 1], [0, 1, 1], [1, 1, 1]], dtype=np.bool_)
    assert quiet_periods(units, counts).tolist() == [2, 3, 2]
