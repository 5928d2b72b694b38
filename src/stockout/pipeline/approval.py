"""Approval: what people made of the purchase lists, held against what was proposed."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from stockout.errors import StockoutError
from stockout.exports.values.numbers import NumberNotation, number
from stockout.outputs import write_frame
from stockout.pipeline.dated_folders import digest, recorded, writing
from stockout.pipeline.edited_lists import one_file, read_edited_lists
from stockout.pipeline.purchase_lists import write_by_supplier

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from stockout.outputs import OutputFormat

_KEY = ["sku", "location"]
_TOLERANCE = 1e-6  # packs; a pack of 0.1 is not exact in binary

FINDINGS = pl.Schema(
    {"file": pl.String, "row": pl.Int64, "column": pl.String, "message": pl.String}
)
"""Columns of what is wrong with edited lists."""


class Approval(NamedTuple):
    """Edited lists beside their proposal."""

    orders: pl.DataFrame  # supplier_id, sku, location, order_qty (final), unit_cost, order_value
    audit: pl.DataFrame  # what was proposed and approved of every row, and where that stood
    findings: pl.DataFrame  # what is wrong, columns as FINDINGS


def approve(
    edited: Sequence[Path], run_folder: Path, by: str, *, accept_limits: bool = False
) -> Approval:
    """Holds edited purchase lists against the proposal of their run; changes neither.

    Args:
        edited: The edited lists.
        run_folder: The dated folder of the run that proposed them.
        by: Who approves.
        accept_limits: Quantities below the minimum, or that are no whole packs, are no findings;
            the audit marks them.

    Returns:
        The final orders, the audit and the findings. With findings the orders are not final.

    Raises:
        InputError: A list cannot be read.
        StockoutError: The folder is not that of a run with a reorder list as it was written.
    """
    rows = read_edited_lists([one_file(path) for path in edited])
    proposal = _proposal(run_folder)
    plain = number(pl.col("approved_qty"), NumberNotation(plain=True), money=False)
    comma = number(
        pl.col("approved_qty").str.replace(",", ".", literal=True), NumberNotation(plain=True),
        money=False,
    )  # fmt: skip
    # Three digits after a comma may be thousands; a quantity of that many places is rarer still.
    readable = pl.col("approved_qty").str.contains(r"^-?\d+,\d{1,2}$")
    judged = rows.rename({"approved_qty": "written"}).with_columns(
        approved=rows.select(pl.when(readable).then(comma).otherwise(plain).alias("x"))["x"]
    )
    judged = judged.join(proposal, on=_KEY, how="left", maintain_order="left").with_columns(
        limit=_limit()
    )
    findings = pl.concat([*_findings(judged, accept_limits), *_missing(judged, proposal, edited)])
    digests = pl.DataFrame(
        {"file": [str(path) for path in edited], "source_sha256": [digest(each) for each in edited]}
    )
    audit = judged.join(digests, on="file", how="left", maintain_order="left").select(
        "supplier_id", *_KEY, "proposed", "approved",
        changed=pl.col("proposed").ne_missing(pl.col("approved")),
        limit="limit", note="note", by=pl.lit(by), source_file="file", source_row="row",
        source_sha256="source_sha256",
    )  # fmt: skip
    orders = judged.filter(pl.col("approved") > 0).select(
        "supplier_id", *_KEY, order_qty="approved",
        order_value=pl.col("approved") * pl.col("unit_value"), note="note",
    )  # fmt: skip
    return Approval(orders, audit, findings.sort("file", "row", maintain_order=True))


def write_approval(
    approval: Approval, run_folder: Path, folder: Path, formats: Sequence[OutputFormat]
) -> None:
    """Writes the final orders and the audit into a new folder, whole or not at all.

    Writes ``orders_final`` with all orders, ``orders_final_SUPPLIER`` for each supplier,
    ``approval.csv`` with the audit and ``approval.json``, which names the run as well.

    Args:
        approval: As from :func:`approve`, without findings.
        run_folder: The folder of the run that proposed them.
        folder: The folder to make.
        formats: What the orders are written as.

    Raises:
        StockoutError: The folder is there already, or cannot be made.
    """
    if folder.exists():
        raise StockoutError(
            f"{folder}: is there already, and final orders are not overwritten",
            hint="name another folder: --output FOLDER",
        )
    beside = folder.with_name(f".{folder.name}.tmp")
    with writing(folder):
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        try:
            for fmt in formats:
                write_frame(approval.orders, beside / f"orders_final.{fmt}", fmt)
            write_by_supplier(approval.orders, beside, "orders_final", formats)
            write_frame(approval.audit, beside / "approval.csv", "csv")
            content = {
                "run": run_folder.name,
                "reorder_sha256": digest(run_folder / "reorder.csv"),
                "rows": json.loads(approval.audit.write_json()),
            }
            text = json.dumps(content, ensure_ascii=False, indent=1)
            (beside / "approval.json").write_text(text + "\n", encoding="utf-8", newline="\n")
            beside.rename(folder)
        finally:
            shutil.rmtree(beside, ignore_errors=True)


def _proposal(run_folder: Path) -> pl.DataFrame:
    """What a run proposed for every item, as it was written then."""
    path = run_folder / "reorder.csv"
    if recorded(run_folder).get(path.name) is None or not path.is_file():
        raise StockoutError(
            f"{run_folder}: this run has no reorder list",
            hint="name the folder of the run that proposed the orders: --run FOLDER",
        )
    if digest(path) != recorded(run_folder)[path.name]:
        raise StockoutError(
            f"{path}: was changed since the run wrote it, so that it is no proposal any more",
            hint="run stockout run --replace, or name another run: --run FOLDER",
        )
    read = read_reorder(path)
    return read.select(
        *_KEY, "supplier_id", "moq", "pack_size", proposed="order_qty",
        unit_value=pl.when(pl.col("order_qty") > 0).then(
            pl.col("order_value") / pl.col("order_qty")
        ),
    )  # fmt: skip


def read_reorder(path: Path) -> pl.DataFrame:
    """The reorder list of a run: keys, supplier and numbers that an approval needs."""
    numbers = ("order_qty", "order_value", "moq", "pack_size")
    texts = (*_KEY, "supplier_id")
    frame = pl.read_csv(path, infer_schema=False, columns=[*texts, *numbers])
    guarded = [
        pl.when(pl.col(name).str.contains(r"^''*[=+@\t\r-]"))
        .then(pl.col(name).str.slice(1))
        .otherwise(pl.col(name))
        .alias(name)
        for name in texts
    ]
    return frame.with_columns(*guarded, pl.col(numbers).cast(pl.Float64))


def _limit() -> pl.Expr:
    """Which limit a quantity breaks, in words; null where none."""
    approved, moq, pack = pl.col("approved"), pl.col("moq"), pl.col("pack_size")
    packs = approved / pack
    return (
        pl.when((approved > 0) & (approved < moq))
        .then(pl.format("below the minimum order of {}", _plain(moq)))
        .when((approved > 0) & (pack > 0) & ((packs - packs.round()).abs() > _TOLERANCE))
        .then(pl.format("not a multiple of the pack of {}", _plain(pack)))
    )


def _plain(value: pl.Expr) -> pl.Expr:
    return value.cast(pl.String).str.strip_suffix(".0")


def _findings(judged: pl.DataFrame, accept_limits: bool) -> Iterator[pl.DataFrame]:
    """What is wrong with the rows of the lists."""
    known = pl.col("proposed").is_not_null()
    item = pl.format("{} at {}", pl.col("sku").fill_null(""), pl.col("location").fill_null(""))
    repeated = pl.struct(_KEY).is_duplicated() & known
    cell = pl.col("written")
    rules = [
        (known.not_(), "sku", pl.format("{} is not in the reorder list of this run", item)),
        (repeated, "sku", pl.format("{} stands in more than one row", item)),
        (cell.is_null(), "approved_qty", pl.lit("empty; write 0 to order nothing")),
        (
            cell.is_not_null() & pl.col("approved").is_null(),
            "approved_qty",
            pl.format("not a number: found '{}'", cell),
        ),
        (pl.col("approved") < 0, "approved_qty", pl.format("negative: found {}", cell)),
    ]
    if not accept_limits:
        words = pl.format("{} is {}", cell, pl.col("limit"))
        rules.append((pl.col("limit").is_not_null(), "approved_qty", words))
    for where, column, message in rules:
        yield judged.filter(where).select(
            "file", "row", column=pl.lit(column), message=message
        ).cast(FINDINGS)  # fmt: skip


def _missing(
    judged: pl.DataFrame, proposal: pl.DataFrame, edited: Sequence[Path]
) -> Iterator[pl.DataFrame]:
    """Rows that a list had and has no more: to order nothing is to be said, not left out."""
    suppliers = judged.filter(pl.col("proposed").is_not_null())["supplier_id"].unique()
    gone = proposal.filter(
        (pl.col("proposed") > 0)
        & pl.col("supplier_id").is_in(suppliers.implode(), nulls_equal=True)
    ).join(judged, on=_KEY, how="anti")
    files = judged.group_by("supplier_id", maintain_order=True).agg(pl.col("file").first())
    listed = gone.join(files, on="supplier_id", how="left", nulls_equal=True)
    yield (
        listed.sort(_KEY)
        .select(
            file=pl.col("file").fill_null(str(edited[0])),
            row=pl.lit(None, pl.Int64),
            column=pl.lit("sku"),
            message=pl.format(
                "the row of {} at {} is gone; keep it, and write 0 to order nothing",
                "sku",
                "location",
            ),
        )
        .cast(FINDINGS)
    )
