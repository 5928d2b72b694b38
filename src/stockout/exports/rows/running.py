"""Runs a lazy frame over a file, and turns a failure into an error about the user's file."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import polars as pl

from stockout.errors import InputError
from stockout.exports.values.expressions import expression_fault, first_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from stockout.exports.formats.files import ExportFile
    from stockout.exports.rows.plan import Plan

T = TypeVar("T")

ENGINE_ERRORS = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)
"""What Polars raises over a file it cannot read."""


def run(plan: Plan, file: ExportFile, build: Callable[[], pl.LazyFrame]) -> pl.DataFrame:
    """Collects a lazy frame over a file of an export.

    Args:
        plan: The plan whose export is read.
        file: The file.
        build: Makes the lazy frame.

    Raises:
        InputError: The file cannot be read.
        ConfigError: An expression of the configuration fails on some row.
    """
    return attempt(plan, file, lambda: build().collect())


def attempt(plan: Plan, file: ExportFile, work: Callable[[], T]) -> T:
    """Does some work over a file of an export, again where a better copy of the file helps.

    Args:
        plan: The plan whose export is read.
        file: The file.
        work: Reads it.

    Raises:
        InputError: The file cannot be read.
        ConfigError: An expression of the configuration fails on some row.
    """
    while True:
        try:
            return work()
        except ENGINE_ERRORS as error:
            _diagnose(plan, file, error)


def _diagnose(plan: Plan, file: ExportFile, failure: BaseException) -> None:
    """Raises the user's error behind a failure; returns where trying again is worth it."""
    try:
        # All columns, so that every byte of the file is looked at.
        plan.export.scan(file).select(pl.all().null_count()).collect()
    except ENGINE_ERRORS as error:
        fault = plan.export.explain(error, file)
        if fault is not None:
            raise fault from None
        return
    for expression in (*plan.computed, *plan.rules):
        try:
            plan.shaped(plan.scan(file)).select(expression.expr).collect()
        except ENGINE_ERRORS as error:
            raise expression_fault(expression.key, expression.sql, error) from None
    raise InputError(f"cannot be read ({first_line(failure)})", file=file.name) from failure
