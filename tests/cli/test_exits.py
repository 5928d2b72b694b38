"""Every way in which a run can end, and its exit code."""

from __future__ import annotations

import errno
import os
import platform
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

import stockout

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Cli

SLOW_READ = """
import sys, time
import stockout.exports.read as read

def read_tables(*_, **__):
    print("reading", flush=True)
    time.sleep(60)

read.read_tables = read_tables
from stockout.cli.main import main
main()
"""

INTERRUPTED_IMPORT = """
import os, signal, sys, time

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == "stockout.cli.check":
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(60)

sys.meta_path.insert(0, Interrupting())
from stockout.__main__ import main
main()
"""


def fail_with(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Lets the forecast raise this error."""

    def forecast(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(stockout, "forecast", forecast, raising=False)


def in_shell(folder: Path, line: str) -> subprocess.CompletedProcess[str]:
    """Runs a command with what a shell can do to its streams."""
    return subprocess.run(
        ["/bin/sh", "-c", f'"{sys.executable}" -m stockout {line}'],
        cwd=folder,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        check=False,
    )


def test_version(cli: Cli) -> None:
    assert cli("--version") == (0, f"stockout {stockout.__version__}\n", "")


def test_no_command_shows_the_help(cli: Cli) -> None:
    code, stdout, stderr = cli()
    assert (code, stdout) == (2, "")
    assert stderr == cli("--help").stdout


@pytest.mark.parametrize(
    ("arguments", "redirection", "code"),
    [
        ("forecast --sales sales.csv", "2>&-", 2),
        ("forecast --sales sales.csv", "2>/dev/full", 2),
        ("forecast --sales sales.csv", ">&-", 2),
        ("--version", ">&-", 0),
    ],
)
def test_closed_and_full_streams(folder: Path, arguments: str, redirection: str, code: int) -> None:
    """Neither 1, which means findings, nor 101, which means a bug."""
    (folder / "sales.csv").write_text("date,sku,units\n")
    assert in_shell(folder, f"{arguments} {redirection}").returncode == code


def test_result_for_a_closed_stdout(folder: Path) -> None:
    done = in_shell(folder, "forecast --sales sales.csv >&-")
    assert done.stderr == "error: stdout is closed\nhint: name a file: --output FILE\n"


def test_not_enough_memory(cli: Cli, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shop.is_dir()
    fail_with(monkeypatch, MemoryError())
    assert cli("forecast") == (
        2,
        "",
        "error: the memory of this machine is not enough\n"
        "hint: forecast fewer periods, or fewer items at a time\n",
    )


def test_a_bug_of_ours(cli: Cli, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shop.is_dir()
    fail_with(monkeypatch, ZeroDivisionError("division by zero"))
    code, stdout, stderr = cli("forecast")
    line = fail_with.__code__.co_firstlineno + 4
    report = (
        "hint: please report it to the developers, with what the same command prints under "
        f"--verbose (stockout {stockout.__version__}, Python {platform.python_version()}, "
        f"{platform.system()})\n"
    )
    assert (code, stdout) == (101, "")
    assert stderr == (
        "error: a bug in stockout, not in your data: ZeroDivisionError at "
        f"test_exits.py:{line}: division by zero\n" + report
    )
    verbose = cli("forecast", "--verbose")
    assert verbose.code == 101
    assert "Traceback (most recent call last):" in verbose.stderr
    assert verbose.stderr.endswith(report)


def test_an_error_of_the_machine_is_no_bug(
    cli: Cli, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shop.is_dir()
    fail_with(monkeypatch, OSError(errno.ENOSPC, "No space left on device", "forecast.csv"))
    assert cli("forecast") == (2, "", "error: forecast.csv: No space left on device\n")


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
def test_ctrl_c(folder: Path) -> None:
    (folder / "sales.csv").touch()
    with subprocess.Popen(
        [sys.executable, "-c", SLOW_READ, "forecast", "--sales", "sales.csv"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "reading\n"
        begin = time.monotonic()
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=30)
    assert (process.returncode, stdout, stderr) == (130, "", "error: interrupted\n")
    assert time.monotonic() - begin < 30


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
def test_ctrl_c_while_the_command_line_is_loaded(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_IMPORT],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "error: interrupted\n")


@pytest.mark.parametrize("args", [["forecast", "--horizon", "9999"], ["--help"]])
def test_a_reader_that_goes_away(shop: Path, args: list[str]) -> None:
    reading, writing = os.pipe()
    with subprocess.Popen(
        [sys.executable, "-m", "stockout", *args],
        cwd=shop,
        stdout=writing,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        os.close(writing)
        os.close(reading)
        _, stderr = process.communicate(timeout=60)
    assert (process.returncode, stderr) == (0, "")
