"""The day of a stock list without a date column is taken only where it is certain."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockout.exports.formats.undated import stock_date

DAY = date(2026, 6, 30)


@pytest.mark.parametrize(
    "title",
    [
        "2026-06-30",
        "As of 2026/06/30 08:15",
        "截止日期：2026年6月30日",
        "截止日期：２０２６年６月３０日　打印日期：2026-07-02",
        "仓库：全部  日期: 20260630",
        "Stand: 30.06.2026",
        "Stichtag 30. Juni 2026",
        "Stock on 30-Jun-2026",
        "June 30th, 2026",
        "2026年6月1日至6月30日",
        "2026年6月1日至30日",
        "会计期间：2026-06-01 00:00:00 至 2026-06-30 23:59:59",
        "起始日期:2026-06-01 截止日期:2026-06-30",
        "01/06/2026 to 30/06/2026",
        "Run on 2026-07-05 for 2026-06-30",
        "打印日期：2026-06-30",
    ],
)
def test_certain_dates_of_titles(title: str) -> None:
    assert stock_date(["库存状况表", title], "stock.csv") == DAY
    # The file's name says when it was saved.
    assert stock_date(["库存状况表", title], "/exports/2026-06-30/stock.csv") == DAY


@pytest.mark.parametrize(
    "title",
    [
        "As of 03/04/2026",
        "As of 03.04.2026",
        "2026-06-01~06-30",
        "01.06. - 03.06.2026 and 2026-06-30",
        "2026-06-29 | 2026-06-30",
        "2026年12月1日至1月30日",
        "2026年6月",
        "2026-02-30",
        "Article 1720260630",
        "30.06.26",
        "1.234.2026",
    ],
)
def test_what_is_not_certain(title: str) -> None:
    assert stock_date([title], "stock.csv") is None


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("stock_20260630.csv", DAY),
        ("C:\\exports\\stock-2026-06-30 (1).xlsx", DAY),
        ("20260630123045.xls", DAY),
        ("Bestand_30.06.2026.csv", DAY),
        ("stock.2026.06.30.csv", DAY),
        ("库存2026年6月30日.xlsx", DAY),
        ("stock_20260601-20260630.csv", DAY),
        ("stock_2026-06-01_to_2026-06-30.csv", DAY),
        (
            "stock_20260630_20260705.csv",
            None,
        ),  # a period, or the day of the stock and of its export
        ("stock_03042026.csv", None),
        ("1719705600.csv", None),
        ("20260630/stock.csv", None),
    ],
)
def test_dates_of_names(name: str, day: date | None) -> None:
    assert stock_date([], name) == day


def test_the_name_decides_between_readings_of_a_title() -> None:
    assert stock_date(["As of 03/04/2026"], "stock_2026-04-03.csv") == date(2026, 4, 3)
    assert stock_date(["As of 03/04/2026"], "stock_2026-03-04.csv") == date(2026, 3, 4)
    assert stock_date(["As of 03/04/2026"], "stock_2026-05-03.csv") is None
    assert stock_date(["2026年6月"], "stock_20260630.csv") == DAY
    assert stock_date(["打印日期：2026-07-02"], "stock_20260630.csv") is None


@given(titles=st.lists(st.text(max_size=40), max_size=4), name=st.text(max_size=40))
def test_any_text(titles: list[str], name: str) -> None:
    day = stock_date(titles, name)
    assert day is None or 1990 <= day.year < 2100


@given(
    day=st.dates(date(1990, 1, 1), date(2099, 12, 31)),
    form=st.sampled_from(
        ["%Y-%m-%d", "%Y年%m月%d日", "%Y%m%d", "%d %B %Y", "%B %d, %Y", "%Y.%m.%d"]
    ),
)
def test_every_day_in_every_certain_form(day: date, form: str) -> None:
    assert stock_date([f"Stock list {day.strftime(form)}"], "x.csv") == day
    assert stock_date([], f"stock_{day.strftime(form)}.csv") == day


@given(day=st.dates(date(1990, 1, 1), date(2099, 12, 31)), mark=st.sampled_from("-/."))
def test_day_and_month_that_could_change_places(day: date, mark: str) -> None:
    found = stock_date([day.strftime(f"As of %d{mark}%m{mark}%Y")], "x.csv")
    assert found == (day if day.day > 12 or day.day == day.month else None)
