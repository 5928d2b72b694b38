"""The sections ``[history]``, ``[report]`` and ``[run]``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from stockout.config.sources import TableName
from stockout.config.values import Section, Text, split_commas


class HistoryConfig(Section):
    """Settings of ``stockout history``.

    Attributes:
        path: The folder of the history, relative to the configuration.
        exports: What is added to it of each table that is read from it.
    """

    path: Text = "history"
    exports: dict[TableName, Text | Annotated[list[Text], Field(min_length=1)]] = Field(
        default_factory=dict
    )


class ReportConfig(Section):
    """Settings of ``stockout report``.

    Attributes:
        lang: Its language.
        currency: What money is in; None shows amounts without a sign.
    """

    lang: Literal["en", "zh"] = "en"
    currency: Text | None = None


def _plain_name(value: str) -> str:
    if not value.replace("-", "").replace("_", "").isalnum():
        raise ValueError("a name of letters, digits, - and _")
    return value


class RunCommand(Section):
    """A step of the user's own in ``stockout run``.

    Attributes:
        name: What the run calls it.
        after: The step it follows; None is the end of the run.
        command: A line for the shell, or a program and its arguments.
        allow_failure: Whether the run goes on where the command fails.
    """

    name: Annotated[Text, AfterValidator(_plain_name)]
    after: Text | None = None
    command: Text | Annotated[list[Text], Field(min_length=1)]
    allow_failure: bool = False


class RunConfig(Section):
    """Settings of ``stockout run``.

    Attributes:
        output: The folder of the dated folders, relative to the configuration.
        steps: The steps in their order; None is all that the tables are there for.
        fail_on: The mildest severity of a finding that stops the run before anything is ordered.
        formats: What a purchase list is written as.
        report: What the report is written as; None is HTML, where its packages are there.
        commands: Steps of the user's own.
    """

    output: Text = "runs"
    steps: Annotated[list[Text], BeforeValidator(split_commas), Field(min_length=1)] | None = None
    fail_on: Literal["info", "warning", "error", "never"] = "error"
    formats: Annotated[
        list[Literal["csv", "xlsx"]], BeforeValidator(split_commas), Field(min_length=1)
    ] = Field(default=["csv", "xlsx"])
    report: (
        Annotated[
            list[Literal["html", "xlsx", "md", "json"]],
            BeforeValidator(split_commas),
            Field(min_length=1),
        ]
        | None
    ) = None
    commands: list[RunCommand] = Field(default_factory=list)
