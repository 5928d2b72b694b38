"""The query of a database source: one statement that only reads."""

from __future__ import annotations

import re
from typing import NamedTuple

from stockout.errors import ConfigError

_COMMENT = r"--[^\n]*|/\*.*?\*/"
_QUOTED = r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|\[[^\]]*\]|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$"
_SKIPPED = re.compile(rf"(?P<comment>{_COMMENT})|{_QUOTED}", re.DOTALL)
_NAME = r'(?:[^\W\d][\w$]*|"(?:[^"]|"")+")'
_TABLE = re.compile(rf"{_NAME}(?:\.{_NAME}){{0,2}}")
_FIRST_WORD = re.compile(r"[\s(]*(\w*)")
_SHOWN_LENGTH = 60  # of a query in messages


class SelectQuery(NamedTuple):
    """One statement that reads.

    Attributes:
        sql: The statement, without a semicolon or comment behind it, so that it can be nested.
        summary: How messages call it: the table's name, or its beginning without the values in it.
    """

    sql: str
    summary: str


def select_query(given: str | None, shown: str) -> SelectQuery:
    """Takes the query of a source, or the name of a table.

    The database refuses changes as well: it is opened for reading only.

    Args:
        given: A ``SELECT`` or ``WITH`` statement, or the name of a table as it is written in one.
        shown: What messages call the database.

    Raises:
        ConfigError: There is no query, or it is not one statement that reads.

    >>> select_query("public.sales", "").sql
    'SELECT * FROM public.sales'
    >>> select_query("SELECT sku FROM sales WHERE shop = 'A;B';", "").summary
    "SELECT sku FROM sales WHERE shop = '…'"
    """
    text = (given or "").strip()
    if not text:
        raise ConfigError(
            f"{shown}: a database needs a query",
            hint='such as query = "SELECT day, sku, units FROM sales", or the name of a table',
        )
    if _TABLE.fullmatch(text):
        return SelectQuery(f"SELECT * FROM {text}", text)  # noqa: S608 - it is no more than a name
    code = _SKIPPED.sub(_blanked, text)
    end = len(code.rstrip("; \t\r\n"))
    if ";" in code[:end]:
        raise ConfigError(
            f"{shown}: the query has more than one statement", hint="only one SELECT is run"
        )
    first = _FIRST_WORD.match(code)
    if first is None or first[1].upper() not in ("SELECT", "WITH"):
        raise ConfigError(
            f"{shown}: the query is no SELECT",
            hint="only reading is done: begin with SELECT or WITH, or give the name of a table",
        )
    start = len(code) - len(code.lstrip())
    return SelectQuery(text[start:end], _summary(text[start:end]))


def _blanked(match: re.Match[str]) -> str:
    """As long as before, so that places stay: nothing for a comment, something for a quote."""
    return (" " if match["comment"] else "x") * len(match[0])


def _summary(sql: str) -> str:
    def short(match: re.Match[str]) -> str:
        if match["comment"]:
            return " "
        return "'…'" if match[0].startswith(("'", "$")) else match[0]

    words = " ".join(_SKIPPED.sub(short, sql).split())
    return words if len(words) <= _SHOWN_LENGTH else words[: _SHOWN_LENGTH - 1].rstrip() + "…"
