"""A small business without a fault in its data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stockout.simulator.parameters import Parameters
from stockout.simulator.simulate import simulate

if TYPE_CHECKING:
    import polars as pl


class Business(dict[str, "pl.DataFrame"]):
    """Tables by name, shown in a word where a test fails."""

    def __repr__(self) -> str:
        return "the clean business"


@pytest.fixture(scope="session")
def clean() -> Business:
    """Thirty SKUs in two locations, half a year; lines that were scanned twice are left out."""
    world = simulate(Parameters(seed=11, skus=30, locations=2, months=6, safety_factor=1.0))
    tables = dict(world.tables)
    tables["sales"] = tables["sales"].unique(maintain_order=True)
    return Business(tables)
