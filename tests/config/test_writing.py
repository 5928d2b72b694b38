"""What is written as TOML is read back as it was, whatever the names and texts are."""

from __future__ import annotations

import tomllib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockout.config.writing import Section, Setting, comment, value_text, write_toml

TEXT = st.text(st.characters(exclude_categories=["Cs"]))  # halves of characters fit into no file
SCALARS = (
    TEXT
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.dates(date(1900, 1, 1))
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(TEXT, VALUES, max_size=4), TEXT, TEXT)
def test_any_settings_and_notes_come_back(
    settings: dict[str, object], note: str, beside: str
) -> None:
    section = Section(
        ("tables", "sales"),
        tuple(Setting(key, value, beside) for key, value in settings.items()),
        notes=(note,),
    )
    assert tomllib.loads(write_toml([section])) == {"tables": {"sales": settings}}


@given(st.lists(TEXT, min_size=1, max_size=3, unique=True))
def test_any_section_name_comes_back(keys: list[str]) -> None:
    found: object = tomllib.loads(write_toml([Section(tuple(keys), (Setting("a", 1),))]))
    for key in keys:
        assert isinstance(found, dict)
        found = found[key]
    assert found == {"a": 1}


@given(TEXT)
def test_nothing_breaks_out_of_a_comment(text: str) -> None:
    lines = comment(text)
    assert tomllib.loads("\n".join(lines)) == {}
    assert all(line.startswith("#") and line.isprintable() for line in lines)


def test_sources_of_one_table_stay_in_order() -> None:
    sections = [
        Section((), (Setting("default_lead_time_days", 14, "a guess"),)),
        Section(("tables", "sales"), (Setting("path", "a.csv"),), repeated=True),
        Section(("tables", "sales", "columns"), (Setting("units", "Qty"),)),
        Section(("tables", "sales"), (Setting("path", "b.csv"),), repeated=True),
    ]
    text = write_toml(sections)
    assert text == (
        "default_lead_time_days = 14  # a guess\n\n"
        '[[tables.sales]]\npath = "a.csv"\n\n'
        '[tables.sales.columns]\nunits = "Qty"\n\n'
        '[[tables.sales]]\npath = "b.csv"\n'
    )
    assert tomllib.loads(text)["tables"]["sales"] == [
        {"path": "a.csv", "columns": {"units": "Qty"}},
        {"path": "b.csv"},
    ]


def test_a_long_note_stands_above_its_setting_and_a_long_list_takes_lines() -> None:
    paths = [f"exports/sales_{number}.csv" for number in range(5)]
    section = Section(("t",), (Setting("path", paths, "word " * 30),))
    lines = write_toml([section]).splitlines()
    assert lines[1].startswith("# word word")
    assert lines[3] == "path = ["
    assert lines[4] == '  "exports/sales_0.csv",'
    assert max(map(len, lines)) <= 100


def test_half_a_character_becomes_the_replacement_character() -> None:
    assert tomllib.loads(f"a = {value_text(chr(0xDC80))}") == {"a": "\ufffd"}


def test_a_value_that_toml_has_not_is_refused() -> None:
    with pytest.raises(TypeError, match="no value of TOML: NoneType"):
        value_text(None)
