"""The day of a stock list that has no date column: from its title rows, else from its file's name.

Only a date that is certain counts. ``03/04/2026`` has two readings and is none, the day on which a
list was printed is not the day of the stock, and of several days the right one is not known.
"""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_YEARS = range(1990, 2100)

_MONTHS = {
    name[:length]: number
    for number, names in enumerate(
        (
            *("january januar", "february februar", "march märz maerz", "april", "may mai"),
            *("june juni", "july juli", "august", "september", "october oktober"),
            *("november", "december dezember"),
        ),
        start=1,
    )
    for name in names.split()
    for length in {3, 4, len(name)}
}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))

_DATE = re.compile(
    rf"""
    (?<!\d)(?<!\d[.,])(?:
      (?P<y>(?:19|20)\d\d)(?P<mark>[-/.])(?P<m>\d\d?)(?P=mark)(?P<d>\d\d?)(?![\d])
    | (?P<yc>(?:19|20)\d\d)\s*年\s*(?P<mc>\d\d?)\s*月\s*(?P<dc>\d\d?)\s*[日号]
      (?:\s*(?:至|到|[-~—–]+)\s*(?:(?P<me>\d\d?)\s*月\s*)?(?P<de>\d\d?)\s*[日号])?
    | (?P<y8>(?:19|20)\d\d)(?P<m8>\d\d)(?P<d8>\d\d)(?:\d{{4}}(?:\d\d)?)?(?!\d)
    | (?P<a>\d\d?)(?P<mark2>[-/.])(?P<b>\d\d?)(?P=mark2)(?P<y2>(?:19|20)\d\d)(?!\d)
    | (?P<d3>\d\d?)(?:st|nd|rd|th)?[-./\s]*(?P<m3>{_MONTH})\b[-.,/\s]*(?P<y3>(?:19|20)\d\d)(?!\d)
    | (?P<y5>(?:19|20)\d\d)\s*年\s*(?P<m5>\d\d?)\s*月(?!\s*\d)
    )
    | (?<![a-z])(?P<m4>{_MONTH})\b\.?[-\s]*(?P<d4>\d\d?)(?:st|nd|rd|th)?[-,\s]+
      (?P<y4>(?:19|20)\d\d)(?!\d)
    """,
    re.VERBOSE,
)

_PRINTED = re.compile(
    r"(?:打印|导出|制表|制单|查询时间|生成|下载|print|export|creat|generat|download"
    r"|run (?:on|at|date)|druck|erstellt|ausgabe)[^\d]*$"
)
_END = r"(?:截?止|结束|终止|end|to|ende)(?:日期|时间| ?date)?\s*:?"
_BETWEEN = re.compile(
    r"^(?:\s+\d\d?:\d\d(?::\d\d)?)?[\s_]*"
    rf"(?:(?:至|到|～|~|-+|—+|–|to|until|through|thru|bis)[\s_]*(?:{_END})?|{_END})[\s_]*$"
)
"""What stands between the two ends of a period. Two dates of a file's name that only ``_`` keeps
apart are as often the day of the stock and the day of the export."""


_ENDS_WITHOUT_YEAR = re.compile(
    r"\s*(?:至|到|~|-+|—+|–|to|bis)\s*(?:\d\d?[-./]\d\d?(?!\d|[-./]\d{4})|\d\d?\s*[月日号])"
)


class _Mention(NamedTuple):
    """One date in a text."""

    readings: frozenset[
        date
    ]  # every day that it may be; of a month alone, its days; none where unclear
    printed: bool  # whether it says when the list was made
    start: int
    stop: int


def stock_date(titles: Sequence[str], file_name: str) -> date | None:
    """The day that a stock list without a date column speaks of.

    Args:
        titles: The rows above its header.
        file_name: Its name, with or without folders.

    Returns:
        The one day that the titles name, the last day of a period; else that of the file's name.
        None where there is none, where it has two readings, or where there are several.

    >>> stock_date(["库存状况表", "截止日期：2026年6月30日 打印日期：2026-07-02"], "x.xls")
    datetime.date(2026, 6, 30)
    >>> stock_date(["01.06.2026 - 30.06.2026"], "x.csv"), stock_date([], "stock_20260630.csv")
    (datetime.date(2026, 6, 30), datetime.date(2026, 6, 30))
    >>> stock_date(["As of 03/04/2026"], "stock.csv") is None
    True
    """
    mentions = _mentions(" \n ".join(titles))
    of_stock = [mention for mention in mentions if not mention.printed]
    named = _only(_mentions(Path(file_name.replace("\\", "/")).name))
    if not of_stock:
        printed = _only(mentions)
        return printed or named if printed in (None, named) or named is None else None
    day = _only(of_stock)
    if day is None and len(of_stock) == 1 and named in of_stock[0].readings:
        return named  # the file's name says which of the readings it is
    return day


