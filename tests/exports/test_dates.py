"""Dates read only where day, month and year are certain."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stockout.errors import ConfigError
from stockout.exports.values import dates
from stockout.exports.values.dates import DateNotation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stockout.exports.values.dates import Order

PLAIN = DateNotation()
ANY = DateNotation(plain=False, wide=True)
DAY_FIRST = ANY._replace(order="day first")
MONTH_FIRST = ANY._replace(order="month first")
unhurried = settings(deadline=None)  # a busy machine is no fault


def read_all(cells: Sequence[str], notation: DateNotation) -> list[date | None]:
    frame = pl.DataFrame({"d": cells}, schema={"d": pl.String})
    return frame.select(dates.day(pl.col("d"), notation))["d"].to_list()


def read(text: str, notation: DateNotation) -> date | None:
    return read_all([text], notation)[0]


def settled(
    cells: Sequence[str | None], told: str | None = None, order: Order | None = None
) -> DateNotation:
    frame = pl.DataFrame({"d": cells}, schema={"d": pl.String})
    counts = frame.select(dates.survey(pl.col("d"), "d")).row(0, named=True)
    return dates.settle(counts, "d", told, order)


CLOCKS = [
    *("23:59", "7:05", "23:59:59", "23:59:60", "11:59:59 PM", "11:59 pm", "11:59PM", "11:59 a.m."),
    *("上午 10:30", "下午3:30:00", "10:30 下午", "10时30分", "10时30分15秒", "10时"),
    *("23:59:59.123456", "00:00:00.0", "23:59:59,5", "10:30:00:000AM"),
    *("23:59:59Z", "23:59:59+08:00", "23:59:59 -0800", "23:59:59+08", "07:00:00 UTC"),
    *("3:04:05 PM PST", "10:30:00 GMT+8", "10:30:00 GMT+0800 (China Standard Time)"),
]


@pytest.mark.parametrize("clock", CLOCKS)
def test_iso_dates_count_as_they_are_written(clock: str) -> None:
    for text in (f"2026-01-05 {clock}", f"2026-01-05T{clock}"):
        assert read(text, PLAIN) == date(2026, 1, 5)
        assert read(text, ANY) == date(2026, 1, 5)
        assert settled([text]) == PLAIN
    assert read("2026-01-05", PLAIN) == date(2026, 1, 5)
    assert read("2026-01-05", PLAIN._replace(timed=False)) == date(2026, 1, 5)


@pytest.mark.parametrize(
    "text",
    [
        # year first
        *("2026-1-5", "2026/01/05", "2026/1/5", "2026.01.05", "2026.1.5", "2026. 1. 5"),
        *("20260105", "20260105T103000", "20260105103000", "20260105 103000Z"),
        *("2026年1月5日", "2026年01月05日", "2026年1月5号", "2026 年 1 月 5 日", "2026-Jan-05"),
        *("2026年1月5日星期一", "2026年1月5日 星期一", "2026-01-05 周一", "2026/1/5 (周一)"),
        *("星期一, 2026年1月5日", "2026年1月5日10时30分", "2026年1月5日上午10:30"),
        *(
            "2026年1月5日星期一 上午10:30:00",
            "２０２６／１／５",
            "２０２６年１月５日",
            "２０２６０１０５",
        ),
        # months as words
        *("5-Jan-2026", "05-JAN-2026", "05 January 2026", "5 Jan 2026", "5/Jan/2026", "05Jan2026"),
        *("05.Jan.2026", "5th January 2026", "5 January, 2026", "05 jan 2026"),
        *("Jan 5, 2026", "January 5 2026", "Jan 05,2026", "Jan-05-2026", "January 5th, 2026"),
        *("Mon, 05 Jan 2026", "Monday, January 5, 2026", "Mon Jan 05 2026", "Jan  5 2026 10:30AM"),
        *("Mon, 05 Jan 2026 10:30:00 +0800", "Jan 5, 2026 3:04:05 PM PST", "Jan 5, 2026, 3:04 PM"),
        *("Mon Jan  5 10:30:00 2026", "Mon Jan 05 10:30:00 CST 2026"),
        "Mon Jan 05 2026 10:30:00 GMT+0800 (China Standard Time)",
        # in other languages
        *("5. Januar 2026", "05. Jan. 2026", "05-Jän-2026", "Montag, 5. Januar 2026"),
        *("Mo, 5. Januar 2026", "5 janvier 2026", "5 janv. 2026", "5 ene 2026", "5 gennaio 2026"),
        *("5 gen 2026 07:00:00 UTC", "5 januari 2026", "5 janeiro 2026"),
    ],
)
def test_other_certain_dates(text: str) -> None:
    assert read(text, PLAIN) is None  # the slower reading is for columns that need it
    assert read(text, ANY) == date(2026, 1, 5)
    assert read(text, settled([text])) == date(2026, 1, 5)


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("1-Mrz-2026", 3),
        ("1. März 2026", 3),
        ("1. Mai 2026", 5),
        ("1-Okt-2026", 10),
        ("1. Dezember 2026", 12),
        ("Sept 1, 2026", 9),
        ("1 August 2026", 8),
        ("1 août 2026", 8),
        ("1 mar 2026", 3),
        ("1 set 2026", 9),
        ("MAY 1, 2026", 5),
        ("1. Juni 2026", 6),
        ("1 juillet 2026", 7),
    ],
)
def test_words_for_months(text: str, month: int) -> None:
    assert read(text, ANY) == date(2026, month, 1)


def test_no_word_is_the_beginning_of_a_weekday() -> None:
    """Else the word would be taken away as a weekday, and the month with it."""
    for form in ("{} 1, 2026", "1 {} 2026", "1-{}-2026"):
        for words in (list(dates._MONTHS), [word.upper() for word in dates._MONTHS]):
            assert read_all([form.format(word) for word in words], ANY) == [
                date(2026, int(number), 1) for number in dates._MONTHS.values()
            ]


@pytest.mark.parametrize(
    "text",
    [
        *("", "soon", "2026", "2026-01", "2026-13-01", "2026-02-30", "20261301", "2026-01-05x"),
        *("x2026-01-05", "12026-01-05", "+2026-01-05", "2026-01-05 25", "5-Foo-2026", "46023"),
        *("0001-01-01", "1899-12-31", "03/04/26", "1767571200", "2026-01-05 25:00", "26-01-05"),
        *("2026-01-05 10:60", "2026-01-05 10:30 - 11:00", "2026-01-05 - 2026-01-06", "05-JAN-26"),
        *(
            "2026年1月",
            "1月5日",
            "26年1月5日",
            "Jan 2026",
            "5 Jan",
            "January 5",
            "Monday",
            "W02 2026",
        ),
        *("2026-W02-1", "30 February 2026", "2026/01/05/06", "05 01 2026", "32/13/2026"),
        *("202601051030", "050120261030", "9999999999999", "10:30", "2026-01-0５x", "null"),
        *("31/02/2026", "0/1/2026", "2026-00-10", "2026-1-00", "1.1.1", "2026,01,05"),
    ],
)
def test_what_is_no_date(text: str) -> None:
    for notation in (PLAIN, PLAIN._replace(timed=False), ANY, DAY_FIRST, MONTH_FIRST):
        assert read(text, notation) is None


@pytest.mark.parametrize(
    "text",
    [
        *(
            "03/04/2026",
            "3.4.2026",
            "03-04-2026",
            "3/4/2026 10:00",
            "3. 4. 2026",
            "０３／０４／２０２６",
        ),
        *("Mo, 03.04.2026", "3/4/2026 上午 10:30", "03/04/2026 (周一)", "3/4/2026, 10:00:00 PM"),
    ],
)
def test_day_and_month_by_their_order(text: str) -> None:
    assert read(text, ANY) is None
    assert read(text, DAY_FIRST) == date(2026, 4, 3)
    assert read(text, MONTH_FIRST) == date(2026, 3, 4)
    assert read(text, settled([text], order="day first")) == date(2026, 4, 3)


def test_day_and_month_that_are_equal_need_no_order() -> None:
    assert read("05/05/2026", ANY) == date(2026, 5, 5)
    assert read("05/05/2026", settled(["05/05/2026", "13/04/2026", "04/13/2026"])) == (
        date(2026, 5, 5)
    )


class TestSettling:
    """The notation of a column."""

    @pytest.mark.parametrize(
        "cell",
        [
            *("13/04/2026", "13.4.2026", "31-12-2026 10:00", "Mo, 13.04.2026", "13/04/2026 (周一)"),
            *("１３／０４／２０２６", "13. 4. 2026", "19/1/2026 上午 10:30"),
        ],
    )
    def test_one_certain_cell_settles_the_column(self, cell: str) -> None:
        notation = settled(["03/04/2026", cell, "2026-01-05", None, "x"])
        assert notation.order == "day first"
        assert read("03/04/2026", notation) == date(2026, 4, 3)

    @pytest.mark.parametrize("cell", ["04/13/2026", "4-13-2026 10:00", "Mon 12/31/2026"])
    def test_one_certain_cell_settles_it_for_the_month_as_well(self, cell: str) -> None:
        assert settled(["03/04/2026", cell]).order == "month first"

    def test_contradictions_settle_nothing_whatever_the_profile_says(self) -> None:
        notation = settled(["13/04/2026", "04/13/2026"], order="day first")
        assert notation.order is None
        assert read_all(["13/04/2026", "03/04/2026"], notation) == [None, None]

    @pytest.mark.parametrize(
        "cell", ["45/01/2026", "13.4.26", "13/13/2026", "x", "2026-01-05", "113/04/2026"]
    )
    def test_what_is_no_such_date_settles_nothing(self, cell: str) -> None:
        assert settled(["03/04/2026", cell]).order is None

    def test_the_cells_win_over_the_profile_and_it_over_nothing(self) -> None:
        assert settled(["04/13/2026"], order="day first").order == "month first"
        assert settled(["03/04/2026"], order="day first").order == "day first"

    def test_a_told_format_settles_everything(self) -> None:
        assert settled(["13/04/2026"], "%m/%d/%Y").told == "%m/%d/%Y"
        assert settled([], "%m/%d/%Y") == dates.told_notation("%m/%d/%Y")

    def test_only_what_occurs_is_looked_for(self) -> None:
        assert dates.settle({}, "d", None) == PLAIN
        assert settled(["2026-01-05", None]) == DateNotation(timed=False)
        assert settled(["2026-01-05", "2026-01-05 10:30"]) == PLAIN
        assert settled(["13/04/2026", ""]) == DateNotation(
            plain=False, order="day first", timed=False, words=False
        )
        assert settled(["2026-01-05", "-"]).plain is False
        assert settled([" 2026-01-05"]).plain is False
        assert settled([" 13/04/2026 "]).order == "day first"


@pytest.mark.parametrize(
    ("told", "text"),
    [
        ("%d/%m/%Y", "05/01/2026"),
        ("%m/%d/%Y", "01/05/2026"),
        ("%d.%m.%y", "05.01.26"),
        ("%d-%b-%y", "05-JAN-26"),
        ("%Y%m%d", "20260105"),
        ("%y年%m月%d日", "26年1月5日"),
        ("%d/%m/%Y %H:%M", "05/01/2026 23:59"),
        ("%d/%m/%Y %I:%M %p", "05/01/2026 11:59 PM"),
        ("%Y-%m-%d %H:%M:%S.%f", "2026-01-05 10:00:00.123"),
        ("%Y-%m-%dT%H:%M:%S%z", "2026-01-05T23:30:00-0800"),
        ("%b %d, %Y", "Jan 05, 2026"),
        ("%G-W%V-%u", "2026-W02-1"),
    ],
)
def test_told_format(told: str, text: str) -> None:
    dates.check_date_format(told, "date_format")
    assert read(text, dates.told_notation(told)) == date(2026, 1, 5)
    assert read(text, settled([text], told)) == date(2026, 1, 5)
    assert read("2026-01-06", dates.told_notation(told)) is None


def test_a_time_may_follow_a_told_date_and_digits_be_wide() -> None:
    cells = ["05/01/2026", "05/01/2026 10:30", "０５／０１／２０２６"]
    assert read_all(cells, settled(cells, "%d/%m/%Y")) == [date(2026, 1, 5)] * 3


def test_excel_days_are_read_where_they_are_told() -> None:
    dates.check_date_format("excel", "date_format")
    cells = ["46027", "46027.75", "61", "60", "0", "2958465", "2958466", "x", "-5", "1e4", "nan"]
    assert read_all(cells, settled(cells, "excel")) == [
        *(date(2026, 1, 5), date(2026, 1, 5), date(1900, 3, 1), None, None, date(9999, 12, 31)),
        *(None, None, None, date(1927, 5, 18), None),
    ]


@unhurried
@given(st.lists(st.dates(date(1970, 1, 1), date(2099, 12, 31)), min_size=1, max_size=30))
def test_excel_days_of_typed_cells(days: list[date]) -> None:
    numbers = [float((day - date(1899, 12, 30)).days) for day in days]
    digits = [float(f"{day:%Y%m%d}") for day in days]
    for cells in (numbers, [number + 0.999 for number in numbers], digits):
        frame = pl.DataFrame({"d": cells})
        assert frame.select(dates.excel_day(pl.col("d")))["d"].to_list() == days


@pytest.mark.parametrize(
    "number", [2026, 202601, 0, -1, 25568, 73051, 20261301, 1e9, 1e300, float("nan"), float("inf")]
)
def test_typed_numbers_that_may_be_something_else(number: float) -> None:
    frame = pl.DataFrame({"d": [float(number), None]})
    assert frame.select(dates.excel_day(pl.col("d")))["d"].to_list() == [None, None]


@pytest.mark.parametrize("told", ["%d/%m", "%Y", "%Q", "DD/MM/YYYY", "%H:%M", "%", "Excel", ""])
def test_told_format_must_tell_the_day(told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        dates.check_date_format(told, "stockout.toml: tables.sales.date_format")
    assert str(caught.value) == (
        f"stockout.toml: tables.sales.date_format: found {told!r}, "
        "expected year, month and day such as '%d/%m/%Y'"
    )


class TestDescription:
    """What a fault says, and which key it names."""

    @pytest.mark.parametrize(
        ("found", "formats"),
        [
            ("03.04.2026", '"%d.%m.%Y" or "%m.%d.%Y"'),
            ("03/04/2026", '"%d/%m/%Y" or "%m/%d/%Y"'),
            ("3-4-2026 10:30", '"%d-%m-%Y" or "%m-%d-%Y"'),
            ("03/04/26", '"%d/%m/%y" or "%m/%d/%y"'),
            ("03.04.26 10:30", '"%d.%m.%y" or "%m.%d.%y"'),
            ("05-JAN-26", '"%d-%b-%y" or "%y-%b-%d"'),
            ("05 Jan 26", '"%d %b %y" or "%y %b %d"'),
        ],
    )
    def test_two_readings(self, found: str, formats: str) -> None:
        """Each format that the hint names reads the cell."""
        assert dates.describe(found, None) == (
            "ambiguous date",
            "a date whose day, month and year are certain",
            f"say how dates are written: date_format = {formats}",
        )
        for told in formats.replace('"', "").split(" or "):
            assert read(found, settled([found], told)) is not None

    def test_contradiction(self) -> None:
        assert dates.describe("13/04/2026", None)[0] == "day and month change places in this column"
        assert dates.describe("04/13/2026 10:30", None)[0] == (
            "day and month change places in this column"
        )

    def test_no_date(self) -> None:
        assert dates.describe("2026-01-05", "%d/%m/%Y")[1] == (
            "a date like 31/01/2026, as date_format '%d/%m/%Y' says"
        )
        assert "like 46053" in dates.describe("x", "excel")[1]
        for text in ("32/13/2026", "31/02/2026", "45/01/2026", "soon"):
            message, _, hint = dates.describe(text, None)
            assert message == "not a date"
            assert hint == "if dates are written in another way, say how with date_format"
        assert dates.describe("2026-02-30", None)[2] is None
        assert dates.describe("46027", None)[2] == (
            'days as Excel counts them are read with date_format = "excel"'
        )
        assert 'null_words = ["0001-01-01"]' in str(dates.describe("0001-01-01", None)[2])


ENGLISH = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
GERMAN = (
    *("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September"),
    *("Oktober", "November", "Dezember"),
)
TO_WIDE = str.maketrans("0123456789/-.", "０１２３４５６７８９／－．")
FORMS: dict[str, Callable[[date], str]] = {
    "iso": date.isoformat,
    "slashes": lambda day: f"{day:%Y/%m/%d}",
    "short": lambda day: f"{day.year}/{day.month}/{day.day}",
    "dots": lambda day: f"{day:%Y.%m.%d}",
    "digits": lambda day: f"{day:%Y%m%d}",
    "chinese": lambda day: f"{day.year}年{day.month}月{day.day}日",
    "oracle": lambda day: f"{day.day:02d}-{ENGLISH[day.month - 1].upper()}-{day.year}",
    "english": lambda day: f"{ENGLISH[day.month - 1]} {day.day}, {day.year}",
    "german words": lambda day: f"{day.day}. {GERMAN[day.month - 1]} {day.year}",
    "german": lambda day: f"{day:%d.%m.%Y}",
    "british": lambda day: f"{day:%d/%m/%Y}",
    "american": lambda day: f"{day.month}/{day.day}/{day.year}",
    "short years": lambda day: f"{day:%d.%m.%y}",
    "american short years": lambda day: f"{day:%m/%d/%y}",
}
TOLD = {
    "german": "%d.%m.%Y",
    "british": "%d/%m/%Y",
    "american": "%m/%d/%Y",
    "short years": "%d.%m.%y",
    "american short years": "%m/%d/%y",
}


@unhurried
@given(
    days=st.lists(st.dates(date(1970, 1, 1), date(2068, 12, 31)), min_size=1, max_size=12),
    form=st.sampled_from(sorted(FORMS)),
    clock=st.sampled_from(["", " 00:00:00", " 23:59", " 下午 3:30", " 11:05 PM"]),
    wide=st.booleans(),
)
def test_dates_of_any_form_come_back_equal_or_are_refused(
    days: list[date], form: str, clock: str, wide: bool
) -> None:
    cells = [FORMS[form](day) + clock for day in days]
    if wide:
        cells = [cell.translate(TO_WIDE) for cell in cells]
    notation = settled(cells)
    for cell, day, found in zip(cells, days, read_all(cells, notation), strict=True):
        assert found in (day, None), cell
        if found is None:
            message, _, hint = dates.describe(cell, None)
            assert message == "ambiguous date"
            assert f'"{TOLD[form]}"' in str(hint)
    if form in TOLD:
        assert read_all(cells, settled(cells, TOLD[form])) == days
    if form not in TOLD:
        assert None not in read_all(cells, notation)


@unhurried
@given(st.lists(st.text(st.sampled_from("0123456789-/.: T年月日JanMy,"), max_size=12), max_size=30))
def test_a_cell_has_no_more_than_one_date(cells: list[str]) -> None:
    """Whatever else is in the column, the plain and the slow reading do not differ."""
    cells = [cell.strip() for cell in cells]
    fast, slow = read_all(cells, PLAIN), read_all(cells, settled([*cells, "x"]))
    fastest = read_all(cells, PLAIN._replace(timed=False))
    for cell, one, other, third in zip(cells, fast, slow, fastest, strict=True):
        assert one is None or one == other, cell
        assert third is None or third == other, cell


@unhurried
@given(st.datetimes(datetime(1970, 1, 1), datetime(2068, 12, 31)))  # noqa: DTZ001 - as exports do
def test_the_moment_does_not_move_the_date(moment: datetime) -> None:
    whole = moment.replace(microsecond=0)
    for text in (
        *(moment.isoformat(), f"{whole.isoformat(' ')}+08:00", f"{whole.isoformat()}-11:00"),
        *(whole.ctime(), f"{whole:%Y%m%d%H%M%S}", f"{whole:%Y/%m/%d %H:%M:%S}"),
    ):
        assert read(text, settled([text])) == moment.date()
        assert read(text, settled([text])) != moment.date() + timedelta(days=1)
