"""The files of programmes and calendars, as commands name them: by code among those of the data folder, or by path."""

from __future__ import annotations

import os
from pathlib import Path

from geogrid.domain.programmes import Programme
from geogrid.errors import FileError, ProgrammeUnknown, SetupError
from geogrid.errors.family import Reason
from geogrid.rules.calendar import WorkCalendar, parse_calendar
from geogrid.rules.programme import Fault, parse_programme, read
from geogrid.rules.programme_check import check
from geogrid.rules.toml_lines import line_of, lines_of
from geogrid.rules.work_time import WorkTime, work_time_of
from geogrid.settings import read_settings


def data_dir() -> Path:
    """Return the folder of profiles, programmes and calendars."""
    return read_settings(os.environ).data_dir


def shipped() -> list[Path]:
    """Return the files of all programmes of the data folder."""
    return sorted((data_dir() / "programmes").glob("*.toml"))


def file_of(name: str) -> Path:
    """Return the file that ``name``, a code or a path, means; raises ProgrammeUnknown, which lists the codes there are."""
    found = {path.stem: path for path in shipped()}
    if name in found:
        return found[name]
    if Path(name).is_file():
        return Path(name)
    raise ProgrammeUnknown(name=name, known=", ".join(found) or "-")


def text_of(path: Path) -> str:
    """Return the text of a file; raises FileError."""
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(name=str(path), reason=str(error)) from error


def programme_of(name: str) -> Programme:
    """Return the programme that ``name`` means; raises ProgrammeUnknown, ProgrammeInvalid, FileError."""
    path = file_of(name)
    return parse_programme(text_of(path), path.name)


def calendars() -> dict[str, WorkCalendar]:
    """Return the calendars of the data folder by code; raises SetupError."""
    found = (parse_calendar(text_of(path), path.name) for path in sorted((data_dir() / "calendars").glob("*.toml")))
    return {calendar.code: calendar for calendar in found}


def time_of(programme: Programme) -> WorkTime:
    """Return the working time of a programme; raises SetupError where its calendar is not there."""
    known = calendars()
    if programme.calendar not in known:
        reason = f"there is no calendar {programme.calendar}"
        raise SetupError(reason=reason, mend=f"Known: {', '.join(known) or '-'}.")
    return work_time_of(programme.working_time, known[programme.calendar], programme.timezone)


def faults_of(path: Path) -> tuple[Programme | None, tuple[Fault, ...]]:
    """Return the programme of a file and everything that is wrong with it, each with its line."""
    text = text_of(path)
    programme, faults = read(text, path.name)
    if programme is None or faults:
        return programme, faults
    lines = lines_of(text)
    found = [(finding.path, finding.reason) for finding in check(programme)]
    known = calendars()
    if programme.calendar not in known:
        reason = Reason(
            "there is no calendar {calendar}; known: {known}", calendar=programme.calendar, known=", ".join(known) or "-"
        )
        found.append((("calendar",), reason))
    told = (Fault(line_of(lines, place), ".".join(map(str, place)), reason) for place, reason in found)
    return programme, tuple(sorted(told, key=lambda fault: (fault.line, fault.path, fault.reason)))
