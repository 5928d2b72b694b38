"""Words and number formats of a language."""

from __future__ import annotations

import functools
import math
import tomllib
from datetime import date
from importlib.resources import files
from typing import TYPE_CHECKING, Literal, TypeAlias, cast, get_args

from stockout.errors import ConfigError
from stockout.reports.report.blocks import Said
from stockout.reports.report.told import translated

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockout.reports.report.blocks import Sentence, Unit, Value

LanguageCode: TypeAlias = Literal["en", "zh"]

CODES: tuple[LanguageCode, ...] = get_args(LanguageCode)

SYMBOLS: Mapping[str, str] = {
    "CNY": "¥", "EUR": "€", "GBP": "£", "HKD": "HK$", "JPY": "¥", "KRW": "₩", "TWD": "NT$",
    "USD": "$",
}  # fmt: skip
"""Signs of currencies that have one; others are named by their code."""

UNKNOWN = "–"
_LONGEST_CURRENCY = 8


class Language:
    """Formats values and sentences.

    Args:
        code: ``en`` or ``zh``.
        currency: Of all money, such as ``EUR``; None leaves it away.

    Raises:
        ConfigError: There is no such language, or the currency is no short name.

    >>> Language("en", "EUR").show(41512.96, "money"), Language("zh").show(0.0699, "share")
    ('€41,513', '7.0%')
    """

    def __init__(self, code: str, currency: str | None = None) -> None:
        if code not in CODES:
            raise ConfigError(f"lang: found {code!r}, expected {' or '.join(CODES)}")
        if currency is not None and not (
            0 < len(currency) <= _LONGEST_CURRENCY and currency.isprintable()
        ):
            raise ConfigError(
                f"currency: found {currency!r}, expected a short name such as EUR or CNY"
            )
        self.code = code
        self.currency = currency
        self.words = words(code)

    @property
    def html_code(self) -> str:
        """The value of an HTML ``lang`` attribute."""
        return "zh-CN" if self.code == "zh" else "en"

    def word(self, key: str, **values: object) -> str:
        """A word or sentence of the table; a key that is not in it is an error of ours."""
        text = self.words[key]
        return text.format(**values) if values else text

    def say(self, sentence: Sentence) -> str:
        """A sentence with its values."""
        stop = "。" if self.code == "zh" else "."
        if not isinstance(sentence, Said):
            told = translated(sentence.text, self.code)
            return _as_sentence(sentence.text, ".") if told is None else _as_sentence(told, stop)
        shown = {name: self.show(value, unit) for name, (value, unit) in sentence.values.items()}
        said = self.word(sentence.key, **shown)
        return _as_sentence(said, stop) if sentence.key.startswith("reason.") else said

    def show(self, value: Value, unit: Unit) -> str:
        """A value as a reader of the language expects it; what is not known is a dash."""
        if value is None or (isinstance(value, float) and not math.isfinite(value)):
            return UNKNOWN
        if unit in ("rule", "word"):
            return self.words.get(f"{unit}.{value}", str(value))
        if isinstance(value, date):
            return value.strftime("%Y-%m") if unit == "month" else value.isoformat()
        if unit == "told":
            return translated(str(value), self.code) or str(value)
        if isinstance(value, str) or unit in ("text", "code"):
            return str(value)
        return self._number(float(value) + 0.0, unit)

    def short(self, value: float | None, unit: Unit) -> str:
        """The same for a large figure: thousands in English, ten thousands in Chinese."""
        if value is None or unit not in ("money", "units", "count"):
            return self.show(value, unit)
        step, name = (1e4, "万") if self.code == "zh" else (1e3, "k")
        if abs(value) < 10 * step and not (self.code == "zh" and abs(value) >= step):
            return self.show(value, unit)
        if self.code == "en" and abs(value) >= 1e6:
            step, name = 1e6, "m"
        if self.code == "zh" and abs(value) >= 1e8:
            step, name = 1e8, "亿"
        text = f"{three_digits(value / step)}{name if self.code == 'zh' else ' ' + name}"
        return self._with_currency(text) if unit == "money" else text

    def money(self, value: float, digits: int) -> str:
        """An amount with so many digits after the point."""
        return self._with_currency(f"{value + 0.0:,.{digits}f}")

    def span(self, low: float | None, high: float | None, unit: Unit) -> str | None:
        """An interval in words, None where there is none."""
        if low is None or high is None:
            return None
        return self.word("text.interval", low=self.show(low, unit), high=self.show(high, unit))

    def _number(self, value: float, unit: Unit) -> str:
        if unit == "share":
            gap = "" if self.code == "zh" else " "
            return f"{100 * value:,.1f}{gap}%"
        if unit == "count":
            return f"{value:,.0f}"
        if unit == "money":
            return self.money(value, 0 if abs(value) >= 1000 or value == 0 else 2)
        text = f"{value:.2f}" if unit == "ratio" else three_digits(value)
        return self.word(f"unit.{unit}", value=text) if unit in ("days", "times") else text

    def _with_currency(self, text: str) -> str:
        if self.currency is None:
            return text
        sign = SYMBOLS.get(self.currency.upper())
        if sign is None:
            return f"{text} {self.currency}"
        return f"-{sign}{text[1:]}" if text.startswith("-") else f"{sign}{text}"


def _as_sentence(text: str, stop: str) -> str:
    """What an error, a note or a reason says, as a sentence of its own."""
    ended = text if text.endswith((".", "!", "?", "。")) else text + stop
    return ended[:1].upper() + ended[1:]


@functools.cache
def words(code: str) -> Mapping[str, str]:
    """The words of a language by their key, such as ``section.act``."""
    text = files("stockout.reports.report").joinpath("words", f"{code}.toml").read_text("utf-8")
    tables = cast("dict[str, dict[str, str]]", tomllib.loads(text))
    return {f"{table}.{key}": word for table, of in tables.items() for key, word in of.items()}


def three_digits(value: float) -> str:
    """Three digits that tell, whole numbers as they are.

    >>> three_digits(0.431), three_digits(43.12), three_digits(4310.2), three_digits(7.0)
    ('0.43', '43.1', '4,310', '7')
    """
    if value == round(value):
        return f"{value:,.0f}"
    size = abs(value)
    if size >= 100:
        return f"{value:,.0f}"
    return f"{value:.{2 if size < 10 else 1}f}".rstrip("0").rstrip(".")
