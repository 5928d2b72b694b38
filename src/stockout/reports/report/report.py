"""The verb ``report``: everything the exports tell about stockouts, in one document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from stockout.exports.read import Tables
from stockout.outputs import replacing
from stockout.reports.report.gather import gather
from stockout.reports.report.language import Language
from stockout.reports.report.sections import arranged
from stockout.tables import conform

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from pathlib import Path

    import polars as pl

    from stockout.reports.report.blocks import Section

ReportFormat: TypeAlias = Literal["html", "xlsx", "md", "json"]

FORMATS: tuple[ReportFormat, ...] = get_args(ReportFormat)


@dataclass(frozen=True)
class Report:
    """A report that is gathered, and can be written in any language and format.

    Attributes:
        as_of: The last day that counts.
        sections: Questions with what answers them, not formatted.
    """

    as_of: date
    sections: Sequence[Section]

    def html(self, lang: str = "en", currency: str | None = None) -> str:
        """One HTML page without anything outside of it.

        Raises:
            ConfigError: There is no such language, or the extra ``report`` is not installed.
        """
        from stockout.reports.report.html import as_html  # noqa: PLC0415 - an extra

        return as_html(self.sections, self.as_of, Language(lang, currency))

    def xlsx(self, lang: str = "en", currency: str | None = None) -> bytes:
        """An Excel workbook, one sheet a table.

        Raises:
            ConfigError: There is no such language, or the extra ``excel`` is not installed.
        """
        from stockout.reports.report.xlsx import as_xlsx  # noqa: PLC0415 - an extra

        return as_xlsx(self.sections, self.as_of, Language(lang, currency))

    def markdown(self, lang: str = "en", currency: str | None = None) -> str:
        """The report as Markdown, without pictures.

        Raises:
            ConfigError: There is no such language.
        """
        from stockout.reports.report.markdown import as_markdown  # noqa: PLC0415 - as the others

        return as_markdown(self.sections, self.as_of, Language(lang, currency))

    def json(self, lang: str = "en", currency: str | None = None) -> str:
        """The report as JSON: names and numbers as they are, and what sentences say.

        Raises:
            ConfigError: There is no such language.
        """
        from stockout.reports.report.plain import as_json  # noqa: PLC0415 - as the others

        return as_json(self.sections, self.as_of, Language(lang, currency))

    def data(self, fmt: ReportFormat, lang: str = "en", currency: str | None = None) -> bytes:
        """The bytes of a file in a format; the same report gives the same bytes."""
        if fmt == "xlsx":
            return self.xlsx(lang, currency)
        text = {"html": self.html, "md": self.markdown, "json": self.json}[fmt](lang, currency)
        return text.encode()

    def write(
        self, path: Path, fmt: ReportFormat, lang: str = "en", currency: str | None = None
    ) -> None:
        """Writes a file, whole or not at all."""
        data = self.data(fmt, lang, currency)
        with replacing(path) as beside:
            beside.write_bytes(data)


def report(  # noqa: PLR0917 - the tables, in the order of the design
    sales: pl.DataFrame,
    inventory: pl.DataFrame | None = None,
    products: pl.DataFrame | None = None,
    suppliers: pl.DataFrame | None = None,
    purchases: pl.DataFrame | None = None,
    orders: pl.DataFrame | None = None,
    movements: pl.DataFrame | None = None,
    customers: pl.DataFrame | None = None,
    locations: pl.DataFrame | None = None,
    events: pl.DataFrame | None = None,
    overrides: pl.DataFrame | None = None,
    *,
    as_of: date | None = None,
    freq: Literal["auto", "day", "week"] = "auto",
    default_lead_time_days: float | None = None,
    default_review_days: float = 7,
    substituted: float | None = None,
    delayed: float | None = None,
    models: Sequence[str] | None = None,
    time_budget: float = 0.0,
    reorder: Mapping[str, Any] | None = None,
    check: Any = None,  # noqa: ANN401 - settings of the check, which has its own protocol
    results: Mapping[str, Any] | None = None,
) -> Report:
    """Gathers everything that the exports tell about stockouts.

    Args:
        sales: Canonical sales (see :mod:`stockout.tables`).
        inventory: Stock, or whether there was any.
        products: Names, categories, costs, prices.
        suppliers: Lead times and names.
        purchases: Orders to suppliers.
        orders: Orders of customers.
        movements: What came into stock and went out of it.
        customers: Names and segments.
        locations: Names of locations.
        events: Promotions and holidays.
        overrides: Corrections of the forecast.
        as_of: Later rows are ignored; default the last date of sales, inventory or movements.
        freq: Length of a period; ``auto`` is weekly where the sales are.
        default_lead_time_days: For items whose lead time nothing tells, days.
        default_review_days: For items whose review period nothing tells, days.
        substituted: Share of lost units for which something else was bought here; net figures.
        delayed: Share of lost units that were bought here later; net figures.
        models: Models of the forecast, as for :func:`stockout.forecast`.
        time_budget: Seconds that costly models may take in each forecast.
        reorder: Further settings of :func:`stockout.reorder`, such as its target.
        check: Settings of :func:`stockout.check`.
        results: What verbs found in the same tables with the same settings, by their names, where
            that is there already: ``check``, ``lost_sales``, ``reorder``, ``causes``,
            ``suppliers``, ``segments``, ``churn``. They are not called again.

    Returns:
        The report. What a part of it cannot know is said in its place and in the last section.

    Raises:
        NotKnownError: There are no sales up to as-of.
        InputError: A frame is not one of its canonical table.
        ConfigError: A setting is out of range.

    >>> import polars as pl
    >>> from datetime import date, timedelta
    >>> days = [date(2026, 1, 5) + timedelta(i) for i in range(84)]
    >>> sales = pl.DataFrame({"date": days, "sku": "A", "units": [3.0] * 78 + [0.0] * 6})
    >>> stock = pl.DataFrame({"date": days, "sku": "A", "on_hand": [9.0] * 78 + [0.0] * 6})
    >>> found = report(sales, stock, default_lead_time_days=7)
    >>> found.markdown().splitlines()[0], len(found.sections)
    ('# Stockout report', 13)
    """
    given = {
        "sales": sales,
        "inventory": inventory,
        "movements": movements,
        "products": products,
        "suppliers": suppliers,
        "purchases": purchases,
        "orders": orders,
        "customers": customers,
        "locations": locations,
        "events": events,
        "overrides": overrides,
    }
    tables = Tables(
        **{name: None if it is None else conform(it, name) for name, it in given.items()}
    )
    facts = gather(
        tables,
        as_of=as_of,
        freq=freq,
        default_lead_time_days=default_lead_time_days,
        default_review_days=default_review_days,
        substituted=substituted,
        delayed=delayed,
        models=models,
        time_budget=time_budget,
        reorder=reorder,
        check=check,
        results=results,
    )
    return Report(facts.as_of, arranged(facts))
