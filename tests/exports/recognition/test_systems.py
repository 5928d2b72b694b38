"""Exports of known systems: which one a header is, and what is taken from it."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest

from stockout.exports.profiles import built_in_profiles

if TYPE_CHECKING:
    from pathlib import Path

    from tests.exports.recognition.conftest import Find

ITEMS = "Material,Plant,Storage Location,Base Unit of Measure,Unrestricted\nM1,1000,0001,PC,5\n"
MOVED = (
    "Material,Plant,Storage location,Movement type,Posting Date,Qty in unit of entry,"
    "Unit of Entry,Material Document\n"
    "M1,1000,0001,601,2026-03-28,-2,PC,49\nM1,1000,0001,101,2026-03-29,20,PC,50\n"
)


def test_every_profile_is_known_by_the_samples_of_its_exports(root: Path, find: Find) -> None:
    missed = []
    for path in sorted((root / "tests" / "systems" / "samples").glob("*.toml")):
        for sample in tomllib.loads(path.read_text("utf-8"))["sample"]:
            outcome = find({"export.csv": sample["text"].lstrip("\n")})
            told = f"{path.stem}/{sample['export']}"
            profiles = {source.proposal.fit.profile for source in outcome.found.sources}
            if told not in profiles:
                missed.append(told)
    assert missed == []
    assert len(built_in_profiles()) >= 12


def test_sales_are_taken_from_movements_where_nothing_else_has_them(find: Find) -> None:
    outcome = find({"mb51.csv": MOVED, "mb52_20260329.csv": ITEMS})
    assert outcome.tables == {
        "sales": {"path": "exports/mb51.csv", "profile": "sap/mb51"},
        "inventory": {"path": "exports/mb52_20260329.csv", "profile": "sap/mb52"},
        "movements": {"path": "exports/mb51.csv", "profile": "sap/mb51"},
    }
    with_sales = find({"sales.csv": "date,sku,units\n2026-03-28,M1,2\n"})
    assert with_sales.tables["sales"] == {"path": "exports/sales.csv"}
    assert with_sales.tables["movements"] == {"path": "exports/mb51.csv", "profile": "sap/mb51"}


NAMESAKES = """
system = "Till"
[exports.sold]
title = "sold"
headers = "documented"
titles = ["sold"]
recognise = [["day"], ["code"], ["doc"]]
[exports.sold.tables.sales]
columns = { date = ["day"], sku = ["code"], units = ["pcs"] }
fields = { doc = { names = ["doc"] } }
exclude = [{ where = "doc <> 'sold'", reason = "no sales" }]
[exports.bought]
title = "bought"
headers = "documented"
titles = ["bought"]
recognise = [["day"], ["code"], ["doc"]]
[exports.bought.tables.movements]
columns = { date = ["day"], sku = ["code"], units = ["pcs"] }
fields = { doc = { names = ["doc"] } }
sql = { kind = "'receipt'" }
exclude = [{ where = "doc <> 'bought'", reason = "no receipts" }]
"""


@pytest.mark.parametrize(
    ("name", "docs", "tables"),
    [
        ("list", ("sold", "bought"), {"sales", "movements"}),
        ("list", ("sold", "sold"), {"sales"}),
        ("sold", ("sold", "sold"), {"sales"}),
    ],
)
def test_exports_with_one_header_are_told_by_title_and_rows(
    find: Find, name: str, docs: tuple[str, str], tables: set[str]
) -> None:
    rows = "".join(f"2026-03-0{day},A,{doc},2\n" for day, doc in enumerate(docs, start=1))
    outcome = find({f"{name}.csv": "day,code,doc,pcs\n" + rows}, profiles={"till.toml": NAMESAKES})
    assert set(outcome.tables) == tables


RIVALS = """
system = "{name}"
[exports.list]
title = "list"
headers = "documented"
recognise = [["day"], ["code"]]
[exports.list.tables.sales]
columns = {{ date = ["day"], sku = ["code"], {column} = ["{source}"] }}
"""


def test_systems_with_one_header_are_asked_about(find: Find) -> None:
    profiles = {
        "a.toml": RIVALS.format(name="A", column="units", source="pcs"),
        "b.toml": RIVALS.format(name="B", column="units", source="net"),
    }
    text = "day,code,pcs,net\n2026-03-01,A,2,3\n"
    outcome = find({"list.csv": text}, profiles=profiles)
    [question] = outcome.asked
    assert question.options == ("A list", "B list")
    assert not question.sure
    assert "the header would also fit B list" in outcome.words
    told = find({}, profiles=profiles, answers={"Which export": "B"})
    assert told.tables == {"sales": {"path": "exports/list.csv", "profile": "b.toml/list"}}
    assert told.confidence("sales") == "certain"


def test_the_system_of_the_other_exports_decides(find: Find) -> None:
    more = '[exports.stock]\ntitle = "stock"\nheaders = "documented"\nrecognise = [["left"]]\n'
    more += 'tables = { inventory = { columns = { sku = ["code"], on_hand = ["left"] } } }\n'
    profiles = {
        "a.toml": RIVALS.format(name="A", column="units", source="pcs"),
        "b.toml": RIVALS.format(name="B", column="units", source="net") + more,
    }
    text = "day,code,pcs,net\n2026-03-01,A,2,3\n"
    files = {"list.csv": text, "left 2026-03-01.csv": "code,left\nA,4\n"}
    outcome = find(files, profiles=profiles)
    assert outcome.asked == []
    assert outcome.tables["sales"] == {"path": "exports/list.csv", "profile": "b.toml/list"}
