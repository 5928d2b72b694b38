"""The section ``[alert]`` of the configuration: rules, recipients, quiet periods."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from stockout.config.values import Section, Text, no_bool

Level: TypeAlias = Literal["info", "warning", "critical"]
Weekday: TypeAlias = Literal["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]

_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def _time(value: str) -> str:
    if value != "24:00" and _CLOCK.fullmatch(value) is None:
        raise ValueError('a time of day like "18:30"')
    return value


TimeOfDay: TypeAlias = Annotated[str, AfterValidator(_time)]
Days: TypeAlias = Annotated[int, BeforeValidator(no_bool), Field(ge=0)]


class AlertRule(Section):
    """One kind of message.

    Attributes:
        name: What it is called; what was sent is remembered under this name.
        table: The result that it looks at.
        where: A Polars SQL condition over the columns of the result, true for the rows to tell of;
            or a query, ``SELECT ... FROM reorder ...``, whose rows are told.
        level: How grave it is.
        critical: A condition like ``where``, true for rows that are critical.
        message: What is said of a row; ``{column}`` stands for its value.
        recipients: Names of recipients.
        repeat_after_days: Calendar days after which the same item is told again; None is that of
            all rules, 0 tells it at every run.
    """

    name: Text
    table: Literal["reorder", "lost_sales", "stockouts", "check"]
    where: Text
    level: Level = "warning"
    critical: Text | None = None
    message: Text
    recipients: Annotated[list[Text], Field(min_length=1)]
    repeat_after_days: Days | None = None


class QuietPeriod(Section):
    """When messages wait for the next run.

    Attributes:
        start: Its first minute, as ``20:00``.
        end: The first minute after it. Where it is not later than ``start``, it is the next day's.
        weekdays: The days that it begins on; all where none are named.
        up_to: The gravest level that waits.
    """

    start: TimeOfDay = "00:00"
    end: TimeOfDay = "24:00"
    weekdays: list[Weekday] = Field(default_factory=list)
    up_to: Level = "warning"


class AlertConfig(Section):
    """Settings of ``stockout alert``.

    Attributes:
        rules: What is told to whom.
        recipients: An Apprise URL for each name; secrets stand in it as ``${VARIABLE}``.
        quiet: When messages wait.
        repeat_after_days: Calendar days after which the same item is told again.
        max_items: How many alerts of one rule a message writes out; the others are counted.
        state: A file that remembers what was sent, relative to the configuration.
        allow_local: Whether recipients may be at local or private addresses.
    """

    rules: list[AlertRule] = Field(default_factory=list)
    recipients: dict[str, Text] = Field(default_factory=dict)
    quiet: list[QuietPeriod] = Field(default_factory=list)
    repeat_after_days: Days = 7
    max_items: Annotated[int, BeforeValidator(no_bool), Field(ge=1)] = 50
    state: Text = "alerts.json"
    allow_local: bool = False

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        names = [rule.name for rule in self.rules]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"a name for each rule; {twice!r} is there twice")
        for rule in self.rules:
            for recipient in rule.recipients:
                if recipient not in self.recipients:
                    known = ", ".join(self.recipients) or "none"
                    raise ValueError(
                        f"recipients that [alert.recipients] names; rule {rule.name!r} has "
                        f"{recipient!r}, there are {known}"
                    )
        return self
