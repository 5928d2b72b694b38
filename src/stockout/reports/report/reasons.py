"""Why a line of the reorder list says what it says, in Chinese; English is the verb's own."""

from __future__ import annotations

import polars as pl

REASON = {"en": "reason", "zh": "reason_zh"}
"""Column of the reason by language."""

_LIMITS = {
    "moq": "按最小起订量调整",
    "pack": "按包装规格调整",
    "max_stock": "受最高库存限制",
    "budget": "受预算限制",
    "shelf_life": "受保质期限制",
    "min_order_value": "按供应商起订金额调整",
}


def with_reason(lines: pl.DataFrame) -> pl.DataFrame:
    """Adds ``reason_zh``: what is there, what is expected, what follows.

    Args:
        lines: As from :func:`stockout.reorder`.

    >>> line = {"order_qty": 6.0, "on_hand": 0.0, "on_order": 31.0, "mean_demand": 26.04,
    ...     "order_up_to": 37.0, "lead_time_days": 17.1, "review_days": 7.0, "limit": None,
    ...     "target": "CSL 95 %"}
    >>> with_reason(pl.DataFrame([line]))["reason_zh"].item()
    '订购 6：现有 0，在途 31；提前期 17.1 天加复核 7 天内预计需求 26；目标 CSL 95 % 需要 37'
    """
    quantity = pl.col("order_qty")
    head = (
        pl.when(quantity > 0)
        .then(pl.format("订购 {}：", _plain("order_qty")))
        .otherwise(pl.lit("暂不订购："))
    )
    have = pl.format("现有 {}，在途 {}；", _plain("on_hand"), _plain("on_order"))
    expected = pl.format(
        "提前期 {} 天加复核 {} 天内预计需求 {}；",
        _plain("lead_time_days"),
        _plain("review_days"),
        _plain("mean_demand"),
    )
    target = pl.format("目标 {} 需要 {}", pl.col("target").fill_null("–"), _plain("order_up_to"))
    limit = pl.col("limit").cast(pl.String)
    told = pl.lit("；") + limit.replace_strict(_LIMITS, default=None, return_dtype=pl.String)
    return lines.with_columns(
        reason_zh=pl.concat_str(head, have, expected, target, told.fill_null(""))
    )


def _plain(name: str) -> pl.Expr:
    """A number to one digit after the point, without a trailing zero."""
    text = pl.col(name).cast(pl.Float64).round(1).cast(pl.String).str.strip_suffix(".0")
    return text.fill_null("未知")
