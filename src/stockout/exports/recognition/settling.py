"""Reads what was proposed, and settles what the reading cannot: order of dates, decimal mark."""

from __future__ import annotations

import logging
import re
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import polars as pl

from stockout.config import Config, Source
from stockout.errors import InputError, StockoutError
from stockout.exports.read import read_tables
from stockout.exports.recognition.content import day_and_month
from stockout.exports.recognition.encoding import ask_encoding
from stockout.exports.recognition.questions import Question, grade
from stockout.exports.rows.running import ENGINE_ERRORS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from stockout.exports.recognition.looking import Kin
    from stockout.exports.recognition.proposals import Proposal
    from stockout.exports.recognition.questions import Ask

_TWO_FORMATS = re.compile(r'date_format = "([^"]+)" or "([^"]+)"')
_DECIMAL = re.compile(r'decimal = "[.,]"')
_DAYS_IN_ORDER = 10  # different days whose order is no accident
_MOST_ROUNDS = 6  # settings that one source may need
_POINT = r"^[+-]?(?:\d{1,3}(?:,\d{3})*|\d*)\.(?:\d{1,2}|\d{4,})$"
_COMMA = r"^[+-]?(?:\d{1,3}(?:\.\d{3})*|\d*),(?:\d{1,2}|\d{4,})$"
_MARKS: Mapping[str, str] = {".": "a point", ",": "a comma"}

Order = Literal["day", "month"]


@dataclass(frozen=True)
class Reading:
    """How sources are read: where paths start from, and the date of undated stock lists."""

    base: Path
    as_of: date | None = None

    def read(self, table: str, proposals: Sequence[Proposal]) -> pl.DataFrame:
        """Reads one table from these sources.

        Raises:
            StockoutError: It does not read.
        """
        sources = [Source.model_validate(proposal.source()) for proposal in proposals]
        config = Config.model_validate({"tables": {table: sources}, "as_of": self.as_of})
        config = config.model_copy(update={"folder": self.base, "file": Path("stockout.toml")})
        frame = getattr(read_tables(config, only={table}), table)
        assert isinstance(frame, pl.DataFrame)  # noqa: S101 - it is what the configuration names
        return frame


class Outcome(NamedTuple):
    """A source that was read, or that cannot be."""

    proposal: Proposal
    frame: pl.DataFrame | None


def settle(proposal: Proposal, others: Sequence[Proposal], reading: Reading, ask: Ask) -> Outcome:
    """Reads a source whole; where two readings fit, decides by other exports or by asking.

    Args:
        proposal: The source.
        others: The other sources, of which those of the same system are evidence.
        reading: How to read.
        ask: Answers questions.

    Returns:
        The source with its settings, and its table; with its problem instead where it has one.
    """
    for _ in range(_MOST_ROUNDS):
        try:
            with _heard() as notes:
                frame = reading.read(proposal.table, [proposal])
        except StockoutError as error:
            settled = _settled(proposal, others, error, ask)
            if settled is None:
                return Outcome(_with_problem(proposal, error), None)
            proposal = settled
        else:
            return Outcome(replace(proposal, facts=(*proposal.facts, *notes)), frame)
    return Outcome(_with_problem(proposal, InputError("it has too many readings")), None)


def _with_problem(proposal: Proposal, error: StockoutError) -> Proposal:
    text = error.message if error.hint is None else f"{error.message}; {error.hint}"
    return replace(proposal, problems=(*proposal.problems, text))


def _settled(
    proposal: Proposal, others: Sequence[Proposal], error: StockoutError, ask: Ask
) -> Proposal | None:
    hint = error.hint or ""
    formats = _TWO_FORMATS.search(hint)
    if formats and "date_format" not in proposal.settings:
        return _with_order(proposal, others, error, (formats[1], formats[2]), ask)
    if "encoding = " in hint and proposal.kin.encoding is None:
        answered = ask_encoding(proposal.kin.looks[0].export.files[0], ask, proposal.name)
        if answered is None or "encoding" in proposal.settings:
            return None
        encoding, guessed = answered
        changed = replace(proposal, settings={**proposal.settings, "encoding": encoding})
        return changed.with_guess("encoding", *guessed)
    ambiguous = "ambiguous" in error.message or "could be" in error.message
    if _DECIMAL.search(hint) and ambiguous and "decimal" not in proposal.settings:
        return _with_decimal(proposal, others, error, ask)
    return None


