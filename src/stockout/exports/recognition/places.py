"""Whether the tables that were found meet at their locations, and what to do where they do not.

Stock at one name of a warehouse never meets sales at another, nor an order that names none. Where
a further column makes them meet it is told; else the configuration takes all locations together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stockout.exports.mapping import aliases_of
from stockout.exports.names import plain_name
from stockout.exports.recognition.fitting import Mapped
from stockout.exports.rows.parts import count_rows
from stockout.tables import ALL_LOCATIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import TypeAlias

    import polars as pl

    from stockout.exports.recognition.proposals import Proposal
    from stockout.exports.recognition.rivals import Read

    Reread: TypeAlias = Callable[[Proposal], pl.DataFrame | None]

_LOCATED = ("inventory", "movements", "purchases", "orders")
_FEW = 0.05
"""Share of rows that may lack a location by the way: they are told each time they are read."""

_SHOWN = 3  # names of locations


@dataclass(frozen=True)
class Places:
    """The locations that rows name.

    Attributes:
        names: Different ones.
        unnamed: Number of rows that name none.
        rows: Number of all rows.
    """

    names: frozenset[str] = frozenset()
    unnamed: int = 0
    rows: int = 0

    @property
    def are_all_named(self) -> bool:
        """Whether hardly a row lacks one."""
        return self.unnamed <= _FEW * self.rows


def places_of(frame: pl.DataFrame, table: str) -> Places | None:
    """The locations of a table that was read; None for one whose locations meet nothing.

    >>> import polars as pl
    >>> places_of(pl.DataFrame({"location": ["North", "ALL", "ALL"]}), "inventory")
    Places(names=frozenset({'North'}), unnamed=2, rows=3)
    """
    if table not in ("sales", *_LOCATED):
        return None
    names = frozenset(frame["location"].unique()) - {ALL_LOCATIONS}
    return Places(names, int((frame["location"] == ALL_LOCATIONS).sum()), frame.height)


def meet(sources: Sequence[Read], reread: Reread) -> tuple[list[Read], str | None]:
    """Makes the sources name the same locations, as far as their columns allow.

    Args:
        sources: What is read.
        reread: Reads a source anew; None where it does not read.

    Returns:
        The sources, where need be with the column of their locations; and why all locations are
        to be taken together, or None where they meet or where no sale names one.
    """
    sales = [source for source in sources if source.proposal.table == "sales" and source.places]
    others = [source for source in sources if source.proposal.table in _LOCATED and source.places]
    if not sales or not others:
        return list(sources), None
    changed = _with_other_columns(sales, others, reread)
    kept = [changed.get(id(source), source) for source in sources]
    return kept, _why_together(kept)


def _with_other_columns(
    sales: Sequence[Read], others: Sequence[Read], reread: Reread
) -> dict[int, Read]:
    """Sources that name the locations of the others in another column, by id of the former."""
    sold = _names(sales)
    if not sold:
        # A point of sale, say, that a profile leaves aside since online orders have none. One
        # alone may be served from stock anywhere; several that all sell from their own do not.
        stock = _names(source for source in others if source.proposal.table == "inventory")
        found = {id(source): _by_other_column(source, stock, reread) for source in sales}
        told = {key: read for key, read in found.items() if read is not None}
        return told if len(told) == len(sales) and len(_names(told.values())) > 1 else {}
    changed: dict[int, Read] = {}
    for other in others:
        own = _names([other])
        if not own or own & sold:
            continue
        read = _by_other_column(other, sold, reread)
        if read is not None:
            changed[id(other)] = read
            continue
        found = {id(source): _by_other_column(source, own, reread) for source in sales}
        told = {key: read for key, read in found.items() if read is not None}
        apart = [each for each in others if _names([each]) & sold]
        if len(told) == len(sales) and not apart and not changed:
            changed |= told
            sold = _names(told.values())
    return changed


def _by_other_column(source: Read, wanted: frozenset[str], reread: Reread) -> Read | None:
    """The source with a column in which every row names a location, some of them wanted ones."""
    proposal = source.proposal
    used = proposal.fit.columns.get("location")
    aliases = aliases_of(proposal.table)["location"]
    known = {plain_name("location"), *aliases.names, *aliases.otherwise}
    for name in proposal.kin.header:
        if plain_name(name) not in known or (used is not None and used.name == name):
            continue
        columns = {**proposal.fit.columns, "location": Mapped(name, "content")}
        told = replace(
            proposal,
            fit=replace(proposal.fit, columns=columns),
            columns={**proposal.columns, "location": name},
        )
        frame = reread(told)
        places = None if frame is None else places_of(frame, proposal.table)
        if places is not None and not places.unnamed and places.names & wanted:
            words = f"by its cells: they name {_some(places.names & wanted)} as other exports do"
            return replace(
                source,
                proposal=told.with_guess("columns.location", words, "likely"),
                places=places,
            )
    return None


def _why_together(sources: Sequence[Read]) -> str | None:
    """Why tables do not meet at their locations, where they do not."""
    by_table: dict[str, list[Read]] = {}
    for source in sources:
        if source.places is not None:
            by_table.setdefault(source.proposal.table, []).append(source)
    sales = _sum(by_table.pop("sales", ()))
    if not sales.names:
        return None
    reasons = []
    if not sales.are_all_named:
        reasons.append(f"in {sales.unnamed:,} of {sales.rows:,} rows they name none")
    several = len(sales.names) > 1 or sales.unnamed > 0
    for table, reads in by_table.items():
        own = _sum(reads)
        if own.names and not own.names & sales.names:
            reasons.append(f"{table}: {_some(own.names)}, none of which any sale names")
        elif several and not own.are_all_named:
            some = "" if own.unnamed == own.rows else f" in {count_rows(own.unnamed)}"
            reasons.append(f"{table} names no location{some}")
    if not reasons:
        return None
    return f"sales name {_some(sales.names)}, but {'; '.join(reasons)}"


def _sum(reads: Iterable[Read]) -> Places:
    every = [read.places for read in reads if read.places is not None]
    return Places(
        frozenset[str]().union(*(places.names for places in every)),
        sum(places.unnamed for places in every),
        sum(places.rows for places in every),
    )


def _names(reads: Iterable[Read]) -> frozenset[str]:
    return _sum(reads).names


def _some(names: Iterable[str]) -> str:
    shown = sorted(names)
    more = f" and {len(shown) - _SHOWN:,} more" if len(shown) > _SHOWN else ""
    return f"{', '.join(shown[:_SHOWN])}{more}"
