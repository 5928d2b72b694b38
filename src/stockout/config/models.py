"""The configuration: ``stockout.toml``, ``STOCKOUT_*`` variables and flags, checked and merged.

A flag wins over the environment, the environment over the file. Every model refuses keys it does
not know, so a typing mistake is an error with a suggestion and never a setting without effect.
This module stays light: it imports neither Polars nor anything else that takes long to load.
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationError

from stockout.config.alerts import AlertConfig
from stockout.config.checks import CheckConfig
from stockout.config.faults import config_fault, unknown_key
from stockout.config.layers import merge, read_layers
from stockout.config.planning import ForecastConfig, ReorderConfig
from stockout.config.runs import HistoryConfig, ReportConfig, RunConfig
from stockout.config.sources import Source, TableName
from stockout.config.values import LeadTime, ReviewTime, Section, Text

if TYPE_CHECKING:
    from collections.abc import Mapping


def _date_or_today(value: object) -> object:
    if value is None or value == "today" or type(value) is date:
        return value
    if isinstance(value, str):
        try:
            return date.fromisoformat(value.strip())
        except ValueError:
            pass
    if isinstance(value, datetime):
        return value.date()
    raise ValueError('a date like 2026-01-31, or "today"')


def _one_or_more(value: object) -> object:
    return [value] if isinstance(value, dict | Source) else value


class Config(Section):
    """Everything a run is told.

    Attributes:
        as_of: The last day that counts; None is the last date in the data, ``today`` the clock's.
        freq: Length of a period.
        default_lead_time_days: Lead time where no purchases, product or supplier tell one.
        default_review_days: Days between two orders where nothing else is said.
        by_location: Whether stock, sales and orders are kept apart by location; None keeps them
            apart where the sales name locations.
        profile: The profile of sources that name none.
        tables: Where each table is read from: one source or several.
        forecast: Settings of the forecast.
        reorder: Settings of the reorder list.
        check: Settings of the checks.
        history: Where snapshots are kept.
        alert: Rules, recipients and quiet periods of messages.
        report: Language and currency of the report.
        run: Settings of the weekly run.
        folder: The folder that relative source paths start from: where the file stands.
        file: The configuration file, None where there is none.
    """

    as_of: Annotated[date | Literal["today"] | None, BeforeValidator(_date_or_today)] = None
    freq: Literal["auto", "day", "week"] = "auto"
    default_lead_time_days: LeadTime | None = None
    default_review_days: ReviewTime = 7
    by_location: bool | None = None
    profile: Text | None = None
    tables: dict[
        TableName, Annotated[list[Source], BeforeValidator(_one_or_more), Field(min_length=1)]
    ] = Field(default_factory=dict)
    forecast: ForecastConfig = Field(default_factory=ForecastConfig)
    reorder: ReorderConfig = Field(default_factory=ReorderConfig)
    check: CheckConfig = Field(default_factory=CheckConfig)
    history: HistoryConfig = Field(default_factory=HistoryConfig)
    alert: AlertConfig = Field(default_factory=AlertConfig)
    report: ReportConfig = Field(default_factory=ReportConfig)
    run: RunConfig = Field(default_factory=RunConfig)
    folder: Path = Path()
    file: Path | None = None


def load_config(
    path: Path | None = None,
    env: Mapping[str, str] | None = None,
    overrides: Mapping[str, object] | None = None,
) -> Config:
    """Reads the configuration and merges its three layers.

    Args:
        path: The configuration file; None is ``./stockout.toml``, else ``[tool.stockout]`` of
            ``./pyproject.toml``, else the defaults.
        env: The environment. ``STOCKOUT_FORECAST__HORIZON`` is ``forecast.horizon``; an empty
            variable counts as not set; ``STOCKOUT_REALDATA`` is not a setting.
        overrides: What the flags say, nested or with dotted keys (``forecast.horizon``); None
            values count as not given. A table may be given as just its path. A target
            (service level, fill rate, costs) replaces another kind of target of a lower layer.

    Returns:
        The checked configuration. Source paths of the file are relative to the file's folder;
        those of flags and environment are relative to the current directory.

    Raises:
        ConfigError: The file is missing or not TOML, a key is unknown, or a value is wrong.

    >>> config = load_config(None, {"STOCKOUT_FREQ": "week"}, {"forecast.levels": [0.5]})
    >>> config.freq, config.forecast.levels, config.default_review_days
    ('week', [0.5], 7)
    """
    layers = read_layers(path, env or {}, overrides or {})
    merged = merge(layers)
    for name in ("folder", "file"):
        if name in merged:  # these say where the configuration stands, not what it says
            raise unknown_key([name], Config, layers)
    try:
        config = Config.model_validate(merged)
    except ValidationError as error:
        raise config_fault(error, Config, layers, merged) from None
    return config.model_copy(update={"folder": layers.folder, "file": layers.file})
