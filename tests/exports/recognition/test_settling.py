"""What the reading leaves open: order of dates, decimal mark, encoding, date of a stock list."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.exports.recognition.conftest import Find


def sales(*dates: str) -> str:
    """Sales of one item on these dates."""
    return "date,sku,units\n" + "".join(f"{day},A,2\n" for day in dates)


AMBIGUOUS = ["03/05/2026", "02/01/2026", "04/02/2026"]
IN_ORDER = [f"{day:02}/{month:02}/2026" for month in (1, 2, 3) for day in (3, 5, 7, 9)]


def test_a_date_that_settles_the_column_needs_no_question(find: Find) -> None:
    outcome = find({"sales.csv": sales(*AMBIGUOUS, "28/02/2026")})
    assert outcome.asked == []
    assert outcome.confidence("sales") == "certain"
    assert outcome.tables == {"sales": {"path": "exports/sales.csv"}}


def test_ambiguous_dates_are_guessed_with_a_loud_comment(find: Find) -> None:
    outcome = find({"sales.csv": sales(*AMBIGUOUS)})
    [question] = outcome.asked
    assert question.text == "Dates such as 03/05/2026: is the day or the month first?"
    assert question.options == ("day first", "month first")
    assert not question.sure
    assert outcome.tables == {"sales": {"path": "exports/sales.csv", "date_format": "%d/%m/%Y"}}
    assert outcome.confidence("sales") == "guess"
    assert "GUESS: nothing in the files tells" in outcome.words
    assert 'the other reading is "%m/%d/%Y"' in outcome.words


def test_the_user_says_which_is_first(find: Find) -> None:
    outcome = find({"sales.csv": sales(*AMBIGUOUS)}, answers={"Dates such as": "month"})
    assert outcome.tables == {"sales": {"path": "exports/sales.csv", "date_format": "%m/%d/%Y"}}
    assert outcome.confidence("sales") == "certain"
    assert "as you said" in outcome.words


def test_rows_in_order_of_time_speak_for_the_day_first(find: Find) -> None:
    outcome = find({"sales.csv": sales(*IN_ORDER)})
    assert outcome.tables == {"sales": {"path": "exports/sales.csv", "date_format": "%d/%m/%Y"}}
    assert [question.sure for question in outcome.asked] == [True]
    assert outcome.confidence("sales") == "likely"


def test_rows_sorted_as_texts_prove_nothing(find: Find) -> None:
    outcome = find({"sales.csv": sales(*sorted(IN_ORDER))})
    assert [question.sure for question in outcome.asked] == [False]
    assert outcome.confidence("sales") == "guess"


ACME = """
system = "Acme"
[exports.bill]
title = "bills"
headers = "documented"
recognise = [["bill day"], ["code"]]
[exports.bill.tables.sales.columns]
date = ["bill day"]
sku = ["code"]
units = ["pcs"]
[exports.count]
title = "counts"
headers = "documented"
recognise = [["count day"], ["code"]]
[exports.count.tables.inventory.columns]
date = ["count day"]
sku = ["code"]
on_hand = ["pcs"]
"""


def test_another_export_of_the_system_settles_it(find: Find) -> None:
    outcome = find(
        {
            "bills.csv": "bill day,code,pcs\n03/05/2026,A,2\n",
            "count.csv": "count day,code,pcs\n05/27/2026,A,9\n",
        },
        profiles={"acme.toml": ACME},
    )
    assert outcome.tables == {
        "sales": {
            "path": "exports/bills.csv",
            "profile": "acme.toml/bill",
            "date_format": "%m/%d/%Y",
        },
        "inventory": {"path": "exports/count.csv", "profile": "acme.toml/count"},
    }
    [question] = outcome.asked
    assert question.sure
    assert "count.csv of the same system" in question.why


def test_ambiguous_numbers_are_guessed_with_a_loud_comment(find: Find) -> None:
    outcome = find({"stock.csv": 'date,sku,on_hand\n2026-01-05,A,"1,234"\n2026-01-05,B,7\n'})
    [question] = outcome.asked
    assert question.options == ("a point (1234)", "a comma (1.234)")
    assert not question.sure
    assert outcome.tables == {"inventory": {"path": "exports/stock.csv", "decimal": "."}}
    assert outcome.confidence("inventory") == "guess"
    assert "1,234 would also be 1.234" in outcome.words


def test_the_user_says_which_mark_is_decimal(find: Find) -> None:
    files = {"stock.csv": "date;sku;on_hand\n2026-01-05;A;1.234\n"}
    outcome = find(files, answers={"decimal": "a point"})
    assert outcome.tables == {"inventory": {"path": "exports/stock.csv", "decimal": "."}}


def test_an_encoding_is_asked_for_only_where_the_text_is_an_export(find: Find) -> None:
    text = "date;item code;qty\n2026-01-05;Käse;3\n".encode("latin-1")
    letter = "Grüße von der Küste\n".encode("latin-1")
    outcome = find({"sales.csv": text, "letter.txt": letter})
    assert [question.text for question in outcome.asked] == ["How is its text written?"]
    assert outcome.asked[0].options[0].startswith("cp1252, Western European:")
    assert outcome.found.sources[0].proposal.source()["encoding"] == "cp1252"
    assert outcome.confidence("sales") == "guess"
    assert set(outcome.left_out) == {"letter.txt"}


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("stock 2026-03-31.csv", "sku,on_hand\nA,5\n", "2026-03-31"),
        ("stock.csv", "As of 31.03.2026,\nsku,on_hand\nA,5\n", "2026-03-31"),
    ],
)
def test_a_stock_list_is_dated_by_its_name_or_title(
    find: Find, name: str, text: str, told: str
) -> None:
    outcome = find({name: text})
    assert outcome.found.as_of is None
    assert f"date: {told}, from the rows above the header or the file's name" in outcome.words
    assert outcome.found.sources[0].rows == 1


def test_a_stock_list_without_any_date_is_of_the_last_day_of_the_others(find: Find) -> None:
    files = {"sales.csv": sales("2026-03-28", "2026-03-30"), "stock.csv": "sku,on_hand\nA,5\n"}
    outcome = find(files)
    assert outcome.found.as_of is not None
    assert outcome.found.as_of.value == date(2026, 3, 30)
    assert "as_of = 2026-03-30" in outcome.words
    assert "a guess: last day of the other exports" in outcome.words
    told = find(files, as_of=date(2026, 3, 31))
    assert "as --as-of said" in told.words
    assert "as_of = 2026-03-31" in told.text


def test_a_stock_list_that_nothing_dates_is_a_problem(find: Find) -> None:
    outcome = find({"stock.csv": "sku,on_hand\nA,5\n"})
    assert not outcome.found.is_usable
    assert "PROBLEM" in outcome.words
    assert "--as-of" in outcome.words


def purchases(days: Sequence[int]) -> str:
    """Lines that took so many days."""
    rows = "".join(f"P{n},A,2026-01-01,{date(2026, 1, 1 + n)},5\n" for n in days)
    return "po_id,sku,order_date,received_date,ordered_units\n" + rows


def test_the_lead_time_is_the_median_of_what_was_received(find: Find) -> None:
    outcome = find({"purchases.csv": purchases([7, 9, 8, 30, 8])})
    assert outcome.found.lead_time_days.value == 8
    assert "a guess: median of 5 received lines, used where purchases tell none" in outcome.words


def test_few_receipts_are_no_measurement(find: Find) -> None:
    outcome = find({"purchases.csv": purchases([7, 9, 8, 30])})
    assert outcome.found.lead_time_days.value == 14
    assert "default_lead_time_days = 14 # a guess: no purchase tells" in outcome.words


def test_what_does_not_read_is_told_with_the_key_to_change(find: Find) -> None:
    outcome = find({"sales.csv": "date,sku,units\n2026-01-05,A,2\n2026-01-06,B,two\n"})
    [source] = outcome.found.sources
    assert source.rows is None
    assert source.proposal.problems[0].startswith("exports/sales.csv:3:units: not a number")
    assert "PROBLEM: exports/sales.csv:3:units: not a number" in outcome.words


def test_warnings_of_the_reading_stand_in_the_configuration(find: Find) -> None:
    outcome = find({"sales.csv": "date,sku,location,units\n2026-01-05,A,,2\n2026-01-06,A,L1,2\n"})
    assert "sales: 1 row without a location, taken as ALL" in outcome.words
