"""Which models forecast: the fast ones, costly ones beside them, or one model of all items."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, NamedTuple

from stockout.errors import ConfigError
from stockout.forecasting.costly_models import COSTLY
from stockout.forecasting.event_effects import with_events, without_events
from stockout.forecasting.fit import fit
from stockout.forecasting.models import PORTFOLIO, family

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from stockout.demand.history import History
    from stockout.forecasting.demand_model import DemandModel
    from stockout.forecasting.learned_demand import LearnedDemand

FAST = tuple(dict.fromkeys(family(name) for name in PORTFOLIO))
"""Families of the fast fit, which combines them for all items."""

GLOBAL = "global"
"""One gradient-boosted model of all items."""


class Portfolio(NamedTuple):
    """Models by what runs them."""

    fast: tuple[str, ...]  # families that the fast fit is restricted to; empty is all
    costly: tuple[str, ...]  # models fitted series by series
    is_global: bool  # one model of all items


def portfolio(names: Sequence[str] | None) -> Portfolio:
    """Sorts the names of models; None is the default: all fast ones.

    Args:
        names: Of :data:`FAST`, :data:`stockout.forecasting.costly_models.COSTLY`, or ``global``;
            in any case, in any order.

    Raises:
        ConfigError: There is no such model, or ``global`` stands beside others.

    >>> portfolio(["theta", "ses"])
    Portfolio(fast=('ses',), costly=('theta',), is_global=False)
    """
    wanted = [name.strip().lower() for name in names or ()]
    known = (*FAST, *COSTLY, GLOBAL)
    for name in wanted:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            raise ConfigError(
                f"models: found {name!r}, expected one or more of {', '.join(known)}",
                hint=f"did you mean {close[0]}?" if close else None,
            )
    if GLOBAL in wanted and set(wanted) & set(COSTLY):
        raise ConfigError(
            f"models: global forecasts all items by itself, so {', '.join(wanted)} cannot be had",
            hint="--models global, or the others without it",
        )
    return Portfolio(
        tuple(name for name in FAST if name in wanted),
        tuple(name for name in COSTLY if name in wanted),
        GLOBAL in wanted,
    )


def fitted(
    history: History,
    horizon: int,
    protection: ArrayLike | None = None,
    *,
    models: Sequence[str] | None = None,
    time_budget: float = 0.0,
    behind_sales: LearnedDemand | None = None,
) -> DemandModel:
    """Fits all items with the models and the time that are asked for.

    Args:
        history: From :func:`stockout.demand.history.demand_history`.
        horizon: Periods after as-of to forecast.
        protection: As for :func:`stockout.forecasting.fit.fit`.
        models: Names of models, as for :func:`portfolio`; None is all fast ones.
        time_budget: Seconds of one core that costly models may take, by the cost table; with 0,
            none are tried, or all items where ``models`` names them.
        behind_sales: As for :func:`stockout.forecasting.fit.fit`.

    Raises:
        ConfigError: A model's name is wrong, or its package is not installed.
    """
    chosen = portfolio(models)
    members = chosen.fast or None
    model = fit(history, horizon, protection, members=members, behind_sales=behind_sales)
    if model.effects is not None and (chosen.is_global or chosen.costly or time_budget > 0):
        plain, usual = without_events(model, history)
        return with_events(_beside(usual, plain, protection, chosen, time_budget), model.effects)
    return _beside(model, history, protection, chosen, time_budget)


def _beside(
    model: DemandModel,
    history: History,
    protection: ArrayLike | None,
    chosen: Portfolio,
    time_budget: float,
) -> DemandModel:
    """The fast fit with what else was asked for."""
    if chosen.is_global:
        from stockout.forecasting.global_model import global_model  # noqa: PLC0415  # an extra

        return global_model(model, history, protection)
    if not chosen.costly and time_budget <= 0:
        return model
    from stockout.forecasting.improve import PAYING, improved  # noqa: PLC0415  # only when asked

    return improved(
        model,
        history,
        protection,
        models=chosen.costly or PAYING,
        budget=time_budget if time_budget > 0 else None,
    )
