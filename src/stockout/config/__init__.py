"""The configuration: `stockout.toml`, environment and flags, checked and merged."""

from __future__ import annotations

from stockout.config.models import (
    CheckConfig,
    Config,
    CustomRule,
    Exclude,
    ForecastConfig,
    ReorderConfig,
    RunCommand,
    RunConfig,
    Source,
    SqlColumn,
    TableName,
    load_config,
)

__all__ = [
    "CheckConfig",
    "Config",
    "CustomRule",
    "Exclude",
    "ForecastConfig",
    "ReorderConfig",
    "RunCommand",
    "RunConfig",
    "Source",
    "SqlColumn",
    "TableName",
    "load_config",
]