def names_a_date(text: str) -> bool:
    r"""Whether a text has anything that reads as a date.

    >>> names_a_date("sku,on_hand\\n00123,5"), names_a_date("2026-01-05,00123,5")
    (False, True)
    """
    return any(_dates(unicodedata.normalize("NFKC", text).casefold()))


def _only(mentions: Sequence[_Mention]) -> date | None:
    """The one day of these mentions, if it is certain."""
    days = {mention.readings for mention in mentions}
    if len(days) != 1:
        return None
    (readings,) = days
    return next(iter(readings)) if len(readings) == 1 else None


def _mentions(text: str) -> list[_Mention]:
    """The dates of a text; of a period, its later end."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    kept: list[_Mention] = []
    for mention in _dates(plain):
        before = kept[-1] if kept else None
        if before is not None and _BETWEEN.match(plain[before.stop : mention.start]):
            later = _later(before, mention)
            if later is not None:
                kept[-1] = later
                continue
        kept.append(mention)
    return kept


def _later(first: _Mention, second: _Mention) -> _Mention | None:
    """The later end of a period, where the order of its ends is certain."""
    if first.printed or not first.readings or not second.readings:
        return None
    firsts, seconds = _settled_together(first.readings, second.readings)
    if max(firsts) > min(seconds):
        return None
    return second._replace(readings=seconds)


def _settled_together(
    first: frozenset[date], second: frozenset[date]
) -> tuple[frozenset[date], frozenset[date]]:
    """Readings of the ends of a period, which are written in the same way.

    ``01/06/2026 - 30/06/2026`` is certain although 01/06/2026 alone is not; that a period ends
    after it begins may settle the rest.
    """
    pairs = [(one, other) for one in first for other in second if one <= other]
    if len(pairs) == 1:
        return frozenset({pairs[0][0]}), frozenset({pairs[0][1]})
    return first, second


def _dates(text: str) -> Iterator[_Mention]:
    for match in _DATE.finditer(text):
        readings = _readings({name: value for name, value in match.groupdict().items() if value})
        if readings:
            if _ENDS_WITHOUT_YEAR.match(text, match.end()):
                readings = frozenset()  # 2026-06-01 - 06-30: a period, and not its first day
            line = text[: match.start()].rsplit("\n", 1)[-1]
            yield _Mention(readings, bool(_PRINTED.search(line)), *match.span())


def _readings(parts: Mapping[str, str]) -> frozenset[date]:
    """Every day that the groups of a match may be."""
    if "yc" in parts:
        begin = int(parts["mc"]), int(parts["dc"])
        end = int(parts.get("me", begin[0])), int(parts.get("de", begin[1]))
        # A period that ends in another year does not say which.
        return _days((int(parts["yc"]), *end)) if begin <= end else frozenset()
    if "y2" in parts:
        year, one, other = int(parts["y2"]), int(parts["a"]), int(parts["b"])
        return _days((year, one, other), (year, other, one))
    if "y5" in parts:
        return _days(*((int(parts["y5"]), int(parts["m5"]), day) for day in range(1, 32)))
    y, m, d = next(
        (parts[f"y{form}"], parts[f"m{form}"], parts[f"d{form}"])
        for form in ("", "8", "3", "4")
        if f"y{form}" in parts
    )
    return _days((int(y), _MONTHS[m] if m in _MONTHS else int(m), int(d)))


def _days(*choices: tuple[int, int, int]) -> frozenset[date]:
    """Those of these years, months and days that exist."""
    days = set()
    for year, month, day in choices:
        with suppress(ValueError):
            days.add(date(year, month, day))
    return frozenset(day for day in days if day.year in _YEARS)
