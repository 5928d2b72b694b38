"""What only the user can know, and who answers it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable


Grade: TypeAlias = Literal["told", "likely", "guess"]


class Question(NamedTuple):
    """One choice between readings of an export.

    Attributes:
        about: The export or table.
        text: The question.
        options: The answers.
        best: Index of the best guess; None where nothing speaks for any.
        sure: Whether what was found speaks for the best guess; otherwise it is a toss-up, and
            another answer would give other numbers.
        settle: How a configuration or a flag answers it.
        why: What speaks for the best guess.
        leaves_out: Whether the export is left out, which is told, where nobody answers.
    """

    about: str
    text: str
    options: tuple[str, ...]
    best: int | None
    sure: bool
    settle: str
    why: str = ""
    leaves_out: bool = False


class Answer(NamedTuple):
    """An answer to a question.

    Attributes:
        option: Index of the option.
        told: Whether a person gave it; otherwise it is the best guess.
    """

    option: int
    told: bool


Ask: TypeAlias = "Callable[[Question], Answer | None]"
"""Answers a question; None leaves it open."""


def best_guess(question: Question) -> Answer | None:
    """Answers as one who trusts the best guess."""
    return None if question.best is None else Answer(question.best, told=False)


class Guessed(NamedTuple):
    """What was taken for true, and how sure it is."""

    words: str
    grade: Grade

    def __str__(self) -> str:
        """The words, with what a reader has to think of them."""
        return self.words if self.grade == "told" else f"{self.grade.upper()}: {self.words}"


def grade(question: Question, answer: Answer) -> Grade:
    """How sure an answer is."""
    if answer.told:
        return "told"
    return "likely" if question.sure else "guess"
