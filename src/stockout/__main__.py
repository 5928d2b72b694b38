"""``python -m stockout`` is the command ``stockout``."""

from __future__ import annotations

from stockout.cli.main import main

if __name__ == "__main__":
    main()
