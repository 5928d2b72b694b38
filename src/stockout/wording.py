"""Numbers of things in sentences."""

from __future__ import annotations


def number_of(number: int, one: str, others: str) -> str:
    """A number with its noun, and verb where there is one, in agreement.

    >>> number_of(1, "line has", "lines have"), number_of(1200, "line has", "lines have")
    ('1 line has', '1,200 lines have')
    """
    return f"1 {one}" if number == 1 else f"{number:,} {others}"
