"""The words of both languages, and how numbers are written."""

from __future__ import annotations

import re
from datetime import date

import pytest

from stockout.checks.catalogue import RULES
from stockout.errors import ConfigError
from stockout.reports.report.language import CODES, Language, words

_PLACE = re.compile(r"{(\w+)}")


def test_both_languages_have_the_same_words() -> None:
    assert words("en").keys() == words("zh").keys()


def test_sentences_name_the_same_values() -> None:
    for key, english in words("en").items():
        assert set(_PLACE.findall(english)) == set(_PLACE.findall(words("zh")[key])), key


def test_nothing_is_left_untranslated() -> None:
    technical = {"column.rmsse", "sheet.abc_xyz", "text.interval", "unit.times"}
    for key, chinese in words("zh").items():
        if key not in technical:
            assert re.search("[\u4e00-\u9fff]", chinese), key


def test_rules_are_called_what_the_catalogue_calls_them() -> None:
    told = {key[5:]: text for key, text in words("en").items() if key.startswith("rule.")}
    assert told == {code: rule.title for code, rule in RULES.items()}


@pytest.mark.parametrize(
    ("lang", "currency", "value", "unit", "expected"),
    [
        ("en", "EUR", -1234.5, "money", "-€1,234"),
        ("zh", "CNY", 12.5, "money", "¥12.50"),
        ("en", "CHF", 12.5, "money", "12.50 CHF"),
        ("en", None, 12.5, "money", "12.50"),
        ("en", None, 0.0699, "share", "7.0 %"),
        ("zh", None, 0.0699, "share", "7.0%"),
        ("zh", None, 4.356, "days", "4.36 天"),
        ("en", None, None, "money", "–"),
        ("en", None, float("nan"), "units", "–"),
        ("zh", None, date(2026, 6, 28), "month", "2026-06"),
    ],
)
def test_values(lang: str, currency: str | None, value: object, unit: str, expected: str) -> None:
    assert Language(lang, currency).show(value, unit) == expected  # type: ignore[arg-type]


def test_large_figures_are_short() -> None:
    assert Language("en", "EUR").short(41_512.96, "money") == "€41.5 k"
    assert Language("zh", "CNY").short(41_512.96, "money") == "¥4.15万"
    assert Language("en").short(9_999.0, "count") == "9,999"


@pytest.mark.parametrize("given", [{"code": "de"}, {"code": "en", "currency": ""}])
def test_what_cannot_be_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(ConfigError):
        Language(**given)


def test_codes() -> None:
    assert CODES == ("en", "zh")
