"""The programmes of a district: read from its data folder once, with the calendars they count by."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from geogrid.actions.programme_versions import Opening, Versions
from geogrid.domain.programmes import Programme
from geogrid.errors import NotFoundError, SetupError
from geogrid.rules.calendar import WorkCalendar, parse_calendar
from geogrid.rules.programme import parse_programme
from geogrid.rules.programme_check import check
from geogrid.rules.work_time import WorkTime, work_time_of
from geogrid.settings import ROOT

DEFAULT_PROGRAMME = "hulan"


@dataclass(frozen=True)
class Programmes:
    """Programmes by code, their calendars, and the one under which events are opened that nobody gives to another.

    ``by_code`` are those of the files, ``texts`` the files' words; ``versions`` the database that keeps those before them (None:
    nothing is kept).
    """

    by_code: dict[str, Programme]
    calendars: dict[str, WorkCalendar]
    default_code: str
    texts: dict[str, str] = field(default_factory=dict)
    versions: Versions | None = None

    @property
    def default(self) -> Programme:
        """The programme of events that nobody gives to another."""
        return self.of(self.default_code)

    def of(self, code: str, version: int | None = None) -> Programme:
        """Return the programme of this code as its file has it, or the ``version`` under which a matter was opened.

        Raises
        ------
        NotFoundError
            where no file and no database has it
        """
        current = self.by_code.get(code)
        if current is not None and version in {None, current.version}:
            return current
        if version is not None and self.versions is not None:
            return self.versions.older(code, version)
        raise NotFoundError(what=f"programme {code}" + (f", version {version}" if version else ""))

    def keep(self, *, now: datetime, strict: bool = False) -> None:
        """Keep the words of the current versions in the database, before matters are opened under them.

        Where a file has other rules than its version had before, reports go on coming in under those before, and the log says
        so; ``strict``, at a start, raises SetupError.
        """
        if self.versions is not None:
            self.by_code.update(self.versions.keep(self.by_code, self.texts, now=now, strict=strict))

    def time_of(self, programme: Programme) -> WorkTime:
        """Return the working time by which the clocks of a programme count; raises NotFoundError."""
        if programme.calendar not in self.calendars:
            raise NotFoundError(what=f"calendar {programme.calendar}")
        return work_time_of(programme.working_time, self.calendars[programme.calendar], programme.timezone)


def read_programmes(data_dir: Path, default_code: str, opening: Opening | None = None) -> Programmes:
    """Read every programme and calendar under ``data_dir``; ``opening`` gives sessions of the database that keeps versions.

    Raises
    ------
    SetupError, ProgrammeInvalid
        where a file is broken, a programme's rules do not hold together, or the default programme is missing
    """
    calendars = {}
    for path in sorted((data_dir / "calendars").glob("*.toml")):
        found = parse_calendar(path.read_text("utf-8"), path.name)
        calendars[found.code] = found
    programmes, texts = {}, {}
    for path in sorted((data_dir / "programmes").glob("*.toml")):
        text = path.read_text("utf-8")
        programme = parse_programme(text, path.name)
        for finding in check(programme):
            raise SetupError(reason=f"{path.name}: {finding.reason}", mend=f"Run: geogrid programme check {path}")
        programmes[programme.code], texts[programme.code] = programme, text
    read = Programmes(programmes, calendars, default_code, texts, Versions(opening) if opening else None)
    for programme in (read.default, *programmes.values()):
        read.time_of(programme)
    return read


@lru_cache(maxsize=4)
def shipped_programmes(default_code: str, data_dir: Path = ROOT / "data") -> Programmes:
    """Return the programmes that come with the platform (or those of another folder), read once for all districts."""
    return read_programmes(data_dir, default_code)
