"""The regression frame of one exposure window: panel, habits, doses, instrument and controls."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stockout.impact.stockout_effect.controls import Controls, controls
from stockout.impact.stockout_effect.exposure import Habits, dose, habits, window_days
from stockout.impact.stockout_effect.landmarks import panel
from stockout.impact.stockout_effect.regression import Design
from stockout.impact.stockout_effect.shift_share import Shares
from stockout.impact.stockout_effect.thwarted import Thwarted, thwarted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.impact.stockout_effect.landmarks import Panel
    from stockout.impact.stockout_effect.out_days import OutDays
    from stockout.impact.stockout_effect.purchases import Purchases

    Codes = NDArray[np.int64]

    Span = tuple[int, int]


class Frame(NamedTuple):
    """Everything that a regression on the panel needs."""

    panel: Panel
    habit: Habits
    thwarted: Thwarted
    controls: Controls
    shares: Shares

    def design(self, out: OutDays, spans: list[Span], *, measured: bool = False) -> Design:
        """The regression on the doses of several windows; the first is the one in question.

        Args:
            out: Days out of stock.
            spans: First day and the one after the last of each window, relative to the landmark.
            measured: The first is the exposure window: its treatment counts thwarted purchases as
                estimated. Else usual purchases on days out of stock.
        """
        seen, habit = self.panel, self.habit
        treatments = dose(seen, habit.rate, *(window_days(seen, out.out, *span) for span in spans))
        instruments = treatments * habit.per_total[:, None]
        if measured:
            treatments[:, 0] = self.thwarted.rows
        return Design(treatments, instruments, self.controls.all, self.shares, seen.customer)


def frame(
    bought: Purchases,
    out: OutDays,
    starts: Codes,
    *,
    outcome: Span | None = None,
    window: int = 0,
) -> Frame | None:
    """Builds the frame; None where no customer qualifies.

    Args:
        bought: Purchases.
        out: Days out of stock.
        starts: Day of each landmark.
        outcome: First day of the outcome and the one after its last, relative to the landmark.
        window: First day of the exposure window.
    """
    if not starts.size:
        return None
    seen = panel(bought, starts, outcome=outcome)
    if not seen.pair_cell.size:
        return None
    habit = habits(seen, bought, out)
    skus = bought.items["sku"].rank("dense").cast(int).to_numpy() - 1
    return Frame(
        panel=seen,
        habit=habit,
        thwarted=thwarted(seen, out, habit),
        controls=controls(seen, bought, out, habit, window=window),
        shares=Shares(seen.by_cell(habit.rate), habit.per_total, np.tile(skus, len(starts))),
    )
