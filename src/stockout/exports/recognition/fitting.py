"""What an export can be: each canonical table that its header and cells would make, best first."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import polars as pl

from stockout.exports.mapping import ONE_OF, aliases_of
from stockout.exports.names import plain_name
from stockout.exports.recognition.content import ENOUGH
from stockout.exports.rows.complete import KEYS
from stockout.tables import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stockout.exports.recognition.content import ColumnLook
    from stockout.exports.recognition.looking import Kin

Confidence: TypeAlias = Literal["certain", "likely", "guess"]

CONFIDENCES: tuple[Confidence, ...] = ("certain", "likely", "guess")
"""From the best to the worst."""

GUESSES: Mapping[tuple[str, str], str] = {
    (
        "sales",
        "units",
    ): r"qty|quant|units?|sold|sales?|demand|pieces|pcs|menge|anzahl|stück|数量|销量",
    ("sales", "date"): r"date|day|time|datum|tag|日期|时间",
    ("sales", "sku"): r"sku|item|article|artikel|product|produkt|material|code|编码|编号|货号",
    ("inventory", "on_hand"): r"stock|hand|qty|quant|bestand|库存|数量|结存",
    ("inventory", "sku"): r"sku|item|article|artikel|product|produkt|material|code|编码|编号|货号",
}
"""Words in the name of a column that may be the one a table lacks, where no known name is there."""

_FILE_WORDS: Mapping[str, str] = {
    "sales": r"sale|sold|umsatz|verkauf|absatz|invoice|receipt|transaction|销售|出库|发货",
    "inventory": r"inventory|stock(?!out)|bestand|on.?hand|库存|现存|结存",
    "movements": r"movement|bewegung|ledger|流水|收发",
    "products": r"product|item|article|artikel|material|master|sku|catalog|商品|物料|存货档案|产品",
    "suppliers": r"supplier|vendor|lieferant|供应商",
    "purchases": r"purchas|procure|(?<![a-z])pos?(?![a-z])|bestellung|采购",
    "orders": r"order|auftr[aä]g|backlog|订单",
    "customers": r"customer|client|kunde|客户",
    "locations": r"location|store|warehouse|site|filiale|仓库|门店",
    "events": r"event|holiday|promo|calendar|活动|节假日|促销",
    "overrides": r"override|correction|adjust",
}
_NEEDED_WEIGHT = 2.0
_OTHERWISE_WEIGHT = 0.4  # of a name that is taken only where no better one is there
_FILE_WEIGHT = 3.0
_CLEAR_MARGIN = 1.0  # between two tables that an export could be
_SIGN_WEIGHT = 1.5
_MOSTLY_NEGATIVE, _FEW_NEGATIVE = 0.5, 0.1
"""Shares of negative units that are issues from a stock, and that are returns of sales."""


class Mapped(NamedTuple):
    """Where a canonical column comes from."""

    name: str  # column of the export; of a computed one, the expression
    how: Literal["same", "name", "otherwise", "content", "profile", "computed"]

    @property
    def is_guess(self) -> bool:
        """Whether only the cells, or a word in the name, speak for it."""
        return self.how == "content"


class Candidates(NamedTuple):
    """Columns that may be the one that a table lacks, the likeliest first."""

    names: tuple[str, ...]
    by_name: bool  # whether a word in their names speaks for them, not the cells alone


@dataclass(frozen=True)
class Fit:
    """One table that an export would make.

    Attributes:
        table: Name of the canonical table.
        profile: The profile and export, such as ``sap/mb52``; None for a recognition by names.
        title: What the system calls the export.
        columns: Where each canonical column comes from.
        missing: What the table needs and nothing in the export is called, each with the columns
            that may be it.
        fallback: Whether it is taken only where no other export makes this table.
        tentative: Whether it counts only if the export turns out to have such rows.
        score: How well it fits, among fits of the same kind.
        confidence: How sure that is.
        reasons: Why it is not surer, in words.
        rivals: Other tables that fit nearly as well.
    """

    table: str
    profile: str | None
    title: str | None
    columns: Mapping[str, Mapped]
    missing: Mapping[str, Candidates]
    fallback: bool
    score: float
    confidence: Confidence
    reasons: tuple[str, ...] = ()
    rivals: tuple[str, ...] = ()
    tentative: bool = False

    @property
    def system(self) -> str | None:
        """The system that wrote the export."""
        return None if self.profile is None else self.profile.rpartition("/")[0]


def fits_by_name(kin: Kin) -> list[Fit]:
    """What an export can be by the names that the canonical columns are known under.

    Args:
        kin: Exports of one kind.

    Returns:
        The tables it would make, best first; a column that one lacks counts against it.
    """
    found = [fit for table in SCHEMAS if (fit := _fit(kin, table)) is not None]
    order = list(SCHEMAS)
    found.sort(
        key=lambda fit: (
            _NEEDED_WEIGHT * len(fit.missing) - fit.score,
            bool(fit.missing),
            order.index(fit.table),
        )
    )
    return _with_rivals(found)


def needed_columns(table: str) -> list[tuple[str, ...]]:
    """What every export of a table must have, one of each group; a stock list's date is not."""
    schema = SCHEMAS[table].columns()
    needed: list[tuple[str, ...]] = [
        (name,)
        for name, column in schema.items()
        if not column.nullable
        and (name != "location" or table == "locations")
        and (name, table) != ("date", "inventory")
    ]
    return [*needed, ONE_OF[table]] if table in ONE_OF else needed


