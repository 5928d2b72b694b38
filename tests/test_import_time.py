"""What `import stockout` and `stockout --help` must not load, so that they answer at once."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"dataframely", "numpy", "pandas", "polars", "pyarrow", "pydantic", "rich", "scipy"}
HEAVY |= {"apprise", "deltalake", "statsforecast"}

HELP = """
import sys
from stockout.cli.main import run
code = run(sys.argv[1:])
sys.stdout.flush()
print(*sys.modules, file=sys.stderr)
sys.exit(code)
"""
IMPORT = "import sys, stockout; print(*sys.modules, file=sys.stderr)"


def loaded(program: str, *args: str) -> set[str]:
    """The heavy packages that a program loads."""
    done = subprocess.run(
        [sys.executable, "-c", program, *args], capture_output=True, encoding="utf-8", check=True
    )
    return {name.partition(".")[0] for name in done.stderr.split()} & HEAVY


def test_import_loads_nothing_heavy() -> None:
    assert loaded(IMPORT) == set()


@pytest.mark.parametrize("flag", ["--help", "--version"])
def test_help_loads_nothing_heavy(flag: str) -> None:
    assert loaded(HELP, flag) == set()


@pytest.mark.parametrize(
    "command",
    ["init", "check", "forecast", "reorder", "sample", "alert", "history", "run", "approve"],
)
def test_help_of_a_command_loads_at_most_what_typer_parses_with(command: str) -> None:
    assert loaded(HELP, command, "--help") <= {"pydantic"}


def test_what_processes_fit_with_loads_no_frames() -> None:
    """Every process beside the first loads it, while the first one waits for help."""
    fit = "import sys, stockout.forecasting.estimates; print(*sys.modules, file=sys.stderr)"
    assert loaded(fit) == {"numpy", "scipy"}


def test_a_heavy_module_would_be_seen() -> None:
    assert loaded("import numpy\n" + IMPORT) == {"numpy"}
