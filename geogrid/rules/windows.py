"""Service windows from their file, ``data/windows.toml``: every fault named with its line. And what a ticket is called."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass

from geogrid.domain.grids import Department
from geogrid.domain.programmes import PartyKind
from geogrid.domain.windows import Window
from geogrid.errors import WindowsInvalid
from geogrid.rules.reading import BROKEN, Reader
from geogrid.rules.toml_lines import Path, line_of, lines_of

CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")
LETTER = re.compile(r"[A-Z]")


@dataclass(frozen=True)
class _File:
    windows: tuple[Window, ...]


def parse_windows(text: str, name: str = "windows.toml") -> tuple[Window, ...]:
    """Return the windows in the order of the file; raises WindowsInvalid with every fault, each with its line."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise WindowsInvalid(name=name, faults=str(error), where={"path": name}) from error
    reader = Reader()
    built = reader.build(_File, values, ())
    faults = [*reader.faults] + ([] if built is BROKEN else _links(built.windows))
    if faults:
        lines = lines_of(text)
        told = sorted((line_of(lines, path), reason) for path, reason in faults)
        listed = "; ".join(f"{line}: {reason}" for line, reason in told)
        raise WindowsInvalid(name=name, faults=listed, where={"path": name, "line": told[0][0]})
    found: tuple[Window, ...] = built.windows
    return found


def _links(windows: tuple[Window, ...]) -> list[tuple[Path, str]]:
    """What is wrong with windows that can be read: codes and letters are one window's, parties are known."""
    faults: list[tuple[Path, str]] = [] if windows else [((), "there is no window")]
    for at, window in enumerate(windows):
        here = ("windows", at)
        codes, letters = ({getattr(one, name) for one in windows[:at]} for name in ("code", "letter"))
        if not CODE.fullmatch(window.code):
            faults.append(((*here, "code"), f"{window.code!r} is no code: small letters, digits, _"))
        if not LETTER.fullmatch(window.letter):
            faults.append(((*here, "letter"), f"{window.letter!r} is no capital letter"))
        faults += [((*here, "code"), f"{window.code} stands twice")] if window.code in codes else []
        faults += [((*here, "letter"), f"{window.letter} stands twice")] if window.letter in letters else []
        faults += [] if window.kinds else [((*here, "kinds"), "no kind of matter is named")]
        kind, _, code = window.asked.partition(":")
        is_department = kind == PartyKind.DEPARTMENT.value and code in Department.codes()
        is_unit = kind == PartyKind.UNIT.value and bool(re.fullmatch(r"[0-9]{12}", code))
        if window.asked and not (is_department or is_unit):
            faults.append(((*here, "asked"), f"{window.asked!r} is no department and no unit"))
    return faults


def label_of(letter: str, number: int) -> str:
    """Return what is called out for a ticket: ``A012``."""
    return f"{letter}{number:03d}"