def _fit(kin: Kin, table: str) -> Fit | None:
    columns, reasons = _map(kin, table)
    present = set(columns)
    lacking = [group for group in needed_columns(table) if not present & set(group)]
    missing = {group[0]: _may_be(kin, table, group[0], columns) for group in lacking}
    if missing and not _is_worth_a_question(kin, table, columns, missing):
        return None
    if not missing and not _is_plausible(kin, table, columns):
        return None
    confidence: Confidence = "certain"
    for column, where in columns.items():
        needed = any(column in group for group in needed_columns(table))
        if needed and where.how == "otherwise":
            confidence = "likely"
            reasons.append(f"{column} from {where.name!r}, for want of a better column")
    if missing:
        confidence = "guess"
    if kin.sample.is_empty():
        confidence = max(confidence, "likely", key=CONFIDENCES.index)
        reasons.append("it has no rows")
    return Fit(
        table=table,
        profile=None,
        title=None,
        columns=columns,
        missing=missing,
        fallback=False,
        score=_score(kin, table, columns),
        confidence=confidence,
        reasons=tuple(reasons),
    )


def _map(kin: Kin, table: str) -> tuple[dict[str, Mapped], list[str]]:
    """The column for each canonical one, by name where the cells do not speak against it."""
    schema = SCHEMAS[table].columns()
    looks = kin.columns
    reasons = []
    mapped: dict[str, Mapped] = {}
    for column, known in aliases_of(table).items():
        if column not in schema:
            continue
        ranks: tuple[tuple[Literal["same", "name", "otherwise"], Iterable[str]], ...] = (
            ("same", {plain_name(column)}),
            ("name", known.names),
            ("otherwise", known.otherwise),
        )
        for how, names in ranks:
            matches = [name for name in kin.header if plain_name(name) in names]
            if not matches:
                continue
            good = [
                name
                for name in matches
                if name in looks and looks[name].share(column, schema[column].dtype) >= 0.5
            ]
            if not good:
                reasons.append(f"{matches[0]!r} does not look like {column}")
                continue
            best = max(good, key=lambda name: _strength(looks[name], column, schema[column].dtype))
            if len(good) > 1:
                reasons.append(f"{column} could also be {_listed(set(good) - {best})}")
            mapped[column] = Mapped(best, how)
            break
    return mapped, reasons


def _strength(look: ColumnLook, column: str, dtype: pl.DataType) -> tuple[float, int]:
    return (round(look.share(column, dtype), 2), look.filled)


