"""What all tests share: where the real data sets are, and that nothing is timed."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

# How long an example takes is a matter of the machine, and no test is about time.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

ROOT = Path(__file__).parents[1]


def _real_data() -> Path:
    return Path(os.environ.get("STOCKOUT_REALDATA") or ROOT.parent / "shared" / "data")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skips tests of real data where there are none, and says so."""
    if _real_data().is_dir():
        return
    reason = f"no real data sets in {_real_data()}; STOCKOUT_REALDATA names their folder"
    for item in items:
        if item.get_closest_marker("realdata"):
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture
def real_data() -> Path:
    """The folder of the real data sets; for tests that are marked ``realdata``."""
    return _real_data().resolve()


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the repository."""
    return ROOT


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    logger = logging.getLogger("stockout")
    before = logger.level, logger.propagate, list(logger.handlers)
    yield
    logger.setLevel(before[0])
    logger.propagate = before[1]
    logger.handlers[:] = before[2]
