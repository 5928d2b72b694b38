"""Models of repeat purchases against published values, simulated truth and plain integration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate

from stockout.errors import ConfigError, NotKnownError
from stockout.impact.repeat_purchase.estimate import _churn_rate
from stockout.impact.repeat_purchase.likelihood import Pairs, grouped, log_likelihood
from stockout.impact.repeat_purchase.maximum_likelihood import Maximum
from stockout.impact.repeat_purchase.models import MODELS, Fit, fit_model, prospects

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray
    from tests.impact.repeat_purchase.conftest import Simulated

    Vector = NDArray[np.float64]

PUBLISHED = {
    "bgnbd": ([0.24259, 4.41353, 0.79289, 2.42575], -9582.4256, 1.22591, 0.72661),
    "mbgnbd": ([0.52484, 6.18299, 0.89136, 1.61400], -9582.1327, 1.26268, 0.70613),
    "pareto": ([0.55327, 10.57761, 0.60621, 11.66792], -9594.9739, 1.45511, 0.86912),
}
"""Fader, Hardie & Lee (2005) and CLVTools on CDNOW; then the customer (2, 30.43, 38.86)."""


def at(name: str, parameters: Vector, *customer: float) -> Fit:
    """A model with given parameters."""
    groups = grouped(*(np.array([value]) for value in customer or (0.0, 0.0, 1.0)))
    return Fit(MODELS[name], Maximum(parameters, np.eye(4), 0.0, True, None, 0), groups)


@pytest.mark.realdata
@pytest.mark.parametrize("name", PUBLISHED)
def test_published_values(name: str, real_data: Path) -> None:
    frame = pl.read_csv(real_data / "cdnow_summary.csv")
    x, t_x, until = (frame[column].cast(pl.Float64).to_numpy() for column in frame.columns[1:])
    parameters, value, _, _ = PUBLISHED[name]
    found = fit_model(name, x, t_x, until).maximum
    assert found.converged
    assert found.parameters == pytest.approx(parameters, rel=1e-3)
    assert found.log_likelihood == pytest.approx(value, abs=0.01)


@pytest.mark.parametrize("name", PUBLISHED)
def test_one_customer(name: str) -> None:
    parameters, _, expected, alive = PUBLISHED[name]
    fit = at(name, np.array(parameters), 2.0, 30.43, 38.86)
    found = prospects(fit, fit.groups, np.array([39.0]))
    assert found.expected[0, 0] == pytest.approx(expected, rel=1e-4)
    assert found.alive[0] == pytest.approx(alive, rel=1e-4)


@pytest.mark.parametrize("name", PUBLISHED)
@pytest.mark.parametrize("scale", [[1.3, 0.8, 0.9, 1.2], [0.2, 3, 4, 0.3], [5, 0.1, 0.2, 9]])
def test_derivatives(name: str, scale: list[float], simulated: Callable[..., Simulated]) -> None:
    x, t_x, until, _ = simulated(300)
    groups, model = grouped(x, t_x, until), MODELS[name]
    logs = np.log(np.array(PUBLISHED[name][0]) * scale)
    found = log_likelihood(model, np.exp(logs), groups)
    size = np.abs(found.gradient).max()
    for k, step in enumerate(1e-5 * np.eye(4)):
        above = log_likelihood(model, np.exp(logs + step), groups)
        below = log_likelihood(model, np.exp(logs - step), groups)
        slope = (above.value - below.value) / 2e-5
        assert slope == pytest.approx(found.gradient[k], rel=1e-6, abs=1e-6 * size)
        bend = (above.gradient - below.gradient) / 2e-5
        assert bend == pytest.approx(found.hessian[k], rel=1e-5, abs=1e-6 * size)


def test_pareto_likelihood_is_the_integral() -> None:
    """For customers whose Gauss hypergeometric functions would cancel or overflow."""
    for r, alpha, s, beta, x, t_x, until in (
        (0.5, 10.0, 0.6, 12.0, 2.0, 30.0, 39.0),
        (2.0, 0.3, 0.05, 900.0, 40.0, 99.0, 100.0),
        (0.1, 700.0, 3.0, 0.2, 0.0, 0.0, 52.0),
        (1.0, 5.0, 8.0, 600.0, 130.0, 77.0, 77.5),
    ):
        model, parameters = MODELS["pareto"], np.array([r, alpha, s, beta])
        time = [np.array([value]) for value in (until, t_x)]
        still = model.still_there(parameters, Pairs(np.array([x]), time[0])).value
        gone = model.gone(parameters, Pairs(np.array([x]), time[1])).value
        scale = -(r + x) * np.log(alpha + t_x) - s * np.log(beta + t_x)

        def dead(t: float) -> float:
            log = -(r + x) * np.log(alpha + t) - (s + 1) * np.log(beta + t)  # noqa: B023
            return float(np.exp(log - scale))  # noqa: B023

        area = integrate.quad(dead, t_x, until, epsabs=0, epsrel=1e-11)[0]
        alive = np.exp(-(r + x) * np.log(alpha + until) - s * np.log(beta + until) - scale)
        both = np.logaddexp(still, gone)[0] - scale
        assert both == pytest.approx(np.log(alive + s * area), abs=1e-7)


@pytest.mark.parametrize("name", PUBLISHED)
def test_expected_counts_are_those_of_the_future(name: str) -> None:
    """A customer without a history buys what the distribution of his counts has for a mean."""
    fit = at(name, np.array(PUBLISHED[name][0]), 0.0, 0.0, 0.0)
    weeks = np.array([26.0])
    ahead = prospects(fit, fit.groups, weeks).expected[0, 0]
    counts = fit.model.count_probabilities(fit.parameters, weeks, 400)[0]
    assert counts.sum() == pytest.approx(1, abs=1e-6)
    assert counts @ np.arange(400) == pytest.approx(ahead, rel=1e-4)


def test_recovery(simulated: Callable[..., Simulated]) -> None:
    truth = np.array(PUBLISHED["mbgnbd"][0])
    x, t_x, until, stays = simulated(15_000)
    fit = fit_model("mbgnbd", x, t_x, until)
    assert fit.maximum.converged
    apart = (fit.parameters - truth) / fit.maximum.standard_errors
    assert np.abs(apart).max() < 3
    assert (fit.maximum.standard_errors / truth < 0.2).all()
    rate = _churn_rate(fit)
    assert rate.value == pytest.approx(1 - stays.mean(), abs=0.03)
    assert rate.low < rate.value < rate.high


def test_probability_alive_is_calibrated(simulated: Callable[..., Simulated]) -> None:
    x, t_x, until, stays = simulated(15_000, 2)
    fit = fit_model("mbgnbd", x, t_x, until)
    order = np.lexsort((until, t_x, x))
    each = fit._replace(groups=grouped(x[order], t_x[order], until[order]))
    alive = prospects(each, each.groups, np.empty(0)).alive
    truth = stays[order]
    for low, high in ((0, 0.2), (0.2, 0.5), (0.5, 0.8), (0.8, 1)):
        band = (alive >= low) & (alive <= high)
        assert truth[band].mean() == pytest.approx(alive[band].mean(), abs=0.04)


@pytest.mark.parametrize("name", PUBLISHED)
def test_probability_alive_at_the_edges(name: str) -> None:
    parameters = np.array(PUBLISHED[name][0])

    def alive(*customer: float) -> float:
        fit = at(name, parameters, *customer)
        return float(prospects(fit, fit.groups, np.empty(0)).alive[0])

    once = alive(0.0, 0.0, 500.0)
    assert once == 1 if name == "bgnbd" else once < 0.5
    assert alive(300.0, 52.0, 104.0) < 1e-12  # twice a week, then a year of nothing
    just_bought = alive(5.0, 52.0, 52.0)
    assert just_bought == pytest.approx(1) if name == "pareto" else 0.8 < just_bought < 1
    fresh = alive(0.0, 0.0, 0.0)
    _, _, a, b = parameters
    assert fresh == pytest.approx(b / (a + b) if name == "mbgnbd" else 1)


@given(
    name=st.sampled_from(sorted(PUBLISHED)),
    x=st.integers(0, 2000),
    weeks=st.floats(0, 2000),
    share=st.floats(0, 1),
    scale=st.lists(st.floats(0.02, 50), min_size=4, max_size=4),
)
def test_every_customer_has_finite_figures(
    name: str, x: int, weeks: float, share: float, scale: list[float]
) -> None:
    fit = at(
        name,
        np.array(PUBLISHED[name][0]) * scale,
        float(x),
        min(weeks * share, weeks) if x else 0.0,
        weeks,
    )
    sums = log_likelihood(fit.model, fit.parameters, fit.groups)
    assert np.isfinite(sums.value)
    assert np.isfinite(sums.gradient).all()
    assert np.isfinite(sums.hessian).all()
    ahead = prospects(fit, fit.groups, np.array([0.0, 1.0, 52.0]))
    assert 0 <= ahead.alive[0] <= 1
    assert np.isfinite(ahead.if_alive).all()
    assert (np.diff(ahead.if_alive[0]) >= -1e-15).all()
    assert ahead.if_alive[0, 0] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("name", PUBLISHED)
def test_customers_who_never_leave_give_no_maximum(name: str) -> None:
    generator = np.random.default_rng(5)
    weeks = np.full(2000, 52.0)
    rate = generator.gamma(2.0, 0.2, 2000)
    x = generator.poisson(rate * weeks).astype(float)
    # The last of x purchases at random times.
    t_x = np.where(x > 0, weeks * generator.random(2000) ** (1 / np.maximum(x, 1)), 0.0)
    found = fit_model(name, x, t_x, weeks).maximum
    if found.converged:  # a little churn may be all that the sample tells
        assert found.standard_errors[2] > 0.3 * found.parameters[2]
    else:
        assert found.reason is not None
        assert "bound" in found.reason or "do not tell" in found.reason
        assert np.isnan(found.standard_errors).all()


def test_too_few_repeat_buyers() -> None:
    x = np.array([1.0] * 29 + [0.0] * 500)
    with pytest.raises(NotKnownError, match="29 of 529 customers bought again"):
        fit_model("mbgnbd", x, x, x + 9)


def test_no_such_model() -> None:
    with pytest.raises(ConfigError, match="found 'nbd', expected mbgnbd, bgnbd, pareto"):
        fit_model("nbd", np.ones(50), np.ones(50), np.full(50, 2.0))
