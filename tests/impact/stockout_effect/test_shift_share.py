"""Exposure-robust errors against the formula written out."""

from __future__ import annotations

import numpy as np
import pytest

from stockout.impact.stockout_effect.regression import Design, poisson, two_stage
from stockout.impact.stockout_effect.shift_share import shares, shift_share_error


def world(
    seed: int, rows: int = 300, skus: int = 12
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Shares (rows, skus), their instrument, controls and residuals that the SKUs share."""
    rng = np.random.default_rng(seed)
    share = rng.gamma(0.5, 1.0, (rows, skus)) * (rng.random((rows, skus)) < 0.4)
    shock = rng.normal(0, 1, skus)
    controls = np.column_stack([np.ones(rows), rng.normal(0, 1, rows)])
    noise = share @ rng.normal(0, 1, skus) + rng.normal(0, 0.1, rows)
    return share, share @ shock, controls, noise


def test_error_is_the_formula_of_adao_kolesar_and_morales() -> None:
    share, instrument, controls, noise = world(1)
    row, shock = np.nonzero(share)
    cluster = np.arange(share.shape[1]) // 2  # SKUs at two locations
    apart = instrument - controls @ np.linalg.lstsq(controls, instrument, rcond=None)[0]
    influence = apart / (apart @ apart)
    slope = np.linalg.lstsq(np.column_stack([instrument, controls]), noise, rcond=None)[0]
    residual = noise - np.column_stack([instrument, controls]) @ slope

    of_shock = np.linalg.lstsq(share, influence, rcond=None)[0]
    score = of_shock * (share.T @ residual)
    direct = np.sqrt(sum(score[cluster == c].sum() ** 2 for c in range(cluster.max() + 1)))

    sparse = shares(row, shock, share[row, shock], len(share), cluster)
    [found] = shift_share_error(sparse, influence, residual)
    assert found.error == pytest.approx(direct, rel=1e-4)
    assert 1 < found.effective <= cluster.max() + 1


def test_rows_of_one_shock_each_have_the_error_of_the_formula() -> None:
    """Where each row has one share, one row a shock stands for all of it."""
    rng = np.random.default_rng(2)
    rows, skus = 400, 15
    shock, weight = rng.integers(0, skus, rows), rng.gamma(2.0, 1.0, rows)
    influence, residual = rng.normal(0, 1, (2, rows))
    share = np.zeros((rows, skus))
    share[np.arange(rows), shock] = weight
    of_shock = np.linalg.lstsq(share, influence, rcond=None)[0]
    direct = np.sqrt(((of_shock * (share.T @ residual)) ** 2).sum())

    sparse = shares(np.arange(rows), shock, weight, rows, np.arange(skus))
    twice = shift_share_error(sparse, influence, residual, 2 * residual)
    assert [each.error for each in twice] == pytest.approx([direct, 2 * direct], rel=1e-4)


def test_errors_that_skus_share_are_wider_than_those_of_independent_rows() -> None:
    """The error of the estimates over many worlds is the shift-share one, not the usual one."""
    estimates, robust, usual = [], [], []
    for seed in range(120):
        share, instrument, controls, noise = world(seed, skus=40)
        row, shock = np.nonzero(share)
        sparse = shares(row, shock, share[row, shock], len(share), np.arange(40))
        one = instrument[:, None]
        found = two_stage(noise, Design(one, one, controls, sparse, np.arange(len(share))))
        assert found is not None
        estimates.append(found.value)
        robust.append(found.shift_share_error)
        usual.append(found.customer_error)
    spread = np.std(estimates)
    assert np.mean(robust) == pytest.approx(spread, rel=0.25)
    assert np.mean(usual) < 0.7 * spread


def test_two_stages_recover_a_slope_through_an_instrument() -> None:
    rng = np.random.default_rng(3)
    share, instrument, controls, _ = world(3, rows=4000)
    hidden = rng.normal(0, 1, len(share))
    treatment = instrument + hidden
    outcome = 0.5 * treatment - hidden + rng.normal(0, 0.1, len(share))
    row, shock = np.nonzero(share)
    sparse = shares(row, shock, share[row, shock], len(share), np.arange(share.shape[1]))
    design = Design(
        treatment[:, None], instrument[:, None], controls, sparse, np.arange(len(share))
    )
    found = two_stage(outcome, design)
    assert found is not None
    assert found.value == pytest.approx(0.5, abs=0.05)
    direct = Design(treatment[:, None], treatment[:, None], *design[2:])
    assert two_stage(outcome, direct).value < 0.35  # type: ignore[union-attr]


def test_nothing_varies_so_there_is_no_coefficient() -> None:
    share, _, controls, noise = world(4)
    row, shock = np.nonzero(share)
    sparse = shares(row, shock, share[row, shock], len(share), np.arange(share.shape[1]))
    none = np.zeros((len(share), 1))
    design = Design(none, none, controls, sparse, np.arange(len(share)))
    assert two_stage(noise, design) is None
    assert poisson(np.ones(len(share)), design) is None


def test_poisson_recovers_a_relative_effect() -> None:
    rng = np.random.default_rng(5)
    share, instrument, controls, _ = world(5, rows=5000)
    instrument /= instrument.std()
    counts = rng.poisson(np.exp(1.0 - 0.3 * instrument + 0.2 * controls[:, 1])).astype(float)
    row, shock = np.nonzero(share)
    sparse = shares(row, shock, share[row, shock], len(share), np.arange(share.shape[1]))
    one = instrument[:, None]
    found = poisson(counts, Design(one, one, controls, sparse, np.arange(len(share))))
    assert found is not None
    assert found.value == pytest.approx(-0.3, abs=0.03)
