"""The examples for pipelines: they are well-formed, and their commands are real ones."""

from __future__ import annotations

import importlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from stockout.errors import ExitCode

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples" / "ci"
HOOKS = ROOT / ".pre-commit-hooks.yaml"
FILES = sorted([*EXAMPLES.glob("*.yml"), *EXAMPLES.glob("*.yaml"), HOOKS])


def load(path: Path) -> Any:  # noqa: ANN401 - as deep as the file is
    yaml = importlib.import_module("yaml")
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def commands(path: Path) -> list[str]:
    """Every line of an example that a shell runs."""
    found: list[str] = []

    def walk(node: object, key: str = "") -> None:
        if isinstance(node, dict):
            for name, value in node.items():
                walk(value, str(name))
        elif isinstance(node, list):
            for item in node:
                walk(item, key)
        elif key in {"run", "script", "before_script", "entry"}:
            found.extend(str(node).splitlines())

    walk(load(path))
    return found


def stockout_commands() -> list[str]:
    """Every different command of ours in the examples."""
    all_lines = {line for path in FILES for line in commands(path)}
    return sorted(line for line in all_lines if line.startswith("stockout "))


def run(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    arguments = shlex.split(line)
    assert arguments[0] == "stockout"
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder, env=os.environ | {"NO_COLOR": "1"}, capture_output=True, encoding="utf-8",
        check=False,
    )  # fmt: skip


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """A copy of the sample exports with their configuration, as a repository would hold them."""
    return Path(shutil.copytree(ROOT / "data" / "sample", tmp_path / "sample"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_it_has_a_command_of_ours_and_installs_what_that_needs(path: Path) -> None:
    lines = commands(path)
    assert any(line.startswith("stockout check") for line in lines)
    installs = [line for line in lines if "pip install" in line]
    extras = re.findall(r"additional_dependencies: \[(.*)\]", path.read_text(encoding="utf-8"))
    assert len(installs) + len(extras) == 1
    declared = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for extra in re.findall(r"\[(\w+)\]", "".join(installs + extras)):
        assert f"\n{extra} = [" in declared


@pytest.mark.parametrize("line", stockout_commands())
def test_a_clean_repository_passes(line: str, sample: Path) -> None:
    done = run(line, sample)
    assert done.returncode == ExitCode.OK, done.stdout + done.stderr


@pytest.mark.parametrize("line", stockout_commands())
def test_a_bad_row_is_seen(line: str, sample: Path) -> None:
    with (sample / "products.csv").open("a", encoding="utf-8") as products:
        products.write("\n")  # a blank line is none
    lines = (sample / "purchases.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    header = lines[0].strip().split(",")
    cells = lines[1].strip().split(",")
    cells[header.index("ordered_units")] = "a dozen"
    lines[1] = ",".join(cells) + "\n"
    (sample / "purchases.csv").write_text("".join(lines), encoding="utf-8")

    done = run(line, sample)

    never = "--fail-on never" in line
    assert done.returncode == (ExitCode.OK if never else ExitCode.FINDINGS), done.stderr
    if "--format github" in line:
        assert re.search(r"^::error .*file=purchases\.csv,line=2", done.stdout, re.MULTILINE)
    elif ".sarif" in line:
        log = json.loads((sample / "stockout.sarif").read_text(encoding="utf-8"))
        [result] = [item for item in log["runs"][0]["results"] if item["level"] == "error"]
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "purchases.csv"
        assert place["region"]["startLine"] == 2
    elif "junit" in line:
        report = ET.parse(sample / "stockout.xml")  # noqa: S314 - our own
        assert any("a dozen" in "".join(node.itertext()) for node in report.iter("failure"))
    else:
        assert "a dozen" in done.stdout


def test_what_a_pipeline_uploads_is_what_the_command_writes() -> None:
    sarif = EXAMPLES / "github-sarif.yml"
    steps = load(sarif)["jobs"]["scan"]["steps"]
    [upload] = [step for step in steps if "upload-sarif" in step.get("uses", "")]
    assert any(f"--output {upload['with']['sarif_file']} " in line for line in commands(sarif))
    gitlab = EXAMPLES / "gitlab-check.yml"
    report = load(gitlab)["check-exports"]["artifacts"]["reports"]["junit"]
    assert any(f"--output {report} " in line for line in commands(gitlab))


def test_actions_are_pinned_to_a_version_and_rights_are_said() -> None:
    for path in EXAMPLES.glob("github-*.yml"):
        workflow = load(path)
        uses = [
            step["uses"]
            for job in workflow["jobs"].values()
            for step in job["steps"]
            if "uses" in step
        ]
        assert all(re.fullmatch(r"[\w./-]+@v\d+", use) for use in uses)
        assert workflow["permissions"]["contents"] == "read"
        assert workflow[True], "YAML 1.1 reads the key `on` as true"


def test_the_hook_looks_at_every_kind_of_export() -> None:
    [hook] = load(HOOKS)
    [example] = load(EXAMPLES / "pre-commit-config.yaml")["repos"][0]["hooks"]
    assert hook["files"] == example["files"]
    assert hook["entry"] == example["entry"]
    for name in (
        *("stockout.toml", "shop/stockout.toml", "a.csv", "a.CSV.gz".lower(), "x/sales.csv.zst"),
        *("a.tsv", "a.txt", "b.parquet", "b.pq", "库存.xlsx", "c.xlsm", "d.xls"),
    ):
        assert re.search(hook["files"], name), name
    for name in ("README.md", "my-stockout.toml.bak", "pyproject.toml", "a.csv.py"):
        assert not re.search(hook["files"], name), name


def test_the_readme_names_every_file() -> None:
    text = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    for path in EXAMPLES.glob("*.y*ml"):
        assert f"[{path.name}]({path.name})" in text
