"""Lists as SAP prints them into a text file ("unconverted"): cells between bars, ruled with dashes.

```
30.06.2026             Dynamic List Display                 1
-------------------------------------------------------------
|Material|Material Description|Plnt|SLoc|Unrestricted|BUn|
-------------------------------------------------------------
|10001   |5" pipe             |1000|0001|    1.234,00|EA |
-------------------------------------------------------------
```
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

from stockout.exports.formats.files import ExportFile
from stockout.exports.formats.text_files import blocks, new_copy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

logger = logging.getLogger(__name__)

_LINES_TO_LOOK_AT = 60
_RULE = re.compile(rb"^[ \t]*[-|+ ]*-{5,}[-|+ \t]*$")
_ROW = re.compile(rb"^[ \t]*\|(.*)\|[ \t]*$", re.DOTALL)
_QUOTED = re.compile(rb'[^|]*"[^|]*')


def is_printed_list(text: str) -> bool:
    r"""Whether a text is such a list: below a rule, every line is a row between bars or a rule.

    >>> is_printed_list("-----\n|Material|Plnt|\n-----\n|10001|1000|\n-----\n")
    True
    >>> is_printed_list("Material|Plnt\n10001|1000\n")
    False
    """
    whole = text.encode().splitlines()[:_LINES_TO_LOOK_AT]
    lines = [line for line in whole if line.strip()]
    rules = [index for index, line in enumerate(lines) if _RULE.match(line)]
    if not rules:
        return False
    below = [line for line in lines[rules[0] :] if not _RULE.match(line)]
    rows = sum(1 for line in below if _ROW.match(line))
    return rows > 1 and rows > 0.8 * len(below)


def csv_copy(file: ExportFile, folder: Path) -> ExportFile:
    """Writes a copy of a list as CSV with bars between cells, line for line.

    Rules, titles of later pages and repetitions of the header become blank lines, so that every
    row keeps its number.

    Args:
        file: The list, in UTF-8.
        folder: Where the copy is written.
    """
    copy = new_copy(folder)
    header: bytes | None = None
    left_out = 0
    with copy.open("wb") as out:
        for line in _lines(file):
            text = line.rstrip(b"\r\n")
            row = _ROW.match(text)
            if row is not None:
                cells = row[1]
                if header is None:
                    header = cells
                elif cells == header:
                    cells = b""
                    left_out += 1
                if b'"' in cells:
                    cells = _QUOTED.sub(_in_quotes, cells)
                out.write(cells)
            elif header is None and not _RULE.match(text):
                out.write(text.replace(b"|", b" ").replace(b'"', b"'"))  # a title: one cell
            elif text.strip() and not _RULE.match(text):
                if b"|" in text:
                    out.write(text)  # neither a row nor a title: told where the rows are read
                else:
                    left_out += 1
            out.write(b"\n")
    if left_out:
        logger.info("%s: %s titles and headers of further pages left out", file.name, left_out)
    return ExportFile(copy, file.partition, copy_of=file.copy_of or file.path)


def _in_quotes(cell: re.Match[bytes]) -> bytes:
    return b'"' + cell[0].replace(b'"', b'""') + b'"'


def _lines(file: ExportFile) -> Iterator[bytes]:
    rest = b""
    for block in blocks(file):
        *lines, rest = (rest + block).split(b"\n")
        yield from lines
    if rest:
        yield rest
