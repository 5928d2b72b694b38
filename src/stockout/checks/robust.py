"""Medians and median absolute deviations of many groups at once, from counts of binned values."""

from __future__ import annotations

import polars as pl

BINS_PER_OCTAVE = 16
"""Bins of a doubling: a value is known to 2.2 %, whatever its size."""

NORMAL = 1.4826
"""The MAD of a normal distribution times this is its standard deviation: 1 / Phi^-1(3/4)."""

NORMAL_DECILE = 1.2816
"""The upper decile of a normal distribution in standard deviations: Phi^-1(0.9)."""


def log_bin(value: pl.Expr) -> pl.Expr:
    """The bin of a positive value on a logarithmic scale (Int16); null where it is not positive."""
    octaves = pl.when(value > 0).then(value.log(2)) * BINS_PER_OCTAVE
    return octaves.round().clip(-20_000, 20_000).cast(pl.Int16)


def log_spread(
    bins: pl.DataFrame, by: list[str], *, floor: float, least_rows: float = 1
) -> pl.DataFrame:
    """Median and spread of each group on the scale of natural logarithms.

    The spread is the median absolute deviation from the median, times 1.4826 (Hampel, 1974, "The
    influence curve and its role in robust estimation", JASA 69); or, where that is more, the
    distance of the upper decile from the median over 1.2816: many groups have one value in over
    half of their rows, and a MAD of zero, and a tail of large ones. It is at least ``floor``.

    Args:
        bins: Columns of ``by``, bin and len (rows in the bin).
        by: The columns that make a group.
        floor: Smallest spread.
        least_rows: Groups with fewer rows are left out.

    Returns:
        Columns of ``by``, rows, centre (log of the median), spread.

    >>> bins = pl.DataFrame({"sku": ["A"] * 3, "bin": [0, 16, 160], "len": [30, 40, 1]})
    >>> log_spread(bins, ["sku"], floor=0.1).with_columns(pl.col("centre").exp()).rows()
    [('A', 71, 2.0, 0.1)]
    """
    totals = bins.drop_nulls("bin").group_by(by).agg(pl.col("len").sum().alias("rows"))
    enough = totals.filter(pl.col("rows") >= least_rows)
    counts = bins.drop_nulls("bin").join(enough, on=by, nulls_equal=True)
    median = _weighted_quantile(counts, by, pl.col("bin"), 0.5, "middle")
    decile = _weighted_quantile(counts, by, pl.col("bin"), 0.9, "high")
    away = (
        counts.join(median, on=by, nulls_equal=True)
        .with_columns(away=(pl.col("bin") - pl.col("middle")).abs())
        .group_by(*by, "away")
        .agg(pl.col("len").sum(), pl.col("rows").first(), pl.col("middle").first())
    )
    spread = _weighted_quantile(away, by, pl.col("away"), 0.5, "deviation")
    step = pl.lit(2.0).log() / BINS_PER_OCTAVE
    return (
        away.group_by(by)
        .agg(pl.col("rows").first(), pl.col("middle").first())
        .join(spread, on=by, nulls_equal=True)
        .join(decile, on=by, nulls_equal=True)
        .select(
            *by,
            "rows",
            centre=pl.col("middle") * step,
            spread=step
            * pl.max_horizontal(
                NORMAL * pl.col("deviation"), (pl.col("high") - pl.col("middle")) / NORMAL_DECILE
            ),
        )
        .with_columns(pl.col("spread").clip(lower_bound=floor))
        .sort(by)
    )


def _weighted_quantile(
    counts: pl.DataFrame, by: list[str], value: pl.Expr, level: float, name: str
) -> pl.DataFrame:
    """The least value that this share of the rows of a group lies at or below."""
    return (
        counts.sort(*by, value)
        .with_columns(reached=pl.col("len").cum_sum().over(by))
        .filter(pl.col("reached") >= level * pl.col("rows"))
        .group_by(by)
        .agg(value.min().cast(pl.Float64).alias(name))
    )
