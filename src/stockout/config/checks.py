"""The section ``[check]``: which rules count how much, and rules of the user's own."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints, field_validator

from stockout.config.sources import TableName
from stockout.config.values import Number, Section, Text, no_bool

_SEVERITIES = frozenset({"off", "info", "warning", "error"})


class CustomRule(Section):
    """A rule of the user's own for ``stockout check``.

    Attributes:
        code: Its code, such as ``ACME1``; those that start with ``SO`` are ours.
        table: The canonical table whose rows it looks at.
        where: A Polars SQL condition over canonical columns, true for the rows to report.
        severity: How grave it is.
        message: What is wrong with such a row.
        hint: What to do about it.
    """

    code: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_-]*$", max_length=40)]
    table: TableName
    where: Text
    severity: Literal["info", "warning", "error"] = "error"
    message: Text
    hint: Text | None = None

    @field_validator("code")
    @classmethod
    def _not_ours(cls, code: str) -> str:
        if code.startswith("SO"):
            raise ValueError("a code that does not start with SO, as the built-in ones do")
        return code


class CheckConfig(Section):
    """Settings of ``stockout check``.

    Attributes:
        fail_on: The mildest severity that makes the command exit with 1.
        max_findings: How many findings of one rule in one file are listed; what is beyond is
            counted in one more. 0 lists all.
        baseline: A file of accepted findings.
        rules: For the code of a rule its ``severity`` (``off`` leaves it out) and its thresholds.
        custom: Rules of the user's own.
    """

    fail_on: Literal["info", "warning", "error", "never"] = "error"
    max_findings: Annotated[int, BeforeValidator(no_bool), Field(ge=0)] = 1000
    baseline: Text | None = None
    rules: dict[str, dict[str, Number | str]] = Field(default_factory=dict)
    custom: list[CustomRule] = Field(default_factory=list)

    @field_validator("rules")
    @classmethod
    def _severities(
        cls, rules: dict[str, dict[str, float | str]]
    ) -> dict[str, dict[str, float | str]]:
        for code, settings in rules.items():
            for name, value in settings.items():
                if name == "severity" and value not in _SEVERITIES:
                    raise ValueError(f"off, info, warning or error for {code}.severity")
                if name != "severity" and isinstance(value, str):
                    raise ValueError(f"a number for {code}.{name}")
        return rules

    @property
    def severity(self) -> dict[str, str]:
        """The severity of each rule that has one of its own."""
        return {
            code: str(settings["severity"])
            for code, settings in self.rules.items()
            if "severity" in settings
        }

    @property
    def thresholds(self) -> dict[str, dict[str, float]]:
        """The thresholds of each rule that has some of its own."""
        return {
            code: {name: float(value) for name, value in settings.items() if name != "severity"}
            for code, settings in self.rules.items()
            if settings.keys() - {"severity"}
        }
