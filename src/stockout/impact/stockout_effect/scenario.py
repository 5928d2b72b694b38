"""What stockouts may have cost where the data cannot tell: published answers, as assumed.

Without customer numbers, or with too little variation, there is no estimate. A user may state what
customers do who find nothing; these are shares that were found elsewhere, in groceries, by asking
customers. They say nothing of *this* shop, are never taken for an estimate, and never added to one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stockout.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

_ROUNDING = 1e-9


@dataclass(frozen=True)
class ResponseShares:
    """What those do who find an item missing; shares of thwarted purchases that sum to 1.

    Attributes:
        elsewhere: Buy it in another shop.
        substitute: Buy another item here.
        delay: Buy it here later.
        abandon: Do not buy it at all.
        source: Where the shares come from.
        leave: Of those who bought elsewhere, the share that does not come back; nobody published
            one that would hold for all, so it is 0 unless it is stated.
    """

    elsewhere: float
    substitute: float
    delay: float
    abandon: float
    source: str
    leave: float = 0.0

    def __post_init__(self) -> None:
        """Refuses shares that cannot be."""
        parts = ("elsewhere", "substitute", "delay", "abandon")
        for name in (*parts, "leave"):
            share = getattr(self, name)
            if not 0 <= share <= 1:
                raise ConfigError(f"{name} is {share:g}, expected a share from 0 to 1")
        total = sum(getattr(self, name) for name in parts)
        if abs(total - 1) > _ROUNDING:
            raise ConfigError(
                f"the shares of {', '.join(parts)} are {total:g} together, expected 1: each "
                "thwarted purchase has one answer"
            )


PUBLISHED: Mapping[str, ResponseShares] = {
    "corsten_gruen_2003": ResponseShares(
        elsewhere=0.31,
        substitute=0.45,
        delay=0.15,
        abandon=0.09,
        source="Corsten & Gruen (2003), Desperately seeking shelf availability, International "
        "Journal of Retail & Distribution Management 31(12), 605-617: consumers of fast-moving "
        "goods, worldwide",
    ),
    "sloot_2004": ResponseShares(
        elsewhere=0.19,
        substitute=0.53,
        delay=0.23,
        abandon=0.05,
        source="Sloot, Verhoef, Kellevink, Commandeur & Peelen (2004), Het verklaren van "
        "consumentenreacties bij out-of-stock: 749 customers of Dutch supermarkets (brand switch "
        "34 %, delay 23 %, item switch 19 %, store switch 19 %; the rest is taken as not bought)",
    ),
}
"""Shares that were published. They differ by category more than between these two: see Campo,
Gijsbrechts & Nisol (2000), Towards understanding consumer response to stock-outs, Journal of
Retailing 76(2), 219-242."""


@dataclass(frozen=True)
class ScenarioResult:
    """What the stated shares make of lost units. Assumed, not estimated."""

    elsewhere_units: float
    substituted_units: float
    delayed_units: float
    abandoned_units: float
    net_lost_units: float  # bought elsewhere or not at all
    net_lost_value: float | None  # margin or revenue, as the unit value was
    leaving_customers: float | None  # None where no thwarted customers were given
    leaving_value: float | None
    assumption: str  # to be printed beside each of these figures


def scenario(
    lost_units: float,
    shares: ResponseShares,
    *,
    unit_value: float | None = None,
    thwarted_customers: float | None = None,
    customer_value: float | None = None,
) -> ScenarioResult:
    """Divides gross lost units by stated shares.

    Args:
        lost_units: Units that were wanted and not sold, gross.
        shares: What customers are said to do.
        unit_value: Money a unit.
        thwarted_customers: Different customers who met a stockout, if the user knows their number.
        customer_value: Money that a customer who leaves would still have brought.

    Raises:
        ConfigError: Lost units are below 0.

    >>> found = scenario(1000, PUBLISHED["corsten_gruen_2003"], unit_value=2.0)
    >>> found.net_lost_units, found.net_lost_value, found.leaving_customers
    (400.0, 800.0, None)
    """
    if lost_units < 0:
        raise ConfigError(f"lost units are {lost_units:g}, expected 0 or more")
    gone = round(lost_units * (shares.elsewhere + shares.abandon), 9)
    leaving = (
        None if thwarted_customers is None else thwarted_customers * shares.elsewhere * shares.leave
    )
    return ScenarioResult(
        elsewhere_units=lost_units * shares.elsewhere,
        substituted_units=lost_units * shares.substitute,
        delayed_units=lost_units * shares.delay,
        abandoned_units=lost_units * shares.abandon,
        net_lost_units=gone,
        net_lost_value=None if unit_value is None else gone * unit_value,
        leaving_customers=leaving,
        leaving_value=None
        if leaving is None or customer_value is None
        else leaving * customer_value,
        assumption=f"assumed, not estimated from these data: {shares.source}",
    )
