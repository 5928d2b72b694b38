"""Sources that say the same things twice, and sources that do not fit together."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from stockout.exports.recognition.fitting import CONFIDENCES, Mapped, is_named
from stockout.exports.recognition.looking import Kin
from stockout.exports.recognition.overlaps import SAME, compare, repeated_files
from stockout.exports.recognition.paths import path_of, relative
from stockout.exports.recognition.places import Places
from stockout.exports.recognition.questions import Guessed, Question, grade
from stockout.exports.recognition.walking import LeftOut
from stockout.exports.rows.complete import KEYS
from stockout.tables import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from stockout.exports.recognition.looking import Look
    from stockout.exports.recognition.overlaps import Overlap, Summary
    from stockout.exports.recognition.proposals import Proposal
    from stockout.exports.recognition.questions import Ask

_FEW = 0.05
"""Share of common keys that two exports may have by the way, such as a day at the seam."""

_PLACES = 2  # the answer that each of two files is of a location of its own
_EQUAL = 0.9  # share of equal quantities that leaves no doubt
_NEARLY_ALL = 0.99
_DATED = frozenset({"sales", "movements", "purchases", "orders"})
_ADD_UP = frozenset({"sales", "movements"})


@dataclass(frozen=True, eq=False)
class Read:
    """A source after it was read.

    Attributes:
        proposal: The source.
        rows: How many rows it gives; None where it does not read.
        summary: Its keys and quantities, where another source of the table is there.
        skus: Its SKUs.
        places: Its locations, in a table where they have to meet those of others.
    """

    proposal: Proposal
    rows: int | None = None
    summary: Summary | None = None
    skus: pl.Series | None = None
    places: Places | None = None


def without_repeated_files(
    proposals: Sequence[Proposal],
    known: Collection[Path],
    base: Path,
    ask: Ask,
    left_out: list[LeftOut],
) -> list[Proposal]:
    """Leaves out files whose rows stand in another file of their source, such as a year's months.

    Args:
        proposals: The sources.
        known: All files of the folder.
        base: The folder of the configuration.
        ask: Answers questions.
        left_out: Gets the files that are left out.
    """
    checked: dict[int, tuple[Kin, str]] = {}  # by id: a kin lives as long as its proposals
    kept = []
    for proposal in proposals:
        kin = proposal.kin
        dated = proposal.table in _DATED or (
            proposal.table == "inventory" and not proposal.is_undated
        )
        if not dated or len(kin.looks) < 2:
            kept.append(proposal)
            continue
        if id(kin) not in checked:
            checked[id(kin)] = _without_repeats(kin, base, ask, left_out)
        fewer, twice = checked[id(kin)]
        path = proposal.path if fewer is kin else path_of(fewer.paths, known, base)
        changed = replace(proposal, kin=fewer, path=path)
        kept.append(changed.with_guess("path", twice) if twice else changed)
    return kept


def _without_repeats(kin: Kin, base: Path, ask: Ask, left_out: list[LeftOut]) -> tuple[Kin, str]:
    """The exports without those that are not to be read; and what is read though it repeats."""
    twice = []
    dropped: list[Look] = []
    for large, small, share in repeated_files(kin):
        if small in dropped or large in dropped:
            continue
        one, other = (relative(look.located.path, base) for look in (large, small))
        whole = share >= _NEARLY_ALL
        answer = ask(
            Question(
                about=other,
                text=f"{share:.0%} of its rows stand in {one} too. Read it?",
                options=("no, its rows would count twice", "yes, all rows count"),
                best=0 if whole else 1,
                sure=whole,
                settle="name the files to read in path",
                why="nothing would be lost" if whole else "it has rows of its own",
            )
        )
        if answer is not None and answer.option == 0:
            dropped.append(small)
            reason = f"{share:.0%} of its rows stand in {one} too"
            left_out.append(LeftOut(small.located.path, reason))
        else:
            twice.append(f"{share:.0%} of the rows of {other} stand in {one} too, and count twice")
    if dropped:
        kin = Kin(tuple(look for look in kin.looks if look not in dropped))
    return kin, "; ".join(twice)


def without_rivals(
    sources: Sequence[Read], ask: Ask, left_out: list[LeftOut]
) -> tuple[list[Read], list[str]]:
    """Of sources that say the same things, keeps one.

    Args:
        sources: All sources, in the order of the tables.
        ask: Answers questions.
        left_out: Gets the files that are left out.

    Returns:
        The sources to keep, in their order; and what one should know of them.
    """
    doubts: list[str] = []
    dropped: list[Read] = []
    places: dict[int, Guessed] = {}  # by the id of a source: its location
    for table in SCHEMAS:
        used: list[Read] = []
        rivals = [source for source in sources if source.proposal.table == table]
        for source in sorted(rivals, key=_rank):
            reason = _reason_to_drop(source, used, ask, doubts, places)
            if reason is None:
                used.append(source)
            else:
                dropped.append(source)
                kin = source.proposal.kin
                if not any(other.proposal.kin is kin and other not in dropped for other in sources):
                    left_out += [LeftOut(path, reason) for path in kin.paths]
    kept = [source for source in sources if source not in dropped]
    return [_placed(source, places.get(id(source))) for source in kept], doubts


def _placed(source: Read, place: Guessed | None) -> Read:
    """The source with a location that only the name of its file says."""
    if place is None:
        return source
    proposal = source.proposal
    literal = "'" + place.words.replace("'", "''") + "'"
    fit = replace(
        proposal.fit, columns={**proposal.fit.columns, "location": Mapped(literal, "content")}
    )
    changed = replace(proposal, fit=fit, columns={**proposal.columns, "location": {"sql": literal}})
    words = "by the name of the file; no column says a location"
    return replace(
        source,
        proposal=changed.with_guess("columns.location", words, place.grade),
        places=Places(frozenset({place.words}), 0, source.rows or 0),
    )


def _rank(source: Read) -> tuple[object, ...]:
    """The best source of a table first."""
    proposal = source.proposal
    header = max(len(proposal.kin.header), 1)
    return (
        source.rows is None,
        CONFIDENCES.index(proposal.confidence),
        len(proposal.kin.paths[0].parts),
        -len(proposal.fit.columns) / header,
        -len(proposal.fit.columns),
        -(source.rows or 0),
        proposal.name,
    )


def _reason_to_drop(
    source: Read,
    used: Sequence[Read],
    ask: Ask,
    doubts: list[str],
    places: dict[int, Guessed],
) -> str | None:
    proposal = source.proposal
    for other in used:
        if source.summary is None or other.summary is None:
            continue
        overlap = compare(other.summary, source.summary)
        if overlap.keys <= (0 if proposal.table in KEYS else _FEW):
            continue
        names = place_names(proposal, other.proposal)
        if names is not None and id(other) in places:
            places[id(source)] = Guessed(names[0], places[id(other)].grade)
            continue
        question = _question(proposal, other.proposal, overlap, names)
        if question is None:
            continue
        answer = ask(question)
        if answer is not None and answer.option == 0:
            return f"{proposal.table} is taken from {other.proposal.name}; {question.why}"
        if names is not None and answer is not None and answer.option == _PLACES:
            for each, name in zip((source, other), names, strict=True):
                places[id(each)] = Guessed(name, grade(question, answer))
            continue
        doubts.append(
            f"{proposal.name} and {other.proposal.name} are both read as {proposal.table}, "
            f"though {question.why}"
        )
    return None


def _question(
    proposal: Proposal, other: Proposal, overlap: Overlap, names: tuple[str, str] | None
) -> Question | None:
    table = proposal.table
    same = overlap.keys >= SAME and overlap.equal >= SAME
    systems = {proposal.fit.system, other.fit.system}
    if table in _ADD_UP and not same and len(systems) == 2 and None not in systems:
        return None  # two shops that sell the same things
    if table in ("events", "overrides") and not same:
        return None
    if table in KEYS:
        why, sure = f"both have rows for the same {KEYS[table]}", True
    elif same:
        why, sure = "both say the same of the same days and items", overlap.equal >= _EQUAL
    else:
        why, sure = f"{overlap.keys:.0%} of the smaller one's days and items are in both", False
    if is_named(other.kin, table) and not is_named(proposal.kin, table):
        # inventory.csv beside a file of another name, such as a study of the same stock
        higher = len(other.kin.paths[0].parts) < len(proposal.kin.paths[0].parts)
        sure = sure or (higher and table not in _ADD_UP)
    options = [f"no, only {other.name}", "yes, both"]
    best = 1 if table in _ADD_UP and not same else 0
    if names is not None:
        options.append(f"yes, each for a location of its own: {names[1]} and {names[0]}")
        best = best if same else _PLACES
    return Question(
        about=f"{other.name} and {proposal.name}",
        text=f"Both are {table}. Read both?",
        options=tuple(options),
        best=best,
        sure=sure,
        settle=f"write the sources of [tables.{table}] yourself",
        why=why,
    )


def place_names(one: Proposal, other: Proposal) -> tuple[str, str] | None:
    """What tells the names of two files apart, where it may be the names of two locations.

    Such files are alike but for a word of their names: ``stock north.csv`` and ``stock south.csv``.
    """
    pair = (one, other)
    tables = SCHEMAS[one.table].column_names()
    alike = (
        "location" in tables
        and one.table not in KEYS
        and all(each.fit.profile is None and len(each.kin.looks) == 1 for each in pair)
        and all("location" not in each.fit.columns for each in pair)
        and one.kin.header == other.kin.header
        and one.kin.paths[0].parent == other.kin.paths[0].parent
    )
    if not alike:
        return None
    words = [re.split(r"[-_ .()]+", each.kin.paths[0].name) for each in pair]
    own = [
        " ".join(word for word in mine if word and word not in theirs)
        for mine, theirs in (words, words[::-1])
    ]
    if not all(any(letter.isalpha() for letter in name) for name in own):
        return None
    return own[0], own[1]


def doubt_skus(sources: Sequence[Read]) -> list[Read]:
    """Doubts a stock or product list of which hardly any SKU is ever sold."""
    sold = [
        source.skus
        for source in sources
        if source.proposal.table == "sales" and source.skus is not None
    ]
    if not sold:
        return list(sources)
    sales = pl.concat(sold).unique()
    return [_doubted(source, sales) for source in sources]


def _doubted(source: Read, sales: pl.Series) -> Read:
    proposal, own = source.proposal, source.skus
    if proposal.table not in ("inventory", "products", "purchases") or own is None:
        return source
    common = int(own.is_in(sales.implode()).sum())
    if not own.len() or common >= _FEW * min(own.len(), sales.len()):
        return source
    bare = own.str.strip_chars_start("0").is_in(sales.str.strip_chars_start("0").implode())
    zeros = "; without leading zeros they would be the same" if bare.sum() > common else ""
    words = f"{common:,} of its {own.len():,} SKUs {'is' if common == 1 else 'are'} in sales{zeros}"
    key = "columns.sku" if "sku" in proposal.columns else ""
    return replace(source, proposal=proposal.with_guess(key, words))
