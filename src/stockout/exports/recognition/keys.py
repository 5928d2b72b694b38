"""Whether one row a day and item has more to its key than the columns that were recognised.

A list of daily totals has one row for each date and item. Where it has several, and just one only
if a further column counts, that column tells items apart: to add the rows up would mix them.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from stockout.exports.recognition.fitting import Mapped
from stockout.exports.recognition.questions import Question, grade
from stockout.exports.rows.running import ENGINE_ERRORS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockout.exports.recognition.proposals import Proposal
    from stockout.exports.recognition.questions import Ask

_REPEATED = 0.01  # share of rows that repeat a key by mistake
_UNIQUE = 0.999
_LOCATIONS = (
    r"store|shop|branch|site|outlet|region|city|country|market|filiale|warehouse|门店|仓|区"
)


def with_whole_key(proposal: Proposal, ask: Ask) -> Proposal:
    """Completes the key of a list of totals, if a column of it was not recognised.

    Args:
        proposal: A source that was recognised by the names of its columns.
        ask: Answers questions.
    """
    columns = proposal.fit.columns
    lines = {"order_id", "customer_id", "channel"} & columns.keys()
    if proposal.fit.profile is not None or proposal.table not in ("sales", "inventory") or lines:
        return proposal
    key = [columns[name].name for name in ("date", "sku", "location") if name in columns]
    lacking = _lacking_column(proposal, key)
    if lacking is None:
        return proposal
    sku = columns["sku"].name
    place = "location" not in columns and re.search(_LOCATIONS, lacking.lower()) is not None
    options = [f"part of the SKU, with {sku!r}", "nothing: the rows of a day add up"]
    if "location" not in columns:
        options.append("the location")
    question = Question(
        about=proposal.name,
        text=f"Rows repeat for one day and SKU, but not if {lacking!r} counts too. What is it?",
        options=tuple(options),
        best=2 if place else 0,
        sure=False,
        settle=f"[tables.{proposal.table}.columns] sku = or location =",
        why=f"without {lacking!r}, different items would be mixed",
    )
    answer = ask(question)
    if answer is None or answer.option == 1:
        return proposal
    graded = grade(question, answer)
    words = f"without {lacking!r}, rows repeat for one day and SKU, and would be added up"
    if answer.option == 2:
        fit = replace(proposal.fit, columns={**columns, "location": Mapped(lacking, "content")})
        changed = replace(proposal, fit=fit, columns={**proposal.columns, "location": lacking})
        return changed.with_guess("columns.location", words, graded)
    sql = f"CAST({_quoted(lacking)} AS VARCHAR) || '-' || CAST({_quoted(sku)} AS VARCHAR)"
    fit = replace(proposal.fit, columns={**columns, "sku": Mapped(f"{lacking}-{sku}", "content")})
    changed = replace(proposal, fit=fit, columns={**proposal.columns, "sku": {"sql": sql}})
    return changed.with_guess("columns.sku", words, graded)


def _lacking_column(proposal: Proposal, key: Sequence[str]) -> str | None:
    """The column with the fewest values that makes the key one of each row."""
    kin = proposal.kin
    used = {where.name for where in proposal.fit.columns.values()}
    schema = kin.first.export.schema
    free = [
        name
        for name in kin.header
        if name not in used
        and name in schema
        and name not in kin.first.export.repeated
        and (schema[name] == pl.String or schema[name].is_integer())
        and kin.columns[name].filled
        and kin.columns[name].dates < 0.5
    ]
    if not free or not key:
        return None
    rows = pl.concat([look.export.scan().select(*key, *free) for look in kin.looks])
    try:
        total, different = (
            rows.select(pl.len(), different=pl.struct(key).n_unique()).collect().row(0)
        )
        if not total or 1 - different / total < _REPEATED:
            return None
        counts = rows.select(
            *(pl.struct([*key, name]).n_unique().alias(f"key {name}") for name in free),
            *(pl.col(name).n_unique().alias(f"own {name}") for name in free),
        ).collect()
    except ENGINE_ERRORS:
        return None
    found = counts.row(0, named=True)
    whole = [name for name in free if found[f"key {name}"] >= _UNIQUE * total]
    return min(whole, key=lambda name: found[f"own {name}"], default=None)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
