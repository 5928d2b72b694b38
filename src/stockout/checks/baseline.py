"""Findings that are known and accepted: only what is new is told.

A baseline is a JSON file to keep under version control: sorted, one entry a line, and without rows
and numbers, so that it changes only where the findings do.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from stockout.checks.fingerprints import KEY, fingerprints
from stockout.checks.formats.harmless import spelled_out
from stockout.errors import ConfigError
from stockout.outputs import replacing

if TYPE_CHECKING:
    from pathlib import Path

_VERSION = 1
_SCHEMA = pl.Schema({**dict.fromkeys(KEY, pl.String()), "count": pl.Int64()})


class Judged(NamedTuple):
    """Findings under a baseline."""

    new: pl.DataFrame  # the findings that it does not accept
    accepted: int  # how many it does
    gone: int  # how many that it accepts do not occur any more


def accept_known(findings: pl.DataFrame, baseline: pl.DataFrame, folder: Path) -> Judged:
    """Leaves out the findings that a baseline accepts.

    Of findings with one fingerprint as many are accepted as the baseline counts, the first ones;
    one more than that is new.

    Args:
        findings: Findings; further columns stay.
        baseline: As from :func:`read_baseline`.
        folder: Where the baseline's file stands, which its paths start from.
    """
    keys = fingerprints(findings, folder).join(
        baseline, on=list(KEY), how="left", nulls_equal=True, maintain_order="left"
    )
    is_new = keys["occurrence"] >= keys["count"].fill_null(0)
    accepted = len(is_new) - int(is_new.sum())
    return Judged(findings.filter(is_new), accepted, int(baseline["count"].sum()) - accepted)


def shortened(findings: pl.DataFrame, limit: int) -> pl.DataFrame:
    """At most so many findings of one rule in one file, and one more that counts the rest.

    What :func:`stockout.checks.check.check` does by itself; for findings that were all listed,
    because a baseline or a quarantine had to know them.

    Args:
        findings: Findings; further columns stay.
        limit: How many; 0 is all.
    """
    place = pl.int_range(pl.len()).over("code", "file")
    if not limit or findings.select((place < limit).all()).item():
        return findings
    counts = findings.filter(place >= limit).group_by("code", "severity", "file").len("count")
    rest = counts.select(
        "code",
        "severity",
        "file",
        message=pl.format("{} more findings of this rule are not listed", "count"),
        hint=pl.lit("raise check.max_findings to see them"),
    )
    return pl.concat([findings.filter(place < limit), rest], how="diagonal").sort(
        "file", "row", "code", maintain_order=True
    )


def write_baseline(findings: pl.DataFrame, path: Path) -> None:
    """Writes a baseline that accepts these findings, in place of an old one.

    Raises:
        StockoutError: The file cannot be written.
    """
    entries = fingerprints(findings, path.parent).group_by(KEY).agg(pl.len().alias("count"))
    lines = [
        spelled_out(
            json.dumps(
                {key: value for key, value in entry.items() if value is not None},
                ensure_ascii=False,
            )
        )
        for entry in entries.sort(KEY).iter_rows(named=True)
    ]
    body = "".join(f"\n  {line}," for line in lines).rstrip(",")
    text = f'{{\n "version": {_VERSION},\n "findings": [{body}\n ]\n}}\n'
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8", newline="\n")


def read_baseline(path: Path) -> pl.DataFrame:
    """The accepted findings: the columns of a fingerprint's key and ``count``.

    Raises:
        ConfigError: The file is not there or is no baseline.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: no such file", hint=f"make it: stockout check --write-baseline {path}"
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: cannot be read as a baseline: {error}") from None
    if not isinstance(content, dict) or content.get("version") != _VERSION:
        raise _no_baseline(path, f'a JSON object with "version": {_VERSION}')
    entries = content.get("findings")
    if not isinstance(entries, list):
        raise _no_baseline(path, 'a list of "findings"')
    for number, entry in enumerate(entries, start=1):
        if not _is_entry(entry):
            raise _no_baseline(path, f'texts {", ".join(KEY)} and a "count" in finding {number}')
    columns = {name: [entry.get(name) for entry in entries] for name in _SCHEMA}
    return pl.DataFrame(columns, schema=_SCHEMA).group_by(KEY, maintain_order=True).sum()


def _is_entry(entry: object) -> bool:
    if not isinstance(entry, dict) or not {*entry} <= {*_SCHEMA}:
        return False
    count = entry.get("count")
    return (
        all(isinstance(entry.get(name), str | None) for name in KEY)
        and isinstance(entry.get("code"), str)
        and type(count) is int
        and 0 < count < 2**63
    )


def _no_baseline(path: Path, expected: str) -> ConfigError:
    return ConfigError(
        f"{path}: not a baseline of findings, expected {expected}",
        hint=f"write it anew: stockout check --write-baseline {path}",
    )
