"""Which encoding is this text in? UTF-8 unless it cannot be; then GB18030, if it reads like Chinese; else refused."""

from __future__ import annotations

import codecs
import re

from etl.errors import FileEncodingRefused

GB18030 = "gb18030"
UTF8 = "utf-8"
UTF8_CHARACTER = re.compile(rb"[\xc3-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")


def decode(data: bytes, name: str, stated: str | None = None) -> tuple[str, str]:
    """Return the text of ``data`` and the encoding it was read in.

    Parameters
    ----------
    data : the whole file
    name : the file's name, for the message
    stated : what the user or the file's companion (.cpg) says; then nothing else is tried

    Raises
    ------
    FileEncodingRefused
        with the line of the first byte that does not fit
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise FileEncodingRefused(name=name, reason="it is UTF-16", where={"path": name})
    if stated:
        return _strict(data, name, stated), stated
    if data.startswith(codecs.BOM_UTF8):
        return _strict(data[3:], name, UTF8), UTF8
    try:
        return data.decode(UTF8), UTF8
    except UnicodeDecodeError as error:
        if not looks_chinese(data):
            line = data.count(b"\n", 0, error.start) + 1
            reason = f"byte 0x{data[error.start]:02x} in line {line} is neither UTF-8 nor Chinese GB18030"
            raise FileEncodingRefused(name=name, reason=reason, where={"path": name, "row": line}) from error
    return _strict(data, name, GB18030), GB18030


def looks_chinese(data: bytes) -> bool:
    """Whether ``data`` is whole GB18030 whose non-ASCII characters are the usual ones (nearly all in GB 2312).

    Damaged UTF-8 can pass as GB18030 too, but as rare characters, and it still holds whole UTF-8 characters.
    """
    try:
        text = data.decode(GB18030)
    except UnicodeDecodeError:
        return False
    foreign = [character for character in text if ord(character) > 127]
    usual = sum(1 for character in foreign if _is_usual(character))
    utf8 = sum(len(match) for match in UTF8_CHARACTER.findall(data))
    high = sum(1 for byte in data if byte > 127)
    return usual >= 0.9 * len(foreign) and utf8 < 0.7 * high


def _is_usual(character: str) -> bool:
    try:
        return len(character.encode("gb2312")) == 2
    except UnicodeEncodeError:
        return False


def _strict(data: bytes, name: str, encoding: str) -> str:
    try:
        return data.removeprefix(codecs.BOM_UTF8).decode(encoding)
    except LookupError as error:
        raise FileEncodingRefused(name=name, reason=f"the encoding {encoding!r} is unknown", where={"path": name}) from error
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        reason = f"byte 0x{data[error.start]:02x} in line {line} is not {encoding}"
        raise FileEncodingRefused(name=name, reason=reason, where={"path": name, "row": line}) from error
