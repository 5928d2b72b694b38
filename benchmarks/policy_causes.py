"""Where the cost of ordering comes from: the forecast's mean, its spread, or the policy.

    python benchmarks/policy_causes.py [--items N] [--sets online_retail,pasta,simulator]

The plays of ``policy_replay.py``, with the forecast of ``stockout.reorder`` exchanged for another
one in the same policy. Every forecast is made once a week from all demand up to then, as if no
shelf had been empty, so that the plays differ in nothing else; without peaks where it is not said
otherwise. ``level known`` is the mean of the
13 weeks before and the 13 after: what no forecast can know. Printed is the cost over that of
order-up-to four weeks of a 13-week mean, less 1.
"""

from __future__ import annotations

import argparse
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from policy_replay import add_options, cases_of
from stockout.demand.history import demand_history
from stockout.forecasting.fit import fit
from stockout.forecasting.peaks import Cycles
from stockout.replenishment.newsvendor import critical_ratio_lost_sales
from stockout.replenishment.position import Arrivals
from stockout.replenishment.projection import Plan, project
from stockout.replenishment.replay import State, replay
from stockout.replenishment.replay_policies import tables_of, textbook, weeks_of_cover
from stockout.tables import ITEM

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from numpy.typing import NDArray

    from stockout.forecasting.demand_model import DemandModel
    from stockout.replenishment.replay import Policy, Setting

    Matrix = NDArray[np.float64]
    Change = Callable[[DemandModel, "State"], DemandModel]
    Fits = dict[tuple[date, bool], DemandModel]  # as-of, with peaks

AROUND = 13  # weeks


def unchanged(model: DemandModel, _: State) -> DemandModel:
    """The forecast as it is."""
    return model


def scaled(mean: float = 1.0, spread: float = 1.0) -> Change:
    """Mean and standard deviation times a number."""

    def change(model: DemandModel, _: State) -> DemandModel:
        return replace(
            model,
            mean=model.mean * mean,
            noise=model.noise * spread**2,
            level_variance=model.level_variance * spread**2,
        )

    return change


def flat(before: int, after: int) -> Change:
    """The mean demand of so many weeks before and after as-of, in all weeks to come."""

    def change(model: DemandModel, state: State) -> DemandModel:
        now = len(state.sold)
        around = np.nan_to_num(state.setting.demand[max(0, now - before) : now + after])
        return replace(model, mean=np.tile(around.mean(axis=0), (len(model.mean), 1)))

    return change


CHANGES: dict[str, Change] = {
    "and without peaks: as it is": unchanged,
    "mean x 0.9": scaled(mean=0.9),
    "mean x 1.1": scaled(mean=1.1),
    "spread x 0.7": scaled(spread=0.7),
    "spread x 1.3": scaled(spread=1.3),
    "mean of the last 13 weeks": flat(AROUND, 0),
    "mean of the last 26 weeks": flat(2 * AROUND, 0),
    "level known": flat(AROUND, AROUND),
}


def policy_of(
    change: Change, fitted: Fits, *, least_cost: bool = True, peaks: bool = False
) -> Policy:
    """The policy of the reorder list on a changed forecast; or the quantile of the last cycle."""

    def policy(as_of: date, state: State) -> Matrix:
        setting = state.setting
        if (as_of, peaks) not in fitted:
            fitted[as_of, peaks] = _fit(as_of, state, peaks=peaks)
        model = change(fitted[as_of, peaks], state)
        items = setting.items.height
        each = np.ones(items)
        level = critical_ratio_lost_sales(setting.shortage_cost, setting.holding_cost, 1)
        coming = state.coming[:-1]
        plan = Plan(
            stock=state.stock,
            arrivals=Arrivals(
                np.tile(np.arange(1.0, len(coming) + 1), (items, 1)), coming.T.copy()
            ),
            lead_time=each * setting.lead_time,
            lead_time_sd=0 * each,
            review=each * setting.review,
            level=each * float(level),
            is_fill_rate=each < 0,
            is_service_level=each < (0 if least_cost else 2),
        )
        needed = project(model, plan).needed
        return np.where(model.mean.sum(axis=0) > 0, np.ceil(needed - 1e-9), 0)

    return policy


def _fit(as_of: date, state: State, *, peaks: bool) -> DemandModel:
    """The forecast from all demand up to as-of, its columns in the order of the setting."""
    setting = state.setting
    seen = setting.demand[: len(state.sold)]
    whole = State(setting, seen, np.ones(seen.shape, dtype=bool), state.stock + 1, state.coming)
    tables = tables_of(as_of, whole)
    history = demand_history(tables["sales"], tables["inventory"], as_of=as_of, freq="week")
    weeks = setting.lead_time + setting.review
    level = critical_ratio_lost_sales(setting.shortage_cost, setting.holding_cost, setting.review)
    each = np.ones(history.items.height)
    cycles = None if peaks else Cycles(each * setting.days * setting.review, each * float(level))
    model = fit(history, weeks + setting.review, float(weeks), cycles=cycles)
    place = setting.items.join(
        history.items.with_row_index("j"), on=ITEM, how="left", maintain_order="left"
    )["j"]
    at, known = place.fill_null(0).to_numpy(), place.is_not_null().to_numpy()
    return replace(
        model,
        mean=model.mean[:, at] * known,
        noise=model.noise[at],
        period_noise=model.period_noise[at],
        level_variance=model.level_variance[at],
        is_integer=model.is_integer[at],
        model=model.model[at],
    )


def costs(setting: Setting) -> dict[str, float]:
    """Cost of each forecast, and of the rules beside."""
    fitted: Fits = {}
    plays = {"13 weeks x 4": weeks_of_cover(4), "textbook": textbook()}
    plays["quantile of the last cycle"] = policy_of(unchanged, fitted, least_cost=False, peaks=True)
    plays["with the next order"] = policy_of(unchanged, fitted, peaks=True)
    for name, change in CHANGES.items():
        plays[name] = policy_of(change, fitted)
    return {name: replay(setting, policy).figures().cost for name, policy in plays.items()}


def main() -> None:
    """Prints a column for each play."""
    parser = argparse.ArgumentParser()
    add_options(parser)
    logging.disable(logging.WARNING)
    found = {
        title: costs(setting)
        for group in cases_of(parser.parse_args()).values()
        for title, setting, _, _ in group
    }
    for number, title in enumerate(found, start=1):
        print(f"{number}: {title}")
    print(f"{'':28}" + "".join(f"{number:>9}" for number in range(1, len(found) + 1)))
    for name in next(iter(found.values())):
        ratios = (by_name[name] / by_name["13 weeks x 4"] - 1 for by_name in found.values())
        print(f"{name:28}" + "".join(f"{ratio:+9.1%}" for ratio in ratios))


if __name__ == "__main__":
    main()
