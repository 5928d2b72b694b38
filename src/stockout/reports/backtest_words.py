"""What a backtest found, in plain sentences: for the terminal, and beside its picture.

A sentence says "better" only where the interval of the difference does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from stockout.forecasting.benchmark_forecasts import (
    MOVING_AVERAGE,
    NAIVE,
    SEASONAL_NAIVE,
    WINDOWS,
)

if TYPE_CHECKING:
    from stockout.demand.periods import Freq


_CLOSE = 0.1  # width of an interval up to which a share is known well enough to agree with one
_LEAST_SHOWN = 0.0005  # share that is not 0.0 % when it is shown


class Figure(NamedTuple):
    """A figure with its 90 % interval; None is not known."""

    value: float
    low: float | None
    high: float | None

    @property
    def differs(self) -> int:
        """1 where it is above 0 for sure, -1 where below, 0 where that cannot be told."""
        if self.low is None or self.high is None:
            return 0
        return 1 if self.low > 0 else -1 if self.high < 0 else 0


class Words:
    """Reads figures off the table of a backtest and says them.

    Args:
        frame: As from :func:`stockout.backtest`.
    """

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame
        data = frame.filter(what="data", by="all")
        self.facts = dict(data.select("metric", "value").rows())
        self.horizon = int(data["horizon"][0])
        self.freq: Freq = "week" if self.facts["days_of_a_period"] == 7 else "day"

    def figure(
        self, metric: str, method: str = "stockout", *, what: str | None = None, **place: object
    ) -> Figure | None:
        """One figure of all items, or of the place that is told; None where there is none."""
        default: dict[str, object] = {"by": "all"}
        if what is None:
            default |= {"horizon": self.horizon, "ahead": 1}
        chosen = self.frame.filter(metric=metric, method=method, **default | place)
        kinds = ["accuracy", "added value"] if what is None else [what]
        rows = chosen.filter(pl.col("what").is_in(kinds) & pl.col("value").is_not_null())
        found = rows.select("value", "low", "high").rows()
        return Figure(*found[0]) if found else None

    def method(self, name: str) -> str:
        """What a forecast method is called: ``28-day average``."""
        if name == MOVING_AVERAGE:
            return f"{WINDOWS[self.freq]}-{self.freq} average"
        if name == SEASONAL_NAIVE:
            return "same weekday last week" if self.freq == "day" else "same week last year"
        if name == NAIVE:
            return f"last {self.freq} again"
        return name

    @property
    def sums(self) -> str:
        """What is forecast: ``28-day sums``."""
        if self.horizon == 1:
            return f"the next {self.freq}"
        return f"{self.horizon}-{self.freq} sums"

    def accuracy(self) -> str:
        """How far off the forecast was, against the moving average, and whether it erred."""
        off = self.figure("wape")
        origins = int(self.facts["origins"])
        begin = f"Over {origins} origins" if origins > 1 else "From 1 origin"
        if off is None:
            return f"{begin} nothing was sold in the periods that can be judged."
        parts = [f"{begin} the forecast of {self.sums} was {share(off.value)} off on average"]
        added = self.figure("fva", MOVING_AVERAGE)
        if added is not None:
            parts.append(self._beside(added))
        bias = self.figure("bias")
        if bias is not None:
            parts.append(_leaning(bias))
        return ", ".join(parts[:2]) + (f"; {parts[2]}" if len(parts) > 2 else "") + "."

    def coverage(self) -> str | None:
        """Whether the 95 % quantile holds what it says."""
        held = self.figure("coverage_95")
        if held is None:
            return None
        said = f"Demand stayed within the 95 % quantile in {share(held.value)} of the cases"
        if held.low is None or held.high is None:
            return f"{said}."
        if held.low <= 0.95 <= held.high:
            if held.high - held.low <= _CLOSE:
                return f"{said}, as it should."
            return f"{said}, which so few neither confirm nor refute."
        wrong = "too rarely" if held.high < 0.95 else "more often than it should"
        return f"{said}: {wrong}."

    def replay(self) -> str | None:
        """What the orders would have come to, beside what was really held and the textbook."""
        ours, stock = self._served("stockout reorder")
        if ours is None or stock is None:
            return None
        weeks = self.frame.filter(what="replay", metric="weeks")["value"].item()
        text = (
            f"In a replay of {weeks:.0f} weeks, its orders would have served {share(ours)} of "
            f"demand from {units(stock)} units in stock"
        )
        served, held = self._served("really held")
        if served is not None and held is not None:
            text += f"; what was really held served {share(served)} from {units(held)}"
        same = self.figure("fill_rate_at_our_stock", "textbook", what="replay")
        if same is not None:
            text += (
                f"; with as much stock, the textbook policy would have served {share(same.value)}"
            )
        return f"{text}."

    def _served(self, method: str) -> tuple[float | None, float | None]:
        """Share of demand served, and units in stock."""
        found = [self.figure(name, method, what="replay") for name in ("fill_rate", "mean_stock")]
        served, stock = (None if figure is None else figure.value for figure in found)
        return served, stock

    def _beside(self, added: Figure) -> str:
        name = self.method(MOVING_AVERAGE)
        if abs(added.value) < _LEAST_SHOWN:
            return f"as good as the {name}{spread(added, 'points')}"
        word = "better" if added.value > 0 else "worse"
        points = f"{100 * abs(added.value):.1f} points {word} than the {name}"
        return f"{points}{_chance(added)}{spread(added, 'points')}"


def _leaning(bias: Figure) -> str:
    if abs(bias.value) < _LEAST_SHOWN:
        return f"it erred neither high nor low{spread(bias, '%')}"
    way = "high" if bias.value > 0 else "low"
    told = f"it erred {way} by {share(abs(bias.value))}{_chance(bias)}"
    return told if bias.differs else f"{told}{spread(bias, '%')}"


def _chance(figure: Figure) -> str:
    return "" if figure.differs else ", which may be chance"


def share(value: float) -> str:
    """A share of one, in per cent.

    >>> share(0.1234), share(0.995)
    ('12.3 %', '99.5 %')
    """
    return f"{100 * value:.1f} %"


def signed(value: float) -> str:
    """The same with its sign.

    >>> signed(0.019), signed(-0.0001)
    ('+1.9 %', '-0.0 %')
    """
    return f"{100 * value:+.1f} %"


def units(value: float) -> str:
    """Units, without needless digits.

    >>> units(1234.5), units(12.34)
    ('1,234', '12.3')
    """
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.1f}"


def spread(figure: Figure, unit: str) -> str:
    """``(90 %: 0.1 to 3.0 points)``, after a space; nothing where it is not known."""
    if figure.low is None or figure.high is None:
        return ""
    return f" (90 %: {100 * figure.low:.1f} to {100 * figure.high:.1f} {unit})"
