"""A text file in UTF-8 or GB18030 → UTF-8, as a stream; bytes of neither are counted and carried along.

Nothing is replaced and nothing is guessed per character: bytes that the file's encoding does not
know stay recognisable in their row (`schemas.bad_bytes`), which can then be refused alone. A file
that ends inside a character was cut off and is refused whole.
"""

from __future__ import annotations

import codecs
import io
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assets.storage.text_rows import FileRefused
from schemas.bad_bytes import carried, count, position

CHUNK = 1 << 20
LONGEST_LINE = 64 << 20
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
CARRY = "tongbao.carry"


class _CutOff(Exception):
    """The file ends inside a character."""


@dataclass(frozen=True)
class Decoded:
    """A file in UTF-8: the file itself, or a copy where it was not."""

    path: Path
    encoding: str
    bad_bytes: int = 0
    first_bad: int = 0
    """Where in `path` the first of them is."""


def as_utf8(path: Path, scratch: Path) -> Decoded:
    """The file in UTF-8, and what it was in: the encoding that most of its characters make sense in."""
    with path.open("rb") as file:
        start = file.read(4)
    if start[:2] in UTF_16 or start[::2] == b"\0\0" != start[1::2] or start[1::2] == b"\0\0" != start[::2]:
        raise FileRefused(path.name, "is UTF-16", "save it as CSV UTF-8")
    if start in {b"PK\x03\x04", b"PAR1"}:
        kind = "a workbook" if start[:2] == b"PK" else "Parquet"
        raise FileRefused(path.name, f"is {kind} under the name of a CSV", "give it its own suffix")
    bom = start.startswith(codecs.BOM_UTF8)
    bad = _first_bad_byte(path)
    if bad is None:
        return Decoded(path, "utf-8-bom" if bom else "utf-8")
    encoding = "utf-8" if bom or _looks_like_utf8(path, bad) else "gb18030"
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=scratch, suffix=".csv", delete=False) as out:
        wrong = first = 0
        try:
            for lines in _blocks(path):
                text, found = _decoded(lines, encoding)
                first = first if wrong or not found else out.tell() + len(text[: position(text)].encode())
                wrong += found
                out.write(text.encode())
        except _CutOff:
            raise FileRefused(
                path.name,
                f"was cut off inside a character, in {data_row(path, path.stat().st_size)}",
                "deliver the complete file again",
            ) from None
    return Decoded(Path(out.name), "utf-8-bom" if bom else encoding, wrong, first)


def _first_bad_byte(path: Path) -> int | None:
    """The position of the first byte that is no UTF-8, or zero; None where all are fine."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    done = waiting = 0
    try:
        for chunk in chunks(path):
            if (zero := chunk.find(b"\0")) >= 0:
                decoder.decode(chunk[:zero])
                return done + zero
            decoder.decode(chunk)
            done += len(chunk)
            waiting = len(decoder.getstate()[0])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        return done - waiting + error.start
    return None


def _looks_like_utf8(path: Path, bad: int) -> bool:
    """Whether the text around a bad byte is UTF-8 with damage, rather than GB18030.

    Most damaged UTF-8 is valid GB18030 too and would come out as other characters without an error.
    In GB18030 text nearly every character is bad UTF-8; in damaged UTF-8 nearly all are good. A file
    that ends inside its only non-ASCII character was cut off, whichever it is.
    """
    start = max(0, bad - 4 * CHUNK)
    with path.open("rb") as file:
        file.seek(start)
        around = file.read(8 * CHUNK)
    tail = around[bad - start :]
    if tail[:1] == b"\0" and _is_utf8(around.replace(b"\0", b"")):
        return True
    if len(tail) < 4 and _is_cut(tail, "utf-8"):
        return True
    text = around.decode("utf-8", errors="replace")
    broken = text.count("\ufffd")
    plain = len(text.encode("ascii", errors="ignore"))
    of_three_bytes = len(text.encode()) + plain - 2 * len(text)  # of four: counted twice
    return of_three_bytes - broken > broken


def _is_utf8(data: bytes) -> bool:
    """Whether it is UTF-8 up to a last character that may be cut off."""
    try:
        codecs.getincrementaldecoder("utf-8")("strict").decode(data)
    except UnicodeDecodeError:
        return False
    return True


def _blocks(path: Path) -> Iterator[bytes]:
    """The file in whole lines, about a mebibyte at a time."""
    rest = b""
    for chunk in chunks(path):
        end = chunk.rfind(b"\n") + 1
        if end:
            yield rest + chunk[:end]
            rest = chunk[end:]
        else:
            rest += chunk
        if len(rest) > LONGEST_LINE:
            raise FileRefused(path.name, "has a line of more than 64 MiB", "deliver it with line ends")
    if rest:
        yield rest


def _decoded(lines: bytes, encoding: str) -> tuple[str, int]:
    """Lines as text, and how many of their bytes are bad."""
    if b"\0" not in lines and (encoding == "utf-8" or _is(lines, "gb2312")):
        try:
            return lines.decode(encoding), 0
        except UnicodeDecodeError:
            pass
    text = "".join(_decoded_line(line, encoding) for line in io.BytesIO(lines)).replace("\0", carried(b"\0"))
    return text, count(text)


def _decoded_line(line: bytes, encoding: str) -> str:
    """A line as text. Of a line in the other encoding every byte beyond ASCII is bad."""
    if _is_foreign(line, encoding):
        return line.decode("ascii", errors=CARRY)
    return line.decode(encoding, errors=CARRY)


def _carry(error: UnicodeError) -> tuple[str, int]:
    """Python's error handler: one byte of a line is carried, reading goes on behind it."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    line, at = error.object, error.start
    if len(line) - at < 4 and not line.endswith(b"\n") and _is_cut(line[at:], error.encoding):
        raise _CutOff
    return carried(line[at : at + 1]), at + 1


codecs.register_error(CARRY, _carry)


def _is_cut(tail: bytes, encoding: str) -> bool:
    """Whether the bytes are the beginning of one character."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        return not decoder.decode(tail) and bool(decoder.getstate()[0])
    except UnicodeDecodeError:
        return False


def _is_foreign(line: bytes, encoding: str) -> bool:
    """Whether a line is plain Chinese in the other encoding, and not in the file's own.

    Real GB18030 is hardly ever valid UTF-8 of three bytes a character, and its characters are those of
    GB2312 nearly always; UTF-8 read as GB18030 gives rare ones.
    """
    if encoding == "utf-8":
        return not _is(line, "utf-8") and _is(line, "gb2312")
    if _is(line, "gb2312") or not _is(line, "utf-8"):
        return False
    beyond = [character for character in line.decode("utf-8") if character > "\x7f"]
    return (
        len(beyond) >= 2
        and all(character > "\u07ff" for character in beyond)
        and _is("".join(beyond).encode("gb18030"), "gb2312")
    )


def _is(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def chunks(path: Path) -> Iterator[bytes]:
    """The file's bytes, a mebibyte at a time."""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def data_row(file: Path, position: int) -> str:
    """The data row of a byte: line ends outside quotation marks are counted up to it."""
    rows, quoted, left = 0, False, position
    for chunk in chunks(file):
        for index, piece in enumerate(chunk[:left].split(b'"')):
            quoted = quoted != (index > 0)
            rows += 0 if quoted else piece.count(b"\n")
        left -= len(chunk)
        if left <= 0:
            break
    return f"data row {rows}" if rows else "the header"