def _may_be(kin: Kin, table: str, column: str, mapped: Mapping[str, Mapped]) -> Candidates:
    """The columns that may be the one a table lacks: asked-for names, then by word and content."""
    dtype = SCHEMAS[table].columns()[column].dtype
    used = {where.name for where in mapped.values()}
    free = {
        name: look
        for name, look in kin.columns.items()
        if name not in used and not look.is_empty and look.share(column, dtype) >= ENOUGH
    }
    ask = aliases_of(table)[column].ask
    asked = [name for name in free if plain_name(name) in ask]
    words = GUESSES.get((table, column))
    named = [] if words is None else [name for name in free if re.search(words, name.lower())]
    others: list[str] = []
    if dtype == pl.Float64 and table in ("sales", "inventory"):
        others = [name for name, look in free.items() if look.flags < 1 and look.distinct > 1]
    if dtype == pl.Date and len(free) == 1:
        others = list(free)
    likely = tuple(dict.fromkeys([*asked, *named]))
    return Candidates(likely or tuple(others), by_name=bool(likely))


def _is_worth_a_question(
    kin: Kin, table: str, columns: Mapping[str, Mapped], missing: Mapping[str, Candidates]
) -> bool:
    """Whether an export that lacks known names looks enough like a table to be asked about."""
    if any(not candidates.names for candidates in missing.values()):
        return False
    needed = len(needed_columns(table))
    if len(missing) == 1:
        # One known column is not enough to speak of a table.
        return needed > 2 or is_named(kin, table)
    if (table, "sku") not in GUESSES:
        return False
    if not all(candidates.by_name for candidates in missing.values()):
        return False
    return bool(columns) or needed > 2 or is_named(kin, table)


def _is_plausible(kin: Kin, table: str, columns: Mapping[str, Mapped]) -> bool:
    """Whether the cells allow this table, beyond the columns it needs."""
    if table in KEYS:
        key = kin.columns.get(columns[KEYS[table]].name) if KEYS[table] in columns else None
        return key is not None and (key.is_empty or key.is_unique) and len(columns) > 1
    return len(columns) > 1


def _score(kin: Kin, table: str, columns: Mapping[str, Mapped]) -> float:
    needed = {column for group in needed_columns(table) for column in group}
    needed |= {"date"} & set(SCHEMAS[table].column_names())
    score = sum(
        (_NEEDED_WEIGHT if column in needed else 1.0)
        * (_OTHERWISE_WEIGHT if where.how == "otherwise" else 1.0)
        for column, where in columns.items()
    )
    if is_named(kin, table):
        score += _FILE_WEIGHT
    units = columns.get("units")
    if table == "movements" and units is not None:
        negative = kin.columns[units.name].negative
        if negative >= _MOSTLY_NEGATIVE:
            score += _SIGN_WEIGHT
        elif negative < _FEW_NEGATIVE and "kind" not in columns:
            score -= _SIGN_WEIGHT
    return score


def is_named(kin: Kin, table: str) -> bool:
    """Whether the name of the file or the sheet says this table."""
    names = f"{kin.paths[0].name} {kin.first.sheet or ''}".lower()
    return re.search(_FILE_WORDS[table], names) is not None


def _with_rivals(fits: list[Fit]) -> list[Fit]:
    """Lowers the confidence of a best fit that another one comes close to."""
    if not fits:
        return fits
    best, *others = fits
    rivals = tuple(
        fit.table
        for fit in others
        if not fit.missing and not best.missing and best.score - fit.score < _CLEAR_MARGIN
    )
    if not rivals:
        return fits
    confidence = max(best.confidence, "likely", key=CONFIDENCES.index)
    reason = f"could also be {_listed(rivals)}"
    first = replace(best, confidence=confidence, reasons=(*best.reasons, reason), rivals=rivals)
    return [first, *others]


def _listed(names: Iterable[str]) -> str:
    return " or ".join(sorted(map(str, names)))
