"""Folders of exports, and what is made of them."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

import pytest

from stockout.exports.profiles import read_profile
from stockout.exports.recognition import Answer, recognise
from stockout.exports.recognition.describing import configuration

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from stockout.exports.recognition import Question, Recognition


class Outcome(NamedTuple):
    """What was found in a folder, and what was asked on the way."""

    found: Recognition
    asked: list[Question]
    text: str  # the configuration

    @property
    def tables(self) -> dict[str, object]:
        """The sources of the configuration."""
        return tomllib.loads(self.text).get("tables", {})  # type: ignore[no-any-return]

    @property
    def words(self) -> str:
        """The configuration, with comments of several lines as one."""
        return " ".join(self.text.replace("\n#", "").split())

    @property
    def left_out(self) -> dict[str, str]:
        """The reason for each file that is not used."""
        return {item.path.name: item.reason for item in self.found.left_out}

    def confidence(self, table: str) -> str:
        """How sure the only source of a table is."""
        [source] = [item for item in self.found.sources if item.proposal.table == table]
        return source.proposal.confidence


class Find(Protocol):
    """Writes files into a folder and recognises it."""

    def __call__(
        self,
        files: Mapping[str, str | bytes],
        *,
        answers: Mapping[str, str] | None = None,
        profiles: Mapping[str, str] | None = None,
        as_of: date | None = None,
    ) -> Outcome:
        """What is found.

        ``answers`` are the beginnings of options by a part of the question, ``profiles`` texts
        by the name of their file.
        """


@pytest.fixture
def find(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Find:
    """Recognises files in the folder ``exports`` of the current folder."""
    monkeypatch.chdir(tmp_path)
    folder = Path("exports")

    def run(
        files: Mapping[str, str | bytes],
        *,
        answers: Mapping[str, str] | None = None,
        profiles: Mapping[str, str] | None = None,
        as_of: date | None = None,
    ) -> Outcome:
        folder.mkdir(exist_ok=True)
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            data = content if isinstance(content, bytes) else content.encode()
            (folder / name).write_bytes(data)
        asked: list[Question] = []

        def ask(question: Question) -> Answer | None:
            asked.append(question)
            for part, option in (answers or {}).items():
                if part in question.text:
                    [chosen] = [
                        index
                        for index, shown in enumerate(question.options)
                        if shown.startswith(option)
                    ]
                    return Answer(chosen, told=True)
            return None if question.best is None else Answer(question.best, told=False)

        for name, text in (profiles or {}).items():
            Path(name).write_text(text)
        read = None if profiles is None else {name: read_profile(Path(name)) for name in profiles}
        scratch = tmp_path_factory.mktemp("scratch")
        found = recognise(folder, Path(), scratch, ask, profiles=read, as_of=as_of)
        return Outcome(found, asked, configuration(found, "exports", Path()))

    return run
