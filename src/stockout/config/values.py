"""Kinds of values in the configuration, and what every section of it is."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

_MOST_DAYS = 3650
"""Ten years: a longer lead time or review is a mistake in the unit, and would fill the memory."""


def no_bool(value: object) -> object:
    """Refuses yes and no where a number is asked for; Python takes them for 1 and 0."""
    if isinstance(value, bool):
        raise ValueError("a number")  # noqa: TRY004 - pydantic reports a ValueError as a fault
    return value


def _share(value: float) -> float:
    if not 0 < value < 1:
        raise ValueError("a share between 0 and 1, such as 0.95")
    return value


def split_commas(value: object) -> object:
    """The parts of a text such as ``a,b``; anything else as it is."""
    return value.split(",") if isinstance(value, str) else value


Number: TypeAlias = Annotated[float, BeforeValidator(no_bool)]
NotNegative: TypeAlias = Annotated[Number, Field(ge=0)]
LeadTime: TypeAlias = Annotated[Number, Field(ge=0, le=_MOST_DAYS)]
ReviewTime: TypeAlias = Annotated[Number, Field(gt=0, le=_MOST_DAYS)]
Share: TypeAlias = Annotated[Number, AfterValidator(_share)]
Text: TypeAlias = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Section(BaseModel):
    """A section: it refuses keys that it does not know, and cannot be changed."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
