"""Whatever the tables hold, the check gives findings and never fails."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stockout.checks.check import check_located, stage_frames
from stockout.checks.hits import LOCATED
from stockout.tables import SCHEMAS

_TEXTS = st.one_of(
    st.sampled_from(["A", "a", "00A", "ALL", "L1", "receipt", "sale", "holiday", "EUR", "pc"]),
    st.text(max_size=4),
)
_DATES = st.one_of(
    st.sampled_from([date(2026, 1, 5), date(2026, 1, 6), date(2026, 1, 12), date(1, 1, 1)]),
    st.dates(date(2025, 12, 1), date(2026, 2, 1)),
    st.dates(),
)
_NUMBERS = st.one_of(
    st.sampled_from([0.0, -0.0, 1.0, 12.0, -3.0, 0.1]),
    st.floats(allow_nan=False, allow_infinity=False),
)
_VALUES = {
    pl.String: _TEXTS,
    pl.Date: _DATES,
    pl.Float64: _NUMBERS,
    pl.Boolean: st.booleans(),
}


@st.composite
def tables(draw: st.DrawFn) -> dict[str, pl.DataFrame]:
    """Some of the canonical tables, with a few rows of anything."""
    frames = {}
    for name in draw(st.sets(st.sampled_from(sorted(SCHEMAS)), min_size=1)):
        count = draw(st.integers(0, 12))
        columns = {}
        for column, told in SCHEMAS[name].columns().items():
            if told.nullable and not draw(st.booleans()):
                continue
            values: st.SearchStrategy[object] = _VALUES[type(told.dtype)]
            if column == "in_stock_share":
                values = st.floats(0, 1)
            if told.nullable:
                values = st.none() | values
            columns[column] = pl.Series(
                draw(st.lists(values, min_size=count, max_size=count)), dtype=told.dtype
            )
        frames[name] = pl.DataFrame(columns)
        if draw(st.booleans()):
            frames[name] = frames[name].with_columns(currency=pl.lit("EUR"), unit=pl.lit(None))
    return frames


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(frames=tables(), as_of=st.none() | _DATES, limit=st.sampled_from([0, 1, 1000]))
def test_any_tables_give_findings(
    frames: dict[str, pl.DataFrame], as_of: date | None, limit: int
) -> None:
    staged = stage_frames(frames)
    found = check_located(staged, as_of=as_of, limit=limit)
    assert found.schema == LOCATED
    assert found.select("code", "severity", "message", "hint").null_count().sum_horizontal()[0] == 0
    for name, table in staged.items():
        rows = found.filter(table=name)["row"].drop_nulls()
        count = table.rows.select(pl.len()).collect().item()
        assert rows.is_between(1, max(count, 1)).all()


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_an_empty_table(name: str) -> None:
    schema = {column: told.dtype for column, told in SCHEMAS[name].columns().items()}
    found = check_located(stage_frames({name: pl.DataFrame(schema=schema)}))
    assert found["code"].to_list() == ["SO109"]
