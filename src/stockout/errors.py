"""Every error that `stockout` raises on purpose, and the exit codes they end in.

```
StockoutError                 exit 2; message, and a hint when there is something to do
├── InputError                an export cannot be used; carries file, row, column, found, expected
│   ├── MissingColumnError    a required column is not there
│   └── UnparsableValueError  a cell does not read as what its column holds
├── ConfigError               stockout.toml, an environment variable or a flag is wrong
├── FindingsError             exit 1; findings stop what was to come after them
├── NotKnownError             the data cannot answer the question, and the message says why
└── LockedError               exit 75; another run holds the lock
```

Anything else that reaches the command line is a bug of ours and exits 101.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What the process says to its caller."""

    OK = 0
    FINDINGS = 1  # findings at or above --fail-on
    USAGE = 2  # usage, configuration or unreadable input
    LOCKED = 75  # another run holds the lock
    BUG = 101  # a bug of ours
    INTERRUPTED = 130


class StockoutError(Exception):
    """Base of all errors that are about the user's input, not about our code.

    Args:
        message: What is wrong, in one sentence.
        hint: What to do about it.
    """

    exit_code = ExitCode.USAGE

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        """The message, and on a second line the hint."""
        return self.message if self.hint is None else f"{self.message}\nhint: {self.hint}"


class InputError(StockoutError):
    """An export cannot be used as it is.

    The text reads ``file:row:column: message, found ..., expected ...``; the row is the number an
    editor or a spreadsheet shows (the header is row 1), or None where the fault is not in one row.

    >>> print(InputError("not a date", file="sales.csv", row=7, column="date", found="2026-13-01",
    ...                  expected="a date like 2026-01-31", hint="set date_format"))
    sales.csv:7:date: not a date: found '2026-13-01', expected a date like 2026-01-31
    hint: set date_format
    """

    def __init__(
        self,
        message: str,
        *,
        file: str | None = None,
        row: int | None = None,
        column: str | None = None,
        found: str | None = None,
        expected: str | None = None,
        hint: str | None = None,
    ) -> None:
        place = ":".join(str(part) for part in (file, row, column) if part is not None)
        details = ", ".join(
            text
            for text in (
                None if found is None else f"found {found!r}",
                None if expected is None else f"expected {expected}",
            )
            if text is not None
        )
        super().__init__(
            (f"{place}: " if place else "") + message + (f": {details}" if details else ""),
            hint=hint,
        )
        self.file = file
        self.row = row
        self.column = column
        self.found = found
        self.expected = expected


class MissingColumnError(InputError):
    """A required column is not in the export."""

    wanted: tuple[str, ...] = ()
    """The canonical columns of which one is needed, where it is not one that is told."""


class UnparsableValueError(InputError):
    """A cell does not read as what its column holds."""


class ConfigError(StockoutError):
    """The configuration file, an environment variable or a flag is wrong."""


class NotKnownError(StockoutError):
    """The data cannot answer the question; the message says why."""


class FindingsError(StockoutError):
    """Findings stop what was to come after them."""

    exit_code = ExitCode.FINDINGS


class LockedError(StockoutError):
    """Another run holds the lock."""

    exit_code = ExitCode.LOCKED
