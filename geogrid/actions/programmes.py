"""The programmes of a district: read from its data folder once, with the calendars they count by."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from geogrid.domain.programmes import Programme
from geogrid.errors import NotFoundError, SetupError
from geogrid.rules.calendar import WorkCalendar, parse_calendar
from geogrid.rules.programme import parse_programme
from geogrid.rules.programme_check import check
from geogrid.rules.work_time import WorkTime
from geogrid.settings import ROOT

DEFAULT_PROGRAMME = "hulan"


@dataclass(frozen=True)
class Programmes:
    """Programmes by code, their calendars, and the one under which events are opened that nobody gives to another."""

    by_code: dict[str, Programme]
    calendars: dict[str, WorkCalendar]
    default_code: str

    @property
    def default(self) -> Programme:
        """The programme of events that nobody gives to another."""
        return self.of(self.default_code)

    def of(self, code: str) -> Programme:
        """Return the programme of this code; raises NotFoundError."""
        if code not in self.by_code:
            raise NotFoundError(what=f"programme {code}")
        return self.by_code[code]

    def time_of(self, programme: Programme) -> WorkTime:
        """Return the working time by which the clocks of a programme count; raises NotFoundError."""
        if programme.calendar not in self.calendars:
            raise NotFoundError(what=f"calendar {programme.calendar}")
        return WorkTime(programme.working_time, self.calendars[programme.calendar], ZoneInfo(programme.timezone))


def read_programmes(data_dir: Path, default_code: str) -> Programmes:
    """Read every programme and calendar under ``data_dir``.

    Raises
    ------
    SetupError, ProgrammeInvalid
        where a file is broken, a programme's rules do not hold together, or the default programme is missing
    """
    calendars = {}
    for path in sorted((data_dir / "calendars").glob("*.toml")):
        found = parse_calendar(path.read_text("utf-8"), path.name)
        calendars[found.code] = found
    programmes = {}
    for path in sorted((data_dir / "programmes").glob("*.toml")):
        programme = parse_programme(path.read_text("utf-8"), path.name)
        for finding in check(programme):
            raise SetupError(reason=f"{path.name}: {finding.reason}", mend=f"Run: geogrid programme check {path}")
        programmes[programme.code] = programme
    read = Programmes(programmes, calendars, default_code)
    for programme in (read.default, *programmes.values()):
        read.time_of(programme)
    return read


@lru_cache(maxsize=4)
def shipped_programmes(default_code: str) -> Programmes:
    """Return the programmes that come with the platform, for districts that were opened without settings."""
    return read_programmes(ROOT / "data", default_code)