def _with_order(
    proposal: Proposal,
    others: Sequence[Proposal],
    error: StockoutError,
    formats: tuple[str, str],
    ask: Ask,
) -> Proposal | None:
    found = getattr(error, "found", None) or ""
    by: dict[Order, str] = {}
    for form in formats:
        by["day" if form.index("%d") < form.index("%m") else "month"] = form
    order, why, sure = _guess_order(proposal, others, found)
    options: tuple[Order, Order] = ("day", "month")
    question = Question(
        about=proposal.name,
        text=f"Dates such as {found}: is the day or the month first?",
        options=("day first", "month first"),
        best=options.index(order),
        sure=sure,
        settle=f"date_format under [tables.{proposal.table}]",
        why=why,
    )
    answer = ask(question)
    if answer is None:
        return None
    chosen = options[answer.option]
    settings = {**proposal.settings, "date_format": by[chosen]}
    other = by["month" if chosen == "day" else "day"]
    words = f'{"as you said" if answer.told else why}; the other reading is "{other}"'
    changed = replace(proposal, settings=settings)
    return changed.with_guess("date_format", words, grade(question, answer))


def _guess_order(
    proposal: Proposal, others: Sequence[Proposal], found: str
) -> tuple[Order, str, bool]:
    """The likelier order of day and month, what speaks for it, and whether that is enough."""
    own = _orders(proposal.kin, proposal)
    if own["day"] != own["month"] and not (own["day"] and own["month"]):
        order: Order = "day" if own["day"] else "month"
        return order, "other columns of it are written so", True
    for other in others:
        if other.kin is proposal.kin or other.fit.system != proposal.fit.system:
            continue
        told = other.settings.get("date_format")
        counts = _orders(other.kin, other)
        if (counts["day"] > 0) != (counts["month"] > 0) and told is None:
            order = "day" if counts["day"] else "month"
            shown = other.kin.paths[0].name
            return order, f"{shown} of the same system is written so", other.fit.system is not None
    if re.search(r"\d\.\d+\.", found):
        return "day", "with points, the day is written first", True
    sorted_as = _sorted_order(proposal)
    if sorted_as is not None:
        # Sorted as texts, 03/01 03/02 05/01 look in order with the month first, whatever they are.
        return sorted_as, "only so the rows are in order of time", sorted_as == "day"
    if _decimal_marks(proposal.kin)[","]:
        return "day", "where the comma is decimal, the day is first", False
    return "day", "nothing in the files tells; most countries write the day first", False


def _orders(kin: Kin, proposal: Proposal) -> Counter[str]:
    """How many dates of an export are certainly day first, and month first, over all its rows."""
    counts: Counter[str] = Counter()
    used = {where.name for where in proposal.fit.columns.values()}
    names = [
        name
        for name, look in kin.columns.items()
        if name in used and look.dates >= 0.5 and kin.sample.schema[name] == pl.String
    ]
    for look in kin.looks:
        for name in names:
            if name not in look.export.schema:
                continue
            try:
                row = look.export.scan().select(day_and_month(pl.col(name))).collect()
            except ENGINE_ERRORS:
                continue
            counts.update(row.row(0, named=True))
    return counts


