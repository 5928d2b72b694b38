"""Prints docs/checks.md: every rule of `stockout check`, as the catalogue has it.

python scripts/check_pages.py > docs/checks.md
"""

from __future__ import annotations

import sys

from stockout.checks.documentation import checks_page

if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    print(checks_page(), end="")
