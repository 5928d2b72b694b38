"""Which table an export is, by the names of its columns and by what stands in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.exports.recognition.conftest import Find

SALES = "date,sku,units\n2026-01-05,A,2\n2026-01-06,B,1\n"
STOCK = "date,sku,on_hand\n2026-01-06,A,5\n2026-01-06,B,7\n"


@pytest.mark.parametrize(
    ("name", "text", "table"),
    [
        ("data.csv", "Date,Item code,Qty\n2026-01-05,A,2\n2026-01-06,B,1\n", "sales"),
        ("stock.csv", "Date,Item code,Qty\n2026-01-05,A,2\n2026-01-05,B,1\n", "inventory"),
        ("data.csv", "Date,Item code,Qty\n2026-01-05,A,-2\n2026-01-06,B,-1\n", "movements"),
        ("data.csv", "date,sku,units,kind\n2026-01-05,A,-2,sale\n2026-01-06,B,1,receipt\n",
         "movements"),
        ("data.csv", "sku,name,category,price\nA,Tea,hot,1.5\nB,Coffee,hot,2\n", "products"),
        ("data.csv", "Supplier code,Supplier name,Lead time in days\nS1,Acme,9\nS2,Bolt,7\n",
         "suppliers"),
        ("data.csv", "PO number,SKU,PO date,Order quantity,ETA\nP1,A,2026-01-05,20,2026-02-01\n",
         "purchases"),
        ("data.csv", "order_id,line,sku,units,order_date,due_date,shipped_date\n"
         "O1,1,A,2,2026-01-05,2026-01-09,\n", "orders"),
        ("data.csv", "customer_id,segment,first_date\nC1,shop,2026-01-05\nC2,web,2026-01-06\n",
         "customers"),
        ("data.csv", "location,name,kind\nL1,North,shop\nL2,South,depot\n", "locations"),
        ("data.csv", "date,holiday\n2026-01-01,New Year\n2026-04-03,Good Friday\n", "events"),
        ("data.csv", "sku,location,date,percent,reason\nA,L1,2026-02-02,25,fair\n", "overrides"),
    ],
)  # fmt: skip
def test_an_export_becomes_the_table_that_its_columns_say(
    find: Find, name: str, text: str, table: str
) -> None:
    found = find({name: text}).found
    assert [source.proposal.table for source in found.sources] == [table]
    assert found.sources[0].rows == len(text.splitlines()) - 1


def test_columns_with_other_names_are_named_in_the_configuration(find: Find) -> None:
    outcome = find({"data.csv": "Date,Item code,Qty\n2026-01-05,A,2\n"})
    assert outcome.tables == {
        "sales": {
            "path": "exports/data.csv",
            "columns": {"sku": "Item code", "units": "Qty"},
        }
    }
    assert outcome.confidence("sales") == "certain"
    assert outcome.asked == []


def test_names_of_ours_need_no_columns(find: Find) -> None:
    outcome = find({"sales.csv": SALES, "stock.csv": STOCK})
    assert outcome.tables == {
        "sales": {"path": "exports/sales.csv"},
        "inventory": {"path": "exports/stock.csv"},
    }


def test_of_two_columns_with_a_known_name_the_one_is_taken_whose_cells_fit(find: Find) -> None:
    text = "Day,Invoice date,SKU code,Item no,Qty\nMon,2026-01-05,,A,2\nTue,2026-01-06,,B,1\n"
    outcome = find({"sales.csv": text})
    assert outcome.tables == {
        "sales": {
            "path": "exports/sales.csv",
            "columns": {"date": "Invoice date", "sku": "Item no", "units": "Qty"},
        }
    }
    assert outcome.found.sources[0].rows == 2


def test_a_key_that_repeats_makes_no_master_data(find: Find) -> None:
    outcome = find({"data.csv": "sku,name\nA,Tea\nA,Coffee\nA,Milk\n"})
    assert outcome.tables == {}
    assert outcome.left_out == {"data.csv": "no table is known that has its columns: sku, name"}


def test_a_product_list_with_stock_is_both(find: Find) -> None:
    text = "sku,name,category,price,stock\nA,Tea,hot,1.5,4\nB,Coffee,hot,2,9\n"
    outcome = find({"sales.csv": SALES, "products.csv": text})
    assert set(outcome.tables) == {"sales", "inventory", "products"}
    with_stock = find({"stock.csv": STOCK})
    assert with_stock.tables["inventory"] == {"path": "exports/stock.csv"}


def test_a_lacking_column_is_asked_for_and_guessed_with_a_comment(find: Find) -> None:
    text = "date,sku,value,price\n2026-01-05,A,2,1.5\n2026-01-06,B,1,1.5\n"
    outcome = find({"sales.csv": text})
    assert [question.text for question in outcome.asked] == ["Which column is units of sales?"]
    assert not outcome.asked[0].sure
    assert outcome.confidence("sales") == "guess"
    assert "GUESS: nothing is called units" in outcome.words
    assert outcome.found.sources[0].proposal.columns["units"] == "value"


def test_what_the_user_answers_is_no_guess(find: Find) -> None:
    text = "date,sku,pieces,demand\n2026-01-05,A,2,3\n2026-01-06,B,1,4\n"
    outcome = find({"sales.csv": text}, answers={"units": "pieces"})
    assert outcome.found.sources[0].proposal.columns["units"] == "pieces"
    assert "GUESS:" not in outcome.words
    assert 'units = "pieces" # as you said' in outcome.words


def test_unknown_names_are_told_by_words_and_cells(find: Find) -> None:
    text = "Datum;Artikel;Menge\n05.01.2026;A;2\n17.01.2026;B;1\n"
    outcome = find({"umsatz.csv": text})
    assert [question.text for question in outcome.asked] == [
        "Which column is date of sales?",
        "Which column is sku of sales?",
        "Which column is units of sales?",
    ]
    assert outcome.tables == {
        "sales": {
            "path": "exports/umsatz.csv",
            "columns": {"date": "Datum", "sku": "Artikel", "units": "Menge"},
        }
    }
    assert outcome.found.sources[0].rows == 2


def test_no_guess_where_another_export_has_the_table(find: Find) -> None:
    text = "date,sku,value\n2026-01-05,A,2\n2026-01-06,B,1\n"
    outcome = find({"sales.csv": SALES, "study.csv": text})
    assert outcome.asked == []
    assert outcome.tables == {"sales": {"path": "exports/sales.csv"}}
    assert outcome.left_out == {"study.csv": "looks like sales, but nothing in it is called units"}


def test_our_own_results_are_no_exports(find: Find) -> None:
    reorder = "sku,location,on_hand,reorder_point,order_up_to,stockout_risk\nA,ALL,1,2,3,0.5\n"
    forecast = "sku,location,date,mean,q50,model\nA,ALL,2026-01-05,1,1,SES\n"
    outcome = find({"sales.csv": SALES, "reorder.csv": reorder, "forecast.csv": forecast})
    assert outcome.tables == {"sales": {"path": "exports/sales.csv"}}
    assert outcome.left_out == {
        "reorder.csv": "a reorder list that stockout wrote",
        "forecast.csv": "a forecast that stockout wrote",
    }


def test_two_tables_that_fit_alike_are_asked_about(find: Find) -> None:
    text = "date,sku,units\n2026-01-05,A,2\n2026-01-06,B,1\n2026-01-06,C,-1\n"
    outcome = find({"data.csv": text}, answers={"Which table": "movements"})
    assert [question.text for question in outcome.asked] == ["Which table is it?"]
    assert list(outcome.tables) == ["movements"]
    assert outcome.confidence("movements") == "certain"
