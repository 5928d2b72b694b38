"""Picture of a what-if simulation: service against stock, and cost against target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from stockout.replenishment.scenarios import TODAY
from stockout.replenishment.what_if import LONG_RUN, NEXT
from stockout.reports.charts import COLOURS, MUTED, TEXT, altair, axis_title
from stockout.reports.simulate_digest import DAYS_A_MONTH, answers

if TYPE_CHECKING:
    from datetime import date

_WIDTH, _HEIGHT = 380, 270
_ADDED = ("average_stock_units", "average_stock_value", "lost_units", "lost_revenue", "cost")


def simulate_caption(frame: pl.DataFrame) -> str:
    """What the picture says, in words.

    Args:
        frame: As from :func:`stockout.simulate`.
    """
    return "Service against stock, and cost against target. " + " ".join(answers(frame))


def simulate_chart(frame: pl.DataFrame, *, as_of: date) -> Any:  # noqa: ANN401 - altair is an extra
    """Lines of scenarios with a point for each target, today's marked; groups are added up.

    The long run stands above; where a supplier fails, the next days from today's stock below.

    Args:
        frame: As from :func:`stockout.simulate`.
        as_of: The date that it starts from.

    Returns:
        An altair chart.
    """
    alt = altair()
    points = _points(frame)
    days = frame["days"].item(0)
    once = points.filter(pl.col("window") == NEXT)["scenario"].unique().to_list()
    lasting = points.filter(pl.col("window") == LONG_RUN)["scenario"].unique().to_list()
    scenarios = points["scenario"].unique(maintain_order=True).to_list()
    rows = []
    if lasting:
        rows.append(
            _panels(
                points.filter(pl.col("window") == LONG_RUN),
                scenarios,
                "The long run: as if each policy had always been in force",
            )
        )
    if set(once) - set(lasting) or not lasting:
        kept = points.filter(
            (pl.col("window") == NEXT)
            & ((pl.col("scenario") == TODAY) | ~pl.col("scenario").is_in(lasting))
        )
        rows.append(_panels(kept, scenarios, f"The next {days} days from today's stock"))
    items = max(points["items"].to_list())
    title = {
        "text": "What a service target costs",
        "subtitle": [
            f"{items:,} items, {days} days from {as_of}, simulated under their forecast",
            "Each point is a target; the ring is today's.",
        ],
    }
    return (
        alt.vconcat(*rows, spacing=28)
        .resolve_scale(color="shared")
        .properties(title=alt.TitleParams(**title))
    )


def _points(frame: pl.DataFrame) -> pl.DataFrame:
    """One row a scenario, window and target, all groups together."""
    monthly = DAYS_A_MONTH / pl.col("days")

    def total(name: str) -> pl.Expr:
        return pl.when(pl.col(name).is_not_null().any()).then(pl.col(name).sum()).alias(name)

    return (
        frame.group_by("scenario", "window", "target", maintain_order=True)
        .agg(
            pl.col("level", "is_today", "days").first(),
            pl.col("items", "demand_units").sum(),
            *(total(name) for name in _ADDED),
        )
        .with_columns(
            served=100 * (1 - pl.col("lost_units") / pl.col("demand_units")),
            cost_a_month=pl.col("cost") * monthly,
            short_a_month=pl.col("lost_units") * monthly,
            label=pl.col("target").str.replace(r"^(CSL|fill) ", ""),
        )
        # Of what a scenario changes, today's target is the ring too.
        .with_columns(ring=pl.col("is_today").any().over("target"))
    )


def _panels(points: pl.DataFrame, scenarios: list[str], title: str) -> Any:  # noqa: ANN401
    alt = altair()
    has_value = points["average_stock_value"].null_count() == 0
    has_cost = points["cost"].null_count() == 0
    stock, unit = (
        ("average_stock_value", "money") if has_value else ("average_stock_units", "units")
    )
    colour = alt.Color(
        "scenario:N",
        scale=alt.Scale(domain=scenarios, range=list(COLOURS)),
        legend=alt.Legend(title=None, orient="top", direction="horizontal", columns=4)
        if len(scenarios) > 1
        else None,
    )
    ordered = points["target"].unique(maintain_order=True).to_list()
    left = _lines(
        points,
        alt.X(
            f"{stock}:Q",
            scale=alt.Scale(zero=False, nice=False, padding=40),  # room for the first label
            axis=alt.Axis(tickCount=5, labelOverlap=True),
            title=axis_title("Average stock", unit),
        ),
        alt.Y(
            "served:Q",
            scale=alt.Scale(zero=False),
            title=axis_title("Demand served from stock", "%"),
        ),
        colour,
        order=stock,
    )
    words = (
        ("cost_a_month", axis_title("Holding and lost margin", "money a month"))
        if has_cost
        else ("short_a_month", axis_title("Units short", "units a month"))
    )
    right = _lines(
        points,
        alt.X("target:N", sort=ordered, title="Target", axis=alt.Axis(labelAngle=0)),
        alt.Y(f"{words[0]}:Q", scale=alt.Scale(zero=True), title=words[1]),
        colour,
        order=None,
    )
    return alt.hconcat(left, right, spacing=40).properties(
        title=alt.TitleParams(title, fontSize=13, color=MUTED, offset=8)
    )


def _lines(points: pl.DataFrame, x: Any, y: Any, colour: Any, *, order: str | None) -> Any:  # noqa: ANN401
    alt = altair()
    base = alt.Chart(points).encode(x=x, y=y, color=colour)
    if order is not None:
        base = base.encode(order=f"{order}:Q")
    today = points["scenario"].first()
    return alt.layer(
        base.mark_line(),
        base.mark_point(filled=True, size=40),
        base.transform_filter("datum.ring").mark_point(filled=False, size=190, strokeWidth=2),
        *(
            [
                base.transform_filter(alt.datum.scenario == today)
                .mark_text(align="right", dx=-8, dy=-9, fontSize=11)
                .encode(text="label:N", color=alt.value(TEXT))
            ]
            if order is not None
            else []
        ),
    ).properties(width=_WIDTH, height=_HEIGHT)
