"""The real data sets are recognised, and their doubts are told."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.exports.recognition.conftest import Find

pytestmark = pytest.mark.realdata


def linked(name: str, real_data: Path, tmp_path: Path) -> None:
    """Puts one of the data sets into the folder of exports."""
    (tmp_path / "exports").mkdir()
    shutil.copy(real_data / name, tmp_path / "exports" / name)


def test_online_retail_is_certain(find: Find, real_data: Path, tmp_path: Path) -> None:
    linked("online_retail_2009_2010.parquet", real_data, tmp_path)
    outcome = find({})
    assert outcome.asked == []
    assert outcome.confidence("sales") == "certain"
    assert outcome.tables == {
        "sales": {
            "path": "exports/online_retail_2009_2010.parquet",
            "columns": {
                "date": "InvoiceDate",
                "sku": "StockCode",
                "units": "Quantity",
                "unit_price": "Price",
                "order_id": "Invoice",
            },
        }
    }
    assert outcome.found.sources[0].rows == 525_461


def test_freshretail_asks_for_the_units(find: Find, real_data: Path, tmp_path: Path) -> None:
    linked("freshretailnet_even_stores.parquet", real_data, tmp_path)
    outcome = find({})
    assert [question.text for question in outcome.asked] == ["Which column is units of sales?"]
    assert outcome.found.sources[0].proposal.columns == {
        "date": "dt",
        "sku": "product_id",
        "location": "store_id",
        "units": "sale_amount",
    }
    assert outcome.confidence("sales") == "guess"
    assert "'stockout_hours_6_21' may tell how long an item was out of stock" in outcome.words


def test_brands_of_pasta_are_not_mixed(find: Find, real_data: Path, tmp_path: Path) -> None:
    linked("pasta.parquet", real_data, tmp_path)
    outcome = find({})
    assert outcome.found.sources[0].proposal.columns["units"] == "value"
    assert "GUESS: without 'brand', rows repeat for one day and SKU" in outcome.words
    skus = outcome.found.sources[0].skus
    assert skus is not None
    assert skus.len() == 118
