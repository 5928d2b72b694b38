"""The sections ``[forecast]`` and ``[reorder]``."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from stockout.config.values import (
    LeadTime,
    NotNegative,
    ReviewTime,
    Section,
    Share,
    Text,
    no_bool,
    split_commas,
)

_MOST_PERIODS = 10_000
"""More than a planner can mean: 27 years of days."""


class ForecastConfig(Section):
    """Settings of ``stockout forecast``.

    Attributes:
        horizon: Periods to forecast; None lets the command choose by frequency.
        levels: Quantile levels, each strictly between 0 and 1.
        models: Names of the models; None is all fast ones, and the costly ones within the budget.
        time_budget: Seconds that costly models may take, by the cost table; 0 is the default, and
            tries none unless ``models`` names them.
    """

    horizon: Annotated[int, BeforeValidator(no_bool), Field(ge=1, le=_MOST_PERIODS)] | None = None
    levels: Annotated[list[Share], BeforeValidator(split_commas), Field(min_length=1)] = Field(
        default_factory=lambda: [0.5, 0.9]
    )
    models: Annotated[list[Text], BeforeValidator(split_commas), Field(min_length=1)] | None = None
    time_budget: NotNegative = 0.0

    @field_validator("levels")
    @classmethod
    def _levels_differ(cls, levels: list[float]) -> list[float]:
        names = {f"{100 * level:g}" for level in levels}  # of their columns: q50, q97.5
        if len(names) < len(levels) or names & {"0", "100"}:
            raise ValueError("levels that differ from each other and from 0 and 1 in six digits")
        return levels


class ReorderConfig(Section):
    """Settings of ``stockout reorder``; at most one kind of target.

    Attributes:
        unmet: What happens to demand that meets no stock: ``lost`` or ``backorder``.
        service_level: Target probability of no stockout in a cycle, between 0 and 1.
        fill_rate: Target share of demand served from stock, between 0 and 1.
        shortage_cost: Money per unit lost (or backordered).
        holding_cost: Money per unit and period in stock; with an order cost and no shortage cost
            it is no target, but what the order cost is weighed against.
        targets: Service level by category or ABC class.
        order_cost: Money per order of an item, whatever its quantity.
        policy: ``periodic`` or ``continuous`` review.
        sold_before_expiry: Probability with which an order is sold within its shelf life.
        below_minimum: What becomes of an order below its supplier's minimum: ``raise``, ``hold``.
        budget: Most that may be spent on this order, in money.
        review_days: Days between two orders.
        lead_time_days: Days from order to receipt, for every item.
    """

    unmet: Literal["lost", "backorder"] = "lost"
    service_level: Share | None = None
    fill_rate: Share | None = None
    shortage_cost: NotNegative | None = None
    holding_cost: NotNegative | None = None
    targets: dict[str, Share] = Field(default_factory=dict)
    order_cost: NotNegative | None = None
    policy: Literal["periodic", "continuous"] = "periodic"
    sold_before_expiry: Share = 0.9
    below_minimum: Literal["raise", "hold"] = "raise"
    budget: NotNegative | None = None
    review_days: ReviewTime | None = None
    lead_time_days: LeadTime | None = None

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        weighed = self.order_cost is not None and self.shortage_cost is None
        given = [
            name
            for name, values in (
                ("service_level", (self.service_level,)),
                ("fill_rate", (self.fill_rate,)),
                (
                    "shortage_cost with holding_cost",
                    () if weighed else (self.shortage_cost, self.holding_cost),
                ),
            )
            if any(value is not None for value in values)
        ]
        if len(given) > 1:
            raise ValueError(f"one kind of target, not {' and '.join(given)}")
        return self
