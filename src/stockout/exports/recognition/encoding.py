"""In which encoding text is that reads in several, each time as other words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockout.exports.formats.text_files import blocks
from stockout.exports.recognition.questions import Guessed, Question, grade

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockout.exports.formats.files import ExportFile
    from stockout.exports.recognition.questions import Ask

ENCODINGS: Mapping[str, str] = {
    "cp1252": "Western European",
    "gb18030": "Chinese",
    "cp1250": "Central European",
    "cp1251": "Cyrillic",
    "shift_jis": "Japanese",
    "big5": "traditional Chinese",
}
"""What exports are written in that are not in Unicode, the usual ones first."""

_SHOWN_LENGTH = 24


def ask_encoding(file: ExportFile, ask: Ask, name: str) -> tuple[str, Guessed] | None:
    """Asks in which encoding a file is.

    Args:
        file: The file.
        ask: Answers questions.
        name: What the question calls it.

    Returns:
        The encoding and how sure it is; None where it stays open.
    """
    lines = {line for block in blocks(file) for line in block.splitlines() if not line.isascii()}
    if not lines:
        return None
    readings: dict[str, str] = {}
    texts: list[list[str]] = []
    for encoding in ENCODINGS:
        try:
            text = [line.decode(encoding) for line in sorted(lines)]
        except UnicodeDecodeError:
            continue
        if text not in texts:  # else either encoding does
            texts.append(text)
            readings[encoding] = _odd(text[0])
    if not readings:
        return None
    options = tuple(readings)
    question = Question(
        about=name,
        text="How is its text written?",
        options=tuple(
            f"{encoding}, {ENCODINGS[encoding]}: {shown}" for encoding, shown in readings.items()
        ),
        best=0,
        sure=False,
        settle="encoding in its section",
        why="it is not Unicode, and this is the usual encoding in which it reads",
    )
    answer = ask(question)
    if answer is None:
        return None
    chosen = options[answer.option]
    others = ", ".join(
        f"{encoding} {readings[encoding]!r}" for encoding in options if encoding != chosen
    )
    words = f"reads {readings[chosen]!r}" + (f"; also possible: {others}" if others else "")
    return chosen, Guessed("as you said" if answer.told else words, grade(question, answer))


def _odd(line: str) -> str:
    """The part of a line with the first character that is not plain."""
    place = next(index for index, letter in enumerate(line) if not letter.isascii())
    start = max(0, place - _SHOWN_LENGTH // 2)
    return line[start : start + _SHOWN_LENGTH].strip()
