"""What a report is made of: sections of figures, sentences, tables and pictures, not formatted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import polars as pl

Unit: TypeAlias = Literal[
    "text", "told", "code", "word", "rule", "units", "money", "share", "days", "times", "count",
    "ratio", "date", "month",
]  # fmt: skip
"""What a value is: a text of the data, a sentence that a verb told, a name that is a key, a word
of ours, the code of a rule of ``check``, or a quantity.

``times`` is times a year, ``month`` a date of which year and month count.
"""

Value: TypeAlias = "float | int | str | date | None"


@dataclass(frozen=True)
class Said:
    """A sentence of the words table, and the values in it with their units."""

    key: str
    values: Mapping[str, tuple[Value, Unit]] = field(default_factory=dict)


@dataclass(frozen=True)
class Told:
    """A sentence that a verb said in English; :mod:`stockout.reports.report.told` has others."""

    text: str


Sentence: TypeAlias = Said | Told


@dataclass(frozen=True)
class Figure:
    """One figure; its name is a key of the words table.

    Attributes:
        name: Key of its title and its definition.
        value: None where it is not known; then there is a reason.
        unit: What it is.
        low: Lower end of its 90 % interval.
        high: Upper end.
        before: The same figure of the period before.
        before_span: Its interval; the two differ by more than chance where theirs do not overlap.
        good: Which way is better, where that is no matter of taste.
        reason: Why it is not known.
    """

    name: str
    value: float | None
    unit: Unit
    low: float | None = None
    high: float | None = None
    before: float | None = None
    good: Literal["less", "more"] | None = None
    reason: Sentence | None = None
    before_span: tuple[float, float] | None = None


@dataclass(frozen=True)
class Figures:
    """Figures side by side; ``lead`` ones are the first thing that a reader sees."""

    name: str
    figures: tuple[Figure, ...]
    lead: bool = False


@dataclass(frozen=True)
class Column:
    """A column of a table; its name is that of the frame's column and a key of the words table."""

    name: str
    unit: Unit
    edit: bool = False  # a planner may change it in the workbook
    page: bool = True  # a page shows it; the workbook has room for all


@dataclass(frozen=True)
class Table:
    """A table; where it is long, a page shows its first rows and says how many more there are.

    Attributes:
        name: Key of its title.
        frame: All rows, the most important first.
        columns: What is shown, in order.
        top: Rows that a page shows.
        command: Which command writes all rows, None where nothing does.
        beside: The table stands behind a picture, and is folded away on a page.
    """

    name: str
    frame: pl.DataFrame
    columns: tuple[Column, ...]
    top: int = 25
    command: str | None = None
    beside: bool = False


@dataclass(frozen=True)
class Picture:
    """A picture; ``kind`` says how :mod:`.pictures` draws the frames."""

    name: str
    kind: str
    frames: Mapping[str, pl.DataFrame]
    caption: Said
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Card:
    """One item in detail: who it is, its figures, its picture, and the table behind it."""

    sku: str
    location: str | None
    title: str | None
    figures: tuple[Figure, ...]
    picture: Picture
    table: Table


@dataclass(frozen=True)
class Missed:
    """What is not known, and why; ``title`` is the key of its name."""

    title: str
    reason: Sentence


Block: TypeAlias = Figures | Said | Told | Table | Picture | Card | Missed


@dataclass(frozen=True)
class Section:
    """A question, and what answers it; without blocks, the reason why nothing does."""

    name: str
    blocks: tuple[Block, ...] = ()
    reason: Sentence | None = None
