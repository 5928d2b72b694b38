"""Names of columns, compared as people write them."""

from __future__ import annotations

import unicodedata


def plain_name(name: str) -> str:
    """A column name without case, spaces, underscores and punctuation.

    >>> plain_name("Customer_ID") == plain_name("customer id")
    True
    >>> plain_name("库存量（基本单位）")
    '库存量基本单位'
    """
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(letter for letter in folded if letter.isalnum())
