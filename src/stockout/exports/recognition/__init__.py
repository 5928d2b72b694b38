"""Recognises what a folder of exports holds, by their headers and by their cells."""

from __future__ import annotations

from stockout.exports.recognition.proposals import Proposal
from stockout.exports.recognition.questions import Answer, Ask, Question, best_guess
from stockout.exports.recognition.recognising import Guess, Recognition, recognise
from stockout.exports.recognition.rivals import Read
from stockout.exports.recognition.walking import LeftOut

__all__ = [
    "Answer",
    "Ask",
    "Guess",
    "LeftOut",
    "Proposal",
    "Question",
    "Read",
    "Recognition",
    "best_guess",
    "recognise",
]
