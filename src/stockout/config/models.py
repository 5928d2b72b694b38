"""The configuration: ``stockout.toml``, ``STOCKOUT_*`` variables and flags, checked and merged.

A flag wins over the environment, the environment over the file. Every model refuses keys it does
not know, so a typing mistake is an error with a suggestion and never a setting without effect.
This module stays light: it imports neither Polars nor anything else that takes long to load.
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from stockout.config.alerts import AlertConfig
from stockout.config.faults import config_fault, unknown_key
from stockout.config.layers import merge, read_layers

if TYPE_CHECKING:
    from collections.abc import Mapping

TableName: TypeAlias = Literal[
    "sales",
    "inventory",
    "movements",
    "products",
    "suppliers",
    "purchases",
    "orders",
    "customers",
    "locations",
    "events",
    "overrides",
]
"""The canonical tables; the same names as in :data:`stockout.tables.SCHEMAS`."""


def _no_bool(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("a number")  # noqa: TRY004 - pydantic reports a ValueError as a fault
    return value


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


def _share(value: float) -> float:
    if not 0 < value < 1:
        raise ValueError("a share between 0 and 1, such as 0.95")
    return value


def _delimiter(value: str) -> str:
    if len(value) != 1 or not value.isascii() or value in '"\r\n':
        raise ValueError("one character, such as ; or a tab")
    return value


def _one_or_more(value: object) -> object:
    return [value] if isinstance(value, dict | Source) else value


def _sheet(value: object) -> object:
    if isinstance(value, bool) or (isinstance(value, int) and value < 1):
        raise ValueError("a sheet's name, or its number from 1")
    return value


def _split_commas(value: object) -> object:
    return value.split(",") if isinstance(value, str) else value


def _path_or_paths(value: object) -> object:
    values = value if isinstance(value, list) else [value]
    if not values or not all(isinstance(item, str) and item.strip() for item in values):
        raise ValueError("a path, a glob, a folder, or a list of them")
    return value


_MOST_PERIODS = 10_000
"""More than a planner can mean: 27 years of days."""

_MOST_DAYS = 3650
"""Ten years: a longer lead time or review is a mistake in the unit, and would fill the memory."""

Number: TypeAlias = Annotated[float, BeforeValidator(_no_bool)]
NotNegative: TypeAlias = Annotated[Number, Field(ge=0)]
LeadTime: TypeAlias = Annotated[Number, Field(ge=0, le=_MOST_DAYS)]
ReviewTime: TypeAlias = Annotated[Number, Field(gt=0, le=_MOST_DAYS)]
Share: TypeAlias = Annotated[Number, AfterValidator(_share)]
Text: TypeAlias = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class SqlColumn(_Model):
    """A canonical column computed from the columns of the export.

    Attributes:
        sql: A Polars SQL expression, such as ``1 - stockout_hours / 16.0``.
    """

    sql: Text


class Exclude(_Model):
    """Rows of an export that are left out; how many is always reported.

    Attributes:
        where: A Polars SQL condition over the columns of the export.
        reason: What these rows are, in words, such as ``cancelled invoices``.
    """

    where: Text
    reason: Text


class Source(_Model):
    """Where a table is read from, and how its columns are called there.

    Attributes:
        path: A file, a glob, a folder (hive-partitioned or not), a list of them; or the URL of a
            database; or ``history:FOLDER``.
        query: What is read from the database: a query, or the name of a table.
        profile: What is known of this export: ``shopify/orders``, or ``my_profile.toml/orders``;
            a system alone (``shopify``) leaves it to the header which of its exports this is.
        format: ``csv``, ``parquet`` or ``excel``; by the file's suffix where not given.
        sheet: Name or number (from 1) of the sheet of a workbook.
        header_row: The row of the header, from 1; the last one where there are several; found
            where not given.
        encoding: Text encoding of a CSV; found where it is certain.
        delimiter: What stands between two cells of a CSV; found in the header where not given.
        decimal: ``.`` or ``,``; where not given, settled from the cells of each file.
        date_format: How dates are written, in ``strftime`` words such as ``%d/%m/%Y``.
        null_words: Words that mean "no value", in place of the usual ones.
        columns: The column of the export, or an expression, for each canonical column; a column
            that is not named here is recognised by its name.
        exclude: Rows to leave out.
    """

    path: Annotated[str | list[str], BeforeValidator(_path_or_paths)]
    query: Text | None = None
    profile: Text | None = None
    format: Literal["csv", "parquet", "excel"] | None = None
    sheet: Annotated[Text | int | None, BeforeValidator(_sheet)] = None
    header_row: Annotated[int, BeforeValidator(_no_bool), Field(ge=1)] | None = None
    encoding: Text | None = None
    delimiter: Annotated[str, AfterValidator(_delimiter)] | None = None
    decimal: Literal[".", ","] | None = None
    date_format: Text | None = None
    null_words: list[str] | None = None
    columns: dict[str, Text | SqlColumn] = Field(default_factory=dict)
    exclude: list[Exclude] = Field(default_factory=list)


class ForecastConfig(_Model):
    """Settings of ``stockout forecast``.

    Attributes:
        horizon: Periods to forecast; None lets the command choose by frequency.
        levels: Quantile levels, each strictly between 0 and 1.
        models: Names of the models; None is all fast ones, and the costly ones within the budget.
        time_budget: Seconds that costly models may take, by the cost table; 0 is the default, and
            tries none unless ``models`` names them.
    """

    horizon: Annotated[int, BeforeValidator(_no_bool), Field(ge=1, le=_MOST_PERIODS)] | None = None
    levels: Annotated[list[Share], BeforeValidator(_split_commas), Field(min_length=1)] = Field(
        default_factory=lambda: [0.5, 0.9]
    )
    models: Annotated[list[Text], BeforeValidator(_split_commas), Field(min_length=1)] | None = None
    time_budget: NotNegative = 0.0

    @field_validator("levels")
    @classmethod
    def _levels_differ(cls, levels: list[float]) -> list[float]:
        names = {f"{100 * level:g}" for level in levels}  # of their columns: q50, q97.5
        if len(names) < len(levels) or names & {"0", "100"}:
            raise ValueError("levels that differ from each other and from 0 and 1 in six digits")
        return levels


class ReorderConfig(_Model):
    """Settings of ``stockout reorder``; at most one kind of target.

    Attributes:
        unmet: What happens to demand that meets no stock: ``lost`` or ``backorder``.
        service_level: Target probability of no stockout in a cycle, between 0 and 1.
        fill_rate: Target share of demand served from stock, between 0 and 1.
        shortage_cost: Money per unit lost (or backordered).
        holding_cost: Money per unit and period in stock; with an order cost and no shortage cost
            it is no target, but what the order cost is weighed against.
        targets: Service level by category or ABC class.
        order_cost: Money per order of an item, whatever its quantity.
        policy: ``periodic`` or ``continuous`` review.
        sold_before_expiry: Probability with which an order is sold within its shelf life.
        below_minimum: What becomes of an order below its supplier's minimum: ``raise``, ``hold``.
        budget: Most that may be spent on this order, in money.
        review_days: Days between two orders.
        lead_time_days: Days from order to receipt, for every item.
    """

    unmet: Literal["lost", "backorder"] = "lost"
    service_level: Share | None = None
    fill_rate: Share | None = None
    shortage_cost: NotNegative | None = None
    holding_cost: NotNegative | None = None
    targets: dict[str, Share] = Field(default_factory=dict)
    order_cost: NotNegative | None = None
    policy: Literal["periodic", "continuous"] = "periodic"
    sold_before_expiry: Share = 0.9
    below_minimum: Literal["raise", "hold"] = "raise"
    budget: NotNegative | None = None
    review_days: ReviewTime | None = None
    lead_time_days: LeadTime | None = None

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        weighed = self.order_cost is not None and self.shortage_cost is None
        given = [
            name
            for name, values in (
                ("service_level", (self.service_level,)),
                ("fill_rate", (self.fill_rate,)),
                (
                    "shortage_cost with holding_cost",
                    () if weighed else (self.shortage_cost, self.holding_cost),
                ),
            )
            if any(value is not None for value in values)
        ]
        if len(given) > 1:
            raise ValueError(f"one kind of target, not {' and '.join(given)}")
        return self


_SEVERITIES = frozenset({"off", "info", "warning", "error"})


class CustomRule(_Model):
    """A rule of the user's own for ``stockout check``.

    Attributes:
        code: Its code, such as ``ACME1``; those that start with ``SO`` are ours.
        table: The canonical table whose rows it looks at.
        where: A Polars SQL condition over canonical columns, true for the rows to report.
        severity: How grave it is.
        message: What is wrong with such a row.
        hint: What to do about it.
    """

    code: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_-]*$", max_length=40)]
    table: TableName
    where: Text
    severity: Literal["info", "warning", "error"] = "error"
    message: Text
    hint: Text | None = None

    @field_validator("code")
    @classmethod
    def _not_ours(cls, code: str) -> str:
        if code.startswith("SO"):
            raise ValueError("a code that does not start with SO, as the built-in ones do")
        return code


class CheckConfig(_Model):
    """Settings of ``stockout check``.

    Attributes:
        fail_on: The mildest severity that makes the command exit with 1.
        max_findings: How many findings of one rule in one file are listed; what is beyond is
            counted in one more. 0 lists all.
        baseline: A file of accepted findings.
        rules: For the code of a rule its ``severity`` (``off`` leaves it out) and its thresholds.
        custom: Rules of the user's own.
    """

    fail_on: Literal["info", "warning", "error", "never"] = "error"
    max_findings: Annotated[int, BeforeValidator(_no_bool), Field(ge=0)] = 1000
    baseline: Text | None = None
    rules: dict[str, dict[str, Number | str]] = Field(default_factory=dict)
    custom: list[CustomRule] = Field(default_factory=list)

    @field_validator("rules")
    @classmethod
    def _severities(
        cls, rules: dict[str, dict[str, float | str]]
    ) -> dict[str, dict[str, float | str]]:
        for code, settings in rules.items():
            for name, value in settings.items():
                if name == "severity" and value not in _SEVERITIES:
                    raise ValueError(f"off, info, warning or error for {code}.severity")
                if name != "severity" and isinstance(value, str):
                    raise ValueError(f"a number for {code}.{name}")
        return rules

    @property
    def severity(self) -> dict[str, str]:
        """The severity of each rule that has one of its own."""
        return {
            code: str(settings["severity"])
            for code, settings in self.rules.items()
            if "severity" in settings
        }

    @property
    def thresholds(self) -> dict[str, dict[str, float]]:
        """The thresholds of each rule that has some of its own."""
        return {
            code: {name: float(value) for name, value in settings.items() if name != "severity"}
            for code, settings in self.rules.items()
            if settings.keys() - {"severity"}
        }


class HistoryConfig(_Model):
    """Settings of ``stockout history``.

    Attributes:
        path: The folder of the history, relative to the configuration.
        exports: What is added to it of each table that is read from it.
    """

    path: Text = "history"
    exports: dict[TableName, Text | Annotated[list[Text], Field(min_length=1)]] = Field(
        default_factory=dict
    )


class ReportConfig(_Model):
    """Settings of ``stockout report``.

    Attributes:
        lang: Its language.
        currency: What money is in; None shows amounts without a sign.
    """

    lang: Literal["en", "zh"] = "en"
    currency: Text | None = None


def _plain_name(value: str) -> str:
    if not value.replace("-", "").replace("_", "").isalnum():
        raise ValueError("a name of letters, digits, - and _")
    return value


class RunCommand(_Model):
    """A step of the user's own in ``stockout run``.

    Attributes:
        name: What the run calls it.
        after: The step it follows; None is the end of the run.
        command: A line for the shell, or a program and its arguments.
        allow_failure: Whether the run goes on where the command fails.
    """

    name: Annotated[Text, AfterValidator(_plain_name)]
    after: Text | None = None
    command: Text | Annotated[list[Text], Field(min_length=1)]
    allow_failure: bool = False


class RunConfig(_Model):
    """Settings of ``stockout run``.

    Attributes:
        output: The folder of the dated folders, relative to the configuration.
        steps: The steps in their order; None is all that the tables are there for.
        fail_on: The mildest severity of a finding that stops the run before anything is ordered.
        formats: What a purchase list is written as.
        report: What the report is written as; None is HTML, where its packages are there.
        commands: Steps of the user's own.
    """

    output: Text = "runs"
    steps: Annotated[list[Text], BeforeValidator(_split_commas), Field(min_length=1)] | None = None
    fail_on: Literal["info", "warning", "error", "never"] = "error"
    formats: Annotated[
        list[Literal["csv", "xlsx"]], BeforeValidator(_split_commas), Field(min_length=1)
    ] = ["csv", "xlsx"]
    report: (
        Annotated[
            list[Literal["html", "xlsx", "md", "json"]],
            BeforeValidator(_split_commas),
            Field(min_length=1),
        ]
        | None
    ) = None
    commands: list[RunCommand] = Field(default_factory=list)


class Config(_Model):
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
