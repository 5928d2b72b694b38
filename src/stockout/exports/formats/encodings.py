"""Which encoding the text of an export is in, where that is certain.

A byte order mark says it; UTF-16 without one shows in its zero bytes; UTF-8 hardly ever reads by
chance. Everything else reads in many encodings, each time as other words: GB18030 (and GBK, its
older part) is taken only where the words that come out are those of a Chinese export, and for the
rest the user is asked. Western text, of which any byte is a letter in Latin-1, is never guessed.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from stockout.exports.names import plain_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

HEAD_BYTES = 1 << 18
"""Of the start of a file, which its encoding is seen from; a header of more is no header."""

_MARKS = (  # the longer ones first: UTF-32 begins like UTF-16
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_CELL_ENDS = re.compile(r'[,;|\t\r\n"]+')
_CONTROLS = re.compile(r"[\0-\x08\x0b\x0c\x0e-\x1f]")
_LEAST_ASCII = 0.1
"""Share of plain characters in UTF-16 text: digits and delimiters alone are more. Read from the
wrong end, or made of other bytes, none comes out but by chance."""

_HANZI = re.compile(r"[\u4e00-\u9fff]")
_WORDS = re.compile(
    "有限|公司|合计|数量|单价|金额|仓库|商品|物料|存货|编码|编号|名称|规格|型号|单位|日期|单据|客户|供应"
    "|库存|采购|销售|退货|入库|出库|备注|品牌|颜色|产品|中国|北京|上海|广州|深圳|门店|分店|市场"
)
"""Words of Chinese exports. Of random pairs among the 3,755 usual characters, which Korean or
Cyrillic text becomes when it is read as GBK, one in 370,000 is among these 38."""

_LEAST_WORDS = 3
_LEAST_WORDS_SHARE = 0.005  # of the characters; a thousand times what chance gives


def marked_encoding(head: bytes) -> str | None:
    """The encoding that the byte order mark of a file says.

    >>> marked_encoding("date".encode("utf-16")), marked_encoding(b"date")
    ('utf-16', None)
    """
    return next((encoding for mark, encoding in _MARKS if head.startswith(mark)), None)


def find_encoding(head: bytes, known: Collection[str]) -> str | None:
    """The encoding of text, as far as its beginning makes it certain.

    Args:
        head: The first bytes of a file, all of them or :data:`HEAD_BYTES` or more.
        known: Names of columns, in the form of :func:`stockout.exports.names.plain_name`.

    Returns:
        ``utf-8`` (what follows may still not be), ``utf-16``, ``utf-16-le``, ``utf-16-be``,
        ``utf-32`` or ``gb18030``; None where it is not certain.

    >>> find_encoding("商品编号,数量".encode("gbk"), {"商品编号", "数量"})
    'gb18030'
    >>> find_encoding("Menge;Größe".encode("latin-1"), {"menge"}) is None
    True
    >>> find_encoding("date,sku".encode("utf-16-le"), set())
    'utf-16-le'
    """
    marked = marked_encoding(head)
    if marked is not None:
        return marked
    if b"\0" in head:
        return _find_utf16(head)
    if _decode(head, "utf-8") is not None:
        return "utf-8"
    text = _decode(head, "gb18030")
    if text is not None and (_has_known_name(text, known) or _is_chinese([text])):
        return "gb18030"
    return None


def is_gb18030(blocks: Iterable[bytes]) -> bool:
    """Whether text that is not UTF-8 is certainly Chinese, by the words in its cells.

    Args:
        blocks: Its bytes, to the end or as far as one wants to look.
    """
    decoder = codecs.getincrementaldecoder("gb18030")()
    try:
        return _is_chinese(decoder.decode(block) for block in blocks)
    except UnicodeDecodeError:
        return False


def _find_utf16(head: bytes) -> str | None:
    fitting = []
    for encoding in ("utf-16-le", "utf-16-be"):
        text = _decode(head, encoding)
        if text and not _CONTROLS.search(text) and _CELL_ENDS.search(text):
            plain = sum(1 for letter in text if letter.isascii())
            if plain >= _LEAST_ASCII * len(text):
                fitting.append(encoding)
    return fitting[0] if len(fitting) == 1 else None


def _decode(head: bytes, encoding: str) -> str | None:
    """The text, without a character that is cut off at the end; None where it does not read."""
    try:
        return codecs.getincrementaldecoder(encoding)().decode(head, final=len(head) < HEAD_BYTES)
    except UnicodeDecodeError:
        return None


def _has_known_name(text: str, known: Collection[str]) -> bool:
    """Whether a cell holds a known name of at least two Chinese characters, and nothing else."""
    return any(
        len(_HANZI.findall(cell)) > 1 and plain_name(cell) in known
        for cell in _CELL_ENDS.split(text)
    )


def _is_chinese(texts: Iterable[str]) -> bool:
    characters = words = 0
    for text in texts:
        characters += len(_HANZI.findall(text))
        words += len(_WORDS.findall(text))
    return words >= _LEAST_WORDS and words >= _LEAST_WORDS_SHARE * characters
