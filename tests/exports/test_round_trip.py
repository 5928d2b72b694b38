"""Any table, written in any way that is supported, comes back equal, or the error names the key.

What a hint asks for is then told, as a user would tell it, until the export reads.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
from datetime import date
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from stockout.config import Source
from stockout.errors import InputError
from stockout.exports.read import read_table
from stockout.outputs import GUARDED

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# The folder of a test is the same for all its examples; each writes its own file anew.
shared_folder = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
    max_examples=100,
)

COLUMNS = ("date", "sku", "location", "units", "revenue", "channel")
HEADERS = {
    "english": COLUMNS,
    "chinese": ("日期", "商品编码", "仓库", "数量", "金额", "渠道"),
}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
FORMATS = {  # how dates are written, and what date_format calls it where it must be told
    "iso": None,
    "{0.year}/{0.month}/{0.day}": None,
    "{0:%Y.%m.%d}": None,
    "{0:%Y%m%d}": None,
    "{0:%Y-%m-%d} 10:30:00": None,
    "{0.year}年{0.month}月{0.day}日": None,
    "month": None,
    "{0:%d.%m.%Y}": "%d.%m.%Y",
    "{0.month}/{0.day}/{0.year}": "%m/%d/%Y",
    "{0:%d-%m-%Y}": "%d-%m-%Y",
    "{0:%d/%m/%Y} 10:30": "%d/%m/%Y",
    "{0:%d.%m.%y}": "%d.%m.%y",
    "{0:%m/%d/%y}": "%m/%d/%y",
}
TO_WIDE = str.maketrans("0123456789.,-", "０１２３４５６７８９．，－")
KEYS = re.compile(r"\b(decimal|date_format|encoding|delimiter)\b")


class Manner(NamedTuple):
    """One way in which a system writes a table."""

    header: Literal["english", "chinese"]
    encoding: str
    told: frozenset[str]  # the keys that the user has told beforehand
    delimiter: str
    line_end: str
    quotes: Literal[0, 1]  # csv.QUOTE_MINIMAL, csv.QUOTE_ALL
    decimal: Literal[".", ","]
    group: str
    decimals: int
    minus: Literal["before", "behind", "brackets"]
    money: str
    wide: bool
    date_form: str
    padding: str
    packed: bool

    @property
    def truth(self) -> dict[str, str | None]:
        """What a user can tell of it."""
        return {
            "decimal": self.decimal,
            "date_format": FORMATS[self.date_form],
            "encoding": self.encoding,
            "delimiter": self.delimiter,
        }


def manners(encodings: list[str]) -> st.SearchStrategy[Manner]:
    return st.builds(
        Manner,
        header=st.sampled_from(["english", "chinese"]),
        encoding=st.sampled_from(encodings),
        told=st.frozensets(st.sampled_from(["decimal", "date_format", "encoding", "delimiter"])),
        delimiter=st.sampled_from([",", ";", "\t", "|"]),
        line_end=st.sampled_from(["\n", "\r\n"]),
        quotes=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
        decimal=st.sampled_from([".", ","]),
        group=st.sampled_from(["", "other", " ", "\u00a0", "'"]),
        decimals=st.sampled_from([0, 2, 3]),
        minus=st.sampled_from(["before", "behind", "brackets"]),
        money=st.sampled_from(["{}", "{}", "${}", "{} EUR", "¥{}"]),
        wide=st.booleans(),
        date_form=st.sampled_from(sorted(FORMATS)),
        padding=st.sampled_from(["", "", " ", "  "]),
        packed=st.booleans(),
    )


def write_number(thousandths: int, manner: Manner) -> tuple[str, float]:
    """A number as the system writes it, and what is written."""
    digits = f"{abs(thousandths) / 1000:.{manner.decimals}f}"
    value = float(digits) if thousandths >= 0 else -float(digits)
    whole, _, fraction = digits.partition(".")
    group = {"other": "," if manner.decimal == "." else "."}.get(manner.group, manner.group)
    text = f"{int(whole):,}".replace(",", group)
    text += f"{manner.decimal}{fraction}" if fraction else ""
    if value < 0:
        text = {"before": f"-{text}", "behind": f"{text}-", "brackets": f"({text})"}[manner.minus]
    return text.translate(TO_WIDE) if manner.wide else text, value


def write_date(day: date, form: str) -> str:
    if form == "iso":
        return day.isoformat()
    if form == "month":
        return f"{day.day:02d}-{MONTHS[day.month - 1]}-{day.year}"
    return form.format(day)


def write(path: Path, rows: list[dict[str, Any]], manner: Manner) -> pl.DataFrame:
    """Writes the rows, and returns what must come back."""
    text = io.StringIO(newline="")
    writer = csv.writer(
        text,
        delimiter=manner.delimiter,
        lineterminator=manner.line_end,
        quoting=manner.quotes,
    )
    writer.writerow(HEADERS[manner.header])
    meant = []
    for row in rows:
        units, units_value = write_number(row["units"], manner)
        revenue, revenue_value = write_number(row["revenue"], manner)
        day, amount = write_date(row["date"], manner.date_form), manner.money.format(revenue)
        cells = [day, row["sku"], row["location"], units, amount, row["channel"] or ""]
        writer.writerow([manner.padding + cell + manner.padding for cell in cells])
        meant.append({**row, "units": units_value, "revenue": revenue_value})
    data = text.getvalue().encode(manner.encoding)
    path.write_bytes(gzip.compress(data, mtime=0) if manner.packed else data)
    return pl.DataFrame(meant, schema_overrides={"channel": pl.String}).select(COLUMNS)


def read(path: Path, told: Mapping[str, str | None]) -> pl.DataFrame:
    source = Source.model_validate({"path": path.name, **told})
    return read_table("sales", source, path.parent).select(COLUMNS)


def comes_back(folder: Path, rows: list[dict[str, Any]], manner: Manner) -> None:
    path = folder / ("sales.csv.gz" if manner.packed else "sales.csv")
    meant = write(path, rows, manner)
    told = {key: value for key, value in manner.truth.items() if key in manner.told}
    fault: InputError | None = None
    for _ in range(len(manner.truth) + 1):
        found, fault = read_or_fault(path, told)
        if fault is None:
            assert_frame_equal(found, meant)
            return
        asked = [key for key in KEYS.findall(fault.hint or "") if key not in told]
        assert asked, f"told {told}, and yet: {fault}"
        told[asked[0]] = manner.truth[asked[0]]
        assert told[asked[0]] is not None, f"told {told}, and yet: {fault}"
    raise AssertionError(str(fault))


def read_or_fault(
    path: Path, told: Mapping[str, str | None]
) -> tuple[pl.DataFrame, InputError | None]:
    try:
        return read(path, told), None
    except InputError as error:
        return pl.DataFrame(), error


def cell_texts(alphabet: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Texts as the canonical tables hold them: not empty, no spaces around, no word for null."""
    special = st.text(st.sampled_from("=+-@'\"\t\r\n,;|.0 aé"), max_size=6)
    known = st.sampled_from(
        ["00123", "1e5", "-", "NA", "2026-01-05", "'", '"', "1,5", "1.234,56", "a\nb", 'a "b", c']
    )
    return (
        (st.text(alphabet, min_size=1, max_size=8) | special | known)
        .map(str.strip)
        .filter(is_plain)
    )


