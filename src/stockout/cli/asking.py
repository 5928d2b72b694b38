"""Questions to the user: on a terminal, or answered by the best guess where nobody can be asked."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import typer

from stockout.cli.messages import say
from stockout.errors import ConfigError
from stockout.reports.inert import inert

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stockout.exports.recognition import Answer, Question


class Asker(Protocol):
    """Who answers questions."""

    def __call__(self, question: Question) -> Answer | None:
        """The answer; None leaves the question open."""


class Pausable(Protocol):
    """What moves on the screen, and has to stand still for a question."""

    def start(self) -> None:
        """Goes on."""

    def stop(self) -> None:
        """Stands still."""


def asker(*, yes: bool, quiet: bool, moving: Pausable | None = None) -> Asker:
    """Who answers: the user where there is a terminal, else the best guess.

    Args:
        yes: Whether the best guess is always taken, also where nothing speaks for it.
        quiet: Whether no warnings are wanted.
        moving: What shows on the terminal that work is going on.
    """
    if yes:
        return _BestGuess(quiet=quiet)
    if can_ask():
        return _User(moving)
    return _Evidence()


def can_ask() -> bool:
    """Whether there is someone at a terminal."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


class _BestGuess:
    """Takes the best guess, and warns where another answer would give other numbers."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet

    def __call__(self, question: Question) -> Answer | None:
        from stockout.exports.recognition import best_guess

        if question.best is not None and not question.sure and not self._quiet:
            say(
                "warning",
                f"{question.about}: {question.text} Guessed: {question.options[question.best]}; "
                f"{question.why}. Another answer gives other numbers",
            )
        return best_guess(question)


class _Evidence:
    """Takes the best guess only where something speaks for it, as nobody can be asked."""

    def __call__(self, question: Question) -> Answer | None:
        from stockout.exports.recognition import best_guess

        if question.sure:
            return best_guess(question)
        if question.leaves_out:
            return None
        guess = "" if question.best is None else f" ({question.options[question.best]})"
        raise ConfigError(
            f"{question.about}: {question.text} Nothing settles it",
            hint=f"run it in a terminal to be asked, or say --yes to take the best guess{guess}; "
            f"in a configuration, settle it with {question.settle}",
        )


class _User:
    """Asks on the terminal."""

    def __init__(self, moving: Pausable | None) -> None:
        self._moving = moving

    def __call__(self, question: Question) -> Answer | None:
        from stockout.exports.recognition import Answer

        with self._standing_still():
            why = f" ({question.why})" if question.why else ""
            typer.echo(inert(f"{question.about}: {question.text}{why}"), err=True)
            for number, option in enumerate(question.options, start=1):
                typer.echo(inert(f"  {number}) {option}"), err=True)
            default = None if question.best is None else question.best + 1
            while True:
                chosen: int = typer.prompt("Number", default=default, type=int, err=True)
                if 1 <= chosen <= len(question.options):
                    return Answer(chosen - 1, told=True)
                typer.echo(f"expected a number from 1 to {len(question.options)}", err=True)

    @contextmanager
    def _standing_still(self) -> Iterator[None]:
        if self._moving is None:
            yield
            return
        self._moving.stop()
        yield
        self._moving.start()
