"""Text files as bytes: decompressed, and in UTF-8."""

from __future__ import annotations

import codecs
import gzip
import sys
import zlib
from typing import IO, TYPE_CHECKING, cast

from stockout.errors import ConfigError, InputError
from stockout.exports.formats.files import ExportFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_BLOCK_BYTES = 1 << 20

_NOT_TEXT = (
    (b"PAR1", "Parquet", 'say format = "parquet"'),
    (b"PK\3\4", "an Excel workbook or a zip archive", 'a workbook is read with format = "excel"'),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", 'say format = "excel"'),
)


def blocks(file: ExportFile) -> Iterator[bytes]:
    """The decompressed bytes of a file, about a megabyte at a time.

    Raises:
        InputError: The file cannot be opened, or its compressed data is damaged.
    """
    try:
        with _open_bytes(file.path) as stream:
            while block := stream.read(_BLOCK_BYTES):
                yield block
    except PermissionError:
        raise InputError("no permission to read the file", file=file.name) from None
    except _damages() as error:
        raise InputError(
            f"the compressed data is damaged or ends too early ({error})",
            file=file.name,
            hint="copy or export the file again",
        ) from None


def read_bytes(file: ExportFile, size: int) -> bytes:
    """The first bytes of a file, decompressed: this many of them or somewhat more, if it has them.

    Raises:
        InputError: The file cannot be opened, or its compressed data is damaged.
    """
    head = b""
    for block in blocks(file):
        head += block
        if len(head) >= size:
            break
    return head


def read_head(file: ExportFile, size: int) -> str:
    """The text that a UTF-8 file starts with, at most about this many bytes of it.

    Raises:
        InputError: The file is empty, not UTF-8, or not text.
    """
    head = read_bytes(file, size)
    if not head.removeprefix(codecs.BOM_UTF8).strip():
        raise InputError("the file is empty", file=file.name)
    for start, what, hint in _NOT_TEXT:
        if head.startswith(start):
            raise InputError(f"not text but {what}", file=file.name, hint=hint)
    if b"\0" in head:
        raise InputError(
            "not text: it holds null bytes",
            file=file.name,
            hint='UTF-16 text without a byte order mark is read with encoding = "utf-16-le"',
        )
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    try:
        return decoder.decode(head, final=False)
    except UnicodeDecodeError:
        raise find_not_utf8(file) or InputError("not UTF-8 text", file=file.name) from None


def find_not_utf8(file: ExportFile) -> InputError | None:
    """The error for the first byte of a file that is not UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    offset = lines = 0
    for block in _with_end(blocks(file)):
        pending = decoder.getstate()[0]
        try:
            decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            seen = pending + block
            row = lines + seen[: error.start].count(b"\n") + 1
            byte = offset - len(pending) + error.start
            return InputError(
                f"not UTF-8 text at byte {byte + 1:,}",
                file=file.name,
                row=row,
                found=f"0x{seen[error.start]:02x}",
                hint='say how the file is written, for example encoding = "cp1252" or "gb18030"',
            )
        lines += block.count(b"\n")
        offset += len(block)
    return None


def check_encoding(encoding: str, key: str) -> None:
    """Refuses the name of an encoding that there is not.

    Raises:
        ConfigError: There is no such encoding of text.
    """
    try:
        "".encode(encoding)  # looks it up, and refuses codecs that are not of text, such as rot13
    except (LookupError, ValueError):
        raise ConfigError(
            f"{key}: found {encoding!r}, expected an encoding",
            hint="such as utf-8, utf-16, cp1252 or gb18030",
        ) from None


def is_utf8(encoding: str | None) -> bool:
    """Whether text in this encoding is read as it is, without a copy."""
    return encoding is None or codecs.lookup(encoding).name in {"utf-8", "utf-8-sig", "ascii"}


def new_copy(folder: Path) -> Path:
    """A name for a copy that is not taken in a folder of copies."""
    return folder / f"{len(list(folder.iterdir()))}.csv"


def utf8_copy(file: ExportFile, encoding: str, folder: Path) -> ExportFile:
    """Writes a UTF-8 copy of a file in another encoding, a block at a time.

    Raises:
        InputError: The file is not in this encoding.
    """
    copy = new_copy(folder)
    decoder = codecs.getincrementaldecoder(encoding)()
    offset = lines = 0
    with copy.open("w", encoding="utf-8", newline="") as out:
        for block in _with_end(blocks(file)):
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeError as error:
                if not block:
                    raise InputError(
                        f"the file ends within a character of {encoding} text",
                        file=file.name,
                        hint="copy or export the file again",
                    ) from None
                start = error.start if isinstance(error, UnicodeDecodeError) else 0
                lines += block[:start].decode(encoding, errors="ignore").count("\n")
                raise InputError(
                    f"not {encoding} text at byte {offset + start + 1:,}",
                    file=file.name,
                    row=lines + 1,
                    hint="say another encoding",
                ) from None
            out.write(text)
            lines += text.count("\n")
            offset += len(block)
    return ExportFile(copy, file.partition, copy_of=file.path)


def _with_end(stream: Iterator[bytes]) -> Iterator[bytes]:
    yield from stream
    yield b""  # the decoders' sign that nothing follows


def _damages() -> tuple[type[Exception], ...]:
    """What reading compressed data raises; of pyarrow only where it reads, and so is loaded."""
    arrow = sys.modules.get("pyarrow")
    return (EOFError, OSError, zlib.error, *((arrow.ArrowException,) if arrow else ()))


def _open_bytes(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith(_GZIP):
        return cast("IO[bytes]", gzip.open(path, "rb"))
    if start == _ZSTD:
        import pyarrow as pa  # noqa: PLC0415 - takes a tenth of a second, and few files need it

        return cast("IO[bytes]", pa.CompressedInputStream(pa.OSFile(str(path), "rb"), "zstd"))
    return path.open("rb")
