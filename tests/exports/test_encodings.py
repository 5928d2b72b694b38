"""Text comes out as it was written, or the user is asked for the encoding."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from stockout.config import Source
from stockout.errors import InputError
from stockout.exports.formats.encodings import find_encoding, is_gb18030
from stockout.exports.formats.files import find_files
from stockout.exports.formats.opening import open_exports
from stockout.exports.mapping import known_names
from stockout.exports.read import read_table

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

shared_folder = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)

HEADER = "日期,商品编号,仓库名称,数量\n"
ROW = "2026-01-05,00123,上海,2\n"


def read(path: Path, **told: object) -> pl.DataFrame:
    return read_table("sales", Source.model_validate({"path": str(path), **told}))


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-16-le", "utf-16-be", "utf-32"],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_encodings_that_are_certain(tmp_path: Path, encoding: str, ending: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes((HEADER + ROW).replace("\n", ending).encode(encoding))
    assert read(path).select("sku", "location", "units").row(0) == ("00123", "上海", 2)
    path.write_bytes(
        (HEADER + ROW + "2026-01-05,7,上海,x\n").replace("\n", ending).encode(encoding)
    )
    with pytest.raises(InputError, match=r"a.csv:3:数量: not a number: found 'x'"):
        read(path)


def test_how_a_file_was_read_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    paths = {name: tmp_path / f"{name}.csv" for name in ("gbk", "utf-8", "utf-16-be")}
    for encoding, path in paths.items():
        path.write_bytes((HEADER + ROW).encode(encoding))
    source = Source(path=str(tmp_path / "*.csv"))
    files, fmt = find_files(source.path, tmp_path)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with caplog.at_level("INFO"):
        exports = open_exports(files, fmt, source, scratch)
    told = {name: encoding for export in exports for name, encoding in export.encodings.items()}
    assert told == {str(paths["gbk"]): "gb18030", str(paths["utf-16-be"]): "utf-16-be"}
    assert f"{paths['gbk']}: read as gb18030" in caplog.messages


def test_a_byte_order_mark_wins_over_what_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes((HEADER + ROW).encode("utf-8-sig"))
    assert read(path, encoding="cp1252")["location"].to_list() == ["上海"]
    assert (
        f"{path}: read as utf-8, as its byte order mark says, and not as cp1252" in caplog.messages
    )
    path.write_bytes((HEADER + ROW).encode("utf-16"))
    assert read(path, encoding="utf-16-be")["location"].to_list() == ["上海"]


@pytest.mark.parametrize("compressed", [False, True])
def test_chinese_that_begins_late(tmp_path: Path, compressed: bool) -> None:
    path = tmp_path / "a.csv"
    rows = "2026-01-05,7,1,shop 12\n" * 60_000  # more than is looked at for the encoding
    last = "2026-01-06,8,1,上海贸易有限公司\n2026-01-06,9,1,北京分公司\n"
    data = ("date,sku,units,customer\n" + rows + last).encode("gbk")
    path.write_bytes(gzip.compress(data, 1) if compressed else data)
    frame = read(path)
    assert frame["customer_id"].tail(2).to_list() == ["上海贸易有限公司", "北京分公司"]
    assert frame.height == 60_002


def test_western_letters_that_begin_late_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    data = (
        "date,sku,units,customer\n" + "2026-01-05,7,1,shop 12\n" * 60_000 + "2026-01-06,8,1,Café\n"
    )
    path.write_bytes(data.encode("cp1252"))
    with pytest.raises(InputError, match=r"a.csv:60002: not UTF-8 text at byte .*found '0xe9'"):
        read(path)


def test_utf8_that_is_damaged_late_is_not_taken_for_chinese(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = "2026-01-05,7,1,上海有限公司\n" * 60_000
    path.write_bytes(("date,sku,units,customer\n" + rows).encode() + b"2026-01-05,7,1,\xff\n")
    with pytest.raises(InputError, match=r"a.csv:60002: not UTF-8 text"):
        read(path)


# What single-byte encodings of the West and East, and of other scripts, make of their letters.
OTHERS = {
    "latin-1": "äöüßÄÖÜéèêàçñÑåÅøØ°§±×µ½",
    "cp1252": "äöüßÄÖÜéèàçñ€–„“”’…",
    "cp1250": "ąćęłńóśźżŁŚŻáčďěřšťžőű",
    "cp1251": "абвгдежзийклмнопрстуфхцчшщыэюяАБВГДЕЖЗИКЛМНОПРСТУ",
    "cp949": "가나다라마바사아자차카타파하한국어수량상품코드창고명",
    "shift_jis": "商品番号数量倉庫名あいうえおアイウエオ日付",
    "big5": "商品編號數量倉庫名稱日期單據客戶",
}


@pytest.mark.parametrize("encoding", OTHERS)
@settings(deadline=None, max_examples=150)
@given(data=st.data())
def test_other_encodings_are_never_taken_for_chinese(encoding: str, data: st.DataObject) -> None:
    words = st.text(st.sampled_from(OTHERS[encoding] + "aeiourstn -1"), min_size=1, max_size=12)
    cells = data.draw(st.lists(words, min_size=1, max_size=60))
    text = "date;sku;units\n" + "\n".join(cells)
    encoded = text.encode(encoding)
    assume(not encoded.isascii())
    found = find_encoding(encoded, known_names())
    assert found is None or encoded.decode(found) == text or found == "utf-8"
    assert found != "gb18030"
    assert not is_gb18030([encoded])


class Written(NamedTuple):
    """How a file is written."""

    encoding: str
    delimiter: str
    ending: str
    titles: list[str]


written = st.builds(
    Written,
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"]),
    st.sampled_from(",;\t|"),
    st.sampled_from(["\n", "\r\n"]),
    st.lists(st.sampled_from(["库存状况表", "Stock list", "2026-06-30", ""]), max_size=3),
)
skus = st.lists(
    st.text(st.sampled_from('abc019 "茶叶,;|\n-é€😀'), min_size=1, max_size=9)
    .map(str.strip)
    .filter(lambda text: text not in ("", "-")),
    min_size=1,
    max_size=8,
)


@shared_folder
@given(how=written, skus=skus)
def test_any_text_in_any_certain_encoding(tmp_path: Path, how: Written, skus: list[str]) -> None:
    rows = [["日期", "商品编号", "数量"], *(["2026-01-05", sku, "1"] for sku in skus)]
    lines = [*how.titles, *(how.delimiter.join(map(_quoted, row)) for row in rows), ""]
    path = tmp_path / "a.csv"
    path.write_bytes(how.ending.join(lines).encode(how.encoding))
    assert read(path)["sku"].to_list() == skus


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if any(mark in cell for mark in '",;|\n') else cell