def is_plain(text: str) -> bool:
    # The apostrophe before = is the one that our own CSV puts there, and is taken off.
    guarded = text.startswith("'") and text.lstrip("'")[:1] in GUARDED
    return text not in ("", "null", "NULL", "\\N", "#N/A") and not guarded


def tables(alphabet: st.SearchStrategy[str]) -> st.SearchStrategy[list[dict[str, Any]]]:
    texts = cell_texts(alphabet)
    thousandths = st.integers(-(10**9), 10**9) | st.integers(-9, 9).map(lambda n: n * 1000)
    return st.lists(
        st.fixed_dictionaries(
            {
                "date": st.dates(date(1970, 1, 1), date(2068, 12, 31)),
                "sku": texts,
                "location": texts,
                "units": thousandths,
                "revenue": thousandths,
                "channel": st.none() | texts,
            }
        ),
        min_size=1,
        max_size=8,
    )


anything = st.characters(exclude_categories=["Cs", "Cc", "Cn"])
chinese = st.sampled_from("螺丝刀套装北京上海仓库红色大号０１（）a1")
western = st.characters(min_codepoint=0xA1, max_codepoint=0xFF) | st.sampled_from("aZ0 ")


@shared_folder
@given(
    rows=tables(anything | chinese), manner=manners(["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
)
def test_unicode(tmp_path: Path, rows: list[dict[str, Any]], manner: Manner) -> None:
    comes_back(tmp_path, rows, manner)


@shared_folder
@given(rows=tables(chinese), manner=manners(["gb18030"]))
def test_chinese_encodings(tmp_path: Path, rows: list[dict[str, Any]], manner: Manner) -> None:
    """Under an English header, a few Chinese letters may well be read as UTF-8: that is told."""
    if manner.header == "english":
        manner = manner._replace(told=manner.told | {"encoding"})
    comes_back(tmp_path, rows, manner)


@shared_folder
@given(rows=tables(western), manner=manners(["latin-1"]))
def test_latin_1(tmp_path: Path, rows: list[dict[str, Any]], manner: Manner) -> None:
    """Told; the header is English, as Latin-1 has no Chinese."""
    form = manner.date_form if "年" not in manner.date_form else "iso"
    comes_back(
        tmp_path,
        rows,
        manner._replace(
            told=manner.told | {"encoding"}, header="english", wide=False, date_form=form
        ),
    )


@shared_folder
@given(rows=tables(anything), manner=manners(["utf-8", "utf-16-le", "utf-16-be", "gb18030"]))
def test_what_is_told_is_never_asked_for(
    tmp_path: Path, rows: list[dict[str, Any]], manner: Manner
) -> None:
    path = tmp_path / ("sales.csv.gz" if manner.packed else "sales.csv")
    meant = write(path, rows, manner)
    told = {key: value for key, value in manner.truth.items() if value is not None}
    assert_frame_equal(read(path, told), meant)
