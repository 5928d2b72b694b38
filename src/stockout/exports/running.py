"""Runs a lazy frame over an export, and turns a failure into an error about the user's file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from stockout.errors import InputError
from stockout.exports.expressions import expression_fault, first_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from stockout.exports.files import ExportFile
    from stockout.exports.plan import Plan

ENGINE_ERRORS = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)
"""What Polars raises over a file it cannot read."""


def run(plan: Plan, build: Callable[[ExportFile | None], pl.LazyFrame]) -> pl.DataFrame:
    """Collects a lazy frame over all files of an export.

    Args:
        plan: The plan whose export is read.
        build: Makes the lazy frame, over all files or over the given one.

    Raises:
        InputError: A file cannot be read.
        ConfigError: An expression of the configuration fails on some row.
    """
    while True:
        try:
            return build(None).collect()
        except ENGINE_ERRORS as error:
            _diagnose(plan, error)


def _diagnose(plan: Plan, failure: BaseException) -> None:
    """Raises the user's error behind a failure; returns where trying again is worth it."""
    again = False
    for file in plan.export.files:
        try:
            # All columns, so that every byte of the file is looked at.
            plan.export.scan(file).select(pl.all().null_count()).collect()
        except ENGINE_ERRORS as error:
            fault = plan.export.explain(error, file)
            if fault is not None:
                raise fault from None
            again = True
    if again:
        return
    for expression in (*plan.computed, *plan.rules):
        try:
            plan.export.scan().select(expression.expr).collect()
        except ENGINE_ERRORS as error:
            raise expression_fault(expression.key, expression.sql, error) from None
    raise InputError(
        f"cannot be read ({first_line(failure)})", file=plan.export.files[0].name
    ) from failure
