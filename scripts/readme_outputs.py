"""Puts the output of the commands that the READMEs show into them, so that it is what they print.

A block that starts with ``$ stockout ...`` is run in ``data/sample``, as on a terminal of 100
columns. Run ``python scripts/readme_outputs.py``; with ``--check`` nothing is written, and the exit
code is 1 where README.md or README.zh.md differs by more than a last digit.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from functools import cache
from itertools import zip_longest
from math import isclose
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "data" / "sample"
BLOCK = re.compile(r"(```console\n\$ stockout ([^\n]*)\n).*?```", re.DOTALL)
NUMBER = re.compile(r"(\d[\d,]*(?:\.\d+)?)")


@cache
def output(arguments: str) -> str:
    """What the command prints on a terminal."""
    settings = {"COLUMNS": "100", "LINES": "24", "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "stockout", *shlex.split(arguments), "--format", "table", "-q"],
        cwd=SAMPLE,
        env=os.environ | settings,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=True,
    )
    return "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())


def alike(text: str, other: str) -> bool:
    """Whether texts have the same words, and numbers that read the same.

    The last digit of a forecast may differ between processors.
    """
    pairs = zip_longest(NUMBER.split(text), NUMBER.split(other))
    return all(
        one is not None
        and two is not None
        and (one == two or (index % 2 == 1 and isclose(value(one), value(two), rel_tol=0.01)))
        for index, (one, two) in enumerate(pairs)
    )


def value(number: str) -> float:
    """The number that a text is."""
    return float(number.replace(",", ""))


def main() -> int:
    """Updates or checks both."""
    differ = 0
    for name in ("README.md", "README.zh.md"):
        readme = ROOT / name
        text = readme.read_text(encoding="utf-8")
        now = BLOCK.sub(lambda match: f"{match[1]}{output(match[2])}```", text)
        if "--check" not in sys.argv[1:]:
            readme.write_text(now, encoding="utf-8")
        differ |= not alike(text, now)
    return differ if "--check" in sys.argv[1:] else 0


if __name__ == "__main__":
    sys.exit(main())
