"""What the reading needs to know of an export, whatever its format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import polars as pl

    from stockout.errors import InputError
    from stockout.exports.formats.files import ExportFile


class Export(Protocol):
    """Files with one header, read as one lazy frame of source columns.

    A new format is read by one more class of this shape.
    """

    @property
    def files(self) -> Sequence[ExportFile]:
        """The files, in order."""

    @property
    def header(self) -> Sequence[str]:
        """The columns as the files name them, repeated names included."""

    @property
    def schema(self) -> Mapping[str, pl.DataType]:
        """The columns of the scanned frame, those of the files first."""

    @property
    def width(self) -> int:
        """How many columns stand in the files themselves."""

    @property
    def repeated(self) -> frozenset[str]:
        """Names that stand in the header more than once."""

    @property
    def header_row(self) -> int | None:
        """The row of the header, where the format has one."""

    @property
    def is_text(self) -> bool:
        """Whether every cell is text, and a row may be a blank line."""

    @property
    def serial_dates(self) -> bool:
        """Whether a number may be a day, as spreadsheets count them."""

    @property
    def titles(self) -> Sequence[str]:
        """The rows above the header, each as the text of its cells."""

    @property
    def encodings(self) -> Mapping[str, str]:
        """How files were read that are not UTF-8: the file's name and the encoding."""

    def scan(self, file: ExportFile | None = None) -> pl.LazyFrame:
        """The rows of all files, or of one of them."""

    def row_number(self, file: ExportFile, index: int) -> int:
        """The number that an editor shows for the row at this index (from 0) of a file."""

    def row_numbers(self, file: ExportFile, indexes: pl.Series) -> pl.Series:
        """The numbers that an editor shows for the rows at these indexes."""

    def explain(self, error: BaseException, file: ExportFile) -> InputError | None:
        """Why a file cannot be read; None where trying again is worth it."""

    def short_rows(self, file: ExportFile) -> Iterator[tuple[int, InputError]]:
        """Rows with too few cells, where the engine lets these pass: index (from 0) and error."""
