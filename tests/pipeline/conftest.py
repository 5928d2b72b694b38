"""Folders of results by hand, and a small shop of two suppliers to run on."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest

from stockout.config import load_config

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stockout.config import Config

PRODUCTS = "sku,name,supplier_id,unit_cost,moq,pack_size\n00123,Tea,S 1,2,6,6\n00456,Cup,T,4,1,1\n"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Two SKUs of two suppliers that sell 3 and 1 units a day and have hardly any stock left."""
    days = [date(2026, 4, 6) + timedelta(day) for day in range(84)]
    units = pl.DataFrame({"sku": ["00123", "00456"], "units": [3, 1]})
    pl.DataFrame({"date": days}).join(units, how="cross").write_csv(tmp_path / "sales.csv")
    (tmp_path / "inventory.csv").write_text(
        "date,sku,on_hand\n2026-06-28,00123,2\n2026-06-28,00456,1\n"
    )
    (tmp_path / "products.csv").write_text(PRODUCTS)
    return tmp_path


@pytest.fixture
def settings(shop: Path) -> Callable[..., Config]:
    """Gives the configuration of the shop, with more settings at its end."""

    def load(more: str = "") -> Config:
        file = shop / "stockout.toml"
        file.write_text(
            "default_lead_time_days = 7\n[tables]\nsales = 'sales.csv'\n"
            f"inventory = 'inventory.csv'\nproducts = 'products.csv'\n{more}"
        )
        return load_config(file)

    return load
