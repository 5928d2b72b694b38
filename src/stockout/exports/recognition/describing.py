"""A recognition as the text of ``stockout.toml``, with comments on what was found and guessed."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from stockout.config.writing import Section, Setting, comment, write_toml
from stockout.exports.recognition.paths import relative
from stockout.exports.rows.parts import count_rows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stockout.exports.recognition.proposals import Proposal
    from stockout.exports.recognition.recognising import Guess, Recognition
    from stockout.exports.recognition.rivals import Read
    from stockout.exports.recognition.walking import LeftOut

_INTRODUCTION = (
    "Written by `stockout init {folder}`: what the exports there are, and how they are read. Where "
    "GUESS stands, look whether it is right; where PROBLEM stands, something has to be changed. "
    "`stockout check` says more."
)
_OUT_OF_STOCK = r"stock.?out|out.?of.?stock|(?<![a-z])oos(?![a-z])|缺货"
_MOST_KINDS = 8  # of files that are no exports
_MOST_LEFT_OUT = 100  # files that are listed one by one


def configuration(found: Recognition, folder: str, base: Path) -> str:
    """The configuration that reads what was found.

    Args:
        found: What was found.
        folder: The folder of the exports, as the user named it.
        base: The folder of the configuration.

    Returns:
        TOML; the same for the same recognition.
    """
    settings = [_guessed("default_lead_time_days", found.lead_time_days)]
    if found.as_of is not None:
        settings.insert(0, _guessed("as_of", found.as_of))
    if found.by_location is not None:
        settings.append(_guessed("by_location", found.by_location))
    sections = [
        Section((), notes=(_INTRODUCTION.format(folder=folder),)),
        Section((), tuple(settings)),
    ]
    several = Counter(source.proposal.table for source in found.sources)
    for source in found.sources:
        sections += _sections(source, several[source.proposal.table] > 1)
    text = write_toml(sections)
    tail = _tail(found, base)
    return text + ("\n" + "\n".join(tail) + "\n" if tail else "")


def _guessed(key: str, guess: Guess) -> Setting:
    note = f"a guess: {guess.why}" if guess.guessed else guess.why
    if key == "as_of":
        note += "; change it with the next export, or take it out where the exports tell it"
    if key == "by_location":
        note += (
            "; so the stock, sales and orders of all locations are taken together. To keep them "
            "apart, let each table name them (columns.location = in its section), and take this out"
        )
    return Setting(key, guess.value, note)


def _sections(source: Read, several: bool) -> list[Section]:
    proposal = source.proposal
    told = proposal.source()
    columns = told.pop("columns", {})
    guesses = {key: str(guessed) for key, guessed in proposal.guesses.items()}
    main = Section(
        ("tables", proposal.table),
        tuple(Setting(key, value, guesses.get(key)) for key, value in told.items()),
        _notes(source),
        repeated=several,
    )
    if not columns:
        return [main]
    assert isinstance(columns, dict)  # noqa: S101 - it is what Proposal.source makes
    return [
        main,
        Section(
            ("tables", proposal.table, "columns"),
            tuple(
                Setting(name, value, guesses.get(f"columns.{name}"))
                for name, value in columns.items()
            ),
        ),
    ]


def _notes(source: Read) -> tuple[str, ...]:
    proposal = source.proposal
    fit = proposal.fit
    what = f"{fit.title}, as {proposal.table}" if fit.title is not None else proposal.table
    rows = "" if source.rows is None else f"; {count_rows(source.rows)}"
    notes = [f"{what[0].upper()}{what[1:]}: {proposal.confidence}{rows}"]
    if fit.reasons:
        notes.append(f"  {'; '.join(fit.reasons)}")
    notes.append(f"  {_columns(proposal)}")
    used = {where.name for where in fit.columns.values()}
    computed = " ".join(str(value) for value in proposal.columns.values())
    unused = [
        name for name in proposal.kin.header if name not in used and f'"{name}"' not in computed
    ]
    if unused and fit.profile is None:
        notes.append(f"  not used: {', '.join(unused)}")
    notes += [f"  {hint}" for hint in _absences(proposal, unused)]
    notes += [f"  {fact}" for fact in proposal.facts]
    if "" in proposal.guesses:
        notes.append(f"  {proposal.guesses['']}")
    notes += [f"  PROBLEM: {problem}" for problem in proposal.problems]
    return tuple(notes)


def _absences(proposal: Proposal, unused: Sequence[str]) -> list[str]:
    """Columns that may say when an item was out of stock, which no name alone can settle."""
    return [
        f"{name!r} may tell how long an item was out of stock. If so, [tables.inventory] with this "
        f'path and columns.in_stock_share = {{ sql = "1 - {name} / HOURS" }} says it, where HOURS '
        "are those of a whole day"
        for name in unused
        if re.search(_OUT_OF_STOCK, name.lower())
        and proposal.table == "sales"
        and proposal.kin.columns[name].numbers >= 0.5
    ]


def _columns(proposal: Proposal) -> str:
    """Where the canonical columns come from."""
    by_name = [
        f"{column} from {where.name!r}" if where.how != "computed" else f"{column} by the profile"
        for column, where in proposal.fit.columns.items()
        if where.how != "same"
    ]
    same = [column for column, where in proposal.fit.columns.items() if where.how == "same"]
    parts = [", ".join(by_name)] if by_name else []
    if same:
        parts.append(f"as they are called: {', '.join(same)}")
    return "; ".join(parts)


def _tail(found: Recognition, base: Path) -> list[str]:
    lines: list[str] = []
    if found.doubts:
        lines += ["# Sources that may hold the same:"]
        lines += [line for doubt in found.doubts for line in comment(f"  GUESS: {doubt}")]
    suspects = [item for item in found.left_out if item.suspect]
    others = [item for item in found.left_out if not item.suspect]
    if suspects:
        lines.append("# Left out:")
        for item in suspects[:_MOST_LEFT_OUT]:
            lines += comment(f"  {relative(item.path, base)}: {item.reason}")
        if len(suspects) > _MOST_LEFT_OUT:
            lines.append(f"#   and {len(suspects) - _MOST_LEFT_OUT:,} more")
    if others:
        lines.append(f"# {kinds(others)} that no export ends in")
    return lines


def kinds(left_out: Sequence[LeftOut]) -> str:
    """How many files of which kind, in words.

    >>> from pathlib import Path
    >>> from stockout.exports.recognition.walking import LeftOut
    >>> kinds([LeftOut(Path(name), "no export") for name in ("a.PDF", "b.pdf", "LICENSE")])
    '3 files (2 .pdf, 1 without a suffix)'
    """
    counts = Counter(item.path.suffix.lower() or "without a suffix" for item in left_out)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown = ", ".join(f"{count:,} {kind}" for kind, count in ordered[:_MOST_KINDS])
    if len(ordered) > _MOST_KINDS:
        shown += f" and {len(ordered) - _MOST_KINDS} other kinds"
    return f"{len(left_out):,} file{'' if len(left_out) == 1 else 's'} ({shown})"
