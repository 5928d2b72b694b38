"""What became of thwarted demand, as somebody states it: substitution and delay.

Lost units are gross: wanted, and not sold at that time. Some customers buy another item of the same
shop, some come back. The exports do not tell how many, so nothing is taken off unless it is stated.
"""

from __future__ import annotations

from dataclasses import dataclass

from stockout.errors import ConfigError


@dataclass(frozen=True)
class Scenario:
    """What customers are said to do who find nothing to buy.

    Attributes:
        substituted: Share of lost units for which something else is bought here, at the same price
            and margin.
        delayed: Share of lost units that are bought here later.

    >>> Scenario(substituted=0.45, delayed=0.15).kept_away
    0.4
    """

    substituted: float = 0.0
    delayed: float = 0.0

    def __post_init__(self) -> None:
        """Refuses shares that cannot be."""
        for name, share in (("substituted", self.substituted), ("delayed", self.delayed)):
            if not 0 <= share <= 1:
                raise ConfigError(f"{name} is {share:g}, expected a share from 0 to 1")
        if self.substituted + self.delayed > 1:
            raise ConfigError(
                f"substituted and delayed are {self.substituted + self.delayed:g} together, "
                "expected at most 1: both are shares of the same lost units"
            )

    @property
    def kept_away(self) -> float:
        """Share of lost units that stays lost: the net loss."""
        return round(1 - self.substituted - self.delayed, 12)

    @classmethod
    def stated(cls, substituted: float | None, delayed: float | None) -> Scenario | None:
        """The scenario of what was stated; None where nothing was."""
        if substituted is None and delayed is None:
            return None
        return cls(substituted or 0.0, delayed or 0.0)
