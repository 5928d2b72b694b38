"""What-if scenarios: what changes against today, said in a few words and read strictly."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, Self

import numpy as np

from stockout.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

TODAY = "today"
"""Name of the scenario in which nothing changes."""

_DAYS = {"": 1.0, "d": 1.0, "w": 7.0}
_NUMBER = r"\d+(?:\.\d+)?"
_MOST_DAYS = 3650  # ten years: a longer time is a mistake in the unit


class Change(NamedTuple):
    """How a number changes."""

    how: Literal["to", "add", "times"]
    by: float

    def of(self, value: Matrix) -> Matrix:
        """The changed values; none falls below 0."""
        if self.how == "to":
            return np.full_like(value, self.by)
        changed = value + self.by if self.how == "add" else value * self.by
        return np.asarray(changed.clip(0))


class Failure(NamedTuple):
    """A supplier that works on nothing for a while from the day after as-of."""

    supplier: str  # its id, or its name
    days: int


@dataclass(frozen=True)
class Scenario:
    """What changes against today. What is not named stays as it is.

    Attributes:
        lead_time: Change of every item's lead time, days.
        lead_time_sd_days: Standard deviation of every item's lead time, days.
        demand: Factor on all demand.
        review_days: Days between two orders of every item.
        failures: Suppliers that fail. Nobody knows it before: orders go on as usual.
        planned: Whether the ordering knows of the other changes; if not, it goes on as today.

    >>> Scenario.said(lead_time="+7d").name, Scenario.said(demand="+20%").demand
    ('lead time +7 d', 1.2)
    """

    lead_time: Change | None = None
    lead_time_sd_days: float | None = None
    demand: float = 1.0
    review_days: float | None = None
    failures: tuple[Failure, ...] = ()
    planned: bool = True

    @classmethod
    def said(
        cls,
        *,
        lead_time: str | float | None = None,
        lead_time_sd_days: float | None = None,
        demand: str | None = None,
        review_days: float | None = None,
        failures: Iterable[str] = (),
        planned: bool = True,
    ) -> Self:
        """The scenario that the words mean.

        Args:
            lead_time: ``21`` or ``21d`` for that long, ``+7d`` or ``-1w`` for longer or shorter,
                ``x1.5`` for a multiple.
            lead_time_sd_days: Days, 0 or more.
            demand: ``+20%``, ``-10%`` or ``x1.5``.
            review_days: Days, over 0.
            failures: ``NAME:4w`` or ``NAME:10d`` each.
            planned: Whether the ordering knows of the changes.

        Raises:
            ConfigError: Words that do not read, or a value out of range.
        """
        if lead_time_sd_days is not None and not 0 <= lead_time_sd_days <= _MOST_DAYS:
            raise ConfigError(
                f"the lead time's standard deviation is {lead_time_sd_days:g} days, expected 0 or "
                "more"
            )
        if review_days is not None and not 0 < review_days <= _MOST_DAYS:
            raise ConfigError(f"the review period is {review_days:g} days, expected more than 0")
        return cls(
            None if lead_time is None else _time_change(str(lead_time)),
            lead_time_sd_days,
            1.0 if demand is None else _factor(demand),
            review_days,
            tuple(_failure(words) for words in failures),
            planned,
        )

    @classmethod
    def together(cls, scenarios: Sequence[Scenario]) -> Scenario:
        """All changes at once; of two that say the same thing the later one counts."""
        sum_of = Scenario()
        for each in scenarios:
            sum_of = Scenario(
                each.lead_time or sum_of.lead_time,
                sum_of.lead_time_sd_days
                if each.lead_time_sd_days is None
                else each.lead_time_sd_days,
                sum_of.demand * each.demand,
                each.review_days or sum_of.review_days,
                sum_of.failures + each.failures,
                sum_of.planned and each.planned,
            )
        return sum_of

    @property
    def name(self) -> str:
        """What changes, in words; ``today`` where nothing does."""
        words = []
        if self.lead_time is not None:
            words.append(f"lead time {_change_words(self.lead_time)}")
        if self.lead_time_sd_days is not None:
            words.append(f"lead time sd {self.lead_time_sd_days:g} d")
        if self.demand != 1:
            words.append(f"demand {100 * (self.demand - 1):+.6g} %")
        if self.review_days is not None:
            words.append(f"review every {self.review_days:g} d")
        words += [f"{failure.supplier} fails for {failure.days} d" for failure in self.failures]
        if not words:
            return TODAY
        return ", ".join(words) + (", not planned for" if self.is_surprise else "")

    @property
    def is_surprise(self) -> bool:
        """Whether lead times or demand change and the ordering does not know of it."""
        changes = (self.lead_time, self.lead_time_sd_days) != (None, None) or self.demand != 1
        return changes and not self.planned

    @property
    def is_lasting(self) -> bool:
        """Whether it has a long run: a failure has none, it happens once."""
        return not self.failures

    def outage_days(self, suppliers: Sequence[str | None], names: Mapping[str, str]) -> Matrix:
        """(items,) days for which each item's supplier works on nothing.

        Args:
            suppliers: Supplier id of each item.
            names: Names of suppliers by id.

        Raises:
            ConfigError: No item has a supplier of that id or name.
        """
        days = np.zeros(len(suppliers))
        ids = np.array(["" if supplier is None else supplier for supplier in suppliers], dtype=str)
        known = sorted(set(ids.tolist()) - {""})
        for failure in self.failures:
            wanted = [
                supplier
                for supplier in known
                if failure.supplier in {supplier, names.get(supplier)}
            ]
            if not wanted:
                raise _unknown_supplier(failure.supplier, known, names)
            days = np.maximum(days, np.where(np.isin(ids, wanted), failure.days, 0))
        return days


def check_targets(targets: Iterable[float]) -> None:
    """Refuses targets that are no shares.

    Raises:
        ConfigError: A target is not between 0 and 1.
    """
    for target in targets:
        if not 0 < target < 1:
            raise ConfigError(
                f"the target {target:g} is no share between 0 and 1",
                hint=f"{target / 100:g} is {target:g} %" if 1 < target < 100 else None,
            )


def _unknown_supplier(name: str, known: Sequence[str], names: Mapping[str, str]) -> ConfigError:
    if not known:
        return ConfigError(
            f"no item has a known supplier, so {name!r} cannot fail",
            hint="give supplier_id in products or purchases",
        )
    words = [*known, *(names[supplier] for supplier in known if supplier in names)]
    near = difflib.get_close_matches(name, words, n=1, cutoff=0.5)
    return ConfigError(
        f"no item is supplied by {name!r}",
        hint=f"did you mean {near[0]!r}?" if near else f"suppliers: {', '.join(known[:8])}",
    )


def _time_change(words: str) -> Change:
    text = words.strip().lower().replace(" ", "")
    if found := re.fullmatch(rf"[x*×]({_NUMBER})", text):
        return Change("times", float(found[1]))
    if found := re.fullmatch(rf"([+-]?)({_NUMBER})([dw]?)", text):
        days = float(found[2]) * _DAYS[found[3]]
        if days <= _MOST_DAYS:
            sign = -1 if found[1] == "-" else 1
            return Change("add" if found[1] else "to", sign * days)
    raise ConfigError(
        f"a lead time of {words!r} does not read, expected 21d, +7d, -1w or x1.5",
    )


def _factor(words: str) -> float:
    text = words.strip().lower().replace(" ", "")
    factor = None
    if found := re.fullmatch(rf"([+-])({_NUMBER})%", text):
        factor = 1 + (-1 if found[1] == "-" else 1) * float(found[2]) / 100
    elif found := re.fullmatch(rf"[x*×]({_NUMBER})", text):
        factor = float(found[1])
    if factor is None or not 0 < factor <= 100:
        raise ConfigError(
            f"a change of demand of {words!r} does not read, expected +20%, -10% or x1.5"
        )
    return round(factor, 9)


def _failure(words: str) -> Failure:
    name, _, length = words.rpartition(":")
    found = re.fullmatch(rf"({_NUMBER})([dw]?)", length.strip().lower())
    days = 0.0 if found is None else float(found[1]) * _DAYS[found[2]]
    if not name.strip() or not 1 <= days <= _MOST_DAYS:
        raise ConfigError(
            f"a supplier's failure of {words!r} does not read, expected NAME:4w or NAME:10d"
        )
    return Failure(name.strip(), round(days))


def _change_words(change: Change) -> str:
    if change.how == "times":
        return f"x{change.by:g}"
    return f"{change.by:+g} d" if change.how == "add" else f"{change.by:g} d"
