"""From what each export can be to what each table is read from."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from stockout.exports.read import NEVER_EMPTY
from stockout.exports.recognition.fitting import (
    CONFIDENCES,
    Fit,
    Mapped,
    fits_by_name,
)
from stockout.exports.recognition.questions import Guessed, Question, grade
from stockout.exports.recognition.systems import fits_of_export, known_exports, with_rivals
from stockout.tables import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from stockout.exports.profiles import Profile
    from stockout.exports.recognition.fitting import Confidence
    from stockout.exports.recognition.looking import Kin
    from stockout.exports.recognition.questions import Ask, Grade
    from stockout.exports.recognition.systems import Known

_OWN_RESULTS = (  # columns by which our own results are told, as the commands name them
    ({"reorder_point", "order_up_to", "stockout_risk"}, "a reorder list that stockout wrote"),
    ({"sku", "location", "date", "mean", "model"}, "a forecast that stockout wrote"),
    ({"code", "severity", "file", "row", "message"}, "findings that stockout wrote"),
)
_ALSO = {"products": "inventory", "inventory": "products"}
"""What an export known by its names can be besides: a product list with stock, and vice versa."""

_SKIP = "none of these: leave it out"


@dataclass(frozen=True, eq=False)
class Proposal:
    """One source of one table.

    Attributes:
        kin: The exports.
        path: How the configuration names their files.
        fit: What they are.
        settings: Settings of the source beside its path and profile: ``decimal``, ``date_format``.
        columns: Columns that the configuration must name, a name or ``{"sql": ...}``.
        guesses: What was taken for true without certainty, and what else it could be, by the key
            it stands beside (``""`` is the whole source).
        problems: Why it does not read as it is.
        facts: What the notes say of it: dates, encodings.
    """

    kin: Kin
    path: str | list[str]
    fit: Fit
    settings: Mapping[str, object] = field(default_factory=dict)
    columns: Mapping[str, object] = field(default_factory=dict)
    guesses: Mapping[str, Guessed] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()

    @property
    def table(self) -> str:
        """Name of the canonical table."""
        return self.fit.table

    @property
    def name(self) -> str:
        """What to call it."""
        return name_of(self.kin, self.path)

    @property
    def is_undated(self) -> bool:
        """Whether it is a stock list that has no column for its date."""
        return self.table == "inventory" and "date" not in self.fit.columns

    def source(self) -> dict[str, object]:
        """The source as the configuration has it."""
        located = self.kin.first.located
        told = {
            "path": self.path,
            "profile": self.fit.profile,
            "format": located.fmt if located.format_told else None,
            "sheet": self.kin.first.sheet,
            "encoding": self.kin.encoding,
            **self.settings,
            "columns": dict(self.columns) or None,
        }
        return {key: value for key, value in told.items() if value is not None}

    @property
    def confidence(self) -> Confidence:
        """How sure it is, with what was guessed of it."""
        told: list[Confidence] = [
            guessed.grade for guessed in self.guesses.values() if guessed.grade != "told"
        ]
        return max([self.fit.confidence, *told], key=CONFIDENCES.index)

    def with_guess(self, key: str, words: str, grade: Grade = "guess") -> Proposal:
        """The same with one more guess."""
        return replace(self, guesses={**self.guesses, key: Guessed(words, grade)})


@dataclass(frozen=True, eq=False)
class Understood:
    """One kind of exports and what it can be; or why it is nothing that is known."""

    kin: Kin
    path: str | list[str]
    fits: list[Fit]
    reason: str | None = None

    @property
    def name(self) -> str:
        """What to call it."""
        return name_of(self.kin, self.path)


def name_of(kin: Kin, path: str | list[str]) -> str:
    """What questions and notes call exports of one kind."""
    if isinstance(path, list):
        shown = f"{path[0]} and {len(path) - 1} more"
    else:
        shown = path if len(kin.looks) == 1 else f"{path} ({len(kin.looks)} files)"
    return shown if kin.first.sheet is None else f"{shown}, sheet {kin.first.sheet}"


def understand(
    kin: Kin,
    path: str | list[str],
    profiles: Mapping[str, Profile],
    ask: Ask,
    seen: Collection[str] = (),
) -> Understood:
    """Settles what an export is, asking where two readings are as good.

    Args:
        kin: Exports of one kind.
        path: How the configuration names their files.
        profiles: The profiles to think of.
        ask: Answers questions.
        seen: Systems that other exports of the folder are certainly from.

    Raises:
        InputError: A file is damaged.
    """
    name = name_of(kin, path)
    header = set(kin.header)
    own = next((words for columns, words in _OWN_RESULTS if columns <= header), None)
    if own is not None:
        return Understood(kin, path, [], own)
    known = [each for each in known_exports(kin, profiles) if fits_of_export(kin, each)]
    if known:
        return Understood(kin, path, _of_system(kin, known, ask, name, seen))
    fits = fits_by_name(kin)
    if not fits:
        shown = ", ".join(kin.header[:8]) + ("" if len(kin.header) <= 8 else ", ...")
        return Understood(kin, path, [], f"no table is known that has its columns: {shown}")
    first = fits[0]
    if first.rivals:
        options = [first.table, *first.rivals]
        second = next(fit for fit in fits if fit.table == first.rivals[0])
        answer = ask(
            Question(
                about=name,
                text="Which table is it?",
                options=(*options, _SKIP),
                best=0,
                sure=first.score > second.score,
                settle="move its path to the section of another table",
                why=f"its columns fit {first.table} best",
            )
        )
        if answer is None or answer.option >= len(options):
            return Understood(kin, path, [], "left out on demand")
        chosen = next(fit for fit in fits if fit.table == options[answer.option])
        if answer.told:
            chosen = replace(chosen, confidence="certain", reasons=("as you said",))
        fits = [chosen, *(fit for fit in fits if fit is not first and fit is not chosen)]
    return Understood(kin, path, _with_second_table(fits))


def _of_system(
    kin: Kin, known: Sequence[Known], ask: Ask, name: str, seen: Collection[str]
) -> list[Fit]:
    ties = [each for each in known if each.strength == known[0].strength]
    here = [each for each in ties if each.system in seen]
    if len(ties) == 1 or len(here) == 1 or _make_different_tables(ties):
        return _with_namesakes(kin, (here or ties)[0], known)
    first = _with_namesakes(kin, ties[0], known)
    if all(_alike(first, fits_of_export(kin, other)) for other in ties[1:]):
        return with_rivals(first, ties)
    answer = ask(
        Question(
            about=name,
            text="Which export is it?",
            options=tuple(each.title for each in ties),
            best=0,
            sure=False,
            settle="--profile SYSTEM, or profile = in its section",
            why="its header fits them equally",
        )
    )
    chosen = ties[0 if answer is None else answer.option]
    fits = fits_of_export(kin, chosen)
    if answer is not None and answer.told:
        return fits
    return with_rivals(fits, [chosen, *(each for each in ties if each is not chosen)])


def _make_different_tables(known: Sequence[Known]) -> bool:
    """Whether exports of one system have no table in common, so that each can be tried."""
    tables = [table for each in known for table in each.export.tables]
    return len({each.system for each in known}) == 1 and len(set(tables)) == len(tables)


def _with_namesakes(kin: Kin, chosen: Known, known: Sequence[Known]) -> list[Fit]:
    """The tables of an export, and those of others of the system with the same header.

    Where no title tells which of them it is, its rows do.
    """
    fits = fits_of_export(kin, chosen)
    for other in known:
        if other.system == chosen.system and other.strength[0] == chosen.strength[0]:
            tables = {fit.table for fit in fits}
            fits += [
                replace(fit, tentative=True)
                for fit in fits_of_export(kin, other)
                if fit.table not in tables
            ]
    if len({fit.profile for fit in fits}) > 1:
        fits = [replace(fit, tentative=True) for fit in fits]
    return fits


def _alike(one: Sequence[Fit], other: Sequence[Fit]) -> bool:
    """Whether two readings come to the same: the same tables from the same columns."""
    return [(fit.table, fit.columns) for fit in one] == [(fit.table, fit.columns) for fit in other]


def _with_second_table(fits: list[Fit]) -> list[Fit]:
    """The best fit, and as a fallback the other table that such an export often holds too."""
    first = fits[0]
    other = _ALSO.get(first.table)
    second = next((fit for fit in fits[1:] if fit.table == other and not fit.missing), None)
    if first.missing or second is None:
        return [first]
    told = [where.how for column, where in second.columns.items() if column in ("on_hand", "sku")]
    if "otherwise" in told:
        return [first]
    return [first, replace(second, fallback=True)]


def choose(understood: Sequence[Understood], ask: Ask) -> tuple[list[Proposal], dict[int, str]]:
    """Decides which exports each table is read from.

    A table that an export makes only as a fallback is taken where no other export makes it, and
    where the export is not taken for another thing already: lines that are read as sales say
    nothing of suppliers, though they could be receipts. A table that lacks a column is completed by
    a question, where no other export makes the table.

    Args:
        understood: What the exports can be.
        ask: Answers questions.

    Returns:
        The sources, and for each export that makes none the reason.
    """
    proposals: list[Proposal] = []
    unused: dict[int, str] = {}
    for table in SCHEMAS:
        offers = [
            (index, fit)
            for index, each in enumerate(understood)
            for fit in each.fits
            if fit.table == table and not (table in NEVER_EMPTY and each.kin.sample.is_empty())
        ]
        complete = [offer for offer in offers if not offer[1].missing]
        first = [offer for offer in complete if not offer[1].fallback]
        fallback = _best_of_each_system(
            [
                (index, fit)
                for index, fit in complete
                if fit.fallback and not _is_another(fit, understood[index].kin, proposals)
            ]
        )
        for index, fit in first or fallback:
            of = understood[index]
            proposals.append(
                Proposal(of.kin, of.path, fit, columns=_told(fit), guesses=of.kin.guesses)
            )
        for index, fit in (offer for offer in offers if offer[1].missing):
            lacking = " or ".join(fit.missing)
            unused[index] = f"looks like {table}, but nothing in it is called {lacking}"
            if not proposals_of(proposals, table):
                completed = _complete(understood[index], fit, ask)
                if completed is not None:
                    proposals.append(completed)
    used = {id(proposal.kin) for proposal in proposals}
    for index, each in enumerate(understood):
        if id(each.kin) in used:
            unused.pop(index, None)
        elif index not in unused:
            unused[index] = _why_unused(each)
    return proposals, unused


def _is_another(fit: Fit, kin: Kin, proposals: Sequence[Proposal]) -> bool:
    """Whether the export is taken for another one than this table would be made of."""
    return any(taken.kin is kin and taken.fit.profile != fit.profile for taken in proposals)


def _why_unused(each: Understood) -> str:
    if each.reason is not None:
        return each.reason
    if each.kin.sample.is_empty():
        return "it has no rows"
    tables = " and ".join(dict.fromkeys(fit.table for fit in each.fits))
    return f"{tables} is taken from another export"


def proposals_of(proposals: Sequence[Proposal], table: str) -> list[Proposal]:
    """The sources of one table."""
    return [proposal for proposal in proposals if proposal.table == table]


def _best_of_each_system(offers: list[tuple[int, Fit]]) -> list[tuple[int, Fit]]:
    best: dict[str | None, tuple[int, Fit]] = {}
    for offer in offers:
        fit = offer[1]
        held = best.get(fit.system)
        if held is None or _rank(fit) < _rank(held[1]):
            best[fit.system] = offer
    return list(best.values())


def _rank(fit: Fit) -> tuple[int, int, float]:
    return (CONFIDENCES.index(fit.confidence), -len(fit.columns), -fit.score)


def _told(fit: Fit) -> dict[str, object]:
    """The columns that the configuration names, as the export calls them otherwise."""
    if fit.profile is not None:
        return {}
    return {column: where.name for column, where in fit.columns.items() if where.how != "same"}


def _complete(of: Understood, fit: Fit, ask: Ask) -> Proposal | None:
    """Asks which columns are those that a table lacks."""
    columns = dict(fit.columns)
    guesses = dict(of.kin.guesses)
    for column, candidates in fit.missing.items():
        taken = {where.name for where in columns.values()}
        options = [name for name in candidates.names if name not in taken]
        question = Question(
            about=of.name,
            text=f"Which column is {column} of {fit.table}?",
            options=(*(_with_examples(of.kin, name) for name in options), _SKIP),
            best=0,
            sure=False,
            settle=f"[tables.{fit.table}.columns] {column} =",
            why=f"nothing in it is called {column}",
            leaves_out=True,
        )
        answer = ask(question) if options else None
        if answer is None or answer.option >= len(options):
            return None
        chosen = options.pop(answer.option)
        columns[column] = Mapped(chosen, "content")
        words = f"nothing is called {column}"
        words += f"; could also be {_some(options)}" if options else ""
        words += "; if it is money, it is revenue" if column == "units" else ""
        words = "as you said" if answer.told else words
        guesses[f"columns.{column}"] = Guessed(words, grade(question, answer))
    order = [name for name in SCHEMAS[fit.table].column_names() if name in columns]
    completed = replace(fit, columns={name: columns[name] for name in order}, missing={})
    return Proposal(of.kin, of.path, completed, columns=_told(completed), guesses=guesses)


def _with_examples(kin: Kin, name: str) -> str:
    examples = kin.columns[name].examples
    return f"{name} ({', '.join(examples)}, ...)" if examples else name


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(map(repr, names[:5]))
    return shown if len(names) <= 5 else f"{shown} or {len(names) - 5} more"
