"""The configuration: `stockout.toml`, environment and flags, checked and merged."""

from __future__ import annotations

from stockout.config.alerts import AlertConfig, AlertRule, QuietPeriod
from stockout.config.checks import CheckConfig, CustomRule
from stockout.config.models import Config, load_config
from stockout.config.planning import ForecastConfig, ReorderConfig
from stockout.config.runs import HistoryConfig, ReportConfig, RunCommand, RunConfig
from stockout.config.sources import Exclude, Source, SqlColumn, TableName

__all__ = [
    "AlertConfig",
    "AlertRule",
    "CheckConfig",
    "Config",
    "CustomRule",
    "Exclude",
    "ForecastConfig",
    "HistoryConfig",
    "QuietPeriod",
    "ReorderConfig",
    "ReportConfig",
    "RunCommand",
    "RunConfig",
    "Source",
    "SqlColumn",
    "TableName",
    "load_config",
]