def _sorted_order(proposal: Proposal) -> Order | None:
    """The order of day and month with which the rows are sorted by date, if just one is."""
    where = proposal.fit.columns.get("date") or proposal.fit.columns.get("order_date")
    sample = proposal.kin.sample
    if where is None or where.name not in sample.columns:
        return None
    if sample.schema[where.name] != pl.String:
        return None
    parts = sample.select(
        pl.col(where.name)
        .str.strip_chars()
        .str.extract_groups(r"^(\d{1,2})[-/.](\d{1,2})[-/.](\d{2,4})")
        .alias("part")
    )["part"].struct.unnest()
    numbers = parts.select(pl.all().cast(pl.Int64, strict=False)).drop_nulls()
    if numbers.n_unique() < _DAYS_IN_ORDER:
        return None
    first, second, year = numbers.columns
    day_first = numbers.select(pl.col(year) * 10_000 + pl.col(second) * 100 + pl.col(first))
    month_first = numbers.select(pl.col(year) * 10_000 + pl.col(first) * 100 + pl.col(second))
    by_day, by_month = (_is_sorted(frame.to_series()) for frame in (day_first, month_first))
    if by_day == by_month:
        return None
    return "day" if by_day else "month"


def _is_sorted(days: pl.Series) -> bool:
    return days.is_sorted() or days.is_sorted(descending=True)


def _with_decimal(
    proposal: Proposal, others: Sequence[Proposal], error: StockoutError, ask: Ask
) -> Proposal | None:
    found = getattr(error, "found", None) or ""
    mark, why, sure = _guess_decimal(proposal, others, found)
    options = (".", ",")
    question = Question(
        about=proposal.name,
        text=f"Numbers such as {found}: which mark is decimal?",
        options=(f"a point ({_read(found, '.')})", f"a comma ({_read(found, ',')})"),
        best=options.index(mark),
        sure=sure,
        settle=f"decimal under [tables.{proposal.table}]",
        why=why,
    )
    answer = ask(question)
    if answer is None:
        return None
    chosen = options[answer.option]
    reason = "as you said" if answer.told else why
    words = f"{reason}; {found} would also be {_read(found, _other(chosen))}"
    changed = replace(proposal, settings={**proposal.settings, "decimal": chosen})
    return changed.with_guess("decimal", words, grade(question, answer))


def _guess_decimal(
    proposal: Proposal, others: Sequence[Proposal], found: str
) -> tuple[str, str, bool]:
    for other in others:
        if other.kin is proposal.kin or other.fit.system != proposal.fit.system:
            continue
        marks = _decimal_marks(other.kin)
        if (marks["."] > 0) != (marks[","] > 0):
            mark = "." if marks["."] else ","
            shown = other.kin.paths[0].name
            return mark, f"so it is in {shown}", other.fit.system is not None
    written = "," if "," in found else "."
    mark = _other(written)
    return mark, f"with three digits behind it, {_MARKS[written]} mostly groups thousands", False


def _decimal_marks(kin: Kin) -> Counter[str]:
    """How many cells of the sampled rows show that the point, and the comma, is decimal."""
    texts = [
        name
        for name, look in kin.columns.items()
        if look.numbers >= 0.5 and look.dates < 0.5 and kin.sample.schema[name] == pl.String
    ]
    counts: Counter[str] = Counter()
    for name in texts:
        cells = kin.sample[name].str.strip_chars().str.strip_chars("-()¥￥$€£ ")
        for mark, pattern in ((".", _POINT), (",", _COMMA)):
            counts[mark] += int(cells.str.contains(pattern).sum())
    return counts


def _other(mark: str) -> str:
    return "," if mark == "." else "."


def _read(found: str, decimal: str) -> str:
    return found.replace(_other(decimal), "").replace(decimal, ".")


@contextmanager
def _heard() -> Iterator[list[str]]:
    """Keeps the warnings of a reading for the configuration, instead of showing them each time."""
    heard: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            message = record.getMessage()
            if message not in heard:
                heard.append(message)

    logger = logging.getLogger("stockout.exports")
    handler = Keep(logging.WARNING)
    before = logger.propagate
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield heard
    finally:
        logger.removeHandler(handler)
        logger.propagate = before
