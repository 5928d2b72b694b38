"""Work shared out to processes."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import loky
import numpy as np
import polars as pl
import pytest

from stockout import workers
from stockout.demand.history import demand_history
from stockout.forecasting import fit as fitting
from stockout.simulator.parameters import Parameters
from stockout.simulator.simulate import simulate
from stockout.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine of two cores, on which every part pays; no process outlives a test."""
    monkeypatch.setattr(workers, "LEAST_PARTS", 1)
    monkeypatch.setattr(loky, "cpu_count", lambda: 2)
    yield
    workers.stop()


def test_both_processes_work_and_nothing_is_lost() -> None:
    def square(number: int) -> tuple[int, int]:
        time.sleep(0.05)
        return number**2, os.getpid()

    shared = Workers.start(40, "numpy")
    found = dict(shared.share_out(square, ((n, (n,)) for n in range(40))))
    assert {n: square for n, (square, _) in found.items()} == {n: n**2 for n in range(40)}
    assert len({process for _, process in found.values()}) == 2


def test_work_of_a_process_that_dies_is_done_here() -> None:
    first = os.getpid()

    def square_or_die(number: int) -> int:
        if os.getpid() != first:  # as a process that the system kills for want of memory
            os.kill(os.getpid(), signal.SIGKILL)
        return number**2

    shared = Workers.start(6, "numpy")
    tasks = ((n, (n,)) for n in range(6))
    assert dict(shared.share_out(square_or_die, tasks)) == {n: n**2 for n in range(6)}


def test_what_is_done_aside_is_there_when_it_is_asked_for() -> None:
    first = os.getpid()

    def square_there(number: int) -> tuple[int, bool]:
        return number**2, os.getpid() != first

    def square_or_die(number: int) -> int:
        if os.getpid() != first:
            os.kill(os.getpid(), signal.SIGKILL)
        return number**2

    assert Workers.start(1, "numpy").aside(square_there, 3)() == (9, True)
    assert Workers.start(1, "numpy").aside(square_or_die, 3)() == 9
    assert Workers(None, 0).aside(square_there, 3)() == (9, False)


def test_error_of_the_work_is_told() -> None:
    shared = Workers.start(3, "numpy")
    with pytest.raises(ValueError, match="invalid literal"):
        list(shared.share_out(int, [(0, ("a",)), (1, (1,)), (2, (2,)), (3, (3,))]))


def test_little_work_and_a_single_core_start_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Workers.start(0, "numpy").executor is None
    monkeypatch.setattr(loky, "cpu_count", lambda: 1)
    assert Workers.start(100, "numpy").executor is None


def test_where_no_process_can_be_started_all_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(**_: object) -> None:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(loky, "get_reusable_executor", refused)
    shared = Workers.start(4, "numpy")
    assert dict(shared.share_out(abs, [(n, (-n,)) for n in range(4)])) == {n: n for n in range(4)}
    workers.stop()  # nor does the end of the command fail


def test_a_fit_is_the_same_to_the_last_digit(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = simulate(Parameters(seed=3, skus=20, locations=2, months=6)).tables
    history = demand_history(tables["sales"], tables["inventory"], tables["products"])
    monkeypatch.setattr(fitting, "BLOCK", 4)
    monkeypatch.setattr(fitting, "SAMPLE", 8)
    monkeypatch.setattr(fitting, "JUDGED", 4)
    given: list[int] = []
    share_out = Workers.share_out

    def counted(self: Workers, work: object, tasks: object) -> object:
        given.append(self.processes)
        return share_out(self, work, tasks)  # type: ignore[arg-type]

    monkeypatch.setattr(Workers, "share_out", counted)
    shared = fitting.fit(history, 28)
    monkeypatch.setattr(workers, "LEAST_PARTS", 1000)
    alone = fitting.fit(history, 28)
    assert given == [1, 0]
    for name in ("mean", "noise", "period_noise", "level_variance", "sum_shift", "period_shift"):
        np.testing.assert_array_equal(getattr(shared, name), getattr(alone, name))
    assert pl.Series(shared.model).equals(pl.Series(alone.model))
