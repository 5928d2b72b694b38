"""Findings as SARIF 2.1.0, the OASIS standard that code scanning and editors read.

Messages are plain text. What SARIF would take for a link in one (section 3.11.6 of the standard) is
parted, and what it would take for a placeholder (3.11.5) is written with doubled braces.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from stockout.checks.fingerprints import digests
from stockout.checks.formats.checked import Checked, RuleText, worst_first
from stockout.checks.formats.harmless import one_line, spelled_out
from stockout.checks.paths import is_url, relative_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)

_MOST_RESULTS = 25_000
"""GitHub's code scanning refuses a file with more results in a run."""

_LEVELS: Mapping[str, str] = {"error": "error", "warning": "warning", "info": "note"}

_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PLACEHOLDER = re.compile(r"\{(\d+)\}")


def as_sarif(findings: pl.DataFrame, checked: Checked) -> str:
    """The SARIF log, one run with the rules that were applied and a result for each finding.

    Args:
        findings: The findings.
        checked: What was checked; locations are relative to its folder. A finding about no single
            file is shown at the configuration file, where there is one.
    """
    ranked = worst_first(findings)
    shown = ranked.head(_MOST_RESULTS)
    codes = sorted({*checked.rules, *shown["code"]})
    numbers = {code: number for number, code in enumerate(codes)}
    results = [
        _result(finding, numbers, digest, checked)
        for finding, digest in zip(
            shown.iter_rows(named=True), digests(shown, checked.folder), strict=True
        )
    ]
    invocation: dict[str, object] = {"executionSuccessful": True}
    if ranked.height > shown.height:
        invocation["toolExecutionNotifications"] = [
            {
                "level": "warning",
                "message": {
                    "text": f"{ranked.height - shown.height:,} findings more than one run may hold"
                },
            }
        ]
    run = {
        "tool": {
            "driver": {
                "name": "stockout",
                "version": checked.version,
                "rules": [_rule(checked.rule(code)) for code in codes],
            }
        },
        "automationDetails": {"id": "stockout/check/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [invocation],
        "results": results,
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return spelled_out(json.dumps(log, ensure_ascii=False, indent=1)) + "\n"


def _rule(rule: RuleText) -> dict[str, object]:
    name = "".join(word.capitalize() for word in re.findall(r"\w+", rule.name))
    return {
        "id": rule.code,
        **({"name": name} if name and name.casefold() != rule.code.casefold() else {}),
        "shortDescription": {"text": _plain(rule.title)},
        "fullDescription": {"text": _plain(rule.what or rule.title)},
        "help": {"text": "\n".join(map(_plain, (rule.doc or rule.title).split("\n")))},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": ["data-quality", *rule.tables]},
    }


def _result(
    finding: Mapping[str, object], numbers: Mapping[str, int], digest: str, checked: Checked
) -> dict[str, object]:
    code = str(finding["code"])
    hint = "" if finding["hint"] is None else f" Hint: {finding['hint']}"
    result: dict[str, object] = {
        "ruleId": code,
        "ruleIndex": numbers[code],
        "level": _LEVELS[str(finding["severity"])],
        "message": {"text": _plain(f"{finding['message']}{hint}")},
        "locations": _locations(finding, checked),
        "partialFingerprints": {"stockoutFinding/v1": digest},
    }
    properties = {
        key: one_line(str(finding[key]))
        for key in ("column", "sku", "location", "date")
        if finding[key] is not None
    }
    return {**result, "properties": properties} if properties else result


def _locations(finding: Mapping[str, object], checked: Checked) -> list[dict[str, object]]:
    file, row = finding["file"], finding["row"]
    if file is None:
        file, row = checked.config, None
    if file is None:
        return []
    # GitHub asks for a line where the finding is about the whole file, too.
    line = row if isinstance(row, int) and row > 0 else 1
    place = {
        "artifactLocation": {"uri": _uri(str(file), checked.folder)},
        "region": {"startLine": line},
    }
    return [{"physicalLocation": place}]


def _uri(file: str, folder: Path) -> str:
    if is_url(file):
        return _PERCENT.sub("%25", quote(file, safe=":/?#@!$&'()*+,;=%"))
    path = relative_path(file, folder)
    if Path(path).is_absolute():
        return Path(path).as_uri()
    return quote(path)


def _plain(text: str) -> str:
    return _PLACEHOLDER.sub(r"{{\1}}", one_line(text).replace("](", "] ("))
