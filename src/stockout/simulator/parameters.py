"""What the simulated business is like: every number the simulator uses, with its unit."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Self

from stockout.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

_END = date(2026, 6, 28)  # a Sunday
_LARGE = 1e6  # beyond it a setting is a typing mistake
_TYPES: Mapping[str, Any] = {"int": int, "float": (int, float), "date": date}


def _setting(default: Any, text: str, low: float = 0, high: float = _LARGE) -> Any:  # noqa: ANN401 - the type is that of the field
    return field(default=default, metadata={"text": text, "low": low, "high": high})


@dataclass(frozen=True)
class Parameters:
    """All settings of :func:`stockout.simulator.simulate.simulate`.

    A share is between 0 and 1, a rate is units a day unless it says otherwise, a period is days.
    An *item* is one SKU at one location. The equations stand in ``docs/simulator.md``.

    Raises:
        ConfigError: A value is outside its range, or values contradict each other.

    >>> Parameters(skus=10).start
    datetime.date(2024, 12, 30)
    >>> Parameters(stockout_rate=1.2)
    Traceback (most recent call last):
    stockout.errors.ConfigError: stockout_rate = 1.2 is outside its range
    hint: give a value from 0.001 to 0.6
    """

    # Size
    seed: int = _setting(1, "seed of all random numbers", 0, 2**63)
    skus: int = _setting(40, "number of SKUs", 1, 999_999)
    locations: int = _setting(2, "number of locations, each of which sells every SKU", 1, 1e4)
    months: int = _setting(18, "length of the exported history, in months", 1, 240)
    end: date = _setting(_END, "last day of the exported history")  # noqa: RUF009 - a field
    warmup_days: int = _setting(91, "days simulated before the export starts", 0, 1000)
    future_days: int = _setting(
        28, "days after the export whose demand the truth still tells", 0, 1000
    )

    # Assortment
    categories: int = _setting(6, "number of product categories", 1, 1000)
    median_rate: float = _setting(
        0.45, "median mean demand of an item, units a day (log-normal)", 1e-6
    )
    rate_sigma: float = _setting(0.9, "log standard deviation of that mean between SKUs", 0, 4)
    location_sigma: float = _setting(0.3, "log standard deviation between locations", 0, 4)
    poisson_share: float = _setting(0.35, "share of SKUs with Poisson demand", 0, 1)
    intermittent_share: float = _setting(
        0.2,
        "share of SKUs with rare purchases of several units; the rest is negative binomial",
        0,
        1,
    )
    dispersion_low: float = _setting(0.8, "smallest k of negative binomial SKUs", 0.01)
    dispersion_high: float = _setting(
        4.0, "largest k; variance of a day = mean + mean**2 / k", 0.01
    )
    size_low: float = _setting(2.0, "smallest mean units a purchase of intermittent SKUs", 1)
    size_high: float = _setting(5.0, "largest mean units a purchase of intermittent SKUs", 1)
    new_share: float = _setting(0.1, "share of SKUs launched within the history", 0, 0.5)
    ended_share: float = _setting(0.1, "share of SKUs delisted within the history", 0, 0.5)
    successor_share: float = _setting(
        0.5, "share of the launched SKUs that replace a delisted one the day after it ends", 0, 1
    )
    price_median: float = _setting(12.0, "median selling price, money a unit", 0.01)
    price_sigma: float = _setting(0.7, "log standard deviation of prices", 0, 3)
    cost_low: float = _setting(0.4, "smallest unit cost as a share of the price", 0.01, 1)
    cost_high: float = _setting(0.7, "largest unit cost as a share of the price", 0.01, 1)

    # Demand over time
    weekday_sigma: float = _setting(
        0.12, "log standard deviation of a category's weekday profile", 0, 2
    )
    season_amplitude: float = _setting(
        0.35, "largest log amplitude of a category's yearly season", 0, 2
    )
    trend_sigma: float = _setting(
        0.15, "standard deviation of the log trend between SKUs, a year", 0, 2
    )
    shock_sigma: float = _setting(
        0.25, "standard deviation of the persistent (AR(1)) log level shocks", 0, 2
    )
    shock_days: float = _setting(45.0, "days after which such a shock has decayed to 1/e", 1)
    shock_correlation: float = _setting(
        0.5, "correlation of a SKU's shocks between its locations", 0, 1
    )
    holiday_factor: float = _setting(0.3, "demand on a holiday relative to a usual day", 0)
    promotions_per_year: float = _setting(2.0, "mean promotions a SKU and year", 0, 20)
    promotion_days: int = _setting(7, "length of a promotion, from a Monday", 1, 28)
    promotion_uplift: float = _setting(1.8, "median demand on promotion relative to without", 1)
    promotion_sigma: float = _setting(
        0.25, "log standard deviation of the uplift between SKUs", 0, 2
    )
    promotion_discount: float = _setting(0.2, "price cut on promotion, share of the price", 0, 0.9)

    # Supply
    suppliers: int | None = _setting(
        None, "number of suppliers; none given means one for 8 SKUs, at least 3", 1
    )
    lead_time_low: int = _setting(4, "shortest promised lead time of a supplier, days", 1, 90)
    lead_time_high: int = _setting(18, "longest promised lead time of a supplier, days", 1, 90)
    lead_time_cv: float = _setting(
        0.15, "standard deviation of the actual (gamma) lead time relative to its mean", 0, 2
    )
    lead_time_bias: float = _setting(
        0.87, "median of the suppliers' mean lead times relative to the promised one", 0.1, 5
    )
    supplier_sigma: float = _setting(0.1, "log standard deviation of that between suppliers", 0, 2)
    late_probability: float = _setting(0.06, "mean probability that a delivery is held up", 0, 1)
    late_days: float = _setting(8.0, "mean further delay of a delivery that is held up, days", 0)
    short_probability: float = _setting(
        0.05, "mean probability that a line is delivered short", 0, 1
    )
    short_low: float = _setting(0.3, "smallest share of a short line that is delivered", 0, 1)
    short_high: float = _setting(0.9, "largest share of a short line that is delivered", 0, 1)
    two_weekdays_share: float = _setting(
        0.3, "share of suppliers that take orders on two weekdays instead of one", 0, 1
    )

    # The planner
    stockout_rate: float = _setting(
        0.08,
        "share of active item-days that end without stock; the planner's safety factor is "
        "calibrated to it",
        0.001,
        0.6,
    )
    safety_factor: float | None = _setting(
        None, "the planner's safety factor itself; given, nothing is calibrated", -20, 50
    )
    forecast_days: float = _setting(28.0, "memory of the planner's exponential smoothing, days", 1)
    variance_ratio: float = _setting(
        1.5, "variance-to-mean ratio of demand that the planner assumes", 0.01
    )
    planned_share: float = _setting(0.6, "share of promotions the planner orders for", 0, 1)
    skip_probability: float = _setting(
        0.03, "probability that the planner misses a supplier's order day", 0, 1
    )
    cut_probability: float = _setting(
        0.03, "probability that half of an order line is struck off", 0, 1
    )

    # Customers
    regular_share: float = _setting(
        0.5, "share of demand that comes from regular customers, at most", 0, 0.9
    )
    trip_days: float = _setting(14.0, "mean days between a regular customer's trips", 1)
    trip_shape: float = _setting(1.5, "gamma shape of trip rates between customers", 0.05)
    favourites: int = _setting(6, "favourite SKUs a regular customer has, at most", 1, 100)
    basket_lines: float = _setting(1.8, "mean favourites bought on a trip", 0.05)
    lifetime_days: float = _setting(
        540.0, "mean days a regular customer stays (exponential) when nothing drives them away", 1
    )
    guest_lines: float = _setting(1.6, "mean lines of an anonymous guest's basket", 1)
    online_share: float = _setting(0.15, "share of baskets that are bought online", 0, 1)
    substitute_share: float = _setting(
        0.25, "share of thwarted purchases that turn to another SKU of the category", 0, 1
    )
    wait_share: float = _setting(
        0.15, "share of thwarted purchases that wait for the SKU; the rest is lost", 0, 1
    )
    patience_days: int = _setting(14, "days after which a waiting customer gives up", 0, 365)
    leave_probability: float = _setting(
        0.05, "probability that a regular customer leaves for good when a purchase is lost", 0, 1
    )
    business_customers: int = _setting(5, "customers who order ahead, with due dates", 1, 1e5)
    order_share: float = _setting(0.02, "share of guest lines that are such orders", 0, 1)
    order_days_low: int = _setting(2, "fewest days between such an order and its due date", 1, 365)
    order_days_high: int = _setting(14, "most days between such an order and its due date", 1, 365)
    return_share: float = _setting(0.03, "share of sales lines that are returned", 0, 1)
    return_days: float = _setting(7.0, "mean days until a return (at least 1, at most 28)", 1)
    return_anonymous_share: float = _setting(
        0.2, "share of returns that come without their order number", 0, 1
    )

    # Stock that moves without customers or suppliers
    adjustment_rate: float = _setting(
        0.002, "stock-count corrections of one unit an item-day (7 of 10 downwards)", 0, 1
    )
    scrap_rate: float = _setting(0.0007, "units scrapped an item-day", 0, 1)
    transfer_rate: float = _setting(0.0015, "transfers between two locations a SKU-day", 0, 1)

    def __post_init__(self) -> None:
        """Refuses values that make no business."""
        for each in fields(self):
            value, low, high = (
                getattr(self, each.name),
                each.metadata["low"],
                each.metadata["high"],
            )
            if value is None and str(each.type).endswith("None"):
                continue
            kind = _TYPES[str(each.type).partition(" ")[0]]
            if not isinstance(value, kind) or isinstance(value, bool):
                raise ConfigError(
                    f"{each.name} = {value!r} is not what it holds",
                    hint=f"give a value of type {each.type}",
                )
            if isinstance(value, date):
                continue
            if not low <= value <= high:
                limits = f"from {low:g} " + (f"to {high:g}" if high < _LARGE else "upwards")
                raise ConfigError(
                    f"{each.name} = {value} is outside its range", hint=f"give a value {limits}"
                )
        if self.substitute_share + self.wait_share > 1:
            raise ConfigError(
                f"substitute_share + wait_share = {self.substitute_share + self.wait_share:g} "
                "is above 1",
                hint="what is left of 1 is the share of lost purchases",
            )
        if self.poisson_share + self.intermittent_share > 1:
            raise ConfigError(
                f"poisson_share + intermittent_share = "
                f"{self.poisson_share + self.intermittent_share:g} is above 1",
                hint="what is left of 1 is the share of negative binomial SKUs",
            )
        for low_name, high_name in (
            ("dispersion_low", "dispersion_high"),
            ("size_low", "size_high"),
            ("cost_low", "cost_high"),
            ("lead_time_low", "lead_time_high"),
            ("short_low", "short_high"),
            ("order_days_low", "order_days_high"),
        ):
            if getattr(self, low_name) > getattr(self, high_name):
                raise ConfigError(
                    f"{low_name} = {getattr(self, low_name)} is above "
                    f"{high_name} = {getattr(self, high_name)}",
                    hint=f"give a {low_name} up to {high_name}",
                )

    @classmethod
    def of(cls, settings: Mapping[str, float | date | None]) -> Self:
        """Parameters with some settings given by name, the rest at their defaults.

        Raises:
            ConfigError: A name is unknown, or a value is out of range.

        >>> Parameters.of({"trip_dayz": 7})
        Traceback (most recent call last):
        stockout.errors.ConfigError: the simulator has no setting 'trip_dayz'
        hint: did you mean trip_days?
        """
        known = [each.name for each in fields(cls)]
        for name in settings:
            if name not in known:
                close = difflib.get_close_matches(name, known, n=1)
                raise ConfigError(
                    f"the simulator has no setting {name!r}",
                    hint=f"did you mean {close[0]}?" if close else "see docs/simulator.md",
                )
        chosen: dict[str, Any] = dict(settings)
        return cls(**chosen)

    @property
    def start(self) -> date:
        """First day of the exported history: a Monday, ``months`` months before the end."""
        month = self.end.year * 12 + self.end.month - 1 - self.months
        first_of_month = date(month // 12, month % 12 + 1, 1)
        day = min(self.end.day, _days_in_month(first_of_month))
        begin = first_of_month.replace(day=day) + timedelta(days=1)
        return begin + timedelta(days=-begin.weekday() % 7)

    @property
    def days(self) -> int:
        """Days of the exported history."""
        return (self.end - self.start).days + 1

    @property
    def origin(self) -> date:
        """First simulated day: the export's start less the warm-up."""
        return self.start - timedelta(days=self.warmup_days)

    @property
    def supplier_count(self) -> int:
        """Number of suppliers, derived from the number of SKUs when it was not given."""
        return self.suppliers if self.suppliers is not None else max(3, self.skus // 8)


def _days_in_month(first: date) -> int:
    following = (first + timedelta(days=32)).replace(day=1)
    return (following - first).days
