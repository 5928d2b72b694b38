"""Which packages the formats of a report need."""

from __future__ import annotations

import importlib.util

from stockout.errors import ConfigError

_PACKAGES = {"html": ("jinja2", "altair", "vl_convert"), "xlsx": ("xlsxwriter",)}
_PIP = {"vl_convert": "vl-convert-python"}


def check_installed(fmt: str) -> None:
    """Says before the work which package a format lacks.

    Raises:
        ConfigError: It is not installed.
    """
    for name in _PACKAGES.get(fmt, ()):
        if importlib.util.find_spec(name) is None:
            extra = "excel" if fmt == "xlsx" else "report"
            raise ConfigError(
                f"writing {fmt} needs the package {_PIP.get(name, name)}",
                hint=f'pip install "stockout[{extra}]"',
            )
