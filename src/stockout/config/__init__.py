"""The configuration: `stockout.toml`, environment and flags, checked and merged."""

from __future__ import annotations

from stockout.config.alerts import AlertConfig, AlertRule, QuietPeriod
from stockout.config.models import (
    CheckConfig,
    Config,
    CustomRule,
    Exclude,
    ForecastConfig,
    HistoryConfig,
    ReorderConfig,
    ReportConfig,
    RunCommand,
    RunConfig,
    Source,
    SqlColumn,
    TableName,
    load_config,
)

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
