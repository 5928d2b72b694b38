"""The examples of the weekly run on a schedule: well-formed, and their command is a real one."""

from __future__ import annotations

import configparser
import importlib
import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

from stockout.cli.main import app

EXAMPLES = Path(__file__).parents[1] / "examples" / "schedule"


def text(name: str) -> str:
    """The text of an example."""
    return (EXAMPLES / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["crontab", "stockout.service", "github-run.yml"])
def test_its_command_parses(name: str) -> None:
    [line] = re.findall(r"^(?!#).*?\bstockout (run\b.*)$", text(name), re.MULTILINE)
    group = get_command(app)
    with group.make_context("stockout", shlex.split(line), resilient_parsing=False) as context:
        command = group.commands["run"]  # type: ignore[attr-defined]
        with command.make_context("run", shlex.split(line)[1:], parent=context) as own:
            assert own.params["replace"] is False


def test_cron_and_timer_name_the_same_moment() -> None:
    [line] = [line for line in text("crontab").splitlines() if not line.startswith("#")]
    assert line.split()[:5] == ["0", "5", "*", "*", "1"]
    timer = configparser.ConfigParser()
    timer.optionxform = str  # type: ignore[assignment,method-assign]
    timer.read_string(text("stockout.timer"))
    assert timer["Timer"]["OnCalendar"] == "Mon 05:00"
    service = configparser.ConfigParser()
    service.read_string(text("stockout.service"))
    assert service["Service"]["Type"] == "oneshot"
    assert service["Service"]["SuccessExitStatus"] == "75"
    workflow = importlib.import_module("yaml").safe_load(text("github-run.yml"))
    assert workflow[True]["schedule"] == [{"cron": "0 5 * * 1"}], "YAML 1.1 reads `on` as true"
    assert workflow["permissions"] == {"contents": "read"}
    steps = workflow["jobs"]["run"]["steps"]
    assert all(re.fullmatch(r"[\w./-]+@v\d+", step["uses"]) for step in steps if "uses" in step)


def test_the_readme_names_every_file() -> None:
    for path in EXAMPLES.iterdir():
        assert path.name == "README.md" or f"[{path.name}]({path.name})" in text("README.md")
