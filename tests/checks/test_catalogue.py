"""The catalogue is whole, its page says the same, and settings it does not know are refused."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from stockout.checks import check as check_module
from stockout.checks.catalogue import RULES, check_told, find_rule
from stockout.checks.check import check_frames
from stockout.checks.documentation import checks_page
from stockout.config import CheckConfig
from stockout.errors import ConfigError
from stockout.tables import SCHEMAS

if TYPE_CHECKING:
    from pathlib import Path

    from stockout.checks.catalogue import Rule


def test_page_is_what_the_catalogue_says(root: Path) -> None:
    done = subprocess.run(
        [sys.executable, root / "scripts" / "check_pages.py"],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    page = (root / "docs" / "checks.md").read_text(encoding="utf-8")
    assert page == done.stdout, "run python scripts/check_pages.py > docs/checks.md"


def test_page_has_every_rule_and_threshold() -> None:
    page = checks_page()
    for rule in RULES.values():
        section = page[page.index(f"### {rule.code} {rule.name}\n") :]
        section = section[: section.find("\n### ")]
        assert all(text in section for text in (rule.what, rule.why, rule.how, rule.cure))
        assert all(f"| `{name}` |" in section for name in rule.thresholds)


def test_links_of_the_page_lead_to_a_heading() -> None:
    page = checks_page()
    anchors = {
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.*)$", page, re.MULTILINE)
    }
    links = re.findall(r"\]\(#([^)]*)\)", page)
    assert len(links) > len(RULES)
    assert set(links) <= anchors


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_rule_is_complete(rule: Rule) -> None:
    assert re.fullmatch(r"SO[1-6]\d\d", rule.code)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.name)
    assert rule.severity in {"info", "warning", "error"}
    assert set(rule.tables) <= set(SCHEMAS)
    assert set(rule.implies) <= set(RULES) - {rule.code}
    assert all(text.endswith(".") for text in (rule.what, rule.why, rule.how, rule.cure))
    for told in rule.thresholds.values():
        assert told.default >= 0
        assert told.meaning
        assert told.source


def test_names_differ() -> None:
    assert len({rule.name for rule in RULES.values()}) == len(RULES)


def test_every_rule_is_run_by_one_part_of_the_check() -> None:
    told = [code for codes, _ in check_module._ROOMS for code in codes]
    assert sorted(told) == list(RULES)


def test_catalogue_loads_without_polars() -> None:
    code = "import sys, stockout.checks.catalogue; sys.exit('polars' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_rule_is_found_by_code_and_name() -> None:
    assert find_rule("so401") is find_rule("negative-stock") is RULES["SO401"]
    with pytest.raises(ConfigError, match="no rule 'negative-stok'") as caught:
        find_rule("negative-stok")
    assert caught.value.hint == "did you mean negative-stock or negative-money?"


@pytest.mark.parametrize(
    ("severity", "thresholds", "message", "hint"),
    [
        ({"SO499": "off"}, {}, "check.rules: no rule 'SO499'", "did you mean"),
        ({"SO401": "fatal"}, {}, "severity 'fatal' is not known", "off, info, warning, error"),
        ({}, {"SO401": {"unit": 1.0}}, "no threshold 'unit'", "did you mean units?"),
        ({}, {"SO101": {"units": 1.0}}, "no threshold 'units'", "it has none"),
        ({}, {"SO401": {"units": -1.0}}, "SO401.units = -1 is below zero", None),
        ({}, {"SO401": {"units": float("nan")}}, "is below zero", None),
    ],
)
def test_settings_that_the_catalogue_does_not_know_are_refused(
    severity: dict[str, str],
    thresholds: dict[str, dict[str, float]],
    message: str,
    hint: str | None,
) -> None:
    with pytest.raises(ConfigError) as caught:
        check_told(severity, thresholds)
    assert message in caught.value.message
    if hint is None:
        assert caught.value.hint is None
    else:
        assert hint in str(caught.value.hint)


def test_check_refuses_such_settings() -> None:
    with pytest.raises(ConfigError, match="no rule 'SO999'"):
        check_frames(settings=CheckConfig(rules={"SO999": {"severity": "off"}}))
