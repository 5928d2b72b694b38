"""What a folder of exports holds, as a configuration would say it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from stockout.errors import StockoutError
from stockout.exports.formats.undated import stock_date
from stockout.exports.profiles import built_in_profiles
from stockout.exports.recognition.keys import with_whole_key
from stockout.exports.recognition.looking import kin_of, look_at
from stockout.exports.recognition.overlaps import summarise
from stockout.exports.recognition.paths import path_of
from stockout.exports.recognition.places import meet, places_of
from stockout.exports.recognition.proposals import choose, proposals_of, understand
from stockout.exports.recognition.rivals import (
    Read,
    doubt_skus,
    without_repeated_files,
    without_rivals,
)
from stockout.exports.recognition.settling import Reading, settle
from stockout.exports.recognition.systems import certain_system
from stockout.exports.recognition.walking import LeftOut, walk
from stockout.tables import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    import polars as pl

    from stockout.exports.profiles import Profile
    from stockout.exports.recognition.looking import Kin
    from stockout.exports.recognition.proposals import Proposal, Understood
    from stockout.exports.recognition.questions import Ask

_USUAL_LEAD_TIME_DAYS = 14
"""Two weekly orders on the way. No export tells it, so it is always shown as a guess: too short a
lead time runs out of stock without a warning, too long a one only orders earlier."""

_MIN_RECEIVED_LINES = 5  # as many as the reorder list asks for before it measures a lead time
_MAX_LEAD_TIME_DAYS = 365


@dataclass(frozen=True)
class Guess:
    """A setting for the whole configuration, and where it comes from."""

    value: object
    why: str
    guessed: bool = True


@dataclass(frozen=True)
class Recognition:
    """What was found in a folder, and how it was understood.

    Attributes:
        sources: The sources, in the order of the tables.
        left_out: What is not used, and why.
        as_of: The date that the configuration must set.
        lead_time_days: A lead time for items of which no export tells one.
        doubts: What one should know of sources together.
        by_location: Whether locations are kept apart, where the configuration must say it.
    """

    sources: tuple[Read, ...]
    left_out: tuple[LeftOut, ...]
    as_of: Guess | None
    lead_time_days: Guess
    doubts: tuple[str, ...] = ()
    by_location: Guess | None = None

    @property
    def is_usable(self) -> bool:
        """Whether any table can be read."""
        return any(source.rows is not None for source in self.sources)


def recognise(
    folder: Path,
    base: Path,
    scratch: Path,
    ask: Ask,
    *,
    profiles: Mapping[str, Profile] | None = None,
    as_of: date | None = None,
) -> Recognition:
    """Finds out what the exports in a folder are, and reads each of them once to be sure.

    Args:
        folder: The folder with the exports.
        base: The folder of the configuration that is to name them.
        scratch: A folder for copies in UTF-8.
        ask: Answers what only the user can know.
        profiles: The systems to think of; None is all built-in ones.
        as_of: The date of stock lists that say none.

    Returns:
        What was found. The same folder gives the same answer, if the same answers are given.
    """
    located, left_out = walk(folder)
    known = [*(item.path for item in located), *(item.path for item in left_out)]
    looks, damaged = look_at(located, base, scratch, ask)
    left_out += damaged
    profiles = built_in_profiles() if profiles is None else profiles
    understood: list[Understood] = []
    kinds = kin_of(looks)
    systems = [certain_system(kin, profiles) for kin in kinds]
    seen = {system for system in systems if system is not None}
    for kin in kinds:
        try:
            path = path_of(kin.paths, known, base)
            understood.append(understand(kin, path, profiles, ask, seen))
        except StockoutError as error:
            left_out += leave_out(kin, error.message)
    proposals, unused = choose(understood, ask)
    for index, reason in unused.items():
        left_out += leave_out(understood[index].kin, reason)
    proposals = without_repeated_files(proposals, known, base, ask, left_out)
    proposals = [with_whole_key(proposal, ask) for proposal in proposals]
    reader = _Reader(base, ask, as_of)
    sources = reader.read_all(proposals)
    kept, doubts = without_rivals(sources, ask, left_out)
    kept, together = meet(kept, reader.read_again)
    return Recognition(
        sources=tuple(doubt_skus(kept)),
        left_out=tuple(sorted(set(left_out))),
        as_of=reader.as_of_guess,
        lead_time_days=reader.lead_time(),
        doubts=tuple(doubts),
        by_location=None if together is None else Guess(value=False, why=together),
    )


def _is_in_vain(source: Read) -> bool:
    """Whether an export that may have rows of a table turned out to have none."""
    empty = source.rows == 0 or any("no rows" in text for text in source.proposal.problems)
    return source.proposal.fit.tentative and empty


def leave_out(kin: Kin, reason: str) -> list[LeftOut]:
    """Exports that are not used, and why."""
    sheet = kin.first.sheet
    told = reason if sheet is None else f"sheet {sheet}: {reason}"
    return [LeftOut(path, told) for path in kin.paths]


@dataclass
class _Reader:
    """Reads the sources, and keeps in mind what they tell about each other."""

    base: Path
    ask: Ask
    as_of: date | None
    last_dates: list[date] = field(default_factory=list)
    with_lead_times: list[str] = field(default_factory=list)
    measured: pl.Series | None = None  # days that received purchases took
    as_of_guess: Guess | None = None

    def read_all(self, proposals: list[Proposal]) -> list[Read]:
        """Reads every source; undated stock lists last, whose date may be that of the last sale."""
        if self.as_of is not None:
            self.as_of_guess = Guess(self.as_of, "as --as-of said", guessed=False)
        ordered = sorted(proposals, key=lambda proposal: proposal.is_undated)
        sources = []
        for proposal in ordered:
            dated = self._date(proposal) if proposal.is_undated else proposal
            sources.append(self._read(dated, proposals))
        order = list(SCHEMAS)
        return sorted(
            (source for source in sources if not _is_in_vain(source)),
            key=lambda source: order.index(source.proposal.table),
        )

    def lead_time(self) -> Guess:
        """A lead time for items without one: the median of what was measured, else the usual."""
        used = ""
        tables = [*self.with_lead_times, *([] if self.measured is None else ["purchases"])]
        if tables:
            used = f", used where {' and '.join(dict.fromkeys(tables))} tell none"
        if self.measured is None:
            return Guess(_USUAL_LEAD_TIME_DAYS, f"no purchase tells how long suppliers take{used}")
        days = float(self.measured.median() or 0)  # type: ignore[arg-type]
        return Guess(
            int(days) if days == int(days) else days,
            f"median of {self.measured.len():,} received lines{used}",
        )

    def _read(self, proposal: Proposal, proposals: list[Proposal]) -> Read:
        others = [other for other in proposals if other.kin is not proposal.kin]
        outcome = settle(proposal, others, Reading(self.base, self.as_of), self.ask)
        frame = outcome.frame
        if frame is None:
            return Read(outcome.proposal)
        table = proposal.table
        if table in ("sales", "movements", "inventory") and not proposal.is_undated:
            self.last_dates.append(frame["date"].max())  # type: ignore[arg-type]
        self._note_lead_times(frame, table)
        several = len(proposals_of(proposals, table)) > 1
        return Read(
            outcome.proposal,
            rows=frame.height,
            summary=summarise(frame, table) if several else None,
            skus=frame["sku"].drop_nulls().unique() if "sku" in frame.columns else None,
            places=places_of(frame, table),
        )

    def read_again(self, proposal: Proposal) -> pl.DataFrame | None:
        """A source with other columns; None where it does not read so."""
        reading = Reading(self.base, self.as_of)
        return settle(proposal, [], reading, lambda _: None).frame

    def _date(self, proposal: Proposal) -> Proposal:
        """Finds out of which day a stock list is that has no column for it."""
        days = [
            stock_date(look.export.titles, look.located.path.name) for look in proposal.kin.looks
        ]
        told = sorted({day for day in days if day is not None})
        facts = []
        if told:
            period = str(told[0]) if len(told) == 1 else f"{told[0]} to {told[-1]}"
            facts.append(f"date: {period}, from the rows above the header or the file's name")
        if None in days:
            if self.as_of is None and self.last_dates:
                self.as_of = max(self.last_dates)
                self.as_of_guess = Guess(self.as_of, "last day of the other exports")
            if self.as_of is not None:
                facts.append(f"date: {self.as_of}, which is as_of: nothing in the export says it")
        return replace(proposal, facts=(*proposal.facts, *facts))

    def _note_lead_times(self, frame: pl.DataFrame, table: str) -> None:
        if table in ("products", "suppliers") and frame["lead_time_days"].count():
            self.with_lead_times.append(table)
        if table == "purchases":
            days = (frame["received_date"] - frame["order_date"]).dt.total_days().drop_nulls()
            days = days.filter(days.is_between(0, _MAX_LEAD_TIME_DAYS))
            if days.len() >= _MIN_RECEIVED_LINES:
                self.measured = days
